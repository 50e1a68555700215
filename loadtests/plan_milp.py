"""The dispatch problem as a direct time-indexed MILP, for HiGHS: the peer of `plan_peer.py`.

Time is cut into slots. Every aircraft is a path through (base, slot, state of crew and tanks); an arc is a whole sortie
that leaves at the start of a slot, or standing still for one. Fires owe a debt per slot, life and tasks a charge per
slot until served, reserves a shortage per slot. Layers, places at the water and refuel points are counted in every slot
that an occupation touches, so a solution is always a legal plan; legs carry exact times.

The sorties: `milp_sorties.py`; the model's columns and rows: `milp_columns.py`.

Left out, which makes the model smaller and its plans somewhat worse: departures between slots but for each aircraft's
first; of the water points for a fire all but the one with most litres a second; of the drops per sortie all but the
most possible and half of that; of the bases to return to all but the nearest with fuel; several incidents in one
sortie; waiting for a window (a sortie that does not fit is not there). The crew's continuous flight is kept in halves:
after half of the limit, a rest or one more sortie of at most half. For a task of several visits each visit is charged
its own share. Scenarios with locks are refused. The objective is therefore not the score to the digit; plans are
compared by the referee.
"""

import math
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from loadtests.milp_columns import Milp
from loadtests.milp_sorties import FIRST, FRESH, Sortie, Sorties
from loadtests.scenarios import Row, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Arc:
    """A sortie and when it leaves, by a column of the model."""

    craft: int
    leave_s: float
    sortie: Sortie
    rest: bool


class Peer:
    """Builds the model of a scenario and turns a solution back into a plan."""

    def __init__(self, sc: Row, slot_s: float) -> None:
        if sc["commitments"]:
            raise ValueError("the model knows no locks")
        self.sc, self.slot_s = sc, slot_s
        self.sorties = Sorties(sc)
        self.slots = math.ceil(self.sorties.s(sc["horizon_end"]) / slot_s)
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
        self.bases = self.sorties.bases
        self.build()

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
        ready_s = self.sorties.ready_s(craft)
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
                flights[base, state] = list(self.sorties.between(craft, base, state))
            for sortie, rest, after in flights[base, state]:
                if not self.sorties.in_time(craft, sortie, leave_s):
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
        start_s = max(self.sorties.ready_s(craft), slot * self.slot_s)
        for k in self._touched(start_s, start_s + craft["turnaround_s"]):
            self.at_fuel[base, k].append((column, 1.0))
        link(node, (base, math.ceil((start_s + ground_s) / self.slot_s - 1e-9), FRESH), column)

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
                start_s = max(self.sorties.ready_s(craft), slot * self.slot_s)
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
        return text(self.sorties.now + timedelta(milliseconds=round(seconds * 1000)))
