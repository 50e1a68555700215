"""Why not this aircraft to that incident: answered by sending it there and planning on. Pure.

The answer is the code of the rule that keeps it away, or by how much the score would be worse. Where planning on finds a
better plan with it, that plan takes the place of the old one: the answer is then that it goes.
"""

from dataclasses import dataclass

from optimizer.choice import Chooser
from optimizer.fill import fill
from optimizer.forcing import best_first, stand_ins, works_at
from optimizer.schedule import Schedule
from optimizer.search import search
from optimizer.stop import MaxIterations

_LEAST_GAIN = 1e-6


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
    """Ask. `iterations`: of the search, with the aircraft sent there."""
    if incident in works_at(schedule, aircraft):
        return WhyNot(code="GOES", difference=None, schedule=schedule)
    forced = sent(schedule, aircraft, incident)
    if isinstance(forced, str):
        return WhyNot(code=forced, difference=None, schedule=schedule)
    for _ in search(forced, MaxIterations(iterations=iterations), seed):
        pass
    difference = forced.score() - schedule.score()
    if difference < -_LEAST_GAIN:
        forced.fixed[aircraft] -= 1
        return WhyNot(code="GOES", difference=None, schedule=forced)
    return WhyNot(code="NOT_NEEDED", difference=difference, schedule=schedule)
