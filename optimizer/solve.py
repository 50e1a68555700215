"""The optimizer's front door: `solve(problem, stop, seed, previous) -> Result`.

A ladder of ever better legal plans. First complete plans, each by another rule: the human one (nearest-first),
the life tier by CP-SAT followed by a marginal-gain fill, lives served by several stops a sortie (`dive.py`), the fill
alone, and the previous plan carried over if
there is one. If passes are asked for, `bound.py` (at national scale `wide_bound.py`) then proves how much better any plan could be. The best plan
goes into a large-neighbourhood search until `stop` says so. Same problem,
seed and iteration limit: same plan. No clock, no chance and no IO in here; `stop` brings the first, `seed`
the second, and `listen` hears of every improvement; of the human plan only if `stop` comes before a second one.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from optimizer.around import Detours
from optimizer.bound import LEAST_REST_S, TOO_WIDE, Bounder, grain_for
from optimizer.check import Findings, Violation, inspect
from optimizer.choice import Chooser
from optimizer.dive import rescue
from optimizer.fill import fill
from optimizer.human import nearest_first
from optimizer.join import joined_legs
from optimizer.legs import Leg, LegKind
from optimizer.life import serve_life
from optimizer.plan import Plan
from optimizer.problem import Problem
from optimizer.required import serve_required
from optimizer.schedule import Schedule
from optimizer.score import Score, score
from optimizer.search import search
from optimizer.shut import shut_in
from optimizer.stop import BUILDING, FIRST, PROVING, Stop
from optimizer.tidy import tidy
from optimizer.travel import Tables
from optimizer.warm import kept_share, warm_plans
from optimizer.wide_bound import WideBounder

_TIE_BREAK = 0.01  # a point of fire against one of life where the life tier alone decides
_WARM_SHARE = 0.85  # of the previous plan's pairs kept: then it is carried on, and no plan made from nothing
_HUMAN = "human"
_JUDGED_EVERY = 8  # iterations of the search: judging a plan of L takes as long as one
_LARGE, _MOST_OF_LARGE = (
    2000,
    2,
)  # aircraft times incidents; beyond it the search has more use of the time of a third rung
_WIDE_ROUNDS = 5  # of the bound at national scale; later ones gain nothing
_EVEN = 1.0  # the score's own measure between the two


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The best plan found. `violations` is empty unless no plan can keep the rules (an aircraft in the air
    without the fuel to land, a lock that breaks a rule). `human`: the score of the human rule's own plan. `bound`:
    no plan that keeps the rules scores less (`bound.py`); None if no pass was made."""

    plan: Plan
    score: Score
    human: Score
    violations: tuple[Violation, ...]
    method: str
    iterations: int
    bound: float | None = None
    schedule: Schedule | None = None  # the plan as it was made, for whoever asks on (`reasons.py`)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    plan: Plan
    findings: Findings
    score: Score
    method: str

    @property
    def rank(self) -> tuple[int, float]:
        """Fewer broken rules first, then the lower score."""
        return len(self.findings.violations), self.score.total


def solve(
    problem: Problem,
    stop: Stop,
    seed: int,
    previous: Plan | None = None,
    listen: Callable[[Plan, Score], None] | None = None,
    *,
    passes: int = 0,
    hear_bound: Callable[[float], None] | None = None,
) -> Result:
    """The best plan found before `stop`. Deterministic for a seed if `stop` is. `passes`: at most so many to raise
    the bound, each told to `hear_bound`; `stop` is asked with `PROVING` and may end them sooner."""
    asked, problem = problem, shut_in(problem)
    tables = Tables(problem)
    best: _Judged | None = None
    told: _Judged | None = None
    best_schedule: Schedule | None = None
    human: Score | None = None
    schedules: list[tuple[float, Schedule]] = []
    for method, schedule in _first_plans(problem, tables, stop, seed, previous):
        judged = _judge(asked, schedule, method)
        if passes > 0 and not judged.findings.violations:
            schedules.append((judged.score.total, schedule))
        human = human or judged.score
        if best is None or judged.rank < best.rank:
            best, best_schedule = judged, schedule
        # the human rule's plan waits for the next one: a far better plan follows within a second or so
        if listen is not None and method != _HUMAN and best is not told:
            listen(best.plan, best.score)
            told = best
    if best is None or best_schedule is None or human is None:
        raise AssertionError("the human rule always gives a plan")
    if listen is not None and best is not told:
        listen(best.plan, best.score)
    bound = None
    if passes > 0 and not best.findings.violations:
        for bound in _bounds(problem, tables, schedules, passes, stop):
            if hear_bound is not None:
                hear_bound(bound)
    iterations, base_method = 0, best.method
    for done, found in _searched(asked, best_schedule, stop, seed, base_method + "+search"):
        iterations = done
        if found is not None and found.rank < best.rank:
            best = found
            if listen is not None:
                listen(best.plan, best.score)
    return Result(
        plan=best.plan,
        score=best.score,
        human=human,
        violations=tuple(best.findings.violations),
        method=best.method,
        iterations=iterations,
        bound=bound,
        schedule=best_schedule,
    )


def _searched(
    asked: Problem, schedule: Schedule, stop: Stop, seed: int, method: str
) -> Iterator[tuple[int, _Judged | None]]:
    """The search; with its iterations now and then, and at the end, the plan if it is better by then."""
    done, better = 0, False
    for done, improved in search(schedule, stop, seed):
        better = better or improved
        if better and done % _JUDGED_EVERY == 0:
            better = False
            yield done, _judge(asked, schedule, method)
        else:
            yield done, None
    if better:
        yield done, _judge(asked, schedule, method)


def _bounds(
    problem: Problem, tables: Tables, schedules: list[tuple[float, Schedule]], passes: int, stop: Stop
) -> Iterator[float]:
    """Ever better bounds, from the first plans; none where the relaxed model says nothing, nor with what it does not
    know: people by the load, places to hand them over other than hospitals, stations kept all the time, ways round closed
    airspace."""
    if problem.rules.min_rest_s < LEAST_REST_S or problem.horizon_s <= 0.0:
        return
    if problem.no_fly:
        return
    if any(
        row.task is not None and (row.task.people or row.task.continuous or row.task.dropoff_base >= 0)
        for row in problem.incidents
    ):
        return
    if len(problem.incidents) * len(problem.aircraft) > TOO_WIDE:
        rounds = min(passes, _WIDE_ROUNDS)
        yield from WideBounder(problem, tables).rounds(lambda done: done >= rounds or stop(BUILDING))
        return
    bounder = Bounder(problem, tables, grain_for(problem))
    best_last = [schedule for _, schedule in sorted(schedules, key=lambda row: -row[0])]
    yield from bounder.passes(best_last, lambda done: done >= passes or stop(PROVING))


def _first_plans(
    problem: Problem, tables: Tables, stop: Stop, seed: int, previous: Plan | None
) -> Iterator[tuple[str, Schedule]]:
    """Complete plans by different rules; the human one first, because it is the quickest and the least."""

    schedule = Schedule(problem, tables)
    serve_required(schedule)
    nearest_first(schedule, _never)
    human_score = schedule.score()
    yield _HUMAN, schedule
    everyone = range(len(problem.aircraft))
    rungs = [
        ("life_turns", _TIE_BREAK, True),
        ("rescue", None, True),
        ("life", _TIE_BREAK, False),
        ("marginal_turns", None, True),
        ("life_even", _EVEN, False),
    ]
    if len(problem.aircraft) * len(problem.incidents) > _LARGE:
        rungs = rungs[:_MOST_OF_LARGE]
    phase = partial(stop, FIRST)
    if previous is not None:
        least, kept = math.inf, 0.0
        for method, schedule in warm_plans(problem, tables, previous, seed, phase):
            yield method, schedule
            least = min(least, schedule.score())
            kept = max(kept, kept_share(schedule, previous))
        if kept >= _WARM_SHARE and least < human_score:
            return  # little has changed: plans from nothing would cost more time than the search needs to be as good
        phase = partial(stop, BUILDING)
    for method, spare, split in rungs:
        if phase():
            return
        schedule = Schedule(problem, tables, split)
        serve_required(schedule)
        if method == "rescue" and not rescue(schedule):
            continue
        if spare is not None:
            serve_life(schedule, seed, spare, phase)
        fill(schedule, everyone, Chooser(schedule), phase)
        tidy(schedule, everyone, phase)
        yield method, schedule
        phase = partial(stop, BUILDING)


def _never() -> bool:
    return False


def plan_of(schedule: Schedule) -> Plan:
    """The plan a schedule stands for; aircraft that stay where they are have no entry."""
    detours = schedule.tables.detours
    timelines = {n: tuple(legs) for n, legs in enumerate(joined_legs(schedule)) if legs}
    if detours is not None:
        for n, legs in timelines.items():
            timelines[n] = _turning(schedule.problem, detours, n, legs)
    return Plan(timelines=timelines)


def _turning(problem: Problem, detours: Detours, aircraft: int, legs: Sequence[Leg]) -> tuple[Leg, ...]:
    """The legs, with the points at which they go round closed airspace; locked ones as they are."""
    locked, place = len(problem.commitments.get(aircraft, ())), problem.aircraft_place(aircraft)
    turning = []
    for n, leg in enumerate(legs):
        if leg.kind is LegKind.FLY:
            turning.append(leg if n < locked else replace(leg, via=detours.via(place, leg.place)))
            place = leg.place
        else:
            turning.append(leg)
            place = problem.incident_place(leg.incident) if leg.kind is LegKind.CYCLES else place
    return tuple(turning)


def _judge(asked: Problem, schedule: Schedule, method: str) -> _Judged:
    plan = plan_of(schedule)
    findings = inspect(asked, plan)
    return _Judged(plan=plan, findings=findings, score=score(asked, findings), method=method)
