"""The writer's thread: bounded, honest about what it lost, and back by itself when there is room again."""

import errno
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.archive import writer
from adapters.archive.files import FileSink, FileSource
from adapters.archive.query import Query, answer
from adapters.archive.writer import ArchiveState, Writer
from adapters.store.database import StoreError
from dispatch.history import History, HistoryChunk
from dispatch.kinds import SourceKind
from dispatch.sighting import Sighting
from tests.adapters.archive.reports import NOON_S, rows_of

WAIT_S = 20.0


class Disk:
    """A sink of files whose disk fills, breaks, and mends, when the test says so."""

    def __init__(self, root: Path) -> None:
        self.files = FileSink(root, keep_free_bytes=0, clock_s=lambda: NOON_S)
        self.failure: Exception | None = None
        self.batches = 0
        self.gate = threading.Event()
        self.gate.set()

    def prepare(self) -> int | None:
        return self.files.prepare()

    def append(self, batch: Any) -> int:
        self.gate.wait(WAIT_S)
        if self.failure is not None:
            raise self.failure
        self.batches += 1
        return self.files.append(batch)

    def roll(self) -> int | None:
        return self.files.roll()

    def settleable(self) -> int:
        return self.files.settleable()

    def close(self) -> None:
        self.files.close()


def chunk(at_s: float, rows: int = 3) -> list[HistoryChunk]:
    history = History()
    for number in range(rows):
        one = Sighting(source="hill", source_kind=SourceKind.ADSB, own_key=f"jt808:{number}")
        history.add(one, one.key, at_s)
    return history.drain()


def eventually(true: Callable[[], bool]) -> None:
    """Wait for the thread."""
    done = threading.Event()
    for _ in range(int(WAIT_S / 0.01)):
        if true():
            return
        done.wait(0.01)
    raise AssertionError("it never came true")


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path)


@pytest.fixture
def due() -> list[int]:
    return []


@pytest.fixture
def writing(disk: Disk, due: list[int], monkeypatch: pytest.MonkeyPatch) -> Iterator[Writer]:
    monkeypatch.setattr(writer, "RETRY_S", 0.01)
    monkeypatch.setattr(writer, "IDLE_S", 0.01)
    made = Writer(disk, clock_s=lambda: NOON_S, due=due.append)
    made.start()
    yield made
    disk.gate.set()
    made.stop()


def archived(root: Path) -> list[Any]:
    return rows_of(answer(FileSource(root), Query(from_us=0, to_us=2**52, limit=10**6)).rows)


def test_what_is_put_is_on_disk_and_counted(writing: Writer, disk: Disk, tmp_path: Path) -> None:
    writing.put(chunk(NOON_S))
    eventually(lambda: writing.counted.rows == 3)
    assert len(archived(tmp_path)) == 3
    assert writing.counted.size > 0
    assert (writing.counted.state, writing.counted.last_write_at_s) == (ArchiveState.OK, NOON_S)
    assert writing.queued_rows == 0


@pytest.mark.parametrize(
    ("failure", "state", "detail"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), ArchiveState.FULL, "No space"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), ArchiveState.FULL, "quota"),
        (OSError(errno.EROFS, "Read-only file system"), ArchiveState.DOWN, "Read-only"),
        (StoreError("UNREACHABLE", "connection refused"), ArchiveState.DOWN, "refused"),
    ],
)
def test_when_it_cannot_write_it_says_so_and_goes_on_by_itself(
    failure: Exception, state: ArchiveState, detail: str, writing: Writer, disk: Disk, tmp_path: Path
) -> None:
    """What fitted in the queue meanwhile is written then, once."""
    writing.put(chunk(NOON_S))
    eventually(lambda: writing.counted.rows == 3)
    disk.failure = failure
    for second in range(1, 5):
        writing.put(chunk(NOON_S + second))
    eventually(lambda: writing.counted.state is state)
    assert detail in writing.counted.detail
    assert writing.queued_rows == 12
    disk.failure = None
    eventually(lambda: writing.counted.rows == 15)
    eventually(lambda: writing.counted.state is ArchiveState.OK)
    assert (writing.counted.detail, writing.counted.dropped, writing.queued_rows) == ("", 0, 0)
    assert len(archived(tmp_path)) == 15


def test_a_torn_append_is_cut_back_and_appended_again(
    writing: Writer, disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that fills in the middle of a batch leaves no half of it."""
    import os

    writing.put(chunk(NOON_S))
    eventually(lambda: writing.counted.rows == 3)
    with monkeypatch.context() as patched:

        def half(descriptor: int, data: Any) -> int:
            os.pwrite(descriptor, bytes(data)[: len(data) // 2], os.fstat(descriptor).st_size)
            raise OSError(errno.ENOSPC, "No space left on device")

        patched.setattr("adapters.archive.segment.os.write", half)
        writing.put(chunk(NOON_S + 1))
        eventually(lambda: writing.counted.state is ArchiveState.FULL)
        assert len(archived(tmp_path)) == 3
    eventually(lambda: writing.counted.rows == 6)
    assert len(archived(tmp_path)) == 6
    assert all(path.stat().st_size for path in (tmp_path / "open").iterdir())


def test_a_disk_that_does_not_keep_up_loses_the_oldest_and_counts_them(
    writing: Writer, disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "QUEUE_ROWS", 30)
    disk.gate.clear()
    writing.put(chunk(NOON_S))
    eventually(lambda: writing._held is not None)
    for second in range(1, 21):
        writing.put(chunk(NOON_S + second))
    assert writing.queued_rows == 33
    assert writing.counted.dropped == 30
    disk.gate.set()
    eventually(lambda: writing.counted.rows == 33)
    seconds = sorted({row[0] for row in archived(tmp_path)})
    assert [round(at_us / 1e6 - NOON_S) for at_us in seconds] == [0, *range(11, 21)]


def test_a_report_without_a_time_that_could_be_filed_is_left_out(
    writing: Writer, disk: Disk, tmp_path: Path
) -> None:
    """It would make a file of the year 1677."""
    for at_s in (float("nan"), float("inf"), -5.0, 1e18, NOON_S):
        writing.put(chunk(at_s, rows=1))
    eventually(lambda: writing.counted.rows + writing.counted.dropped == 5)
    assert len(archived(tmp_path)) == 1
    assert writing.counted.dropped == 4


def test_a_defect_in_one_batch_costs_that_batch(
    writing: Writer, disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread lives on."""
    disk.failure = TypeError("a defect")
    writing.put(chunk(NOON_S))
    eventually(lambda: writing.counted.dropped == 3)
    disk.failure = None
    writing.put(chunk(NOON_S + 1))
    eventually(lambda: writing.counted.rows == 3)


def test_a_segment_is_closed_when_it_has_its_rows(
    writing: Writer, disk: Disk, due: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And house is due for it."""
    monkeypatch.setattr("adapters.archive.files.ROLL_ROWS", 5)
    writing.put(chunk(NOON_S))
    eventually(lambda: writing.counted.rows == 3)
    assert due == []
    writing.put(chunk(NOON_S))
    eventually(lambda: due == [1])
    writing.put(chunk(NOON_S))
    eventually(lambda: writing.counted.rows == 9)
    assert disk.settleable() == 1


def test_a_stop_writes_what_is_left(disk: Disk, tmp_path: Path) -> None:
    made = Writer(disk, clock_s=lambda: NOON_S, due=lambda _: None)
    made.start()
    for second in range(10):
        made.put(chunk(NOON_S + second))
    made.stop()
    assert len(archived(tmp_path)) == 30
    again = Writer(Disk(tmp_path), clock_s=lambda: NOON_S, due=lambda _: None)
    again.start()
    again.put(chunk(NOON_S + 10))
    again.stop()
    assert len(archived(tmp_path)) == 33


def test_it_stops_while_the_journal_still_has_room(tmp_path: Path) -> None:
    """keep_free_gigabytes."""
    sink = FileSink(tmp_path, keep_free_bytes=2**62, clock_s=lambda: NOON_S)
    sink.prepare()
    with pytest.raises(OSError, match="left to others") as caught:
        sink.append(None)
    assert caught.value.errno == errno.ENOSPC
