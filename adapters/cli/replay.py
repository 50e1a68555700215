"""`ganying replay`: send a recording to a listening feed, at the pace at which it was received or faster.

The bytes go out as they are, damage included; only the pace is ours. It is taken from the recording's own clock: the
receiver's counter (BEAST, AVR with counters), the time columns (SBS) or the capture's time (pcap). A recording without
any clock goes out at once, and says so. A capture may go out as it came in, datagram by datagram (`--udp`).
"""

import argparse
import itertools
import json
import socket
import sys
import time
from collections.abc import Callable, Iterator

from adapters.cli import recording
from adapters.feeds.config import host_port
from dispatch.errors import Malformed
from protocols import avr, beast, sbs
from protocols.frames import BadFrame, Frame, ReceiverStatus
from protocols.receiver_clock import ReceiverClock

PACED_BYTES = 8  # looked at together: less than any frame, so that each keeps its own time
HEAD_PIECES = 2  # read before the format is guessed: the first four bytes and 64 KB
CONNECT_TIMEOUT_S = 10.0
SEND_TIMEOUT_S = 60.0  # a receiver that takes nothing for so long has failed
LONGEST_WAIT_S = 3600.0  # of the recording's time: a longer pause is a fault of its clock


def add_parser(sub: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `replay`."""
    parser = sub.add_parser("replay", help="send a recording to a feed")
    parser.add_argument("file", help="recording; - for stdin; .gz and .pcap (UDP payloads) are understood")
    parser.add_argument("--to", required=True, metavar="HOST:PORT", help="a feed that listens")
    parser.add_argument(
        "--udp",
        action="store_true",
        help="send a capture's datagrams as datagrams, to a host or a multicast group",
    )
    parser.add_argument("--format", choices=recording.FORMATS, help="told from the first bytes if not given")
    parser.add_argument(
        "--speed", default="1", metavar="N|max", help="times the recorded pace; max: no pauses"
    )
    parser.add_argument("--gps-clock", action="store_true", help="the receiver's counter is a GPS one")
    parser.set_defaults(func=run)


def run(arguments: argparse.Namespace) -> int:
    """Exit status 0 when all was sent, 1 when the other side could not be reached or went away."""
    host, port = host_port(arguments.to, "to")
    speed = _speed(arguments.speed)
    began = time.monotonic()
    sent = 0
    with recording.opened(arguments.file) as stream:
        try:
            if arguments.udp:
                with _datagrams(host, port) as connection:
                    for data in _one_by_one(stream, speed):
                        connection.send(data)
                        sent += len(data)
            else:
                with socket.create_connection((host, port), timeout=CONNECT_TIMEOUT_S) as connection:
                    connection.settimeout(SEND_TIMEOUT_S)
                    for data in _paced(stream, arguments, speed):
                        connection.sendall(data)
                        sent += len(data)
        except OSError as error:
            print(f"ganying: {arguments.to}: {error} (after {sent} bytes)", file=sys.stderr)
            return 1
    summary = {"bytes": sent, "seconds": round(time.monotonic() - began, 3)}
    print(json.dumps(summary), file=sys.stderr)
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


def _datagrams(host: str, port: int) -> socket.socket:
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    made = socket.socket(family, kind)
    try:
        made.connect(address)
    except OSError:
        made.close()
        raise
    return made


def _one_by_one(stream: recording.Stream, speed: float | None) -> Iterator[bytes]:
    """A capture's datagrams, each when its time has come. Raises Malformed for what is no capture."""
    pace = None if speed is None else _Pace("", speed, gps_clock=False)
    for piece in recording.pieces(stream):
        if isinstance(piece, BadFrame):
            continue
        at_s, data = piece
        if at_s is None:
            raise Malformed("udp", "the recording is no capture: where its datagrams begin is not known")
        if pace is not None:
            time.sleep(pace.early_s(data, at_s))
        yield data


def _paced(stream: recording.Stream, arguments: argparse.Namespace, speed: float | None) -> Iterator[bytes]:
    """The recording's bytes, each when its time has come."""
    if speed is None:
        for piece in recording.pieces(stream):
            if not isinstance(piece, BadFrame):
                yield piece[1]
        return
    pieces = recording.pieces(stream)
    head = list(itertools.islice(pieces, HEAD_PIECES))
    known = arguments.format or _guess(head)
    pace = _Pace(known, speed, gps_clock=arguments.gps_clock)
    due = bytearray()
    for piece in itertools.chain(head, pieces):
        if isinstance(piece, BadFrame):
            continue
        at_s, data = piece
        step = PACED_BYTES if at_s is None else len(data) or 1
        for at in range(0, len(data), step):
            part = data[at : at + step]
            early_s = pace.early_s(part, at_s)
            if early_s > 0 or len(due) > recording.PIECE_BYTES:
                yield bytes(due)
                due.clear()
                time.sleep(early_s)
            due += part
    yield bytes(due)
    if not pace.timed:
        print("ganying: the recording has no clock; it was sent without pauses", file=sys.stderr)


def _guess(head: list[recording.Piece]) -> str:
    """The format, by which a recording is paced that has no times beside it; empty where it has. Raises Malformed."""
    found = [piece for piece in head if not isinstance(piece, BadFrame)]
    return "" if found and found[0][0] is not None else recording.guess(b"".join(data for _, data in found))


_DEFRAMERS: dict[str, Callable[[], beast.Deframer | avr.Deframer | sbs.Deframer]] = {
    "beast": beast.Deframer,
    "avr": avr.Deframer,
    "sbs": sbs.Deframer,
}


class _Pace:
    """Says how long each part is to be held back by the recording's clock."""

    def __init__(self, known: str, speed: float, *, gps_clock: bool) -> None:
        self.timed = False
        self._speed = speed
        self._deframer = _DEFRAMERS.get(
            known, beast.Deframer
        )()  # without a name it is a capture's time that counts
        self._clock = ReceiverClock(gps=gps_clock)
        self._epoch = 0
        self._last_s = 0.0  # the recording's time of what was sent last
        self._due_s = 0.0  # and our steady clock's time at which that was due

    def early_s(self, part: bytes, at_s: float | None) -> float:
        """How long until `part` is due; `at_s` is the capture's time, else the times in the bytes count."""
        times = [at_s] if at_s is not None else list(self._times(part))
        if not times:
            return 0.0
        now_s = max(times)
        if not self.timed:
            self.timed = True
            self._last_s, self._due_s = now_s, time.monotonic()
        step_s = now_s - self._last_s
        if step_s <= 0:
            return 0.0
        self._last_s = now_s
        if step_s < LONGEST_WAIT_S:
            self._due_s += step_s / self._speed
        return max(0.0, self._due_s - time.monotonic())

    def _times(self, part: bytes) -> Iterator[float]:
        for item in self._deframer.feed(part):
            if isinstance(item, Frame):
                reading = self._clock.read(item.ticks)
                if reading is None:
                    continue
                if reading.epoch != self._epoch:
                    self._epoch = reading.epoch
                    self._last_s = reading.at_s
                yield reading.at_s
            elif isinstance(item, ReceiverStatus):
                if item.gps_clock is not None:
                    self._clock.use_gps(item.gps_clock)
            elif isinstance(item, sbs.SbsMessage):
                own_s = item.made_s if item.counter_s is None else item.counter_s
                if own_s is not None:
                    yield own_s
