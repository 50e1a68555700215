"""Great-circle distances between all places of a problem, and what follows from them per kind of aircraft.

`distance_m`: float64[place, place], metres on the mean sphere; places numbered as `problem.py` says.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatch.geo import EARTH_RADIUS_M
from optimizer.around import FAR_M, Detours, positions_deg
from optimizer.craft import Craft
from optimizer.problem import Aircraft, Problem, WaterKit
from optimizer.shut import airspace

WATER_CHOICES = 10  # per kind of aircraft and fire: enough for the places at small ponds to run out
RETURN_CHOICES = 4  # bases worth returning to from one place

Matrix = NDArray[np.float64]
Indices = NDArray[np.int64]


def distance_matrix_m(problem: Problem) -> Matrix:
    """float64[place, place], metres in straight lines."""
    lon, lat = positions_deg(problem)
    return haversine_m(lon, lat, lon, lat)


def haversine_m(lon_a: Matrix, lat_a: Matrix, lon_b: Matrix, lat_b: Matrix) -> Matrix:
    """float64[a, b], metres on the sphere of the interchange format."""
    lon_a, lat_a, lon_b, lat_b = (np.radians(deg) for deg in (lon_a, lat_a, lon_b, lat_b))
    half_lat = np.sin((lat_a[:, None] - lat_b[None, :]) / 2) ** 2
    half_lon = np.sin((lon_a[:, None] - lon_b[None, :]) / 2) ** 2
    half = half_lat + np.cos(lat_a)[:, None] * np.cos(lat_b)[None, :] * half_lon
    matrix: Matrix = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(1.0, half)))
    return matrix


def detours(problem: Problem, distance_m: Matrix) -> Detours | None:
    """The ways round closed airspace, if any is closed."""
    space = airspace(problem)
    if space is None:
        return None
    lon, lat = positions_deg(problem)
    corners = np.array([space.degrees(n) for n in range(len(space.corners))]).reshape(-1, 2)
    corner_m = haversine_m(lon, lat, corners[:, 0], corners[:, 1])
    between_m = haversine_m(corners[:, 0], corners[:, 1], corners[:, 0], corners[:, 1])
    found = Detours(space, distance_m, corner_m, between_m)
    for hospital in range(len(problem.hospitals)):
        place = problem.hospital_place(hospital)
        if any(inside[place] for inside in space.inside):  # it has no hours that could say when it is open
            found.ways_m[place, :] = found.ways_m[:, place] = FAR_M
    return found


def suitable_water(problem: Problem, craft: Aircraft) -> Indices:
    """Indices of the water points whose mode and depth suit the aircraft's kit."""
    kit = craft.water
    if kit is None:
        return np.empty(0, dtype=np.int64)
    fits = [n for n in range(len(problem.water_points)) if problem.water_suits(kit, n)]
    return np.array(fits, dtype=np.int64)


def suitable_bases(problem: Problem, craft: Aircraft) -> tuple[int, ...]:
    """Indices of the bases whose runway is long enough."""
    return tuple(n for n, base in enumerate(problem.bases) if base.runway_m >= craft.min_runway_m)


@dataclass(frozen=True, slots=True, kw_only=True)
class FireWater:
    """For one kind of aircraft and the fires it may fight: the best water points of each.

    `fires`: int64[fire]; the rest [fire, choice]: `water` indices (NONE pads a short row), `litres` per drop,
    `one_s` from filling to the drop, `back_s` empty to the water; `home_s` [fire] to the nearest base.
    """

    fires: Indices
    water: Indices
    litres: Matrix
    one_s: Matrix
    back_s: Matrix
    home_s: Matrix
    weight: Matrix


class Tables:
    """Everything about a problem that no plan changes: distances, limits, near bases, good water."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.distance_m = distance_matrix_m(problem)
        self.detours = detours(problem, self.distance_m)
        if self.detours is not None:
            self.distance_m = self.detours.ways_m
        self.distance_view = memoryview(self.distance_m)  # type: ignore[arg-type]  # an array is a buffer; numpy says so from Python 3.12 on
        self.crafts = [Craft.of(problem, n) for n in range(len(problem.aircraft))]
        self._bases: dict[float, tuple[int, ...]] = {}
        self._near: dict[tuple[float, int], list[int]] = {}
        self._return: dict[tuple[float, str, int], list[int]] = {}
        self._kinds: dict[tuple[object, ...], FireWater | None] = {}
        self.fit = [
            [i for i in range(len(problem.incidents)) if not problem.unfit_code(n, i)]
            for n in range(len(problem.aircraft))
        ]
        self.fit_set = [frozenset(fits) for fits in self.fit]
        self._water: dict[WaterKit, Indices] = {}
        self._lifted: dict[WaterKit, tuple[Matrix, Matrix]] = {}
        self._water_m = np.array([row.elevation_m for row in problem.water_points], dtype=float)
        self._scene_m = np.array([row.elevation_m for row in problem.incidents], dtype=float)
        self._cut_off: dict[int, list[int]] = {}
        for water, incident in problem.cut_off:
            self._cut_off.setdefault(incident, []).append(water)

    def litres_per_drop(self, kit: WaterKit, incident: int) -> Matrix:
        """float64[water point]: what the kit lifts from each to an incident, as `Problem.litres_per_drop` says."""
        if kit not in self._lifted:
            self._lifted[kit] = self._lift_at(kit, self._water_m), self._lift_at(kit, self._scene_m)
        at_water, at_scene = self._lifted[kit]
        litres: Matrix = np.where(self._water_m > self._scene_m[incident], at_water, at_scene[incident])
        litres[self._cut_off.get(incident, [])] = 0.0
        return litres

    def _lift_at(self, kit: WaterKit, elevation_m: Matrix) -> Matrix:
        heights, place = np.unique(elevation_m, return_inverse=True)
        density_m = [self.problem.density_altitude_m(height_m) for height_m in heights.tolist()]
        return np.array([kit.litres_at(at_m) for at_m in density_m], dtype=float)[place]

    def first_place(self, aircraft: int) -> int:
        """The place number of where an aircraft stands at the start."""
        return self.problem.aircraft_place(aircraft)

    def water_for(self, aircraft: int) -> Indices:
        """Indices of the water points that suit the aircraft."""
        row = self.problem.aircraft[aircraft]
        if row.water is None:
            return np.empty(0, dtype=np.int64)
        if row.water not in self._water:
            self._water[row.water] = suitable_water(self.problem, row)
        return self._water[row.water]

    def round_by_water_s(self, aircraft: int, start: int, goal: int) -> Matrix:
        """float64[of `water_for`], s: empty from one place to each water point, and loaded from there to another."""
        row = self.problem.aircraft[aircraft]
        places = self.problem.water_place(0) + self.water_for(aircraft)
        out_s: Matrix = self.distance_m[start, places] / row.cruise_mps
        loaded_s: Matrix = self.distance_m[places, goal] / row.loaded_mps
        return np.add(out_s, loaded_s)

    def in_range(self, aircraft: int, place: int, incident: int) -> bool:
        """Whether the aircraft, rested and full, could reach the incident from a place and land after it.
        Only a quick no is final: this looks at the straight way."""
        craft, row = self.crafts[aircraft], self.problem.aircraft[aircraft]
        goal = self.problem.incident_place(incident)
        near = self.bases_near(aircraft, goal)
        if not near:
            return False
        fuel_kg = max(row.fuel_kg, row.fuel_capacity_kg)
        left_s = min(craft.flight_left_s(fuel_kg, 0.0, row.flown_today_s), craft.latest_s)
        way_m = self.distance_view[place, goal] + self.distance_view[goal, near[0]]
        return bool(way_m <= left_s * row.cruise_mps)

    def bases_near(self, aircraft: int, place: int) -> list[int]:
        """Bases with a runway for the aircraft, the nearest to the place first."""
        row = self.problem.aircraft[aircraft]
        key = (row.min_runway_m, place)
        if key not in self._near:
            if row.min_runway_m not in self._bases:
                self._bases[row.min_runway_m] = suitable_bases(self.problem, row)
            fits = self._bases[row.min_runway_m]
            self._near[key] = sorted(fits, key=lambda base: (self.distance_view[place, base], base))
        return self._near[key]

    def all_bases_near(self, place: int) -> list[int]:
        """All bases, whatever their runway, the nearest first."""
        return sorted(range(len(self.problem.bases)), key=lambda base: self.distance_view[place, base])

    def return_bases(self, aircraft: int, place: int) -> list[int]:
        """The few bases worth returning to from a place: near ones with fuel, else near ones without."""
        row = self.problem.aircraft[aircraft]
        key = (row.min_runway_m, row.fuel_type, place)
        if key not in self._return:
            near = self.bases_near(aircraft, place)
            craft = self.crafts[aircraft]
            fuelled = [base for base in near if craft.takes_fuel_at(self.problem, base)][:RETURN_CHOICES]
            # a base without its fuel ends the flying: worth it only where the next with fuel is farther
            bare = [base for base in near[:1] if base not in fuelled]
            self._return[key] = fuelled + bare
        return self._return[key]

    def fire_water(self, aircraft: int) -> FireWater | None:
        """The table of good water points for the fires an aircraft may fight; None if there are none."""
        row = self.problem.aircraft[aircraft]
        if row.water is None:
            return None
        fires = tuple(i for i in self.fit[aircraft] if self.problem.incidents[i].fire is not None)
        key = (row.cruise_mps, row.loaded_mps, row.water, row.min_runway_m, row.fuel_type, fires)
        if key not in self._kinds:
            self._kinds[key] = self._choose_water(aircraft, row.water, fires)
        return self._kinds[key]

    def _litres(self, kit: WaterKit, points: Indices, fires: tuple[int, ...]) -> Matrix:
        """float64[fire, point]: litres per drop; worked out once for each height that occurs."""
        problem = self.problem
        point_m = np.array([problem.water_points[w].elevation_m for w in points.tolist()])
        fire_m = np.array([problem.incidents[f].elevation_m for f in fires])
        higher_m, where = np.unique(np.maximum(fire_m[:, None], point_m[None, :]), return_inverse=True)
        lifted = np.array([kit.litres_at(problem.density_altitude_m(float(height))) for height in higher_m])
        litres: Matrix = lifted[where].reshape(len(fires), len(points))
        for water, fire in problem.cut_off:
            if fire in fires:
                litres[fires.index(fire), points == water] = 0.0
        return litres

    def _choose_water(self, aircraft: int, kit: WaterKit, fires: tuple[int, ...]) -> FireWater | None:
        row, problem = self.problem.aircraft[aircraft], self.problem
        points = self.water_for(aircraft)
        if not fires or not len(points):
            return None
        litres = self._litres(kit, points, fires)
        gap_m = self.distance_m[
            np.ix_(np.array([problem.incident_place(f) for f in fires]), points + len(problem.bases))
        ]
        one_s = kit.fill_s + kit.drop_s + gap_m / row.loaded_mps
        back_s = gap_m / row.cruise_mps
        # filled and dropped on the spot in no time at all: nobody flies that, and the referee cannot time it
        litres = np.where(one_s > 0.0, litres, 0.0)
        cycle_s = np.where(litres > 0.0, one_s + back_s, np.inf)
        chosen = np.array(
            [_best_columns(rate, cycle) for rate, cycle in zip(litres / cycle_s, cycle_s, strict=True)]
        )
        take = np.take_along_axis
        home = [self.return_bases(aircraft, problem.incident_place(f)) for f in fires]
        home_m = [
            min((self.distance_view[problem.incident_place(f), base] for base in bases), default=np.inf)
            for f, bases in zip(fires, home, strict=True)
        ]
        return FireWater(
            fires=np.array(fires, dtype=np.int64),
            water=points[chosen],
            litres=take(litres, chosen, axis=1),
            one_s=take(one_s, chosen, axis=1),
            back_s=take(back_s, chosen, axis=1),
            home_s=np.array(home_m) / row.cruise_mps,
            weight=np.array([problem.incidents[f].weight for f in fires]),
        )


def _best_columns(rate: Matrix, cycle_s: Matrix) -> Indices:
    """The columns with the most litres a second, and those with the shortest cycles."""
    count = min(WATER_CHOICES, len(rate))
    by_rate = np.argsort(-rate, kind="stable")[:count]
    by_cycle = np.argsort(cycle_s, kind="stable")[:count]
    ranked = dict.fromkeys([*by_rate[: count // 2 + 1].tolist(), *by_cycle.tolist(), *by_rate.tolist()])
    return np.array(list(ranked)[:count], dtype=np.int64)
