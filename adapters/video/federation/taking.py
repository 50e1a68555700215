"""Partners' streams, taken over links for people here: pulled once while anybody watches, kept from the last key frame on.

A stream of a partner is a Line like our own, so viewers, their bounded queues and the key-frame cache are the same; what
differs is where its pictures come from, and that a grant ends. Whoever watches when it does is told why.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

import structlog

from adapters.clock import Clock
from adapters.desk import Desk
from adapters.video.federation.lines import Lines
from adapters.video.line import Line
from dispatch import video_share
from dispatch.errors import Malformed
from dispatch.video_kinds import VideoAudience, VideoSource
from dispatch.video_records import VideoStream, VideoTerms
from dispatch.video_share_records import ShownVideo
from dispatch.world import World
from protocols.codec.common import to_us
from protocols.codec.link_video import VideoOver, VideoPiece, VideoTook
from protocols.codec.video_relay import relayed
from protocols.link_video import Came, VideoReceiver
from protocols.websocket_frame import binary_frame

FIRST_SLOT = 1 << 20  # beyond those of our own streams
NOT_WATCHED, LINK_DOWN, HELD, WAITING = "not_watched", "link_down", "held", "partner_silent"

log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class _Taken:
    """A partner's stream. `hop`: the partner over whose link it comes; `theirs`: its epoch there."""

    line: Line
    hop: str
    theirs: int | None = None
    pulled: bool = False


class Taking:
    """Of one site. On the reactor thread only."""

    def __init__(
        self,
        *,
        desk: Desk,
        lines: Lines,
        hop: Callable[[str], str],
        clock: Clock,
        seconds: Callable[[], float],
        over: Callable[[str, str], None],
        counted: Any,
    ) -> None:
        self._desk, self._lines, self._hop, self._clock = desk, lines, hop, clock
        self._seconds, self._over, self._counted = seconds, over, counted
        self._taken: dict[str, _Taken] = {}
        self._receivers: dict[str, VideoReceiver] = {}
        self._connections: dict[str, int] = {}
        self._told: dict[str, Counter[str]] = {}
        self._logged: set[tuple[str, str]] = set()
        self._slots = count(FIRST_SLOT)

    @property
    def all(self) -> tuple[Line, ...]:
        """Every stream that partners show."""
        return tuple(each.line for each in self._taken.values())

    def line(self, stream_id: str) -> Line | None:
        """One of them."""
        there = self._taken.get(stream_id)
        return None if there is None else there.line

    def follow(self, world: World) -> None:
        """What partners show has changed, perhaps."""
        shown = {each.id: each for each in world.shown_videos.values() if not each.gone}
        for stream_id in set(self._taken) - set(shown):
            self._end(stream_id, video_share.NO_STREAM)
            del self._taken[stream_id]
        for stream_id, each in shown.items():
            there = self._taken.get(stream_id)
            stream = _stream(each, self._clock())
            if there is None:
                line = Line(stream=stream, slot=next(self._slots), since=self._clock(), reason=NOT_WATCHED)
                self._taken[stream_id] = _Taken(line=line, hop=self._hop(each.site))
            else:
                there.line.stream = stream

    def look(self) -> bool:
        """Pull what is watched, stop what is not, end what is over; whether the state of one is another."""
        now, changed = self._clock(), False
        for stream_id, there in tuple(self._taken.items()):
            if there.line.viewers:
                code = self._why_over(stream_id, now)
                if code:
                    self._end(stream_id, code)
            if there.line.viewers:
                self._pull(stream_id, there)
            elif there.pulled:
                self._stop(stream_id, there)
            changed = there.line.look(self._seconds(), now) or changed
        self._tell_refused()
        return changed

    def watched(self, stream_id: str) -> None:
        """Somebody has begun to watch: do not wait for the next look."""
        there = self._taken.get(stream_id)
        if there is not None and not there.pulled:
            self._pull(stream_id, there)

    def why_not(self, stream_id: str) -> str:
        """A code: why nobody here may watch a partner's stream now; empty: the desk may."""
        return self._why_over(stream_id, self._clock())

    def came(self, hop: str, piece: VideoPiece) -> None:
        """A piece of a message."""
        receiver, now = self._receiver(hop), self._clock()
        came = receiver.heard(piece, now)
        self._lines.say_video(hop, VideoTook(bytes=receiver.taken))
        there = None if came is None else self._taken.get(came.stream_id)
        if came is None or there is None:
            return
        try:
            self._show(there, came, now)
        except Malformed as error:
            receiver.faulty(came.stream_id, "VIDEO_NOT_VIDEO", now)
            self._log(hop, "VIDEO_NOT_VIDEO", str(error))

    def over(self, hop: str, said: VideoOver) -> None:
        """The partner gives no more of a feed."""
        stream_id = self._receiver(hop).over(said.feed, self._clock())
        there = self._taken.get(stream_id)
        if there is not None and there.hop == hop:
            there.pulled = False
            self._end(stream_id, said.code)

    def _show(self, there: _Taken, came: Came, now: datetime) -> None:
        line = there.line

        def epoch_of(theirs: int) -> int:
            return line.epoch + (theirs != there.theirs)

        made = relayed(
            came.message,
            slot=line.slot,
            epoch_of=epoch_of,
            ahead_us=self._lines.skew_us(there.hop),
            now_us=to_us(now),
        )
        if not made.picture:
            if made.epoch == there.theirs:
                line.beside(binary_frame(made.message))
            return
        if made.epoch != there.theirs:
            if not made.key:
                raise Malformed("video.picture.epoch", "begins without a key frame")
            there.theirs = made.epoch
            line.epoch += 1
        if made.format is not None:
            line.format = made.format
        line.picture(binary_frame(made.message), key=made.key, epoch=line.epoch, now_s=self._seconds())

    def _pull(self, stream_id: str, there: _Taken) -> None:
        receiver = self._receiver(there.hop)
        pull = receiver.pull(stream_id, self._clock())
        if pull is None:
            there.line.reason, there.pulled = HELD, False
        elif self._lines.say_video(there.hop, pull):
            there.line.reason, there.pulled = WAITING, True
        else:
            there.line.reason = LINK_DOWN

    def _stop(self, stream_id: str, there: _Taken) -> None:
        there.pulled, there.theirs = False, None
        there.line.gop.clear()
        there.line.reason = NOT_WATCHED
        stop = self._receiver(there.hop).stop(stream_id, self._clock())
        if stop is not None:
            self._lines.say_video(there.hop, stop)

    def _end(self, stream_id: str, code: str) -> None:
        """Nobody watches it any more, and is told why."""
        there = self._taken[stream_id]
        if there.pulled:
            self._stop(stream_id, there)
        there.line.gop.clear()
        self._over(stream_id, code)

    def _why_over(self, stream_id: str, now: datetime) -> str:
        world = self._desk.world
        held = video_share.held(world, stream_id, world.site, now)
        return "" if held is not None else video_share.why_not(world, stream_id, world.site, now)

    def _receiver(self, hop: str) -> VideoReceiver:
        receiver = self._receivers.setdefault(hop, VideoReceiver())
        connection = self._lines.connection(hop)
        if self._connections.get(hop) != connection:
            self._connections[hop] = connection
            receiver.begin()
            for there in self._taken.values():
                if there.hop == hop:
                    there.pulled, there.theirs = False, None
        return receiver

    def _tell_refused(self) -> None:
        for hop, receiver in self._receivers.items():
            told = self._told.setdefault(hop, Counter())
            for code, total in receiver.refused.items():
                if total > told[code]:
                    self._lines.count_refused(hop, code, total - told[code])
                    self._counted.labels(hop, code.lower()).inc(total - told[code])
                    self._log(hop, code, "")
                    told[code] = total

    def _log(self, hop: str, code: str, why: str) -> None:
        if (hop, code) not in self._logged:  # few partners, a handful of codes
            self._logged.add((hop, code))
            log.warning("video of a partner refused", partner=hop, code=code, why=why)


def _stream(shown: ShownVideo, now: datetime) -> VideoStream:
    """A partner's stream as a Line has it; only the desk watches, and always under a mark."""
    terms = VideoTerms(
        name=shown.name,
        source=VideoSource.TS_TCP,  # is not said, and of no use here
        address="",
        carrier=shown.carrier,
        audience=VideoAudience.DESK,
        watermark=True,
    )
    return VideoStream(id=shown.id, site=shown.site, terms=terms, saved_at=now, saved_by=shown.site)
