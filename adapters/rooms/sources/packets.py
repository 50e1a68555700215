"""How packets reach a puller: on its RTSP connection, or as datagrams. Each is bounded, and says when it is full.

A queue (protocols/video_gop.py) stands before both: while they are full it drops the stream to its next key frame.
"""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from protocols.rtsp import interleaved
from protocols.rtsp_transport import AsDatagrams, OnConnection

AT_ONCE = 32  # datagrams, some 45 kB: less than the receive buffer that most systems give a socket
EVERY_S = 0.005  # so at most some 70 Mbit/s to one puller


class Packets(Protocol):
    """The way to one puller."""

    def media(self, packets: Iterable[bytes]) -> None:
        """Pictures."""

    def report(self, packet: bytes) -> None:
        """RTCP."""

    def stop(self) -> None:
        """Nothing more goes out."""


class Interleaving:
    """On the connection: its transport tells the connection when it is full."""

    def __init__(self, way: OnConnection, write: Callable[[bytes], None]) -> None:
        self._way, self._write = way, write

    def media(self, packets: Iterable[bytes]) -> None:
        """All packets of a picture in one write."""
        self._write(b"".join(interleaved(self._way.media, each) for each in packets))

    def report(self, packet: bytes) -> None:
        """RTCP."""
        self._write(interleaved(self._way.reports, packet))

    def stop(self) -> None:
        """The connection goes by itself."""


class Datagrams:
    """To two ports of the puller's machine, evenly spread: a key frame at once would overflow its socket.

    Holds the packets of one picture; `full`, `free` are told to the queue before it.
    """

    def __init__(
        self,
        way: AsDatagrams,
        host: str,
        *,
        media: Any,
        reports: Any,
        full: Callable[[], None],
        free: Callable[[], None],
        reactor: Any,
    ) -> None:
        self._to_media, self._to_reports = (host, way.media), (host, way.reports)
        self._media, self._reports = media, reports
        self._full, self._free, self._reactor = full, free, reactor
        self._waiting: deque[bytes] = deque()
        self._next: Any = None

    def media(self, packets: Iterable[bytes]) -> None:
        """Some at once, the rest soon."""
        self._waiting.extend(packets)
        if self._next is None:
            self._go_on()

    def _go_on(self) -> None:
        self._next = None
        for _ in range(min(AT_ONCE, len(self._waiting))):
            self._media.write(self._waiting.popleft(), self._to_media)
        if self._waiting:
            self._full()
            self._next = self._reactor.callLater(EVERY_S, self._go_on)
        else:
            self._free()

    def report(self, packet: bytes) -> None:
        """RTCP."""
        self._reports.write(packet, self._to_reports)

    def stop(self) -> None:
        """What waits is left out."""
        self._waiting.clear()
        if self._next is not None:
            self._next.cancel()
            self._next = None
