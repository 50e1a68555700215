#!/usr/bin/env python3
"""Judges dispatch plans of format 1.0 and 1.1; needs nothing but Python 3.11.

    python referee.py SCENARIO.json PLAN.json [--json]

Flies a plan leg by leg, lists every rule it breaks by its code, and adds up its score. The rules are in README.md beside
this file. It shares no code with the planner, so that it can be used against any planner. Exit status: 0 a plan
without violations, 1 one with violations, 2 input that cannot be read.
"""

import json
import math
import sys
from collections import defaultdict
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

Row = dict[str, Any]
Span = tuple[float, float, int, str]  # from, until (seconds since 1970), units, aircraft

EARTH_RADIUS_M = 6371008.8  # mean radius of the sphere that distances are measured on
SHORT_SHARE, SHORT_S = 0.01, 2.0  # by so much a leg may be shorter than its least time
CREW_SHARE = 1.005  # crew limits may be over by half a per cent (and SHORT_S)
LOCK_LATE_S = 60.0
TOUCH_S = 1.0  # taken off both ends of a use, so that one may begin as another ends
FORGIVEN_M, FORGIVEN_S = 100.0, 1.0  # inside closed airspace
FIT_CODES = (  # what keeps an aircraft from one incident
    *("WEATHER_WIND", "WEATHER_VISIBILITY", "INCIDENT_SLOTS", "CAPABILITY", "NO_PAD", "CAPACITY"),
    "FORBIDDEN_ASSIGNMENT",
)
FLOWN = ("fly", "cycles", "on_scene")


def seconds(stamp: str) -> float:
    """Seconds since 1970 of an ISO-8601 time with a zone."""
    when = datetime.fromisoformat(stamp.replace("Z", "+00:00"))
    if when.tzinfo is None:
        raise ValueError(f"time without zone: {stamp}")
    return when.timestamp()


def distance_m(here: Row, there: Row) -> float:
    """Great-circle distance."""
    lat_a, lat_b = math.radians(here["lat"]), math.radians(there["lat"])
    half_lon = math.sin(math.radians(there["lon"] - here["lon"]) / 2)
    half = math.sin((lat_b - lat_a) / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * half_lon**2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(half)))


def lifted_l(kit: Row, density_altitude_m: float) -> float:
    """Litres a drop may have at a density altitude; nothing above the last row of the table."""
    rows = [(row["density_altitude_m"], row["litres"]) for row in kit["lift"]]
    litres = 0.0
    if density_altitude_m <= rows[0][0]:
        litres = rows[0][1]
    elif density_altitude_m <= rows[-1][0]:
        for (low_m, low_l), (high_m, high_l) in pairwise(rows):
            if low_m <= density_altitude_m <= high_m and low_m < high_m:
                litres = low_l + (high_l - low_l) * (density_altitude_m - low_m) / (high_m - low_m)
    return float(min(litres, kit["capacity_l"]))


def _delivery(task: Row) -> tuple[str, str] | None:
    """Where those fetched are handed over, if anywhere."""
    if task["hospital_id"]:
        return "hospital", task["hospital_id"]
    base = task.get("dropoff_base_id")
    return ("base", base) if base else None


def is_open(place: Row, start: float, end: float) -> bool:
    """Whether one of the windows, if there are any, holds the whole span."""
    windows = place.get("available")
    return not windows or any(
        seconds(window["from"]) <= start and end <= seconds(window["until"]) for window in windows
    )


def runs_inside(polygon: list[list[float]], points: list[Row]) -> list[tuple[float, float]]:
    """The parts of a way, from 0 to 1 by length, that lie inside; those of up to 100 m are forgiven. Ways and sides are
    straight in longitude and latitude. A way of no length is inside as a whole or not at all."""
    lengths = [distance_m(a, b) for a, b in pairwise(points)]
    whole_m = sum(lengths)
    if whole_m <= 0:
        return [(0.0, 1.0)] if _within(polygon, points[0]["lon"], points[0]["lat"]) else []
    runs, flown_m = [], 0.0
    for (a, b), piece_m in zip(pairwise(points), lengths, strict=True):
        for start, end in _clipped(polygon, a, b):
            if (end - start) * piece_m > FORGIVEN_M:
                runs.append(((flown_m + start * piece_m) / whole_m, (flown_m + end * piece_m) / whole_m))
        flown_m += piece_m
    return runs


def _clipped(polygon: list[list[float]], a: Row, b: Row) -> list[tuple[float, float]]:
    """The parts of one straight piece inside, as shares of it."""
    along = (b["lon"] - a["lon"], b["lat"] - a["lat"])
    cuts = {0.0, 1.0}
    for (lon, lat), (next_lon, next_lat) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        side = (next_lon - lon, next_lat - lat)
        across = along[0] * side[1] - along[1] * side[0]
        if across:
            gap = (lon - a["lon"], lat - a["lat"])
            at = (gap[0] * side[1] - gap[1] * side[0]) / across
            on_side = (gap[0] * along[1] - gap[1] * along[0]) / across
            if 0 < at < 1 and 0 <= on_side <= 1:
                cuts.add(at)
    parts: list[tuple[float, float]] = []
    for start, end in pairwise(sorted(cuts)):
        middle = (start + end) / 2
        if _within(polygon, a["lon"] + middle * along[0], a["lat"] + middle * along[1]):
            joins = bool(parts) and parts[-1][1] == start
            parts.append((parts.pop()[0], end) if joins else (start, end))
    return parts


def _within(polygon: list[list[float]], lon: float, lat: float) -> bool:
    """Whether a point lies inside (even-odd)."""
    inside = False
    for (lon_a, lat_a), (lon_b, lat_b) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        if (lat_a > lat) != (lat_b > lat):
            inside ^= lon < lon_a + (lat - lat_a) / (lat_b - lat_a) * (lon_b - lon_a)
    return inside


class Judge:
    """One scenario and one plan. `judge()` gives the answer."""

    def __init__(self, scenario: Row, plan: Row) -> None:
        self.scenario, self.plan = scenario, plan
        self.violations: list[Row] = []
        self.now, self.horizon = seconds(scenario["now"]), seconds(scenario["horizon_end"])
        self.places: dict[str, dict[str, Row]] = {
            kind: {row["id"]: row for row in scenario[rows]}
            for kind, rows in (
                ("base", "bases"),
                ("water_point", "water_points"),
                ("hospital", "hospitals"),
                ("incident", "incidents"),
            )
        }
        self.aircraft: dict[str, Row] = {row["id"]: row for row in scenario["aircraft"]}
        self.forbidden = {
            (row["aircraft_id"], row["incident_id"]) for row in scenario.get("forbidden_assignments", [])
        }
        self.drops: dict[str, list[tuple[float, float]]] = defaultdict(list)
        self.visits: dict[str, list[float]] = defaultdict(list)
        self.loads: dict[str, list[tuple[float, int]]] = defaultdict(list)
        self.at_scene: dict[str, list[Span]] = defaultdict(list)
        self.at_water: dict[str, list[Span]] = defaultdict(list)
        self.at_fuel: dict[str, list[Span]] = defaultdict(list)
        self.ready: list[tuple[str, str, float, float]] = []  # base, aircraft, from, until
        self.pairs: set[tuple[str, str]] = set()
        self.flown_s = self.cost = 0.0

    def fail(self, code: str, aircraft_id: str | None, detail: str) -> None:
        """Note a violation."""
        self.violations.append({"code": code, "aircraft_id": aircraft_id, "detail": detail})

    def judge(self) -> Row:
        """Score, terms and violations."""
        if self.plan.get("scenario_id") != self.scenario["id"]:
            self.fail("SCHEMA", None, "the plan is for another scenario")
        version = self.scenario["schema_version"]
        if version != "1.0" and self.plan.get("schema_version") != version:
            self.fail("SCHEMA", None, f"the plan is not written in version {version}, as the scenario is")
        flown: set[str] = set()
        listed: set[str] = set()
        for entry in self.plan["aircraft"]:
            name, legs = entry["aircraft_id"], entry["legs"]
            if name in listed:
                self.fail("SCHEMA", name, "is listed twice")
            listed.add(name)
            if name not in self.aircraft:
                self.fail("UNKNOWN_ID", name, "is no aircraft of the scenario")
            elif legs:
                flown.add(name)
                Flight(self, self.aircraft[name]).fly(legs)
        for name, craft in self.aircraft.items():
            if name in flown or not craft["serviceable"]:
                continue
            if craft["at_base_id"] is None:
                self.fail("LEFT_IN_AIR", name, "is in the air and has no legs")
            else:
                self.ready.append((craft["at_base_id"], name, self.now, self.horizon))
        for code, uses, kind, limit in (
            ("INCIDENT_SLOTS", self.at_scene, "incident", "max_slots"),
            ("WATER_POINT_FULL", self.at_water, "water_point", "max_aircraft"),
            ("REFUEL_FULL", self.at_fuel, "base", "refuel_points"),
        ):
            for place, spans in uses.items():
                self._capacity(code, place, spans, self.places[kind][place][limit])
        self._locks()
        self._orders()
        self._unused()
        return {**self._score(), "violations": self.violations, "valid": not self.violations}

    # ---- the plan as a whole ------------------------------------------------------------------------------
    def _capacity(self, code: str, place: str, spans: list[Span], limit: int) -> None:
        changes = [(start + TOUCH_S, 1, units, name) for start, _, units, name in spans]
        changes += [(end - TOUCH_S, 0, -units, name) for _, end, units, name in spans]
        used = 0
        for _, _, units, name in sorted(changes, key=lambda change: change[:2]):
            used += units
            if units > 0 and used > limit:
                self.fail(code, name, f"{place}: {used} at once, limit {limit}")
                return

    def _locks(self) -> None:
        legs_of = {entry["aircraft_id"]: entry["legs"] for entry in self.plan["aircraft"]}
        for lock in self.scenario.get("commitments", []):
            legs = legs_of.get(lock["aircraft_id"], [])
            for n, wanted in enumerate(lock["legs"]):
                if n >= len(legs) or not self._kept(wanted, legs[n]):
                    self.fail("COMMITMENT", lock["aircraft_id"], f"locked leg {n} is missing or changed")
                    break

    @staticmethod
    def _kept(wanted: Row, leg: Row) -> bool:
        facts = {key: value for key, value in wanted.items() if key not in ("start", "end")}
        late_s = abs(seconds(leg["start"]) - seconds(wanted["start"]))
        return late_s <= LOCK_LATE_S and all(leg.get(key) == value for key, value in facts.items())

    def _orders(self) -> None:
        for row in self.scenario.get("required_assignments", []):
            if (row["aircraft_id"], row["incident_id"]) not in self.pairs:
                self.fail("REQUIRED_ASSIGNMENT", row["aircraft_id"], f"never works at {row['incident_id']}")

    # ---- why aircraft stand -------------------------------------------------------------------------------
    def _unused(self) -> None:
        """Codes that the scenario or the plan itself belies."""
        working = {name for name, _ in self.pairs}
        for row in self.plan.get("unused", []):
            name, code = row["aircraft_id"], row["code"]
            if name not in self.aircraft:
                self.fail("UNKNOWN_ID", name, "stands unused, and is no aircraft of the scenario")
            elif name in working:
                self.fail("UNUSED", name, f"works in the plan, and stands unused for {code}")
            elif not self._plausible(self.aircraft[name], code):
                self.fail("UNUSED", name, f"{code} does not hold for it")

    def _plausible(self, craft: Row, code: str) -> bool:
        weather, crew = self.scenario["weather"], craft["crew"]
        ready = max(self.now, seconds(craft["ready_at"]))
        if code in FIT_CODES:
            fits = [self._unfit(craft, incident) for incident in self.scenario["incidents"]]
            return all(fits) and any(code in codes for codes in fits)
        dark = seconds(weather["last_light"]) <= ready or seconds(weather["first_light"]) >= self.horizon
        holds = {
            "UNSERVICEABLE": not craft["serviceable"],
            "RETURNING": craft["at_base_id"] is None,
            "NOT_READY": ready >= self.horizon,
            "CREW_DUTY": seconds(crew["duty_ends_at"]) <= ready,
            "CREW_DAILY": crew["flown_today_s"] >= self.scenario["rules"]["max_daily_flight_s"],
            "CREW_ROLLING": any(row["flown_s"] >= row["limit_s"] for row in crew.get("rows", [])),
            "DAYLIGHT": dark and "night" not in craft["capabilities"],
            "IN_RESERVE": any(
                row["base_id"] == craft["at_base_id"] and row["capability"] in craft["capabilities"]
                for row in self.scenario["reserves"]
                if row["min_aircraft"] > 0
            ),
            "NO_GAIN": bool(craft["serviceable"]),
        }
        return bool(holds.get(code, False))

    def _unfit(self, craft: Row, incident: Row) -> set[str]:
        """Codes of all that keeps an aircraft from ever working at an incident."""
        task = incident.get("task")
        seats = max(task["seats"], 1 if task.get("people") else 0) if task else 0
        ropeless = "rappel" not in craft["capabilities"]
        holds = {
            "WEATHER_WIND": incident["wind_mps"] > craft["max_wind_mps"],
            "WEATHER_VISIBILITY": incident["visibility_m"] < craft["min_visibility_m"],
            "INCIDENT_SLOTS": craft["slots"] > incident["max_slots"],
            "CAPABILITY": bool(set(task["needs"]) - set(craft["capabilities"]))
            if task
            else not craft["water"],
            "NO_PAD": bool(task and task.get("needs_pad") and not incident.get("pad") and ropeless),
            "CAPACITY": bool(task and (seats > craft["seats"] or task["cargo_kg"] > craft["cargo_kg"])),
            "FORBIDDEN_ASSIGNMENT": bool(
                {(craft["id"], incident["id"]), (craft["id"], None)} & self.forbidden
            ),
        }
        return {code for code, held in holds.items() if held}

    # ---- the score ----------------------------------------------------------------------------------------
    def _score(self) -> Row:
        weights = self.scenario["objective"]
        life = fire = task = 0.0
        for incident in self.scenario["incidents"]:
            if incident.get("fire"):
                minutes, kl_hours = self._fire(incident)
                fire += incident["weight"] * kl_hours
            else:
                minutes = self._task(incident)
                task += 0.0 if incident["life_at_risk"] else incident["weight"] * minutes
            life += incident["weight"] * minutes if incident["life_at_risk"] else 0.0
        short = self._shortage_h()
        before = {(row["aircraft_id"], row["incident_id"]) for row in self.scenario["previous_assignments"]}
        known = {
            (name, place)
            for name, place in before
            if place in self.places["incident"] and self.aircraft.get(name, {}).get("serviceable")
        }
        changed = len(known - self.pairs)
        total = (
            weights["life_weighted_minute"] * life
            + weights["fire_weighted_kl_hour"] * fire
            + weights["task_weighted_minute"] * task
            + weights["reserve_shortage_hour"] * short
            + weights["cost_unit"] * self.cost
            + weights["changed_assignment"] * changed
        )
        terms = {
            "life_weighted_minutes": round(life, 2),
            "fire_weighted_kl_hours": round(fire, 3),
            "task_weighted_minutes": round(task, 2),
            "reserve_shortage_hours": round(short, 3),
            "cost": round(self.cost, 2),
            "flight_hours": round(self.flown_s / 3600, 2),
            "changed_assignments": changed,
        }
        return {"score": round(total, 3), "terms": terms}

    def _fire(self, incident: Row) -> tuple[float, float]:
        """(minutes to the first drop, kilolitre-hours under the debt)."""
        fire = incident["fire"]
        growth_lps, debt_l, at, area = fire["growth_lps"], float(fire["demand_l"]), self.now, 0.0
        drops = sorted(drop for drop in self.drops[incident["id"]] if drop[0] <= self.horizon)
        for when, litres in [*drops, (self.horizon, 0.0)]:
            passed_s = when - at
            area += (debt_l + growth_lps * passed_s / 2) * passed_s
            debt_l = max(0.0, debt_l + growth_lps * passed_s - litres)
            at = when
        unserved = self.scenario["objective"]["unserved_minutes"]
        first = (drops[0][0] - self.now) / 60 if drops else unserved
        return first, area / 3.6e6

    def _task(self, incident: Row) -> float:
        """Minutes to completion; for visits never made, or people left, their share of the unserved minutes."""
        if incident["task"].get("people"):
            return self._lifted(incident)
        if incident["task"].get("continuous"):
            return self._uncovered_min(incident)
        wanted = incident["task"]["visits"]
        done = sorted(when for when in self.visits[incident["id"]] if when <= self.horizon)[:wanted]
        share = len(done) / wanted
        last = (done[-1] - self.now) / 60 if done else 0.0
        unserved = self.scenario["objective"]["unserved_minutes"]
        return float(unserved * (1 - share) + last * share)

    def _lifted(self, incident: Row) -> float:
        people, out, last = incident["task"]["people"], 0, self.now
        for when, seats in sorted(self.loads[incident["id"]]):
            if when <= self.horizon and out < people:
                out, last = out + seats, when
        share = min(1.0, out / people)
        unserved = self.scenario["objective"]["unserved_minutes"]
        return float(unserved * (1 - share) + (last - self.now) / 60 * share)

    def _uncovered_min(self, incident: Row) -> float:
        """Minutes from now to the horizon with nobody on the scene."""
        gaps, at = 0.0, self.now
        for start, end, _, _ in sorted(self.at_scene[incident["id"]]):
            gaps += max(0.0, min(start, self.horizon) - at)
            at = max(at, min(end, self.horizon))
        return (gaps + max(0.0, self.horizon - at)) / 60

    def _shortage_h(self) -> float:
        short_s = 0.0
        for wanted in self.scenario["reserves"]:
            spans = [
                (max(start, self.now), min(end, self.horizon))
                for base, name, start, end in self.ready
                if base == wanted["base_id"]
                and self.aircraft[name]["serviceable"]
                and wanted["capability"] in self.aircraft[name]["capabilities"]
            ]
            inside = (edge for span in spans for edge in span if self.now <= edge <= self.horizon)
            for start, end in pairwise(sorted({self.now, self.horizon, *inside})):
                ready = sum(a <= start and end <= b for a, b in spans)
                short_s += max(0, wanted["min_aircraft"] - ready) * (end - start)
        return short_s / 3600


class Stopped(Exception):
    """A leg without what it stands on."""


class Flight:
    """One aircraft through its legs."""

    def __init__(self, judge: Judge, craft: Row) -> None:
        self.judge, self.craft, self.name = judge, craft, craft["id"]
        self.rules = judge.scenario["rules"]
        grounded = craft["at_base_id"] is not None
        self.grounded = grounded
        self.here: tuple[str, str | None] = ("base", craft["at_base_id"]) if grounded else ("air", None)
        self.position: Row = {"lon": craft["lon"], "lat": craft["lat"]}
        ready_at = seconds(craft["ready_at"])
        self.time = judge.now if grounded else max(judge.now, ready_at)
        self.fuel_kg = float(craft["fuel_kg"])
        self.reserve_kg = craft["burn_kgps"] * self.rules["fuel_reserve_s"]
        crew = craft["crew"]
        self.continuous_s, self.today_s = float(crew["flown_continuous_s"]), float(crew["flown_today_s"])
        self.plan_s = 0.0
        self.rows_left = [(row["limit_s"] - row["flown_s"], row["code"]) for row in crew.get("rows", [])]
        self.ready_from: float | None = judge.now if grounded else None
        self.leaving = not grounded
        self.cargo: set[str] = set()
        self.patients: set[str] = set()

    def fail(self, code: str, detail: str) -> None:
        """Note a violation of this aircraft."""
        self.judge.fail(code, self.name, detail)

    def fly(self, legs: list[Row]) -> None:
        """All legs, then what can only be said at the end."""
        if not self.craft["serviceable"]:
            self.fail("UNSERVICEABLE", "is not serviceable")
        if seconds(self.craft["ready_at"]) > seconds(legs[0]["start"]) + SHORT_S:
            self.fail("NOT_READY", f"its first leg is before {self.craft['ready_at']}")
        steps = {
            "fly": self._fly,
            "cycles": self._cycles,
            "on_scene": self._on_scene,
            "handover": self._handover,
            "ground": self._ground,
        }
        for n, leg in enumerate(legs):
            kind, start, end = leg["kind"], seconds(leg["start"]), seconds(leg["end"])
            self.label = f"leg {n} {kind}"
            if kind not in steps:
                self.fail("SCHEMA", f"{self.label} is of no known kind")
                return
            self._clock(kind, start, end)
            try:
                steps[kind](leg, start, end)
            except Stopped:
                return
            self._limits()
            self.time = end
        if self.here[0] != "base":
            self.fail("ENDS_AWAY", f"ends at {self.here}, not at a base")
        else:
            self._was_ready(self.judge.horizon)
        if self.patients:
            self.fail("CARGO", f"patients of {sorted(self.patients)} are never handed over")

    # ---- clocks and limits --------------------------------------------------------------------------------
    def _clock(self, kind: str, start: float, end: float) -> None:
        if start < self.time - 1e-6 or end < start:
            self.fail(
                "TIME_ORDER", f"{self.label} begins before the last has ended, or ends before it begins"
            )
        if start > self.time + SHORT_S and not self.grounded:
            self._burn(start - self.time)  # holding that no leg tells of
            self._keep_clear([self.position], self.time, start)
        if kind not in FLOWN:
            return
        weather = self.judge.scenario["weather"]
        light = seconds(weather["first_light"]) <= start and end <= seconds(weather["last_light"])
        if not light and "night" not in self.craft["capabilities"]:
            self.fail("DAYLIGHT", f"{self.label} is not between first and last light")
        if end > seconds(self.craft["crew"]["duty_ends_at"]):
            self.fail("CREW_DUTY", f"{self.label} ends after duty does")

    def _burn(self, air_s: float) -> None:
        self.fuel_kg -= self.craft["burn_kgps"] * air_s
        self.continuous_s += air_s
        self.today_s += air_s
        self.plan_s += air_s
        self.judge.flown_s += air_s
        self.judge.cost += air_s / 3600 * self.craft["cost_per_hour"]

    def _limits(self) -> None:
        if self.continuous_s > self.rules["max_continuous_flight_s"] * CREW_SHARE + SHORT_S:
            self.fail("CREW_CONTINUOUS", f"{self.label}: {self.continuous_s:.0f} s without a rest")
        if self.today_s > self.rules["max_daily_flight_s"] * CREW_SHARE + SHORT_S:
            self.fail("CREW_DAILY", f"{self.label}: {self.today_s:.0f} s today")
        left_s, row = min(self.rows_left, default=(math.inf, ""))
        if self.plan_s > max(0.0, left_s) * CREW_SHARE + SHORT_S:
            self.fail("CREW_ROLLING", f"{self.label}: {self.plan_s:.0f} s, row {row} leaves {left_s:.0f} s")
        if self.fuel_kg < 0:
            self.fail("FUEL", f"{self.label}: the tanks are empty")

    def _takes(self, start: float, end: float, least_s: float, share: float = SHORT_SHARE) -> None:
        if end - start < least_s * (1 - share) - SHORT_S:
            self.fail("TOO_FAST", f"{self.label}: {end - start:.0f} s, at least {least_s:.0f} s")

    def _was_ready(self, until: float) -> None:
        if self.ready_from is not None and self.here[0] == "base":
            self.judge.ready.append((str(self.here[1]), self.name, self.ready_from, until))
        self.ready_from = None

    def _keep_clear(self, way: list[Row], start: float, end: float, *, to_and_fro: bool = False) -> None:
        """`to_and_fro`: it may be anywhere on the way at any time. Whoever is in the air as the plan begins may leave
        the volume it is in."""
        leaving, self.leaving = self.leaving, False
        for volume in self.judge.scenario.get("no_fly", []):
            closed, opened = seconds(volume["from"]), seconds(volume["until"])
            for enters, leaves in runs_inside(volume["polygon"], way):
                if leaving and enters < 1e-6:
                    continue
                since, until = (
                    (start, end)
                    if to_and_fro
                    else (start + enters * (end - start), start + leaves * (end - start))
                )
                if since + FORGIVEN_S < opened and until - FORGIVEN_S > closed:
                    self.fail("NO_FLY", f"{self.label} passes {volume['id']}")
                    return

    def _find(self, kind: str, name: str) -> Row:
        place = self.judge.places.get(kind, {}).get(name)
        if place is None:
            self.fail("UNKNOWN_ID", f"{self.label}: there is no {kind} {name}")
            raise Stopped
        return place

    def _work(self, incident: Row, start: float, end: float) -> None:
        """What holds for work at any incident."""
        craft, name = self.craft, incident["id"]
        if incident["wind_mps"] > craft["max_wind_mps"]:
            self.fail("WEATHER_WIND", f"{name}: {incident['wind_mps']} m/s")
        if incident["visibility_m"] < craft["min_visibility_m"]:
            self.fail("WEATHER_VISIBILITY", f"{name}: {incident['visibility_m']} m")
        task = incident.get("task")
        if task:
            missing = sorted(set(task["needs"]) - set(craft["capabilities"]))
            if missing:
                self.fail("CAPABILITY", f"{name} needs {', '.join(missing)}")
            seats = max(task["seats"], 1 if task.get("people") else 0)
            if seats > craft["seats"] or task["cargo_kg"] > craft["cargo_kg"]:
                self.fail("CAPACITY", f"{name} needs {seats} seats and {task['cargo_kg']} kg")
            if task.get("needs_pad") and not incident.get("pad") and "rappel" not in craft["capabilities"]:
                self.fail("NO_PAD", f"{name} has no pad, and the crew does not rappel")
        if {(self.name, name), (self.name, None)} & self.judge.forbidden:
            self.fail("FORBIDDEN_ASSIGNMENT", f"may not work at {name}")
        if not is_open(incident, start, end):
            self.fail("CLOSED", f"{self.label}: {name} is closed")
        self.judge.at_scene[name].append((start, end, craft["slots"], self.name))
        self.judge.pairs.add((self.name, name))

    # ---- the kinds of leg ---------------------------------------------------------------------------------
    def _fly(self, leg: Row, start: float, end: float) -> None:
        kind, name = leg["to"]["type"], leg["to"]["id"]
        goal = self._find(kind, name)
        self._was_ready(start)
        turns = [{"lon": lon, "lat": lat} for lon, lat in leg.get("via", [])]
        way = [self.position, *turns, goal]
        self._takes(start, end, sum(distance_m(a, b) for a, b in pairwise(way)) / self.craft["cruise_mps"])
        self._keep_clear(way, start, end)
        self._burn(end - start)
        self.here, self.position = (kind, name), goal
        self.grounded = kind in ("base", "hospital")
        if kind == "base":
            if goal["runway_m"] < self.craft["min_runway_m"]:
                self.fail("BASE_RUNWAY", f"{name}: {goal['runway_m']} m")
            if not is_open(goal, end, end):
                self.fail("CLOSED", f"{name} is closed at landing")
        if self.grounded and self.fuel_kg < self.reserve_kg * 0.99 - 1:
            self.fail("FUEL", f"lands at {name} with {self.fuel_kg:.0f} kg, reserve {self.reserve_kg:.0f} kg")

    def _cycles(self, leg: Row, start: float, end: float) -> None:
        water = self._find("water_point", leg["water_point_id"])
        incident = self._find("incident", leg["incident_id"])
        kit = self.craft["water"]
        if not incident.get("fire"):
            self.fail("UNKNOWN_ID", f"{self.label}: {incident['id']} is no fire")
            raise Stopped
        if not kit or kit["mode"] not in water["modes"] or water["depth_m"] < kit["min_depth_m"]:
            self.fail("WATER_UNSUITABLE", f"{water['id']}")
            raise Stopped
        if self.here != ("water_point", water["id"]):
            self.fail("PLACE", f"{self.label} begins at {self.here}, not at {water['id']}")
        if self.grounded and water["modes"] != ["pit"]:
            self.fail("PLACE", f"{self.label} begins on the ground")
        self._work(incident, start, end)
        if not is_open(water, start, end):
            self.fail("CLOSED", f"{self.label}: {water['id']} is closed")
        warmth_c = self.judge.scenario["weather"]["temperature_c"] - 15.0
        most_l = lifted_l(kit, max(water["elevation_m"], incident["elevation_m"]) + 36.6 * warmth_c)
        drops, litres = leg["drops"], leg["litres_per_drop"]
        if litres > most_l * 1.001 + 1:
            self.fail("LIFT", f"{self.label}: {litres} l, it lifts {most_l:.0f} l")
        if drops < 1:
            self.fail("SCHEMA", f"{self.label} has no drops")
            raise Stopped
        gap_m = distance_m(water, incident)
        one_s = kit["fill_s"] + gap_m / self.craft["loaded_mps"] + kit["drop_s"]
        back_s = gap_m / self.craft["cruise_mps"]
        least_s = drops * one_s + (drops - 1) * back_s
        self._takes(start, end, least_s)
        stretch = (end - start) / least_s if least_s > 0 else 1.0
        self.judge.drops[incident["id"]] += [
            (start + stretch * (n * one_s + (n - 1) * back_s), litres) for n in range(1, drops + 1)
        ]
        self._burn(end - start)
        self._keep_clear([water, incident], start, end, to_and_fro=True)
        self.judge.at_water[water["id"]].append((start, end, 1, self.name))
        self.here, self.position, self.grounded = ("incident", incident["id"]), incident, False

    def _task(self, leg: Row) -> tuple[Row, Row]:
        incident = self._find("incident", leg["incident_id"])
        if not incident.get("task"):
            self.fail("UNKNOWN_ID", f"{self.label}: {incident['id']} is no task")
            raise Stopped
        return incident, incident["task"]

    def _on_scene(self, leg: Row, start: float, end: float) -> None:
        incident, task = self._task(leg)
        name = incident["id"]
        if self.here != ("incident", name):
            self.fail("PLACE", f"{self.label} is not at {name}")
        self._work(incident, start, end)
        self._takes(start, end, task["service_s"])
        if task["pickup_base_id"] and name not in self.cargo:
            self.fail("CARGO", f"the cargo for {name} was not loaded at {task['pickup_base_id']}")
        self._burn(end - start)
        self._keep_clear([self.position], start, end)
        self.cargo.discard(name)
        if _delivery(task):
            incidents = self.judge.places["incident"]
            full = any(incidents[other]["task"].get("people") for other in self.patients)
            if full or (task.get("people") and self.patients):
                self.fail("CAPACITY", f"{self.label}: no seat is left for those at {name}")
            self.patients.add(name)
        else:
            self.judge.visits[name].append(end)

    def _handover(self, leg: Row, start: float, end: float) -> None:
        incident, task = self._task(leg)
        name = incident["id"]
        delivery = _delivery(task)
        if self.here != (delivery or ("base", task["pickup_base_id"])):
            self.fail("PLACE", f"{self.label} for {name} is at {self.here}")
        self._takes(start, end, task["handover_s"], share=0.0)
        self._was_ready(start)
        if not delivery:
            self.cargo.add(name)
        elif name in self.patients:
            self.patients.remove(name)
            self.judge.visits[name].append(end)
            self.judge.loads[name].append((end, self.craft["seats"]))
        else:
            self.fail("CARGO", f"{self.label}: nobody of {name} is on board")

    def _ground(self, leg: Row, start: float, end: float) -> None:
        base = self.judge.places["base"].get(leg["base_id"])
        if base is None or self.here != ("base", base["id"]):
            self.fail("PLACE", f"{self.label} is at {self.here}")
            raise Stopped
        if leg["refuel"]:
            turned = start + self.craft["turnaround_s"]
            if self.craft["fuel_type"] not in base["fuels"]:
                self.fail("BASE_FUEL", f"{base['id']} has no {self.craft['fuel_type']}")
            self._takes(start, end, self.craft["turnaround_s"], share=0.0)
            self.fuel_kg = float(self.craft["fuel_capacity_kg"])
            self.judge.at_fuel[base["id"]].append((start, min(end, turned), 1, self.name))
            self.ready_from = turned
        if end - start >= self.rules["min_rest_s"] - SHORT_S:
            self.continuous_s = 0.0


def main(arguments: list[str]) -> int:
    """Judge the files named."""
    names = [name for name in arguments if not name.startswith("--")]
    if len(names) != 2:
        print(__doc__)
        return 2
    try:
        scenario, plan = (json.loads(Path(name).read_text(encoding="utf-8")) for name in names)
        answer = Judge(scenario, plan).judge()
    except (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        print(f"cannot be read: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    if "--json" in arguments:
        print(json.dumps(answer, ensure_ascii=False, indent=1))
    else:
        print(f"{len(answer['violations'])} violations, score {answer['score']}")
        print(json.dumps(answer["terms"], ensure_ascii=False))
        for row in answer["violations"]:
            print(row["code"], row["aircraft_id"] or "-", row["detail"])
    return 0 if answer["valid"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
