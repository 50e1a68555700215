"""What is asked about weather; part of dispatch/commands.py."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.geo import Position
from dispatch.weather_records import Sky


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterWeather:
    """What somebody saw or was told by telephone. `observer`: whose eyes or instrument."""

    name: str
    position: Position
    elevation_m: float
    observed_at: datetime
    observer: str
    sky: Sky
    station: str = ""
