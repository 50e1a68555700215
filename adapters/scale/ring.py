"""What a worker has to hand on: the last seconds, oldest dropped first and counted.

A parcel is numbered when it is first taken, so numbers have no hole where parcels were dropped before that. What was
taken is kept until it is confirmed: after a cut line `rewind` puts it in front again, under the number it has.
Safe between threads: a worker's reactor puts, a broker's thread takes.
"""

import threading
from collections import deque
from dataclasses import dataclass

KEEP_S = 10.0  # older is no longer live anywhere (freshness.py: ADS-B dims at 10 s)
LIMIT_BYTES = 32 << 20  # some 500,000 sightings


@dataclass(slots=True, kw_only=True)
class Parcel:
    """An encoded message of one feed. `sequence` 0: not numbered yet."""

    feed: str
    body: bytes
    sightings: int
    at_s: float  # monotonic
    sequence: int = 0


class Ring:
    """At most `limit_bytes` and `keep_s` of parcels, whether waiting or taken and not confirmed."""

    def __init__(self, limit_bytes: int = LIMIT_BYTES, keep_s: float = KEEP_S) -> None:
        self.sent = 0  # sightings taken for the first time
        self.dropped = 0  # sightings never taken
        self._limit_bytes = limit_bytes
        self._keep_s = keep_s
        self._waiting: deque[Parcel] = deque()
        self._taken: deque[Parcel] = deque()
        self._held = 0
        self._numbers: dict[str, int] = {}
        self._lock = threading.Lock()

    @property
    def held_bytes(self) -> int:
        """Held now."""
        return self._held

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, feed: str, body: bytes, sightings: int, now_s: float) -> None:
        """Keep a message; the oldest go where there is no room."""
        with self._lock:
            self._waiting.append(Parcel(feed=feed, body=body, sightings=sightings, at_s=now_s))
            self._held += len(body)
            self._trim(now_s)

    def take(self, now_s: float) -> Parcel | None:
        """The oldest that waits, numbered; None where nothing does."""
        with self._lock:
            self._trim(now_s)
            if not self._waiting:
                return None
            parcel = self._waiting.popleft()
            if not parcel.sequence:
                parcel.sequence = self._numbers[parcel.feed] = self._numbers.get(parcel.feed, 0) + 1
                self.sent += parcel.sightings
            self._taken.append(parcel)
            return parcel

    @property
    def unconfirmed(self) -> int:
        """Parcels taken and not confirmed."""
        return len(self._taken)

    def confirm(self, count: int) -> None:
        """The oldest `count` of those taken have arrived."""
        with self._lock:
            for _ in range(min(count, len(self._taken))):
                self._held -= len(self._taken.popleft().body)

    def rewind(self) -> None:
        """The line was cut: all that is not confirmed waits again."""
        with self._lock:
            self._waiting.extendleft(reversed(self._taken))
            self._taken.clear()

    def _trim(self, now_s: float) -> None:
        while self._taken and self._past(self._taken[0], now_s):
            self._held -= len(self._taken.popleft().body)
        while self._waiting and self._past(self._waiting[0], now_s):
            oldest = self._waiting.popleft()
            self._held -= len(oldest.body)
            if not oldest.sequence:  # else it may well have arrived
                self.dropped += oldest.sightings

    def _past(self, parcel: Parcel, now_s: float) -> bool:
        return self._held > self._limit_bytes or now_s - parcel.at_s > self._keep_s
