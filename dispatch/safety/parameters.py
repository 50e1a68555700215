"""What the nets are set to (参数): dated rows with their source, by net, and where it matters by phase or volume kind.

The most particular row counts: one that names a volume kind before one that names a phase, that before a plain one;
of those alike the one that is in force since latest. A site may add rows of its own (`[safety] parameters`); they come
before the shipped ones of the same date.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from dispatch.errors import Malformed
from dispatch.volume_kinds import VolumeKind


class Phase(StrEnum):
    """What a flight is doing, as far as limits differ by it."""

    EN_ROUTE = "en_route"  # 航路: on the way out or home, and every flight that is not ours
    WORKING = "working"  # 作业: on scene under a tasking


CLOSURE = "closure"  # stands beside the volume kinds: what people have closed (closure.py)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure of one net. `value` is SI, a count of looks, or a choice that the net's file explains."""

    net: str
    name: str
    value: float
    phase: Phase | None = None
    where: str = ""  # a volume kind, or `closure`; empty: everywhere
    valid_from: date
    source: str


@dataclass(frozen=True, slots=True)
class Values:
    """The rows of one day."""

    _by: Mapping[tuple[str, str, str, Phase | None], float]

    def of(self, net: str, name: str, *, phase: Phase | None = None, where: str = "") -> float:
        """The figure that counts. Raises KeyError for one that is not in the table: a defect."""
        for key in ((where, phase), (where, None), ("", phase), ("", None)):
            found = self._by.get((net, name, *key))
            if found is not None:
                return found
        raise KeyError((net, name))

    def whole(self, net: str, name: str, *, phase: Phase | None = None, where: str = "") -> int:
        """The same as a count."""
        return int(self.of(net, name, phase=phase, where=where))


class Parameters:
    """All rows. Raises Malformed naming the row for one that no net knows or that is no figure."""

    def __init__(self, shipped: Sequence[Row], own: Sequence[Row] = ()) -> None:
        self.rows = (*shipped, *own)
        known = {(row.net, row.name) for row in shipped}
        for place, row in enumerate(own):
            check(row, known, f"rows[{place}]")
        self._day: tuple[date, Values] | None = None

    def on(self, day: date) -> Values:
        """What counts on a day (UTC)."""
        if self._day is None or self._day[0] != day:
            self._day = (day, _values(self.rows, day))
        return self._day[1]


def _values(rows: Iterable[Row], day: date) -> Values:
    by: dict[tuple[str, str, str, Phase | None], tuple[date, float]] = {}
    # a day before all rows (a recording of years ago) has those that came first
    for row in sorted(rows, key=lambda each: each.valid_from):
        key = (row.net, row.name, row.where, row.phase)
        if row.valid_from <= day or key not in by or by[key][0] == row.valid_from:
            by[key] = (row.valid_from, row.value)
    return Values({key: value for key, (_, value) in by.items()})


def check(row: Row, known: set[tuple[str, str]], field: str) -> None:
    """Raises Malformed."""
    if (row.net, row.name) not in known:
        raise Malformed(f"{field}.name", f"no net has {row.net}.{row.name}")
    if not math.isfinite(row.value) or row.value < 0:
        raise Malformed(f"{field}.value", f"{row.value} is no figure from 0 up")
    if row.where and row.where != CLOSURE and row.where not in set(VolumeKind):
        raise Malformed(f"{field}.where", f"{row.where!r} is no volume kind and not closure")
    if not row.source.strip():
        raise Malformed(f"{field}.source", "says not whose figure it is")
