"""`ganying plan --reasons`: why this plan, in Chinese or English, beside the plan."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from adapters.cli.plan import main
from adapters.cli.plan_reasons import reasons_text
from adapters.cli.plan_words import CODES, LANGUAGES, PHRASES, ROOM, TERMS, Language
from tests.optimizer.shared import DATA, judged, judged_1_1, scenario, small

M201 = DATA / "M-201.json"
_TEXT = Path(__file__).parents[3] / "webui/src/text"
# of single options, of fires and of taskings: the command lists none of these
_ONLY_IN_CONSOLE = {
    *("CHOSEN", "BUSY", "SLOWER", "ASSIGNED", "NOT_AT_BASE", "UNUSED", "REFUEL"),
    *("FIRE_STATED", "FIRE_MODEL", "FIRE_DEFAULT"),
    # who may not fly: a site's registers know, a scenario does not hold it
    *("CERTIFICATE_EXPIRED", "INSPECTION_DUE", "OPERATOR_EXPIRED", "NO_CAPTAIN", "LICENCE_EXPIRED"),
    *("MEDICAL_EXPIRED", "NOT_RATED", "FLIGHT_TIME_SPENT", "DUTY_TIME_SPENT", "CLOSED_WAY"),
}
_ONLY_IN_COMMAND = {"NOT_READY", "LEFT_IN_AIR", "ENDS_AWAY", "TOO_FAST", "TIME_ORDER", "UNKNOWN_ID"}


def _part(text: str, number: int) -> list[str]:
    """The lines of one part: 1 assignments, 2 unused, 3 what is full."""
    return [line for line in text.split("\n\n")[number].splitlines() if line.startswith("- ")]


@pytest.fixture(scope="module")
def explained(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, str]]:
    """The answer of one run of M-201 in codes, and the words of the same run in both languages."""
    folder, words = tmp_path_factory.mktemp("reasons"), {}
    for language in LANGUAGES:
        told = folder / f"{language}.txt"
        ask = [str(M201), "--iterations", "20", "--explain", "--out", str(folder / "answer.json")]
        assert main([*ask, "--reasons", language, "--reasons-out", str(told)]) == 0
        words[language] = told.read_text(encoding="utf-8")
    return json.loads((folder / "answer.json").read_text(encoding="utf-8")), words


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_assignment_of_the_plan_has_its_line(
    explained: tuple[dict[str, Any], dict[str, str]], language: str
) -> None:
    answer, words = explained
    lines = _part(words[language], 1)
    working = {
        (entry["aircraft_id"], leg["incident_id"])
        for entry in answer["plan"]["aircraft"]
        for leg in entry["legs"]
        if leg["kind"] in ("cycles", "on_scene")
    }
    assert {tuple(re.findall(r"\b[AI]\d{3}\b", line)[:2]) for line in lines} == working
    assert len(lines) == len(working)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_assignment_names_its_runner_up_and_the_difference(
    explained: tuple[dict[str, Any], dict[str, str]], language: str
) -> None:
    answer, words = explained
    lines = {tuple(re.findall(r"\b[AI]\d{3}\b", line)[:2]): line for line in _part(words[language], 1)}
    measured = [row for row in answer["explanation"]["assignments"] if not row.get("replaced")]
    assert measured
    for row in measured:
        line = lines.get((row["aircraft_id"], row["incident_id"]))
        if line is not None:
            assert f"{row['difference']:+.1f}" in line or abs(row["difference"]) < 0.05
            assert (row["runner_up_aircraft_id"] or "") in line
            assert (row["runner_up_incident_id"] or "") in line


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_aircraft_without_work_has_the_rule_or_what_it_would_cost(
    explained: tuple[dict[str, Any], dict[str, str]], language: Language
) -> None:
    answer, words = explained
    idle = {row["aircraft_id"] for row in answer["explanation"]["aircraft"] if not row["incident_ids"]}
    lines = {line[2:6]: line for line in _part(words[language], 2)}
    assert set(lines) == idle
    for row in answer["explanation"]["unused"]:
        line = lines[row["aircraft_id"]]
        assert CODES[row["code"]][language] in line
        assert f"[{row['code']}]" in line
        if row["code"] == "NOT_NEEDED":
            assert row["incident_id"] in line


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_full_is_named_with_the_worth_of_one_more(
    explained: tuple[dict[str, Any], dict[str, str]], language: str
) -> None:
    answer, words = explained
    short = answer["explanation"]["short"]
    assert short
    for row, line in zip(short, _part(words[language], 3), strict=True):
        assert row["place_id"] in line
        assert f"{row['difference']:+.1f}" in line
        assert str(row["limit"] + 1) in line


def test_the_words_go_to_the_output_that_the_plan_leaves_free(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ask = [str(DATA / "S-101.json"), "--iterations", "1", "--reasons", "en"]
    assert main([*ask, "--out", str(tmp_path / "plan.json")]) == 0
    assert capsys.readouterr().out.startswith("Plan S-101: score ")
    assert main([*ask, "--out", "-"]) == 0
    said = capsys.readouterr()
    assert judged(scenario("S-101"), json.loads(said.out))["valid"]
    assert "Without work" in said.err


def test_a_what_if_is_told_in_words_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changes = tmp_path / "changes.json"
    changes.write_text('[{"kind": "lose_aircraft", "aircraft_id": "A000"}]')
    ask = [str(DATA / "S-101.json"), "--iterations", "1", "--reasons", "zh", "--what-if", str(changes)]
    assert main([*ask, "--out", str(tmp_path / "answer.json")]) == 0
    said = capsys.readouterr().out
    assert "派遣（" in said
    assert "A000" not in said


def test_reasons_of_a_plan_of_format_1_1_name_what_was_ruled_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sc = small()
    sc["schema_version"] = "1.1"
    sc["forbidden_assignments"] = [{"aircraft_id": "A000", "incident_id": None}]
    source, out = tmp_path / "scenario.json", tmp_path / "plan.json"
    source.write_text(json.dumps(sc))
    assert main([str(source), "--iterations", "1", "--reasons", "en", "--out", str(out)]) == 0
    assert judged_1_1(sc, json.loads(out.read_text(encoding="utf-8")))["valid"]
    line = next(line for line in _part(capsys.readouterr().out, 2) if line.startswith("- A000"))
    assert "a dispatcher ruled it out [FORBIDDEN_ASSIGNMENT]" in line


def test_a_plan_that_breaks_a_rule_says_which_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sc = small()
    sc["aircraft"][0].update(at_base_id=None, fuel_kg=1, lon=110.0)
    source = tmp_path / "scenario.json"
    source.write_text(json.dumps(sc))
    assert main([str(source), "--iterations", "0", "--reasons", "zh", "--out", str(tmp_path / "p.json")]) == 1
    said = capsys.readouterr().out
    assert "违反规则" in said
    assert CODES["FUEL"]["zh"] in said
    assert "未作比较" in said


@pytest.mark.parametrize("words", [["--reasons-out", "x.txt"], ["--reasons", "en", "--reasons-out", "-"]])
def test_words_with_nowhere_to_go_are_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(DATA / "S-101.json"), "--iterations", "0", "--out", "-", *words]) == 2
    assert "--reasons-out" in capsys.readouterr().err


def test_names_cannot_steer_a_terminal() -> None:
    sc: dict[str, Any] = {"id": "x\x1b[2J", "incidents": [{"id": "I1", "name": "fire\x1b[31m\nnext"}]}
    why = {
        "assignments": [],
        "unused": [],
        "short": [{"kind": "layers", "place_id": "I1", "limit": 2, "difference": -3.0, "terms": {}}],
        "aircraft": [],
        "complete": True,
    }
    answer = {
        "score": {"score": 1.0},
        "human_score": 2.0,
        "bound": None,
        "violations": [],
        "explanation": why,
    }
    for language in LANGUAGES:
        assert "\x1b" not in reasons_text(sc, answer, language)
        assert "\nnext" not in reasons_text(sc, answer, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_command_and_the_console_say_a_code_in_the_same_words(language: Language) -> None:
    text = (_TEXT / f"{language}.ts").read_text(encoding="utf-8")
    block = text[text.index("planReason: {") :].partition("\n  },")[0]
    console = dict(re.findall(r"^    ([A-Z_]+): '(.*)',$", block, re.MULTILINE))
    ours = {code: words[language] for code, words in CODES.items()}
    assert {code: ours[code] for code in ours if code in console} == {
        code: words for code, words in console.items() if code not in _ONLY_IN_CONSOLE
    }
    assert set(ours) - set(console) <= _ONLY_IN_COMMAND


def test_every_word_is_there_in_both_languages() -> None:
    for table in (CODES, TERMS, ROOM, PHRASES):
        for key, words in table.items():
            assert set(words) == set(LANGUAGES), key
            assert all(words.values()), key
