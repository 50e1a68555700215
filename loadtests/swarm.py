"""Many consoles on one thread: they say hello, look at a part of the picture each, and note what comes when.

    python -m loadtests.swarm [--share 0.1] [--stall N] -- URL TOKEN CONSOLES SECONDS

A client for measuring: plain sockets and as little work as will tell what arrived, so that a machine that also holds
the server can hold hundreds of them. Prints `open N` when all have their first picture, then one line of JSON.
A token may begin with a dash, hence the two. `--stall N`: so many more consoles read their first message and then nothing.
"""

import argparse
import base64
import json
import math
import os
import random
import selectors
import socket
import struct
import time
from urllib.parse import urlsplit

from protocols.gen import client_pb2

CENTRE = (115.9, 28.7)  # of the corpus
RADIUS_M = 400_000.0
_DEGREE_M = 111_195.0


class Console:
    """One of them."""

    def __init__(self, url: str, token: str, viewport: client_pb2.Viewport | None) -> None:
        where = urlsplit(url)
        self.socket = socket.create_connection((where.hostname or "", where.port or 80))
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET /ws HTTP/1.1\r\nHost: {where.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: ganying.v1\r\n\r\n".encode()
        )
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.socket.recv(4096)
        self.rest = head.partition(b"\r\n\r\n")[2]
        hello = client_pb2.ClientMessage(hello=client_pb2.Hello(token=token))
        subscribe = client_pb2.Subscribe(viewport=viewport, tracks=True)
        self.socket.sendall(masked(hello.SerializeToString()))
        self.socket.sendall(masked(client_pb2.ClientMessage(subscribe=subscribe).SerializeToString()))
        self.socket.setblocking(False)
        self.buffer = bytearray(self.rest)
        self.tick = 0
        self.whole = False
        self.gaps = 0

    def messages(self) -> list[bytes]:
        """Whole messages that have come."""
        try:
            while data := self.socket.recv(1 << 20):
                self.buffer += data
        except BlockingIOError:
            pass
        found = []
        buffer, at = self.buffer, 0
        while len(buffer) - at >= 2:
            size, head = buffer[at + 1] & 0x7F, 2
            if size == 126:
                if len(buffer) - at < 4:
                    break
                size, head = struct.unpack_from(">H", buffer, at + 2)[0], 4
            elif size == 127:
                if len(buffer) - at < 10:
                    break
                size, head = struct.unpack_from(">Q", buffer, at + 2)[0], 10
            if len(buffer) - at < head + size:
                break
            payload = bytes(memoryview(buffer)[at + head : at + head + size])
            opcode = buffer[at] & 0x0F
            if opcode == 2:
                found.append(payload)
            elif opcode == 9:  # ping: answered, or the server lets us go
                self.socket.setblocking(True)
                self.socket.sendall(masked(payload, opcode=10))
                self.socket.setblocking(False)
            at += head + size
        del buffer[:at]
        return found


def masked(payload: bytes, opcode: int = 2) -> bytes:
    """A client's frame; the mask is zero, which changes nothing."""
    size = len(payload)
    length = bytes((0x80 | size,)) if size < 126 else b"\xfe" + struct.pack(">H", size)
    return bytes((0x80 | opcode,)) + length + bytes(4) + payload


def viewport(share: float, rng: random.Random) -> client_pb2.Viewport | None:
    """A square with this share of the corpus' area, somewhere inside it; None: everywhere."""
    if share >= 1:
        return None
    side_m = RADIUS_M * math.sqrt(math.pi * share)
    reach_m = max(0.0, RADIUS_M - side_m * 0.75)
    bearing, distance_m = rng.uniform(0, 2 * math.pi), reach_m * math.sqrt(rng.random())
    lat = CENTRE[1] + distance_m * math.cos(bearing) / _DEGREE_M
    shrink = math.cos(math.radians(lat))
    lon = CENTRE[0] + distance_m * math.sin(bearing) / _DEGREE_M / shrink
    half_lat, half_lon = side_m / 2 / _DEGREE_M, side_m / 2 / _DEGREE_M / shrink
    return client_pb2.Viewport(
        west_e7=round((lon - half_lon) * 1e7),
        south_e7=round((lat - half_lat) * 1e7),
        east_e7=round((lon + half_lon) * 1e7),
        north_e7=round((lat + half_lat) * 1e7),
    )


def run(url: str, token: str, consoles: int, seconds: float, share: float, stall: int) -> dict[str, float]:
    """Hold them; what they heard in `seconds` after all had their first picture."""
    rng = random.Random(7)  # chance that can be repeated is the point
    held = [Console(url, token, viewport(share, rng)) for _ in range(consoles)]
    stalled = [Console(url, token, None) for _ in range(stall)]
    watch = selectors.DefaultSelector()
    for console in held:
        watch.register(console.socket, selectors.EVENT_READ, console)
    waits: list[float] = []
    heard = {"messages": 0, "bytes": 0, "tracks": 0}
    waiting = set(held)
    begun_s, until_s = math.inf, math.inf
    limit_s = time.monotonic() + 120
    while time.monotonic() < min(until_s, limit_s if waiting else math.inf):
        for key, _ in watch.select(0.2):
            console = key.data
            for payload in console.messages():
                message = client_pb2.ServerMessage.FromString(payload)
                if message.WhichOneof("body") != "tracks":
                    continue
                now = time.time()
                tracks = message.tracks
                if tracks.whole:
                    waiting.discard(console)
                elif tracks.from_tick > console.tick:
                    console.gaps += 1
                console.tick = tracks.to_tick
                if time.monotonic() >= begun_s:
                    heard["messages"] += 1
                    heard["bytes"] += len(payload)
                    heard["tracks"] += len(tracks.states) // 32
                    waits.append(now - tracks.at_us / 1e6)
        if not waiting and begun_s == math.inf:
            print(f"open {len(held)}", flush=True)
            begun_s = time.monotonic()
            until_s = begun_s + seconds
            for console in held:
                console.gaps = 0
    waits.sort()
    for console in (*held, *stalled):
        console.socket.close()
    return {
        **heard,
        "consoles": len(held),
        "seconds": seconds,
        "unopened": len(waiting),
        "gaps": sum(console.gaps for console in held),
        "wait_p50_s": waits[len(waits) // 2] if waits else math.nan,
        "wait_p99_s": waits[int(len(waits) * 0.99)] if waits else math.nan,
        "wait_max_s": waits[-1] if waits else math.nan,
    }


def main() -> None:
    """From the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("token")
    parser.add_argument("consoles", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--share", type=float, default=0.1)
    parser.add_argument("--stall", type=int, default=0)
    given = parser.parse_args()
    print(json.dumps(run(given.url, given.token, given.consoles, given.seconds, given.share, given.stall)))


if __name__ == "__main__":
    main()
