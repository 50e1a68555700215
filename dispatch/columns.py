"""Tables of the picture as numpy columns that grow together, with the places of what is gone used again.

`SourceRows`: one row for what one source says of one key. `Things`: one for each real thing, fused of its rows.
Only picture.py, gate.py, fusion.py and doubts.py write here; consoles, conflicts and the archive read.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from dispatch.kinds import Doubt
from dispatch.sighting import NO_SQUAWK, UNKNOWN_GROUND

NO_ADDRESS = 0xFFFF_FFFF
START_ROWS = 256

DOUBT_BIT = {doubt: 1 << place for place, doubt in enumerate(Doubt)}


def doubts_of(bits: int) -> frozenset[Doubt]:
    """A bitmask as doubts."""
    return frozenset(doubt for doubt, bit in DOUBT_BIT.items() if bits & bit)


class _Table:
    """Columns of one length. A place is taken with `take` and given back with `give`; `alive` says which are in use."""

    _defaults: dict[str, tuple[Any, Any]]  # column -> dtype, value of an unused place

    alive: npt.NDArray[np.bool_]

    def __init__(self) -> None:
        self.capacity = 0
        self.count = 0
        self._free: list[int] = []
        self.alive = np.zeros(0, np.bool_)
        for name, (dtype, _) in self._defaults.items():
            setattr(self, name, np.zeros(0, dtype))
        self._grow(START_ROWS)

    def _grow(self, capacity: int) -> None:
        for name, (dtype, default) in (*self._defaults.items(), ("alive", (np.bool_, False))):
            old = getattr(self, name)
            new = np.full(capacity, default, dtype)
            new[: len(old)] = old
            setattr(self, name, new)
        self._free.extend(range(capacity - 1, self.capacity - 1, -1))
        self.capacity = capacity

    def take(self, wanted: int) -> npt.NDArray[np.int32]:
        """So many places, all columns at their defaults."""
        while len(self._free) < wanted:
            self._grow(self.capacity * 2)
        places = np.array([self._free.pop() for _ in range(wanted)], np.int32)
        for name, (_, default) in self._defaults.items():
            getattr(self, name)[places] = default
        self.alive[places] = True
        self.count += wanted
        return places

    def give(self, places: Iterable[int]) -> None:
        """Places that are free again."""
        for place in places:
            if self.alive[place]:
                self.alive[place] = False
                self._free.append(int(place))
                self.count -= 1


class SourceRows(_Table):
    """What each source says of each key. NaN, 0 and the NO_ values mean "not said", as in an AddressBatch."""

    _defaults = {  # noqa: RUF012  # the table's own shape, never written
        "thing": (np.int32, -1),
        "source": (np.uint16, 0),
        "address": (np.uint32, NO_ADDRESS),
        "heard_at_s": (np.float64, np.nan),
        "first_at_s": (np.float64, np.nan),
        "messages": (np.uint32, 0),
        "lon_deg": (np.float64, np.nan),
        "lat_deg": (np.float64, np.nan),
        "position_at_s": (np.float64, np.nan),
        "accuracy_m": (np.float32, np.nan),
        "altitude_m": (np.float32, np.nan),
        "altitude_datum": (np.uint8, 0),
        "ground_speed_mps": (np.float32, np.nan),
        "track_deg": (np.float32, np.nan),
        "vertical_rate_mps": (np.float32, np.nan),
        "callsign": ("S8", b""),
        "squawk": (np.int16, NO_SQUAWK),
        "emergency": (np.uint8, 0),
        "category": (np.uint8, 0),
        "thing_kind": (np.uint8, 0),
        "on_ground": (np.int8, UNKNOWN_GROUND),
        "simulated": (np.bool_, False),
        # the jump gate (gate.py): the last believed position, the last refused one, each with its time on `clock`
        "clock": (np.int32, -1),
        "clock_s": (np.float64, np.nan),  # of the last position on the present clock
        "gate_lon_deg": (np.float64, np.nan),
        "gate_lat_deg": (np.float64, np.nan),
        "gate_s": (np.float64, np.nan),
        "gate_soft": (np.bool_, True),
        "gate_agreeing": (np.int16, 0),
        "other_lon_deg": (np.float64, np.nan),
        "other_lat_deg": (np.float64, np.nan),
        "other_s": (np.float64, np.nan),
        # evidence of doubt (doubts.py)
        "refused": (np.int16, 0),  # positions refused lately
        "elsewhere": (np.int16, 0),  # of those, in a row, that agree with each other: somebody else's
        "refused_at_s": (np.float64, -np.inf),
        "companion": (np.int32, -1),  # the row of the other one with this address
        "doubts": (np.uint8, 0),
    }

    thing: npt.NDArray[np.int32]
    source: npt.NDArray[np.uint16]
    address: npt.NDArray[np.uint32]
    heard_at_s: npt.NDArray[np.float64]
    first_at_s: npt.NDArray[np.float64]
    messages: npt.NDArray[np.uint32]
    lon_deg: npt.NDArray[np.float64]
    lat_deg: npt.NDArray[np.float64]
    position_at_s: npt.NDArray[np.float64]
    accuracy_m: npt.NDArray[np.float32]
    altitude_m: npt.NDArray[np.float32]
    altitude_datum: npt.NDArray[np.uint8]
    ground_speed_mps: npt.NDArray[np.float32]
    track_deg: npt.NDArray[np.float32]
    vertical_rate_mps: npt.NDArray[np.float32]
    callsign: npt.NDArray[np.bytes_]
    squawk: npt.NDArray[np.int16]
    emergency: npt.NDArray[np.uint8]
    category: npt.NDArray[np.uint8]
    thing_kind: npt.NDArray[np.uint8]
    on_ground: npt.NDArray[np.int8]
    simulated: npt.NDArray[np.bool_]
    clock: npt.NDArray[np.int32]
    clock_s: npt.NDArray[np.float64]
    gate_lon_deg: npt.NDArray[np.float64]
    gate_lat_deg: npt.NDArray[np.float64]
    gate_s: npt.NDArray[np.float64]
    gate_soft: npt.NDArray[np.bool_]
    gate_agreeing: npt.NDArray[np.int16]
    other_lon_deg: npt.NDArray[np.float64]
    other_lat_deg: npt.NDArray[np.float64]
    other_s: npt.NDArray[np.float64]
    refused: npt.NDArray[np.int16]
    elsewhere: npt.NDArray[np.int16]
    refused_at_s: npt.NDArray[np.float64]
    companion: npt.NDArray[np.int32]
    doubts: npt.NDArray[np.uint8]


class Things(_Table):
    """One real thing each. Its present word is that of `best_row`."""

    _defaults = {  # noqa: RUF012  # the table's own shape, never written
        "number": (np.uint32, 0),
        "best_row": (np.int32, -1),  # -1: no row has a position; the newest heard is used then
        "any_row": (np.int32, -1),  # a row heard last
        "rows": (np.int16, 0),
        "tick": (np.int64, 0),
        "label_tick": (np.int64, 0),
        "heard_at_s": (np.float64, np.nan),
        "doubts": (np.uint8, 0),
    }

    number: npt.NDArray[np.uint32]
    best_row: npt.NDArray[np.int32]
    any_row: npt.NDArray[np.int32]
    rows: npt.NDArray[np.int16]
    tick: npt.NDArray[np.int64]
    label_tick: npt.NDArray[np.int64]
    heard_at_s: npt.NDArray[np.float64]
    doubts: npt.NDArray[np.uint8]
