"""Generated scenarios, plain and hostile: legal by the referee, never above the human rule, the score as it says."""

from typing import Any

import jsonschema_rs
import pytest

from loadtests.scenario_twists import TWISTS, hostile
from loadtests.scenarios import scenario
from optimizer.problem import parse
from optimizer.solve import solve
from optimizer.stop import MaxIterations
from tests.optimizer.shared import judged, schema

_PLAN = jsonschema_rs.Draft202012Validator(schema("plan"))


def _planned(sc: dict[str, Any], iterations: int) -> None:
    problem = parse(sc)
    result = solve(problem, MaxIterations(iterations=iterations), 1)
    plan = result.plan.to_json(problem)
    _PLAN.validate(plan)
    answer = judged(sc, plan)
    assert answer["violations"] == []
    assert result.violations == ()
    assert result.score.total == pytest.approx(answer["score"], abs=0.01, rel=1e-6)
    assert result.score.total <= result.human.total + 1e-6


@pytest.mark.parametrize("roll", [False, True])
@pytest.mark.parametrize("seed", range(500, 512))
def test_a_small_scenario_is_planned(seed: int, roll: bool) -> None:
    _planned(scenario("S", seed, roll=roll), 5)


@pytest.mark.parametrize("roll", [False, True])
@pytest.mark.parametrize("seed", range(500, 504))
def test_a_scenario_of_a_province_is_planned(seed: int, roll: bool) -> None:
    _planned(scenario("M", seed, roll=roll), 1)


@pytest.mark.parametrize("twist", sorted(TWISTS))
def test_a_twisted_scenario_is_planned(twist: str) -> None:
    _planned(scenario("S", 520, twists=(twist,)), 2)
    _planned(scenario("S", 522, roll=True, twists=(twist,)), 2)


@pytest.mark.parametrize("seed", range(500, 524))
def test_a_scenario_of_several_twists_is_planned(seed: int) -> None:
    _planned(scenario("S", seed, roll=seed % 2 == 0, twists=hostile(seed)), 3)
    if seed % 3 == 0:
        _planned(scenario("M", seed, roll=seed % 2 == 1, twists=hostile(seed)), 0)
