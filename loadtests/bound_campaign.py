"""Tries to catch the bound in a lie: thousands of small scenarios, each with the best plans at hand.

    python -m loadtests.bound_campaign [--first-seed 0] [--count 1000] [--most 5] [--tries 30]

Per scenario of `bound_scenarios.py`: plan, search, then stray from the best plan in ways the search does not know
(first to another base, to rest or fill up there; fewer drops; later). The bound of every pass must be no more than the
least score found; the last plan is judged by the referee too. Then the same again with the first legs of that plan
locked. A false bound is told with its seed, and the exit status is 1.
"""

import argparse
import random
import sys
import time
from dataclasses import dataclass, field, replace

from loadtests.bound_scenarios import drawn, with_locks
from loadtests.plans import judged
from loadtests.scenarios import Row
from optimizer.bound import LEAST_REST_S, Bounder, grain_for
from optimizer.check import inspect
from optimizer.choice import Chooser
from optimizer.fill import fill
from optimizer.plan import Plan
from optimizer.problem import Problem, parse
from optimizer.schedule import Schedule
from optimizer.score import score
from optimizer.search import search
from optimizer.solve import plan_of, solve
from optimizer.stop import MaxIterations
from optimizer.timeline import Departure, Sortie
from optimizer.travel import Tables
from optimizer.walk import Walk
from optimizer.wide_bound import WideBounder

_SAME = 1e-6
_PASSES = 6


@dataclass(slots=True)
class Tally:
    """What a campaign saw. `gaps`: of the last bound, share of the least score; the same of `wide_bound.py`."""

    bounds: int = 0
    none: int = 0
    refused: int = 0
    false: list[str] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    wide_gaps: list[float] = field(default_factory=list)


def _never() -> bool:
    return False


def _ferry(schedule: Schedule, aircraft: int, way: Departure, base: int) -> bool:
    """Append a flight to a base where nothing is done but to land."""
    craft = schedule.crafts[aircraft]
    planner = schedule.planner
    walk = Walk(
        planner.problem,
        planner.distance_m,
        planner.ledgers.fuel,
        craft,
        way,
        max(way.earliest_s, craft.earliest_s),
    )
    if walk.land_at(base):
        return False
    schedule.append(aircraft, walk.finish(base))
    return True


def _stray(schedule: Schedule, chance: random.Random) -> None:
    """Change one timeline in a way of chance; it stays legal."""
    problem = schedule.problem
    aircraft = chance.choice([craft.index for craft in schedule.crafts if craft.row.serviceable])
    length = len(schedule.sorties[aircraft])
    schedule.cut(aircraft, chance.randint(0, length))
    for _ in range(chance.randint(0, 2)):
        ways = schedule.departures(aircraft)
        if not ways:
            break
        way = chance.choice(ways)
        if chance.random() < 0.3:
            way = replace(way, earliest_s=way.earliest_s + chance.choice((120.0, 900.0)))
        if not _ferry(schedule, aircraft, way, chance.randrange(len(problem.bases))):
            break
    schedule.bring_home(aircraft)
    others = [aircraft]
    if chance.random() < 0.5:
        others.append(chance.randrange(len(schedule.crafts)))
    fill(schedule, others, Chooser(schedule, chance, 0.5), _never)


def least(problem: Problem, seed: int, tries: int) -> tuple[float, Plan, list[Schedule]] | None:
    """(the least score found, its plan, schedules to start a bound from); None if no plan keeps the rules."""
    result = solve(problem, MaxIterations(iterations=15), seed)
    if result.violations:
        return None
    tables, chance = Tables(problem), random.Random(seed)
    best, plan, kept = result.score.total, result.plan, []
    for split in (False, True):
        schedule = Schedule(problem, tables, split)
        fill(schedule, range(len(problem.aircraft)), Chooser(schedule), _never)
        kept.append(schedule)
        now = schedule.score()
        for _ in range(tries if any(craft.row.serviceable for craft in schedule.crafts) else 0):
            before = [list(sorties) for sorties in schedule.sorties]
            _stray(schedule, chance)
            if schedule.score() > now:
                _put_back(schedule, before)
            now = schedule.score()
        for _ in search(schedule, MaxIterations(iterations=5), seed):
            pass
        found = plan_of(schedule)
        findings = inspect(problem, found)
        total = score(problem, findings).total
        if not findings.violations and total < best:
            best, plan = total, found
    return best, plan, kept


def _put_back(schedule: Schedule, before: list[list[Sortie]]) -> None:
    for aircraft, sorties in enumerate(before):
        if [id(s) for s in sorties] != [id(s) for s in schedule.sorties[aircraft]]:
            schedule.cut(aircraft, 0)
    for aircraft, sorties in enumerate(before):
        have = len(schedule.sorties[aircraft])
        for sortie in sorties[have:]:
            schedule.append(aircraft, sortie)


def tried(sc: Row, name: str, seed: int, tries: int, tally: Tally) -> Row | None:
    """One scenario; its best plan, or None if there is none."""
    problem = parse(sc)
    found = least(problem, seed, tries)
    if found is None:
        tally.refused += 1
        return None
    best, plan, schedules = found
    text = plan.to_json(problem)
    referee = judged(sc, text)
    if referee["violations"] or abs(referee["score"] - best) > 0.01:
        tally.false.append(f"{name}: the referee disagrees with a plan: {referee['violations'][:1]}")
    if problem.rules.min_rest_s < LEAST_REST_S or problem.horizon_s <= 0.0:
        tally.none += 1
        return text
    bounder = Bounder(problem, Tables(problem), grain_for(problem))
    bounds = list(bounder.passes(schedules, lambda done: done >= _PASSES))
    tally.bounds += len(bounds)
    bound = bounds[-1]
    if bound > best + _SAME * max(1.0, abs(best)):
        tally.false.append(f"{name}: bound {bound:.6f} above a plan's {best:.6f}")
    tally.gaps.append((best - bound) / best if best > 0.0 else 0.0)
    wide = list(WideBounder(problem, Tables(problem)).rounds(lambda done: done >= _PASSES))
    tally.bounds += len(wide)
    if wide[-1] > best + _SAME * max(1.0, abs(best)):
        tally.false.append(f"{name}: wide bound {wide[-1]:.6f} above a plan's {best:.6f}")
    tally.wide_gaps.append((best - wide[-1]) / best if best > 0.0 else 0.0)
    return text


def main(arguments: list[str] | None = None) -> int:
    """Print what was seen; exit status 1 if a bound was false."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.bound_campaign")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--most", type=int, default=5, help="aircraft and incidents at most")
    parser.add_argument("--tries", type=int, default=30, help="times to stray from a plan")
    args = parser.parse_args(arguments)
    tally, began, caught = Tally(), time.process_time(), False
    for seed in range(args.first_seed, args.first_seed + args.count):
        sc = drawn(seed, most=args.most)
        plan = tried(sc, f"seed {seed}", seed, args.tries, tally)
        if plan is not None and plan["aircraft"]:
            tried(with_locks(sc, plan, seed), f"seed {seed} locked", seed, args.tries, tally)
        while tally.false:
            caught = True
            print(tally.false.pop(), flush=True)
    gaps, wide = sorted(tally.gaps), sorted(tally.wide_gaps)
    print(
        f"{len(gaps)} scenarios, {tally.bounds} bounds, {tally.refused} without a legal plan, {tally.none} without "
        f"a bound; gap median {100 * gaps[len(gaps) // 2]:.2f} %, mean {100 * sum(gaps) / len(gaps):.2f} %, "
        f"worst {100 * gaps[-1]:.1f} %; of the wide bound median {100 * wide[len(wide) // 2]:.1f} %; {time.process_time() - began:.0f} CPU-s"
    )
    return int(caught)


if __name__ == "__main__":
    sys.exit(main())
