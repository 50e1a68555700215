"""What the desk sends to an aircraft or a team, as it is kept: one record to each recipient, with its own receipts.

Every field here has one of the same name in protocols/schema/records.proto. Aware UTC.
"""

from dataclasses import dataclass
from datetime import datetime

from dispatch.kinds import Role
from dispatch.room_records import Stroke
from dispatch.uplink_kinds import UplinkAnswer, UplinkState, UplinkTo


@dataclass(frozen=True, slots=True, kw_only=True)
class UplinkPicture:
    """A still (JPEG); its bytes are kept by their hash, not in the journal. `shown_at`: the time of the picture."""

    sha256: str
    size: int
    width_px: int
    height_px: int
    shown_at: datetime
    stream_id: str = ""
    stream_name: str = ""
    recorded: bool = False  # out of a recording, not live
    drawn: bool = False  # somebody has drawn on it


@dataclass(frozen=True, slots=True, kw_only=True)
class Uplink:
    """One message to one recipient; those sent together have one `message_id`. `thing_key`: of a team, as in the picture."""

    id: str
    site: str
    message_id: str
    incident_id: str
    to: UplinkTo
    tasking_id: str = ""
    operator_id: str = ""
    thing_key: str = ""
    name: str = ""  # of the recipient
    text: str = ""
    marks: tuple[Stroke, ...] = ()
    picture: UplinkPicture | None = None
    sent_at: datetime
    sent_by: str
    sent_as: Role
    simulated: bool = False
    state: UplinkState = UplinkState.SENT
    handed_at: datetime | None = None
    delivered_at: datetime | None = None
    shown_at: datetime | None = None
    read_at: datetime | None = None
    answer: UplinkAnswer | None = None
    answer_text: str = ""
    answered_at: datetime | None = None
    answered_by: str = ""
    version: int = 1
