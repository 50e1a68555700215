"""A hundred sampled "why not this aircraft to that incident", each confirmed by forcing.

    python -m loadtests.why_not [--samples 100] [--iterations 40] [--seed 1]

Plans of shared and generated scenarios of three sizes are asked at random (optimizer/why_not.py). An answer is confirmed

    by rule     if a plan in which the aircraft flies there all the same, by the shortest legs, breaks a rule that the
                independent referee names, of the kind the answer names
    by figure   if the plan with the aircraft sent there, searched on with another seed, does not become better than
                the plan as it stands searched on for as long; and breaks no rule by the referee

An answer that the aircraft goes (asking found a better plan, which now stands) is confirmed if the referee finds that
plan legal and better than the one asked.
"""

import argparse
import json
import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

from loadtests.machine import stamp
from loadtests.plans import judged as refereed
from loadtests.scenarios import scenario as generated
from optimizer.problem import Problem, parse
from optimizer.schedule import Schedule
from optimizer.search import search
from optimizer.solve import plan_of, solve
from optimizer.stop import MaxIterations
from optimizer.why_not import copied, sent, why_not

DATA = Path(__file__).parents[1] / "tests" / "data" / "opt"
SHARED = {"S": "S-101", "M": "M-201", "L": "L-301"}
FIRST_ITERATIONS = {"S": 200, "M": 600, "L": 600}  # a few seconds of them
# What the referee calls a rule that an answer names otherwise: it judges legs, we judge whole sorties.
ALIKE = {
    "CAPABILITY": {"WATER_UNSUITABLE"},  # it has no kit for water at all
    "OUT_OF_RANGE": {"FUEL", "CREW_CONTINUOUS", "CREW_DAILY", "CREW_DUTY", "DAYLIGHT"},
    "DAYLIGHT": {"DAYLIGHT", "CREW_DUTY"},
    "WATER_UNSUITABLE": {"WATER_UNSUITABLE", "CAPABILITY", "WATER_FIT"},
    "SERVED": set(),
}
_LEAST = 1e-6
_OTHER_SEED = 7919


def judged(sc: dict[str, Any], problem: Problem, schedule: Schedule) -> tuple[float, set[str]]:
    """The referee's score and the codes of what is broken."""
    said = refereed(sc, plan_of(schedule).to_json(problem))
    return float(said["score"]), {row["code"] for row in said["violations"]}


def searched(schedule: Schedule, iterations: int, seed: int) -> float:
    """The score after so many iterations more."""
    own = copied(schedule)
    own.fixed[:] = schedule.fixed
    for _ in search(own, MaxIterations(iterations=iterations), seed):
        pass
    return own.score()


def confirmed(
    sc: dict[str, Any],
    problem: Problem,
    schedule: Schedule,
    pair: tuple[int, int],
    *,
    iterations: int,
    seed: int,
) -> tuple[str, bool, Schedule]:
    """The class of the answer, whether it is confirmed, and the plan that stands after it."""
    aircraft, incident = pair
    said = why_not(schedule, aircraft, incident, iterations, seed)
    if said.code == "GOES":
        before, after = judged(sc, problem, schedule), judged(sc, problem, said.schedule)
        return "goes (better plan taken)", not after[1] and after[0] <= before[0] + _LEAST, said.schedule
    if said.code != "NOT_NEEDED":
        return f"rule {said.code}", by_rule(sc, problem, said.code, pair, said.schedule), said.schedule
    schedule = said.schedule
    forced = sent(schedule, aircraft, incident)
    if isinstance(forced, str):
        return "figure", False, schedule
    legal = not judged(sc, problem, forced)[1]
    other = seed + _OTHER_SEED
    better = searched(forced, iterations, other) < searched(schedule, iterations, other) - _LEAST
    return "figure", legal and not better, schedule


def by_rule(
    sc: dict[str, Any], problem: Problem, code: str, pair: tuple[int, int], schedule: Schedule
) -> bool:
    """Whether the referee names the rule when the aircraft flies there all the same."""
    aircraft, incident = pair
    if code == "SERVED":  # nothing is left to do there: all visits are made by others
        task = schedule.tasks.get(incident)
        return task is not None and not task.open_visits
    plan = plan_of(schedule).to_json(problem)
    name = problem.aircraft[aircraft].id
    rows = [row for row in plan["aircraft"] if row["aircraft_id"] != name]  # type: ignore[attr-defined]
    legs = shortest(sc, name, sc["incidents"][incident])
    plan["aircraft"] = [*rows, {"aircraft_id": name, "legs": legs}]
    said = refereed(sc, plan)["violations"]
    codes = {row["code"] for row in said if row["aircraft_id"] == name}
    alike = {code} | ALIKE.get(code, set())
    if problem.incidents[incident].fire is not None and problem.aircraft[aircraft].water is None:
        alike.add("WATER_UNSUITABLE")  # of several rules that forbid it, the referee names this one alone
    return bool(codes & alike)


def shortest(sc: dict[str, Any], name: str, incident: dict[str, Any]) -> list[dict[str, Any]]:
    """One drop or one visit and home to the base it stands at, or the nearest, by the shortest legs."""
    return Shortest(sc, name).legs(incident)


class Shortest:
    """Lays legs one after the other from where an aircraft stands, whatever the rules say."""

    def __init__(self, sc: dict[str, Any], name: str) -> None:
        from dispatch.geo import Position, distance_m
        from optimizer.reading import epoch_s, iso_time

        self._position, self._distance_m, self._iso = Position, distance_m, iso_time
        self._sc = sc
        self._craft = next(row for row in sc["aircraft"] if row["id"] == name)
        self._now_s = epoch_s(self._craft["ready_at"], "ready_at")
        self._here = self._at(self._craft)
        self._made: list[dict[str, Any]] = []

    def legs(self, incident: dict[str, Any]) -> list[dict[str, Any]]:
        """The whole flight."""
        if incident.get("fire"):
            water = min(
                self._sc["water_points"],
                key=lambda row: (
                    not self._suits(row),
                    self._distance_m(self._at(row), self._at(incident)),
                ),
            )
            self._fly("water_point", water, self._craft["cruise_mps"])
            kit = self._craft["water"] or {"fill_s": 60, "drop_s": 20}
            apart_m = self._distance_m(self._at(water), self._at(incident))
            self._add(
                "cycles",
                kit["fill_s"] + apart_m / self._craft["loaded_mps"] + kit["drop_s"],
                water_point_id=water["id"],
                incident_id=incident["id"],
                drops=1,
                litres_per_drop=100,
            )
            self._here = self._at(incident)
        else:
            self._task(incident)
        bases = self._sc["bases"]
        base = next((row for row in bases if row["id"] == self._craft["at_base_id"]), None) or min(
            bases, key=lambda row: self._distance_m(self._at(row), self._here)
        )
        self._fly("base", base, self._craft["cruise_mps"])
        return self._made

    def _task(self, incident: dict[str, Any]) -> None:
        task = incident["task"]
        if task["pickup_base_id"] is not None:
            base = next(row for row in self._sc["bases"] if row["id"] == task["pickup_base_id"])
            if base["id"] != self._craft["at_base_id"]:
                self._fly("base", base, self._craft["cruise_mps"])
            self._add("handover", task["handover_s"], incident_id=incident["id"])
        self._fly("incident", incident, self._craft["cruise_mps"])
        self._add("on_scene", task["service_s"], incident_id=incident["id"])
        if task["hospital_id"] is not None:
            hospital = next(row for row in self._sc["hospitals"] if row["id"] == task["hospital_id"])
            self._fly("hospital", hospital, self._craft["cruise_mps"])
            self._add("handover", task["handover_s"], incident_id=incident["id"])

    def _suits(self, water: dict[str, Any]) -> bool:
        kit = self._craft["water"]
        return kit is None or (kit["mode"] in water["modes"] and water["depth_m"] >= kit["min_depth_m"])

    def _at(self, row: dict[str, Any]) -> Any:
        return self._position(lon_deg=row["lon"], lat_deg=row["lat"])

    def _fly(self, kind: str, row: dict[str, Any], speed_mps: float) -> None:
        self._add(
            "fly",
            self._distance_m(self._here, self._at(row)) / speed_mps,
            to={"type": kind, "id": row["id"]},
        )
        self._here = self._at(row)

    def _add(self, kind: str, seconds: float, **what: Any) -> None:
        end_s = self._now_s + seconds
        self._made.append({"kind": kind, "start": self._iso(self._now_s), "end": self._iso(end_s), **what})
        self._now_s = end_s


def scenarios(seed: int) -> list[tuple[str, dict[str, Any]]]:
    """Two of each size: the shared one and a generated one."""
    made = []
    for size, name in SHARED.items():
        made.append((f"{size} {name}", json.loads((DATA / f"{name}.json").read_text())))
        made.append((f"{size} g{seed}", generated(size, seed)))
    return made


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.why_not")
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--iterations", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    print(stamp(), flush=True)
    chance = random.Random(arguments.seed)
    asked = scenarios(arguments.seed)
    counts: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for n, (name, sc) in enumerate(asked):
        began_s = time.process_time()
        problem = parse(sc)
        result = solve(problem, MaxIterations(iterations=FIRST_ITERATIONS[name[0]]), arguments.seed)
        schedule = result.schedule
        if schedule is None:
            raise AssertionError("a plan always has its schedule")
        share = arguments.samples * (n + 1) // len(asked) - arguments.samples * n // len(asked)
        for _ in range(share):
            pair = chance.randrange(len(problem.aircraft)), chance.randrange(len(problem.incidents))
            kind, good, schedule = confirmed(
                sc, problem, schedule, pair, iterations=arguments.iterations, seed=arguments.seed
            )
            counts[kind] += 1
            right[kind] += good
            if not good:
                craft, incident = problem.aircraft[pair[0]].id, problem.incidents[pair[1]].id
                print(f"not confirmed: {name}, {craft} to {incident}: {kind}")
        print(f"{name:10} {share:3} asked, {time.process_time() - began_s:6.1f} CPU s", flush=True)
    for kind, number in sorted(counts.items()):
        print(f"  {kind:32} {right[kind]:3} of {number}")
    print(f"confirmed {right.total()} of {counts.total()}")


if __name__ == "__main__":
    main()
