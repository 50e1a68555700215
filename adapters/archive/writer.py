"""The one thread that writes: what the site hands over once a second, on disk before the next.

The queue is bounded in rows. When the disk or the database does not keep up the oldest go, counted: the newest
minute is worth more than the one before, and the site must not grow. After a failure the same batch is tried again
every RETRY_S, so that what fitted in the queue is written when there is room again.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

import structlog

from adapters.archive.columns import batch_of
from adapters.archive.keeping import FULL
from dispatch.errors import GanyingError
from dispatch.history import HistoryChunk

log = structlog.get_logger()

QUEUE_ROWS = 1_000_000  # about 100 MB; beyond it the oldest chunk goes
BATCH_ROWS = 200_000  # written at once
RETRY_S = 5.0
IDLE_S = 1.0  # how long an empty queue is waited for before the segment's age is looked at
STOP_S = 3.0  # how long a stop waits for what is left; a server has 5 s in all


class ArchiveState(StrEnum):
    """How the archive does."""

    OFF = "off"
    OK = "ok"
    FULL = "full"  # no room on the disk
    DOWN = "down"  # any other reason why nothing can be written


class Sink(Protocol):
    """Where batches go (files.py, rows.py)."""

    def prepare(self) -> int | None:
        """Before the first append; not None when an earlier run left something to settle, as for `roll`."""

    def append(self, batch: Any) -> int:
        """On disk when it returns; the bytes."""

    def roll(self) -> int | None:
        """Not None when house should be kept: up to which segment."""

    def settleable(self) -> int:
        """Up to which segment house may be kept now."""

    def close(self) -> None:
        """The end."""


@dataclass(slots=True, kw_only=True)
class Written:
    """What the thread counts. Read from other threads: single figures, each true by itself."""

    state: ArchiveState = ArchiveState.OK
    detail: str = ""  # why it is full or down
    rows: int = 0
    size: int = 0  # bytes
    dropped: int = 0  # rows that never got to disk
    last_write_at_s: float | None = None


Done = Callable[[Exception | None], None]  # called in the thread: it is on disk, or why not


class Writer:
    """Start it once; `put` from one thread; `stop` ends it."""

    def __init__(self, sink: Sink, *, clock_s: Callable[[], float], due: Callable[[int], None]) -> None:
        self.counted = Written()
        self._sink = sink
        self._clock_s = clock_s
        self._due = due  # called in the thread
        self._queue: deque[HistoryChunk] = deque()
        self._queued_rows = 0
        self._held: Any = None  # a batch that could not be written yet
        self._whole: deque[tuple[HistoryChunk, Done]] = deque()  # bounded by who waits for each of them
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="archive", daemon=True)

    @property
    def queued_rows(self) -> int:
        """Rows handed over and not on disk."""
        held = self._held
        return self._queued_rows + (0 if held is None else int(held.num_rows))

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def put(self, chunks: Sequence[HistoryChunk]) -> None:
        """Hand over. Never waits for the disk."""
        with self._changed:
            for chunk in chunks:
                self._queue.append(chunk)
                self._queued_rows += len(chunk)
            while self._queued_rows > QUEUE_ROWS:
                oldest = self._queue.popleft()
                self._queued_rows -= len(oldest)
                self.counted.dropped += len(oldest)
            self._changed.notify()

    def put_whole(self, chunk: HistoryChunk, done: Done) -> None:
        """Reports of long ago, written when nothing of now waits: all of them or none, and once at most."""
        with self._changed:
            self._whole.append((chunk, done))
            self._changed.notify()

    def stop(self) -> None:
        """Write what is left, once, and end; waits STOP_S at most."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join(STOP_S)
        left = self.queued_rows
        if left:
            log.warning("reports were not archived before the stop", rows=left)

    def _run(self) -> None:
        batch_of([])  # Arrow loads what it needs now, not with the first reports
        prepared = False
        while True:
            chunks = self._take()
            if self._held is None and chunks:
                self._held = self._batch(chunks)
            try:
                if not prepared:
                    through = self._sink.prepare()
                    prepared = True
                    if through is not None:
                        self._due(through)
                self._write()
                self._write_whole()
            except (OSError, GanyingError) as error:
                self._failed(error)
                if self._stopping:
                    break
                self._pause()
                continue
            except Exception:  # a defect costs this batch, not the archive
                log.exception("a batch could not be archived")
                self._lose()
            if self._stopping and not self._queue:
                break
        self._close()

    def _take(self) -> list[HistoryChunk]:
        """The next chunks, some BATCH_ROWS; none when one is still held or nothing comes for IDLE_S."""
        with self._changed:
            if self._held is not None:
                return []
            if not (self._queue or self._whole or self._stopping):
                self._changed.wait(IDLE_S)
            chunks: list[HistoryChunk] = []
            rows = 0
            while self._queue and rows < BATCH_ROWS:
                chunks.append(self._queue.popleft())
                rows += len(chunks[-1])
            self._queued_rows -= rows
            return chunks

    def _batch(self, chunks: Sequence[HistoryChunk]) -> Any:
        try:
            batch = batch_of(chunks)
        except Exception:  # a defect in one second's columns
            log.exception("reports could not be put in columns")
            self.counted.dropped += sum(map(len, chunks))
            return None
        self.counted.dropped += sum(map(len, chunks)) - batch.num_rows  # times that could not be filed
        return batch if batch.num_rows else None

    def _write(self) -> None:
        if self._held is not None:
            self.counted.size += self._sink.append(self._held)
            self.counted.rows += self._held.num_rows
            self.counted.last_write_at_s = self._clock_s()
            self._held = None
        through = self._sink.roll()
        if self.counted.state is not ArchiveState.OK:
            log.info("the archive writes again", queued=self.queued_rows)
            self.counted.state, self.counted.detail = ArchiveState.OK, ""
        if through is not None:
            self._due(through)

    def _write_whole(self) -> None:
        """One of those that wait for it, unless something of now has come meanwhile."""
        with self._changed:
            if self._queue or not self._whole:
                return
            chunk, done = self._whole.popleft()
        try:
            batch = batch_of([chunk])
            size = self._sink.append(batch)
        except Exception as error:  # whoever waits is told, whatever it was
            done(error)
            return
        self.counted.rows += batch.num_rows
        self.counted.size += size
        done(None)

    def _failed(self, error: Exception) -> None:
        full = isinstance(error, OSError) and error.errno in FULL
        state = ArchiveState.FULL if full else ArchiveState.DOWN
        detail = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
        if self.counted.state is not state:
            log.error("the archive does not write", state=str(state), detail=detail)
        self.counted.state, self.counted.detail = state, detail

    def _lose(self) -> None:
        if self._held is not None:
            self.counted.dropped += self._held.num_rows
            self._held = None

    def _pause(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._stopping, RETRY_S)

    def _close(self) -> None:
        while self._whole:
            self._whole.popleft()[1](InterruptedError("the site is being stopped"))
        try:
            self._sink.close()
        except (OSError, GanyingError) as error:
            log.error("the archive was not closed", detail=str(error))
