"""The archive as a folder of files: written by one sink, read by any number of sources. See names.py for the folder."""

# mypy: disable-error-code="import-untyped"
# reason: pyarrow is not annotated

import errno
import os
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from adapters.archive import names, segment
from adapters.archive.columns import DICTIONARIES, E7_PER_DEG, SCHEMA
from adapters.archive.names import Filed, Segment
from adapters.archive.ordering import instants
from adapters.archive.query import Part, Query
from adapters.archive.segment import OpenSegment

ROLL_ROWS = 1_000_000  # a segment is closed when it has as many rows …
ROLL_S = 300.0  # … or is as old, so that little is left unsorted
CACHED_FOOTERS = 4096  # files whose row groups are remembered; the oldest is forgotten
SEGMENT_BYTES_A_ROW = 12  # at least, compressed: to tell how much reading one would be


class FileSink:
    """Where the writer thread puts batches. Raises OSError; what failed may be appended again."""

    def __init__(self, root: Path, *, keep_free_bytes: int, clock_s: Callable[[], float]) -> None:
        self._root = root
        self._keep_free_bytes = keep_free_bytes
        self._clock_s = clock_s
        self._open: OpenSegment | None = None
        self._opened_at_s = 0.0
        self._serial = 0
        self._closed = 0  # segments below and with this number are nobody's but the keeper's

    def prepare(self) -> int | None:
        """Look at what is there; not None when segments of an earlier run are."""
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        held = names.contents(self._root)
        self._serial = self._closed = held.last_serial
        return self._closed if held.segments else None

    def append(self, batch: Any) -> int:
        """Put a batch on disk; the bytes it took there."""
        self._leave_room()
        if self._open is None:
            self._open = OpenSegment(names.segment_path(self._root, self._serial + 1))
            self._serial += 1
            self._opened_at_s = self._clock_s()
        before = self._open.size
        try:
            self._open.append(batch)
        except OSError:
            self._give_up(self._open)
            raise
        return self._open.size - before

    def roll(self) -> int | None:
        """Close the segment if it is due; then the number up to which segments may be settled."""
        if self._open is None or not (
            self._open.rows >= ROLL_ROWS or self._clock_s() - self._opened_at_s >= ROLL_S
        ):
            return None
        self.close()
        return self._closed

    def settleable(self) -> int:
        """The number up to which segments may be settled now."""
        return self._closed

    def close(self) -> None:
        """Let go of the open segment."""
        if self._open is not None:
            opened, self._open, self._closed = self._open, None, self._serial
            try:
                opened.close()
            except OSError:
                opened.abandon()  # only the mark of its end is missing

    def _give_up(self, opened: OpenSegment) -> None:
        opened.abandon()
        if not opened.size:  # a full disk would see one empty file at every try
            opened.path.unlink(missing_ok=True)
        self._open, self._closed = None, self._serial

    def _leave_room(self) -> None:
        """The journal lives on the same disk: stop while it can still write."""
        room = os.statvfs(self._root)
        free_bytes = room.f_bavail * room.f_frsize
        if free_bytes < self._keep_free_bytes:
            text = f"{free_bytes / 1e9:.1f} GB free, {self._keep_free_bytes / 1e9:.1f} GB are left to others"
            raise OSError(errno.ENOSPC, text)


@dataclass(frozen=True, slots=True)
class _Group:
    """What a row group's statistics say."""

    number: int
    rows: int
    at_us: tuple[int, int]
    ids: tuple[str, str]
    addresses: tuple[int, int] | None
    box_e7: tuple[int, int, int, int] | None  # None: no position, or not told
    unplaced: bool  # some rows have no position


class FileSource:
    """Reads an archive's folder; a running server may be writing in it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._footers: OrderedDict[Path, tuple[_Group, ...]] = OrderedDict()

    def parts(self, query: Query) -> Sequence[Part]:
        """Segments and row groups that may hold an answer. Raises FileNotFoundError when one was merged away."""
        held = names.contents(self._root, query.from_us, query.to_us)
        parts: list[Part] = [_SegmentPart(pending, query) for pending in held.segments]
        for filed in held.filed:
            groups = [group for group in self._groups(filed) if _may_hold(group, query)]
            if groups:
                parts.append(_FiledPart(filed, groups))
        return parts

    def _groups(self, filed: Filed) -> tuple[_Group, ...]:
        known = self._footers.get(filed.path)
        if known is None:
            known = self._footers[filed.path] = tuple(_read_groups(filed.path))
            if len(self._footers) > CACHED_FOOTERS:
                self._footers.popitem(last=False)
        return known


class _SegmentPart:
    name: object = None  # it grows

    def __init__(self, pending: Segment, query: Query) -> None:
        self.rows = pending.path.stat().st_size // SEGMENT_BYTES_A_ROW
        self._path = pending.path
        self._query = query

    def read(self) -> Any:
        return pa.Table.from_batches(list(self._batches()), SCHEMA).unify_dictionaries()

    def _batches(self) -> Iterator[Any]:
        for batch in segment.batches(self._path):
            if batch.num_rows:
                at_us = instants(batch)
                if at_us.max() >= self._query.from_us and at_us.min() < self._query.to_us:
                    yield batch


class _FiledPart:
    def __init__(self, filed: Filed, groups: Sequence[_Group]) -> None:
        self.rows = sum(group.rows for group in groups)
        self._path = filed.path
        self._groups = [group.number for group in groups]
        self.name: object = (filed.path, tuple(self._groups))

    def read(self) -> Any:
        with pq.ParquetFile(self._path, read_dictionary=list(DICTIONARIES)) as source:
            return source.read_row_groups(self._groups)


def _read_groups(path: Path) -> Iterator[_Group]:
    metadata = pq.read_metadata(path)
    places = {metadata.schema.column(number).name: number for number in range(metadata.num_columns)}
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        told = {
            name: group.column(places[name]).statistics
            for name in ("at", "track_id", "address", "lon_e7", "lat_e7")
        }
        lon, lat, address = told["lon_e7"], told["lat_e7"], told["address"]
        yield _Group(
            number=number,
            rows=group.num_rows,
            at_us=(told["at"].min_raw, told["at"].max_raw),
            ids=(told["track_id"].min, told["track_id"].max),
            addresses=(address.min, address.max) if address.has_min_max else None,
            box_e7=(lon.min, lat.min, lon.max, lat.max) if lon.has_min_max else None,
            unplaced=bool(lon.null_count),
        )


def _may_hold(group: _Group, query: Query) -> bool:
    if group.at_us[1] < query.from_us or group.at_us[0] >= query.to_us:
        return False
    if query.named and not (
        any(group.ids[0] <= each <= group.ids[1] for each in query.ids)
        or (
            group.addresses is not None
            and any(group.addresses[0] <= each <= group.addresses[1] for each in query.addresses)
        )
    ):
        return False
    if query.bounds is None or (
        query.step_us and group.unplaced
    ):  # what has no place still has its word to say
        return True
    return group.box_e7 is not None and _meet(group.box_e7, query.bounds)


def _meet(box_e7: tuple[int, int, int, int], bounds: tuple[float, float, float, float]) -> bool:
    west, south, east, north = (round(edge * E7_PER_DEG) for edge in bounds)
    if box_e7[3] < south or box_e7[1] > north:
        return False
    return (
        (box_e7[0] <= east and box_e7[2] >= west)
        if west <= east
        else (box_e7[2] >= west or box_e7[0] <= east)
    )
