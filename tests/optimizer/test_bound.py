"""The bound holds: no plan that anybody finds scores less, whatever the scenario, from the first pass on."""

import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from optimizer.bound import Bounder, Grain, grain_for
from optimizer.fire_work import FireChoice
from optimizer.problem import Problem, parse
from optimizer.schedule import Schedule
from optimizer.solve import Result, solve
from optimizer.stop import MaxIterations
from optimizer.task_sortie import task_sortie
from optimizer.timeline import Sortie
from optimizer.travel import Tables
from tests.optimizer.bent import bent
from tests.optimizer.scenarios import scenarios
from tests.optimizer.shared import REFERENCE, scenario, small

_COARSE = Grain(grain_s=600.0, bin_s=1800.0, refuels=False)


def _never(_: int) -> bool:
    return False


def _bounded(problem: Problem, grain: Grain, passes: int) -> list[float]:
    tables = Tables(problem)
    bounder = Bounder(problem, tables, grain)
    rising = bounder.passes([Schedule(problem, tables)], lambda done: done >= passes)
    return list(rising)


@pytest.mark.parametrize(("name", "passes", "gap"), [("S-101", 8, 0.003), ("M-201", 2, 0.02)])
def test_the_bound_lies_close_below_the_best_plans_known(name: str, passes: int, gap: float) -> None:
    problem = parse(scenario(name))
    result = solve(problem, MaxIterations(iterations=30), 1, passes=passes)
    best = min(result.score.total, REFERENCE[name]["best_known"]["score"])
    assert result.bound is not None
    assert result.bound <= best
    assert result.bound >= best * (1 - gap)


def test_with_previous_assignments_no_bound_is_said() -> None:
    result = solve(parse(scenario("M-201-roll")), MaxIterations(iterations=1), 1, passes=1)
    assert result.bound is None


@pytest.mark.parametrize("name", ["L-301", "L-301-roll"])
def test_the_bound_holds_for_a_province(name: str) -> None:
    problem = parse(scenario(name))
    bounds = _bounded(problem, _COARSE, 1)
    assert -math.inf < bounds[0] <= REFERENCE[name]["best_known"]["score"]


@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(scenarios())
def test_no_plan_of_a_random_scenario_scores_less_than_its_bound(sc: dict[str, Any]) -> None:
    result = solve(parse(sc), MaxIterations(iterations=8), 1, passes=3)
    assert result.bound is None or result.bound <= result.score.total + 1e-6
    locked = parse(_with_locks(sc, result))
    again = solve(locked, MaxIterations(iterations=2), 2, passes=2)
    assert again.bound is None or again.bound <= again.score.total + 1e-6


def _with_locks(sc: dict[str, Any], result: Result) -> dict[str, Any]:
    plan = result.plan.to_json(parse(sc))
    locks = [{"aircraft_id": row["aircraft_id"], "legs": row["legs"][:2]} for row in plan["aircraft"][:2]]
    return {**json.loads(json.dumps(sc)), "commitments": locks}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", ["S-101", "M-201"])
def test_the_bound_holds_however_a_scenario_is_bent(name: str, seed: int) -> None:
    problem = parse(bent(name, seed))
    result = solve(problem, MaxIterations(iterations=10), seed)
    grain = grain_for(problem) if name == "S-101" else _COARSE
    assert all(bound <= result.score.total + 1e-6 for bound in _bounded(problem, grain, 2))


# ---- against every plan of tiny scenarios ------------------------------------------------------------------
def _tiny(seed: int) -> dict[str, Any]:
    sc = small()
    fires = [row for row in sc["incidents"] if "fire" in row]
    sc["incidents"] = [fires[seed % len(fires)], fires[(seed + 1) % len(fires)]]
    wet = [row for row in sc["aircraft"] if row.get("water")]
    sc["aircraft"] = [wet[seed % len(wet)]]
    sc["water_points"] = sc["water_points"][:3] if seed % 2 else sc["water_points"][-3:]
    sc["bases"] = [row for row in sc["bases"] if row["id"] == sc["aircraft"][0]["at_base_id"]] + sc["bases"][
        :2
    ]
    sc["bases"] = list({row["id"]: row for row in sc["bases"]}.values())
    return sc


def _sorties(schedule: Schedule) -> Iterator[Sortie]:
    """Every sortie from the end of the one timeline: all ways of leaving, fires, points, bases and counts."""
    problem, craft = schedule.problem, schedule.crafts[0]
    for way in schedule.departures(0):
        for fire in schedule.fires:
            for water in schedule.tables.water_for(0).tolist():
                kit = craft.row.water
                litres = problem.litres_per_drop(kit, water, fire) if kit else 0.0
                choice = FireChoice(fire=fire, water=water, litres=litres)
                for base in range(len(problem.bases)):
                    if litres <= 0.0 or problem.bases[base].runway_m < craft.row.min_runway_m:
                        continue
                    for work in schedule.planner.fire_works(craft, way, choice, base, 10**6):
                        for drops in range(1, work.drops + 1):
                            sortie = schedule.planner.fire_sortie(work, drops)
                            if sortie is not None:
                                yield sortie
        for task in schedule.tasks:
            sortie, _ = task_sortie(schedule, craft, way, task, 1)
            if sortie is not None:
                yield sortie


def _least(schedule: Schedule, depth: int) -> float:
    best = schedule.score()
    if depth == 0:
        return best
    for sortie in list(_sorties(schedule)):
        schedule.append(0, sortie)
        best = min(best, _least(schedule, depth - 1))
        schedule.pop(0)
    return best


@pytest.mark.parametrize("seed", range(6))
def test_the_bound_holds_against_every_plan_of_a_tiny_scenario(seed: int) -> None:
    problem = parse(_tiny(seed))
    least = _least(Schedule(problem, Tables(problem)), 2)
    bound = max(_bounded(problem, grain_for(problem), 6))
    assert bound <= least + 1e-6
    assert bound >= least * 0.97


# ---- how it comes about ------------------------------------------------------------------------------------
def test_any_prices_give_a_bound() -> None:
    problem = parse(small())
    tables = Tables(problem)
    best = REFERENCE["S-101"]["best_known"]["score"]
    bounder = Bounder(problem, tables, grain_for(problem))
    prices = bounder.first_prices(Schedule(problem, tables))
    chance = np.random.default_rng(1)
    for _ in range(6):
        thrown = type(prices)(
            edges_s=prices.edges_s,
            debt=prices.debt * chance.uniform(-0.5, 2.0, prices.debt.shape),
            claim=chance.uniform(-10.0, 3e4, prices.claim.shape),
            layers=chance.uniform(-0.1, 0.2, prices.layers.shape),
            ready=chance.uniform(-1.0, 1.0, prices.ready.shape),
        )
        found = bounder.evaluate(thrown, lambda: False)
        assert found is not None
        assert found[0] <= best


def test_bounds_only_rise_and_are_told() -> None:
    heard: list[float] = []
    result = solve(parse(small()), MaxIterations(iterations=1), 1, passes=4, hear_bound=heard.append)
    assert heard == sorted(heard)
    assert len(heard) == 4
    assert heard[-1] == result.bound


def test_proving_changes_no_plan() -> None:
    problem = parse(small())
    plain = solve(problem, MaxIterations(iterations=5), 3)
    proven = solve(problem, MaxIterations(iterations=5), 3, passes=2)
    assert plain.plan == proven.plan
    assert plain.bound is None
    assert [solve(problem, MaxIterations(iterations=1), 3, passes=2).bound for _ in range(2)] == [
        proven.bound
    ] * 2


def test_a_stop_ends_the_proof_within_a_pass() -> None:
    asked: list[int] = []

    def stop(done: int) -> bool:
        asked.append(done)
        return done == -3 and asked.count(-3) > 3

    solve(parse(small()), lambda done: stop(done) or done >= 1, 1, passes=100)
    assert asked.count(-3) == 4
