"""Doors of mutual aid (省际互援): ask partners, answer them, and each side's steps."""

from collections.abc import Mapping

from adapters.web.lists import newest_first, one, page, shown
from adapters.web.table import Call, Door, Handler
from dispatch.aid_facts import AidAsked
from dispatch.aid_kinds import AidAskAction, AidOfferAction
from dispatch.aid_lent import offer_of
from dispatch.aid_records import AidRequest
from dispatch.aid_rules import running
from dispatch.aid_state import asking_acts, helping_acts, joint
from dispatch.errors import Refused
from protocols.json_aid import (
    AidAccept,
    AidAct,
    AidAsk,
    AidHandoverBody,
    AidNow,
    AidOfferBody,
    AidQuery,
    AidSend,
)
from protocols.json_answers import Page

_BODIES: Mapping[str, type[AidAct]] = {
    "send": AidSend,
    "accept": AidAccept,
    "take_command": AidHandoverBody,
    "offer": AidOfferBody,
    "hand_over": AidHandoverBody,
}
ACTIONS = tuple(dict.fromkeys([*map(str, AidAskAction), *map(str, AidOfferAction)]))


def now_of(call: Call, request: AidRequest) -> AidNow:
    """A request as both screens show it."""
    world, now = call.site.desk.world, call.site.clock()
    offer = offer_of(world, request)
    ours = request.site == world.site
    limit = running(world, request, offer)
    copy = offer if ours else request
    came_at = copy.history[-1].at if copy is not None and copy.history else None
    if ours:
        late = limit is not None and limit[1] <= now
        acts = [str(each) for each in asking_acts(request, offer) if late or each is not AidAskAction.EXPIRE]
    else:
        acts = [] if offer is None else [str(each) for each in helping_acts(request, offer)]
    return AidNow(
        id=request.id,
        state=joint(request, offer),
        request=request,
        offer=offer,
        copy_of=request.partner if ours else request.site,
        copy_age_s=None if came_at is None else max(0.0, (now - came_at).total_seconds()),
        clock=None if limit is None else limit[0].clock,
        due_at=None if limit is None else limit[1],
        rule_id="" if limit is None else limit[0].id,
        rule_source="" if limit is None else limit[0].source,
        passed=[each for each in shown(call, "aid_alarms") if each.request_id == request.id],
        acts=acts,
    )


async def _list(call: Call) -> Page[AidNow]:
    query: AidQuery = call.query
    site = call.site.desk.world.site
    found = (
        each
        for each in shown(call, "aid_requests")
        if query.incident_id in ("", each.incident_id)
        and (not query.way or (query.way == "out") is (each.site == site))
    )
    rows: Page[AidRequest] = page(found, lambda each: newest_first(each.requested_at, each.id), query)
    return Page(items=[now_of(call, each) for each in rows.items], next=rows.next)


async def _one(call: Call) -> AidNow:
    return now_of(call, one(call, "aid_requests", call.path["id"]))


async def _ask(call: Call) -> Page[AidNow]:
    answer = await call.site.desk.ask(call.ask(call.body.command()))
    world = call.site.desk.world
    made = [r.fact.request for r in answer.recorded if isinstance(r.fact, AidAsked)]
    return Page(items=[now_of(call, world.aid_requests.get(each.id, each)) for each in made], next=None)


def _acting(action: str) -> Handler:
    async def act(call: Call) -> AidNow:
        request: AidRequest = one(call, "aid_requests", call.path["id"])
        world, body = call.site.desk.world, call.body
        if request.site == world.site:
            if action not in set(AidAskAction):
                raise Refused("NOT_OWNER", f"{action} is site {request.partner}'s step", field="action")
            await call.site.desk.ask(call.ask(body.asking(request.id, AidAskAction(action))))
        else:
            offer = offer_of(world, request)
            if action not in set(AidOfferAction):
                raise Refused("NOT_OWNER", f"{action} is site {request.site}'s step", field="action")
            if offer is None:
                raise Refused("NOT_NOW", "it is not on the desk yet", field="action")
            await call.site.desk.ask(call.ask(body.helping(offer.id, AidOfferAction(action))))
        return now_of(call, one(call, "aid_requests", request.id))

    return act


DOORS = (
    Door(
        method="GET",
        path="/aid",
        name="listAid",
        text="Requests for mutual aid, ours and partners' to us, newest first: both records, the joint state, its limit.",
        handler=_list,
        query=AidQuery,
        answers=Page[AidNow],
    ),
    Door(
        method="POST",
        path="/aid",
        name="askAid",
        text="Ask partners for help with an incident of this site. Each request waits for the duty chief.",
        handler=_ask,
        takes=AidAsk,
        answers=Page[AidNow],
        status=201,
    ),
    Door(
        method="GET",
        path="/aid/<id:id>",
        name="getAid",
        text="One request with the answer to it. `id` is the request's at both sites.",
        handler=_one,
        answers=AidNow,
    ),
    *(
        Door(
            method="POST",
            path=f"/aid/<id:id>/{action}",
            name=f"{action}Aid",
            text=f"A step of mutual aid: {action}. Each site takes its own steps only; the partner's are 409 NOT_OWNER.",
            handler=_acting(action),
            takes=_BODIES.get(action, AidAct),
            answers=AidNow,
        )
        for action in ACTIONS
    ),
)
