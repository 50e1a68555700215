"""Plans beside the human rule, the best known ones and the bound: issue figures over shared and generated scenarios.

    python -m loadtests.plans [--generated S=12,M=12,L=6,XL=2] [--seconds S=2,M=5,L=15,XL=40] [--hostile 12]
                              [--passes 200] [--first-seed 1000] [--clock cpu|wall] [--each] [--rows FILE]
                              [--format 1.1]

Every plan is judged by the independent referee (`tests/data/opt/referee.py`), those of format 1.1 by the one that ships
with it (`optimizer/format/referee.py`), the first one heard of as well as the last; the human rule beside it is our own, of the same run. Generated scenarios come from `loadtests.scenarios`, every
third of them a roll; hostile ones (twisted, sizes S and M) are held to two figures only: no violation, never above the
human rule. `--format 1.1` draws the rows that only that version has into all generated ones, rolls too.

- *net*: (score - unavoidable) / (human - unavoidable), `loadtests/unavoidable.py`; 1 is what a dispatcher does by hand.
- *fire*: fire term / the human rule's, told with the life term, which must not be worse.
- *first*, *best*: net score of the first plan and of the last / that of the best known plan of `reference.json`.
- *gap*: (score - bound) / score, with the bound that `solve` proves; `slots` the same with a bound of its slot model.
  A bound above any plan's score is no bound: counted as false.

`--seconds` are seconds of the solver's own CPU, so that a busy machine changes nothing; `--clock wall` for the clock on
the wall. Limited by: S to L search until the time is up, XL spends most of it on its first plans.
"""

import argparse
import importlib.util
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType

import optimizer
from loadtests.scenario_sizes import SIZES
from loadtests.scenario_twists import hostile
from loadtests.scenarios import DATA, Row, scenario
from loadtests.unavoidable import served, unavoidable
from optimizer.plan import Plan
from optimizer.problem import parse
from optimizer.solve import solve
from optimizer.stop import MaxSeconds

SHARED = ("S-101", "M-201", "M-201-roll", "L-301", "L-301-roll", "XL-401")
SECONDS = "S=2,M=5,L=15,XL=40"
GENERATED = "S=12,M=12,L=6,XL=2"
_ROLL_EVERY = 3
_AIMS = {  # of the issue: medians of net, of fire; the gap on each
    "S": (None, None, None),
    "M": (0.96, None, 0.003),
    "L": (0.93, 0.78, 0.015),
    "XL": (0.95, 0.78, None),
}
_SAME = 1e-6  # of a score: rounding
_ROUNDED = 0.001  # the referee's scores
_STAMPS = 1e-7  # of a score: a plan's times are written to the millisecond
_LIFE_SAME = 0.02  # weighted minutes: the referee rounds to a hundredth


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One scenario, planned and judged. Ratios are None where the other side is nothing."""

    name: str
    size: str
    violations: int
    score: float
    human: float
    unavoidable: float
    net: float
    fire: float | None
    life: float
    human_life: float
    first_net: float  # of the first plan heard, same scale as `net`
    first_s: float
    best_first: float | None
    best_last: float | None
    bound: float | None
    slot_bound: float | None
    bound_false: bool
    seconds: float
    iterations: int

    @property
    def gap(self) -> float | None:
        """Of the proven bound, of the score."""
        return None if self.bound is None else _over(self.score - self.bound, self.score)

    @property
    def slot_gap(self) -> float | None:
        """Of the slot model's bound."""
        return None if self.slot_bound is None else _over(self.score - self.slot_bound, self.score)

    @property
    def above_human(self) -> bool:
        """Whether the human rule of the same run does better."""
        return self.score > self.human * (1 + _STAMPS) + _ROUNDED

    @property
    def life_no_worse(self) -> bool:
        """Whether the life term is at most the human rule's."""
        return self.life <= self.human_life + _LIFE_SAME


def _over(part: float, whole: float) -> float:
    return part / whole if whole else 0.0 if part <= 0.0 else float("inf")


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"opt_{path.parent.name}_referee", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_REFEREE = _load(DATA / "referee.py")
_REFEREE_1_1 = _load(Path(optimizer.__file__).parent / "format" / "referee.py")


def judged(sc: Row, plan: Row) -> Row:
    """The answer of the referee of the scenario's version, the plan read from text as it would be from a file."""
    read = json.loads(json.dumps(plan))
    if sc["schema_version"] == "1.0":
        answer: Row = _REFEREE.Referee(sc, read).run()
    else:
        answer = _REFEREE_1_1.Judge(sc, read).judge()
    return answer


def reference() -> Row:
    """Scores of simple plans and the best known ones, by the shared scenarios' names."""
    table: Row = json.loads((DATA / "reference.json").read_text(encoding="utf-8"))["scenarios"]
    return table


def measure(
    sc: Row, size: str, seconds: float, clock: Callable[[], float], known: Row | None = None, passes: int = 0
) -> Measured:
    """Plan one scenario for so long and judge what comes out. `known`: its row of the reference."""
    problem = parse(sc)
    heard: list[tuple[float, Plan]] = []
    began = clock()
    result = solve(
        problem,
        MaxSeconds(seconds, clock),
        0,
        listen=lambda plan, *_: heard.append((clock() - began, plan)) if len(heard) < 1 else None,
        passes=passes,
    )
    took_s = clock() - began
    last_plan = result.plan.to_json(problem)
    last = judged(sc, last_plan)
    first_s, first_plan = heard[0] if heard else (took_s, result.plan)
    first = judged(sc, first_plan.to_json(problem))
    floor = unavoidable(sc, served(sc, last_plan, last))
    human, score = result.human.total, float(last["score"])
    bounds = [getattr(result, name, None) for name in ("bound", "slot_bound")]
    best = float(known["best_known"]["score"]) if known else None
    least = min(score, human, best if best is not None else score)
    return Measured(
        name=sc["id"],
        size=size,
        violations=len(last["violations"]) + len(first["violations"]),
        score=score,
        human=human,
        unavoidable=floor,
        net=_over(score - floor, human - floor) if human > floor else 1.0,
        fire=_ratio(last["terms"]["fire_weighted_kl_hours"], result.human.fire_weighted_kl_hours),
        life=last["terms"]["life_weighted_minutes"],
        human_life=result.human.life_weighted_minutes,
        first_net=_over(float(first["score"]) - floor, human - floor) if human > floor else 1.0,
        first_s=first_s,
        best_first=_ratio(float(first["score"]) - floor, best - floor) if best is not None else None,
        best_last=_ratio(score - floor, best - floor) if best is not None else None,
        bound=bounds[0],
        slot_bound=bounds[1],
        bound_false=bounds[0] is not None and bounds[0] > least * (1 + _SAME) + _SAME,
        seconds=took_s,
        iterations=result.iterations,
    )


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0.0 else None


# ---- tables -------------------------------------------------------------------------------------------------------
def each_table(rows: Iterable[Measured]) -> str:
    """A line for every scenario."""
    lines = [
        "| scenario | violations | score | human | net | fire | life | first | first CPU-s | best | bound | gap | slots |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        life = f"{row.life:.0f} / {row.human_life:.0f}"
        bound = "-" if row.bound is None else f"{row.bound:.1f}" + (" FALSE" if row.bound_false else "")
        lines.append(
            f"| {row.name} | {row.violations} | {row.score:.1f} | {row.human:.1f} | {row.net:.3f} "
            f"| {_shown(row.fire)} | {life} | {_shown(row.best_first)} | {row.first_s:.2f} | {_shown(row.best_last)} "
            f"| {bound} | {_percent(row.gap)} | {_percent(row.slot_gap)} |"
        )
    return "\n".join(lines)


def size_table(rows: list[Measured]) -> str:
    """Medians and worst of each size beside the aims."""
    lines = [
        "| size | scenarios | violations | above human | net median (aim) | net worst | fire median (aim) "
        "| life no worse | first / last | gap median (aim) | gap worst | no bound | false bounds |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for size in SIZES:
        mine = [row for row in rows if row.size == size]
        if not mine:
            continue
        net_aim, fire_aim, gap_aim = _AIMS[size]
        nets = [row.net for row in mine]
        fires = [row.fire for row in mine if row.fire is not None]
        gaps = [row.gap for row in mine if row.gap is not None]
        slower = [_over(row.first_net, row.net) for row in mine if row.net > 0.0]
        lines.append(
            f"| {size} | {len(mine)} | {sum(row.violations for row in mine)} "
            f"| {sum(row.above_human for row in mine)} "
            f"| {_median(nets)}{_aim(net_aim)} | {max(nets):.3f} | {_median(fires)}{_aim(fire_aim)} "
            f"| {sum(row.life_no_worse for row in mine)} | {_median(slower)} "
            f"| {_percent(statistics.median(gaps) if gaps else None)}{_aim(gap_aim, 100)} "
            f"| {_percent(max(gaps, default=None))} | {len(mine) - len(gaps)} "
            f"| {sum(row.bound_false for row in mine)} |"
        )
    return "\n".join(lines)


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.2f} %"


def _median(values: list[float]) -> str:
    return f"{statistics.median(values):.3f}" if values else "-"


def _aim(value: float | None, scale: float = 1) -> str:
    return "" if value is None else f" ({scale * value:g})"


# ---- the command --------------------------------------------------------------------------------------------------
def by_size(words: str) -> dict[str, float]:
    """`S=2,M=5` or one number for all sizes."""
    if "=" not in words:
        return dict.fromkeys(SIZES, float(words))
    pairs = [word.partition("=") for word in words.split(",") if word]
    unknown = [size for size, _, _ in pairs if size not in SIZES]
    if unknown:
        raise argparse.ArgumentTypeError(f"{unknown[0]} is no size")
    return {size: float(number) for size, _, number in pairs}


def _scenarios(args: argparse.Namespace) -> Iterable[tuple[str, str, Row, Row | None]]:
    """(group, size, scenario, reference row)."""
    if not args.no_shared:
        known = reference()
        for name in SHARED:
            sc = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
            if name.partition("-")[0] in args.seconds:
                yield "shared", name.partition("-")[0], sc, known[name]
    for size, count in args.generated.items():
        for n in range(int(count)):
            roll = n % _ROLL_EVERY == _ROLL_EVERY - 1
            sc = scenario(size, args.first_seed + n, roll=roll, version=args.format)
            yield "generated", size, sc, None
    for size in ("S", "M") if args.hostile else ():
        for n in range(args.hostile):
            seed = args.first_seed + n
            sc = scenario(size, seed, roll=n % 2 == 1, twists=hostile(seed), version=args.format)
            yield "hostile", size, sc, None


def main(arguments: list[str] | None = None) -> int:
    """Print the tables; exit status 1 if a plan broke a rule, was above the human rule, or a bound was false."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.plans")
    parser.add_argument("--seconds", type=by_size, default=by_size(SECONDS))
    parser.add_argument("--generated", type=by_size, default=by_size(GENERATED))
    parser.add_argument("--hostile", type=int, default=12, help="twisted scenarios of each of S and M")
    parser.add_argument("--first-seed", type=int, default=1000)
    parser.add_argument("--format", choices=("1.0", "1.1"), default="1.0", help="of the generated ones")
    parser.add_argument("--no-shared", action="store_true")
    parser.add_argument("--passes", type=int, default=200, help="at most, to raise the bound; 0 for none")
    parser.add_argument("--clock", choices=("cpu", "wall"), default="cpu")
    parser.add_argument("--each", action="store_true", help="a line for every generated scenario too")
    parser.add_argument("--rows", metavar="FILE", help="append every row as a JSON line")
    args = parser.parse_args(arguments)
    clock = time.process_time if args.clock == "cpu" else time.monotonic
    rows: dict[str, list[Measured]] = {"shared": [], "generated": [], "hostile": []}
    for group, size, sc, known in _scenarios(args):
        seconds = args.seconds.get(size, 5.0) / (4 if group == "hostile" else 1)
        row = measure(sc, size, seconds, clock, known, args.passes)
        rows[group].append(row)
        print(
            f"{group} {row.name} net {row.net:.4f} violations {row.violations}", file=sys.stderr, flush=True
        )
        if args.rows:
            with Path(args.rows).open("a", encoding="utf-8") as file:
                file.write(json.dumps({"group": group, **asdict(row)}) + "\n")
    parts = []
    if rows["shared"]:
        parts += ["Shared scenarios:", each_table(rows["shared"])]
    if rows["generated"]:
        parts += ["Generated scenarios, every third a roll:", size_table(rows["generated"])]
        parts += [each_table(rows["generated"])] if args.each else []
    if rows["hostile"]:
        parts += ["Hostile scenarios, every second a roll:", size_table(rows["hostile"])]
    print("\n\n".join(parts))
    every = [row for group in rows.values() for row in group]
    return int(any(row.violations or row.above_human or row.bound_false for row in every))


if __name__ == "__main__":
    sys.exit(main())
