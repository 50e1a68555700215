"""The part of a score that no plan can change: incidents that no aircraft of the scenario can serve.

Such an incident is charged its unserved minutes, and a fire its whole debt besides. Scores are compared net of it:
(score - unavoidable) / (human - unavoidable). The test is one aircraft, alone in the sky, on one direct sortie with as
much fuel as it has or can take where it stands: weather, capability, lift, reach, light, crew, openings and what is
ruled out. Traffic, closed airspace, stops on the way and what a lock delays are left out, so this errs on both sides by
a little; what a plan at hand does serve is never counted as unservable (`served`).
"""

import math
from collections.abc import Collection, Iterator
from functools import partial
from itertools import pairwise

from loadtests.scenarios import Row, at, distance_m


def unavoidable(sc: Row, served: Collection[str] = ()) -> float:
    """Score points that every plan pays. `served`: ids of incidents that some plan reaches."""
    return sum(_charge(sc, i) for i in sc["incidents"] if i["id"] not in served and not servable(sc, i))


def served(sc: Row, plan: Row, verdict: Row) -> set[str]:
    """The incidents that a plan reaches at all, from the referee's answer; read off the legs where it does not tell."""
    if sc["schema_version"] != "1.0":
        legs = [leg for entry in plan["aircraft"] for leg in entry["legs"]]
        return {leg["incident_id"] for leg in legs if leg["kind"] in ("cycles", "on_scene")}
    unserved = {key for key, fire in verdict["fires"].items() if fire["first_drop_min"] is None}
    tasks = {key for key, task in verdict["tasks"].items() if task["done_min"] is not None}
    return set(verdict["fires"]) - unserved | tasks


def _charge(sc: Row, incident: Row) -> float:
    weights, charge = sc["objective"], 0.0
    gap_free = "task" in incident and incident["task"].get("continuous")
    never_min = _seconds(sc, sc["horizon_end"]) / 60 if gap_free else weights["unserved_minutes"]
    minutes = incident["weight"] * never_min
    if incident["life_at_risk"]:
        charge += weights["life_weighted_minute"] * minutes
    elif "task" in incident:
        charge += weights["task_weighted_minute"] * minutes
    if "fire" in incident:
        length_s = _seconds(sc, sc["horizon_end"])
        fire = incident["fire"]
        litre_s = fire["demand_l"] * length_s + fire["growth_lps"] * length_s**2 / 2
        charge += weights["fire_weighted_kl_hour"] * incident["weight"] * litre_s / 3.6e6
    return charge


def servable(sc: Row, incident: Row) -> bool:
    """Whether one aircraft could serve the incident at least once within the horizon."""
    locked = {
        leg.get("incident_id") for lock in sc["commitments"] for leg in lock["legs"] if leg["kind"] != "fly"
    }
    return incident["id"] in locked or any(_serves(sc, craft, incident) for craft in sc["aircraft"])


def _seconds(sc: Row, when: str) -> float:
    return (at(when) - at(sc["now"])).total_seconds()


def _fits(sc: Row, craft: Row, incident: Row) -> bool:
    ruled_out = {(row["aircraft_id"], row["incident_id"]) for row in sc.get("forbidden_assignments", ())}
    if {(craft["id"], incident["id"]), (craft["id"], None)} & ruled_out:
        return False
    if not craft["serviceable"] or craft["slots"] > incident["max_slots"]:
        return False
    if incident["wind_mps"] > craft["max_wind_mps"] or incident["visibility_m"] < craft["min_visibility_m"]:
        return False
    if "fire" in incident:
        return craft["water"] is not None
    task = incident["task"]
    if task.get("needs_pad") and not incident.get("pad") and "rappel" not in craft["capabilities"]:
        return False
    seats = max(task["seats"], 1 if task.get("people") else 0)
    enough = seats <= craft["seats"] and task["cargo_kg"] <= craft["cargo_kg"]
    return enough and set(task["needs"]) <= set(craft["capabilities"])


def _serves(sc: Row, craft: Row, incident: Row) -> bool:
    if not _fits(sc, craft, incident):
        return False
    ways = _to_fire(sc, craft, incident) if "fire" in incident else _to_task(sc, craft, incident)
    return any(_flies(sc, craft, *way) for way in ways)


Way = tuple[float, float, float, list[Row], float]  # air s before work, of work, after it, places, ground s


def _to_fire(sc: Row, craft: Row, incident: Row) -> Iterator[Way]:
    kit = craft["water"]
    home_s = _home_s(sc, craft, incident)
    for water in sc["water_points"]:
        if kit["mode"] not in water["modes"] or water["depth_m"] < kit["min_depth_m"]:
            continue
        if _litres(sc, kit, max(water["elevation_m"], incident["elevation_m"])) <= 0.0:
            continue
        work_s = kit["fill_s"] + distance_m(water, incident) / craft["loaded_mps"] + kit["drop_s"]
        yield distance_m(craft, water) / craft["cruise_mps"], work_s, home_s, [water, incident], 0.0


def _to_task(sc: Row, craft: Row, incident: Row) -> Iterator[Way]:
    task, fly_s = incident["task"], partial(_fly_s, craft)
    bases = {row["id"]: row for row in sc["bases"]}
    hospitals = {row["id"]: row for row in sc["hospitals"]}
    out_s, ground_s = fly_s(craft, incident), 0.0
    if task["pickup_base_id"]:
        source = bases[task["pickup_base_id"]]
        if source["runway_m"] < craft["min_runway_m"]:
            return
        out_s, ground_s = fly_s(craft, source) + fly_s(source, incident), task["handover_s"]
    last, after_s = incident, 0.0
    if task["hospital_id"]:
        last = hospitals[task["hospital_id"]]
        after_s = fly_s(incident, last)
    elif task.get("dropoff_base_id"):
        last = bases[task["dropoff_base_id"]]
        if last["runway_m"] < craft["min_runway_m"]:
            return
        after_s = fly_s(incident, last)
    yield out_s, task["service_s"], after_s + _home_s(sc, craft, last), [incident], ground_s


def _fly_s(craft: Row, here: Row, there: Row) -> float:
    return distance_m(here, there) / float(craft["cruise_mps"])


def _home_s(sc: Row, craft: Row, place: Row) -> float:
    fits = (b for b in sc["bases"] if b["runway_m"] >= craft["min_runway_m"])
    return min((_fly_s(craft, place, base) for base in fits), default=math.inf)


def _flies(
    sc: Row, craft: Row, out_s: float, work_s: float, after_s: float, places: list[Row], ground_s: float
) -> bool:
    """Whether the limits let it leave early enough and come back."""
    air_s = out_s + work_s + after_s
    rules, crew = sc["rules"], craft["crew"]
    here = next((b for b in sc["bases"] if b["id"] == craft["at_base_id"]), None)
    leave_s = max(0.0, _seconds(sc, craft["ready_at"]))
    fills = here is not None and craft["fuel_type"] in here["fuels"] and here["refuel_points"] > 0
    for fuel_kg, wait_s in ((craft["fuel_kg"], 0.0), (craft["fuel_capacity_kg"], craft["turnaround_s"])):
        if wait_s and not fills:
            continue
        if fuel_kg < craft["burn_kgps"] * (air_s + rules["fuel_reserve_s"]):
            continue
        tired = crew["flown_continuous_s"] + air_s > rules["max_continuous_flight_s"]
        rest_s = rules["min_rest_s"] if tired and here is not None else 0.0
        flown_s = 0.0 if rest_s else crew["flown_continuous_s"]
        if flown_s + air_s > rules["max_continuous_flight_s"]:
            continue
        if crew["flown_today_s"] + air_s > rules["max_daily_flight_s"]:
            continue
        if any(row["flown_s"] + air_s > row["limit_s"] for row in crew.get("rows", ())):
            continue
        start_s = leave_s + max(wait_s, rest_s)
        if _in_time(sc, craft, start_s, out_s + ground_s, work_s, after_s, places):
            return True
    return False


def _in_time(
    sc: Row, craft: Row, leave_s: float, out_s: float, work_s: float, after_s: float, places: list[Row]
) -> bool:
    night = "night" in craft["capabilities"]
    dawn_s = 0.0 if night else _seconds(sc, sc["weather"]["first_light"])
    dusk_s = math.inf if night else _seconds(sc, sc["weather"]["last_light"])
    begin_s = max(leave_s, dawn_s) + out_s
    for place in places:
        windows = place.get("available")
        if windows:
            starts = [max(begin_s, _seconds(sc, w["from"])) for w in windows]
            fits = [s for s, w in zip(starts, windows, strict=True) if s + work_s <= _seconds(sc, w["until"])]
            begin_s = min(fits, default=math.inf)
    end_s = begin_s + work_s
    latest_s = min(dusk_s, _seconds(sc, craft["crew"]["duty_ends_at"]))
    return end_s <= _seconds(sc, sc["horizon_end"]) and end_s + after_s <= latest_s


def _litres(sc: Row, kit: Row, elevation_m: float) -> float:
    height_m = elevation_m + 36.6 * (sc["weather"]["temperature_c"] - 15.0)
    table = [(step["density_altitude_m"], step["litres"]) for step in kit["lift"]]
    if height_m <= table[0][0]:
        return float(table[0][1])
    for (low_m, low_l), (high_m, high_l) in pairwise(table):
        if low_m < height_m <= high_m:
            share = (height_m - low_m) / (high_m - low_m)
            return float(low_l + (high_l - low_l) * share)
    return 0.0
