"""Why not this aircraft to that incident: answered by sending it there and planning on. Pure.

The answer is the code of the rule that keeps it away, or by how much the score would be worse. Planning on goes on for as
long without it as with it. A better plan that either finds takes the place of the old one before the answer: with it, the
answer is that it goes; without it, the question is asked of that plan.
"""

from dataclasses import dataclass

from optimizer.choice import Chooser
from optimizer.fill import fill
from optimizer.forcing import best_first, stand_ins, works_at
from optimizer.schedule import Schedule
from optimizer.search import search
from optimizer.stop import MaxIterations

_LEAST_GAIN = 1e-6
_SEARCHES = 3  # with other chances each: one alone may be lucky


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyNot:
    """`code`: the rule that forbids it, GOES where it is part of the plan (now), else NOT_NEEDED with the `difference` in
    score (more is worse). `schedule`: the plan that stands after the question."""

    code: str
    difference: float | None
    schedule: Schedule


def copied(schedule: Schedule) -> Schedule:
    """The same timelines in a schedule of their own."""
    new = Schedule(schedule.problem, schedule.tables, schedule.planner.split)
    for aircraft in range(len(new.crafts)):
        new.cut(aircraft, new.fixed[aircraft])
    for aircraft, sorties in enumerate(schedule.sorties):
        for sortie in sorties[schedule.fixed[aircraft] :]:
            new.append(aircraft, sortie)
    return new


def sent(schedule: Schedule, aircraft: int, incident: int) -> Schedule | str:
    """A schedule in which the aircraft goes there first and the work nearby is planned anew, or the code of the rule
    that keeps it away. It goes there whatever is planned after."""
    sortie, code = best_first(schedule, aircraft, incident)
    if sortie is None:
        return code
    forced = copied(schedule)
    forced.cut(aircraft, forced.fixed[aircraft])
    if not forced.fits(aircraft, sortie):
        return "INCIDENT_SLOTS"
    forced.append(aircraft, sortie)
    forced.fixed[aircraft] += 1
    forced.bring_home(aircraft)
    lost = [i for i in works_at(schedule, aircraft) if i != incident]
    group = dict.fromkeys([aircraft, *(a for i in (incident, *lost) for a in stand_ins(schedule, i))])
    fill(forced, group, Chooser(forced), lambda: False)
    return forced


def why_not(schedule: Schedule, aircraft: int, incident: int, iterations: int, seed: int) -> WhyNot:
    """Ask. `iterations`: of each search, some with the aircraft sent there and as many without."""
    stands, forced = schedule, sent(schedule, aircraft, incident)
    for again in range(_SEARCHES):
        if incident in works_at(stands, aircraft):
            return WhyNot(code="GOES", difference=None, schedule=stands)
        if isinstance(forced, str):
            return WhyNot(code=forced, difference=None, schedule=stands)
        own = copied(stands)
        for plan in (forced, own):
            for _ in search(plan, MaxIterations(iterations=iterations), seed + again):
                pass
        if forced.score() < min(own.score(), stands.score()) - _LEAST_GAIN:
            forced.fixed[aircraft] -= 1
            return WhyNot(code="GOES", difference=None, schedule=forced)
        if own.score() < stands.score() - _LEAST_GAIN:
            stands = own
            anew = sent(stands, aircraft, incident)
            if isinstance(anew, str) or anew.score() < forced.score():
                forced = anew
    if isinstance(forced, str):
        return WhyNot(code=forced, difference=None, schedule=stands)
    return WhyNot(code="NOT_NEEDED", difference=forced.score() - stands.score(), schedule=stands)
