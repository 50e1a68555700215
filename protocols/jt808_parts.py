"""Messages sent in several packets (分包), put together again. Bounded in packets, bytes, messages and age.

The packets of one message have serial numbers in a row, so the first one's serial names the message. A packet that
comes again is ignored. Source: JT/T 808-2013 §4.4.3 table 3 (消息包封装项), §5 (分包); sans-IO, time is an argument.
"""

from dataclasses import dataclass, field

from protocols.jt808_frames import Packet

PART_LIMIT = 64  # packets of one message: 64 KiB, some 1,500 positions; a terminal that says more is refused
OPEN_LIMIT = 2  # unfinished messages of one connection; a third pushes out the oldest, counted
AGE_LIMIT_S = 120.0  # of an unfinished message, from its last new packet; then it is dropped and counted

_Name = tuple[str, int, int, int]  # terminal, message id, first serial, packets in all


@dataclass(slots=True)
class _Open:
    bodies: dict[int, bytes] = field(default_factory=dict)
    heard_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """What became of a packet: `body` once all are there; `missing` when the last one came and others did not.

    `too_many`: the message is longer than PART_LIMIT and is not kept. `dropped`: unfinished messages given up.
    """

    first_serial: int
    body: bytes | None = None
    missing: tuple[int, ...] = ()
    too_many: bool = False
    dropped: int = 0


class Assembler:
    """One connection's unfinished messages: at most OPEN_LIMIT of PART_LIMIT packets of 1,023 bytes, 128 KiB."""

    def __init__(self) -> None:
        self._open: dict[_Name, _Open] = {}  # longest unheard first

    def put(self, packet: Packet, now_s: float) -> Put:
        """Take a packet of a split message; `now_s` on any steady clock."""
        first_serial = (packet.serial - packet.part + 1) % 65536
        dropped = self._forget(now_s)
        if packet.parts > PART_LIMIT:
            return Put(first_serial=first_serial, too_many=True, dropped=dropped)
        name = (packet.number, packet.message_id, first_serial, packet.parts)
        found = self._open.pop(name, None)
        if found is None:
            found = _Open()
            if len(self._open) >= OPEN_LIMIT:
                self._open.pop(next(iter(self._open)))
                dropped += 1
        if packet.part not in found.bodies:
            found.bodies[packet.part] = packet.body
            found.heard_s = now_s
        if len(found.bodies) == packet.parts:
            body = b"".join(found.bodies[part] for part in range(1, packet.parts + 1))
            return Put(first_serial=first_serial, body=body, dropped=dropped)
        self._open[name] = found
        missing: tuple[int, ...] = ()
        if packet.part == packet.parts:
            missing = tuple(part for part in range(1, packet.parts) if part not in found.bodies)
        return Put(first_serial=first_serial, missing=missing, dropped=dropped)

    def _forget(self, now_s: float) -> int:
        old = [name for name, found in self._open.items() if now_s - found.heard_s > AGE_LIMIT_S]
        for name in old:
            del self._open[name]
        return len(old)
