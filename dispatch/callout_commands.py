"""What is asked of call-outs; part of dispatch/commands.py."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.callout_kinds import CalloutAction, CalloutCause, ReplyResult
from dispatch.callout_records import CalloutDraft
from dispatch.kinds import RefusalReason


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueCallouts:
    """The site's own: reach everybody who is to be told of a tasking as it is in this version."""

    tasking_id: str
    tasking_version: int
    cause: CalloutCause
    drafts: tuple[CalloutDraft, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvanceCallout:
    """The sender's outcome, or a gateway's report. `next_at` with retry only."""

    callout_id: str
    action: CalloutAction
    detail: str = ""
    gateway_id: str = ""
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkPhoned:
    """A person has reached them by telephone instead."""

    callout_id: str
    version_seen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCallout:
    """A reply that is good as far as the edge can tell: asked under the account that the call-out names."""

    callout_id: str
    reply_id: str
    number: str
    code: str  # empty with a key pressed during the call itself
    accept: bool
    refusal: RefusalReason | None
    confirmation: CalloutDraft | None  # the text that tells them so


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeReply:
    """The gateway's: a reply that changes nothing, written down, with the text that says why where one is due."""

    reply_id: str
    number: str
    callout_id: str
    result: ReplyResult
    text: str
    answer: CalloutDraft | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportShown:
    """An operator's open page shows a tasking."""

    tasking_id: str
    version_seen: int
