"""Sorties as they were recorded: from take-off to landing, out of a tasking's history, with the water of each.

A sortie without a recorded drop has dropped nothing only where somebody has recorded drops of its tasking, or where
station and company have signed that there were none; otherwise nobody has said, and papers and KPIs say "未记录".
"""

from dataclasses import dataclass
from datetime import datetime

from dispatch.drop_kinds import WaterAct, WaterSource
from dispatch.kinds import TaskingAction
from dispatch.records import Tasking
from dispatch.world import DOWN, UP

_A = TaskingAction
EARLY_RETURNS = frozenset({_A.RECALL, _A.TURN_BACK, _A.DIVERT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sortie:
    """One flight. Times are when it happened, as told; None: not told (yet)."""

    number: int
    take_off_at: datetime
    on_scene_at: datetime | None = None
    off_scene_at: datetime | None = None
    landed_at: datetime | None = None
    return_cause: str = ""  # recall, turn_back or divert; empty: it left as planned
    return_reason: str = ""
    drops: int | None = None
    litres: float | None = None
    by_track: int | None = None  # of the drops, those that a person confirmed from the track
    first_drop_at: datetime | None = None

    @property
    def air_s(self) -> float | None:
        """From take-off to landing."""
        return _between(self.take_off_at, self.landed_at)

    @property
    def work_s(self) -> float | None:
        """On scene."""
        return _between(self.on_scene_at, self.off_scene_at)


def _between(begin: datetime | None, end: datetime | None) -> float | None:
    return None if begin is None or end is None else (end - begin).total_seconds()


def sorties(tasking: Tasking) -> tuple[Sortie, ...]:
    """All flights of a tasking, the present one last; a technical stop is between two."""
    made: list[dict[str, object]] = []
    for step in tasking.history:
        if step.action in UP:
            made.append({"number": len(made) + 1, "take_off_at": step.at})
        elif not made or "landed_at" in made[-1]:
            continue  # on the ground: an order, a recall before take-off, settling
        elif step.action == _A.ARRIVE:
            made[-1]["on_scene_at"] = step.at
        elif step.action == _A.LEAVE:
            made[-1]["off_scene_at"] = step.at
        elif step.action in EARLY_RETURNS:
            made[-1] |= {"return_cause": str(step.action), "return_reason": step.reason}
            if "on_scene_at" in made[-1]:
                made[-1]["off_scene_at"] = step.at
        elif step.action in DOWN:
            made[-1]["landed_at"] = step.at
    _with_water(tasking, made)
    return tuple(Sortie(**each) for each in made)  # type: ignore[arg-type]  # the keys are the fields above


def _with_water(tasking: Tasking, made: list[dict[str, object]]) -> None:
    dropped = [each for each in tasking.water if each.act is WaterAct.DROP and not each.struck]
    if not dropped and not _signed_dry(tasking):
        return
    for one in made:
        own = [each for each in dropped if each.sortie == one["number"]]
        one |= {
            "drops": len(own),
            "litres": sum(each.litres for each in own),
            "by_track": sum(each.source is WaterSource.TRACK for each in own),
            "first_drop_at": min((each.at for each in own), default=None),
        }


def _signed_dry(tasking: Tasking) -> bool:
    """Whether two parties have signed that nothing was dropped, and it still stands."""
    return len({each.role for each in tasking.signatures if each.voided_at is None}) > 1


def air_s(flown: tuple[Sortie, ...]) -> float:
    """Seconds in the air of the sorties that have landed."""
    return sum(sortie.air_s or 0.0 for sortie in flown)


def drops(flown: tuple[Sortie, ...]) -> int | None:
    """Recorded drops of all sorties; None unless every one has them recorded."""
    counted = [sortie.drops for sortie in flown]
    return None if not counted or None in counted else sum(n for n in counted if n is not None)


def litres(flown: tuple[Sortie, ...]) -> float | None:
    """Recorded litres of all sorties; None unless every one has them recorded."""
    counted = [sortie.litres for sortie in flown]
    return None if not counted or None in counted else sum(n for n in counted if n is not None)


def by_track(flown: tuple[Sortie, ...]) -> int | None:
    """Of the recorded drops, those confirmed from the track; None unless every sortie has them recorded."""
    counted = [sortie.by_track for sortie in flown]
    return None if not counted or None in counted else sum(n for n in counted if n is not None)
