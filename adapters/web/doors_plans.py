"""Doors of proposals: ask the planner, look, adopt."""

from typing import Any

from adapters.web.lists import newest_first, one, page, shown
from adapters.web.table import Call, Door
from dispatch import access
from dispatch.errors import Forbidden, Unknown
from dispatch.records import Plan
from optimizer.proposal import proposed
from protocols.json_answers import Page, PlanAnswer, WhatIfAnswer
from protocols.json_doors import PageQuery, PlanAdoption, PlanRequest, WhatIfRequest


async def _list(call: Call) -> Page[PlanAnswer]:
    found: Page[Plan] = page(shown(call, "plans"), lambda p: newest_first(p.created_at, p.id), call.query)
    return Page(items=[PlanAnswer.of(plan) for plan in found.items], next=found.next)


async def _one(call: Call) -> PlanAnswer:
    return PlanAnswer.of(one(call, "plans", call.path["id"]))


async def _propose(call: Call) -> PlanAnswer:
    _check_desk(call, "asking for a plan")
    for incident_id in call.body.incident_ids:
        if incident_id not in call.site.desk.world.incidents:
            raise Unknown("incident_ids", f"no incident {incident_id}")
    plan_id = await call.site.planner.propose(call.body.incident_ids, call.who.account.name)
    return PlanAnswer.of(call.site.desk.world.plans[plan_id])


def _check_desk(call: Call, act: str) -> None:
    if call.who.session.role not in access.ASK_PLAN:
        raise Forbidden(f"{act} is for {', '.join(sorted(access.ASK_PLAN))}")


async def _what_if(call: Call) -> WhatIfAnswer:
    _check_desk(call, "asking what if")
    found = await call.site.planner.what_if(list(call.body.changes), call.who.account.name)
    made = found.asked.situation
    return WhatIfAnswer(
        id=found.id,
        changes=list(found.changes),
        difference=found.difference,
        assignments=list(proposed(made, found.answer["plan"])),
        violations=list(found.answer["violations"]),
        score=float(found.answer["score"]["score"]),
        human_score=float(found.answer["human_score"]),
        real=found.real,
    )


async def _propose_what_if(call: Call) -> PlanAnswer:
    _check_desk(call, "proposing a plan")
    plan_id = await call.site.planner.propose_what_if(call.path["id"], call.who.account.name)
    return PlanAnswer.of(call.site.desk.world.plans[plan_id])


async def _adopt(call: Call) -> Any:
    for aircraft_id in call.body.aircraft_ids:
        if aircraft_id not in call.site.desk.world.aircraft:
            raise Unknown("aircraft_ids", f"no aircraft {aircraft_id}")
    await call.site.desk.ask(call.ask(call.body.command(call.path["id"])))
    return PlanAnswer.of(call.site.desk.world.plans[call.path["id"]])


DOORS = (
    Door(
        method="GET",
        path="/plans",
        name="listPlans",
        text="Proposals, newest first.",
        handler=_list,
        query=PageQuery,
        answers=Page[PlanAnswer],
    ),
    Door(
        method="POST",
        path="/plans",
        name="proposePlan",
        text="Ask the planner for a proposal; answers when it is found. No incident named: all that can be planned for.",
        handler=_propose,
        takes=PlanRequest,
        answers=PlanAnswer,
        status=201,
    ),
    Door(
        method="POST",
        path="/what-ifs",
        name="askWhatIf",
        text="What the proposal would be with changes, as a difference to one without them. Nothing is recorded.",
        handler=_what_if,
        takes=WhatIfRequest,
        answers=WhatIfAnswer,
    ),
    Door(
        method="POST",
        path="/what-ifs/<id:id>/propose",
        name="proposeWhatIf",
        text="Make a proposal of a what-if whose aircraft and water the site has; its locks and bans hold on.",
        handler=_propose_what_if,
        answers=PlanAnswer,
        status=201,
    ),
    Door(
        method="GET",
        path="/plans/<id:id>",
        name="getPlan",
        text="One proposal with its reasons.",
        handler=_one,
        answers=PlanAnswer,
    ),
    Door(
        method="POST",
        path="/plans/<id:id>/adopt",
        name="adoptPlan",
        text="Make taskings of a proposal, or of the named aircraft of it; they wait for the duty chief.",
        handler=_adopt,
        takes=PlanAdoption,
        answers=PlanAnswer,
    ),
)
