"""`ganying plan` as it is called: files, pipes, exit status, what it says about bad input."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from adapters.cli.plan import main
from tests.optimizer.shared import DATA, judged, scenario

S101 = DATA / "S-101.json"


def test_a_scenario_file_becomes_a_plan_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "plan.json"
    assert main([str(S101), "--iterations", "3", "--seed", "4", "--out", str(out)]) == 0
    answer = judged(scenario("S-101"), json.loads(out.read_text(encoding="utf-8")))
    assert answer["valid"]
    assert answer["terms"]["flight_hours"] > 1
    assert "human rule 13287.9" in capsys.readouterr().err


def test_a_pipe_carries_plan_score_and_reasons() -> None:
    words = [sys.executable, "-m", "adapters.cli.plan", "-", "--out", "-", "--explain", "--iterations", "0"]
    done = subprocess.run(words, input=S101.read_bytes(), capture_output=True, check=True)
    answer = json.loads(done.stdout)
    assert judged(scenario("S-101"), answer["plan"])["score"] == pytest.approx(answer["score"]["score"])
    assert answer["score"]["score"] < answer["human_score"]
    assert answer["violations"] == []
    first = answer["explanation"]["incidents"][0]
    chosen = [row for row in first["options"] if row["code"] == "CHOSEN"]
    assert {row["aircraft_id"] for row in chosen} == {row["aircraft_id"] for row in first["sorties"]}
    assert all(row["first_min"] > 0 for row in chosen)


def test_a_previous_plan_and_a_time_limit_are_taken(tmp_path: Path) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    assert main([str(DATA / "M-201.json"), "--iterations", "0", "--out", str(old)]) == 0
    words = [str(DATA / "M-201-roll.json"), "--seconds", "0.2", "--previous", str(old), "--out", str(new)]
    assert main(words) == 0
    assert judged(scenario("M-201-roll"), json.loads(new.read_text(encoding="utf-8")))["valid"]


def _run(tmp_path: Path, text: bytes, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    source = tmp_path / "scenario.json"
    source.write_bytes(text)
    out = tmp_path / "plan.json"
    status = main([str(source), "--iterations", "0", "--out", str(out)])
    assert out.exists() == (status != 2)
    return status, capsys.readouterr().err


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b"null", b"\xff\xfe\x00", b"[" * 200_000, b'{"now": 1}', b"NaN"]
)
def test_what_is_no_scenario_is_refused(
    text: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, said = _run(tmp_path, text, capsys)
    assert status == 2
    assert "MALFORMED" in said


def test_the_wrong_field_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sc = scenario("S-101")
    sc["aircraft"][2]["fuel_kg"] = -1
    status, said = _run(tmp_path, json.dumps(sc).encode(), capsys)
    assert status == 2
    assert "aircraft[2].fuel_kg" in said


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert main([str(tmp_path / "none.json"), "--out", str(tmp_path / "plan.json")]) == 2


def test_an_aircraft_that_cannot_land_is_said_aloud(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sc: dict[str, Any] = scenario("S-101")
    sc["aircraft"][0].update(at_base_id=None, fuel_kg=1, lon=110.0)
    status, said = _run(tmp_path, json.dumps(sc).encode(), capsys)
    assert status == 1
    assert "FUEL" in said


@pytest.mark.parametrize(
    "empty", [("incidents",), ("aircraft",), ("incidents", "aircraft"), ("water_points",)]
)
def test_nothing_to_do_is_a_legal_plan(
    empty: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sc = scenario("S-101")
    for key in empty:
        sc[key] = []
    status, said = _run(tmp_path, json.dumps(sc).encode(), capsys)
    assert status == 0
    assert "0 violations" in said
