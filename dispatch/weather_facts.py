"""What happened with weather and its minima; part of the vocabulary of dispatch/facts.py.

Reports of stations are sightings and no facts: adapters/weather/board.py keeps the newest. What people entered in their
name, and what a duty chief ordered in spite of, are facts; what blocked a proposal stands in the proposal's reasons.
"""

from dataclasses import dataclass

from dispatch.weather_records import Limit, Minimum, WeatherReport


@dataclass(frozen=True, slots=True, kw_only=True)
class WeatherEntered:
    """Somebody wrote down what the weather is somewhere."""

    report: WeatherReport


@dataclass(frozen=True, slots=True, kw_only=True)
class MinimumSaved:
    """A row of the minima as it now is."""

    minimum: Minimum


@dataclass(frozen=True, slots=True, kw_only=True)
class MinimaOverridden:
    """The duty chief ordered a tasking although the weather is below minima, and why."""

    tasking_id: str
    limits: tuple[Limit, ...]
    reason: str
