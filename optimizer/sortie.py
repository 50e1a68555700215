"""Builds one legal sortie of one aircraft: fuel, crew, light, lift, windows and free places, or says why not.

A `Planner` reads the ledgers of `schedule.py` and never books; whoever takes a sortie books it there.
"""

import math
from copy import copy
from dataclasses import dataclass

from optimizer.capacity import Ledger
from optimizer.craft import Craft
from optimizer.fire_work import FireChoice, FireWork, Trial
from optimizer.hours import closing_s, opening_s
from optimizer.landing import Worn, landed, turn_s
from optimizer.leaving import continuous_at, ground_before, stood_ready
from optimizer.legs import Leg, LegKind
from optimizer.problem import NONE, Problem
from optimizer.timeline import Departure, Sortie, State, Where
from optimizer.walk import SLACK_S, Walk

_TRIES = 6  # delays found one after the other before a sortie is given up


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledgers:
    """The bookings all sorties share: layers per incident, places per water point, points per base."""

    scene: list[Ledger]
    water: list[Ledger]
    fuel: list[Ledger]

    @classmethod
    def of(cls, problem: Problem) -> "Ledgers":
        """Empty ledgers."""
        return cls(
            scene=[Ledger(_room(problem, n)) for n in range(len(problem.incidents))],
            water=[Ledger(row.max_aircraft) for row in problem.water_points],
            fuel=[Ledger(row.refuel_points) for row in problem.bases],
        )


def _room(problem: Problem, incident: int) -> int:
    """Layers to plan with: on a station that is kept all the time, those of one aircraft, so that each relieves the one
    before."""
    row = problem.incidents[incident]
    if row.task is None or not row.task.continuous:
        return row.max_slots
    fits = (craft.slots for n, craft in enumerate(problem.aircraft) if not problem.unfit_code(n, incident))
    return min(row.max_slots, max(fits, default=row.max_slots))


class Planner:
    """Builds sorties for one problem against the bookings made so far."""

    def __init__(
        self,
        problem: Problem,
        distance_m: memoryview,
        crafts: list[Craft],
        ledgers: Ledgers,
        split: bool = False,
    ) -> None:
        """`split`: every drop is a leg of its own, so that the way back to the water takes no layer and no
        place; where many aircraft contend for few layers they then take turns."""
        self.split = split
        self.problem = problem
        self.distance_m = distance_m
        self.crafts = crafts
        self.ledgers = ledgers

    # ---- fire work ----------------------------------------------------------------------------------------
    def fire_works(
        self, craft: Craft, way: Departure, choice: FireChoice, base: int, most: int
    ) -> list[FireWork]:
        """Works base → water ⇄ fire × n → base: as full as it can be, and a shorter prompter one if full
        means waiting for a place. Empty if there is none; at most `most` drops."""
        work = FireWork.of(self.problem, self.distance_m, craft, way, choice, base=base)
        start_s = max(way.earliest_s, craft.earliest_s)
        if way.where is Where.AIR and start_s > way.earliest_s + SLACK_S:
            return []
        drops = min(work.most_drops(start_s), most)
        if drops < 1:
            return []
        if self.split:
            return self._turns(work, start_s, drops)
        found: list[FireWork] = []
        for begin_s, count in self._work_spans(work, start_s + work.ferry_s, drops):
            if way.where is Where.AIR and begin_s > start_s + work.ferry_s + SLACK_S:
                continue  # holding burns fuel and crew time
            fewer = min(count, work.most_drops(begin_s - work.ferry_s))
            if fewer >= 1:
                found.append(work if not found else copy(work))
                found[-1].begin_s, found[-1].drops = begin_s, fewer
        return found

    def _work_spans(self, work: FireWork, from_s: float, drops: int) -> list[tuple[float, int]]:
        """(start, drops) of the whole work at its first opportunity, and of a first part if that is sooner."""
        full_s = self._first_fit_s(work, from_s, work.length_s(drops))
        if full_s <= from_s:
            return [(full_s, drops)]
        spans = [(full_s, drops)] if full_s < self.problem.horizon_s else []
        part_s = self._first_fit_s(work, from_s, work.length_s(1))
        if part_s < min(full_s, self.problem.horizon_s):
            room_s = self._room_s(work, part_s)
            part = (
                min(drops, math.floor((room_s + work.back_s) / work.cycle_s)) if room_s < math.inf else drops
            )
            spans += [(part_s, part)] if part >= 1 else []
        return spans

    def _turns(self, work: FireWork, start_s: float, most: int) -> list[FireWork]:
        """The work drop by drop, each as soon as there is room for it; ends where it would have to hold long."""
        at_s = start_s + work.ferry_s
        begin_s = self._first_fit_s(work, at_s, work.one_s)
        held = work.way.where is Where.AIR and begin_s > at_s + SLACK_S  # burns fuel and crew time
        if held or begin_s + work.one_s > self.problem.horizon_s:
            return []
        leave_s = begin_s - work.ferry_s
        over_s = leave_s + work.flight_left_s(leave_s) - work.return_s
        last_s = min(self.problem.horizon_s, over_s) - work.one_s  # no drop's filling begins later
        if begin_s > last_s:
            return []
        starts = [begin_s]
        free = most > 1 and self._free_until(work, begin_s, begin_s + (most - 1) * work.cycle_s + work.one_s)
        while len(starts) < most:
            at_s = starts[-1] + work.cycle_s
            begin_s = at_s if free else self._first_fit_s(work, at_s, work.one_s)
            if begin_s > last_s or begin_s > at_s + work.one_s:
                break
            starts.append(begin_s)
        work.begin_s, work.drops, work.starts = starts[0], len(starts), tuple(starts)
        return [work]

    def _free_until(self, work: FireWork, from_s: float, until_s: float) -> bool:
        """Whether the water and the fire have room, and are open, for the whole span."""
        incident, water = work.incident, work.water
        return (
            self.ledgers.scene[incident].fits(from_s, until_s, work.craft.row.slots)
            and self.ledgers.water[water].fits(from_s, until_s, 1)
            and self.problem.incidents[incident].open_during(from_s, until_s)
            and self.problem.water_points[water].open_during(from_s, until_s)
        )

    def _first_fit_s(self, work: FireWork, from_s: float, length_s: float) -> float:
        """When the work, or a drop of it, so long, can begin at the soonest; infinity if never."""
        scene, water = self.ledgers.scene[work.incident], self.ledgers.water[work.water]
        place, point = self.problem.incidents[work.incident], self.problem.water_points[work.water]
        slots = work.craft.row.slots
        at_s = scene.earliest_s(from_s, length_s, slots)
        while at_s < math.inf:
            wet_s = open_s = water.earliest_s(at_s, length_s, 1)
            if place.windows or point.windows:
                open_s = opening_s(point, opening_s(place, wet_s, length_s), length_s)
            if open_s == at_s:
                break  # nobody moved it since the layers were asked
            at_s = scene.earliest_s(open_s, length_s, slots) if open_s < math.inf else open_s
            if at_s == open_s == wet_s:
                break
        return at_s

    def _room_s(self, work: FireWork, at_s: float) -> float:
        until_s = min(
            self.ledgers.scene[work.incident].room_until_s(at_s, work.craft.row.slots),
            self.ledgers.water[work.water].room_until_s(at_s, 1),
            closing_s(self.problem.incidents[work.incident], at_s),
            closing_s(self.problem.water_points[work.water], at_s),
        )
        return until_s - at_s

    def trial(self, work: FireWork, drops: int) -> Trial | None:
        """A work, or a first part of it, with its landing; None if the base is closed then."""
        base = work.base
        land_s = work.begin_s + work.length_s(drops) + work.return_s
        if not self.problem.bases[base].open_during(land_s, land_s):
            return None
        begin_s = turn_s(self.problem, self.ledgers.fuel, work.craft, base, land_s)
        return Trial(work=work, drops=drops, land_s=land_s, turn_s=begin_s)

    def still_free(self, trial: Trial) -> bool:
        """Whether everything that a trial, made earlier, would book is still free."""
        work, ledgers = trial.work, self.ledgers
        slots, scene, water = work.craft.row.slots, ledgers.scene[work.incident], ledgers.water[work.water]
        return all(
            scene.fits(from_s, until_s, slots) and water.fits(from_s, until_s, 1)
            for from_s, until_s in work.spans(trial.drops)
        ) and all(ledgers.fuel[base].fits(from_s, until_s, 1) for base, from_s, until_s in trial.at_fuel())

    def fire_sortie(self, work: FireWork, drops: int) -> Sortie | None:
        """The sortie for a work, or for a first part of it; None if the base is closed at its landing."""
        trial = self.trial(work, drops)
        return self.written(trial) if trial is not None else None

    def written(self, trial: Trial) -> Sortie:
        """The sortie that a trial stands for, leg by leg."""
        work = trial.work
        craft, way, spans = work.craft, work.way, work.spans(trial.drops)
        leave_s = trial.leave_s
        worn = Worn(
            fuel_kg=way.fuel_kg - trial.flight_s * craft.row.burn_kgps,
            continuous_s=continuous_at(craft, way, leave_s) + trial.flight_s,
            today_s=way.today_s + trial.flight_s,
        )
        return Sortie(
            legs=tuple(self._legs(trial, spans)),
            after=landed(craft, work.base, trial.land_s, trial.turn_s, worn),
            flight_s=trial.flight_s,
            drops=((work.incident, work.litres, trial.times()),),
            at_scene=tuple((work.incident, from_s, until_s) for from_s, until_s in spans),
            at_water=tuple((work.water, from_s, until_s) for from_s, until_s in spans),
            at_fuel=trial.at_fuel(),
            stood_ready=stood_ready(way, leave_s),
            incidents=(work.incident,),
            air=self._in_the_air(trial, spans[-1][1]),
        )

    def _in_the_air(self, trial: Trial, at_s: float) -> State:
        work, way = trial.work, trial.work.way
        flown_s = trial.flight_s - work.return_s
        return State(
            where=Where.AIR,
            place=self.problem.incident_place(work.incident),
            base=NONE,
            free_s=at_s,
            ground_from_s=at_s,
            refuelling=False,
            ready_from_s=math.inf,
            fuel_kg=way.fuel_kg - flown_s * work.craft.row.burn_kgps,
            continuous_s=continuous_at(work.craft, way, trial.leave_s) + flown_s,
            today_s=way.today_s + flown_s,
        )

    def _legs(self, trial: Trial, spans: list[tuple[float, float]]) -> list[Leg]:
        work = trial.work
        legs = ground_before(work.way, trial.leave_s)
        water_place = self.problem.water_place(work.water)
        if work.ferry_s > 0.0 or work.way.place != water_place:
            legs.append(Leg(kind=LegKind.FLY, start_s=trial.leave_s, end_s=work.begin_s, place=water_place))
        for n, (from_s, until_s) in enumerate(spans):
            if n:
                legs.append(Leg(kind=LegKind.FLY, start_s=spans[n - 1][1], end_s=from_s, place=water_place))
            legs.append(
                Leg(
                    kind=LegKind.CYCLES,
                    start_s=from_s,
                    end_s=until_s,
                    place=water_place,
                    incident=work.incident,
                    drops=1 if work.starts else trial.drops,
                    litres_per_drop=work.litres,
                )
            )
        legs.append(Leg(kind=LegKind.FLY, start_s=spans[-1][1], end_s=trial.land_s, place=work.base))
        return legs

    # ---- tasks and recovery -------------------------------------------------------------------------------
    def task(
        self, craft: Craft, way: Departure, incident: int, visits: int, base: int
    ) -> tuple[Sortie | None, str]:
        """A sortie that makes so many visits of a task, or None and the code of the rule that forbids it."""
        start_s = max(way.earliest_s, craft.earliest_s)
        if way.where is Where.AIR and start_s > way.earliest_s + SLACK_S:
            return None, "DAYLIGHT"
        code = ""
        for refuel_on_the_way in (False, True):
            leave_s = start_s
            for _ in range(_TRIES):
                walk = Walk(self.problem, self.distance_m, self.ledgers.fuel, craft, way, leave_s)
                code = walk.make_visits(incident, visits, refuel_on_the_way) or walk.land_at(base)
                if code:
                    break
                late_s = self._scene_delay_s(craft, walk)
                if late_s <= SLACK_S:
                    return walk.finish(base), ""
                if way.where is Where.AIR or leave_s + late_s > self.problem.horizon_s:
                    return None, "BUSY"
                leave_s += late_s
            if self.problem.incidents[incident].task is None or code not in ("FUEL", "CREW_CONTINUOUS"):
                break
        return None, code or "BUSY"

    def _scene_delay_s(self, craft: Craft, walk: Walk) -> float:
        late_s = 0.0
        for incident, start_s, end_s in walk.at_scene:
            at_s = start_s
            for _ in range(_TRIES):
                free_s = self.ledgers.scene[incident].earliest_s(at_s, end_s - start_s, craft.row.slots)
                free_s = opening_s(self.problem.incidents[incident], free_s, end_s - start_s)
                if free_s == at_s:
                    break
                at_s = free_s
            late_s = max(late_s, at_s - start_s)
        return late_s

    def recovery(self, craft: Craft, way: Departure, state: State, base: int, strict: bool) -> Sortie | None:
        """Straight home, by the hospitals of any patients on board. Not strict: even if a limit breaks."""
        walk = Walk(
            self.problem,
            self.distance_m,
            self.ledgers.fuel,
            craft,
            way,
            max(way.earliest_s, way.ground_from_s),
        )
        walk.strict = strict
        for incident in state.patients:
            if self.problem.delivery_place(incident) != NONE and walk.deliver(incident):
                return None
        return None if walk.land_at(base, hold=True) else walk.finish(base, recovery=True)
