"""How far a source's UTC is off, from nothing but its reports: when it says they were made and when they came.

Each report gives one sample, arrival less stated time: the error of the source's clock plus what the report took to
get here. What it takes is never less than nothing, so the smallest samples of late say the clock's error, within the
fastest way here. A source whose smallest samples are within tolerance is believed as it is. One that is off is not
refused and not believed: its times are moved by the offset seen, so that ages are counted from arrival, and late or
repeated reports still show as old. Who shows the source says aloud that its clock is off.

Pure: times are UTC seconds since 1970, given by the caller.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

AHEAD_S = 3.0  # nothing comes before it was made: only clocks and their steering account for so much
BEHIND_S = 5.0  # "a few seconds": the way here may take that long and the clock be right
# The third smallest sample counts: two reports with a wrong time do not turn a clock over.
TRUSTED_SAMPLES = 3
# Two spans are remembered, so that a clock set right is believed within two of them and one that breaks is seen.
SPAN_S = 30.0
SPAN_SAMPLES = 8  # a source that reports seldom is not judged by less
CLOCK_LIMIT = 4096  # sources of one feed remembered; the one unheard longest is forgotten


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How far a clock may seem ahead of ours, or behind it with the way here, and still be believed."""

    ahead_s: float = AHEAD_S
    behind_s: float = BEHIND_S


@dataclass(slots=True)
class _Span:
    """The smallest samples of one stretch of time."""

    began_s: float
    count: int = 0
    smallest: list[float] = field(default_factory=list)

    def add(self, sample_s: float) -> None:
        self.count += 1
        if len(self.smallest) < TRUSTED_SAMPLES:
            self.smallest.append(sample_s)
        elif sample_s < self.smallest[-1]:
            self.smallest[-1] = sample_s
        self.smallest.sort()


class SourceClock:
    """One source's clock."""

    __slots__ = ("_now", "_past", "_tolerance", "offset_s")

    def __init__(self, tolerance: Tolerance | None = None) -> None:
        self.offset_s: float | None = (
            None  # how far behind ours it is, its way here included; None: not heard
        )
        self._tolerance = tolerance or Tolerance()
        self._now: _Span | None = None
        self._past: _Span | None = None

    @property
    def right(self) -> bool:
        """Whether its times are believed as they are."""
        offset_s = self.offset_s
        return offset_s is None or -self._tolerance.ahead_s <= offset_s <= self._tolerance.behind_s

    @property
    def off_s(self) -> float | None:
        """How far behind ours it is (negative: ahead), where that is too far to believe it."""
        return None if self.right else self.offset_s

    def utc_s(self, stated_s: float, arrived_s: float, *, live: bool = True) -> float:
        """When a report was made, by our clock. `live` False: kept by the source for later, says nothing of its clock."""
        if live or self.offset_s is None:
            self._learn(arrived_s - stated_s, arrived_s)
        return stated_s if self.right or self.offset_s is None else stated_s + self.offset_s

    def _learn(self, sample_s: float, arrived_s: float) -> None:
        span = self._now
        if span is None or (span.count >= SPAN_SAMPLES and not 0 <= arrived_s - span.began_s < SPAN_S):
            self._past = span
            span = self._now = _Span(arrived_s)
        span.add(sample_s)
        samples = span.smallest if self._past is None else sorted((*self._past.smallest, *span.smallest))
        self.offset_s = samples[min(len(samples), TRUSTED_SAMPLES) - 1]


class SourceClocks:
    """The clocks of several sources behind one feed: radars, terminals, phones. At most CLOCK_LIMIT."""

    def __init__(self, tolerance: Tolerance | None = None) -> None:
        self._tolerance = tolerance
        self._clocks: OrderedDict[str, SourceClock] = OrderedDict()

    def of(self, key: str) -> SourceClock:
        """The clock of one source."""
        clock = self._clocks.get(key)
        if clock is None:
            clock = self._clocks[key] = SourceClock(self._tolerance)
            if len(self._clocks) > CLOCK_LIMIT:
                self._clocks.popitem(last=False)
        else:
            self._clocks.move_to_end(key)
        return clock

    def utc_s(self, key: str, stated_s: float, arrived_s: float, *, live: bool = True) -> float:
        """As SourceClock.utc_s, of the source `key`."""
        return self.of(key).utc_s(stated_s, arrived_s, live=live)

    @property
    def heard(self) -> bool:
        """Whether any source has stated a time."""
        return bool(self._clocks)

    @property
    def off_s(self) -> float | None:
        """The offset of the source that is furthest off; None when all are right."""
        off = [clock.off_s for clock in self._clocks.values() if clock.off_s is not None]
        return max(off, key=abs, default=None)
