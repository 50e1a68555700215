"""Video between sites: which streams a partner may ask for, what was asked, what was granted, and who watched.

Every field here has one of the same name in protocols/schema/records.proto. Aware UTC.
"""

from dataclasses import dataclass
from datetime import datetime

from dispatch.kinds import Role
from dispatch.video_kinds import VideoCarrier
from dispatch.video_share_kinds import VideoGrantState, VideoRequestState


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownVideo:
    """A stream as a partner may know it: no address, no login. `icao24`: of the aircraft it is on, where tracks are agreed."""

    id: str  # the stream's
    site: str  # whose it is
    name: str
    carrier: VideoCarrier
    carrier_name: str = ""
    icao24: str = ""
    gone: bool = False  # may be asked for no more


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoRequest:
    """A site asks another for a stream, for people of its desk."""

    id: str
    site: str  # who asks
    partner: str  # whose stream it is
    stream_id: str
    stream_name: str
    purpose: str
    wanted_s: float
    state: VideoRequestState
    requested_at: datetime
    requested_by: str
    requested_as: Role
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoGrant:
    """The owner's answer. `watching` and `viewed` are counted where the record is kept, and travel nowhere."""

    id: str
    site: str  # whose stream it is
    partner: str  # who asked
    request_id: str
    stream_id: str
    stream_name: str
    purpose: str
    state: VideoGrantState
    decided_at: datetime
    decided_by: str = ""
    decided_as: Role | None = None  # None: the consent itself says it
    until: datetime | None = None  # None: it was refused
    reshare: bool = False  # the partner may pass the pictures on to its own partners
    looks: bool = False  # with where the camera looks
    code: str = ""  # why it was refused or ended, where that is not a person's word
    reason: str = ""
    version: int = 1
    watching: int = 0
    viewed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerViewing:
    """Somebody of `site` watches a stream of `partner`. Who, stands in that site's own journal under the same id."""

    id: str
    site: str
    partner: str
    grant_id: str
    stream_id: str
    role: Role
    purpose: str
