"""`ganying track`: where a thing was, on a stopped site and beside a running writer, from files and from PostgreSQL."""

import csv
import io
import json
from pathlib import Path

import pytest

from adapters.__main__ import main
from adapters.archive.files import FileSink
from adapters.archive.rows import RowSink
from adapters.store.archive import ArchiveTable
from tests.adapters.archive.reports import NOON_S, Report, batch
from tests.postgres import Postgres

RANGE = ["--from", "2026-11-24T20:00+08:00", "--to", "2026-11-24T13:00:00Z"]
REPORTS = [
    Report(at_s=NOON_S, track_id="36-AC-1", icao24="780abc", lon_deg=115.0, lat_deg=28.0, altitude_m=500.0),
    Report(at_s=NOON_S + 1, track_id="36-AC-1", icao24="780abc", callsign="RESCUE1"),
    Report(at_s=NOON_S + 2, track_id="36-AC-1", icao24="780abc", lon_deg=115.1, lat_deg=28.1),
    Report(at_s=NOON_S + 1200, track_id="36-AC-1", icao24="780abc", lon_deg=115.2, lat_deg=28.2),
    Report(at_s=NOON_S + 5, track_id="jt808:0139", source="terminals", lon_deg=116.0, lat_deg=27.0),
]


def site(folder: Path, more: str = "") -> Path:
    config = folder / "site.toml"
    config.write_text(
        f'[site]\nid = "36"\nname = "x"\ndata = "data"\n[security]\nsecond_factor = "off"\n{more}'
    )
    return config


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A site whose writer has the segment open."""
    sink = FileSink(tmp_path / "data" / "archive", keep_free_bytes=0, clock_s=lambda: NOON_S)
    sink.prepare()
    sink.append(batch(REPORTS))
    return site(tmp_path)


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["track", *words]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("who", ["36-AC-1", "780abc", "780ABC", "icao24:780abc", "RESCUE1"])
def test_a_thing_is_found_by_whatever_it_is_called(
    who: str, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = printed(capsys, who, *RANGE, "--config", str(config))
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["at"] for row in rows] == [
        "2026-11-24T12:00:00Z",
        "2026-11-24T12:00:01Z",
        "2026-11-24T12:00:02Z",
        "2026-11-24T12:20:00Z",
    ]
    assert rows[0]["lon_deg"] == 115.0
    assert rows[0]["altitude_m"] == 500.0
    assert rows[0]["altitude_datum"] == "pressure"
    assert rows[1]["lon_deg"] is None
    assert rows[1]["callsign"] == "RESCUE1"


def test_csv_has_a_heading_and_the_same_rows(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(capsys, "36-AC-1", *RANGE, "--format", "csv", "--config", str(config))
    rows = list(csv.DictReader(io.StringIO(out)))
    assert len(rows) == 4
    assert (rows[2]["lon_deg"], rows[2]["lat_deg"], rows[2]["altitude_m"]) == ("115.1", "28.1", "")


def test_geojson_draws_a_line_for_each_flight(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A long silence begins a new one; a lonely point is a point."""
    out = json.loads(printed(capsys, "RESCUE1", *RANGE, "--format", "geojson", "--config", str(config)))
    line, point = out["features"]
    assert line["geometry"] == {"type": "LineString", "coordinates": [[115.0, 28.0], [115.1, 28.1]]}
    assert len(line["properties"]["times"]) == 2
    assert point["geometry"] == {"type": "Point", "coordinates": [115.2, 28.2]}
    assert point["properties"]["id"] == "36-AC-1"


def test_thinned_it_prints_the_last_word_of_each_step(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = printed(capsys, "36-AC-1", *RANGE, "--step", "60", "--config", str(config))
    rows = [json.loads(line) for line in out.splitlines()]
    assert [(row["lon_deg"], row["callsign"], row["altitude_m"]) for row in rows] == [
        (115.1, "RESCUE1", 500.0),
        (115.2, "", None),
    ]


def test_the_list_says_who_was_heard(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        json.loads(line) for line in printed(capsys, "list", *RANGE, "--config", str(config)).splitlines()
    ]
    assert [row["id"] for row in rows] == ["jt808:0139", "36-AC-1"]
    assert rows[1] == {
        "id": "36-AC-1",
        "icao24": "780abc",
        "callsigns": ["RESCUE1"],
        "sources": ["hill"],
        "first": "2026-11-24T12:00:00+00:00",
        "last": "2026-11-24T12:20:00+00:00",
        "reports": 4,
    }
    out = printed(capsys, "list", *RANGE, "--format", "csv", "--config", str(config))
    assert out.splitlines()[1].startswith("jt808:0139,,,terminals,2026-11-24T12:00:05")


def test_nothing_found_is_said(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["track", "B-7777", *RANGE, "--config", str(config)]) == 1
    assert "nothing of B-7777" in capsys.readouterr().err


def test_a_site_that_never_ran_has_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["track", "list", "--config", str(site(tmp_path))]) == 0
    assert capsys.readouterr().err == "0 things\n"


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (["--from", "yesterday"], "--from"),
        (["--from", "2026-11-25", "--to", "2026-11-24"], "--from"),
        (["--to", "0001-01-01"], "--to"),
        (["--step", "-1"], "--step"),
        (["--step", "nan"], "--step"),
    ],
)
def test_a_mistake_is_named(
    words: list[str], field: str, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["track", "list", *words, "--config", str(config)]) == 2
    assert field in capsys.readouterr().err


def test_it_reads_a_database_too(
    tmp_path: Path, postgres: Postgres, capsys: pytest.CaptureFixture[str]
) -> None:
    url = postgres.new_database()
    config = site(tmp_path, f'[database]\nurl = "{url}"\n[archive]\nstore = "database"\n')
    assert main(["track", "list", "--config", str(config)]) == 0  # before the first start
    table = ArchiveTable(url)
    sink = RowSink(table, clock_s=lambda: NOON_S)
    sink.prepare()
    sink.append(batch(REPORTS))
    sink.close()
    capsys.readouterr()
    out = printed(capsys, "RESCUE1", *RANGE, "--config", str(config))
    assert len(out.splitlines()) == 4
