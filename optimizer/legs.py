"""A leg: one step of an aircraft's timeline. Shared by what is asked (commitments) and what is answered.

Times are seconds after the scenario's `now`; places are numbered as `problem.py` says.
"""

from dataclasses import dataclass
from enum import StrEnum


class LegKind(StrEnum):
    """The words of the plan format."""

    FLY = "fly"
    CYCLES = "cycles"
    ON_SCENE = "on_scene"
    HANDOVER = "handover"
    GROUND = "ground"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """`place`: where a fly leg goes, the base of a ground leg, the water point of a cycles leg, else -1. `via`:
    (lon, lat) that a fly leg turns at on its way."""

    kind: LegKind
    start_s: float
    end_s: float
    place: int = -1
    incident: int = -1
    drops: int = 0
    litres_per_drop: float = 0.0
    refuel: bool = False
    via: tuple[tuple[float, float], ...] = ()
