"""`ganying decode --format cap`, as a user runs it."""

import json
import subprocess
import sys
from pathlib import Path

DATA = Path(__file__).parents[2] / "data" / "cap"


def decode(name: str) -> tuple[list[dict[str, object]], dict[str, object]]:
    done = subprocess.run(  # our own interpreter and a file of ours
        [sys.executable, "-m", "adapters", "decode", str(DATA / name), "--format", "cap"],
        capture_output=True,
        check=True,
        timeout=60,
    )
    return [json.loads(line) for line in done.stdout.splitlines()], json.loads(done.stderr)


def test_an_alert_is_one_line_and_a_broken_one_is_a_line_that_names_the_field() -> None:
    ((line,), summary) = decode("australia.cap")
    assert line["time"] == "2011-10-05T13:04:00.000Z"
    assert (line["lon_deg"], line["lat_deg"], line["radius_m"]) == (147.0598, -35.3888, 25000.0)
    assert (line["icao24"], line["identifier"]) == (None, "tag:www.rfs.nsw.gov.au2011-10-06:40184")
    assert summary["messages"] == 1
    ((line,), _) = decode("invalid.cap")
    assert (line["error"], line["field"]) == ("MALFORMED", "scope")
