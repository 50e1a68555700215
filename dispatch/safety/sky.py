"""What flies at one moment, as columns that nobody changes any more, and whose it is: what every net looks at.

A copy, because the picture belongs to the reactor and nets run on a thread. Positions and heights are carried on from
the last report while they are fresh; older ones stand. Invented aircraft (ghosts) are left out. The world, terrain and
parameters are frozen values and go along as they are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import numpy as np

from dispatch.columns import DOUBT_BIT
from dispatch.freshness import LIMITS
from dispatch.fusion import KINDS
from dispatch.gate import Indices
from dispatch.identity import REGISTRATION, word
from dispatch.kinds import AltitudeDatum, Doubt, SourceKind, TaskingState, ThingKind
from dispatch.motion import DEGREE_M
from dispatch.obstacle import ObstacleField
from dispatch.picture import TrackPicture
from dispatch.records import Aircraft, Tasking
from dispatch.safety.parameter_rows import shipped
from dispatch.safety.parameters import Parameters, Phase, Values
from dispatch.safety.qnh import corrections
from dispatch.sighting import CATEGORIES, DATUMS, ICAO24, THING_KINDS, Bools, Floats
from dispatch.terrain import Terrain
from dispatch.weather import Weather
from dispatch.world import IN_THE_AIR, World

SPEED_LIMIT_MPS = 350.0  # faster is carried on at this speed: the grid of conflicts is made for it
CLIMB_LIMIT_MPS = 30.0  # the same, up and down
_AIRCRAFT = frozenset(
    (None, ThingKind.AIRPLANE, ThingKind.HELICOPTER, ThingKind.UAV, ThingKind.OTHER_AIRCRAFT)
)
_IN_THE_AIR = np.array([kind in _AIRCRAFT for kind in THING_KINDS])
_UAV = THING_KINDS.index(ThingKind.UAV)
_UAV_CATEGORY = CATEGORIES.index("B6")  # unmanned, RTCA DO-260B §2.2.3.2.5.2
# Sources that may report anything are taken for aircraft only where they say so.
_SAYS_AIRCRAFT = np.array(
    [
        kind
        in (SourceKind.ADSB, SourceKind.MLAT, SourceKind.RADAR, SourceKind.SYSTEM_TRACK, SourceKind.PARTNER)
        for kind in KINDS
    ]
)
_DIM_S = np.array([LIMITS[kind].dim_s for kind in KINDS])
_LOST_S = np.array([LIMITS[kind].lost_s for kind in KINDS])


@dataclass(frozen=True, slots=True, kw_only=True)
class Flying:
    """Everything with a position, one place each. Heights above `datum` (a place in DATUMS); NaN: not known."""

    slot: Indices  # place in the picture's `things`
    number: Indices
    lon_deg: Floats
    lat_deg: Floats
    altitude_m: Floats
    datum: Indices
    east_mps: Floats
    north_mps: Floats
    climb_mps: Floats
    position_at_s: Floats
    age_s: Floats
    dim_s: Floats  # its source's limits
    lost_s: Floats
    source: Indices
    address: Indices  # 24 bits, or NO_ADDRESS
    airborne: Bools  # an aircraft, not on the ground, heard lately
    quiet: Bools  # one that was not on the ground when it was last heard, which is a while ago
    uav: Bools
    doubts: Indices
    own: Bools  # of our fleet
    all_ids: Sequence[str] = field(repr=False)  # by slot

    def __len__(self) -> int:
        return len(self.slot)

    def id_of(self, place: int) -> str:
        """The track's id."""
        return self.all_ids[int(self.slot[place])]

    def about(self, *places: int) -> dict[str, Any]:
        """The fields of an alert that say which tracks."""
        return {
            "track_ids": tuple(self.id_of(place) for place in places),
            "numbers": tuple(int(self.number[place]) for place in places),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """A tasking of ours that is in the air, and its place in the columns; None: nothing is seen of it now."""

    tasking: Tasking
    aircraft: Aircraft | None
    place: int | None

    @property
    def phase(self) -> Phase:
        """What limits hold for it."""
        return Phase.WORKING if self.tasking.state is TaskingState.WORKING else Phase.EN_ROUTE


@dataclass(frozen=True, kw_only=True)
class Sky:
    """What a look is made of. `other_m`: by place the height that is also possible, where a height has jumped."""

    now_s: float
    flying: Flying
    flights: tuple[Flight, ...] = ()
    world: World
    terrain: Terrain = field(default_factory=Terrain)
    obstacles: Callable[[], ObstacleField] = ObstacleField
    parameters: Parameters = field(default_factory=shipped)
    other_m: Floats | None = None
    weather: Weather = field(default_factory=Weather)
    silent: frozenset[int] = frozenset()  # sources of which nothing at all is heard

    @cached_property
    def now(self) -> datetime:
        """The time, aware."""
        return datetime.fromtimestamp(self.now_s, UTC)

    @cached_property
    def values(self) -> Values:
        """The figures that count today."""
        return self.parameters.on(self.now.date())

    @cached_property
    def by_place(self) -> dict[int, Flight]:
        """The flight of each place that has one."""
        return {one.place: one for one in self.flights if one.place is not None}

    @cached_property
    def ground_m(self) -> Floats:
        """float64[place]: fit ground below, NaN unknown. Asked for by those nets alone that need it."""
        if not self.terrain.has_fit:
            return np.full(len(self.flying), np.nan)
        return self.terrain.elevation_m(self.flying.lon_deg, self.flying.lat_deg, fit=True)

    @cached_property
    def to_sea_m(self) -> Floats:
        """float64[place]: what makes of a pressure height there one above the sea; NaN: no fresh QNH is near."""
        there, told = self.flying, self.weather.with_entries(self.world).reports
        return corrections(told.values(), self.now, self.values, there.lon_deg, there.lat_deg)

    def by_pressure(self, place: int) -> bool:
        """Whether its height hangs on a pressure that nobody has told."""
        told = DATUMS[int(self.flying.datum[place])] is AltitudeDatum.PRESSURE
        return told and not bool(np.isfinite(self.to_sea_m[place]))

    @cached_property
    def unheard(self) -> frozenset[int]:
        """Numbers of what is in the air and not heard just now."""
        return frozenset(self.flying.number[self.flying.quiet].tolist())

    def jumped(self, place: int) -> bool:
        """Whether two heights are possible."""
        return self.other_m is not None and bool(np.isfinite(self.other_m[place]))


def flying(picture: TrackPicture, now: float, own: frozenset[int] | None = frozenset()) -> Flying:
    """A copy of what flies. `own`: places in `things` of our fleet; None: everything is ours. Some milliseconds for
    20,000."""
    rows, things = picture.rows, picture.things
    ghost = (things.doubts & DOUBT_BIT[Doubt.GHOST]) > 0
    slot = np.flatnonzero(things.alive & (things.best_row >= 0) & ~ghost).astype(np.int32)
    best = things.best_row[slot]
    kinds = picture.roster.kind_codes(best) if len(best) else np.zeros(0, np.int64)
    age_s = np.maximum(0.0, now - rows.position_at_s[best])
    said = rows.thing_kind[best]
    fresh = age_s < _DIM_S[kinds]
    flies = (rows.on_ground[best] != 1) & _IN_THE_AIR[said] & (_SAYS_AIRCRAFT[kinds] | (said > 0))
    ahead_s = np.where(fresh, age_s, 0.0)
    speed = np.minimum(np.nan_to_num(rows.ground_speed_mps[best].astype(np.float64)), SPEED_LIMIT_MPS)
    course = np.radians(np.nan_to_num(rows.track_deg[best].astype(np.float64)))
    climb = np.clip(
        np.nan_to_num(rows.vertical_rate_mps[best].astype(np.float64)), -CLIMB_LIMIT_MPS, CLIMB_LIMIT_MPS
    )
    east, north = speed * np.sin(course), speed * np.cos(course)
    lat = rows.lat_deg[best]
    shrink = DEGREE_M * np.maximum(0.01, np.cos(np.radians(lat)))
    mine = np.ones(len(slot), bool) if own is None else np.isin(slot, np.array(sorted(own), np.int32))
    uav = (said == _UAV) | (rows.category[best] == _UAV_CATEGORY)
    for thing_id, label in picture.roster.registry.labels.items():
        if label.kind is ThingKind.UAV:
            uav |= slot == (picture.roster.slot_of(thing_id) or -1)
    return Flying(
        slot=slot,
        number=things.number[slot].astype(np.int64),
        lon_deg=rows.lon_deg[best] + east * ahead_s / shrink,
        lat_deg=lat + north * ahead_s / DEGREE_M,
        altitude_m=rows.altitude_m[best].astype(np.float64) + climb * ahead_s,
        datum=rows.altitude_datum[best].astype(np.int32),
        east_mps=east,
        north_mps=north,
        climb_mps=climb,
        position_at_s=rows.position_at_s[best].copy(),
        age_s=age_s,
        dim_s=_DIM_S[kinds],
        lost_s=_LOST_S[kinds],
        source=rows.source[best].astype(np.int32),
        address=rows.address[best].astype(np.int64),
        airborne=flies & fresh,
        quiet=flies & ~fresh,
        uav=uav,
        doubts=things.doubts[slot].astype(np.int32),
        own=mine,
        all_ids=list(picture.roster.ids),
    )


class Skies:
    """Makes the sky of each look; remembers which things are our fleet's until the world says otherwise."""

    def __init__(self, parameters: Parameters | None = None, *, all_ours: bool = False) -> None:
        self.parameters = parameters or shipped()
        self._all_ours = all_ours  # of a recording: without a fleet, every aircraft is looked after
        self._known: World | None = None
        self._things: dict[str, str] = {}  # aircraft -> thing
        self._in_the_air: tuple[Tasking, ...] = ()

    def make(
        self,
        picture: TrackPicture,
        world: World,
        now: float,
        *,
        terrain: Terrain | None = None,
        obstacles: Callable[[], ObstacleField] = ObstacleField,
        weather: Weather | None = None,
    ) -> Sky:
        """On the reactor."""
        self._follow(world)
        slots = {
            aircraft: slot
            for aircraft, thing in self._things.items()
            if (slot := picture.roster.slot_of(thing)) is not None
        }
        there = flying(picture, now, None if self._all_ours else frozenset(slots.values()))
        flights = []
        for tasking in self._in_the_air:
            slot = slots.get(tasking.aircraft_id)
            if slot is None and tasking.aircraft_icao24:
                slot = picture.roster.slot_of(f"{ICAO24}:{tasking.aircraft_icao24}")
            place = None if slot is None else _place(there, slot)
            flights.append(
                Flight(tasking=tasking, aircraft=world.aircraft.get(tasking.aircraft_id), place=place)
            )
            if place is not None:
                there.own[place] = True
                _complete(there, picture, place)
        heard = np.array(picture.roster.last_heard_s)
        kinds = [LIMITS[source.kind].stale_s for source in picture.roster.sources]
        silent = (
            frozenset(np.flatnonzero(now - heard > np.array(kinds)).tolist()) if len(heard) else frozenset()
        )
        return Sky(
            now_s=now,
            flying=there,
            flights=tuple(flights),
            world=world,
            terrain=terrain or Terrain(),
            obstacles=obstacles,
            parameters=self.parameters,
            weather=weather or Weather(),
            silent=silent,
        )

    def _follow(self, world: World) -> None:
        known, self._known = self._known, world
        if (
            known is None
            or known.identities is not world.identities
            or known.aircraft is not world.aircraft
            or known.site != world.site
        ):
            self._things = fleet_things(world)
        if known is None or known.taskings is not world.taskings:
            own = (each for each in world.taskings.values() if each.site == world.site)
            self._in_the_air = tuple(each for each in own if each.state in IN_THE_AIR)


def fleet_things(world: World) -> dict[str, str]:
    """By aircraft of ours the thing it is in the picture: its identity, else its address or registration."""
    found = {
        one.id: f"{ICAO24}:{one.icao24}" if one.icao24 else f"{REGISTRATION}:{word(one.id)}"
        for one in world.aircraft.values()
        if one.site == world.site
    }
    for identity in world.identities.values():
        if not identity.retired and identity.aircraft_id in found:
            found[identity.aircraft_id] = identity.id
    return found


def _place(there: Flying, slot: int) -> int | None:
    place = int(np.searchsorted(there.slot, slot))  # in the order of slots
    return place if place < len(there) and there.slot[place] == slot else None


def _complete(there: Flying, picture: TrackPicture, place: int) -> None:
    """A height that the standing source does not say comes from the others."""
    if np.isfinite(there.altitude_m[place]):
        return
    track = picture.track_at(int(there.slot[place]))
    if track.altitude_m is not None:
        there.altitude_m[place] = track.altitude_m
        there.datum[place] = DATUMS.index(track.altitude_datum or AltitudeDatum.PRESSURE)
