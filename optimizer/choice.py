"""The best next sortie of one aircraft: by how much it lowers the score, looked up fast and then exactly.

A vector estimate ranks all (fire, water point) pairs; it never falls short of the true gain, so the exact
evaluation stops as soon as no pair left can beat the best found. Tasks are few and evaluated one by one.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from optimizer.craft import Craft
from optimizer.schedule import Schedule
from optimizer.sortie import continuous_at
from optimizer.timeline import Departure, Sortie, Where
from optimizer.travel import FireWater, Matrix

_L_S_PER_KL_HOUR = 3.6e6  # litre-seconds in a kilolitre-hour
_EXACT_EACH = 3  # water points tried exactly per fire and departure
_EXACT_ALL = 24  # pairs tried exactly per departure
_PATIENT_S = 600.0  # waiting longer for a refuelling point than this, look at the next base
_MOST_DROPS = 10**6
_LEAST_GAIN = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A sortie that may be appended. `replaces`: it takes the place of the recovery the timeline ends with."""

    aircraft: int
    gain: float
    sortie: Sortie
    replaces: bool = False


def take(schedule: Schedule, candidate: Candidate) -> None:
    """Append a candidate."""
    if candidate.replaces:
        schedule.pop(candidate.aircraft)
    schedule.append(candidate.aircraft, candidate.sortie)


class Chooser:
    """Chooses by gain; with a random source, by gain blurred by `blur` (0.2: ten per cent either way)."""

    def __init__(self, schedule: Schedule, chance: random.Random | None = None, blur: float = 0.0) -> None:
        self._schedule = schedule
        self._chance = chance
        self._blur = blur

    def best(self, aircraft: int) -> Candidate | None:
        """The best sortie from the end of the aircraft's timeline, if any lowers the score."""
        schedule = self._schedule
        best = self._from_here(aircraft, 0.0, replaces=False)
        if not schedule.ends_with_recovery(aircraft):
            return best
        version = schedule.version
        home = schedule.pop(aircraft)
        direct = self._from_here(aircraft, schedule.gain(aircraft, home), replaces=True)
        schedule.append(aircraft, home)
        schedule.version = version  # nothing has changed after all
        if direct is None or (best is not None and best.gain >= direct.gain):
            return best
        return direct

    def _from_here(self, aircraft: int, threshold: float, *, replaces: bool) -> Candidate | None:
        craft = self._schedule.crafts[aircraft]
        best: tuple[float, float, Sortie] | None = None
        for way in self._schedule.departures(aircraft):
            for gain, sortie in self._options(craft, way, best[0] if best else threshold):
                blurred = gain * self._factor()
                if gain > threshold + _LEAST_GAIN and (best is None or blurred > best[0]):
                    best = blurred, gain, sortie
        if best is None:
            return None
        return Candidate(aircraft=aircraft, gain=best[0] - threshold, sortie=best[2], replaces=replaces)

    def _factor(self) -> float:
        if self._chance is None or not self._blur:
            return 1.0
        return 1.0 + self._blur * (self._chance.random() - 0.5)

    def _options(self, craft: Craft, way: Departure, floor: float) -> Iterator[tuple[float, Sortie]]:
        start_s = max(way.earliest_s, craft.earliest_s)
        if start_s >= min(self._schedule.problem.horizon_s, craft.latest_s):
            return
        for gain, sortie in self._task_options(craft, way, start_s, floor):
            floor = max(floor, gain)
            yield gain, sortie
        table = self._schedule.tables.fire_water(craft.index)
        if table is not None:
            yield from self._fire_options(craft, way, start_s, table, floor)

    def most_at_fires(self, aircraft: int) -> float:
        """At most what the aircraft's next sortie could gain at fires without lives at risk."""
        schedule = self._schedule
        craft, table = schedule.crafts[aircraft], schedule.tables.fire_water(aircraft)
        ways = schedule.departures(aircraft)
        if table is None or not ways:
            return 0.0
        calm = np.array([not schedule.problem.incidents[fire].life_at_risk for fire in table.fires.tolist()])
        start_s = max(ways[0].earliest_s, craft.earliest_s)
        bound = self._bound(craft, ways[0], start_s, table)[calm]
        return max(0.0, float(bound.max(initial=0.0)))

    # ---- fires --------------------------------------------------------------------------------------------
    def _fire_options(
        self, craft: Craft, way: Departure, start_s: float, table: FireWater, floor: float
    ) -> Iterator[tuple[float, Sortie]]:
        bound = self._bound(craft, way, start_s, table)
        flat = np.argsort(-bound, axis=None, kind="stable")[: 4 * _EXACT_ALL]
        width, tried, per_fire = bound.shape[1], 0, {}
        slack = 1.0 + self._blur
        for position in flat.tolist():
            row, column = divmod(position, width)
            if bound[row, column] * slack <= max(floor, _LEAST_GAIN) or tried >= _EXACT_ALL:
                return
            if per_fire.get(row, 0) >= _EXACT_EACH:
                continue
            per_fire[row] = per_fire.get(row, 0) + 1
            tried += 1
            for gain, sortie in self._exact_fire(craft, way, table, row, column):
                floor = max(floor, gain)
                yield gain, sortie

    def _bound(self, craft: Craft, way: Departure, start_s: float, table: FireWater) -> Matrix:
        """float64[fire, choice]: no less than what the sortie can gain; -1 where it cannot be flown."""
        schedule, row = self._schedule, craft.row
        problem, horizon_s = schedule.problem, schedule.problem.horizon_s
        left_s = craft.flight_left_s(way.fuel_kg, continuous_at(craft, way, start_s), way.today_s)
        if way.where is not Where.AIR and not way.ground_leg:
            left_s = max(left_s, craft.flight_left_s(way.fuel_kg, way.continuous_s, way.today_s))
        left_s = min(left_s, craft.latest_s - start_s)
        to_water_m = schedule.tables.distance_m[way.place][table.water + problem.water_place(0)]
        ferry_s = to_water_m / row.cruise_mps
        cycle_s = np.maximum(table.one_s + table.back_s, 1e-3)
        flyable = np.floor((left_s - ferry_s - table.home_s[:, None] + table.back_s) / cycle_s + 1e-9)
        first_s = start_s + ferry_s + table.one_s
        drops = np.clip(np.minimum(flyable, np.floor((horizon_s - first_s) / cycle_s) + 1), 0, 1e5)
        litre_s = table.litres * (drops * (horizon_s - first_s) - cycle_s * drops * (drops - 1) / 2)
        rate = table.weight * problem.weights.fire_weighted_kl_hour / _L_S_PER_KL_HOUR
        books = [schedule.fires[fire] for fire in table.fires.tolist()]
        soonest_s = first_s.min(axis=1).tolist()
        left = np.array([book.value_after(at_s) for book, at_s in zip(books, soonest_s, strict=True)])
        bound = np.minimum(litre_s * rate[:, None], left[:, None])
        for n, book in enumerate(books):
            if book.life_per_s:
                late_s = min(book.first_s, book.unserved_s)
                bound[n] += book.life_per_s * np.maximum(0.0, late_s - first_s[n])
        result: Matrix = np.where((drops >= 1) & (table.litres > 0.0), bound, -1.0)
        return result

    def _exact_fire(
        self, craft: Craft, way: Departure, table: FireWater, row: int, column: int
    ) -> Iterator[tuple[float, Sortie]]:
        schedule = self._schedule
        fire, water = int(table.fires[row]), int(table.water[row, column])
        litres = float(table.litres[row, column])
        for sortie in self.fire_sorties(craft, way, fire, water, litres, _MOST_DROPS):
            charge, useful = schedule.fires[fire].with_drops(litres, sortie.drops[0][2])
            if max(1, useful) < len(sortie.drops[0][2]):
                # what is cut off would have been wasted: the fire is charged the same without it
                for shorter in self.fire_sorties(craft, way, fire, water, litres, max(1, useful)):
                    same = shorter.drops[0][2][0] == sortie.drops[0][2][0]
                    yield schedule.gain(craft.index, shorter, charge if same else None), shorter
            else:
                yield schedule.gain(craft.index, sortie, charge), sortie

    def fire_sorties(
        self, craft: Craft, way: Departure, fire: int, water: int, litres: float, most: int
    ) -> list[Sortie]:
        """Sorties to one fire by one water point, back to the base where the aircraft is ready soonest."""
        schedule = self._schedule
        best: list[Sortie] = []
        bases = schedule.tables.return_bases(craft.index, schedule.problem.incident_place(fire))
        if self._chance is not None and self._blur and len(bases) > 1 and self._chance.random() < 0.1:
            bases = [self._chance.choice(bases), *bases]
        for base in bases:
            found = schedule.planner.fire(craft, way, fire, water, base, litres, most)
            if found and (not best or found[0].after.free_s + _PATIENT_S < best[0].after.free_s):
                best = found
            if best and best[0].after.refuelling and _wait_s(best[0]) < _PATIENT_S:
                break
            if not found and not schedule.problem.bases[base].windows and base != bases[-1]:
                # out of reach: farther ones are too, but the last may be a nearer one without fuel
                return schedule.planner.fire(craft, way, fire, water, bases[-1], litres, most)
        return best

    # ---- tasks --------------------------------------------------------------------------------------------
    def _task_options(
        self, craft: Craft, way: Departure, start_s: float, floor: float
    ) -> Iterator[tuple[float, Sortie]]:
        schedule = self._schedule
        slack = 1.0 + self._blur
        for bound, incident in self._tasks_by_bound(craft, way, start_s):
            if bound * slack <= max(floor, _LEAST_GAIN):
                return
            for visits in {schedule.tasks[incident].open_visits, 1}:
                sortie, _ = task_sortie(schedule, craft, way, incident, visits)
                if sortie is not None:
                    gain = schedule.gain(craft.index, sortie)
                    floor = max(floor, gain)
                    yield gain, sortie

    def _tasks_by_bound(self, craft: Craft, way: Departure, start_s: float) -> list[tuple[float, int]]:
        """Open tasks within reach, with what serving them can gain at most, the most first."""
        schedule = self._schedule
        fits = schedule.tables.fit_set[craft.index]
        ranked = []
        for incident, book in schedule.tasks.items():
            if incident in fits and book.open_visits:
                done_s, reachable = _soonest_visit_s(schedule, craft, way, incident, start_s)
                bound = book.best_gain(done_s) + schedule.problem.weights.changed_assignment
                if reachable and bound > _LEAST_GAIN:
                    ranked.append((bound, incident))
        return sorted(ranked, key=lambda entry: (-entry[0], entry[1]))


def _soonest_visit_s(
    schedule: Schedule, craft: Craft, way: Departure, incident: int, start_s: float
) -> tuple[float, bool]:
    """When one visit can be complete at the soonest, and whether fuel, crew and light last for the whole way."""
    problem, view = schedule.problem, schedule.tables.distance_view
    task, goal = problem.incidents[incident].task, problem.incident_place(incident)
    if task is None:
        return 0.0, False
    way_m, ground_s, place = 0.0, 0.0, way.place
    if task.pickup_base >= 0 and incident not in way.cargo:
        way_m, ground_s, place = view[place, task.pickup_base], task.handover_s, task.pickup_base
    way_m += view[place, goal]
    if task.hospital >= 0:
        hospital = problem.hospital_place(task.hospital)
        way_m, ground_s, goal = way_m + view[goal, hospital], ground_s + task.handover_s, hospital
    done_s = start_s + way_m / craft.row.cruise_mps + ground_s + task.service_s
    near = schedule.tables.bases_near(craft.index, goal)
    if not near:
        return done_s, False
    home_s = view[goal, near[0]] / craft.row.cruise_mps
    left_s = craft.flight_left_s(way.fuel_kg, 0.0 if way.ground_leg else way.continuous_s, way.today_s)
    in_air_s = done_s - start_s - ground_s + home_s
    # fuel can be had on the way only where the cargo is loaded
    lasts = task.pickup_base >= 0 or in_air_s <= left_s + 1.0
    return done_s, lasts and done_s + home_s <= craft.latest_s + 1.0


def task_sortie(self, craft: Craft, way: Departure, incident: int, visits: int) -> Sortie | None:
        """A sortie that makes so many visits, back to the nearest base that allows it."""
        return task_sortie(self._schedule, craft, way, incident, visits)[0]


def task_sortie(
    schedule: Schedule, craft: Craft, way: Departure, incident: int, visits: int
) -> tuple[Sortie | None, str]:
    """A sortie that makes so many visits of a task, or None and the code of the rule that forbids it."""
    problem = schedule.problem
    task = problem.incidents[incident].task
    last = problem.incident_place(incident)
    if task is not None and task.hospital >= 0:
        last = problem.hospital_place(task.hospital)
    code = "OUT_OF_RANGE"
    for base in schedule.tables.return_bases(craft.index, last):
        sortie, code = schedule.planner.task(craft, way, incident, visits, base)
        if sortie is not None:
            return sortie, ""
        if code not in ("CLOSED", "FUEL", "CREW_CONTINUOUS", "CREW_DAILY", "CREW_DUTY", "DAYLIGHT"):
            break  # another base to land at does not help
    return None, code


def _wait_s(sortie: Sortie) -> float:
    """How long a landed aircraft waits for a refuelling point."""
    return sortie.after.ground_from_s - sortie.legs[-1].end_s
