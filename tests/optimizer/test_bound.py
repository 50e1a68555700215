"""The bound holds: no plan that anybody finds scores less, whatever the scenario, from the first pass on."""

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from loadtests.bound_campaign import Tally, tried
from loadtests.bound_scenarios import drawn, with_locks
from optimizer.bound import Bounder, Grain, grain_for
from optimizer.check import inspect
from optimizer.choice import Chooser
from optimizer.fill import fill
from optimizer.fire_work import FireChoice
from optimizer.legs import Leg, LegKind
from optimizer.plan import Plan
from optimizer.problem import NONE, Problem, parse
from optimizer.schedule import Schedule
from optimizer.score import score
from optimizer.solve import solve
from optimizer.stop import MaxIterations
from optimizer.task_sortie import task_sortie
from optimizer.timeline import Sortie
from optimizer.travel import Tables
from optimizer.walk import Walk
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


@pytest.mark.parametrize(
    ("name", "passes", "gap"), [("S-101", 4, 0.003), ("M-201", 2, 0.02), ("M-201-roll", 1, 0.03)]
)
def test_the_bound_lies_close_below_the_best_plans_known(name: str, passes: int, gap: float) -> None:
    problem = parse(scenario(name))
    result = solve(problem, MaxIterations(iterations=30), 1, passes=passes)
    best = min(result.score.total, REFERENCE[name]["best_known"]["score"])
    assert result.bound is not None
    assert result.bound <= best
    assert result.bound >= best * (1 - gap)


def test_the_bound_holds_for_a_province_with_locks_and_assignments() -> None:
    bounds = _bounded(parse(scenario("L-301-roll")), _COARSE, 1)
    assert -math.inf < bounds[0] <= REFERENCE["L-301-roll"]["best_known"]["score"]


@settings(max_examples=10, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(scenarios())
def test_no_plan_of_a_random_scenario_scores_less_than_its_bound(sc: dict[str, Any]) -> None:
    result = solve(parse(sc), MaxIterations(iterations=8), 1, passes=3)
    assert result.bound is None or result.bound <= result.score.total + 1e-6


@pytest.mark.parametrize("seed", range(6))
def test_no_plan_that_strays_from_the_search_scores_less_either(seed: int) -> None:
    tally, sc = Tally(), drawn(seed, most=4)
    plan = tried(sc, "drawn", seed, 12, tally)
    if plan is not None:
        tried(with_locks(sc, plan, seed), "locked", seed, 12, tally)
    assert tally.bounds > 0
    assert tally.false == []


# ---- plans that are worth finding --------------------------------------------------------------------------
def _alone(far_deg: float) -> dict[str, Any]:
    """One aircraft at a base so many degrees west of the only fire; another base, and water, beside the fire."""
    sc = small()
    fire = next(row for row in sc["incidents"] if "fire" in row)
    fire.update(lon=116.0, lat=28.0, life_at_risk=False)
    craft = next(row for row in sc["aircraft"] if row.get("water"))
    base, near = (dict(sc["bases"][n], refuel_points=2, runway_m=3000) for n in range(2))
    base.update(id="FAR", lon=116.0 - far_deg, lat=28.0)
    near.update(id="NEAR", lon=116.0, lat=28.05)
    craft.update(at_base_id="FAR", home_base_id="FAR", lon=base["lon"], lat=28.0, ready_at=sc["now"])
    craft["fuel_kg"] = craft["fuel_capacity_kg"]
    water = dict(
        sc["water_points"][0], lon=116.05, lat=28.0, modes=["bucket", "pit", "scoop", "snorkel"], depth_m=20
    )
    sc.update(incidents=[fire], aircraft=[craft], bases=[base, near], water_points=[water], reserves=[])
    return sc


def test_flying_to_a_nearer_base_to_rest_there_is_no_way_below_the_bound() -> None:
    sc = _alone(far_deg=4.2)
    problem = parse(sc)
    schedule = Schedule(problem, Tables(problem))
    craft, way = schedule.crafts[0], schedule.departures(0)[0]
    planner = schedule.planner
    walk = Walk(planner.problem, planner.distance_m, planner.ledgers.fuel, craft, way, way.earliest_s)
    assert walk.land_at(1) == ""
    schedule.append(0, walk.finish(1))
    stayed = schedule.score()
    fill(schedule, [0], Chooser(schedule), lambda: False)
    assert schedule.score() < stayed - 30.0  # it was worth flying there
    assert max(_bounded(problem, grain_for(problem), 4)) <= schedule.score()


def test_what_keeping_an_assignment_saves_is_in_the_bound_even_where_the_work_saves_nothing() -> None:
    sc = _alone(far_deg=0.3)
    fire, craft = sc["incidents"][0], sc["aircraft"][0]
    fire["fire"].update(demand_l=0, growth_lps=0)
    sc["previous_assignments"] = [{"aircraft_id": craft["id"], "incident_id": fire["id"]}]
    problem, kept = parse(sc), sc["objective"]["changed_assignment"]
    schedule = Schedule(problem, Tables(problem))
    assert 0.0 < _least(schedule, 1) < kept
    assert max(_bounded(problem, grain_for(problem), 3)) <= _least(schedule, 1)
    craft["cost_per_hour"] = 1e5
    assert max(_bounded(parse(sc), grain_for(problem), 3)) == pytest.approx(kept)


def test_loading_while_waiting_for_the_light_is_no_way_below_the_bound() -> None:
    sc = _alone(far_deg=0.3)
    fire = sc["incidents"].pop()
    task = {"visits": 1, "service_s": 300, "needs": [], "seats": 0, "cargo_kg": 0, "pickup_base_id": "FAR"}
    task.update(hospital_id=None, handover_s=1200, deadline_at=sc["horizon_end"])
    sc["incidents"] = [{**{k: v for k, v in fire.items() if k != "fire"}, "kind": "supply", "task": task}]
    sc["weather"]["first_light"] = _later(sc["now"], 1800)
    problem = parse(sc)
    tables, cruise = Tables(problem), problem.aircraft[0].cruise_mps
    out_s = float(tables.distance_m[0, problem.incident_place(0)]) / cruise
    legs = (
        Leg(kind=LegKind.HANDOVER, start_s=0.0, end_s=1200.0, place=NONE, incident=0),
        Leg(kind=LegKind.FLY, start_s=1800.0, end_s=1800.0 + out_s, place=problem.incident_place(0)),
        Leg(kind=LegKind.ON_SCENE, start_s=1800.0 + out_s, end_s=2100.0 + out_s, place=NONE, incident=0),
        Leg(kind=LegKind.FLY, start_s=2100.0 + out_s, end_s=2100.0 + 2 * out_s, place=0),
    )
    findings = inspect(problem, Plan(timelines={0: legs}))
    assert findings.violations == []
    assert max(_bounded(problem, grain_for(problem), 3)) <= score(problem, findings).total


def _patients(*lons: float, visits: int = 1) -> dict[str, Any]:
    """One aircraft, a base, and people at risk at some longitudes: patients for a hospital beside the base, or, if
    more visits are wanted, people to be looked for."""
    sc = _alone(far_deg=0.3)
    row = {key: value for key, value in sc["incidents"][0].items() if key != "fire"}
    task = {
        "visits": visits,
        "service_s": 600,
        "needs": [],
        "seats": 0,
        "cargo_kg": 0,
        "pickup_base_id": None,
    }
    task.update(hospital_id="H" if visits == 1 else None, handover_s=300, deadline_at=sc["horizon_end"])
    sc["hospitals"] = [{"id": "H", "name": "h", "lon": 115.72, "lat": 28.0, "elevation_m": 50}]
    sc["incidents"] = [
        {**row, "id": f"I{n}", "lon": lon, "kind": "medevac", "life_at_risk": True, "task": task}
        for n, lon in enumerate(lons)
    ]
    return sc


@pytest.mark.parametrize(
    "sc", [_patients(115.0, 116.4), _patients(116.4, visits=2), _patients(115.0, 116.4, visits=2)]
)
def test_lives_that_one_aircraft_serves_one_after_the_other_leave_no_gap(sc: dict[str, Any]) -> None:
    result = solve(parse(sc), MaxIterations(iterations=20), 1, passes=6)
    assert result.bound is not None
    assert 0.99 * result.score.total <= result.bound <= result.score.total + 1e-6


def _later(time: str, seconds: float) -> str:
    at = datetime.fromisoformat(time.replace("Z", "+00:00")) + timedelta(seconds=seconds)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


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
            granted=chance.uniform(-0.5, 1.5, prices.claim.shape),
            together=chance.uniform(-0.5, 1.5),
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
