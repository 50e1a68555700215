"""How the planner does, over its doors and on consoles."""

from dataclasses import replace

import pytest_twisted

from dispatch import access
from dispatch.kinds import PlannerCause, Role
from dispatch.planner_run import PlannerRun
from protocols.gen import kinds_pb2
from tests.adapters.web.running import Running
from tests.adapters.web.talking import talk


def run(site: Running) -> PlannerRun:
    """One that waits for a process."""
    return PlannerRun(
        id=7,
        incident_ids=("36-INC-1",),
        requested_by="planner",
        cause=PlannerCause.CHANGED,
        began_at=site.clock(),
        solving=False,
        seconds=1.5,
        score=None,
        bound=None,
        plans=0,
        stopping=False,
    )


@pytest_twisted.ensureDeferred
async def test_those_who_may_ask_for_plans_see_a_run_begin_get_better_and_end(site: Running) -> None:
    waiting = run(site)
    site.planner.think((waiting,))
    desk, atc = await talk(site.port), await talk(site.port)
    await desk.hello(site.tokens["dispatcher"])
    await atc.hello(site.tokens["atc"])
    first = await desk.hear("planner_runs", lambda m: len(m.runs) == 1)
    assert (first.runs[0].id, first.runs[0].cause) == (7, kinds_pb2.PLANNER_CAUSE_CHANGED)
    assert not first.runs[0].HasField("score")
    site.planner.think((replace(waiting, solving=True, score=120.0, bound=100.0, plans=3),))
    better = await desk.hear("planner_runs", lambda m: len(m.runs) == 1 and m.runs[0].solving)
    assert (better.runs[0].score, better.runs[0].bound) == (120.0, 100.0)
    site.planner.think(())
    await desk.hear("planner_runs", lambda m: not m.runs)
    incident = await site.incident()
    await site.ordered()
    await atc.hear("records", lambda r: r.through > 0 and len(r.requests) > 0)
    assert incident
    assert not any(m.WhichOneof("body") == "planner_runs" for m in atc.heard)


@pytest_twisted.ensureDeferred
async def test_a_run_is_listed_and_stopped_by_the_desk_only(site: Running) -> None:
    site.planner.think((run(site),))
    for role in Role:
        listed = await site.http("GET", "planner/runs", role=role)
        assert listed.status == (200 if role in access.ASK_PLAN else 403), role
    assert [
        each["cause"] for each in (await site.http("GET", "planner/runs", role="duty_chief")).json["items"]
    ] == ["changed"]
    for role in set(Role) - access.ASK_PLAN:
        assert (await site.http("POST", "planner/runs/7/stop", {}, role=role)).status == 403
    for unknown in ("8", "x", "99999999999"):
        assert (await site.http("POST", f"planner/runs/{unknown}/stop", {}, role="dispatcher")).status == 404
    stopped = await site.http("POST", "planner/runs/7/stop", {}, role="dispatcher")
    assert (stopped.status, stopped.json) == (200, {"items": []})
