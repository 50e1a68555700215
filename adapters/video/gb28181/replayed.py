"""Recordings that an upper platform asks for: which there are, and one of them sent to it at its own pace.

The same streams as live, by the same rules (shown.py), and of them what was recorded on the carrier that they are on now:
what another aircraft filmed with the same stream is not told or sent.
"""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from adapters.video.gb28181.config import UpstreamSection
from adapters.video.gb28181.player import US, Player
from adapters.video.gb28181.sender import PsSender
from adapters.video.gb28181.shown import Refusal, Shown
from adapters.video.recording.catalogue import Sought
from adapters.video.recording.film import Film, Filmed, FilmPicture
from adapters.video.recording.parts import Part
from adapters.video.recording.recordings import Recordings
from dispatch import video_above
from dispatch.video_commands import BeginReplay
from dispatch.video_records import VideoStream
from protocols.gb28181 import mansrtsp
from protocols.gb28181.errors import BadGb
from protocols.gb28181.mansrtsp import Control
from protocols.gb28181.recordings import LAST_S, GbRecord, RecordQuery
from protocols.gb28181.sdp import Sdp
from protocols.websocket_frame import binary_frame

MOST_HOURS, MOST_RECORDS = 500, 500  # of one answer: the newest; older ones are found by asking for less
MOST_REPLAYED = 4  # of one platform at once; more: 486
SCALES = (0.25, 0.5, 1.0, 2.0, 4.0)
PAUSED_S = 600.0  # then it is over
_SLOT = 0


class RecordsAbove:
    """Of one site."""

    def __init__(self, *, desk: Any, recordings: Recordings, reactor: Any, counted: Any) -> None:
        self._desk, self._recordings, self._reactor = desk, recordings, reactor
        self._counted = counted
        self._reading: Counter[str] = (
            Counter()
        )  # first pieces, by platform: also for who has hung up meanwhile

    async def recorded(
        self, section: UpstreamSection, query: RecordQuery
    ) -> tuple[str, tuple[GbRecord, ...]]:
        """A channel's name, and what was recorded of it, oldest first. Raises GanyingError."""
        world, stream_id = self._desk.world, section.channels.get(query.channel_id, "")
        if video_above.why_not(world, stream_id):
            self._counted.labels("query_not_shared").inc()
            return "", ()
        self._counted.labels("query").inc()
        terms = world.video_streams[stream_id].terms
        begin_us, end_us = (round(each.timestamp() * US) for each in (query.begin, query.end))
        found = await self._recordings.search(
            Sought(
                from_us=begin_us,
                to_us=end_us,
                streams=(stream_id,),
                carried=((terms.carrier_id, begin_us, end_us),),
                limit=MOST_HOURS,
            )
        )
        spans = sorted(span for hour in found.items for span in hour.spans)
        if found.next is not None or len(spans) > MOST_RECORDS:
            self._counted.labels("query_cut").inc()
        records = (GbRecord(begin=_at(first), end=_at(last)) for first, last in spans[-MOST_RECORDS:])
        return terms.name, tuple(records)

    def replay(self, told: Sdp, *, session: str, platform: str, stream: VideoStream) -> "ReplayShown":
        """What an INVITE asks for. Raises BadGb, Refusal."""
        if not 0 < told.begin < told.end <= LAST_S:
            raise BadGb("BAD_SDP", "t", "is no begin before an end")
        if self._reading[platform] >= MOST_REPLAYED:
            raise Refusal(486, "Busy Here", "TOO_MANY_REPLAYED")
        wanted = Filmed(
            stream_id=stream.id,
            carrier_id=stream.terms.carrier_id,
            from_us=told.begin * US,
            to_us=told.end * US,
            begin=True,
        )
        return ReplayShown(
            wanted,
            session=session,
            platform=platform,
            desk=self._desk,
            recordings=self._recordings,
            reactor=self._reactor,
            counted=self._counted,
            reading=self._reading,
        )


class ReplayShown(Shown):
    """One recording to one receiver."""

    def __init__(
        self,
        wanted: Filmed,
        *,
        session: str,
        platform: str,
        desk: Any,
        recordings: Recordings,
        reactor: Any,
        counted: Any,
        reading: "Counter[str]",
    ) -> None:
        self._reading = reading
        super().__init__(session=session, platform=platform, stream_id=wanted.stream_id)
        self._wanted, self._desk, self._recordings = wanted, desk, recordings
        self._reactor, self._counted = reactor, counted
        self._player = Player(self._film, self._put, reactor)
        self._first: Film | None = None
        self._queue: PsSender | None = None
        self._span: tuple[int, int] | None = None  # of what was sent

    @property
    def finished(self) -> bool:  # type: ignore[override]  # here it is the player's
        """All of it is with the sender."""
        return self._player.finished

    async def begin(self, address: str, purpose: str) -> None:
        """Into the journal, if there is anything. Raises GanyingError, Refusal."""
        self._reading[self.platform] += 1
        try:
            first = await self._film(self._wanted.from_us, True)
        except OSError:
            raise Refusal(503, "Service Unavailable", "RECORDINGS_UNREADABLE") from None
        finally:
            self._reading[self.platform] -= 1
        if not first.pictures:
            raise Refusal(404, "Not Found", "NOTHING_RECORDED")
        command = BeginReplay(
            stream_id=self.stream_id,
            from_at=_at(self._wanted.from_us),
            address=address,
            purpose=purpose,
            platform=self.platform,
        )
        await self._recordings.replays.begin(self.session, self.asked, command)
        self._first = first

    def start(self, queue: PsSender) -> None:
        """From the key frame before the moment on."""
        self._queue = queue
        if self._first is not None:
            self._counted.labels("play").inc()
            self._player.start(self._first)
            self._first = None

    def stop(self) -> None:
        """Read no more."""
        self._player.stop()

    def left(self, sent: int, left_out: int) -> None:  # noqa: ARG002 (a replay's end does not say it)
        """With what was sent."""
        first_us, last_us = self._span or (self._wanted.from_us, self._wanted.from_us)
        part = Part(body=b"", pictures=sent, from_us=first_us, through_us=last_us)
        self._recordings.replays.sent(self.session, self.stream_id, part)
        self._recordings.replays.leave(self.session, self.stream_id)

    def look(self) -> str:
        """Disabled, removed, labelled; paused for too long; unreadable."""
        self._recordings.replays.goes_on(self.session, self.stream_id)
        stream = self._desk.world.video_streams.get(self.stream_id)
        if video_above.why_not(self._desk.world, self.stream_id) or (
            stream is not None and stream.terms.carrier_id != self._wanted.carrier_id
        ):
            return "stream_gone"
        paused_s = self._player.paused_s
        if paused_s is not None and self._reactor.seconds() - paused_s > PAUSED_S:
            return "paused_too_long"
        return "unreadable" if self._player.failed else ""

    def control(self, control: Control) -> None:
        """Pace, place, pause. Raises Refusal."""
        if control.method == mansrtsp.PAUSE:
            self._player.pause()
        elif control.method != mansrtsp.PLAY:
            raise Refusal(501, "Not Implemented", "RTSP_METHOD")
        elif control.scale is not None and control.scale not in SCALES:
            raise Refusal(488, "Not Acceptable Here", "RTSP_SCALE")
        else:
            self._play(control)
        self._counted.labels(control.method.lower()).inc()

    def _play(self, control: Control) -> None:
        from_us = None
        if control.from_s is not None:
            from_us = self._wanted.from_us + round(control.from_s * US)
            if from_us >= self._wanted.to_us:
                raise Refusal(488, "Not Acceptable Here", "RTSP_RANGE")
            if self._queue is not None:
                self._queue.broken(_SLOT)
        self._player.play(scale=control.scale, from_us=from_us)

    async def _film(self, from_us: int, begin: bool) -> Film:
        wanted = Filmed(
            stream_id=self.stream_id,
            carrier_id=self._wanted.carrier_id,
            from_us=from_us,
            to_us=self._wanted.to_us,
            begin=begin,
        )
        return await self._recordings.film(wanted)

    def _put(self, picture: FilmPicture) -> None:
        if self._queue is None or not self._queue.unit(_SLOT, binary_frame(picture.body), key=picture.key):
            return
        first_us, last_us = self._span or (picture.at_us, picture.at_us)
        self._span = min(first_us, picture.at_us), max(last_us, picture.at_us)


def _at(moment_us: int) -> datetime:
    return datetime.fromtimestamp(moment_us / US, UTC)
