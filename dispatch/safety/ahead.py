"""Who will fly into which volume, straight ahead, within the look-ahead (将进入). numpy and shapely, pure.

Ways are sampled no wider than half a cell of the index, which names the volumes near them; of these the ones that the
line touches are walked second by second. At most MOST aircraft a look: where there are more they take turns, and each
turn stands until the next.
"""

from dataclasses import dataclass

import numpy as np
import shapely

from dispatch.gate import Indices
from dispatch.motion import DEGREE_M
from dispatch.safety.sky import Flying
from dispatch.safety.spans import Spans
from dispatch.sighting import Floats
from dispatch.volume_index import CELL_DEG, Flags, Ints, VolumeIndex

MOST = 2_000
SLOW_MPS = 2.0  # hovers: goes nowhere
STEP_S = 3.0  # of the walk: at 150 m/s a corner cut for less is some metres deep


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """Pairs of a place and a volume, with seconds until it is entered; `unsure`: by a height that is not certain."""

    place: Ints
    volume: Ints
    in_s: Floats
    unsure: Flags

    def of(self, kept: Flags) -> "Entries":
        """Some of them."""
        return Entries(
            place=self.place[kept],
            volume=self.volume[kept],
            in_s=self.in_s[kept],
            unsure=self.unsure[kept],
        )


def entries(
    index: VolumeIndex,
    there: Flying,
    places: Indices,
    spans: Spans,
    *,
    active: Flags,
    inside: Entries,
    look_ahead_s: float,
) -> Entries:
    """Of these places, without the pairs that are `inside` already."""
    speed = np.hypot(there.east_mps[places], there.north_mps[places])
    places = places[speed > SLOW_MPS]
    nothing = np.zeros(0, np.int64)
    none = Entries(place=nothing, volume=nothing, in_s=np.zeros(0), unsure=np.zeros(0, bool))
    if not len(places) or not index.ids:
        return none
    longest_m = float(speed.max()) * look_ahead_s
    steps = int(np.ceil(longest_m / (CELL_DEG * DEGREE_M / 2))) + 1
    lon, lat = _way(there, places, np.linspace(0.0, look_ahead_s, steps + 1))
    cells = index.cells_of(lon.ravel(), lat.ravel()).reshape(lon.shape)
    cells[:, 1:][cells[:, 1:] == cells[:, :-1]] = -1  # the same cell as a step before
    points, volumes = index.near(cells.ravel())
    pairs = np.unique((points // lon.shape[1]) * len(index.ids) + volumes)
    one, volume = pairs // len(index.ids), pairs % len(index.ids)
    already = inside.place * len(index.ids) + inside.volume
    kept = active[volume] & ~np.isin(places[one] * len(index.ids) + volume, already)
    one, volume = one[kept], volume[kept]
    kept = _may_meet(index, there, (places[one], volume), spans, look_ahead_s)
    one, volume = one[kept], volume[kept]
    if not len(one):
        return none
    ends = np.stack((lon[:, [0, -1]], lat[:, [0, -1]]), axis=-1)
    kept = shapely.intersects(index.shapes(volume), np.asarray(shapely.linestrings(ends), object)[one])
    one, volume = one[kept], volume[kept]
    return _walked(index, there, (places[one], volume), spans, look_ahead_s) if len(one) else none


def _may_meet(
    index: VolumeIndex, there: Flying, pairs: tuple[Ints, Ints], spans: Spans, look_ahead_s: float
) -> Flags:
    """Whether the height could be that of the volume at any time."""
    places, volumes = pairs
    low, floor, high, ceiling = index.limits(volumes)
    climbed = there.climb_mps[places] * look_ahead_s
    may: Flags = (spans[1][low, places] + np.maximum(climbed, 0.0) >= floor) & (
        spans[0][high, places] + np.minimum(climbed, 0.0) <= ceiling
    )
    return may


def _way(there: Flying, places: Indices | Ints, times: Floats) -> tuple[Floats, Floats]:
    """lon, lat[place, time]."""
    squeeze = np.maximum(0.01, np.cos(np.radians(there.lat_deg[places])))[:, None]
    lon = there.lon_deg[places][:, None] + there.east_mps[places][:, None] * times / (DEGREE_M * squeeze)
    lat = there.lat_deg[places][:, None] + there.north_mps[places][:, None] * times / DEGREE_M
    return lon, lat


def _walked(
    index: VolumeIndex, there: Flying, pairs: tuple[Ints, Ints], spans: Spans, look_ahead_s: float
) -> Entries:
    """In steps of STEP_S, then second by second where one is met."""
    places, volumes = pairs
    times = np.arange(0.0, look_ahead_s + STEP_S / 2, STEP_S)
    met, _ = _met(index, there, pairs, spans, np.broadcast_to(times, (len(places), len(times))))
    found = np.flatnonzero(met.any(axis=1))
    places, volumes = places[found], volumes[found]
    first = times[met[found].argmax(axis=1)]
    finer = np.maximum(0.0, first[:, None] + np.arange(1.0 - STEP_S, 1.0))
    met, unsure = _met(index, there, (places, volumes), spans, finer)
    at = met.argmax(axis=1)
    row = np.arange(len(places))
    return Entries(place=places.astype(np.int64), volume=volumes, in_s=finer[row, at], unsure=unsure[row, at])


def _met(
    index: VolumeIndex, there: Flying, pairs: tuple[Ints, Ints], spans: Spans, times: Floats
) -> tuple[Flags, Flags]:
    """bool[pair, time]: inside then, and not surely so."""
    places, volumes = pairs
    low, floor, high, ceiling = (each[:, None] for each in index.limits(volumes))
    at, climbed = places[:, None], there.climb_mps[places][:, None] * times
    within = (spans[1][low, at] + climbed >= floor) & (spans[0][high, at] + climbed <= ceiling)
    sure = (spans[0][low, at] + climbed >= floor) & (spans[1][high, at] + climbed <= ceiling)
    lon, lat = _way(there, places, times)
    shapes = np.broadcast_to(index.shapes(volumes)[:, None], within.shape)
    within[within] = shapely.contains_xy(shapes[within], lon[within], lat[within])
    return within, within & ~sure
