"""`ganying replay`: send a recording to a feed, at the pace at which it was received or faster.

The bytes go out as they are, damage included; only the pace is ours. It is the recording's own: a capture's times, else
what the format says: the receiver's counter (BEAST, AVR), columns of time (SBS), times of day (NMEA, ASTERIX) or the
times of events and positions (CoT, JT/T 808). A recording without any clock goes out at once, and says so.

To `HOST:PORT` it goes as a stream; to `udp:HOST:PORT`, which may be a multicast group, as datagrams: a capture's as they
came in, of other recordings one for each part (replay_parts.py). What the other side says is read and let go, so that
a platform that answers is never held up. The table format -> parts is here, one file per family, as in decode.py.
"""

import argparse
import contextlib
import importlib
import ipaddress
import itertools
import json
import select
import socket
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing

from adapters.cli import recording
from adapters.cli.decode_lines import Options
from adapters.cli.replay_parts import Part, Parts
from adapters.feeds.config import host_port
from dispatch.errors import Malformed
from protocols.frames import BadFrame
from protocols.receiver_clock import REORDER_S

# Each: the module beside this one and the class in it that takes Options.
FORMATS: Mapping[str, tuple[str, str]] = {
    "asterix": ("replay_asterix", "AsterixParts"),
    "avr": ("replay_modes", "AvrParts"),
    "beast": ("replay_modes", "BeastParts"),
    "cot": ("replay_cot", "CotParts"),
    "jt808": ("replay_jt808", "Jt808Parts"),
    "nmea": ("replay_nmea", "NmeaParts"),
    "sbs": ("replay_sbs", "SbsParts"),
}
UDP = "udp:"
HEAD_PIECES = 2  # read before the format is guessed: the first four bytes and 64 KB
CONNECT_TIMEOUT_S = 10.0
SEND_TIMEOUT_S = 60.0  # a receiver that takes nothing for so long has failed
HANG_UP_TIMEOUT_S = 5.0  # of silence after the end; the line is cut then, or after SEND_TIMEOUT_S
LONGEST_WAIT_S = 3600.0  # of the recording's time: a longer pause is a fault of its clock


def add_parser(sub: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `replay`."""
    parser = sub.add_parser("replay", help="send a recording to a feed")
    parser.add_argument("file", help="recording; - for stdin; .gz and .pcap (UDP payloads) are understood")
    parser.add_argument(
        "--to",
        required=True,
        metavar="[udp:]HOST:PORT",
        help="a feed that listens; with udp: as datagrams, to a host or a multicast group",
    )
    parser.add_argument("--format", choices=sorted(FORMATS), help="told from the first bytes if not given")
    parser.add_argument(
        "--speed", default="1", metavar="N|max", help="times the recorded pace; max: no pauses"
    )
    parser.add_argument("--gps-clock", action="store_true", help="the receiver's counter is a GPS one")
    parser.add_argument(
        "--interface", metavar="ADDRESS", help="this machine's IPv4 address that sends to a multicast group"
    )
    parser.set_defaults(func=run)


def run(arguments: argparse.Namespace) -> int:
    """Exit status 0 when all was sent, 1 when the other side could not be reached or went away."""
    by_datagram = arguments.to.startswith(UDP)
    host, port = host_port(arguments.to.removeprefix(UDP), "to")
    interface = _interface(arguments.interface, by_datagram=by_datagram)
    speed = _speed(arguments.speed)
    began = time.monotonic()
    sent: Sent = Datagrams() if by_datagram else Stream()
    with recording.opened(arguments.file) as stream:
        pace = Pace(speed)
        parts = _parts(stream, arguments, pace, by_datagram=by_datagram)
        try:
            with closing(sent):
                sent.open(host, port, interface)
                for at_s, data in parts:
                    pause_s = pace.early_s(at_s)
                    if pause_s > 0:
                        sent.flush()
                        time.sleep(pause_s)
                    sent.put(data)
                sent.flush()
        except OSError as error:
            print(f"ganying: {arguments.to}: {error} (after {sent.bytes} bytes)", file=sys.stderr)
            return 1
    if pace.asked and not pace.timed:
        print("ganying: the recording has no clock; it was sent without pauses", file=sys.stderr)
    print(json.dumps(sent.summary() | {"seconds": round(time.monotonic() - began, 3)}), file=sys.stderr)
    return 0


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0.001 <= speed <= 1e6:
        raise Malformed("speed", f"{text[:20]!r} is not max or a number from 0.001 to 1000000")
    return speed


def _interface(text: str | None, *, by_datagram: bool) -> str | None:
    if text is None:
        return None
    if not by_datagram:
        raise Malformed("interface", "only with --to udp:GROUP:PORT")
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        raise Malformed("interface", f"{text[:40]!r} is not an IPv4 address") from None


def _parts(
    stream: recording.Stream, arguments: argparse.Namespace, pace: "Pace", *, by_datagram: bool
) -> Iterator[Part]:
    """The recording in parts with their times. Raises Malformed where its format cannot be told and is needed."""
    pieces = (piece for piece in recording.pieces(stream) if not isinstance(piece, BadFrame))
    head = list(itertools.islice(pieces, HEAD_PIECES))
    chained = itertools.chain(head, pieces)
    captured = bool(head) and head[0][0] is not None
    cut = not captured and (by_datagram or pace.asked)
    try:
        known = arguments.format or recording.guess(b"".join(data for _, data in head))
    except Malformed:
        if cut:
            raise
        return chained
    reader = reader_of(known, Options(gps_clock=arguments.gps_clock))
    if reader.note:
        print(f"ganying: {reader.note}", file=sys.stderr)
    if not cut:
        return chained
    pace.one_clock = reader.one_clock
    return _cut(reader, chained)


def reader_of(name: str, options: Options) -> Parts:
    """The cutter of a format of the table."""
    module, kind = FORMATS[name]
    made: Parts = getattr(importlib.import_module(f"adapters.cli.{module}"), kind)(options)
    return made


def _cut(reader: Parts, pieces: Iterable[Part]) -> Iterator[Part]:
    for _, data in pieces:
        yield from reader.feed(data)
    yield from reader.close()


class Pace:
    """Says how long each part is to be held back. `speed` None: not at all."""

    def __init__(self, speed: float | None) -> None:
        self.asked = speed is not None
        self.timed = False
        self.one_clock = True
        self._speed = speed or 1.0
        self._last_s = 0.0  # the recording's time of what was sent last
        self._due_s = 0.0  # and our steady clock's time at which that was due

    def early_s(self, at_s: float | None) -> float:
        """How long until a part of this time is due."""
        if at_s is None or not self.asked:
            return 0.0
        if not self.timed:
            self.timed = True
            self._last_s, self._due_s = at_s, time.monotonic()
        step_s = at_s - self._last_s
        if step_s <= 0:
            if step_s < -REORDER_S and self.one_clock:  # it was set anew
                self._last_s = at_s
            return 0.0
        self._last_s = at_s
        if step_s < LONGEST_WAIT_S:
            self._due_s += step_s / self._speed
        return max(0.0, self._due_s - time.monotonic())


class Sent:
    """Where it goes. All may raise OSError."""

    def __init__(self) -> None:
        self.bytes = 0
        self._socket: socket.socket | None = None

    def open(self, host: str, port: int, interface: str | None) -> None:
        """Get a line."""
        raise NotImplementedError

    def put(self, data: bytes) -> None:
        """Send a part, now or with the next flush."""
        raise NotImplementedError

    def flush(self) -> None:
        """Send what waits."""

    def close(self) -> None:
        """Give the line up."""
        if self._socket is not None:
            self._socket.close()

    def summary(self) -> dict[str, int]:
        """Totals."""
        return {"bytes": self.bytes}

    def _line(self) -> socket.socket:
        if self._socket is None:
            raise OSError("not open")
        return self._socket


class Stream(Sent):
    """One TCP connection. What is due together goes out together, PIECE_BYTES at most."""

    def __init__(self) -> None:
        super().__init__()
        self._due = bytearray()
        self._talks = True  # the other side has not said that it ends

    def open(self, host: str, port: int, interface: str | None) -> None:  # noqa: ARG002  # of datagrams
        """Connect."""
        self._socket = socket.create_connection((host, port), timeout=CONNECT_TIMEOUT_S)
        self._socket.settimeout(SEND_TIMEOUT_S)

    def put(self, data: bytes) -> None:
        """With the next flush."""
        self._due += data
        if len(self._due) >= recording.PIECE_BYTES:
            self.flush()

    def flush(self) -> None:
        """Send what is due. What is answered meanwhile is let go, or a platform that waits for us to read would stand."""
        waiting = memoryview(bytes(self._due))
        self._due.clear()
        while waiting or self._answered():
            line = self._line()
            readable, writable, _ = select.select(
                [line] if self._talks else [], [line] if waiting else [], [], SEND_TIMEOUT_S
            )
            if not readable and not writable:
                raise TimeoutError(f"nothing was taken for {SEND_TIMEOUT_S:.0f} s")
            if readable:
                self._talks = bool(line.recv(recording.PIECE_BYTES))
            if writable:
                count = line.send(waiting)
                self.bytes += count
                waiting = waiting[count:]

    def _answered(self) -> bool:
        return self._talks and bool(select.select([self._line()], [], [], 0)[0])

    def close(self) -> None:
        """Say that it is all, and wait for the other side to have seen it: closing with answers unread cuts it short."""
        if self._socket is None:
            return
        with contextlib.suppress(OSError):  # it went first, or does not hang up: all is sent
            self._socket.shutdown(socket.SHUT_WR)
            until_s = time.monotonic() + SEND_TIMEOUT_S
            self._socket.settimeout(HANG_UP_TIMEOUT_S)
            while time.monotonic() < until_s and self._socket.recv(recording.PIECE_BYTES):
                pass
        super().close()


class Datagrams(Sent):
    """Datagrams to one address."""

    def __init__(self) -> None:
        super().__init__()
        self._count = 0

    def open(self, host: str, port: int, interface: str | None) -> None:
        """Find the address. A group is reached by `interface`, else by the machine's routes."""
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        self._socket = socket.socket(family, kind)
        if interface is not None:
            self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(interface))
        self._socket.connect(address)

    def put(self, data: bytes) -> None:
        """At once."""
        self._line().send(data)
        self.bytes += len(data)
        self._count += 1

    def summary(self) -> dict[str, int]:
        """Totals."""
        return super().summary() | {"datagrams": self._count}
