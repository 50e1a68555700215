"""Reports for archive tests, as plain rows, and what a question about them must answer, worked out the slow way."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.archive.columns import SCHEMA, batch_of
from adapters.archive.query import Query
from adapters.archive.thinning import OTHER_SOURCE_US
from dispatch.history import History
from dispatch.kinds import AltitudeDatum, SourceKind
from dispatch.sighting import Sighting

HOUR_S = 3600
NOON_S = 1_795_521_600.0  # 2026-11-24 12:00 UTC


@dataclass(frozen=True)
class Report:
    """One accepted report."""

    at_s: float
    track_id: str = "icao24:780abc"
    source: str = "hill"
    icao24: str = ""
    lon_deg: float | None = None
    lat_deg: float | None = None
    accuracy_m: float | None = None
    callsign: str | None = None
    altitude_m: float | None = None

    @property
    def at_us(self) -> int:
        return round(self.at_s * 1_000_000)


def batch(reports: Iterable[Report]) -> Any:
    """The reports as the archive's writer gets them."""
    history = History()
    for each in reports:
        sighting = Sighting(
            source=each.source,
            source_kind=SourceKind.ADSB,
            icao24=each.icao24,
            own_key="" if each.icao24 else each.track_id,
            lon_deg=each.lon_deg,
            lat_deg=each.lat_deg,
            accuracy_m=each.accuracy_m,
            callsign=each.callsign,
            altitude_m=each.altitude_m,
            altitude_datum=None if each.altitude_m is None else AltitudeDatum.PRESSURE,
        )
        history.add(sighting, each.track_id, each.at_s)
    made = batch_of(history.drain())
    assert made.schema == SCHEMA
    return made


Row = tuple[int, str, str, int | None, int | None, str | None, float | None]


def rows_of(table: Any) -> list[Row]:
    """A table as plain rows, in its order."""
    names = ("track_id", "source", "lon_e7", "lat_e7", "callsign", "altitude_m")
    at = [round(value.timestamp() * 1_000_000) for value in table.column("at").to_pylist()]
    return list(zip(at, *(table.column(name).to_pylist() for name in names), strict=True))


def _e7(degrees: float | None) -> int | None:
    return None if degrees is None else round(degrees * 1e7)


def _row(each: Report) -> Row:
    placed = each.lon_deg is not None and each.lat_deg is not None
    return (
        each.at_us,
        each.track_id,
        each.source,
        _e7(each.lon_deg) if placed else None,
        _e7(each.lat_deg) if placed else None,
        each.callsign,
        each.altitude_m,
    )


def _inside(row: Row, query: Query) -> bool:
    if query.bounds is None:
        return True
    if row[3] is None or row[4] is None:
        return False
    west, south, east, north = (round(edge * 1e7) for edge in query.bounds)
    across = west <= row[3] <= east if west <= east else (row[3] >= west or row[3] <= east)
    return across and south <= row[4] <= north


def _wanted(reports: Sequence[Report], query: Query) -> list[Report]:
    return [
        each
        for each in reports
        if query.from_us <= each.at_us < query.to_us
        and (
            not query.named
            or each.track_id in query.ids
            or (each.icao24 and int(each.icao24, 16) in query.addresses)
        )
    ]


def brute_force(reports: Sequence[Report], query: Query) -> list[Row]:
    """The whole answer, without limit."""
    wanted = _wanted(reports, query)
    if not query.step_us:
        rows = [row for row in map(_row, wanted) if _inside(row, query)]
        return sorted(rows, key=lambda row: row[:3])
    steps: dict[tuple[int, str], list[Report]] = {}
    for each in sorted(wanted, key=lambda each: each.at_us):
        steps.setdefault(((each.at_us - query.from_us) // query.step_us, each.track_id), []).append(each)
    made = []
    for _, said in sorted(steps.items()):
        placed = [each for each in said if _row(each)[3] is not None and _inside(_row(each), query)]
        if query.bounds is not None and not placed:
            continue
        chosen = said[-1]
        if placed:
            chosen = placed[-1]
            of_each = {each.source: each for each in placed}.values()  # the last of each source
            close = [each for each in of_each if each.at_us >= chosen.at_us - OTHER_SOURCE_US]
            chosen = max(close, key=lambda each: (-(each.accuracy_m or 1e12), each.at_us))
        made.append(
            (
                chosen.at_us,
                chosen.track_id,
                chosen.source,
                _row(chosen)[3] if placed else None,
                _row(chosen)[4] if placed else None,
                next((each.callsign for each in reversed(said) if each.callsign), None),
                next((each.altitude_m for each in reversed(said) if each.altitude_m is not None), None),
            )
        )
    return made
