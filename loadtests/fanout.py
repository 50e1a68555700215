"""Fan-out: CPU of one server process for each message delivered, beside stock autobahn and picows in the same run.

    python -m loadtests.fanout [--clients 200,1000] [--things 500,2000] [--rounds 3] [--seconds 5] [--no-stall]

The messages are a site's own: Tracks of so many things as the picture encodes them, and the Status line. Every console
gets both once a second. Three ways to deliver them:

    tracks   the Tracks alone
    turn     both in the same turn of the event loop: two messages for stock autobahn and picows, one write for ours
    second   Tracks by turns and Status to everybody on its own clock, as a site does that calls send where a message
             is made; ours still joins them

Servers take turns; each figure is the best of the rounds, in CPU time, so that neighbours on the machine count little.
Clients are another process that reads and throws away, and never sleeps, so that waking it is not charged to a server;
all that was sent must have arrived.

What limits ours: four fifths of it is the kernel's TCP, which the other two pay as well; a single message cannot be
delivered three times cheaper than by an autobahn that spends less than three times the kernel's part.

Then a real site with 200 consoles, with and without one beside them that reads nothing: the wait of the others.
"""

import argparse
import base64
import json
import os
import selectors
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from dispatch.kinds import SourceKind
from dispatch.picture import TrackPicture
from dispatch.sighting import AddressBatch
from loadtests.fanout_servers import SLOTS
from loadtests.machine import stamp
from protocols.client_tracks import LABELS_A_TICK, WirePicture
from protocols.codec import client as codec
from protocols.codec.client import FeedLine

KINDS = ("autobahn", "ours", "picows")
LIMIT_MB_S = 150.0  # what one reader takes on the other core; turns are as frequent as that allows
MOST_MESSAGES_S = 10_000.0


def tracks_of(things: int) -> bytes:
    """A second's Tracks of so many things, all of which moved."""
    picture, wire, rng = TrackPicture(), WirePicture(), np.random.default_rng(1)
    at_s = 1_790_000_000.0
    lon, lat = rng.uniform(113, 118, things), rng.uniform(25, 30, things)
    for second in range(4 + things // LABELS_A_TICK):
        picture.accept_batch(_batch(things, at_s + second, lon + second * 0.002, lat), at_s + second)
        wire.refresh(picture)
    part = wire.since(wire.tick - 1, datetime.fromtimestamp(at_s + second, UTC))
    return b"".join(part.pieces(None))


def _batch(things: int, at_s: float, lon: np.ndarray, lat: np.ndarray) -> AddressBatch:
    singles = {
        name: np.full(things, 100.0, np.float32) for name in ("altitude_m", "ground_speed_mps", "track_deg")
    }
    return AddressBatch(
        source="sky",
        source_kind=SourceKind.ADSB,
        clock_id="sky",
        arrived_at_s=at_s,
        address=np.arange(0x780000, 0x780000 + things, dtype=np.uint32),
        receiver_s=np.full(things, at_s),
        lon_deg=lon,
        lat_deg=lat,
        soft=np.zeros(things, np.bool_),
        accuracy_m=np.full(things, 10, np.float32),
        **singles,
        altitude_datum=np.full(things, 3, np.uint8),
        vertical_rate_mps=np.zeros(things, np.float32),
        callsign=np.array([b"CSN%d" % number for number in range(things)], "S8"),
        squawk=np.full(things, 1200, np.int16),
        emergency=np.zeros(things, np.uint8),
        category=np.full(things, 3, np.uint8),
        on_ground=np.zeros(things, np.int8),
        simulated=np.zeros(things, np.bool_),
    )


def status() -> bytes:
    """A Status line with a handful of feeds."""
    feed = {"kind": "beast", "state": "connected", "messages": 10**6, "errors": 3, "heard_age_ms": 20}
    feeds = [FeedLine(name=f"feed{number}", simulated=False, **feed) for number in range(6)]  # type: ignore[arg-type]
    return codec.status(datetime.now(UTC), feeds, [], 500)


def drain(port: int, clients: int) -> None:
    """The child that reads: says `open`, and on end of file how many bytes came."""
    selector, buffer, came = selectors.DefaultSelector(), bytearray(1 << 20), 0
    for _ in range(clients):
        line = socket.create_connection(("127.0.0.1", port))
        key = base64.b64encode(os.urandom(16)).decode()
        line.sendall(
            f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: ganying.v1\r\n\r\n".encode()
        )
        head = b""
        while b"\r\n\r\n" not in head:
            head += line.recv(4096)
        came += len(head.partition(b"\r\n\r\n")[2])
        line.setblocking(False)
        selector.register(line, selectors.EVENT_READ)
    print("open", flush=True)
    while selector.get_map():
        for key_, _ in selector.select(0):
            try:
                size = key_.fileobj.recv_into(buffer)  # type: ignore[union-attr]  # a socket
            except BlockingIOError:
                continue
            except ConnectionError:
                size = 0
            came += size
            if not size:
                selector.unregister(key_.fileobj)
    print(came, flush=True)


def one(kind: str, clients: int, files: list[Path], seconds: float, *, apart: bool) -> dict[str, float]:
    """One server, once."""
    size = sum(file.stat().st_size for file in files)
    per_client_hz = min(LIMIT_MB_S * 1e6 / (size * clients), MOST_MESSAGES_S / clients)
    turns_hz = per_client_hz * SLOTS * (len(files) if apart else 1)
    words = [sys.executable, "-m", "loadtests.fanout_servers", kind, clients, turns_hz, seconds, *files]
    words += ["--apart"] if apart else []
    server = subprocess.Popen(
        [str(word) for word in words], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    port = int(server.stdout.readline())
    reader = subprocess.Popen(
        [sys.executable, "-m", "loadtests.fanout", "--drain", str(port), str(clients)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert reader.stdout is not None
    reader.stdout.readline()
    found: dict[str, float] = json.loads(server.stdout.readline())
    server.communicate("\n", timeout=30)
    came = int(reader.stdout.readline())
    reader.wait()
    assert came >= found["bytes"], f"{kind}: {came} bytes came of {found['bytes']}"
    return found


def ratios(
    clients: int, files: list[Path], rounds: int, seconds: float, *, apart: bool
) -> dict[str, dict[str, float]]:
    """The best of each server."""
    best: dict[str, dict[str, float]] = {}
    for _ in range(rounds):
        for kind in KINDS:
            found = one(kind, clients, files, seconds, apart=apart and kind != "ours")
            found["us"] = found["cpu_s"] / found["messages"] * 1e6
            if kind not in best or found["us"] < best[kind]["us"]:
                best[kind] = found
    return best


def sending(given: argparse.Namespace) -> Iterator[str]:
    """The table, line by line."""
    yield (
        f"{'what':7} {'clients':>7} {'things':>6} {'bytes':>7}  "
        + " ".join(f"{kind + ' us/msg':>15} {'ms/MB':>6}" for kind in KINDS)
        + "  ours/autobahn  ours/picows"
    )
    with tempfile.TemporaryDirectory() as name:
        line = Path(name, "status")
        line.write_bytes(status())
        for clients in given.clients:
            for things in given.things:
                tracks = Path(name, f"tracks{things}")
                tracks.write_bytes(tracks_of(things))
                for what, files in (
                    ("tracks", [tracks]),
                    ("turn", [tracks, line]),
                    ("second", [tracks, line]),
                ):
                    best = ratios(clients, files, given.rounds, given.seconds, apart=what == "second")
                    us = {kind: best[kind]["us"] for kind in KINDS}
                    each = " ".join(
                        f"{us[kind]:15.1f} {best[kind]['cpu_s'] * 1e3 / (best[kind]['bytes'] / 1e6):6.2f}"
                        for kind in KINDS
                    )
                    size = sum(file.stat().st_size for file in files)
                    yield (
                        f"{what:7} {clients:7d} {things:6d} {size:7d}  {each}"
                        f"  {us['autobahn'] / us['ours']:13.2f}  {us['picows'] / us['ours']:11.2f}"
                    )


def stalled(seconds: float) -> Iterator[str]:
    """What one console that reads nothing costs 200 others."""
    from loadtests.sustained import child, said, tell
    from tests.journeys.running import RunningSite
    from tests.ports import free_port

    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        feed = f'[[feed]]\nname = "sky"\nkind = "beast"\nlisten = "127.0.0.1:{port}"\n'
        site = RunningSite(Path(folder), feed=feed)
        site.accounts()
        site.start()
        feeder = child("loadtests.feeder", port, 2_000, 4_000, 60 + 3 * seconds)
        try:
            said(feeder)
            tell(feeder)
            token, url = site.sign_in("diaodu").token, site.url.replace("http", "ws")
            time.sleep(5)
            for stall in (0, 1, 0, 1):
                swarm = child("loadtests.swarm", "--stall", stall, "--", url, token, 200, seconds)
                said(swarm)
                heard = json.loads(said(swarm))
                swarm.wait()
                yield (
                    f"200 consoles beside {stall} stalled: publish -> receipt p50 {heard['wait_p50_s'] * 1e3:.1f} ms, "
                    f"p99 {heard['wait_p99_s'] * 1e3:.1f} ms, gaps {heard['gaps']}"
                )
        finally:
            feeder.kill()
            site.stop()


def numbers(text: str) -> list[int]:
    """200,1000"""
    return [int(part) for part in text.split(",")]


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--clients", type=numbers, default=[200, 1000])
    parser.add_argument("--things", type=numbers, default=[500, 2000])
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--no-stall", action="store_true")
    parser.add_argument("--drain", type=int, nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.drain:
        drain(*given.drain)
        return
    print(stamp(), flush=True)
    for line in sending(given):
        print(line, flush=True)
    if not given.no_stall:
        for line in stalled(max(15.0, given.seconds)):
            print(line, flush=True)


if __name__ == "__main__":
    main()
