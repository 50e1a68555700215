"""Who is in the archive: what was heard in a time, and which things bore a callsign."""

# mypy: disable-error-code="import-untyped"
# reason: pyarrow is not annotated

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow.compute as pc

from adapters.archive.ordering import instants
from adapters.archive.query import Query, Source, everything

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class Heard:
    """One thing in the time that was asked for."""

    id: str
    address: int | None = None
    callsigns: list[str] = field(default_factory=list)  # in the order first heard
    sources: list[str] = field(default_factory=list)
    first_us: int
    last_us: int
    reports: int = 0

    def as_row(self) -> dict[str, Any]:
        """For people and programs."""
        return {
            "id": self.id,
            "icao24": "" if self.address is None else f"{self.address:06x}",
            "callsigns": self.callsigns,
            "sources": self.sources,
            "first": (_EPOCH + timedelta(microseconds=self.first_us)).isoformat(),
            "last": (_EPOCH + timedelta(microseconds=self.last_us)).isoformat(),
            "reports": self.reports,
        }


def heard(source: Source, asked: Query) -> list[Heard]:
    """Every thing with reports in the time, the most recently heard last."""
    things: dict[str, Heard] = {}
    for table in everything(source, replace(asked, step_us=0)):
        at_us = instants(table)
        grouped = (
            table.select(["track_id", "address", "callsign", "source"])
            .append_column("at_us", [at_us])
            .group_by("track_id")
            .aggregate(
                [
                    ("at_us", "min"),
                    ("at_us", "max"),
                    ("at_us", "count"),
                    ("address", "max"),
                    ("callsign", "distinct"),
                    ("source", "distinct"),
                ]
            )
        )
        for row in grouped.to_pylist():
            thing = things.setdefault(
                row["track_id"],
                Heard(id=row["track_id"], first_us=row["at_us_min"], last_us=row["at_us_max"]),
            )
            thing.last_us = max(thing.last_us, row["at_us_max"])
            thing.reports += row["at_us_count"]
            thing.address = row["address_max"] if thing.address is None else thing.address
            _add(thing.callsigns, row["callsign_distinct"])
            _add(thing.sources, row["source_distinct"])
    return sorted(things.values(), key=lambda thing: (thing.last_us, thing.id))


def _add(known: list[str], words: list[str | None]) -> None:
    known += [word for word in words if word is not None and word not in known]


def called(source: Source, asked: Query, callsign: str) -> tuple[str, ...]:
    """Ids of things that bore this callsign or name in the time."""
    ids: set[str] = set()
    for table in everything(source, replace(asked, step_us=0)):
        mask = np.asarray(pc.equal(table.column("callsign").cast("string"), callsign).fill_null(False))
        ids.update(table.filter(mask).column("track_id").unique().to_pylist())
    return tuple(sorted(ids))
