"""The best next sortie of one aircraft: by how much it lowers the score, looked up fast and then exactly.

An aircraft's options stand on a menu, ordered by a bound that never falls short of the true gain: first a
vector estimate, later the gain found when the option was last looked at. Only the top of the menu is ever
looked at exactly. That is right as long as gains only fall, so a `Chooser` lives while a schedule is being
filled and no longer.
"""

import heapq
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from optimizer.craft import Craft
from optimizer.fire_work import FireChoice, FireWork
from optimizer.landing import turned_s
from optimizer.menu import LEAST_GAIN, Menu, More, Option, Rows, Stamp
from optimizer.problem import NONE, Problem
from optimizer.promise import promised
from optimizer.schedule import Schedule
from optimizer.task_sortie import last_place, soonest_visit_s, task_sortie
from optimizer.timeline import Departure, Sortie, State

_WATER_EACH = 3  # water points on the menu per fire and departure
_PATIENCE = 10**6  # options worked out for one choice: as many as it takes
_LARGE, _SHORT_PATIENCE = 20_000, 6  # XL-401: 0.14 % worse first plans in half of the time
_FIRES_AT_ONCE = 6  # fires written on a menu at a time: most are never looked at
_LIKE = 1.1  # water points of one fire differ in their share of the bound by no more than this
_LEAST_SHARE = 0.3  # a deeper fall than this has its own reasons: teach no more than this
_PATIENT_S = 600.0  # waiting longer for a refuelling point than this, look at the next base
_MOST_DROPS = 10**6
_STRAY = 0.1  # how often a blurred choice lands elsewhere


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


def patience_for(problem: Problem) -> int:
    """How many options are worked out for one choice: a nation's hundreds of fires are not all looked at."""
    large = len(problem.aircraft) * len(problem.incidents) > _LARGE
    return _SHORT_PATIENCE if large else _PATIENCE


class Chooser:
    """Chooses by gain; with a random source, by gain blurred by `blur` (0.2: ten per cent either way)."""

    def __init__(
        self,
        schedule: Schedule,
        chance: random.Random | None = None,
        blur: float = 0.0,
        patience: int | None = None,
        banned: frozenset[tuple[int, int]] = frozenset(),
    ) -> None:
        """`patience`: after so many options worked out for one choice, the best of them is good enough. `banned`:
        (aircraft, incident) that are not on any menu."""
        self._banned = banned
        self._patience = patience_for(schedule.problem) if patience is None else patience
        self._schedule = schedule
        self._chance = chance
        self._blur = blur
        self._bonus = schedule.problem.weights.changed_assignment
        self._menus: dict[tuple[int, bool], Menu] = {}

    def best(self, aircraft: int) -> Candidate | None:
        """The best sortie from the end of the aircraft's timeline, if any lowers the score."""
        schedule = self._schedule
        best = self._from_here(aircraft, 0.0, replaces=False)
        if not schedule.ends_with_recovery(aircraft):
            return best
        with schedule.without_recovery(aircraft) as home_gain:
            direct = self._from_here(aircraft, home_gain, replaces=True)
        if direct is None or (best is not None and best.gain >= direct.gain):
            return best
        return direct

    def _from_here(self, aircraft: int, threshold: float, *, replaces: bool) -> Candidate | None:
        """Look at the top of the menu until what stands there is up to date."""
        craft, state = self._schedule.crafts[aircraft], self._schedule.state(aircraft)
        menu = self._menus.get((aircraft, replaces))
        if menu is None or menu.state is not state:
            menu = self._menus[aircraft, replaces] = self._write(craft, state)
        looks = 0
        found: Option | None = None
        while menu.entries:
            if looks >= self._patience and found is not None and found.bound > threshold + LEAST_GAIN:
                return self._candidate(aircraft, found, found.bound - threshold, replaces)
            bound, number, option = menu.entries[0]
            if -bound <= threshold + LEAST_GAIN:
                return None
            if isinstance(option, More):
                heapq.heappop(menu.entries)
                self._write_more(menu, option)
                continue
            if option.sortie is not None and option.stamp == self._stamp(aircraft, option):
                gain = option.bound - threshold
                if gain > LEAST_GAIN:
                    return self._candidate(aircraft, option, gain, replaces)
                heapq.heappop(menu.entries)  # only its blur had put it here
            elif not self._look(craft, menu, option):
                heapq.heappop(menu.entries)
                self._serve_spare(menu, option)
            else:
                if option.sortie is not None and option.stamp == self._stamp(aircraft, option):
                    looks += 1
                    found = option if found is None or option.bound > found.bound else found
                heapq.heapreplace(menu.entries, (-option.bound * option.factor, number, option))
                if not option.spared and self._waits(craft, option):
                    option.spared = True
                    self._serve_spare(menu, option)
        return None

    @staticmethod
    def _candidate(aircraft: int, option: Option, gain: float, replaces: bool) -> Candidate | None:
        if option.sortie is None:
            return None
        return Candidate(aircraft=aircraft, gain=gain, sortie=option.sortie, replaces=replaces)

    @staticmethod
    def _serve_spare(menu: Menu, option: Option) -> None:
        """Put the next water point of the same fire on the menu."""
        spares = menu.spares.get((id(option.way), option.incident))
        spare = next(spares, None) if spares is not None else None
        if spare is not None:
            menu.lines += 1
            heapq.heappush(menu.entries, (-spare.bound * spare.factor, menu.lines, spare))

    def _waits(self, craft: Craft, option: Option) -> bool:
        """Whether its sortie must wait for a place at the water or over the fire."""
        if option.sortie is None or not option.sortie.at_water:
            return False
        water, begin_s, _ = option.sortie.at_water[0]
        at_water = self._schedule.problem.water_place(water)
        ferry_s = self._schedule.tables.distance_view[option.way.place, at_water] / craft.row.cruise_mps
        return begin_s > max(option.way.earliest_s, craft.earliest_s) + ferry_s + _PATIENT_S

    def _write(self, craft: Craft, state: State) -> Menu:
        menu = Menu(state=state)
        for way in self._schedule.departures(craft.index):
            start_s = max(way.earliest_s, craft.earliest_s)
            if start_s < min(self._schedule.problem.horizon_s, craft.latest_s):
                for option in self._task_lines(craft, way, start_s):
                    if (craft.index, option.incident) in self._banned:
                        continue
                    menu.lines += 1
                    menu.entries.append((-option.bound * option.factor, menu.lines, option))
                more = self._fire_lines(craft, way, start_s)
                if more is not None:
                    self._write_more(menu, more)
        heapq.heapify(menu.entries)
        return menu

    def _factor(self) -> float:
        if self._chance is None or not self._blur:
            return 1.0
        return 1.0 + self._blur * (self._chance.random() - 0.5)

    def _stamp(self, aircraft: int, option: Option) -> Stamp:
        """Changes whenever something is booked that could change what the option is worth."""
        schedule, incident = self._schedule, option.incident
        ledgers = schedule.ledgers
        if option.choice is None:
            landings = schedule.tables.return_bases(aircraft, last_place(schedule.problem, incident))
            task = schedule.problem.incidents[incident].task
            pickup = [task.pickup_base] if task is not None and task.pickup_base != NONE else []
            return (
                schedule.tasks[incident].stamp,
                ledgers.scene[incident].stamp,
                sum(ledgers.fuel[base].stamp for base in (*landings, *pickup)),
            )
        bases = schedule.tables.return_bases(aircraft, schedule.problem.incident_place(incident))
        return (
            schedule.fires[incident].stamp,
            ledgers.scene[incident].stamp,
            ledgers.water[option.choice.water].stamp,
            sum(ledgers.fuel[base].stamp for base in bases),
        )

    def _look(self, craft: Craft, menu: Menu, option: Option) -> bool:
        """Work an option out exactly, or first lower its bound by what a like one taught; False: strike it."""
        if self._learn(menu, option):
            return option.bound > LEAST_GAIN
        stamp = self._stamp(craft.index, option)
        filled = option.way.filled
        if filled is not None and not self._schedule.ledgers.fuel[filled[0]].fits(filled[1], filled[2], 1):
            return False
        bound, looked = option.bound, option.sortie is not None
        if not self._as_before(craft, option, stamp):
            option.sortie, option.bound = None, -1.0
            for gain, sortie in self._work_out(craft, option):
                if gain > option.bound:
                    option.bound, option.sortie = gain, sortie
        option.stamp = stamp
        if option.sortie is None or option.bound <= LEAST_GAIN:
            return False
        if option.choice is not None and not self._waits(craft, option):
            key, share = (id(option.way), option.incident), option.bound / bound
            if looked:
                menu.falls[key] = (stamp[0], share)
            else:
                menu.shares.setdefault(key, share)
        return True

    def _as_before(self, craft: Craft, option: Option, stamp: Stamp) -> bool:
        """Whether the sortie found before can still be flown as it is; its gain is brought up to date."""
        sortie = option.sortie
        if sortie is None or option.stamp is None or not self._schedule.fits(craft.index, sortie):
            return False
        if stamp[0] == option.stamp[0]:
            return True
        if option.choice is None:
            return False
        times = sortie.drops[0][2]
        charge, useful = self._schedule.fires[option.incident].with_drops(option.choice.litres, times)
        if useful < len(times):
            return False
        option.bound = self._schedule.gain(craft.index, sortie, charge)
        return True

    def _learn(self, menu: Menu, option: Option) -> bool:
        """Lower the bound by what became of another water point of the same fire: at its first look, and when
        the fire changed since. Once for each such lesson; False if there is none."""
        if option.choice is None:
            return False
        key, before = (id(option.way), option.incident), option.bound
        book = self._schedule.fires[option.incident]
        if option.sortie is None and option.seen < book.stamp:
            option.seen = book.stamp
            most = book.value_after(option.first_s) + book.life_gain(option.first_s) + self._bonus
            option.bound = min(option.bound, most)
        if not option.compared:
            option.compared = True
            option.bound *= min(1.0, menu.shares.get(key, 1.0) * _LIKE)
        changed, share = menu.falls.get(key, (-1, 1.0))
        if option.fallen < changed and (option.stamp is None or option.stamp[0] < changed):
            option.fallen = changed
            option.bound *= min(1.0, max(share, _LEAST_SHARE) * _LIKE)
        return option.bound < before

    def _work_out(self, craft: Craft, option: Option) -> Iterator[tuple[float, Sortie]]:
        schedule = self._schedule
        if option.choice is not None:
            yield from self._fire_gains(craft, option.way, option.choice)
        elif self._visits_left(craft, option.incident) >= option.visits:
            sortie, _ = task_sortie(schedule, craft, option.way, option.incident, option.visits)
            if sortie is not None:
                yield schedule.gain(craft.index, sortie), sortie

    def most_at_fires(self, aircraft: int) -> float:
        """At most what the aircraft's next sortie could gain at fires without lives at risk."""
        schedule = self._schedule
        craft, table = schedule.crafts[aircraft], schedule.tables.fire_water(aircraft)
        ways = schedule.departures(aircraft)
        if table is None or not ways:
            return 0.0
        start_s = max(ways[0].earliest_s, craft.earliest_s)
        rows, bound, _ = promised(schedule, craft, ways[0], start_s, table)
        incidents = schedule.problem.incidents
        calm = [n for n, fire in enumerate(table.fires[rows].tolist()) if not incidents[fire].life_at_risk]
        return max(0.0, float(bound[calm].max(initial=0.0)))

    # ---- fires --------------------------------------------------------------------------------------------
    def _fire_lines(self, craft: Craft, way: Departure, start_s: float) -> More | None:
        """The fires within reach and the water points of each, the most promising first; nothing written yet."""
        table = self._schedule.tables.fire_water(craft.index)
        if table is None:
            return None
        rows, bound, first_s = promised(self._schedule, craft, way, start_s, table)
        if not len(rows):
            return None
        columns = np.argsort(-bound, axis=1, kind="stable")
        take_along = np.take_along_axis
        fires = table.fires[rows].tolist()
        ordered = Rows(
            fires=fires,
            bound=take_along(bound, columns, axis=1),
            water=take_along(table.water[rows], columns, axis=1),
            litres=take_along(table.litres[rows], columns, axis=1),
            first_s=take_along(first_s, columns, axis=1),
            stamps=[self._schedule.fires[fire].stamp for fire in fires],
        )
        factors = [self._factor() for _ in fires]
        top = zip(ordered.bound[:, 0].tolist(), factors, strict=True)
        lines = [
            ((most + self._bonus) * factor, n)
            for n, (most, factor) in enumerate(top)
            if most > LEAST_GAIN and (craft.index, fires[n]) not in self._banned
        ]
        lines.sort(key=lambda line: (-line[0], line[1]))
        return More(way=way, lines=lines, factors=factors, rows=ordered) if lines else None

    def _write_more(self, menu: Menu, more: More) -> None:
        """Put the next fires on the menu: the few best water points of each; the others go to its spares."""
        for _, n in more.lines[more.at : more.at + _FIRES_AT_ONCE]:
            options = more.points(n, self._bonus)
            for _ in range(_WATER_EACH):
                option = next(options, None)
                if option is None:
                    break
                menu.lines += 1
                heapq.heappush(menu.entries, (-option.bound * option.factor, menu.lines, option))
            menu.spares[id(more.way), more.rows.fires[n]] = options
        more.at += _FIRES_AT_ONCE
        if more.at < len(more.lines):
            menu.lines += 1
            heapq.heappush(menu.entries, (-more.lines[more.at][0], menu.lines, more))

    def useful_sorties(self, craft: Craft, way: Departure, choice: FireChoice) -> list[Sortie]:
        """The sorties to one fire by one water point, without drops that would be wasted; one drop at least."""
        return [sortie for _, sortie in self._fire_gains(craft, way, choice)]

    def _fire_gains(self, craft: Craft, way: Departure, choice: FireChoice) -> Iterator[tuple[float, Sortie]]:
        schedule, book = self._schedule, self._schedule.fires[choice.fire]
        for work in self.fire_works(craft, way, choice, _MOST_DROPS):
            charge, useful = book.with_drops(choice.litres, work.times())
            # what is cut off would have been wasted: the fire is charged the same without it
            sortie = schedule.planner.fire_sortie(work, max(1, useful))
            if sortie is not None:
                yield schedule.gain(craft.index, sortie, charge), sortie

    def fire_works(self, craft: Craft, way: Departure, choice: FireChoice, most: int) -> list[FireWork]:
        """Work at one fire by one water point, back to the base where the aircraft is ready soonest."""
        schedule = self._schedule
        planner, bases = schedule.planner, self._landings(craft, choice)
        best: list[FireWork] = []
        best_ready_s = math.inf
        for base in bases:
            found = planner.fire_works(craft, way, choice, base, most)
            if not found and not schedule.problem.bases[base].windows and base != bases[-1]:
                # out of reach: farther ones are too, but the last may be a nearer one without fuel
                return planner.fire_works(craft, way, choice, bases[-1], most)
            if not found:
                continue
            land_s = found[0].land_s
            if not schedule.problem.bases[base].open_during(land_s, land_s):
                continue
            ready_s = turned_s(schedule.problem, schedule.ledgers.fuel, craft, base, land_s)
            if not best or ready_s + _PATIENT_S < best_ready_s:
                best, best_ready_s = found, ready_s
            if ready_s - land_s < craft.row.turnaround_s + _PATIENT_S:
                break
        return best

    def _landings(self, craft: Craft, choice: FireChoice) -> list[int]:
        schedule = self._schedule
        bases = schedule.tables.return_bases(craft.index, schedule.problem.incident_place(choice.fire))
        if self._chance is not None and self._blur and len(bases) > 1 and self._chance.random() < _STRAY:
            return [self._chance.choice(bases), *bases]
        return bases

    def fire_sorties(self, craft: Craft, way: Departure, choice: FireChoice, most: int) -> list[Sortie]:
        """The sorties for those works, as full as they can be."""
        works = self.fire_works(craft, way, choice, most)
        sorties = (self._schedule.planner.fire_sortie(work, work.drops) for work in works)
        return [sortie for sortie in sorties if sortie is not None]

    # ---- tasks --------------------------------------------------------------------------------------------
    def _task_lines(self, craft: Craft, way: Departure, start_s: float) -> Iterator[Option]:
        """Open tasks within reach: all visits that are left, or one."""
        schedule = self._schedule
        fits = schedule.tables.fit_set[craft.index]
        for incident, book in schedule.tasks.items():
            if incident not in fits or not book.open_visits:
                continue
            done_s, reachable = soonest_visit_s(schedule, craft, way, incident, start_s)
            bound = book.best_gain(done_s)
            if reachable and bound > LEAST_GAIN:
                factor = self._factor()
                for visits in sorted({1, self._visits_left(craft, incident)}):
                    yield Option(way, incident, bound + self._bonus, factor, None, visits)

    def _visits_left(self, craft: Craft, incident: int) -> int:
        schedule = self._schedule
        return schedule.tasks[incident].visits_left(schedule.problem.load(craft.index, incident))
