"""The weather known at a site: the newest reports of its stations and their forecasts, an immutable value.

Reports are measured, so they are kept as sightings are: the newest wins, what is late is kept where it tells of its own
time and never used as present, the number of stations is bounded. Entries by hand come from the journal. Pure.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from dispatch import access, ids
from dispatch.commands import Ask
from dispatch.errors import Malformed, Refused
from dispatch.facts import Fact
from dispatch.geo import Position, distance_m
from dispatch.weather_commands import EnterWeather
from dispatch.weather_facts import WeatherEntered
from dispatch.weather_kinds import WeatherKind
from dispatch.weather_records import Forecast, Sky, WeatherReport
from dispatch.world import World

MOST_STATIONS = 2000
AHEAD = timedelta(
    minutes=10
)  # a station's clock may be off by so much; beyond, the report is not of this day
MAX_NAME, MAX_OBSERVER = 120, 120
ENTERED_WITHIN = timedelta(hours=24)

# What a figure can be at all, by field of Sky: slips of the pen and of instruments end here.
BOUNDS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "wind_mps": (0.0, 120.0),
        "wind_from_deg": (0.0, 360.0),
        "gust_mps": (0.0, 150.0),
        "visibility_m": (0.0, 200_000.0),
        "ceiling_m": (0.0, 30_000.0),
        "temperature_c": (-90.0, 65.0),
        "qnh_hpa": (850.0, 1100.0),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """Where a station stands."""

    id: str
    name: str
    position: Position
    elevation_m: float
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """What is known now."""

    reports: Mapping[str, WeatherReport] = field(default_factory=dict)  # by station, or an entry's own id
    forecasts: Mapping[str, Forecast] = field(default_factory=dict)

    def with_report(self, report: WeatherReport) -> "Weather":
        """The same with a report; an older one of the same station changes nothing."""
        key = report.id or report.station
        present = self.reports.get(key)
        if present is not None and present.observed_at > report.observed_at:
            return self
        reports = {**self.reports, key: report}
        if len(reports) > MOST_STATIONS:
            del reports[min(reports, key=lambda each: (reports[each].observed_at, each))]
        return replace(self, reports=reports)

    def with_forecast(self, forecast: Forecast) -> "Weather":
        """The same with a forecast; one issued earlier changes nothing."""
        present = self.forecasts.get(forecast.station)
        if present is not None and present.issued_at > forecast.issued_at:
            return self
        forecasts = {**self.forecasts, forecast.station: forecast}
        if len(forecasts) > MOST_STATIONS:
            del forecasts[min(forecasts, key=lambda each: (forecasts[each].issued_at, each))]
        return replace(self, forecasts=forecasts)

    def with_entries(self, world: World) -> "Weather":
        """The same with what people entered by hand."""
        if not world.weather:
            return self
        return replace(self, reports={**self.reports, **dict(world.weather.items())})


def nearest(reports: Iterable[WeatherReport], place: Position) -> list[tuple[float, WeatherReport]]:
    """With their distance in metres, the nearest first; at one distance the newest first."""
    found = [(distance_m(each.position, place), each) for each in reports]
    return sorted(found, key=lambda one: (one[0], -one[1].observed_at.timestamp(), one[1].station))


def is_current(report: WeatherReport, now: datetime, age: timedelta) -> bool:
    """Whether it tells of the present."""
    return now - age <= report.observed_at <= now + AHEAD


def checked_sky(sky: Sky, path: str = "") -> Sky:
    """The same. Raises Malformed naming a figure that cannot be."""
    for name, (least, most) in BOUNDS.items():
        value = getattr(sky, name)
        if value is not None and not least <= value <= most:
            raise Malformed(path + name, f"{value} is not within {least:g} to {most:g}")
    if sky.gust_mps is not None and sky.wind_mps is not None and sky.gust_mps < sky.wind_mps:
        raise Malformed(path + "gust_mps", f"{sky.gust_mps:g} is less than the wind of {sky.wind_mps:g} m/s")
    return sky


def decide(world: World, ask: Ask, command: EnterWeather, now: datetime) -> tuple[Fact, ...]:
    """Write down what somebody saw. Raises Malformed, Forbidden or Refused."""
    access.require(ask, access.ENTER_WEATHER, "entering weather")
    for name, most in (("name", MAX_NAME), ("observer", MAX_OBSERVER)):
        text = getattr(command, name)
        if not text.strip():
            raise Malformed(name, "is empty")
        if len(text) > most:
            raise Malformed(name, f"{len(text)} characters, at most {most}")
    if command.observed_at > now + AHEAD:
        raise Refused("TIMES", "is in the future", field="observed_at")
    if command.observed_at < now - ENTERED_WITHIN:
        raise Refused("STALE", "is more than 24 h old", field="observed_at")
    sky = checked_sky(command.sky, "sky.")
    if all(getattr(sky, name) is None for name in BOUNDS):
        raise Refused("NO_FIGURES", "says nothing of the weather", field="sky")
    report = WeatherReport(
        id=ids.derive(world.site, "WX", f"{ask.actor}\0{ask.command_id}"),
        station=command.station,
        name=command.name.strip(),
        kind=WeatherKind.HAND,
        position=command.position,
        elevation_m=command.elevation_m,
        observed_at=command.observed_at,
        received_at=now,
        source="hand",
        sky=sky,
        entered_by=ask.actor,
        observer=command.observer.strip(),
    )
    return (WeatherEntered(report=report),)
