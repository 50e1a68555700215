"""A situation on its way to a solver process."""

from dataclasses import dataclass

from adapters.planner.pool import Run
from optimizer.situation import Situation


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The situation, the run it is, and when it was asked for by the reactor's clock."""

    situation: Situation
    run: Run
    began_s: float
