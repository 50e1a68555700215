"""`ganying decode --format fpl`, as a user runs it."""

import json
import subprocess
import sys
from pathlib import Path

DATA = Path(__file__).parents[2] / "data" / "flight_messages"


def decode(data: bytes) -> tuple[list[dict[str, object]], dict[str, object]]:
    done = subprocess.run(
        [sys.executable, "-m", "adapters", "decode", "-", "--format", "fpl"],
        input=data,
        capture_output=True,
        check=True,
        timeout=60,
    )
    return [json.loads(line) for line in done.stdout.splitlines()], json.loads(done.stderr)


def test_each_message_is_a_line_and_a_bad_one_names_field_place_and_what_was_expected() -> None:
    shared = (DATA / "fpl_cn.txt").read_bytes() + b"\n" + (DATA / "dep_cn.txt").read_bytes()
    bad = b"\nNNNN\n(FPL-B7601-VG\n-MI8/M-S/C-ZSCN0130-K0230VFR DCT LIG BTO-ZSJJ0130-DOF/261126 CODE/78F002)\nNNNN\n"
    good = bad.replace(b"LIG BTO", b"2904N11513E")
    (plan, departed, refused, ours), summary = decode(shared + bad + good)
    assert (plan["kind"], plan["callsign"], plan["registration"]) == ("FPL", "CCA1532", "B6513")
    assert (plan["speed"], plan["speed_mps"]) == ("K0859", 238.611)
    assert (plan["level"], plan["altitude_m"], plan["altitude_datum"]) == ("S1040", 10400.0, "pressure")
    assert (plan["departure"], plan["destination"], plan["elapsed_s"], plan["alternates"]) == (
        "ZSSS",
        "ZBAA",
        6780,
        ["ZBYN"],
    )
    assert (plan["time"], plan["icao24"]) == (None, None)
    assert (departed["kind"], departed["squawk"], departed["warnings"]) == ("DEP", "5633", [])
    assert (refused["error"], refused["field"], refused["element"]) == ("MISSING", "15", "c element 3")
    assert (refused["line"], refused["column"], refused["found"]) == (13, 38, "BTO")
    assert refused["expected"] == "DCT or an ATS route between two points"
    assert (ours["time"], ours["icao24"]) == ("2026-11-26T01:30:00.000Z", "78f002")
    (_, point) = ours["route"]  # type: ignore[misc]  # a list of two
    assert (point["name"], point["lon_deg"], point["lat_deg"]) == ("2904N11513E", 115.2166667, 29.0666667)
    assert (summary["messages"], summary["valid"], summary["by_error"]) == (4, 3, {"MISSING": 1})
