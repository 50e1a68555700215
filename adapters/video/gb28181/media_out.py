"""The way out to one receiver of an upper platform: a port of ours, UDP or TCP, whoever connects."""

from collections.abc import Callable
from typing import Any

from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Factory

from adapters.video.gb28181.sender import Connection, Datagrams, PsSender
from protocols.gb28181.sdp import Sdp


class MediaOut:
    """`lost` is told why nothing can be sent any more. Raises CannotListenError, OSError."""

    def __init__(
        self,
        told: Sdp,
        port: int,
        *,
        listen: str,
        hosts: frozenset[str],
        lost: Callable[[str], None],
        reactor: Any,
    ) -> None:
        self._told, self._lost, self._reactor = told, lost, reactor
        self._listening: Any = None
        self._over = False
        ssrc = int(told.ssrc) if told.ssrc else port
        if not told.tcp:
            out = Datagrams(told.address, told.port, lambda: lost("port_closed"))
            reactor.listenUDP(port, out, interface=listen)  # closed by the sender
            self.queue = PsSender(out, ssrc, reactor)
            return
        self._connection = Connection(lambda: lost("disconnected"))
        self.queue = self._connection.sender = PsSender(self._connection, ssrc, reactor, ready=False)
        if told.setup == "active":  # it connects to us
            self._listening = reactor.listenTCP(port, _Once(self._connection, hosts), interface=listen)

    def start(self) -> None:
        """It was acknowledged: connect, where that is ours to do."""
        if not self._told.tcp or self._told.setup == "active":
            return
        to = TCP4ClientEndpoint(self._reactor, self._told.address, self._told.port, timeout=5)

        def made(_: object) -> None:
            if self._over:
                self._connection.close()

        connectProtocol(to, self._connection).addCallbacks(  # type: ignore[no-untyped-call]  # twisted
            made, lambda _: self._lost("port_closed")
        )

    def close(self) -> None:
        """No more."""
        self._over = True
        self.queue.close()
        if self._listening is not None:
            self._listening.stopListening()


class _Once(Factory):
    """Lets in the one receiver that may connect: the first that comes from where it may."""

    noisy = False

    def __init__(self, connection: Connection, hosts: frozenset[str]) -> None:
        self._connection: Connection | None = connection
        self._hosts = hosts

    def buildProtocol(self, addr: Any) -> Connection | None:  # noqa: N802  # Twisted's name
        """None: it is closed."""
        if addr.host not in self._hosts:
            return None
        made, self._connection = self._connection, None
        return made
