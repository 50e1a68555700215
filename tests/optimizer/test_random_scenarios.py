"""Whatever the scenario, the plan is legal by the referee, no worse than the human rule, and says its score."""

from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optimizer.explain import explain
from optimizer.plan import read_plan
from optimizer.problem import parse
from optimizer.solve import solve
from optimizer.stop import MaxIterations
from tests.optimizer.scenarios import scenarios
from tests.optimizer.shared import judged, schema

_PLAN = jsonschema.Draft202012Validator(schema("plan"))
_SCENARIO = jsonschema.Draft202012Validator(schema("scenario"))
_SOME = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
_MANY = settings(_SOME, max_examples=1000)


@_SOME
@given(scenarios())
def test_a_random_scenario_gets_a_legal_plan(sc: dict[str, Any]) -> None:
    _legal(sc)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@_MANY
@given(scenarios())
def test_a_thousand_random_scenarios_get_legal_plans(sc: dict[str, Any]) -> None:
    _legal(sc)


def _legal(sc: dict[str, Any]) -> None:
    _SCENARIO.validate(sc)
    problem = parse(sc)
    result = solve(problem, MaxIterations(iterations=3), 1)
    plan = result.plan.to_json(problem)
    _PLAN.validate(plan)
    answer = judged(sc, plan)
    assert answer["violations"] == []
    assert result.violations == ()
    assert result.score.total == pytest.approx(answer["score"], abs=0.01, rel=1e-6)
    assert result.score.total <= result.human.total + 1e-6
    explained = explain(problem, result)["incidents"]
    assert [row["incident_id"] for row in explained] == [row["id"] for row in sc["incidents"]]


@_SOME
@given(scenarios(), st.integers(1, 3))
def test_locking_the_first_legs_of_a_plan_keeps_it_legal(sc: dict[str, Any], length: int) -> None:
    problem = parse(sc)
    plan = solve(problem, MaxIterations(iterations=0), 1).plan.to_json(problem)
    sc["commitments"] = [
        {"aircraft_id": row["aircraft_id"], "legs": row["legs"][:length]} for row in plan["aircraft"][:2]
    ]
    locked = parse(sc)
    result = solve(locked, MaxIterations(iterations=2), 1, read_plan(locked, plan))
    assert judged(sc, result.plan.to_json(locked))["violations"] == []
