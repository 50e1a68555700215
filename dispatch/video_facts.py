"""What happened with video; part of the vocabulary of dispatch/facts.py."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.video_records import VideoClip, VideoReplay, VideoStream, VideoViewing


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoStreamSaved:
    """A stream as it now is. `changed` names its terms that are others; of a new one none.

    `found`: how the site knew whose sender it was; empty: people registered it.
    """

    stream: VideoStream
    changed: tuple[str, ...] = ()
    found: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoStreamRemoved:
    """It is no more."""

    stream_id: str
    version: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoSendingBegan:
    """An aircraft on task began to send; the desk is told once."""

    stream_id: str
    aircraft_id: str
    tasking_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoViewingBegan:
    """Somebody watches. Stays at this site."""

    viewing: VideoViewing


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoViewingEnded:
    """They watch no more."""

    viewing_id: str
    stream_id: str
    lasted_s: float
    sent: int
    left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoReplayBegan:
    """Somebody watches a recording. Stays at this site."""

    replay: VideoReplay


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoReplayEnded:
    """They watch it no more. `first_at`, `last_at`: what was recorded between these was sent; `sent`: pictures."""

    replay_id: str
    stream_id: str
    lasted_s: float
    first_at: datetime
    last_at: datetime
    sent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoClipExported:
    """A part of a recording was written as a file. Stays at this site."""

    clip: VideoClip


VideoRecordingFact = VideoReplayBegan | VideoReplayEnded | VideoClipExported
VideoFact = (
    VideoStreamSaved
    | VideoStreamRemoved
    | VideoSendingBegan
    | VideoViewingBegan
    | VideoViewingEnded
    | VideoRecordingFact
)
