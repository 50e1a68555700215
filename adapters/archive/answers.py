"""Answers as bytes: JSON for other programs, columns for the console. Made where the question was answered."""

# mypy: disable-error-code="import-untyped"
# reason: pyarrow is not annotated

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import numpy as np

from adapters.archive.columns import DICTIONARIES, E7_PER_DEG, SINGLES
from adapters.archive.ordering import instants
from adapters.archive.query import Answer
from dispatch.kinds import AltitudeDatum, Emergency, SourceKind, ThingKind
from dispatch.sighting import NO_SQUAWK, UNKNOWN_GROUND
from protocols.codec import history
from protocols.json_answers import write
from protocols.json_history import HistoryPage, HistoryPoint

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def as_json(answer: Answer) -> bytes:
    """A HistoryPage."""
    return write(HistoryPage(items=list(points(answer.rows)), next=answer.next or None))


def points(rows: Any) -> Iterator[HistoryPoint]:
    """The rows of a table, one by one."""
    columns = {name: rows.column(name).to_pylist() for name in rows.column_names if name != "at"}
    for number, at_us in enumerate(instants(rows).tolist()):
        row = {name: column[number] for name, column in columns.items()}
        lon_e7, lat_e7, squawk, address = row["lon_e7"], row["lat_e7"], row["squawk"], row["address"]
        yield HistoryPoint(
            id=row["track_id"],
            icao24="" if address is None else f"{address:06x}",
            at=EPOCH + timedelta(microseconds=at_us),
            lon_deg=None if lon_e7 is None else lon_e7 / E7_PER_DEG,
            lat_deg=None if lat_e7 is None else lat_e7 / E7_PER_DEG,
            **{name: _figure(row[name]) for name in SINGLES},
            altitude_datum=_known(AltitudeDatum, row["altitude_datum"]),
            callsign=row["callsign"] or "",
            squawk="" if squawk is None else f"{squawk:04d}",
            emergency=_known(Emergency, row["emergency"]),
            emitter_category=row["category"] or "",
            thing_kind=_known(ThingKind, row["thing_kind"]),
            on_ground=row["on_ground"],
            simulated=row["simulated"],
            source=row["source"],
            source_kind=_known(SourceKind, row["source_kind"]),
        )


def _figure(value: float | None) -> float | None:
    """A single-precision figure without the digits it never had."""
    return None if value is None or not math.isfinite(value) else float(f"{value:.7g}")


def _known(kind: type[StrEnum], word: str | None) -> Any:
    """A closed vocabulary's word; a later version's that this one does not know is not said."""
    try:
        return None if word is None else kind(word)
    except ValueError:
        return None


def as_columns(answer: Answer) -> bytes:
    """A HistoryColumns message (protocols/schema/history.proto)."""
    rows = answer.rows.unify_dictionaries().combine_chunks()
    numbers = {
        "at_ms": instants(rows) / 1000,
        "lon_e7": _filled(rows, "lon_e7", history.NO_POSITION),
        "lat_e7": _filled(rows, "lat_e7", history.NO_POSITION),
        **{name: _filled(rows, name, math.nan) for name in SINGLES},
        "address": _filled(rows, "address", history.NO_ADDRESS),
        "squawk": _filled(rows, "squawk", NO_SQUAWK),
        "on_ground": np.asarray(rows.column("on_ground").cast("int8").fill_null(UNKNOWN_GROUND)),
        "simulated": np.asarray(rows.column("simulated").cast("uint8")),
    }
    words = {name: _coded(rows, name) for name in DICTIONARIES}
    return history.encode(numbers, words, answer.next, len(rows))


def _filled(rows: Any, name: str, nothing: float) -> Any:
    return np.asarray(rows.column(name).fill_null(nothing))


def _coded(rows: Any, name: str) -> history.Coded:
    """The words that occur, numbered from 1."""
    if not len(rows):
        return history.Coded(words=(), numbers=np.empty(0, np.int64))
    column = rows.column(name).combine_chunks()
    places = np.asarray(column.indices.fill_null(-1)).astype(np.int64)
    used, numbers = np.unique(places, return_inverse=True)
    words = column.dictionary.to_pylist()
    if used[0] == -1:
        return history.Coded(words=[words[place] for place in used[1:].tolist()], numbers=numbers)
    return history.Coded(words=[words[place] for place in used.tolist()], numbers=numbers + 1)
