"""The conflict net on generated encounters, and all nets on recordings: detection, false alerts, lead time.

Encounters (encounter_flights.py) are flown all at once, each at a place of its own, through the picture and the net as
a site has them. Detected is a conflict that was told before separation was lost; a false alert is one on a near miss.
The lead is from the first telling to the loss. With `--recordings FOLDER` every recording of tracks there is flown again
through all nets (`ganying safety`) and the alerts that began are counted by kind and hour flown.
"""

import argparse
import statistics
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

from adapters.cli import safety_sightings
from adapters.cli.safety import Again
from dispatch.alerts import AMBER, Alert
from dispatch.kinds import AltitudeDatum, SourceKind
from dispatch.motion import DEGREE_M
from dispatch.picture import TrackPicture
from dispatch.safety.conflict import ConflictNet
from dispatch.safety.parameter_rows import SHIPPED, shipped
from dispatch.safety.parameters import Parameters, Row
from dispatch.safety.sky import Skies
from dispatch.sighting import Sighting
from dispatch.terrain import Terrain
from dispatch.world import World
from loadtests.encounter_flights import KINDS, SECONDS, Encounter, Floats, made, seen
from loadtests.machine import stamp

NOW_S = 1_790_000_000.0
LAT, LON, APART_DEG = 20.0, 100.0, 0.6
ACROSS = 25
SWEEP_S = (30, 45, 60, 90, 120, 150, 180)


def looking_ahead(seconds: float) -> Parameters:
    """The shipped rows with another look-ahead; red never looks farther than amber."""
    day = date(2026, 11, 1)
    own = [Row(net="conflict", name="look_ahead_s", value=seconds, valid_from=day, source="the sweep")]
    if seconds < 40:
        own.append(replace(own[0], name="red_within_s"))
    return Parameters(SHIPPED, own)


def told(encounters: list[Encounter], seed: int, parameters: Parameters) -> list[list[tuple[int, int]]]:
    """Of each encounter (second, severity) of every look at which an alert went on."""
    random = np.random.default_rng(seed)
    picture, net, skies, world = TrackPicture(), ConflictNet(), Skies(parameters), World.empty("36")
    flown = [(seen(one.paths[0], random), seen(one.paths[1], random)) for one in encounters]
    found: list[list[tuple[int, int]]] = [[] for _ in encounters]
    for t in range(SECONDS):
        now = NOW_S + t
        for n, pair in enumerate(flown):
            for which, one in enumerate(pair):
                if not np.isnan(one["x"][t]):
                    picture.accept(_sighting(n, which, one, t), now)
        picture.history.drain()
        for alert in net.look(skies.make(picture, world, now)):
            n, other = _numbers(alert)
            if n == other:
                found[n].append((t, alert.severity))
    return found


def _numbers(alert: Alert) -> tuple[int, int]:
    one, other = (int(track.partition(":")[2], 16) // 2 for track in alert.track_ids)
    return one, other


def _sighting(n: int, which: int, one: dict[str, Floats], t: int) -> Sighting:
    lat0, lon0 = LAT + APART_DEG * (n // ACROSS), LON + APART_DEG * (n % ACROSS)
    return Sighting(
        source="made",
        source_kind=SourceKind.ADSB,
        icao24=f"{2 * n + which:06x}",
        observed_at_s=NOW_S + t,
        lon_deg=lon0 + float(one["x"][t]) / (DEGREE_M * np.cos(np.radians(lat0))),
        lat_deg=lat0 + float(one["y"][t]) / DEGREE_M,
        altitude_m=float(one["z"][t]),
        altitude_datum=AltitudeDatum.PRESSURE,
        ground_speed_mps=float(one["speed"][t]),
        track_deg=float(one["course"][t]),
        vertical_rate_mps=float(one["climb"][t]),
    )


def _runs(looks: list[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """Looks of one alert each: after a gap it is a new one."""
    runs: list[list[tuple[int, int]]] = []
    for each in looks:
        if runs and each[0] - runs[-1][-1][0] <= 1:
            runs[-1].append(each)
        else:
            runs.append([each])
    return runs


def _spread(leads: list[float]) -> str:
    return f"{statistics.median(leads):.0f} ({min(leads):.0f}-{max(leads):.0f})" if leads else "-"


class Score:
    """What became of encounters of one kind."""

    def __init__(self) -> None:
        self.conflicts = self.detected = self.misses = self.false = self.red_false = 0
        self.false_warnings = self.warned = 0
        self.warning_leads: list[float] = []
        self.leads: list[float] = []
        self.red_leads: list[float] = []

    def add(self, one: Encounter, looks: list[tuple[int, int]]) -> None:
        """One encounter with the looks at which it was told."""
        if one.lost_s is None:
            self.misses += 1
            runs = _runs(looks)
            self.false += len(runs)
            self.false_warnings += sum(min(severity for _, severity in run) <= AMBER for run in runs)
            self.red_false += any(severity == 1 for _, severity in looks)
            return
        self.conflicts += 1
        before = [t for t, _ in looks if t <= one.lost_s]
        if before:
            # the alert that stood when separation was lost, or the last before it
            begin = before[-1]
            while begin - 1 in before:
                begin -= 1
            self.detected += 1
            self.leads.append(one.lost_s - begin)
        runs = _runs([each for each in looks if each[0] <= one.lost_s])
        warned = [t for t, severity in runs[-1] if severity <= AMBER] if runs else []
        if warned:  # once worse it stays so until it ends, as the book of alerts has it
            self.warned += 1
            self.warning_leads.append(one.lost_s - warned[0])
        red = [t for t, severity in looks if severity == 1 and t <= one.lost_s]
        if red:
            self.red_leads.append(one.lost_s - red[0])

    def row(self, name: str) -> str:
        """Of the table."""
        hours = self.misses * 2 * SECONDS / 3600
        red = f"{statistics.median(self.red_leads):.0f}" if self.red_leads else "-"
        rate, warning_rate = (each / hours if hours else 0.0 for each in (self.false, self.false_warnings))
        return (
            f"| {name} | {self.conflicts} | {self.detected} ({100 * self.detected / max(1, self.conflicts):.1f} %) | "
            f"{self.warned} | {_spread(self.leads)} | {_spread(self.warning_leads)} | {red} | {self.misses} | "
            f"{self.false} | {self.false_warnings} | {self.red_false} | {rate:.2f} | {warning_rate:.2f} |"
        )


HEAD = (
    "| | conflicts | detected | warned of | lead s, median (range) | warning's lead s | red lead s | near misses | "
    "false alerts | false warnings | red ones | false alerts a flight hour | false warnings a flight hour |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|---|---|"
)


def generated(each: int, seed: int) -> None:
    """Both tables."""
    encounters = [one for kind in KINDS for one in made(kind, each, seed)]
    print(f"{len(encounters)} encounters, half of them conflicts, seed {seed}; look-ahead 120 s\n\n{HEAD}")
    found = told(encounters, seed, shipped())
    by_kind: dict[str, Score] = defaultdict(Score)
    for one, looks in zip(encounters, found, strict=True):
        by_kind[one.kind].add(one, looks)
        by_kind["all"].add(one, looks)
    for kind, score in by_kind.items():
        if kind != "all":
            print(score.row(kind))
    print(by_kind["all"].row("all"))
    print(f"\nThe look-ahead swept\n\n{HEAD}")
    for seconds in SWEEP_S:
        score = Score()
        for one, looks in zip(encounters, told(encounters, seed, looking_ahead(seconds)), strict=True):
            score.add(one, looks)
        print(score.row(f"{seconds} s"), flush=True)


def recorded(folder: Path) -> None:
    """Alerts of recordings by kind and hour."""
    print(
        "\n| recording | flight hours | alerts that began, by kind (a flight hour) | CPU ms a look |\n|---|---|---|---|"
    )
    for path in sorted(folder.glob("*.json*")):
        flown = Again(safety_sightings.read(str(path), "tracks"), World.empty("00"), shipped(), Terrain())
        for _ in flown.lines():
            pass
        kinds: Counter[str] = Counter()
        for (kind, code), count in flown.begun.items():
            if code != "no_terrain":
                kinds[kind] += count
        hours = flown.flight_s / 3600
        words = ", ".join(f"{kind} {count} ({count / hours:.2f})" for kind, count in sorted(kinds.items()))
        cost = 1000 * sum(flown.spent_s.values()) / max(1, flown.looks)
        print(f"| {path.name} | {hours:.1f} | {words or 'none'} | {cost:.2f} |", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--each", type=int, default=50, help="conflicts of each kind, and as many near misses"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--recordings", type=Path, help="a folder of recorded tracks")
    asked = parser.parse_args()
    print(stamp(), "\n")
    generated(asked.each, asked.seed)
    if asked.recordings is not None:
        recorded(asked.recordings)


if __name__ == "__main__":
    main()
