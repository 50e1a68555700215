"""Format 1.1: the referee that ships with it, and plans of scenarios that use what it adds."""

import copy
import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from dispatch.errors import Malformed
from loadtests.scenario_twists import hostile
from loadtests.scenario_twists_1_1 import TWISTS_1_1
from loadtests.scenarios import scenario as generated
from optimizer.check import inspect
from optimizer.plan import read_plan
from optimizer.problem import parse
from optimizer.solve import solve
from optimizer.stop import MaxIterations
from tests.optimizer.shared import FORMAT, judged, judged_1_1, scenario, small
from tests.optimizer.test_check import BENDS

_PLAN = jsonschema_rs.Draft202012Validator(json.loads((FORMAT / "plan-1.1.schema.json").read_text()))
_SCENARIO = jsonschema_rs.Draft202012Validator(json.loads((FORMAT / "scenario-1.1.schema.json").read_text()))


def _plan(sc: dict[str, Any], iterations: int = 3) -> dict[str, Any]:
    problem = parse(sc)
    result = solve(problem, MaxIterations(iterations=iterations), 1)
    plan = result.plan.to_json(problem)
    answer = judged_1_1(sc, plan)
    theirs = {(row["code"], row["aircraft_id"]) for row in answer["violations"]}
    assert {(row.code, problem.aircraft[row.aircraft].id) for row in result.violations} == theirs
    assert result.score.total == pytest.approx(answer["score"], abs=0.01, rel=1e-6)
    return plan


def _newer(sc: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {**sc, "schema_version": "1.1", **fields}


def _codes(sc: dict[str, Any], plan: dict[str, Any]) -> set[str]:
    """What the referee finds, which is what our own check finds."""
    problem = parse(sc)
    ours = {row.code for row in inspect(problem, read_plan(problem, plan)).violations}
    theirs = {row["code"] for row in judged_1_1(sc, plan)["violations"]}
    assert ours == theirs
    return theirs


# ---- the referee ----------------------------------------------------------------------------------------------
_M = scenario("M-201-roll")
_M_PLAN = solve(parse(_M), MaxIterations(iterations=0), 1).plan.to_json(parse(_M))


@pytest.mark.parametrize("bend", BENDS)
def test_the_referees_agree_on_a_broken_plan(bend: str) -> None:
    sc, plan = copy.deepcopy(_M), copy.deepcopy(_M_PLAN)
    BENDS[bend](sc, plan)
    _agree(sc, plan)


@pytest.mark.parametrize("seed", range(700, 712))
def test_the_referees_agree_on_plans_of_generated_scenarios(seed: int) -> None:
    sc = generated("S", seed, roll=seed % 2 == 0, twists=hostile(seed))
    plan = solve(parse(sc), MaxIterations(iterations=0), 1).plan.to_json(parse(sc))
    _agree(sc, plan)
    for entry in plan["aircraft"]:
        entry["legs"] = entry["legs"][: len(entry["legs"]) * 2 // 3]
    _agree(sc, plan)


def _agree(sc: dict[str, Any], plan: dict[str, Any]) -> None:
    old, new = judged(sc, plan), judged_1_1(sc, plan)
    for answer in (old, new):
        answer["found"] = sorted((row["code"], row["aircraft_id"] or "") for row in answer["violations"])
    assert new["found"] == old["found"]
    assert new["score"] == pytest.approx(old["score"], abs=0.002)
    assert new["terms"] == old["terms"]


def test_the_referee_is_a_program(tmp_path: Path) -> None:
    sc = _newer(small())
    plan = _plan(sc, 0)
    broken = {**plan, "scenario_id": "another"}
    for answer, wrong in ((0, plan), (1, broken), (2, {"aircraft": 1}), (2, [])):
        names = [tmp_path / "scenario.json", tmp_path / "plan.json"]
        for name, content in zip(names, (sc, wrong), strict=True):
            name.write_text(json.dumps(content), encoding="utf-8")
        program = [sys.executable, "-I", str(FORMAT / "referee.py"), *map(str, names), "--json"]
        done = subprocess.run(program, capture_output=True, check=False)
        assert done.returncode == answer
        assert (b"cannot be read" in done.stderr) == (answer == 2)
        if answer < 2:
            assert json.loads(done.stdout)["valid"] == (answer == 0)


# ---- plans ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("twist", sorted(TWISTS_1_1))
@pytest.mark.parametrize("size", ["S", "M"])
def test_a_generated_scenario_of_the_new_format_is_planned(twist: str, size: str) -> None:
    for seed in range(600, 604) if size == "S" else (600,):
        sc = generated(size, seed, twists=(twist,))
        _SCENARIO.validate(sc)
        plan = _plan(sc)
        _PLAN.validate(plan)
        assert judged_1_1(sc, plan)["violations"] == []


def test_a_scenario_of_1_0_may_not_use_what_is_newer() -> None:
    with pytest.raises(Malformed, match="required_assignments"):
        parse({**small(), "required_assignments": []})
    sc = small()
    sc["aircraft"][0]["crew"]["rows"] = []
    with pytest.raises(Malformed, match="rows"):
        parse(sc)


# ---- rolling hours --------------------------------------------------------------------------------------------
def test_a_crew_flies_no_more_than_its_rolling_hours_leave() -> None:
    free = _plan(_newer(small()))
    flown = {row["aircraft_id"] for row in free["aircraft"]}
    sc = _newer(small())
    for craft in sc["aircraft"]:
        rows = [("7D", 7, 144_000, 140_400), ("30D", 30, 360_000, 10_000)]
        craft["crew"]["rows"] = [
            {"code": code, "days": days, "limit_s": limit_s, "flown_s": flown_s}
            for code, days, limit_s, flown_s in rows
        ]
    _SCENARIO.validate(sc)
    assert flown
    assert _codes(sc, free) == {"CREW_ROLLING"}
    assert _codes(sc, _plan(sc)) == set()


# ---- kinds of task --------------------------------------------------------------------------------------------
def _evacuation(people: int) -> dict[str, Any]:
    """S-101 with its first incident a village of so many people, lifted out to the nearest base."""
    sc = _newer(small())
    village, base = sc["incidents"][0], sc["bases"][0]
    del village["fire"]
    for craft, seats in zip(sc["aircraft"], (4, 9, 4, 9, 4, 9), strict=True):
        craft["seats"] = seats
    village.update(
        kind="flood_evacuation",
        life_at_risk=True,
        max_slots=6,
        lon=base["lon"] + 0.2,
        lat=base["lat"],
        task={
            "visits": 1,
            "service_s": 300,
            "needs": [],
            "seats": 0,
            "cargo_kg": 0,
            "deadline_at": sc["horizon_end"],
            "pickup_base_id": None,
            "hospital_id": None,
            "handover_s": 120,
            "people": people,
            "dropoff_base_id": base["id"],
        },
    )
    _SCENARIO.validate(sc)
    return sc


@pytest.mark.parametrize("people", [1, 9, 10, 40])
def test_a_village_is_lifted_out_by_the_seats_of_whoever_comes(people: int) -> None:
    sc = _evacuation(people)
    seats = {craft["id"]: craft["seats"] for craft in sc["aircraft"]}
    for iterations in (3, 20):
        plan = _plan(sc, iterations)
        assert _codes(sc, plan) == set()
        works = [
            (
                row["aircraft_id"],
                [leg["kind"] for leg in row["legs"] if leg["kind"] in ("handover", "cycles")],
            )
            for row in plan["aircraft"]
        ]
        lifted = sum(seats[craft] * kinds.count("handover") for craft, kinds in works)
        assert lifted >= people
        for craft, kinds in works:  # nobody comes for nothing, unless it goes on to a fire from there
            assert kinds[-1] != "handover" or lifted - seats[craft] < people
        assert judged_1_1(sc, plan)["terms"]["life_weighted_minutes"] < 240 * sc["incidents"][0]["weight"]


def test_a_full_cabin_takes_nobody_else() -> None:
    sc = _evacuation(9)
    plan = _plan(sc)
    for row in plan["aircraft"]:
        for n, leg in reversed(list(enumerate(row["legs"]))):
            if leg["kind"] == "on_scene":
                row["legs"].insert(n + 1, {**leg, "start": leg["end"]})
    assert "CAPACITY" in _codes(sc, plan)


def test_a_relay_is_kept_on_station_by_turns() -> None:
    sc = _evacuation(1)
    relay = sc["incidents"][0]
    relay.update(kind="relay", life_at_risk=False, max_slots=6, weight=20)
    relay["task"].update(people=0, dropoff_base_id=None, service_s=1800, handover_s=0, continuous=True)
    _SCENARIO.validate(sc)
    plan = _plan(sc, 5)
    assert _codes(sc, plan) == set()
    spans = sorted(
        (leg["start"], leg["end"])
        for row in plan["aircraft"]
        for leg in row["legs"]
        if leg["kind"] == "on_scene"
    )
    assert len(spans) >= 6
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))  # nobody where somebody is
    uncovered_min = judged_1_1(sc, plan)["terms"]["task_weighted_minutes"] / relay["weight"]
    assert uncovered_min < 31  # 24 until the first can be there, 6 at the end: less than a turn
    relay["task"]["hospital_id"] = sc["hospitals"][0]["id"]
    with pytest.raises(Malformed, match=r"task\.continuous"):
        parse(sc)


@pytest.mark.parametrize("seed", [800, 804, 808])
def test_people_whose_lift_is_promised_are_handed_over(seed: int) -> None:
    sc = generated("S", seed, roll=True, twists=("people",))
    promised = [leg["kind"] for lock in sc["commitments"] for leg in lock["legs"]]
    assert "on_scene" in promised
    assert "handover" not in promised
    assert _codes(sc, _plan(sc)) == set()


def test_without_a_pad_only_those_who_rappel_can_be_landed() -> None:
    sc = _evacuation(4)
    plan = _plan(sc)
    sc["incidents"][0]["task"]["needs_pad"] = True
    assert _codes(sc, plan) == {"NO_PAD"}
    without = _plan(sc)
    assert not [leg for row in without["aircraft"] for leg in row["legs"] if leg["kind"] == "on_scene"]
    sc["aircraft"][3]["capabilities"].append("rappel")
    by_rope = _plan(sc)
    assert {pair[0] for pair in _pairs(by_rope) if pair[1] == sc["incidents"][0]["id"]} == {
        sc["aircraft"][3]["id"]
    }
    sc["incidents"][0]["pad"] = True
    assert _codes(sc, plan) == set()


def test_people_are_taken_somewhere() -> None:
    for wrong in ({"dropoff_base_id": None}, {"hospital_id": small()["hospitals"][0]["id"]}):
        sc = _evacuation(4)
        sc["incidents"][0]["task"].update(wrong)
        with pytest.raises(Malformed, match=r"task\.(people|dropoff_base_id)"):
            parse(sc)


# ---- orders ---------------------------------------------------------------------------------------------------
def _pairs(plan: dict[str, Any]) -> set[tuple[str, str]]:
    return {
        (row["aircraft_id"], leg["incident_id"])
        for row in plan["aircraft"]
        for leg in row["legs"]
        if "incident_id" in leg
    }


def test_a_forbidden_aircraft_stays_away() -> None:
    free = _plan(_newer(small()))
    craft, fire = min(_pairs(free))
    for incident in (fire, None):
        sc = _newer(small(), forbidden_assignments=[{"aircraft_id": craft, "incident_id": incident}])
        _SCENARIO.validate(sc)
        assert "FORBIDDEN_ASSIGNMENT" in _codes(sc, free)
        plan = _plan(sc)
        assert _codes(sc, plan) == set()
        assert not {pair for pair in _pairs(plan) if pair[0] == craft and incident in (None, pair[1])}


def test_an_aircraft_works_where_it_is_ordered_to() -> None:
    free = _plan(_newer(small()))
    sc = _newer(small())
    every = {(a["id"], i["id"]) for a in sc["aircraft"] if a["serviceable"] for i in sc["incidents"]}
    possible = 0
    for craft, fire in sorted(every - _pairs(free)):
        sc["required_assignments"] = [{"aircraft_id": craft, "incident_id": fire}]
        _SCENARIO.validate(sc)
        assert _codes(sc, free) == {"REQUIRED_ASSIGNMENT"}
        plan = _plan(sc, 10)
        kept = (craft, fire) in _pairs(plan)
        assert _codes(sc, plan) == (set() if kept else {"REQUIRED_ASSIGNMENT"})
        possible += kept
    assert possible >= 5


def test_an_order_that_cannot_be_kept_is_named() -> None:
    sc = _newer(small())
    sc["aircraft"][0]["serviceable"] = False
    pair = {"aircraft_id": sc["aircraft"][0]["id"], "incident_id": sc["incidents"][0]["id"]}
    sc["required_assignments"] = [pair]
    assert _codes(sc, _plan(sc)) == {"REQUIRED_ASSIGNMENT"}


def test_an_order_names_what_the_scenario_has() -> None:
    for key in ("forbidden_assignments", "required_assignments"):
        with pytest.raises(Malformed, match=r"\[0\].aircraft_id"):
            parse(_newer(small(), **{key: [{"aircraft_id": "nobody", "incident_id": "nothing"}]}))
    everywhere = {"aircraft_id": small()["aircraft"][0]["id"], "incident_id": None}
    with pytest.raises(Malformed, match="incident_id"):
        parse(_newer(small(), required_assignments=[everywhere]))


# ---- closed airspace ------------------------------------------------------------------------------------------
def _wall(sc: dict[str, Any], base: dict[str, Any], place: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A wall across the way from a base to a place, half a degree long."""
    lon, lat = (base["lon"] + place["lon"]) / 2, (base["lat"] + place["lat"]) / 2
    along = (place["lon"] - base["lon"], place["lat"] - base["lat"])
    long = (along[0] ** 2 + along[1] ** 2) ** 0.5
    east, north = along[0] / long, along[1] / long
    corners = [(-0.02, -0.25), (0.02, -0.25), (0.02, 0.25), (-0.02, 0.25)]
    polygon = [[lon + a * east - b * north, lat + a * north + b * east] for a, b in corners]
    whole = {"from": sc["now"], "until": "2030-01-01T00:00:00Z"}
    return {"id": "N1", "name": "爆破区", "polygon": polygon, "reason": "爆破", **whole, **fields}


def _walled() -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """S-101 with one village to look at, and its only aircraft's base; the scenario as yet without a wall."""
    sc = _evacuation(4)
    base, village = sc["bases"][0], sc["incidents"][0]
    sc["incidents"], sc["aircraft"] = [village], sc["aircraft"][1:2]
    craft = sc["aircraft"][0]
    village["lon"] = base["lon"] + 0.4
    village["task"].update(people=1)
    craft.update(at_base_id=base["id"], home_base_id=base["id"], lon=base["lon"], lat=base["lat"])
    return sc, base, village


def test_aircraft_fly_round_closed_airspace() -> None:
    sc, base, village = _walled()
    straight = _plan(sc)
    sc["no_fly"] = [_wall(sc, base, village)]
    _SCENARIO.validate(sc)
    assert _codes(sc, straight) == {"NO_FLY"}
    plan = _plan(sc)
    _PLAN.validate(plan)
    assert _codes(sc, plan) == set()
    flown = [leg for row in plan["aircraft"] for leg in row["legs"] if leg["kind"] == "fly"]
    assert len(flown) == 2
    assert all(len(leg["via"]) == 2 for leg in flown)
    for leg in flown:
        short = copy.deepcopy(plan)
        for row in short["aircraft"]:
            row["legs"] = [{**each, "end": each["start"]} if each == leg else each for each in row["legs"]]
        assert "TOO_FAST" in _codes(sc, short)  # time is counted along the way flown


def test_airspace_closed_at_another_time_is_passed() -> None:
    sc, base, village = _walled()
    straight = _plan(sc)
    sc["no_fly"] = [_wall(sc, base, village, until=sc["now"])]
    assert _codes(sc, straight) == set()
    assert _plan(sc)["aircraft"] == straight["aircraft"]
    late = {"from": "2029-12-31T00:00:00Z"}
    sc["no_fly"] = [_wall(sc, base, village, **late)]
    assert _codes(sc, straight) == set()


def test_a_place_inside_is_worked_at_when_the_airspace_is_open_again() -> None:
    sc, base, village = _walled()
    straight = _plan(sc)
    around = [[village["lon"] + a, village["lat"] + b] for a, b in ((-0.1, -0.1), (0.1, -0.1), (0, 0.1))]
    hour = {"until": sc["now"].replace("T06", "T07")}
    sc["no_fly"] = [_wall(sc, base, village, polygon=around, **hour)]
    assert _codes(sc, straight) == {"NO_FLY"}
    plan = _plan(sc)
    assert _codes(sc, plan) == set()
    assert (sc["aircraft"][0]["id"], village["id"]) in _pairs(plan)


def test_fire_is_not_fought_across_closed_airspace() -> None:
    sc = _newer(small())
    free = _plan(sc)
    cycles = next(leg for row in free["aircraft"] for leg in row["legs"] if leg["kind"] == "cycles")
    fire = next(row for row in sc["incidents"] if row["id"] == cycles["incident_id"])
    water = next(row for row in sc["water_points"] if row["id"] == cycles["water_point_id"])
    sc["no_fly"] = [_wall(sc, water, fire)]
    assert "NO_FLY" in _codes(sc, free)
    plan = _plan(sc)
    assert _codes(sc, plan) == set()
    works = {
        (leg["water_point_id"], leg["incident_id"])
        for row in plan["aircraft"]
        for leg in row["legs"]
        if leg["kind"] == "cycles"
    }
    assert works
    assert (water["id"], fire["id"]) not in works


def test_closed_airspace_that_is_no_area_is_refused() -> None:
    sc, base, village = _walled()
    for polygon in (
        [[0, 0], [1, 1]],
        [[0, 0], [1, 1], [1, 0], [0, 1]],
        [[0, 0], [1, 95], [1, 0]],
        [[0, 0], 1, 2],
    ):
        with pytest.raises(Malformed, match=r"no_fly\[0\].polygon"):
            parse({**sc, "no_fly": [_wall(sc, base, village, polygon=polygon)]})
    with pytest.raises(Malformed, match="no_fly: has an id twice"):
        parse({**sc, "no_fly": [_wall(sc, base, village)] * 2})


def test_a_plan_of_1_0_flies_straight() -> None:
    problem = parse(small())
    plan = solve(problem, MaxIterations(iterations=0), 1).plan.to_json(problem)
    next(leg for row in plan["aircraft"] for leg in row["legs"] if leg["kind"] == "fly")["via"] = [[115, 28]]
    with pytest.raises(Malformed, match="via"):
        read_plan(problem, plan)


# ---- aircraft that stand --------------------------------------------------------------------------------------
def test_a_plan_says_why_each_idle_aircraft_stands() -> None:
    codes: set[str] = set()
    for seed in range(600, 606):
        for twist in ("rolling_hours", "forbidden", "all_kinds"):
            sc = generated("M" if seed == 600 else "S", seed, twists=("storm", "late", twist))
            plan = _plan(sc, 0)
            _PLAN.validate(plan)
            working = {name for name, _ in _pairs(plan)}
            assert {row["aircraft_id"] for row in plan["unused"]} == {
                a["id"] for a in sc["aircraft"]
            } - working
            codes |= {row["code"] for row in plan["unused"]}
    assert codes >= {"UNSERVICEABLE", "NOT_READY", "NO_GAIN", "CAPABILITY", "CREW_ROLLING", "WEATHER_WIND"}


@pytest.mark.parametrize("code", ["UNSERVICEABLE", "CAPABILITY", "CREW_DUTY", "IN_RESERVE", "because"])
def test_a_reason_that_does_not_hold_is_a_violation(code: str) -> None:
    sc = _newer(small())
    plan = _plan(sc)
    working = min(_pairs(plan))[0]
    plan["unused"] = [{"aircraft_id": working, "code": "NO_GAIN"}]
    assert {row["code"] for row in judged_1_1(sc, plan)["violations"]} == {"UNUSED"}
    plan["aircraft"] = [row for row in plan["aircraft"] if row["aircraft_id"] != working]
    assert judged_1_1(sc, plan)["violations"] == []
    plan["unused"][0]["code"] = code
    assert {row["code"] for row in judged_1_1(sc, plan)["violations"]} == {"UNUSED"}


def test_a_plan_of_1_0_is_read_for_a_newer_scenario() -> None:
    old = parse(small())
    plan = solve(old, MaxIterations(iterations=0), 1).plan
    newer = parse(_newer(small()))
    assert read_plan(newer, plan.to_json(old)).timelines == read_plan(newer, plan.to_json(newer)).timelines
    with pytest.raises(Malformed, match="unused"):
        read_plan(old, {**plan.to_json(old), "unused": []})
