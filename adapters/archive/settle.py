"""Segments into Parquet, and an hour's small files into one: sorted by thing and time, written whole or not at all.

Sorting puts one thing's reports side by side, so that a row group's statistics say which things are in it, and
columns of one thing compress to a fifth. Both jobs end in a rename and then remove what they replace; names.py says
why readers are right at every moment between.
"""

# mypy: disable-error-code="import-untyped"
# reason: pyarrow is not annotated

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from adapters.archive import names, segment
from adapters.archive.columns import DICTIONARIES, SCHEMA
from adapters.archive.names import US_PER_HOUR, Filed, Segment
from adapters.archive.ordering import codes, instants, order

ROW_GROUP_ROWS = 32_768  # some ten aircraft's hour at 1 Hz: what one aircraft's question reads
MERGED_ROWS = 1_500_000  # of one merged file: a busy hour stays in several, each of its own minutes
HOURS = (
    36  # that one segment may be spread over: a terminal's invented clock must not make thousands of files
)
PATIENCE_US = 15 * 60 * 1_000_000  # after its end, an hour is merged
MANY = 8  # small files beside a large one that make merging worth rewriting it

_ENCODINGS = {
    **dict.fromkeys(("at", "address", "lon_e7", "lat_e7"), "DELTA_BINARY_PACKED"),
    **dict.fromkeys(("accuracy_m", "ground_speed_mps", "track_deg"), "BYTE_STREAM_SPLIT"),
}
_FOR_DICTIONARY = [name for name in SCHEMA.names if name not in _ENCODINGS and name != "simulated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a job made."""

    rows: int
    files: int
    size: int  # bytes


def settle(root: Path, pending: Segment) -> Written:
    """A segment's reports as Parquet, one file to an hour; the segment goes. Raises OSError, pa.ArrowException."""
    for path in names.made_of(root, pending.serial):  # of an attempt that was killed
        path.unlink()
    table = segment.table(pending.path)
    made = [file(root, hour_us, part, (pending.serial, pending.serial)) for hour_us, part in by_hour(table)]
    pending.path.unlink()
    _sync_folder(pending.path.parent)
    return Written(rows=table.num_rows, files=len(made), size=sum(path.stat().st_size for path in made))


def mergeable(filed: Iterable[Filed], segments: Sequence[Segment], now_us: int) -> list[list[Filed]]:
    """Groups of neighbouring files of past hours that are worth becoming one each."""
    settled = min((pending.serial for pending in segments), default=None)
    places: dict[tuple[str, str], list[Filed]] = {}
    for each in filed:
        if settled is None or each.last < settled:  # a pending segment may still add a file among them
            places.setdefault(each.place, []).append(each)
    return [
        group
        for files in places.values()
        if _hour_end_us(max(each.to_us for each in files)) + PATIENCE_US < now_us
        for group in _neighbours(sorted(files, key=lambda each: each.first))
        if _worth_it(group)
    ]


def _hour_end_us(to_us: int) -> int:
    return ((to_us - 1) // US_PER_HOUR + 1) * US_PER_HOUR


def _neighbours(files: Sequence[Filed]) -> Iterator[list[Filed]]:
    group: list[Filed] = []
    for each in files:
        if group and sum(other.rows for other in group) + each.rows > MERGED_ROWS:
            yield group
            group = []
        group.append(each)
    if group:
        yield group


def _worth_it(group: Sequence[Filed]) -> bool:
    rows = [each.rows for each in group]
    return len(group) > MANY or (len(group) > 1 and 2 * max(rows) <= sum(rows))


def merge(root: Path, group: Sequence[Filed]) -> Written:
    """Neighbouring files of one hour as one; they go. Raises OSError, pa.ArrowException."""
    table = pa.concat_tables([read(each.path) for each in group]).unify_dictionaries()
    hour_us = None if group[0].hour == names.LATE else group[0].from_us // US_PER_HOUR * US_PER_HOUR
    made = file(root, hour_us, table, (group[0].first, group[-1].last))
    for each in group:
        each.path.unlink(missing_ok=True)
    _sync_folder(made.parent)
    return Written(rows=table.num_rows, files=1, size=made.stat().st_size)


def file(root: Path, hour_us: int | None, table: Any, serials: tuple[int, int]) -> Path:
    """Write one Parquet file, on disk when it has its name."""
    ordered = in_order(table)
    at = pc.min_max(ordered.column("at").cast(pa.int64())).as_py()
    path = names.filed_path(root, hour_us, (at["min"], at["max"]), table.num_rows, serials)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(path.name + names.PART)
    try:
        with os.fdopen(
            os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb"
        ) as out:
            write(ordered, out)
            out.flush()
            os.fsync(out.fileno())
        part.rename(path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise
    _sync_folder(path.parent)
    return path


def write(ordered: Any, out: BinaryIO) -> None:
    """A sorted table as Parquet."""
    pq.write_table(
        ordered,
        out,
        row_group_size=ROW_GROUP_ROWS,
        compression="zstd",
        use_dictionary=_FOR_DICTIONARY,
        column_encoding=_ENCODINGS,
        store_schema=False,
        sorting_columns=pq.SortingColumn.from_ordering(ordered.schema, [("track_id", "ascending"), ("at", "ascending")]),
    )  # fmt: skip


def read(path: Path) -> Any:
    """A whole file, with codes for its words."""
    with pq.ParquetFile(path, read_dictionary=list(DICTIONARIES)) as source:
        return source.read()


def in_order(table: Any) -> Any:
    """The rows by thing, then by time; equal ones stay as they were."""
    table = table.unify_dictionaries().combine_chunks()
    return table.take(pa.array(order(codes(table, "track_id"), instants(table))))


def by_hour(table: Any) -> Iterator[tuple[int | None, Any]]:
    """The table's rows by the hour in which they were made; beyond HOURS, those of the thinnest hours as late."""
    hours = instants(table) // US_PER_HOUR
    found, counts = np.unique(hours, return_counts=True)
    if len(found) == 1:
        yield int(found[0]) * US_PER_HOUR, table
        return
    kept = found[np.argsort(-counts, kind="stable")[:HOURS]]
    for hour in np.sort(kept):
        yield int(hour) * US_PER_HOUR, table.filter(pa.array(hours == hour))
    late = ~np.isin(hours, kept)
    if late.any():
        yield None, table.filter(pa.array(late))


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
