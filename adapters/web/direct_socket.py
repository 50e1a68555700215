"""A WebSocket whose frames are made once and shared by many: they go straight to the socket where nothing waits.

Autobahn's own way of sending makes each frame anew and is gone round. What the kernel does not take is Twisted's to
send on; until that is gone, nothing more is sent (`outbox`), so that at most one frame waits there. Over TLS frames go
through the transport as usual.
"""

# mypy: disable-error-code="no-untyped-call"
# reason: autobahn is not annotated

import socket
from typing import Any, Protocol

from autobahn.twisted.websocket import WebSocketServerProtocol
from twisted.internet.interfaces import IPushProducer, ISSLTransport
from zope.interface import implementer

# What the kernel may hold for a console that does not read: a few seconds of a busy viewport. Left to itself it takes
# 4 MiB, a minute of old states that a console would have to read before it sees a new one.
KERNEL_BUFFER_BYTES = 262_144


class Blockable(Protocol):
    """What is sent and what waits."""

    blocked: bool

    def block(self) -> None:
        """The socket's buffer is full."""

    def unblock(self) -> None:
        """The socket takes bytes again."""

    def drop(self) -> None:
        """Forget what waits."""


@implementer(IPushProducer)
class DirectSocket(WebSocketServerProtocol):
    """One connection. `outbox` is set by whoever makes it, sending with `_write`."""

    transport: Any
    outbox: Blockable
    kernel_buffer_bytes = KERNEL_BUFFER_BYTES

    def __init__(self) -> None:
        super().__init__()
        self._socket: socket.socket | None = None  # to send on directly

    def take_socket(self) -> None:
        """The handshake is done: send directly from here on."""
        self.transport.setTcpNoDelay(True)  # autobahn never does, and Nagle costs 40 ms
        self.transport.unregisterProducer()
        self.transport.registerProducer(self, True)
        tls = ISSLTransport.providedBy(self.transport)
        handle = (self.transport.transport if tls else self.transport).getHandle()
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self.kernel_buffer_bytes)
        if not tls:
            self._socket = handle
            self._wait()  # for the handshake's answer, which has not left yet

    def sendData(self, data: bytes, sync: bool = False, chopsize: int | None = None) -> None:  # noqa: ARG002, N802
        """What autobahn itself sends (handshake, pings, closing) goes the same way, in order."""
        self._write(data)

    def _write(self, frame: bytes) -> None:
        if self._socket is None:
            self.transport.write(frame)
            return
        if not self.outbox.blocked:
            try:
                sent = self._socket.send(frame)
            except OSError:  # nothing taken now, or the line is dead: the transport finds out which
                sent = 0
            if sent == len(frame):
                return
            frame = frame[sent:]
        self.transport.write(frame)
        self._wait()

    def _wait(self) -> None:
        """Until the transport is empty: it would say so only to a producer that it paused itself, above 64 KiB."""
        self.transport.producerPaused = True
        self.outbox.block()

    def pauseProducing(self) -> None:  # noqa: N802 (Twisted's name)
        """The socket's buffer is full."""
        self.outbox.block()

    def resumeProducing(self) -> None:  # noqa: N802 (Twisted's name)
        """It takes bytes again."""
        self.outbox.unblock()

    def stopProducing(self) -> None:  # noqa: N802 (Twisted's name)
        """The socket is going."""
        self.outbox.drop()
