"""Twists that make a scenario hard for a planner without making it senseless.

Each takes away what planners lean on: places at the water or the pumps, fuel, light, crew hours, weather, openings,
differences between aircraft. A twist never strands anybody: after all of them whoever is in the air and could not land
by the rules stands at home instead. Those that only format 1.1 can tell: `scenario_twists_1_1.py`.
"""

import random

from loadtests.scenario_landing import bring_down
from loadtests.scenario_twists_1_1 import TWISTS_1_1, Twist
from loadtests.scenarios import Row, after

_MOST_TWISTS = 4


def twisted(sc: Row, names: tuple[str, ...], seed: int) -> Row:
    """The scenario with the twists applied, in the order given."""
    chance = random.Random(f"twists {seed}")
    for name in names:
        (TWISTS | TWISTS_1_1)[name](sc, chance)
    if names:
        sc["title"] += ": " + ", ".join(names)
        bring_down(sc)
    return sc


def hostile(seed: int) -> tuple[str, ...]:
    """One to four twists of format 1.0 for a seed."""
    chance = random.Random(f"hostile {seed}")
    return tuple(chance.sample(sorted(TWISTS), chance.randint(1, _MOST_TWISTS)))


def _one_water_point(sc: Row, chance: random.Random) -> None:
    points = [w for w in sc["water_points"] if "bucket" in w["modes"]] or sc["water_points"]
    if points:
        kept = chance.choice(points)
        kept["max_aircraft"] = 1
        sc["water_points"] = [kept]


def _no_water(sc: Row, _chance: random.Random) -> None:
    sc["water_points"] = []


def _dry_bases(sc: Row, chance: random.Random) -> None:
    for base in sc["bases"]:
        base["fuels"] = chance.choice(([], ["avgas"], base["fuels"]))
        base["refuel_points"] = chance.choice((0, 0, 1, base["refuel_points"]))


def _one_pump(sc: Row, _chance: random.Random) -> None:
    for base in sc["bases"]:
        base["refuel_points"] = 1


def _night_falls(sc: Row, chance: random.Random) -> None:
    sc["weather"]["last_light"] = after(sc, chance.choice((45, 90, 150)))


def _before_dawn(sc: Row, chance: random.Random) -> None:
    sc["weather"]["first_light"] = after(sc, chance.choice((20, 100, 300)))


def _short_duty(sc: Row, chance: random.Random) -> None:
    for craft in sc["aircraft"]:
        craft["crew"]["duty_ends_at"] = after(sc, chance.choice((10, 50, 80, 130)))


def _tired_crews(sc: Row, chance: random.Random) -> None:
    longest, day = sc["rules"]["max_continuous_flight_s"], sc["rules"]["max_daily_flight_s"]
    for craft in sc["aircraft"]:
        crew = craft["crew"]
        if craft["at_base_id"] is not None:
            crew["flown_continuous_s"] = chance.choice((0, longest // 2, longest - 600, longest))
            crew["flown_today_s"] = chance.choice((0, day - 5400, day - 1800, day))


def _nearly_dry(sc: Row, chance: random.Random) -> None:
    for craft in sc["aircraft"]:
        if craft["at_base_id"] is not None:
            craft["fuel_kg"] = round(craft["fuel_capacity_kg"] * chance.choice((0.0, 0.15, 0.3, 0.5)), 1)


def _windows(sc: Row, chance: random.Random) -> None:
    for row in (*sc["water_points"], *sc["incidents"]):
        if chance.random() < 0.5:
            start = chance.randint(-60, 150)
            spans = [{"from": after(sc, start), "until": after(sc, start + chance.randint(10, 120))}]
            if chance.random() < 0.3:
                spans.append({"from": after(sc, start + 140), "until": after(sc, start + 300)})
            row["available"] = spans


def _bases_close(sc: Row, chance: random.Random) -> None:
    for base in sc["bases"]:
        if chance.random() < 0.6:
            opens = chance.choice((-600, 60))
            base["available"] = [{"from": after(sc, opens), "until": after(sc, chance.choice((100, 200)))}]


def _storm(sc: Row, chance: random.Random) -> None:
    for incident in sc["incidents"]:
        incident["wind_mps"] = chance.choice((12.5, 13.5, 14.5, 16.0, 21.0))
        incident["visibility_m"] = chance.choice((800, 2000, 4000, 9000))


def _hot_and_high(sc: Row, chance: random.Random) -> None:
    sc["weather"]["temperature_c"] = 44
    for incident in sc["incidents"]:
        incident["elevation_m"] = chance.choice((1500, 2400, 3300, 5000))


def _one_layer(sc: Row, _chance: random.Random) -> None:
    for incident in sc["incidents"]:
        incident["max_slots"] = 1


def _tiny_fires(sc: Row, chance: random.Random) -> None:
    for fire in _fires(sc):
        fire.update(demand_l=chance.choice((0, 1, 900, 4000)), growth_lps=chance.choice((0, 0.01)))


def _huge_fires(sc: Row, chance: random.Random) -> None:
    for fire in _fires(sc):
        fire.update(demand_l=chance.choice((1e6, 8e6)), growth_lps=chance.choice((0, 60, 500)))


def _many_visits(sc: Row, chance: random.Random) -> None:
    for incident in sc["incidents"]:
        if "task" in incident:
            incident["task"]["visits"] = chance.choice((3, 5, 8))


def _everyone_in_danger(sc: Row, _chance: random.Random) -> None:
    for incident in sc["incidents"]:
        incident.update(life_at_risk=True, weight=1)


def _far_away(sc: Row, chance: random.Random) -> None:
    for incident in sc["incidents"]:
        if chance.random() < 0.6:
            incident["lon"] = round(incident["lon"] + chance.choice((-1, 1)) * chance.uniform(2, 5), 4)


def _same_place(sc: Row, chance: random.Random) -> None:
    """Fires on the water, tasks on a base: flights of no length."""
    places = sc["water_points"] or sc["bases"]
    for incident in sc["incidents"]:
        place = chance.choice(places if "fire" in incident else sc["bases"])
        incident.update(lon=place["lon"], lat=place["lat"])


def _alike(sc: Row, chance: random.Random) -> None:
    """Every aircraft the same at the same base, which gives a search nothing to hold on to."""
    model = chance.choice([a for a in sc["aircraft"] if a["water"]] or sc["aircraft"])
    home = next(b for b in sc["bases"] if b["id"] == model["home_base_id"])
    for craft in sc["aircraft"]:
        own = craft["id"]
        craft.update(model)
        craft.update(id=own, serviceable=True, at_base_id=home["id"], lon=home["lon"], lat=home["lat"])


def _nothing_takes_time(sc: Row, _chance: random.Random) -> None:
    for craft in sc["aircraft"]:
        craft["turnaround_s"] = 0
        if craft["water"]:
            craft["water"] = {**craft["water"], "fill_s": 0, "drop_s": 0}
    for incident in sc["incidents"]:
        if "task" in incident:
            incident["task"].update(service_s=0, handover_s=0)


def _turn_round_is_rest(sc: Row, _chance: random.Random) -> None:
    for craft in sc["aircraft"]:
        craft["turnaround_s"] = sc["rules"]["min_rest_s"]


def _nobody_carries_water(sc: Row, _chance: random.Random) -> None:
    for craft in sc["aircraft"]:
        craft["water"] = None
        craft["capabilities"] = [c for c in craft["capabilities"] if c != "water"]


def _fleet_lost(sc: Row, chance: random.Random) -> None:
    for craft in sc["aircraft"]:
        if craft["at_base_id"] is not None:
            craft["serviceable"] = chance.random() < 0.2


def _late(sc: Row, chance: random.Random) -> None:
    for craft in sc["aircraft"]:
        if craft["at_base_id"] is not None:
            craft["ready_at"] = after(sc, chance.choice((-30, 60, 235, 300)))


def _short_horizon(sc: Row, _chance: random.Random) -> None:
    sc["horizon_end"] = after(sc, 40)


def _long_horizon(sc: Row, _chance: random.Random) -> None:
    sc["horizon_end"] = after(sc, 600)


def _reserve_everywhere(sc: Row, chance: random.Random) -> None:
    sc["reserves"] = [
        {"base_id": base["id"], "capability": capability, "min_aircraft": chance.choice((1, 3))}
        for base in sc["bases"]
        for capability in ("water", "medical")
    ]


def _small_tanks(sc: Row, _chance: random.Random) -> None:
    """Fuel for about an hour: half of it is the reserve."""
    for craft in sc["aircraft"]:
        if craft["at_base_id"] is not None:
            craft["fuel_capacity_kg"] = round(3600 * craft["burn_kgps"], 1)
            craft["fuel_kg"] = craft["fuel_capacity_kg"]


TWISTS: dict[str, Twist] = {
    "one_water_point": _one_water_point,
    "no_water": _no_water,
    "dry_bases": _dry_bases,
    "one_pump": _one_pump,
    "night_falls": _night_falls,
    "before_dawn": _before_dawn,
    "short_duty": _short_duty,
    "tired_crews": _tired_crews,
    "nearly_dry": _nearly_dry,
    "windows": _windows,
    "bases_close": _bases_close,
    "storm": _storm,
    "hot_and_high": _hot_and_high,
    "one_layer": _one_layer,
    "tiny_fires": _tiny_fires,
    "huge_fires": _huge_fires,
    "many_visits": _many_visits,
    "everyone_in_danger": _everyone_in_danger,
    "far_away": _far_away,
    "same_place": _same_place,
    "alike": _alike,
    "nothing_takes_time": _nothing_takes_time,
    "turn_round_is_rest": _turn_round_is_rest,
    "nobody_carries_water": _nobody_carries_water,
    "fleet_lost": _fleet_lost,
    "late": _late,
    "short_horizon": _short_horizon,
    "long_horizon": _long_horizon,
    "reserve_everywhere": _reserve_everywhere,
    "small_tanks": _small_tanks,
}


def _fires(sc: Row) -> list[Row]:
    return [incident["fire"] for incident in sc["incidents"] if "fire" in incident]
