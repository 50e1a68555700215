"""A feed: it listens or it connects, counts what comes, and hands sightings to the picture.

A lost source is dialled again with back-off for as long as the feed runs; a listening feed takes several sources at
once, each with its own clock and its own decoder. What a sighting becomes is the sink's business.
"""

from typing import Any

from twisted.application.internet import ClientService, backoffPolicy
from twisted.internet.defer import Deferred, DeferredList, maybeDeferred, succeed
from twisted.internet.endpoints import HostnameEndpoint, TCP4ServerEndpoint, TCP6ServerEndpoint
from twisted.internet.interfaces import IAddress, IListeningPort
from twisted.internet.protocol import Factory
from twisted.internet.task import LoopingCall

from adapters.feeds.channel import Channel, Sink
from adapters.feeds.config import Counts, FeedConfig, FeedStatus, host_port
from adapters.feeds.pump import Pump
from adapters.feeds.tcp import Receiver
from adapters.metrics import Metrics

FIRST_RETRY_S = 0.5
LAST_RETRY_S = 30.0  # a receiver that comes back is heard again within this
PUBLISH_S = 1.0  # how often totals are copied to the metrics
_COUNTED = (
    "bytes",
    "frames",
    "valid",
    "repeats",
    "crc_errors",
    "framing_errors",
    "unverified",
    "sightings",
    "positions",
    "positions_refused",
    "connections_total",
    "refused_connections",
)


class _Sources(Factory):
    noisy = False

    def __init__(self, feed: "Feed") -> None:
        self._feed = feed

    def buildProtocol(self, _addr: IAddress | None) -> Receiver:  # noqa: N802  # Twisted's name
        return Receiver(self._feed)


class Feed:
    """One `[[feed]]`. `metrics` are brought up to date once a second."""

    def __init__(self, config: FeedConfig, metrics: Metrics | None = None) -> None:
        self.config = config
        self.counts = Counts()
        self.reactor: Any = None
        self.pump: Any = None
        self._metrics = metrics
        self._published = dict.fromkeys(_COUNTED, 0)
        self._publishing = LoopingCall(self._publish)
        self._sink: Sink | None = None
        self._open: set[Receiver] = set()
        self._listening: IListeningPort | None = None
        self._client: ClientService | None = None

    def start(self, reactor: Any, sink: Sink) -> Deferred[None]:
        """Begin. Fires when listening (fails with CannotListenError), or at once when the feed dials."""
        self.reactor, self._sink, self.pump = reactor, sink, Pump.of(reactor)
        factory = _Sources(self)
        host, port = host_port(self.config.address, "feed.listen")
        if self.config.listen is None:
            policy = backoffPolicy(initialDelay=FIRST_RETRY_S, maxDelay=LAST_RETRY_S)
            remote = HostnameEndpoint(reactor, host.encode(), port)
            self._client = ClientService(remote, factory, retryPolicy=policy, clock=reactor)
            self._client.startService()
            self._begin_publishing()
            return succeed(None)
        server = TCP6ServerEndpoint if ":" in host else TCP4ServerEndpoint
        endpoint: Any = server(reactor, port, interface=host)  # listen() is untyped in Twisted
        listening: Deferred[IListeningPort] = endpoint.listen(factory)
        return listening.addCallback(self._listens)

    def stop(self) -> Deferred[None]:
        """Close everything; fires when no socket of the feed is left."""
        if self._publishing.running:
            self._publishing.stop()
            self._publish()
        listening, self._listening = self._listening, None
        client, self._client = self._client, None
        closing: list[Deferred[Any]] = []
        if listening is not None:
            closing.append(maybeDeferred(listening.stopListening))
        if client is not None:
            closing.append(maybeDeferred(client.stopService))
        for receiver in tuple(self._open):
            receiver.drop("the feed was stopped")
        return DeferredList(closing).addCallback(lambda _: None)

    @property
    def port(self) -> int | None:
        """The port it listens on, once it does."""
        address: Any = None if self._listening is None else self._listening.getHost()
        return None if address is None else int(address.port)

    def status(self) -> FeedStatus:
        """How it does now."""
        counts = self.counts
        return FeedStatus(
            name=self.config.name,
            kind=self.config.kind,
            address=self.config.address,
            listening=self._listening is not None,
            connected=bool(self._open),
            connections=len(self._open),
            backlog_bytes=sum(receiver.backlog_bytes for receiver in self._open),
            simulated=self.config.simulated or bool(self.config.simulated_prefixes),
            last_heard_at_s=counts.last_heard_at_s,
            source_clock=counts.source_clock,
            last_error=counts.last_error,
            **{name: getattr(counts, name) for name in _COUNTED},
        )

    def now(self) -> float:
        """UTC seconds by the reactor's clock."""
        return float(self.reactor.seconds())

    def opened(self, receiver: Receiver) -> Channel | None:
        """A place for a new connection; None when all are taken."""
        if self._sink is None or len(self._open) >= self.config.connection_limit:
            self.counts.refused_connections += 1
            return None
        self._open.add(receiver)
        self.counts.connections_total += 1
        number = self.counts.connections_total
        return Channel(self.config, number=number, counts=self.counts, sink=self._sink, now=self.now())

    def closed(self, receiver: Receiver) -> None:
        """A connection is over and all it sent has been read."""
        self._open.discard(receiver)

    def _listens(self, port: IListeningPort) -> None:
        self._listening = port
        self._begin_publishing()

    def _begin_publishing(self) -> None:
        if self._metrics is not None:
            self._publishing.clock = self.reactor
            self._publishing.start(PUBLISH_S)

    def _publish(self) -> None:
        if self._metrics is None:
            return
        for name in _COUNTED:
            total = int(getattr(self.counts, name))
            metric = f"ganying_feed_{name.removesuffix('_total')}"
            counter = self._metrics.counter(metric, f"Feed: {name.replace('_', ' ')}", ("feed",))
            counter.labels(self.config.name).inc(total - self._published[name])
            self._published[name] = total
        connections = self._metrics.gauge(
            "ganying_feed_open_connections", "Feed: sources on the line", ("feed",)
        )
        connections.labels(self.config.name).set(len(self._open))
