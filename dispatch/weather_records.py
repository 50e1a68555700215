"""Weather as it is known: reports of stations, forecasts, the dated minima, and what falls below them."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.geo import Position
from dispatch.kinds import AircraftKind, TaskKind
from dispatch.weather_kinds import MinimumMeasure, WeatherKind

UNLIMITED_M = 20_000.0  # a ceiling of none: no layer covers more than half the sky


@dataclass(frozen=True, slots=True, kw_only=True)
class Sky:
    """Figures of the weather. None: not said. Metres, m/s, degrees true the wind comes from, °C, hPa."""

    wind_mps: float | None = None
    wind_from_deg: float | None = None  # None beside a speed: variable
    gust_mps: float | None = None
    visibility_m: float | None = None
    ceiling_m: float | None = (
        None  # above ground, the lowest layer of more than half; UNLIMITED_M: there is none
    )
    temperature_c: float | None = None
    qnh_hpa: float | None = None
    weather: str = ""  # phenomena as the code says them: +TSRA FG


@dataclass(frozen=True, slots=True, kw_only=True)
class WeatherReport:
    """What was measured or seen at one place and time."""

    id: str = ""  # of an entry by hand
    station: str  # ICAO code, or the station's own id; of an entry by hand empty or the station it stands for
    name: str
    kind: WeatherKind
    position: Position
    elevation_m: float = 0.0
    observed_at: datetime
    received_at: datetime
    source: str
    sky: Sky
    entered_by: str = ""  # who wrote it down, for an entry by hand
    observer: str = ""  # whose eyes or instrument, for an entry by hand
    raw: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastPart:
    """What is expected from `begins_at` until `ends_at`. `passing`: TEMPO or PROB, not all the time or not surely."""

    begins_at: datetime
    ends_at: datetime
    sky: Sky
    passing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """A TAF, or the trend of a METAR."""

    station: str
    name: str
    position: Position
    issued_at: datetime
    begins_at: datetime
    ends_at: datetime
    parts: tuple[ForecastPart, ...]
    source: str
    raw: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Minimum:
    """A limit below which nobody is sent: a dated row with its source, changed by people, not by code.

    Of the rows for one measure those that say most about the aircraft, the task and the light count; of several of
    these all of them do.
    """

    id: str
    site: str
    name: str
    measure: MinimumMeasure
    limit: float  # in the unit of the measure's name
    hard: bool  # blocks a proposal; else it is told
    aircraft_kind: AircraftKind | None = None  # None: any
    task: TaskKind | None = None  # None: any
    night: bool | None = None  # None: day and night
    valid_from: datetime
    valid_until: datetime | None = None
    source: str
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A minimum that the weather does not keep, or with code NO_WEATHER that nothing is known of a place."""

    code: str  # of the measure: VISIBILITY, CEILING …; NO_WEATHER, DAYLIGHT
    hard: bool
    place: str  # what it is judged at: base, scene
    figure: float | None = None
    limit: float | None = None
    minimum_id: str = ""
    minimum: str = ""  # the row's name
    source: str = ""  # the row's
    station: str = ""  # whose report or forecast; its name
    report: str = ""  # metar, speci, station, hand, taf
    observed_at: datetime | None = None  # of a forecast: issued
    age_s: float = 0.0
    distance_m: float = 0.0
