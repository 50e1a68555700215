"""The receiver's counter as seconds, for many frames at once: receiver_clock.py's rules, and its very own code for
whatever is out of the ordinary (a restart, a wrap, a receiver that changes its mind every few frames)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dispatch.sighting import Bools, Floats
from protocols.frames_batch import GpsSaid
from protocols.receiver_clock import (
    GPS_HZ,
    GPS_RANGE,
    NANOSECOND_MASK,
    NOT_A_TIME,
    REORDER_S,
    TICKS_HZ,
    TICKS_RANGE,
    ReceiverClock,
)

Ints = npt.NDArray[np.int64]
_WORD_LIMIT = 16  # changes of the counter's kind in one piece beyond which frames are timed singly
_EXACT = 1 << 53  # whole numbers below are exact as float64


class Times(NamedTuple):
    """When frames were received. Seconds are comparable within one epoch."""

    at_s: Floats  # NaN: the counter names no time
    epoch: Ints  # of the clock as of the last frame that had a time


class CounterClock(ReceiverClock):
    """One connection's counter."""

    def __init__(self, *, gps: bool = False) -> None:
        super().__init__(gps=gps)
        self._epoch_read = 0

    def read_rows(self, ticks: Ints, said: Sequence[GpsSaid]) -> Times:
        """The times of frames with these counters; before some of which the receiver said how it counts."""
        timed = ticks != NOT_A_TIME[0]
        timed &= ticks != NOT_A_TIME[1]
        if not said and len(ticks) and timed.all():
            found = self._steady(ticks)
            if found is not None:
                self._epoch_read = self.epoch
                return Times(found, np.full(len(ticks), self.epoch, np.int64))
        times = Times(np.empty(len(ticks)), np.empty(len(ticks), np.int64))
        if len(said) > _WORD_LIMIT:
            self._singly(ticks, said, times)
            return times
        begin = 0
        for row, gps in said:
            self._stretch(ticks[begin:row], timed[begin:row], times.at_s[begin:row], times.epoch[begin:row])
            self.use_gps(gps)
            begin = row
        self._stretch(ticks[begin:], timed[begin:], times.at_s[begin:], times.epoch[begin:])
        return times

    def _stretch(self, ticks: Ints, timed: Bools, at_s: Floats, epoch: Ints) -> None:
        if not len(ticks):
            return
        whole = bool(timed.all())
        if not whole and not timed.any():
            at_s[:], epoch[:] = np.nan, self._epoch_read
            return
        found = self._steady(ticks if whole else ticks[timed])
        if found is None:
            self._singly(ticks, (), Times(at_s, epoch))
        elif whole:
            at_s[:], epoch[:] = found, self.epoch
            self._epoch_read = self.epoch
        else:
            at_s[:] = np.nan
            at_s[timed] = found
            epoch[:] = self.epoch
            epoch[: int(timed.argmax())] = self._epoch_read
            self._epoch_read = self.epoch

    def _steady(self, ticks: Ints) -> Floats | None:
        """Seconds of counters that only go on, but for a little disorder; None where they do not."""
        now, rate, span = ticks, TICKS_HZ, TICKS_RANGE
        if self._gps:
            now, rate, span = (ticks >> 30) * GPS_HZ + (ticks & NANOSECOND_MASK), GPS_HZ, GPS_RANGE
        last = int(now[0]) if self._last is None else self._last
        unrolled = last if self._last is None else self._unrolled
        ahead = now - last
        step = np.empty_like(ahead)  # from the newest counter before each
        step[0] = ahead[0]
        np.subtract(now[1:], now[:-1], out=step[1:])
        newest = int(ahead[-1])
        if int(step.min()) < 0:
            reached = np.maximum.accumulate(np.maximum(ahead, 0))
            step[1:] = ahead[1:] - reached[:-1]
            newest = int(reached[-1])
            if int(step.min()) < -REORDER_S * rate:
                return None
        if int(step.max()) >= span // 2 or unrolled + newest >= _EXACT:
            return None
        self._last = last + newest
        self._unrolled = unrolled + newest
        return (ahead + unrolled) / rate

    def _singly(self, ticks: Ints, said: Sequence[GpsSaid], times: Times) -> None:
        at_s, epoch = times
        told = list(said)
        told.reverse()
        for row, counter in enumerate(ticks.tolist()):
            while told and told[-1].row <= row:
                self.use_gps(told.pop().gps)
            reading = self.read(counter)
            if reading is None:
                at_s[row] = np.nan
            else:
                at_s[row] = reading.at_s
                self._epoch_read = reading.epoch
            epoch[row] = self._epoch_read
        for word in reversed(told):
            self.use_gps(word.gps)
