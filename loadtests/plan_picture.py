"""A picture of a plan's timeline, as SVG: one line for each aircraft that flies, by what it does when.

python -m loadtests.plan_picture [--scenario L-301] [--seconds 5] --out FILE.svg
"""

import argparse
import json
import time
from collections.abc import Iterator
from html import escape
from pathlib import Path

from loadtests.machine import stamp
from loadtests.scenarios import DATA
from optimizer.legs import LegKind
from optimizer.plan import Plan
from optimizer.problem import Problem, parse
from optimizer.solve import solve
from optimizer.stop import MaxSeconds

COLOURS = {
    LegKind.FLY: "#6b8fb8",
    LegKind.CYCLES: "#d9822b",
    LegKind.ON_SCENE: "#2e8b57",
    LegKind.HANDOVER: "#8e5bb5",
    LegKind.GROUND: "#c9ced6",
}
WORDS = {
    LegKind.FLY: "flight 飞行",
    LegKind.CYCLES: "water 取水投水",
    LegKind.ON_SCENE: "on scene 现场作业",
    LegKind.HANDOVER: "handover 交接",
    LegKind.GROUND: "turn-round 整备",
}
ROW, LEFT, TOP, WIDTH = 11, 70, 44, 1200


def lines(problem: Problem, plan: Plan, title: str) -> Iterator[str]:
    """The SVG's elements."""
    rows = sorted(plan.timelines, key=lambda n: (plan.timelines[n][0].start_s, n))
    scale = WIDTH / (problem.horizon_s * 1.1)
    height = TOP + ROW * len(rows) + 24
    yield f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 10}" height="{height}" font-family="sans-serif" font-size="9">'
    yield f'<rect width="100%" height="100%" fill="#fff"/><text x="6" y="14" font-size="12">{escape(title)}</text>'
    for n, (kind, word) in enumerate(WORDS.items()):
        left = 6 + n * 150
        yield f'<rect x="{left}" y="22" width="12" height="9" fill="{COLOURS[kind]}"/>'
        yield f'<text x="{left + 16}" y="30">{word}</text>'
    for hour in range(int(problem.horizon_s // 3600) + 1):
        x = LEFT + hour * 3600 * scale
        yield f'<line x1="{x:.1f}" y1="{TOP - 4}" x2="{x:.1f}" y2="{height - 16}" stroke="#dde2e8"/>'
        yield f'<text x="{x:.1f}" y="{height - 5}" text-anchor="middle">{hour} h</text>'
    for n, aircraft in enumerate(rows):
        y = TOP + n * ROW
        yield f'<text x="{LEFT - 4}" y="{y + 8}" text-anchor="end">{escape(problem.aircraft[aircraft].id)}</text>'
        for leg in plan.timelines[aircraft]:
            x, width = LEFT + leg.start_s * scale, (leg.end_s - leg.start_s) * scale
            if x >= LEFT + WIDTH:
                continue
            where = problem.incidents[leg.incident].id if leg.incident >= 0 else ""
            what = f"{WORDS[leg.kind]} {where} {leg.drops or ''}".strip()
            yield (
                f'<rect x="{x:.1f}" y="{y + 1}" width="{max(0.5, min(width, LEFT + WIDTH - x)):.1f}" height="{ROW - 2}" '
                f'fill="{COLOURS[leg.kind]}"><title>{escape(what)}</title></rect>'
            )
            if where and width > 24:
                yield f'<text x="{x + 2:.1f}" y="{y + 8.5}" fill="#fff" font-size="8">{escape(where)}</text>'
    yield "</svg>"


def main() -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.plan_picture")
    parser.add_argument("--scenario", default="L-301")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    problem = parse(json.loads((DATA / f"{arguments.scenario}.json").read_text()))
    result = solve(problem, MaxSeconds(arguments.seconds, time.process_time), 0)
    title = (
        f"{arguments.scenario}: score {result.score.total:.1f}, nearest-first {result.human.total:.1f}, "
        f"{len(result.plan.timelines)} of {len(problem.aircraft)} aircraft · {stamp()}"
    )
    arguments.out.write_text("\n".join(lines(problem, result.plan, title)) + "\n")


if __name__ == "__main__":
    main()
