"""What has come from workers and is not taken yet, and the turns in which it is taken.

What is live goes before what is read back from a broker's memory. Live messages of a broker are bounded here: when
there are too many, the oldest go and are counted (their numbers are missing then, and a stream may still have them).
A child's are bounded by its pipe (children.py). Safe between threads: a broker's thread puts, the reactor takes.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog

from adapters.feeds.pump import Pump
from adapters.scale.children import Child
from adapters.scale.subjects import Origin

log = structlog.get_logger()

LIMIT_BYTES = 32 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A message, from where, and when it came (UTC microseconds by our clock)."""

    data: bytes
    at_us: int
    child: Child | None = None  # by its pipe; else by the broker:
    origin: Origin | None = None  # whose subject it was published on
    replayed: bool = False


class Inbox:
    """`take` is called on the reactor with each message, and has 5 ms a turn with all feeds together (pump.py)."""

    def __init__(self, take: Callable[[Arrival], None], reactor: Any, limit_bytes: int = LIMIT_BYTES) -> None:
        self.dropped = 0  # messages
        self.defects = 0  # messages
        self._take = take
        self._reactor = reactor
        self._limit_bytes = limit_bytes
        self._live: deque[Arrival] = deque()
        self._replayed: deque[Arrival] = deque()
        self._broker_bytes = 0
        self._lock = threading.Lock()
        self._working = False
        self._drained: list[Callable[[], None]] = []

    def __len__(self) -> int:
        return len(self._live) + len(self._replayed)

    @property
    def held_bytes(self) -> int:
        """Of the broker's messages that wait."""
        return self._broker_bytes

    def from_child(self, child: Child, data: bytes) -> None:
        """On the reactor."""
        with self._lock:
            self._live.append(Arrival(data=data, at_us=time.time_ns() // 1000, child=child))
            begin = self._begins()
        if begin:
            self._work_soon()

    def from_broker(self, origin: Origin, data: bytes) -> None:
        """On the broker's thread."""
        with self._lock:
            self._live.append(Arrival(data=data, at_us=time.time_ns() // 1000, origin=origin))
            self._broker_bytes += len(data)
            while self._broker_bytes > self._limit_bytes:
                self._drop_oldest()
            begin = self._begins()
        if begin:
            self._reactor.callFromThread(self._work_soon)

    def replay(self, arrivals: list[Arrival], then: Callable[[], None]) -> None:
        """On the reactor: messages out of a broker's memory, a handful. `then` is called when they have been taken."""
        with self._lock:
            self._replayed.extend(arrivals)
            self._drained.append(then)
            begin = self._begins()
        if begin:
            self._work_soon()

    def _drop_oldest(self) -> None:
        for place, arrival in enumerate(self._live):
            if arrival.child is None:
                del self._live[place]
                self._broker_bytes -= len(arrival.data)
                self.dropped += 1
                return

    def _begins(self) -> bool:
        begins, self._working = not self._working, True
        return begins

    def _work_soon(self) -> None:
        Pump.of(self._reactor).add(self._work)

    def _work(self, until: float) -> bool:
        while True:
            arrival = self._next()
            if arrival is None:
                return False
            try:
                self._take(arrival)
            except Exception:  # a defect behind one message must not stop the others
                self.defects += 1
                log.exception("a worker's message was dropped by a defect")
            finally:
                if arrival.child is not None:
                    arrival.child.taken(len(arrival.data))
            if time.perf_counter() >= until:
                return True

    def _next(self) -> Arrival | None:
        with self._lock:
            if self._live:
                arrival = self._live.popleft()
                if arrival.child is None:
                    self._broker_bytes -= len(arrival.data)
                return arrival
            if self._replayed:
                return self._replayed.popleft()
            drained, self._drained = self._drained, []
            if not drained:
                self._working = False
                return None
        for each in drained:
            each()
        return self._next()
