"""Search patterns as they are kept: what was asked for, and the way and figures that were made of it."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.geo import Position
from dispatch.kinds import Role
from dispatch.records import Step
from dispatch.search_kinds import SearchPattern, Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchTerms:
    """What is searched and how. Metres, metres a second, degrees true.

    `datum` is where they are thought to be: the start of a square, the middle of a sector or of a rectangle. A track
    line has `line` instead. `along_m`: of a rectangle, its side along `heading_deg`; of a square, its side; of a
    sector search, the radius. `across_m`: of a rectangle, its other side. `again`: a sector's second round turned by
    half a sector, a track line's way back on its other side.
    """

    name: str
    pattern: SearchPattern
    datum: Position | None = None
    line: tuple[Position, ...] = ()
    heading_deg: float = 0.0  # of the first leg; a square's first leg goes into the wind
    turn: Turn = Turn.RIGHT
    spacing_m: float  # S, between neighbouring legs
    sweep_width_m: float  # W, of the sensor for this target in this weather
    along_m: float = 0.0
    across_m: float = 0.0
    again: bool = True
    speed_mps: float
    height_m: float  # above ground
    available_s: float = 0.0  # how long the aircraft can search; 0: not said
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchWay:
    """The way to be flown and what it is worth.

    `coverage` is C = W/S, figured from what is flown: W times the way within the area, over the area. The detection
    probabilities are those of one search: `detection_random` by random search, which is not less than what hurried
    flying gives, and `detection_ideal` by perfect parallel legs.
    """

    points: tuple[Position, ...]
    area: tuple[Position, ...]  # its outline, closed
    length_m: float
    duration_s: float
    area_m2: float
    swept_share: float  # of the area that comes within half the sweep width
    coverage: float
    detection_random: float
    detection_ideal: float
    turns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A search that is drawn for an incident; search.py has its rules."""

    id: str
    site: str
    incident_id: str
    tasking_id: str = ""  # who flies it; empty: not given to anybody yet
    terms: SearchTerms
    way: SearchWay
    drawn_at: datetime
    drawn_by: str
    drawn_as: Role
    withdrawn_at: datetime | None = None
    version: int = 1
    history: tuple[Step, ...] = ()
