"""A scenario 40 minutes later: some of the fleet in the air, some sorties locked, a new fire, an aircraft lost.

A plain dispatcher (`scenario_dispatcher.py`) sends each aircraft on one sortie. The state in which that leaves everybody
after 40 minutes is the new scenario: an aircraft between two places stands where it then is, one at work where its work
ends (`ready_at` is that time), one that landed is being turned round. Water dropped until then is off the debt, visits
made are off the task. Sorties that leave within a quarter of an hour, and half of those on their way, are locked: their
legs are commitments.
"""

import random
from datetime import timedelta

from loadtests.scenario_dispatcher import Dispatcher, Leg, Sortie
from loadtests.scenario_landing import bring_down
from loadtests.scenarios import Row, at, text

ROLL_S = 2400.0
LOCK_S = 900.0  # what leaves within this is promised
_LOCKED_SHARE = 0.5  # of the sorties on their way to their work


def rolled(sc: Row, seed: int) -> Row:
    """The scenario `ROLL_S` later."""
    chance = random.Random(f"roll {sc['id']} {seed}")
    sorties = Dispatcher(sc, chance).sorties()
    new: Row = dict(sc)
    later = at(sc["now"]) + timedelta(seconds=ROLL_S)
    new.update(
        id=f"{sc['id']}-roll",
        title=f"{sc['title']}, 40 minutes later",
        now=text(later),
        horizon_end=text(at(sc["horizon_end"]) + timedelta(seconds=ROLL_S)),
        commitments=[],
        previous_assignments=[
            {"aircraft_id": s.craft["id"], "incident_id": s.incident["id"]} for s in sorties
        ],
    )
    for craft in sc["aircraft"]:
        if craft["serviceable"]:
            craft["ready_at"] = text(max(at(craft["ready_at"]), later))
    told = [_tell(sc, new, sortie, chance) for sortie in sorties]
    _incidents(new, sorties, told)
    _new_fire(new, chance)
    _lose_one(new, chance)
    bring_down(new)
    return new


def _tell(sc: Row, new: Row, sortie: Sortie, chance: random.Random) -> float:
    """Move the aircraft on; answers until when its work counts as done (seconds after the old `now`)."""
    craft, legs = sortie.craft, sortie.legs
    if legs[0].start_s >= ROLL_S:
        if legs[0].start_s < ROLL_S + LOCK_S:
            _lock(sc, new, sortie, 0)
        return ROLL_S
    if legs[-1].end_s <= ROLL_S:
        _landed(sc, sortie)
        return ROLL_S
    n = next(n for n, leg in enumerate(legs) if leg.end_s > ROLL_S)
    carries = (
        sortie.drops == [] and n > 0
    )  # cargo or a patient on board, or about to be: no scenario can say so
    if n < len(legs) - 1 and (legs[n].row["kind"] != "fly" or carries):
        while n < len(legs) - 2:
            n += 1
        _fly_on(sc, craft, legs, legs[n].end_s, legs[n].to)
        _maybe_lock(sc, new, sortie, len(legs) - 1, chance)
        return max(ROLL_S, sortie.worked_s())
    _fly_on(sc, craft, legs, ROLL_S, _between(legs, n, craft))
    _maybe_lock(sc, new, sortie, n, chance)
    return ROLL_S


def _maybe_lock(sc: Row, new: Row, sortie: Sortie, n: int, chance: random.Random) -> None:
    if chance.random() < _LOCKED_SHARE:
        _lock(sc, new, sortie, n)


def _lock(sc: Row, new: Row, sortie: Sortie, n: int) -> None:
    legs = [
        {
            **leg.row,
            "start": _time(sc, max(leg.start_s, ROLL_S if k == n else 0.0)),
            "end": _time(sc, leg.end_s),
        }
        for k, leg in enumerate(sortie.legs)
        if k >= n
    ]
    new["commitments"].append({"aircraft_id": sortie.craft["id"], "legs": legs})


def _time(sc: Row, seconds: float) -> str:
    return text(at(sc["now"]) + timedelta(milliseconds=round(seconds * 1000)))


def _between(legs: list[Leg], n: int, craft: Row) -> Row:
    """Where the aircraft is on leg `n` when the time comes: a share of the way, drawn straight on the map."""
    leg = legs[n]
    start: Row = legs[n - 1].to if n else craft
    share = (ROLL_S - leg.start_s) / max(leg.end_s - leg.start_s, 1e-9)
    return {key: start[key] + share * (leg.to[key] - start[key]) for key in ("lon", "lat")}


def _fly_on(sc: Row, craft: Row, legs: list[Leg], until_s: float, place: Row) -> None:
    air_s = sum(
        max(0.0, min(leg.end_s, until_s) - leg.start_s)
        for leg in legs
        if leg.flying and leg.start_s < until_s
    )
    crew = craft["crew"]
    craft.update(
        at_base_id=None,
        lon=round(place["lon"], 5),
        lat=round(place["lat"], 5),
        ready_at=_time(sc, until_s),
        fuel_kg=round(craft["fuel_kg"] - craft["burn_kgps"] * air_s, 1),
        crew={
            "flown_continuous_s": round(crew["flown_continuous_s"] + air_s),
            "flown_today_s": round(crew["flown_today_s"] + air_s),
            "duty_ends_at": crew["duty_ends_at"],
        },
    )


def _landed(sc: Row, sortie: Sortie) -> None:
    craft, base = sortie.craft, sortie.base
    land_s = sortie.legs[-1].end_s
    _fly_on(sc, craft, sortie.legs, land_s, base)
    rested = max(sortie.turned_s, ROLL_S) - land_s >= sc["rules"]["min_rest_s"]
    craft.update(
        at_base_id=base["id"],
        lon=base["lon"],
        lat=base["lat"],
        ready_at=_time(sc, max(sortie.turned_s, ROLL_S)),
    )
    if sortie.refuelled:
        craft["fuel_kg"] = craft["fuel_capacity_kg"]
    if rested:
        craft["crew"]["flown_continuous_s"] = 0


def _incidents(new: Row, sorties: list[Sortie], told: list[float]) -> None:
    rows = []
    locked = {lock["aircraft_id"] for lock in new["commitments"]}
    for incident in new["incidents"]:
        mine = [(s, until_s) for s, until_s in zip(sorties, told, strict=True) if s.incident is incident]
        if "fire" in incident:
            drops = [(t, s.litres) for s, until_s in mine for t in s.drops if t <= until_s]
            fire = incident["fire"]
            fire["demand_l"] = max(0, round(_debt(fire, drops)))
            rows.append(incident)
            continue
        done = sum(1 for s, until_s in mine if s.legs[0].start_s < ROLL_S and s.worked_s() <= until_s)
        promised = any(s.craft["id"] in locked for s, _ in mine)
        incident["task"]["visits"] = max(incident["task"]["visits"] - done, 1 if promised else 0)
        if incident["task"]["visits"]:
            rows.append(incident)
    new["incidents"] = rows


def _debt(fire: Row, drops: list[tuple[float, float]]) -> float:
    """Litres owed when the time comes; what is still to fall then counts at once."""
    debt_l, at_s = float(fire["demand_l"]), 0.0
    for drop_s, drop_l in sorted(drops):
        now_s = min(drop_s, ROLL_S)
        debt_l = max(0.0, debt_l + fire["growth_lps"] * (now_s - at_s) - drop_l)
        at_s = now_s
    return debt_l + float(fire["growth_lps"]) * (ROLL_S - at_s)


def _new_fire(new: Row, chance: random.Random) -> None:
    around = chance.choice(new["bases"])
    new["incidents"].append(
        {
            "id": "INEW",
            "kind": "fire",
            "name": "新发森林火灾",
            "lon": round(around["lon"] + chance.uniform(-0.5, 0.5), 4),
            "lat": round(around["lat"] + chance.uniform(-0.5, 0.5), 4),
            "elevation_m": chance.randint(100, 900),
            "reported_at": new["now"],
            "weight": 5,
            "life_at_risk": True,
            "max_slots": 4,
            "wind_mps": 5.0,
            "visibility_m": 6000,
            "fire": {
                "demand_l": 45000,
                "growth_lps": 4.0,
                "deadline_at": text(at(new["now"]) + timedelta(hours=1)),
            },
        }
    )


def _lose_one(new: Row, chance: random.Random) -> None:
    """One that stands at a base and nothing is promised of, best one that had a part in the plan."""
    locked = {lock["aircraft_id"] for lock in new["commitments"]}
    had = {pair["aircraft_id"] for pair in new["previous_assignments"]}
    here = [
        a
        for a in new["aircraft"]
        if a["serviceable"] and a["at_base_id"] is not None and a["id"] not in locked
    ]
    pool = [a for a in here if a["id"] in had] or here
    if pool:
        chance.choice(pool)["serviceable"] = False
