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
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dispatch import fusion, gate
from dispatch.columns import DOUBT_BIT, NO_ADDRESS, SourceRows, Things, doubts_of
from dispatch.freshness import LIMITS
from dispatch.gate import Fate, Indices
from dispatch.history import History
from dispatch.identity import NOBODY, Registry
from dispatch.kinds import Doubt, Emergency, SourceKind
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

THING_LIMIT = 60_000  # followed at once; one more pushes out a ghost, else the one unheard longest, counted
SOURCE_LIMIT = 4_096  # sources with a name of their own; the sightings of one more are refused and counted
CLOCK_LIMIT = 4_096  # clock names remembered; of one that was forgotten the gates are carried over once more
LOST_MEMORY = 8_192  # removals remembered for `changed`; who asks from before them gets everything
FUTURE_S = 5.0  # a source's clock may be this much ahead of ours before its word is refused
SINGLE = DOUBT_BIT[Doubt.SINGLE]
# Squawks that cry for help: ICAO Annex 10 Vol IV §2.1.4.1; 7400 is the lost link of an unmanned aircraft (FAA JO 7110.65).
DISTRESS = {
    7400: Emergency.LINK_LOST,
    7500: Emergency.UNLAWFUL,
    7600: Emergency.RADIO,
    7700: Emergency.GENERAL,
}
_DISTRESS_SQUAWKS = np.array(sorted(DISTRESS), np.int16)
_BY_SQUAWK = np.array([EMERGENCIES.index(emergency) for emergency in DISTRESS.values()], np.uint8)
_DATUM_CODE = {datum: code for code, datum in enumerate(DATUMS)}
_CATEGORY_CODE = {category: code for code, category in enumerate(CATEGORIES)}
_KIND_CODE = {kind: code for code, kind in enumerate(THING_KINDS)}
_EMERGENCY_CODE = {emergency: code for code, emergency in enumerate(EMERGENCIES)}
_NUMBERS = ("accuracy_m", "altitude_m", "ground_speed_mps", "track_deg", "vertical_rate_mps")


class Source(NamedTuple):
    """Who speaks."""

    name: str
    kind: SourceKind


class Gone(NamedTuple):
    """A thing that has no position any more."""

    tick: int
    number: int
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """Places in `things` of those with a position that changed in (from_tick, to_tick], and the numbers of those lost.

    `whole`: everything there is; `lost` is then empty.
    """

    from_tick: int
    to_tick: int
    whole: bool
    slots: Indices
    lost: npt.NDArray[np.uint32]


class _Addresses:
    """The rows of one source by 24-bit address: sorted, so that a batch is looked up at once."""

    def __init__(self) -> None:
        self.address = np.zeros(0, np.uint32)
        self.row = np.zeros(0, np.int32)

    def find(self, address: npt.NDArray[np.uint32]) -> Indices:
        """The row of each, -1 where there is none."""
        if not len(self.address):
            return np.full(len(address), -1, np.int32)
        place = np.minimum(np.searchsorted(self.address, address), len(self.address) - 1)
        return np.where(self.address[place] == address, self.row[place], np.int32(-1))

    def add(self, address: npt.NDArray[np.uint32], row: Indices) -> None:
        """New ones, sorted and none of them known."""
        place = np.searchsorted(self.address, address)
        self.address = np.insert(self.address, place, address)
        self.row = np.insert(self.row, place, row)

    def drop(self, rows: Indices) -> None:
        """Those whose rows are gone."""
        keep = ~np.isin(self.row, rows)
        self.address, self.row = self.address[keep], self.row[keep]


class _Texts(NamedTuple):
    """What only some rows say of themselves, in words."""

    registration: str = ""
    name: str = ""


class TrackPicture:
    """All things now. Not thread-safe: one owner, who brings the time. Bounded by `limit` things."""

    def __init__(self, *, limit: int = THING_LIMIT, history: History | None = None) -> None:
        self.tick = 0
        self.counts: Counter[Verdict] = Counter()
        self.evicted = 0  # things pushed out because the picture was full
        self.rows = SourceRows()
        self.things = Things()
        self.sources: list[Source] = []
        self.history = history if history is not None else History()
        self.on_emergency: Callable[[int, float], None] = lambda _slot, _now: None  # place in `things`, now
        self.last_heard_s: list[float] = []  # by source
        self.resumed_s: list[float] = []  # by source: when it was first heard after a silence (doubts.py)
        self._limit = limit
        self._registry = NOBODY
        self._source_codes: dict[Source, int] = {}
        self._kind_codes = np.zeros(0, np.int32)  # by source: code of its kind in fusion.KINDS
        self._lost_s = np.zeros(0)  # by source
        self._addresses: list[_Addresses] = []  # by source
        self._keys: list[str] = []  # by row
        self._row_of: dict[tuple[int, str], int] = {}
        self._rows_by_key: dict[str, list[int]] = {}
        self._texts: dict[int, _Texts] = {}
        self._ids: list[str] = []  # by place in `things`
        self._slot_of: dict[str, int] = {}
        self._rows_of: list[list[int]] = []  # by place in `things`
        self._next_number = 1
        self._slot_of_number: dict[int, int] = {}
        self._numbers_before: dict[str, int] = {}  # of things that are gone: who comes back is the same to consoles
        self._clocks: dict[str, int] = {"": 0}
        self._next_clock = 1
        self._gone: deque[Gone] = deque(maxlen=LOST_MEMORY)
        self._remembers_from = 0  # removals up to this tick have been forgotten

    # Reading

    def __len__(self) -> int:
        return self.things.count

    def get(self, track_id: str) -> Track | None:
        """The track of one thing, by identity or by any of its keys."""
        slot = self.slot_of(track_id)
        return None if slot is None else self.track_at(slot)

    def slot_of(self, track_id: str) -> int | None:
        """The place in `things` of an identity or key."""
        slot = self._slot_of.get(track_id)
        if slot is None and track_id in self._rows_by_key:
            slot = int(self.rows.thing[self._rows_by_key[track_id][0]])
        return slot

    def of_icao24(self, icao24: str) -> Track | None:
        """The track of a 24-bit address, six lower-case hex digits."""
        return self.get(f"{ICAO24}:{icao24}")

    def of_number(self, number: int) -> Track | None:
        """The track with this number."""
        slot = self._slot_of_number.get(number)
        return None if slot is None else self.track_at(slot)

    def id_at(self, slot: int) -> str:
        """The id of the thing at a place in `things`."""
        return self._ids[slot]

    def key_of(self, row: int) -> str:
        """Who a row is about."""
        return self._keys[row]

    def rows_at(self, slot: int) -> tuple[int, ...]:
        """The rows of a thing."""
        return tuple(self._rows_of[slot])

    def texts_of(self, row: int) -> tuple[str, str]:
        """Registration and name that a row states; empty where it does not."""
        return self._texts.get(row, _Texts())

    def kind_codes(self, rows: Indices) -> Indices:
        """What kind of source each row has, as places in fusion.KINDS."""
        return self._kind_codes[self.rows.source[rows]]

    def tracks(self) -> Iterator[Track]:
        """All tracks, with or without a position."""
        return (self.track_at(slot) for slot in np.flatnonzero(self.things.alive).tolist())

    def changed(self, since_tick: int) -> Changed:
        """What changed after `since_tick`. A tick too old or unknown: whole."""
        things = self.things
        whole = since_tick < self._remembers_from or since_tick > self.tick or since_tick <= 0
        there = things.alive & (things.best_row >= 0)
        if not whole:
            there &= things.tick > since_tick
        lost = [] if whole else [gone.number for gone in self._gone_since(since_tick)]
        return Changed(
            from_tick=since_tick,
            to_tick=self.tick,
            whole=whole,
            slots=np.flatnonzero(there).astype(np.int32),
            lost=np.array(lost, np.uint32),
        )

    def changed_since(self, tick: int) -> Changes:
        """`changed` as tracks and ids."""
        changed = self.changed(tick)
        lost = () if changed.whole else tuple(gone.id for gone in self._gone_since(tick))
        return Changes(
            from_tick=changed.from_tick,
            to_tick=changed.to_tick,
            whole=changed.whole,
            tracks=tuple(self.track_at(slot) for slot in changed.slots.tolist()),
            lost=lost,
        )

    def _gone_since(self, tick: int) -> Iterator[Gone]:
        for gone in reversed(self._gone):
            if gone.tick <= tick:
                return
            slot = self._slot_of_number.get(gone.number)
            if slot is None or self.things.best_row[slot] < 0:
                yield gone

    def track_at(self, slot: int) -> Track:
        """The track of a place in `things` that is in use."""
        rows, things = self.rows, self.things
        best = int(things.best_row[slot])
        speaks = best if best >= 0 else int(things.any_row[slot])
        all_rows = self._rows_of[slot]
        order = [speaks]
        if len(all_rows) > 1:
            others = (row for row in all_rows if row != speaks)
            order += sorted(others, key=lambda row: -float(rows.heard_at_s[row]))
        source = self.sources[int(rows.source[speaks])]
        kind, identity_name = self._registry.label(self._ids[slot])
        altitude = next((row for row in order if not math.isnan(float(rows.altitude_m[row]))), None)
        address = next((int(rows.address[row]) for row in order if rows.address[row] != NO_ADDRESS), None)
        squawk = next((int(rows.squawk[row]) for row in order if rows.squawk[row] != NO_SQUAWK), None)
        ground = next(
            (bool(rows.on_ground[row]) for row in order if rows.on_ground[row] != UNKNOWN_GROUND), None
        )
        texts = [self._texts[row] for row in order if row in self._texts]
        return Track(
            id=self._ids[slot],
            number=int(things.number[slot]),
            icao24="" if address is None else f"{address:06x}",
            keys=tuple(dict.fromkeys(self._keys[row] for row in order)),
            source=source.name,
            source_kind=source.kind,
            heard_at_s=float(things.heard_at_s[slot]),
            lon_deg=None if best < 0 else float(rows.lon_deg[best]),
            lat_deg=None if best < 0 else float(rows.lat_deg[best]),
            position_at_s=None if best < 0 else float(rows.position_at_s[best]),
            accuracy_m=None if best < 0 else _or_none(rows.accuracy_m[best]),
            altitude_m=None if altitude is None else float(rows.altitude_m[altitude]),
            altitude_datum=None if altitude is None else DATUMS[int(rows.altitude_datum[altitude])],
            ground_speed_mps=_or_none(rows.ground_speed_mps[speaks]),
            track_deg=_or_none(rows.track_deg[speaks]),
            vertical_rate_mps=_or_none(rows.vertical_rate_mps[speaks]),
            callsign=next((rows.callsign[row].decode() for row in order if rows.callsign[row]), None),
            registration=next((text.registration for text in texts if text.registration), None),
            name=identity_name or next((text.name for text in texts if text.name), None),
            thing_kind=kind
            or next((THING_KINDS[int(rows.thing_kind[row])] for row in order if rows.thing_kind[row]), None),
            squawk=None if squawk is None else f"{squawk:04d}",
            emergency=next(
                (EMERGENCIES[int(rows.emergency[row])] for row in order if rows.emergency[row]), None
            ),
            emitter_category=next(
                (CATEGORIES[int(rows.category[row])] for row in order if rows.category[row]), None
            ),
            on_ground=ground,
            simulated=bool(rows.simulated[speaks]),
            doubts=doubts_of(int(things.doubts[slot])),
            sources=len({int(rows.source[row]) for row in all_rows}),
        )

    def sources_of(self, track_id: str) -> tuple[SourceTrack, ...]:
        """What each source says of a thing now, the chosen one first."""
        slot = self.slot_of(track_id)
        if slot is None:
            return ()
        best = int(self.things.best_row[slot])
        order = sorted(self._rows_of[slot], key=lambda row: (row != best, -float(self.rows.heard_at_s[row])))
        return tuple(self._source_track(row, chosen=row == best) for row in order)

    def _source_track(self, row: int, *, chosen: bool) -> SourceTrack:
        rows = self.rows
        source = self.sources[int(rows.source[row])]
        return SourceTrack(
            source=source.name,
            source_kind=source.kind,
            key=self._keys[row],
            heard_at_s=float(rows.heard_at_s[row]),
            lon_deg=_or_none(rows.lon_deg[row]),
            lat_deg=_or_none(rows.lat_deg[row]),
            position_at_s=_or_none(rows.position_at_s[row]),
            accuracy_m=_or_none(rows.accuracy_m[row]),
            altitude_m=_or_none(rows.altitude_m[row]),
            altitude_datum=DATUMS[int(rows.altitude_datum[row])],
            chosen=chosen,
        )

    # One sighting

    def accept(self, sighting: Sighting, now: float) -> Verdict:
        """Merge a sighting that came at `now` (UTC seconds), or say why not. Either way it is counted."""
        verdict = self._accept(sighting, now)
        self.counts[verdict] += 1
        return verdict

    def _accept(self, sighting: Sighting, now: float) -> Verdict:
        at_s = now if sighting.observed_at_s is None else sighting.observed_at_s
        source = self._source(sighting.source, sighting.source_kind, now)
        if source is None:
            return Verdict.REFUSED
        if at_s - now > FUTURE_S:
            return Verdict.FUTURE
        if sighting.backfill:
            self.history.add(sighting, self._id_of(sighting), at_s)
            return Verdict.BACKFILL
        if now - at_s >= self._lost_s[source]:
            return Verdict.STALE
        row = self._row_of.get((source, sighting.key))
        if row is None:
            row = self._follow(source, sighting, at_s)
        return self._judge(sighting, row, at_s, now)

    def _judge(self, sighting: Sighting, row: int, at_s: float, now: float) -> Verdict:
        rows = self.rows
        moved = sighting.lon_deg is not None and sighting.lat_deg is not None
        if sighting.lon_deg is not None and sighting.lat_deg is not None:
            clock, clock_s = (
                (0, at_s)
                if sighting.receiver_s is None
                else (self._clock(sighting.clock_id), sighting.receiver_s)
            )
            gate.set_clock(rows, row, clock, clock_s, at_s)
            older = sighting.observed_at_s is not None and at_s < rows.position_at_s[row]
            if older and math.isnan(rows.clock_s[row]):
                return Verdict.STALE
            fate = gate.admit(rows, row, sighting.lon_deg, sighting.lat_deg, clock_s, soft=sighting.soft)
            if fate is Fate.REFUSED:
                return self._elsewhere(sighting, row, at_s, now)
            if fate is not Fate.ADMITTED:
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
        if (
            rows.address[row] == NO_ADDRESS
            or rows.elsewhere[row] < DUPLICATE_AFTER
            or rows.companion[row] == -2
        ):
            return Verdict.IMPLAUSIBLE
        companion = int(rows.companion[row])
        if companion < 0:
            companion = self._follow_companion(row, at_s)
        if self._judge(sighting, companion, at_s, now) is not Verdict.ACCEPTED:
            return Verdict.IMPLAUSIBLE
        return Verdict.ELSEWHERE

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
        self.tick += 1
        things = self.things
        if rows.doubts[row] & SINGLE and rows.messages[row] > 1:
            rows.doubts[row] &= ~np.uint8(SINGLE)
            self.restate_doubts(slot)
        things.any_row[slot] = row
        things.heard_at_s[slot] = max(
            float(rows.heard_at_s[row]), float(np.nan_to_num(things.heard_at_s[slot], nan=at_s))
        )
        if moved and things.best_row[slot] != row:
            changed |= self._choose(np.array([row], np.int32), now)
        things.tick[slot] = self.tick
        if changed:
            things.label_tick[slot] = self.tick
        self.history.add(sighting, self._ids[slot], at_s)
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
        emergency = sighting.emergency or DISTRESS.get(squawk)
        if emergency is not None:
            put(rows.emergency, _EMERGENCY_CODE[emergency])
        elif squawk != NO_SQUAWK and int(rows.emergency[row]) in _BY_SQUAWK:
            put(rows.emergency, 0)
        if sighting.emitter_category:
            put(rows.category, _CATEGORY_CODE.get(sighting.emitter_category, 0))
        if sighting.thing_kind is not None:
            put(rows.thing_kind, _KIND_CODE[sighting.thing_kind])
        if name or sighting.registration:
            old = self._texts.get(row, _Texts())
            new = _Texts(sighting.registration or old.registration, name or old.name)
            if new != old:
                self._texts[row] = new
                changed = True
        if changed and self._registry.by_word:
            self._resolve(row)
        return changed

    def _id_of(self, sighting: Sighting) -> str:
        """Whose id a sighting would go under, without following it."""
        return self._registry.resolve(sighting.key, sighting.registration or "", sighting.callsign or "")

    # Many sightings

    def accept_batch(self, batch: AddressBatch, now: float) -> int:
        """`accept` for the rows of a batch that arrived at its `arrived_at_s`; how many were accepted.

        At most 10 ms for 4,000 rows on the machines this was measured on (loadtests/RESULTS.md).
        """
        size = len(batch)
        at_s = batch.arrived_at_s
        source = self._source(batch.source, batch.source_kind, now) if size else None
        if source is None:
            self.counts[Verdict.REFUSED] += size
            return 0
        if at_s - now > FUTURE_S or now - at_s >= self._lost_s[source]:
            self.counts[Verdict.FUTURE if at_s > now else Verdict.STALE] += size
            return 0
        row = self._rows_for(batch, source, at_s)
        accepted = self._gate_batch(batch, row, at_s, now)
        taken = np.flatnonzero(accepted).astype(np.int32)
        self.counts[Verdict.ACCEPTED] += len(taken)
        if len(taken):
            self._merge_batch(batch, row, taken, at_s, now)
            self.history.add_batch(batch, accepted, self.rows.thing[row], self._ids, at_s)
        return len(taken)

    def _rows_for(self, batch: AddressBatch, source: int, at_s: float) -> Indices:
        addresses = self._addresses[source]
        row = addresses.find(batch.address)
        new = np.unique(batch.address[row < 0])
        if len(new):
            self._follow_addresses(new, source, at_s)
            row = addresses.find(batch.address)
        return row

    def _gate_batch(self, batch: AddressBatch, row: Indices, at_s: float, now: float) -> Bools:
        """Which sightings are accepted; their positions are in the rows afterwards."""
        rows = self.rows
        accepted = np.ones(len(batch), np.bool_)
        placed = np.flatnonzero(~(np.isnan(batch.lon_deg) | np.isnan(batch.lat_deg)))
        if not len(placed):
            return accepted
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
            clock=self._clock(batch.clock_id) if timed else 0,
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
        for place in placed[fates == Fate.REFUSED].tolist():
            verdict = self._elsewhere(sighting_at(batch, place), int(row[place]), at_s, now)
            self.counts[verdict] += 1
        return accepted

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
        np.add.at(rows.messages, at, 1)
        touched = np.unique(at)
        slots = rows.thing[touched]
        self.tick += 1
        confirmed = touched[(rows.doubts[touched] & SINGLE).astype(np.bool_) & (rows.messages[touched] > 1)]
        rows.doubts[confirmed] &= ~np.uint8(SINGLE)
        for slot in rows.thing[confirmed].tolist():
            self.restate_doubts(slot)
        things.any_row[slots] = touched
        things.heard_at_s[slots] = np.fmax(things.heard_at_s[slots], at_s)
        others = touched[(things.best_row[slots] != touched) & ~np.isnan(rows.position_at_s[touched])]
        if len(others):
            self._choose(others, now)
        things.tick[slots] = self.tick
        if len(relabelled):
            things.label_tick[rows.thing[relabelled]] = self.tick
            for slot in np.unique(rows.thing[relabelled[rows.emergency[relabelled] > 0]]).tolist():
                self.on_emergency(slot, now)

    def _label_batch(self, batch: AddressBatch, at: Indices, taken: Indices) -> Indices:
        """Words and codes of rows; which rows changed."""
        rows = self.rows
        changed: list[Indices] = []

        def put(column: npt.NDArray[Any], values: npt.NDArray[Any], said: Bools) -> None:
            new = said & (column[at] != values)
            if new.any():
                column[at[new]] = values[new]
                changed.append(at[new])

        callsign = batch.callsign[taken]
        put(rows.callsign, callsign, callsign != b"")
        squawk = batch.squawk[taken]
        said = squawk != NO_SQUAWK
        put(rows.squawk, squawk, said)
        emergency = batch.emergency[taken].copy()
        distress = said & (emergency == 0) & np.isin(squawk, _DISTRESS_SQUAWKS)
        emergency[distress] = _BY_SQUAWK[np.searchsorted(_DISTRESS_SQUAWKS, squawk[distress])]
        calm = said & (emergency == 0) & np.isin(rows.emergency[at], _BY_SQUAWK)
        put(rows.emergency, emergency, (emergency > 0) | calm)
        category = batch.category[taken]
        put(rows.category, category, category > 0)
        put(rows.simulated, batch.simulated[taken], np.ones(len(taken), np.bool_))
        if not changed:
            return np.zeros(0, np.int32)
        relabelled = np.unique(np.concatenate(changed))
        if self._registry.by_word:
            for row in relabelled.tolist():
                self._resolve(row)
        return relabelled

    # Rows and things

    def _source(self, name: str, kind: SourceKind, now: float) -> int | None:
        source = Source(name, kind)
        code = self._source_codes.get(source)
        if code is None:
            if len(self.sources) >= SOURCE_LIMIT:
                return None
            code = self._source_codes[source] = len(self.sources)
            self.sources.append(source)
            self._addresses.append(_Addresses())
            self.last_heard_s.append(-math.inf)
            self.resumed_s.append(now)
            self._kind_codes = np.append(self._kind_codes, np.int32(fusion.KIND_CODES[kind]))
            self._lost_s = np.append(self._lost_s, LIMITS[kind].lost_s)
        if now - self.last_heard_s[code] > SILENCE_S:
            self.resumed_s[code] = now
        self.last_heard_s[code] = now
        return code

    def _clock(self, clock_id: str) -> int:
        clock = self._clocks.get(clock_id)
        if clock is None:
            if len(self._clocks) >= CLOCK_LIMIT:
                self._clocks = {"": 0}
            clock = self._clocks[clock_id] = self._next_clock
            self._next_clock += 1
        return clock

    def _follow(self, source: int, sighting: Sighting, at_s: float) -> int:
        address = int(sighting.icao24, 16) if sighting.icao24 else NO_ADDRESS
        if address != NO_ADDRESS:
            self._follow_addresses(np.array([address], np.uint32), source, at_s)
            return self._row_of[source, sighting.key]
        thing_id = self._id_of(sighting)
        return self._new_rows([sighting.key], [thing_id], source, np.array([NO_ADDRESS], np.uint32), at_s)[0]

    def _follow_addresses(self, addresses: npt.NDArray[np.uint32], source: int, at_s: float) -> None:
        keys = [f"{ICAO24}:{address:06x}" for address in addresses.tolist()]
        ids = [self._registry.by_key.get(key, key) for key in keys]
        row = self._new_rows(keys, ids, source, addresses, at_s)
        self._addresses[source].add(addresses, np.array(row, np.int32))

    def _follow_companion(self, row: int, at_s: float) -> int:
        """The other one with this address; its own row and thing, the same source."""
        rows = self.rows
        key = f"{self._keys[row]}.2"
        (companion,) = self._new_rows(
            [key], [key], int(rows.source[row]), rows.address[row : row + 1].copy(), at_s
        )
        rows.companion[row] = companion
        rows.companion[companion] = -2  # none of its own: a third one is refused as implausible
        for one in (row, companion):
            rows.doubts[one] |= np.uint8(DOUBT_BIT[Doubt.DUPLICATE_ADDRESS])
            self.restate_doubts(int(rows.thing[one]))
        return companion

    def _new_rows(
        self, keys: list[str], ids: list[str], source: int, addresses: npt.NDArray[np.uint32], at_s: float
    ) -> list[int]:
        places = self.rows.take(len(keys))
        self.rows.source[places] = source
        self.rows.address[places] = addresses
        self.rows.first_at_s[places] = at_s
        self.rows.doubts[places] = SINGLE
        if len(self._keys) < self.rows.capacity:
            self._keys.extend([""] * (self.rows.capacity - len(self._keys)))
        made: list[int] = places.tolist()
        for row, key, thing_id in zip(made, keys, ids, strict=True):
            self._keys[row] = key
            self._row_of[source, key] = row
            self._rows_by_key.setdefault(key, []).append(row)
            self._join(row, thing_id)
        return made

    def _join(self, row: int, thing_id: str) -> None:
        """Make a row one of a thing's."""
        slot = self._slot_of.get(thing_id)
        if slot is None:
            slot = self._new_thing(thing_id)
        self.rows.thing[row] = slot
        self._rows_of[slot].append(row)
        self.things.rows[slot] += 1
        if self.things.any_row[slot] < 0:
            self.things.any_row[slot] = row

    def _new_thing(self, thing_id: str) -> int:
        if self.things.count >= self._limit:
            self._make_room()
        slot = int(self.things.take(1)[0])
        if len(self._ids) < self.things.capacity:
            more = self.things.capacity - len(self._ids)
            self._ids.extend([""] * more)
            self._rows_of.extend([] for _ in range(more))
        self._ids[slot] = thing_id
        self._rows_of[slot] = []
        self._slot_of[thing_id] = slot
        number = self._numbers_before.pop(thing_id, None)
        if number is None:
            number, self._next_number = self._next_number, self._next_number % 0xFFFF_FFFF + 1
        self.things.number[slot] = number
        self.things.doubts[slot] = SINGLE
        self._slot_of_number[number] = slot
        return slot

    def _make_room(self) -> None:
        """Push out a ghost, else the one unheard longest."""
        things = self.things
        ghost = (things.doubts & DOUBT_BIT[Doubt.GHOST]) > 0
        candidates = np.flatnonzero(things.alive & ghost)
        if not len(candidates):
            candidates = np.flatnonzero(things.alive)
        heard = np.nan_to_num(things.heard_at_s[candidates], nan=np.inf)
        self.evicted += 1
        self._remove_rows(np.array(self._rows_of[int(candidates[int(np.argmin(heard))])], np.int32))

    def _choose(self, row: Indices, now: float) -> bool:
        """Let each row stand for its thing where it is better; whether any did."""
        rows, things = self.rows, self.things
        slot = rows.thing[row]
        best = things.best_row[slot]
        better = best < 0
        known = np.flatnonzero(~better)
        if len(known):
            better[known] = fusion.takes_over(
                rows,
                best[known],
                row[known],
                best_kinds=self.kind_codes(best[known]),
                other_kinds=self.kind_codes(row[known]),
                now=now,
            )
        if not better.any():
            return False
        things.best_row[slot[better]] = row[better]
        things.label_tick[slot[better]] = self.tick
        things.tick[slot[better]] = self.tick
        return True

    def restate_doubts(self, slot: int) -> None:
        """A thing's doubts are those of all its rows; SINGLE only while no row has been heard twice."""
        rows = self._rows_of[slot]
        bits = 0
        single = SINGLE
        for row in rows:
            of_row = int(self.rows.doubts[row])
            bits |= of_row & ~SINGLE
            single &= of_row
        if int(self.things.doubts[slot]) != bits | single:
            self.tick += 1
            self.things.doubts[slot] = bits | single
            self.things.tick[slot] = self.things.label_tick[slot] = self.tick

    # Letting go

    def expire(self, now: float) -> None:
        """Take away rows and positions beyond their source's limit. Call about once a second."""
        rows = self.rows
        limit_s = self._lost_s[rows.source] if len(self.sources) else np.zeros(rows.capacity)
        with np.errstate(invalid="ignore"):
            gone = rows.alive & (now - rows.heard_at_s >= limit_s)
            unplaced = rows.alive & ~gone & (now - rows.position_at_s >= limit_s)
        if unplaced.any():
            self._forget_positions(np.flatnonzero(unplaced).astype(np.int32), now)
        if gone.any():
            self._remove_rows(np.flatnonzero(gone).astype(np.int32), now)

    def _forget_positions(self, row: Indices, now: float) -> None:
        rows = self.rows
        for name in (
            "lon_deg",
            "lat_deg",
            "position_at_s",
            "gate_lon_deg",
            "gate_lat_deg",
            "gate_s",
            "clock_s",
        ):
            getattr(rows, name)[row] = np.nan
        rows.gate_soft[row] = True
        rows.gate_agreeing[row] = 0
        rows.clock[row] = -1
        self._choose_anew(row, now)

    def _remove_rows(self, row: Indices, now: float = math.inf) -> None:
        rows, things = self.rows, self.things
        removed = set(row.tolist())
        for one in row.tolist():
            slot, source, key = int(rows.thing[one]), int(rows.source[one]), self._keys[one]
            self._rows_of[slot].remove(one)
            things.rows[slot] -= 1
            del self._row_of[source, key]
            sharing = self._rows_by_key[key]
            sharing.remove(one)
            if not sharing:
                del self._rows_by_key[key]
            self._texts.pop(one, None)
            self._keys[one] = ""
        for source in np.unique(rows.source[row]).tolist():
            self._addresses[source].drop(row)
        rows.companion[np.isin(rows.companion, row)] = -1
        self._choose_anew(row, now)
        for slot in np.unique(rows.thing[row]).tolist():
            if not self._rows_of[slot]:
                self._remove_thing(slot)
            else:
                if int(things.any_row[slot]) in removed:
                    things.any_row[slot] = self._rows_of[slot][-1]
                self.restate_doubts(slot)
        rows.give(row.tolist())

    def _choose_anew(self, row: Indices, now: float) -> None:
        """The things whose chosen row is among these choose among the others."""
        things = self.things
        slots = np.unique(self.rows.thing[row])
        for slot in slots[np.isin(things.best_row[slots], row)].tolist():
            others = [
                one
                for one in self._rows_of[slot]
                if not math.isnan(float(self.rows.position_at_s[one])) and one not in row
            ]
            if others:
                at_s = now if math.isfinite(now) else float(np.nanmax(self.rows.position_at_s[others]))
                kinds = [self.sources[int(self.rows.source[one])].kind for one in others]
                doubts = [
                    fusion.doubt_m(self.rows, one, kind, at_s)
                    for one, kind in zip(others, kinds, strict=True)
                ]
                self.tick += 1
                things.best_row[slot] = others[doubts.index(min(doubts))]
                things.tick[slot] = things.label_tick[slot] = self.tick
            else:
                things.best_row[slot] = -1
                self._note_gone(int(things.number[slot]), self._ids[slot])

    def _remove_thing(self, slot: int) -> None:
        things = self.things
        number, thing_id = int(things.number[slot]), self._ids[slot]
        if things.best_row[slot] >= 0:
            self._note_gone(number, thing_id)
        del self._slot_of[thing_id]
        del self._slot_of_number[number]
        self._numbers_before[thing_id] = number
        if len(self._numbers_before) > LOST_MEMORY:
            del self._numbers_before[next(iter(self._numbers_before))]
        self._ids[slot] = ""
        things.give([slot])

    def _note_gone(self, number: int, thing_id: str) -> None:
        self.tick += 1
        if len(self._gone) == LOST_MEMORY:
            self._remembers_from = self._gone[0].tick
        self._gone.append(Gone(self.tick, number, thing_id))

    # Who is who

    def use_registry(self, registry: Registry) -> None:
        """Follow what people say is one thing; rows go to the things they now belong to."""
        before, self._registry = self._registry, registry
        touched: Iterable[int]
        if before.by_word or registry.by_word:
            touched = np.flatnonzero(self.rows.alive).tolist()
        else:
            keys = {
                key
                for key, thing_id in (*before.by_key.items(), *registry.by_key.items())
                if before.by_key.get(key) != registry.by_key.get(key)
            }
            touched = [row for key in keys for row in self._rows_by_key.get(key, ())]
        for row in list(touched):
            self._resolve(row)
        renamed = [
            self._slot_of[thing_id] for thing_id in registry.labelled(before) if thing_id in self._slot_of
        ]
        if renamed:
            self.tick += 1
            self.things.tick[renamed] = self.things.label_tick[renamed] = self.tick

    def _resolve(self, row: int) -> None:
        """Move a row to the thing that the registry now gives it."""
        rows, things = self.rows, self.things
        key = self._keys[row]
        if key.endswith(".2") and rows.companion[row] == -2:
            return  # whose it is, nobody can have said
        registration, _ = self.texts_of(row)
        thing_id = self._registry.resolve(key, registration, rows.callsign[row].decode())
        slot = int(rows.thing[row])
        if self._ids[slot] == thing_id:
            return
        self._rows_of[slot].remove(row)
        things.rows[slot] -= 1
        self._join(row, thing_id)
        here = int(rows.thing[row])
        placed = not math.isnan(float(rows.position_at_s[row]))
        heard = float(np.nan_to_num(rows.heard_at_s[row], nan=-np.inf))
        things.heard_at_s[here] = max(heard, float(np.nan_to_num(things.heard_at_s[here], nan=-np.inf)))
        if int(things.best_row[slot]) == row:
            left = [one for one in self._rows_of[slot] if not math.isnan(float(rows.position_at_s[one]))]
            things.best_row[slot] = left[0] if left else -1
            if not left:
                self._note_gone(int(things.number[slot]), self._ids[slot])
        if not self._rows_of[slot]:
            self._remove_thing(slot)
        elif int(things.any_row[slot]) == row:
            things.any_row[slot] = self._rows_of[slot][-1]
        self.tick += 1
        if placed:
            self._choose(np.array([row], np.int32), float(rows.position_at_s[row]))
        things.tick[here] = things.label_tick[here] = self.tick
        self.restate_doubts(here)


# A row whose refused positions agree with each other this often, while its own go on, shares its address: two more
# than REACQUIRE, by which a single aircraft that was lost and found is taken back.
DUPLICATE_AFTER = 5
SILENCE_S = 30.0  # a source that was silent this long begins anew: a crowd is no wonder then


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
