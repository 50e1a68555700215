"""Shares the reactor's time among the connections of all feeds, so that decoding never holds up anything else."""

from collections import deque
from collections.abc import Callable
from time import perf_counter
from typing import Any
from weakref import WeakKeyDictionary

TURN_S = 0.005  # of decoding in one turn of the reactor, for all feeds together; half of what a turn may take

Work = Callable[[float], bool]  # until which `perf_counter`; whether something is left

_of_reactor: WeakKeyDictionary[Any, "Pump"] = WeakKeyDictionary()


class Pump:
    """Calls each piece of waiting work in turn, TURN_S in all, then lets the reactor turn. One per reactor.

    Its queue holds one entry per connection at most, and connections are bounded.
    """

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._waiting: deque[Work] = deque()
        self._scheduled = False

    @classmethod
    def of(cls, reactor: Any) -> "Pump":
        """The reactor's own."""
        pump = _of_reactor.get(reactor)
        if pump is None:
            pump = _of_reactor[reactor] = cls(reactor)
        return pump

    def add(self, work: Work) -> None:
        """Call `work` soon and until it says that nothing is left. The caller adds each piece only once."""
        self._waiting.append(work)
        self._schedule()

    def _schedule(self) -> None:
        if not self._scheduled and self._waiting:
            self._scheduled = True
            self._reactor.callLater(0, self._turn)

    def _turn(self) -> None:
        self._scheduled = False
        until = perf_counter() + TURN_S
        try:
            while self._waiting and perf_counter() < until:
                work = self._waiting.popleft()
                if work(until):
                    self._waiting.append(work)
        finally:
            self._schedule()
