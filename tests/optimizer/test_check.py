"""Our own judge finds what the referee finds: plans broken on purpose, one rule at a time."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from optimizer.check import inspect
from optimizer.plan import read_plan
from optimizer.problem import parse
from optimizer.score import score
from optimizer.solve import solve
from optimizer.stop import MaxIterations
from tests.optimizer.shared import judged, scenario

_SC = scenario("L-301")
_PLAN = solve(parse(_SC), MaxIterations(iterations=0), 1).plan.to_json(parse(_SC))

Bend = Callable[[dict[str, Any], dict[str, Any]], None]


def _legs(plan: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [leg for row in plan["aircraft"] for leg in row["legs"] if leg["kind"] == kind]


def _cycles(plan: dict[str, Any]) -> dict[str, Any]:
    return _legs(plan, "cycles")[0]


def _craft(sc: dict[str, Any], plan: dict[str, Any]) -> dict[str, Any]:
    wanted = plan["aircraft"][0]["aircraft_id"]
    found: dict[str, Any] = next(row for row in sc["aircraft"] if row["id"] == wanted)
    return found


BENDS: dict[str, Bend] = {
    "as it is": lambda _sc, _plan: None,
    "too fast": lambda _sc, plan: plan["aircraft"][0]["legs"][0].update(
        end=plan["aircraft"][0]["legs"][0]["start"]
    ),
    "more than it lifts": lambda _sc, plan: _cycles(plan).update(litres_per_drop=99_999),
    "more drops": lambda _sc, plan: _cycles(plan).update(drops=_cycles(plan)["drops"] + 3),
    "no landing": lambda _sc, plan: plan["aircraft"][0].update(legs=plan["aircraft"][0]["legs"][:-2]),
    "away from the water": lambda _sc, plan: plan["aircraft"][0]["legs"].pop(0),
    "unserviceable": lambda sc, plan: _craft(sc, plan).update(serviceable=False),
    "not ready": lambda sc, plan: _craft(sc, plan).update(ready_at=sc["horizon_end"]),
    "no duty left": lambda sc, plan: _craft(sc, plan)["crew"].update(duty_ends_at=sc["now"]),
    "flown too long": lambda sc, plan: _craft(sc, plan)["crew"].update(flown_continuous_s=7000),
    "flown too much": lambda sc, plan: _craft(sc, plan)["crew"].update(flown_today_s=28000),
    "empty tanks": lambda sc, plan: _craft(sc, plan).update(fuel_kg=1),
    "dark": lambda sc, _plan: sc["weather"].update(last_light=sc["now"]),
    "storm": lambda sc, _plan: [row.update(wind_mps=40) for row in sc["incidents"]],
    "fog": lambda sc, _plan: [row.update(visibility_m=10) for row in sc["incidents"]],
    "one height layer": lambda sc, _plan: [row.update(max_slots=1) for row in sc["incidents"]],
    "one place at the water": lambda sc, _plan: [row.update(max_aircraft=1) for row in sc["water_points"]],
    "no refuelling points": lambda sc, _plan: [row.update(refuel_points=0) for row in sc["bases"]],
    "no fuel": lambda sc, _plan: [row.update(fuels=[]) for row in sc["bases"]],
    "short runways": lambda sc, _plan: [row.update(runway_m=0) for row in sc["bases"]],
    "shallow": lambda sc, _plan: [row.update(depth_m=0) for row in sc["water_points"]],
    "closed fires": lambda sc, _plan: [
        row.update(available=[{"from": sc["horizon_end"], "until": sc["horizon_end"]}])
        for row in sc["incidents"]
    ],
    "closed bases": lambda sc, _plan: [
        row.update(available=[{"from": sc["now"], "until": sc["now"]}]) for row in sc["bases"]
    ],
    "long visits": lambda sc, _plan: [
        row["task"].update(service_s=90_000) for row in sc["incidents"] if "task" in row
    ],
    "no crew for it": lambda sc, _plan: [row.update(capabilities=[]) for row in sc["aircraft"]],
    "no seats": lambda sc, _plan: [row.update(seats=0, cargo_kg=0) for row in sc["aircraft"]],
    "nothing loaded": lambda _sc, plan: [
        row.update(legs=[leg for leg in row["legs"] if leg["kind"] != "handover"]) for row in plan["aircraft"]
    ],
}


@pytest.mark.parametrize("bend", BENDS)
def test_the_check_agrees_with_the_referee(bend: str) -> None:
    sc, plan = copy.deepcopy(_SC), copy.deepcopy(_PLAN)
    BENDS[bend](sc, plan)
    answer = judged(sc, plan)
    problem = parse(sc)
    findings = inspect(problem, read_plan(problem, plan))
    ours = {(row.code, problem.aircraft[row.aircraft].id) for row in findings.violations}
    theirs = {(row["code"], row["aircraft_id"]) for row in answer["violations"]}
    capacity = {"INCIDENT_SLOTS", "WATER_POINT_FULL", "REFUEL_FULL"}  # who came last may differ
    assert {row for row in ours if row[0] not in capacity} == {r for r in theirs if r[0] not in capacity}
    assert {code for code, _ in ours} == {code for code, _ in theirs}
    assert bool(theirs) == (bend != "as it is")
    if "WATER_UNSUITABLE" not in {code for code, _ in theirs}:  # the referee then stops flying that aircraft
        assert score(problem, findings).total == pytest.approx(answer["score"], rel=1e-6)
