"""The receiver's counter as seconds: the only clock by which frames are paired and jumps are judged.

A 12 MHz counter of 48 bits starts anywhere and wraps after 271 days. With a GPS clock the same 48 bits hold the
second of the UTC day (18 bits) and nanoseconds (30 bits), and wrap at midnight. Source: wiki.jetvision.de,
"Mode-S Beast: Data Output Formats". Frames may come a little out of order; a counter that falls back further
has been restarted, and nothing from before may be paired with anything after: the `epoch` says so.
"""

import math
from typing import NamedTuple

TICKS_HZ = 12_000_000
TICKS_RANGE = 1 << 48
GPS_HZ = 1_000_000_000
GPS_RANGE = 86_400 * GPS_HZ
NANOSECOND_MASK = (1 << 30) - 1
# Receivers and mergers reorder by less than a second (the recordings here: 0.27 s at most); beyond, it is a restart.
REORDER_S = 10.0
# Counters that name no time: none at all, and mlat-client's mark for positions it has made up (0xFF00 "MLAT").
NOT_A_TIME = (0, 0xFF004D4C4154)


class Reading(NamedTuple):
    """Seconds since an unknown zero; comparable only within one epoch."""

    at_s: float
    epoch: int


class ReceiverClock:
    """Unrolls one connection's counter. `gps` as configured; a receiver's own status word may change it."""

    def __init__(self, *, gps: bool = False) -> None:
        self.epoch = 0
        self._gps = gps
        self._last: int | None = None
        self._unrolled = 0

    def use_gps(self, gps: bool) -> None:
        """The receiver says how it counts. A change begins a new epoch."""
        if gps != self._gps:
            self._gps = gps
            self._last = None
            self.epoch += 1

    def read(self, ticks: int | None) -> Reading | None:
        """The time of a frame with this counter; None where it names no time."""
        if ticks is None or ticks in NOT_A_TIME:
            return None
        if self._gps:
            now, rate, span = (ticks >> 30) * GPS_HZ + (ticks & NANOSECOND_MASK), GPS_HZ, GPS_RANGE
        else:
            now, rate, span = ticks, TICKS_HZ, TICKS_RANGE
        if self._last is None:
            self._last = self._unrolled = now
            return Reading(now / rate, self.epoch)
        half = span // 2
        step = (now - self._last + half) % span - half
        if 0 >= step >= -REORDER_S * rate:
            return Reading((self._unrolled + step) / rate, self.epoch)
        self._last = now
        if step > 0:
            self._unrolled += step
        else:
            self._unrolled = now
            self.epoch += 1
        return Reading(self._unrolled / rate, self.epoch)


def gps_ticks(second_of_day: float) -> int:
    """The GPS-style counter of a UTC second of the day, as a receiver sends it."""
    seconds = math.floor(second_of_day)
    return (seconds % 86_400) << 30 | int((second_of_day - seconds) * GPS_HZ)
