"""Doors of incidents."""

from typing import Any

from adapters.web.lists import newest_first, one, page, shown
from adapters.web.table import Call, Door, Handler
from dispatch.incident_facts import IncidentReported
from dispatch.kinds import IncidentAction
from dispatch.records import Incident
from protocols.json_answers import Page
from protocols.json_doors import (
    IncidentAct,
    IncidentActWithReason,
    IncidentCorrection,
    IncidentMerge,
    IncidentReport,
    IncidentShare,
    IncidentUpdate,
    PageQuery,
)


async def _list(call: Call) -> Any:
    return page(
        shown(call, "incidents"), lambda incident: newest_first(incident.reported_at, incident.id), call.query
    )


async def _report(call: Call) -> Incident:
    answer = await call.site.desk.ask(call.ask(call.body.command()))
    made = next(r.fact.incident for r in answer.recorded if isinstance(r.fact, IncidentReported))
    return call.site.desk.world.incidents.get(made.id, made)


async def _one(call: Call) -> Any:
    return one(call, "incidents", call.path["id"])


async def _share(call: Call) -> Any:
    await call.site.desk.ask(call.ask(call.body.command(call.path["id"])))
    return one(call, "incidents", call.path["id"])


async def _update(call: Call) -> Any:
    await call.site.desk.ask(call.ask(call.body.command(call.path["id"])))
    return one(call, "incidents", call.path["id"])


def _acting(action: IncidentAction) -> Handler:
    async def act(call: Call) -> Any:
        await call.site.desk.ask(call.ask(call.body.command(call.path["id"], action)))
        return one(call, "incidents", call.path["id"])

    return act


_BODIES: dict[IncidentAction, type[Any]] = {
    IncidentAction.DISMISS: IncidentActWithReason,
    IncidentAction.STAND_DOWN: IncidentActWithReason,
    IncidentAction.MERGE: IncidentMerge,
}

DOORS = (
    Door(
        method="GET",
        path="/incidents",
        name="listIncidents",
        text="Incidents, newest first.",
        handler=_list,
        query=PageQuery,
        answers=Page[Incident],
    ),
    Door(
        method="POST",
        path="/incidents",
        name="reportIncident",
        text="Report an incident; it waits to be confirmed.",
        handler=_report,
        takes=IncidentReport,
        answers=Incident,
        status=201,
    ),
    Door(
        method="GET",
        path="/incidents/<id:id>",
        name="getIncident",
        text="One incident with its history.",
        handler=_one,
        answers=Incident,
    ),
    Door(
        method="POST",
        path="/incidents/<id:id>/share",
        name="shareIncident",
        text="Show it, its taskings and their aircraft to a partner site.",
        handler=_share,
        takes=IncidentShare,
        answers=Incident,
    ),
    Door(
        method="POST",
        path="/incidents/<id:id>/update",
        name="updateIncident",
        text="What is known better now: level, title, weather, and of a fire its fuel, slope, size and water by hand.",
        handler=_update,
        takes=IncidentUpdate,
        answers=Incident,
    ),
    Door(
        method="POST",
        path="/incidents/<id:id>/correct",
        name="correctIncident",
        text=(
            "What was reported is not so: kind, title, place or position, with a reason. Orders stand as they are;"
            " an applied card of another kind says nothing of it any more."
        ),
        handler=_update,
        takes=IncidentCorrection,
        answers=Incident,
    ),
    *(
        Door(
            method="POST",
            path=f"/incidents/<id:id>/{action}",
            name=f"{action}Incident",
            text=f"Advance an incident: {action}.",
            handler=_acting(action),
            takes=_BODIES.get(action, IncidentAct),
            answers=Incident,
        )
        for action in IncidentAction
    ),
)
