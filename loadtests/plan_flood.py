"""Broken and contradictory scenarios at `ganying plan`: a named error or a plan that the referee judges as the planner does.

    python -m loadtests.plan_flood [--count 500] [--first-seed 0] [--thousand 3] [--seconds 0.2]

Each scenario is generated (sizes S and M, every third a roll, half of them of format 1.1 with its twists), then bent one
to four times: parts taken away, of another type, out of all measure or of another part; locks that contradict the aircraft,
one another or the clock; negative fuel; no aircraft, bases or water; everything in one place or over the ocean. The last
`--thousand` have one thousand incidents. Judged by what the command does:

- *named*: exit status 2 and a message that names the field;
- *legal*: exit status 0 and no violation by the referee; *broken by name*: exit status 1, and the referee finds the very
  codes that the planner tells;
- anything else is a failure, told with its seed; the exit status is 1 then.
"""

import argparse
import contextlib
import copy
import io
import json
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from adapters.cli.plan import main as ganying_plan
from loadtests.machine import stamp
from loadtests.plans import judged
from loadtests.scenario_twists import hostile, twisted
from loadtests.scenario_twists_1_1 import TWISTS_1_1
from loadtests.scenarios import Row, after, scenario

_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 1e9, -1e9, 1e300, float("nan"), float("inf"), "", "x", "2026-13-45T99:00:00Z",
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", [], {}, [[]], [None], "A000", "I000", 0.5, 10**30, "1e5", "\ud800",
)  # fmt: skip
_MOST = 4


def _spots(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [at] if at else []
    if isinstance(value, dict):
        for key, part in value.items():
            found += _spots(part, (*at, key))
    elif isinstance(value, list):
        for n, part in enumerate(value):
            found += _spots(part, (*at, n))
    return found


def _inside(sc: Row, spot: tuple[Any, ...]) -> Any:
    for key in spot:
        sc = sc[key]
    return sc


def _value(sc: Row, chance: random.Random) -> None:
    """Something else where anything stands."""
    spot = chance.choice(_spots(sc))
    _inside(sc, spot[:-1])[spot[-1]] = copy.deepcopy(chance.choice(_VALUES))


def _number(sc: Row, chance: random.Random) -> None:
    """A number that may stand there, but is far from sense."""
    spots = [s for s in _spots(sc) if type(_inside(sc, s)) in (int, float)]
    for spot in chance.sample(spots, min(len(spots), chance.randint(1, 5))):
        was = _inside(sc, spot)
        new = chance.choice((0, was * 1000, was / 1000, -was, was + 0.5, 1e-9, 90, 180, -180, 1e7))
        _inside(sc, spot[:-1])[spot[-1]] = new


def _gone(sc: Row, chance: random.Random) -> None:
    spot = chance.choice(_spots(sc))
    del _inside(sc, spot[:-1])[spot[-1]]


def _twice(sc: Row, chance: random.Random) -> None:
    """A row twice, or the value of another place of the same name."""
    lists = [s for s in _spots(sc) if isinstance(_inside(sc, s), list) and _inside(sc, s)]
    if lists:
        rows = _inside(sc, chance.choice(lists))
        rows.append(copy.deepcopy(chance.choice(rows)))


def _swapped(sc: Row, chance: random.Random) -> None:
    named: dict[Any, list[tuple[Any, ...]]] = {}
    for spot in _spots(sc):
        if isinstance(spot[-1], str):
            named.setdefault(spot[-1], []).append(spot)
    spots = [row for row in named.values() if len(row) > 1]
    if spots:
        one, other = chance.sample(chance.choice(spots), 2)
        _inside(sc, one[:-1])[one[-1]] = copy.deepcopy(_inside(sc, other))


def _emptied(sc: Row, chance: random.Random) -> None:
    """Nothing of a kind, and nothing that names it."""
    part = chance.choice(("aircraft", "bases", "water_points", "hospitals", "incidents", "reserves"))
    sc[part] = []
    if chance.random() < 0.6:
        for other in ("commitments", "previous_assignments", "reserves", "forbidden_assignments"):
            if other in sc:
                sc[other] = []


def _fuel(sc: Row, chance: random.Random) -> None:
    for craft in sc["aircraft"]:
        craft["fuel_kg"] = chance.choice(
            (-1, 0, 1e-6, craft["fuel_capacity_kg"], craft["fuel_capacity_kg"] * 2)
        )


def _locks(sc: Row, chance: random.Random) -> None:
    """Locked legs that cannot be flown: too fast, backwards, one over another, of the wrong aircraft or place."""
    craft, incident = chance.choice(sc["aircraft"]), chance.choice(sc["incidents"])
    base, start = chance.choice(sc["bases"]), chance.choice((-60, 0, 30, 300))
    end = start + chance.choice((0, 0, 1, 30, 300))
    point = (chance.choice(sc["water_points"]) if sc["water_points"] else {"id": "W0"})["id"]
    there: Row = {"type": "incident", "id": incident["id"]}
    work: Row = {"kind": "on_scene", "incident_id": incident["id"]}
    if incident.get("fire") or chance.random() < 0.1:
        there = {"type": "water_point", "id": point}
        work = {"kind": "cycles", "water_point_id": point, "incident_id": incident["id"]}
        work |= {"drops": chance.choice((1, 1, 50)), "litres_per_drop": chance.choice((1, 100, 1e6))}
    home = {"type": "base", "id": base["id"]}
    legs: list[Row] = [
        {"kind": "fly", "to": there, "start": after(sc, start), "end": after(sc, end)},
        work | {"start": after(sc, end), "end": after(sc, end + 20)},
        {"kind": "fly", "to": home, "start": after(sc, end + 20), "end": after(sc, end + 40)},
        {"kind": "ground", "base_id": base["id"], "refuel": True, "start": after(sc, end + 40)}
        | {"end": after(sc, end + 60)},
    ]
    legs = chance.choice((legs, legs[:1], legs[1:], legs[::-1], legs * 2, []))
    sc["commitments"].append({"aircraft_id": chance.choice((craft["id"],) * 9 + ("ZZZ",)), "legs": legs})


def _one_place(sc: Row, chance: random.Random) -> None:
    lon, lat = chance.choice(((115.0, 28.0), (160.0, 10.0), (180.0, 0.0), (-180.0, 90.0), (0.0, -90.0)))
    for part in chance.sample(
        ("bases", "water_points", "incidents", "aircraft", "hospitals"), chance.randint(1, 5)
    ):
        for row in sc[part]:
            row.update(lon=lon, lat=lat)


_BENDS: tuple[Callable[[Row, random.Random], None], ...] = (
    _value, _value, _number, _number, _gone, _twice, _swapped, _emptied, _fuel, _locks, _one_place,
)  # fmt: skip

_READABLE = (_emptied, _fuel, _locks, _one_place, _number)  # most of these keep the format


def bent(seed: int) -> Row:
    """The scenario of a seed."""
    chance = random.Random(f"flood {seed}")
    size = chance.choice(("S", "S", "S", "M"))
    sc = scenario(size, 70_000 + seed, roll=seed % 3 == 0)
    if seed % 2:
        twists = chance.sample(sorted(TWISTS_1_1), chance.randint(1, 3))
    else:
        twists = list(hostile(seed)) if chance.random() < 0.3 else []
    sc = twisted(sc, tuple(twists), seed)
    bends = _BENDS if chance.random() < 0.4 else _READABLE
    for _ in range(chance.randint(1, _MOST)):
        with contextlib.suppress(KeyError, TypeError, AttributeError, IndexError, ValueError):
            chance.choice(bends)(sc, chance)  # what is bent already may not bend again
    return sc


def thousand(seed: int) -> Row:
    """One thousand incidents for a few aircraft."""
    chance, sc = random.Random(f"thousand {seed}"), scenario(("S", "M", "L")[seed % 3], 80_000 + seed)
    rows = sc["incidents"]
    while len(sc["incidents"]) < 1000:
        row = copy.deepcopy(chance.choice(rows)) | {"id": f"K{len(sc['incidents']):04d}"}
        row.update(lon=row["lon"] + chance.uniform(-0.5, 0.5), lat=row["lat"] + chance.uniform(-0.5, 0.5))
        sc["incidents"].append(row)
    return sc


def tried(sc: Row, folder: Path, seconds: float) -> tuple[str, str]:
    """(what came of it, more words where it failed)."""
    file, out, said = folder / "S.json", folder / "P.json", io.StringIO()
    file.write_text(json.dumps(sc), encoding="utf-8")
    out.unlink(missing_ok=True)
    arguments = [str(file), "--seed", "1", "--seconds", f"{seconds:g}", "--explain", "--out", str(out)]
    try:
        with contextlib.redirect_stderr(said):
            status = ganying_plan(arguments)
    except BaseException:  # the failure that is looked for, whatever it is
        return "crash", traceback.format_exc(limit=-4)
    if status == 2:
        words = said.getvalue().strip()
        return (
            ("named", "") if words.startswith("ganying plan: ") and ":" in words[14:] else ("unnamed", words)
        )
    told = json.loads(out.read_text(encoding="utf-8"))
    try:
        found = judged(sc, told["plan"])
    except BaseException:  # a scenario that the referee cannot read should have been refused
        return "referee cannot read it", traceback.format_exc(limit=-2)
    codes = {row["code"] for row in told["violations"]}, {row["code"] for row in found["violations"]}
    if codes[0] != codes[1]:
        return "differs", f"planner {sorted(codes[0])}, referee {sorted(codes[1])}"
    return ("broken by name" if codes[0] else "legal"), ""


def main(arguments: list[str] | None = None) -> int:
    """Print the tally; exit status 1 if anything failed."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.plan_flood")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--thousand", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.2)
    args = parser.parse_args(arguments)
    print(stamp(), flush=True)
    tally: Counter[str] = Counter()
    slowest, failed = 0.0, 0
    with tempfile.TemporaryDirectory() as name:
        for n in range(args.count):
            seed = args.first_seed + n
            sc = thousand(seed) if n >= args.count - args.thousand else bent(seed)
            began = time.process_time()
            what, words = tried(sc, Path(name), args.seconds)
            slowest = max(slowest, time.process_time() - began)
            tally[what] += 1
            if what not in ("named", "legal", "broken by name"):
                failed += 1
                print(f"seed {seed}: {what}\n{words}", flush=True)
    print(
        f"{args.count} scenarios: "
        + ", ".join(f"{n} {what}" for what, n in tally.most_common())
        + f"; slowest {slowest:.1f} CPU s"
    )
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
