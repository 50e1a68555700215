"""Real sorties for the lists of `most_saved.py`: several incidents with lives at risk one after the other, patients
and goods of more than one on board, without landing between. The rest of the optimizer flies one incident a sortie; as
one more first plan for the search, filled up by `fill.py`, these save what that cannot.

A list is flown as far as one sortie can go and keep every rule against the bookings so far; what is left of it goes on
from where that one lands. What fits nowhere is left out.
"""

import math
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field, replace

from optimizer.craft import Craft
from optimizer.hours import opening_s
from optimizer.legs import LegKind
from optimizer.most_saved import Path, Stop, most_saved_together
from optimizer.problem import NONE, Problem
from optimizer.schedule import Schedule
from optimizer.timeline import Departure, Sortie, Where
from optimizer.walk import Walk

_WATERS = 3  # the quickest water points for a first drop are tried
_LANDINGS = 3  # bases near the last stop
_TRIES = 4  # delays found one after the other before a sortie is given up
_AT_ONCE_S = 1e-6


def rescue(schedule: Schedule) -> bool:
    """Append the sorties that together save most where lives are at risk; False, and nothing done, if there is
    nothing to say."""
    return fly(schedule, most_saved_together(schedule.problem, schedule.tables).paths)


def fly(schedule: Schedule, paths: Mapping[int, Path]) -> bool:
    """Append the sorties of some aircraft by their stops; False, and nothing done, if there are none."""
    if not paths:
        return False
    for aircraft, path in sorted(paths.items()):
        _serve(schedule, aircraft, path)
    return True


def _serve(schedule: Schedule, aircraft: int, path: Path) -> None:
    """The stops of one aircraft, in as few sorties as they take."""
    while path:
        home = schedule.pop(aircraft) if schedule.ends_with_recovery(aircraft) else None
        flown = _longest(schedule, aircraft, path)
        if flown is None and home is not None:
            schedule.append(aircraft, home)
            flown = _longest(schedule, aircraft, path)
        flown = flown or _by_base(schedule, aircraft, path)
        if flown is None:
            return
        sortie, stops = flown
        schedule.append(aircraft, sortie)
        path = path[stops:]


def _by_base(schedule: Schedule, aircraft: int, path: Path) -> tuple[Sortie, int] | None:
    """The same after a flight, appended here, to a base near the first stop, to rest or fill up there."""
    craft, goal = schedule.crafts[aircraft], schedule.problem.incident_place(path[0][1])
    best: tuple[float, Sortie, tuple[Sortie, int]] | None = None
    for base in schedule.tables.return_bases(aircraft, goal):
        for way in schedule.departures(aircraft):
            tour = _tour(schedule, craft, way, max(way.earliest_s, craft.earliest_s))
            if way.base == base or tour.land_at(base):
                continue
            schedule.append(aircraft, tour.finish(base))
            flown = _longest(schedule, aircraft, path)
            ferry = schedule.pop(aircraft)
            if flown is not None and (best is None or _done_s(flown[0]) < best[0]):
                best = _done_s(flown[0]), ferry, flown
    if best is None:
        return None
    schedule.append(aircraft, best[1])
    return best[2]


def _tour(schedule: Schedule, craft: Craft, way: Departure, leave_s: float) -> "Tour":
    planner = schedule.planner
    return Tour(planner.problem, planner.distance_m, planner.ledgers.fuel, craft, way, leave_s)


def _longest(schedule: Schedule, aircraft: int, path: Path) -> tuple[Sortie, int] | None:
    """The sortie that makes most of the stops, and of those the one that has made them first; how many."""
    for stops in range(len(path), 0, -1):
        if _aboard(schedule.problem, path[:stops]):
            continue
        found = [
            sortie
            for way in schedule.departures(aircraft)
            for sortie in _sorties(schedule, schedule.crafts[aircraft], way, path[:stops])
        ]
        if found:
            return min(found, key=_done_s), stops
    return None


def _aboard(problem: Problem, path: Path) -> set[int]:
    """Whose goods or patients are on board after some stops."""
    aboard: set[int] = set()
    for stop, n in path:
        task = problem.incidents[n].task
        fetched = stop is Stop.SCENE and task is not None and task.hospital != NONE
        if stop is Stop.LOAD or fetched:
            aboard.add(n)
        else:
            aboard.discard(n)
    return aboard


def _done_s(sortie: Sortie) -> float:
    """The sum of the times at which something is done."""
    return sum(at_s for _, at_s in sortie.visits) + sum(times[0] for _, _, times in sortie.drops)


def _sorties(schedule: Schedule, craft: Craft, way: Departure, path: Path) -> list[Sortie]:
    found = []
    for rank in range(_WATERS if any(stop is Stop.DROP for stop, _ in path) else 1):
        leave_s = max(way.earliest_s, craft.earliest_s)
        if way.where is Where.AIR and leave_s > way.earliest_s + _AT_ONCE_S:
            return []
        for _ in range(_TRIES):
            tour = _tour(schedule, craft, way, leave_s)
            sortie = _flown(schedule, tour, path, rank)
            if sortie is None:
                break
            late_s = _late_s(schedule, craft, sortie)
            if late_s <= _AT_ONCE_S:
                found.append(sortie)
                break
            if way.where is Where.AIR or leave_s + late_s > schedule.problem.horizon_s:
                break
            leave_s += late_s
    return found


def _flown(schedule: Schedule, tour: "Tour", path: Path, rank: int) -> Sortie | None:
    problem, tables = schedule.problem, schedule.tables
    for stop, n in path:
        task = problem.incidents[n].task
        if stop is Stop.DROP:
            code = tour.drop(n, _water(schedule, tour, n, rank))
        elif task is None:
            return None
        elif stop is Stop.LOAD:
            code = tour.load(n, task.pickup_base, task.handover_s)
        elif stop is Stop.SCENE:
            code = tour.visit(n, task.service_s, counts=task.hospital == NONE)
        else:
            code = tour.deliver(n)
        if code:
            return None
    for base in tables.return_bases(tour.craft.index, tour.place)[:_LANDINGS]:
        landing = tour.again()
        if not landing.land_at(base):
            return landing.finish(base)
    return None


def _water(schedule: Schedule, tour: "Tour", fire: int, rank: int) -> int:
    """The water point that comes `rank`-th in how soon the drop can fall; NONE if there is none."""
    problem, view, row = schedule.problem, schedule.tables.distance_view, tour.craft.row
    soon = sorted(
        (
            view[tour.place, problem.water_place(w)] / row.cruise_mps
            + view[problem.water_place(w), problem.incident_place(fire)] / row.loaded_mps,
            w,
        )
        for w in schedule.tables.water_for(tour.craft.index).tolist()
        if row.water is not None and problem.litres_per_drop(row.water, w, fire) > 0.0
    )
    return soon[rank][1] if rank < len(soon) else NONE


def _late_s(schedule: Schedule, craft: Craft, sortie: Sortie) -> float:
    """By how much it would have to leave later for room at one of its stops."""
    problem, ledgers = schedule.problem, schedule.ledgers
    late_s = 0.0
    for ledger, places, spans, units in (
        (ledgers.scene, problem.incidents, sortie.at_scene, craft.row.slots),
        (ledgers.water, problem.water_points, sortie.at_water, 1),
    ):
        for n, start_s, end_s in spans:
            at_s = ledger[n].earliest_s(start_s, end_s - start_s, units)
            at_s = opening_s(places[n], at_s, end_s - start_s) if at_s < math.inf else at_s
            late_s = max(late_s, at_s - start_s)
    return late_s


@dataclass(slots=True)
class Tour(Walk):
    """A walk that also drops water, once at each fire."""

    drops: list[tuple[int, float, tuple[float, ...]]] = field(default_factory=list)
    at_water: list[tuple[int, float, float]] = field(default_factory=list)

    def again(self) -> "Tour":
        """The same so far; what is done with one leaves the legs of the other as they are."""
        other = copy(self)
        other.legs = list(self.legs)
        return other

    def drop(self, fire: int, water: int) -> str:
        """To the water, fill, and one drop."""
        problem, kit = self.problem, self.craft.row.water
        if water == NONE or kit is None:
            return "WATER_UNSUITABLE"
        at_water = problem.water_place(water)
        code = self._fly(at_water)
        if code:
            return code
        gap_m = self.distance_m[at_water, problem.incident_place(fire)]
        one_s = kit.fill_s + gap_m / self.craft.row.loaded_mps + kit.drop_s
        litres, begin_s = problem.litres_per_drop(kit, water, fire), self.now_s
        self._stay(LegKind.CYCLES, one_s, place=at_water, incident=fire)
        self.legs[-1] = replace(self.legs[-1], drops=1, litres_per_drop=litres)
        self._burn(one_s)
        self.drops.append((fire, litres, (self.now_s,)))
        self.at_scene.append((fire, begin_s, self.now_s))
        self.at_water.append((water, begin_s, self.now_s))
        self.place = problem.incident_place(fire)
        return self._limits()

    def load(self, incident: int, base: int, handover_s: float) -> str:
        """To where goods are, and load them."""
        standing_there = not self.legs_flown() and self.way.where is Where.BASE and self.way.base == base
        code = "" if standing_there else self.land_at(base)
        if not code:
            self._stay(LegKind.HANDOVER, handover_s, incident=incident)
        return code

    def visit(self, incident: int, service_s: float, *, counts: bool) -> str:
        """To the scene, and the service there. `counts`: nothing more is wanted for the visit."""
        code = self._visit(incident, service_s)
        if counts and not code:
            self.visits.append((incident, self.now_s))
        return code

    def finish(self, base: int, recovery: bool = False) -> Sortie:
        """The sortie, after the last landing."""
        done = Walk.finish(self, base, recovery)
        return replace(done, drops=tuple(self.drops), at_water=tuple(self.at_water))
