"""The most that can be saved where lives are at risk, where `most_saved.py` takes too long (national scale): an upper
limit for any plan, from who can be where first.

An aircraft's first claim (a first drop, a visit) is at one incident, no sooner than it could be there from the start;
any further one no sooner than by way of the first. Beside that, an incident saves no more than `Fleet.most_saved`, and
has no more claims than it wants. The linear programme that says who makes which first claim is relaxed once more: its
multipliers are GLOP's, but what they prove is added up here, so GLOP's tolerances do not matter.
"""

import math

import numpy as np
from ortools.linear_solver import pywraplp

from optimizer.kinds import Fleet, Matrix
from optimizer.prices import served_early, wanted
from optimizer.problem import Problem

_RIVALS = 40  # soonest aircraft of an incident that the linear programme knows; all count in what is added up


def most_saved_by_turns(problem: Problem, fleet: Fleet) -> float:
    """Points; infinity if nothing is known or no lives are at risk."""
    live = [n for n, row in enumerate(problem.incidents) if row.life_at_risk]
    if not live:
        return math.inf
    first_s, later_s = _times(fleet, live)
    rate = served_early(problem)[live]
    unserved_s = problem.weights.unserved_minutes * 60

    def gain(at_s: Matrix) -> Matrix:
        points: Matrix = np.where(
            at_s <= problem.horizon_s, np.maximum(0.0, rate[None, :] * (unserved_s - at_s)), 0.0
        )
        return points

    firsts, laters = gain(first_s), gain(later_s)
    most, capacity = fleet.most_saved[live], wanted(problem)[live]
    shares, claims = _multipliers(firsts, laters, most, capacity)
    total = float(((1.0 - shares) * most).sum() + (claims * capacity).sum())
    total += float((shares * firsts - claims).max(axis=1, initial=0.0).clip(0.0).sum())
    return total + float(((shares * laters - claims).clip(0.0) * capacity).sum())


def _times(fleet: Fleet, live: list[int]) -> tuple[Matrix, Matrix]:
    """[aircraft, incident] seconds: when it can make a claim there first of all; and after another claim. Each locked
    claim is a line of its own."""
    place = {n: k for k, n in enumerate(live)}
    firsts, laters = [], []
    for kind in fleet.kinds:
        here = np.array([k for k, n in enumerate(kind.incidents.tolist()) if n in place], dtype=np.int64)
        goals = [place[n] for n in kind.incidents[here].tolist()]
        way_s = kind.cross_s[np.ix_(here, here)]
        own_s = np.where(kind.repeats[here], kind.step_s[here], np.inf)
        way_s = np.where(np.eye(len(here), dtype=bool), own_s[:, None], way_s)
        for start in kind.starts:
            first, later = np.full(len(live), np.inf), np.full(len(live), np.inf)
            if len(here):
                soonest_s = start.soonest_s[here]
                first[goals] = soonest_s
                later[goals] = np.maximum(soonest_s, (soonest_s[:, None] + way_s).min(axis=0))
            firsts.append(first)
            laters.append(later)
            locked = [(n, min(times)) for n, _, times in start.lock_drops if times]
            for n, at_s in (*locked, *start.lock_visits):
                if n in place:
                    row = np.full(len(live), np.inf)
                    row[place[n]] = at_s
                    firsts.append(row)
                    laters.append(np.full(len(live), np.inf))
    shape = (-1, len(live))
    return np.array(firsts).reshape(shape), np.array(laters).reshape(shape)


def _multipliers(firsts: Matrix, laters: Matrix, most: Matrix, capacity: Matrix) -> tuple[Matrix, Matrix]:
    """([incident] share of what is saved that claims must show, points a claim there costs), by GLOP."""
    lp = pywraplp.Solver.CreateSolver("GLOP")
    infinity = lp.infinity()
    goal = lp.Objective()
    goal.SetMaximization()
    shown, wants = [], []
    one = [lp.Constraint(-infinity, 1.0) for _ in range(len(firsts))]
    for k in range(len(most)):
        saved = lp.NumVar(0.0, float(most[k]), "")
        goal.SetCoefficient(saved, 1.0)
        line = lp.Constraint(-infinity, 0.0)
        line.SetCoefficient(saved, 1.0)
        want = lp.Constraint(-infinity, float(capacity[k]))
        for table, turns in ((firsts, one), (laters, None)):
            for a in np.argsort(-table[:, k], kind="stable")[:_RIVALS].tolist():
                if table[a, k] <= 0.0:
                    break
                claim = lp.NumVar(0.0, infinity, "")
                line.SetCoefficient(claim, -float(table[a, k]))
                want.SetCoefficient(claim, 1.0)
                if turns is not None:
                    turns[a].SetCoefficient(claim, 1.0)
        shown.append(line)
        wants.append(want)
    if lp.Solve() != pywraplp.Solver.OPTIMAL:
        return np.zeros(len(most)), np.zeros(len(most))
    shares = np.clip([float(row.dual_value()) for row in shown], 0.0, 1.0)
    return shares, np.maximum(0.0, [float(row.dual_value()) for row in wants])
