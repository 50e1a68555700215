"""Who is followed (名册): rows by source and key, things by identity, their numbers, and what became of them.

A row is taken in with `follow`, joined to the thing that the registry gives it, and let go by `expire` when its source
has been silent past its limit. A thing keeps its number when it comes back soon, so that consoles see the same one.
When the roster is full, a newcomer pushes out a ghost, else the thing unheard longest; both are counted.
"""

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dispatch import fusion
from dispatch.columns import DOUBT_BIT, NO_ADDRESS, SourceRows, Things
from dispatch.freshness import LIMITS
from dispatch.gate import Indices
from dispatch.identity import NOBODY, Registry
from dispatch.kinds import Doubt, SourceKind
from dispatch.sighting import ICAO24, Bools, Sighting

THING_LIMIT = 60_000  # followed at once
SOURCE_LIMIT = 4_096  # sources with a name of their own; the sightings of one more are refused and counted
CLOCK_LIMIT = 4_096  # clock names remembered; of one that was forgotten the gates are carried over once more
LOST_MEMORY = 8_192  # removals remembered for `changed`; who asks from before them gets everything
SILENCE_S = 30.0  # a source that was silent this long begins anew: a crowd is no wonder then
SINGLE = DOUBT_BIT[Doubt.SINGLE]
SECOND = -2  # in `companion`: this row is itself the other one with its address


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


class Addresses:
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


class Texts(NamedTuple):
    """What only some rows say of themselves, in words."""

    registration: str = ""
    name: str = ""


class Roster:
    """All rows and things. One owner, who brings the time. Bounded by `limit` things."""

    def __init__(self, *, limit: int = THING_LIMIT) -> None:
        self.tick = 0
        self.evicted = 0  # things pushed out because the roster was full
        self.rows = SourceRows()
        self.things = Things()
        self.sources: list[Source] = []
        self.last_heard_s: list[float] = []  # by source
        self.resumed_s: list[float] = []  # by source: when it was first heard after a silence
        self.lost_s = np.zeros(0)  # by source
        self.addresses: list[Addresses] = []  # by source
        self.row_of: dict[tuple[int, str], int] = {}
        self.registry = NOBODY
        self.ids: list[str] = []  # by place in `things`
        self.texts: dict[int, Texts] = {}  # by row
        self._limit = limit
        self._source_codes: dict[Source, int] = {}
        self._kind_codes = np.zeros(0, np.int32)  # by source: code of its kind in fusion.KINDS
        self._keys: list[str] = []  # by row
        self._rows_by_key: dict[str, list[int]] = {}
        self._slot_of: dict[str, int] = {}
        self._rows_of: list[list[int]] = []  # by place in `things`
        self._next_number = 1
        self._slot_of_number: dict[int, int] = {}
        self._numbers_before: dict[
            str, int
        ] = {}  # of things that are gone: who comes back is the same to consoles
        self._clocks: dict[str, int] = {"": 0}
        self._next_clock = 1
        self._gone: deque[Gone] = deque(maxlen=LOST_MEMORY)
        self._remembers_from = 0  # removals up to this tick have been forgotten

    def slot_of(self, track_id: str) -> int | None:
        """The place in `things` of an identity or key."""
        slot = self._slot_of.get(track_id)
        if slot is None and track_id in self._rows_by_key:
            slot = int(self.rows.thing[self._rows_by_key[track_id][0]])
        return slot

    def slot_of_number(self, number: int) -> int | None:
        """The place in `things` of a number."""
        return self._slot_of_number.get(number)

    def key_of(self, row: int) -> str:
        """Who a row is about."""
        return self._keys[row]

    def rows_at(self, slot: int) -> tuple[int, ...]:
        """The rows of a thing."""
        return tuple(self._rows_of[slot])

    def texts_of(self, row: int) -> Texts:
        """What a row states in words."""
        return self.texts.get(row, Texts())

    def kind_codes(self, rows: Indices) -> Indices:
        """What kind of source each row has, as places in fusion.KINDS."""
        return self._kind_codes[self.rows.source[rows]]

    def changed(self, since_tick: int) -> Changed:
        """What changed after `since_tick`. A tick too old or unknown: whole."""
        things = self.things
        whole = since_tick < self._remembers_from or since_tick > self.tick or since_tick <= 0
        there = things.alive & (things.best_row >= 0)
        if not whole:
            there &= things.tick > since_tick
        lost = [] if whole else [gone.number for gone in self.gone_since(since_tick)]
        return Changed(
            from_tick=since_tick,
            to_tick=self.tick,
            whole=whole,
            slots=np.flatnonzero(there).astype(np.int32),
            lost=np.array(lost, np.uint32),
        )

    def gone_since(self, tick: int) -> Iterator[Gone]:
        """What lost its position after `tick` and has none now, newest first."""
        for gone in reversed(self._gone):
            if gone.tick <= tick:
                return
            slot = self._slot_of_number.get(gone.number)
            if slot is None or self.things.best_row[slot] < 0:
                yield gone

    def id_of(self, sighting: Sighting) -> str:
        """Whose id a sighting would go under, without following it."""
        return self.registry.resolve(sighting.key, sighting.registration or "", sighting.callsign or "")

    # Taking in

    def source_code(self, name: str, kind: SourceKind, now: float) -> int | None:
        """The place of a source that speaks at `now`; None for one too many."""
        source = Source(name, kind)
        code = self._source_codes.get(source)
        if code is None:
            if len(self.sources) >= SOURCE_LIMIT:
                return None
            code = self._source_codes[source] = len(self.sources)
            self.sources.append(source)
            self.addresses.append(Addresses())
            self.last_heard_s.append(-math.inf)
            self.resumed_s.append(now)
            self._kind_codes = np.append(self._kind_codes, np.int32(fusion.KIND_CODES[kind]))
            self.lost_s = np.append(self.lost_s, LIMITS[kind].lost_s)
        if now - self.last_heard_s[code] > SILENCE_S:
            self.resumed_s[code] = now
        self.last_heard_s[code] = now
        return code

    def clock_code(self, clock_id: str) -> int:
        """A number for a clock's name, above 0; UTC is 0."""
        clock = self._clocks.get(clock_id)
        if clock is None:
            if len(self._clocks) >= CLOCK_LIMIT:
                self._clocks = {"": 0}
            clock = self._clocks[clock_id] = self._next_clock
            self._next_clock += 1
        return clock

    def follow(self, source: int, sighting: Sighting, at_s: float) -> int:
        """A row for a key that its source had not named before."""
        address = int(sighting.icao24, 16) if sighting.icao24 else NO_ADDRESS
        if address != NO_ADDRESS:
            self.follow_addresses(np.array([address], np.uint32), source, at_s)
            return self.row_of[source, sighting.key]
        thing_id = self.id_of(sighting)
        return self._new_rows([sighting.key], [thing_id], source, np.array([NO_ADDRESS], np.uint32), at_s)[0]

    def follow_addresses(self, addresses: npt.NDArray[np.uint32], source: int, at_s: float) -> None:
        """Rows for new addresses of one source, sorted, each once."""
        keys = [f"{ICAO24}:{address:06x}" for address in addresses.tolist()]
        ids = [self.registry.by_key.get(key, key) for key in keys]
        row = self._new_rows(keys, ids, source, addresses, at_s)
        self.addresses[source].add(addresses, np.array(row, np.int32))

    def follow_companion(self, row: int, at_s: float) -> int:
        """The other one with this address; its own row and thing, the same source."""
        rows = self.rows
        key = f"{self._keys[row]}.2"
        (companion,) = self._new_rows(
            [key], [key], int(rows.source[row]), rows.address[row : row + 1].copy(), at_s
        )
        rows.companion[row] = companion
        rows.companion[companion] = SECOND  # none of its own: a third one is refused as implausible
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
            self.row_of[source, key] = row
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
        if len(self.ids) < self.things.capacity:
            more = self.things.capacity - len(self.ids)
            self.ids.extend([""] * more)
            self._rows_of.extend([] for _ in range(more))
        self.ids[slot] = thing_id
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

    def choose(self, row: Indices, now: float) -> bool:
        """Let each row stand for its thing where it is better; whether any thing may be called otherwise for it."""
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
        row, best, slot = row[better], best[better], slot[better]
        things.best_row[slot] = row
        things.tick[slot] = self.tick
        # Two receivers of one aircraft take turns several times a second: what it is called changes with neither.
        renamed = (best < 0) | self._say_differently(row, best)
        things.label_tick[slot[renamed]] = self.tick
        return bool(renamed.any())

    def _say_differently(self, one: Indices, other: Indices) -> Bools:
        """Whether what the rows call themselves differs, pair by pair; rows with texts are taken to differ."""
        rows, texts = self.rows, self.texts
        differ = np.zeros(len(one), np.bool_)
        for column in (
            rows.address,
            rows.callsign,
            rows.squawk,
            rows.emergency,
            rows.category,
            rows.thing_kind,
        ):
            differ |= column[one] != column[other]
        if texts:
            differ |= np.array(
                [a in texts or b in texts for a, b in zip(one.tolist(), other.tolist(), strict=True)]
            )
        return differ

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
        limit_s = self.lost_s[rows.source] if len(self.sources) else np.zeros(rows.capacity)
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
            del self.row_of[source, key]
            sharing = self._rows_by_key[key]
            sharing.remove(one)
            if not sharing:
                del self._rows_by_key[key]
            self.texts.pop(one, None)
            self._keys[one] = ""
        for source in np.unique(rows.source[row]).tolist():
            self.addresses[source].drop(row)
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
                self.note_gone(int(things.number[slot]), self.ids[slot])

    def _remove_thing(self, slot: int) -> None:
        things = self.things
        number, thing_id = int(things.number[slot]), self.ids[slot]
        if things.best_row[slot] >= 0:
            self.note_gone(number, thing_id)
        del self._slot_of[thing_id]
        del self._slot_of_number[number]
        self._numbers_before[thing_id] = number
        if len(self._numbers_before) > LOST_MEMORY:
            del self._numbers_before[next(iter(self._numbers_before))]
        self.ids[slot] = ""
        things.give([slot])

    def note_gone(self, number: int, thing_id: str) -> None:
        """Remember for consoles that a thing has no position any more."""
        self.tick += 1
        if len(self._gone) == LOST_MEMORY:
            self._remembers_from = self._gone[0].tick
        self._gone.append(Gone(self.tick, number, thing_id))

    # Who is who

    def use_registry(self, registry: Registry) -> None:
        """Follow what people say is one thing; rows go to the things they now belong to."""
        before, self.registry = self.registry, registry
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
            if self.rows.alive[row]:  # not pushed out to make room for one before it
                self.resolve(row)
        renamed = [
            self._slot_of[thing_id] for thing_id in registry.labelled(before) if thing_id in self._slot_of
        ]
        if renamed:
            self.tick += 1
            self.things.tick[renamed] = self.things.label_tick[renamed] = self.tick

    def resolve(self, row: int) -> None:
        """Move a row to the thing that the registry now gives it."""
        rows, things = self.rows, self.things
        key = self._keys[row]
        if key.endswith(".2") and rows.companion[row] == SECOND:
            return  # whose it is, nobody can have said
        registration = self.texts_of(row).registration
        thing_id = self.registry.resolve(key, registration, rows.callsign[row].decode())
        slot = int(rows.thing[row])
        if self.ids[slot] == thing_id:
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
                self.note_gone(int(things.number[slot]), self.ids[slot])
        if not self._rows_of[slot]:
            self._remove_thing(slot)
        elif int(things.any_row[slot]) == row:
            things.any_row[slot] = self._rows_of[slot][-1]
        self.tick += 1
        if placed:
            self.choose(np.array([row], np.int32), float(rows.position_at_s[row]))
        things.tick[here] = things.label_tick[here] = self.tick
        self.restate_doubts(here)
