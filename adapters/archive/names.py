"""What is where in the archive's folder, told from names alone.

    open/00000042.arrows                                      a segment; the newest is being written
    2026-11-24/03-1795489200000-1795492800000-90123-00000012-00000023.parquet
    late/late-…                                               the same for reports filed hours after they were made
     hour, first and last instant (ms since 1970, [from, to)), rows, first and last segment that it holds

The folder is the day and the first part the hour (UTC) in which the reports were made. Two rules keep every reader
right while files are made and merged, whatever was killed when:

- While a segment is there, files made of that segment alone do not count: they may not be all there yet.
- A file whose segments lie inside those of another file of the same hour does not count: it was merged into it.

So readers list `open` before the days, and start again when a file has gone between listing and opening.
"""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

OPEN = "open"
LATE = "late"
LOCK = "lock"  # held by whoever settles, merges and removes
PART = ".part"  # being written; left over only by a kill, never read
DAMAGED = ".damaged"
US_PER_MS = 1000
US_PER_HOUR = 3_600_000_000
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_SEGMENT = re.compile(r"(\d{8,})\.arrows")
_FILED = re.compile(r"(\d\d|late)-(\d+)-(\d+)-(\d+)-(\d{8,})-(\d{8,})\.parquet")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A segment that has not been settled."""

    path: Path
    serial: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """A Parquet file: reports with `from_us` <= at < `to_us`, out of segments `first` to `last`."""

    path: Path
    hour: str  # two digits, or LATE
    from_us: int
    to_us: int
    rows: int
    first: int
    last: int

    @property
    def place(self) -> tuple[str, str]:
        """What it could be merged with."""
        return self.path.parent.name, self.hour


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What counts in an archive, and what does not any more."""

    segments: tuple[Segment, ...]
    filed: tuple[Filed, ...]
    superseded: tuple[Filed, ...]

    @property
    def last_serial(self) -> int:
        """The highest number ever given to a segment that is still to be seen; 0 in an empty archive."""
        serials = [segment.serial for segment in self.segments]
        return max([0, *serials, *(each.last for each in (*self.filed, *self.superseded))])


def segment_path(root: Path, serial: int) -> Path:
    """Where a segment is written."""
    return root / OPEN / f"{serial:08d}.arrows"


def filed_path(
    root: Path, hour_us: int | None, at_us: tuple[int, int], rows: int, serials: tuple[int, int]
) -> Path:
    """Where reports of one hour (`hour_us` since 1970; None: late ones) go, whose times run from at_us[0] to at_us[1]."""
    made = None if hour_us is None else _EPOCH + timedelta(microseconds=hour_us)
    folder, hour = (LATE, LATE) if made is None else (made.date().isoformat(), f"{made:%H}")
    first_ms, past_ms = at_us[0] // US_PER_MS, at_us[1] // US_PER_MS + 1
    name = f"{hour}-{first_ms}-{past_ms}-{rows}-{serials[0]:08d}-{serials[1]:08d}.parquet"
    return root / folder / name


def contents(root: Path, from_us: int | None = None, to_us: int | None = None) -> Contents:
    """What the archive holds of [from_us, to_us); segments always, since their names say no time."""
    segments = tuple(
        sorted(_segments(root), key=lambda segment: segment.serial)
    )  # before the days: see above
    unsettled = {segment.serial for segment in segments}
    found = [
        filed
        for folder in _folders(root, from_us, to_us)
        for filed in _filed(folder)
        if not (filed.first == filed.last and filed.first in unsettled)
    ]
    gone = set(_superseded(found))
    reaching = [
        filed
        for filed in found
        if filed.path not in gone
        and (from_us is None or filed.to_us > from_us)
        and (to_us is None or filed.from_us < to_us)
    ]
    return Contents(
        segments=segments,
        filed=tuple(sorted(reaching, key=lambda filed: (filed.from_us, filed.first))),
        superseded=tuple(filed for filed in found if filed.path in gone),
    )


def made_of(root: Path, serial: int) -> list[Path]:
    """Files made of one segment alone: not to be trusted while the segment is there."""
    return [
        filed.path
        for folder in _folders(root, None, None)
        for filed in _filed(folder)
        if filed.first == filed.last == serial
    ]


def left_over(root: Path) -> list[Path]:
    """Files that somebody was writing when they were killed."""
    folders = [*_folders(root, None, None), root / OPEN]
    return [path for folder in folders for path in folder.glob(f"*{PART}")]


def _segments(root: Path) -> Iterator[Segment]:
    for name, path in _entries(root / OPEN):
        found = _SEGMENT.fullmatch(name)
        if found:
            yield Segment(path=path, serial=int(found[1]))


def _folders(root: Path, from_us: int | None, to_us: int | None) -> Iterator[Path]:
    first = "" if from_us is None else _day(from_us)
    last = "9999-99-99" if to_us is None else _day(to_us)
    for name, path in _entries(root):
        if name == LATE or (_DAY.fullmatch(name) and first <= name <= last):
            yield path


def _day(at_us: int) -> str:
    return (_EPOCH + timedelta(microseconds=at_us)).date().isoformat()


def _filed(folder: Path) -> Iterator[Filed]:
    for name, path in _entries(folder):
        found = _FILED.fullmatch(name)
        if found:
            yield Filed(
                path=path,
                hour=found[1],
                from_us=int(found[2]) * US_PER_MS,
                to_us=int(found[3]) * US_PER_MS,
                rows=int(found[4]),
                first=int(found[5]),
                last=int(found[6]),
            )


def _superseded(found: Iterable[Filed]) -> Iterator[Path]:
    places: dict[tuple[str, str], list[Filed]] = {}
    for filed in found:
        places.setdefault(filed.place, []).append(filed)
    for files in places.values():
        reach = (-1, -1)  # of the widest file so far, in the order of their beginnings, wider first
        for filed in sorted(files, key=lambda filed: (filed.first, -filed.last)):
            if filed.last <= reach[1]:
                yield filed.path
            else:
                reach = (filed.first, filed.last)


def _entries(folder: Path) -> list[tuple[str, Path]]:
    try:
        with os.scandir(folder) as listing:
            return [(entry.name, folder / entry.name) for entry in listing]
    except (FileNotFoundError, NotADirectoryError):
        return []  # not made yet, or just removed with its last file
