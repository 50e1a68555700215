"""RTMP that is pushed to a port of ours, by whoever says the stream's key. Blocking, in the stream's thread.

One sender at a time, and the newest: an encoder that lost its line comes again while the old connection still seems open.
Only one that has said the key takes the place of another.
"""

import os
import select
import socket
import time
from collections import Counter

from adapters.video.intake import Intake, SourceFailed
from adapters.video.listening import POLL_S, READ_BYTES
from adapters.video.ts_input import IDLE_S, listen
from protocols.flv_video import FlvVideo
from protocols.rtmp import RtmpError, RtmpPush
from protocols.video_units import VideoUnits

WAIT_S = 10.0  # for the key
MOST_WAITING = 8  # connections that have not said it; one more: the oldest goes
LEAST_KEY = 8  # characters


class _Sender:
    """A connection."""

    def __init__(self, intake: Intake, made: socket.socket) -> None:
        made.setblocking(False)
        self.socket = made
        self.heard_at = self.began_at = time.monotonic()
        self.push = RtmpPush(
            application=intake.order.user, key=intake.order.password, nonce=os.urandom(16), send=self._send
        )

    def _send(self, data: bytes) -> None:
        # answers are a few KiB; a sender that leaves them in our buffer is none
        if self.socket.send(data) < len(data):
            raise RtmpError("not_rtmp")


class _Senders:
    """All connections of a stream."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._waiting: list[_Sender] = []
        self._sending: _Sender | None = None
        self._film = self._new_film()
        self._units: VideoUnits | None = None
        self._before: Counter[str] = Counter()
        self._more: Counter[str] = Counter()

    def sockets(self) -> list[socket.socket]:
        return [each.socket for each in self._all()]

    def add(self, made: socket.socket) -> None:
        if len(self._waiting) >= MOST_WAITING:
            self._drop(self._waiting[0], "too_many")
        self._waiting.append(_Sender(self._intake, made))

    def ready(self, ready: list[socket.socket]) -> None:
        now = time.monotonic()
        for each in self._all():
            if each.socket in ready:
                self._read(each, now)
            elif now - each.heard_at > IDLE_S or (each in self._waiting and now - each.began_at > WAIT_S):
                self._drop(each, "silent_sender")

    def close(self) -> None:
        for each in self._all():
            each.socket.close()

    def _all(self) -> list[_Sender]:
        return [*self._waiting, *([self._sending] if self._sending is not None else [])]

    def _read(self, sender: _Sender, now: float) -> None:
        try:
            data = sender.socket.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(sender, "")
            return
        sender.heard_at = now
        self._more["bytes"] += len(data) if sender is self._sending else 0
        try:
            messages = sender.push.feed(data)
            if sender.push.published and sender is not self._sending:
                self._begin(sender)
            for message in messages:
                self._tag(message.data, message.time_ms)
        except (RtmpError, OSError) as error:
            self._drop(sender, error.code if isinstance(error, RtmpError) else "")
            return
        finally:
            self._count()
        if sender.push.ended:
            self._drop(sender, "")

    def _tag(self, data: bytes, time_ms: int) -> None:
        try:
            unit = self._film.take(data, time_ms)
        except ValueError:
            self._more["bad_tags"] += 1
            if self._units is not None:
                self._units.lost()
            return
        if unit is not None:
            self._intake.arrived([unit])

    def _begin(self, sender: _Sender) -> None:
        self._waiting.remove(sender)
        if self._sending is not None:
            self._more["replaced"] += 1
            self._sending.socket.close()
        if self._more["bytes"]:
            self._more["reconnected"] += 1
        self._sending = sender
        self._film = self._new_film()

    def _new_film(self) -> FlvVideo:
        intake = self._intake
        return FlvVideo(first_epoch=intake.epoch + (intake.counts["units"] > 0), begun=self._units_begin)

    def _units_begin(self, units: VideoUnits) -> None:
        if self._units is not None:
            self._before.update({str(name): count for name, count in self._units.counts.items()})
        self._units = units

    def _drop(self, sender: _Sender, why: str) -> None:
        sender.socket.close()
        if sender in self._waiting:
            self._waiting.remove(sender)
        else:
            self._sending = None
        if why:
            self._more[why] += 1
        if why == "wrong_key" and self._sending is None:
            self._intake.reason = why
        self._count()

    def _count(self) -> None:
        intake, now = self._intake, Counter[str]()
        if self._units is not None:
            now.update({str(name): count for name, count in self._units.counts.items()})
        units = intake.counts["units"]
        intake.counts = now + self._before + self._more
        intake.counts["units"] = units
        if self._sending is not None:
            intake.reason = "silent" if units else "no_key_frame" if self._units is not None else "no_video"


def take_rtmp(intake: Intake) -> None:
    """Until the stream is stopped. Raises SourceFailed."""
    if not intake.order.user or len(intake.order.password) < LEAST_KEY:
        raise SourceFailed("no_login")
    intake.reason = "no_sender"
    with listen(intake, socket.SOCK_STREAM) as listening:
        listening.listen(4)
        senders = _Senders(intake)
        try:
            while not intake.stopping:
                intake.alive()
                ready, _, _ = select.select([listening, *senders.sockets()], [], [], POLL_S)
                if listening in ready:
                    made, _ = listening.accept()
                    senders.add(made)
                senders.ready(ready)
        finally:
            senders.close()
