"""The closed vocabularies of video that partners may see (视频互看)."""

from enum import StrEnum


class VideoRequestState(StrEnum):
    """Where the asking site's record is. What became of it stands in the owner's own record."""

    ASKED = "asked"  # 已申请
    WITHDRAWN = "withdrawn"  # 已撤回


class VideoGrantState(StrEnum):
    """Where the owner's record is; the table is in video_share.py."""

    GRANTED = "granted"  # 已准
    REFUSED = "refused"  # 已拒
    REVOKED = "revoked"  # 已收回
    EXPIRED = "expired"  # 已到时


class VideoGrantAction(StrEnum):
    """What the owner does."""

    GRANT = "grant"
    REFUSE = "refuse"
    REVOKE = "revoke"
    EXPIRE = "expire"  # the clock's
