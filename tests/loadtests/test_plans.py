"""The figures about plans: what is counted as unavoidable, and that a table tells a broken plan and a false bound."""

import json
from dataclasses import replace

import pytest

from loadtests.plans import Measured, by_size, each_table, judged, main, reference, size_table
from loadtests.scenarios import scenario
from loadtests.unavoidable import servable, served, unavoidable
from tests.optimizer.shared import NAMES
from tests.optimizer.shared import scenario as shared

_ROW = Measured(
    name="M-1",
    size="M",
    violations=0,
    score=90.0,
    human=100.0,
    unavoidable=0.0,
    net=0.9,
    fire=0.8,
    life=5.0,
    human_life=5.0,
    first_net=0.95,
    first_s=0.1,
    best_first=None,
    best_last=None,
    bound=89.0,
    slot_bound=None,
    bound_false=False,
    seconds=1.0,
    iterations=1,
)


@pytest.mark.parametrize("name", NAMES)
def test_the_unavoidable_part_is_that_of_the_reference(name: str) -> None:
    assert unavoidable(shared(name)) == pytest.approx(reference()[name]["unavoidable"], abs=0.06)


def test_an_incident_in_a_storm_is_unavoidable_unless_a_plan_reaches_it() -> None:
    sc = scenario("S", 1)
    for incident in sc["incidents"]:
        incident["wind_mps"] = 30.0
    assert not any(servable(sc, incident) for incident in sc["incidents"])
    everything = unavoidable(sc)
    assert everything > 0.0
    assert unavoidable(sc, {sc["incidents"][0]["id"]}) < everything
    assert unavoidable(sc, {incident["id"] for incident in sc["incidents"]}) == 0.0


def test_a_table_tells_broken_plans_and_false_bounds() -> None:
    rows = [
        _ROW,
        replace(_ROW, net=1.1, score=110.0, violations=2, bound_false=True, bound=99.0),
        replace(_ROW, bound=None),
    ]
    line = size_table(rows).splitlines()[-1]
    assert line.startswith("| M | 3 | 2 | 1 | 0.900 (0.96) | 1.100 ")
    assert line.endswith(" | 1 | 1 |")
    assert "FALSE" in each_table(rows)


def test_the_command_measures_what_it_is_asked_to(
    capsys: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    out = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    words = ["--no-shared", "--generated", "S=1", "--seconds", "0", "--hostile", "0", "--rows", str(out)]
    assert main(words) == 0
    assert "| S | 1 | 0 | 0 |" in capsys.readouterr().out
    assert json.loads(out.read_text())["name"] == "S-g1000"


def test_the_human_rules_own_plan_written_to_the_millisecond_is_not_above_it() -> None:
    written = replace(_ROW, score=792_767.647, human=792_767.635)  # XL-g1000 after one second
    assert not written.above_human
    assert replace(_ROW, score=792_768.0, human=792_767.635).above_human


def test_generated_scenarios_of_1_1_are_planned_without_a_violation(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["--no-shared", "--generated", "S=6,M=2", "--seconds", "0.05", "--hostile", "2", "--passes", "0"]
    assert main([*words, "--format", "1.1", "--each"]) == 0
    said = capsys.readouterr().out
    assert "| S | 6 | 0 | 0 |" in said
    assert "S-g1002-roll-1.1" in said


def test_a_plan_of_1_1_is_judged_by_the_referee_of_1_1() -> None:
    sc = scenario("S", 3, version="1.1")
    idle: dict[str, object] = {"scenario_id": sc["id"], "aircraft": []}
    assert judged(sc, {**idle, "schema_version": "1.1"})["violations"] == []
    assert [row["code"] for row in judged(sc, {**idle, "schema_version": "1.0"})["violations"]] == ["SCHEMA"]
    name = next(craft["id"] for craft in sc["aircraft"] if craft["serviceable"])
    wrong = [{"aircraft_id": name, "code": "UNSERVICEABLE"}]
    verdict = judged(sc, {**idle, "schema_version": "1.1", "unused": wrong})
    assert [row["code"] for row in verdict["violations"]] == ["UNUSED"]


def test_what_nobody_may_do_by_1_1_is_unavoidable() -> None:
    sc = scenario("S", 3, version="1.1")
    crowd = next(i for i in sc["incidents"] if i.get("task", {}).get("people"))
    assert servable(sc, crowd)
    sc["forbidden_assignments"] = [
        {"aircraft_id": craft["id"], "incident_id": crowd["id"]} for craft in sc["aircraft"]
    ]
    assert not servable(sc, crowd)
    sc["forbidden_assignments"] = [
        {"aircraft_id": craft["id"], "incident_id": None} for craft in sc["aircraft"]
    ]
    assert not any(servable(sc, incident) for incident in sc["incidents"])
    idle = {"schema_version": "1.1", "scenario_id": sc["id"], "aircraft": []}
    verdict = judged(sc, idle)
    assert unavoidable(sc, served(sc, idle, verdict)) == pytest.approx(verdict["score"], rel=1e-6)


def test_counts_are_for_all_sizes_or_for_each() -> None:
    assert by_size("2") == {"S": 2.0, "M": 2.0, "L": 2.0, "XL": 2.0}
    assert by_size("S=1,XL=3") == {"S": 1.0, "XL": 3.0}
