"""What lies between the sites of an exercise: lines that can be cut, delayed, reordered, thinned out and narrowed.

Two kinds. Network namespaces, one a site, whose only way out is a tun device that this process reads: every IP packet
between two sites passes here and is dropped, held or overtaken as its line says (what tc-netem does, which not every
kernel has). Where namespaces or tun devices are not allowed: sites on loopback, and a TCP relay for each pair, which can
delay and break connections but not reorder within one.
"""

import ctypes
import fcntl
import heapq
import os
import random
import selectors
import struct
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

LINK_PORT = 9036
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
_CLONE_NEWNET = 0x40000000
_NETNS = Path("/run/netns")
QUEUED_BYTES = 256_000  # a narrow line's queue; beyond it packets are dropped, as a router does


@dataclass(frozen=True, slots=True)
class Shape:
    """One direction of a line. Seconds, shares, bits a second (0: no limit)."""

    delay_s: float = 0.0
    jitter_s: float = 0.0  # evenly, on top of the delay: packets overtake one another
    loss: float = 0.0
    bit_rate: float = 0.0


PLAIN = Shape()


class Lines(Protocol):
    """The lines of one exercise. Sites are named by their ids."""

    said: str  # what kind it is, for the output
    reorders: bool

    def prefix(self, site: str) -> tuple[str, ...]:
        """What the site's command is started with."""

    def enter(self, site: str) -> None:
        """From here on the calling thread opens its sockets where the site's loopback is."""

    def listen(self, site: str) -> str:
        """`[federation] listen` of the site."""

    def url(self, dialler: str, listener: str) -> str:
        """What the dialler dials."""

    def cut(self, a: str, b: str) -> None:
        """Nothing passes between the two from now on."""

    def restore(self, a: str, b: str) -> None:
        """It does again."""

    def shape(self, a: str, b: str, shape: Shape) -> None:
        """Both directions."""

    def close(self) -> None:
        """Take everything down."""


class Namespaces:
    """A namespace for each site; a thread here that carries their packets."""

    said = "separate network namespaces, packets carried through tun devices by this process"
    reorders = True

    def __init__(self, sites: Sequence[str], seed: int) -> None:
        self._number = {site: index + 1 for index, site in enumerate(sites)}
        self._names = {site: f"gy{os.getpid()}-{number}" for site, number in self._number.items()}
        self._draw = random.Random(seed)
        self._down: set[tuple[int, int]] = set()
        self._shapes: dict[tuple[int, int], Shape] = {}
        self._free_at: dict[tuple[int, int], float] = {}
        self._tuns: dict[int, int] = {}
        self._done = False
        self.carried = self.lost = self.held_back = 0  # packets; held back: not in the order they came in
        try:
            for site in sites:
                self._open(site)
        except OSError:
            self.close()
            raise
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def _open(self, site: str) -> None:
        name, number = self._names[site], self._number[site]
        device = f"gy{os.getpid() % 100000}t{number}"
        _ip("netns", "add", name)
        tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        self._tuns[number] = tun
        fcntl.ioctl(tun, _TUNSETIFF, struct.pack("16sH", device.encode(), _IFF_TUN | _IFF_NO_PI))
        _ip("link", "set", device, "netns", name)
        _ip("-n", name, "addr", "add", f"10.77.0.{number}/24", "dev", device)
        _ip("-n", name, "link", "set", "lo", "up")
        _ip("-n", name, "link", "set", device, "up", "mtu", "1400")

    def prefix(self, site: str) -> tuple[str, ...]:
        """`ip netns exec`."""
        return ("ip", "netns", "exec", self._names[site])

    def enter(self, site: str) -> None:
        """The calling thread alone."""
        libc = ctypes.CDLL(None, use_errno=True)
        with (_NETNS / self._names[site]).open() as namespace:
            if libc.setns(namespace.fileno(), _CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), f"setns {site}")

    def listen(self, site: str) -> str:
        """Its tun device."""
        return f"10.77.0.{self._number[site]}:{LINK_PORT}"

    def url(self, dialler: str, listener: str) -> str:  # noqa: ARG002  # the same for everybody
        """Its tun device."""
        return f"wss://10.77.0.{self._number[listener]}:{LINK_PORT}/link"

    def cut(self, a: str, b: str) -> None:
        """Packets vanish: both ends find out by silence."""
        self._down |= set(self._ways(a, b))

    def restore(self, a: str, b: str) -> None:
        """They pass again."""
        self._down -= set(self._ways(a, b))

    def shape(self, a: str, b: str, shape: Shape) -> None:
        """From the next packet on."""
        for way in self._ways(a, b):
            self._shapes[way] = shape

    def _ways(self, a: str, b: str) -> tuple[tuple[int, int], tuple[int, int]]:
        one, other = self._number[a], self._number[b]
        return (one, other), (other, one)

    def close(self) -> None:
        """Everything goes with the namespaces."""
        self._done = True
        if hasattr(self, "_thread"):
            self._thread.join(timeout=5)
        for tun in self._tuns.values():
            os.close(tun)
        self._tuns.clear()
        for name in self._names.values():
            with suppress(OSError):
                _ip("netns", "del", name)

    def _carry(self) -> None:
        selector = selectors.DefaultSelector()
        for number, tun in self._tuns.items():
            selector.register(tun, selectors.EVENT_READ, number)
        waiting: list[tuple[float, int, int, bytes]] = []
        count = 0
        latest: dict[tuple[int, int], float] = {}
        while not self._done:
            pause = min(0.2, max(0.0, waiting[0][0] - time.monotonic())) if waiting else 0.2
            ready = selector.select(pause)
            now = time.monotonic()
            for key, _ in ready:
                for packet in _packets(key.fd):
                    way = (key.data, packet[19])  # the last byte of the address it goes to
                    due = self._due(way, len(packet), now)
                    if due is None:
                        self.lost += 1
                        continue
                    if due < latest.get(way, 0.0):
                        self.held_back += 1
                    latest[way] = max(due, latest.get(way, 0.0))
                    count += 1
                    heapq.heappush(waiting, (due, count, way[1], packet))
            now = time.monotonic()
            while waiting and waiting[0][0] <= now:
                _, _, to, packet = heapq.heappop(waiting)
                with suppress(OSError):  # a full queue drops, as everywhere
                    os.write(self._tuns[to], packet)
                    self.carried += 1

    def _due(self, way: tuple[int, int], size: int, now: float) -> float | None:
        if way in self._down or way[1] not in self._tuns:
            return None
        shape = self._shapes.get(way, PLAIN)
        if shape is PLAIN:
            return now
        if shape.loss and self._draw.random() < shape.loss:
            return None
        leaves = now
        if shape.bit_rate:
            free_at = max(now, self._free_at.get(way, 0.0))
            if (free_at - now) * shape.bit_rate / 8 > QUEUED_BYTES:
                return None
            leaves = self._free_at[way] = free_at + size * 8 / shape.bit_rate
        return leaves + shape.delay_s + self._draw.random() * shape.jitter_s


def _packets(tun: int) -> list[bytes]:
    found = []
    with suppress(BlockingIOError):
        for _ in range(64):
            packet = os.read(tun, 2048)
            if len(packet) >= 20 and packet[0] >> 4 == 4 and packet[16:19] == b"\x0a\x4d\x00":
                found.append(packet)
    return found


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")


def lines_between(sites: Sequence[str], seed: int) -> Lines:
    """Namespaces where they are allowed, else relays on loopback."""
    from loadtests.federation_relays import Relays

    try:
        return Namespaces(sites, seed)
    except OSError as error:
        return Relays(sites, seed, str(error))
