"""Call-outs (召集): what is sent to phones by text or voice, and what came back.

Numbers and reply codes are personal data and secrets: they stand in CalloutSecret, which no view shows; the record
that consoles see has them masked. None of it ever leaves the site.
"""

from dataclasses import dataclass
from datetime import datetime

from dispatch.callout_kinds import (
    CalloutCause,
    CalloutChannel,
    CalloutState,
    RecipientKind,
    ReplyResult,
)

FINAL = frozenset(
    {ReplyResult.ACCEPTED, ReplyResult.REFUSED, ReplyResult.ACKNOWLEDGED}
)  # the reply counted: its code is used


@dataclass(frozen=True, slots=True, kw_only=True)
class Callout:
    """One text or call to one phone, as people see it."""

    id: str
    site: str
    channel: CalloutChannel
    cause: CalloutCause
    tasking_id: str  # empty: an answer to somebody of whose tasking nothing is known
    tasking_version: int  # what it tells of
    recipient_kind: RecipientKind
    recipient_id: str
    recipient_name: str
    number_masked: str  # …1234; empty: there is no number
    account: str  # under which a reply counts; empty: no reply counts
    text: str  # with the code masked
    queued_at: datetime
    next_at: datetime  # not handed to the gateway before
    expires_at: datetime  # its reply counts before
    state: CalloutState
    attempts: int = 0
    detail: str = ""  # why it is as it is: a stable code, or the gateway's word
    gateway_id: str = ""
    handed_at: datetime | None = None
    ended_at: datetime | None = None
    reply: ReplyResult | None = None
    replied_at: datetime | None = None
    phoned_by: str = ""  # the person who has phoned instead
    phoned_at: datetime | None = None
    simulated: bool = False
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CalloutSecret:
    """What of a call-out is for the gateway alone."""

    callout_id: str
    number: str  # digits
    text: str
    code: str  # empty: nothing is to be answered


@dataclass(frozen=True, slots=True, kw_only=True)
class CalloutReply:
    """Something that came from a phone. The text itself is kept only where it could not be read."""

    reply_id: str  # the gateway's own
    phone_number: str  # digits
    callout_id: str  # empty: of none that is known
    result: ReplyResult
    at: datetime
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalloutDraft:
    """A call-out before it is decided: whom, how, what. `code` empty: nothing is to be answered."""

    channel: CalloutChannel
    recipient_kind: RecipientKind
    recipient_id: str
    recipient_name: str
    number: str  # digits; empty: nobody has one, which is told
    account: str
    text: str
    code: str
    expires_at: datetime
