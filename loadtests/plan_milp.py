"""The dispatch problem as a direct time-indexed MILP, for HiGHS: the peer of `plan_peer.py`.

Time is cut into slots. Every aircraft is a path through (base, slot, state of crew and tanks); an arc is a whole sortie
that leaves at the start of a slot, or standing still for one. Fires owe a debt per slot, life and tasks a charge per
slot until served, reserves a shortage per slot. Layers, places at the water and refuel points are counted in every slot
that an occupation touches, so a solution is always a legal plan; legs carry exact times.

Left out, which makes the model smaller and its plans somewhat worse: departures between slots but for each aircraft's
first; of the water points for
a fire all but the one with most litres a second; of the drops per sortie all but the most possible and half of that;
of the bases to return to all but the nearest with fuel; several incidents in one sortie; waiting for a window (a sortie
that does not fit is not there). The crew's continuous flight is kept in halves: after half of the limit, a rest or one
more sortie of at most half. For a task of several visits each visit is charged its own share. Scenarios with locks are
refused. The objective is therefore not the score to the digit; plans are compared by the referee.
"""

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np
from ortools.math_opt import model_pb2

from loadtests.scenarios import Row, at, distance_m, text

FIRST, FRESH, HALF = "first", "fresh", "half"  # own fuel and crew clock; full and rested; full, half flown
_SLACK_S = 5.0  # kept from every limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Sortie:
    """One aircraft's way from a base to an incident and to a base, seconds after leaving."""

    incident: int
    legs: tuple[tuple[Row, float, float], ...]  # the leg without its times, start, end
    air_s: float
    land_s: float
    to: int
    scene: tuple[float, float]  # when it takes its layers
    water: int = -1
    drops: tuple[float, ...] = ()
    litres: float = 0.0
    done_s: float = 0.0  # first drop, or the visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Arc:
    """A sortie and when it leaves, by a column of the model."""

    craft: int
    leave_s: float
    sortie: Sortie
    rest: bool


@dataclass(slots=True)
class Milp:
    """The model by columns and rows, ready for the solver's own format."""

    cost: list[float] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    rows: list[tuple[float, float]] = field(default_factory=list)
    entries: list[tuple[int, int, float]] = field(default_factory=list)
    constant: float = 0.0

    def column(self, cost: float, *, whole: bool = False, upper: float = math.inf) -> int:
        """A new variable from 0 up."""
        self.cost.append(cost)
        self.whole.append(whole)
        self.upper.append(upper)
        return len(self.cost) - 1

    def row(self, low: float, high: float, terms: list[tuple[int, float]]) -> None:
        """low <= sum of terms <= high."""
        self.entries.extend((len(self.rows), column, factor) for column, factor in terms)
        self.rows.append((low, high))

    def proto(self) -> Any:
        """As MathOpt reads it."""
        model = model_pb2.ModelProto()
        model.variables.ids.extend(range(len(self.cost)))
        model.variables.lower_bounds.extend([0.0] * len(self.cost))
        model.variables.upper_bounds.extend(self.upper)
        model.variables.integers.extend(self.whole)
        model.objective.offset = self.constant
        priced = [n for n, cost in enumerate(self.cost) if cost]
        model.objective.linear_coefficients.ids.extend(priced)
        model.objective.linear_coefficients.values.extend([self.cost[n] for n in priced])
        model.linear_constraints.ids.extend(range(len(self.rows)))
        model.linear_constraints.lower_bounds.extend([low for low, _ in self.rows])
        model.linear_constraints.upper_bounds.extend([high for _, high in self.rows])
        row, column, factor = (np.array(part) for part in zip(*self.entries, strict=True))
        keys, where = np.unique(row.astype(np.int64) * len(self.cost) + column, return_inverse=True)
        sums = np.zeros(len(keys))
        np.add.at(sums, where, factor.astype(float))
        kept = sums != 0.0
        matrix = model.linear_constraint_matrix
        matrix.row_ids.extend((keys[kept] // len(self.cost)).tolist())
        matrix.column_ids.extend((keys[kept] % len(self.cost)).tolist())
        matrix.coefficients.extend(sums[kept].tolist())
        return model


class Peer:
    """Builds the model of a scenario and turns a solution back into a plan."""

    def __init__(self, sc: Row, slot_s: float) -> None:
        if sc["commitments"]:
            raise ValueError("the model knows no locks")
        self.sc, self.slot_s, self.now = sc, slot_s, at(sc["now"])
        self.times: dict[str, float] = {}
        self.slots = math.ceil(self._s(sc["horizon_end"]) / slot_s)
        self.model = Milp()
        self.arcs: dict[int, Arc] = {}
        self.refills: dict[int, tuple[int, int]] = {}  # column: aircraft, slot of an own tank filled
        self.at_scene: dict[tuple[int, int], list[tuple[int, float]]] = defaultdict(list)
        self.at_water: dict[tuple[int, int], list[tuple[int, float]]] = defaultdict(list)
        self.at_fuel: dict[tuple[int, int], list[tuple[int, float]]] = defaultdict(list)
        self.paid: dict[tuple[int, int], list[tuple[int, float]]] = defaultdict(list)
        self.served: dict[tuple[int, int], list[tuple[int, float]]] = defaultdict(list)
        self.pairs: dict[tuple[int, int], list[tuple[int, float]]] = defaultdict(list)
        self.standing: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)  # (column, aircraft)
        self.ways: dict[
            tuple[str, float, int], tuple[tuple[int, float], int]
        ] = {}  # water, litres, base home
        self.bases = {row["id"]: n for n, row in enumerate(sc["bases"])}
        self.build()

    def _s(self, when: str) -> float:
        if when not in self.times:
            self.times[when] = (at(when) - self.now).total_seconds()
        return self.times[when]

    def _ready_s(self, craft: Row) -> float:
        return max(0.0, self._s(craft["ready_at"]))

    def build(self) -> None:
        """All columns, then all rows that tie them."""
        for n, craft in enumerate(self.sc["aircraft"]):
            if craft["serviceable"]:
                self._paths(n, craft)
        self._capacities()
        for n, incident in enumerate(self.sc["incidents"]):
            if "fire" in incident:
                self._debt(n, incident)
            if "task" in incident or incident["life_at_risk"]:
                self._charge(n, incident)
        self._reserves()
        self._changes()

    # ---- one aircraft -------------------------------------------------------------------------------------------
    def _paths(self, n: int, craft: Row) -> None:
        """Arcs between (base, slot, state), and the balance at each."""
        balance: dict[tuple[int, int, str], list[tuple[int, float]]] = defaultdict(list)
        hours: list[tuple[int, float]] = []
        ready_s = self._ready_s(craft)
        start = int(ready_s // self.slot_s)
        here = self.bases[craft["at_base_id"]] if craft["at_base_id"] is not None else -1
        source = (here, 0 if here >= 0 else start, FIRST)
        waiting, seen = [source], {source}
        flights: dict[tuple[int, str], list[tuple[Sortie, bool, str]]] = {}

        def link(node: tuple[int, int, str], target: tuple[int, int, str] | None, column: int) -> None:
            balance[node].append((column, -1.0))
            if target is not None and target[1] < self.slots:
                balance[target].append((column, 1.0))
                if target not in seen:
                    seen.add(target)
                    waiting.append(target)

        while waiting:
            node = waiting.pop()
            base, slot, state = node
            if base >= 0:
                stay = self.model.column(0.0, whole=True, upper=1.0)
                self.standing[base, slot].append((stay, n))
                link(node, (base, slot + 1, state), stay)
                if state == FIRST and slot >= start:
                    self._refill(n, craft, node, link)
            if slot < start:
                continue
            leave_s = max(ready_s, slot * self.slot_s)
            if (base, state) not in flights:
                flights[base, state] = list(self._sorties(craft, base, state))
            for sortie, rest, after in flights[base, state]:
                if not self._in_time(craft, sortie, leave_s):
                    continue
                column = self._arc(n, craft, leave_s, sortie, rest=rest)
                hours.append((column, sortie.air_s))
                ground_s = (
                    max(self.sc["rules"]["min_rest_s"], craft["turnaround_s"])
                    if rest
                    else craft["turnaround_s"]
                )
                done = math.ceil((leave_s + sortie.land_s + ground_s) / self.slot_s - 1e-9)
                link(node, (sortie.to, done, after) if after else None, column)
        for node, terms in balance.items():
            need = -1.0 if node == source else 0.0
            self.model.row(need, need, terms)
        left_s = self.sc["rules"]["max_daily_flight_s"] - craft["crew"]["flown_today_s"]
        if hours:
            self.model.row(-math.inf, left_s, hours)

    def _refill(self, n: int, craft: Row, node: tuple[int, int, str], link: Any) -> None:
        """Fill up before the first departure; as long as a rest, so that the crew is fresh too."""
        base, slot, _ = node
        if craft["fuel_type"] not in self.sc["bases"][base]["fuels"]:
            return
        ground_s = max(self.sc["rules"]["min_rest_s"], craft["turnaround_s"])
        column = self.model.column(0.0, whole=True, upper=1.0)
        self.refills[column] = (n, slot)
        start_s = max(self._ready_s(craft), slot * self.slot_s)
        for k in self._touched(start_s, start_s + craft["turnaround_s"]):
            self.at_fuel[base, k].append((column, 1.0))
        link(node, (base, math.ceil((start_s + ground_s) / self.slot_s - 1e-9), FRESH), column)

    def _sorties(self, craft: Row, base: int, state: str) -> Iterator[tuple[Sortie, bool, str]]:
        """(sortie, followed by a rest, state after it; empty where there is no fuel to go on)."""
        rules, crew = self.sc["rules"], craft["crew"]
        limit_s = rules["max_continuous_flight_s"]
        flown_s = {FIRST: crew["flown_continuous_s"], FRESH: 0.0, HALF: limit_s / 2}[state]
        fuel_kg = craft["fuel_kg"] if state == FIRST else craft["fuel_capacity_kg"]
        air_s = min(fuel_kg / craft["burn_kgps"] - rules["fuel_reserve_s"], limit_s - flown_s) - _SLACK_S
        place = self.sc["bases"][base] if base >= 0 else craft
        options = list(self._options(craft, place, air_s))
        if base < 0:
            options += self._landing(craft)
        for sortie in options:
            fuelled = craft["fuel_type"] in self.sc["bases"][sortie.to]["fuels"]
            if not fuelled:
                yield sortie, False, ""
                continue
            if flown_s + sortie.air_s <= limit_s / 2:
                yield sortie, False, HALF
            yield sortie, True, FRESH

    def _in_time(self, craft: Row, sortie: Sortie, leave_s: float) -> bool:
        night = "night" in craft["capabilities"]
        weather = self.sc["weather"]
        latest_s = min(
            self._s(craft["crew"]["duty_ends_at"]), math.inf if night else self._s(weather["last_light"])
        )
        if leave_s + sortie.land_s > latest_s - _SLACK_S:
            return False
        if not night and leave_s < self._s(weather["first_light"]):
            return False
        incident = self.sc["incidents"][sortie.incident] if sortie.incident >= 0 else {}
        water = self.sc["water_points"][sortie.water] if sortie.water >= 0 else {}
        begin_s, end_s = (leave_s + s for s in sortie.scene)
        land_s = leave_s + sortie.land_s
        return (
            (sortie.incident < 0 or leave_s + sortie.done_s <= self._s(self.sc["horizon_end"]))
            and self._open(incident, begin_s, end_s)
            and self._open(water, begin_s, end_s)
            and self._open(self.sc["bases"][sortie.to], land_s, land_s)
        )

    def _open(self, place: Row, start_s: float, end_s: float) -> bool:
        windows = place.get("available")
        return not windows or any(
            self._s(w["from"]) + 1 <= start_s and end_s <= self._s(w["until"]) - 1 for w in windows
        )

    def _fit(self, craft: Row, incident: Row) -> bool:
        if (
            incident["wind_mps"] > craft["max_wind_mps"]
            or incident["visibility_m"] < craft["min_visibility_m"]
        ):
            return False
        if "fire" in incident:
            return craft["water"] is not None and craft["slots"] <= incident["max_slots"]
        task = incident["task"]
        able = set(task["needs"]) <= set(craft["capabilities"]) and craft["slots"] <= incident["max_slots"]
        return able and task["seats"] <= craft["seats"] and task["cargo_kg"] <= craft["cargo_kg"]

    def _options(self, craft: Row, place: Row, air_s: float) -> Iterator[Sortie]:
        for n, incident in enumerate(self.sc["incidents"]):
            if self._fit(craft, incident) and distance_m(place, incident) < air_s * craft["cruise_mps"]:
                if "fire" in incident:
                    yield from self._fire(craft, place, n, incident, air_s)
                else:
                    yield from self._task(craft, place, n, incident, air_s)

    def _home(self, craft: Row, place: Row) -> int:
        """The nearest base with a runway and, if there is one, with fuel."""
        rows = self.sc["bases"]
        fits = [n for n, b in enumerate(rows) if b["runway_m"] >= craft["min_runway_m"]]
        fuelled = [n for n in fits if craft["fuel_type"] in rows[n]["fuels"] and rows[n]["refuel_points"] > 0]
        return min(fuelled or fits, key=lambda n: distance_m(rows[n], place), default=-1)

    def _landing(self, craft: Row) -> list[Sortie]:
        """Straight home, for an aircraft that is in the air at the start."""
        to = self._home(craft, craft)
        if to < 0:
            return []
        base = self.sc["bases"][to]
        fly_s = distance_m(craft, base) / craft["cruise_mps"]
        row = {"kind": "fly", "to": {"type": "base", "id": base["id"]}}
        return [
            Sortie(incident=-1, legs=((row, 0.0, fly_s),), air_s=fly_s, land_s=fly_s, to=to, scene=(0.0, 0.0))
        ]

    def _best_water(self, craft: Row, incident: Row) -> tuple[int, float]:
        """(point, litres) with the most litres a second; -1 without any."""
        kit, best = craft["water"], (-1, 0.0)
        rate = 0.0
        for n, point in enumerate(self.sc["water_points"]):
            if kit["mode"] not in point["modes"] or point["depth_m"] < kit["min_depth_m"]:
                continue
            gap_m = distance_m(point, incident)
            cycle_s = (
                kit["fill_s"] + kit["drop_s"] + gap_m / craft["loaded_mps"] + gap_m / craft["cruise_mps"]
            )
            height_m = max(point["elevation_m"], incident["elevation_m"])
            height_m += 36.6 * (self.sc["weather"]["temperature_c"] - 15.0)
            table = kit["lift"]
            litres = float(
                np.interp(
                    height_m,
                    [step["density_altitude_m"] for step in table],
                    [step["litres"] for step in table],
                    right=0.0,
                )
            )
            litres = math.floor(min(litres, kit["capacity_l"]))
            if cycle_s > 0.0 and litres / cycle_s > rate:
                best, rate = (n, float(litres)), litres / cycle_s
        return best

    def _fire(self, craft: Row, place: Row, n: int, incident: Row, air_s: float) -> Iterator[Sortie]:
        key = (craft["model"], craft["min_runway_m"], n)
        if key not in self.ways:
            self.ways[key] = (self._best_water(craft, incident), self._home(craft, incident))
        (water, litres), to = self.ways[key]
        if water < 0 or to < 0:
            return
        kit, point, base = craft["water"], self.sc["water_points"][water], self.sc["bases"][to]
        gap_m = distance_m(point, incident)
        one_s = kit["fill_s"] + gap_m / craft["loaded_mps"] + kit["drop_s"]
        back_s = gap_m / craft["cruise_mps"]
        out_s = distance_m(place, point) / craft["cruise_mps"]
        home_s = distance_m(incident, base) / craft["cruise_mps"]
        most = math.floor((air_s - out_s - home_s + back_s) / (one_s + back_s))
        for drops in sorted({most, (most + 1) // 2} - {0}):
            if drops < 1:
                continue
            end_s = out_s + drops * one_s + (drops - 1) * back_s
            cycles = {
                "kind": "cycles",
                "water_point_id": point["id"],
                "incident_id": incident["id"],
                "drops": drops,
                "litres_per_drop": litres,
            }
            legs = (
                ({"kind": "fly", "to": {"type": "water_point", "id": point["id"]}}, 0.0, out_s),
                (cycles, out_s, end_s),
                ({"kind": "fly", "to": {"type": "base", "id": base["id"]}}, end_s, end_s + home_s),
            )
            times = tuple(out_s + k * one_s + (k - 1) * back_s for k in range(1, drops + 1))
            yield Sortie(
                incident=n,
                legs=legs,
                air_s=end_s + home_s,
                land_s=end_s + home_s,
                to=to,
                scene=(out_s, end_s),
                water=water,
                drops=times,
                litres=litres,
                done_s=times[0],
            )

    def _task(self, craft: Row, place: Row, n: int, incident: Row, air_s: float) -> Iterator[Sortie]:
        task, legs, now_s, flown_s = incident["task"], [], 0.0, 0.0
        handover = {"kind": "handover", "incident_id": incident["id"]}

        def fly(here: Row, there: Row, kind: str) -> None:
            nonlocal now_s, flown_s
            fly_s = distance_m(here, there) / craft["cruise_mps"]
            legs.append(({"kind": "fly", "to": {"type": kind, "id": there["id"]}}, now_s, now_s + fly_s))
            now_s, flown_s = now_s + fly_s, flown_s + fly_s

        def stay(row: Row, length_s: float) -> None:
            nonlocal now_s
            legs.append((row, now_s, now_s + length_s))
            now_s += length_s

        if task["pickup_base_id"]:
            source = self.sc["bases"][self.bases[task["pickup_base_id"]]]
            if source["runway_m"] < craft["min_runway_m"]:
                return
            fly(place, source, "base")
            stay(handover, task["handover_s"])
            place = source
        fly(place, incident, "incident")
        begin_s = now_s
        stay({"kind": "on_scene", "incident_id": incident["id"]}, task["service_s"])
        flown_s += task["service_s"]
        scene, last, done_s = (begin_s, now_s), incident, now_s
        if task["hospital_id"]:
            last = next(h for h in self.sc["hospitals"] if h["id"] == task["hospital_id"])
            fly(incident, last, "hospital")
            stay(handover, task["handover_s"])
            done_s = now_s
        to = self._home(craft, last)
        if to < 0:
            return
        fly(last, self.sc["bases"][to], "base")
        if flown_s <= air_s:
            yield Sortie(
                incident=n, legs=tuple(legs), air_s=flown_s, land_s=now_s, to=to, scene=scene, done_s=done_s
            )

    def _arc(self, n: int, craft: Row, leave_s: float, sortie: Sortie, *, rest: bool) -> int:
        """The column of a sortie, with all it takes and brings."""
        hours = sortie.air_s / 3600
        cost = self.sc["objective"]["cost_unit"] * craft["cost_per_hour"] * hours
        column = self.model.column(cost, whole=True, upper=1.0)
        self.arcs[column] = Arc(craft=n, leave_s=leave_s, sortie=sortie, rest=rest)
        if sortie.incident >= 0:
            begin_s, end_s = (leave_s + s for s in sortie.scene)
            for k in self._touched(begin_s, end_s):
                self.at_scene[sortie.incident, k].append((column, float(craft["slots"])))
                if sortie.water >= 0:
                    self.at_water[sortie.water, k].append((column, 1.0))
            for drop_s in sortie.drops:
                k = int((leave_s + drop_s) // self.slot_s)
                self.paid[sortie.incident, k].append((column, sortie.litres / 1000))
            done = math.ceil((leave_s + sortie.done_s) / self.slot_s)
            self.served[sortie.incident, done].append((column, 1.0))
            self.pairs[n, sortie.incident].append((column, 1.0))
        if craft["fuel_type"] in self.sc["bases"][sortie.to]["fuels"]:
            land_s = leave_s + sortie.land_s
            for k in self._touched(land_s, land_s + craft["turnaround_s"]):
                self.at_fuel[sortie.to, k].append((column, 1.0))
        return column

    def _touched(self, start_s: float, end_s: float) -> range:
        return range(
            int(start_s // self.slot_s), max(int(start_s // self.slot_s) + 1, math.ceil(end_s / self.slot_s))
        )

    # ---- all aircraft together ----------------------------------------------------------------------------------
    def _capacities(self) -> None:
        limits = (
            (self.at_scene, "incidents", "max_slots"),
            (self.at_water, "water_points", "max_aircraft"),
            (self.at_fuel, "bases", "refuel_points"),
        )
        for uses, rows, limit in limits:
            for (n, _), terms in uses.items():
                room = float(self.sc[rows][n][limit])
                if sum(factor for _, factor in terms) > room:
                    self.model.row(-math.inf, room, terms)

    def _debt(self, n: int, incident: Row) -> None:
        """Kilolitres owed at the end of each slot, never below zero; charged by the middle of the slot."""
        fire, hours = incident["fire"], self.slot_s / 3600
        grown_kl = fire["growth_lps"] * self.slot_s / 1000
        weight = self.sc["objective"]["fire_weighted_kl_hour"] * incident["weight"] * hours
        before: list[tuple[int, float]] = []
        owed_kl = fire["demand_l"] / 1000
        self.model.constant += weight * owed_kl / 2
        for k in range(self.slots):
            debt = self.model.column(weight * (0.5 if k == self.slots - 1 else 1.0))
            start_kl = owed_kl if k == 0 else 0.0
            terms = [(debt, 1.0), *before, *self.paid[n, k]]
            self.model.row(start_kl + grown_kl, math.inf, terms)
            before = [(debt, -1.0)]

    def _charge(self, n: int, incident: Row) -> None:
        """One per slot until served, and what is left to the unserved minutes if never."""
        weights = self.sc["objective"]
        by = "life_weighted_minute" if incident["life_at_risk"] else "task_weighted_minute"
        per_minute = weights[by] * incident["weight"]
        visits = incident["task"]["visits"] if "task" in incident else 1
        never = max(0.0, weights["unserved_minutes"] - self.slots * self.slot_s / 60)
        so_far: list[tuple[int, float]] = []
        for k in range(self.slots + 1):
            so_far = so_far + self.served[n, k]
            minutes = never if k == self.slots else self.slot_s / 60
            waiting = self.model.column(per_minute * minutes / visits)
            self.model.row(float(visits), math.inf, [(waiting, 1.0), *so_far])
        if "task" in incident and so_far:
            self.model.row(-math.inf, float(visits), so_far)

    def _reserves(self) -> None:
        cost = self.sc["objective"]["reserve_shortage_hour"] * self.slot_s / 3600
        for reserve in self.sc["reserves"]:
            base = self.bases.get(reserve["base_id"], -1)
            for k in range(self.slots):
                ready = [
                    (column, 1.0)
                    for column, n in self.standing[base, k]
                    if reserve["capability"] in self.sc["aircraft"][n]["capabilities"]
                ]
                short = self.model.column(cost)
                self.model.row(float(reserve["min_aircraft"]), math.inf, [(short, 1.0), *ready])

    def _changes(self) -> None:
        crafts = {row["id"]: n for n, row in enumerate(self.sc["aircraft"])}
        scenes = {row["id"]: n for n, row in enumerate(self.sc["incidents"])}
        for pair in self.sc["previous_assignments"]:
            n, i = crafts.get(pair["aircraft_id"], -1), scenes.get(pair["incident_id"], -1)
            if n >= 0 and i >= 0 and self.sc["aircraft"][n]["serviceable"]:
                gone = self.model.column(self.sc["objective"]["changed_assignment"])
                self.model.row(1.0, math.inf, [(gone, 1.0), *self.pairs[n, i]])

    # ---- back to a plan -----------------------------------------------------------------------------------------
    def plan(self, values: dict[int, float]) -> Row:
        """The plan file of a solution: columns' values."""
        legs: dict[int, list[tuple[float, float, Row]]] = defaultdict(list)
        for column, (n, slot) in self.refills.items():
            if values.get(column, 0.0) > 0.5:
                craft = self.sc["aircraft"][n]
                start_s = max(self._ready_s(craft), slot * self.slot_s)
                self._ground(legs[n], craft["at_base_id"], start_s, craft, rest=True)
        for column, arc in self.arcs.items():
            if values.get(column, 0.0) > 0.5:
                leave_s = arc.leave_s
                legs[arc.craft] += [(leave_s + s, leave_s + e, row) for row, s, e in arc.sortie.legs]
                base, craft = self.sc["bases"][arc.sortie.to], self.sc["aircraft"][arc.craft]
                if craft["fuel_type"] in base["fuels"]:
                    self._ground(
                        legs[arc.craft], base["id"], leave_s + arc.sortie.land_s, craft, rest=arc.rest
                    )
        rows = [
            {
                "aircraft_id": self.sc["aircraft"][n]["id"],
                "legs": [
                    {**row, "start": self._time(start_s), "end": self._time(end_s)}
                    for start_s, end_s, row in sorted(mine, key=lambda leg: leg[:2])
                ],
            }
            for n, mine in sorted(legs.items())
        ]
        return {"schema_version": "1.0", "scenario_id": self.sc["id"], "solver": "highs", "aircraft": rows}

    def _ground(
        self, legs: list[tuple[float, float, Row]], base_id: str, start_s: float, craft: Row, *, rest: bool
    ) -> None:
        length_s = (
            max(self.sc["rules"]["min_rest_s"], craft["turnaround_s"]) if rest else craft["turnaround_s"]
        )
        legs.append((start_s, start_s + length_s, {"kind": "ground", "base_id": base_id, "refuel": True}))

    def _time(self, seconds: float) -> str:
        return text(self.now + timedelta(milliseconds=round(seconds * 1000)))
