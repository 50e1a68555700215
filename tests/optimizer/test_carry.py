"""A plan in force is carried on: to the letter where nothing has changed, around what has where something has."""

import copy
from typing import Any

import pytest

from optimizer.carry import carry_over
from optimizer.legs import LegKind
from optimizer.plan import Plan, read_plan
from optimizer.problem import parse
from optimizer.schedule import Schedule
from optimizer.solve import plan_of, solve
from optimizer.stop import FIRST, MaxIterations, Stop
from optimizer.travel import Tables
from tests.optimizer.shared import judged, scenario


def _planned(sc: dict[str, Any], stop: Stop, previous: dict[str, Any] | None = None) -> dict[str, Any]:
    problem = parse(sc)
    before = read_plan(problem, previous) if previous is not None else None
    return dict(solve(problem, stop, 1, before).plan.to_json(problem))


def _first_only(done: int) -> bool:
    """No more than the first good plan."""
    return done != FIRST


def _legs(plan: dict[str, Any]) -> dict[str, Any]:
    return {row["aircraft_id"]: row["legs"] for row in plan["aircraft"]}


def _carried(sc: dict[str, Any], plan: dict[str, Any]) -> dict[str, Any]:
    problem = parse(sc)
    schedule = Schedule(problem, Tables(problem))
    carry_over(schedule, read_plan(problem, plan))
    return dict(plan_of(schedule).to_json(problem))


@pytest.mark.parametrize("name", ["S-101", "M-201"])
def test_where_nothing_has_changed_nobody_is_told_anything_new(name: str) -> None:
    sc = scenario(name)
    plan = _planned(sc, MaxIterations(iterations=5))
    assert _legs(_carried(sc, plan)) == _legs(plan)


def test_of_a_large_plan_nothing_is_lost_but_what_is_worth_nothing() -> None:
    sc = scenario("L-301")
    plan = _planned(sc, _first_only)
    carried = _carried(sc, plan)
    before, after = judged(sc, plan), judged(sc, carried)
    assert after["violations"] == []
    assert after["score"] <= before["score"] + 0.01
    idle = {name for name in _legs(plan) if name not in _legs(carried)}
    assert len(idle) <= 2


def test_an_aircraft_lost_leaves_the_legs_of_the_others() -> None:
    sc = scenario("M-201")
    plan = _planned(sc, MaxIterations(iterations=5))
    lost = plan["aircraft"][0]["aircraft_id"]
    later = copy.deepcopy(sc)
    later["aircraft"] = [row for row in later["aircraft"] if row["id"] != lost]
    expected = {name: legs for name, legs in _legs(plan).items() if name != lost}
    assert _legs(_carried(later, plan)) == expected


def test_what_cannot_be_flown_as_it_was_is_built_anew() -> None:
    """Without its flights no leg of the plan stands, the work still does."""
    sc = scenario("M-201")
    problem = parse(sc)
    previous = Plan(
        timelines={
            aircraft: tuple(leg for leg in legs if leg.kind is not LegKind.FLY)
            for aircraft, legs in read_plan(
                problem, _planned(sc, MaxIterations(iterations=5))
            ).timelines.items()
        }
    )
    schedule = Schedule(problem, Tables(problem))
    carry_over(schedule, previous)
    assert judged(sc, dict(plan_of(schedule).to_json(problem)))["violations"] == []
    before = {
        (a, leg.incident) for a, legs in previous.timelines.items() for leg in legs if leg.incident >= 0
    }
    now = {
        (a, n) for a, sorties in enumerate(schedule.sorties) for sortie in sorties for n in sortie.incidents
    }
    assert len(before & now) >= 0.8 * len(before)


def test_a_new_fire_with_lives_at_risk_is_reached_as_soon_as_by_a_plan_made_from_nothing() -> None:
    sc = scenario("L-301")
    plan = _planned(sc, _first_only)
    later = copy.deepcopy(sc)
    like = next(row for row in later["incidents"] if row["id"] == "I003")
    later["incidents"].append(like | {"id": "NEW", "lon": like["lon"] + 0.05, "lat": like["lat"] - 0.03})
    warm, cold = _planned(later, _first_only, plan), _planned(later, _first_only)
    ours, theirs = judged(later, warm), judged(later, cold)
    assert ours["violations"] == []
    assert ours["terms"]["life_weighted_minutes"] <= theirs["terms"]["life_weighted_minutes"] + 0.1
    moved = [name for name, legs in _legs(plan).items() if _legs(warm).get(name) != legs]
    assert len(moved) <= 0.2 * len(plan["aircraft"])
