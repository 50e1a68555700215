"""Hazards as a model or a survey gives them (烟羽, 爆炸, 淹没, 火线); hazard.py has the rules."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.geo import Position
from dispatch.records import Step
from dispatch.weather_kinds import Certainty, HazardKind


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardRing:
    """One outline: counter-clockwise, the last corner is the first, sides straight in longitude and latitude."""

    corners: tuple[Position, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardTerms:
    """What its source says."""

    name: str
    kind: HazardKind
    source: str  # the model or the survey, with its centre
    model_at: datetime  # when it was computed or seen
    certainty: Certainty = Certainty.UNKNOWN
    valid_from: datetime
    valid_until: datetime
    rings: tuple[HazardRing, ...]
    keep_out: bool  # nobody is planned through it
    large: bool = False  # more than a county is meant
    flags: tuple[str, ...] = ()  # what was put right: REVERSED, SIMPLIFIED, HOLES_FILLED
    note: str = ""
    wind_from_deg: float | None = None  # at its place, degrees true, when it came
    wind_mps: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hazard:
    """A hazard layer of the site."""

    id: str
    site: str
    terms: HazardTerms
    received_at: datetime
    received_by: str
    closure_ids: tuple[str, ...] = ()  # airspace that is closed because of it
    ended_at: datetime | None = None  # taken back before its time
    version: int = 1
    history: tuple[Step, ...] = ()
