"""Counts what the nets cry out, for the key figures: new ones by kind, chatter, floods within ten minutes, shelves.

A tally is due once an hour, so that the journal grows by 24 rows a day; what was counted within an hour that a
crash cuts short is lost, and that hour is then no part of the figures.
"""

from collections import Counter
from datetime import UTC, datetime

from dispatch.alert_limits import AlertLimits
from dispatch.alert_records import AlertCount, AlertTally
from dispatch.kinds import AlertKind

EVERY_S = 3600.0


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


class Tally:
    """One site's. Spans of ten minutes follow each other from the start on."""

    def __init__(self, *, simulated: bool) -> None:
        self._simulated = simulated
        self._begin_s: float | None = None
        self._ten_began_s = 0.0
        self._ten = 0
        self._waiting: list[AlertTally] = []
        self._clear()

    def _clear(self) -> None:
        self._begun: Counter[AlertKind] = Counter()
        self._chattering: Counter[AlertKind] = Counter()
        self._shelved: Counter[AlertKind] = Counter()
        self._tens = self._floods = self._most = 0

    def begun(self, kind: AlertKind, now: float, limits: AlertLimits) -> None:
        """A new one was told."""
        self.tick(now, limits)
        self._begun[kind] += 1
        self._ten += 1

    def chattered(self, kind: AlertKind) -> None:
        """One began to chatter."""
        self._chattering[kind] += 1

    def shelved(self, kind: AlertKind) -> None:
        """Somebody put one away."""
        self._shelved[kind] += 1

    def tick(self, now: float, limits: AlertLimits) -> None:
        """Close the spans that are over."""
        if self._begin_s is None:
            self._begin_s = self._ten_began_s = now
        if now - self._ten_began_s >= limits.flood_s:
            self._tens += 1
            self._floods += self._ten > limits.flood
            self._most = max(self._most, self._ten)
            self._ten, self._ten_began_s = 0, now
        if now - self._begin_s >= EVERY_S:
            self._waiting.append(self._made(self._begin_s, now))
            self._begin_s = now
            self._clear()

    def due(self) -> AlertTally | None:
        """One that is to be recorded, once."""
        return self._waiting.pop(0) if self._waiting else None

    def _made(self, begin_s: float, end_s: float) -> AlertTally:
        kinds = [kind for kind in AlertKind if self._begun[kind] or self._shelved[kind]]
        return AlertTally(
            begin=_at(begin_s),
            end=_at(end_s),
            counts=tuple(
                AlertCount(
                    kind=kind,
                    begun=self._begun[kind],
                    chattering=self._chattering[kind],
                    shelved=self._shelved[kind],
                )
                for kind in kinds
            ),
            tens=self._tens,
            floods=self._floods,
            most_in_ten=self._most,
            simulated=self._simulated,
        )
