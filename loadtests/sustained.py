"""The whole way under load: feeds, picture, conflicts, consoles and archive of one real site, with its CPU.

    python -m loadtests.sustained [--rate 100000] [--aircraft 20000] [--consoles 200] [--seconds 40] [--flame FILE]

A real `ganying serve` hears a made-up sky over two BEAST feeds; consoles look at a tenth of it each; conflicts are
searched for once a second; everything accepted is archived. Senders and consoles are processes of their own on the
same machine, their CPU is not counted. The figure is the CPU of the server and its children, in cores, and that every
message sent was decoded and every accepted one archived.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from loadtests.machine import cpu_s, stamp
from tests.journeys.running import RunningSite
from tests.ports import free_port

WARM_S = 8.0
FEEDS = 2


def totals(url: str) -> dict[str, float]:
    """All counters and gauges of /metrics, by name with labels."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    pairs = (line.rpartition(" ") for line in lines if line and not line.startswith("#"))
    return {name: float(value) for name, _, value in pairs}


def summed(found: dict[str, float], name: str) -> float:
    """A counter over all its labels."""
    return sum(value for key, value in found.items() if key.partition("{")[0] == name)


def child(*words: object) -> "subprocess.Popen[str]":
    """A module of loadtests as a process."""
    command = [sys.executable, "-m", *map(str, words)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def said(process: "subprocess.Popen[str]") -> str:
    """Its next line."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def tell(process: "subprocess.Popen[str]") -> None:
    """Let it go on."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def measure(
    *, rate: float, aircraft: int, consoles: int, seconds: float, share: float = 0.1, flame: str = ""
) -> dict[str, Any]:
    """One run."""
    ports = [free_port() for _ in range(FEEDS)]
    feed = "".join(
        f'[[feed]]\nname = "sky{number}"\nkind = "beast"\nlisten = "127.0.0.1:{port}"\n'
        for number, port in enumerate(ports)
    )
    with tempfile.TemporaryDirectory() as folder:
        site = RunningSite(Path(folder), feed=feed)
        site.accounts()
        whole_s = WARM_S + seconds + 6.0
        feeders = [
            child(
                "loadtests.feeder",
                port,
                aircraft // FEEDS,
                rate / FEEDS,
                whole_s,
                "--seed",
                number + 1,
            )
            for number, port in enumerate(ports)
        ]
        for feeder in feeders:
            assert said(feeder) == "made"
        site.start()
        try:
            return _run(site, feeders, consoles=consoles, seconds=seconds, share=share, flame=flame)
        finally:
            for feeder in feeders:
                feeder.kill()
            site.stop()


def _run(
    site: RunningSite,
    feeders: list["subprocess.Popen[str]"],
    *,
    consoles: int,
    seconds: float,
    share: float,
    flame: str,
) -> dict[str, Any]:
    assert site.process is not None
    token = site.sign_in("diaodu").token
    for feeder in feeders:
        tell(feeder)
    time.sleep(WARM_S / 2)
    swarm = None
    if consoles:
        url = site.url.replace("http", "ws")
        swarm = child("loadtests.swarm", "--share", share, "--", url, token, consoles, seconds)
        assert said(swarm).startswith("open"), "not every console got a picture"
    else:
        time.sleep(WARM_S / 2)
    before, used_before, began = totals(site.url), cpu_s(site.process.pid), time.monotonic()
    watch = None
    if flame:
        py_spy = str(Path(sys.executable).with_name("py-spy"))
        words = [py_spy, "record", "--nonblocking", "-d", str(int(seconds) - 2), "-o", flame]
        watch = subprocess.Popen([*words, "--pid", str(site.process.pid)], stdout=subprocess.DEVNULL)
    if swarm is None:
        time.sleep(seconds)
    heard = json.loads(said(swarm)) if swarm else {}
    used, passed_s = cpu_s(site.process.pid) - used_before, time.monotonic() - began
    after = totals(site.url)
    sent = [json.loads(said(feeder)) for feeder in feeders]
    if watch:
        watch.wait()
    valid_before, valid_after = (
        summed(before, "ganying_feed_valid_total"),
        summed(after, "ganying_feed_valid_total"),
    )
    frames = sum(each["frames"] for each in sent)
    end = _settled(site.url, frames)
    accepted = end['ganying_sightings_total{verdict="accepted"}']
    return {
        "messages_s": (valid_after - valid_before) / passed_s,
        "cores": used / passed_s,
        "share_of_machine": used / passed_s / (os.cpu_count() or 1),
        "aircraft": after["ganying_tracks"],
        "sent": frames,
        "decoded": summed(end, "ganying_feed_frames_total"),
        "accepted": accepted,
        "archived": summed(end, "ganying_archive_rows_total"),
        "archive_dropped": summed(end, "ganying_archive_dropped_total"),
        "feed_late_s": max(each["late_s"] for each in sent),
        **{f"console_{name}": value for name, value in heard.items()},
    }


def _settled(url: str, frames: int) -> dict[str, float]:
    """The totals once everything sent has been read and what was accepted has been written, or after a while."""
    until = time.monotonic() + 30
    while True:
        found = totals(url)
        read = summed(found, "ganying_feed_frames_total") >= frames
        accepted = found['ganying_sightings_total{verdict="accepted"}']
        if (read and summed(found, "ganying_archive_rows_total") >= accepted) or time.monotonic() > until:
            return found
        time.sleep(0.5)


def main() -> None:
    """Print one run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=float, default=100_000)
    parser.add_argument("--aircraft", type=int, default=20_000)
    parser.add_argument("--consoles", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--share", type=float, default=0.1)
    parser.add_argument("--flame", default="", help="where py-spy's flame graph goes (SVG)")
    found = measure(**vars(parser.parse_args()))
    print(stamp())
    for name, value in found.items():
        print(f"  {name:24} {value:14.3f}")


if __name__ == "__main__":
    main()
