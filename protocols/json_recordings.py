"""Recordings of video over HTTP: searched, watched part by part, taken away as clips."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from dispatch import video_recording
from dispatch.kinds import Role
from dispatch.video_kinds import VideoCarrier
from dispatch.video_records import VideoClip
from protocols.json_answers import Answered
from protocols.json_doors import BBOX_PATTERN, END, Body, Id, Instant, OptionalId, PageQuery, Why

US = 1_000_000
CURSOR_PATTERN = r"^([0-9]{1,9}~[A-Za-z0-9][A-Za-z0-9._:-]{0,63})?" + END
LONGEST_PART_S = 120
EARLIEST, LATEST = datetime(1970, 1, 2, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def us(at: datetime) -> int:
    """Microseconds since 1970 of a time of which a recording could be."""
    return round(min(max(at.astimezone(UTC), EARLIEST), LATEST).timestamp() * US)


def at(time_us: int) -> datetime:
    """The other way."""
    return datetime.fromtimestamp(time_us / US, UTC)


class RecordingQuery(Body, frozen=True, kw_only=True):
    """`from` <= t < `to`, the last day when nothing is said; of one stream, carrier or incident; that looked into `bbox`."""

    from_: Instant | None = msgspec.field(name="from", default=None)
    to: Instant | None = None
    stream_id: OptionalId = ""
    carrier_id: OptionalId = ""
    incident_id: OptionalId = ""
    bbox: Annotated[
        str, Meta(max_length=120, pattern=BBOX_PATTERN, description="west,south,east,north in degrees")
    ] = ""
    cursor: Annotated[str, Meta(max_length=74, pattern=CURSOR_PATTERN)] = ""
    limit: Annotated[int, Meta(ge=1, le=200)] = 50

    def span_us(self, now: datetime) -> tuple[int, int]:
        """Begin and end; nothing is between them where `from` is after `to`."""
        end = us(self.to or now + timedelta(seconds=1))
        return us(self.from_) if self.from_ is not None else end - 86_400 * US, end

    def box(self) -> tuple[float, float, float, float] | None:
        """West, south, east, north; None for everywhere. Nothing is in one that is upside down."""
        if not self.bbox:
            return None
        west, south, east, north = (float(part) for part in self.bbox.split(","))
        return west, south, east, north


class IncidentOfRecording(Answered, frozen=True, kw_only=True):
    """An incident that the aircraft was with."""

    id: str
    title: str


class SpanAnswer(Answered, frozen=True, kw_only=True):
    """A part without a hole."""

    from_: datetime = msgspec.field(name="from")
    to: datetime


class RecordingAnswer(Answered, frozen=True, kw_only=True):
    """What was recorded of one stream in one hour (UTC).

    `spans`: the parts of it. `name`, `carrier`, `carrier_id`: as the stream was registered then. `seen`: when the camera
    looked into the box that was asked for, first and last. `lon_deg`, `lat_deg`: what it looked at first.
    """

    stream_id: str
    from_: datetime = msgspec.field(name="from")
    to: datetime
    spans: list[SpanAnswer]
    name: str
    carrier: VideoCarrier | None
    carrier_id: str
    codec: str
    width: int
    height: int
    size_bytes: int
    pictures: int
    damaged: bool
    seen: SpanAnswer | None
    lon_deg: float | None
    lat_deg: float | None
    incidents: list[IncidentOfRecording]


class PartQuery(Body, frozen=True, kw_only=True):
    """[`from`, `to`) of a stream. `begin`: from the key frame before `from` on; `keys`: key frames alone, for fast replay."""

    from_: Instant = msgspec.field(name="from")
    to: Instant
    begin: bool = False
    keys: bool = False
    purpose: Annotated[str, Meta(max_length=video_recording.MAX_PURPOSE)] = ""

    def span_us(self) -> tuple[int, int]:
        """Begin and end; nothing is between them where `from` is after `to`."""
        begin, end = us(self.from_), us(self.to)
        longest_s = LONGEST_PART_S * (60 if self.keys else 1)
        return begin, min(end, begin + longest_s * US)


class StillQuery(Body, frozen=True, kw_only=True):
    """When."""

    at: Instant


class ClipBody(Body, frozen=True, kw_only=True):
    """A part to be taken away, and why."""

    stream_id: Id
    from_: Instant = msgspec.field(name="from")
    to: Instant
    reason: Why
    incident_id: OptionalId = ""
    with_klv: bool = False

    def span(self) -> tuple[datetime, datetime]:
        """Begin and end."""
        return at(us(self.from_)), at(us(self.to))


class ClipQuery(PageQuery, frozen=True, kw_only=True):
    """Of one incident or stream."""

    incident_id: OptionalId = ""
    stream_id: OptionalId = ""


class ClipAnswer(Answered, frozen=True, kw_only=True):
    """A clip, as it stands in the journal."""

    clip: VideoClip


class ClipCheck(Answered, frozen=True, kw_only=True):
    """Whether the file is what the journal says: `whole`, `changed` or `missing`."""

    state: Literal["whole", "changed", "missing"]
    sha256: str | None  # of the file as it is
    recorded: str  # in the journal


class ReplayLine(Answered, frozen=True, kw_only=True):
    """Somebody began to watch a recording, or took a clip away (`clip_id`). `seq` is the journal's row that keeps it."""

    seq: int
    at: datetime
    who: str
    role: Role | None
    replay_id: str
    stream_id: str
    from_: datetime = msgspec.field(name="from")
    address: str
    purpose: str
    clip_id: str
