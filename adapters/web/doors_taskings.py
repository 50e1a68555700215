"""Doors of taskings and of the airspace requests that go with them."""

from typing import Any

from adapters.web.lists import newest_first, one, page, shown
from adapters.web.table import Call, Door, Handler
from dispatch.errors import Unknown
from dispatch.kinds import AirspaceAction, TaskingAction
from dispatch.records import AirspaceRequest, Tasking
from dispatch.tasking import NEEDS_REASON
from protocols.json_answers import Page
from protocols.json_clearance import PhonedAct
from protocols.json_doors import (
    AirspaceAct,
    AirspaceActWithReason,
    AirspaceCounter,
    PageQuery,
    TaskingAct,
    TaskingActWithReason,
    TaskingRefusal,
)
from protocols.json_taskings import BODIES, TaskingAmendment


async def _taskings(call: Call) -> Any:
    return page(shown(call, "taskings"), lambda t: newest_first(t.take_off_at, t.id), call.query)


async def _tasking(call: Call) -> Any:
    return one(call, "taskings", call.path["id"])


async def _requests(call: Call) -> Any:
    return page(shown(call, "requests"), lambda r: newest_first(r.filed_at, r.id), call.query)


async def _request(call: Call) -> Any:
    return one(call, "requests", call.path["id"])


def _tasking_step(action: TaskingAction) -> Handler:
    async def act(call: Call) -> Any:
        await call.site.desk.ask(call.ask(call.body.command(call.path["id"], action)))
        return after(call, "taskings")

    return act


async def _amend(call: Call) -> Any:
    await call.site.desk.ask(call.ask(call.body.command(call.path["id"])))
    return after(call, "taskings")


def _request_step(action: AirspaceAction) -> Handler:
    async def act(call: Call) -> Any:
        await call.site.desk.ask(call.ask(call.body.command(call.path["id"], action)))
        return after(call, "requests")

    return act


def after(call: Call, table: str) -> Any:
    """The record after the caller's own act, which they may see even if it has just left their view."""
    record = getattr(call.site.desk.world, table).get(call.path["id"])
    if record is None:
        raise Unknown("id", "it is gone")
    return record


def _tasking_body(action: TaskingAction) -> type[TaskingAct]:
    if action is TaskingAction.REFUSE:
        return TaskingRefusal
    if action in BODIES:
        return BODIES[action]
    return TaskingActWithReason if action in NEEDS_REASON else TaskingAct


_AIRSPACE_BODIES: dict[AirspaceAction, type[Any]] = {
    AirspaceAction.REFUSE: AirspaceActWithReason,
    AirspaceAction.REVOKE: AirspaceActWithReason,
    AirspaceAction.COUNTER: AirspaceCounter,
    AirspaceAction.PHONE: PhonedAct,
}

DOORS = (
    Door(
        method="GET",
        path="/taskings",
        name="listTaskings",
        text="Taskings, latest take-off first; operators see their own.",
        handler=_taskings,
        query=PageQuery,
        answers=Page[Tasking],
    ),
    Door(
        method="GET",
        path="/taskings/<id:id>",
        name="getTasking",
        text="One tasking with its timers and history.",
        handler=_tasking,
        answers=Tasking,
    ),
    *(
        Door(
            method="POST",
            path=f"/taskings/<id:id>/{action}",
            name=f"{action}Tasking",
            text=f"Advance a tasking: {action}.",
            handler=_tasking_step(action),
            takes=_tasking_body(action),
            answers=Tasking,
        )
        for action in TaskingAction
        if action is not TaskingAction.AMEND
    ),
    Door(
        method="POST",
        path="/taskings/<id:id>/amend",
        name="amendTasking",
        text=(
            "Change an order until its aircraft has landed. What is in force holds until the crew has acknowledged the"
            " new terms; a changed place, time or height is asked of ATC."
        ),
        handler=_amend,
        takes=TaskingAmendment,
        answers=Tasking,
    ),
    Door(
        method="GET",
        path="/airspace",
        name="listAirspaceRequests",
        text="Requests to ATC, newest first.",
        handler=_requests,
        query=PageQuery,
        answers=Page[AirspaceRequest],
    ),
    Door(
        method="GET",
        path="/airspace/<id:id>",
        name="getAirspaceRequest",
        text="One request with its history.",
        handler=_request,
        answers=AirspaceRequest,
    ),
    *(
        Door(
            method="POST",
            path=f"/airspace/<id:id>/{action}",
            name=f"{action}AirspaceRequest",
            text=f"Advance an airspace request: {action}. Only ATC's act approves.",
            handler=_request_step(action),
            takes=_AIRSPACE_BODIES.get(action, AirspaceAct),
            answers=AirspaceRequest,
        )
        for action in AirspaceAction
    ),
)
