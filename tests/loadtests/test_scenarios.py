"""Generated scenarios keep to the schema, agree with themselves and depend on their arguments alone."""

import json
from datetime import timedelta
from typing import Any

import jsonschema_rs
import pytest

from loadtests.scenario_twists import TWISTS, hostile, lands_at
from loadtests.scenarios import SIZES, at, distance_m, main, scenario, text
from optimizer.problem import parse
from tests.optimizer.shared import judged, schema

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
    return {"schema_version": "1.0", "scenario_id": sc["id"], "aircraft": rows}


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


def test_the_command_writes_the_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["S", "3", "--roll", "--twist", "one_layer"]) == 0
    assert json.loads(capsys.readouterr().out) == scenario("S", 3, roll=True, twists=("one_layer",))
