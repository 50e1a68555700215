"""What is asked of video; part of dispatch/commands.py."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.video_kinds import VideoCarrier
from dispatch.video_records import VideoTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveVideoStream:
    """A new stream, or what is said of a known one. `stream_id` empty: new."""

    terms: VideoTerms
    stream_id: str = ""
    version_seen: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveVideoStream:
    """It is no more, and why."""

    stream_id: str
    version_seen: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BindVideoSender:
    """A sender that nobody registered said whose it is, in a way that was `found`; a stream of its aircraft."""

    terms: VideoTerms
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteVideoBegan:
    """Pictures begin to come from an aircraft on task."""

    stream_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginViewing:
    """The caller wants to watch; written down before the first picture is sent."""

    stream_id: str
    address: str = ""
    purpose: str = ""
    platform: str = ""  # the site says that this upper platform watches


@dataclass(frozen=True, slots=True, kw_only=True)
class EndViewing:
    """They watch no more. `sent`, `left_out`: pictures."""

    viewing_id: str
    stream_id: str
    lasted_s: float
    sent: int
    left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginReplay:
    """The caller wants to watch what was recorded, or to take a clip away; written down before it is sent."""

    stream_id: str
    from_at: datetime
    address: str = ""
    purpose: str = ""
    clip_id: str = ""
    platform: str = ""  # the site says that this upper platform watches


@dataclass(frozen=True, slots=True, kw_only=True)
class EndReplay:
    """They watch it no more."""

    replay_id: str
    stream_id: str
    lasted_s: float
    first_at: datetime
    last_at: datetime
    sent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportClip:
    """A part of a recording has been written as a file that is told to nobody before this is recorded."""

    clip_id: str
    stream_id: str
    from_at: datetime
    to_at: datetime
    reason: str
    incident_id: str = ""
    sha256: str
    size_bytes: int
    pictures: int
    gaps: int
    codec: str
    width: int
    height: int
    stream_name: str  # as the stream was registered when this was recorded
    carrier: VideoCarrier
    carrier_id: str
    with_klv: bool = False
    klv: int = 0


VideoRecordingCommand = BeginReplay | EndReplay | ExportClip
VideoDiscoveryCommand = BindVideoSender | NoteVideoBegan
VideoCommand = (
    VideoDiscoveryCommand
    | SaveVideoStream
    | RemoveVideoStream
    | BeginViewing
    | EndViewing
    | VideoRecordingCommand
)
