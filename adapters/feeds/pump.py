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
    """Calls each piece of waiting work, TURN_S in all, then lets the reactor turn. One per reactor.

    Whoever has just come is first, with half of the turn: a line that says little does not wait behind one that
    floods. Who was not done then goes on by turns, and always has its part, however many come. The queues hold one
    entry per connection at most, and connections are bounded.
    """

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._come: deque[Work] = deque()
        self._going_on: deque[Work] = deque()
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
        self._come.append(work)
        self._schedule()

    def _schedule(self) -> None:
        if not self._scheduled and (self._come or self._going_on):
            self._scheduled = True
            self._reactor.callLater(0, self._turn)

    def _turn(self) -> None:
        self._scheduled = False
        began = perf_counter()
        try:
            self._call(self._come, began + TURN_S / 2)
            self._call(self._going_on, began + TURN_S)
        finally:
            self._schedule()

    def _call(self, waiting: deque[Work], until: float) -> None:
        while waiting and perf_counter() < until:
            work = waiting.popleft()
            if work(until):
                self._going_on.append(work)
