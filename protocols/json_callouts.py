"""Call-outs over HTTP: what the telephone gateway brings, and what the desk asks about them."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from dispatch.callout_commands import MarkPhoned, ReportShown
from dispatch.callout_kinds import ReplyResult
from protocols.json_answers import Answered
from protocols.json_doors import END, Body, PageQuery, Version

MAX_EVENTS = 100  # of one body
ReplyId = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=40,
        pattern=r"^[A-Za-z0-9._:-]+" + END,
        description="the gateway's own, never used twice: the same one again is answered as before",
    ),
]
Number = Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[0-9+() -]+" + END)]
Word = Annotated[str, Meta(max_length=200)]


class GatewayEvent(Body, frozen=True, kw_only=True):
    """One thing that came from a phone or of a message on its way to one.

    `reply`: `id`, `from`, `text`. `report`: `id` of the call-out, `state`, `detail`.
    `key`: `id` of the press, `callout` that was read out, `from`, `keys` pressed in their order.
    """

    type: Literal["reply", "report", "key"]
    id: ReplyId
    number: Annotated[Number, Meta(description="whose phone it is")] = "0"
    text: Annotated[str, Meta(max_length=2000)] = ""
    state: Literal["", "delivered", "failed"] = ""
    detail: Word = ""
    callout: Annotated[str, Meta(max_length=64)] = ""
    keys: Annotated[str, Meta(max_length=8, pattern=r"^[0-9*#]*" + END)] = ""


class GatewayEvents(Body, frozen=True, kw_only=True):
    """Up to a hundred, in the order they came."""

    events: Annotated[list[GatewayEvent], Meta(min_length=1, max_length=MAX_EVENTS)]


class GatewayOutcome(Answered, frozen=True, kw_only=True):
    """What became of one: a reply's result, `noted`, or a refusal's code. `again` true: send this one again later."""

    id: str
    result: str
    again: bool = False


class GatewayAnswer(Answered, frozen=True, kw_only=True):
    """One outcome for each, in order."""

    items: list[GatewayOutcome]


class PhonedBody(Body, frozen=True, kw_only=True):
    """Somebody has phoned instead."""

    version: Version

    def command(self, callout_id: str) -> MarkPhoned:
        """The command for one call-out."""
        return MarkPhoned(callout_id=callout_id, version_seen=self.version)


class ShownBody(Body, frozen=True, kw_only=True):
    """The version that the page shows."""

    version: Version

    def command(self, tasking_id: str) -> ReportShown:
        """The command for one tasking."""
        return ReportShown(tasking_id=tasking_id, version_seen=self.version)


class CalloutQuery(PageQuery, frozen=True, kw_only=True):
    """`tasking`: of one alone."""

    tasking: Annotated[str, Meta(max_length=64)] = ""


class NumberAnswer(Answered, frozen=True, kw_only=True):
    """A whole number, for somebody who is about to dial it."""

    callout_id: str
    name: str
    number: str


class ReplyLine(Answered, frozen=True, kw_only=True):
    """A reply as the desk sees it: the number masked."""

    at: datetime
    number_masked: str
    callout_id: str
    result: ReplyResult
    text: str


class RepliesAnswer(Answered, frozen=True, kw_only=True):
    """The last that came, newest first."""

    items: list[ReplyLine]
