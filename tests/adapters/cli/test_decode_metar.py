"""`ganying decode --format metar`: reports to lines, errors by name, nothing lost between pieces."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.__main__ import main
from adapters.cli.decode_lines import Options
from adapters.cli.decode_metar import MetarLines

GOOD = "METAR ZSCN 011900Z 03004MPS 9999 FEW040 12/05 Q1024 NOSIG="
STORM = "SPECI ZSCN 011915Z 03014G22MPS 1500 +TSRA BKN010CB 12/11 Q1009 TEMPO 0800="
FORECAST = "TAF ZSCN 011606Z 0118/0224 04005MPS 6000 SCT030\n TEMPO 0120/0124 3000 BR="


def decoded(
    capsys: pytest.CaptureFixture[str], path: Path, text: str
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    path.write_text(text)
    assert main(["decode", "--format", "metar", str(path)]) == 0
    told = capsys.readouterr()
    return [json.loads(line) for line in told.out.splitlines()], json.loads(told.err.splitlines()[-1])


def test_reports_become_lines_and_bad_ones_name_the_field(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    bad = "METAR ZSJJ 011900Z 03004 9999 Q1024=\nMETAR ZSJJ 991900Z 03004MPS 9999=\nMETAR X="
    lines, summary = decoded(capsys, tmp_path / "m", f"{GOOD}\n{STORM}\n{FORECAST}\n{bad}")
    calm, storm, forecast, *refused = lines
    assert (calm["kind"], calm["station"], calm["qnh_hpa"], calm["no_ceiling"]) == (
        "metar",
        "ZSCN",
        1024.0,
        True,
    )
    assert (storm["gust_mps"], storm["visibility_m"], storm["weather"]) == (22.0, 1500.0, "+TSRA")
    assert [(part["passing"], part["visibility_m"]) for part in storm["trend"]] == [(True, 800.0)]
    assert [(part["passing"], part["visibility_m"]) for part in forecast["parts"]] == [
        (False, 6000.0),
        (True, 3000.0),
    ]
    assert calm["time"].endswith("-01T19:00:00Z")
    assert [(one["error"], one["field"]) for one in refused] == [
        ("MALFORMED", "wind"),
        ("MALFORMED", "time"),
        ("MALFORMED", "station"),
    ]
    assert (summary["messages"], summary["framing_errors"]) == (3, 3)
    assert summary["by_kind"] == {"metar": 1, "speci": 1, "taf": 1}


def read(*pieces: bytes) -> list[dict[str, Any]]:
    """All lines of a file that comes in pieces."""
    lines = MetarLines(Options())
    found = [line for piece in pieces for line in lines.feed(piece, None)]
    return found + list(lines.close(None))


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 300))
def test_no_bytes_crash_it_and_pieces_do_not_matter(data: bytes, cut: int) -> None:
    text = GOOD.encode() + data + STORM.encode()
    assert read(text) == read(text[:cut], text[cut:])


def test_every_report_of_a_long_file_is_read() -> None:
    assert len(read((GOOD + "\n").encode() * 2000)) == 2000
