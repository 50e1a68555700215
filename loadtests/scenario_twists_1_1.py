"""Twists that only format 1.1 can tell: crew hours over rolling spans, pairs ruled out, closed airspace, its kinds of task.

They stand apart from `scenario_twists.py`, so that `hostile` draws the same from a seed as before.
"""

import math
import random
from collections.abc import Callable

from loadtests.scenarios import Row, after, distance_m

Twist = Callable[[Row, random.Random], None]
ROLLING_LIMITS = (  # code, days, hours; days 6: NWCG, the others: CCAR-135R2
    ("6D", 6, 36),
    ("7D", 7, 40),
    ("30D", 30, 100),
    ("90D", 90, 270),
    ("365D", 365, 1000),
)


def _rolling_hours(sc: Row, chance: random.Random) -> None:
    """Crews near the end of what a week, a month or a year allows."""
    sc["schema_version"] = "1.1"
    for craft in sc["aircraft"]:
        if craft["at_base_id"] is not None:
            tight, left_s = chance.choice(ROLLING_LIMITS)[0], chance.choice((-600, 0, 1800, 4000, 9000))
            craft["crew"]["rows"] = [
                {
                    "code": code,
                    "days": days,
                    "limit_s": hours * 3600,
                    "flown_s": hours * 3600 - left_s if code == tight else hours * 1000,
                }
                for code, days, hours in ROLLING_LIMITS
            ]


def _forbidden(sc: Row, chance: random.Random) -> None:
    """A third of the pairs are ruled out, and one aircraft altogether."""
    sc["schema_version"] = "1.1"
    pairs = [(a["id"], i["id"]) for a in sc["aircraft"] for i in sc["incidents"]]
    pairs = [(chance.choice(sc["aircraft"])["id"], None), *chance.sample(pairs, len(pairs) // 3)]
    sc["forbidden_assignments"] = [{"aircraft_id": a, "incident_id": i} for a, i in pairs]


def _closed_airspace(sc: Row, chance: random.Random) -> None:
    """Volumes on the way between incidents and bases, some over an incident, a base or a water point."""
    sc["schema_version"] = "1.1"
    sc["no_fly"] = []
    for n in range(chance.choice((1, 3, 5))):
        incident, other = chance.choice(sc["incidents"]), chance.choice([*sc["bases"], *sc["water_points"]])
        share = chance.choice((0.0, 0.3, 0.5, 1.0))
        lon, lat = (incident[key] + share * (other[key] - incident[key]) for key in ("lon", "lat"))
        corners = chance.choice((3, 4, 7))
        turns = [2 * math.pi * (corner + chance.uniform(0, 0.4)) / corners for corner in range(corners)]
        ring = [(chance.uniform(0.03, 0.15), turn) for turn in turns]
        start = chance.choice((-60, -60, 0, 45))
        sc["no_fly"].append(
            {
                "id": f"N{n}",
                "name": f"禁飞区{n}",
                "polygon": [
                    [round(lon + far * math.cos(turn), 5), round(lat + far * math.sin(turn), 5)]
                    for far, turn in ring
                ],
                "from": after(sc, start),
                "until": after(sc, start + chance.choice((50, 120, 600))),
                "reason": "爆破",
            }
        )


def _all_kinds(sc: Row, chance: random.Random) -> None:
    """Every incident a task of one of the kinds that came with 1.1; crews trained for some of them."""
    sc["schema_version"] = "1.1"
    for craft in sc["aircraft"]:
        skills = chance.sample(SKILLS, 4)
        craft["capabilities"] = list(dict.fromkeys([*craft["capabilities"], *skills]))
    for n, incident in enumerate(sc["incidents"]):
        kind, needs, fields = NEW_KINDS[n % len(NEW_KINDS)]
        incident.pop("fire", None)
        incident.update(kind=kind, pad=chance.random() < 0.5, task=task_of(sc, needs, **fields))
        if kind in ("retardant", "air_drop", "sling"):
            incident["task"].update(pickup_base_id=chance.choice(sc["bases"])["id"], handover_s=900)


def _people(sc: Row, chance: random.Random) -> None:
    """Villages to be lifted out of the water, some to a hospital."""
    sc["schema_version"] = "1.1"
    for incident in sc["incidents"]:
        if "fire" in incident and chance.random() < 0.5:
            continue
        incident.pop("fire", None)
        base = min(sc["bases"], key=lambda row: distance_m(row, incident))
        task = task_of(sc, [], people=chance.choice((1, 7, 23, 60)), service_s=480, handover_s=300)
        if chance.random() < 0.3:
            task.update(hospital_id=chance.choice(sc["hospitals"])["id"])
        else:
            task.update(dropoff_base_id=base["id"])
        incident.update(kind="flood_evacuation", life_at_risk=chance.random() < 0.5, task=task)


def task_of(sc: Row, needs: list[str], **fields: object) -> Row:
    """A task of one visit of a quarter of an hour, but for `fields`."""
    plain = {"visits": 1, "service_s": 900, "needs": needs, "seats": 0, "cargo_kg": 0, "handover_s": 0}
    nowhere = {"pickup_base_id": None, "hospital_id": None}
    return {**plain, "deadline_at": after(sc, 120), **nowhere, **fields}


SKILLS = ("rappel", "sling", "command", "hazmat", "retardant", "air_drop", "relay", "recon", "cargo")
NEW_KINDS: tuple[tuple[str, list[str], Row], ...] = (
    ("patrol", ["recon"], {"visits": 3, "service_s": 1200}),
    ("air_command", ["command"], {"service_s": 3600}),
    ("relay", ["relay"], {"service_s": 2400, "continuous": True}),
    ("landing", [], {"seats": 4, "service_s": 300, "needs_pad": True}),
    ("rappel", ["rappel"], {"seats": 4, "service_s": 900}),
    ("retardant", ["retardant"], {"visits": 2, "service_s": 120}),
    ("air_drop", ["air_drop"], {"cargo_kg": 300, "service_s": 300}),
    ("airlift", [], {"seats": 6, "service_s": 600}),
    ("sling", ["sling"], {"cargo_kg": 500, "service_s": 900}),
    ("hazmat_sensing", ["hazmat"], {"service_s": 1500}),
    ("search", ["search"], {"visits": 4, "service_s": 1500}),
)


TWISTS_1_1: dict[str, Twist] = {
    "rolling_hours": _rolling_hours,
    "forbidden": _forbidden,
    "closed_airspace": _closed_airspace,
    "all_kinds": _all_kinds,
    "people": _people,
}
