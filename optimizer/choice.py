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
from optimizer.fire_work import FireChoice, FireWork, Trial
from optimizer.landing import turn_s
from optimizer.menu import LEAST_GAIN, Menu, More, Option, Rows, Stamp, Watched
from optimizer.onward import append_chosen
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
_SHORTER = 0.4  # how often it drops less than it could


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
    append_chosen(schedule, candidate.aircraft, candidate.sortie)


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
            if isinstance(option, More) or not option.opened:
                self._open(aircraft, menu, option)
                continue
            if option.found and option.stamp == option.stamp_now():
                gain = option.bound - threshold
                if gain > LEAST_GAIN:
                    return self._candidate(aircraft, option, gain, replaces)
                heapq.heappop(menu.entries)  # only its blur had put it here
            elif not self._look(craft, menu, option):
                heapq.heappop(menu.entries)
                self._serve_spare(menu, option)
            else:
                if option.found and option.stamp == option.stamp_now():
                    looks += 1
                    found = option if found is None or option.bound > found.bound else found
                heapq.heapreplace(menu.entries, (-option.bound * option.factor, number, option))
                if not option.spared and _waits(option):
                    option.spared = True
                    self._serve_spare(menu, option)
        return None

    def _open(self, aircraft: int, menu: Menu, line: Option | More) -> None:
        """A line on top of the menu for the first time: write down what promises no more than it does."""
        if isinstance(line, More):
            heapq.heappop(menu.entries)
            self._write_more(menu, line)
            return
        line.opened = True
        line.watched = self._watched(aircraft, line)
        if line.rank < _WATER_EACH - 1:
            self._serve_spare(menu, line)

    def _candidate(self, aircraft: int, option: Option, gain: float, replaces: bool) -> Candidate | None:
        sortie = option.sortie
        if option.trial is not None:
            sortie = self._schedule.planner.written(option.trial)
        if sortie is None:
            return None
        return Candidate(aircraft=aircraft, gain=gain, sortie=sortie, replaces=replaces)

    @staticmethod
    def _serve_spare(menu: Menu, option: Option) -> None:
        """Put the next water point of the same fire on the menu, unless going there was found to be worth nothing."""
        key = (id(option.way), option.incident)
        spares = menu.spares.get(key) if menu.shares.get(key, 1.0) > 0.0 else None
        spare = next(spares, None) if spares is not None else None
        if spare is not None:
            menu.lines += 1
            heapq.heappush(menu.entries, (-spare.bound * spare.factor, menu.lines, spare))

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

    def _watched(self, aircraft: int, option: Option) -> tuple[Watched, ...]:
        """The books and ledgers that the worth of an option depends on, its incident's first."""
        schedule, incident = self._schedule, option.incident
        problem, ledgers = schedule.problem, schedule.ledgers
        if option.choice is None:
            bases = schedule.tables.return_bases(aircraft, last_place(problem, incident))
            task = problem.incidents[incident].task
            pickup = [task.pickup_base] if task is not None and task.pickup_base != NONE else []
            landings = (ledgers.fuel[base] for base in (*bases, *pickup))
            return schedule.tasks[incident], ledgers.scene[incident], *landings
        bases = schedule.tables.return_bases(aircraft, problem.incident_place(incident))
        landings = (ledgers.fuel[base] for base in bases)
        water = ledgers.water[option.choice.water]
        return schedule.fires[incident], ledgers.scene[incident], water, *landings

    def _look(self, craft: Craft, menu: Menu, option: Option) -> bool:
        """Work an option out exactly, or first lower its bound by what a like one taught; False: strike it."""
        if self._learn(menu, option):
            return option.bound > LEAST_GAIN
        stamp = option.stamp_now()
        filled = option.way.filled
        if filled is not None and not self._schedule.ledgers.fuel[filled[0]].fits(filled[1], filled[2], 1):
            return False
        bound, looked = option.bound, option.found
        if not self._as_before(craft, option, stamp):
            option.trial, option.sortie, option.bound = None, None, -math.inf
            self._work_out(craft, option)
        option.stamp = stamp
        if option.trial is not None and not _waits(option):
            key, share = (id(option.way), option.incident), max(0.0, option.bound / bound)
            if looked:
                menu.falls[key] = (stamp[0], share)
            else:
                menu.shares.setdefault(key, share)
        return option.found and option.bound > LEAST_GAIN

    def _as_before(self, craft: Craft, option: Option, stamp: Stamp) -> bool:
        """Whether what was found before can still be flown as it is; its gain is brought up to date."""
        schedule, trial = self._schedule, option.trial
        if option.stamp is None:
            return False
        if option.sortie is not None:
            return stamp[0] == option.stamp[0] and schedule.fits(craft.index, option.sortie)
        if trial is None or not schedule.planner.still_free(trial):
            return False
        if stamp[0] == option.stamp[0]:
            return True
        charge, useful = schedule.fires[option.incident].with_drops(trial.work.litres, trial.times())
        if useful < trial.drops:
            return False
        option.bound = schedule.gain_of(trial, charge)
        return True

    def _learn(self, menu: Menu, option: Option) -> bool:
        """Lower the bound by what became of another water point of the same fire: at its first look, and when
        the fire changed since. Once for each such lesson; False if there is none."""
        if option.choice is None:
            return False
        key, before = (id(option.way), option.incident), option.bound
        book = self._schedule.fires[option.incident]
        if not option.found and option.seen < book.stamp:
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

    def _work_out(self, craft: Craft, option: Option) -> None:
        """The best of an option's sorties, exactly."""
        schedule = self._schedule
        if option.choice is not None:
            for gain, trial in self._fire_gains(craft, option.way, option.choice):
                if gain > option.bound:
                    option.bound, option.trial = gain, trial
        elif self._visits_left(craft, option.incident) >= option.visits:
            sortie, _ = task_sortie(schedule, craft, option.way, option.incident, option.visits)
            if sortie is not None:
                option.bound, option.sortie = schedule.gain(craft.index, sortie), sortie

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
        """Put the next fires on the menu: the best water point of each; the others go to its spares."""
        for _, n in more.lines[more.at : more.at + _FIRES_AT_ONCE]:
            options = more.points(n, self._bonus)
            option = next(options)
            menu.lines += 1
            heapq.heappush(menu.entries, (-option.bound * option.factor, menu.lines, option))
            menu.spares[id(more.way), more.rows.fires[n]] = options
        more.at += _FIRES_AT_ONCE
        if more.at < len(more.lines):
            menu.lines += 1
            heapq.heappush(menu.entries, (-more.lines[more.at][0], menu.lines, more))

    def useful_sorties(self, craft: Craft, way: Departure, choice: FireChoice) -> list[Sortie]:
        """The sorties to one fire by one water point, without drops that would be wasted; one drop at least."""
        planner = self._schedule.planner
        return [planner.written(trial) for _, trial in self._fire_gains(craft, way, choice)]

    def _fire_gains(self, craft: Craft, way: Departure, choice: FireChoice) -> Iterator[tuple[float, Trial]]:
        schedule, book = self._schedule, self._schedule.fires[choice.fire]
        works = self.fire_works(craft, way, choice, _MOST_DROPS)
        chance = self._chance
        if works and works[0].drops > 1 and chance and self._blur and chance.random() < _SHORTER:
            # back sooner, and rested sooner for what comes after: a gain that this choice alone does not see
            works = self.fire_works(craft, way, choice, chance.randint(1, works[0].drops - 1)) or works
        for work in works:
            charge, useful = book.with_drops(choice.litres, work.times())
            # what is cut off would have been wasted: the fire is charged the same without it
            trial = schedule.planner.trial(work, max(1, useful))
            if trial is not None:
                yield schedule.gain_of(trial, charge), trial

    def fire_works(self, craft: Craft, way: Departure, choice: FireChoice, most: int) -> list[FireWork]:
        """Work at one fire by one water point, back to the base where the aircraft is ready soonest."""
        schedule = self._schedule
        planner, bases = schedule.planner, self._landings(craft, choice)
        best: list[FireWork] = []
        best_begin_s = math.inf
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
            begin_s = turn_s(schedule.problem, schedule.ledgers.fuel, craft, base, land_s)
            if not best or begin_s + _PATIENT_S < best_begin_s:
                best, best_begin_s = found, begin_s
            if begin_s < land_s + _PATIENT_S:
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


def _waits(option: Option) -> bool:
    """Whether its sortie must wait for a place at the water or over the fire."""
    return option.trial is not None and option.trial.wait_s > _PATIENT_S
