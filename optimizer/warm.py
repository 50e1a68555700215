"""First plans from the plan in force: carried on, with what is new filled in; and where that leaves lives without anybody,
or later than they need be, the life tier made anew first and the rest carried on around it."""

from collections.abc import Callable, Iterator

from optimizer.carry import build_again
from optimizer.choice import Chooser
from optimizer.dive import fly
from optimizer.fill import fill
from optimizer.legs import LegKind
from optimizer.life import lives_charges, serve_life, unserved_lives
from optimizer.most_saved import Rescue, most_saved_together
from optimizer.plan import Plan
from optimizer.prices import served_early, wanted
from optimizer.problem import Problem
from optimizer.required import serve_required
from optimizer.schedule import Schedule
from optimizer.travel import Tables
from optimizer.unchanged import follow

_SOONEST = 6  # aircraft taken back for each incident with lives that nobody serves
_MUCH_LATER = 0.01  # of the score, summed over incidents
_EVEN = 1.0  # what a point elsewhere weighs against one of life: the score's own measure


def warm_plans(
    problem: Problem, tables: Tables, previous: Plan, seed: int, stopped: Callable[[], bool]
) -> Iterator[tuple[str, Schedule]]:
    """(method, plan), one or two."""
    everyone = range(len(problem.aircraft))
    legal: dict[int, bool] = {}
    schedule = _carried(problem, tables, previous, legal, split=True)
    if kept_share(schedule, previous) < 1.0:
        schedule = min(_carried(problem, tables, previous, legal, split=False), schedule, key=Schedule.score)
    left_alone = _lives_left_alone(schedule)
    fill(schedule, everyone, Chooser(schedule), stopped)
    yield "previous", schedule
    if stopped() or not (left_alone or _lives_known(problem)):
        return
    most = most_saved_together(problem, tables)
    if not left_alone and not _lives_late(schedule, most, seed, stopped):
        return
    anew = Schedule(problem, tables, schedule.planner.split)
    serve_required(anew)
    if fly(anew, most.paths):
        build_again(anew, previous, follow(anew, previous, legal))
    else:
        anew = _carried(problem, tables, previous, legal, split=schedule.planner.split)
        _serve_lives(anew, left_alone, seed, stopped)
    fill(anew, everyone, Chooser(anew), stopped)
    yield "previous_lives", anew


def _carried(
    problem: Problem, tables: Tables, previous: Plan, legal: dict[int, bool], *, split: bool
) -> Schedule:
    """What still can be done of the previous plan; drops that took turns only fit where they may again."""
    schedule = Schedule(problem, tables, split)
    until_s = follow(schedule, previous, legal)
    serve_required(schedule)
    build_again(schedule, previous, until_s)
    return schedule


def kept_share(schedule: Schedule, previous: Plan) -> float:
    """Of the previous plan's work at incidents, the share of pairs of aircraft and incident that it keeps."""
    before = {
        (aircraft, leg.incident)
        for aircraft, legs in previous.timelines.items()
        for leg in legs
        if leg.kind in (LegKind.CYCLES, LegKind.ON_SCENE)
    }
    now = {
        (aircraft, incident)
        for aircraft, sorties in enumerate(schedule.sorties)
        for sortie in sorties
        for incident in sortie.incidents
    }
    return len(before & now) / len(before) if before else 0.0


def _lives_left_alone(schedule: Schedule) -> list[int]:
    """Incidents with lives at risk that nobody serves, though somebody may be able to."""
    tables = schedule.tables
    return [
        incident
        for incident in unserved_lives(schedule)
        if any(
            incident in tables.fit_set[craft.index]
            and tables.in_range(craft.index, tables.first_place(craft.index), incident)
            for craft in schedule.crafts
        )
    ]


def _lives_known(problem: Problem) -> bool:
    return any(row.life_at_risk for row in problem.incidents)


def _lives_late(schedule: Schedule, most: Rescue, seed: int, stopped: Callable[[], bool]) -> bool:
    """Whether lives could be served much sooner by aircraft that do nothing else before: whoever served them is gone, or
    is wanted no more where it is. Where it is not known how much can be saved, single sorties tell."""
    problem = schedule.problem
    now = lives_charges(schedule)
    if most.paths:
        whole = served_early(problem) * wanted(problem) * problem.weights.unserved_minutes * 60
        later = most.points - sum(float(whole[n]) - charge for n, charge in now.items())
    else:
        alone = Schedule(problem, schedule.tables, schedule.planner.split)
        serve_required(alone)
        serve_life(alone, seed, 0.0, stopped)
        least = lives_charges(alone)
        later = sum(max(0.0, charge - least[n]) for n, charge in now.items())
    return later > _MUCH_LATER * schedule.score()


def _serve_lives(schedule: Schedule, incidents: list[int], seed: int, stopped: Callable[[], bool]) -> None:
    """Take back who could be there soonest, and serve lives first with them."""
    group = sorted({aircraft for incident in incidents for aircraft in _soonest(schedule, incident)})
    for aircraft in group:
        schedule.cut(aircraft, schedule.fixed[aircraft])
    for aircraft in group:
        schedule.bring_home(aircraft)
    serve_required(schedule)
    serve_life(schedule, seed, _EVEN, stopped)


def _soonest(schedule: Schedule, incident: int) -> list[int]:
    """The aircraft that could be there first by straight flight if they had nothing else to do."""
    view, goal = schedule.tables.distance_view, schedule.problem.incident_place(incident)
    ranked = []
    for craft in schedule.crafts:
        if craft.row.serviceable and incident in schedule.tables.fit_set[craft.index]:
            state = schedule.state_after(craft.index, schedule.fixed[craft.index])
            at_s = max(state.free_s, craft.earliest_s) + view[state.place, goal] / craft.row.cruise_mps
            ranked.append((at_s, craft.index))
    return [aircraft for _, aircraft in sorted(ranked)[:_SOONEST]]
