"""`ganying volumes` and `decode --format openair|aixm`: counts, faults by line, files out."""

import json
from pathlib import Path
from typing import Any

import pytest

from adapters.__main__ import main

DATA = Path(__file__).parents[2] / "data" / "airspace"


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[dict[str, Any]]]:
    status = main(list(words))
    return status, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_files_are_counted_with_every_fault_by_its_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    names = (
        "openair_switzerland.txt.gz",
        "ed269_che_1.json",
        "aixm_DN_SAA.ACT.xml",
        "openair_edge_cases.txt",
    )
    out = tmp_path / "all.kml"
    status, lines = told(
        capsys, "volumes", *(str(DATA / name) for name in names), "--as", "kml", "--out", str(out)
    )
    counts = [(each["airspaces"], each["volumes"], each["rejected"]) for each in lines if "airspaces" in each]
    assert (status, counts) == (0, [(334, 308, 26), (6, 10, 0), (1, 0, 1), (26, 26, 0)])
    faults = [each for each in lines if "error" in each]
    assert len(faults) == 27
    assert all(each["line"] and each["feature"] for each in faults)
    assert out.read_bytes().count(b"<Placemark") == 344
    none = tmp_path / "none.txt"
    none.write_text("nothing")
    status, lines = told(capsys, "volumes", str(none), str(tmp_path / "absent"))
    assert (status, [each["error"] for each in lines]) == (1, ["MALFORMED", "MALFORMED"])


def test_decode_prints_volumes_and_faults(capsys: pytest.CaptureFixture[str]) -> None:
    status, lines = told(capsys, "decode", "--format", "openair", str(DATA / "openair_edge_cases.txt"))
    assert (status, len(lines)) == (0, 26)
    assert lines[0]["geometry"]["type"] == "Polygon"
    _, lines = told(capsys, "decode", "--format", "aixm", str(DATA / "aixm_DN_SAA.ACT.xml"))
    assert [(each["error"], each["line"]) for each in lines] == [("NO_BASELINE", 34)]
