"""What one more aircraft and one more console cost: CPU against their number, and the plots of it.

    python -m loadtests.growth [--aircraft 100,1000,5000,20000,50000] [--consoles 1,100,500,1000,2000] [--seconds 12]

Each point of aircraft is a run of sustained.py: they send two messages a second and no console looks. Consoles are
those of consoles.py: each looks at a tenth of 1,000 aircraft. The cost of one more is the rise from one point to the next; a curve that bends upwards
would show in the last column growing. Plots go to loadtests/plots.
"""

import argparse
from pathlib import Path

import matplotlib as mpl

from loadtests.consoles import rows
from loadtests.machine import stamp
from loadtests.sustained import measure

mpl.use("Agg")
from matplotlib import pyplot as plt  # after the backend is chosen

PLOTS = Path(__file__).with_name("plots")
MESSAGES_HZ = 2.0  # of one aircraft
SKY = 1_000  # aircraft above the consoles

Point = tuple[int, float]  # number, cores


def by_aircraft(numbers: list[int], seconds: float) -> list[Point]:
    """Cores for so many aircraft, nobody looking."""
    points = []
    for number in numbers:
        found = measure(rate=number * MESSAGES_HZ, aircraft=number, consoles=0, seconds=seconds)
        points.append((number, found["cores"]))
        print(
            f"  {number:6d} aircraft  {found['messages_s']:9.0f} messages/s  {found['cores']:.3f} cores",
            flush=True,
        )
    return points


def by_consoles(numbers: list[int], seconds: float) -> list[Point]:
    """Cores for so many consoles that see a tenth of the sky, those for the sky alone left out."""
    points = []
    for row in rows(numbers, aircraft=SKY, seconds=seconds):
        points.append((row.consoles, row.cores - row.cores_with_none))
        print(
            f"  {row.consoles:6d} consoles  {row.cores:.3f} cores, {row.cores_with_none:.3f} without; "
            f"delta p99 {row.wait_p99_ms:.0f} ms, gaps {row.gaps}",
            flush=True,
        )
    return points


def table(points: list[Point], of: str) -> str:
    """The points with what one more costs, in microseconds of CPU a second."""
    lines = [f"| {of} | cores | µs/s for each | µs/s for one more |", "|---|---|---|---|"]
    before: Point | None = None
    for number, cores in points:
        more = "" if before is None else f"{(cores - before[1]) / (number - before[0]) * 1e6:.1f}"
        lines.append(f"| {number} | {cores:.3f} | {cores / number * 1e6:.1f} | {more} |")
        before = (number, cores)
    return "\n".join(lines)


def plot(points: list[Point], of: str) -> Path:
    """Cores against number, as an SVG."""
    PLOTS.mkdir(exist_ok=True)
    figure, axes = plt.subplots(figsize=(6, 3.5))
    axes.plot([number for number, _ in points], [cores for _, cores in points], "o-", color="#0B62C4")
    axes.set_xlabel(of)
    axes.set_ylabel("cores")
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    figure.tight_layout()
    path = PLOTS / f"growth_{of}.svg"
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
    return path


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",") if part]


def main() -> None:
    """Both curves."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--aircraft", type=_numbers, default=[100, 1_000, 5_000, 20_000, 50_000])
    parser.add_argument("--consoles", type=_numbers, default=[1, 100, 500, 1_000, 2_000])
    parser.add_argument("--seconds", type=float, default=12)
    given = parser.parse_args()
    print(stamp())
    for of, run, numbers in (
        ("aircraft", by_aircraft, given.aircraft),
        ("consoles", by_consoles, given.consoles),
    ):
        if numbers:
            points = run(numbers, given.seconds)
            print(table(points, of))
            print(f"plot: {plot(points, of).relative_to(Path(__file__).parents[1])}")


if __name__ == "__main__":
    main()
