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
from protocols.modes_addresses import BELIEVED, EVEN, HALVES, NO_HALVES, ODD, AddressTable
from protocols.modes_places import (
    ARRIVED_M,
    BY_LAST,
    BY_PAIR,
    BY_RECEIVER,
    HALVES_M,
    LOCAL_S,
    OUT_OF_RANGE,
    RANGE_M,
    REFUSED,
    Places,
)

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.uint8]
# How a frame was placed, as modes_places.py says it
NOT_PLACED, PAIR, LAST, RECEIVER, NOT_BELIEVED, TOO_FAR = range(6)
_CODES = {
    BY_PAIR: PAIR,
    BY_LAST: LAST,
    BY_RECEIVER: RECEIVER,
    REFUSED: NOT_BELIEVED,
    OUT_OF_RANGE: TOO_FAR,
}
_ROUNDS = 4  # of placing single frames near the ones before; more are gone through singly
_STEPS = 1 << 17  # of a zone, DO-260B §A.1.7.2
_UNSURE = 1e-6  # of a squared distance: the arithmetic of columns may differ from math's in the last bits


class Halves(NamedTuple):
    """Position frames by slot, each slot's in their order."""

    slot: Ints
    cpr: Ints  # raw, latitude above 17 bits of longitude
    odd: Bools
    surface: Bools
    at_s: Floats
    clocked: Bools  # by the receiver's counter, not by arrival
    epoch: Ints
    rotorcraft: Bools


class Placed(NamedTuple):
    """What became of them. Coordinates mean nothing where `by` is NOT_PLACED or TOO_FAR."""

    lon_deg: Floats
    lat_deg: Floats
    by: Codes


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
        known = self._table.place.take(halves.slot, axis=0).T.copy()
        run = _Run(halves, groups, known, self._reference)
        unusual = run.unusual()
        if unusual is None:
            self._keep(run, slice(None))
        else:
            walked = groups.of_those_with(unusual)
            self._keep(run, ~walked)
            for begin, end in groups.spans(walked):
                self._walk(run, begin, end)
        return Placed(run.placed[0], run.placed[1], run.by)

    def _begin(self, groups: "_Groups", halves: Halves) -> None:
        """Forget what a new epoch or a change between ground and air makes void."""
        table = self._table
        slots, epochs, surface = halves.slot, halves.epoch, halves.surface
        if not groups.single:
            slots, epochs, surface = slots[groups.starts], epochs[groups.starts], surface[groups.starts]
        stale = table.places_epoch[slots] != epochs
        if stale.any():
            table.forget_places(slots[stale])
            table.places_epoch[slots] = epochs
        changed = table.surface[slots] != surface
        if changed.any():
            table.place[slots[changed], HALVES] = NO_HALVES
            table.surface[slots] = surface

    def _keep(self, run: "_Run", kept: Bools | slice) -> None:
        """Remember what was placed at once."""
        table, slot = self._table, run.halves.slot[kept]
        table.place[slot] = run.after()[:, kept].T  # the last of each slot stays
        if self._gates:
            believing = slot[(run.by[kept] != NOT_PLACED) & table.refusing[slot]]
            table.refusing[believing] = False
            for again in believing.tolist():
                self._gates.pop(again, None)

    def _walk(self, run: "_Run", begin: int, end: int) -> None:
        """Place one aircraft's frames singly."""
        table, halves = self._table, run.halves
        slot = int(halves.slot[begin])
        places, refusing = self._places(slot), bool(table.refusing[slot])
        epoch = int(table.places_epoch[slot])
        rows = zip(*(column[begin:end].tolist() for column in halves[1:]), strict=True)
        for row, (raw, odd, surface, at_s, clocked, row_epoch, rotorcraft) in enumerate(rows, begin):
            if row_epoch != epoch:
                places.forget()
                epoch, refusing = row_epoch, False
            placed = places.place(
                cpr.Cpr(odd, raw >> 17, raw & 0x1FFFF),
                surface=surface,
                at_s=at_s,
                clocked=clocked,
                limit_mps=ROTORCRAFT_LIMIT_MPS if rotorcraft else LIMIT_MPS,
                reference=self._reference,
            )
            if placed is None:
                run.by[row] = NOT_PLACED
            else:
                run.placed[:2, row] = placed[:2]
                run.by[row] = _CODES[placed.by]
                refusing = placed.by in (REFUSED, OUT_OF_RANGE)
        self._put(slot, places, epoch, refusing)

    def _places(self, slot: int) -> Places:
        table, places = self._table, Places()
        places.surface = bool(table.surface[slot])
        even_lat, even_lon, even_s, odd_lat, odd_lon, odd_s, *believed = table.place[slot].tolist()
        if not math.isnan(even_s):
            places.even = (cpr.Cpr(False, int(even_lat * _STEPS), int(even_lon * _STEPS)), even_s)
        if not math.isnan(odd_s):
            places.odd = (cpr.Cpr(True, int(odd_lat * _STEPS), int(odd_lon * _STEPS)), odd_s)
        if table.refusing[slot]:
            places.gate = self._gates.pop(slot)
        else:
            gate = places.gate
            gate.lon_deg, gate.lat_deg, gate.at_s = believed[:3]
            gate.soft = bool(believed[3])
        return places

    def _put(self, slot: int, places: Places, epoch: int, refusing: bool) -> None:
        table, gate = self._table, places.gate
        table.places_epoch[slot] = epoch
        table.surface[slot] = places.surface
        halves = [
            NO_HALVES[:3] if half is None else (half[0].lat / _STEPS, half[0].lon / _STEPS, half[1])
            for half in (places.even, places.odd)
        ]
        table.place[slot] = (*halves[0], *halves[1], gate.lon_deg, gate.lat_deg, gate.at_s, gate.soft)
        table.refusing[slot] = refusing
        if refusing:
            self._gates[slot] = gate


class _Groups:
    """Frames that follow each other and are of one slot."""

    def __init__(self, slot: Ints) -> None:
        count = len(slot)
        self.first = np.ones(count, np.bool_)
        np.not_equal(slot[1:], slot[:-1], out=self.first[1:])
        self.single = bool(self.first.all())  # one frame each
        self.starts = np.arange(count) if self.single else self.first.nonzero()[0]
        self.number = self.starts if self.single else np.cumsum(self.first) - 1
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
    """One piece's frames, placed as if everything found were believed.

    `known` has the columns of AddressTable.place, [10, frame]; `placed` those that are BELIEVED.
    """

    def __init__(self, halves: Halves, groups: _Groups, known: Floats, reference: cpr.LonLat | None) -> None:
        self.halves, self._groups, self._known, self._reference = halves, groups, known, reference
        count = len(halves.slot)
        self.by: Codes = np.zeros(count, np.uint8)
        self.placed = np.zeros((4, count))
        self.placed[2] = halves.at_s
        self._unsettled: Ints | None = None
        self._halve()
        self._pairs()
        if not self.by.all():
            self._singles((self.by == NOT_PLACED).nonzero()[0])

    def unusual(self) -> Bools | None:
        """Frames for which it is not so, or not surely. None: it is so."""
        halves, groups = self.halves, self._groups
        anchor = self._anchors()
        apart_s = np.abs(halves.at_s - anchor[2])
        unusual = self._beyond_reach(anchor, apart_s)
        if self._reference is not None:
            unusual |= self._farther(*self._reference, np.float64(RANGE_M * RANGE_M))
        unusual[self._of_two(anchor, apart_s)] = True
        if self._unsettled is not None:
            unusual[self._unsettled] = True
        if not groups.single:
            for column in (halves.surface, halves.epoch):
                changed = column[1:] != column[:-1]
                if changed.any():
                    unusual[1:] |= changed & ~groups.first[1:]
        return unusual if unusual.any() else None

    def after(self) -> Floats:
        """What is to be remembered after each frame, if everything is so."""
        after = self._known
        after[HALVES] = self._halves
        if self.by.all():
            after[BELIEVED] = self.placed
        else:
            after[BELIEVED] = np.where(self.by != NOT_PLACED, self.placed, self._anchors())
        return after

    def _halve(self) -> None:
        """The newest half of each parity after each frame; one of them is the frame's own."""
        odd = self.halves.odd
        own = np.empty((3, len(odd)))
        own[0], own[1] = cpr_batch.fractions(self.halves.cpr)
        own[2] = self.halves.at_s
        other = np.where(odd, self._known[EVEN], self._known[ODD])
        if not self._groups.single:
            even_at, even_here = self._groups.latest(~odd)
            odd_at, odd_here = self._groups.latest(odd)
            here = np.where(odd, even_here, odd_here)
            other[:, here] = own[:, np.where(odd, even_at, odd_at)[here]]
        self._halves = np.concatenate((np.where(odd, other, own), np.where(odd, own, other)))
        self._apart_s = np.abs(own[2] - other[2])

    def _pairs(self) -> None:
        """Frames that have their other half; on the ground those that follow a known place."""
        surface, paired = self.halves.surface, self._apart_s <= cpr.PAIR_WINDOW_S
        ground = None
        if surface.any():
            paired &= ~surface
            at = surface.nonzero()[0]
            place = self._known[BELIEVED, at]
            placed = self._groups.first[at] & (place[3] == 0)
            placed &= np.abs(self.halves.at_s[at] - place[2]) <= LOCAL_S
            placed &= self._apart_s[at] <= cpr.SURFACE_PAIR_WINDOW_S
            at = at[placed]
            paired[at] = True
            ground = cpr_batch.Ground(np.cumsum(paired)[at] - 1, place[0, placed], place[1, placed])
        at = paired.nonzero()[0]
        pairs, newest_is_odd = self._halves, self.halves.odd
        if len(at) < len(paired):
            pairs, newest_is_odd = pairs.take(at, axis=1), newest_is_odd[at]
        found = cpr_batch.pair(pairs, newest_is_odd, ground)
        self.by[at] = found.found  # PAIR is 1
        self.placed[0, at], self.placed[1, at] = found.lon_deg, found.lat_deg

    def _singles(self, rows: Ints) -> None:
        """All others: near what was found before, round by round until nothing changes any more."""
        alone = self._groups.single or not self._follow_each_other(rows)
        for _ in range(_ROUNDS):
            anchor = self._anchors(rows)
            hard = (anchor[3] == 0) & (np.abs(self.halves.at_s[rows] - anchor[2]) <= LOCAL_S)
            near_to, usable = anchor[:2], hard
            if self._reference is not None:
                near_to = np.where(hard, near_to, np.array(self._reference)[:, np.newaxis])
                usable = np.ones(len(rows), np.bool_)
            by = np.zeros(len(rows), np.uint8)
            found = np.zeros((2, len(rows)))
            self._on_ground(rows, usable, near_to, by, found)
            at = ((by == NOT_PLACED) & usable).nonzero()[0]
            if len(at):
                near = self._near(rows[at], near_to[:, at])
                by[at] = np.where(near.found, np.where(hard[at], LAST, RECEIVER), NOT_PLACED)
                found[0, at], found[1, at] = near.lon_deg, near.lat_deg
            if not alone:
                same_place = (self.placed[:2, rows] == found).all(axis=0)
                settled = (self.by[rows] == by) & (same_place | (by == NOT_PLACED))
            self.by[rows], self.placed[:2, rows] = by, found
            self.placed[3, rows] = by == RECEIVER
            if alone or settled.all():
                return
        self._unsettled = rows[~settled]

    def _near(self, rows: Ints, near_to: Floats) -> cpr_batch.Places:
        """Single frames near a place."""
        odd = self.halves.odd[rows]
        halves = self._halves[:, rows]
        own = np.where(odd, halves[ODD], halves[EVEN])
        return cpr_batch.near(own, odd, self.halves.surface[rows], near_to[0], near_to[1])

    def _on_ground(self, rows: Ints, usable: Bools, near_to: Floats, by: Codes, found: Floats) -> None:
        """Surface frames that have their other half, in the quadrant nearest to a place."""
        at = (
            self.halves.surface[rows] & usable & (self._apart_s[rows] <= cpr.SURFACE_PAIR_WINDOW_S)
        ).nonzero()[0]
        if not len(at):
            return
        of, near_to = rows[at], near_to[:, at]
        ground = cpr_batch.Ground(np.arange(len(of)), near_to[0], near_to[1])
        pair = cpr_batch.pair(self._halves[:, of], self.halves.odd[of], ground)
        by[at[pair.found]] = PAIR
        found[0, at], found[1, at] = pair.lon_deg, pair.lat_deg

    def _follow_each_other(self, rows: Ints) -> bool:
        """Whether one of these frames comes after another of them, of the same aircraft."""
        group = self._groups.number[rows]
        return bool((group[1:] == group[:-1]).any())

    def _anchors(self, rows: Ints | None = None) -> Floats:
        """The last place found before each frame, or before some of them."""
        known = self._known[BELIEVED]
        if rows is not None:
            known = known[:, rows]
        if self._groups.single or (rows is not None and self._groups.first[rows].all()):
            return known
        last, _ = self._groups.latest(self.by != NOT_PLACED)
        last = np.concatenate(([-1], last[:-1]))  # before a frame, not at it
        here = last >= self._groups.start
        if rows is None:
            known = known.copy()
        else:
            last, here = last[rows], here[rows]
        known[:, here] = self.placed[:, last[here]]
        return known

    def _beyond_reach(self, anchor: Floats, apart_s: Floats) -> Bools:
        """Frames whose place could not have been flown to, by MotionGate's rules, or nearly so."""
        limit_mps: float | Floats = LIMIT_MPS
        if self.halves.rotorcraft.any():
            limit_mps = np.where(self.halves.rotorcraft, ROTORCRAFT_LIMIT_MPS, LIMIT_MPS)
        reach_m = MARGIN_M + limit_mps * apart_s
        beyond = self._farther(anchor[0], anchor[1], reach_m * reach_m)
        at = beyond.nonzero()[0]
        if len(at):
            # what is only soft holds off no hard place, and nothing holds off none
            beyond[at] &= ~((anchor[3, at] > 0) & (self.by[at] != RECEIVER))
        return beyond

    def _of_two(self, anchor: Floats, apart_s: Floats) -> Ints:
        """Pairs that no last place vouches for and whose halves are not of one aircraft, or not surely."""
        lone = apart_s > LOCAL_S
        lone |= np.isnan(apart_s)
        lone |= anchor[3] > 0
        lone &= self.by == PAIR
        at = (lone & ~self.halves.surface).nonzero()[0]
        if not len(at):
            return at
        odd = ~self.halves.odd[at]
        halves, place = self._halves[:, at], self.placed[:2, at]
        other = np.where(odd, halves[ODD], halves[EVEN])
        near = cpr_batch.near(other, odd, self.halves.surface[at], place[0], place[1])
        limit_mps = np.where(self.halves.rotorcraft[at], ROTORCRAFT_LIMIT_MPS, LIMIT_MPS)
        halves_m = np.where(self.halves.clocked[at], HALVES_M, ARRIVED_M)
        apart_m = (halves_m + limit_mps * self._apart_s[at]) * (1 - _UNSURE)
        astray = ~near.found | (_spans_m(place[0], place[1], near.lon_deg, near.lat_deg) > apart_m)
        found: Ints = at[astray]
        return found

    def _farther(
        self, lon_deg: Floats | float, lat_deg: Floats | float, limit_m2: Floats | np.float64
    ) -> Bools:
        """Frames whose place is farther from another by the rule of motion.span_m, or nearly so; NaN is never far."""
        east_deg = self.placed[0] - lon_deg
        north_deg = self.placed[1] - lat_deg
        limit_deg2 = limit_m2 * ((1 - _UNSURE) / DEGREE_M / DEGREE_M)
        # as if at the equator, where a degree is longest
        farther: Bools = east_deg * east_deg + north_deg * north_deg > limit_deg2
        farther &= self.by != NOT_PLACED
        at = farther.nonzero()[0]
        if len(at):
            east_deg, north_deg = east_deg[at], north_deg[at]
            east_deg -= 360.0 * np.rint(east_deg / 360.0)
            east_deg *= np.cos(np.radians(self.placed[1, at] - north_deg / 2))
            limits = np.broadcast_to(limit_deg2, len(farther))[at]
            farther[at] = east_deg * east_deg + north_deg * north_deg > limits
        return farther


def _spans_m(lon_a: Floats, lat_a: Floats, lon_b: Floats, lat_b: Floats) -> Floats:
    """`motion.span_m` over columns."""
    east_deg = (lon_b - lon_a + 180.0) % 360.0 - 180.0
    spans: Floats = DEGREE_M * np.hypot(east_deg * np.cos(np.radians((lat_a + lat_b) / 2)), lat_b - lat_a)
    return spans
