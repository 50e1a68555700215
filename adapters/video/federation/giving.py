"""Our streams, given to partners that pull them under a grant: each stream once over each link, however many watch there.

A pull is answered with pictures only while the grant holds, the consent lets video leave, and the partner's journal has
told ours that somebody watches: written down before the first picture, here as well. All of it is looked at again twice
a second and with every fact. A partner that does not repeat its pull within PULL_WITHIN is fed no more.

A partner's stream is given to a third site only if its owner's grant to us says so (NO_RESHARE).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from adapters.clock import Clock
from adapters.desk import Desk
from adapters.video.federation.lines import Lines
from adapters.video.line import Line, Watching
from dispatch import video_share
from protocols.codec.link_video import VideoOver, VideoPull, VideoTook
from protocols.codec.video_relay import is_look, is_picture
from protocols.link_video import MOST_FEEDS, VideoSender
from protocols.video_gop import ViewerQueue
from protocols.websocket_frame import message_of

PULL_WITHIN = timedelta(seconds=5)
NOBODY_WATCHES = "NOT_VIEWED"  # as far as our journal knows: the row may be under way still


class _FeedQueue(ViewerQueue):
    """What a stream puts its frames into: on into the partner's sender."""

    def __init__(self, put: Callable[[bytes, bool], None], broken: Callable[[], None]) -> None:
        super().__init__(lambda _: None)
        self._put, self._broken = put, broken

    def watch(self, slot: int, gop: Sequence[bytes]) -> None:
        """From the last key frame on."""
        for number, frame in enumerate(gop):
            self.unit(slot, frame, key=number == 0)

    def unwatch(self, slot: int) -> None:
        """What waits is the sender's to forget."""

    def unit(self, slot: int, frame: bytes, *, key: bool) -> bool:  # noqa: ARG002 (a viewer's interface)
        """One frame as viewers here are sent it."""
        self._put(frame, key)
        return True

    def broken(self, slot: int) -> None:  # noqa: ARG002 (a viewer's interface)
        """The stream begins anew."""
        self._broken()


@dataclass(eq=False, slots=True, kw_only=True)
class _Feed:
    """One stream to one partner; a viewer of its line."""

    stream_id: str
    queue: ViewerQueue
    line: Line
    pulled_at: datetime
    looks: bool


@dataclass(slots=True, kw_only=True)
class _Partner:
    connection: int = 0
    lost: bool = False  # what was said on it last did not go out
    sender: VideoSender = field(default_factory=VideoSender)
    feeds: dict[int, _Feed] = field(default_factory=dict)
    waiting: dict[int, str] = field(default_factory=dict)  # feeds whose viewing is not in our journal yet


class Giving:
    """Of one site. On the reactor thread only."""

    def __init__(
        self,
        *,
        desk: Desk,
        lines: Lines,
        line_of: Callable[[str], Line | None],
        watch: Callable[[Watching, Line], None],
        unwatch: Callable[[Watching, Line], None],
        clock: Clock,
        counted: Any,
    ) -> None:
        self._desk, self._lines, self._clock = desk, lines, clock
        self._line_of, self._watch, self._unwatch = line_of, watch, unwatch
        self._counted = counted
        self._partners: dict[str, _Partner] = {}

    def pulled(self, site: str, pull: VideoPull) -> None:
        """A partner wants a stream, still wants it, or wants it no more."""
        there, now = self._partner(site), self._clock()
        feed = there.feeds.get(pull.feed)
        if pull.stop:
            there.waiting.pop(pull.feed, None)
            self._close(site, pull.feed)
        elif feed is not None and feed.stream_id == pull.stream_id:
            feed.pulled_at = now
        elif feed is not None or len(there.feeds) + len(there.waiting) >= MOST_FEEDS:
            if pull.feed not in there.waiting:
                self._say_over(site, pull.feed, "TOO_MANY")
        else:
            self._open(site, pull.feed, pull.stream_id)

    def took(self, site: str, took: VideoTook) -> None:
        """A partner has taken pieces: there may be room for more."""
        there = self._partner(site)
        there.sender.took(took.bytes, self._clock())
        self.flush(site)

    def flush(self, site: str) -> None:
        """Send what may be sent."""
        self._send(site, self._partner(site))

    def _send(self, site: str, there: _Partner) -> None:
        """Closes no feed: a line is giving its pictures to each of its viewers while it calls this."""
        gone = there.lost or self._lines.connection(site) != there.connection
        if gone or not there.feeds or self._lines.full(site):
            return
        for piece in there.sender.pieces(self._clock()):
            if not self._lines.say_video(site, piece):
                there.lost = True  # the link is going: it is pulled anew over the next one
                return
            if self._lines.full(site):
                return

    def look(self) -> None:
        """Everything again: grants, consents, streams, and whether it is still pulled."""
        now = self._clock()
        for site in tuple(self._partners):
            there = self._partner(site)
            for number, feed in tuple(there.feeds.items()):
                if now - feed.pulled_at > PULL_WITHIN:
                    self._close(site, number)
                    continue
                code = self._why_not(site, feed.stream_id, now)
                if not code and self._line_of(feed.stream_id) is not feed.line:
                    code = video_share.NO_STREAM
                if code:
                    self._close(site, number)
                    self._say_over(site, number, code)
                else:
                    feed.looks = self._looks(site, feed.stream_id, now)
            waiting, there.waiting = there.waiting, {}
            for number, stream_id in waiting.items():
                self._open(site, number, stream_id)
            self.flush(site)

    def stop(self) -> None:
        """Nobody is fed any more."""
        for site, there in self._partners.items():
            self._forget(site, there)

    def _partner(self, site: str) -> _Partner:
        there = self._partners.setdefault(site, _Partner())
        connection = self._lines.connection(site)
        if connection != there.connection or there.lost:
            self._forget(site, there)
            there.connection, there.lost = connection, False
        return there

    def _forget(self, site: str, there: _Partner) -> None:
        there.waiting.clear()
        for number in tuple(there.feeds):
            self._close(site, number)
        there.sender.begin()

    def _open(self, site: str, number: int, stream_id: str) -> None:
        there, now = self._partner(site), self._clock()
        code = self._why_not(site, stream_id, now)
        if code == NOBODY_WATCHES:
            there.waiting[number] = stream_id
            return
        line = self._line_of(stream_id)
        if code or line is None:
            self._say_over(site, number, code or video_share.NO_STREAM)
            return
        there.sender.open(number)
        feed = there.feeds[number] = _Feed(
            stream_id=stream_id,
            queue=_FeedQueue(
                lambda frame, key: self._put(site, number, frame, key=key),
                lambda: there.sender.broken(number),
            ),
            line=line,
            pulled_at=now,
            looks=self._looks(site, stream_id, now),
        )
        self._watch(feed, line)

    def _put(self, site: str, number: int, frame: bytes, *, key: bool) -> None:
        there = self._partners[site]
        feed = there.feeds.get(number)
        if feed is None or not (is_picture(frame) or (feed.looks and is_look(frame))):
            return  # raw KLV holds more than where it looks, and nobody there reads it
        there.sender.put(number, message_of(frame), key=key, now=self._clock())
        self._send(site, there)

    def _close(self, site: str, number: int) -> None:
        there = self._partners[site]
        feed = there.feeds.pop(number, None)
        if feed is None:
            return
        self._unwatch(feed, feed.line)
        sent, left_out = there.sender.close(number)
        self._counted.labels(site, "messages_sent").inc(sent)
        self._counted.labels(site, "messages_left_out").inc(left_out)

    def _say_over(self, site: str, number: int, code: str) -> None:
        self._counted.labels(site, f"refused_{code.lower()}").inc()
        self._lines.say_video(site, VideoOver(feed=number, code=code))

    def _why_not(self, site: str, stream_id: str, now: datetime) -> str:
        """A code: why a partner is given no pictures of a stream; empty: it is."""
        world = self._desk.world
        if stream_id not in world.video_streams and not stream_id.startswith(f"{world.site}-VID-"):
            ours = video_share.held(world, stream_id, world.site, now)
            return "" if ours is not None and ours.reshare else video_share.NO_RESHARE
        grant = video_share.held(world, stream_id, site, now)
        if grant is None:
            known = stream_id in world.video_streams
            return video_share.why_not(world, stream_id, site, now) if known else video_share.NO_STREAM
        code = video_share.barred(world, stream_id, site, now)
        if code:
            return code
        seen = any(
            each.stream_id == stream_id and (each.site == site or grant.reshare)
            for each in world.video_viewings.values()
        )
        return "" if seen else NOBODY_WATCHES

    def _looks(self, site: str, stream_id: str, now: datetime) -> bool:
        world = self._desk.world
        if stream_id not in world.video_streams:
            return True  # its owner has left them out, or not
        grant = video_share.held(world, stream_id, site, now)
        return grant is not None and grant.looks and video_share.looks_allowed(world, site, now)
