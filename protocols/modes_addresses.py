"""What is remembered of every address that one connection has named: columns by slot, and address -> slot.

A bounded table: of the addresses beyond `limit` the one unheard longest is forgotten, as in modes.py. Columns grow by
doubling, and the map from addresses has pages only for blocks that are heard, so a small receiver's table stays small.
Slot 0 is nobody's.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from dispatch.sighting import Bools, Floats

Ints = npt.NDArray[np.int64]
Addresses = npt.NDArray[np.uint32]
FIRST_SLOTS = 1024
SLOT_LIMIT = (1 << 16) - 1  # slots fit 16 bits, and so are sorted in one pass
FIRST_PAGES = 16
NOBODY = 0
NO_NACP = -1
_PAGE_BITS = 12
_PAGE = 1 << _PAGE_BITS
# Columns of a remembered place
EVEN, ODD, BELIEVED = slice(0, 3), slice(3, 6), slice(6, 10)
HALVES = slice(0, 6)
NO_HALVES = (0.0, 0.0, np.nan) * 2
NO_PLACE = np.array((*NO_HALVES, 0.0, 0.0, np.nan, 1.0))


class AddressTable:
    """One connection's. Times are of the epoch beside them; of any other epoch they mean nothing.

    `place` has what is remembered of positions, by PLACE: the newest half of each parity (latitude and longitude as
    fractions of a zone, seconds; NaN: none) and the last believed place (longitude, latitude, seconds; NaN: none;
    whether it is soft). One row of it is read and written at a time, so it is kept together.
    """

    def __init__(self, *, limit: int, simulated: Callable[[str], bool]) -> None:
        self.limit = min(limit, SLOT_LIMIT)
        self._simulated = simulated
        # address -> slot in two steps: the block of 4,096 addresses to a page, page 0 being all nobody's
        self._page_of = np.zeros(1 << 12, np.int64)
        self._pages = np.zeros(
            (FIRST_PAGES, _PAGE), np.uint16
        )  # 8 KB each, 32 MB if ever all blocks are heard
        self._page_count = 1
        self._count = 0
        self._free: list[int] = []
        self._size = 0
        self.alive: Bools
        self.marked: Bools  # for a moment
        self.address: Addresses
        self.touched: Ints  # when it was last heard, counted in frames
        self.vouched: Ints  # the first frame that named it in some piece, counted so
        self.heard_s: Floats  # when it last named itself
        self.heard_epoch: Ints
        self.simulated: Bools
        self.named: Bools  # it has told its callsign itself
        self.rotorcraft: Bools
        self.nacp: npt.NDArray[np.int16]
        self.places_epoch: Ints
        self.surface: Bools
        self.place: Floats
        self.refusing: Bools  # its last position was refused: places_batch.py keeps its gate
        self._grow(FIRST_SLOTS)
        self._free.remove(NOBODY)
        self.heard_s[NOBODY] = np.nan

    def __len__(self) -> int:
        return self._count

    def find(self, addresses: Addresses) -> Ints:
        """The slots of addresses; NOBODY's where there is none."""
        return self._pages.reshape(-1).take(self._places(addresses)).astype(np.int64)

    def add(self, addresses: Addresses) -> None:
        """Give slots to addresses that have none, each named once."""
        count = len(addresses)
        while len(self._free) < count:
            self._grow(2 * self._size)
        slots = np.array(self._free[len(self._free) - count :], np.int64)
        del self._free[len(self._free) - count :]
        self._count += count
        self._open((addresses >> _PAGE_BITS).astype(np.int64))
        self._pages.reshape(-1)[self._places(addresses)] = slots
        self.alive[slots] = True
        self._clear(slots, addresses)

    def _places(self, addresses: Addresses) -> Ints:
        """Where addresses are in the pages."""
        places: Ints = (self._page_of[addresses >> _PAGE_BITS] << _PAGE_BITS) + (addresses & (_PAGE - 1))
        return places

    def _open(self, blocks: Ints) -> None:
        """Give pages to blocks of addresses that have none."""
        new = np.unique(blocks[self._page_of[blocks] == 0])
        count = self._page_count + len(new)
        while count > len(self._pages):
            self._pages = np.concatenate((self._pages, np.zeros_like(self._pages)))
        self._page_of[new] = np.arange(self._page_count, count)
        self._page_count = count

    def _clear(self, slots: Ints, addresses: Addresses) -> None:
        self.address[slots] = addresses
        self.heard_s[slots] = np.nan
        self.simulated[slots] = [self._simulated(f"{address:06x}") for address in addresses.tolist()]
        self.named[slots] = self.rotorcraft[slots] = self.surface[slots] = False
        self.nacp[slots] = NO_NACP
        self.forget_places(slots)

    def forget_places(self, slots: Ints) -> None:
        """Nothing from before can be timed against what follows."""
        self.place[slots] = NO_PLACE
        self.refusing[slots] = False

    def learn(
        self, column: npt.NDArray[Any], slot: Ints, told: Ints, value: npt.NDArray[Any], asked: Ints
    ) -> npt.NDArray[Any]:
        """Put what was told into a column, and give what it held for each frame that asks, when that came.

        `slot` is of all frames, in order; `value` of those that are `told`.
        """
        known = column[slot[asked]]
        told_slot = slot[told]
        news = value != column[told_slot]
        if not news.any():
            return known
        self.marked[told_slot[news]] = True
        new = np.flatnonzero(self.marked[told_slot])
        new = new[np.argsort(told[new])]
        frames, value = told[new], value[new]
        concerned = np.flatnonzero(self.marked[slot[asked]])
        self.marked[told_slot] = False
        if len(concerned):
            both = np.concatenate((frames, asked[concerned]))
            order = np.lexsort((both, slot[both]))
            numbers = np.arange(len(order))
            last = np.maximum.accumulate(np.where(order < len(frames), numbers, -1))
            here = (last >= 0) & (slot[both[order]] == slot[both[order[last]]]) & (order >= len(frames))
            known[concerned[order[here] - len(frames)]] = value[order[last[here]]]
        column[slot[frames]] = value  # the last of each slot stays
        return known

    def oldest(self, count: int) -> Ints:
        """The slots unheard longest, that one first."""
        slots = np.flatnonzero(self.alive)
        touched = self.touched[slots]
        nearest = np.argpartition(touched, count - 1)[:count] if count < len(touched) else np.arange(count)
        return slots[nearest[np.argsort(touched[nearest])]]

    def remove(self, slots: Ints) -> None:
        """Forget them. Their slots are used again."""
        self._pages.reshape(-1)[self._places(self.address[slots])] = NOBODY
        self.alive[slots] = False
        self._count -= len(slots)
        self._free.extend(slots.tolist())

    def _grow(self, size: int) -> None:
        def longer(name: str, kind: npt.DTypeLike, *width: int) -> None:
            column = np.zeros((size, *width), kind)
            if self._size:
                column[: self._size] = getattr(self, name)
            setattr(self, name, column)

        for name in ("touched", "vouched", "heard_epoch", "places_epoch"):
            longer(name, np.int64)
        longer("heard_s", np.float64)
        for name in (
            "alive",
            "marked",
            "simulated",
            "named",
            "rotorcraft",
            "surface",
            "refusing",
        ):
            longer(name, np.bool_)
        longer("address", np.uint32)
        longer("nacp", np.int16)
        longer("place", np.float64, len(NO_PLACE))
        self._free.extend(range(size - 1, self._size - 1, -1))
        self._size = size
