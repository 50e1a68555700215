"""JT/T 808 on the wire: bytes to packets and back. 2013 and 2019 headers; what a packet says is jt808_messages.py's.

A packet stands between two 0x7e; inside, 0x7e is sent as 7d 02 and 0x7d as 7d 01. Its last byte is the XOR of all
before it. Source: JT/T 808-2013 and JT/T 808-2019, §4.4 "消息的组成" (identification, header, body, check code), as
restated in makers' manuals (github AIPorto/GPS-Tracker-SDK, G10LS_Protocol.md) and for 2019 in EMQX's gateway guide
(github emqx/emqx, apps/emqx_gateway_jt808/doc).

No kept Python library speaks this (jtt808 is abandoned), so this is ours. Sans-IO; any chunking gives the same items;
nothing a sender writes raises.
"""

from dataclasses import dataclass
from functools import reduce
from operator import xor

from protocols.frames import BadFrame

FLAG = b"\x7e"
CRC = "CRC"  # the code of a BadFrame whose check code is wrong, as in every format
BODY_LIMIT_BYTES = 1023  # ten bits of length
_HEAD_2013 = 12
_HEAD_2019 = 17
_SPLIT = 4  # packets in all, number of this one
# Head of 2019, split, longest body, check code: each byte may be sent as two.
FRAME_LIMIT_BYTES = 2 * (_HEAD_2019 + _SPLIT + BODY_LIMIT_BYTES + 1)
_LENGTH = 0x03FF
_ENCRYPTION_SHIFT, _ENCRYPTION = 10, 7
_IS_SPLIT = 1 << 13
_IS_2019 = 1 << 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """One packet, check code right. `number` is the terminal's as sent: 12 digits, or 20 in the 2019 header.

    The standard has the number in BCD; makers also send other hex digits, which are kept (lower case).
    `version` is the header's version byte of 2019 and later, None for 2013. `part` of `parts`, from 1.
    """

    message_id: int
    number: str
    serial: int  # 流水号, 0 to 65535, then from 0
    body: bytes = b""
    version: int | None = None
    encryption: int = 0  # 0: none; 1: RSA; others are reserved
    part: int = 1
    parts: int = 1


Item = Packet | BadFrame


class Deframer:
    """Cuts bytes into packets. Keeps at most FRAME_LIMIT_BYTES of an unfinished one; of a longer one only its length.

    Every run between two 0x7e is tried as a packet, so that noise between packets, a lost 0x7e or a shared one costs
    no packet but those it damaged.
    """

    def __init__(self) -> None:
        self._run = bytearray()
        self._length = 0  # of the run, kept or not
        self._begun = False  # a 0x7e has been seen

    def feed(self, data: bytes) -> list[Item]:
        """All packets that are complete once `data` has come."""
        items: list[Item] = []
        *ended, rest = data.split(FLAG)
        for run in ended:
            self._take(run)
            self._end(items, begun=self._begun)
            self._begun = True
        self._take(rest)
        return items

    def close(self) -> list[Item]:
        """What the end of the stream leaves unfinished."""
        items: list[Item] = []
        if self._length:
            detail = "the stream ends inside a packet" if self._begun else "no 0x7e"
            items.append(
                BadFrame(code="TRUNCATED" if self._begun else "GARBAGE", detail=detail, length=self._length)
            )
        self._run.clear()
        self._length = 0
        return items

    def _take(self, run: bytes) -> None:
        self._length += len(run)
        if self._length <= FRAME_LIMIT_BYTES:
            self._run += run
        else:
            self._run.clear()

    def _end(self, items: list[Item], *, begun: bool) -> None:
        run, length = bytes(self._run), self._length
        self._run.clear()
        self._length = 0
        if not begun and length:
            items.append(BadFrame(code="GARBAGE", detail="bytes before the first 0x7e", length=length))
        elif length > FRAME_LIMIT_BYTES:
            items.append(BadFrame(code="OVERSIZE", detail="longer than any packet", length=length))
        elif length:
            items.append(_packet(run))


def unescape(run: bytes) -> bytes | None:
    """A run between two 0x7e with its escapes undone; None where 0x7d stands before anything but 01 and 02."""
    if b"\x7d" not in run:
        return run
    head, *tails = run.split(b"\x7d")
    parts = [head]
    for tail in tails:
        if tail[:1] == b"\x01":
            parts.append(b"\x7d")
        elif tail[:1] == b"\x02":
            parts.append(b"\x7e")
        else:
            return None
        parts.append(tail[1:])
    return b"".join(parts)


def escape(plain: bytes) -> bytes:
    """The opposite of `unescape`."""
    return plain.replace(b"\x7d", b"\x7d\x01").replace(b"\x7e", b"\x7d\x02")


def encode(packet: Packet) -> bytes:
    """A packet as it is sent, with both 0x7e. Raises ValueError where a field does not fit its place."""
    if len(packet.body) > BODY_LIMIT_BYTES:
        raise ValueError(f"a body of {len(packet.body)} bytes is more than {BODY_LIMIT_BYTES}")
    width = 12 if packet.version is None else 20
    if len(packet.number) != width:
        raise ValueError(f"the number {packet.number!r} has not {width} digits")
    properties = len(packet.body) | packet.encryption << _ENCRYPTION_SHIFT
    version = b""
    if packet.version is not None:
        properties |= _IS_2019
        version = bytes((packet.version,))
    split = b""
    if packet.parts > 1:
        properties |= _IS_SPLIT
        split = _word(packet.parts) + _word(packet.part)
    plain = b"".join(
        (
            _word(packet.message_id),
            _word(properties),
            version,
            bytes.fromhex(packet.number),
            _word(packet.serial),
            split,
            packet.body,
        )
    )
    return FLAG + escape(plain + bytes((reduce(xor, plain),))) + FLAG


def _word(value: int) -> bytes:
    return value.to_bytes(2)


def _packet(run: bytes) -> Item:
    plain = unescape(run)
    if plain is None:
        return _bad("MALFORMED", "0x7d before neither 01 nor 02", run, "escape")
    if len(plain) < _HEAD_2013 + 1:
        return _bad("TRUNCATED", "shorter than a header", run)
    if reduce(xor, plain):
        return _bad(CRC, f"the XOR is off by 0x{reduce(xor, plain):02x}", run)
    properties = int.from_bytes(plain[2:4])
    version: int | None = None
    at, digits = 4, 6
    if properties & _IS_2019:
        version = plain[4]
        at, digits = 5, 10
    head = at + digits + 2 + (_SPLIT if properties & _IS_SPLIT else 0)
    length = properties & _LENGTH
    if len(plain) != head + length + 1:
        return _bad("MALFORMED", f"{length} bytes are said, {len(plain) - head - 1} came", run, "length")
    number = plain[at : at + digits].hex()
    at += digits
    part = parts = 1
    if properties & _IS_SPLIT:
        parts, part = int.from_bytes(plain[at + 2 : at + 4]), int.from_bytes(plain[at + 4 : at + 6])
        if not 1 <= part <= parts:
            return _bad("MALFORMED", f"packet {part} of {parts}", run, "part")
    return Packet(
        message_id=int.from_bytes(plain[:2]),
        number=number,
        serial=int.from_bytes(plain[at : at + 2]),
        body=plain[head:-1],
        version=version,
        encryption=properties >> _ENCRYPTION_SHIFT & _ENCRYPTION,
        part=part,
        parts=parts,
    )


def _bad(code: str, detail: str, run: bytes, field: str = "") -> BadFrame:
    return BadFrame(code=code, detail=detail, length=len(run), field=field)
