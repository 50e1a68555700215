"""How far points are from outlines, many pairs at once (numpy), on the plane of lon and lat.

Outlines of few corners are walked: their edges lie one after the other in four columns, so that a pair is a slice and
all pairs are one pass. GEOS takes about 14 µs a pair for the same. Of an outline of many corners it is only asked
whether it is farther than CLEAR_DEG, by its prepared index.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import shapely

FEW_CORNERS = 300
CLEAR_DEG = 0.005
ROUNDING_DEG = 1e-9

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Outlines:
    """The outlines of polygons, numbered as given."""

    def __init__(self, shapes: Sequence[shapely.Geometry]) -> None:
        corners = shapely.get_num_coordinates(np.array(shapes, dtype=object))
        self._many = {
            int(n): shapely.boundary(shapes[n]) for n in np.flatnonzero(corners > FEW_CORNERS).tolist()
        }
        shapely.prepare(list(self._many.values()))
        few = np.flatnonzero(corners <= FEW_CORNERS)
        parts, part_of = shapely.get_parts([shapes[n] for n in few.tolist()], return_index=True)
        rings, ring_of = shapely.get_rings(parts, return_index=True)
        xy, ring = shapely.get_coordinates(rings, return_index=True)
        edge = np.flatnonzero(ring[1:] == ring[:-1])  # from this corner to the next, of one ring
        self._x, self._y = xy[edge, 0], xy[edge, 1]
        self._dx, self._dy = xy[edge + 1, 0] - self._x, xy[edge + 1, 1] - self._y
        self._square = np.maximum(self._dx**2 + self._dy**2, 1e-30)
        owner = few[part_of[ring_of[ring[edge]]]] if len(edge) else np.zeros(0, np.int64)
        self._first = np.searchsorted(owner, np.arange(len(shapes)))
        self._count = np.searchsorted(owner, np.arange(len(shapes)), "right") - self._first

    def clear_of(self, outlines: Ints, lon_deg: Floats, lat_deg: Floats) -> Floats:
        """Of each pair of an outline and a place how far the place may move, in degrees, before it can have crossed:
        never more than the distance."""
        found = np.zeros(len(outlines))
        count = self._count[outlines]
        few = np.flatnonzero(count)
        if len(few):
            counts = count[few]
            begins = np.concatenate(([0], np.cumsum(counts)[:-1]))
            edge = np.arange(int(counts.sum())) + np.repeat(self._first[outlines[few]] - begins, counts)
            from_x = np.repeat(lon_deg[few], counts) - self._x[edge]
            from_y = np.repeat(lat_deg[few], counts) - self._y[edge]
            dx, dy = self._dx[edge], self._dy[edge]
            along = np.clip((from_x * dx + from_y * dy) / self._square[edge], 0.0, 1.0)
            square = (from_x - along * dx) ** 2 + (from_y - along * dy) ** 2
            found[few] = np.sqrt(np.minimum.reduceat(square, begins)) - ROUNDING_DEG
        for place in np.flatnonzero(count == 0).tolist():
            outline = self._many.get(int(outlines[place]))
            point = shapely.Point(lon_deg[place], lat_deg[place])
            if outline is not None and not shapely.dwithin(outline, point, CLEAR_DEG):
                found[place] = CLEAR_DEG
        return found
