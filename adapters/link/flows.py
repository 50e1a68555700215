"""Rows and bytes over one link by class of object, since the server started."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from dispatch import partner
from dispatch.consent_records import SentRow
from protocols.codec.facts import KINDS
from protocols.rows import Row


class Flows:
    """Counts both directions. What a partner has not committed is not counted as sent."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[str]] = {}

    def sent(self, rows: Iterable[SentRow]) -> None:
        """Rows that the partner has committed."""
        for each in rows:
            self._add(each.object_class, "sent", each.bytes)

    def received(self, rows: Iterable[Row]) -> None:
        """Rows of the partner that were committed or refused."""
        for each in rows:
            kind = KINDS.get(each.kind)
            self._add("other" if kind is None else partner.class_of(kind), "received", len(each.body))

    def _add(self, object_class: str, way: str, size: int) -> None:
        counts = self._counts.setdefault(object_class, Counter())
        counts[f"rows_{way}"] += 1
        counts[f"bytes_{way}"] += size

    def told(self) -> tuple[dict[str, Any], ...]:
        """By class, as protocols/json_links.py has it."""
        return tuple({"object_class": name, **counts} for name, counts in sorted(self._counts.items()))
