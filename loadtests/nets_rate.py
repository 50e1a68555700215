"""All safety nets over 20,000 aircraft and 5,000 volumes, a look a second: what each costs.

Every aircraft is taken for one of ours, and every volume asks for leave: the worst there is. At a site only the fleet is
looked after, and closures alone concern everybody. Entries ahead are looked for in turns of 2,000 aircraft
(dispatch/safety/ahead.py). The same points and volumes as in `loadtests.volumes`.
"""

import argparse
import statistics
import time
from collections import defaultdict
from dataclasses import replace

import numpy as np
from immutables import Map

from dispatch.motion import DEGREE_M
from dispatch.safety.nets import Nets
from dispatch.safety.sky import Skies
from dispatch.world import World
from loadtests.conflict_rate import NOW_S, sky
from loadtests.machine import stamp
from loadtests.volumes import made


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--aircraft", type=int, default=20_000)
    parser.add_argument("--volumes", type=int, default=5_000)
    parser.add_argument("--looks", type=int, default=12)
    parser.add_argument("--all-ours", action="store_true")
    asked = parser.parse_args()
    print(stamp(), "\n")
    picture = sky(asked.aircraft, 1)
    world = replace(World.empty("36"), volumes=Map({each.id: each for each in made(asked.volumes, 1)}))
    nets, skies = Nets(clock=time.process_time), Skies(all_ours=asked.all_ours)
    spent: dict[str, list[float]] = defaultdict(list)
    rows = picture.rows
    alive = np.flatnonzero(rows.alive)
    course = np.radians(rows.track_deg[alive].astype(float))
    for look in range(asked.looks):
        now = NOW_S + look
        speed = rows.ground_speed_mps[alive]
        squeeze = np.cos(np.radians(rows.lat_deg[alive]))
        rows.lon_deg[alive] += speed * np.sin(course) / DEGREE_M / squeeze
        rows.lat_deg[alive] += speed * np.cos(course) / DEGREE_M
        rows.position_at_s[alive] = now
        begun = time.process_time()
        made_ = skies.make(picture, world, now)
        spent["the copy (on the reactor)"].append(time.process_time() - begun)
        looked = nets.look(made_)
        for name, took in looked.spent_s.items():
            spent[name].append(took)
        if looked.failed:
            raise SystemExit(str(looked.failed))
    counts = {str(kind): len(alerts) for kind, alerts in looked.found.items() if alerts}
    ours = "every aircraft ours" if asked.all_ours else "no aircraft ours"
    print(f"{asked.aircraft:,} aircraft, {asked.volumes:,} volumes, {ours}\n")
    print("| net | ms of CPU a look, median | worst after the first | the first |\n|---|---|---|---|")
    for name, each_s in spent.items():
        ms = [1000 * each for each in each_s]
        print(f"| {name} | {statistics.median(ms[1:]):.1f} | {max(ms[1:]):.1f} | {ms[0]:.0f} |")
    print(f"\nGoing on: {counts}")


if __name__ == "__main__":
    main()
