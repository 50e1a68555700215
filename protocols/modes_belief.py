"""Which of many Mode S frames are believed, and whose they are: the rules of modes.py on columns.

A squitter or an all-call reply with sound parity vouches for the address it names. A frame whose address lies over its
parity asks: it is believed if such a one named the address within KNOWN_S before.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dispatch.sighting import Bools, Floats
from protocols import modes_parity
from protocols.frames_batch import LONG, MODE_AC, SHORT, Words
from protocols.modes import CRC, INTERROGATOR_BITS, KNOWN_S, LENGTH, PARITY_ADDRESS, UNSUPPORTED, UNVERIFIED
from protocols.modes_addresses import NOBODY, Addresses, AddressTable

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.uint8]
PROBLEMS = ("", CRC, UNVERIFIED, UNSUPPORTED, LENGTH)
_CRC, _UNVERIFIED, _UNSUPPORTED, _LENGTH = range(1, 5)
_ICAO_CONTROL = np.isin(np.arange(8), (0, 2, 6))  # control fields of DF18 that name an ICAO address
# What is to be known of a downlink format, a bit each
_OVERLAID, _ALL_CALL, _NAMES_ITSELF, _OTHER_SOURCES = 1, 2, 4, 8


def _traits() -> Codes:
    """By the last two bits of a kind of row and the format, [4 * 32]; nothing where the length does not fit."""
    form = np.arange(32)
    traits = (
        np.isin(form, list(PARITY_ADDRESS)) * _OVERLAID
        | (form == 11) * _ALL_CALL
        | np.isin(form, (11, 17, 18)) * _NAMES_ITSELF
        | (form == 18) * _OTHER_SOURCES
    )
    table = np.zeros((4, 32), np.uint8)
    table[SHORT & 3, :16] = traits[:16]
    table[LONG & 3, 16:] = traits[16:]
    return table.ravel()


def _problems() -> Codes:
    """What is wrong with a frame until it is found right, by the same."""
    form = np.arange(32)
    problems = np.full(32, _UNSUPPORTED, np.uint8)
    problems[np.isin(form, (11, 17, 18))] = _CRC
    problems[np.isin(form, list(PARITY_ADDRESS)) | (form == 19) | (form >= 24)] = _UNVERIFIED
    table = np.full((4, 32), _LENGTH, np.uint8)
    table[SHORT & 3, :16] = problems[:16]
    table[LONG & 3, 16:] = problems[16:]
    table[MODE_AC & 3] = 0
    return table.ravel()


_TRAITS = _traits()
_PROBLEM = _problems()


class Believed(NamedTuple):
    """`problem` is of every frame, by PROBLEMS; the rest of those that say something of an ICAO address."""

    problem: Codes
    frame: Ints  # their numbers, ascending
    address: Addresses
    slot: Ints


class _Asked(NamedTuple):
    """Frames that vouch for an address or ask after one. Columns of all frames but for `asking`."""

    address: Addresses
    vouches: Bools
    asking: Ints  # the numbers of those that ask
    at_s: Floats
    epoch: Ints


class Belief:
    """Of one connection."""

    def __init__(self, table: AddressTable) -> None:
        self._table = table
        self._frames = 1  # so far and one, the clock by which addresses age; 0 is before all

    def judge(self, kind: Codes, first: Words, second: Words, at_s: Floats, epoch: Ints) -> Believed:
        """At least one frame, and at most as many as the table has places."""
        form = (first >> 59).astype(np.uint8) | (kind & 3) << 5
        left = modes_parity.remainders(first, second, kind == LONG)
        sound = left == 0
        traits, problem = _TRAITS[form], _PROBLEM[form]
        overlaid = traits & _OVERLAID > 0
        vouches = sound & (traits & _NAMES_ITSELF > 0)
        asks = overlaid | ((left <= INTERROGATOR_BITS) & (traits & _ALL_CALL > 0))
        asks = asks > vouches  # and not
        (others,) = (traits & _OTHER_SOURCES).nonzero()
        if len(others):
            problem[others[sound[others]]] = 0
            vouches[others] &= _ICAO_CONTROL[(first[others] >> 56 & 7).view(np.int64)]
        (asking,) = asks.nonzero()
        problem[asking] = _UNVERIFIED
        address = np.where(overlaid, left, (first >> 32 & 0xFFFFFF).astype(np.uint32))
        slot, believed = self._believed(_Asked(address, vouches, asking, at_s, epoch))
        (frame,) = believed.nonzero()
        problem[frame] = 0
        if len(frame) < len(problem):
            address, slot = address[frame], slot[frame]
        self._table.touched[slot] = frame + self._frames  # the last of each slot stays
        self._frames += len(problem)
        return Believed(problem, frame, address, slot)

    def _believed(self, asked: _Asked) -> tuple[Ints, Bools]:
        """The slot of each frame's address, and whether it is believed. Addresses just named get their slot."""
        table = self._table
        slot = table.find(asked.address)
        (vouching,) = asked.vouches.nonzero()
        named = slot[vouching]
        if not named.all():
            new = np.unique(asked.address[vouching[named == NOBODY]])
            too_many = len(table) + len(new) - table.limit
            if too_many > 0:
                forgotten = table.oldest(too_many)
                if np.isin(np.concatenate((named, slot[asked.asking])), forgotten).any():
                    return self._singly(asked, slot)
                table.remove(forgotten)
            table.add(new)
            slot = table.find(asked.address)
            named = slot[vouching]
        believed = asked.vouches
        if len(asked.asking):
            believed = believed.copy()
            believed[asked.asking] = self._known(asked, slot, vouching)
        table.heard_s[named] = asked.at_s[vouching]
        table.heard_epoch[named] = asked.epoch[vouching]
        return slot, believed

    def _known(self, asked: _Asked, slot: Ints, vouching: Ints) -> Bools:
        """Whether the addresses asked after were named within KNOWN_S before."""
        table, asking = self._table, asked.asking
        at_s, epoch, of = asked.at_s[asking], asked.epoch[asking], slot[asking]
        known: Bools = (table.heard_epoch[of] == epoch) & (at_s - table.heard_s[of] <= KNOWN_S)
        if known.all():
            if _brief(asked):
                return known
        elif _brief(asked):
            # whoever has named itself in this piece has done so within KNOWN_S
            backwards = vouching[::-1]  # so that the first of each slot stays
            table.vouched[slot[backwards]] = backwards + self._frames
            vouched = table.vouched[of]
            known |= (vouched >= self._frames) & (vouched < asking + self._frames)
            return known
        return self._known_in_order(asked, slot)

    def _known_in_order(self, asked: _Asked, slot: Ints) -> Bools:
        """The same for pieces that are long in time, or in which the counter begins anew."""
        table, asking, count = self._table, asked.asking, len(slot)
        order = np.argsort(slot, kind="stable")
        numbers = np.arange(count)
        begins = np.ones(count, np.bool_)
        np.not_equal(slot[order[1:]], slot[order[:-1]], out=begins[1:])
        start = np.maximum.accumulate(np.where(begins, numbers, 0))
        voucher = np.maximum.accumulate(np.where(asked.vouches[order], numbers, -1))
        place = np.empty_like(order)
        place[order] = numbers
        place = place[asking]
        here = voucher[place] >= start[place]
        voucher = order[voucher[place]]
        named_s = np.where(here, asked.at_s[voucher], table.heard_s[slot[asking]])
        named_in = np.where(here, asked.epoch[voucher], table.heard_epoch[slot[asking]])
        known: Bools = (named_in == asked.epoch[asking]) & (asked.at_s[asking] - named_s <= KNOWN_S)
        return known

    def _singly(self, asked: _Asked, slot: Ints) -> tuple[Ints, Bools]:
        """The same in the order of arrival, for when an address is forgotten that is heard again."""
        table = self._table
        rows = np.sort(np.concatenate((asked.vouches.nonzero()[0], asked.asking)))
        slots, addresses = slot[rows], asked.address[rows].tolist()
        known = slots != NOBODY
        heard = {
            address: (heard_s, heard_in)
            for address, heard_s, heard_in in zip(
                asked.address[rows][known].tolist(),
                table.heard_s[slots[known]].tolist(),
                table.heard_epoch[slots[known]].tolist(),
                strict=True,
            )
        }
        oldest = iter(table.address[table.oldest(min(len(table), len(rows)))].tolist())
        places = table.limit - len(table)
        touched: set[int] = set()
        forgotten, new = set[int](), set[int]()
        believed = np.zeros(len(slot), np.bool_)
        columns = (rows, asked.vouches[rows], asked.at_s[rows], asked.epoch[rows])
        for address, row, vouches, at_s, epoch in zip(
            addresses, *(column.tolist() for column in columns), strict=True
        ):
            if vouches:
                if address not in heard:
                    new.add(address)
                    places -= 1
                heard[address] = (at_s, epoch)
            else:
                heard_s, heard_in = heard.get(address, (math.nan, epoch))
                if heard_in != epoch or not at_s - heard_s <= KNOWN_S:
                    continue
            touched.add(address)
            believed[row] = True
            if places < 0:
                places = 0
                out = next(old for old in oldest if old not in touched)
                forgotten.add(out)
                heard.pop(out, None)
        table.remove(table.find(np.array(sorted(forgotten), np.uint32)))
        table.add(np.array(sorted(new), np.uint32))
        slot = table.find(asked.address)
        named = np.flatnonzero(asked.vouches)
        table.heard_s[slot[named]] = asked.at_s[named]
        table.heard_epoch[slot[named]] = asked.epoch[named]
        return slot, believed


def _brief(asked: _Asked) -> bool:
    """Whether all its frames were heard within KNOWN_S, and under one epoch."""
    return bool(
        asked.epoch[0] == asked.epoch[-1] and float(asked.at_s.max()) - float(asked.at_s.min()) <= KNOWN_S
    )
