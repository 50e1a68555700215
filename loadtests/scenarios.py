"""Scenarios made from seeds, of the sizes and with the ranges of the shared ones.

    python -m loadtests.scenarios S|M|L|XL SEED [--roll] [--hostile | --twist NAME] [--format 1.1] > scenario.json

Every scenario keeps to `tests/data/opt/scenario.schema.json` (of 1.1: `optimizer/format`), agrees with itself (every id
it names is there, every aircraft in the air can be brought home, every lock can be kept) and is a function of its
arguments alone: it calls no solver, so a change to the optimizer never changes what it is measured on. Named places and
aircraft models are those of XL-401 (`tests/data/opt/ORIGIN.md`); small reservoirs, pads, incidents, fleet and crew
states are drawn. The ranges of what is drawn were read off the shared scenarios and stand below beside each draw.

`--roll` gives the same scenario 40 minutes later (`scenario_roll.py`); `--hostile` adds between one and four of the
twists of `scenario_twists.py`, `--twist` a named one; `--format 1.1` the rows that only that version has
(`scenario_rows_1_1.py`).
"""

import argparse
import copy
import functools
import json
import math
import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from loadtests.scenario_sizes import SIZES

DATA = Path(__file__).parent.parent / "tests" / "data" / "opt"
EARTH_RADIUS_M = 6_371_008.8  # IUGG mean radius, as the interchange format says
Row = dict[str, Any]

_FARTHEST_BASE_M = 105_000  # of an incident, as far as any of the shared ones has it
_KINDS = ("medevac", "supply", "search", "recon")
_KIND_WEIGHTS = (45, 20, 20, 15)  # M, L and XL together
_FIRE_LIFE, _SEARCH_LIFE = 0.2, 0.6  # share with life at risk


def scenario(
    size: str, seed: int, *, roll: bool = False, twists: tuple[str, ...] = (), version: str = "1.0"
) -> Row:
    """The scenario of a size and seed; with `roll` 40 minutes later, with `twists` made harder by name, in `version`
    1.1 with what only that has."""
    from loadtests.scenario_roll import rolled
    from loadtests.scenario_rows_1_1 import with_rows_of_1_1
    from loadtests.scenario_twists import twisted

    chance = random.Random(f"{size} {seed}")
    made = twisted(_Drawing(size, seed, chance).scenario(), twists, seed)
    made = rolled(made, seed) if roll else made
    return with_rows_of_1_1(made, size, seed) if version == "1.1" else made


@functools.cache
def _atlas() -> Row:
    """The scenario whose named places and aircraft models are used."""
    value: Row = json.loads((DATA / "XL-401.json").read_text(encoding="utf-8"))
    return value


def at(text: str) -> datetime:
    """A time of the format."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def text(when: datetime) -> str:
    """A time as the format writes it, to the millisecond where it has any."""
    when = when.astimezone(UTC)
    if when.microsecond == 0:
        return when.strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{when:%Y-%m-%dT%H:%M:%S}.{when.microsecond // 1000:03d}Z"


def after(sc: Row, minutes: float) -> str:
    """A time of the format, minutes after the scenario's now."""
    return text(at(sc["now"]) + timedelta(minutes=minutes))


def distance_m(a: Row, b: Row) -> float:
    """Great circle on the format's sphere."""
    south, north = math.radians(a["lat"]), math.radians(b["lat"])
    h = math.sin((north - south) / 2) ** 2
    h += math.cos(south) * math.cos(north) * math.sin(math.radians(b["lon"] - a["lon"]) / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(h)))


class _Drawing:
    """Draws one scenario, part by part, in the order in which parts refer to one another."""

    def __init__(self, size: str, seed: int, chance: random.Random) -> None:
        self.size, self.name, self.chance = SIZES[size], f"{size}-g{seed}", chance
        day = datetime(2025, 10, 1, tzinfo=UTC) + timedelta(days=chance.randrange(30))
        self.day = day
        self.now = day + timedelta(hours=chance.choice((0, 1, 2, 3, 4, 5, 6)))

    def scenario(self) -> Row:
        """All of it."""
        chance = self.chance
        bases = self._bases()
        hospitals = copy.deepcopy(_atlas()["hospitals"][: self.size.hospitals])
        incidents = self._incidents(bases, hospitals)
        rules = {
            "max_continuous_flight_s": chance.choice((7200, 7200, 7200, 10800)),
            "min_rest_s": 2400,
            "max_daily_flight_s": 28800,
            "fuel_reserve_s": 1800,
        }
        aircraft = [self._aircraft(n, bases) for n in range(self.size.aircraft)]
        return {
            "schema_version": "1.0",
            "id": self.name,
            "title": f"{self.name}, generated",
            "now": text(self.now),
            "horizon_end": self._later(240),
            "weather": {
                "temperature_c": chance.choice((12, 18, 24, 30, 35)),
                "first_light": text(self.day - timedelta(minutes=105)),
                "last_light": text(self.day + timedelta(hours=9, minutes=50)),
            },
            "rules": rules,
            "objective": copy.deepcopy(_atlas()["objective"]),
            "bases": bases,
            "water_points": self._water_points(bases),
            "hospitals": hospitals,
            "incidents": incidents,
            "aircraft": aircraft,
            "reserves": self._reserves(bases, aircraft),
            "commitments": [],
            "previous_assignments": [],
        }

    def _later(self, minutes: float) -> str:
        return text(self.now + timedelta(minutes=minutes))

    def _somewhere(self) -> Row:
        west, south, east, north = self.size.box
        chance = self.chance
        return {
            "lon": round(chance.uniform(west, east), 4),
            "lat": round(chance.uniform(south, north), 4),
        }

    def _bases(self) -> list[Row]:
        chance = self.chance
        bases: list[Row] = copy.deepcopy(_atlas()["bases"][: self.size.named_bases])
        crowd = 6 if self.size.pads else 2
        for n in range(self.size.pads):
            row = {
                "id": f"P{n:02d}",
                "name": f"区域起降点{n:02d}",
                "province": chance.choice(("JX", "HB", "HN", "GD", "FJ", "AH", "ZJ")),
                **self._somewhere(),
                "elevation_m": chance.randint(40, 290),
                "runway_m": chance.choice((0, 0, 800, 1800)),
                "fuels": ["jet"],
            }
            bases.append(row)
        for row in bases:
            row["refuel_points"] = crowd + chance.choice((0, 1, 1, 2))
        return bases

    def _water_points(self, bases: list[Row]) -> list[Row]:
        chance, wanted = self.chance, self.size.water_points
        named = copy.deepcopy([w for w in _atlas()["water_points"] if "scoop" in w["modes"]])
        chance.shuffle(named)
        runways = [b for b in bases if b["runway_m"] >= 800]
        chance.shuffle(runways)
        pits = [self._pit(b) for b in runways[: max(1, wanted // 10)]]
        rows = named[: min(len(named), max(3, wanted * 2 // 3))] + pits
        while len(rows) < wanted:
            rows.append(self._reservoir(len(rows)))
        for n, row in enumerate(rows):
            row["id"] = f"W{n:03d}"
        return rows[:wanted]

    def _pit(self, base: Row) -> Row:
        return {
            "id": "",
            "name": f"{base['name']}加水点",
            **{key: base[key] for key in ("lon", "lat", "elevation_m")},
            "modes": ["pit"],
            "depth_m": 0,
            "max_aircraft": 3,
        }

    def _reservoir(self, n: int) -> Row:
        chance = self.chance
        return {
            "id": "",
            "name": f"小型水库{n}",
            **self._somewhere(),
            "elevation_m": chance.randint(10, 600),
            "modes": chance.choice((["bucket", "snorkel"], ["bucket", "snorkel"], ["bucket"])),
            "depth_m": round(chance.uniform(1.0, 12.0), 1),
            "max_aircraft": chance.choice((1, 2, 2, 2, 3, 3, 4)),
        }

    def _incidents(self, bases: list[Row], hospitals: list[Row]) -> list[Row]:
        rows: list[Row] = []
        while len(rows) < self.size.fires + self.size.tasks:
            place = self._somewhere()
            if min(distance_m(place, base) for base in bases) <= _FARTHEST_BASE_M:
                fire = len(rows) < self.size.fires
                rows.append(self._fire(place) if fire else self._task(place, bases, hospitals))
        for n, row in enumerate(rows):
            row.update(id=f"I{n:03d}", name=f"{row['name']}{n:03d}")
        return rows

    def _incident(self, kind: str, place: Row) -> Row:
        chance = self.chance
        return {
            "id": "",
            "kind": kind,
            "name": {"fire": "森林火灾"}.get(kind, "任务"),
            **place,
            "elevation_m": chance.randint(40, 1250),
            "reported_at": text(self.now - timedelta(seconds=chance.randint(600, 5400))),
            "weight": chance.choice((1, 1, 1, 2, 3, 3)),
            "life_at_risk": False,
            "max_slots": 2,
            "wind_mps": round(min(17.0, max(0.5, chance.gauss(7.0, 3.0))), 1),
            "visibility_m": chance.randint(2300, 14000),
        }

    def _fire(self, place: Row) -> Row:
        chance, row = self.chance, self._incident("fire", place)
        demand_l = round(min(185_000.0, max(15_000.0, chance.lognormvariate(math.log(42_000), 0.75))))
        row.update(
            weight=chance.choice((1, 1, 1, 2, 3, 5)),
            life_at_risk=chance.random() < _FIRE_LIFE,
            max_slots=chance.choice((2, 3, 4, 6, 8)),
            fire={
                "demand_l": demand_l,
                "growth_lps": round(demand_l * chance.triangular(2.0, 12.5, 5.5) * 1e-5, 2),
                "deadline_at": self._later(chance.choice((60, 60, 90, 120, 180))),
            },
        )
        return row

    def _task(self, place: Row, bases: list[Row], hospitals: list[Row]) -> Row:
        chance = self.chance
        kind = chance.choices(_KINDS, _KIND_WEIGHTS)[0]
        row = self._incident(kind, place)
        task = {
            "visits": 1,
            "service_s": 600,
            "needs": [kind],
            "seats": 0,
            "cargo_kg": 0,
            "deadline_at": self._later(chance.choice((45, 60, 60, 90))),
            "pickup_base_id": None,
            "hospital_id": None,
            "handover_s": 0,
        }
        if kind == "medevac":
            needs = chance.choice((["medical"], ["medical", "hoist"]))
            to = min(hospitals, key=lambda h: distance_m(h, place))
            task.update(needs=needs, seats=chance.randint(1, 4), hospital_id=to["id"], handover_s=600)
        elif kind == "supply":
            cargo_kg, source = chance.choice((200, 200, 500, 900)), chance.choice(bases)
            task.update(needs=["cargo"], service_s=400, cargo_kg=cargo_kg)
            task.update(pickup_base_id=source["id"], handover_s=900)
        elif kind == "search":
            task.update(visits=chance.choice((1, 2, 2)), service_s=chance.choice((1800, 3600)))
        else:
            task.update(service_s=chance.choice((900, 1800)))
        row.update(life_at_risk=kind == "medevac" or (kind == "search" and chance.random() < _SEARCH_LIFE))
        row["task"] = task
        return row

    def _aircraft(self, n: int, bases: list[Row]) -> Row:
        chance = self.chance
        models = [a for a in _atlas()["aircraft"] if not self.size.rotors_only or a["kind"] == "helicopter"]
        row: Row = copy.deepcopy(chance.choice(models))
        homes = [b for b in bases if b["runway_m"] >= row["min_runway_m"] and row["fuel_type"] in b["fuels"]]
        own = [b for b in homes if b["province"] == "JX"]
        home = chance.choice(own if own and chance.random() < 0.4 else homes)
        far = home["province"] != "JX" and not self.size.pads
        row.update(
            id=f"A{n:03d}",
            province=home["province"],
            serviceable=chance.random() >= 0.05,
            home_base_id=home["id"],
            at_base_id=home["id"],
            lon=home["lon"],
            lat=home["lat"],
            ready_at=self._later(chance.choice((5, 10, 15, 20)) + (30 if far else 0)),
            fuel_kg=round(row["fuel_capacity_kg"] * chance.choice((0.8, 1.0, 1.0)), 1),
            crew={
                "flown_continuous_s": 0,
                "flown_today_s": chance.choice((0, 0, 1800, 3600, 7200, 7200, 22800)),
                "duty_ends_at": self._later(60 * chance.choice((6, 8, 10))),
            },
        )
        if chance.random() < self.size.in_air:
            self._lift_off(row, home)
        return row

    def _lift_off(self, row: Row, home: Row) -> None:
        """Twenty minutes out of its base: within reach of it by far."""
        chance = self.chance
        bearing, out_m = chance.uniform(0, 2 * math.pi), chance.uniform(0.3, 0.9) * 1200 * row["cruise_mps"]
        north_deg = math.degrees(out_m / EARTH_RADIUS_M)
        row.update(
            at_base_id=None,
            lat=round(home["lat"] + north_deg * math.cos(bearing), 4),
            lon=round(home["lon"] + north_deg * math.sin(bearing) / math.cos(math.radians(home["lat"])), 4),
            ready_at=text(self.now),
            fuel_kg=round(row["fuel_kg"] - 1200 * row["burn_kgps"], 1),
        )
        row["crew"].update(flown_continuous_s=1200, flown_today_s=row["crew"]["flown_today_s"] + 1200)

    def _reserves(self, bases: list[Row], aircraft: list[Row]) -> list[Row]:
        """At every second base that has an aircraft for it; none in the smallest size."""
        rows: list[Row] = []
        if self.size.rotors_only:
            return rows
        for base in bases:
            standing = [a for a in aircraft if a["at_base_id"] == base["id"] and a["serviceable"]]
            for capability, share in (("medical", 0.25), ("water", 0.5)):
                has = any(capability in a["capabilities"] for a in standing)
                if has and self.chance.random() < share:
                    rows.append({"base_id": base["id"], "capability": capability, "min_aircraft": 1})
        return rows


def main(arguments: list[str] | None = None) -> int:
    """Write one scenario to standard output."""
    from loadtests.scenario_twists import TWISTS, hostile
    from loadtests.scenario_twists_1_1 import TWISTS_1_1

    parser = argparse.ArgumentParser(prog="python -m loadtests.scenarios")
    parser.add_argument("size", choices=SIZES)
    parser.add_argument("seed", type=int)
    parser.add_argument("--roll", action="store_true", help="the scenario 40 minutes later")
    parser.add_argument("--hostile", action="store_true", help="with one to four twists, drawn by the seed")
    parser.add_argument("--format", choices=("1.0", "1.1"), default="1.0", help="with the rows of 1.1")
    parser.add_argument("--twist", action="append", default=[], choices=sorted(TWISTS | TWISTS_1_1))
    args = parser.parse_args(arguments)
    twists = (*args.twist, *(hostile(args.seed) if args.hostile else ()))
    made = scenario(args.size, args.seed, roll=args.roll, twists=twists, version=args.format)
    json.dump(made, sys.stdout, ensure_ascii=False, indent=1)
    sys.stdout.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
