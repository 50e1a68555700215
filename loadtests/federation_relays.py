"""Lines on loopback, for machines where namespaces are not allowed: a TCP relay for each pair of sites.

It delays what passes and breaks connections; a shape's loss becomes a pause, as a retransmission would be. Bytes of one
connection are never reordered: TCP would not have it, and there is no packet here.
"""

import queue
import random
import socket
import threading
import time
from collections.abc import Sequence
from contextlib import suppress

from loadtests.federation_lines import PLAIN, Shape

CHUNK = 1_400  # bytes, about a packet
HELD = 200  # chunks on their way, for each direction
RETRANSMITTED_S = 0.2


class Relays:
    """A relay for each pair that dials."""

    reorders = False

    def __init__(self, sites: Sequence[str], seed: int, why: str) -> None:
        self.said = f"loopback addresses behind an in-process shaper, no reordering ({why})"
        self._ports = {site: _free_port() for site in sites}
        self._relays: dict[frozenset[str], _Relay] = {}
        self._draw = random.Random(seed)

    def prefix(self, site: str) -> tuple[str, ...]:  # noqa: ARG002  # nothing to say
        """Nothing."""
        return ()

    def enter(self, site: str) -> None:
        """Everybody is here."""

    def listen(self, site: str) -> str:
        """A port of its own."""
        return f"127.0.0.1:{self._ports[site]}"

    def url(self, dialler: str, listener: str) -> str:
        """The pair's relay."""
        return f"wss://127.0.0.1:{self._relay(dialler, listener).port_to(self._ports[listener])}/link"

    def cut(self, a: str, b: str) -> None:
        """Connections break, new ones are closed."""
        self._relay(a, b).cut()

    def restore(self, a: str, b: str) -> None:
        """New connections pass."""
        self._relay(a, b).up = True

    def shape(self, a: str, b: str, shape: Shape) -> None:
        """From the next bytes on."""
        self._relay(a, b).shape = shape

    def close(self) -> None:
        """For good."""
        for relay in self._relays.values():
            relay.close()

    def _relay(self, a: str, b: str) -> "_Relay":
        pair = frozenset((a, b))
        if pair not in self._relays:
            self._relays[pair] = _Relay(random.Random(self._draw.random()))
        return self._relays[pair]


class _Relay:
    def __init__(self, draw: random.Random) -> None:
        self.up = True
        self.shape = PLAIN
        self._draw = draw
        self._listeners: dict[int, socket.socket] = {}
        self._ends: set[socket.socket] = set()
        self._lock = threading.Lock()

    def port_to(self, target: int) -> int:
        """Where to dial to reach `target`, a port of this machine."""
        if target not in self._listeners:
            self._listeners[target] = socket.create_server(("127.0.0.1", 0))
            threading.Thread(target=self._accept, args=(target,), daemon=True).start()
        return int(self._listeners[target].getsockname()[1])

    def cut(self) -> None:
        with self._lock:
            self.up = False
            ends, self._ends = self._ends, set()
        for end in ends:
            _shut(end)

    def close(self) -> None:
        self.cut()
        for listener in self._listeners.values():
            listener.close()

    def _accept(self, target: int) -> None:
        listener = self._listeners[target]
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", target), timeout=5)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            with self._lock:
                passes = self.up
                if passes:
                    self._ends |= {near, far}
            if not passes:
                _shut(near)
                _shut(far)
                continue
            for one, other in ((near, far), (far, near)):
                held: queue.Queue[tuple[float, bytes]] = queue.Queue(HELD)
                threading.Thread(target=self._hear, args=(one, held), daemon=True).start()
                threading.Thread(target=self._tell, args=(one, other, held), daemon=True).start()

    def _hear(self, one: socket.socket, held: "queue.Queue[tuple[float, bytes]]") -> None:
        free_at = 0.0
        with suppress(OSError):
            while data := one.recv(CHUNK):
                shape, now = self.shape, time.monotonic()
                leaves = now
                if shape.bit_rate:
                    leaves = free_at = max(now, free_at) + len(data) * 8 / shape.bit_rate
                if self._draw.random() < shape.loss:
                    leaves += RETRANSMITTED_S + 2 * shape.delay_s
                held.put((leaves + shape.delay_s + self._draw.random() * shape.jitter_s, data))
        held.put((0.0, b""))

    def _tell(
        self, one: socket.socket, other: socket.socket, held: "queue.Queue[tuple[float, bytes]]"
    ) -> None:
        with suppress(OSError):
            while (item := held.get())[1]:
                time.sleep(max(0.0, item[0] - time.monotonic()))
                other.sendall(item[1])
        for end in (one, other):
            _shut(end)


def _shut(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
