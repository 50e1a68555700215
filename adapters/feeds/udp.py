"""A feed's datagrams, unicast or multicast: from the socket to the channels of their senders, in bounded memory.

Datagrams cannot be held back at the sender, so what comes faster than it is read waits here, DATAGRAM_LIMIT and
BYTE_LIMIT at most; then the oldest goes and is counted: the newest word about an aircraft is the one worth having.
What the kernel had to throw away before we came is counted with it, where the kernel says so (Linux).

Every sender (address and port) has a reader of its own, SENDER_LIMIT at most. A newcomer is the first to go until a
message of it was good, so senders that nobody can understand do not push out those that are understood.
"""

import contextlib
import math
import socket
import struct
import sys
from collections import OrderedDict, deque
from collections.abc import Iterator
from time import perf_counter
from typing import TYPE_CHECKING, Any

import structlog
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IReadDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

from adapters.feeds.channel import Channel
from adapters.feeds.config import host_port
from adapters.feeds.readers import Reader

if TYPE_CHECKING:
    from adapters.feeds.feed import Feed

DATAGRAM_LIMIT = 4096  # waiting; full: the oldest goes, counted as dropped
BYTE_LIMIT = 4 * 1024 * 1024  # waiting, the same
SENDER_LIMIT = 256  # readers kept; full: the one without a good message for longest goes
READ_S = 0.002  # of one turn spent in taking datagrams from the kernel
DATAGRAM_BYTES = 65_536
RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024  # asked of the kernel, which may give less (net.core.rmem_max)
_SO_RXQ_OVFL = 40  # Linux, asm-generic/socket.h: each datagram comes with the number thrown away so far
_COUNT = struct.Struct("I")
_ANY_INTERFACE = "0.0.0.0"  # noqa: S104  # where the kernel's routes say, not an address listened on

log = structlog.get_logger()


class _Sender:
    """One sender's reader."""

    __slots__ = ("channel", "heard_at_s")

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.heard_at_s = 0.0


@implementer(IReadDescriptor)
class Datagrams:
    """The socket of one feed and what came by it. `feed` owns the totals."""

    def __init__(self, feed: "Feed") -> None:
        self._feed = feed
        self._waiting: deque[tuple[float, Any, bytes]] = deque()
        self._senders: OrderedDict[Any, _Sender] = OrderedDict()  # the first is the first to go
        self._buffer = bytearray(DATAGRAM_BYTES)
        self._lost = 0  # by the kernel, as of the last datagram
        self._working = False
        self._current: tuple[float, Any, _Sender] | None = None  # whose datagram is being read
        self.backlog_bytes = 0
        self._socket = self._bound()

    def _bound(self) -> socket.socket:
        config = self._feed.config
        host, port = host_port(config.address, "feed.listen")
        try:
            # bound to the group itself, the socket hears neither other groups nor what is sent to this host alone
            family, kind, _, _, address = socket.getaddrinfo(
                config.group or host, port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE
            )[0]
            made = socket.socket(family, kind)
        except OSError as error:
            raise _cannot_listen(host, port, error) from None
        try:
            made.setblocking(False)
            _widen(made)
            if config.group is not None:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # others here may listen to it too
                made.bind(address)
                _join(made, family, address, config.interface)
            else:
                made.bind(address)
        except OSError as error:
            made.close()
            raise _cannot_listen(host, port, error) from None
        return made

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._socket.getsockname()[1])

    @property
    def senders(self) -> int:
        """How many are remembered."""
        return len(self._senders)

    def readers(self) -> Iterator[Reader]:
        """Of the senders remembered."""
        return (sender.channel.reader for sender in tuple(self._senders.values()))

    def start(self) -> None:
        """Begin to read."""
        self._feed.reactor.addReader(self)

    def stop(self) -> None:
        """Close the socket and forget what waits."""
        self._feed.reactor.removeReader(self)
        self._waiting.clear()
        self._current = None
        self.backlog_bytes = 0
        for key in tuple(self._senders):
            self._forget(key)
        self._socket.close()

    def expire(self, now: float) -> None:
        """Forget who was not heard for the idle time."""
        for key, sender in tuple(self._senders.items()):
            if now - sender.heard_at_s > self._feed.config.idle_timeout_s:
                self._forget(key)

    # Twisted's side

    def fileno(self) -> int:
        """The socket's number."""
        return self._socket.fileno()

    def logPrefix(self) -> str:  # noqa: N802  # Twisted's name
        """Whose it is."""
        return self._feed.config.name

    def connectionLost(self, reason: Failure) -> None:  # noqa: N802  # Twisted's name
        """The reactor gives the socket up."""
        self._feed.counts.trouble(reason.getErrorMessage())

    def doRead(self) -> None:  # noqa: N802  # Twisted's name
        """Take what the kernel has, for READ_S at most."""
        until = perf_counter() + READ_S
        now = self._feed.now()
        while perf_counter() < until:
            try:
                size, ancillary, _, peer = self._socket.recvmsg_into([self._buffer], 64)
            except BlockingIOError:
                break
            except OSError as error:  # an answer of ours was refused by its host; reading goes on
                self._feed.counts.trouble(str(error))
                continue
            self._thrown_away(ancillary)
            self.take(bytes(memoryview(self._buffer)[:size]), peer, now)

    def take(self, data: bytes, peer: Any, now: float) -> None:
        """Queue a datagram; what is too much goes from the front."""
        counts = self._feed.counts
        counts.bytes += len(data)
        self._waiting.append((now, peer, data))
        self.backlog_bytes += len(data)
        while len(self._waiting) > DATAGRAM_LIMIT or self.backlog_bytes > BYTE_LIMIT:
            _, _, dropped = self._waiting.popleft()
            self.backlog_bytes -= len(dropped)
            counts.dropped += 1
        if not self._working:
            self._working = True
            self._feed.pump.add(self._work)

    def _thrown_away(self, ancillary: list[tuple[int, int, bytes]]) -> None:
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == _SO_RXQ_OVFL and len(data) >= _COUNT.size:
                lost = _COUNT.unpack(data[: _COUNT.size])[0]
                self._feed.counts.dropped += (lost - self._lost) & 0xFFFFFFFF
                self._lost = lost

    # Reading

    def _work(self, until: float) -> bool:
        while perf_counter() < until:
            if self._current is None and not self._next():
                self._working = False
                return False
            if self._current is not None:
                self._read(self._current, until)
        return True

    def _next(self) -> bool:
        """Hand the oldest datagram to its sender's channel; False when none waits."""
        if not self._waiting:
            return False
        arrived_s, peer, data = self._waiting.popleft()
        self.backlog_bytes -= len(data)
        sender = self._senders.get(peer)
        if sender is None:
            sender = self._newcomer(peer, arrived_s)
        if sender.channel.reader.joins_pieces:
            arrived_s, data = self._joined(arrived_s, peer, data, sender.channel.reader.piece_bytes)
        sender.channel.take(data)
        sender.channel.end()
        self._current = (arrived_s, peer, sender)
        return True

    def _joined(self, arrived_s: float, peer: Any, data: bytes, most: int) -> tuple[float, bytes]:
        """With the datagrams of the same sender that wait right behind it, for readers to whom many cost little more."""
        parts, size = [data], len(data)
        while self._waiting and self._waiting[0][1] == peer and size + len(self._waiting[0][2]) <= most:
            arrived_s, _, more = self._waiting.popleft()
            self.backlog_bytes -= len(more)
            parts.append(more)
            size += len(more)
        return arrived_s, b"".join(parts)

    def _read(self, current: tuple[float, Any, _Sender], until: float) -> None:
        arrived_s, peer, sender = current
        try:
            unread = sender.channel.work(until, arrived_s)
        except Exception:  # a defect behind the sink must not stop the other senders: say it, forget this one
            log.exception("sender forgotten by a defect", feed=self._feed.config.name)
            self._feed.counts.trouble("a defect; see the log")
            self._current = None
            self._forget(peer)
            return
        if unread:
            return
        self._current = None
        if sender.channel.good_at_s == arrived_s and peer in self._senders:
            sender.heard_at_s = arrived_s
            self._senders.move_to_end(peer)

    def _newcomer(self, peer: Any, now: float) -> _Sender:
        channel = self._feed.line(
            f"{peer[0]}:{peer[1]}", lambda data: self._send(data, peer), lambda _why: self._forget(peer)
        )
        sender = self._senders[peer] = _Sender(channel)
        channel.good_at_s = -math.inf  # nothing good yet
        sender.heard_at_s = now
        if len(self._senders) > SENDER_LIMIT:
            self._forget(next(iter(self._senders)))
        self._senders.move_to_end(peer, last=False)
        channel.reader.opened(now)
        return sender

    def _forget(self, peer: Any) -> None:
        sender = self._senders.pop(peer, None)
        if sender is not None:
            sender.channel.reader.closed()

    def _send(self, data: bytes, peer: Any) -> None:
        try:
            self._socket.sendto(data, peer)
        except BlockingIOError:
            self._feed.counts.error("NOT_SENT", "the network takes no more")
        except OSError as error:
            self._feed.counts.error("NOT_SENT", str(error))


def _cannot_listen(host: str, port: int, error: OSError) -> CannotListenError:
    return CannotListenError(host, port, error)  # type: ignore[no-untyped-call]  # Twisted's has no hints


def _widen(made: socket.socket) -> None:
    """A long queue in the kernel, and word of what it throws away."""
    with contextlib.suppress(OSError):
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            made.setsockopt(socket.SOL_SOCKET, _SO_RXQ_OVFL, 1)


def _join(made: socket.socket, family: int, address: Any, interface: str | None) -> None:
    """Ask for the group's datagrams on one interface."""
    if family == socket.AF_INET:
        where = socket.inet_aton(address[0]) + socket.inet_aton(interface or _ANY_INTERFACE)
        made.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, where)
    else:
        where = socket.inet_pton(socket.AF_INET6, address[0].partition("%")[0]) + struct.pack(
            "@I", address[3]
        )
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, where)
