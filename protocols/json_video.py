"""Video over HTTP: streams registered, changed, removed; how they do; who watched."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from dispatch import video
from dispatch.errors import Malformed
from dispatch.kinds import Role
from dispatch.video_commands import RemoveVideoStream, SaveVideoStream
from dispatch.video_kinds import VideoAudience, VideoCarrier, VideoSource, VideoState
from dispatch.video_records import VideoStream, VideoTerms
from protocols.json_answers import Answered
from protocols.json_doors import END, Body, Instant, PageQuery, Version, Why

CURSOR_PATTERN = r"^([0-9]{1,18})?" + END
LONGEST = timedelta(days=366)


class VideoStreamBody(Body, frozen=True, kw_only=True):
    """What is said of a stream, as in `VideoTerms`."""

    name: Annotated[str, Meta(min_length=1, max_length=video.MAX_NAME, pattern=r"\S")]
    source: VideoSource
    address: Annotated[str, Meta(min_length=1, max_length=video.MAX_ADDRESS)]
    carrier: VideoCarrier
    carrier_id: Annotated[str, Meta(max_length=64)] = ""
    audience: VideoAudience = VideoAudience.DESK
    watermark: bool = True
    enabled: bool = True
    login: Annotated[str, Meta(max_length=32)] = ""

    def terms(self) -> VideoTerms:
        """The terms."""
        return VideoTerms(
            name=self.name,
            source=self.source,
            address=self.address,
            carrier=self.carrier,
            carrier_id=self.carrier_id,
            audience=self.audience,
            watermark=self.watermark,
            enabled=self.enabled,
            login=self.login,
        )

    def command(self) -> SaveVideoStream:
        """The command for a new one."""
        return SaveVideoStream(terms=self.terms())


class VideoStreamChange(VideoStreamBody, frozen=True, kw_only=True):
    """What is said of it instead, whole."""

    version: Version

    def command_for(self, stream_id: str) -> SaveVideoStream:
        """The command for a known one."""
        return SaveVideoStream(terms=self.terms(), stream_id=stream_id, version_seen=self.version)


class VideoStreamRemoval(Body, frozen=True, kw_only=True):
    """It is no more, and why."""

    version: Version
    reason: Why

    def command_for(self, stream_id: str) -> RemoveVideoStream:
        """The command for one stream."""
        return RemoveVideoStream(stream_id=stream_id, version_seen=self.version, reason=self.reason)


class VideoStreamQuery(PageQuery, frozen=True, kw_only=True):
    """`removed`: with those that are no more."""

    removed: bool = False


class VideoStandingAnswer(Answered, frozen=True, kw_only=True):
    """How a stream does now: `state` since `since`. Counts are totals since its worker began."""

    state: VideoState
    since: datetime
    reason: str
    viewers: int
    fps: float
    kbps: float
    codec: str
    width: int
    height: int
    counts: dict[str, int]


class VideoStreamAnswer(Answered, frozen=True, kw_only=True):
    """A stream and how it does; `standing` null: it is not enabled, or this site takes no video."""

    stream: VideoStream
    standing: VideoStandingAnswer | None


class ViewingQuery(Body, frozen=True, kw_only=True):
    """Which period, `from` <= t < `to`, the last day when nothing is said; of one stream or person."""

    from_: Instant | None = msgspec.field(name="from", default=None)
    to: Instant | None = None
    stream_id: Annotated[str, Meta(max_length=64)] = ""
    who: Annotated[str, Meta(max_length=64)] = ""
    cursor: Annotated[str, Meta(max_length=18, pattern=CURSOR_PATTERN)] = ""
    limit: Annotated[int, Meta(ge=1, le=500)] = 100

    def period(self, now: datetime) -> tuple[datetime, datetime]:
        """Begin and end. Raises Malformed when there is nothing between them, or more than LONGEST."""
        end = (self.to or now + timedelta(seconds=1)).astimezone(UTC)
        begin = (self.from_ or end - timedelta(days=1)).astimezone(UTC)
        if begin >= end:
            raise Malformed("to", "is not after `from`")
        if end - begin > LONGEST:
            raise Malformed("from", f"is more than {LONGEST.days} days before `to`")
        return begin, end


class ViewingLine(Answered, frozen=True, kw_only=True):
    """Somebody began to watch. `seq` is the journal's row that keeps it."""

    seq: int
    at: datetime
    who: str
    role: Role | None
    viewing_id: str
    stream_id: str
    address: str
    purpose: str
    platform: str
