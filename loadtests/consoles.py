"""Consoles at 1 Hz: what a real server spends on them, beside a bare WebSocket broadcaster of the same bytes.

    python -m loadtests.consoles [--consoles 100] [--aircraft 500] [--seconds 20]

A real `ganying serve` hears AIRCRAFT aircraft twice a second on its BEAST feed; CONSOLES consoles are connected and
see all of them. Then a bare autobahn server, with no picture, no cells and no roles, sends messages of the mean size
that was seen to as many clients. The figure is CPU seconds of the broadcaster over the CPU seconds that ours spends on
the consoles (all of them less one alone): 1.0 would mean that choosing, joining and numbering cost nothing.
"""

# mypy: disable-error-code="no-untyped-call"
# reason: autobahn is not annotated

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any


def cpu_s(pid: int) -> float:
    """CPU seconds a process has used, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def client(url: str, token: str, consoles: int, seconds: float) -> None:
    """The child that holds the consoles; prints what it heard after the warm-up as JSON."""
    from autobahn.twisted.websocket import WebSocketClientFactory, WebSocketClientProtocol
    from twisted.internet import reactor as twisted_reactor

    from protocols.gen import client_pb2

    reactor: Any = twisted_reactor
    heard = {"messages": 0, "bytes": 0, "open": 0, "gaps": 0}
    last: dict[int, int] = {}

    class Listener(WebSocketClientProtocol):
        def onOpen(self) -> None:  # noqa: N802
            heard["open"] += 1
            if token:
                hello = client_pb2.ClientMessage(hello=client_pb2.Hello(token=token))
                self.sendMessage(hello.SerializeToString(), isBinary=True)
                whole = client_pb2.ClientMessage(subscribe=client_pb2.Subscribe(tracks=True))
                self.sendMessage(whole.SerializeToString(), isBinary=True)

        def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803, ARG002
            heard["messages"] += 1
            heard["bytes"] += len(payload)
            if token:
                message = client_pb2.ServerMessage.FromString(payload)
                if message.WhichOneof("body") == "tracks":
                    tracks = message.tracks
                    gap = not tracks.whole and tracks.from_tick > last.get(id(self), tracks.from_tick)
                    heard["gaps"] += gap
                    last[id(self)] = tracks.to_tick

    factory = WebSocketClientFactory(url, protocols=["ganying.v1"] if token else [])
    factory.protocol = Listener
    host, port = url.split("/")[2].split(":")
    for _ in range(consoles):
        reactor.connectTCP(host, int(port), factory)

    def warm() -> None:
        heard.update(messages=0, bytes=0)
        print("warm", flush=True)

    reactor.callLater(5.0, warm)
    reactor.callLater(5.0 + seconds, reactor.stop)
    reactor.run()
    print(json.dumps(heard), flush=True)


def broadcaster(size: int, every_s: float) -> None:
    """The bare baseline: `size` bytes to every client every `every_s` seconds."""
    from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
    from twisted.internet import reactor as twisted_reactor
    from twisted.internet.task import LoopingCall

    reactor: Any = twisted_reactor
    clients: list[Any] = []

    class Sender(WebSocketServerProtocol):
        def onOpen(self) -> None:  # noqa: N802
            clients.append(self)

    factory = WebSocketServerFactory()
    factory.protocol = Sender
    payload = os.urandom(size)
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    print(port.getHost().port, flush=True)
    LoopingCall(lambda: [each.sendMessage(payload, isBinary=True) for each in clients]).start(every_s)
    reactor.run()


def transmit(port: int, aircraft: int) -> None:
    """The child that feeds: `aircraft` aircraft in circles over Jiangxi, a tick every half second."""
    from twisted.internet import reactor as twisted_reactor
    from twisted.internet.task import LoopingCall

    from adapters.exercise.antenna import Antenna
    from adapters.exercise.transmit import TICK_S, messages
    from protocols.beast import encode
    from protocols.frames import Frame
    from protocols.receiver_clock import TICKS_HZ

    reactor: Any = twisted_reactor
    antenna = Antenna(reactor, "127.0.0.1", port)
    antenna.start()
    began = time.monotonic()
    tick = 0

    def send() -> None:
        nonlocal tick
        at_s = time.monotonic() - began
        ticks = int((at_s + 1.0) * TICKS_HZ)
        frames = [
            encode(Frame(payload=message, ticks=ticks, signal=128))
            for number in range(aircraft)
            for message in messages(circling(number, at_s), tick)
        ]
        antenna.send(b"".join(frames), len(frames))
        tick = tick + 1 if antenna.wire is not None else 0

    LoopingCall(send).start(TICK_S)
    reactor.run()


def circling(number: int, at_s: float) -> Any:
    """Where aircraft `number` is: each on its own circle of 5 km, at 70 m/s."""
    from adapters.exercise.transmit import Transponder
    from dispatch.geo import Position

    angle = at_s * 70.0 / 5_000.0 + number
    lon, lat = 114.0 + (number % 25) * 0.17, 24.8 + (number // 25 % 25) * 0.2
    return Transponder(
        address=0x780000 + number,
        callsign=f"LOAD{number:03d}",
        category=1,
        position=Position(lon_deg=lon + 0.05 * math.cos(angle), lat_deg=lat + 0.045 * math.sin(angle)),
        altitude_m=500.0,
        ground_speed_mps=70.0,
        track_deg=(-math.degrees(angle)) % 360,
        climb_mps=0.0,
    )


def spawn(*arguments: object) -> "subprocess.Popen[str]":
    """One of the children above."""
    words = [sys.executable, "-m", "loadtests.consoles", *map(str, arguments)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def hold(
    server_pid: int, url: str, token: str, consoles: int, seconds: float
) -> tuple[dict[str, int], float]:
    """Hold consoles open; what they heard and the server's CPU seconds meanwhile."""
    child = spawn("--child", "client", url, token or "-", consoles, seconds)
    assert child.stdout is not None
    child.stdout.readline()  # warm
    before = cpu_s(server_pid)
    heard = json.loads(child.stdout.readline())
    used = cpu_s(server_pid) - before
    child.wait()
    return heard, used


def measure(consoles: int, aircraft: int, seconds: float) -> dict[str, float]:
    """One run of both servers."""
    from tests.journeys.running import RunningSite, wait_for

    with tempfile.TemporaryDirectory() as folder:
        feed = '[[feed]]\nname = "load"\nkind = "beast"\nlisten = "127.0.0.1:39036"\n'
        site = RunningSite(Path(folder), feed=feed)
        site.accounts()
        site.start()
        assert site.process is not None
        person = site.sign_in("diaodu")
        feeder = spawn("--child", "feed", 39036, aircraft)
        try:
            wait_for(lambda: len(person.get("tracks")["features"]) >= aircraft, "every aircraft", 60)
            before = cpu_s(site.process.pid)
            alone, _ = hold(
                site.process.pid, site.url.replace("http", "ws") + "/ws", person.token, 1, seconds
            )
            idle = cpu_s(site.process.pid) - before
            heard, used = hold(
                site.process.pid, site.url.replace("http", "ws") + "/ws", person.token, consoles, seconds
            )
        finally:
            feeder.kill()
            site.stop()
    rate = heard["messages"] / heard["open"] / seconds
    bare = spawn("--child", "broadcast", heard["bytes"] // max(heard["messages"], 1), 1 / rate)
    assert bare.stdout is not None
    port = int(bare.stdout.readline())
    _, floor = hold(bare.pid, f"ws://127.0.0.1:{port}", "", consoles, seconds)
    bare.kill()
    return {
        "consoles": heard["open"],
        "messages_per_console_s": rate,
        "mean_bytes": heard["bytes"] / max(heard["messages"], 1),
        "gaps": heard["gaps"] + alone["gaps"],
        "server_cores": used / seconds,
        "with_one_console_cores": idle / (seconds + 5.0),
        "bare_cores": floor / seconds,
        "ratio": floor / max(used - idle * seconds / (seconds + 5.0), 0.01),
    }


def main() -> None:
    """Print the figures of one run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--consoles", type=int, default=100)
    parser.add_argument("--aircraft", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    match arguments.child:
        case ["client", url, token, consoles, seconds]:
            client(url, "" if token == "-" else token, int(consoles), float(seconds))
        case ["broadcast", size, every_s]:
            broadcaster(int(size), float(every_s))
        case ["feed", port, aircraft]:
            transmit(int(port), int(aircraft))
        case _:
            found = measure(arguments.consoles, arguments.aircraft, arguments.seconds)
            print(f"consoles, {arguments.aircraft} aircraft at 2 Hz, each console all of them at 1 Hz")
            for name, value in found.items():
                print(f"  {name:24} {value:10.2f}")


if __name__ == "__main__":
    main()
