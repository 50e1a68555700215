"""侵入: who is in airspace without leave, or will be within a minute.

Volumes of the chart and closures are one grid (volume_index.py, ahead.py). Whom a kind of volume concerns is a row:
`airspace.whom` 0 nobody, 1 our aircraft, 2 everybody (closures). Cleared is who holds an approval of ATC whose block
covers the place, now or where it enters. A breach begins at once, an entry ahead after two looks; the one becomes the
other under the same id. Drones are drone.py's.
"""

from collections.abc import Iterator
from datetime import datetime

import numpy as np

from dispatch import closure as closures
from dispatch.alerts import AMBER, RED, Alert
from dispatch.kinds import AlertKind, AltitudeDatum
from dispatch.motion import DEGREE_M
from dispatch.records import Closure
from dispatch.safety import ahead, block
from dispatch.safety.ahead import Entries
from dispatch.safety.hysteresis import Hysteresis
from dispatch.safety.parameter_rows import EVERYBODY, NOBODY
from dispatch.safety.parameters import CLOSURE, Values
from dispatch.safety.sky import Sky
from dispatch.safety.spans import Spans, spans
from dispatch.volume_index import DATUMS, Flags, Ints, VolumeIndex
from dispatch.volume_kinds import AirspaceClass, VolumeFormat, VolumeKind
from dispatch.volume_records import ActiveTime, Footprint, HeightLimit, Volume, VolumeSource, VolumeTerms
from dispatch.volume_watch import Watch
from dispatch.world import World

_STANDING = [("number", np.int64), ("volume", np.int64), ("at_s", np.float64), ("unsure", np.bool_)]
MOST_TOLD = 500  # of one look: ours first, the soonest first; a desk is told fewer still (alerts.py)
_CONTROLLED = frozenset((AirspaceClass.A, AirspaceClass.B, AirspaceClass.C, AirspaceClass.D))


class AirspaceNet:
    """One index of all volumes that concern anybody, kept up with the world."""

    name = "airspace"
    kinds = (AlertKind.AIRSPACE,)

    def __init__(self) -> None:
        self.hysteresis = Hysteresis()
        self.index = VolumeIndex()
        self._watch = Watch(self.index)
        self._known: World | None = None
        self._kept: dict[str, Volume | Closure] = {}  # in the index, as the world has them
        self._values: Values | None = None
        self._capacity = 0
        self._turn = 0
        self._standing = np.zeros(0, _STANDING)  # entries found in other turns

    def look(self, sky: Sky) -> list[Alert]:
        """Entries and breaches."""
        self._follow(sky)
        if not self.index.ids:
            return self._step(sky, [])
        there, active = sky.flying, self.index.active(sky.now)
        everybody = bool((active & (self._whom == EVERYBODY)).any())
        watched = there.airborne if everybody else there.airborne & (there.own | there.uav)
        between = self._spans(sky)
        breaches = self._breaches(sky, watched, between)
        entries = self._entries(sky, watched, between, active, breaches)
        place = np.concatenate((breaches.place, entries.place))
        volume = np.concatenate((breaches.volume, entries.volume))
        in_s = np.concatenate((breaches.in_s, entries.in_s))
        unsure = np.concatenate((breaches.unsure, entries.unsure))
        told: dict[tuple[int, int], Alert] = {}
        for n in np.lexsort((volume, in_s, ~there.own[place])).tolist():
            pair = (int(place[n]), int(volume[n]))
            if len(told) >= MOST_TOLD:
                break
            if pair not in told and not self._cleared(sky, pair[0], float(in_s[n]), between):
                told[pair] = self._alert(sky, pair, float(in_s[n]), unsure=bool(unsure[n]))
        return self._step(sky, list(told.values()))

    def _step(self, sky: Sky, found: list[Alert]) -> list[Alert]:
        ahead_looks = sky.values.whole("airspace", "begin_looks")
        return self.hysteresis.step(
            found,
            begin_looks=lambda alert: 1 if alert.code == "breach" else ahead_looks,
            end_looks=sky.values.whole("airspace", "end_looks"),
            unheard=sky.unheard,
        )

    # What is watched

    def _follow(self, sky: Sky) -> None:
        world, known = sky.world, self._known
        same = (
            known is not None
            and known.volumes is world.volumes
            and known.closures is world.closures
            and self._values is sky.values
        )
        if same:
            return
        self._known, self._values = world, sky.values
        wanted: dict[str, Volume | Closure] = dict(_concerning(world, sky.values, sky.now))
        changed = [_volume(one) for key, one in wanted.items() if self._kept.get(key) is not one]
        gone = [key for key in self._kept if key not in wanted]
        if changed or gone:
            self.index.update(changed, gone)
            self._standing = np.zeros(0, _STANDING)  # volumes have other numbers
        self._kept = wanted
        where = [_where(wanted[key]) for key in self.index.ids]
        self._whom = np.array([sky.values.of("airspace", "whom", where=each) for each in where])
        self._red = np.array([sky.values.of("airspace", "red", where=each) > 0 for each in where], bool)
        self._ground = any(
            limit.datum is AltitudeDatum.AGL and limit.value_m > 0 and not limit.unlimited
            for key in self.index.ids
            for limit in _limits(wanted[key])
        )

    # Who is where

    def _spans(self, sky: Sky) -> Spans:
        within_m = sky.values.of("airspace", "pressure_within_m")
        low, high = spans(sky, sky.flying.altitude_m, within_m, ground=self._ground)
        if sky.other_m is not None:  # a height that has jumped: anywhere between the two
            twice = np.isfinite(sky.other_m)
            other_low, other_high = spans(sky, sky.other_m, within_m, ground=self._ground)
            low = np.where(twice, np.minimum(low, other_low), low)
            high = np.where(twice, np.maximum(high, other_high), high)
        return low, high

    def _breaches(self, sky: Sky, watched: Flags, between: Spans) -> Entries:
        there = sky.flying
        if len(there) and int(there.slot.max()) >= self._capacity:
            self._capacity = int(there.slot.max()) * 5 // 4 + 256
        lon, lat = np.full(self._capacity, np.nan), np.full(self._capacity, np.nan)
        low, high = np.zeros((4, self._capacity)), np.zeros((4, self._capacity))
        slot = there.slot[watched]
        lon[slot], lat[slot] = there.lon_deg[watched], there.lat_deg[watched]
        low[:, slot], high[:, slot] = between[0][:, watched], between[1][:, watched]
        changes = self._watch.tick(lon, lat, (low, high), sky.now)
        count = max(1, len(self.index.ids))
        at, volume = np.divmod(changes.inside, count)
        place_of = np.zeros(self._capacity, np.int64)
        place_of[there.slot] = np.arange(len(there))
        return self._concerned(
            sky,
            Entries(
                place=place_of[at],
                volume=volume,
                in_s=np.zeros(len(at)),
                unsure=changes.unsure,
            ),
        )

    def _concerned(self, sky: Sky, found: Entries) -> Entries:
        kept = sky.flying.own[found.place] | (self._whom[found.volume] == EVERYBODY)
        return found.of(kept)

    def _entries(self, sky: Sky, watched: Flags, between: Spans, active: Flags, breaches: Entries) -> Entries:
        """Of who is not inside yet; in turns where there are many; what was found stands, counted down, until its turn comes again."""
        there = sky.flying
        places = np.flatnonzero(watched).astype(np.int32)
        turns = max(1, -(-len(places) // ahead.MOST))
        self._turn += turns > 1
        mine = places[there.slot[places] % turns == self._turn % turns]
        look_ahead_s = sky.values.of("airspace", "look_ahead_s")
        found = self._concerned(
            sky,
            ahead.entries(
                self.index, there, mine, between, active=active, inside=breaches, look_ahead_s=look_ahead_s
            ),
        )
        return found if turns == 1 else self._in_turns(sky, mine, found)

    def _in_turns(self, sky: Sky, mine: Ints, found: Entries) -> Entries:
        """With what stands of the turns before: columns of track number, volume, when, unsure."""
        there = sky.flying
        stands = self._standing[~np.isin(self._standing["number"], there.number[mine])]
        new = np.zeros(len(found.place), _STANDING)
        new["number"], new["volume"] = there.number[found.place], found.volume
        new["at_s"], new["unsure"] = sky.now_s + found.in_s, found.unsure
        self._standing = np.concatenate((stands[stands["at_s"] > sky.now_s], new))
        order = np.argsort(there.number)
        at = np.minimum(
            np.searchsorted(there.number[order], self._standing["number"]), max(0, len(order) - 1)
        )
        place = order[at] if len(order) else at
        there_now = there.number[place] == self._standing["number"] if len(order) else np.zeros(0, bool)
        kept = self._standing[there_now]
        return Entries(
            place=place[there_now],
            volume=kept["volume"],
            in_s=np.maximum(0.1, kept["at_s"] - sky.now_s),
            unsure=kept["unsure"],
        )

    # What is told

    def _cleared(self, sky: Sky, place: int, in_s: float, between: Spans) -> bool:
        flight = sky.by_place.get(place)
        request = None if flight is None else block.held(sky, flight)
        if request is None:
            return False
        there = sky.flying
        squeeze = float(np.cos(np.radians(there.lat_deg[place])))
        lon = float(there.lon_deg[place] + there.east_mps[place] * in_s / (DEGREE_M * squeeze))
        lat = float(there.lat_deg[place] + there.north_mps[place] * in_s / DEGREE_M)
        lowest = _lowest(between, place, request.airspace.datum) + float(there.climb_mps[place]) * in_s
        out = block.outside(request.airspace, lon, lat, lowest)
        return out.beside_m <= 0 and out.above_m <= 0

    def _alert(self, sky: Sky, pair: tuple[int, int], in_s: float, *, unsure: bool) -> Alert:
        place, volume = pair
        key = self.index.ids[volume]
        one = self._kept[key]
        breach = in_s <= 0
        flight = sky.by_place.get(place)
        height_m = float(sky.flying.altitude_m[place])
        flags: tuple[str, ...] = ("height_unsure",) if unsure else ()
        if self._ground and unsure and not np.isfinite(sky.ground_m[place]):
            flags += ("no_terrain",)
        flags += ("height_jump",) if sky.jumped(place) else ()
        alert_id = f"airspace:{sky.flying.id_of(place)}|{key}"
        return Alert(
            id=alert_id,
            kind=AlertKind.AIRSPACE,
            severity=RED if breach and self._red[volume] and not unsure else AMBER,
            code="breach" if breach else "ahead",
            about=one.name if isinstance(one, Closure) else one.terms.name,
            began_at_s=self.hysteresis.began(alert_id, sky.now_s),
            figures={"in_s": in_s} | ({"altitude_m": height_m} if np.isfinite(height_m) else {}),
            lead_s=in_s,
            flags=flags,
            tasking_id="" if flight is None else flight.tasking.id,
            incident_id="" if flight is None else flight.tasking.incident_id,
            volume_id="" if isinstance(one, Closure) else key,
            closure_id=key if isinstance(one, Closure) else "",
            **sky.flying.about(place),
        )


def _lowest(between: Spans, place: int, datum: AltitudeDatum) -> float:
    """The lowest possible height above a block's datum: a block is asked in heights that crews read off."""
    return float(between[0][DATUMS.index(datum), place])


def _concerning(world: World, values: Values, now: datetime) -> Iterator[tuple[str, Volume | Closure]]:
    for volume in world.volumes.values():
        if volume.withdrawn_at is None and values.of("airspace", "whom", where=_where(volume)) != NOBODY:
            yield volume.id, volume
    for one in world.closures.values():
        if not closures.is_over(one, now):
            yield one.id, one


def _where(one: Volume | Closure) -> str:
    """Under which rows it falls. Controlled airspace that is nothing but its class falls under `cta`."""
    if isinstance(one, Closure):
        return CLOSURE
    if one.terms.kind is VolumeKind.AIRSPACE and one.terms.airspace_class in _CONTROLLED:
        return VolumeKind.CTA
    return one.terms.kind


def _limits(one: Volume | Closure) -> tuple[HeightLimit, HeightLimit]:
    if isinstance(one, Closure):
        return (
            HeightLimit(datum=one.datum, value_m=one.floor_m),
            HeightLimit(datum=one.datum, value_m=one.ceiling_m),
        )
    return one.terms.floor, one.terms.ceiling


def _volume(one: Volume | Closure) -> Volume:
    """A closure as the index takes it."""
    if isinstance(one, Volume):
        return one
    floor, ceiling = _limits(one)
    outline = one.outline
    return Volume(
        id=one.id,
        site=one.site,
        terms=VolumeTerms(
            name=one.name,
            kind=VolumeKind.TEMPORARY,
            footprint=Footprint(ring=outline.ring[:-1], centre=outline.centre, radius_m=outline.radius_m),
            floor=floor,
            ceiling=ceiling,
            source=VolumeSource(file="", format=VolumeFormat.HAND, line=0, feature=one.id),
            times=(ActiveTime(begins_at=one.active_from, ends_at=one.active_until),),
        ),
        saved_at=one.declared_at,
        saved_by=one.declared_by,
        saved_as=one.declared_as,
        withdrawn_at=one.lifted_at,
    )
