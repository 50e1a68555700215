"""Builds one legal sortie of one aircraft: fuel, crew, light, lift, windows and free places, or says why not.

A `Planner` reads the ledgers of `schedule.py` and never books; whoever takes a sortie books it there.
"""

import math
from dataclasses import dataclass, field, replace

from optimizer.capacity import Ledger
from optimizer.craft import Craft
from optimizer.legs import Leg, LegKind
from optimizer.problem import NONE, Place, Problem
from optimizer.timeline import Departure, Sortie, State, Where

_SLACK_S = 1e-6  # rounding of sums of seconds; the referee forgives two whole seconds
_MOST_DROPS = 500  # an end for aircraft that burn next to nothing beside the water
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
            scene=[Ledger(row.max_slots) for row in problem.incidents],
            water=[Ledger(row.max_aircraft) for row in problem.water_points],
            fuel=[Ledger(row.refuel_points) for row in problem.bases],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FireChoice:
    """Which fire, by which water point, with how many litres a drop."""

    fire: int
    water: int
    litres: float


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
    ) -> list["FireWork"]:
        """Works base → water ⇄ fire × n → base: as full as it can be, and a shorter prompter one if full
        means waiting for a place. Empty if there is none; at most `most` drops."""
        work = FireWork.of(self, craft, way, choice, base)
        start_s = max(way.earliest_s, craft.earliest_s)
        if way.where is Where.AIR and start_s > way.earliest_s + _SLACK_S:
            return []
        drops = min(work.most_drops(start_s), most)
        if drops < 1:
            return []
        if self.split:
            return self._turns(work, start_s, drops)
        found = []
        for begin_s, count in self._work_spans(work, start_s + work.ferry_s, drops):
            if way.where is Where.AIR and begin_s > start_s + work.ferry_s + _SLACK_S:
                continue  # holding burns fuel and crew time
            fewer = min(count, work.most_drops(begin_s - work.ferry_s))
            if fewer >= 1:
                found.append(replace(work, begin_s=begin_s, drops=fewer))
        return found

    def _work_spans(self, work: "FireWork", from_s: float, drops: int) -> list[tuple[float, int]]:
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

    def _turns(self, work: "FireWork", start_s: float, most: int) -> list["FireWork"]:
        """The work drop by drop, each as soon as there is room for it; ends where it would have to hold long."""
        craft, way = work.craft, work.way
        starts: list[float] = []
        at_s, last_s = start_s + work.ferry_s, math.inf
        while len(starts) < most:
            begin_s = self._first_fit_s(work, at_s, work.one_s)
            if begin_s + work.one_s > self.problem.horizon_s:
                break
            if not starts:
                if way.where is Where.AIR and begin_s > at_s + _SLACK_S:
                    return []  # holding burns fuel and crew time
                leave_s = begin_s - work.ferry_s
                left_s = craft.flight_left_s(way.fuel_kg, continuous_at(craft, way, leave_s), way.today_s)
                last_s = leave_s + min(left_s, craft.latest_s - leave_s) - work.return_s
            elif begin_s > at_s + work.one_s:
                break
            if begin_s + work.one_s > last_s:
                break
            starts.append(begin_s)
            at_s = begin_s + work.cycle_s
        if not starts:
            return []
        return [replace(work, begin_s=starts[0], drops=len(starts), starts=tuple(starts))]

    def _first_fit_s(self, work: "FireWork", from_s: float, length_s: float) -> float:
        scene = self.ledgers.scene[work.incident]
        water = self.ledgers.water[work.water]
        places = (self.problem.incidents[work.incident], self.problem.water_points[work.water])
        while from_s < math.inf:
            at_s = scene.earliest_s(from_s, length_s, work.craft.row.slots)
            at_s = water.earliest_s(at_s, length_s, 1) if at_s < math.inf else at_s
            for place in places:
                at_s = opening_s(place, at_s, length_s)
            if at_s == from_s:
                break
            from_s = at_s
        return from_s

    def _room_s(self, work: "FireWork", at_s: float) -> float:
        until_s = min(
            self.ledgers.scene[work.incident].room_until_s(at_s, work.craft.row.slots),
            self.ledgers.water[work.water].room_until_s(at_s, 1),
            closing_s(self.problem.incidents[work.incident], at_s),
            closing_s(self.problem.water_points[work.water], at_s),
        )
        return until_s - at_s

    def fire_sortie(self, work: "FireWork", drops: int) -> Sortie | None:
        """The sortie for a work, or for a first part of it; None if the base is closed at its landing."""
        craft, way, begin_s = work.craft, work.way, work.begin_s
        leave_s = begin_s - work.ferry_s
        end_s = begin_s + work.length_s(drops)
        land_s = end_s + work.return_s
        if not self.problem.bases[work.base].open_during(land_s, land_s):
            return None
        legs = ground_before(way, leave_s)
        water_place = self.problem.water_place(work.water)
        if work.ferry_s > 0.0 or way.place != water_place:
            legs.append(Leg(kind=LegKind.FLY, start_s=leave_s, end_s=begin_s, place=water_place))
        spans = work.spans(drops)
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
                    drops=1 if work.starts else drops,
                    litres_per_drop=work.litres,
                )
            )
        legs.append(Leg(kind=LegKind.FLY, start_s=end_s, end_s=land_s, place=work.base))
        flight_s = land_s - leave_s
        after, booked = self.landed(
            craft,
            work.base,
            land_s=land_s,
            fuel_kg=way.fuel_kg - flight_s * craft.row.burn_kgps,
            continuous_s=continuous_at(craft, way, leave_s) + flight_s,
            today_s=way.today_s + flight_s,
        )
        times = tuple(work.times()[:drops])
        return Sortie(
            legs=tuple(legs),
            after=after,
            flight_s=flight_s,
            drops=((work.incident, work.litres, times),),
            at_scene=tuple((work.incident, from_s, until_s) for from_s, until_s in spans),
            at_water=tuple((work.water, from_s, until_s) for from_s, until_s in spans),
            at_fuel=(*((way.filled,) if way.filled else ()), *booked),
            stood_ready=stood_ready(way, leave_s),
            incidents=(work.incident,),
        )

    # ---- tasks and recovery -------------------------------------------------------------------------------
    def task(
        self, craft: Craft, way: Departure, incident: int, visits: int, base: int
    ) -> tuple[Sortie | None, str]:
        """A sortie that makes so many visits of a task, or None and the code of the rule that forbids it."""
        start_s = max(way.earliest_s, craft.earliest_s)
        if way.where is Where.AIR and start_s > way.earliest_s + _SLACK_S:
            return None, "DAYLIGHT"
        code = ""
        for refuel_on_the_way in (False, True):
            leave_s = start_s
            for _ in range(_TRIES):
                walk = Walk(self, craft, way, leave_s)
                code = walk.make_visits(incident, visits, refuel_on_the_way) or walk.land_at(base)
                if code:
                    break
                late_s = self._scene_delay_s(craft, walk)
                if late_s <= _SLACK_S:
                    return walk.finish(base), ""
                if way.where is Where.AIR or leave_s + late_s > self.problem.horizon_s:
                    return None, "BUSY"
                leave_s += late_s
            if self.problem.incidents[incident].task is None or code not in ("FUEL", "CREW_CONTINUOUS"):
                break
        return None, code or "BUSY"

    def _scene_delay_s(self, craft: Craft, walk: "Walk") -> float:
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
        walk = Walk(self, craft, way, max(way.earliest_s, way.ground_from_s))
        walk.strict = strict
        for incident in state.patients:
            task = self.problem.incidents[incident].task
            if task is not None and task.hospital != NONE and walk.deliver(incident, task.hospital):
                return None
        return None if walk.land_at(base, hold=True) else walk.finish(base, recovery=True)

    def turned_s(self, craft: Craft, base: int, land_s: float) -> float:
        """When an aircraft that lands then could leave again with full tanks; infinity if never."""
        if not craft.takes_fuel_at(self.problem, base):
            return math.inf
        turnaround_s = craft.row.turnaround_s
        return self.ledgers.fuel[base].earliest_s(land_s, turnaround_s, 1) + turnaround_s

    # ---- landing ------------------------------------------------------------------------------------------
    def landed(
        self, craft: Craft, base: int, *, land_s: float, fuel_kg: float, continuous_s: float, today_s: float
    ) -> tuple[State, tuple[tuple[int, float, float], ...]]:
        """The state after landing at a base, and the booking of a refuelling point if it gets one."""
        row = craft.row
        start_s = math.inf
        if craft.takes_fuel_at(self.problem, base):
            start_s = self.ledgers.fuel[base].earliest_s(land_s, row.turnaround_s, 1)
        turned = start_s < math.inf
        ready_s = start_s + row.turnaround_s if turned else math.inf
        state = State(
            where=Where.BASE,
            place=base,
            base=base,
            free_s=ready_s if turned else land_s,
            ground_from_s=start_s if turned else land_s,
            refuelling=turned,
            ready_from_s=ready_s,
            fuel_kg=row.fuel_capacity_kg if turned else fuel_kg,
            continuous_s=continuous_s,
            today_s=today_s,
        )
        return state, ((base, start_s, ready_s),) if turned else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FireWork:
    """The times of one aircraft's work between one water point and one fire."""

    craft: Craft
    way: Departure
    incident: int
    water: int
    base: int
    litres: float
    ferry_s: float
    one_s: float
    back_s: float
    return_s: float
    begin_s: float = 0.0
    drops: int = 0
    starts: tuple[float, ...] = ()  # of each drop's own leg; empty: one leg for all

    def spans(self, drops: int) -> list[tuple[float, float]]:
        """When its legs between water and fire begin and end."""
        if self.starts:
            return [(at_s, at_s + self.one_s) for at_s in self.starts[:drops]]
        return [(self.begin_s, self.begin_s + self.length_s(drops))]

    def times(self) -> list[float]:
        """When its drops fall."""
        if self.starts:
            return [at_s + self.one_s for at_s in self.starts[: self.drops]]
        first_s = self.begin_s + self.one_s
        return [first_s + k * self.cycle_s for k in range(self.drops)]

    @classmethod
    def of(cls, planner: Planner, craft: Craft, way: Departure, choice: FireChoice, base: int) -> "FireWork":
        """The times of one such work, before a start is chosen for it."""
        row, problem, distance_m = craft.row, planner.problem, planner.distance_m
        at_water, at_fire = problem.water_place(choice.water), problem.incident_place(choice.fire)
        kit = row.water
        work_s = kit.fill_s + kit.drop_s if kit is not None else math.inf
        return cls(
            craft=craft,
            way=way,
            incident=choice.fire,
            water=choice.water,
            base=base,
            litres=choice.litres,
            ferry_s=distance_m[way.place, at_water] / row.cruise_mps,
            one_s=work_s + distance_m[at_water, at_fire] / row.loaded_mps,
            back_s=distance_m[at_fire, at_water] / row.cruise_mps,
            return_s=distance_m[at_fire, base] / row.cruise_mps,
        )

    @property
    def cycle_s(self) -> float:
        """From one drop to the next."""
        return self.one_s + self.back_s

    @property
    def land_s(self) -> float:
        """When it lands after all its drops."""
        return self.begin_s + self.length_s(self.drops) + self.return_s

    def length_s(self, drops: int) -> float:
        """Of the whole work between water and fire."""
        if self.starts:
            return self.starts[drops - 1] + self.one_s - self.begin_s
        return drops * self.one_s + (drops - 1) * self.back_s

    def most_drops(self, leave_s: float) -> int:
        """By fuel, crew and light for a departure at `leave_s`."""
        craft, way = self.craft, self.way
        left_s = craft.flight_left_s(way.fuel_kg, continuous_at(craft, way, leave_s), way.today_s)
        left_s = min(left_s, craft.latest_s - leave_s) - self.ferry_s - self.return_s
        if self.cycle_s <= 0.0:
            return _MOST_DROPS if left_s >= 0.0 else 0
        return min(_MOST_DROPS, math.floor((left_s + self.back_s) / self.cycle_s))


@dataclass(slots=True)
class Walk:
    """Flies a sortie step by step, for all that is not fire work. Each step answers the code of the rule it
    would break, or nothing."""

    planner: Planner
    craft: Craft
    way: Departure
    leave_s: float
    strict: bool = True
    now_s: float = 0.0
    place: int = 0
    flying: bool = False
    fuel_kg: float = 0.0
    continuous_s: float = 0.0
    flight_s: float = 0.0
    first_busy_s: float = math.inf
    legs: list[Leg] = field(default_factory=list)
    visits: list[tuple[int, float]] = field(default_factory=list)
    at_scene: list[tuple[int, float, float]] = field(default_factory=list)
    at_fuel: list[tuple[int, float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.now_s = self.leave_s
        self.place = self.way.place
        self.flying = self.way.where is Where.AIR
        self.fuel_kg = self.way.fuel_kg
        self.continuous_s = continuous_at(self.craft, self.way, self.leave_s)
        self.legs = ground_before(self.way, self.leave_s)

    def make_visits(self, incident: int, visits: int, refuel_on_the_way: bool) -> str:
        """All steps of a task's visits, up to the last handover."""
        problem = self.planner.problem
        task = problem.incidents[incident].task
        if task is None:
            return "CAPABILITY"
        for n in range(visits):
            loaded = n == 0 and incident in self.way.cargo
            if task.pickup_base != NONE and not loaded:
                code = self._load(incident, task.pickup_base, refuel_on_the_way)
                if code:
                    return code
            code = self._visit(incident, task.service_s)
            if not code and task.hospital != NONE:
                code = self.deliver(incident, task.hospital)
            elif not code:
                self.visits.append((incident, self.now_s))
            if code:
                return code
        return ""

    def _load(self, incident: int, base: int, refuel: bool) -> str:
        task = self.planner.problem.incidents[incident].task
        standing_there = not self.legs_flown() and self.way.where is Where.BASE and self.way.base == base
        if not standing_there:
            code = self.land_at(base)
            if code:
                return code
            if refuel:
                code = self._fill(base)
                if code:
                    return code
        elif refuel:
            return "FUEL"  # filling before the first departure is a departure of its own
        self._stay(LegKind.HANDOVER, task.handover_s if task is not None else 0.0, incident=incident)
        return ""

    def _fill(self, base: int) -> str:
        row, planner = self.craft.row, self.planner
        if not self.craft.takes_fuel_at(planner.problem, base):
            return "BASE_FUEL"
        start_s = planner.ledgers.fuel[base].earliest_s(self.now_s, row.turnaround_s, 1)
        if start_s == math.inf:
            return "REFUEL_FULL"
        self.at_fuel.append((base, start_s, start_s + row.turnaround_s))
        self.now_s = start_s
        self._stay(LegKind.GROUND, row.turnaround_s, place=base, refuel=True)
        self.fuel_kg = row.fuel_capacity_kg
        if row.turnaround_s >= self.craft.min_rest_s:
            self.continuous_s = 0.0
        return ""

    def _visit(self, incident: int, service_s: float) -> str:
        code = self._fly(self.planner.problem.incident_place(incident))
        if code:
            return code
        begin_s = self.now_s
        self._stay(LegKind.ON_SCENE, service_s, incident=incident)
        self._burn(service_s)
        self.at_scene.append((incident, begin_s, self.now_s))
        return self._limits()

    def deliver(self, incident: int, hospital: int) -> str:
        """To the hospital, and hand the patients over."""
        task = self.planner.problem.incidents[incident].task
        code = self._fly(self.planner.problem.hospital_place(hospital)) or self._landing_code()
        if code:
            return code
        self.flying = False
        self._stay(LegKind.HANDOVER, task.handover_s if task is not None else 0.0, incident=incident)
        self.visits.append((incident, self.now_s))
        return ""

    def land_at(self, base: int, hold: bool = False) -> str:
        """Fly to a base and land. `hold`: wait in the air until it opens."""
        row = self.planner.problem.bases[base]
        fly_s = self.planner.distance_m[self.place, base] / self.craft.row.cruise_mps
        wait_s = opening_s(row, self.now_s + fly_s, 0.0) - self.now_s - fly_s if hold else 0.0
        code = self._fly(base, wait_s if wait_s < math.inf else 0.0) or self._landing_code()
        if code:
            return code
        self.flying = False
        if self.strict and row.runway_m < self.craft.row.min_runway_m:
            return "BASE_RUNWAY"
        return "CLOSED" if self.strict and not row.open_during(self.now_s, self.now_s) else ""

    def legs_flown(self) -> bool:
        """Whether anything but the ground leg before the departure has been done."""
        return any(leg.kind is not LegKind.GROUND for leg in self.legs)

    def finish(self, base: int, recovery: bool = False) -> Sortie:
        """The sortie, after the last landing."""
        way = self.way
        after, booked = self.planner.landed(
            self.craft,
            base,
            land_s=self.now_s,
            fuel_kg=self.fuel_kg,
            continuous_s=self.continuous_s,
            today_s=way.today_s + self.flight_s,
        )
        return Sortie(
            legs=tuple(self.legs),
            after=after,
            flight_s=self.flight_s,
            visits=tuple(self.visits),
            at_scene=tuple(self.at_scene),
            at_fuel=(*((way.filled,) if way.filled else ()), *self.at_fuel, *booked),
            stood_ready=stood_ready(way, self.leave_s),
            incidents=tuple(dict.fromkeys(scene[0] for scene in self.at_scene)),
            recovery=recovery,
        )

    def _fly(self, place: int, hold_s: float = 0.0) -> str:
        if self.flying and place == self.place:
            return ""
        fly_s = self.planner.distance_m[self.place, place] / self.craft.row.cruise_mps + hold_s
        start_s = self.now_s
        self.now_s += fly_s
        self.legs.append(Leg(kind=LegKind.FLY, start_s=start_s, end_s=self.now_s, place=place))
        self._burn(fly_s)
        self.place, self.flying = place, True
        return self._limits()

    def _stay(
        self, kind: LegKind, length_s: float, place: int = NONE, incident: int = NONE, refuel: bool = False
    ) -> None:
        end_s = self.now_s + length_s
        self.legs.append(
            Leg(kind=kind, start_s=self.now_s, end_s=end_s, place=place, incident=incident, refuel=refuel)
        )
        self.now_s = end_s

    def _burn(self, air_s: float) -> None:
        self.fuel_kg -= air_s * self.craft.row.burn_kgps
        self.continuous_s += air_s
        self.flight_s += air_s

    def _limits(self) -> str:
        craft = self.craft
        if not self.strict:
            return ""
        if self.leave_s < craft.earliest_s - _SLACK_S:
            return "DAYLIGHT"
        if self.now_s > craft.latest_s + _SLACK_S:
            return "CREW_DUTY" if self.now_s > craft.row.duty_ends_s else "DAYLIGHT"
        if self.continuous_s > craft.max_continuous_s + _SLACK_S:
            return "CREW_CONTINUOUS"
        if self.way.today_s + self.flight_s > craft.max_daily_s + _SLACK_S:
            return "CREW_DAILY"
        return "FUEL" if self.fuel_kg < 0.0 else ""

    def _landing_code(self) -> str:
        return "FUEL" if self.strict and self.fuel_kg < self.craft.reserve_kg - _SLACK_S else ""


def continuous_at(craft: Craft, way: Departure, leave_s: float) -> float:
    """Continuous flight of the crew at a departure: 0 after a ground leg that is a rest."""
    if way.ground_leg and leave_s - way.ground_from_s >= craft.min_rest_s:
        return 0.0
    return way.continuous_s


def ground_before(way: Departure, leave_s: float) -> list[Leg]:
    """The ground leg that ends with the departure, if the plan needs it."""
    if not way.ground_leg:
        return []
    return [
        Leg(
            kind=LegKind.GROUND,
            start_s=way.ground_from_s,
            end_s=leave_s,
            place=way.base,
            refuel=way.refuelling,
        )
    ]


def stood_ready(way: Departure, leave_s: float) -> tuple[tuple[int, float, float], ...]:
    """The span of readiness that a departure closes."""
    if way.where is not Where.BASE or way.ready_from_s >= leave_s:
        return ()
    return ((way.base, way.ready_from_s, leave_s),)


def opening_s(place: Place, from_s: float, length_s: float) -> float:
    """The first time from `from_s` on at which the place is open for so long; infinity if never."""
    if not place.windows:
        return from_s
    starts = [max(from_s, w.from_s) for w in place.windows]
    fits = [s for s, w in zip(starts, place.windows, strict=True) if s + length_s <= w.until_s]
    return min(fits, default=math.inf)


def closing_s(place: Place, at_s: float) -> float:
    """Until when the place, open at `at_s`, stays open by one window; infinity without windows."""
    if not place.windows:
        return math.inf
    return max((w.until_s for w in place.windows if w.from_s <= at_s <= w.until_s), default=at_s)
