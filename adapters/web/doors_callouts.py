"""Doors of call-outs: what the telephone gateway brings, what the desk sees and does, what a page has shown."""

from typing import Any

import structlog

from adapters.web.lists import newest_first, one, page, shown
from adapters.web.table import Call, Door
from dispatch import access
from dispatch.callout_reach import masked
from dispatch.callout_records import Callout
from dispatch.errors import Forbidden, Refused, Unknown
from dispatch.kinds import Role
from dispatch.records import Tasking
from dispatch.views import COSTS
from protocols.json_answers import Page
from protocols.json_callouts import (
    CalloutQuery,
    GatewayAnswer,
    GatewayEvents,
    NumberAnswer,
    PhonedBody,
    RepliesAnswer,
    ReplyLine,
    ShownBody,
)
from protocols.json_doors import PageQuery

log = structlog.get_logger(__name__)


async def _taken(call: Call) -> GatewayAnswer:
    """One after the other: a repetition in the same body must find what the first one did."""
    who = call.who
    account = call.site.desk.world.accounts.get(who.account.name)
    if who.session.role is not Role.GATEWAY or account is None or not account.phone_gateway:
        raise Forbidden("replies and reports come from the telephone gateway's account")
    callouts = call.site.callouts
    if callouts is None:
        raise Unknown("sms", "this site has no telephone gateway")
    return GatewayAnswer(items=[await callouts.take(each, who.account.name) for each in call.body.events])


async def _list(call: Call) -> Any:
    query: CalloutQuery = call.query
    found = (each for each in shown(call, "callouts") if query.tasking in ("", each.tasking_id))
    return page(found, lambda each: newest_first(each.queued_at, each.id), query)


async def _one(call: Call) -> Any:
    return one(call, "callouts", call.path["id"])


async def _number(call: Call) -> NumberAnswer:
    """Said to whoever is about to dial, and logged: it is somebody's own."""
    if call.who.session.role not in access.PHONE_INSTEAD:
        raise Forbidden(f"whole numbers are for {', '.join(sorted(access.PHONE_INSTEAD))}")
    callout: Callout = one(call, "callouts", call.path["id"])
    secret = call.site.desk.world.callout_secrets.get(callout.id)
    if secret is None:
        raise Unknown("id", f"no number of {callout.id}")
    log.info("number told", callout=callout.id, number=callout.number_masked, account=call.who.account.name)
    return NumberAnswer(callout_id=callout.id, name=callout.recipient_name, number=secret.number)


async def _phoned(call: Call) -> Any:
    await call.site.desk.ask(call.ask(call.body.command(call.path["id"])))
    return one(call, "callouts", call.path["id"])


async def _replies(call: Call) -> RepliesAnswer:
    if call.who.session.role not in COSTS:
        raise Forbidden("replies are for the desk and the auditor")
    kept = call.site.desk.world.callout_replies.values()
    newest = sorted((each for replies in kept for each in replies), key=lambda each: each.at, reverse=True)
    return RepliesAnswer(
        items=[
            ReplyLine(
                at=each.at,
                number_masked=masked(each.phone_number),
                callout_id=each.callout_id,
                result=each.result,
                text=each.text,
            )
            for each in newest[: call.query.limit]
        ]
    )


async def _page_showed(call: Call) -> Any:
    try:
        await call.site.desk.ask(call.ask(call.body.command(call.path["id"])))
    except Refused as known:  # two pages of one operator show it at the same moment: both have done right
        if known.code != "ALREADY":
            raise
    return one(call, "taskings", call.path["id"])


DOORS = (
    Door(
        method="POST",
        path="/gateway/sms",
        name="takeGatewayEvents",
        text="Replies, keys pressed and delivery reports, from the telephone gateway's account. Each has its outcome; "
        "an id that came before is answered as before. `again`: nothing was recorded, send it again.",
        handler=_taken,
        takes=GatewayEvents,
        answers=GatewayAnswer,
    ),
    Door(
        method="GET",
        path="/callouts",
        name="listCallouts",
        text="Texts and calls to phones, newest first, with what became of them. Numbers and codes are masked.",
        handler=_list,
        query=CalloutQuery,
        answers=Page[Callout],
    ),
    Door(
        method="GET",
        path="/callouts/<id:id>",
        name="getCallout",
        text="One text or call.",
        handler=_one,
        answers=Callout,
    ),
    Door(
        method="GET",
        path="/callouts/<id:id>/number",
        name="getCalloutNumber",
        text="The whole number, for whoever phones instead. It is logged who asked.",
        handler=_number,
        answers=NumberAnswer,
    ),
    Door(
        method="POST",
        path="/callouts/<id:id>/phoned",
        name="phonedInstead",
        text="Note that the caller has reached them by telephone instead.",
        handler=_phoned,
        takes=PhonedBody,
        answers=Callout,
    ),
    Door(
        method="GET",
        path="/callout-replies",
        name="listCalloutReplies",
        text="The last replies from phones, newest first, the refused ones too. Numbers are masked.",
        handler=_replies,
        query=PageQuery,
        answers=RepliesAnswer,
    ),
    Door(
        method="POST",
        path="/taskings/<id:id>/shown",
        name="taskingShown",
        text="An operator's open page shows this version: no text need go out for it. One that a newer version overtook is noted too.",
        handler=_page_showed,
        takes=ShownBody,
        answers=Tasking,
    ),
)
