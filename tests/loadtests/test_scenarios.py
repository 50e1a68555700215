"""Generated scenarios keep to the schema, agree with themselves and depend on their arguments alone."""

import json
from datetime import timedelta
from typing import Any

import jsonschema_rs
import pytest

from loadtests.scenario_landing import lands_at
from loadtests.scenario_sizes import SIZES
from loadtests.scenario_twists import TWISTS, hostile
from loadtests.scenarios import at, distance_m, main, scenario, text
from optimizer.problem import parse
from tests.optimizer.shared import FORMAT, judged, judged_1_1, schema

_SCHEMA_1_1 = jsonschema_rs.Draft202012Validator(
    json.loads((FORMAT / "scenario-1.1.schema.json").read_text(encoding="utf-8"))
)
_SCHEMA = jsonschema_rs.Draft202012Validator(schema("scenario"))


def _everybody_home(sc: dict[str, Any]) -> dict[str, Any]:
    """The plan that keeps the locks, lands whoever is in the air and does nothing else."""
    legs = {lock["aircraft_id"]: lock["legs"] for lock in sc["commitments"]}
    for craft in sc["aircraft"]:
        if craft["at_base_id"] is None and craft["serviceable"] and craft["id"] not in legs:
            bases = (base for base in sc["bases"] if lands_at(sc, craft, base))
            base = min(bases, key=lambda b: distance_m(craft, b))
            start = max(at(craft["ready_at"]), at(sc["now"]))
            land = start + timedelta(seconds=distance_m(craft, base) / craft["cruise_mps"])
            to = {"type": "base", "id": base["id"]}
            legs[craft["id"]] = [{"kind": "fly", "start": text(start), "end": text(land), "to": to}]
    rows = [{"aircraft_id": aircraft, "legs": mine} for aircraft, mine in legs.items()]
    return {"schema_version": sc["schema_version"], "scenario_id": sc["id"], "aircraft": rows}


def _sound(sc: dict[str, Any]) -> None:
    _SCHEMA.validate(json.loads(json.dumps(sc)))
    problem = parse(sc)
    assert len(problem.aircraft) == len(sc["aircraft"])
    assert judged(sc, _everybody_home(sc))["violations"] == []


@pytest.mark.parametrize("roll", [False, True])
@pytest.mark.parametrize(("size", "seeds"), [("S", 25), ("M", 15), ("L", 3), ("XL", 1)])
def test_a_generated_scenario_is_valid_and_can_be_kept(size: str, seeds: int, roll: bool) -> None:
    for seed in range(seeds):
        sc = scenario(size, seed, roll=roll)
        _sound(sc)
        assert len(sc["aircraft"]) == SIZES[size].aircraft
        assert sc["id"].endswith("-roll") is roll
        assert roll or not sc["previous_assignments"]


@pytest.mark.parametrize("roll", [False, True])
@pytest.mark.parametrize("twist", sorted(TWISTS))
def test_a_twisted_scenario_is_valid_and_can_be_kept(twist: str, roll: bool) -> None:
    for seed in range(2):
        _sound(scenario("M", seed, roll=roll, twists=(twist,)))


@pytest.mark.parametrize("seed", range(25))
def test_twists_can_be_heaped_up(seed: int) -> None:
    _sound(scenario("M", seed, roll=seed % 2 == 1, twists=hostile(seed)))


@pytest.mark.parametrize("roll", [False, True])
@pytest.mark.parametrize(("size", "seeds"), [("S", 25), ("M", 12), ("L", 2), ("XL", 1)])
def test_a_generated_scenario_of_1_1_is_valid_and_can_be_kept(size: str, seeds: int, roll: bool) -> None:
    for seed in range(seeds):
        sc = scenario(size, seed, roll=roll, version="1.1")
        _SCHEMA_1_1.validate(json.loads(json.dumps(sc)))
        parse(sc)
        assert judged_1_1(sc, _everybody_home(sc))["violations"] == []


def test_scenarios_of_1_1_have_all_that_only_1_1_tells() -> None:
    made = [scenario("M", seed, version="1.1") for seed in range(8)]
    tasks = [i["task"] for sc in made for i in sc["incidents"] if "task" in i]
    assert all(sc["no_fly"] and sc["forbidden_assignments"] for sc in made)
    assert all(any("rows" in craft["crew"] for craft in sc["aircraft"]) for sc in made)
    assert sum(bool(task.get("people")) for task in tasks) >= len(made)
    assert sum(bool(task.get("continuous")) for task in tasks) >= len(made)
    assert any(task.get("dropoff_base_id") for task in tasks)
    assert any(task.get("people") and task["hospital_id"] for task in tasks)
    assert any(task.get("needs_pad") for task in tasks)


def test_a_version_changes_nothing_of_the_others() -> None:
    plain, newer = scenario("M", 7), scenario("M", 7, version="1.1")
    assert newer["incidents"][: len(plain["incidents"])] == plain["incidents"]
    assert [craft["model"] for craft in newer["aircraft"]] == [craft["model"] for craft in plain["aircraft"]]


def test_the_same_seed_gives_the_same_scenario_and_another_seed_another() -> None:
    def made(seed: int) -> str:
        return json.dumps(scenario("M", seed, roll=True, twists=hostile(seed)))

    assert made(5) == made(5)
    assert made(5) != made(6)


def test_a_roll_has_what_the_shared_ones_have() -> None:
    sc = scenario("L", 1, roll=True)
    assert sum(craft["at_base_id"] is None for craft in sc["aircraft"]) > 10
    assert len(sc["commitments"]) > 10
    assert [incident for incident in sc["incidents"] if incident["id"] == "INEW"]
    before = sum(craft["serviceable"] for craft in scenario("L", 1)["aircraft"])
    assert sum(craft["serviceable"] for craft in sc["aircraft"]) == before - 1


def test_the_command_writes_a_scenario_of_1_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["S", "3", "--format", "1.1"]) == 0
    assert json.loads(capsys.readouterr().out) == scenario("S", 3, version="1.1")


def test_the_command_writes_the_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["S", "3", "--roll", "--twist", "one_layer"]) == 0
    assert json.loads(capsys.readouterr().out) == scenario("S", 3, roll=True, twists=("one_layer",))
