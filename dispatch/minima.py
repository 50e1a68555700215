"""Whether the weather keeps the minima: `judge` names each row that it does not keep, with the figure, whose it is and
how old. Pure. Worse weather never takes a limit away.

A report counts while it is current and its station near enough (rows `report_age_s`, `station_distance_m`); the nearest
one that says a figure is asked for it, so a station without a visibility sensor hides nothing. A forecast counts for
the time of the flight: what holds then blocks as a report does, what passes (TEMPO, PROB) is told. Where neither says
anything, the answer is NO_WEATHER: not known is never good.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from dispatch.geo import Position, distance_m
from dispatch.kinds import AircraftKind, TaskKind
from dispatch.weather import Weather, is_current, nearest
from dispatch.weather_kinds import MinimumMeasure
from dispatch.weather_records import Forecast, Limit, Minimum, Sky, WeatherReport

_M = MinimumMeasure
# Until a site has rows of its own: an hourly report and a quarter of an hour; proposed.
REPORT_AGE_S = 4500.0
STATION_DISTANCE_M = 50_000.0
SOON = timedelta(hours=1)  # a flight that begins later is judged by a forecast, where there is one
LEAST = frozenset({_M.VISIBILITY_M, _M.CEILING_M, _M.BEFORE_SUNSET_S})  # the others are a most
LAPSE_C_PER_M = 0.0065
_FEET_120_M = 36.6  # density altitude of one degree: the plan interchange format's figure
_CODES = {
    _M.VISIBILITY_M: "VISIBILITY",
    _M.CEILING_M: "CEILING",
    _M.WIND_MPS: "WIND",
    _M.GUST_MPS: "GUST",
    _M.CROSSWIND_MPS: "CROSSWIND",
    _M.DENSITY_ALTITUDE_M: "DENSITY_ALTITUDE",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """A place that is judged: what it is to the flight (`base`, `scene`), and where."""

    name: str
    position: Position
    elevation_m: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """Who flies what, and when."""

    kind: AircraftKind
    task: TaskKind | None = None
    begins: datetime
    ends: datetime
    night: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """Whose figures."""

    sky: Sky
    station: str
    report: str
    observed_at: datetime
    elevation_m: float
    distance_m: float
    hard: bool = True


def in_force(rows: Iterable[Minimum], now: datetime) -> tuple[Minimum, ...]:
    """The rows that hold now, by id."""
    return tuple(
        sorted(
            (
                row
                for row in rows
                if row.valid_from <= now and (row.valid_until is None or now < row.valid_until)
            ),
            key=lambda row: row.id,
        )
    )


def judge(
    weather: Weather, rows: Sequence[Minimum], flight: Flight, place: Where, now: datetime
) -> tuple[Limit, ...]:
    """What the weather at a place does not keep for a flight; the hard ones first.

    `rows`: those in force; none: nothing is judged. Hard limits block; soft ones and NO_WEATHER are told.
    """
    if not rows:
        return ()
    told = [*_reports(weather, rows, place, flight, now), *_forecasts(weather, rows, place, flight)]
    if not told:
        return (Limit(code="NO_WEATHER", hard=False, place=place.name),)
    found: list[Limit] = []
    for measure in _CODES:
        wanted = _rows_for(rows, measure, flight)
        if wanted:
            found += _broken(measure, wanted, told, place, now)
    return tuple(sorted(found, key=lambda each: (not each.hard, each.code, each.minimum_id, each.report)))


def daylight(rows: Sequence[Minimum], flight: Flight, sunset: datetime) -> tuple[Limit, ...]:
    """What keeps a flight from landing so late."""
    left_s = (sunset - flight.ends).total_seconds()
    return tuple(
        _limit("DAYLIGHT", row, left_s, place="base")
        for row in _rows_for(rows, _M.BEFORE_SUNSET_S, flight)
        if left_s < row.limit
    )


def present(weather: Weather, rows: Sequence[Minimum], place: Position, now: datetime) -> Sky:
    """The figures that hold at a place now, each from the nearest current station that says it."""
    where = Where(name="", position=place)
    values: dict[str, Any] = {}
    flight = Flight(kind=AircraftKind.HELICOPTER, begins=now, ends=now)
    for each in _reports(weather, rows, where, flight, now):
        for name in ("wind_mps", "gust_mps", "visibility_m", "ceiling_m"):
            if values.get(name) is None:
                values[name] = getattr(each.sky, name)
        if values.get("wind_from_deg") is None and each.sky.wind_from_deg is not None:
            values["wind_from_deg"] = each.sky.wind_from_deg
        if values.get("temperature_c") is None and each.sky.temperature_c is not None:
            values["temperature_c"] = each.sky.temperature_c + LAPSE_C_PER_M * each.elevation_m
    return replace(Sky(), **values)


def density_altitude_m(elevation_m: float, sea_level_c: float) -> float:
    """As the plan interchange format has it."""
    return elevation_m + _FEET_120_M * (sea_level_c - 15.0)


def limit_of(rows: Sequence[Minimum], measure: MinimumMeasure, otherwise: float) -> float:
    """The strictest row of a measure that is the site's own and no aircraft's."""
    return min((row.limit for row in rows if row.measure is measure), default=otherwise)


def _rows_for(rows: Sequence[Minimum], measure: MinimumMeasure, flight: Flight) -> list[Minimum]:
    """Those that say most of this flight; hard and soft ones apart."""
    fit = [
        row
        for row in rows
        if row.measure is measure
        and row.aircraft_kind in (None, flight.kind)
        and row.task in (None, flight.task)
        and row.night in (None, flight.night)
    ]
    kept: list[Minimum] = []
    for hard in (True, False):
        alike = [row for row in fit if row.hard is hard]
        most = max(map(_says, alike), default=0)
        kept += [row for row in alike if _says(row) == most]
    return kept


def _says(row: Minimum) -> int:
    return sum(each is not None for each in (row.aircraft_kind, row.task, row.night))


def _reports(
    weather: Weather, rows: Sequence[Minimum], place: Where, flight: Flight, now: datetime
) -> list[_Told]:
    if flight.begins > now + SOON and any(_reach(rows, f.position, place) for f in _valid(weather, flight)):
        return []
    age = timedelta(seconds=limit_of(rows, _M.REPORT_AGE_S, REPORT_AGE_S))
    current = (each for each in weather.reports.values() if is_current(each, now, age))
    return [
        _told(report, away_m)
        for away_m, report in nearest(current, place.position)
        if away_m <= limit_of(rows, _M.STATION_DISTANCE_M, STATION_DISTANCE_M)
    ]


def _told(report: WeatherReport, away_m: float) -> _Told:
    return _Told(
        sky=report.sky,
        station=report.name or report.station,
        report=str(report.kind),
        observed_at=report.observed_at,
        elevation_m=report.elevation_m,
        distance_m=away_m,
    )


def _valid(weather: Weather, flight: Flight) -> list[Forecast]:
    return [
        each
        for each in weather.forecasts.values()
        if each.begins_at <= flight.ends and each.ends_at > flight.begins
    ]


def _reach(rows: Sequence[Minimum], position: Position, place: Where) -> bool:
    most_m = limit_of(rows, _M.STATION_DISTANCE_M, STATION_DISTANCE_M)
    return distance_m(position, place.position) <= most_m


def _forecasts(weather: Weather, rows: Sequence[Minimum], place: Where, flight: Flight) -> list[_Told]:
    """The parts that hold some time of the flight, of the nearest station with a forecast for it."""
    near = [each for each in _valid(weather, flight) if _reach(rows, each.position, place)]
    if not near:
        return []
    chosen = min(near, key=lambda each: (distance_m(each.position, place.position), each.station))
    away_m = distance_m(chosen.position, place.position)
    return [
        _Told(
            sky=part.sky,
            station=chosen.name or chosen.station,
            report="taf",
            observed_at=chosen.issued_at,
            elevation_m=0.0,
            distance_m=away_m,
            hard=not part.passing,
        )
        for part in chosen.parts
        if part.begins_at <= flight.ends and part.ends_at > flight.begins
    ]


def _broken(
    measure: MinimumMeasure, rows: Sequence[Minimum], told: Sequence[_Told], place: Where, now: datetime
) -> list[Limit]:
    """A report's figure is the nearest station's; a forecast's is the worst of its parts, sure ones before passing."""
    figures: list[tuple[float, _Told]] = []
    reports = ((figure(measure, each, place), each) for each in told if each.report != "taf")
    figures += [(value, each) for value, each in reports if value is not None][:1]
    for hard in (True, False):
        parts = ((figure(measure, each, place), each) for each in told if each.report == "taf")
        said = [(value, each) for value, each in parts if value is not None and each.hard is hard]
        if said:
            figures.append((min if measure in LEAST else max)(said, key=lambda one: one[0]))
    return [
        _limit(_CODES[measure], row, value, place=place.name, told=each, now=now)
        for row in rows
        for value, each in figures
        if (value < row.limit if measure in LEAST else value > row.limit)
    ]


def figure(measure: MinimumMeasure, told: _Told, place: Where) -> float | None:
    """The figure of a measure; None: not said."""
    sky = told.sky
    match measure:
        case _M.VISIBILITY_M:
            return sky.visibility_m
        case _M.CEILING_M:
            return sky.ceiling_m
        case _M.WIND_MPS | _M.CROSSWIND_MPS:
            return sky.wind_mps
        case _M.GUST_MPS:
            return sky.gust_mps if sky.gust_mps is not None else sky.wind_mps
        case _M.DENSITY_ALTITUDE_M if sky.temperature_c is not None:
            return density_altitude_m(place.elevation_m, sky.temperature_c + LAPSE_C_PER_M * told.elevation_m)
        case _:
            return None


def _limit(
    code: str,
    row: Minimum,
    value: float,
    *,
    place: str,
    told: _Told | None = None,
    now: datetime | None = None,
) -> Limit:
    limit = Limit(
        code=code,
        hard=row.hard and (told is None or told.hard),
        place=place,
        figure=round(value, 1),
        limit=row.limit,
        minimum_id=row.id,
        minimum=row.name,
        source=row.source,
    )
    if told is None or now is None:
        return limit
    return Limit(
        **{name: getattr(limit, name) for name in limit.__slots__}
        | {
            "station": told.station,
            "report": told.report,
            "observed_at": told.observed_at,
            "age_s": max(0.0, (now - told.observed_at).total_seconds()),
            "distance_m": round(told.distance_m),
        }
    )
