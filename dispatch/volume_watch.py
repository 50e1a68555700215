"""Who is inside which airspace volumes from tick to tick: what a move of one second cannot change is not asked again.

A point that stays in its cell of the grid (volume_index.py) keeps the volumes that hold the cell whole, and the list of
those with an edge in it. Of the latter the polygon is asked only where the heights fit and the point has moved, since it
was last asked, as far as the edge was then. Told is who came in and who went out. Pure: the clock is an argument.
"""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from dispatch.volume_index import Flags, Floats, Heights, Ints, VolumeIndex


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What a tick brought: keys are point number × volumes + volume, rising. `unsure`: of each one inside whether that
    hangs on a height that is not certain."""

    entered: Ints
    left: Ints
    inside: Ints
    unsure: Flags


class _Edges:
    """Pairs whose cell has an edge: what the polygon said, where, and how far from there it still holds."""

    def __init__(self, points: Ints, volumes: Ints) -> None:
        self.points, self.volumes = points, volumes
        self.inside: Flags = np.zeros(len(points), dtype=bool)
        self.lon_deg: Floats = np.zeros(len(points))
        self.lat_deg: Floats = np.zeros(len(points))
        self.clear_deg: Floats = np.full(len(points), -1.0)  # never asked

    def replaced(self, stays: Flags, new: "_Edges") -> "_Edges":
        """Those that stay, and the new ones."""
        made = _Edges(
            np.concatenate((self.points[stays], new.points)),
            np.concatenate((self.volumes[stays], new.volumes)),
        )
        kept = int(stays.sum())
        made.inside[:kept], made.clear_deg[:kept] = self.inside[stays], self.clear_deg[stays]
        made.lon_deg[:kept], made.lat_deg[:kept] = self.lon_deg[stays], self.lat_deg[stays]
        return made

    def ask(self, index: VolumeIndex, lon_deg: Floats, lat_deg: Floats, wanted: Flags) -> Flags:
        """Of the wanted pairs which are inside."""
        lon, lat = lon_deg[self.points], lat_deg[self.points]
        moved_deg = np.hypot(lon - self.lon_deg, lat - self.lat_deg)
        anew = np.flatnonzero(wanted & (moved_deg >= self.clear_deg))
        lon, lat, volumes = lon[anew], lat[anew], self.volumes[anew]
        self.inside[anew] = index.contains(volumes, lon, lat)
        self.lon_deg[anew], self.lat_deg[anew] = lon, lat
        self.clear_deg[anew] = index.outlines.clear_of(volumes, lon, lat)
        return self.inside & wanted


class Watch:
    """Remembers a tick: points are numbered places that stay (a track's row); one that is gone has NaN for a place."""

    def __init__(self, index: VolumeIndex) -> None:
        self._index = index
        self._revision = -1
        self._cells: Ints = np.zeros(0, dtype=np.int64)
        self._held: tuple[Ints, Ints] = (self._cells, self._cells)
        self._edges = _Edges(self._cells, self._cells)
        self._pairs: Ints = np.zeros(0, dtype=np.int64)

    def tick(
        self, lon_deg: Floats, lat_deg: Floats, heights: Heights | tuple[Floats, Floats], now: datetime
    ) -> Changes:
        """Who is inside what now, and what changed since the tick before. `heights`: or spans (`between_spans`)."""
        index = self._index
        self._follow(index.cells_of(lon_deg, lat_deg))
        held, edges = self._held, self._edges
        points, volumes = np.concatenate((held[0], edges.points)), np.concatenate((held[1], edges.volumes))
        active = index.active(now)
        if isinstance(heights, Heights):
            kept, unsure = index.between(points, volumes, heights.stacked(), active)
        else:
            kept, unsure = index.between_spans(points, volumes, heights, active)
        count = len(held[0])
        kept[count:] = edges.ask(index, lon_deg, lat_deg, kept[count:])
        keys = points * max(1, len(index.ids)) + volumes
        found = keys[kept]
        order = np.argsort(found)
        inside = found[order]
        before, self._pairs = self._pairs, inside
        return Changes(
            entered=_missing(inside, before),
            left=_missing(before, inside),
            inside=inside,
            unsure=unsure[kept][order],
        )

    def _follow(self, cells: Ints) -> None:
        """Cells are looked up in the grid for the points that changed theirs alone."""
        index, before = self._index, self._cells
        self._cells = cells
        if self._revision != index.revision or len(cells) != len(before):
            if self._revision != index.revision:
                self._pairs = np.zeros(0, dtype=np.int64)  # volumes have other numbers: all are told anew
            self._revision = index.revision
            self._held, self._edges = index.held_by(cells), _Edges(*index.edges_in(cells))
            return
        moved = cells != before
        if not moved.any():
            return
        where = np.flatnonzero(moved)
        points, volumes = index.held_by(cells[where])
        stays = ~moved[self._held[0]]
        self._held = (
            np.concatenate((self._held[0][stays], where[points])),
            np.concatenate((self._held[1][stays], volumes)),
        )
        points, volumes = index.edges_in(cells[where])
        self._edges = self._edges.replaced(~moved[self._edges.points], _Edges(where[points], volumes))

    def pair(self, key: int) -> tuple[int, str]:
        """The point and the volume of a key."""
        point, volume = divmod(int(key), max(1, len(self._index.ids)))
        return point, self._index.ids[volume]


def _missing(keys: Ints, among: Ints) -> Ints:
    """Those of the sorted `keys` that are not in the sorted `among`."""
    if not len(among):
        return keys
    place = np.minimum(np.searchsorted(among, keys), len(among) - 1)
    found: Ints = keys[among[place] != keys]
    return found
