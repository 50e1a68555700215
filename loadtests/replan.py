"""Planning anew after one change, from the plan in force and from nothing.

    python -m loadtests.replan [--scenario L-301] [--changes 12] [--cold 60] [--warm 6] [--seed 1]

One change each: an aircraft lost, a water point gone, a fire grown by half, a new fire beside an old one. The plan in
force is a cold plan of the scenario unchanged; both plans anew know its assignments and pay for those they change. Cold
has the whole ladder and `--cold` iterations of the search, warm starts from the plan in force and has `--warm`. CPU
time, score and changed pairs of both, every plan judged by the independent referee. Aims: warm / cold time at most 0.3,
score at most 1.01 of cold, changed pairs at most half of cold's and 8 % of all.
"""

import argparse
import copy
import json
import random
import statistics
import time
from collections.abc import Iterator
from typing import Any

from loadtests.machine import stamp
from loadtests.plans import judged
from loadtests.scenarios import DATA
from optimizer.legs import LegKind
from optimizer.plan import Plan, read_plan
from optimizer.problem import Problem, parse
from optimizer.solve import solve
from optimizer.stop import MaxIterations

Pairs = set[tuple[str, str]]


def pairs_of(problem: Problem, plan: Plan) -> Pairs:
    """Aircraft and incidents that a plan brings together."""
    return {
        (problem.aircraft[aircraft].id, problem.incidents[leg.incident].id)
        for aircraft, legs in plan.timelines.items()
        for leg in legs
        if leg.kind in (LegKind.CYCLES, LegKind.ON_SCENE)
    }


def changes(sc: dict[str, Any], used: Pairs, chance: random.Random) -> Iterator[tuple[str, dict[str, Any]]]:
    """The scenario with one thing otherwise, again and again, of four kinds in turn."""
    while True:
        made = copy.deepcopy(sc)
        lost = chance.choice(sorted({aircraft for aircraft, _ in used}))
        made["aircraft"] = [row for row in made["aircraft"] if row["id"] != lost]
        made["commitments"] = [row for row in made["commitments"] if row["aircraft_id"] != lost]
        yield f"{lost} lost", made
        made = copy.deepcopy(sc)
        fire = chance.choice([row for row in made["incidents"] if row.get("fire")])
        fire["fire"]["demand_l"] *= 1.5
        fire["fire"]["growth_lps"] *= 1.5
        yield f"{fire['id']} grown", made
        made = copy.deepcopy(sc)
        like = chance.choice([row for row in made["incidents"] if row.get("fire")])
        new = copy.deepcopy(like) | {"id": "NEW", "lon": like["lon"] + 0.05, "lat": like["lat"] - 0.03}
        made["incidents"].append(new)
        yield f"new fire by {like['id']}", made
        made = copy.deepcopy(sc)
        point = chance.choice(made["water_points"])
        made["water_points"] = [row for row in made["water_points"] if row is not point]
        yield f"{point['id']} gone", made


def planned(
    sc: dict[str, Any], iterations: int, seed: int, previous: dict[str, Any] | None
) -> tuple[float, float, Pairs, int]:
    """CPU seconds, the referee's score, pairs, violations."""
    began_s = time.process_time()
    problem = parse(sc)
    before = read_plan(problem, previous) if previous is not None else None
    result = solve(problem, MaxIterations(iterations=iterations), seed, before)
    took_s = time.process_time() - began_s
    said = judged(sc, result.plan.to_json(problem))
    return took_s, float(said["score"]), pairs_of(problem, result.plan), len(said["violations"])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.replan")
    parser.add_argument("--scenario", default="L-301")
    parser.add_argument("--changes", type=int, default=12)
    parser.add_argument("--cold", type=int, default=60)
    parser.add_argument("--warm", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    print(stamp(), flush=True)
    sc = json.loads((DATA / f"{arguments.scenario}.json").read_text())
    problem = parse(sc)
    force = solve(problem, MaxIterations(iterations=arguments.cold), arguments.seed)
    used = pairs_of(problem, force.plan)
    previous = json.loads(json.dumps(force.plan.to_json(problem)))
    rows = []
    print(
        "| change | time | score | changed warm | changed cold | of | violations |\n|---|--:|--:|--:|--:|--:|--:|"
    )
    for n, (what, made) in enumerate(changes(sc, used, random.Random(arguments.seed))):
        if n == arguments.changes:
            break
        present = {row["id"] for row in made["aircraft"]}
        still = {pair for pair in used if pair[0] in present}
        made["previous_assignments"] = [
            {"aircraft_id": aircraft, "incident_id": incident} for aircraft, incident in sorted(still)
        ]
        cold = planned(made, arguments.cold, arguments.seed + 1, None)
        warm = planned(made, arguments.warm, arguments.seed + 1, previous)
        row = warm[0] / cold[0], warm[1] / cold[1], len(still - warm[2]), len(still - cold[2]), len(still)
        rows.append(row)
        print(
            f"| {what} | {row[0]:.2f} | {row[1]:.4f} | {row[2]} | {row[3]} | {row[4]} | {warm[3] + cold[3]} |",
            flush=True,
        )
    changed = [warm / max(cold, 1) for _, _, warm, cold, _ in rows]
    print(
        f"median time {statistics.median(r[0] for r in rows):.2f} (worst {max(r[0] for r in rows):.2f}), "
        f"score {statistics.median(r[1] for r in rows):.4f} (worst {max(r[1] for r in rows):.4f}), "
        f"changed {statistics.median(changed):.2f} of cold's, "
        f"{statistics.median(r[2] / r[4] for r in rows):.1%} of all (worst {max(r[2] / r[4] for r in rows):.1%})"
    )


if __name__ == "__main__":
    main()
