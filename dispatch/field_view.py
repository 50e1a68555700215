"""What the site tells field clients: teams with a phone that is no account of ours (ATAK, WinTAK).

They are shown what an observer may see (views.py), and of it only what a team in the field acts on: rescue's own
aircraft and teams, what is in distress, open incidents; other traffic where the site says so, inside an area. A crowd
that looks made up (Doubt.GHOST) is never told. Everything here is bounded, rescue's own first, and cheap enough to be
asked every second over all columns.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dispatch.columns import DOUBT_BIT
from dispatch.fusion import KINDS
from dispatch.identity import REGISTRATION, Registry, word
from dispatch.kinds import Doubt, IncidentState, Role, SourceKind, TaskingState
from dispatch.picture import TrackPicture
from dispatch.records import Incident, Tasking
from dispatch.sighting import Bools
from dispatch.views import Viewer, relate, visible
from dispatch.world import ONGOING, World

VIEWER = Viewer(role=Role.OBSERVER)
INCIDENT_LIMIT = 200  # the gravest first, then the newest
# Sources that only rescue's own have: terminals, modules, phones, gateways of position reports, other field clients.
RESCUE_SOURCES = (
    SourceKind.TERMINAL,
    SourceKind.NMEA,
    SourceKind.COT,
    SourceKind.PHONE,
    SourceKind.REPORT,
)
_OVER = frozenset((IncidentState.CLOSED, IncidentState.DISMISSED, IncidentState.MERGED))
_IS_RESCUE = np.array([kind in RESCUE_SOURCES for kind in KINDS])  # by place in fusion.KINDS
_GHOST = DOUBT_BIT[Doubt.GHOST]

Places = npt.NDArray[np.intp]
Area = tuple[float, float, float, float]  # west, south, east, north, WGS-84 degrees


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Places in `things` of what is told: rescue's own, then the rest."""

    ours: tuple[int, ...]
    others: tuple[int, ...]


def select(picture: TrackPicture, *, area: Area | None, traffic: bool, limit: int) -> Selection:
    """Of the things with a position, `limit` at most."""
    things, rows = picture.things, picture.rows
    placed = things.alive & (things.best_row >= 0) & (things.doubts & _GHOST == 0)
    labelled = (picture.roster.slot_of(thing_id) for thing_id in picture.roster.registry.labels)
    named = _marked(len(placed), (slot for slot in labelled if slot is not None))
    crying = _marked(len(placed), picture.in_distress())
    there = np.flatnonzero(placed)
    best = things.best_row[there]
    rescue = _IS_RESCUE[picture.roster.kind_codes(best)] | named[there]
    ours = there[rescue]
    # people's own first, then those measured last
    order = np.lexsort((-rows.position_at_s[best[rescue]], ~named[ours]))
    ours = ours[order][:limit]
    wanted = crying[there]
    if traffic and area is not None:
        west, south, east, north = area
        lon_deg, lat_deg = rows.lon_deg[best], rows.lat_deg[best]
        wanted |= (lon_deg >= west) & (lon_deg <= east) & (lat_deg >= south) & (lat_deg <= north)
    others = _nearest(picture, there[wanted & ~rescue], crying, area, limit - len(ours))
    return Selection(ours=tuple(ours.tolist()), others=tuple(others.tolist()))


def _marked(count: int, slots: Iterable[int]) -> Bools:
    """A mask over all places."""
    mask = np.zeros(count, np.bool_)
    mask[list(slots)] = True
    return mask


def _nearest(picture: TrackPicture, slots: Places, crying: Bools, area: Area | None, count: int) -> Places:
    """So many things: those in distress, then those nearest to the middle of the area."""
    far = np.zeros(len(slots))
    if area is not None:
        west, south, east, north = area
        best = picture.things.best_row[slots]
        shrink = np.cos(np.radians((south + north) / 2))
        east_deg = (picture.rows.lon_deg[best] - (west + east) / 2) * shrink
        far = np.hypot(east_deg, picture.rows.lat_deg[best] - (south + north) / 2)
    far[crying[slots]] -= 1000.0  # degrees: before all others
    if len(slots) > count:
        chosen = np.argpartition(far, count)[:count] if count else np.zeros(0, np.intp)
        slots, far = slots[chosen], far[chosen]
    return slots[np.argsort(far, kind="stable")]


def open_incidents(world: World) -> tuple[Incident, ...]:
    """Those an observer may see that are not over, INCIDENT_LIMIT at most."""
    relations = relate(world)
    seen = (
        incident
        for incident in world.incidents.values()
        if incident.state not in _OVER and visible(relations, VIEWER, "incidents", incident)
    )
    return tuple(sorted(seen, key=lambda each: (each.level, -each.reported_at.timestamp())))[:INCIDENT_LIMIT]


def taskings_by_thing(world: World, registry: Registry) -> Mapping[str, Tasking]:
    """The ongoing tasking of each aircraft of ours, by the id its track has."""
    return {
        registry.by_key.get(f"{REGISTRATION}:{word(tasking.aircraft_id)}", ""): tasking
        for tasking in _ongoing(world)
    }


def _ongoing(world: World) -> Iterable[Tasking]:
    relations = relate(world)
    return (
        tasking
        for tasking in world.taskings.values()
        if tasking.site == world.site
        and tasking.state in ONGOING
        and tasking.state is not TaskingState.PENDING  # not ordered: nothing to act on
        and visible(relations, VIEWER, "taskings", tasking)
    )
