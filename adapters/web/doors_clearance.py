"""Doors of requests to ATC beside their steps: filing by hand, questions, and the rules in force."""

from typing import Any

from adapters.web.doors_taskings import after
from adapters.web.table import Call, Door
from dispatch.airspace_facts import AirspaceFiled
from dispatch.records import AirspaceRequest
from protocols.json_clearance import AirspaceFiling, QuestionAnswer, QuestionBody


async def _file(call: Call) -> AirspaceRequest:
    answer = await call.site.desk.ask(call.ask(call.body.command(call.path["id"])))
    made = next(r.fact.request for r in answer.recorded if isinstance(r.fact, AirspaceFiled))
    return call.site.desk.world.requests.get(made.id, made)


async def _talk(call: Call) -> Any:
    await call.site.desk.ask(call.ask(call.body.command(call.path["id"])))
    return after(call, "requests")


DOORS = (
    Door(
        method="POST",
        path="/taskings/<id:id>/airspace",
        name="fileAirspaceRequest",
        text=(
            "Ask ATC for a tasking: a plan again, temporary airspace, or a take-off release. An open request of the kind"
            " is replaced. Filing late is flagged and never refused."
        ),
        handler=_file,
        takes=AirspaceFiling,
        answers=AirspaceRequest,
        status=201,
    ),
    Door(
        method="POST",
        path="/airspace/<id:id>/ask",
        name="askAboutAirspaceRequest",
        text="ATC asks the desk about a request.",
        handler=_talk,
        takes=QuestionBody,
        answers=AirspaceRequest,
    ),
    Door(
        method="POST",
        path="/airspace/<id:id>/answer",
        name="answerAboutAirspaceRequest",
        text="The desk answers a question of ATC.",
        handler=_talk,
        takes=QuestionAnswer,
        answers=AirspaceRequest,
    ),
)
