"""What is remembered of every address that one connection has named: columns by slot, and address -> slot.

A bounded table: of the addresses beyond `limit` the one unheard longest is forgotten, as in modes.py. Columns grow
by doubling, so a small receiver's table stays small.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from dispatch.sighting import Bools, Floats

Ints = npt.NDArray[np.int64]
Addresses = npt.NDArray[np.uint32]
FIRST_SLOTS = 1024
UNKNOWN = -1
NO_NACP = -1


class AddressTable:
    """One connection's. Times are of the epoch beside them; of any other epoch they mean nothing.

    `cpr` holds the raw halves of positions, latitude above 17 bits of longitude, even frames first: [2, slot].
    """

    def __init__(self, *, limit: int, simulated: Callable[[str], bool]) -> None:
        self.limit = limit
        self._simulated = simulated
        self._sorted: Addresses = np.zeros(0, np.uint32)
        self._slots: Ints = np.zeros(0, np.int64)  # beside `_sorted`
        self._free: list[int] = []
        self._size = 0
        self.address: Addresses
        self.touched: Ints  # when it was last heard, counted in frames
        self.heard_s: Floats  # when it last named itself
        self.heard_epoch: Ints
        self.simulated: Bools
        self.named: Bools  # it has told its callsign itself
        self.rotorcraft: Bools
        self.nacp: npt.NDArray[np.int8]
        self.places_epoch: Ints
        self.surface: Bools
        self.cpr: Ints
        self.cpr_s: Floats  # NaN: none
        self.gate_lon: Floats
        self.gate_lat: Floats
        self.gate_s: Floats  # NaN: nothing is believed yet
        self.gate_soft: Bools
        self.refusing: Bools  # its last position was refused: places_batch.py keeps its gate
        self._grow(FIRST_SLOTS)

    def __len__(self) -> int:
        return len(self._sorted)

    def find(self, addresses: Addresses) -> Ints:
        """The slots of addresses in ascending order; UNKNOWN where there is none."""
        if not len(self._sorted):
            return np.full(len(addresses), UNKNOWN, np.int64)
        place = np.searchsorted(self._sorted, addresses)
        np.minimum(place, len(self._sorted) - 1, out=place)
        found = self._slots[place]
        found[self._sorted[place] != addresses] = UNKNOWN
        return found

    def add(self, addresses: Addresses) -> Ints:
        """New slots for addresses in ascending order that have none."""
        count = len(addresses)
        if not count:
            return np.zeros(0, np.int64)
        while len(self._free) < count:
            self._grow(2 * self._size)
        slots = np.array(self._free[: -count - 1 : -1], np.int64)
        del self._free[-count:]
        place = np.searchsorted(self._sorted, addresses)
        self._sorted = np.insert(self._sorted, place, addresses)
        self._slots = np.insert(self._slots, place, slots)
        self.clear(slots, addresses)
        return slots

    def clear(self, slots: Ints, addresses: Addresses) -> None:
        """Slots as of addresses never heard before."""
        self.address[slots] = addresses
        self.heard_s[slots] = np.nan
        self.simulated[slots] = [self._simulated(f"{address:06x}") for address in addresses.tolist()]
        self.named[slots] = self.rotorcraft[slots] = self.surface[slots] = False
        self.nacp[slots] = NO_NACP
        self.forget_places(slots)

    def forget_places(self, slots: Ints) -> None:
        """Nothing from before can be timed against what follows."""
        self.cpr_s[:, slots] = np.nan
        self.gate_s[slots] = np.nan
        self.gate_soft[slots] = True
        self.refusing[slots] = False

    def oldest(self, count: int) -> Ints:
        """The slots unheard longest, that one first."""
        touched = self.touched[self._slots]
        nearest = np.argpartition(touched, count - 1)[:count] if count < len(touched) else np.arange(count)
        return self._slots[nearest[np.argsort(touched[nearest])]]

    def remove(self, slots: Ints) -> None:
        """Forget them. Their slots are used again."""
        gone = np.zeros(self._size, np.bool_)
        gone[slots] = True
        keep = ~gone[self._slots]
        self._sorted, self._slots = self._sorted[keep], self._slots[keep]
        self._free.extend(slots.tolist())

    def _grow(self, size: int) -> None:
        def longer(name: str, kind: npt.DTypeLike, *shape: int) -> None:
            column = np.zeros((*shape, size), kind)
            if self._size:
                column[..., : self._size] = getattr(self, name)
            setattr(self, name, column)

        for name in ("touched", "heard_epoch", "places_epoch"):
            longer(name, np.int64)
        for name in ("heard_s", "gate_lon", "gate_lat", "gate_s"):
            longer(name, np.float64)
        for name in ("simulated", "named", "rotorcraft", "surface", "gate_soft", "refusing"):
            longer(name, np.bool_)
        longer("address", np.uint32)
        longer("nacp", np.int8)
        longer("cpr", np.int64, 2)
        longer("cpr_s", np.float64, 2)
        self._free.extend(range(size - 1, self._size - 1, -1))
        self._size = size
