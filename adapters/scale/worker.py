"""A worker: feeds' sockets on one side, the way to the site on the other, decoding in between. It keeps no picture.

It says once a second that it is alive, how its feeds do, and what it could not hand on. Its clock need not be right:
beats echo each other, so the site knows how far it is off.
"""

import platform
import secrets
import time
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.task import LoopingCall

from adapters.feeds.config import FeedConfig
from adapters.feeds.feed import Feed
from adapters.scale.collector import Collector
from adapters.scale.reports import report_of
from adapters.scale.uplink import Uplink
from protocols.codec import sightings
from protocols.codec.sightings import WorkerBeat

log = structlog.get_logger()

BEAT_S = 1.0


class Worker:
    """One running worker."""

    def __init__(self, name: str, feeds: Sequence[FeedConfig], uplink: Uplink, reactor: Any) -> None:
        self.name = name
        self.epoch = secrets.randbits(62)  # this run: numbers begin anew, and so do receivers' clocks
        self.feeds = [Feed(config) for config in feeds]
        self._uplink = uplink
        self._reactor = reactor
        self._collectors: list[Collector] = []
        self._beating = LoopingCall(self._beat)
        self._beating.clock = reactor

    @inlineCallbacks
    def start(self) -> Any:
        """Reach for the site, then open the feeds. Fails with what kept one from opening."""
        yield self._uplink.start(self._reactor)
        for feed in self.feeds:
            collector = Collector(
                worker=self.name,
                epoch=self.epoch,
                feed=feed.config.name,
                put=self._uplink.put,
                clock=time.time,
                later=self._reactor.callLater,
            )
            self._collectors.append(collector)
            yield feed.start(self._reactor, collector.add)
        self._beating.start(BEAT_S)

    @inlineCallbacks
    def stop(self) -> Any:
        """Close the feeds, hand on what they saw, end."""
        for feed in self.feeds:
            yield feed.stop()
        for collector in self._collectors:
            collector.flush()
        if self._beating.running:
            self._beating.stop()
        yield self._uplink.stop()

    def beat(self) -> WorkerBeat:
        """How we are."""
        now_us, echo, ring = time.time_ns() // 1000, self._uplink.echo, self._uplink.ring
        return WorkerBeat(
            worker=self.name,
            epoch=self.epoch,
            at_us=now_us,
            echo_us=echo[0] if echo else 0,
            echo_age_us=max(0, now_us - echo[1]) if echo else 0,
            host=platform.node()[:100],
            sent=ring.sent,
            dropped=ring.dropped,
            feeds=tuple(report_of(feed.status()) for feed in self.feeds),
        )

    def _beat(self) -> None:
        self._uplink.send_beat(sightings.encode(self.beat()))


def run(worker: Worker, reactor: Any, *, ready: Callable[[], None] = lambda: None) -> int:
    """Run a worker until SIGTERM or Ctrl-C. Exit status 0 then, 1 when it could not start.

    `ready` is called once its feeds are open.
    """
    status = 0

    def failed(failure: Any) -> None:
        nonlocal status
        status = 1
        log.error("worker cannot start", worker=worker.name, why=failure.getErrorMessage())
        reactor.stop()

    def shut_down() -> Deferred[Any]:
        return worker.stop().addErrback(
            lambda failure: log.error("not stopped cleanly", traceback=failure.getTraceback())
        )

    reactor.callWhenRunning(lambda: worker.start().addCallbacks(lambda _: ready(), failed))
    reactor.addSystemEventTrigger("before", "shutdown", shut_down)
    reactor.run()
    return status
