"""Doors of water taken and dropped, of what tracks have shown of it, and of the hours that are signed."""

from typing import Any

from adapters.web.doors_taskings import after
from adapters.web.lists import one
from adapters.web.table import Call, Door
from dispatch.records import Tasking
from protocols.json_answers import TrackFindingsAnswer
from protocols.json_drops import (
    FindingsRejection,
    HoursAnswer,
    HoursSigning,
    WaterCorrection,
    WaterReport,
)


async def _record(call: Call) -> Any:
    await call.site.desk.ask(call.ask(call.body.command(call.path["id"])))
    return after(call, "taskings")


async def _correct(call: Call) -> Any:
    await call.site.desk.ask(call.ask(call.body.command(call.path["id"], call.path["drop"])))
    return after(call, "taskings")


async def _findings(call: Call) -> TrackFindingsAnswer:
    tasking = one(call, "taskings", call.path["id"])
    noted = call.site.desk.world.track_events.get(tasking.id, ())
    return TrackFindingsAnswer.of(call.site.watch.findings(tasking), tasking, noted)


async def _reject(call: Call) -> TrackFindingsAnswer:
    await call.site.desk.ask(call.ask(call.body.command(call.path["id"])))
    return await _findings(call)


async def _hours(call: Call) -> HoursAnswer:
    return HoursAnswer.of(one(call, "taskings", call.path["id"]))


async def _sign(call: Call) -> HoursAnswer:
    await call.site.desk.ask(call.ask(call.body.command(call.path["id"])))
    return HoursAnswer.of(after(call, "taskings"))


DOORS = (
    Door(
        method="POST",
        path="/taskings/<id:id>/drops",
        name="recordWater",
        text=(
            "Record a drop or a pick-up: one told by a person, or one or several that the track has shown. What is"
            " recorded already is refused as ALREADY_RECORDED, so that nothing is counted twice."
        ),
        handler=_record,
        takes=WaterReport,
        answers=Tasking,
    ),
    Door(
        method="POST",
        path="/taskings/<id:id>/drops/<id:drop>",
        name="correctWater",
        text=(
            "Correct the time or the litres of a load, or strike it out, with why; what it said before stays. `drop` is"
            " its id, or the Idempotency-Key under which the caller recorded it."
        ),
        handler=_correct,
        takes=WaterCorrection,
        answers=Tasking,
    ),
    Door(
        method="GET",
        path="/taskings/<id:id>/findings",
        name="getTaskingFindings",
        text=(
            "What the track says of the flight, what people have answered to it, and the step it proposes. A person"
            " confirms it; nothing follows by itself."
        ),
        handler=_findings,
        answers=TrackFindingsAnswer,
    ),
    Door(
        method="POST",
        path="/taskings/<id:id>/findings/reject",
        name="rejectFindings",
        text="Say that pick-ups or drops which the track has shown did not happen.",
        handler=_reject,
        takes=FindingsRejection,
        answers=TrackFindingsAnswer,
    ),
    Door(
        method="GET",
        path="/taskings/<id:id>/hours",
        name="getHours",
        text="Hours and drops of a tasking as they stand, with the digest that is signed, and who has signed it.",
        handler=_hours,
        answers=HoursAnswer,
    ),
    Door(
        method="POST",
        path="/taskings/<id:id>/hours/sign",
        name="signHours",
        text=(
            "Sign hours and drops for the station (base) or the company (operator). A later change voids it; settling"
            " needs both, or the duty chief and a reason."
        ),
        handler=_sign,
        takes=HoursSigning,
        answers=HoursAnswer,
    ),
)
