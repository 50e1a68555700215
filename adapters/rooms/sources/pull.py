"""One source on its way to one puller: a viewer of its line like any other, whose frames leave as RTP.

The pull is in the journal before it becomes a viewer. Its queue drops to the next key frame while the puller does not
read; after STALLED_S of that the connection is closed. Nobody else waits for it.
"""

import secrets
from collections.abc import Callable
from typing import Any

from adapters.rooms.sources.packets import Packets
from adapters.video.line import Line
from protocols import rtcp
from protocols.codec import video as codec
from protocols.codec.video_relay import is_picture
from protocols.rtp_video import RtpStream, codec_of
from protocols.video_gop import ViewerQueue
from protocols.websocket_frame import message_of

STALLED_S = 10.0
REPORT_EVERY_S = 5.0  # RFC 3550 section 6.2


class Pull:
    """`over(code)` is told once, when it cannot go on. Reactor thread."""

    def __init__(
        self,
        *,
        line: Line,
        key_unit_codec: str,
        over: Callable[[str], None],
        reactor: Any,
        name: str,
        now_us: Callable[[], int],
    ) -> None:
        self.line = line
        self.queue = ViewerQueue(self._send)
        self.sent = self.left_out = 0
        self.rtp = RtpStream(
            codec_of(key_unit_codec),
            ssrc=secrets.randbits(32),
            first_seq=secrets.randbits(15),  # far from its end, RFC 3550 section 5.1
            first_time=secrets.randbits(32),
        )
        self._name, self._now_us, self._reactor, self._over = name, now_us, reactor, over
        self._packets: Packets | None = None
        self._stalled: Any = None
        self._reports: Any = None
        self._last_us = 0

    @property
    def playing(self) -> bool:
        """Whether pictures go out."""
        return self._packets is not None

    def play(self, packets: Packets) -> None:
        """From the last key frame on, once whoever holds it makes it a viewer of its line."""
        self._packets = packets
        self._reports = self._reactor.callLater(0, self._report)

    def full(self) -> None:
        """The way out takes no more."""
        if not self.queue.blocked:
            self.queue.block()
            self._stalled = self._reactor.callLater(STALLED_S, self._over, "STALLED")

    def free(self) -> None:
        """It takes some again."""
        if self._stalled is not None and self._stalled.active():
            self._stalled.cancel()
        if self.queue.blocked:
            self.queue.unblock()

    def stop(self) -> None:
        """No more goes out; the other side is told."""
        self.sent, self.left_out = self.queue.counts(self.line.slot)
        for timer in (self._stalled, self._reports):
            if timer is not None and timer.active():
                timer.cancel()
        if self._packets is not None:
            if not self.queue.blocked:
                self._packets.report(rtcp.bye(self.rtp.ssrc))
            self._packets.stop()
            self._packets = None
        self.queue.drop()

    def _send(self, frame: bytes) -> None:
        if self._packets is None or not is_picture(frame):
            return
        picture = codec.read_picture(message_of(frame))
        if picture.key and codec_of(picture.codec) is not self.rtp.codec:
            self._reactor.callLater(0, self._over, "FORMAT")  # it must be described anew
            return
        self._last_us = self._now_us()
        self._packets.media(self.rtp.packed(picture.data, pts_us=picture.pts_us, epoch=picture.epoch))

    def _report(self) -> None:
        self._reports = self._reactor.callLater(REPORT_EVERY_S, self._report)
        if self._packets is not None and self._last_us and not self.queue.blocked:
            self._packets.report(
                rtcp.sender_report(
                    ssrc=self.rtp.ssrc,
                    at_us=self._last_us,
                    rtp_time=self.rtp.time,
                    packets=self.rtp.packets,
                    payload_bytes=self.rtp.payload_bytes,
                    name=self._name,
                )
            )
