"""Take-off, scene, water, drop and landing as found from tracks, against labels and the simulator, as a table.

    python -m loadtests.flight_events [--times]

Recordings and labels: tests/data/flight_events. What limits it: the labels are one reading of the track by a person,
the tankers' reports come 20 to 60 s apart, and between landing and take-off they are not heard at all.
"""

import argparse
import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from dispatch.flight_phase import FlightEventKind, FlightPhases, KnownPlace
from dispatch.flight_samples import TrackSample
from dispatch.kinds import AltitudeDatum
from loadtests.flight_simulated import bucket_flight, found_in

FOLDER = Path(__file__).parents[1] / "tests" / "data" / "flight_events"
FT_M, KT_MPS, FPM_MPS = 0.3048, 0.514444, 0.00508
SIMULATED_WITHIN_S = 30.0


class Told(NamedTuple):
    """A kind of event and when."""

    kind: str
    at_s: float


class Score(NamedTuple):
    """Of one kind in one recording: found rightly, found besides, missed, and how far off in seconds the right are."""

    right: int
    besides: int
    missed: int
    off_s: tuple[float, ...]


def matched(found: list[Told], true: list[Told], unsure: list[Told], within_s: float) -> Score:
    """Each true one takes the nearest found one; what only lies near an unsure one counts neither way."""
    left = list(found)
    offs: list[float] = []
    for label in true:
        near = min(left, key=lambda each: abs(each.at_s - label.at_s), default=None)
        if near is not None and abs(near.at_s - label.at_s) <= within_s:
            left.remove(near)
            offs.append(near.at_s - label.at_s)
    besides = [each for each in left if not any(abs(each.at_s - one.at_s) <= within_s for one in unsure)]
    return Score(len(offs), len(besides), len(true) - len(offs), tuple(offs))


def _samples(rows: list[list[Any]]) -> Iterator[TrackSample]:
    def si(value: float | None, factor: float) -> float | None:
        return None if value is None else value * factor

    for at_s, lon_deg, lat_deg, feet, knots, fpm, ground in rows:
        if lon_deg is None or lat_deg is None:
            continue
        yield TrackSample(
            at_s=at_s,
            lon_deg=lon_deg,
            lat_deg=lat_deg,
            altitude_m=si(feet, FT_M),
            altitude_datum=AltitudeDatum.PRESSURE,
            ground_speed_mps=si(knots, KT_MPS),
            vertical_rate_mps=si(fpm, FPM_MPS),
            on_ground=ground,
            source="recording",
        )


def recorded(part: str = "") -> Iterator[tuple[str, str, list[Told], list[Told], list[Told]]]:
    """Name, part, found, true, unsure of each recording (of one part)."""
    tracks = json.loads(gzip.decompress((FOLDER / "tracks.json.gz").read_bytes()))["tracks"]
    for name, told in json.loads((FOLDER / "labels.json").read_text())["recordings"].items():
        if part and told["part"] != part:
            continue
        watch = FlightPhases(
            fixed_wing=told["fixed_wing"],
            base=KnownPlace(**told["base"]) if told["base"] else None,
            scene=KnownPlace(**told["scene"]) if told["scene"] else None,
        )
        events = [event for sample in _samples(tracks[name]) for event in watch.feed(sample)]
        quiet = watch.quiet(tracks[name][-1][0] + 600.0)  # as a live watch would ask after the last report
        events += [quiet] if quiet else []
        found = [Told(event.kind.value, event.at_s - told["start"]) for event in events]
        true = [Told(one["kind"], one["at_s"]) for one in told["labels"]]
        yield name, told["part"], found, true, [Told(one["kind"], one["at_s"]) for one in told["uncertain"]]


def simulated() -> Iterator[tuple[str, str, list[Told], list[Told], list[Told]]]:
    """The same of the simulator's bucket flights."""
    for every_s in (1.0, 5.0, 10.0, 30.0):
        for drops in (1, 4, 8):
            samples, truth = bucket_flight(drops=drops, every_s=every_s)
            found = [Told(event.kind.value, event.at_s) for event in found_in(samples)]
            name = f"simulator, one report in {every_s:g} s"
            yield name, "simulated", found, [Told(kind.value, at_s) for kind, at_s in truth], []


def scores(part: str = "") -> dict[tuple[str, str, str], Score]:
    """By part, recording and kind."""
    within = json.loads((FOLDER / "labels.json").read_text())["tolerance_s"]
    made: dict[tuple[str, str, str], Score] = {}
    cases = [*recorded(part), *([] if part else simulated())]
    for name, of_part, found, true, unsure in cases:
        for kind in FlightEventKind:
            within_s = SIMULATED_WITHIN_S if of_part == "simulated" else within.get(kind.value)
            if within_s is None:
                continue
            found_so, true_so, unsure_so = (
                [one for one in each if one.kind == kind] for each in (found, true, unsure)
            )
            score = matched(found_so, true_so, unsure_so, within_s)
            if score[:3] == (0, 0, 0):
                continue
            before = made.get((of_part, name, kind.value), Score(0, 0, 0, ()))
            made[of_part, name, kind.value] = _sum(before, score)
    return made


def _sum(one: Score, other: Score) -> Score:
    return Score(
        one.right + other.right,
        one.besides + other.besides,
        one.missed + other.missed,
        one.off_s + other.off_s,
    )


def _line(part: str, name: str, kind: str, score: Score) -> str:
    found, true = score.right + score.besides, score.right + score.missed
    precision = f"{score.right / found:.2f}" if found else "-"
    recall = f"{score.right / true:.2f}" if true else "-"
    off = f"{sorted(map(abs, score.off_s))[len(score.off_s) // 2]:.0f}" if score.off_s else "-"
    return f"| {part} | {name} | {kind} | {true} | {score.right} | {score.besides} | {score.missed} | {precision} | {recall} | {off} |"


def main() -> int:
    """Print the table; with --times what was found, recording by recording."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", action="store_true")
    if parser.parse_args().times:
        for name, _, found, true, _ in recorded():
            print(
                name,
                "\n  found",
                [(t.kind, round(t.at_s)) for t in found],
                "\n  true ",
                [tuple(t) for t in true],
            )
    made = scores()
    print("| part | of | event | true | found | besides | missed | precision | recall | median off, s |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for part in ("measure", "tune", "simulated"):
        for kind in FlightEventKind:
            these = [score for (of, _, event), score in made.items() if of == part and event == kind]
            if these:
                total = Score(0, 0, 0, ())
                for score in these:
                    total = _sum(total, score)
                print(_line(part, "**all**", kind.value, total))
    for (part, name, which), score in made.items():
        print(_line(part, name, which, score))
    return 0


if __name__ == "__main__":
    sys.exit(main())
