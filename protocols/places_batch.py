"""Where many aircraft are: position frames of many addresses to places, believed or refused as by modes_places.py.

All frames of a piece are placed at once, as if every place found were believed and the next of the same aircraft judged
against it. Where that holds to the end it was so. Aircraft of whom it does not hold (a jump, a place out of range, a
change between ground and air, a counter begun anew in between, a distance too near a limit to call) are gone through
again frame by frame with the very code of modes_places.py. That costs some ten microseconds a frame, no more.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dispatch.motion import DEGREE_M, LIMIT_MPS, MARGIN_M, ROTORCRAFT_LIMIT_MPS, MotionGate
from dispatch.sighting import Bools, Floats
from protocols import cpr, cpr_batch
from protocols.modes_addresses import AddressTable
from protocols.modes_places import BY_LAST, BY_PAIR, BY_RECEIVER, LOCAL_S, RANGE_M, REFUSED, Places

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.uint8]
# How a frame was placed, as modes_places.py says it
NOT_PLACED, PAIR, LAST, RECEIVER, NOT_BELIEVED = range(5)
_CODES = {BY_PAIR: PAIR, BY_LAST: LAST, BY_RECEIVER: RECEIVER, REFUSED: NOT_BELIEVED}
_ROUNDS = 4  # of placing single frames near the ones before; more are gone through singly
_UNSURE = 1e-6  # of a squared distance: the arithmetic of columns may differ from math's in the last bits


class Halves(NamedTuple):
    """Position frames by slot, each slot's in their order."""

    slot: Ints
    cpr: Ints  # raw, latitude above 17 bits of longitude
    odd: Bools
    surface: Bools
    at_s: Floats
    epoch: Ints
    rotorcraft: Bools


class Placed(NamedTuple):
    """What became of them. Coordinates mean something where `by` is neither NOT_PLACED nor NOT_BELIEVED."""

    lon_deg: Floats
    lat_deg: Floats
    by: Codes


class _Anchors(NamedTuple):
    """The last believed place before each frame."""

    lon_deg: Floats
    lat_deg: Floats
    at_s: Floats  # NaN: none
    soft: Bools


class Placing:
    """Keeps in an AddressTable where the aircraft of one connection are."""

    def __init__(self, table: AddressTable, reference: cpr.LonLat | None) -> None:
        self._table = table
        self._reference = reference
        self._gates: dict[int, MotionGate] = {}  # of slots that are `refusing`

    def place(self, halves: Halves) -> Placed:
        """The place of each frame."""
        groups = _Groups(halves.slot)
        self._begin(groups, halves)
        run = _Run(halves, groups, self._table, self._reference)
        odd_one = run.unusual()
        if odd_one.any():
            walked = groups.of_those_with(odd_one)
            self._keep(run, ~walked)
            for begin, end in groups.spans(walked):
                self._walk(run, begin, end)
        else:
            self._keep(run, None)
        return Placed(run.lon_deg, run.lat_deg, run.by)

    def _begin(self, groups: "_Groups", halves: Halves) -> None:
        """Forget what a new epoch or a change between ground and air makes void."""
        table, starts = self._table, groups.starts
        slots, epochs, surface = halves.slot[starts], halves.epoch[starts], halves.surface[starts]
        stale = table.places_epoch[slots] != epochs
        if stale.any():
            table.forget_places(slots[stale])
            table.places_epoch[slots] = epochs
        changed = table.surface[slots] != surface
        if changed.any():
            table.cpr_s[:, slots[changed]] = np.nan
            table.surface[slots] = surface

    def _keep(self, run: "_Run", kept: Bools | None) -> None:
        """Remember what was placed at once."""
        table = self._table
        slot, odd, raw, at_s = run.halves.slot, run.halves.odd, run.halves.cpr, run.halves.at_s
        found = np.flatnonzero(run.by if kept is None else kept & (run.by != NOT_PLACED))
        if kept is not None:
            slot, odd, raw, at_s = slot[kept], odd[kept], raw[kept], at_s[kept]
        half = slot + np.where(odd, table.cpr.shape[1], 0)
        table.cpr.reshape(-1)[half] = raw  # the last of each slot stays
        table.cpr_s.reshape(-1)[half] = at_s
        slot = run.halves.slot[found]
        table.gate_lon[slot] = run.lon_deg[found]
        table.gate_lat[slot] = run.lat_deg[found]
        table.gate_s[slot] = run.halves.at_s[found]
        table.gate_soft[slot] = run.by[found] == RECEIVER
        if self._gates:
            for slot_again in np.unique(slot[table.refusing[slot]]).tolist():
                self._gates.pop(slot_again, None)
            table.refusing[slot] = False

    def _walk(self, run: "_Run", begin: int, end: int) -> None:
        """Place one aircraft's frames singly."""
        table, halves = self._table, run.halves
        slot = int(halves.slot[begin])
        places, refusing = self._places(slot), bool(table.refusing[slot])
        epoch = int(table.places_epoch[slot])
        rows = zip(*(column[begin:end].tolist() for column in halves[1:]), strict=True)
        for row, (raw, odd, surface, at_s, row_epoch, rotorcraft) in enumerate(rows, begin):
            if row_epoch != epoch:
                places.forget()
                epoch, refusing = row_epoch, False
            placed = places.place(
                cpr.Cpr(odd, raw >> 17, raw & 0x1FFFF),
                surface=surface,
                at_s=at_s,
                limit_mps=ROTORCRAFT_LIMIT_MPS if rotorcraft else LIMIT_MPS,
                reference=self._reference,
            )
            if placed is None:
                run.by[row] = NOT_PLACED
            else:
                run.lon_deg[row], run.lat_deg[row], run.by[row] = placed[0], placed[1], _CODES[placed.by]
                refusing = placed.by == REFUSED
        self._put(slot, places, epoch, refusing)

    def _places(self, slot: int) -> Places:
        table, places = self._table, Places()
        places.surface = bool(table.surface[slot])
        (even, odd), (even_s, odd_s) = table.cpr[:, slot].tolist(), table.cpr_s[:, slot].tolist()
        if not math.isnan(even_s):
            places.even = (cpr.Cpr(False, even >> 17, even & 0x1FFFF), even_s)
        if not math.isnan(odd_s):
            places.odd = (cpr.Cpr(True, odd >> 17, odd & 0x1FFFF), odd_s)
        if table.refusing[slot]:
            places.gate = self._gates.pop(slot)
            return places
        gate = places.gate
        gate.lon_deg, gate.lat_deg = float(table.gate_lon[slot]), float(table.gate_lat[slot])
        gate.at_s, gate.soft = float(table.gate_s[slot]), bool(table.gate_soft[slot])
        return places

    def _put(self, slot: int, places: Places, epoch: int, refusing: bool) -> None:
        table, gate = self._table, places.gate
        table.places_epoch[slot] = epoch
        table.surface[slot] = places.surface
        for parity, half in enumerate((places.even, places.odd)):
            table.cpr_s[parity, slot] = np.nan if half is None else half[1]
            table.cpr[parity, slot] = 0 if half is None else half[0].lat << 17 | half[0].lon
        table.gate_lon[slot], table.gate_lat[slot] = gate.lon_deg, gate.lat_deg
        table.gate_s[slot], table.gate_soft[slot] = gate.at_s, gate.soft
        table.refusing[slot] = refusing
        if refusing:
            self._gates[slot] = gate


class _Groups:
    """Frames that follow each other and are of one slot."""

    def __init__(self, slot: Ints) -> None:
        count = len(slot)
        self.first = np.ones(count, np.bool_)
        np.not_equal(slot[1:], slot[:-1], out=self.first[1:])
        self.starts = np.flatnonzero(self.first)
        self.single = len(self.starts) == count  # one frame each
        self.number = np.arange(count) if self.single else np.cumsum(self.first) - 1
        self.start = self.starts if self.single else self.starts[self.number]  # of each frame's group

    def latest(self, marked: Bools) -> tuple[Ints, Bools]:
        """The last marked frame up to each frame, and whether it is of the same group."""
        last = np.maximum.accumulate(np.where(marked, np.arange(len(marked)), -1))
        return last, last >= self.start

    def of_those_with(self, marked: Bools) -> Bools:
        """Frames of groups that have a marked frame."""
        groups = np.zeros(len(self.starts), np.bool_)
        groups[self.number[marked]] = True
        return groups[self.number]

    def spans(self, marked: Bools) -> list[tuple[int, int]]:
        """Where the groups of marked frames begin and end."""
        begins = self.starts[marked[self.starts]]
        ends = np.append(self.starts, len(self.first))[self.number[begins] + 1]
        return list(zip(begins.tolist(), ends.tolist(), strict=True))


class _Run:
    """One piece's frames, placed as if everything found were believed."""

    def __init__(
        self, halves: Halves, groups: _Groups, table: AddressTable, reference: cpr.LonLat | None
    ) -> None:
        self.halves, self._groups, self._reference = halves, groups, reference
        slot = halves.slot
        self._known = _Anchors(
            table.gate_lon[slot], table.gate_lat[slot], table.gate_s[slot], table.gate_soft[slot]
        )
        count = len(slot)
        self.by: Codes = np.zeros(count, np.uint8)
        self.lon_deg, self.lat_deg = np.zeros(count), np.zeros(count)
        self._unsettled = np.zeros(count, np.bool_)
        self._others(table)
        self._pairs()
        if not self.by.all():
            self._singles(np.flatnonzero(self.by == NOT_PLACED))

    def unusual(self) -> Bools:
        """Frames for which it is not so, or not surely."""
        halves, groups = self.halves, self._groups
        unusual = self._unsettled | self._beyond_reach()
        if self._reference is not None:
            unusual |= self._beyond_range(self._reference)
        if not groups.single:
            for column in (halves.surface, halves.epoch):
                changed = column[1:] != column[:-1]
                if changed.any():
                    unusual[1:] |= changed & ~groups.first[1:]
        return unusual

    def _others(self, table: AddressTable) -> None:
        """The newest half of the other parity before each frame."""
        odd = self.halves.odd
        half = self.halves.slot + np.where(odd, 0, table.cpr.shape[1])
        self._other, self._other_s = table.cpr.reshape(-1)[half], table.cpr_s.reshape(-1)[half]
        if self._groups.single:
            return
        even_at, even_here = self._groups.latest(~odd)
        odd_at, odd_here = self._groups.latest(odd)
        here = np.where(odd, even_here, odd_here)
        at = np.where(odd, even_at, odd_at)[here]
        self._other[here], self._other_s[here] = self.halves.cpr[at], self.halves.at_s[at]

    def _pairs(self) -> None:
        """Airborne frames that have their other half."""
        raw, odd, surface, at_s = self.halves.cpr, self.halves.odd, self.halves.surface, self.halves.at_s
        self._apart_s = np.abs(at_s - self._other_s)
        paired = np.flatnonzero((self._apart_s <= cpr.PAIR_WINDOW_S) & ~surface)
        own, other, odd = raw[paired], self._other[paired], odd[paired]
        found = cpr_batch.pair(np.where(odd, other, own), np.where(odd, own, other), odd)
        self.by[paired] = np.where(found.found, PAIR, NOT_PLACED)
        self.lon_deg[paired], self.lat_deg[paired] = found.lon_deg, found.lat_deg

    def _singles(self, rows: Ints) -> None:
        """All others: near what was found before, round by round until nothing changes any more."""
        raw, odd, surface = (column[rows] for column in self.halves[1:4])
        on_ground = np.flatnonzero(surface & (self._apart_s[rows] <= cpr.SURFACE_PAIR_WINDOW_S))
        own, other = raw[on_ground], self._other[rows[on_ground]]
        even = np.where(odd[on_ground], other, own)
        odd_half = np.where(odd[on_ground], own, other)
        anywhere = self._reference is not None
        receiver = self._reference or (np.nan, np.nan)
        for _ in range(_ROUNDS):
            anchor = self._anchors(rows)
            hard = ~anchor.soft & (np.abs(self.halves.at_s[rows] - anchor.at_s) <= LOCAL_S)
            lon_deg = np.where(hard, anchor.lon_deg, receiver[0])
            lat_deg = np.where(hard, anchor.lat_deg, receiver[1])
            usable = np.ones(len(rows), np.bool_) if anywhere else hard
            lon_deg[~usable] = lat_deg[~usable] = 0.0
            near = cpr_batch.near(raw, odd, surface, lon_deg, lat_deg)
            by = np.where(near.found & usable, np.where(hard, LAST, RECEIVER), NOT_PLACED).astype(np.uint8)
            if len(on_ground):
                pair = cpr_batch.surface_pair(
                    even, odd_half, odd[on_ground], lon_deg[on_ground], lat_deg[on_ground]
                )
                good = pair.found & usable[on_ground]
                by[on_ground[good]] = PAIR
                near.lon_deg[on_ground[good]] = pair.lon_deg[good]
                near.lat_deg[on_ground[good]] = pair.lat_deg[good]
            same_place = (self.lon_deg[rows] == near.lon_deg) & (self.lat_deg[rows] == near.lat_deg)
            settled = (self.by[rows] == by) & (same_place | (by == NOT_PLACED))
            self.by[rows], self.lon_deg[rows], self.lat_deg[rows] = by, near.lon_deg, near.lat_deg
            if self._groups.single or settled.all():
                return
        self._unsettled[rows[~settled]] = True

    def _anchors(self, rows: Ints | None = None) -> _Anchors:
        """The last place found before each frame, or before some of them."""
        known = self._known if rows is None else _Anchors(*(column[rows] for column in self._known))
        if self._groups.single:
            return known
        last, here = self._groups.latest(self.by != NOT_PLACED)
        # before a frame, not at it
        last = np.concatenate(([-1], last[:-1]))
        here = last >= self._groups.start
        if rows is not None:
            last, here = last[rows], here[rows]
        at = last[here]
        anchors = known if rows is not None else _Anchors(*(column.copy() for column in known))
        anchors.lon_deg[here], anchors.lat_deg[here] = self.lon_deg[at], self.lat_deg[at]
        anchors.at_s[here], anchors.soft[here] = self.halves.at_s[at], self.by[at] == RECEIVER
        return anchors

    def _beyond_reach(self) -> Bools:
        """Frames whose place could not have been flown to, by MotionGate's rules, or nearly so."""
        anchor = self._anchors()
        limit_mps: float | Floats = LIMIT_MPS
        if self.halves.rotorcraft.any():
            limit_mps = np.where(self.halves.rotorcraft, ROTORCRAFT_LIMIT_MPS, LIMIT_MPS)
        reach_m = MARGIN_M + limit_mps * np.abs(self.halves.at_s - anchor.at_s)
        far = _span2_m2(anchor.lon_deg, anchor.lat_deg, self.lon_deg, self.lat_deg)
        beyond = far > reach_m * reach_m * (1 - _UNSURE)  # False without an anchor
        beyond &= self.by != NOT_PLACED
        if anchor.soft.any():
            beyond &= ~(anchor.soft & (self.by != RECEIVER))
        return beyond

    def _beyond_range(self, reference: cpr.LonLat) -> Bools:
        far = _span2_m2(*(np.float64(degrees) for degrees in reference), self.lon_deg, self.lat_deg)
        return (far > RANGE_M * RANGE_M * (1 - _UNSURE)) & (self.by != NOT_PLACED)


def _span2_m2(lon_a: Floats | np.float64, lat_a: Floats | np.float64, lon_b: Floats, lat_b: Floats) -> Floats:
    """Squared distances by the rule of motion.span_m."""
    east_deg = lon_b - lon_a
    east_deg -= 360.0 * np.rint(east_deg / 360.0)
    east_deg *= np.cos(np.radians((lat_a + lat_b) / 2))
    north_deg = lat_b - lat_a
    squared: Floats = DEGREE_M * DEGREE_M * (east_deg * east_deg + north_deg * north_deg)
    return squared
