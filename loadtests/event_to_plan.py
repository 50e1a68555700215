"""How long from an event to the proposal it brings, on a real site with two solver processes.

    python -m loadtests.event_to_plan [--size M L] [--events 20]

The fleet, bases, water points, hospitals and incidents of a shared scenario become a live world over the public doors.
An event is one more fire that a dispatcher confirms: measured from the request to the moment at which a console's
socket has the proposal that covers it, so over the desk, the coalescing of 0.3 s, the situation, the solver, the desk
again and the wire. The fire is dismissed again before the next, and what that brings is waited for. Between events the
site goes on improving its plan, as it always does. Aims (not gates): p95 1 s at M (25 aircraft, 10 incidents), 3 s
at L (120 aircraft, 40 incidents), 300 MB resident for each solver process.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from loadtests.machine import stamp
from loadtests.urgent import Watched
from protocols.gen import kinds_pb2
from tests.journeys.running import Client, RunningSite

SCENARIOS = Path(__file__).parents[1] / "tests" / "data" / "opt"
FILES = {"S": "S-101.json", "M": "M-201.json", "L": "L-301.json"}
SETTINGS = "[demonstration]\nenabled = true\n[planner]\nworkers = 2\nassume_daylight = true\n"
LEVEL = {8: 1, 4: 2, 2: 3, 1: 4}  # of a scenario's weight, as optimizer/situation_incidents.py has it
KINDS = {"medevac": "medical", "search": "missing_person", "supply": "flood", "recon": "landslide"}
PLAN_WITHIN_S = 60.0
QUIET_S = 1.0


def place(row: dict[str, Any]) -> dict[str, Any]:
    """What all places have."""
    return {
        "id": row["id"],
        "name": row["name"],
        "position": {"lon_deg": row["lon"], "lat_deg": row["lat"]},
        "elevation_m": row["elevation_m"],
        "source": "shared planning scenario",
    }


def fill(client: Client, scenario: dict[str, Any]) -> None:
    """The scenario's resources, over the doors."""
    for row in scenario["bases"]:
        body = place(row) | {key: row[key] for key in ("runway_m", "fuels", "refuel_points")}
        client.post("resources/bases", body)
    for row in scenario["water_points"]:
        body = place(row) | {key: row[key] for key in ("modes", "depth_m", "max_aircraft")}
        client.post("resources/water_points", body)
    for row in scenario["hospitals"]:
        client.post("resources/hospitals", place(row))
    same = [
        "id",
        "model",
        "kind",
        "home_base_id",
        "at_base_id",
        "serviceable",
        "cruise_mps",
        "loaded_mps",
        "fuel_type",
        "fuel_capacity_kg",
        "fuel_kg",
        "burn_kgps",
        "turnaround_s",
        "min_runway_m",
        "slots",
        "water",
        "seats",
        "cargo_kg",
        "capabilities",
        "max_wind_mps",
        "min_visibility_m",
        "cost_per_hour",
    ]
    for row in scenario["aircraft"]:
        if row["at_base_id"] is None:
            continue
        body = {key: row[key] for key in same} | {"name": row["id"], "source": "shared planning scenario"}
        body["unserviceable_reason"] = "" if row["serviceable"] else "停飞"
        body["flown_today_s"] = row["crew"]["flown_today_s"]
        client.post("resources/aircraft", body)


def report(client: Client, row: dict[str, Any], title: str) -> str:
    """An incident, not confirmed."""
    body = {
        "kind": "forest_fire" if row.get("fire") else KINDS[row["kind"]],
        "level": LEVEL.get(round(row["weight"]), 3),
        "title": title,
        "position": {"lon_deg": row["lon"], "lat_deg": row["lat"]},
        "life_at_risk": row["life_at_risk"],
    }
    return str(client.post("incidents", body)["id"])


def plan_for(watched: Watched, incident_id: str) -> float | None:
    """When an open proposal that covers the incident came."""
    limit = time.monotonic() + PLAN_WITHIN_S
    while time.monotonic() < limit:
        for message in watched.read(0.05):
            for plan in message.records.plans:
                if plan.state == kinds_pb2.PLAN_STATE_OPEN and incident_id in plan.incident_ids:
                    return time.time()
    return None


def settled(client: Client, watched: Watched) -> None:
    """Until the planner has had nothing to do for a while."""
    quiet = time.monotonic()
    while time.monotonic() - quiet < QUIET_S:
        watched.rest(0.2)
        if client.get("planner/runs")["items"]:
            quiet = time.monotonic()


def resident_mb(site: RunningSite) -> list[float]:
    """Of each solver process, its peak."""
    assert site.process is not None
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            mine = int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == site.process.pid
            if mine and b"adapters.planner.child" in (folder / "cmdline").read_bytes():
                peak = next(x for x in (folder / "status").read_text().splitlines() if x.startswith("VmHWM"))
                found.append(int(peak.split()[1]) / 1024)
        except OSError:
            continue
    return found


def waits(size: str, events: int) -> Iterator[str]:
    """One size, as lines."""
    scenario = json.loads((SCENARIOS / FILES[size]).read_text())
    with tempfile.TemporaryDirectory() as folder:
        site = RunningSite(Path(folder) / "36", more=SETTINGS)
        site.accounts()
        site.start()
        try:
            desk = site.sign_in("diaodu")
            fill(desk, scenario)
            watched = Watched(site.url, desk.token)
            rows = scenario["incidents"]
            standing = [report(desk, row, row["name"]) for row in rows]
            for incident_id in standing:
                desk.post(f"incidents/{incident_id}/confirm", {"version": 1})
            came: list[float] = []
            missing = 0
            fires = [row for row in rows if row.get("fire")]
            for number in range(events):
                settled(desk, watched)
                like = fires[number % len(fires)]
                near = {**like, "lon": like["lon"] + 0.03, "lat": like["lat"] - 0.02}
                incident_id = report(desk, near, f"新火 {number + 1}")
                watched.rest(0.1)
                began = time.time()
                desk.post(f"incidents/{incident_id}/confirm", {"version": 1})
                told = plan_for(watched, incident_id)
                if told is None:
                    missing += 1
                else:
                    came.append(told - began)
                desk.post(f"incidents/{incident_id}/dismiss", {"version": 2, "reason": "试验"})
            if not came:
                yield f"{size:4} none of {events} events brought a proposal"
                return
            came.sort()
            p50, p95 = came[len(came) // 2], came[min(len(came) - 1, int(len(came) * 0.95))]
            yield (
                f"{size:4} {len(scenario['aircraft']):4} aircraft {len(rows):4} incidents   "
                f"p50 {p50:5.2f} s  p95 {p95:5.2f} s  of {len(came)}"
                + (f", {missing} brought no proposal" if missing else "")
            )
            yield "     solver processes, peak resident: " + ", ".join(
                f"{each:.0f} MB" for each in resident_mb(site)
            )
        finally:
            site.stop()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.event_to_plan")
    parser.add_argument("--size", nargs="+", choices=sorted(FILES), default=["M", "L"])
    parser.add_argument("--events", type=int, default=20)
    arguments = parser.parse_args()
    print(stamp(), flush=True)
    for size in arguments.size:
        for line in waits(size, arguments.events):
            print(line, flush=True)


if __name__ == "__main__":
    main()
