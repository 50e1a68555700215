"""PS over RTP from a device: datagrams at our port, or a TCP connection to it or from us. In the stream's thread.

Only the device's own address is listened to, and of what it sends only the SSRC that was agreed.
"""

import select
import socket
import time
from collections import Counter

from adapters.video.intake import Intake, SourceFailed
from adapters.video.listening import BUFFER_BYTES, DATAGRAM_BYTES, POLL_S, READ_BYTES, listen_at, read_some
from protocols.gb28181.rtp import RtpStream
from protocols.gb28181.sdp import Setup
from protocols.gb28181.video import GbVideo

CONNECT_S = 5.0


class _Feeding:
    """What comes, on to the stream."""

    def __init__(self, intake: Intake) -> None:
        self.more: Counter[str] = Counter()
        self._intake = intake
        self._video = GbVideo(intake.order.ssrc, first_epoch=intake.epoch + (intake.counts["units"] > 0))
        self._stream = RtpStream()

    def packet(self, data: bytes) -> None:
        self.more["bytes"] += len(data)
        made = self._video.feed(data, time.monotonic())
        if made:
            self._intake.arrived(made)
        self._count()

    def stream(self, data: bytes) -> None:
        for packet in self._stream.feed(data):
            self.packet(packet)

    def again(self) -> None:
        """Another connection."""
        self._intake.arrived(self._video.reconnected())
        self._stream = RtpStream()
        self.more["reconnected"] += 1

    def _count(self) -> None:
        intake, units = self._intake, self._intake.counts["units"]
        counts = self._video.counts + self.more
        counts["units"] = units
        intake.counts = counts
        if self._video.units is None:
            intake.reason = "no_video"
        else:
            intake.reason = "no_key_frame" if not units else "silent"


def take_gb28181(intake: Intake) -> None:
    """Until the stream is stopped. Raises SourceFailed."""
    order = intake.order
    if order.setup is Setup.UDP:
        _datagrams(intake)
    elif order.setup is Setup.TCP_PASSIVE:
        _waited_for(intake)
    else:
        try:
            with socket.create_connection((order.peer, order.peer_port), timeout=CONNECT_S) as connection:
                _connection(intake, connection, _Feeding(intake))
        except TimeoutError:
            raise SourceFailed("timed_out") from None
        except ConnectionRefusedError:
            raise SourceFailed("refused") from None
        raise SourceFailed("ended")


def _datagrams(intake: Intake) -> None:
    with listen_at(intake.order.host, intake.order.port, socket.SOCK_DGRAM) as listening:
        intake.listening = True
        feeding = _Feeding(intake)
        while not intake.stopping:
            intake.alive()
            try:
                data, came_from = listening.recvfrom(DATAGRAM_BYTES)
            except TimeoutError:
                continue
            if came_from[0] != intake.order.peer:
                feeding.more["other_sender"] += 1
                continue
            feeding.packet(data)


def _waited_for(intake: Intake) -> None:
    with listen_at(intake.order.host, intake.order.port, socket.SOCK_STREAM) as listening:
        listening.listen(2)
        intake.listening = True
        feeding = _Feeding(intake)
        while not intake.stopping:
            intake.alive()
            if not select.select([listening], [], [], POLL_S)[0]:
                continue
            connection, came_from = listening.accept()
            with connection:
                if came_from[0] != intake.order.peer:
                    feeding.more["other_sender"] += 1
                    continue
                _connection(intake, connection, feeding)
            feeding.again()


def _connection(intake: Intake, connection: socket.socket, feeding: _Feeding) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
    quiet_s = time.monotonic()
    while not intake.stopping:
        intake.alive()
        if not select.select([connection], [], [], POLL_S)[0]:
            if time.monotonic() - quiet_s > _IDLE_S:
                return
            continue
        data = read_some(connection, READ_BYTES)
        if not data:
            return
        quiet_s = time.monotonic()
        feeding.stream(data)


_IDLE_S = 30.0  # a connection that says nothing is closed
