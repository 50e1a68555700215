"""What is asked of video; part of dispatch/commands.py."""

from dataclasses import dataclass

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
class BeginViewing:
    """The caller wants to watch; written down before the first picture is sent."""

    stream_id: str
    address: str = ""
    purpose: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndViewing:
    """They watch no more. `sent`, `left_out`: pictures."""

    viewing_id: str
    stream_id: str
    lasted_s: float
    sent: int
    left_out: int


VideoCommand = SaveVideoStream | RemoveVideoStream | BeginViewing | EndViewing
