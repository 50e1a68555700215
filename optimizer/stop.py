"""When to stop improving. A stop is asked with the number of search iterations done so far.

While plans are being built it is asked with `FIRST` for the first good one and `BUILDING` for the others, with
`PROVING` while a bound is raised; only running out of time ends those phases, so an iteration limit alone always
gives the same plan. The clock is an
argument: this package has none.
"""

from collections.abc import Callable
from dataclasses import dataclass

FIRST, BUILDING, PROVING = -2, -1, -3
_PROOF_SHARE = 0.5  # of the time: the search gets the rest

Stop = Callable[[int], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxIterations:
    """Stops after so many iterations of the search."""

    iterations: int

    def __call__(self, done: int) -> bool:
        """Whether the limit is reached."""
        return done >= self.iterations


class MaxSeconds:
    """Stops so many seconds after it was made, by the clock it was given. The first good plan may take as
    long again: one cut off half-way is legal, but leaves aircraft standing."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until_s = clock() + seconds
        self._first_s = self._until_s + seconds
        self._proof_s = self._until_s - (1.0 - _PROOF_SHARE) * seconds

    def __call__(self, done: int) -> bool:
        """Whether the time is up."""
        until_s = {FIRST: self._first_s, PROVING: self._proof_s}.get(done, self._until_s)
        return self._clock() >= until_s


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstOf:
    """Stops as soon as one of its stops does."""

    stops: tuple[Stop, ...]

    def __call__(self, done: int) -> bool:
        """Whether any stop is reached."""
        return any(stop(done) for stop in self.stops)
