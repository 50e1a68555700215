"""The conflict search at 1,000 to 50,000 aircraft, beside BlueSky's state-based detector, with the same limits.

What limits it: pairs of neighbouring cells whose heights may meet (numpy, one thread). Aircraft are spread over seven
provinces, at heights as they are flown, a quarter of them climbing or descending. `--bluesky FOLDER` names the
site-packages of an environment that has bluesky-simulator: its compiled module `cstatebased` is loaded from there and
called as BlueSky calls it. Without it the same published algorithm stands in, all pairs in numpy. Both must find the
same pairs; one that only one of them finds is shown with how near it is to the limit.

Ours is the whole look of the net: the copy of the picture, the search, hysteresis, and the alerts made.
"""

import argparse
import importlib.machinery
import importlib.util
import math
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from dispatch import conflicts
from dispatch.conflicts import AMBER, Movers
from dispatch.kinds import AltitudeDatum, SourceKind
from dispatch.motion import DEGREE_M
from dispatch.picture import TrackPicture
from dispatch.safety.conflict import ConflictNet
from dispatch.safety.sky import Skies
from dispatch.sighting import Sighting
from dispatch.world import World
from loadtests.machine import stamp

NOW_S = 1_790_000_000.0
WEST, SOUTH, EAST, NORTH = 108.3, 20.0, 123.3, 34.8  # seven provinces
SIZES = (1_000, 5_000, 20_000, 50_000)
BLOCK = 500  # rows at once of the stand-in: all at once would not fit
EARTH_M = 6_371_000.0  # BlueSky's sphere

Pairs = set[tuple[int, int]]


def sky(count: int, seed: int, denser: float = 1.0) -> TrackPicture:
    """So many aircraft, each heard once now. `denser`: over so small a part of the area."""
    random = np.random.default_rng(seed)
    picture = TrackPicture()
    side = denser**-0.5
    lon = random.uniform(WEST, WEST + (EAST - WEST) * side, count)
    lat = random.uniform(NORTH - (NORTH - SOUTH) * side, NORTH, count)
    low = random.random(count) < 0.4  # helicopters and small aircraft, below 1,500 m
    height = np.where(low, random.uniform(100, 1_500, count), random.uniform(1_500, 12_000, count))
    speed = np.where(low, random.uniform(20, 75, count), random.uniform(80, 260, count))
    climbs = random.random(count) < 0.25
    climb = np.where(climbs, random.uniform(-12, 12, count), 0.0)
    course = random.uniform(0, 360, count)
    for n in range(count):
        picture.accept(
            Sighting(
                source="made",
                source_kind=SourceKind.ADSB,
                icao24=f"{n:06x}",
                observed_at_s=NOW_S,
                lon_deg=float(lon[n]),
                lat_deg=float(lat[n]),
                altitude_m=float(height[n]),
                altitude_datum=AltitudeDatum.PRESSURE,
                ground_speed_mps=float(speed[n]),
                track_deg=float(course[n]),
                vertical_rate_mps=float(climb[n]),
            ),
            NOW_S,
        )
    picture.history.drain()
    return picture


def compiled(folder: Path | None) -> Callable[..., Any] | None:
    """BlueSky's own detector out of an environment's site-packages."""
    if folder is None:
        return None
    found = sorted((folder / "bluesky" / "traffic" / "asas").glob("cstatebased*.so"))
    if not found:
        raise SystemExit(f"no bluesky/traffic/asas/cstatebased*.so in {folder}")
    loader = importlib.machinery.ExtensionFileLoader("cstatebased", str(found[0]))
    spec = importlib.util.spec_from_loader("cstatebased", loader)
    if spec is None:
        raise SystemExit(f"{found[0]} is no extension")
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    detect: Callable[..., Any] = module.detect
    return detect


def asked_of(detect: Callable[..., Any], among: Movers) -> Callable[[], Pairs]:
    """A question to BlueSky's detector about the same aircraft, as BlueSky asks it."""
    speed = np.hypot(among.east_mps, among.north_mps)
    count = len(among.slot)
    traffic = SimpleNamespace(
        id=[int(slot) for slot in among.slot],
        ntraf=count,
        lat=np.ascontiguousarray(among.lat_deg),
        lon=np.ascontiguousarray(among.lon_deg),
        trk=np.degrees(np.arctan2(among.east_mps, among.north_mps)) % 360.0,
        gs=speed,
        alt=np.ascontiguousarray(among.altitude_m),
        vs=np.ascontiguousarray(among.climb_mps),
    )
    limits = [np.full(count, value) for value in (AMBER.horizontal_m, AMBER.vertical_m, AMBER.within_s)]

    def ask() -> Pairs:
        return {(min(pair), max(pair)) for pair in detect(traffic, traffic, *limits)[0]}

    return ask


def all_pairs(among: Movers) -> Pairs:
    """The published state-based algorithm, every pair, blocks of rows in numpy."""
    found: Pairs = set()
    count = len(among.slot)
    for begin in range(0, count, BLOCK):
        a = slice(begin, min(begin + BLOCK, count))
        mean = np.cos(np.radians((among.lat_deg[a, None] + among.lat_deg[None]) / 2))
        x = (among.lon_deg[None] - among.lon_deg[a, None]) * DEGREE_M * mean
        y = (among.lat_deg[None] - among.lat_deg[a, None]) * DEGREE_M
        u = among.east_mps[None] - among.east_mps[a, None]
        v = among.north_mps[None] - among.north_mps[a, None]
        z = among.altitude_m[None] - among.altitude_m[a, None]
        w = among.climb_mps[None] - among.climb_mps[a, None]
        speed2 = np.maximum(u * u + v * v, 1e-6)
        nearest_s = -(x * u + y * v) / speed2
        miss2 = np.abs(x * x + y * y - nearest_s**2 * speed2)
        half_s = np.sqrt(np.maximum(0.0, AMBER.horizontal_m**2 - miss2) / speed2)
        meets = miss2 < AMBER.horizontal_m**2
        w = np.where(np.abs(w) < 1e-6, 1e-6, w)
        first, last = (z + AMBER.vertical_m) / -w, (z - AMBER.vertical_m) / -w
        enters = np.maximum(nearest_s - half_s, np.minimum(first, last))
        leaves = np.minimum(nearest_s + half_s, np.maximum(first, last))
        hit = meets & (enters < leaves) & (leaves > 0) & (enters <= AMBER.within_s)
        for one, other in zip(*np.nonzero(hit), strict=True):
            if begin + int(one) < int(other):
                found.add((int(among.slot[begin + int(one)]), int(among.slot[int(other)])))
    return found


def ours(among: Movers) -> Pairs:
    """Our pairs."""
    return {(min(each.a, each.b), max(each.a, each.b)) for each in conflicts.find(among).conflicts}


def explained(among: Movers, pair: tuple[int, int]) -> str:
    """How near a pair is to the limits, by walking the great circle in hundredths of a second."""
    place = {int(slot): n for n, slot in enumerate(among.slot)}
    a, b = place[pair[0]], place[pair[1]]
    times = np.arange(0.0, AMBER.within_s + 0.01, 0.01)

    def walk(n: int) -> tuple[Any, Any, Any]:
        speed = math.hypot(among.east_mps[n], among.north_mps[n])
        course = math.atan2(among.east_mps[n], among.north_mps[n])
        lat = math.radians(among.lat_deg[n])
        gone = speed * times / EARTH_M
        lats = np.arcsin(math.sin(lat) * np.cos(gone) + math.cos(lat) * np.sin(gone) * math.cos(course))
        lons = math.radians(among.lon_deg[n]) + np.arctan2(
            math.sin(course) * np.sin(gone) * math.cos(lat), np.cos(gone) - math.sin(lat) * np.sin(lats)
        )
        return lats, lons, among.altitude_m[n] + among.climb_mps[n] * times

    (lat_a, lon_a, high_a), (lat_b, lon_b, high_b) = walk(a), walk(b)
    h = np.sin((lat_b - lat_a) / 2) ** 2 + np.cos(lat_a) * np.cos(lat_b) * np.sin((lon_b - lon_a) / 2) ** 2
    apart = 2 * EARTH_M * np.arcsin(np.sqrt(h))
    worse = np.maximum(apart / AMBER.horizontal_m, np.abs(high_b - high_a) / AMBER.vertical_m)
    at = int(np.argmin(worse))
    return (
        f"{pair}: {apart[at]:.1f} m of {AMBER.horizontal_m:.1f}, {abs(high_b[at] - high_a[at]):.1f} m of "
        f"{AMBER.vertical_m:.1f} at {times[at]:.1f} s, {100 * abs(worse[at] - 1):.3f} % from the limit"
    )


def timed(work: Callable[[], Any], times: int) -> tuple[Any, float]:
    """What it gives, and the median of its CPU milliseconds."""
    spent = []
    for _ in range(times):
        begun = time.process_time()
        found = work()
        spent.append((time.process_time() - begun) * 1000)
    return found, statistics.median(spent)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bluesky", type=Path, help="site-packages that has bluesky-simulator")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--most-for-them", type=int, default=50_000, help="beyond it the other is not asked")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--denser", type=float, default=1.0, help="over so small a part of seven provinces")
    asked = parser.parse_args()
    detect = compiled(asked.bluesky)
    name = "BlueSky, compiled" if detect else "all pairs, numpy"
    print(stamp(), "\n")
    if asked.denser != 1.0:
        print(f"{asked.denser:g} times as dense\n")
    print(
        f"| aircraft | ours, search | ours, whole look | {name} | times | pairs, ours | theirs | differing |"
    )
    print("|---|---|---|---|---|---|---|---|")
    notes = []
    for count in asked.sizes:
        picture = sky(count, asked.seed, asked.denser)
        among = conflicts.movers(picture, NOW_S)
        mine, search_ms = timed(partial(ours, among), 5)
        net, skies, world = ConflictNet(), Skies(), World.empty("36")
        _, look_ms = timed(lambda: net.look(skies.make(picture, world, NOW_S)), 5)  # noqa: B023  # called at once
        theirs, their_ms = None, math.nan
        if count <= asked.most_for_them:
            ask = asked_of(detect, among) if detect else partial(all_pairs, among)
            theirs, their_ms = timed(ask, 1)
        apart = sorted(mine ^ theirs) if theirs is not None else []
        notes += [
            f"- {count}: only {'ours' if pair in mine else 'theirs'}, {explained(among, pair)}"
            for pair in apart
        ]
        said = "-" if theirs is None else len(theirs)
        print(
            f"| {count:,} | {search_ms:.1f} ms | {look_ms:.1f} ms | {their_ms:,.0f} ms | "
            f"{their_ms / search_ms:.0f} | {len(mine)} | {said} | {len(apart)} |",
            flush=True,
        )
    print("\nCPU of one process, median of five looks (theirs: one).")
    print("\n".join(notes))


if __name__ == "__main__":
    main()
