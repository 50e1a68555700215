"""Doors of the planner itself: what it thinks about now, and telling it to stop."""

from adapters.web.table import Call, Door
from dispatch import access
from dispatch.errors import Forbidden, Unknown
from protocols.json_answers import PlannerRunsAnswer
from protocols.json_doors import Nothing


def _check(call: Call) -> None:
    if call.who.session.role not in access.ASK_PLAN:
        raise Forbidden(f"the planner's runs are for {', '.join(sorted(access.ASK_PLAN))}")


async def _runs(call: Call) -> PlannerRunsAnswer:
    _check(call)
    return PlannerRunsAnswer.of(call.site.planner.runs())


async def _stop(call: Call) -> PlannerRunsAnswer:
    _check(call)
    run_id = call.path["id"]
    if not run_id.isdecimal() or len(run_id) > 9:
        raise Unknown("id", f"no run {run_id} is under way")
    call.site.planner.cancel(int(run_id))
    return PlannerRunsAnswer.of(call.site.planner.runs())


DOORS = (
    Door(
        method="GET",
        path="/planner/runs",
        name="listPlannerRuns",
        text="What the planner thinks about now, with the best score and the proven bound so far.",
        handler=_runs,
        answers=PlannerRunsAnswer,
    ),
    Door(
        method="POST",
        path="/planner/runs/<id:id>/stop",
        name="stopPlannerRun",
        text="Let a run end with what it has found; one that waits for a solver process is given up.",
        handler=_stop,
        takes=Nothing,
        answers=PlannerRunsAnswer,
    ),
)
