"""Doors of closed airspace (禁飞区, 临时管制)."""

from dataclasses import asdict
from typing import Any

from adapters.web.lists import newest_first, one, page, shown
from adapters.web.table import Call, Door
from dispatch.closure import is_over
from dispatch.closure_facts import ClosureDeclared
from dispatch.closure_reach import reached
from dispatch.records import Closure
from protocols.json_answers import Page
from protocols.json_closures import (
    ClosureAmendment,
    ClosureDeclaration,
    ClosureLift,
    ClosureQuery,
    ReachedAnswer,
    ReachedTasking,
)


async def _list(call: Call) -> Any:
    query: ClosureQuery = call.query
    now = call.site.clock()
    found = (each for each in shown(call, "closures") if query.over or not is_over(each, now))
    return page(found, lambda each: newest_first(each.declared_at, each.id), query)


async def _one(call: Call) -> Any:
    return one(call, "closures", call.path["id"])


async def _declare(call: Call) -> Closure:
    answer = await call.site.desk.ask(call.ask(call.body.command()))
    made = next(r.fact.closure for r in answer.recorded if isinstance(r.fact, ClosureDeclared))
    return call.site.desk.world.closures.get(made.id, made)


async def _change(call: Call) -> Any:
    await call.site.desk.ask(call.ask(call.body.command(call.path["id"])))
    return one(call, "closures", call.path["id"])


async def _reached(call: Call) -> ReachedAnswer:
    seen = {tasking.id for tasking in shown(call, "taskings")}
    found = reached(call.site.desk.world, call.site.clock())
    return ReachedAnswer(items=[ReachedTasking(**asdict(each)) for each in found if each.tasking_id in seen])


DOORS = (
    Door(
        method="GET",
        path="/closures",
        name="listClosures",
        text="Airspace that is closed or will be, newest first; `over` adds what has run out or was lifted.",
        handler=_list,
        query=ClosureQuery,
        answers=Page[Closure],
    ),
    Door(
        method="POST",
        path="/closures",
        name="declareClosure",
        text="Close airspace for a time: nobody is planned through it. Over 10,000 km² needs `large`: 409 VERY_LARGE.",
        handler=_declare,
        takes=ClosureDeclaration,
        answers=Closure,
        status=201,
    ),
    Door(
        method="GET",
        path="/closures/reached",
        name="listReachedTaskings",
        text="Taskings under way or ahead whose straight way passes closed airspace. It tells; nobody is turned back.",
        handler=_reached,
        answers=ReachedAnswer,
    ),
    Door(
        method="GET",
        path="/closures/<id:id>",
        name="getClosure",
        text="One closure with its history.",
        handler=_one,
        answers=Closure,
    ),
    Door(
        method="POST",
        path="/closures/<id:id>/amend",
        name="amendClosure",
        text="Change what is closed, how high or how long. What ATC has closed only ATC changes.",
        handler=_change,
        takes=ClosureAmendment,
        answers=Closure,
    ),
    Door(
        method="POST",
        path="/closures/<id:id>/lift",
        name="liftClosure",
        text="Open the airspace before its time, with a reason. What ATC has closed only ATC lifts.",
        handler=_change,
        takes=ClosureLift,
        answers=Closure,
    ),
)
