"""Urgent items: how long from coming in to a console, over the real wires of a real site under load.

    python -m loadtests.urgent [--aircraft 20000] [--rate 20000] [--consoles 200] [--samples 300]

One console is watched while others look at a tenth of the sky each:

    7700      an ADS-B emergency frame is written to a feed's socket -> the alert is read from the console's socket
    conflict  it is found (the alert's own began_at) -> the alert is read; and for pairs planted here, from the frame
              that makes it one, which waits for the look that comes once a second
    fact      a command is written to the console's socket -> the fact's Records are read: decided, stored, told
    delta     a Tracks message is made (its at_us) -> it is read, over all the other consoles

Targets: p50 30 ms and p99 100 ms for urgent items, p99 150 ms for the delta. Server, senders and consoles share this
machine; both clocks are one.
"""

import argparse
import json
import random
import select
import socket
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dispatch.geo import Position
from loadtests.machine import stamp
from loadtests.sustained import child, said, tell
from loadtests.swarm import Console, masked
from protocols import beast
from protocols.adsb_encode import airborne_position, airborne_velocity, parity
from protocols.frames import Frame
from protocols.gen import client_pb2, kinds_pb2, records_pb2
from protocols.receiver_clock import TICKS_HZ
from tests.journeys.running import RunningSite
from tests.ports import free_port

WARM_S = 12.0
PAUSE_S = 0.12  # between samples, so that they fall anywhere in the site's turns
WAIT_S = 10.0
FIRST_ADDRESS = 0x010000  # of nobody in the made-up sky
SEVEN_SEVEN = 0x0AAA  # 7700 as C1 A1 C2 A2 C4 A4 X B1 D1 B2 D2 B4 D4, ICAO Annex 10 Vol IV §3.1.1.6
FAR = (100.0, 40.0)  # planted pairs meet where the sky has nobody
NEAR_DEG = 0.03


class Feed:
    """A receiver of our own."""

    def __init__(self, port: int) -> None:
        self._line = socket.create_connection(("127.0.0.1", port))
        self._line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._began = time.monotonic()

    def send(self, *payloads: bytes) -> None:
        """Frames, now."""
        ticks = int((time.monotonic() - self._began + 1.0) * TICKS_HZ)
        self._line.sendall(
            b"".join(beast.encode(Frame(payload=each, ticks=ticks, signal=100)) for each in payloads)
        )


def emergency(address: int, *, over: bool = False) -> bytes:
    """Aircraft status: emergency, squawking 7700, or none any more and 0000; DO-260B §2.2.3.2.7.8.1, type 28 subtype 1."""
    state, squawk = (0, 0) if over else (1, SEVEN_SEVEN)
    body = bytes([0x8D]) + address.to_bytes(3) + (28 << 51 | 1 << 48 | state << 45 | squawk << 32).to_bytes(7)
    return body + parity(body).to_bytes(3)


class Watched:
    """The console that is watched."""

    def __init__(self, url: str, token: str) -> None:
        nowhere = client_pb2.Viewport(west_e7=0, south_e7=0, east_e7=1, north_e7=1)
        self._console = Console(url, token, nowhere)
        self.conflicts: list[tuple[float, float, tuple[str, ...]]] = []  # began, read, ids of the two
        self._going_on: set[str] = set()  # one that grows worse is told again and is not new

    def say(self, **body: Any) -> None:
        """A message to the site."""
        self._console.socket.sendall(masked(client_pb2.ClientMessage(**body).SerializeToString()))

    def read(self, wait_s: float) -> list[Any]:
        """What comes within so long; conflicts are noted."""
        select.select([self._console.socket], [], [], wait_s)
        now = time.time()
        messages = [client_pb2.ServerMessage.FromString(data) for data in self._console.messages()]
        for message in messages:
            for alert in message.alerts.alerts:
                if alert.over:
                    self._going_on.discard(alert.id)
                    continue
                new = not message.alerts.whole and alert.id not in self._going_on
                self._going_on.add(alert.id)
                if new and alert.kind == kinds_pb2.ALERT_KIND_CONFLICT:
                    self.conflicts.append((alert.began_at_us / 1e6, now, tuple(alert.track_ids)))
        return messages

    def until(self, wanted: Callable[[Any], bool]) -> float | None:
        """When a wanted message came; None: it did not."""
        limit = time.monotonic() + WAIT_S
        while time.monotonic() < limit:
            if any(wanted(message) for message in self.read(0.05)):
                return time.time()
        return None

    def rest(self, seconds: float) -> None:
        """Read on."""
        limit = time.monotonic() + seconds
        while (left := limit - time.monotonic()) > 0:
            self.read(left)


def alert_about(thing: str) -> Callable[[Any], bool]:
    """Whether a message has an alert about a thing."""
    return lambda message: any(thing in each.track_ids for each in message.alerts.alerts)


def record_of(title: str) -> Callable[[Any], bool]:
    """Whether a message has the incident of this title."""
    return lambda message: any(each.title == title for each in message.records.incidents)


def emergencies(watched: Watched, feed: Feed, samples: int, first: int = FIRST_ADDRESS) -> list[float | None]:
    """Seconds from frame to alert, of aircraft with addresses from `first`."""
    waits: list[float | None] = []
    for number in range(samples):
        thing = f"icao24:{first + number:06x}"
        began = time.time()
        feed.send(emergency(first + number))
        came = watched.until(alert_about(thing))
        feed.send(emergency(first + number, over=True))  # a desk is told of 200 at once, no more
        waits.append(None if came is None else came - began)
        watched.rest(PAUSE_S + number % 7 * 0.013)
    return waits


def facts(watched: Watched, samples: int) -> list[float | None]:
    """Seconds from command to Records."""
    waits: list[float | None] = []
    for number in range(samples):
        title = f"{number} {uuid.uuid4().hex[:8]}"
        report = client_pb2.ReportIncident(
            kind=kinds_pb2.INCIDENT_KIND_FOREST_FIRE,
            level=3,
            title=title,
            position=records_pb2.Position(lon_e7=1_159_000_000, lat_e7=287_000_000),
        )
        began = time.time()
        watched.say(command=client_pb2.Command(command_id=title, report_incident=report))
        came = watched.until(record_of(title))
        waits.append(None if came is None else came - began)
        watched.rest(PAUSE_S + number % 7 * 0.013)
    return waits


def pairs(watched: Watched, feed: Feed, samples: int) -> list[float | None]:
    """Seconds from the frame that makes two aircraft a conflict to the alert."""
    waits: list[float | None] = []
    chance = random.Random(7)
    for number in range(samples):
        a, b = (FIRST_ADDRESS + 0x8000 + 2 * number + side for side in (0, 1))
        lon, lat = FAR[0] + number % 20 * 0.3, FAR[1] + number // 20 * 0.3
        for address, lon_deg, course in ((a, lon, 90.0), (b, lon + NEAR_DEG, 270.0)):
            where = Position(lon_deg=lon_deg, lat_deg=lat)
            for odd in (False, True):
                feed.send(airborne_position(address, where, 1500.0, odd=odd))
                watched.rest(0.02)
            began = time.time()  # of the two, the last one's makes it a conflict
            feed.send(airborne_velocity(address, 60.0, course, 0.0))
        both = {f"icao24:{a:06x}", f"icao24:{b:06x}"}
        limit = time.monotonic() + WAIT_S
        came = None
        while came is None and time.monotonic() < limit:
            watched.read(0.05)
            came = next((read for _, read, ids in watched.conflicts if set(ids) == both), None)
        waits.append(None if came is None else came - began)
        watched.rest(chance.random())  # anywhere between two looks
    return waits


def line(name: str, waits: list[float | None] | list[float], target_ms: tuple[float, float] | None) -> str:
    """p50 and p99 in milliseconds."""
    came = sorted(wait for wait in waits if wait is not None)
    if not came:
        return f"{name:34} none of {len(waits)} came"
    p50, p99 = came[len(came) // 2] * 1e3, came[min(len(came) - 1, int(len(came) * 0.99))] * 1e3
    target = "" if target_ms is None else f"   target p50 {target_ms[0]:.0f}, p99 {target_ms[1]:.0f}"
    missing = f", {len(waits) - len(came)} did not come" if len(came) < len(waits) else ""
    return f"{name:34} p50 {p50:7.1f} ms  p99 {p99:7.1f} ms  of {len(came)}{missing}{target}"


def measure(*, aircraft: int, rate: float, consoles: int, samples: int) -> list[str]:
    """One run, as lines."""
    ports = [free_port() for _ in range(3)]
    more = "".join(
        f'[[feed]]\nname = "sky{number}"\nkind = "beast"\nlisten = "127.0.0.1:{port}"\n'
        for number, port in enumerate(ports)
    )
    lasts_s = WARM_S * 2 + samples * 3 * 0.6 + 30
    with tempfile.TemporaryDirectory() as folder:
        site = RunningSite(Path(folder), feed=more)
        site.accounts()
        feeders = [
            child("loadtests.feeder", port, max(1, aircraft // 2), rate / 2, lasts_s, "--seed", number + 1)
            for number, port in enumerate(ports[:2])
        ]
        for feeder in feeders:
            said(feeder)
        site.start()
        try:
            token, url = site.sign_in("diaodu").token, site.url.replace("http", "ws")
            for feeder in feeders:
                tell(feeder)
            time.sleep(WARM_S)
            seconds = samples * 3 * 0.3 + 5
            swarm = child("loadtests.swarm", "--", url, token, consoles, seconds)
            said(swarm)
            watched, feed = Watched(url + "/ws", token), Feed(ports[2])
            watched.until(lambda m: m.WhichOneof("body") == "tracks")
            distress = emergencies(watched, feed, samples)
            decided = facts(watched, samples)
            planted = pairs(watched, feed, max(10, samples // 4))
            heard = json.loads(said(swarm))
            swarm.wait()
        finally:
            for feeder in feeders:
                feeder.kill()
            site.stop()
    found = [read - began for began, read, _ in watched.conflicts]
    return [
        f"{aircraft} aircraft, {rate:.0f} messages/s, {consoles} consoles",
        line("7700, frame -> console", distress, (30, 100)),
        line("conflict, found -> console", found, (30, 100)),
        line("conflict, frame -> console", planted, None),
        line("fact, command -> console", decided, (30, 100)),
        f"{'delta, made -> console':34} p50 {heard['wait_p50_s'] * 1e3:7.1f} ms  p99 {heard['wait_p99_s'] * 1e3:7.1f} ms"
        f"  of {heard['messages']}   target p99 150; gaps {heard['gaps']}",
    ]


def main() -> None:
    """Print one run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--aircraft", type=int, default=20_000)
    parser.add_argument("--rate", type=float, default=20_000)
    parser.add_argument("--consoles", type=int, default=200)
    parser.add_argument("--samples", type=int, default=300)
    given = parser.parse_args()
    print(stamp(), flush=True)
    for each in measure(**vars(given)):
        print(each, flush=True)


if __name__ == "__main__":
    main()
