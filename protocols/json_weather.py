"""Weather and hazards over HTTP: entries by hand, and the answers of both families."""

from typing import Annotated, Literal

from msgspec import Meta

from dispatch import weather
from dispatch.hazard_commands import EndHazard
from dispatch.hazard_reach import Approach
from dispatch.hazard_records import Hazard
from dispatch.kinds import HorizontalDatum
from dispatch.weather_commands import EnterWeather
from dispatch.weather_records import Forecast, Limit, WeatherReport
from protocols.json_answers import Answered
from protocols.json_doors import Body, Height, Instant, PageQuery, PositionBody, Version, Why, position_of
from protocols.weather.stations import SkyBody


class WeatherEntry(SkyBody, frozen=True, kw_only=True):
    """What somebody saw, or was told by telephone: who, where, when. Figures as a station's."""

    name: Annotated[str, Meta(min_length=1, max_length=weather.MAX_NAME, pattern=r"\S")]
    position: PositionBody
    coordinates: HorizontalDatum = HorizontalDatum.WGS84
    elevation_m: Height = 0.0
    observed_at: Instant
    observer: Annotated[
        str, Meta(min_length=1, max_length=weather.MAX_OBSERVER, pattern=r"\S", description="who saw it")
    ]
    station: Annotated[str, Meta(max_length=32)] = ""

    def command(self) -> EnterWeather:
        """The command. Raises Malformed for gusts below the wind."""
        return EnterWeather(
            name=self.name,
            position=position_of(self.position, self.coordinates),
            elevation_m=self.elevation_m,
            observed_at=self.observed_at,
            observer=self.observer,
            station=self.station,
            sky=self.sky(),
        )


class TakenReport(Answered, frozen=True, kw_only=True):
    """A report or forecast that was taken. `stale`: kept and shown with its age, never used as present."""

    station: str
    kind: str
    at: Instant
    stale: bool
    newer_known: bool = False


class RejectedRow(Answered, frozen=True, kw_only=True):
    """A row that was not taken: why, which field; the first row is 0."""

    code: str
    field: str
    detail: str
    row: int


class WeatherTaken(Answered, frozen=True, kw_only=True):
    """What became of a body of weather."""

    accepted: list[TakenReport]
    rejected: list[RejectedRow]


class StationWeather(Answered, frozen=True, kw_only=True):
    """A station's newest report. `below`: the minima of our aircraft that it does not keep, hard ones first."""

    report: WeatherReport
    age_s: float
    current: bool
    below: list[Limit]


class WeatherAnswer(Answered, frozen=True, kw_only=True):
    """The weather known now. `minima`: how many rows are in force; 0: nothing is judged."""

    at: Instant
    minima: int
    report_age_s: float
    stations: list[StationWeather]
    forecasts: list[Forecast]


class LimitsAnswer(Answered, frozen=True, kw_only=True):
    """What the weather does not keep."""

    items: list[Limit]


class TakenHazard(Answered, frozen=True, kw_only=True):
    """A feature that was taken: the hazard that it made or renewed, and what was put right."""

    row: int
    id: str
    name: str
    version: int
    flags: tuple[str, ...]


class HazardsTaken(Answered, frozen=True, kw_only=True):
    """What became of a body of hazards."""

    accepted: list[TakenHazard]
    rejected: list[RejectedRow]


class PlaceInside(Answered, frozen=True, kw_only=True):
    """A place that is of no use while a hazard lies over it."""

    table: Literal["bases", "water_points", "landing_sites", "hospitals", "incidents"]
    id: str
    name: str


class HazardNow(Answered, frozen=True, kw_only=True):
    """A hazard, whether it lies there now, how old its run is, and what is inside it."""

    hazard: Hazard
    valid: bool
    age_s: float
    inside: list[PlaceInside]


class HazardsAnswer(Answered, frozen=True, kw_only=True):
    """The hazards that lie or will lie there."""

    at: Instant
    items: list[HazardNow]


class HazardQuery(PageQuery, frozen=True, kw_only=True):
    """`over`: with those that are over."""

    over: bool = False


class HazardEnd(Body, frozen=True, kw_only=True):
    """It is over, and why. Its airspace is opened."""

    version: Version
    reason: Why

    def command(self, hazard_id: str) -> EndHazard:
        """The command for one hazard."""
        return EndHazard(hazard_id=hazard_id, version_seen=self.version, reason=self.reason)


class ApproachesAnswer(Answered, frozen=True, kw_only=True):
    """Sides from which to come."""

    items: list[Approach]
