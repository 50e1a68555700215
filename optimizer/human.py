"""The human rule, nearest-first: what a dispatcher does today, and the least our plans must beat.

Incidents by (life at risk, weight, time reported); to each the suitable free aircraft that can be there
first, with the water nearest to the fire and a full sortie; after each landing and turn-round back to the same
fire while it still owes water (demand and 60 % of the growth to come, less what is planned), else to the most
urgent incident open. Locked sorties stay. Source: the README of the plan interchange format.
"""

import heapq
import math
from collections.abc import Callable

from optimizer.choice import Candidate, Chooser, take
from optimizer.craft import Craft
from optimizer.fire_work import FireChoice
from optimizer.schedule import Schedule
from optimizer.task_sortie import task_sortie
from optimizer.timeline import Departure, Sortie

_GROWTH_SHARE = 0.6  # of the growth to come that a dispatcher plans for (README of the format)
_FULL = 10**6
_LOOKED_AT = 6  # aircraft that can come, compared before the first of them is sent
_WATER_TRIED = 3  # the nearest point, and two more where its places are taken


def nearest_first(schedule: Schedule, stopped: Callable[[], bool]) -> None:
    """Fill the schedule by the human rule."""
    rule = _Rule(schedule)
    free = {craft.index for craft in schedule.crafts if craft.row.serviceable}
    working: list[tuple[float, int, int]] = []
    for incident in rule.by_urgency:
        while free and rule.wants(incident) and not stopped():
            candidate = rule.first_there(free, incident)
            if candidate is None:
                break
            take(schedule, candidate)
            free.remove(candidate.aircraft)
            rule.planned(incident, candidate.sortie)
            heapq.heappush(working, (candidate.sortie.after.free_s, candidate.aircraft, incident))
    while working and not stopped():
        _, aircraft, incident = heapq.heappop(working)
        for target in (incident, *rule.by_urgency):
            candidate = rule.send(aircraft, target, hurry=False) if rule.wants(target) else None
            if candidate is not None:
                take(schedule, candidate)
                rule.planned(target, candidate.sortie)
                heapq.heappush(working, (candidate.sortie.after.free_s, aircraft, target))
                break


class _Rule:
    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._chooser = Chooser(schedule)
        problem = schedule.problem
        rows = problem.incidents
        self.by_urgency = sorted(
            range(len(rows)),
            key=lambda i: (not rows[i].life_at_risk, -rows[i].weight, rows[i].reported_s, i),
        )
        self._owed_l = {
            i: row.fire.demand_l + _GROWTH_SHARE * row.fire.growth_lps * problem.horizon_s
            for i, row in enumerate(rows)
            if row.fire is not None
        }
        for fire, book in schedule.fires.items():
            self._owed_l[fire] -= sum(drop[1] for drop in book.drops)
        self._water: dict[tuple[object, int], list[int]] = {}

    def wants(self, incident: int) -> bool:
        """Whether the incident still needs an aircraft."""
        task = self._schedule.tasks.get(incident)
        return task.open_visits > 0 if task is not None else self._owed_l[incident] > 0.0

    def planned(self, incident: int, sortie: Sortie) -> None:
        """Count the water of a sortie as on its way."""
        for fire, litres, times in sortie.drops:
            if fire == incident:
                self._owed_l[fire] -= litres * len(times)

    def first_there(self, free: set[int], incident: int) -> Candidate | None:
        """The sortie of the free aircraft that is there first."""
        schedule = self._schedule
        ranked = sorted(
            (self._soonest_s(a, incident), a) for a in free if incident in schedule.tables.fit_set[a]
        )
        best: Candidate | None = None
        seen = 0
        for at_s, aircraft in ranked:
            if best is not None and (at_s >= _there_s(best.sortie) or seen >= _LOOKED_AT):
                break
            candidate = self.send(aircraft, incident, hurry=True)
            seen += 1 if candidate is not None else 0
            if candidate and (best is None or _there_s(candidate.sortie) < _there_s(best.sortie)):
                best = candidate
        return best

    def _soonest_s(self, aircraft: int, incident: int) -> float:
        """When the aircraft is there if nothing keeps it: over the fire with its first water, or on scene."""
        schedule = self._schedule
        view, problem = schedule.tables.distance_view, schedule.problem
        state, craft = schedule.state(aircraft), schedule.crafts[aircraft]
        place, from_s = state.place, max(state.free_s, craft.earliest_s)
        if schedule.ends_with_recovery(aircraft):
            place, from_s = schedule.tables.first_place(aircraft), max(0.0, craft.row.ready_s)
        goal, kit = problem.incident_place(incident), craft.row.water
        if kit is None or incident in schedule.tasks:
            return from_s + view[place, goal] / craft.row.cruise_mps
        water = self._nearest_water(craft, incident)
        if not water:
            return math.inf
        at_water = problem.water_place(water[0])
        out_s = kit.fill_s + view[at_water, goal] / craft.row.loaded_mps + kit.drop_s
        return from_s + view[place, at_water] / craft.row.cruise_mps + out_s

    def send(self, aircraft: int, incident: int, *, hurry: bool) -> Candidate | None:
        """A full sortie of one aircraft, straight from the air where it is on its way home. `hurry`: the
        departure that is there first; else the one that can do most."""
        schedule = self._schedule
        if incident not in schedule.tables.fit_set[aircraft]:
            return None
        if not schedule.tables.in_range(aircraft, schedule.state(aircraft).place, incident) and (
            not schedule.ends_with_recovery(aircraft)
            or not schedule.tables.in_range(aircraft, schedule.tables.first_place(aircraft), incident)
        ):
            return None
        craft = schedule.crafts[aircraft]
        if schedule.ends_with_recovery(aircraft):
            home = schedule.pop(aircraft)
            direct = self._full(craft, incident, hurry)
            schedule.append(aircraft, home)
            if direct is not None:
                return Candidate(aircraft=aircraft, gain=0.0, sortie=direct, replaces=True)
        sortie = self._full(craft, incident, hurry)
        return Candidate(aircraft=aircraft, gain=0.0, sortie=sortie) if sortie is not None else None

    def _full(self, craft: Craft, incident: int, hurry: bool) -> Sortie | None:
        best: Sortie | None = None
        for way in self._schedule.departures(craft.index):
            sortie = self._sortie(craft, way, incident)
            if sortie is not None and _there_s(sortie) > self._schedule.problem.horizon_s:
                sortie = None
            if sortie is not None and (best is None or _rank(sortie, hurry) < _rank(best, hurry)):
                best = sortie
        return best

    def _sortie(self, craft: Craft, way: Departure, incident: int) -> Sortie | None:
        schedule = self._schedule
        if incident in schedule.tasks:
            return task_sortie(schedule, craft, way, incident, 1)[0]
        for water in self._nearest_water(craft, incident):
            litres = (
                schedule.problem.litres_per_drop(craft.row.water, water, incident) if craft.row.water else 0
            )
            found = (
                self._chooser.fire_sorties(
                    craft, way, FireChoice(fire=incident, water=water, litres=litres), _FULL
                )
                if litres
                else []
            )
            if found:
                return found[0]
        return None

    def _nearest_water(self, craft: Craft, incident: int) -> list[int]:
        key = (craft.row.water, incident)
        if key not in self._water:
            problem, tables = self._schedule.problem, self._schedule.tables
            place = problem.incident_place(incident)
            points = tables.water_for(craft.index).tolist()
            points.sort(key=lambda w: (tables.distance_view[place, problem.water_place(w)], w))
            self._water[key] = points[:_WATER_TRIED]
        return self._water[key]


def _there_s(sortie: Sortie) -> float:
    """When the first drop falls or the first visit is complete."""
    first = [times[0] for _, _, times in sortie.drops] + [at_s for _, at_s in sortie.visits]
    return min(first, default=sortie.after.free_s)


def _rank(sortie: Sortie, hurry: bool) -> tuple[float, float]:
    there_s, work = _there_s(sortie), _work(sortie)
    return (there_s, -work) if hurry else (-work, there_s)


def _work(sortie: Sortie) -> int:
    return sum(len(times) for _, _, times in sortie.drops) + len(sortie.visits)
