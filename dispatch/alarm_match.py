"""Which alarms and incidents might be one thing: what joins by itself, and what is only proposed to people.

By itself an alarm joins an incident only if its own source says that it is the same (the same own id, or an update of
it), or if it is a hotspot pixel that touches one of the same fire within hours. Everything else that lies near is
named in `possible_duplicates` and waits for a person's merge.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from dispatch.alarm_rules import AlarmRules, rules_at
from dispatch.geo import Position, distance_m
from dispatch.incident_facts import AlarmsJoined
from dispatch.kinds import FIRES, AlarmFlag, AlarmKind, IncidentKind, IncidentState
from dispatch.records import AlarmSource, Incident, PossibleDuplicate
from dispatch.world import World, alarm_key

OVER = frozenset({IncidentState.CLOSED, IncidentState.DISMISSED, IncidentState.MERGED})
MAX_NEAR = 8  # possible duplicates of one incident
CELL_DEG = 0.1  # 11 km by at least 9 km in our latitudes, more than two of the largest pixels reach
_FIRE_LIKE = FIRES | {IncidentKind.BUILDING_FIRE}


def last_observed(incident: Incident) -> datetime:
    """When it was last seen: by a source, else reported."""
    times = [each.observed_at for each in incident.sources if each.observed_at is not None]
    return max(times, default=incident.reported_at)


def possible_duplicates(world: World, incident: Incident, now: datetime) -> tuple[PossibleDuplicate, ...]:
    """Open incidents of this site that might be the same thing, nearest first, at most MAX_NEAR."""
    rules = rules_at(now)
    found = []
    for other in world.incidents.values():
        if other.id == incident.id or other.site != world.site or other.state in OVER:
            continue
        near = _near(incident, other, rules)
        if near is not None:
            found.append(near)
    return tuple(sorted(found, key=lambda each: (each.distance_m, each.incident_id))[:MAX_NEAR])


def _near(one: Incident, other: Incident, rules: AlarmRules) -> PossibleDuplicate | None:
    if abs(one.position.lat_deg - other.position.lat_deg) > 0.4 or not _alike(one.kind, other.kind):
        return None  # 44 km: more than the rules ever reach, said before the costly sum
    apart_s = abs((last_observed(one) - last_observed(other)).total_seconds())
    if apart_s > rules.near_s:
        return None
    reach_m = rules.near_m + sum(min(rules.near_off_m, _off_m(each)) for each in (one, other))
    apart_m = distance_m(one.position, other.position)
    if apart_m > reach_m:
        return None
    return PossibleDuplicate(incident_id=other.id, distance_m=round(apart_m, 1), apart_s=round(apart_s, 1))


def _off_m(incident: Incident) -> float:
    return max((each.radius_m for each in incident.sources), default=0.0)


def _alike(one: IncidentKind, other: IncidentKind) -> bool:
    return one is other or IncidentKind.OTHER in (one, other) or {one, other} <= _FIRE_LIKE


def known_as(world: World, alarm: AlarmSource) -> Incident | None:
    """The incident that already has this alarm or one that it follows; of a merged one, where it went."""
    for own_id in (alarm.own_id, *alarm.follows):
        incident_id = world.alarms.get(alarm_key(alarm.kind, alarm.source, own_id))
        incident = world.incidents.get(incident_id) if incident_id else None
        for _ in range(16):  # merged into one that was merged
            if incident is None or not incident.merged_into:
                break
            incident = world.incidents.get(incident.merged_into)
        if incident is not None:
            return incident
    return None


def touch(one: AlarmSource, other: AlarmSource, rules: AlarmRules) -> bool:
    """Whether two hotspot pixels are of one fire."""
    if one.observed_at is None or other.observed_at is None:
        return False
    if abs((one.observed_at - other.observed_at).total_seconds()) > rules.hotspot_gap_s:
        return False
    return distance_m(one.position, other.position) <= one.radius_m + other.radius_m + rules.hotspot_reach_m


class PixelIndex:
    """Hotspot pixels by cell, each with what it belongs to, so that a table of thousands finds its neighbours."""

    def __init__(self, rules: AlarmRules) -> None:
        self._rules = rules
        self._cells: dict[tuple[int, int], list[tuple[str, AlarmSource]]] = defaultdict(list)

    @staticmethod
    def _cell(position: Position) -> tuple[int, int]:
        return math.floor(position.lon_deg / CELL_DEG), math.floor(position.lat_deg / CELL_DEG)

    def add(self, owner: str, pixel: AlarmSource) -> None:
        """Put a pixel in."""
        self._cells[self._cell(pixel.position)].append((owner, pixel))

    def touching(self, pixel: AlarmSource) -> list[tuple[float, str]]:
        """Owners of pixels that touch it, with the distance, nearest first."""
        column, line = self._cell(pixel.position)
        found = [
            (distance_m(pixel.position, other.position), owner)
            for dx in (-1, 0, 1)
            for dy in (-1, 0, 1)
            for owner, other in self._cells.get((column + dx, line + dy), ())
            if touch(pixel, other, self._rules)
        ]
        return sorted(found)


def burning(world: World, rules: AlarmRules) -> PixelIndex:
    """The pixels of all open incidents of this site."""
    index = PixelIndex(rules)
    for incident in world.incidents.values():
        if incident.state not in OVER and incident.site == world.site:
            for each in incident.sources:
                if each.kind is AlarmKind.HOTSPOT:
                    index.add(incident.id, each)
    return index


def fires_of(pixels: Sequence[AlarmSource], rules: AlarmRules) -> list[list[int]]:
    """Pixels grouped into fires, whatever their order: places in `pixels`, each group and the groups by first place."""
    index, group = PixelIndex(rules), list(range(len(pixels)))

    def root(place: int) -> int:
        while group[place] != place:
            group[place] = group[group[place]]
            place = group[place]
        return place

    for place, pixel in enumerate(pixels):
        for _, owner in index.touching(pixel):
            one, other = sorted((root(place), root(int(owner))))
            group[other] = one
        index.add(str(place), pixel)
    fires: dict[int, list[int]] = defaultdict(list)
    for place in range(len(pixels)):
        fires[root(place)].append(place)
    return list(fires.values())


def flags_of(sources: Iterable[AlarmSource]) -> tuple[AlarmFlag, ...]:
    """What is to be minded of an incident made of these: each flag that one of them has, in the order of the kinds."""
    told = {flag for each in sources for flag in each.flags}
    return tuple(flag for flag in AlarmFlag if flag in told)


def handed_on(target: Incident, merged: Incident) -> AlarmsJoined:
    """A merge by a person: the target keeps the other's sources. Whoever merges vouches for no report of the public,
    and none makes the target doubtful."""
    told = {*target.flags, *(flag for flag in merged.flags if flag is not AlarmFlag.UNVERIFIED)}
    return AlarmsJoined(
        incident_id=target.id,
        version=target.version + 1,
        sources=merged.sources,
        flags=tuple(flag for flag in AlarmFlag if flag in told),
        possible_duplicates=tuple(
            each for each in target.possible_duplicates if each.incident_id != merged.id
        ),
    )
