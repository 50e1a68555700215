"""A plain dispatcher, who knows nothing of the optimizer: each aircraft on one sortie to one of the two incidents nearest
to it, within every rule of format 1.0. What becomes of it 40 minutes later: `scenario_roll.py`.
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from loadtests.scenarios import Row, at, distance_m

_IDLE_SHARE = 0.35  # of the aircraft, not sent
_MOST_DROPS = 12
_RESERVE_SHARE = 1.05  # fuel kept at the landing, so that rounding never counts
_SLACK_S = 30.0  # kept from every limit of the crew and the light, for the same reason

Span = tuple[float, float, int]


@dataclass(slots=True)
class Leg:
    """Seconds after the old `now`. `row`: the leg as written but for its times; `to`: where it ends."""

    start_s: float
    end_s: float
    row: Row
    to: Row
    flying: bool = True


@dataclass(slots=True)
class Sortie:
    """One aircraft to one incident and back to a base, within one horizon."""

    craft: Row
    incident: Row
    legs: list[Leg]
    drops: list[float] = field(default_factory=list)  # times
    litres: float = 0.0
    turned_s: float = 0.0  # landed and full again
    refuelled: bool = False
    base: Row = field(default_factory=dict)

    def worked_s(self) -> float:
        """The end of the last leg but the flight home."""
        return self.legs[-2].end_s


class Dispatcher:
    """Sends each aircraft once, within every rule of the format."""

    def __init__(self, sc: Row, chance: random.Random) -> None:
        self.sc, self.chance = sc, chance
        self.now = at(sc["now"])
        self.at_scene: dict[str, list[Span]] = {}
        self.at_water: dict[str, list[Span]] = {}
        self.at_fuel: dict[str, list[Span]] = {}
        self.visits = {i["id"]: i["task"]["visits"] for i in sc["incidents"] if "task" in i}
        self.bases = {row["id"]: row for row in sc["bases"]}
        self.hospitals = {row["id"]: row for row in sc["hospitals"]}
        self.waters = {row["id"]: row for row in sc["water_points"]}

    def sorties(self) -> list[Sortie]:
        """Whoever can be sent, in a drawn order."""
        crafts = [a for a in self.sc["aircraft"] if a["serviceable"]]
        self.chance.shuffle(crafts)
        found = (self._send(craft) for craft in crafts if self.chance.random() >= _IDLE_SHARE)
        return [sortie for sortie in found if sortie is not None]

    def _send(self, craft: Row) -> Sortie | None:
        near = sorted(self.sc["incidents"], key=lambda i: distance_m(i, craft))
        fits = [i for i in near if self._fits(craft, i)][:6]
        if len(fits) > 1 and self.chance.random() < 0.5:
            fits[0], fits[1] = fits[1], fits[0]
        for incident in fits:
            tries = self._fire(craft, incident) if "fire" in incident else self._task(craft, incident)
            for sortie in tries:
                if self._legal(sortie):
                    self._book(sortie)
                    return sortie
        return None

    def _fits(self, craft: Row, incident: Row) -> bool:
        if (
            incident["wind_mps"] > craft["max_wind_mps"]
            or incident["visibility_m"] < craft["min_visibility_m"]
        ):
            return False
        if "fire" in incident:
            return craft["water"] is not None
        task = incident["task"]
        return (
            self.visits[incident["id"]] > 0
            and set(task["needs"]) <= set(craft["capabilities"])
            and task["seats"] <= craft["seats"]
            and task["cargo_kg"] <= craft["cargo_kg"]
        )

    def _seconds(self, when: str) -> float:
        return (at(when) - self.now).total_seconds()

    def _leave_s(self, craft: Row) -> float:
        ready_s = max(0.0, self._seconds(craft["ready_at"]))
        if "night" in craft["capabilities"] or craft["at_base_id"] is None:
            return ready_s
        return max(ready_s, self._seconds(self.sc["weather"]["first_light"]) + 1.0)

    def _fire(self, craft: Row, incident: Row) -> Iterator[Sortie]:
        """Full sorties first, then ever shorter ones."""
        kit = craft["water"]
        points = [
            w
            for w in self.sc["water_points"]
            if kit["mode"] in w["modes"] and w["depth_m"] >= kit["min_depth_m"]
        ]
        if not points:
            return
        water = min(points, key=lambda w: distance_m(w, incident))
        litres = self._lift(kit, max(water["elevation_m"], incident["elevation_m"]))
        if litres <= 1.0:
            return
        gap_m = distance_m(water, incident)
        one_s = kit["fill_s"] + gap_m / craft["loaded_mps"] + kit["drop_s"]
        back_s = gap_m / craft["cruise_mps"]
        for drops in range(_MOST_DROPS, 0, -1):
            length_s = drops * one_s + (drops - 1) * back_s
            if length_s <= 1.0:
                return
            legs = [self._fly(craft, craft, water, "water_point", self._leave_s(craft))]
            start_s = legs[-1].end_s
            row = {
                "kind": "cycles",
                "water_point_id": water["id"],
                "incident_id": incident["id"],
                "drops": drops,
                "litres_per_drop": litres,
            }
            legs.append(Leg(start_s, start_s + length_s, row, incident))
            sortie = self._homeward(Sortie(craft, incident, legs))
            if sortie is not None:
                sortie.drops = [start_s + k * one_s + (k - 1) * back_s for k in range(1, drops + 1)]
                sortie.litres = litres
                yield sortie

    def _lift(self, kit: Row, elevation_m: float) -> float:
        """Litres at the format's density altitude, never more than the tank holds, rounded down."""
        height_m = elevation_m + 36.6 * (self.sc["weather"]["temperature_c"] - 15.0)
        table = [(step["density_altitude_m"], step["litres"]) for step in kit["lift"]]
        if height_m >= table[-1][0]:
            return 0.0
        litres = float(table[0][1])
        for (low_m, low_l), (high_m, high_l) in pairwise(table):
            if low_m <= height_m < high_m:
                litres = low_l + (high_l - low_l) * (height_m - low_m) / (high_m - low_m)
        return math.floor(10 * min(litres, float(kit["capacity_l"]))) / 10

    def _task(self, craft: Row, incident: Row) -> Iterator[Sortie]:
        task, place, leave_s = incident["task"], craft, self._leave_s(craft)
        handover = {"kind": "handover", "incident_id": incident["id"]}
        legs: list[Leg] = []
        if task["pickup_base_id"]:
            source = self.bases[task["pickup_base_id"]]
            if source["runway_m"] < craft["min_runway_m"]:
                return
            legs.append(self._fly(craft, place, source, "base", leave_s))
            legs.append(
                Leg(legs[-1].end_s, legs[-1].end_s + task["handover_s"], handover, source, flying=False)
            )
            place, leave_s = source, legs[-1].end_s
        legs.append(self._fly(craft, place, incident, "incident", leave_s))
        on_scene = {"kind": "on_scene", "incident_id": incident["id"]}
        legs.append(Leg(legs[-1].end_s, legs[-1].end_s + task["service_s"], on_scene, incident))
        if task["hospital_id"]:
            pad = self.hospitals[task["hospital_id"]]
            legs.append(self._fly(craft, incident, pad, "hospital", legs[-1].end_s))
            legs.append(Leg(legs[-1].end_s, legs[-1].end_s + task["handover_s"], handover, pad, flying=False))
        sortie = self._homeward(Sortie(craft, incident, legs))
        if sortie is not None:
            yield sortie

    def _fly(self, craft: Row, here: Row, there: Row, kind: str, start_s: float) -> Leg:
        fly_s = distance_m(here, there) / craft["cruise_mps"]
        return Leg(start_s, start_s + fly_s, {"kind": "fly", "to": {"type": kind, "id": there["id"]}}, there)

    def _homeward(self, sortie: Sortie) -> Sortie | None:
        """With the flight to the nearest base that fits, and the turn-round there."""
        craft, last = sortie.craft, sortie.legs[-1]
        fits = [b for b in self.sc["bases"] if b["runway_m"] >= craft["min_runway_m"]]
        if not fits:
            return None
        base = min(fits, key=lambda b: distance_m(b, last.to))
        sortie.legs.append(self._fly(craft, last.to, base, "base", last.end_s))
        sortie.base, sortie.turned_s = base, sortie.legs[-1].end_s
        spans = self.at_fuel.get(base["id"], [])
        start_s = sortie.legs[-1].end_s
        if craft["fuel_type"] in base["fuels"] and _fits(
            spans, start_s, start_s + craft["turnaround_s"], 1, base["refuel_points"]
        ):
            sortie.turned_s, sortie.refuelled = start_s + craft["turnaround_s"], True
        return sortie

    def _legal(self, sortie: Sortie) -> bool:
        craft, legs, rules = sortie.craft, sortie.legs, self.sc["rules"]
        crew = craft["crew"]
        duty_s = self._seconds(crew["duty_ends_at"]) - _SLACK_S
        dusk_s = self._seconds(self.sc["weather"]["last_light"]) - _SLACK_S
        dawn_s = self._seconds(self.sc["weather"]["first_light"])
        if legs[-1].end_s > duty_s:
            return False
        if "night" not in craft["capabilities"] and (legs[-1].end_s > dusk_s or legs[0].start_s < dawn_s):
            return False
        air_s = sum(leg.end_s - leg.start_s for leg in legs if leg.flying)
        if crew["flown_continuous_s"] + air_s > rules["max_continuous_flight_s"] - _SLACK_S:
            return False
        if crew["flown_today_s"] + air_s > rules["max_daily_flight_s"] - _SLACK_S:
            return False
        needed_kg = craft["burn_kgps"] * (air_s + _RESERVE_SHARE * rules["fuel_reserve_s"])
        return craft["fuel_kg"] >= needed_kg and self._open(sortie) and self._room(sortie)

    def _open(self, sortie: Sortie) -> bool:
        for leg in sortie.legs:
            kind = leg.row["kind"]
            places = [self.waters[leg.row["water_point_id"]]] if kind == "cycles" else []
            if kind in ("cycles", "on_scene"):
                places.append(sortie.incident)
            if kind == "fly" and leg.row["to"]["type"] == "base":
                places.append(leg.to)
            start_s = leg.end_s if kind == "fly" else leg.start_s
            if not all(self._open_at(place, start_s, leg.end_s) for place in places):
                return False
        return True

    def _open_at(self, place: Row, start_s: float, end_s: float) -> bool:
        windows = place.get("available")
        return not windows or any(
            self._seconds(w["from"]) < start_s and end_s < self._seconds(w["until"]) - 1.0 for w in windows
        )

    def _room(self, sortie: Sortie) -> bool:
        incident, slots = sortie.incident, sortie.craft["slots"]
        for leg in sortie.legs:
            if leg.row["kind"] in ("cycles", "on_scene"):
                spans = self.at_scene.get(incident["id"], [])
                if not _fits(spans, leg.start_s, leg.end_s, slots, incident["max_slots"]):
                    return False
            if leg.row["kind"] == "cycles":
                water = self.waters[leg.row["water_point_id"]]
                spans = self.at_water.get(water["id"], [])
                if not _fits(spans, leg.start_s, leg.end_s, 1, water["max_aircraft"]):
                    return False
        return True

    def _book(self, sortie: Sortie) -> None:
        incident = sortie.incident["id"]
        for leg in sortie.legs:
            if leg.row["kind"] in ("cycles", "on_scene"):
                span = (leg.start_s, leg.end_s, sortie.craft["slots"])
                self.at_scene.setdefault(incident, []).append(span)
            if leg.row["kind"] == "cycles":
                spans = self.at_water.setdefault(leg.row["water_point_id"], [])
                spans.append((leg.start_s, leg.end_s, 1))
        if sortie.refuelled:
            spans = self.at_fuel.setdefault(sortie.base["id"], [])
            spans.append((sortie.legs[-1].end_s, sortie.turned_s, 1))
        if incident in self.visits:
            self.visits[incident] -= 1


def _fits(spans: list[Span], start_s: float, end_s: float, units: int, limit: int) -> bool:
    """Room at every moment, told at the starts of the spans that overlap."""
    over = [span for span in spans if span[0] < end_s and start_s < span[1]]
    moments = [start_s, *(span[0] for span in over if span[0] > start_s)]
    return all(sum(u for s, e, u in over if s <= m < e) + units <= limit for m in moments)
