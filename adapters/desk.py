"""The desk: the site's one writer. Asks queue here, are decided and committed in batches, then answered and told.

    ask ->| queue, 1024 |-> batch of up to 64 -> writer thread: decide each, one transaction -> commit
    caller <- answer <- swap `world` <-                                                        <-
    subscribers <- (world, facts)

The order is the promise: on disk, then in `world`, then answered, then published. Partners' batches go the same
way. When the database is lost the desk goes on refusing with NotStored, tries again with growing pauses, and reads
the journal's tail before it takes anything new. Deciding and storing are adapters/store/clerk.py; what is shown
to whom is left to the subscribers.
"""

import traceback
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from threading import Thread
from typing import Any, TypeVar

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from adapters.desk_tally import Tally
from adapters.store.clerk import Answer, Clerk, Decide, Fold, Outcome
from adapters.store.journal import Cursor, Period, Store
from adapters.store.receiving import Received, cursor_name
from adapters.store.transit import Held
from dispatch.commands import Ask
from dispatch.decide import decide as site_decide
from dispatch.errors import Busy, GanyingError, NotStored
from dispatch.facts import Recorded
from dispatch.fold import fold as site_fold
from dispatch.world import World
from protocols.chain import Finding
from protocols.link_lanes import FOLLOWS
from protocols.rows import Row, Sealed

__all__ = ["Answer", "Cursor", "Desk"]

QUEUE = 1024  # asks and partners' batches waiting together; full: Busy at once, nothing recorded
BATCH = 64  # asks in one transaction,
ROWS = (
    64  # and after them partners' batches until so many rows: 10 to 20 ms, which an ask that comes then waits
)
TICK_S = 2.0  # how often an idle desk sees to heads, acknowledgements and whether the database is there
RETRY_S = (
    0.1,
    0.2,
    0.5,
    1.0,
    2.0,
    5.0,
)  # pauses between tries to reach a lost database; the last one repeats
MOST_READ_ROWS = 5000  # of one rows_after

T = TypeVar("T")
Subscriber = Callable[[World, tuple[Recorded, ...]], None]
log = structlog.get_logger()


class _Threads(ThreadPool):
    """Threads that do not keep a process alive that has already failed; an unfinished transaction rolls back."""

    @staticmethod
    def threadFactory(*args: Any, **named: Any) -> Thread:  # type: ignore[override]  # noqa: N802  # Twisted's name for a class or a function
        """A daemon thread."""
        return Thread(*args, daemon=True, **named)


class Desk:
    """One site's desk. Everything here is called on the reactor thread."""

    def __init__(
        self,
        *,
        url: str,
        site: str,
        key: Ed25519PrivateKey,
        clock: Callable[[], datetime],
        partners: frozenset[str] = frozenset(),
        decide: Decide = site_decide,
        fold: Fold = site_fold,
        reactor: Any = None,
    ) -> None:
        if reactor is None:
            from twisted.internet import reactor  # the default reactor is installed by importing it
        self.world = World.empty(site)
        self.through = 0
        self.state = "starting"  # starting, ok, down, stopped
        self.down_because = ""
        self.tally = Tally()
        self._reactor = reactor
        self._store = Store(url, site)
        self._clerk = Clerk(
            store=self._store, key=key, clock=clock, decide=decide, fold=fold, partners=partners
        )
        self._writer = _Threads(1, 1, f"desk-{site}")
        self._readers = _Threads(0, 2, f"desk-readers-{site}")
        # Apart, so that a partner that catches up for an hour is not before an ask: each turn takes of both.
        self._asks: deque[tuple[Ask | Received, Deferred[Any]]] = deque()
        self._partners_batches: deque[tuple[Ask | Received, Deferred[Any]]] = deque()
        self._busy = (
            False  # from handing the writer something until its callers and subscribers have been told
        )
        self._subscribers: list[Subscriber] = []
        self._acked: dict[str, int] = {}
        self._spoken: dict[str, tuple[int, int]] = {}
        self._cursors: dict[str, Cursor] = {}
        self._later: IDelayedCall | None = None
        self._tries = 0
        self._stopping: Deferred[None] | None = None

    # Life

    def start(self) -> Deferred[None]:
        """Open the journal (a fresh one is made) and fold it. Fails with StoreError."""
        self._writer.start()
        self._readers.start()
        self._busy = True

        def ready(outcome: Outcome) -> None:
            self.state = "ok"
            self._adopt(outcome)
            self._busy = False
            self._next()

        def failed(failure: Failure) -> Deferred[None]:
            self.state = "stopped"
            return (
                self._close().addCallback(self._fire_stopped).addCallback(lambda _: failure.raiseException())
            )

        return self._on_writer(self._clerk.open).addCallbacks(ready, failed)

    def stop(self) -> Deferred[None]:
        """Take nothing new, finish what waits, sign the head, let go of the journal."""
        if self._stopping is None:
            self._stopping = Deferred()
            self._cancel_later()
            if not self._busy:
                self._finish()
        stopped: Deferred[None] = Deferred()
        self._stopping.addCallback(lambda _: stopped.callback(None))
        return stopped

    def _finish(self) -> None:
        """The last act, once: nothing runs and nothing waits."""
        if self.state == "stopped":
            self._fire_stopped(None)
            return
        last = self._settle([], sign=True) if self.state == "ok" else succeed(None)
        self.state = "stopped"
        last.addBoth(lambda _: self._close()).addBoth(self._fire_stopped)

    def _fire_stopped(self, _: object) -> None:
        if self._stopping is not None and not self._stopping.called:
            self._stopping.callback(None)

    def _close(self) -> Deferred[None]:
        closed = self._on_writer(self._store.close)

        def end(_result: object) -> None:
            self._writer.stop()
            self._readers.stop()

        return closed.addBoth(end)

    # Asking

    @property
    def epoch(self) -> str:
        """Names this site's journal; another epoch means that row numbers mean something else."""
        return self._store.epoch

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Damage found in the journal when it was read at the start; see `ganying journal verify`."""
        return tuple(self._clerk.findings)

    @property
    def undecodable(self) -> int:
        """Rows of partners that are kept but could not be read by this version."""
        return self._clerk.counts.undecodable

    @property
    def waiting(self) -> int:
        """How many asks and partners' batches are queued."""
        return len(self._asks) + len(self._partners_batches)

    def ask(self, ask: Ask) -> Deferred[Answer]:
        """Decide and record. Fires after the commit; fails with an error of dispatch.errors."""
        return self._enqueue(ask)

    def receive(
        self, partner_site: str, their_epoch: str, after: int, through: int, rows: Sequence[Row]
    ) -> Deferred[int]:
        """Record a partner's rows in (after, through] of its journal verbatim; fires with how far we now have it.

        Rows already held are passed over. Fails with Malformed, Refused (GAP, EPOCH_CHANGED, JOURNAL_DIVERGED),
        Busy or NotStored; then nothing of the batch is kept.
        """
        return self.receive_lane(
            Received(partner=partner_site, epoch=their_epoch, after=after, through=through, rows=tuple(rows))
        )

    def receive_lane(self, job: Received) -> Deferred[int]:
        """Record a batch of one lane, and hold what is for others; otherwise as `receive`."""
        return self._enqueue(job)

    def acked(self, partner: str, through: int, lane: int = 0) -> None:
        """A partner has committed our lane up to `through`. Kept with the next commit; a crash may forget it."""
        name = cursor_name(partner, lane)
        end = max(self.through, self.held_end(partner, lane))
        if self.cursor(partner, lane).acked < through <= end:
            self._acked[name] = through

    def cursor(self, partner: str, lane: int = 0) -> Cursor:
        """How far this partner and we are in each other's lane."""
        name = cursor_name(partner, lane)
        kept = self._cursors.get(name) or Cursor(partner=name)
        acked = self._acked.get(name, 0)
        return kept if acked <= kept.acked else replace(kept, acked=acked)

    def held_end(self, partner: str, lane: int) -> int:
        """The number up to which rows of third sites are held for this partner, as a relayed lane counts.

        The lane of orders counts messages too: they wait until it is as far, and would wait for the next order else.
        """
        held = self._clerk.transit
        own = held.get((partner, lane), 0)
        follower = FOLLOWS.get(lane)
        return own if follower is None else max(own, held.get((partner, follower), 0))

    def spoken(self, partner: str) -> tuple[int, int]:
        """The highest (major, minor) of the link's dialogue that this partner was heard to speak."""
        return max(self._clerk.spoken.get(partner, (0, 0)), self._spoken.get(partner, (0, 0)))

    def note_spoken(self, partner: str, version: tuple[int, int]) -> None:
        """This partner speaks that version. Kept with the next commit."""
        if version > self.spoken(partner):
            self._spoken[partner] = version

    def own_rows_of(self, kinds: Sequence[str], after: int, limit: int) -> Deferred[list[Row]]:
        """Up to `limit` of this site's own rows of these kinds after row `after`, in order."""
        return self._read(self._store.own_rows_of, kinds, after, limit)

    def held_for(self, partner: str, lane: int, after: int, limit: int) -> Deferred[list[Held]]:
        """Up to `limit` rows of third sites that are held for this partner, after number `after`."""
        return self._read(self._store.held_for, partner, lane, after, limit)

    def _read(self, question: Callable[..., T], *arguments: Any) -> Deferred[T]:
        if self.state == "stopped":
            return _failed(NotStored("the desk is closed"))
        return deferToThreadPool(self._reactor, self._readers, question, *arguments)

    def rows_after(self, seq: int, limit: int) -> Deferred[list[Row]]:
        """Up to `limit` (at most 5000) rows of this journal after row `seq`, all origins, in order."""
        if self.state == "stopped":
            return _failed(NotStored("the desk is closed"))
        return deferToThreadPool(
            self._reactor, self._readers, self._store.rows_after, seq, min(limit, MOST_READ_ROWS)
        )

    def own_rows(self, period: Period, before: int, limit: int) -> Deferred[list[Row]]:
        """Up to `limit` of this site's own rows of a period below row `before`, newest first."""
        if self.state == "stopped":
            return _failed(NotStored("the desk is closed"))
        return deferToThreadPool(self._reactor, self._readers, self._store.own_rows, period, before, limit)

    def copies_of(
        self, origin: str, through: int, kinds: Sequence[str], limit: int
    ) -> Deferred[list[Sealed]]:
        """Up to `limit` rows of a partner, of these kinds, up to row `through`, whose bodies are held, in order."""
        if self.state == "stopped":
            return _failed(NotStored("the desk is closed"))
        return deferToThreadPool(
            self._reactor, self._readers, self._store.copies_of, origin, through, kinds, limit
        )

    def received_rows(self, origin: str, before: int, limit: int) -> Deferred[list[Sealed]]:
        """Up to `limit` rows of a partner (empty: of any) below row `before`, newest first."""
        if self.state == "stopped":
            return _failed(NotStored("the desk is closed"))
        return deferToThreadPool(
            self._reactor, self._readers, self._store.received_rows, origin, before, limit
        )

    def subscribe(self, callback: Subscriber) -> Callable[[], None]:
        """Call `callback(world, facts)` after each commit from now on that makes facts. Returns how to stop it.

        A callback that raises is logged and not called again; it must be quick, it runs on the reactor.
        """
        self._subscribers.append(callback)

        def unsubscribe() -> None:
            if callback in self._subscribers:
                self._subscribers.remove(callback)

        return unsubscribe

    # The queue

    def _enqueue(self, job: Ask | Received) -> Deferred[Any]:
        if self.state == "down":
            self.tally.not_stored += 1
            return _failed(NotStored(f"the journal's database is away ({self.down_because})"))
        if self.state == "stopped" or self._stopping is not None:
            return _failed(NotStored("the server is stopping"))
        if self.waiting >= QUEUE:
            self.tally.busy += 1
            return _failed(Busy())
        deferred: Deferred[Any] = Deferred()
        (self._asks if isinstance(job, Ask) else self._partners_batches).append((job, deferred))
        if not self._busy and self.state == "ok":
            self._next()
        return deferred

    def _next(self) -> None:
        """Give the writer its next batch, or rest until something comes or the tick."""
        self._cancel_later()
        if self.waiting:
            self._settle(self._turn())
        elif self._stopping is not None:
            self._finish()
        else:
            self._later = self._reactor.callLater(TICK_S, self._tick)

    def _turn(self) -> list[tuple[Ask | Received, Deferred[Any]]]:
        """What goes into the next transaction: asks first, then partners' batches in the order they came."""
        turn = [self._asks.popleft() for _ in range(min(BATCH, len(self._asks)))]
        rows = 0
        while self._partners_batches and rows < ROWS and len(turn) < 2 * BATCH:
            job, deferred = self._partners_batches.popleft()
            rows += len(job.rows) if isinstance(job, Received) else 0
            turn.append((job, deferred))
        return turn

    def _tick(self) -> None:
        self._later = None
        if not self._busy:
            self._settle([])

    def _settle(
        self, batch: list[tuple[Ask | Received, Deferred[Any]]], *, sign: bool = False
    ) -> Deferred[None]:
        acked, self._acked = self._acked, {}
        jobs = [job for job, _ in batch]
        self._busy = True
        spoken = dict(self._spoken)
        settled = self._on_writer(lambda: self._clerk.settle(jobs, acked, sign=sign, spoken=spoken))

        def done(outcome: Outcome) -> None:
            if outcome.down or any(isinstance(answer, NotStored) for answer in outcome.answers):
                self._acked = {**acked, **self._acked}
            else:
                self._clerk.spoken |= spoken
                self._spoken = {who: at for who, at in self._spoken.items() if spoken.get(who) != at}
            watching = tuple(
                self._subscribers
            )  # who joins while callers are answered joins a world that has these
            self._adopt(outcome)
            self._answer(batch, outcome.answers)
            self._publish(outcome.recorded, watching)
            self._busy = False  # not before: a caller that asks again while it is told must queue
            if outcome.down:
                self._lost(outcome.down)
            elif self.state == "ok":
                self._next()

        def broken(failure: Failure) -> None:
            log.error("defect in the writer", traceback=failure.getTraceback())
            self._answer(batch, tuple(NotStored("a defect in the writer") for _ in batch))
            self._lost("a defect in the writer")

        return settled.addCallback(done).addErrback(broken)

    def _adopt(self, outcome: Outcome) -> None:
        self.world, self.through = outcome.state.world, outcome.state.through
        self._cursors = self._clerk.cursors
        self.tally.batches += 1

    def _answer(
        self,
        batch: Sequence[tuple[Ask | Received, Deferred[Any]]],
        answers: Sequence[Answer | int | Exception],
    ) -> None:
        for (job, deferred), answer in zip(batch, answers, strict=True):
            self.tally.count(job, answer)
            try:
                if isinstance(answer, Exception):
                    deferred.errback(answer)
                else:
                    deferred.callback(answer)
            except (
                Exception
            ):  # a cancelled deferred, or a caller's own defect: the other callers must hear theirs
                log.error("an answer was not taken", traceback=traceback.format_exc())

    def _publish(self, recorded: tuple[Recorded, ...], watching: tuple[Subscriber, ...]) -> None:
        for subscriber in watching if recorded else ():
            if subscriber not in self._subscribers:
                continue  # it left meanwhile
            try:
                subscriber(self.world, recorded)
            except Exception:  # one subscriber's defect must not hide facts from the others
                why = traceback.format_exc()
                log.error("a subscriber failed and is dropped", subscriber=repr(subscriber), traceback=why)
                self._subscribers.remove(subscriber)

    # A lost database

    def _lost(self, why: str) -> None:
        self.down_because = why
        if self.state == "stopped":
            return
        if self.state != "down":
            log.error("the journal's database is lost", why=why)
            self.state, self._tries = "down", 0
        batch = (*self._asks, *self._partners_batches)
        self._asks.clear()
        self._partners_batches.clear()
        self._busy = True
        self._answer(batch, tuple(NotStored(f"the journal's database is away ({why})") for _ in batch))
        self._busy = False
        if self._stopping is not None:
            self._finish()
            return
        pause = RETRY_S[min(self._tries, len(RETRY_S) - 1)]
        self._tries += 1
        self._later = self._reactor.callLater(pause, self._try_again)

    def _try_again(self) -> None:
        self._later = None
        self._busy = True

        def back(outcome: Outcome) -> None:
            log.info("the journal's database is back", through=outcome.state.through)
            self.state, self.down_because = "ok", ""
            watching = tuple(self._subscribers)
            self._adopt(outcome)
            self._publish(outcome.recorded, watching)
            self._busy = False
            self._next()

        def still_lost(failure: Failure) -> None:
            self._busy = False
            self._lost(failure.getErrorMessage())

        self._on_writer(self._clerk.recover).addCallbacks(back, still_lost)

    # Small things

    def _on_writer(self, work: Callable[[], T]) -> Deferred[T]:
        return deferToThreadPool(self._reactor, self._writer, work)

    def _cancel_later(self) -> None:
        if self._later is not None and self._later.active():
            self._later.cancel()
        self._later = None


def _failed(error: GanyingError) -> Deferred[Any]:
    deferred: Deferred[Any] = Deferred()
    deferred.errback(error)
    return deferred
