"""The record of an obstacle; rules are obstacle.py's."""

from dataclasses import dataclass

from dispatch.geo import Position
from dispatch.kinds import ObstacleKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Something that stands in the air: one point, or the points of a line in order."""

    id: str
    site: str
    name: str
    kind: ObstacleKind
    points: tuple[Position, ...]
    height_m: float | None = None  # above the ground below it; None: not stated
    top_m: float | None = None  # above mean sea level; None: not stated
    lighted: bool | None = None  # None: not stated
    source: str
    version: int = 1
