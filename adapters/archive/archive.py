"""The archive of a running site: what was accepted goes to the writer once a second; questions go to the readers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.internet.threads import deferToThread

from adapters.archive.files import FileSink
from adapters.archive.keeper import Keeper
from adapters.archive.query import Query
from adapters.archive.readers import Form, Readers
from adapters.archive.rows import RowSink
from adapters.archive.settings import ArchiveSettings
from adapters.archive.writer import ArchiveState, Sink, Writer
from adapters.store.archive import ArchiveTable
from dispatch.errors import Refused
from dispatch.history import History, HistoryChunk

DRAIN_S = 1.0  # how long a report is in memory only
KEEP_S = 600.0  # house is kept this often at least


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveStatus:
    """How the archive does, for health and the console."""

    state: ArchiveState
    detail: str
    store: str
    rows: int  # written since the start
    bytes: int  # written since the start
    queued_rows: int
    dropped_rows: int
    last_write_at_s: float | None
    held_bytes: int | None  # in all, when house was last kept
    oldest_at_s: float | None
    removed_rows: int
    failures: int  # of keeping house


class Archive:
    """Drains a history into the store of `settings`; off, it only empties it."""

    def __init__(
        self, settings: ArchiveSettings, history: History, reactor: Any, clock_s: Callable[[], float]
    ) -> None:
        self._settings = settings
        self._history = history
        self._reactor = reactor
        self._sink: Sink = (
            RowSink(ArchiveTable(settings.url), clock_s=clock_s)
            if settings.url
            else FileSink(settings.root, keep_free_bytes=settings.keep_free_bytes, clock_s=clock_s)
        )
        self._keeper = Keeper(settings, reactor, clock_s)
        self._readers = Readers(settings, reactor)
        self._writer = Writer(
            self._sink,
            clock_s=clock_s,
            due=lambda through: reactor.callFromThread(self._keeper.keep, through),
        )
        self._drain = LoopingCall(self._hand_over)
        self._keep = LoopingCall(lambda: self._keeper.keep(self._sink.settleable()))
        self._drain.clock = self._keep.clock = reactor

    def start(self) -> None:
        """Begin; a store that is away is waited for."""
        self._drain.start(DRAIN_S, now=False)
        if self._settings.enabled:
            self._writer.start()
            self._keep.start(KEEP_S, now=False)

    def stop(self) -> "Deferred[None]":
        """Write what is left and end; fires when that is done, within seconds."""
        for each in (self._drain, self._keep):
            if each.running:
                each.stop()
        self._keeper.stop()
        self._readers.stop()
        if not self._settings.enabled:
            return Deferred.fromCoroutine(_nothing())
        self._hand_over()
        return deferToThread(self._writer.stop)

    def ask(self, query: Query, form: Form) -> "Deferred[bytes]":
        """The answer's bytes. Fails as Readers.ask, and with Refused NO_ARCHIVE when it is off."""
        if not self._settings.enabled:
            return Deferred.fromCoroutine(_refused())
        return self._readers.ask(query, form)

    @property
    def enabled(self) -> bool:
        """Whether anything is kept."""
        return self._settings.enabled

    @property
    def settings(self) -> ArchiveSettings:
        """Where it is, for a process that reads it."""
        return self._settings

    def put_past(self, chunk: HistoryChunk) -> "Deferred[None]":
        """Reports of long ago: fires once all of them are on disk. Fails with OSError, StoreError: none of them is."""
        done: Deferred[None] = Deferred()

        def told(error: Exception | None) -> None:
            self._reactor.callFromThread(done.callback if error is None else done.errback, error)

        self._writer.put_whole(chunk, told)
        return done

    def status(self) -> ArchiveStatus:
        """As of now."""
        counted, kept = self._writer.counted, self._keeper.last
        return ArchiveStatus(
            state=counted.state if self._settings.enabled else ArchiveState.OFF,
            detail=counted.detail,
            store="database" if self._settings.url else "files",
            rows=counted.rows,
            bytes=counted.size,
            queued_rows=self._writer.queued_rows + len(self._history),
            dropped_rows=counted.dropped + self._history.dropped,
            last_write_at_s=counted.last_write_at_s,
            held_bytes=None if kept is None else kept.size,
            oldest_at_s=None if kept is None or kept.oldest_us is None else kept.oldest_us / 1_000_000,
            removed_rows=self._keeper.removed_rows,
            failures=self._keeper.failures,
        )

    def _hand_over(self) -> None:
        chunks = self._history.drain()
        if self._settings.enabled and chunks:
            self._writer.put(chunks)


async def _nothing() -> None:
    pass


async def _refused() -> bytes:
    raise Refused("NO_ARCHIVE", "this site keeps no archive: [archive] enabled = false")


class ArchiveCollector(Collector):
    """The archive's figures, read when somebody scrapes /metrics."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def collect(self) -> Iterator[Metric]:
        """The present values."""
        status = self._archive.status()
        state = GaugeMetricFamily("ganying_archive_state", "1 for the present state", labels=("state",))
        for each in ArchiveState:
            state.add_metric([str(each)], float(each is status.state))
        yield state
        for name, text, counted in (
            ("rows", "Reports written", status.rows),
            ("bytes", "Bytes written before they are sorted", status.bytes),
            ("dropped_rows", "Reports that never got to disk", status.dropped_rows),
            ("removed_rows", "Reports removed for their age or for room", status.removed_rows),
            ("keeping_failures", "Files that could not be settled, merged or removed", status.failures),
        ):
            yield CounterMetricFamily(f"ganying_archive_{name}", text, value=counted)
        yield GaugeMetricFamily(
            "ganying_archive_queued_rows", "Reports in memory only", value=status.queued_rows
        )
        for name, text, value in (
            ("last_write_timestamp_seconds", "Last write, seconds since 1970", status.last_write_at_s),
            ("held_bytes", "Bytes of the whole archive", status.held_bytes),
            ("oldest_timestamp_seconds", "Oldest report, seconds since 1970", status.oldest_at_s),
        ):
            if value is not None:
                yield GaugeMetricFamily(f"ganying_archive_{name}", text, value=value)
