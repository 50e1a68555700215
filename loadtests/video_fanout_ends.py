"""The ends of loadtests/video_fanout.py, each a process of its own: who sends, who watches, and the plain copy.

    python -m loadtests.video_fanout_ends send CLIP               -> a line `PORT … | SECONDS` each on standard input
    python -m loadtests.video_fanout_ends copy PORT …             a datagram's bytes on to whoever asked for its port
    python -m loadtests.video_fanout_ends watch                   -> lines of JSON: whom, what, and when to stop

All are as cheap as will do: what they use is not counted (the copy's is, it is the baseline), but they share the machine.
The copy sends on what came as one frame in one piece: it knows what no relay knows, that a short datagram ends one.
"""

import base64
import json
import os
import select
import selectors
import socket
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from loadtests.swarm import masked
from protocols.gen import video_pb2

RATE_HZ = 25
DATAGRAM_BYTES = 1_316
SPREAD_S = 0.002  # between one stream's frame and the next stream's
READ_BYTES = 1 << 18
PICTURE_TAG = video_pb2.VideoTold.DESCRIPTOR.fields_by_name["picture"].number << 3 | 2


def load_clip(path: Path) -> list[list[bytes]]:
    """The datagrams of each frame, out of what `video_fanout.film` wrote: sizes, then bytes."""
    sizes, whole = np.load(path.with_suffix(".npy")), path.read_bytes()
    ends = np.cumsum(sizes)
    return [
        [whole[at : min(at + DATAGRAM_BYTES, end)] for at in range(end - size, end, DATAGRAM_BYTES)]
        for size, end in zip(sizes.tolist(), ends.tolist(), strict=True)
    ]


def send(clip: Path) -> None:
    """Each line is a run; its answer says when each frame of each stream had left (`times`, a file) and how many bytes."""
    frames = load_clip(clip)
    print("open", flush=True)
    for line in sys.stdin:
        ports, _, seconds = line.partition("|")
        _send([int(port) for port in ports.split()], int(float(seconds) * RATE_HZ), frames, clip)


def _send(ports: list[int], count: int, frames: list[list[bytes]], clip: Path) -> None:
    out = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in ports]
    for each, port in zip(out, ports, strict=True):
        each.connect(("127.0.0.1", port))
    left_at = np.zeros((len(frames), len(ports)))
    sent, began = 0, time.time() + 0.05
    for number in range(count):
        for stream, each in enumerate(out):
            wait_s = began + number / RATE_HZ + stream * SPREAD_S - time.time()
            if wait_s > 0:
                time.sleep(wait_s)
            at = first_frame(stream) + number
            for part in frames[at]:
                sent += len(part)
                each.send(part)
            left_at[at, stream] = time.time()
    np.save(clip.with_suffix(".times.npy"), left_at)
    for each in out:
        each.close()
    print(
        json.dumps({"bytes": sent, "late_ms": round((time.time() - began) * 1e3 - count * 1e3 / RATE_HZ)}),
        flush=True,
    )


def first_frame(stream: int) -> int:
    """Streams begin at different places of the clip, so that their key frames do not fall together."""
    return stream * 7 % 50


def copy(ports: list[int]) -> None:
    """Prints the port to ask at. A viewer says which streams, as one line of JSON."""
    door = socket.create_server(("127.0.0.1", 0), backlog=200)
    sources = {}
    watch = select.epoll()
    for number, port in enumerate(ports):
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        made.bind(("127.0.0.1", port))
        sources[made.fileno()] = (number, made)
        watch.register(made, select.EPOLLIN)
    watch.register(door, select.EPOLLIN)
    wanted: list[list[socket.socket]] = [[] for _ in ports]
    waiting: list[list[bytes]] = [[] for _ in ports]
    print(door.getsockname()[1], flush=True)
    while True:
        for descriptor, _ in watch.poll():
            if descriptor == door.fileno():
                viewer, _ = door.accept()
                viewer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for number in json.loads(viewer.makefile("rb").readline()):
                    wanted[number].append(viewer)
                continue
            number, source = sources[descriptor]
            part = source.recv(65_535)
            waiting[number].append(part)
            if len(part) < DATAGRAM_BYTES:
                frame = b"".join(waiting[number])
                waiting[number].clear()
                for viewer in wanted[number]:
                    viewer.sendall(frame)


class Bare:
    """A viewer of the plain copy: bytes are counted."""

    def __init__(self, port: int, streams: list[int]) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.sendall(json.dumps(streams).encode() + b"\n")
        self.socket.setblocking(False)
        self.bytes = 0

    def read(self, into: bytearray) -> None:
        """What is there."""
        try:
            self.bytes += self.socket.recv_into(into)
        except BlockingIOError:
            return


class Viewer:
    """A viewer of ours: of each picture stream, number, time and arrival are noted, the rest is thrown away."""

    def __init__(self, port: int, token: str, streams: list[str]) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET /ws/video HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: ganying-video.v1\r\n\r\n".encode()
        )
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.socket.recv(4096)
        self._held = bytearray(head.partition(b"\r\n\r\n")[2])
        asks = [video_pb2.VideoAsk(hello=video_pb2.VideoHello(token=token))]
        asks += [video_pb2.VideoAsk(watch=video_pb2.VideoWatch(stream_id=each)) for each in streams]
        for ask in asks:
            self.socket.sendall(masked(ask.SerializeToString()))
        self.socket.setblocking(False)
        self.bytes = 0
        self.seen: list[tuple[int, int, int, int, float]] = []  # slot, epoch, seq, pts in µs, when

    def read(self, into: bytearray) -> None:
        """What is there."""
        try:
            size = self.socket.recv_into(into)
        except BlockingIOError:
            return
        self.bytes += size
        self._held += memoryview(into)[:size]
        held, at, now = self._held, 0, time.time()
        while len(held) - at >= 2:
            length, begins = held[at + 1] & 0x7F, 2
            if length == 126:
                length, begins = int.from_bytes(held[at + 2 : at + 4], "big"), 4
            elif length == 127:
                length, begins = int.from_bytes(held[at + 2 : at + 10], "big"), 10
            if len(held) - at < begins + length:
                break
            begins += at
            if held[at] == 0x89:
                self._pong(bytes(held[begins : begins + length]))
            elif length > 200:  # a picture; what is shorter is told each second
                self._note(held, begins, now)
            at = begins + length
        del held[:at]

    def _note(self, held: bytearray, at: int, now: float) -> None:
        tag, at = varint(held, at)
        if tag != PICTURE_TAG:
            return
        _, at = varint(held, at)
        fields = [0] * 8
        while held[at] >> 3 < 8:
            number = held[at] >> 3
            fields[number], at = varint(held, at + 1)
        self.seen.append((fields[1], fields[2], fields[3], fields[5], now))

    def _pong(self, payload: bytes) -> None:
        self.socket.send(masked(payload, opcode=10))


def varint(data: bytearray, at: int) -> tuple[int, int]:
    """A number and where it ends."""
    found = shift = 0
    while True:
        byte = data[at]
        found |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return found, at


def watch() -> None:
    """`{"copy": port, "flows": [[0, 1], …]}`, `{"ours": port, "token": …, "flows": [["id", …], …]}`, `{"mark": file}`.

    A mark answers with the bytes that have come since the one before and writes what was seen of ours to the file.
    """
    selector, into = selectors.DefaultSelector(), bytearray(READ_BYTES)
    viewers: list[Any] = []
    selector.register(sys.stdin.fileno(), selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.data is not None:
                key.data.read(into)
                continue
            line = sys.stdin.readline()
            if not line:
                return
            said = json.loads(line)
            if "mark" in said:
                seen = [row for each in viewers if isinstance(each, Viewer) for row in each.seen]
                owners = [n for n, each in enumerate(viewers) if isinstance(each, Viewer) for _ in each.seen]
                np.save(said["mark"], np.column_stack([np.array(seen).reshape(-1, 5), owners]))
                told = {"bytes": sum(each.bytes for each in viewers)}
                for each in viewers:
                    each.bytes = 0
                    if isinstance(each, Viewer):
                        each.seen = []
                print(json.dumps(told), flush=True)
                continue
            for flows in said["flows"]:
                made: Any = (
                    Bare(said["copy"], flows)
                    if "copy" in said
                    else Viewer(said["ours"], said["token"], flows)
                )
                viewers.append(made)
                selector.register(made.socket, selectors.EVENT_READ, made)
            print("open", flush=True)


def main() -> None:
    """One of the three."""
    match sys.argv[1:]:
        case ["send", clip]:
            send(Path(clip))
        case ["copy", *ports]:
            copy([int(port) for port in ports])
        case ["watch"]:
            watch()
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
