"""How far another clock is from ours, from messages that echo each other's times.

    ours    t1 ----beat----> t2    theirs
            t4 <---beat----- t3

The estimate is NTP's: offset = ((t2 - t1) + (t3 - t4)) / 2 and the one with the shortest way there and back among
the last eight counts (RFC 5905 §8, §10), because what a queue adds, it adds to one direction only. Nothing is
corrected by it: it is shown, and it places a partner's tracks in our time.
"""

from collections import deque

SAMPLES = 8  # RFC 5905 §10, NSTAGE; the oldest falls out


class ClockSkew:
    """Estimate of `theirs - ours` in microseconds. Times are microseconds since 1970, each on its own clock."""

    def __init__(self) -> None:
        self._samples: deque[tuple[int, int]] = deque(maxlen=SAMPLES)  # (round trip, offset)

    def add(self, *, t1_us: int, t2_us: int, t3_us: int, t4_us: int) -> None:
        """One exchange; one whose round trip is negative tells of a stepped clock and starts afresh."""
        round_trip_us = (t4_us - t1_us) - (t3_us - t2_us)
        if round_trip_us < 0:
            self._samples.clear()
            return
        self._samples.append((round_trip_us, ((t2_us - t1_us) + (t3_us - t4_us)) // 2))

    @property
    def offset_us(self) -> int | None:
        """Their clock minus ours; None before the first exchange."""
        return min(self._samples)[1] if self._samples else None

    @property
    def round_trip_us(self) -> int | None:
        """The shortest way there and back lately."""
        return min(self._samples)[0] if self._samples else None
