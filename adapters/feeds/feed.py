"""A feed: it listens or it connects, counts what comes, and hands sightings to the picture.

A lost source is dialled again with back-off for as long as the feed runs; a listening feed takes several sources at
once, each with its own clock and its own decoder. What a sighting becomes is the sink's business.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from twisted.application.internet import ClientService, backoffPolicy
from twisted.internet.defer import Deferred, DeferredList, maybeDeferred, succeed
from twisted.internet.endpoints import (
    HostnameEndpoint,
    TCP4ServerEndpoint,
    TCP6ServerEndpoint,
    wrapClientTLS,
)
from twisted.internet.interfaces import IAddress, IListeningPort
from twisted.internet.protocol import Factory
from twisted.internet.task import LoopingCall
from twisted.protocols.tls import TLSMemoryBIOFactory

from adapters import tls
from adapters.feeds.channel import Channel, Sink
from adapters.feeds.config import FeedConfig, Transport, host_port
from adapters.feeds.field_reports import FieldReports
from adapters.feeds.field_uplinks import FieldUplinks
from adapters.feeds.pump import Pump
from adapters.feeds.readers import Line, Reader
from adapters.feeds.readers.table import reader_of
from adapters.feeds.status import TOTALS, Counts, FeedStatus
from adapters.feeds.tcp import Receiver
from adapters.feeds.udp import Datagrams
from adapters.metrics import Metrics

FIRST_RETRY_S = 0.5
LAST_RETRY_S = 30.0  # a receiver that comes back is heard again within this
PUBLISH_S = 1.0  # how often totals are copied to the metrics


class _Sources(Factory):
    noisy = False

    def __init__(self, feed: "Feed") -> None:
        self._feed = feed

    def buildProtocol(self, _addr: IAddress | None) -> Receiver:  # noqa: N802  # Twisted's name
        return Receiver(self._feed)


class Feed:
    """One `[[feed]]`. `metrics` are brought up to date once a second. Raises Malformed for a kind not read."""

    def __init__(self, config: FeedConfig, metrics: Metrics | None = None) -> None:
        self.config = config
        self.counts = Counts()
        self.reactor: Any = None
        self.pump: Any = None
        self._make_reader = reader_of(config)
        self._metrics = metrics
        self._published = dict.fromkeys(TOTALS, 0)
        self._published_errors: Counter[str] = Counter()
        self._ticking = LoopingCall(self._tick)
        self._sink: Sink | None = None
        self._open: set[Receiver] = set()
        self.uplinks: FieldUplinks | None = None  # hears receipts and answers of teams
        self.reports: FieldReports | None = None  # takes spots, where the config says so
        self._listening: IListeningPort | None = None
        self._client: ClientService | None = None
        self._datagrams: Datagrams | None = None
        self._clock: tuple[str, float | None] = ("", None)  # as it was with the last source on the line

    def start(self, reactor: Any, sink: Sink) -> Deferred[None]:
        """Begin. Fires when listening (fails with CannotListenError), or at once when the feed dials."""
        self.reactor, self._sink, self.pump = reactor, sink, Pump.of(reactor)
        if self.config.transport is Transport.UDP:
            return maybeDeferred(self._hear_datagrams)
        host, port = host_port(self.config.address, "feed.listen")
        if self.config.listen is None:
            self._dial(host, port)
            return succeed(None)
        factory: Any = _Sources(self)
        if self.config.transport is Transport.TLS:
            factory = TLSMemoryBIOFactory(_server_context(self.config), False, factory, clock=reactor)
        server = TCP6ServerEndpoint if ":" in host else TCP4ServerEndpoint
        endpoint: Any = server(reactor, port, interface=host)  # listen() is untyped in Twisted
        listening: Deferred[IListeningPort] = endpoint.listen(factory)
        return listening.addCallback(self._listens)

    def stop(self) -> Deferred[None]:
        """Close everything; fires when no socket of the feed is left."""
        if self._ticking.running:
            self._ticking.stop()
            self._tick()
        listening, self._listening = self._listening, None
        client, self._client = self._client, None
        closing: list[Deferred[Any]] = []
        if listening is not None:
            closing.append(maybeDeferred(listening.stopListening))
        if client is not None:
            closing.append(maybeDeferred(client.stopService))
        for receiver in tuple(self._open):
            receiver.drop("the feed was stopped")
        if self._datagrams is not None:
            self._datagrams.stop()
            self._datagrams = None
        return DeferredList(closing).addCallback(lambda _: None)

    @property
    def port(self) -> int | None:
        """The port it listens on, once it does."""
        if self._datagrams is not None:
            return self._datagrams.port
        address: Any = None if self._listening is None else self._listening.getHost()
        return None if address is None else int(address.port)

    def readers(self) -> Iterator[Reader]:
        """Those of the lines that are up: whoever sends by a two-way feed reaches its peers through them."""
        if self._datagrams is not None:
            return self._datagrams.readers()
        return (receiver.channel.reader for receiver in tuple(self._open) if receiver.channel is not None)

    def status(self) -> FeedStatus:
        """How it does now."""
        counts, config = self.counts, self.config
        clock, off_s = self._source_clock()
        datagrams = self._datagrams
        lines = len(self._open) if datagrams is None else datagrams.senders
        backlog_bytes = sum(each.backlog_bytes for each in self._open)
        return FeedStatus(
            name=config.name,
            kind=config.kind,
            transport=config.transport,
            address=config.address,
            listening=self._listening is not None or datagrams is not None,
            connected=bool(lines),
            connections=lines,
            backlog_bytes=backlog_bytes if datagrams is None else datagrams.backlog_bytes,
            simulated=config.simulated or bool(config.simulated_prefixes),
            errors=tuple(sorted(counts.errors.items())),
            kinds=tuple(sorted(counts.kinds.items())),
            rate_per_s=counts.rate_per_s,
            last_heard_at_s=counts.last_heard_at_s,
            source_clock=clock,
            clock_off_s=off_s,
            last_error=counts.last_error,
            **{name: getattr(counts, name) for name in TOTALS},
        )

    def _source_clock(self) -> tuple[str, float | None]:
        """The worst of its lines', and how far off; with none on the line, as it was."""
        readers = tuple(self.readers())
        if readers:
            off = [reader.clock_off_s for reader in readers if reader.clock_off_s is not None]
            clocks = {reader.clock for reader in readers}
            worst = next((clock for clock in ("off", "arrival", "utc", "counter") if clock in clocks), "")
            self._clock = (worst, max(off, key=abs, default=None))
        return self._clock

    def now(self) -> float:
        """UTC seconds by the reactor's clock."""
        return float(self.reactor.seconds())

    def opened(self, receiver: Receiver, peer: str, send: Callable[[bytes], None]) -> Channel | None:
        """A place for a new connection; None when all are taken."""
        if self._sink is None or len(self._open) >= self.config.connection_limit:
            self.counts.refused_connections += 1
            return None
        channel = self.line(peer, send, receiver.drop, receiver.room)
        self._open.add(receiver)
        return channel

    def line(
        self,
        peer: str,
        send: Callable[[bytes], None],
        drop: Callable[[str], None],
        room: Callable[[], bool] = lambda: True,
    ) -> Channel:
        """A channel for a new connection or sender. Only after `start`."""
        if self._sink is None:
            raise RuntimeError("the feed was not started")
        self.counts.connections_total += 1
        reports = self.reports if self.config.markers else None
        line = Line(
            config=self.config,
            counts=self.counts,
            clock_id=f"{self.config.name}#{self.counts.connections_total}",
            peer=peer,
            send=send,
            drop=drop,
            room=room,
            marked=None if reports is None else reports.take,
            unmarked=None if reports is None else reports.take_back,
            said=None if self.uplinks is None else self.uplinks.heard,
        )
        return Channel(self._make_reader(line), sink=self._sink, now=self.now())

    def closed(self, receiver: Receiver) -> None:
        """A connection is over and all it sent has been read."""
        self._source_clock()
        self._open.discard(receiver)

    def _dial(self, host: str, port: int) -> None:
        policy = backoffPolicy(initialDelay=FIRST_RETRY_S, maxDelay=LAST_RETRY_S)
        remote: Any = HostnameEndpoint(self.reactor, host.encode(), port)
        if self.config.transport is Transport.TLS:
            remote = wrapClientTLS(_client_context(self.config, host), remote)
        self._client = ClientService(remote, _Sources(self), retryPolicy=policy, clock=self.reactor)
        self._client.startService()
        self._begin_ticking()

    def _hear_datagrams(self) -> None:
        self._datagrams = Datagrams(self)
        self._datagrams.start()
        self._begin_ticking()

    def _listens(self, port: IListeningPort) -> None:
        self._listening = port
        self._begin_ticking()

    def _begin_ticking(self) -> None:
        self._ticking.clock = self.reactor
        self._ticking.start(PUBLISH_S)

    def _tick(self) -> None:
        now = self.now()
        self.counts.tick(now)
        if self._datagrams is not None:
            self._datagrams.expire(now)
        if self._metrics is not None:
            self._publish(self._metrics)

    def _publish(self, metrics: Metrics) -> None:
        name = self.config.name
        for total_name in TOTALS:
            total = int(getattr(self.counts, total_name))
            metric = f"ganying_feed_{total_name.removesuffix('_total')}"
            counter = metrics.counter(metric, f"Feed: {total_name.replace('_', ' ')}", ("feed",))
            counter.labels(name).inc(total - self._published[total_name])
            self._published[total_name] = total
        errors = metrics.counter("ganying_feed_errors", "Feed: what could not be read", ("feed", "code"))
        for code, total in self.counts.errors.items():
            errors.labels(name, code).inc(total - self._published_errors[code])
            self._published_errors[code] = total
        status = self.status()
        for gauge, text, value in (
            ("open_connections", "sources on the line", status.connections),
            ("backlog_bytes", "received and not yet read", status.backlog_bytes),
            ("rate", "messages a second of late", status.rate_per_s),
            ("clock_off_seconds", "how far behind the source's clock is", status.clock_off_s or 0.0),
        ):
            metrics.gauge(f"ganying_feed_{gauge}", f"Feed: {text}", ("feed",)).labels(name).set(value)


def _server_context(config: FeedConfig) -> Any:
    certificate, key = (
        config.certificate or Path(),
        config.key or Path(),
    )  # both are there: FeedConfig checked
    if config.ca is None:
        return tls.server_context(certificate, key)
    return tls.link_server_context(certificate, key, config.ca)


def _client_context(config: FeedConfig, host: str) -> Any:
    return tls.feed_client_context(
        host, ca=config.ca or Path(), certificate=config.certificate, key=config.key
    )
