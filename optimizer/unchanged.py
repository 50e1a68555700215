"""What of a previous plan can be flown to the letter: the same legs at the same times, so that nobody is told anew.

An aircraft is followed as far as its legs still keep every rule by themselves (`check.py`) and their places are free.
Aircraft with locked legs are not: what comes after those is built anew (`carry.py`).
"""

import math
from collections.abc import Iterator, Sequence

from optimizer.check import breaks_alone
from optimizer.legs import Leg, LegKind
from optimizer.locked import followed_sortie
from optimizer.plan import Plan
from optimizer.schedule import Schedule
from optimizer.timeline import State, Where

_SAME_S = 1e-3  # a plan is written in milliseconds


def follow(schedule: Schedule, previous: Plan, legal: dict[int, bool] | None = None) -> dict[int, float]:
    """Append what can be flown as it was. Answers per aircraft until when (seconds after now) it is followed;
    infinity where that is all there is to fly. `legal` remembers which legs keep the rules by themselves, for the next
    schedule of the same problem."""
    legal = {} if legal is None else legal
    until_s: dict[int, float] = {}
    for aircraft, legs in sorted(previous.timelines.items()):
        own = schedule.sorties[aircraft]
        if schedule.fixed[aircraft] or any(not sortie.recovery for sortie in own):
            continue
        rest = _to_come(legs, schedule.state_after(aircraft, 0))
        if rest and aircraft not in legal:
            legal[aircraft] = not breaks_alone(schedule.problem, aircraft, rest)
        if rest and legal[aircraft]:
            until_s[aircraft] = _append(schedule, aircraft, rest)
    return until_s


def _to_come(legs: Sequence[Leg], state: State) -> Sequence[Leg]:
    """The legs that have not begun; none if the aircraft is in the middle of one in the air."""
    for n, leg in enumerate(legs):
        if leg.start_s >= state.free_s - _SAME_S:
            return legs[n:]
        if leg.kind is not LegKind.GROUND and leg.end_s > state.free_s + _SAME_S:
            return ()
    return ()


def _append(schedule: Schedule, aircraft: int, legs: Sequence[Leg]) -> float:
    """Sortie by sortie, as far as there is room, and as far as it is worth it."""
    craft = schedule.crafts[aircraft]
    if schedule.ends_with_recovery(aircraft):
        schedule.pop(aircraft)
    gain, worth, count, until_s, whole = 0.0, 0.0, 0, -math.inf, False
    for flown, turn_s in _landings(legs):
        state = schedule.state(aircraft)
        sortie = followed_sortie(schedule.planner, craft, state, flown, turn_s)
        if not schedule.fits(aircraft, sortie):
            break
        gain += schedule.gain(aircraft, sortie)
        schedule.append(aircraft, sortie)
        if gain > worth or state.where is Where.AIR:
            worth, count, until_s = gain, len(schedule.sorties[aircraft]), sortie.after.free_s
    else:
        whole = count == len(schedule.sorties[aircraft])
    schedule.cut(aircraft, count)
    schedule.bring_home(aircraft)
    return math.inf if whole else until_s


def _landings(legs: Sequence[Leg]) -> Iterator[tuple[Sequence[Leg], float]]:
    """Legs up to each stay at a base, and when the turn-round there begins; infinity if there is none."""
    first = 0
    for n, leg in enumerate(legs):
        after = legs[n + 1] if n + 1 < len(legs) else None
        if leg.kind is LegKind.GROUND or (after is not None and after.kind is not LegKind.GROUND):
            continue
        yield legs[first : n + 1], after.start_s if after is not None and after.refuel else math.inf
        first = n + 1
