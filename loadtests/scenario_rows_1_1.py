"""A generated scenario with the rows that only format 1.1 has, in the measure in which a province would have them.

Tasks of the newer kinds are added (people to be lifted out to a base or a hospital, a station to be kept all the time,
work that needs a rope or a pad), crews get skills and flying hours over rolling spans, some pairs are ruled out, and
airspace is closed. Locked legs, and the straight way home of whoever is in the air, stay clear of all of it, so that a
plan without violations is there. Orders (`required_assignments`) are not drawn: without a solver nobody can say whether
one can be kept. Extremes of the same rows: `scenario_twists_1_1.py`.
"""

import math
import random
from collections.abc import Iterator
from itertools import pairwise

import shapely

from loadtests.scenario_landing import lands_at
from loadtests.scenario_sizes import SIZES
from loadtests.scenario_twists_1_1 import NEW_KINDS, ROLLING_LIMITS, SKILLS, task_of
from loadtests.scenarios import Row, after, distance_m

_ADDED = {"S": 3, "M": 5, "L": 10, "XL": 35}  # tasks
_VOLUMES = {"S": (1, 2), "M": (1, 3), "L": (2, 5), "XL": (4, 8)}
_FARTHEST_BASE_M = 105_000  # as the other incidents
_CLEAR_DEG = 0.003  # some 300 m between closed airspace and what must be flown
_TRIES = 30  # to place one volume


def with_rows_of_1_1(sc: Row, size: str, seed: int) -> Row:
    """The scenario in version 1.1, changed in place."""
    chance = random.Random(f"1.1 {sc['id']} {seed}")
    sc["schema_version"] = "1.1"
    sc["id"] += "-1.1"
    sc["title"] += ", with the rows of format 1.1"
    _skills(sc, chance)
    for n in range(_ADDED[size]):
        sc["incidents"].append(_added(sc, size, n, chance))
    _rolling_hours(sc, chance)
    _ruled_out(sc, chance)
    kept = shapely.union_all([shapely.LineString(way) for way in _kept_ways(sc)]).buffer(_CLEAR_DEG)
    volumes = (_volume(sc, n, kept, chance) for n in range(chance.randint(*_VOLUMES[size])))
    sc["no_fly"] = [volume for volume in volumes if volume is not None]
    return sc


def _promised(sc: Row) -> set[str]:
    return {lock["aircraft_id"] for lock in sc["commitments"]}


def _skills(sc: Row, chance: random.Random) -> None:
    for craft in sc["aircraft"]:
        if chance.random() < 0.6:
            learnt = chance.sample(SKILLS, chance.randint(1, 4))
            craft["capabilities"] = list(dict.fromkeys([*craft["capabilities"], *learnt]))


def _added(sc: Row, size: str, n: int, chance: random.Random) -> Row:
    west, south, east, north = SIZES[size].box
    place: Row = {}
    while not place or min(distance_m(place, base) for base in sc["bases"]) > _FARTHEST_BASE_M:
        place = {
            "lon": round(chance.uniform(west, east), 4),
            "lat": round(chance.uniform(south, north), 4),
        }
    row: Row = {
        "id": f"N{n:03d}",
        "name": f"任务{n:03d}",
        **place,
        "elevation_m": chance.randint(40, 1250),
        "reported_at": after(sc, -chance.randint(10, 90)),
        "weight": chance.choice((1, 1, 2, 3)),
        "life_at_risk": False,
        "max_slots": 2,
        "wind_mps": round(min(17.0, max(0.5, chance.gauss(7.0, 3.0))), 1),
        "visibility_m": chance.randint(2300, 14000),
        "pad": chance.random() < 0.5,
    }
    if n == 0 or (n > 1 and chance.random() < 0.25):
        return row | _people(sc, row, chance)
    relay = next(kind for kind in NEW_KINDS if kind[0] == "relay")
    kind, needs, fields = relay if n == 1 else chance.choice(NEW_KINDS)
    task = task_of(sc, needs, **fields)
    if kind in ("retardant", "air_drop", "sling"):
        task.update(pickup_base_id=chance.choice(sc["bases"])["id"], handover_s=900)
    return row | {"kind": kind, "task": task, "life_at_risk": kind in ("landing", "rappel", "airlift")}


def _people(sc: Row, row: Row, chance: random.Random) -> Row:
    """A village in the water."""
    people = chance.choice((4, 9, 23, 40))
    task = task_of(sc, [], people=people, service_s=480, handover_s=300, needs_pad=chance.random() < 0.4)
    if chance.random() < 0.3:
        task["hospital_id"] = min(sc["hospitals"], key=lambda place: distance_m(place, row))["id"]
    else:
        task["dropoff_base_id"] = min(sc["bases"], key=lambda place: distance_m(place, row))["id"]
    return {"kind": "flood_evacuation", "life_at_risk": chance.random() < 0.5, "task": task}


def _rolling_hours(sc: Row, chance: random.Random) -> None:
    """Most crews keep the book; some are near the end of a row. Those under way have what they need."""
    promised = _promised(sc)
    for craft in sc["aircraft"]:
        if chance.random() < 0.4:
            continue
        tight = chance.choice(ROLLING_LIMITS)[0]
        left_s = chance.choice((-600, 1800, 5400, 9000, 14400, 36000))
        if craft["id"] in promised or craft["at_base_id"] is None:
            left_s = 36000
        craft["crew"]["rows"] = [
            {
                "code": code,
                "days": days,
                "limit_s": hours * 3600,
                "flown_s": hours * 3600 - left_s if code == tight else hours * 1800,
            }
            for code, days, hours in ROLLING_LIMITS
        ]


def _ruled_out(sc: Row, chance: random.Random) -> None:
    promised = _promised(sc)
    free = [a["id"] for a in sc["aircraft"] if a["id"] not in promised]
    every = [(a, i["id"]) for a in free for i in sc["incidents"]]
    pairs: list[tuple[str, str | None]] = [*chance.sample(every, min(len(every), len(free) // 2))]
    if free and chance.random() < 0.3:
        pairs.append((chance.choice(free), None))
    sc["forbidden_assignments"] = [{"aircraft_id": a, "incident_id": i} for a, i in pairs]


# ---- closed airspace ----------------------------------------------------------------------------------------------
def _kept_ways(sc: Row) -> Iterator[list[tuple[float, float]]]:
    """What is flown whatever the plan: locked legs, and the straight way to the nearest base for those in the air."""
    crafts = {row["id"]: row for row in sc["aircraft"]}
    places = {
        row["id"]: row for key in ("bases", "water_points", "hospitals", "incidents") for row in sc[key]
    }
    for lock in sc["commitments"]:
        stops = [crafts[lock["aircraft_id"]]]
        for leg in lock["legs"]:
            if leg["kind"] == "fly":
                stops.append(places[leg["to"]["id"]])
            elif leg["kind"] == "cycles":
                stops += [places[leg["water_point_id"]], places[leg["incident_id"]]]
        yield from ([_point(here), _point(there)] for here, there in pairwise(stops))
    promised = _promised(sc)
    for craft in sc["aircraft"]:
        if craft["at_base_id"] is None and craft["id"] not in promised:
            homes = [base for base in sc["bases"] if lands_at(sc, craft, base)]
            home = min(homes, key=lambda base: distance_m(craft, base), default=craft)
            yield [_point(craft), _point(home)]


def _point(place: Row) -> tuple[float, float]:
    return place["lon"], place["lat"]


def _volume(sc: Row, n: int, kept: shapely.Geometry, chance: random.Random) -> Row | None:
    """One on the way between an incident and a base or water point, seldom over one of them; None where there is no room."""
    for _ in range(_TRIES):
        incident, other = chance.choice(sc["incidents"]), chance.choice([*sc["bases"], *sc["water_points"]])
        share = chance.choice((0.0, 0.3, 0.5, 0.5, 0.7, 1.0))
        lon, lat = (incident[key] + share * (other[key] - incident[key]) for key in ("lon", "lat"))
        corners = chance.choice((3, 4, 7))
        turns = [2 * math.pi * (corner + chance.uniform(0, 0.4)) / corners for corner in range(corners)]
        ring = [(chance.uniform(0.03, 0.15), turn) for turn in turns]
        polygon = [
            [round(lon + far * math.cos(turn), 5), round(lat + far * math.sin(turn), 5)] for far, turn in ring
        ]
        start_min = chance.choice((-60, -60, 0, 45))
        if not shapely.intersects(kept, shapely.Polygon(polygon)):
            return {
                "id": f"Z{n}",
                "name": f"禁飞区{n}",
                "polygon": polygon,
                "from": after(sc, start_min),
                "until": after(sc, start_min + chance.choice((50, 120, 600))),
                "reason": chance.choice(("爆破", "军事活动", "人工增雨")),
            }
    return None
