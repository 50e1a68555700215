"""What happened with video; part of the vocabulary of dispatch/facts.py."""

from dataclasses import dataclass

from dispatch.video_records import VideoStream, VideoViewing


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoStreamSaved:
    """A stream as it now is. `changed` names its terms that are others; of a new one none."""

    stream: VideoStream
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoStreamRemoved:
    """It is no more."""

    stream_id: str
    version: int
    reason: str


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


VideoFact = VideoStreamSaved | VideoStreamRemoved | VideoViewingBegan | VideoViewingEnded
