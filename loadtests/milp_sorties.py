"""The sorties that the MILP peer may choose from: one aircraft, one incident, from a base or the air and back to a base.

What is left out of them is told in `plan_milp.py`.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from loadtests.scenarios import Row, at, distance_m

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


class Sorties:
    """Those of one scenario, and its clock."""

    def __init__(self, sc: Row) -> None:
        self.sc, self.now = sc, at(sc["now"])
        self.bases = {row["id"]: n for n, row in enumerate(sc["bases"])}
        self.times: dict[str, float] = {}
        self.ways: dict[
            tuple[str, float, int], tuple[tuple[int, float], int]
        ] = {}  # water, litres, base home

    def s(self, when: str) -> float:
        """Seconds after now of a time of the format."""
        if when not in self.times:
            self.times[when] = (at(when) - self.now).total_seconds()
        return self.times[when]

    def ready_s(self, craft: Row) -> float:
        """When an aircraft can leave, seconds after now."""
        return max(0.0, self.s(craft["ready_at"]))

    def between(self, craft: Row, base: int, state: str) -> Iterator[tuple[Sortie, bool, str]]:
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

    def in_time(self, craft: Row, sortie: Sortie, leave_s: float) -> bool:
        """Whether light, duty, windows and horizon let it leave then."""
        night = "night" in craft["capabilities"]
        weather = self.sc["weather"]
        latest_s = min(
            self.s(craft["crew"]["duty_ends_at"]), math.inf if night else self.s(weather["last_light"])
        )
        if leave_s + sortie.land_s > latest_s - _SLACK_S:
            return False
        if not night and leave_s < self.s(weather["first_light"]):
            return False
        incident = self.sc["incidents"][sortie.incident] if sortie.incident >= 0 else {}
        water = self.sc["water_points"][sortie.water] if sortie.water >= 0 else {}
        begin_s, end_s = (leave_s + s for s in sortie.scene)
        land_s = leave_s + sortie.land_s
        return (
            (sortie.incident < 0 or leave_s + sortie.done_s <= self.s(self.sc["horizon_end"]))
            and self._open(incident, begin_s, end_s)
            and self._open(water, begin_s, end_s)
            and self._open(self.sc["bases"][sortie.to], land_s, land_s)
        )

    def _open(self, place: Row, start_s: float, end_s: float) -> bool:
        windows = place.get("available")
        return not windows or any(
            self.s(w["from"]) + 1 <= start_s and end_s <= self.s(w["until"]) - 1 for w in windows
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
