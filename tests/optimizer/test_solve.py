"""Solving: every shared scenario, judged by the independent referee, against both human rules."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ortools.sat.python import cp_model

from optimizer.plan import read_plan
from optimizer.problem import parse
from optimizer.solve import Result, solve
from optimizer.stop import MaxIterations
from tests.optimizer.shared import DATA, NAMES, REFERENCE, judged, scenario, schema, small

ITERATIONS = {"S-101": 30, "M-201": 30, "M-201-roll": 30, "L-301": 3, "L-301-roll": 3, "XL-401": 0}


def _solved(sc: dict[str, Any], iterations: int, seed: int = 1) -> Result:
    return solve(parse(sc), MaxIterations(iterations=iterations), seed)


@pytest.mark.parametrize("name", NAMES)
def test_a_shared_scenario_gets_a_legal_plan_below_both_human_rules(name: str, tmp_path: Path) -> None:
    sc = scenario(name)
    problem = parse(sc)
    result = _solved(sc, ITERATIONS[name])
    plan = result.plan.to_json(problem)
    jsonschema.Draft202012Validator(schema("plan")).validate(plan)
    out = tmp_path / "plan.json"
    out.write_text(json.dumps(plan), encoding="utf-8")
    referee = [sys.executable, str(DATA / "referee.py"), str(DATA / f"{name}.json"), str(out), "--json"]
    answer = json.loads(subprocess.run(referee, capture_output=True, check=True, text=True).stdout)
    assert answer["violations"] == []
    assert answer["score"] <= REFERENCE[name]["human"]["score"]
    assert answer["score"] <= result.human.total + 0.01
    assert result.score.total == pytest.approx(answer["score"], abs=0.1)
    for term, value in answer["terms"].items():
        assert result.score.to_json()[term] == pytest.approx(value, abs=0.1)


@pytest.mark.parametrize("name", ["S-101", "M-201", "M-201-roll", "L-301", "L-301-roll"])
def test_the_plan_reaches_the_life_first_plans_of_the_reference(name: str) -> None:
    result = _solved(scenario(name), ITERATIONS[name])
    life_first = REFERENCE[name]["life_first"]
    assert result.score.total <= life_first["score"] * 1.005
    assert result.score.life_weighted_minutes <= life_first["life_weighted_minutes"] + 0.01


@pytest.mark.parametrize("name", ["S-101", "M-201-roll", "L-301-roll"])
def test_the_same_seed_and_iterations_give_the_same_plan(name: str) -> None:
    problem = parse(scenario(name))
    plans = [solve(problem, MaxIterations(iterations=3), 7).plan.to_json(problem) for _ in range(2)]
    assert plans[0] == plans[1]


def test_more_iterations_are_never_worse() -> None:
    scores = [_solved(small(), iterations).score.total for iterations in (0, 20, 60)]
    assert scores == sorted(scores, reverse=True)


def test_the_life_tier_is_decided_by_cp_sat(monkeypatch: pytest.MonkeyPatch) -> None:
    solved: list[Any] = []
    original = cp_model.CpSolver.solve

    def spy(self: Any, model: Any, *rest: Any) -> Any:
        status = original(self, model, *rest)
        solved.append(status)
        return status

    monkeypatch.setattr(cp_model.CpSolver, "solve", spy)
    _solved(scenario("M-201"), 0)
    assert solved
    assert set(solved) == {cp_model.OPTIMAL}


def test_locked_legs_open_the_plan_unchanged() -> None:
    sc = scenario("L-301-roll")
    plan = _solved(sc, 0).plan.to_json(parse(sc))
    legs = {row["aircraft_id"]: row["legs"] for row in plan["aircraft"]}
    for lock in sc["commitments"]:
        for promised, flown in zip(lock["legs"], legs[lock["aircraft_id"]], strict=False):
            assert flown == promised


def test_a_previous_plan_is_a_start_and_not_a_chain() -> None:
    before = scenario("M-201")
    first = parse(before)
    old = solve(first, MaxIterations(iterations=0), 1).plan.to_json(first)
    later = scenario("M-201-roll")
    problem = parse(later)
    result = solve(problem, MaxIterations(iterations=5), 1, read_plan(problem, old))
    assert judged(later, result.plan.to_json(problem))["violations"] == []
    assert result.score.total <= result.human.total


def test_improvements_are_told_as_they_come() -> None:
    told: list[float] = []
    problem = parse(scenario("M-201-roll"))
    result = solve(problem, MaxIterations(iterations=30), 1, listen=lambda _, score: told.append(score.total))
    assert told == sorted(told, reverse=True)
    assert told[-1] == result.score.total
    assert len(told) >= 2
    assert told[0] < result.human.total


@pytest.mark.parametrize("name", ["S-101", "M-201", "M-201-roll", "L-301", "L-301-roll"])
def test_the_first_plan_told_is_already_a_good_one(name: str) -> None:
    told: list[float] = []
    problem = parse(scenario(name))
    floor = REFERENCE[name]["unavoidable"]

    def stop(done: int) -> bool:
        return bool(told) or done >= 0

    solve(problem, stop, 1, listen=lambda _, score: told.append(score.total))
    assert told[0] - floor <= 1.02 * (REFERENCE[name]["best_known"]["score"] - floor)


def test_the_human_plan_is_told_where_there_is_no_time_for_another() -> None:
    told: list[float] = []
    result = solve(parse(small()), lambda _: True, 1, listen=lambda _, score: told.append(score.total))
    assert told == [result.human.total] == [result.score.total]
