"""Positions that come through the web doors, as sources among the others: how many came, how they were judged.

All phones together are one source; every account that reports for other things (a gateway) is one of its own, so that
a gateway which falls silent or sends nonsense is seen by name. Nothing of this is stored.
"""

import math
from collections import Counter, OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from dispatch.kinds import SourceKind
from dispatch.tracks import Verdict

PHONES = "phone"
GATEWAY = "report:"
RATE_OVER_S = 10.0
MAX_SOURCES = 256  # gateways named; full: the one that sent longest ago is forgotten


@dataclass(slots=True)
class Reporting:
    """One source of reports and what became of them."""

    name: str
    kind: SourceKind
    messages: int = 0
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    last_error: str = ""
    heard_at: datetime | None = None
    simulated: bool = False
    _rate_per_s: float = 0.0  # as of `heard_at`

    def heard(self, at: datetime) -> None:
        """One more message."""
        self.messages += 1
        self._rate_per_s = self.rate_per_s(at) + 1.0 / RATE_OVER_S
        self.heard_at = at

    def rate_per_s(self, now: datetime) -> float:
        """Messages a second of late, each forgotten over RATE_OVER_S."""
        if self.heard_at is None:
            return 0.0
        gone_s = max(0.0, (now - self.heard_at).total_seconds())
        return self._rate_per_s * math.exp(-gone_s / RATE_OVER_S)


class Reports:
    """The sources behind the position doors."""

    def __init__(self) -> None:
        self._sources: OrderedDict[str, Reporting] = OrderedDict()

    def __iter__(self) -> Iterator[Reporting]:
        return iter(tuple(self._sources.values()))

    def of(self, name: str) -> Reporting:
        """The source of that name, made on first use."""
        source = self._sources.pop(name, None)
        if source is None:
            kind = SourceKind.PHONE if name == PHONES else SourceKind.REPORT
            source = Reporting(name=name, kind=kind)
        self._sources[name] = source
        while len(self._sources) > MAX_SOURCES:
            self._sources.popitem(last=False)
        return source

    def judged(self, name: str, verdict: Verdict, *, simulated: bool, at: datetime) -> None:
        """Count one report."""
        source = self.of(name)
        source.heard(at)
        source.simulated = simulated
        source.verdicts[verdict] += 1

    def refused(self, account: str, code: str, detail: str) -> None:
        """Count a request of `account` that could not be taken: under its own name if it is a gateway."""
        gateway = GATEWAY + account
        source = self.of(gateway if gateway in self._sources else PHONES)
        source.errors[code] += 1
        source.last_error = detail[:200]
