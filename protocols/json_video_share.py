"""Video between sites over HTTP: what partners show, asked for, granted, refused, taken back."""

from typing import Annotated, Literal

from msgspec import Meta

from dispatch import video_share
from dispatch.video_share_commands import (
    AskVideo,
    GrantVideo,
    RefuseVideo,
    RevokeVideo,
    WithdrawVideoRequest,
)
from dispatch.video_share_records import ShownVideo, VideoGrant, VideoRequest
from protocols.json_answers import Answered
from protocols.json_doors import Body, Id, PageQuery, Version, Why
from protocols.json_video import VideoStandingAnswer

LEAST_MIN, MOST_MIN = video_share.SHORTEST_S / 60, video_share.LONGEST_S / 60
Minutes = Annotated[float, Meta(ge=LEAST_MIN, le=MOST_MIN)]


class VideoAskBody(Body, frozen=True, kw_only=True):
    """Ask a partner for a stream that it shows, for so many minutes, and what for."""

    stream_id: Id
    purpose: Annotated[str, Meta(min_length=1, max_length=video_share.MAX_PURPOSE, pattern=r"\S")]
    minutes: Minutes = 60.0

    def command(self) -> AskVideo:
        """The command."""
        return AskVideo(stream_id=self.stream_id, purpose=self.purpose, wanted_s=self.minutes * 60)


class VideoWithdrawal(Body, frozen=True, kw_only=True):
    """It is not needed any more. `version`: of the request."""

    version: Version

    def command(self, request_id: str) -> WithdrawVideoRequest:
        """The command."""
        return WithdrawVideoRequest(request_id=request_id, version_seen=self.version)


class VideoGranting(Body, frozen=True, kw_only=True):
    """Yes, for so many minutes (as asked for where nothing is said); `reshare`: it may be passed on to third sites."""

    minutes: Minutes | None = None
    reshare: bool = False

    def command(self, request_id: str) -> GrantVideo:
        """The command."""
        for_s = 0.0 if self.minutes is None else self.minutes * 60
        return GrantVideo(request_id=request_id, for_s=for_s, reshare=self.reshare)


class VideoRefusal(Body, frozen=True, kw_only=True):
    """No, and why."""

    reason: Why

    def command(self, request_id: str) -> RefuseVideo:
        """The command."""
        return RefuseVideo(request_id=request_id, reason=self.reason)


class VideoRevocation(Body, frozen=True, kw_only=True):
    """No more of it, at once, and why. `version`: of the grant."""

    version: Version
    reason: Why

    def command(self, grant_id: str) -> RevokeVideo:
        """The command."""
        return RevokeVideo(grant_id=grant_id, version_seen=self.version, reason=self.reason)


class VideoRequestQuery(PageQuery, frozen=True, kw_only=True):
    """`out`: ours to partners; `in`: theirs to us."""

    way: Literal["", "in", "out"] = ""


class ShownVideoAnswer(Answered, frozen=True, kw_only=True):
    """A partner's stream and, once somebody here watches, how it does."""

    shown: ShownVideo
    standing: VideoStandingAnswer | None


class VideoRequestAnswer(Answered, frozen=True, kw_only=True):
    """A request and its owner's answer, once there is one. `holds`: pictures may flow now."""

    request: VideoRequest
    grant: VideoGrant | None
    holds: bool
