"""Tracks to consoles: each changed thing is encoded once a tick, whoever looks; a viewport is cut out of the result.

    picture ──refresh──► WirePicture   rows of 32 bytes and labels, by place, with the tick at which each last changed
                             │ since(tick)          once for all consoles that are equally far
                             ▼
                            Part                    rows in the order of cells, labels, who was lost, who moved where
                             │ pieces(window)       once for all consoles that look at the same cells
                             ▼
                           Tracks

Consoles are spread over slots that take turns, each once a second, so that the work never comes all at once. A tick
is one refresh, a tenth of a second. A console that could not take its turn is told later what changed since the tick it
has: always the newest, never what it missed. Ticks and numbers hold within one run of the site.

Some things are told wherever they are (`pinned`): a desk must not lose sight of its own fleet, nor of what an alert is
about, because the map looks elsewhere.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from dispatch.picture import TrackPicture
from protocols.client_cells import NOWHERE, Cells, Window, cells_at
from protocols.codec.client_fragments import source_fragment, tracks_message
from protocols.codec.track_labels import labels_of
from protocols.codec.track_states import STATE, Slots, put, states_of, taken, with_ages

SLOTS = 10  # a second
LABELS_A_TICK = 500  # encoded in one refresh, 3 ms; the others wait for the next, and go without until then
MEMORY = 65_536  # numbers lost and moved that are remembered; who asks from before them gets everything
EVERYWHERE = -2  # in place of a cell: whoever looked anywhere was told of it
Numbers = npt.NDArray[np.uint32]


class _Moved(NamedTuple):
    """Who left which cell at a tick. `place` is where the thing is in the columns."""

    tick: int
    place: Slots
    number: Numbers
    cell: Cells


class _Lost(NamedTuple):
    tick: int
    number: Numbers


class Rows(NamedTuple):
    """States in the order of their cells."""

    cells: Cells
    data: memoryview

    def cut(self, window: Window | None) -> list[bytes | memoryview]:
        """What lies in the window."""
        if window is None:
            return [self.data] if self.data else []
        return self._slices(window.cuts(self.cells))

    def beyond(self, window: Window) -> list[bytes | memoryview]:
        """What does not."""
        return self._slices(window.gaps(self.cells)) if self.data else []

    def _slices(self, cuts: list[tuple[int, int]]) -> list[bytes | memoryview]:
        size = STATE.itemsize
        return [self.data[begin * size : end * size] for begin, end in cuts]


class Labels(NamedTuple):
    """The places whose labels are told, in the order of their cells, and the labels of all."""

    cells: Cells
    places: list[int]
    labels: Sequence[bytes]

    def cut(self, window: Window | None) -> list[bytes | memoryview]:
        """What lies in the window."""
        if window is None:
            return [self.labels[place] for place in self.places]
        return self._slices(window.cuts(self.cells)) if self.places else []

    def beyond(self, window: Window) -> list[bytes | memoryview]:
        """What does not."""
        return self._slices(window.gaps(self.cells)) if self.places else []

    def _slices(self, cuts: list[tuple[int, int]]) -> list[bytes | memoryview]:
        return [self.labels[place] for begin, end in cuts for place in self.places[begin:end]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What changed in (from_tick, to_tick], or everything, as of one moment."""

    from_tick: int
    to_tick: int
    whole: bool
    at: datetime
    states: Rows
    labels: Labels
    pinned_states: Rows  # what everybody is told, wherever it is
    pinned_labels: Labels
    sources: bytes
    lost: bytes
    moved: "Departed"

    @property
    def empty(self) -> bool:
        """Whether there is nothing to tell anybody."""
        told = self.states.data or self.labels.places or self.sources or self.lost or self.moved.numbers
        return not (self.whole or told)

    def pieces(self, window: Window | None) -> list[bytes | memoryview]:
        """The message for a window, None being everywhere, to be joined."""
        states, labels = self.states.cut(window), self.labels.cut(window)
        if window is not None:
            states += self.pinned_states.beyond(window)
            labels += self.pinned_labels.beyond(window)
        if self.sources:
            labels.append(self.sources)
        return tracks_message(
            from_tick=self.from_tick,
            to_tick=self.to_tick,
            at=self.at,
            whole=self.whole,
            states=states,
            fragments=labels,
            lost=self.lost,
            left=b"" if window is None else self.moved.out_of(window),
        )


class Departed(NamedTuple):
    """Things that went from one cell to another, in the order of the cells they left."""

    before: Cells
    numbers: list[int]
    now: list[int]  # the cells where they are

    def out_of(self, window: Window) -> bytes:
        """The numbers of those that were in the window and are not, four bytes each."""
        if not self.numbers:
            return b""
        everywhere = int(self.before.searchsorted(NOWHERE))  # EVERYWHERE is the least of cells
        cuts = [(0, everywhere), *window.cuts(self.before)]
        here = [place for begin, end in cuts for place in range(begin, end)]
        gone = {self.numbers[place] for place in here if not window.has(self.now[place])}
        return np.array(sorted(gone), "<u4").tobytes()


_NOBODY = Departed(np.zeros(0, np.int32), [], [])


class WirePicture:
    """The picture as bytes. One owner, who calls `refresh` ten times a second, with or without consoles."""

    def __init__(self) -> None:
        self.tick = 0
        self._capacity = 0
        self._picture_tick = 0
        self._states = np.zeros(0, STATE)
        self._position_at_s = np.zeros(0, np.float64)
        self._cell = np.zeros(0, np.int32)
        self._changed = np.zeros(0, np.int64)  # tick of the last change
        self._entered = np.zeros(0, np.int64)  # tick at which it came into its cell
        self._labelled = np.zeros(0, np.int64)  # tick at which its label became what it is
        self._label_seen = np.zeros(0, np.int64)  # the picture's own label_tick that is encoded here
        self._rows_seen = np.zeros(0, np.int16)  # how many sources' rows its label was made of, and its state
        self._rows_placed = np.zeros(0, np.int16)
        self._pinned = np.zeros(0, np.bool_)
        self._labels: list[bytes] = []
        self._next_label = 0  # labels take turns where there are too many for one tick
        self._sources: list[tuple[int, bytes]] = []  # tick, fragment
        self._lost: deque[_Lost] = deque()
        self._moved: deque[_Moved] = deque()
        self._remembered = 0  # numbers in both
        self._whole_before = 0  # from an earlier tick only everything will do
        self._parts: dict[int, Part] = {}  # by from_tick, since the last refresh
        self._keys: tuple[str, ...] = ()  # pinned
        self._numbers: tuple[int, ...] = ()

    def pin(self, keys: Iterable[str], numbers: Iterable[int]) -> None:
        """Tell everybody of these from the next refresh on: keys of things, such as icao24:780abc, and numbers."""
        self._keys = tuple(keys)
        self._numbers = tuple(numbers)

    def refresh(self, picture: TrackPicture) -> None:
        """Take over what changed in the picture."""
        self._parts.clear()
        self._fit(picture.things.capacity)
        changes = picture.changed(self._picture_tick)
        self.tick += 1
        self._picture_tick = changes.to_tick
        if (
            changes.whole and (self._cell != NOWHERE).any()
        ):  # an empty picture always says so, and nothing is known of it
            self._forget()
        self._take_away(picture)
        if len(changes.lost):
            self._lost.append(_Lost(self.tick, changes.lost))
            self._remember(len(changes.lost))
        # a source that fell silent takes with it what the others do not say
        heard = (self._cell != NOWHERE) & (picture.things.rows[: self._capacity] != self._rows_placed)
        slots = changes.slots
        if heard.any():
            slots = np.union1d(slots, np.flatnonzero(heard)).astype(np.int32)
        if len(slots):
            self._place(picture, slots)
        self._name(picture)
        self._pin(picture)
        for place in range(len(self._sources), len(picture.sources)):
            source = picture.sources[place]
            self._sources.append((self.tick, source_fragment(place, source.name, source.kind)))

    def remembers(self, tick: int) -> bool:
        """Whether it is known what changed after a tick."""
        return max(1, self._whole_before) <= tick <= self.tick

    def since(self, tick: int, at: datetime) -> Part:
        """What changed after a tick, as of now; everything for 0 and for a tick too old or not of this run."""
        whole = not self.remembers(tick)
        tick = 0 if whole else tick
        part = self._parts.get(tick)
        if part is None:
            part = self._parts[tick] = self._part(tick, at, whole=whole)
        return part

    # Taking over

    def _fit(self, capacity: int) -> None:
        more = capacity - self._capacity
        if more <= 0:
            return
        for name in (
            "_states",
            "_position_at_s",
            "_changed",
            "_entered",
            "_labelled",
            "_rows_seen",
            "_rows_placed",
            "_pinned",
        ):
            old = getattr(self, name)
            setattr(self, name, np.concatenate((old, np.zeros(more, old.dtype))))
        self._cell = np.concatenate((self._cell, np.full(more, NOWHERE, np.int32)))
        self._label_seen = np.concatenate((self._label_seen, np.full(more, -1, np.int64)))
        self._labels.extend([b""] * more)
        self._capacity = capacity

    def _forget(self) -> None:
        """Begin anew: what became of the things in between is not known."""
        self._cell[:] = NOWHERE
        self._lost.clear()
        self._moved.clear()
        self._remembered = 0
        self._whole_before = self.tick

    def _take_away(self, picture: TrackPicture) -> None:
        """Empty the places of those without a position. They may be back before anybody is told, and elsewhere."""
        things = picture.things
        places = np.flatnonzero((self._cell != NOWHERE) & ~(things.alive & (things.best_row >= 0)))
        self._depart(places, self._states["number"][places], self._cell[places])
        self._cell[places] = NOWHERE

    def _depart(self, places: Slots, numbers: Numbers, cells: Cells) -> None:
        """These were seen in these cells, and are not any more."""
        if len(places):
            cells = np.where(self._pinned[places], np.int32(EVERYWHERE), cells)
            self._moved.append(_Moved(self.tick, places, numbers, cells))
            self._remember(len(places))

    def _remember(self, more: int) -> None:
        self._remembered += more
        while self._remembered > MEMORY and (self._lost or self._moved):
            oldest: deque[_Lost] | deque[_Moved] = self._lost
            if not self._lost or (self._moved and self._moved[0].tick < self._lost[0].tick):
                oldest = self._moved
            gone = oldest.popleft()
            self._remembered -= len(gone.number)
            self._whole_before = max(self._whole_before, gone.tick)

    def _place(self, picture: TrackPicture, slots: Slots) -> None:
        """Encode things that changed; each once, however many look."""
        rows, best = picture.rows, picture.things.best_row[slots]
        states = states_of(picture, slots)
        cells = cells_at(rows.lon_deg[best], rows.lat_deg[best])
        before = self._cell[slots]
        another = self._states["number"][slots] != states["number"]  # its place was somebody else's
        replaced = slots[another & (before != NOWHERE)]
        self._depart(replaced, self._states["number"][replaced], self._cell[replaced])
        before[another] = NOWHERE
        for slot in slots[another].tolist():
            self._labels[slot] = b""
        self._label_seen[slots[another]] = -1
        moved = cells != before
        self._entered[slots[moved]] = self.tick
        left = moved & (before != NOWHERE)
        self._depart(slots[left], states["number"][left], before[left])
        put(self._states, slots, states)
        self._position_at_s[slots] = rows.position_at_s[best]
        self._cell[slots] = cells
        self._changed[slots] = self.tick
        self._rows_placed[slots] = picture.things.rows[slots]

    def _name(self, picture: TrackPicture) -> None:
        """Encode labels that may have changed, a bounded number; they count as changed where their bytes are new."""
        things = picture.things
        stale = things.label_tick[: self._capacity] != self._label_seen
        stale |= things.rows[: self._capacity] != self._rows_seen
        stale &= self._cell != NOWHERE
        slots = np.flatnonzero(stale).astype(np.int32)
        if len(slots) > LABELS_A_TICK:
            first = int(np.searchsorted(slots, self._next_label))
            slots = np.roll(slots, -first)[:LABELS_A_TICK]
            self._next_label = int(slots[-1]) + 1
        if not len(slots):
            return
        self._label_seen[slots] = things.label_tick[slots]
        self._rows_seen[slots] = things.rows[slots]
        for slot, label in zip(slots.tolist(), labels_of(picture, slots), strict=True):
            if label != self._labels[slot]:
                self._labels[slot] = label
                self._labelled[slot] = self.tick

    def _pin(self, picture: TrackPicture) -> None:
        roster = picture.roster
        places = [roster.slot_of(key) for key in self._keys] + [
            roster.slot_of_number(n) for n in self._numbers
        ]
        wanted = np.zeros(self._capacity, np.bool_)
        wanted[[place for place in places if place is not None]] = True
        here = self._cell != NOWHERE
        wanted &= here
        new = wanted & ~self._pinned
        self._changed[new] = self._entered[new] = self.tick
        old = np.flatnonzero(self._pinned & ~wanted & here).astype(np.int32)
        self._depart(old, self._states["number"][old], np.full(len(old), EVERYWHERE, np.int32))
        self._pinned = wanted

    # Telling

    def _part(self, tick: int, at: datetime, *, whole: bool) -> Part:
        here = self._cell != NOWHERE
        changed = here & (self._changed > tick)
        named = here & ((self._labelled > tick) | (self._entered > tick))
        return Part(
            from_tick=tick,
            to_tick=self.tick,
            whole=whole,
            at=at,
            states=self._states_now(np.flatnonzero(changed), at),
            labels=self._labels_of(np.flatnonzero(named)),
            pinned_states=self._states_now(np.flatnonzero(changed & self._pinned), at),
            pinned_labels=self._labels_of(np.flatnonzero(named & self._pinned)),
            sources=b"".join(fragment for told, fragment in self._sources if told > tick),
            lost=b"" if whole else self._lost_since(tick),
            moved=_NOBODY if whole else self._moved_since(tick),
        )

    def _in_order(self, places: Slots) -> tuple[Slots, Cells]:
        cells = self._cell[places]
        order = np.argsort(cells)
        return places[order], cells[order]

    def _states_now(self, places: Slots, at: datetime) -> Rows:
        places, cells = self._in_order(places)
        states = with_ages(taken(self._states, places), self._position_at_s[places], at.timestamp())
        return Rows(cells, memoryview(states.tobytes()))

    def _labels_of(self, places: Slots) -> Labels:
        places, cells = self._in_order(places)
        return Labels(cells, places.tolist(), self._labels)

    def _lost_since(self, tick: int) -> bytes:
        gone = [each.number for each in _after(self._lost, tick)]
        if not gone:
            return b""
        lost = np.unique(np.concatenate(gone))
        back = self._states["number"][self._cell != NOWHERE]
        return lost[~np.isin(lost, back)].astype("<u4").tobytes()

    def _moved_since(self, tick: int) -> Departed:
        """Those that are still followed, and not told to everybody."""
        found = _after(self._moved, tick)
        if not found:
            return _NOBODY
        place = np.concatenate([each.place for each in found])
        number = np.concatenate([each.number for each in found])
        before = np.concatenate([each.cell for each in found])
        elsewhere = np.flatnonzero((self._states["number"][place] != number) | (self._cell[place] == NOWHERE))
        if len(elsewhere):
            place[elsewhere] = self._places_of(number[elsewhere])
        order = np.flatnonzero((place >= 0) & ~self._pinned[place])
        order = order[np.argsort(before[order])]
        return Departed(before[order], number[order].tolist(), self._cell[place[order]].tolist())

    def _places_of(self, numbers: Numbers) -> Slots:
        """Where the things with these numbers are in the columns; -1: no longer followed."""
        here = np.flatnonzero((self._cell != NOWHERE) & np.isin(self._states["number"], numbers))
        places = dict(zip(self._states["number"][here].tolist(), here.tolist(), strict=True))
        return np.array([places.get(number, -1) for number in numbers.tolist()], np.int64)


Entry = TypeVar("Entry", _Lost, _Moved)


def _after(log: deque[Entry], tick: int) -> list[Entry]:
    """The entries of a log after a tick, newest first."""
    return list(takewhile(lambda each: each.tick > tick, reversed(log)))
