"""Our plans beside HiGHS's MILP of the same problem, in one run.

    python -m loadtests.plan_peer [--seconds 30] [--slot 600] [--generated 2] [--first-seed 1000] [--large-only]

Sizes S and M: the time-indexed model of `plan_milp.py` is built and given to HiGHS (through OR-Tools' MathOpt) for so
many seconds; its plan goes to the referee, and ours is timed until the referee gives it as good a score. Size L: the
time it takes only to build that model, beside our first legal plan (the human rule's, which `solve` gives when it is
stopped at once; a person who waits is told only the better one after it). Seconds are CPU seconds of this process on both sides,
ours from reading the scenario on; the building of the model is told apart and not counted at S and M. HiGHS's limit
is by the clock on the wall, which MathOpt gives it: on a busy machine ask for more `--seconds`, so that it has its share.

What the model leaves out is told in `plan_milp.py`; it is the peer's loss, so ratios are told beside its own bound on
its own model: a plan that HiGHS has proven the best of its model (`optimal`) is as good as that model gets, not as good
as a plan can be. HiGHS runs with its defaults; MathOpt lets nobody set its threads, which on two cores is one.
A finer slot gives HiGHS a better model and, at M, no plan within half a minute; 600 s is its best here.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from ortools.math_opt.python import mathopt

from loadtests.plan_milp import Peer
from loadtests.plans import judged
from loadtests.scenarios import DATA, Row, scenario
from optimizer.plan import Plan
from optimizer.problem import parse
from optimizer.score import Score
from optimizer.solve import solve
from optimizer.stop import FIRST


@dataclass(frozen=True, slots=True, kw_only=True)
class Theirs:
    """What HiGHS made of a scenario. `score` None: no plan in its time."""

    columns: int
    build_s: float
    solve_s: float
    status: str
    score: float | None
    violations: int


def theirs(sc: Row, slot_s: float, seconds: float) -> Theirs:
    """Build the model and, with any seconds, solve it."""
    began = time.process_time()
    peer = Peer(sc, slot_s)
    model = mathopt.Model.from_model_proto(peer.model.proto())
    build_s = time.process_time() - began
    columns = len(peer.model.cost)
    if not seconds:
        return Theirs(columns=columns, build_s=build_s, solve_s=0.0, status="built", score=None, violations=0)
    limit = mathopt.SolveParameters(time_limit=timedelta(seconds=seconds))
    began = time.process_time()
    result = mathopt.solve(model, mathopt.SolverType.HIGHS, params=limit)
    solve_s = time.process_time() - began
    status = result.termination.reason.name.lower().replace("_", " ")
    score, violations = None, 0
    if result.solutions:
        values = {variable.id: value for variable, value in result.variable_values().items()}
        verdict = judged(sc, peer.plan(values))
        score, violations = float(verdict["score"]), len(verdict["violations"])
    return Theirs(
        columns=columns,
        build_s=build_s,
        solve_s=solve_s,
        status=status,
        score=score,
        violations=violations,
    )


class _Race:
    """Hears our plans and stops when one is as good as `target`, or when the time is up; `at_once`: with the first legal one."""

    def __init__(self, target: float | None, seconds: float, *, at_once: bool = False) -> None:
        self.at_once = at_once
        self.target, self.began = target, time.process_time()
        self.until_s = self.began + seconds
        self.first_s: float | None = None
        self.equal_s: float | None = None
        self.plan: Plan | None = None

    def hear(self, plan: Plan, score: Score) -> None:
        """A better plan."""
        now_s = time.process_time() - self.began
        self.first_s = now_s if self.first_s is None else self.first_s
        if self.equal_s is None and self.target is not None and score.total <= self.target:
            self.equal_s, self.plan = now_s, plan

    def __call__(self, done: int) -> bool:
        """Whether to stop."""
        if self.at_once or self.equal_s is not None or (self.target is None and self.first_s is not None):
            return True
        return done != FIRST and time.process_time() >= self.until_s


def ours(sc: Row, target: float | None, seconds: float, *, at_once: bool = False) -> tuple[_Race, float, int]:
    """The race, and the referee's score and violations of the plan that ended it."""
    race = _Race(target, seconds, at_once=at_once)
    problem = parse(sc)
    result = solve(problem, race, 0, listen=race.hear)
    verdict = judged(sc, (race.plan or result.plan).to_json(problem))
    return race, float(verdict["score"]), len(verdict["violations"])


def _line(size: str, sc: Row, peer: Theirs, race: _Race, score: float, violations: int) -> str:
    if size == "L":
        reached_s, base_s, what = race.first_s, peer.build_s, "first plan / its model's building"
    elif peer.score is None:
        reached_s, base_s, what = race.first_s, peer.solve_s, "first plan / its time without one"
    else:
        reached_s, base_s, what = race.equal_s, peer.solve_s, "as good / its time"
    ratio = "never" if reached_s is None else f"1/{base_s / max(reached_s, 1e-4):.0f}"
    theirs_score = "-" if peer.score is None else f"{peer.score:.1f}"
    shown_s = "-" if reached_s is None else f"{reached_s:.3f}"
    return (
        f"| {sc['id']} | {peer.columns:,} | {peer.build_s:.2f} | {peer.solve_s:.1f} | {peer.status} | {theirs_score} "
        f"| {peer.violations} | {score:.1f} | {violations} | {shown_s} | {ratio} | {what} |"
    )


def _cases(args: argparse.Namespace) -> Iterator[tuple[str, Row]]:
    sizes = ("L",) if args.large_only else ("S", "M", "L")
    for size in sizes:
        name = {"S": "S-101", "M": "M-201", "L": "L-301"}[size]
        yield size, json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
        for n in range(args.generated if size != "L" else min(1, args.generated)):
            yield size, scenario(size, args.first_seed + n)


def main(arguments: list[str] | None = None) -> int:
    """Print the table; exit status 1 if a plan of ours broke a rule."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.plan_peer")
    parser.add_argument("--seconds", type=float, default=30.0, help="for HiGHS, and for us to be as good")
    parser.add_argument("--slot", type=float, default=600.0, help="seconds of a slot of the model")
    parser.add_argument("--generated", type=int, default=2, help="scenarios of S and M besides the shared")
    parser.add_argument("--first-seed", type=int, default=1000)
    parser.add_argument("--large-only", action="store_true")
    args = parser.parse_args(arguments)
    lines = [
        "| scenario | columns | build s | HiGHS s | HiGHS says | its score | its violations | our score | violations "
        "| our s | ours / its | which is |",
        "|---|--:|--:|--:|---|--:|--:|--:|--:|--:|--:|---|",
    ]
    broken = 0
    for size, sc in _cases(args):
        peer = theirs(sc, args.slot, 0.0 if size == "L" else args.seconds)
        target = peer.score if peer.violations == 0 else None
        race, score, violations = ours(sc, target, args.seconds, at_once=size == "L")
        broken += violations
        lines.append(_line(size, sc, peer, race, score, violations))
        print(lines[-1], file=sys.stderr, flush=True)
    print("\n".join(lines))
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
