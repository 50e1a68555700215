"""What happened before the test's browser came: six things for the last three hours, told as the archive tells it."""

import math
from datetime import datetime

import pyarrow as pa

from adapters.archive.answers import as_columns
from adapters.archive.columns import SCHEMA, batch_of
from adapters.archive.query import Answer
from dispatch.history import History
from dispatch.kinds import AltitudeDatum, SourceKind, ThingKind
from dispatch.sighting import Sighting

KEPT_S = 3 * 3600
THINGS = 6
FIRST = 0x78F001  # the stage's own aircraft, too
PAGE_ROWS = 400  # fewer than a site's, so that there are pages to follow


def place(number: int, at_s: float) -> tuple[float, float]:
    """Where a thing was: on a circle of its own, once around in half an hour."""
    turn = 2 * math.pi * (at_s % 1800) / 1800
    return 114.9 + 0.25 * number + 0.2 * math.cos(turn), 28.2 + 0.3 * (number % 3) + 0.15 * math.sin(turn)


def _sighting(number: int, at_s: float) -> Sighting:
    lon_deg, lat_deg = place(number, at_s)
    team = number == THINGS - 1
    return Sighting(
        source="trucks" if team else "hill",
        source_kind=SourceKind.TERMINAL if team else SourceKind.ADSB,
        icao24="" if team else f"{FIRST + number:06x}",
        own_key="jt808:13912345678" if team else "",
        lon_deg=lon_deg,
        lat_deg=lat_deg,
        altitude_m=None if team else 600.0 + 100 * number,
        altitude_datum=None if team else AltitudeDatum.PRESSURE,
        ground_speed_mps=20.0 if team else 55.0,
        callsign="靖安一队" if team else f"OLD{number:02d}",
        thing_kind=ThingKind.TEAM if team else None,
        simulated=not team,
    )


def columns(began_s: float, query: dict[str, str]) -> bytes:
    """The answer of GET history/columns. `began_s`: when the stage was set up; before it lies the past."""
    from_s, to_s = (datetime.fromisoformat(query[name]).timestamp() for name in ("from", "to"))
    step_s = float(query["step_s"])
    rows = [
        (step, number, min(from_s + (step + 1) * step_s, to_s) - 0.2)
        for step in range(math.ceil((to_s - from_s) / step_s))
        for number in range(THINGS)
    ]
    rows = [row for row in rows if row[2] >= began_s - KEPT_S]
    begin = int(query.get("cursor", "0~0").split("~")[1])
    shown, rest = rows[begin : begin + PAGE_ROWS], rows[begin + PAGE_ROWS :]
    history = History()
    for _, number, at_s in shown:
        one = _sighting(number, at_s)
        history.add(one, one.key, at_s)
    batch = batch_of(history.drain())
    table = pa.Table.from_batches([batch], SCHEMA).sort_by("at") if len(batch) else SCHEMA.empty_table()
    cursor = f"{round((from_s + rest[0][0] * step_s) * 1e6)}~{begin + PAGE_ROWS}" if rest else ""
    return as_columns(Answer(rows=table, next=cursor))
