"""A poor line between two sites: `python -m loadtests.poor_link [--round-trip 600] [--loss 2] [--kbit 256] [--orders 40]`.

Two real servers; 36 dials nobody, 42 dials it over a line so long, lossy and narrow, which is carried packet by packet
(loadtests/federation_lines.py; a relay where namespaces are not allowed). What is measured: from the answer of 36's door
to an act on a tasking to its being read at 42's door, asked for every 50 ms; while somebody at 36 keeps sending updates
of other incidents over the same line; with `--video` also a stream of five times what the line carries, which 42 watches
(loadtests/poor_link_video.py). The last line is JSON; exit status 1 when something did not arrive.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from loadtests.federation_lines import Lines, Shape, lines_between
from loadtests.federation_script import Log, Worker
from loadtests.federation_sites import MESH, Person, build, in_parallel, not_live
from loadtests.machine import stamp
from loadtests.poor_link_video import PoorVideo
from tests.journeys.running import RunningSite, wait_for

OURS, THEIRS = "36", "42"
LOOK_EVERY_S = 0.05
BACKGROUND_EVERY_S = 1.0  # an update of another shared incident
ARRIVES_WITHIN_S = 60.0
FIRE = {
    "kind": "forest_fire",
    "level": 3,
    "title": "三爪仑林火",
    "place": "靖安县",
    "position": {"lon_deg": 115.1, "lat_deg": 28.95},
}


def percentile(values: Sequence[float], share: float) -> float:
    """Nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered) + 0.5) - 1))]


def ordered_tasking(site: RunningSite) -> str:
    """An incident that the partner sees, and a tasking ordered and accepted for it; the tasking's path."""
    desk, chief, crew = (Person(site, name) for name in ("diaodu", "zhiban", "tonghang"))
    incident = desk.post("incidents", FIRE)
    path = f"incidents/{incident['id']}"
    incident = desk.post(f"{path}/confirm", {"version": incident["version"]})
    desk.post(f"{path}/share", {"version": incident["version"], "partner": THEIRS})
    plan = desk.post("plans", {"incident_ids": [incident["id"]]})
    craft = {each["id"]: each for each in desk.everything("resources/aircraft")}
    chosen = next(
        each["aircraft_id"]
        for each in plan["assignments"]
        if craft[each["aircraft_id"]]["operator_id"] == "OP1"
    )
    desk.post(f"plans/{plan['id']}/adopt", {"version": plan["version"], "aircraft_ids": [chosen]})
    tasking = next(each for each in desk.everything("taskings") if each["aircraft_id"] == chosen)
    for who, action in ((chief, "order"), (crew, "accept")):
        tasking = who.post(f"taskings/{tasking['id']}/{action}", {"version": tasking["version"]})
    return f"taskings/{tasking['id']}"


def _reached(seen: Collection[int], version: int) -> bool:
    """Whether this version or a later one has been seen; looked at while another thread adds to it."""
    return any(each >= version for each in tuple(seen))


def deliver(lines: Lines, sites: dict[str, RunningSite], orders: int) -> list[float]:
    """Amend and acknowledge by turns; seconds from each answer at 36 to the same version at 42."""
    taken: list[float] = []
    tasking = in_parallel(lines, [sites[OURS]], ordered_tasking)[0]
    done_at: dict[int, float] = {}
    seen_at: dict[int, float] = {}
    finished = threading.Event()

    def look() -> None:
        lines.enter(THEIRS)
        reader = Person(sites[THEIRS], "zhiban")
        while not finished.is_set():
            found = [each for each in reader.everything("taskings") if tasking.endswith(each["id"])]
            now = time.monotonic()
            for each in found:
                seen_at.setdefault(each["version"], now)
            finished.wait(LOOK_EVERY_S)

    def act(site: RunningSite) -> None:
        desk, crew = Person(site, "diaodu"), Person(site, "tonghang")
        for number in range(orders):
            version = desk.get(tasking)["version"]
            body: dict[str, Any] = {"reason": f"变更 {number}", "remark": f"注意 {number}"}
            who, action = desk, "amend"
            if number % 2:
                who, action, body = crew, "acknowledge", {"amendment": number // 2 + 1}
            answer = who.post(f"{tasking}/{action}", {"version": version, **body})
            made = int(answer["version"])
            done_at[made] = time.monotonic()
            wait_for(
                partial(_reached, seen_at, made),
                f"version {made} at {THEIRS}",
                within_s=ARRIVES_WITHIN_S,
            )

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        in_parallel(lines, [sites[OURS]], act)
    finally:
        finished.set()
        looking.join()
    for version, at in done_at.items():
        first = min((each for seen, each in seen_at.items() if seen >= version), default=float("inf"))
        taken.append(max(0.0, first - at))
    return taken


def measure(folder: Path, shape: Shape, orders: int, *, video: bool = False) -> dict[str, Any]:
    """Start both, wait for the link on a good line, make it poor, deliver."""
    lines = lines_between((OURS, THEIRS), 1)
    sites: dict[str, RunningSite] = {}
    try:
        print(f"two sites: {lines.said}", flush=True)
        sites = build(folder, (OURS, THEIRS), MESH, lines)
        if video:
            PoorVideo.furnish(sites[OURS])
        for site in sites.values():
            site.start()
        readers = {name: Person(site, "zhiban") for name, site in sites.items()}
        lines.shape(OURS, THEIRS, shape)  # from the first packet: the handshakes pass it too
        began = time.monotonic()
        wait_for(
            lambda: (
                not [
                    each
                    for found in in_parallel(lines, list(sites.values()), lambda s: not_live(readers[s.site]))
                    for each in found
                ]
            ),
            "a live link",
            within_s=ARRIVES_WITHIN_S,
        )
        linked_s = time.monotonic() - began
        log = Log(orders)
        worker = Worker(sites[OURS], "diaodu2", (THEIRS,), "background", log, BACKGROUND_EVERY_S)

        def busy() -> None:
            lines.enter(OURS)
            worker.run(10 * orders)

        threading.Thread(target=busy, daemon=True).start()
        watched = PoorVideo(lines, sites[OURS], sites[THEIRS]) if video else None
        if watched is not None:
            watched.begin()
        taken = deliver(lines, sites, orders)
        return {
            "orders": len(taken),
            "delivered": sum(each < ARRIVES_WITHIN_S for each in taken),
            "p50_s": round(percentile(taken, 0.5), 3),
            "p99_s": round(percentile(taken, 0.99), 3),
            "linked_s": round(linked_s, 1),
            "background_changes": len(log.changes),
            "round_trip_ms": round(shape.delay_s * 2000),
            "loss_percent": shape.loss * 100,
            "kbit_per_s": shape.bit_rate / 1000,
            **({} if watched is None else watched.figures()),
        }
    finally:
        for site in sites.values():
            if site.process is not None and site.process.poll() is None:
                site.kill()
        lines.close()


def main() -> int:
    """0 when everything arrived."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--round-trip", type=float, default=600.0, help="ms")
    parser.add_argument("--loss", type=float, default=2.0, help="percent, each way")
    parser.add_argument("--kbit", type=float, default=256.0, help="each way")
    parser.add_argument("--orders", type=int, default=40)
    parser.add_argument("--video", action="store_true", help="with a stream that is watched")
    given = parser.parse_args()
    print(stamp())
    shape = Shape(delay_s=given.round_trip / 2000, loss=given.loss / 100, bit_rate=given.kbit * 1000)
    with tempfile.TemporaryDirectory(prefix="ganying-poor-link-") as name:
        line = measure(Path(name), shape, given.orders, video=given.video)
    print(json.dumps(line))
    return 0 if line["delivered"] == given.orders else 1


if __name__ == "__main__":
    sys.exit(main())
