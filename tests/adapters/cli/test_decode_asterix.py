"""`ganying decode --format asterix`: every record a line, with its date, its place and all it says."""

import json
from pathlib import Path
from typing import Any

import pytest

from adapters.__main__ import main
from tests.protocols.asterix_peers import DATA


def decode(
    capsys: pytest.CaptureFixture[str], file: Path, *words: str
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    assert main(["decode", str(file), "--format", "asterix", *words]) == 0
    said = capsys.readouterr()
    return [json.loads(line) for line in said.out.splitlines()], json.loads(said.err)


def test_a_capture_of_radars_gives_each_record_its_date(capsys: pytest.CaptureFixture[str]) -> None:
    lines, summary = decode(capsys, DATA / "cat_034_048.pcap")
    assert len(lines) == 162
    assert lines[0]["time"] == "2016-05-05T07:35:54.601Z"
    assert (lines[0]["icao24"], lines[0]["callsign"], lines[0]["source"]) == ("3c660c", "DLH65A", "025/201")
    assert lines[0]["altitude_m"] == 10_058.4
    assert lines[0]["unplaced"] == "unplaced"
    assert (lines[0].get("repeat"), lines[1].get("repeat")) == (None, True)
    assert (summary["messages"], summary["repeats"], summary["by_kind"]) == (
        162,
        64,
        {"CAT034": 34, "CAT048": 128},
    )
    placed = [line for line in lines if line.get("lon_deg") is not None]
    assert {line["source"] for line in placed} == {"025/012"}  # the one radar that says where it stands


def test_a_reference_places_the_radars_that_do_not_say_where_they_stand(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines, summary = decode(capsys, DATA / "cat_034_048.pcap", "--reference-position", "16.07,45.74,120")
    (first, *_) = lines
    assert first["lat_deg"] == pytest.approx(48.82, abs=0.01)  # 198 NM at 340 degrees
    assert first["lon_deg"] == pytest.approx(14.37, abs=0.01)
    assert summary["positions"] > 100


def test_a_system_track_has_its_place_and_all_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    lines, _ = decode(capsys, DATA / "cat_062_065.pcap")
    assert [line["category"] for line in lines] == [62, 62, 65]
    assert (lines[0]["lat_deg"], lines[0]["lon_deg"]) == (41.1671233, 15.7088667)
    assert lines[0]["items"]["340"]["SID"] == {"SAC": 25, "SIC": 12}
    assert lines[0]["sensor_ages_s"] == {"psr": 5.75, "ssr": 3.25, "mode_s": 3.25}


def test_plain_bytes_have_no_date_and_an_edition_that_is_found_out(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (recorded,) = json.loads((DATA / "china_cat021_v026.json").read_text())
    file = tmp_path / "china.ast"
    file.write_bytes(bytes.fromhex(recorded["hex"]))
    (line,), _ = decode(capsys, file)
    assert (line["time"], line["time_of_day_s"]) == (None, 17_998.796875)
    assert (line["icao24"], line["callsign"], line["edition"]) == ("780261", "CSN3127", "0.26")
    assert (line["lat_deg"], line["lon_deg"]) == (30.1035154, 114.1452563)
    (wrong, rest), _ = decode(capsys, file, "--edition", "2")
    assert (wrong["lat_deg"], rest["error"]) == (None, "FSPEC")
    assert [each["field"] for each in wrong["wrong"]] == ["021/131", "021/145", "021/140"]


def test_a_recorders_capture_is_read_without_a_fault(capsys: pytest.CaptureFixture[str]) -> None:
    lines, summary = decode(capsys, DATA / "cat_001_002.pcap")
    assert [line["category"] for line in lines] == [1, 1, 1, 1, 2, 1, 1, 1]
    assert summary["framing_errors"] == 0


def test_damage_is_said_and_what_follows_is_read(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    good = (DATA / "cat034.raw").read_bytes()
    file = tmp_path / "damaged.ast"
    file.write_bytes(good + b"\xff\xff" + good + bytes.fromhex("300006200101") + good[:-1])
    lines, summary = decode(capsys, file)
    assert [line.get("error", line.get("category")) for line in lines] == [
        34,
        "GARBAGE",
        34,
        "TRUNCATED",
        "TRUNCATED",
    ]
    assert [line.get("field") for line in lines[-2:]] == ["048/020", "LEN"]
    assert summary["framing_errors"] == 3


@pytest.mark.parametrize("place", ["16.07,45.74,99999", "16.07,45.74,1,2", "16.07"])
def test_a_place_that_cannot_be_is_one_line_and_status_2(
    place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["decode", str(DATA / "cat048.raw"), "--format", "asterix", "--reference-position", place]
    assert main(words) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
