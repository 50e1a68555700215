"""`ganying safety`: alerts of a recording, bad records named, volumes and terrain, exit statuses."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.__main__ import main
from adapters.cli.safety import Again
from adapters.cli.safety_sightings import Recorded
from dispatch.safety.parameter_rows import shipped
from dispatch.sighting import Sighting
from dispatch.terrain import Terrain
from dispatch.world import World
from protocols import track_records
from tests.adapters.terrain.tiles import hgt_bytes

T0 = 1_790_000_000_000
FEET, KNOTS = 0.3048, 1852 / 3600


def record(t: int, icao24: str, lon: float, **other: Any) -> dict[str, Any]:
    usual = {
        "timestamp": T0 + 1000 * t,
        "icao24": icao24,
        "callsign": icao24.upper(),
        "latitude": 28.0,
        "longitude": lon,
        "altitude": 2_000.0,
        "groundspeed": 120.0,
        "track": 90.0,
        "vertical_rate": 0.0,
    }
    return usual | other


def head_on(seconds: int = 150) -> list[dict[str, Any]]:
    """Two that meet in the middle, 13 km apart at first."""
    step = 120 * KNOTS / 98_180
    found = [record(t, "780abc", 115.0 + t * step) for t in range(seconds)]
    return found + [record(t, "780abd", 115.13 - t * step, track=270.0) for t in range(seconds)]


def flown(
    capsys: pytest.CaptureFixture[str], path: Path, *words: str
) -> tuple[int, list[dict[str, Any]], list[dict[str, Any]]]:
    """Exit status, the alerts, and what was said on stderr."""
    status = main(["safety", str(path), *words])
    told = capsys.readouterr()
    lines = [line for line in told.err.splitlines() if line.startswith("{")]
    return status, [json.loads(line) for line in told.out.splitlines()], [json.loads(line) for line in lines]


def test_an_encounter_begins_grows_worse_and_ends_by_the_recordings_own_time(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "met.json.gz"
    path.write_bytes(gzip.compress(json.dumps(head_on()).encode()))
    status, alerts, said = flown(capsys, path)
    met = [one for one in alerts if one["kind"] == "conflict"]
    assert (status, [one["event"] for one in met]) == (0, ["begin", "change", "change", "end"])
    assert [one["severity"] for one in met] == ["info", "amber", "red", "red"]
    assert {who["callsign"] for who in met[0]["who"]} == {"780ABC", "780ABD"}
    assert met[0]["at_s"] < 20
    assert met[0]["time"].startswith("2026-09-21T14:13:")
    assert met[0]["lead_s"] > 80
    (summary,) = [one for one in said if "flight_hours" in one]
    assert summary["alerts"]["conflict"] == 1
    assert summary["terrain"] == "无地形数据"
    assert summary["flight_hours"] == pytest.approx(2 * 150 / 3600, rel=0.1)
    assert summary["note"] == "辅助告警, 不替代管制"
    assert not summary["net_failures"]


def test_volumes_terrain_and_own_parameters_are_the_servers(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path, chart, tile, rows = (tmp_path / name for name in ("t.json", "r.txt", "N28E115.hgt", "p.csv"))
    step = 120 * KNOTS / 98_180
    low = [record(t, "780abc", 115.3 + t * step, latitude=28.5, altitude=1_400.0) for t in range(120)]
    path.write_text("\n".join(json.dumps(one) for one in low))  # a record a line
    chart.write_text("AC R\nAN TEST R\nAL GND\nAH 5000 ft AMSL\nV X=28:30:00 N 115:21:00 E\nDC 1.0\n")
    tile.write_bytes(hgt_bytes(28, 115, lambda lon, lat: 400.0 + 0 * lon + 0 * lat))
    rows.write_text(
        "net,name,value,phase,where,valid_from,source\nairspace,look_ahead_s,20,,,2026-01-01,test\n"
    )
    words = ("--volumes", str(chart), "--terrain", str(tile), "--format", "tracks")
    status, alerts, said = flown(capsys, path, *words)
    entries = [(one["event"], one["code"]) for one in alerts if one["kind"] == "airspace"]
    assert (status, entries) == (0, [("begin", "ahead"), ("change", "breach"), ("end", "breach")])
    assert {one["about"] for one in alerts if one["kind"] == "airspace"} == {"TEST R"}
    assert [one["code"] for one in alerts if one["kind"] == "terrain"][:1] == ["ground"]
    assert said[-1]["terrain"] == "fit"
    first = next(one["at_s"] for one in alerts if one["kind"] == "airspace")
    _, later, _ = flown(capsys, path, *words, "--parameters", str(rows))
    assert next(one["at_s"] for one in later if one["kind"] == "airspace") > first + 10
    rows.write_text("net,name,value,phase,where,valid_from,source\nairspace,look,20,,,2026-01-01,test\n")
    assert main(["safety", str(path), "--parameters", str(rows)]) == 2
    assert "airspace.look" in capsys.readouterr().err


def test_bad_records_are_named_and_take_no_other_with_them(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    bad = [
        record(0, "xyz", 115.0),
        record(0, "780abc", 995.0),
        record(0, "780abc", 115.0, timestamp="yesterday"),
        record(0, "780abc", 115.0, altitude="high"),
        record(0, "780abc", 115.0, latitude=None),
        [1, 2],
    ]
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(bad + head_on(60))[:-1] + ', {"timestamp": }]')
    status, alerts, said = flown(capsys, path)
    faults = [(one["error"], one["field"], one["record"]) for one in said if "error" in one]
    assert faults == [
        ("ADDRESS", "icao24", 1),
        ("RANGE", "longitude", 2),
        ("TIME", "timestamp", 3),
        ("NUMBER", "altitude", 4),
        ("POSITION", "latitude", 5),
        ("NO_RECORD", "record", 6),
        ("JSON", "record", 127),
    ]
    assert status == 1
    assert "conflict" in {one["kind"] for one in alerts}
    assert said[-1]["unread"]["JSON"] == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", ()), (b"hello", ()), (b"[]", ("--volumes", "absent")), (b"[]", ("--terrain", "absent"))],
)
def test_what_cannot_be_read_at_all_is_said_in_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: bytes, words: tuple[str, ...]
) -> None:
    path = tmp_path / "none"
    path.write_bytes(content)
    assert main(["safety", str(path), *words]) == 2
    assert capsys.readouterr().err.startswith("ganying: ")


@pytest.mark.parametrize(
    "content", [b"[", b"[{}", b"{", b'{"a": 1}', b"[[[[", b"[1, 2, 3]", b"\xff[", b"[" * 100_000]
)
def test_cut_and_odd_files_are_named_and_never_a_crash(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "cut.json"
    path.write_bytes(content)
    assert main(["safety", str(path), "--format", "tracks"]) in (1, 2)
    assert capsys.readouterr().err


def test_a_recording_of_a_receiver_has_no_date(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "one.avr"
    path.write_text("*8D4840D6202CC371C32CE0576098;\n" * 3)
    status, alerts, said = flown(capsys, path, "--format", "avr")
    assert (status, said[-1]["clock"], said[-1]["format"]) == (0, "counter", "avr")
    assert all(one["time"] is None for one in alerts)


@settings(max_examples=3, deadline=None)
@given(st.data())
def test_passing_over_empty_seconds_gives_the_same_lines_as_looking_at_each(data: st.DataObject) -> None:
    random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    records = []
    for n in range(data.draw(st.integers(1, 3))):
        t, lon = int(random.integers(0, 400)), 115.0 + float(random.uniform(0, 0.05))
        for _ in range(data.draw(st.integers(1, 2))):
            for _ in range(int(random.integers(1, 25))):
                odd: dict[str, Any] = {}
                if random.random() < 0.03:
                    odd["squawk"] = "7700"
                if random.random() < 0.05:
                    odd["altitude"] = float(random.uniform(0, 9000))
                if random.random() < 0.05:
                    odd["onground"] = True
                moved = lon + (0.4 if random.random() < 0.08 else 0.0)
                records.append(record(t, f"78000{n}", moved, **odd))
                t, lon = t + int(random.integers(1, 4)), lon + 0.0006
            t += int(data.draw(st.sampled_from((20, 65, 130, 700, 90_000))))
    text = json.dumps(records)
    told = []
    for every_second in (True, False):
        seen = [each for each in track_records.read(text) if isinstance(each, Sighting)]
        in_order = sorted(((each.observed_at_s or 0.0, each) for each in seen), key=lambda each: each[0])
        recorded = Recorded(format="tracks", sightings=in_order)
        again = Again(recorded, World.empty("00"), shipped(), Terrain(), every_second=every_second)
        told.append((list(again.lines()), again.flight_s, again.begun, again.looks + again.skipped))
    assert told[0] == told[1]
