"""A source that is cut ten times in the middle of a group, and then one whose packets are damaged: what the page makes of it.

    python -m loadtests.video_damage [--cuts 10] [--damage 0.01] [--seconds 15] [--seed 1]

A sender of its own process films numbered pictures (640x360, 25 a second, a key frame a second) and sends MPEG-TS over TCP
to `ganying serve`; a real Chromium shows the stream, and a script reads the number from the canvas in each animation frame
(loadtests/video_latency.py). A cut: the connection is closed in the middle of a frame in the middle of a group; the camera
films on, and after 0.3 to 1 s a new connection goes on in the middle of another group. Nothing can be shown before the next
key frame; told is when its picture, or a later one, stood on the canvas, counted from the making of that key frame and
from the new connection. Damage: in 1 % of the transport packets, and so in nearly every group, a byte is another, anywhere.
Then it is whole again. Memory, threads and open files are of the server and all its processes. Chance comes of the seed.

Ends with a JSON line; exits 1 where a cut was not recovered from at its key frame or a picture was shown before it, where
the picture does not come back after the damage, or where threads or files have grown.
"""

import argparse
import json
import multiprocessing
import random
import socket
import statistics
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import sync_playwright

from loadtests.machine import stamp
from loadtests.video_latency import NO_GPU, READ, SETTINGS
from tests.clips import Camera, picture, spoilt
from tests.journeys.browser import DESK, Browser
from tests.journeys.running import RunningSite, wait_for
from tests.ports import free_port

SIZE, RATE_HZ = (640, 360), 25
GROUP = RATE_HZ
WARM_S, BETWEEN_S, WHOLE_S = 4.0, 2.6, 4.0
SETTLE_MS = 5_000  # what was made with the first pictures is there by then
SOON_MS = 1_000.0  # a key frame's picture that comes later was not that key frame's


def plan(cuts: int, rng: random.Random) -> list[tuple[int, int]]:
    """The frame in which each cut is, and that with which the new connection begins; both within a group."""
    made = []
    for number in range(cuts):
        begins = round((WARM_S + number * BETWEEN_S) * RATE_HZ) // GROUP * GROUP
        cut = begins + rng.randrange(5, GROUP - 5)
        back = cut + rng.randrange(round(0.3 * RATE_HZ), RATE_HZ)
        made.append((cut, back + 2 if back % GROUP == 0 else back))
    return made


def film(
    port: int, cuts: list[tuple[int, int]], damage: float, seconds: float, seed: int, told: Connection
) -> None:
    """The sender: when each frame was made, ms since 1970; the frames of the damaged part."""
    camera, rng = Camera(size=SIZE, rate=RATE_HZ, group=GROUP), random.Random(seed)
    noise = np.random.default_rng(1).integers(40, 140, (SIZE[1], SIZE[0], 3), np.uint8)
    spoilt_from = (cuts[-1][1] if cuts else round(WARM_S * RATE_HZ)) + 2 * GROUP
    spoilt_to = spoilt_from + round(seconds * RATE_HZ)
    away = {number for cut, back in cuts for number in range(cut + 1, back)}
    backs, torn = {back for _, back in cuts}, {cut for cut, _ in cuts}
    made: list[float] = []
    out = socket.create_connection(("127.0.0.1", port))
    began = time.monotonic()
    for number in range(spoilt_to + round(WHOLE_S * RATE_HZ)):
        time.sleep(max(0.0, began + number / RATE_HZ - time.monotonic()))
        shown = picture(number, SIZE)
        made.append(time.time() * 1000)
        shown[SIZE[0] // 4 :] = np.roll(noise, number * 2, axis=1)[SIZE[0] // 4 :]
        data = camera.shoot(shown=shown)
        if number in away:
            continue
        if number in backs:
            out = socket.create_connection(("127.0.0.1", port))
        if number in torn:
            out.sendall(data[: len(data) // 2])
            out.close()
            continue
        out.sendall(spoilt(data, rng, damage) if spoilt_from <= number < spoilt_to else data)
    told.send((made, spoilt_from, spoilt_to))


def held(pid: int) -> dict[str, float]:
    """What a process and its children hold."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    found = {
        "rss_mb": int(status["VmRSS"].split()[0]) / 1024,
        "threads": int(status["Threads"]),
        "files": len(list(Path(f"/proc/{pid}/fd").iterdir())),
    }
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            for name, much in held(int(child)).items():
                found[name] += much
    return {name: round(much, 1) for name, much in found.items()}


def ready(pid: int) -> bool:
    """Whether a server has made the last of its processes, that for papers, which it makes when it has time."""
    children = [task.joinpath("children").read_text().split() for task in Path(f"/proc/{pid}/task").iterdir()]
    return any(
        b"papers" in Path(f"/proc/{child}/cmdline").read_bytes() for each in children for child in each
    )


def recovered(
    seen: list[tuple[int, float]], made: list[float], cuts: list[tuple[int, int]]
) -> list[dict[str, float]]:
    """Of each cut: ms from its key frame's making, and from the new connection, to a picture; pictures between."""
    found = []
    for cut, back in cuts:
        key = -(-back // GROUP) * GROUP
        at = next(at for number, at in seen if key <= number < key + GROUP)
        between = [number for number, when in seen if back <= number < key and when < at]
        frozen = max(at_ for number, at_ in seen if number <= cut)
        found.append(
            {
                "from_key_ms": round(at - made[key], 1),
                "from_back_ms": round(at - made[back], 1),
                "stood_ms": round(at - frozen),
                "between": len(between),
            }
        )
    return found


def measure(site: RunningSite, said: argparse.Namespace) -> dict[str, Any]:
    """Figures of one run."""
    assert site.process is not None
    server, port, desk = site.process.pid, free_port(), site.sign_in("diaodu")
    body = {"name": "测试", "source": "ts_tcp", "address": str(port), "carrier": "fixed"}
    stream = desk.post("video/streams", body)["stream"]["id"]
    cuts = plan(said.cuts, random.Random(said.seed))
    with sync_playwright() as playwright:
        people = Browser(playwright, site.url, gpu=NO_GPU)
        page = people.sign_in("zhiban", DESK)
        page.get_by_test_id("desk").wait_for()
        page.goto(f"{site.url}/video")
        page.get_by_test_id("video-layout-1").click()
        page.get_by_test_id("video-pick").click()
        page.evaluate(READ)
        wait_for(lambda: desk.get(f"video/streams/{stream}")["standing"]["viewers"] == 1, "a viewer")
        wait_for(lambda: ready(server), "all processes of the server", 60)
        ours, theirs = multiprocessing.Pipe()
        sender = multiprocessing.get_context("spawn").Process(
            target=film, args=(port, cuts, said.damage, said.seconds, said.seed, theirs)
        )
        sender.start()
        wait_for(lambda: desk.get(f"video/streams/{stream}")["standing"]["state"] == "live", "pictures")
        page.wait_for_timeout(SETTLE_MS)
        before = held(server)
        tile = page.get_by_test_id("video-tile")
        wait_for(lambda: ours.poll(0.2), "the end of the film", said.seconds + said.cuts * BETWEEN_S + 90)
        made, spoilt_from, spoilt_to = ours.recv()
        sender.join()
        page.wait_for_timeout(1_000)
        after = held(server)
        seen = page.evaluate("() => window.__seen")
        counts = desk.get(f"video/streams/{stream}")["standing"]["counts"]
        errors, lost = (int(tile.get_attribute(f"data-{each}") or 0) for each in ("errors", "lost"))
        people.close()
    spoilt_seen = {number for number, _ in seen if spoilt_from <= number < spoilt_to}
    whole = {number for number, _ in seen if -(-spoilt_to // GROUP) * GROUP <= number < len(made)}
    back = recovered(seen, made, cuts)
    return {
        "cuts": back,
        "from_key_ms": statistics.median(each["from_key_ms"] for each in back) if back else None,
        "spoilt_made": spoilt_to - spoilt_from,
        "spoilt_seen": len(spoilt_seen),
        "whole_again_made": len(made) - -(-spoilt_to // GROUP) * GROUP,
        "whole_again_seen": len(whole),
        "decoder_errors": errors,
        "tile_says_lost": lost,
        "counts": {
            name: count for name, count in counts.items() if name not in ("bytes", "packets", "units")
        },
        "held_before": before,
        "held_after": after,
    }


def good(found: dict[str, Any]) -> bool:
    """Whether the page recovered, and the server holds no more than before."""
    flat = all(found["held_after"][name] <= found["held_before"][name] for name in ("threads", "files"))
    at_key = all(each["between"] == 0 and each["from_key_ms"] < SOON_MS for each in found["cuts"])
    return flat and at_key and found["whole_again_seen"] > 0


def main() -> int:
    """Measure and tell."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--cuts", type=int, default=10)
    asked.add_argument("--damage", type=float, default=0.01)
    asked.add_argument("--seconds", type=float, default=15.0, help="of damage")
    asked.add_argument("--seed", type=int, default=1)
    said = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        site = RunningSite(Path(folder) / "36", more=SETTINGS)
        site.accounts()
        site.start()
        try:
            found = measure(site, said)
        finally:
            site.stop()
    print(stamp(), file=sys.stderr)
    print(json.dumps(found))
    return 0 if good(found) else 1


if __name__ == "__main__":
    sys.exit(main())
