"""Bad input: a named error, or a plan whose broken rules are exactly those the referee finds; never a crash."""

import contextlib
import copy
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.errors import Malformed
from loadtests.plan_flood import bent, tried
from loadtests.scenarios import scenario as generated
from optimizer.explain import explain
from optimizer.plan import read_plan
from optimizer.problem import parse
from optimizer.solve import Result, solve
from optimizer.stop import MaxIterations
from tests.optimizer.shared import judged, schema, small

Sc = dict[str, Any]
_SCHEMA = jsonschema_rs.Draft202012Validator(schema("scenario"))


def _codes(sc: Sc, iterations: int = 1) -> set[str]:
    """The rules that the plan breaks by the referee, which must be those that the result names."""
    problem = parse(sc)
    result = solve(problem, MaxIterations(iterations=iterations), 1)
    answer = judged(sc, result.plan.to_json(problem))
    assert {row.code for row in result.violations} == {row["code"] for row in answer["violations"]}
    assert all(row.detail for row in result.violations)
    explain(problem, result)
    return {row.code for row in result.violations}


def _refused(sc: Sc) -> str:
    with pytest.raises(Malformed) as told:
        parse(sc)
    assert told.value.detail
    return told.value.field


def _time(sc: Sc, minutes: float) -> str:
    now = datetime.fromisoformat(sc["now"].replace("Z", "+00:00"))
    return (now + timedelta(minutes=minutes)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# ---- what contradicts itself -------------------------------------------------------------------------------------
@pytest.mark.parametrize("key", sorted(small().keys() - {"title"}))
def test_a_part_that_is_missing_is_named(key: str) -> None:
    sc = small()
    del sc[key]
    assert _refused(sc) == key


def test_an_unknown_base_is_named_wherever_it_stands() -> None:
    sc = small()
    sc["aircraft"][0]["at_base_id"] = "ZZZZ"
    assert _refused(sc) == "aircraft[0].at_base_id"
    sc = generated("M", 5)
    tasks = [n for n, row in enumerate(sc["incidents"]) if "task" in row]
    sc["incidents"][tasks[0]]["task"].update(pickup_base_id="ZZZZ", hospital_id=None)
    assert _refused(sc) == f"incidents[{tasks[0]}].task.pickup_base_id"


@pytest.mark.parametrize("fuel_kg", [-0.1, -1e9, float("-inf")])
def test_negative_fuel_is_named(fuel_kg: float) -> None:
    sc = small()
    sc["aircraft"][2]["fuel_kg"] = fuel_kg
    assert _refused(sc) == "aircraft[2].fuel_kg"


def test_a_lock_that_drops_water_on_a_task_is_named() -> None:
    sc = generated("M", 5)
    task = next(row["id"] for row in sc["incidents"] if "task" in row)
    leg = {"kind": "cycles", "water_point_id": sc["water_points"][0]["id"], "incident_id": task}
    leg |= {"start": _time(sc, 0), "end": _time(sc, 20), "drops": 1, "litres_per_drop": 100}
    sc["commitments"] = [{"aircraft_id": sc["aircraft"][0]["id"], "legs": [leg]}]
    assert _refused(sc) == "commitments[0].legs[0].incident_id"


def test_empty_tanks_on_the_ground_are_filled_or_stay() -> None:
    sc = small()
    for craft in sc["aircraft"]:
        craft["fuel_kg"] = 0
    assert _codes(sc) == set()


def test_an_aircraft_over_the_ocean_flies_home_and_its_fuel_is_named() -> None:
    sc = small()
    sc["aircraft"][0].update(at_base_id=None, lon=160.0, lat=10.0)
    assert "FUEL" in _codes(sc)


def test_an_aircraft_over_the_ocean_with_all_the_fuel_in_the_world_still_breaks_the_crew_rules_by_name() -> (
    None
):
    sc = small()
    sc["aircraft"][0].update(at_base_id=None, lon=160.0, lat=10.0, fuel_capacity_kg=1e9, fuel_kg=1e9)
    assert {"CREW_CONTINUOUS"} <= _codes(sc) <= {"CREW_CONTINUOUS", "CREW_DAILY", "CREW_DUTY", "DAYLIGHT"}


def test_a_base_that_is_said_to_stand_in_the_ocean_leaves_a_legal_plan() -> None:
    sc = small()
    sc["bases"][0].update(lon=160.0, lat=10.0)
    sc["aircraft"][1].update(lon=-150.0, lat=-60.0)
    assert _codes(sc) == set()


def test_no_aircraft_is_an_empty_plan_that_serves_nothing() -> None:
    sc = small()
    sc.update(aircraft=[], reserves=[])
    problem = parse(sc)
    result = solve(problem, MaxIterations(iterations=2), 1)
    assert judged(sc, result.plan.to_json(problem))["violations"] == []
    assert result.plan.timelines == {}
    assert [row["served"] for row in explain(problem, result)["incidents"]] == [False] * 3


def test_nothing_at_all_is_an_empty_plan() -> None:
    sc = small()
    for key in ("bases", "water_points", "hospitals", "incidents", "aircraft", "reserves"):
        sc[key] = []
    assert _codes(sc) == set()


def test_a_thousand_incidents_are_planned() -> None:
    sc, chance = small(), random.Random(1)
    rows = sc["incidents"]
    sc["incidents"] = []
    for n in range(1000):
        place = {"lon": round(chance.uniform(113.9, 118.4), 4), "lat": round(chance.uniform(24.6, 30.0), 4)}
        sc["incidents"].append({**copy.deepcopy(rows[n % len(rows)]), "id": f"I{n}", **place})
    assert _codes(sc, 0) == set()


# ---- locks that cannot be kept -----------------------------------------------------------------------------------
_ROLL = generated("M", 4, roll=True)


def _locks() -> tuple[Sc, list[Sc]]:
    """The scenario and its locks of whole fire sorties."""
    sc = copy.deepcopy(_ROLL)
    kinds = ["fly", "cycles", "fly"]
    sc["commitments"].sort(key=lambda lock: [leg["kind"] for leg in lock["legs"]] != kinds)
    whole = [lock for lock in sc["commitments"] if [leg["kind"] for leg in lock["legs"]] == kinds]
    assert len(whole) >= 2
    return sc, whole


def _bend(change: Callable[[Sc, Sc], None]) -> set[str]:
    sc, locks = _locks()
    change(sc, locks[0])
    return _codes(sc, 0)


def _craft(sc: Sc, lock: Sc) -> Sc:
    found: Sc = next(row for row in sc["aircraft"] if row["id"] == lock["aircraft_id"])
    return found


def _point(sc: Sc, lock: Sc) -> Sc:
    found: Sc = next(row for row in sc["water_points"] if row["id"] == lock["legs"][1]["water_point_id"])
    return found


def _scene(sc: Sc, lock: Sc) -> Sc:
    found: Sc = next(row for row in sc["incidents"] if row["id"] == lock["legs"][1]["incident_id"])
    return found


IMPOSSIBLE: dict[str, tuple[Callable[[Sc, Sc], None], str]] = {
    "faster than it flies": (lambda sc, k: _craft(sc, k).update(cruise_mps=20.0), "TOO_FAST"),
    "without the fuel": (
        lambda sc, k: _craft(sc, k).update(fuel_kg=0.1 * _craft(sc, k)["fuel_capacity_kg"]),
        "FUEL",
    ),
    "with a broken aircraft": (lambda sc, k: _craft(sc, k).update(serviceable=False), "UNSERVICEABLE"),
    "before it is ready": (lambda sc, k: _craft(sc, k).update(ready_at=_time(sc, 90)), ""),
    "with more water than it lifts": (lambda _sc, k: k["legs"][1].update(litres_per_drop=50_000), "LIFT"),
    "from water that is too shallow": (lambda sc, k: _point(sc, k).update(depth_m=0.1), "WATER_UNSUITABLE"),
    "into a storm": (lambda sc, k: _scene(sc, k).update(wind_mps=40.0), "WEATHER_WIND"),
    "into a closed scene": (
        lambda sc, k: _scene(sc, k).update(available=[{"from": _time(sc, -90), "until": _time(sc, -60)}]),
        "CLOSED",
    ),
    "after the crew's day": (
        lambda sc, k: _craft(sc, k)["crew"].update(duty_ends_at=_time(sc, 20)),
        "CREW_DUTY",
    ),
    "by night": (lambda sc, _k: sc["weather"].update(last_light=_time(sc, 20)), "DAYLIGHT"),
    "without the flight to the water": (lambda _sc, k: k["legs"].pop(0), "PLACE"),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_a_lock_that_cannot_be_kept_is_named(name: str) -> None:
    change, code = IMPOSSIBLE[name]
    codes = _bend(change)
    assert codes
    assert not code or code in codes


def test_a_lock_that_ends_in_the_air_is_brought_home() -> None:
    assert _bend(lambda _sc, lock: lock["legs"].pop()) == set()


def test_two_locks_for_one_place_at_the_water_are_named() -> None:
    sc, locks = _locks()
    one, other = locks[:2]
    _point(sc, one)["max_aircraft"] = 1
    _craft(sc, other).update({k: v for k, v in _craft(sc, one).items() if k != "id"})
    other["legs"] = copy.deepcopy(one["legs"])
    assert "WATER_POINT_FULL" in _codes(sc, 0)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda lock: lock.update(aircraft_id="A999"), "aircraft_id"),
        (lambda lock: lock["legs"][1].update(incident_id="I999"), "legs[1].incident_id"),
        (lambda lock: lock["legs"][1].update(drops=10**9), "legs[1].drops"),
        (lambda lock: lock["legs"][1].update(drops=0), "legs[1].drops"),
        (lambda lock: lock["legs"][0].update(start="0001-01-01T00:00:00Z"), "legs[0]"),
        (lambda lock: lock["legs"][2].update(end="9999-12-31T00:00:00Z"), "legs[2]"),
    ],
)
def test_a_lock_that_makes_no_sense_is_refused(change: Callable[[Sc], None], field: str) -> None:
    sc, locks = _locks()
    change(locks[0])
    assert _refused(sc) == f"commitments[0].{field}"


def test_a_lock_given_twice_is_refused() -> None:
    sc, locks = _locks()
    sc["commitments"].append(copy.deepcopy(locks[0]))
    assert _refused(sc) == f"commitments[{len(sc['commitments']) - 1}].aircraft_id"


# ---- odd figures --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("aircraft", 1, "cruise_mps"), 1e-9),
        (("aircraft", 1, "turnaround_s"), 1e12),
        (("aircraft", 0, "water", "fill_s"), 1e10),
        (("now",), "9999-12-31T23:00:00Z"),
        (("now",), "0001-01-01T00:00:00Z"),
    ],
)
def test_what_would_end_beyond_the_calendar_is_refused(path: tuple[str | int, ...], value: Any) -> None:
    sc = small()
    at: Any = sc
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    assert _refused(sc).endswith(str(path[-1]))


def test_an_aircraft_that_is_never_ready_stays_but_not_in_the_air() -> None:
    sc = small()
    sc["aircraft"][0]["ready_at"] = "9999-12-31T23:59:59Z"
    assert _codes(sc) == set()
    sc["aircraft"][0]["at_base_id"] = None
    assert _refused(sc) == "aircraft[0].ready_at"


@pytest.mark.parametrize("fraction", ["123456789", "0004", "9996"])
def test_times_finer_than_a_millisecond_make_no_leg_too_early(fraction: str) -> None:
    sc = generated("S", 7)
    fine = sc["now"].replace("Z", f".{fraction}Z")
    sc["now"] = fine
    sc["weather"].update(first_light=fine)
    for craft in sc["aircraft"]:
        craft.update(ready_at=fine)
    sc["aircraft"][0].update(at_base_id=None, lon=sc["aircraft"][0]["lon"] + 0.1)
    for point in sc["water_points"]:
        point["available"] = [{"from": fine, "until": _time(sc, 90).replace("Z", f".{fraction}Z")}]
    assert _codes(sc, 2) == set()


def _numbers(value: Any, here: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    if isinstance(value, dict):
        return [path for key, child in value.items() for path in _numbers(child, (*here, key))]
    if isinstance(value, list):
        return [path for n, child in enumerate(value) for path in _numbers(child, (*here, n))]
    return [here] if isinstance(value, int | float) and not isinstance(value, bool) else []


def _put(into: Any, path: tuple[str | int, ...], value: float) -> None:
    """Replace what stands at the path; LookupError or TypeError where nothing does."""
    for key in path[:-1]:
        into = into[key]
    if into[path[-1]] is not None:
        into[path[-1]] = value


_DRAWN = [generated("S", seed, roll=seed % 2 == 1) for seed in range(4)]
_WHERE = [(n, path) for n, sc in enumerate(_DRAWN) for path in _numbers(sc)]
_ODD = st.sampled_from([0, 1, -1, 1e-9, 1e-3, 0.5, 180, -180, 90, 86_400, 1e6, 1e9, 1e12])


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(_WHERE), _ODD, st.booleans())
def test_an_odd_number_anywhere_is_refused_or_planned(
    where: tuple[int, tuple[str | int, ...]], value: float, everywhere: bool
) -> None:
    number, path = where
    sc = copy.deepcopy(_DRAWN[number])
    _put(sc, path, value)
    if everywhere and len(path) > 2:
        for row in sc[path[0]]:
            with contextlib.suppress(LookupError, TypeError):  # the row has no such field
                _put(row, path[2:], value)
    sc = json.loads(json.dumps(sc))
    try:
        parse(sc)
    except Malformed as error:
        assert error.field
        return
    assert _SCHEMA.is_valid(sc)
    _codes(sc, 0)


def test_a_previous_plan_of_another_world_is_no_chain() -> None:
    before = generated("M", 3)
    first = parse(before)
    old = solve(first, MaxIterations(iterations=0), 1).plan.to_json(first)
    sc = generated("M", 3, roll=True, twists=("storm", "one_water_point"))
    problem = parse(sc)
    result: Result = solve(problem, MaxIterations(iterations=1), 1, read_plan(problem, old))
    assert judged(sc, result.plan.to_json(problem))["violations"] == []


def test_water_that_takes_no_time_at_all_is_left_alone() -> None:
    assert not _codes(generated("S", 282, twists=("huge_fires", "nothing_takes_time", "same_place")))


def test_a_start_at_first_light_is_in_the_light_whatever_its_last_digit() -> None:
    assert not _codes(generated("S", 521, roll=True, twists=("before_dawn",)), iterations=2)


@pytest.mark.parametrize("seed", [2, 3, 9, 14, 33, 41])
def test_a_bent_scenario_is_refused_by_name_or_planned_as_the_referee_says(seed: int, tmp_path: Path) -> None:
    what, words = tried(bent(seed), tmp_path, 0.05)
    assert what in ("named", "legal", "broken by name"), words
