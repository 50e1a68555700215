"""Whether those who are in the air in a scenario can land by the rules, and at home with those who cannot."""

from datetime import timedelta

from loadtests.scenarios import Row, at, distance_m


def bring_down(sc: Row) -> None:
    """Whoever is in the air, not locked and could not land by the rules stands at home instead."""
    locked = {lock["aircraft_id"] for lock in sc["commitments"]}
    homes = {base["id"]: base for base in sc["bases"]}
    for craft in sc["aircraft"]:
        if craft["at_base_id"] is not None or craft["id"] in locked:
            continue
        if not any(lands_at(sc, craft, base) for base in sc["bases"]):
            home = homes[craft["home_base_id"]]
            craft.update(at_base_id=home["id"], lon=home["lon"], lat=home["lat"])


def lands_at(sc: Row, craft: Row, base: Row) -> bool:
    """Whether an aircraft in the air can fly straight to a base and land there by the rules."""
    rules, crew = sc["rules"], craft["crew"]
    fly_s = distance_m(craft, base) / craft["cruise_mps"]
    start = max(at(craft["ready_at"]), at(sc["now"]))
    land = start + timedelta(seconds=fly_s)
    windows = base.get("available")
    light = at(sc["weather"]["first_light"]) <= start and land <= at(sc["weather"]["last_light"])
    return (
        base["runway_m"] >= craft["min_runway_m"]
        and craft["fuel_kg"] - craft["burn_kgps"] * fly_s >= craft["burn_kgps"] * rules["fuel_reserve_s"]
        and crew["flown_continuous_s"] + fly_s <= rules["max_continuous_flight_s"]
        and crew["flown_today_s"] + fly_s <= rules["max_daily_flight_s"]
        and land <= at(crew["duty_ends_at"])
        and (light or "night" in craft["capabilities"])
        and (not windows or any(at(w["from"]) <= land <= at(w["until"]) for w in windows))
    )
