"""What is asked of video between sites; part of dispatch/commands.py."""

from dataclasses import dataclass

from dispatch.video_share_records import ShownVideo


@dataclass(frozen=True, slots=True, kw_only=True)
class AskVideo:
    """Ask a partner for a stream that it shows us."""

    stream_id: str
    purpose: str
    wanted_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawVideoRequest:
    """It is not needed any more."""

    request_id: str
    version_seen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantVideo:
    """Yes, for so long. `for_s` 0: as long as was asked for."""

    request_id: str
    for_s: float = 0.0
    reshare: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseVideo:
    """No, and why."""

    request_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeVideo:
    """No more of it, at once, and why."""

    grant_id: str
    version_seen: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowVideo:
    """The site's own: tell a partner which streams it may ask for."""

    partner: str
    streams: tuple[ShownVideo, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerVideo:
    """The site's own: a partner's request that the consent answers, or that cannot be granted."""

    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndVideo:
    """The site's own: the time of a grant is over, or nothing allows it any more."""

    grant_id: str


VideoShareCommand = (
    AskVideo
    | WithdrawVideoRequest
    | GrantVideo
    | RefuseVideo
    | RevokeVideo
    | ShowVideo
    | AnswerVideo
    | EndVideo
)
