"""Unknown senders of video over HTTP."""

from datetime import datetime

from dispatch.video_records import VideoTerms
from protocols.json_answers import Answered


class SenderClaim(Answered, frozen=True, kw_only=True):
    """The aircraft it may be on, and by what: `address` of the site's table, or a KLV item and what it `said`."""

    aircraft_id: str
    by: str
    said: str


class SenderAnswer(Answered, frozen=True, kw_only=True):
    """A sender that nobody registered. `terms`: to register it with; nothing of what it says of itself was checked."""

    id: str
    address: str
    port: int
    since: datetime
    codec: str
    width: int
    height: int
    kbps: float
    names: dict[str, str]
    claim: SenderClaim | None
    terms: VideoTerms


class SendersAnswer(Answered, frozen=True, kw_only=True):
    """All there are, the newest first. `listening`: whether this site looks for any."""

    listening: bool
    items: list[SenderAnswer]
