"""One stream to one receiver of an upper platform: pictures into PS, PS into RTP, over UDP or TCP.

A viewer of its line like any other. What the receiver does not take is left out up to the next key frame; what waits is made
into packets a few at a turn, so that neither a big key frame nor all since the last one keep anybody waiting.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import DatagramProtocol, Protocol

from protocols.codec import video as codec
from protocols.codec.video_relay import is_picture
from protocols.gb28181.rtp import RtpWriter, framed
from protocols.gb28181.sdp import PS
from protocols.mpegps_write import pack
from protocols.mpegts_tables import StreamKind
from protocols.video_gop import ViewerQueue
from protocols.websocket_frame import message_of

MOST_WAITING_BYTES = 4 << 20  # full: all of it is left out up to the next key frame, counted
PACKETS_AT_ONCE = 32  # 45 kB a turn
TURN_S = 0.001
_90K = 9 / 100  # of a microsecond


class Outgoing:
    """`write` puts a packet out; whether more may follow at once."""

    def write(self, packet: bytes) -> bool:
        """One packet."""
        raise NotImplementedError

    def close(self) -> None:
        """No more."""
        raise NotImplementedError


class PsSender(ViewerQueue):
    """What a stream's line puts its frames into."""

    def __init__(self, out: Outgoing, ssrc: int, reactor: Any, *, ready: bool = True) -> None:
        """`ready`: it takes already; else it says so with `more`."""
        super().__init__(lambda _: None)
        self._ready = ready
        self.sent = self.left_out = 0
        self.out, self._reactor = out, reactor
        self._writer = RtpWriter(ssrc, PS)
        self._frames: deque[tuple[bytes, bool]] = deque()  # that wait, and whether they are key frames
        self._packets: Iterator[bytes] = iter(())  # of the one that is being sent
        self._bytes = 0
        self._needs_key = True
        self._kind = StreamKind.H264
        self._turn: IDelayedCall | None = None
        self._closed = False

    @property
    def waits(self) -> bool:
        """Whether something has still to go out."""
        return bool(self._frames) or self._turn is not None

    def watch(self, slot: int, gop: Sequence[bytes]) -> None:
        """From the last key frame on."""
        for number, frame in enumerate(gop):
            self.unit(slot, frame, key=number == 0)

    def unwatch(self, slot: int) -> None:  # noqa: ARG002 (a viewer's interface)
        """What waits is of no use."""
        self._drop()

    def broken(self, slot: int) -> None:  # noqa: ARG002 (a viewer's interface)
        """The stream begins anew."""
        self._needs_key = True

    def unit(self, slot: int, frame: bytes, *, key: bool) -> bool:  # noqa: ARG002 (a viewer's interface)
        """One frame as viewers are sent it."""
        if self._closed or not is_picture(frame) or (self._needs_key and not key):
            return False
        if self._bytes + len(frame) > MOST_WAITING_BYTES:
            self.left_out += len(self._frames) + 1
            self._drop()
            self._needs_key = True
            return False
        self._needs_key = False
        self._frames.append((frame, key))
        self._bytes += len(frame)
        if self._turn is None and self._ready:
            self._turn = self._reactor.callLater(0, self._some)
        return True

    def more(self) -> None:
        """The receiver takes, again."""
        self._ready = True
        if self._turn is None and not self._closed:
            self._turn = self._reactor.callLater(0, self._some)

    def _some(self) -> None:
        self._turn = None
        for _ in range(PACKETS_AT_ONCE):
            packet = next(self._packets, None)
            while packet is None and self._frames:
                self._packets = self._next()
                packet = next(self._packets, None)
            if packet is None:
                return
            if not self.out.write(packet):
                self._ready = False  # more() goes on
                return
            if self._closed:  # nobody listens there
                return
        self._turn = self._reactor.callLater(TURN_S, self._some)

    def _next(self) -> Iterator[bytes]:
        """The packets of the frame that waits longest."""
        frame, key = self._frames.popleft()
        self._bytes -= len(frame)
        told = message_of(frame)
        if key:
            name = codec.read_format(told)[0]
            self._kind = StreamKind.H265 if name.startswith(("hev1", "hvc1")) else StreamKind.H264
        picture = codec.read_picture(told)
        pts, dts = round(picture.pts_us * _90K), round(picture.dts_us * _90K)
        self.sent += 1
        return self._writer.packets(pack(self._kind, picture.data, pts=pts, dts=dts, key=key), pts)

    def _drop(self) -> None:
        self._frames.clear()
        self._bytes = 0

    def close(self) -> None:
        """No more."""
        self._closed = True
        self._drop()
        if self._turn is not None and self._turn.active():
            self._turn.cancel()
        self.out.close()


class Datagrams(DatagramProtocol, Outgoing):
    """Over UDP, to one receiver. `refused`: nobody listens there."""

    def __init__(self, host: str, port: int, refused: Callable[[], None]) -> None:
        self._to, self._refused = (host, port), refused

    def startProtocol(self) -> None:  # noqa: N802  # Twisted's name
        """Bound."""
        if self.transport is not None:
            self.transport.connect(*self._to)

    def connectionRefused(self) -> None:  # noqa: N802  # Twisted's name
        """The receiver's port is closed."""
        self._refused()

    def write(self, packet: bytes) -> bool:
        """One packet; what the kernel does not take is lost, as on the way."""
        if self.transport is not None:
            with suppress(OSError):
                self.transport.write(packet)  # type: ignore[call-arg]  # connected: it has one receiver
        return True

    def close(self) -> None:
        """No more."""
        if self.transport is not None:
            self.transport.stopListening()


class Connection(Protocol, Outgoing):
    """Over TCP, whoever connected. Backpressure is Twisted's: `resumed` when it may go on."""

    def __init__(self, lost: Callable[[], None]) -> None:
        self.sender: PsSender | None = None
        self._lost, self._paused = lost, True

    def connectionMade(self) -> None:  # noqa: N802  # Twisted's name
        """Open."""
        self.transport.registerProducer(self, True)  # type: ignore[union-attr]  # there is one by now
        self.resumeProducing()

    def pauseProducing(self) -> None:  # noqa: N802  # Twisted's name
        """It takes no more."""
        self._paused = True

    def resumeProducing(self) -> None:  # noqa: N802  # Twisted's name
        """It takes again."""
        self._paused = False
        if self.sender is not None:
            self.sender.more()

    def stopProducing(self) -> None:  # noqa: N802  # Twisted's name
        """It is going."""
        self._paused = True

    def write(self, packet: bytes) -> bool:
        """One packet with its length before it."""
        if self.transport is not None and not self._paused:
            self.transport.write(framed(packet))
        return not self._paused

    def connectionLost(self, reason: Any = None) -> None:  # noqa: N802, ARG002  # Twisted's name
        """Gone."""
        self._lost()

    def close(self) -> None:
        """No more."""
        if self.transport is not None:
            self.transport.abortConnection()  # type: ignore[attr-defined]  # of every TCP transport
