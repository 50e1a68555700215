"""Keeping house in a process of its own: settle what was written, merge past hours, remove what is over its time.

    python -m adapters.archive.keeping      <- JSON on stdin: {"settings": …, "through": …, "now_us": …}
                                            -> a Report as one JSON object on stdout

It is short-lived, runs at low priority, and may be killed at any moment (names.py). Two at once: the second does
nothing and says so.
"""

# mypy: disable-error-code="import-untyped"
# reason: pyarrow is not annotated

import contextlib
import errno
import fcntl
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from adapters.archive import names, rows, settle
from adapters.archive.settings import ArchiveSettings
from adapters.archive.settle import Written
from adapters.store.archive import ArchiveTable
from dispatch.errors import GanyingError

FULL = (errno.ENOSPC, errno.EDQUOT)
NICE = 10  # below everything that somebody waits for
US_PER_DAY = 86_400_000_000
NAMED_REMOVALS = 20  # of one run; beyond it they are only counted


@dataclass(slots=True, kw_only=True)
class Report:
    """What one run did, and what is there after it."""

    busy: bool = False  # another one was at it
    settled_rows: int = 0
    merged_rows: int = 0
    removed: list[str] = field(default_factory=list)
    removed_rows: int = 0
    removed_bytes: int = 0
    failed: list[str] = field(default_factory=list)
    full: bool = False  # of the failures, the disk had no room
    files: int = 0
    rows: int = 0
    size: int = 0  # bytes
    oldest_us: int | None = None

    def removes(self, name: str, held_rows: int, size: int, why: str) -> None:
        """Note a removal."""
        self.removed_rows += held_rows
        self.removed_bytes += size
        if len(self.removed) < NAMED_REMOVALS:
            self.removed.append(f"{name}: {why}")


def keep_files(settings: ArchiveSettings, through: int, now_us: int) -> Report:
    """Segments up to number `through` are closed and nobody writes them. Raises OSError if the folder is not ours."""
    report = Report()
    root = settings.root
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(root) as alone:
        if not alone:
            report.busy = True
            return report
        for path in names.left_over(root):
            path.unlink(missing_ok=True)
        for filed in names.contents(root).superseded:
            filed.path.unlink(missing_ok=True)
        for pending in names.contents(root).segments:
            if pending.serial <= through:
                with _noting(report, pending.path.name):
                    report.settled_rows += settle.settle(root, pending).rows
        # after settling, retention first: what goes need not be merged, and merging needs room
        _remove(report, root, settings, now_us)
        held = names.contents(root)
        for group in settle.mergeable(held.filed, held.segments, now_us):
            with _noting(report, group[0].path.name):
                report.merged_rows += settle.merge(root, group).rows
        _measure(report, root)
    return report


def _remove(report: Report, root: Path, settings: ArchiveSettings, now_us: int) -> None:
    oldest_first = sorted(names.contents(root).filed, key=lambda filed: (filed.to_us, filed.first))
    sizes = {filed.path: _size(filed.path) for filed in oldest_first}
    total = sum(sizes.values()) + sum(_size(pending.path) for pending in names.contents(root).segments)
    for filed in oldest_first:
        if filed.to_us <= now_us - settings.days * US_PER_DAY:
            why = f"older than {settings.days} days"
        elif settings.max_bytes and total > settings.max_bytes:
            why = f"the archive is over {settings.max_bytes / 1e9:g} GB"
        else:
            break
        filed.path.unlink(missing_ok=True)
        total -= sizes[filed.path]
        report.removes(f"{filed.path.parent.name}/{filed.hour}", filed.rows, sizes[filed.path], why)
        with contextlib.suppress(OSError):  # not empty yet
            filed.path.parent.rmdir()


def _measure(report: Report, root: Path) -> None:
    held = names.contents(root)
    report.files = len(held.filed)
    report.rows = sum(filed.rows for filed in held.filed)
    paths = [filed.path for filed in held.filed] + [pending.path for pending in held.segments]
    report.size = sum(_size(path) for path in paths)
    report.oldest_us = min((filed.from_us for filed in held.filed), default=None)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def keep_rows(settings: ArchiveSettings, now_us: int) -> Report:
    """The same for a database. Raises StoreError."""
    report = Report()
    table = ArchiveTable(settings.url)
    try:
        table.migrate()
        with table.keeper() as alone:
            if not alone:
                report.busy = True
                return report
            with _noting(report, "fresh rows"):
                report.settled_rows = _count(rows.settle(table))
            oldest_first = sorted(table.headers(), key=lambda row: (row.to_us, row.id))
            total, gone = sum(row.size for row in oldest_first), []
            for row in oldest_first:
                if row.to_us <= now_us - settings.days * US_PER_DAY:
                    why = f"older than {settings.days} days"
                elif settings.max_bytes and total > settings.max_bytes:
                    why = f"the archive is over {settings.max_bytes / 1e9:g} GB"
                else:
                    break
                gone.append(row.id)
                total -= row.size
                report.removes(f"row {row.id}", row.rows, row.size, why)
            table.replace(gone, [])
            with _noting(report, "settled rows"):
                report.merged_rows = _count(rows.merge(table, now_us))
            held = table.headers()
            report.files, report.rows = len(held), sum(row.rows for row in held)
            report.size = sum(row.size for row in held)
            report.oldest_us = min((row.from_us for row in held), default=None)
    finally:
        table.close()
    return report


def _count(made: Iterator[Written]) -> int:
    return sum(each.rows for each in made)


@contextlib.contextmanager
def _noting(report: Report, what: str) -> Iterator[None]:
    """One file's failure is told and leaves the others to be done."""
    try:
        yield
    except (OSError, pa.ArrowException, GanyingError, MemoryError) as error:
        report.failed.append(f"{what}: {error}"[:300])
        report.full |= isinstance(error, OSError) and error.errno in FULL


@contextlib.contextmanager
def _alone(root: Path) -> Iterator[bool]:
    with (root / names.LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def main(argv: Sequence[str] = ()) -> int:  # noqa: ARG001 (everything comes by stdin)
    """One run. Exit status 1 with a line on stderr when it could not be done at all."""
    asked: dict[str, Any] = json.load(sys.stdin)
    os.nice(NICE)
    settings = ArchiveSettings(**asked["settings"])
    try:
        if settings.url:
            report = keep_rows(settings, asked["now_us"])
        else:
            report = keep_files(settings, asked["through"], asked["now_us"])
    except (OSError, GanyingError) as error:
        print(error, file=sys.stderr)
        return 1
    json.dump(asdict(report), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
