"""MPEG-TS from who sends it to us: datagrams at a port, or a connection to it. Blocking, in the stream's thread.

One sender at a time. Over UDP it is the first, until it has been silent for a while: two that mix make no picture.
Over TCP it is the newest: a camera that lost its line comes again while the old connection still seems open.
"""

import select
import socket
import struct
import time
from collections import Counter

from adapters.video.intake import Intake
from adapters.video.listening import DATAGRAM_BYTES, POLL_S, READ_BYTES, listen_at, read_some
from protocols.video_ts import TsVideo

COUNT_EVERY_S = 0.5
SENDER_KEPT_S = 2.0  # a silent sender's place is free after this
IDLE_S = 30.0  # a connection that says nothing is closed


def listen(intake: Intake, kind: socket.SocketKind) -> socket.socket:
    """At the stream's port. Raises SourceFailed."""
    return listen_at(intake.order.group or intake.order.host, intake.order.port, kind)


class Feeding:
    """What connections bring, on to the stream."""

    def __init__(self, intake: Intake) -> None:
        self.source = TsVideo(first_epoch=intake.epoch + (intake.counts["units"] > 0))
        self.more: Counter[str] = Counter()
        self._intake = intake
        self._count_at_s = 0.0

    def feed(self, data: bytes, now_s: float) -> None:
        """More of a transport stream; `now_s` by the monotonic clock."""
        self.more["bytes"] += len(data)
        self._intake.arrived(self.source.feed(data))
        if now_s >= self._count_at_s:  # told once a second; to add up costs as much as to take apart
            self._count_at_s = now_s + COUNT_EVERY_S
            self.count()

    def again(self) -> None:
        """Another sender."""
        self._intake.arrived(self.source.reconnected())
        self.more["reconnected"] += 1
        self.count()

    def count(self) -> None:
        """Tell how it does."""
        intake, source = self._intake, self.source
        units = intake.counts["units"], intake.counts["klv"]
        intake.counts = source.counts + self.more
        intake.counts["units"], intake.counts["klv"] = units
        if source.units is None:
            intake.reason = "no_video" if intake.counts["bytes"] else "no_sender"
        else:
            intake.reason = "no_key_frame" if not intake.counts["units"] else "silent"


def take_udp(intake: Intake) -> None:
    """Until the stream is stopped. Raises SourceFailed."""
    with listen(intake, socket.SOCK_DGRAM) as listening:
        listening.settimeout(None)  # the system waits, not Python: half the calls
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("@ll", 0, int(POLL_S * 1e6)))
        if intake.order.group:
            joined = struct.pack(
                "=4s4s", socket.inet_aton(intake.order.group), socket.inet_aton(intake.order.host)
            )
            listening.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, joined)
        feeding, sender, heard_at = Feeding(intake), None, 0.0
        while not intake.stopping:
            intake.alive()
            try:
                data, came_from = listening.recvfrom(DATAGRAM_BYTES)
            except BlockingIOError:  # nothing for so long
                feeding.count()
                continue
            now = time.monotonic()
            if came_from != sender:
                if sender is not None and now - heard_at < SENDER_KEPT_S:
                    feeding.more["other_sender"] += 1
                    continue
                if sender is not None:
                    feeding.again()
                sender = came_from
            heard_at = now
            feeding.feed(data, now)
            feeding.source.cut()


def take_tcp(intake: Intake) -> None:
    """Until the stream is stopped. Raises SourceFailed."""
    with listen(intake, socket.SOCK_STREAM) as listening:
        listening.listen(4)
        feeding, sending, heard_at = Feeding(intake), None, 0.0
        try:
            while not intake.stopping:
                intake.alive()
                waiting = [listening, sending] if sending is not None else [listening]
                ready, _, _ = select.select(waiting, [], [], POLL_S)
                now = time.monotonic()
                if listening in ready:
                    newest, _ = listening.accept()
                    newest.settimeout(POLL_S)
                    if sending is not None:
                        sending.close()
                        feeding.more["replaced"] += 1
                        feeding.again()
                    sending, heard_at = newest, now
                elif sending is not None and (sending in ready or now - heard_at > IDLE_S):
                    data = read_some(sending, READ_BYTES) if sending in ready else b""
                    if data:
                        heard_at = now
                        feeding.feed(data, now)
                    else:
                        sending.close()
                        sending = None
                        feeding.again()
        finally:
            if sending is not None:
                sending.close()
