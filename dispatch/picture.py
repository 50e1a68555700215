"""Everything that moves, from every source, once (态势): sightings in, one track for each real thing out.

The picture is the one mutable thing of `dispatch`. Newest wins, nothing is stored here, what is refused is counted
by reason. A sighting goes three steps:

    key ──► row     one for each source and key: its gate (gate.py) refuses what could not have flown there
    row ──► thing   by the registry of identities (identity.py), else by the key itself: never a guess
    thing           the row whose position is likely best stands for it (fusion.py)

`accept` takes one sighting, `accept_batch` the columns of many; both judge alike. What is accepted also goes to
`history` for the archive. Doubts are doubts.py's, alarms alerts.py's, sending is protocols' and adapters'.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from dispatch import gate, track_view
from dispatch.columns import NO_ADDRESS
from dispatch.gate import Fate, Indices
from dispatch.history import History
from dispatch.identity import Registry
from dispatch.kinds import Emergency
from dispatch.roster import SECOND, SINGLE, THING_LIMIT, Changed, Roster, Texts
from dispatch.sighting import (
    CATEGORIES,
    DATUMS,
    EMERGENCIES,
    ICAO24,
    NO_SQUAWK,
    THING_KINDS,
    UNKNOWN_GROUND,
    AddressBatch,
    Bools,
    Sighting,
)
from dispatch.tracks import Changes, SourceTrack, Track, Verdict

FUTURE_S = 5.0  # a source's clock may be this much ahead of ours before its word is refused
# A row whose refused positions agree with each other this often, while its own go on, shares its address: two more
# than REACQUIRE, by which a single aircraft that was lost and found is taken back.
DUPLICATE_AFTER = 5
# Squawks that cry for help: ICAO Annex 10 Vol IV §2.1.4.1; 7400 is the lost link of an unmanned aircraft (FAA JO 7110.65).
DISTRESS = {
    7400: Emergency.LINK_LOST,
    7500: Emergency.UNLAWFUL,
    7600: Emergency.RADIO,
    7700: Emergency.GENERAL,
}
_DISTRESS_SQUAWKS = np.array(sorted(DISTRESS), np.int16)
_BY_SQUAWK = frozenset(EMERGENCIES.index(emergency) for emergency in DISTRESS.values())
_DATUM_CODE = {datum: code for code, datum in enumerate(DATUMS)}
_CATEGORY_CODE = {category: code for code, category in enumerate(CATEGORIES)}
_KIND_CODE = {kind: code for code, kind in enumerate(THING_KINDS)}
_EMERGENCY_CODE = {emergency: code for code, emergency in enumerate(EMERGENCIES)}
_NUMBERS = ("accuracy_m", "altitude_m", "ground_speed_mps", "track_deg", "vertical_rate_mps")


class TrackPicture:
    """All things now. Not thread-safe: one owner, who brings the time. Bounded by `limit` things."""

    def __init__(self, *, limit: int = THING_LIMIT, history: History | None = None) -> None:
        self.counts: Counter[Verdict] = Counter()
        self.roster = Roster(limit=limit)
        self.rows, self.things, self.sources = self.roster.rows, self.roster.things, self.roster.sources
        self.history = history if history is not None else History()
        self.on_emergency: Callable[[int, float], None] = lambda _slot, _now: None  # place in `things`, now

    # Reading

    def __len__(self) -> int:
        return self.things.count

    @property
    def tick(self) -> int:
        """Rises with every change."""
        return self.roster.tick

    @property
    def evicted(self) -> int:
        """Things pushed out because the picture was full."""
        return self.roster.evicted

    def get(self, track_id: str) -> Track | None:
        """The track of one thing, by identity or by any of its keys."""
        slot = self.roster.slot_of(track_id)
        return None if slot is None else self.track_at(slot)

    def of_icao24(self, icao24: str) -> Track | None:
        """The track of a 24-bit address, six lower-case hex digits."""
        return self.get(f"{ICAO24}:{icao24}")

    def of_number(self, number: int) -> Track | None:
        """The track with this number."""
        slot = self.roster.slot_of_number(number)
        return None if slot is None else self.track_at(slot)

    def track_at(self, slot: int) -> Track:
        """The track of a place in `things` that is in use."""
        return track_view.track_at(self.roster, slot)

    def tracks(self) -> Iterator[Track]:
        """All tracks, with or without a position."""
        return (self.track_at(slot) for slot in np.flatnonzero(self.things.alive).tolist())

    def sources_of(self, track_id: str) -> tuple[SourceTrack, ...]:
        """What each source says of a thing now, the chosen one first."""
        slot = self.roster.slot_of(track_id)
        return () if slot is None else track_view.sources_at(self.roster, slot)

    def in_distress(self) -> list[int]:
        """The places in `things` of those of which a source says that they are in distress."""
        crying = self.rows.alive & (self.rows.emergency > 0)
        return [int(slot) for slot in np.unique(self.rows.thing[crying])]

    def changed(self, since_tick: int) -> Changed:
        """What changed after `since_tick`. A tick too old or unknown: whole."""
        return self.roster.changed(since_tick)

    def changed_since(self, tick: int) -> Changes:
        """`changed` as tracks and ids."""
        changed = self.changed(tick)
        lost = () if changed.whole else tuple(gone.id for gone in self.roster.gone_since(tick))
        return Changes(
            from_tick=changed.from_tick,
            to_tick=changed.to_tick,
            whole=changed.whole,
            tracks=tuple(self.track_at(slot) for slot in changed.slots.tolist()),
            lost=lost,
        )

    def expire(self, now: float) -> None:
        """Take away what is beyond its source's limit. Call about once a second."""
        self.roster.expire(now)

    def use_registry(self, registry: Registry) -> None:
        """Follow what people say is one thing."""
        self.roster.use_registry(registry)

    # One sighting

    def accept(self, sighting: Sighting, now: float) -> Verdict:
        """Merge a sighting that came at `now` (UTC seconds), or say why not. Either way it is counted."""
        verdict = self._accept(sighting, now)
        self.counts[verdict] += 1
        return verdict

    def _accept(self, sighting: Sighting, now: float) -> Verdict:
        at_s = now if sighting.observed_at_s is None else sighting.observed_at_s
        source = self.roster.source_code(sighting.source, sighting.source_kind, now)
        if source is None:
            return Verdict.REFUSED
        if at_s - now > FUTURE_S:
            return Verdict.FUTURE
        if sighting.backfill:
            self.history.add(sighting, self.roster.id_of(sighting), at_s)
            return Verdict.BACKFILL
        if now - at_s >= self.roster.lost_s[source]:
            return Verdict.STALE
        row = self.roster.row_of.get((source, sighting.key))
        if row is None:
            row = self.roster.follow(source, sighting, at_s)
        return self._judge(sighting, row, at_s, now)

    def _judge(self, sighting: Sighting, row: int, at_s: float, now: float) -> Verdict:
        rows = self.rows
        moved = sighting.lon_deg is not None and sighting.lat_deg is not None
        if sighting.lon_deg is not None and sighting.lat_deg is not None:
            clock, clock_s = (
                (0, at_s)
                if sighting.receiver_s is None
                else (self.roster.clock_code(sighting.clock_id), sighting.receiver_s)
            )
            gate.set_clock(rows, row, clock, clock_s, at_s)
            older = sighting.observed_at_s is not None and at_s < rows.position_at_s[row]
            if older and math.isnan(rows.clock_s[row]):
                return Verdict.STALE
            fate = gate.admit(rows, row, sighting.lon_deg, sighting.lat_deg, clock_s, soft=sighting.soft)
            if fate is Fate.REFUSED:
                verdict = self._elsewhere(sighting, row, at_s, now)
                if verdict is Verdict.IMPLAUSIBLE:
                    self._hear_distress(sighting, row, now)
                return verdict
            if fate is not Fate.ADMITTED:
                self._hear_distress(sighting, row, now)
                return Verdict.STALE if fate is Fate.STALE else Verdict.DUPLICATE
            rows.lon_deg[row], rows.lat_deg[row], rows.position_at_s[row] = (
                sighting.lon_deg,
                sighting.lat_deg,
                at_s,
            )
        self._merge(sighting, row, at_s, now, moved=moved)
        return Verdict.ACCEPTED

    def _elsewhere(self, sighting: Sighting, row: int, at_s: float, now: float) -> Verdict:
        """A refused position: evidence of a fault, or of somebody else with the same address."""
        rows = self.rows
        rows.refused[row] = min(1000, int(rows.refused[row]) + 1)
        rows.refused_at_s[row] = now
        shared = rows.address[row] != NO_ADDRESS and rows.elsewhere[row] >= DUPLICATE_AFTER
        if shared and rows.companion[row] != SECOND:
            companion = int(rows.companion[row])
            if companion < 0:
                companion = self.roster.follow_companion(row, at_s)
            if self._judge(sighting, companion, at_s, now) is Verdict.ACCEPTED:
                return Verdict.ELSEWHERE
        return Verdict.IMPLAUSIBLE

    def _hear_distress(self, sighting: Sighting, row: int, now: float) -> None:
        """A cry for help counts, and its end too, when the position beside it does not."""
        squawk = int(sighting.squawk) if sighting.squawk and sighting.squawk.isdecimal() else NO_SQUAWK
        before = int(self.rows.emergency[row])
        after = 0 if sighting.calm else _distress(_EMERGENCY_CODE[sighting.emergency], squawk, before)
        if after == before:
            return
        slot = int(self.rows.thing[row])
        self.rows.emergency[row] = after
        self.roster.tick += 1
        self.things.tick[slot] = self.things.label_tick[slot] = self.roster.tick
        if after:
            self.on_emergency(slot, now)

    def _merge(self, sighting: Sighting, row: int, at_s: float, now: float, *, moved: bool) -> None:
        """The row with what the sighting says; what it does not say stays."""
        rows = self.rows
        changed = self._label(sighting, row)
        for name in _NUMBERS:
            value = getattr(sighting, name)
            if value is not None:
                getattr(rows, name)[row] = value
        if sighting.altitude_m is not None:
            rows.altitude_datum[row] = _DATUM_CODE[sighting.altitude_datum]
        if sighting.on_ground is not None:
            rows.on_ground[row] = sighting.on_ground
        rows.heard_at_s[row] = max(at_s, float(np.nan_to_num(rows.heard_at_s[row], nan=at_s)))
        rows.messages[row] += 1
        if rows.simulated[row] != sighting.simulated:
            rows.simulated[row] = sighting.simulated
            changed = True
        slot = int(rows.thing[row])
        self.roster.tick += 1
        things = self.things
        if rows.doubts[row] & SINGLE and rows.messages[row] > 1:
            rows.doubts[row] &= ~np.uint8(SINGLE)
            self.roster.restate_doubts(slot)
        things.any_row[slot] = row
        things.heard_at_s[slot] = max(
            float(rows.heard_at_s[row]), float(np.nan_to_num(things.heard_at_s[slot], nan=at_s))
        )
        if moved and things.best_row[slot] != row:
            changed |= self.roster.choose(np.array([row], np.int32), now)
        things.tick[slot] = self.roster.tick
        if changed:
            things.label_tick[slot] = self.roster.tick
        self.history.add(sighting, self.roster.ids[slot], at_s)
        if changed and rows.emergency[row]:
            self.on_emergency(slot, now)

    def _label(self, sighting: Sighting, row: int) -> bool:
        """Words and codes of a row; whether any changed."""
        rows, changed = self.rows, False

        def put(column: npt.NDArray[Any], value: Any) -> None:
            nonlocal changed
            if column[row] != value:
                column[row] = value
                changed = True

        callsign, name = sighting.callsign, sighting.name or ""
        if callsign:
            if callsign.isascii() and len(callsign) <= 8:
                put(rows.callsign, callsign.encode())
            else:
                name = name or callsign
        squawk = int(sighting.squawk) if sighting.squawk and sighting.squawk.isdecimal() else NO_SQUAWK
        if squawk != NO_SQUAWK:
            put(rows.squawk, squawk)
        said = _EMERGENCY_CODE[sighting.emergency]
        put(rows.emergency, 0 if sighting.calm else _distress(said, squawk, int(rows.emergency[row])))
        if sighting.emitter_category:
            put(rows.category, _CATEGORY_CODE.get(sighting.emitter_category, 0))
        if sighting.thing_kind is not None:
            put(rows.thing_kind, _KIND_CODE[sighting.thing_kind])
        if name or sighting.registration:
            old = self.roster.texts.get(row, Texts())
            new = Texts(sighting.registration or old.registration, name or old.name)
            if new != old:
                self.roster.texts[row] = new
                changed = True
        if changed and self.roster.registry.by_word:
            self.roster.resolve(row)
        return changed

    # Many sightings

    def accept_batch(self, batch: AddressBatch, now: float) -> int:
        """`accept` for the rows of a batch that arrived at its `arrived_at_s`; how many were accepted.

        At most 10 ms for 4,000 rows on the machines this was measured on (loadtests/RESULTS.md).
        """
        size = len(batch)
        at_s = batch.arrived_at_s
        source = self.roster.source_code(batch.source, batch.source_kind, now) if size else None
        if source is None:
            self.counts[Verdict.REFUSED] += size
            return 0
        if at_s - now > FUTURE_S or now - at_s >= self.roster.lost_s[source]:
            self.counts[Verdict.FUTURE if at_s > now else Verdict.STALE] += size
            return 0
        row = self._rows_for(batch, source, at_s)
        accepted, own = self._gate_batch(batch, row, at_s, now)
        taken = np.flatnonzero(accepted).astype(np.int32)
        self.counts[Verdict.ACCEPTED] += len(taken)
        if len(taken):
            self._merge_batch(batch, row, taken, at_s, now)
            self.history.add_batch(batch, accepted, self.rows.thing[row], self.roster.ids, at_s)
        self._distress_batch(batch, row, own, now)
        return len(taken)

    def _rows_for(self, batch: AddressBatch, source: int, at_s: float) -> Indices:
        addresses = self.roster.addresses[source]
        row = addresses.find(batch.address)
        new = np.unique(batch.address[row < 0])
        if len(new):
            self.roster.follow_addresses(new, source, at_s)
            row = addresses.find(batch.address)
        return row

    def _gate_batch(self, batch: AddressBatch, row: Indices, at_s: float, now: float) -> tuple[Bools, Bools]:
        """Which sightings are accepted (their positions are in the rows afterwards), and which are the row's own."""
        rows = self.rows
        accepted = np.ones(len(batch), np.bool_)
        placed = np.flatnonzero(~(np.isnan(batch.lon_deg) | np.isnan(batch.lat_deg)))
        if not len(placed):
            return accepted, accepted
        own_clock = batch.receiver_s[placed]
        timed = not bool(np.isnan(own_clock).any())
        clock_s = own_clock if timed else np.full(len(placed), at_s)
        fates, singly = gate.admit_batch(
            rows,
            row[placed],
            lon_deg=batch.lon_deg[placed],
            lat_deg=batch.lat_deg[placed],
            clock_s=clock_s,
            soft=batch.soft[placed],
            clock=self.roster.clock_code(batch.clock_id) if timed else 0,
            at_s=at_s,
        )
        admitted = fates == Fate.ADMITTED
        accepted[placed] = admitted
        usual = admitted.copy()
        usual[singly] = False
        at = placed[usual]
        rows.lon_deg[row[at]], rows.lat_deg[row[at]] = batch.lon_deg[at], batch.lat_deg[at]
        rows.position_at_s[row[placed[admitted]]] = at_s
        self.counts[Verdict.STALE] += int((fates == Fate.STALE).sum())
        self.counts[Verdict.DUPLICATE] += int((fates == Fate.DUPLICATE).sum())
        own = np.ones(len(batch), np.bool_)
        for place in placed[fates == Fate.REFUSED].tolist():
            verdict = self._elsewhere(sighting_at(batch, place), int(row[place]), at_s, now)
            self.counts[verdict] += 1
            own[place] = verdict is not Verdict.ELSEWHERE
        return accepted, own

    def _merge_batch(
        self, batch: AddressBatch, row: Indices, taken: Indices, at_s: float, now: float
    ) -> None:
        rows, things = self.rows, self.things
        at = row[taken]
        for name in _NUMBERS:
            values = getattr(batch, name)[taken]
            said = ~np.isnan(values)
            getattr(rows, name)[at[said]] = values[said]
        datum = batch.altitude_datum[taken]
        said = ~np.isnan(batch.altitude_m[taken])
        rows.altitude_datum[at[said]] = datum[said]
        ground = batch.on_ground[taken]
        said = ground != UNKNOWN_GROUND
        rows.on_ground[at[said]] = ground[said]
        relabelled = self._label_batch(batch, at, taken)
        rows.heard_at_s[at] = at_s
        touched, times = np.unique(at, return_counts=True)
        rows.messages[touched] += times.astype(np.uint32)
        slots = rows.thing[touched]
        self.roster.tick += 1
        confirmed = touched[(rows.doubts[touched] & SINGLE).astype(np.bool_) & (rows.messages[touched] > 1)]
        rows.doubts[confirmed] &= ~np.uint8(SINGLE)
        for slot in rows.thing[confirmed].tolist():
            self.roster.restate_doubts(slot)
        things.any_row[slots] = touched
        things.heard_at_s[slots] = np.fmax(things.heard_at_s[slots], at_s)
        others = touched[(things.best_row[slots] != touched) & ~np.isnan(rows.position_at_s[touched])]
        if len(others):
            self.roster.choose(others, now)
        things.tick[slots] = self.roster.tick
        if len(relabelled):
            things.label_tick[rows.thing[relabelled]] = self.roster.tick

    def _label_batch(self, batch: AddressBatch, at: Indices, taken: Indices) -> Indices:
        """Words and codes of rows; which rows changed."""
        rows = self.rows
        changed: list[Indices] = []

        def put(column: npt.NDArray[Any], values: npt.NDArray[Any], said: Bools) -> None:
            new = said & (column[at] != values)
            if new.any():
                column[at[said]] = values[said]  # all that was said: of several, the last holds
                changed.append(at[new])

        callsign = batch.callsign[taken]
        put(rows.callsign, callsign, callsign != b"")
        squawk = batch.squawk[taken]
        said = squawk != NO_SQUAWK
        put(rows.squawk, squawk, said)
        category = batch.category[taken]
        put(rows.category, category, category > 0)
        put(rows.simulated, batch.simulated[taken], np.ones(len(taken), np.bool_))
        if not changed:
            return np.zeros(0, np.int32)
        relabelled = np.unique(np.concatenate(changed))
        if self.roster.registry.by_word:
            for row in relabelled.tolist():
                self.roster.resolve(row)
        return relabelled

    def _distress_batch(self, batch: AddressBatch, row: Indices, own: Bools, now: float) -> None:
        """Distress said or taken back by the `own` sightings of these rows, believed or not, in their order."""
        rows = self.rows
        unusual = own & ((batch.emergency > 0) | np.isin(batch.squawk, _DISTRESS_SQUAWKS))
        concerned = rows.emergency[row] > 0
        if unusual.any():
            concerned |= np.isin(row, row[unusual])
        changed = set()
        for place in np.flatnonzero(concerned & own).tolist():  # rare, so each is looked at singly
            one = int(row[place])
            before = int(rows.emergency[one])
            after = _distress(int(batch.emergency[place]), int(batch.squawk[place]), before)
            if after != before:
                rows.emergency[one] = after
                changed.add(one)
        if not changed:
            return
        self.roster.tick += 1
        for slot in {int(rows.thing[one]): None for one in sorted(changed)}:
            self.things.tick[slot] = self.things.label_tick[slot] = self.roster.tick
            if any(rows.emergency[one] for one in self.roster.rows_at(slot)):
                self.on_emergency(slot, now)


def _distress(said: int, squawk: int, before: int) -> int:
    """The distress of a row, a place in EMERGENCIES, after a sighting that says `said` and `squawk`.

    An ordinary squawk takes back what a squawk had cried, and nothing else.
    """
    if said:
        return said
    if squawk in DISTRESS:
        return EMERGENCIES.index(DISTRESS[squawk])
    return 0 if squawk != NO_SQUAWK and before in _BY_SQUAWK else before


def sighting_at(batch: AddressBatch, place: int) -> Sighting:
    """One row of a batch as a sighting."""
    squawk, ground = int(batch.squawk[place]), int(batch.on_ground[place])
    receiver_s = _or_none(batch.receiver_s[place])
    return Sighting(
        source=batch.source,
        source_kind=batch.source_kind,
        icao24=f"{int(batch.address[place]):06x}",
        clock_id=batch.clock_id,
        receiver_s=receiver_s,
        lon_deg=_or_none(batch.lon_deg[place]),
        lat_deg=_or_none(batch.lat_deg[place]),
        soft=bool(batch.soft[place]),
        accuracy_m=_or_none(batch.accuracy_m[place]),
        altitude_m=_or_none(batch.altitude_m[place]),
        altitude_datum=DATUMS[int(batch.altitude_datum[place])],
        ground_speed_mps=_or_none(batch.ground_speed_mps[place]),
        track_deg=_or_none(batch.track_deg[place]),
        vertical_rate_mps=_or_none(batch.vertical_rate_mps[place]),
        callsign=batch.callsign[place].decode() or None,
        squawk=None if squawk == NO_SQUAWK else f"{squawk:04d}",
        emergency=EMERGENCIES[int(batch.emergency[place])],
        emitter_category=CATEGORIES[int(batch.category[place])],
        on_ground=None if ground == UNKNOWN_GROUND else bool(ground),
        simulated=bool(batch.simulated[place]),
    )


def _or_none(value: np.floating) -> float | None:
    number = float(value)
    return None if math.isnan(number) else number
