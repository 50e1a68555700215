"""A shared scenario bent at random: scarce places and fuel, windows, storms, dusk, a broken-down fleet."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.optimizer.shared import scenario


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def bent(name: str, seed: int) -> dict[str, Any]:
    """The scenario, made harder without making it impossible: what is locked or in the air stays as it is."""
    chance, sc = random.Random(seed), scenario(name)
    now = _time(sc["now"])
    locked = {lock["aircraft_id"] for lock in sc["commitments"]}
    used = {
        leg.get("water_point_id", leg.get("incident_id"))
        for lock in sc["commitments"]
        for leg in lock["legs"]
    }

    def window() -> list[dict[str, str]]:
        start = now + timedelta(minutes=chance.randint(-60, 90))
        return [{"from": _text(start), "until": _text(start + timedelta(minutes=chance.randint(40, 200)))}]

    for base in sc["bases"]:
        if not locked:
            base["refuel_points"] = chance.choice([0, 1, 1, 2])
            base["fuels"] = chance.choice([["jet"], ["jet", "avgas"], []])
    for point in sc["water_points"]:
        if point["id"] not in used and chance.random() < 0.5:
            point["max_aircraft"] = 1
            if chance.random() < 0.4:
                point["available"] = window()
    for incident in sc["incidents"]:
        if not locked:
            incident["max_slots"] = chance.choice([1, 2, 4])
            incident["wind_mps"] = chance.choice([incident["wind_mps"], 12.5, 20.0])
            if chance.random() < 0.3:
                incident["available"] = window()
    for craft in sc["aircraft"]:
        if craft["id"] in locked or craft["at_base_id"] is None:
            continue
        craft["serviceable"] = chance.random() < 0.85
        craft["fuel_kg"] = round(craft["fuel_capacity_kg"] * chance.choice([0.2, 0.6, 1.0]), 1)
        craft["crew"]["flown_continuous_s"] = chance.choice([0, 3000, sc["rules"]["max_continuous_flight_s"]])
        craft["crew"]["duty_ends_at"] = _text(now + timedelta(minutes=chance.choice([60, 200, 600])))
        if chance.random() < 0.2:
            craft["capabilities"] = [*craft["capabilities"], "night"]
    if not locked and all(craft["at_base_id"] for craft in sc["aircraft"]):
        sc["weather"]["last_light"] = _text(now + timedelta(minutes=chance.choice([90, 200, 300])))
        sc["weather"]["first_light"] = _text(now + timedelta(minutes=chance.choice([-200, 30])))
    return sc
