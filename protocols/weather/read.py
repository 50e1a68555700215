"""What a body of weather held: reports, forecasts, and rows that are neither; errors name their field."""

from dataclasses import dataclass

from dispatch.weather import Station
from dispatch.weather_records import Forecast, WeatherReport
from protocols.alarm_errors import TooMuch

__all__ = ["Read", "Rejected", "TooMuch"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """One row that is not used: why, which field, which row (the first is 0)."""

    code: str
    field: str
    detail: str
    row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a body held."""

    reports: tuple[WeatherReport, ...] = ()
    forecasts: tuple[Forecast, ...] = ()
    stations: tuple[Station, ...] = ()
    rejected: tuple[Rejected, ...] = ()
