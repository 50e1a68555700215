"""Reasons are found by forcing: they say true differences, leave the plan as it is, and take what is better."""

import json
import random
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from loadtests.why_not import confirmed
from optimizer.answer import answer
from optimizer.problem import parse
from optimizer.reasons import explained
from optimizer.solve import Result, plan_of, solve
from optimizer.stop import MaxIterations
from optimizer.why_not import copied, sent, why_not
from tests.optimizer.shared import judged

DATA = Path(__file__).parents[1] / "data" / "opt"


def loaded(name: str) -> dict[str, Any]:
    """A shared scenario."""
    scenario: dict[str, Any] = json.loads((DATA / f"{name}.json").read_text())
    return scenario


def solved(scenario: dict[str, Any], iterations: int = 60) -> Result:
    """A plan after some search."""
    return solve(parse(scenario), MaxIterations(iterations=iterations), 0)


@pytest.mark.parametrize("name", ["S-101", "M-201", "M-201-roll"])
def test_every_assignment_has_its_runner_up_and_the_plan_is_none_the_worse(name: str) -> None:
    """The plan that is explained is legal, at least as good, and no difference is below zero."""
    scenario = loaded(name)
    result = solved(scenario)
    better, found = explained(result)
    said = judged(scenario, better.plan.to_json(parse(scenario)))
    assert said["violations"] == []
    assert said["score"] <= result.score.total + 1e-2
    assert found["complete"]
    assert found["assignments"]
    assert all(
        row["difference"] >= -1e-3 for row in (*found["assignments"], *found["unused"]) if "difference" in row
    )
    for row in found["assignments"]:
        assert row["runner_up_aircraft_id"] != row["aircraft_id"]
        assert row["runner_up_incident_id"] != row["incident_id"]
    assert all(row["difference"] < 0 for row in found["short"])


def test_asking_leaves_the_schedule_as_it_was() -> None:
    """To the leg, where nothing better was found."""
    result = solved(loaded("S-101"), 200)
    assert result.schedule is not None
    before = plan_of(result.schedule)
    after, _ = explained(result)
    if after is result:
        assert plan_of(result.schedule) == before
    assert result.schedule.score() == pytest.approx(after.score.total)


def test_a_short_time_gives_the_most_important_reasons_first() -> None:
    """Lives, then weight; what is not reached is said to be missing."""
    scenario = loaded("M-201")
    asks = iter(range(5))
    _, found = explained(solved(scenario), lambda: next(asks, None) is None)
    assert not found["complete"]
    first = found["assignments"][0]["incident_id"]
    row = next(i for i in scenario["incidents"] if i["id"] == first)
    assert row["life_at_risk"] or not any(i["life_at_risk"] for i in scenario["incidents"])


def test_one_more_layer_over_a_crowded_fire_has_a_worth() -> None:
    """With a single layer over each fire, another one is what is short."""
    scenario = loaded("M-201")
    for incident in scenario["incidents"]:
        incident["max_slots"] = 1
    _, found = explained(solved(scenario, 30))
    assert found["short"]
    assert {row["kind"] for row in found["short"]} <= {"layers", "water", "refuel"}
    assert "layers" in {row["kind"] for row in found["short"]}
    assert [row["difference"] for row in found["short"]] == sorted(
        row["difference"] for row in found["short"]
    )


def test_the_answer_tells_the_reasons_of_the_plan_that_it_gives() -> None:
    """Every aircraft of an assignment's reason works there in the plan that is written."""
    scenario = loaded("M-201")
    told: Any = answer(parse(scenario), solved(scenario), 0)
    at = {
        (entry["aircraft_id"], leg["incident_id"])
        for entry in told["plan"]["aircraft"]
        for leg in entry["legs"]
        if leg["kind"] in ("cycles", "on_scene")
    }
    replaced = [row for row in told["explanation"]["assignments"] if row.get("replaced")]
    pairs = {(row["aircraft_id"], row["incident_id"]) for row in told["explanation"]["assignments"]}
    assert replaced or pairs <= at
    assert told["score"]["score"] == pytest.approx(judged(scenario, told["plan"])["score"], abs=0.01)


@pytest.mark.parametrize("name", ["S-101", "M-201"])
def test_sampled_why_not_answers_are_confirmed_by_forcing(name: str) -> None:
    """A seeded dozen of what `python -m loadtests.why_not` asks a hundred of."""
    scenario = loaded(name)
    problem = parse(scenario)
    schedule = solved(scenario).schedule
    assert schedule is not None
    chance = random.Random(5)
    pairs = (
        (chance.randrange(len(problem.aircraft)), chance.randrange(len(problem.incidents))) for _ in range(99)
    )
    for pair in islice(pairs, 12):
        kind, good, schedule = confirmed(scenario, problem, schedule, pair, iterations=15, seed=1)
        assert good, (pair, kind)


def test_an_aircraft_that_is_sent_there_goes_there_whatever_is_planned_after() -> None:
    """The forced sortie stands through the search, and the plan with it is legal."""
    scenario = loaded("S-101")
    problem = parse(scenario)
    schedule = solved(scenario).schedule
    assert schedule is not None
    assert plan_of(copied(schedule)) == plan_of(schedule)
    for aircraft in range(len(problem.aircraft)):
        for incident in range(len(problem.incidents)):
            forced = sent(schedule, aircraft, incident)
            if isinstance(forced, str):
                said = why_not(schedule, aircraft, incident, 5, 0)
                assert said.code in (forced, "GOES")
                continue
            assert judged(scenario, plan_of(forced).to_json(problem))["violations"] == []
            assert incident in {n for sortie in forced.sorties[aircraft] for n in sortie.incidents}
