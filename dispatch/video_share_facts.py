"""What happened with video between sites; part of the vocabulary of dispatch/facts.py."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.video_share_kinds import VideoGrantAction
from dispatch.video_share_records import PartnerViewing, ShownVideo, VideoGrant, VideoRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoShown:
    """Which streams a partner may ask for, whole, told by the site's own rule; replaces what was told before."""

    partner: str
    consent_id: str
    told_at: datetime
    streams: tuple[ShownVideo, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoRequested:
    """The asking site asked, or took it back: its whole record."""

    request: VideoRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoAnswered:
    """The owner granted, refused, revoked, or the time is over: its whole record."""

    grant: VideoGrant
    action: VideoGrantAction


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerViewingBegan:
    """Somebody watches a partner's stream; its owner is told, without a name."""

    viewing: PartnerViewing


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerViewingEnded:
    """They watch no more. `sent`, `left_out`: pictures."""

    viewing_id: str
    partner: str
    grant_id: str
    stream_id: str
    lasted_s: float
    sent: int
    left_out: int


VideoShareFact = VideoShown | VideoRequested | VideoAnswered | PartnerViewingBegan | PartnerViewingEnded
