"""Small scenarios drawn wide, to try a proven bound on: everything a rule can depend on is drawn anew.

They fit on a map of half a degree by two, so that most aircraft can do most things and contend for few layers, places
and refuel points; tanks, crews, rests and turn-rounds are drawn so that each is at times the scarce one. In the air,
locked, unserviceable, closed for an hour, dark in part; tasks of several visits with loads or patients; reserves;
previous assignments, kept or not; fires that do not grow or owe nothing. Every aircraft in the air can come home.
`with_locks` makes the first legs of a plan into commitments, and its work into previous assignments.
"""

import json
import random
from datetime import UTC, datetime, timedelta
from functools import cache

from loadtests.scenarios import DATA, Row

_NOW = datetime(2025, 10, 5, 6, 0, tzinfo=UTC)


def _at(minutes: float) -> str:
    return (_NOW + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


@cache
def _models() -> list[str]:
    """One aircraft of each model of the nation, as text: each use gets its own copy."""
    sc = json.loads((DATA / "XL-401.json").read_text(encoding="utf-8"))
    return [json.dumps(row) for row in {row["model"]: row for row in sc["aircraft"]}.values()]


def drawn(seed: int, *, most: int = 5) -> Row:
    """A scenario with at most so many aircraft and incidents; a function of its arguments alone."""
    return _Drawer(random.Random(f"bound {seed}"), most).scenario(seed)


class _Drawer:
    def __init__(self, chance: random.Random, most: int) -> None:
        self._chance, self._most = chance, most
        self._wide = chance.choice((0.3, 1.0, 2.0))

    def scenario(self, seed: int) -> Row:
        """All of it."""
        chance = self._chance
        horizon_min = chance.choice((90, 150, 240, 240, 301))
        bases = [self._base(n) for n in range(chance.randint(1, 4))]
        hospitals = [{"id": f"H{n}", "name": "h", **self._place()} for n in range(chance.randint(0, 2))]
        incidents = [
            self._incident(n, len(bases), len(hospitals)) for n in range(chance.randint(1, self._most))
        ]
        aircraft = [self._aircraft(n, bases) for n in range(chance.randint(1, self._most))]
        waters = [self._water(n) for n in range(chance.randint(0, 4))]
        return {
            "schema_version": "1.0",
            "id": f"drawn-{seed}",
            "now": _at(0),
            "horizon_end": _at(horizon_min),
            "weather": {
                "temperature_c": chance.randint(-5, 40),
                "first_light": _at(chance.choice((-200, -200, -200, 20))),
                "last_light": _at(chance.choice((400, 400, 200, 120))),
            },
            "rules": {
                "max_continuous_flight_s": chance.choice((3600, 7200, 7200, 10800)),
                "min_rest_s": chance.choice((600, 1800, 2400)),
                "max_daily_flight_s": chance.choice((28800, 28800, 7000)),
                "fuel_reserve_s": chance.choice((0, 1200, 1800)),
            },
            "objective": {
                "life_weighted_minute": chance.choice((100.0, 100.0, 1.0)),
                "fire_weighted_kl_hour": chance.choice((1.0, 1.0, 5.0)),
                "task_weighted_minute": chance.choice((2.0, 2.0, 0.1)),
                "reserve_shortage_hour": chance.choice((10.0, 10.0, 60.0)),
                "cost_unit": chance.choice((0.02, 0.02, 0.0, 1.0)),
                "changed_assignment": chance.choice((3.0, 3.0, 0.0, 40.0)),
                "unserved_minutes": chance.choice((360, 360, 120)),
            },
            "bases": bases,
            "water_points": waters,
            "hospitals": hospitals,
            "incidents": incidents,
            "aircraft": aircraft,
            "reserves": [
                {
                    "base_id": chance.choice(bases)["id"],
                    "capability": chance.choice(("water", "medical", "cargo")),
                    "min_aircraft": chance.randint(1, 2),
                }
                for _ in range(chance.choice((0, 0, 1, 2)))
            ],
            "commitments": [],
            "previous_assignments": self._pairs(aircraft, incidents),
        }

    def _pairs(self, aircraft: list[Row], incidents: list[Row]) -> list[Row]:
        chance = self._chance
        share = chance.choice((0.0, 0.2, 0.6))
        pairs = [(a["id"], i["id"]) for a in aircraft for i in incidents if chance.random() < share]
        return [{"aircraft_id": a, "incident_id": i} for a, i in pairs]

    def _place(self) -> Row:
        chance, wide = self._chance, self._wide
        return {
            "lon": round(115.5 + chance.uniform(-wide / 2, wide / 2), 4),
            "lat": round(28.4 + chance.uniform(-wide / 2, wide / 2), 4),
            "elevation_m": chance.choice((50, 300, 1200, 2400)),
        }

    def _windows(self, share: float) -> Row:
        chance = self._chance
        if chance.random() >= share:
            return {}
        start = chance.randint(-60, 120)
        return {"available": [{"from": _at(start), "until": _at(start + chance.randint(30, 240))}]}

    def _base(self, n: int) -> Row:
        chance = self._chance
        return {
            "id": f"B{n}",
            "name": f"base {n}",
            "province": "JX",
            **self._place(),
            "runway_m": 2500 if n == 0 else chance.choice((0, 900, 2500)),
            "fuels": ["jet", "avgas"] if n == 0 else chance.choice((["jet"], ["jet", "avgas"], [])),
            "refuel_points": chance.randint(0 if n else 1, 3),
            **(self._windows(0.15) if n else {}),
        }

    def _water(self, n: int) -> Row:
        chance = self._chance
        return {
            "id": f"W{n}",
            "name": f"water {n}",
            **self._place(),
            "modes": chance.choice((["bucket", "snorkel", "scoop"], ["bucket"], ["pit", "bucket"])),
            "depth_m": chance.choice((20, 20, 3)),
            "max_aircraft": chance.randint(1, 3),
            **self._windows(0.15),
        }

    def _task(self, bases: int, hospitals: int) -> Row:
        chance = self._chance
        way = chance.choice(("none", "pickup", "hospital"))
        return {
            "visits": chance.choice((1, 1, 2, 3)),
            "service_s": chance.choice((0, 300, 1200)),
            "needs": chance.choice(([], [], ["cargo"], ["medical"], ["search"])),
            "seats": chance.choice((0, 0, 8)),
            "cargo_kg": chance.choice((0, 500)),
            "deadline_at": _at(120),
            "pickup_base_id": f"B{chance.randrange(bases)}" if way == "pickup" else None,
            "hospital_id": f"H{chance.randrange(hospitals)}" if way == "hospital" and hospitals else None,
            "handover_s": chance.choice((0, 300, 900)),
        }

    def _incident(self, n: int, bases: int, hospitals: int) -> Row:
        chance = self._chance
        fire = chance.random() < 0.6
        row = {
            "id": f"I{n}",
            "kind": "fire" if fire else "supply",
            "name": f"incident {n}",
            **self._place(),
            "reported_at": _at(-10),
            "weight": chance.choice((0.5, 1, 5)),
            "life_at_risk": chance.random() < 0.4,
            "max_slots": chance.choice((1, 1, 2, 4)),
            "wind_mps": chance.choice((0, 8, 8, 14)),
            "visibility_m": chance.choice((9000, 9000, 4000)),
            **self._windows(0.15),
        }
        if fire:
            row["fire"] = {
                "demand_l": chance.choice((0, 4000, 30000, 120000)),
                "growth_lps": chance.choice((0, 0, 1.5, 6.0)),
                "deadline_at": _at(60),
            }
        else:
            row["task"] = self._task(bases, hospitals)
        return row

    def _aircraft(self, n: int, bases: list[Row]) -> Row:
        chance = self._chance
        row: Row = json.loads(chance.choice(_models()))
        airborne = chance.random() < 0.25
        home = chance.choice(bases)
        tank_s = chance.choice((5400, 7200, 11000))  # in the air on full tanks
        row.update(id=f"A{n}", home_base_id=home["id"], at_base_id=None if airborne else home["id"])
        row.update(lon=home["lon"], lat=home["lat"], fuel_type="jet")
        row["serviceable"] = chance.random() < 0.93
        row["min_runway_m"] = chance.choice((0, 0, 800))
        row["ready_at"] = _at(chance.choice((-20, 0, 10, 45)))
        row["slots"] = chance.choice((1, 1, 2))
        row["fuel_capacity_kg"] = round(row["burn_kgps"] * tank_s, 1)
        row["fuel_kg"] = round(row["fuel_capacity_kg"] * chance.choice((1.0, 1.0, 0.8, 0.6)), 1)
        row["turnaround_s"] = chance.choice((0, 300, 900, 1200, 3000))
        row["capabilities"] = sorted(
            {"water", *(c for c in ("cargo", "medical", "search", "night") if chance.random() < 0.5)}
        )
        row["crew"] = {
            "flown_continuous_s": chance.choice((0, 0, 1200)),
            "flown_today_s": chance.choice((1200, 1200, 4000)),
            "duty_ends_at": _at(chance.choice((500, 500, 180))),
        }
        if airborne:  # sure to get home: a rested crew near the base that is always open
            row.update(lon=round(bases[0]["lon"] + 0.1, 4), lat=bases[0]["lat"], min_runway_m=0)
            row["ready_at"] = _at(5)
            row["capabilities"] = sorted({*row["capabilities"], "night"})
            row["fuel_kg"] = row["fuel_capacity_kg"]
            row["crew"] = {"flown_continuous_s": 0, "flown_today_s": 1200, "duty_ends_at": _at(500)}
        return row


def with_locks(sc: Row, plan: Row, seed: int) -> Row:
    """The scenario with first legs of some timelines of a plan locked, and part of its work as previous
    assignments."""
    chance, locks, pairs = random.Random(f"locks {seed}"), [], []
    for row in plan["aircraft"]:
        if chance.random() < 0.6:
            locks.append(
                {
                    "aircraft_id": row["aircraft_id"],
                    "legs": row["legs"][: chance.randint(1, len(row["legs"]))],
                }
            )
        incidents = {leg["incident_id"] for leg in row["legs"] if leg.get("incident_id")}
        pairs += [
            {"aircraft_id": row["aircraft_id"], "incident_id": incident} for incident in sorted(incidents)
        ]
    some = [pair for pair in pairs if chance.random() < 0.7]
    return {**sc, "commitments": locks, "previous_assignments": some or sc["previous_assignments"]}
