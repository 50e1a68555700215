"""Which of many Mode S frames are believed, and whose they are: the rules of modes.py on columns.

A squitter or an all-call reply with sound parity vouches for the address it names. A frame whose address lies over its
parity asks: it is believed if such a one named the address within KNOWN_S before. Frames are sorted by address, so
that each asks the last one before it that vouched.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dispatch.sighting import Bools, Floats
from protocols import modes_parity
from protocols.frames_batch import LONG, MODE_AC, Words
from protocols.modes import CRC, INTERROGATOR_BITS, KNOWN_S, LENGTH, PARITY_ADDRESS, UNSUPPORTED, UNVERIFIED
from protocols.modes_addresses import UNKNOWN, Addresses, AddressTable

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.uint8]
PROBLEMS = ("", CRC, UNVERIFIED, UNSUPPORTED, LENGTH)
_CRC, _UNVERIFIED, _UNSUPPORTED, _LENGTH = range(1, 5)
_FORMATS = np.arange(32)
_OVERLAID = np.isin(_FORMATS, list(PARITY_ADDRESS))
_ALL_CALL = _FORMATS == 11
_NAMES_ITSELF = np.isin(_FORMATS, (11, 17, 18))
_ICAO_CONTROL = np.isin(np.arange(8), (0, 2, 6))  # control fields of DF18 that name an ICAO address


def _problems() -> Codes:
    """What is wrong with a frame of each format until it is found right."""
    problems = np.full(32, _UNSUPPORTED, np.uint8)
    problems[_NAMES_ITSELF] = _CRC
    problems[_OVERLAID | (_FORMATS == 19) | (_FORMATS >= 24)] = _UNVERIFIED
    return problems


_PROBLEM = _problems()


class Believed(NamedTuple):
    """`problem` is of every frame, by PROBLEMS; the rest of those that say something of an ICAO address."""

    problem: Codes
    frame: Ints  # their numbers, ascending
    address: Addresses
    slot: Ints
    by_slot: Ints  # their places in the columns here, sorted by slot and then by time
    slot_sorted: Ints  # the slots in that order


class _Asked(NamedTuple):
    """Frames that vouch or ask, sorted by address."""

    order: Ints
    vouches: Bools
    at_s: Floats
    epoch: Ints
    starts: Ints  # of each address
    group: Ints  # [frame]: number of its address
    address: Addresses  # [address]
    slot: Ints  # [address]


class Belief:
    """Of one connection."""

    def __init__(self, table: AddressTable) -> None:
        self._table = table
        self._frames = 0  # so far, the clock by which addresses age

    def judge(self, kind: Codes, first: Words, second: Words, at_s: Floats, epoch: Ints) -> Believed:
        """At most as many frames as the table has places."""
        form = (first >> 59).view(np.int64)
        long = kind == LONG
        left = modes_parity.remainders(first, second, long)
        sound = left == 0
        overlaid = _OVERLAID[form]
        problem = _PROBLEM[form]
        vouches = sound & _NAMES_ITSELF[form]
        asks = overlaid | (~sound & (left <= INTERROGATOR_BITS) & _ALL_CALL[form])
        problem[vouches] = 0
        problem[asks] = _UNVERIFIED
        fits = (long == (form >= 16)) & (kind != MODE_AC)
        if not fits.all():
            problem[~fits] = _LENGTH
            problem[kind == MODE_AC] = 0
            vouches &= fits
            asks &= fits
        vouches &= (form != 18) | _ICAO_CONTROL[(first >> 56 & 7).view(np.int64)]
        address = np.where(overlaid, left, (first >> 32 & 0xFFFFFF).astype(np.uint32))
        concerned = np.flatnonzero(vouches | asks)
        if not len(concerned):
            nothing = np.zeros(0, np.int64)
            return Believed(problem, nothing, address[:0], nothing, nothing, nothing)
        whole = len(concerned) == len(problem)
        columns = (address, vouches, at_s, epoch)
        address, vouches, at_s, epoch = columns if whole else tuple(c[concerned] for c in columns)
        asked = self._sorted(address, vouches, at_s, epoch)
        believed = self._believed(asked)
        self._note(asked, believed)
        return self._compact(problem, concerned, address, asked, believed)

    def _sorted(self, address: Addresses, vouches: Bools, at_s: Floats, epoch: Ints) -> _Asked:
        order = np.argsort(address, kind="stable")
        sorted_address = address[order]
        first = np.ones(len(order), np.bool_)
        np.not_equal(sorted_address[1:], sorted_address[:-1], out=first[1:])
        starts = np.flatnonzero(first)
        each = sorted_address[starts]
        return _Asked(
            order,
            vouches[order],
            at_s[order],
            epoch[order],
            starts,
            np.cumsum(first) - 1,
            each,
            self._table.find(each),
        )

    def _believed(self, asked: _Asked) -> Bools:
        """Whether each is believed; addresses named for the first time get their slot."""
        table = self._table
        new = np.flatnonzero((asked.slot == UNKNOWN) & np.logical_or.reduceat(asked.vouches, asked.starts))
        too_many = len(table) + len(new) - table.limit
        if too_many > 0:
            forgotten = table.oldest(too_many)
            if np.isin(asked.slot, forgotten).any():
                return self._singly(asked)
            table.remove(forgotten)
        believed = self._at_once(asked)
        if len(new):
            asked.slot[new] = table.add(asked.address[new])
        return believed

    def _at_once(self, asked: _Asked) -> Bools:
        """Where nothing is forgotten that is heard."""
        if asked.vouches.all():
            return asked.vouches
        believed = asked.vouches.copy()
        asking = np.flatnonzero(~asked.vouches)
        voucher = np.maximum.accumulate(np.where(asked.vouches, np.arange(len(believed)), UNKNOWN))[asking]
        group = asked.group[asking]
        slot = asked.slot[group]
        here = voucher >= asked.starts[group]
        named_s = np.where(here, asked.at_s[voucher], self._table.heard_s[slot])
        named_in = np.where(here, asked.epoch[voucher], self._table.heard_epoch[slot])
        believed[asking] = (
            (here | (slot != UNKNOWN))
            & (named_in == asked.epoch[asking])
            & (asked.at_s[asking] - named_s <= KNOWN_S)
        )
        return believed

    def _singly(self, asked: _Asked) -> Bools:
        """The same in the order of arrival, for when an address is forgotten that is heard again."""
        table = self._table
        slot, heard_s = asked.slot.tolist(), table.heard_s[asked.slot].tolist()
        heard_in = table.heard_epoch[asked.slot].tolist()
        owner = {of: group for group, of in enumerate(slot) if of != UNKNOWN}
        known = [of != UNKNOWN for of in slot]
        touched = [False] * len(slot)
        oldest = iter(table.oldest(min(len(table), len(asked.order))).tolist())
        places, gone, new = table.limit - len(table), [], []
        believed = np.zeros(len(asked.order), np.bool_)
        for place, group, vouches, at_s, epoch in _in_order(asked):
            if vouches:
                if not known[group]:
                    known[group] = True
                    new.append(group)
                    places -= 1
                heard_s[group], heard_in[group] = at_s, epoch
            elif not (known[group] and heard_in[group] == epoch and at_s - heard_s[group] <= KNOWN_S):
                continue
            believed[place] = touched[group] = True
            if places < 0:
                places = 0
                out = next(of for of in oldest if of not in owner or not touched[owner[of]])
                gone.append(out)
                if out in owner:
                    known[owner[out]] = False
        table.remove(np.array(gone, np.int64))
        again = np.array(sorted(new), np.int64)
        asked.slot[again] = table.add(asked.address[again])
        return believed

    def _note(self, asked: _Asked, believed: Bools) -> None:
        """Remember when each address was named, and heard."""
        table, count = self._table, len(asked.order)
        last = np.append(asked.starts[1:], count) - 1
        numbers = np.arange(count)

        def latest(marked: Bools) -> tuple[Ints, Ints]:
            """The slots of addresses with a marked frame, and their last such frame."""
            if marked.all():
                return asked.slot, last
            at = np.maximum.accumulate(np.where(marked, numbers, UNKNOWN))[last]
            has = at >= asked.starts
            return asked.slot[has], at[has]

        slot, at = latest(asked.vouches)
        table.heard_s[slot], table.heard_epoch[slot] = asked.at_s[at], asked.epoch[at]
        if believed is not asked.vouches:
            slot, at = latest(believed)
        table.touched[slot] = asked.order[at] + self._frames
        self._frames += count

    def _compact(
        self, problem: Codes, concerned: Ints, address: Addresses, asked: _Asked, believed: Bools
    ) -> Believed:
        slot_sorted = asked.slot[asked.group]
        by_slot = asked.order
        problem[concerned[by_slot[believed]]] = 0
        if not believed.all():
            slot_sorted = slot_sorted[believed]
            kept = np.zeros(len(by_slot), np.bool_)
            kept[by_slot[believed]] = True
            by_slot = (np.cumsum(kept) - 1)[by_slot[believed]]
            concerned, address = concerned[kept], address[kept]
        slot = np.empty_like(slot_sorted)
        slot[by_slot] = slot_sorted
        return Believed(problem, concerned, address, slot, by_slot, slot_sorted)


def _in_order(asked: _Asked) -> Iterator[tuple[int, int, bool, float, int]]:
    """Place, number of the address, whether it vouches, time and epoch of each, in the order of arrival."""
    place = np.empty_like(asked.order)
    place[asked.order] = np.arange(len(place))
    columns = (asked.group, asked.vouches, asked.at_s, asked.epoch)
    return zip(place.tolist(), *(column[place].tolist() for column in columns), strict=True)
