"""A JT/T 808 terminal for tests, written apart from the codec it tests: struct and a loop, no product code."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


def on_wire(plain: bytes) -> bytes:
    """Header and body with check code, escapes and both 0x7e."""
    check = 0
    for byte in plain:
        check ^= byte
    sent = bytearray(b"\x7e")
    for byte in (*plain, check):
        if byte == 0x7E:
            sent += b"\x7d\x02"
        elif byte == 0x7D:
            sent += b"\x7d\x01"
        else:
            sent.append(byte)
    return bytes(sent + b"\x7e")


def off_wire(stream: bytes) -> Iterator[bytes]:
    """The plain packets of a stream of whole ones, check code verified and cut off."""
    at = 0
    while at < len(stream):
        assert stream[at] == 0x7E
        end = stream.index(0x7E, at + 1)
        plain = bytearray()
        inside = iter(stream[at + 1 : end])
        for byte in inside:
            plain.append({1: 0x7D, 2: 0x7E}[next(inside)] if byte == 0x7D else byte)
        check = 0
        for byte in plain:
            check ^= byte
        assert check == 0
        yield bytes(plain[:-1])
        at = end + 1


@dataclass(frozen=True)
class Answer:
    """What the platform said, field by field."""

    message_id: int
    version: int | None
    number: str
    serial: int
    body: bytes


def answer(plain: bytes) -> Answer:
    """A platform's packet taken apart."""
    message_id, properties = struct.unpack_from(">HH", plain)
    if properties & 0x4000:
        version, number, serial = struct.unpack_from(">B10sH", plain, 4)
        body = plain[17:]
    else:
        version, (number, serial) = None, struct.unpack_from(">6sH", plain, 4)
        body = plain[12:]
    assert properties & 0x3FF == len(body)
    assert not properties & 0x3C00
    return Answer(message_id, version, number.hex(), serial, body)


def answers(stream: bytes) -> list[Answer]:
    """All packets of a stream of whole ones."""
    return [answer(plain) for plain in off_wire(stream)]


def place(
    lon_deg: float,
    lat_deg: float,
    at: datetime,
    *,
    alarm: int = 0,
    status: int = 0b11,
    altitude_m: int = 30,
    speed_kmh: float = 36.0,
    direction: int = 90,
    items: bytes = b"",
) -> bytes:
    """The body of 0x0200: south and west set their bits, `at` is sent in GMT+8."""
    status |= (lat_deg < 0) << 2 | (lon_deg < 0) << 3
    time = bytes.fromhex((at.astimezone(UTC) + timedelta(hours=8)).strftime("%y%m%d%H%M%S"))
    base = struct.pack(
        ">IIIIhHH",
        alarm,
        status,
        round(abs(lat_deg) * 1e6),
        round(abs(lon_deg) * 1e6),
        altitude_m,
        round(speed_kmh * 10),
        direction,
    )
    return base + time + items


class Terminal:
    """Says messages, each with the next serial number. `version` 1 is the header of 2019, None that of 2013."""

    def __init__(self, number: str, version: int | None = None) -> None:
        self.number = number.zfill(12 if version is None else 20)
        self.version = version
        self.serial = 0

    def plain(self, message_id: int, body: bytes = b"", *, part: tuple[int, int] | None = None) -> bytes:
        """Header and body; `part` is this one's number and how many there are."""
        properties = len(body) | (part is not None) << 13 | (self.version is not None) << 14
        head = struct.pack(">HH", message_id, properties)
        if self.version is not None:
            head += bytes((self.version,))
        head += bytes.fromhex(self.number) + struct.pack(">H", self.serial)
        if part is not None:
            head += struct.pack(">HH", part[1], part[0])
        self.serial = (self.serial + 1) % 65536
        return head + body

    def say(self, message_id: int, body: bytes = b"") -> bytes:
        """One message as it is sent."""
        return on_wire(self.plain(message_id, body))

    def parts(self, message_id: int, body: bytes, size: int) -> list[bytes]:
        """A long message in packets of `size` bytes."""
        cuts = [body[at : at + size] for at in range(0, len(body), size)]
        return [
            on_wire(self.plain(message_id, cut, part=(number, len(cuts))))
            for number, cut in enumerate(cuts, 1)
        ]

    def register(self, plate: str = "赣A12345", terminal_id: str = "7654321") -> bytes:
        """0x0100 in the widths of its version."""
        maker, model, own = (5, 20, 7) if self.version is None else (11, 30, 30)
        body = struct.pack(">HH", 36, 100) + b"70111".ljust(maker, b"\0") + b"BD-1".ljust(model, b"\0")
        body += terminal_id.encode().ljust(own, b"\0") + b"\x02" + plate.encode("gbk")
        return self.say(0x0100, body)

    def authenticate(self, code: bytes) -> bytes:
        """0x0102, with IMEI and software version in 2019."""
        if self.version is None:
            return self.say(0x0102, code)
        return self.say(0x0102, bytes((len(code),)) + code + b"866496077582164" + b"v1.2".ljust(20, b"\0"))

    def batch(self, bodies: list[bytes], *, late: bool) -> bytes:
        """The body of 0x0704."""
        return struct.pack(">HB", len(bodies), late) + b"".join(
            struct.pack(">H", len(body)) + body for body in bodies
        )
