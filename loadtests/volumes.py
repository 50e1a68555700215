"""Points in airspace volumes: 20,000 aircraft against 5,000 volumes, each second, beside ways without an index.

What limits it: pairs whose cell has an edge, of which the polygon is asked (shapely, one thread). The ticks move every
point by a second's flight. `naive` takes every volume's bounds to every point in numpy and asks the polygon of what is
left; `tree` is shapely's STRtree asked anew each tick. All three must find the same pairs.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

import numpy as np
import shapely

from dispatch.geo import Position
from dispatch.kinds import AltitudeDatum, Role
from dispatch.volume_index import Floats, Heights, Ints, VolumeIndex
from dispatch.volume_kinds import VolumeFormat, VolumeKind
from dispatch.volume_records import Footprint, HeightLimit, Volume, VolumeSource, VolumeTerms
from dispatch.volume_shape import polygons
from dispatch.volume_watch import Watch

Found = TypeVar("Found")
NOW = datetime(2026, 11, 26, tzinfo=UTC)
WEST, SOUTH, EAST, NORTH = 108.3, 20.0, 123.3, 34.8  # seven provinces


def made(count: int, seed: int) -> list[Volume]:
    """Circles, crooked polygons and corridors of every size, five of them as large as a region."""
    random = np.random.default_rng(seed)
    volumes = []
    for n in range(count):
        lon, lat = random.uniform(WEST, EAST), random.uniform(SOUTH, NORTH)
        reach = 2.5 if n < 5 else float(np.exp(random.uniform(np.log(0.01), np.log(0.35))))
        kind = n % 10
        if kind < 3:
            footprint = Footprint(centre=Position(lon_deg=lon, lat_deg=lat), radius_m=reach * 100_000)
        elif kind < 4:
            turn = random.uniform(0, 2 * np.pi)
            ends = [(lon + s * 2 * reach * np.cos(turn), lat + s * 2 * reach * np.sin(turn)) for s in (-1, 1)]
            line = tuple(Position(lon_deg=x, lat_deg=y) for x, y in ends)
            footprint = Footprint(line=line, half_width_m=5_000)
        else:
            corners = int(random.integers(5, 120))
            turns = np.linspace(0, 2 * np.pi, corners, endpoint=False)
            out = reach * random.uniform(0.6, 1.0, corners)
            ring = tuple(
                Position(lon_deg=lon + r * np.cos(a), lat_deg=lat + r * np.sin(a))
                for r, a in zip(out, turns, strict=True)
            )
            footprint = Footprint(ring=ring)
        floor = float(random.choice((0.0, 300.0, 1_000.0, 3_000.0)))
        terms = VolumeTerms(
            name=f"V{n}",
            kind=VolumeKind.RESTRICTED,
            footprint=footprint,
            floor=HeightLimit(datum=AltitudeDatum.MSL, value_m=floor),
            ceiling=HeightLimit(datum=AltitudeDatum.MSL, value_m=floor + float(random.uniform(300, 6_000))),
            source=VolumeSource(file="made", format=VolumeFormat.HAND, line=0, feature=f"V{n}"),
            permanent=True,
        )
        volumes.append(
            Volume(id=f"V{n:05}", site="36", terms=terms, saved_at=NOW, saved_by="", saved_as=Role.ATC)
        )
    return volumes


class Naive:
    """Each volume's bounds against all points."""

    def __init__(self, volumes: list[Volume]) -> None:
        shapes = [polygons(each.terms.footprint) for each in volumes]
        self.shapes = [each[0] if len(each) == 1 else shapely.MultiPolygon(each) for each in shapes]
        shapely.prepare(self.shapes)
        self.low = [each.terms.floor.value_m for each in volumes]
        self.high = [each.terms.ceiling.value_m for each in volumes]

    def inside(self, lon: Floats, lat: Floats, high: Floats) -> Ints:
        """Keys as the watch makes them."""
        found = []
        for n, shape in enumerate(self.shapes):
            west, south, east, north = shape.bounds
            near = np.flatnonzero(
                (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
                & (high >= self.low[n]) & (high <= self.high[n])
            )  # fmt: skip
            if len(near):
                kept = near[shapely.contains_xy(shape, lon[near], lat[near])]
                found.append(kept * len(self.shapes) + n)
        return np.sort(np.concatenate(found)) if found else np.zeros(0, dtype=np.int64)


class Tree(Naive):
    """shapely's STRtree over the shapes."""

    def __init__(self, volumes: list[Volume]) -> None:
        super().__init__(volumes)
        self.tree = shapely.STRtree(self.shapes)

    def inside(self, lon: Floats, lat: Floats, high: Floats) -> Ints:
        """Keys as the watch makes them."""
        points, shapes = self.tree.query(shapely.points(lon, lat), predicate="within")
        low, top = np.array(self.low)[shapes], np.array(self.high)[shapes]
        kept = (high[points] >= low) & (high[points] <= top)
        return np.sort(points[kept] * len(self.shapes) + shapes[kept])


def timed(work: Callable[..., Found], *given: object) -> tuple[Found, float]:
    """What it gives, and milliseconds of CPU of this process."""
    begun = time.process_time()
    found = work(*given)
    return found, (time.process_time() - begun) * 1000


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=20_000)
    parser.add_argument("--volumes", type=int, default=5_000)
    parser.add_argument("--ticks", type=int, default=30)
    asked = parser.parse_args()
    random = np.random.default_rng(7)
    volumes = made(asked.volumes, 1)
    index = VolumeIndex()
    _, built = timed(index.update, volumes)
    _, again = timed(index.update, made(1, 99))
    index.update(volumes[:1])
    naive, tree, watch = Naive(volumes), Tree(volumes), Watch(index)
    lon, lat = random.uniform(WEST, EAST, asked.points), random.uniform(SOUTH, NORTH, asked.points)
    high = random.uniform(50, 9_000, asked.points)
    course, speed = random.uniform(0, 2 * np.pi, asked.points), random.uniform(30, 250, asked.points)
    spent: dict[str, list[float]] = {"watch": [], "whole": [], "naive": [], "tree": []}
    pairs = changes = 0
    for n in range(asked.ticks + 1):
        lon += speed * np.sin(course) / 111_320 / np.cos(np.radians(lat))
        lat += speed * np.cos(course) / 111_320
        heights = Heights.of_msl(high)
        told, watched = timed(watch.tick, lon, lat, heights, NOW)
        if not n:
            continue  # the first tick tells everything and warms the polygons
        spent["watch"].append(watched)
        changes += len(told.entered) + len(told.left)
        pairs = len(told.inside)
        if n % 10 == 1:
            spent["whole"].append(timed(index.inside, lon, lat, heights, NOW)[1])
            for name, other in (("naive", naive), ("tree", tree)):
                keys, took = timed(other.inside, lon, lat, high)
                spent[name].append(took)
                if not np.array_equal(keys, told.inside):
                    raise SystemExit(f"{name} finds other pairs: {len(keys)} and {pairs}")
    print(
        f"{asked.points} points, {asked.volumes} volumes, {pairs} pairs inside, {changes / asked.ticks:.0f} changes a tick\n"
    )
    print("| way | ms of CPU a tick, median | worst | times the watch |\n|---|---|---|---|")
    base = statistics.median(spent["watch"])
    for name, said in (
        ("watch", "index, incremental"),
        ("whole", "index, whole anew"),
        ("tree", "STRtree"),
        ("naive", "bounds of each"),
    ):
        median = statistics.median(spent[name])
        print(f"| {said} | {median:.1f} | {max(spent[name]):.1f} | {median / base:.1f} |")
    print(f"\nbuilt in {built / 1000:.1f} s; one volume more in {again:.0f} ms. Same pairs by all ways.")


if __name__ == "__main__":
    main()
