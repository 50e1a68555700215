"""The recordings in tests/data/adsb, as the tests want them. Origins and licences: tests/data/adsb/ORIGIN.md."""

import csv
import gzip
import json
from pathlib import Path
from typing import Any

from protocols.frames import Frame

ADSB = Path(__file__).parent / "data" / "adsb"
TICKS_HZ = 12_000_000


def petersburg() -> bytes:
    """61 s of BEAST, every frame twice."""
    return (ADSB / "ulss7_61s.beast").read_bytes()


def petersburg_reference() -> list[list[str]]:
    """dump1090's SBS lines of the same, split into columns."""
    with gzip.open(ADSB / "ulss7_61s.reference.sbs.csv.gz", "rt") as lines:
        return [row for row in csv.reader(lines) if row and row[0] == "MSG"]


def toulouse() -> bytes:
    """24 s of BEAST with little in it."""
    return (ADSB / "sample_dump1090_24s.beast").read_bytes()


def easyjet() -> list[Frame]:
    """730 s of one aircraft; the recording has whole seconds, so the counter numbers the frames within each."""
    frames = []
    with (ADSB / "pymodes_df17_406b90.csv").open(newline="") as lines:
        rows = list(csv.reader(lines))
    for number, row in enumerate(rows):
        ticks = (int(row[0]) - int(rows[0][0])) * TICKS_HZ + number + 1
        frames.append(Frame(payload=bytes.fromhex(row[1]), ticks=ticks))
    return frames


def golden() -> dict[str, dict[str, Any]]:
    """600 messages in hex, each with what pyModeS 2 made of it."""
    with gzip.open(ADSB / "pymodes_golden_v2.json.gz") as text:
        loaded: dict[str, dict[str, Any]] = json.load(text)
    return loaded


def stratux() -> bytes:
    """SBS of a receiver in trouble."""
    return (ADSB / "stratux_gms5002_es.sbs.log").read_bytes()
