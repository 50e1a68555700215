"""Which points are inside which airspace volumes, asked every tick (numpy).

A grid over the volumes says of each cell which volumes hold it whole and which have an edge in it. A point in a cell is
inside the former without looking at it; only for the latter is the polygon asked. Both are lists in one array each (by
cell, start and length), so a tick is a few gathers. What stays from tick to tick is remembered by volume_watch.py.

Heights are columns by datum, NaN where it is not known (no terrain, no pressure): a limit that cannot be compared counts
as met and is told apart (`unsure`), so that nobody is left out for want of a figure. Pure: the clock is an argument.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import shapely

from dispatch.kinds import AltitudeDatum
from dispatch.outline_distance import Outlines
from dispatch.volume import is_active
from dispatch.volume_records import HeightLimit, Volume
from dispatch.volume_shape import polygons

DATUMS = (AltitudeDatum.MSL, AltitudeDatum.AGL, AltitudeDatum.PRESSURE, AltitudeDatum.ELLIPSOID)
CELL_DEG = 0.03  # about 3 km; finer cells leave fewer edges to ask and take longer to build
MOST_CELLS = 200_000  # in a volume's bounds; a larger one (a flight information region) is asked of every point in them
FEW_CORNERS = (
    300  # the distance to so many is walked; to more it is only asked whether it is less than CLEAR_DEG
)
CLEAR_DEG = 0.005
ROUNDING_DEG = 1e-9
MOST_TABLE = 4_000_000  # cells of the box of all volumes that a table is made for: 16 MB
_LOOK_AGAIN = timedelta(seconds=30)  # hours of the day begin on minutes

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Shapes = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heights:
    """Heights of points in metres by datum, float64[point]; NaN: not known."""

    msl_m: Floats
    agl_m: Floats
    pressure_m: Floats
    ellipsoid_m: Floats

    @staticmethod
    def of_msl(msl_m: Floats) -> "Heights":
        """Where only the height above the sea is known."""
        unknown = np.full(len(msl_m), np.nan)
        return Heights(msl_m=msl_m, agl_m=unknown, pressure_m=unknown, ellipsoid_m=unknown)

    def stacked(self) -> Floats:
        """float64[datum, point] in the order of DATUMS."""
        return np.stack((self.msl_m, self.agl_m, self.pressure_m, self.ellipsoid_m))


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """Pairs of a point and a volume, by place in the points and in `VolumeIndex.ids`. `unsure`: a height is missing."""

    point: Ints
    volume: Ints
    unsure: Flags


@dataclass(slots=True)
class _Cells:
    """One volume on the grid: the cells that it holds whole, and those with its edge."""

    whole: Ints
    edge: Ints
    shape: shapely.Geometry
    large: bool = False


class VolumeIndex:
    """The volumes of now. `update` replaces what changed; the rest of the grid is kept."""

    def __init__(self, volumes: Iterable[Volume] = (), *, cell_deg: float = CELL_DEG) -> None:
        self._cell = cell_deg
        self._columns = math.ceil(360.0 / cell_deg)
        self._rows = math.ceil(180.0 / cell_deg)
        self._kept: dict[str, tuple[Volume, _Cells]] = {}
        self.ids: tuple[str, ...] = ()
        self.revision = 0
        self._looked: tuple[datetime, datetime] | None = (
            None  # when the active ones were found, how long it holds
        )
        self._active: Flags = np.zeros(0, dtype=bool)
        self.update(volumes)

    def update(self, changed: Iterable[Volume], gone: Iterable[str] = ()) -> None:
        """Put in what is new or changed, take out what is withdrawn."""
        for volume_id in gone:
            self._kept.pop(volume_id, None)
        for each in changed:
            present = self._kept.get(each.id)
            if each.withdrawn_at is not None:
                self._kept.pop(each.id, None)
            elif present is not None and present[0].terms.footprint == each.terms.footprint:
                self._kept[each.id] = (each, present[1])
            else:
                self._kept[each.id] = (each, self._rasterised(each))
        self._assemble()

    def _assemble(self) -> None:
        kept = [self._kept[volume_id] for volume_id in sorted(self._kept)]
        self.ids = tuple(each.id for each, _ in kept)
        self._volumes = tuple(each for each, _ in kept)
        self._shapes = np.array([cells.shape for _, cells in kept], dtype=object)
        self.outlines = Outlines(self._shapes.tolist())
        self._low = _limits(each.terms.floor for each in self._volumes)
        self._high = _limits(each.terms.ceiling for each in self._volumes)
        self._whole = _by_cell([cells.whole for _, cells in kept], self._columns)
        self._edge = _by_cell([cells.edge for _, cells in kept], self._columns)
        self._large = [n for n, (_, cells) in enumerate(kept) if cells.large]
        self._looked = None
        self.revision += 1

    def _rasterised(self, volume: Volume) -> _Cells:
        parts = polygons(volume.terms.footprint)
        shape = parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
        shapely.prepare(shape)
        if sum(self._count(part) for part in parts) > MOST_CELLS:
            none = np.zeros(0, dtype=np.int64)
            return _Cells(none, none, shape, large=True)
        whole, edge = [], []
        for part in parts:
            w, e = self._part(part)
            whole.append(w)
            edge.append(e)
        inside, cut = np.unique(np.concatenate(whole)), np.unique(np.concatenate(edge))
        return _Cells(np.setdiff1d(inside, cut, assume_unique=True), cut, shape)

    def _count(self, polygon: shapely.Polygon) -> int:
        west, south, east, north = polygon.bounds
        columns = self._column(east) - self._column(west) + 1
        return columns * (self._row(north) - self._row(south) + 1)

    def _part(self, polygon: shapely.Polygon) -> tuple[Ints, Ints]:
        west, south, east, north = polygon.bounds
        first, last = self._column(west), self._column(east)
        low, high = self._row(south), self._row(north)
        columns, rows = np.meshgrid(np.arange(first, last + 1), np.arange(low, high + 1))
        column, row = columns.ravel(), rows.ravel()
        x, y = column * self._cell - 180.0, row * self._cell - 90.0
        shapely.prepare(polygon)
        boxes = shapely.box(x, y, x + self._cell, y + self._cell)
        touched = shapely.intersects(polygon, boxes)
        held = np.zeros(len(boxes), dtype=bool)
        held[touched] = shapely.contains_properly(polygon, boxes[touched])
        cells = row * self._columns + column
        return cells[held], cells[touched & ~held]

    def _column(self, lon_deg: float) -> int:
        return min(self._columns - 1, max(0, int((lon_deg + 180.0) // self._cell)))

    def _row(self, lat_deg: float) -> int:
        return min(self._rows - 1, max(0, int((lat_deg + 90.0) // self._cell)))

    def cells_of(self, lon_deg: Floats, lat_deg: Floats) -> Ints:
        """The cell of each point, int64[point]; -1 for one that is nowhere (NaN)."""
        known = np.isfinite(lon_deg) & np.isfinite(lat_deg)
        lon, lat = np.where(known, lon_deg, 0.0), np.where(known, lat_deg, 0.0)
        columns = np.clip(((lon + 180.0) / self._cell).astype(np.int64), 0, self._columns - 1)
        rows = np.clip(((lat + 90.0) / self._cell).astype(np.int64), 0, self._rows - 1)
        return np.where(known, rows * self._columns + columns, -1)

    def above(self, lon_deg: Floats, lat_deg: Floats, cells: Ints | None = None) -> tuple[Ints, Ints]:
        """Points within footprints, whatever their heights: places of points and of volumes, pair by pair."""
        found = self.cells_of(lon_deg, lat_deg) if cells is None else cells
        points, volumes = self._whole.of(found)
        edge_points, edge_volumes = self.at_edges(lon_deg, lat_deg, found)
        return np.concatenate((points, edge_points)), np.concatenate((volumes, edge_volumes))

    def held_by(self, cells: Ints) -> tuple[Ints, Ints]:
        """Pairs that follow from the cells alone."""
        return self._whole.of(cells)

    def edges_in(self, cells: Ints) -> tuple[Ints, Ints]:
        """Pairs of which the cell alone does not say whether the point is inside: the polygon has to be asked."""
        points, volumes = self._edge.of(cells)
        for n in self._large:
            west, south, east, north = shapely.bounds(self._shapes[n])
            row, column = np.divmod(cells, self._columns)
            near = (row >= self._row(south)) & (row <= self._row(north)) & (cells >= 0)
            near &= (column >= self._column(west)) & (column <= self._column(east))
            places = np.flatnonzero(near)
            points = np.concatenate((points, places))
            volumes = np.concatenate((volumes, np.full(len(places), n)))
        return points, volumes

    def at_edges(self, lon_deg: Floats, lat_deg: Floats, cells: Ints) -> tuple[Ints, Ints]:
        """Pairs of points whose cell has an edge, the polygons asked."""
        points, volumes = self.edges_in(cells)
        kept = self.contains(volumes, lon_deg[points], lat_deg[points])
        return points[kept], volumes[kept]

    def contains(self, volumes: Ints, lon_deg: Floats, lat_deg: Floats) -> Flags:
        """Of each pair of a footprint and a place whether it is inside."""
        found = np.zeros(len(volumes), dtype=bool)
        order = np.argsort(volumes, kind="stable")  # one polygon after another: each is walked while warm
        found[order] = shapely.contains_xy(self._shapes[volumes[order]], lon_deg[order], lat_deg[order])
        return found

    def active(self, now: datetime) -> Flags:
        """Which volumes are active now, bool[volume]; asked again after a while."""
        if self._looked is None or not self._looked[0] <= now < self._looked[1]:
            self._active = np.array([is_active(each, now) for each in self._volumes], dtype=bool)
            self._looked = (now, self._next_look(now))
        return self._active

    def _next_look(self, now: datetime) -> datetime:
        until = now + _LOOK_AGAIN
        for each in self._volumes:
            for time in each.terms.times:
                for at in (time.begins_at, time.ends_at):
                    if at is not None and now < at < until:
                        until = at
        return until

    def between(self, points: Ints, volumes: Ints, heights: Floats, active: Flags) -> tuple[Flags, Flags]:
        """Which pairs are between floor and ceiling of an active volume, and of which a height is missing."""
        low = heights[self._low.datum[volumes], points]
        high = heights[self._high.datum[volumes], points]
        floor, ceiling = self._low.value_m[volumes], self._high.value_m[volumes]
        # a floor on the ground and no ceiling need no height at all
        no_low = np.isnan(low) & (floor > -np.inf)
        no_high = np.isnan(high) & (ceiling < np.inf)
        within = active[volumes] & ~(low < floor) & ~(high > ceiling)
        return within, within & (no_low | no_high)

    def between_spans(
        self, points: Ints, volumes: Ints, spans: tuple[Floats, Floats], active: Flags
    ) -> tuple[Flags, Flags]:
        """The same of heights that lie somewhere between two, float64[datum, point] each: which pairs may be inside,
        and which of those are not surely so."""
        low, floor, high, ceiling = self.limits(volumes)
        least, most = spans
        within = active[volumes] & (most[low, points] >= floor) & (least[high, points] <= ceiling)
        sure = (least[low, points] >= floor) & (most[high, points] <= ceiling)
        return within, within & ~sure

    def limits(self, volumes: Ints) -> tuple[Ints, Floats, Ints, Floats]:
        """Datum (a place in DATUMS) and metres of the floor, and of the ceiling; infinite where there is none."""
        low, high = self._low, self._high
        return low.datum[volumes], low.value_m[volumes], high.datum[volumes], high.value_m[volumes]

    def near(self, cells: Ints) -> tuple[Ints, Ints]:
        """Pairs of a place in `cells` and a volume that has anything in that cell: more than are inside."""
        points, volumes = self._whole.of(cells)
        edge_points, edge_volumes = self.edges_in(cells)
        return np.concatenate((points, edge_points)), np.concatenate((volumes, edge_volumes))

    def shapes(self, volumes: Ints) -> Shapes:
        """The footprints, prepared."""
        found: Shapes = self._shapes[volumes]
        return found

    def inside(self, lon_deg: Floats, lat_deg: Floats, heights: Heights, now: datetime) -> Inside:
        """All pairs at once, without memory of the tick before."""
        points, volumes = self.above(lon_deg, lat_deg)
        kept, unsure = self.between(points, volumes, heights.stacked(), self.active(now))
        return Inside(point=points[kept], volume=volumes[kept], unsure=unsure[kept])


@dataclass(slots=True)
class _Limits:
    datum: Ints
    value_m: Floats


def _limits(limits: Iterable[HeightLimit]) -> _Limits:
    found = list(limits)
    datum = np.array([DATUMS.index(each.datum) for each in found], dtype=np.int64)
    return _Limits(datum, np.array([_value_m(each) for each in found], dtype=np.float64))


def _value_m(limit: HeightLimit) -> float:
    if limit.unlimited:
        return math.inf
    on_ground = limit.datum is AltitudeDatum.AGL and limit.value_m <= 0.0
    return -math.inf if on_ground else limit.value_m


class _ByCell:
    """Volumes of each cell: those of the n-th of `cells` are `volumes[starts[n]:starts[n + 1]]`. Where the cells lie
    close enough together, n is read from a table of all cells of their box."""

    def __init__(self, cells: Ints, volumes: Ints, columns: int) -> None:
        order = np.argsort(cells, kind="stable")
        self._volumes = volumes[order]
        self._cells, counts = np.unique(cells, return_counts=True)
        self._starts = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        self._columns = columns
        self._table: npt.NDArray[np.int32] | None = None
        if len(self._cells):
            row, column = np.divmod(self._cells, columns)
            self._south, self._west = int(row[0]), int(column.min())
            height, width = int(row[-1]) - self._south + 1, int(column.max()) - self._west + 1
            if height * width <= MOST_TABLE:
                self._table = np.full((height, width), -1, np.int32)
                self._table[row - self._south, column - self._west] = np.arange(len(self._cells))

    def _places(self, cells: Ints) -> tuple[Ints, Flags]:
        if not len(self._cells):
            return np.zeros(len(cells), dtype=np.int64), np.zeros(len(cells), dtype=bool)
        if self._table is None:
            place = np.minimum(np.searchsorted(self._cells, cells), len(self._cells) - 1)
            return place, self._cells[place] == cells
        row, column = np.divmod(cells, self._columns)
        row, column = row - self._south, column - self._west
        height, width = self._table.shape
        known = (row >= 0) & (row < height) & (column >= 0) & (column < width)
        place = np.full(len(cells), -1, np.int64)
        place[known] = self._table[row[known], column[known]]
        return place, place >= 0

    def of(self, cells: Ints) -> tuple[Ints, Ints]:
        """Places in `cells` and volumes, pair by pair."""
        place, known = self._places(cells)
        points = np.flatnonzero(known)
        place = place[points]
        starts, counts = self._starts[place], self._starts[place + 1] - self._starts[place]
        owners = np.repeat(points, counts)
        ahead = np.repeat(starts - np.concatenate(([0], np.cumsum(counts)[:-1])), counts)
        return owners, self._volumes[np.arange(len(owners)) + ahead]


def _by_cell(cells: list[Ints], columns: int) -> _ByCell:
    if not cells:
        return _ByCell(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), columns)
    owners = np.repeat(np.arange(len(cells)), [len(each) for each in cells])
    return _ByCell(np.concatenate(cells), owners, columns)
