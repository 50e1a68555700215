"""The site's end of scale-out: its children, its broker, what they sent into the picture, and how they all do.

Made by adapters/app.py; with neither `[worker] processes` nor `[broker]` it does nothing and costs nothing.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import structlog
from twisted.internet.defer import Deferred, DeferredList, ensureDeferred
from twisted.internet.defer import TimeoutError as NotInTime
from twisted.internet.task import LoopingCall
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure

from adapters.config import Config, FeedSection
from adapters.feeds.status import FeedStatus
from adapters.metrics import Metrics
from adapters.scale import marks as marks_file
from adapters.scale.broker import Broker, LineState
from adapters.scale.children import SPREAD, Children
from adapters.scale.counters import Counters
from adapters.scale.inbox import Inbox
from adapters.scale.intake import Intake, Sink
from adapters.scale.refill import Refill
from adapters.scale.subjects import Subjects
from adapters.scale.workers import Workers
from adapters.web.site import ServiceState
from dispatch.picture import TrackPicture
from protocols.codec import sightings
from protocols.codec.sightings import SiteBeat

log = structlog.get_logger()

BEAT_S = 1.0
LAST_S = 1.0  # what has come is taken before a site ends, for so long at most
# What is written as taken is at least so old: the archive has it on disk by then (it drains once a second), so that a
# site that was killed finds in the broker's memory what it had taken and not filed.
FILED_S = 3


def own_feeds(config: Config) -> tuple[FeedSection, ...]:
    """The feeds that the site hears itself."""
    spread = config.worker.processes > 0
    return tuple(feed for feed in config.feed if not feed.worker and not (spread and feed.kind in SPREAD))


class Scale:
    """One site's. `sink` is where its own feeds put what they see."""

    def __init__(
        self, *, config: Config, picture: TrackPicture, sink: Sink, metrics: Metrics, reactor: Any
    ) -> None:
        self._site_id = config.site.id
        self._folder: Path = config.data
        self._reactor = reactor
        self._counters = Counters(metrics)
        self._subjects = Subjects(config.site.id)
        self.marks = marks_file.load(config.data) if config.broker.urls else marks_file.Marks()
        self.inbox = Inbox(self._take, reactor)
        self.children = Children(config, self.inbox.from_child, reactor)
        self.workers = Workers(config, self.children)
        for name, offset_us in self.marks.offsets_us.items():
            if name in self.workers.by_name:
                self.workers.by_name[name].kept_offset_us = offset_us
        self.intake = Intake(
            workers=self.workers, heard=self.marks.heard, picture=picture, sink=sink, clock=time.time
        )
        self.broker: Broker | None = None
        self.refill: Refill | None = None
        address = config.broker_address()
        if address is not None:
            self.broker = self._broker(address)
            self.refill = Refill(
                broker=self.broker,
                inbox=self.inbox,
                marks=self.marks,
                subjects=self._subjects,
                section=config.broker,
                reactor=reactor,
                now_us=_now_us,
            )
        self._settling: list[bytes] = []
        self._saving: Deferred[Any] | None = None
        self._was_up = False
        self._beating = LoopingCall(self._beat)
        self._beating.clock = reactor

    def _take(self, arrival: Any) -> None:
        self.intake.take(arrival)

    def _broker(self, address: Any) -> Broker:
        subjects, inbox = self._subjects, self.inbox

        def heard(subject: str, data: bytes) -> None:
            inbox.from_broker(Subjects.origin(subject), data)

        return Broker(
            address,
            name=f"ganying-{self._site_id}",
            reactor=self._reactor,
            subscriptions={subjects.sightings(): heard, subjects.beat(): heard},
            on_state=self._line,
        )

    @property
    def used(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.children.all) or self.broker is not None

    def start(self) -> None:
        """Begin. Nothing here keeps a site from starting."""
        if not self.used:
            return
        self.children.start()
        if self.broker is not None:
            self.broker.start()
        self._beating.start(BEAT_S)

    def stop(self) -> "Deferred[None]":
        """End the children, close the line, write down what was taken."""
        return ensureDeferred(self._stop())

    async def _stop(self) -> None:
        if not self._beating.running:
            return
        self._beating.stop()
        if self.refill is not None:
            self.refill.line_down()
        ending: list[Deferred[Any]] = [self.children.stop()]
        if self.broker is not None:
            ending.append(self.broker.stop())
        await DeferredList(ending)
        await self._all_taken()
        if self.broker is not None:
            if self._saving is not None:
                await self._saving
            await self._save(self._marks_now())

    def _all_taken(self) -> "Deferred[None]":
        """Until the inbox is empty, LAST_S at most."""
        taken: Deferred[None] = Deferred()
        self.inbox.replay([], lambda: None if taken.called else taken.callback(None))
        return taken.addTimeout(LAST_S, self._reactor).addErrback(_not_all)

    # What it tells

    def feeds(self) -> Iterator[FeedStatus]:
        """The feeds of all workers, under the names that the picture has for them."""
        for worker in self.workers.by_name.values():
            yield from worker.statuses

    def services(self) -> Iterator[ServiceState]:
        """The broker and every worker."""
        now_s = time.time()
        if self.broker is not None:
            yield self._broker_state(self.broker, now_s)
        for worker in self.workers.by_name.values():
            yield worker.state(now_s)

    def _broker_state(self, broker: Broker, now_s: float) -> ServiceState:
        line, refill, workers = broker.state, self.refill, self.workers
        words = [line.detail] if line.detail else []
        state = "ok" if line.up else "down"
        if line.up and line.detail:
            state = "degraded"  # it stands, but we may not do all that we want
        if refill is not None and refill.trouble:
            words.append(f"{refill.trouble}: nothing is kept for a site that is away")
            state = "degraded" if state == "ok" else state
        if workers.strangers:
            words.append("unknown workers speak: " + ", ".join(sorted(workers.strangers)[:3]))
        figures: dict[str, float] = {
            "since_s": round(now_s - line.since_s),
            "waiting_messages": len(self.inbox),
            "dropped_messages": self.inbox.dropped,
            "lost_messages": refill.lost if refill else 0,
            "left_to_read_back": refill.left if refill else 0,
            "unknown_messages": workers.strange_messages,
        }
        if line.up and line.round_trip_ms is not None:
            figures["round_trip_ms"] = round(line.round_trip_ms, 1)
        return ServiceState(
            name="broker",
            kind="broker",
            state=state,
            detail="; ".join(words),
            figures=figures,
        )

    # Once a second

    def _beat(self) -> None:
        beat = sightings.encode(SiteBeat(site=self._site_id, at_us=_now_us()))
        self.children.say(beat)
        if self.broker is not None and self.broker.state.up:
            self.broker.send_beat(self._subjects.site, beat)
        self.workers.watch(time.time())
        self._counters.publish(self)
        if self.broker is not None:
            self._settling.append(self._marks_now())
            if len(self._settling) > FILED_S and self._saving is None:
                content = self._settling[-1 - FILED_S]
                del self._settling[:-FILED_S]
                self._saving = self._save(content).addBoth(self._saved)
            del self._settling[: -4 * FILED_S]

    def _line(self, state: LineState) -> None:
        if state.up != self._was_up:
            self._was_up = state.up
            if self.refill is not None:
                (self.refill.line_up if state.up else self.refill.line_down)()
            if state.up:
                self._beat_now()

    def _beat_now(self) -> None:
        if self.broker is not None:
            beat = sightings.encode(SiteBeat(site=self._site_id, at_us=_now_us()))
            self.broker.send_beat(self._subjects.site, beat)

    def _marks_now(self) -> bytes:
        self.marks.offsets_us = {
            name: worker.skew.offset_us if worker.skew.offset_us is not None else worker.kept_offset_us
            for name, worker in self.workers.by_name.items()
            if worker.child is None
        }
        return self.marks.to_bytes()

    def _save(self, content: bytes) -> "Deferred[Any]":
        pool = self._reactor.getThreadPool()
        saving: Deferred[Any] = deferToThreadPool(self._reactor, pool, marks_file.save, self._folder, content)
        return saving.addErrback(
            lambda failure: log.error("what was taken is not written down", why=failure.getErrorMessage())
        )

    def _saved(self, _: Any) -> None:
        self._saving = None


def _not_all(failure: Failure) -> None:
    failure.trap(NotInTime)  # type: ignore[no-untyped-call]  # twisted
    log.warning("not all that workers sent was taken")


def _now_us() -> int:
    return time.time_ns() // 1000
