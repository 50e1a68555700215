r"""NMEA 0183 on the wire: bytes to sentences whose checksum is right. What a sentence says is nmea.py's.

A sentence is `$` (or `!`) address,field,...*HH and a line end, HH the XOR of what stands between `$` and `*`. The
standard allows 82 characters; receivers send longer ones, so LINE_LIMIT_BYTES are taken. Receivers also send binary
between sentences (UBX, RTCM): it is skipped and counted. A checksum is demanded, although the standard lets some
sentences go without: a damaged digit of a coordinate is otherwise a place somewhere else.

Source: IEC 61162-1:2016 §7.2, as restated in gpsd's "NMEA Revealed" and in u-blox's interface descriptions.
Sans-IO; any chunking gives the same items; nothing a sender writes raises.
"""

import re
from dataclasses import dataclass
from functools import reduce
from operator import xor

from protocols.frames import BadFrame

LINE_LIMIT_BYTES = 255
GARBAGE_BYTES = 4096  # a longer run of bytes that are no sentence is reported in pieces of this length
CRC = "CRC"  # the code of a BadFrame whose checksum is wrong or missing, as in every format
_START = re.compile(rb"[$!]")
_INSIDE = re.compile(rb"[\x20-\x23\x25-\x7e]*")  # printable, no `$`
_WHOLE = re.compile(r"([^*]*)\*([0-9A-Fa-f]{2})\s*")
_ADDRESS = re.compile(r"(?:(P)([A-Z0-9]{1,9})|([A-Z]{2})([A-Z0-9]{3}))")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence, checksum right. `talker` is P for a maker's own; `kind` the rest of the address."""

    talker: str
    kind: str
    text: str  # as it came, without line end


Item = Sentence | BadFrame


class Deframer:
    """Cuts bytes into sentences. Keeps LINE_LIMIT_BYTES at most."""

    def __init__(self) -> None:
        self._rest = b""
        self._garbage = 0  # bytes of the present run that is no sentence

    def feed(self, data: bytes) -> list[Item]:
        """All sentences that are complete once `data` has come."""
        buffer = self._rest + data
        self._rest = b""
        items: list[Item] = []
        at = 0
        while at < len(buffer):
            start = _START.search(buffer, at)
            begin = len(buffer) if start is None else start.start()
            self._skip(buffer[at:begin], items)
            if start is None:
                break
            end = _INSIDE.match(buffer, begin + 1, begin + 1 + LINE_LIMIT_BYTES).end()  # type: ignore[union-attr]  # it matches anything
            if end - begin > LINE_LIMIT_BYTES:
                self._skip(buffer[begin:end], items)
            elif end == len(buffer):
                self._rest = buffer[begin:]
                break
            elif buffer[end] in b"\r\n":
                self._flush(items)
                items.append(_sentence(buffer[begin:end]))
                end += 1
            else:
                self._skip(buffer[begin:end], items)
            at = end
        return items

    def close(self) -> list[Item]:
        """What the end leaves: a last sentence without its line end, or a run that is none."""
        items: list[Item] = []
        rest, self._rest = self._rest, b""
        if rest:
            self._flush(items)
            items.append(_sentence(rest))
        self._flush(items)
        return items

    def _skip(self, run: bytes, items: list[Item]) -> None:
        if not self._garbage:
            run = run.lstrip(b"\r\n\0 ")  # between sentences these are no fault
        self._garbage += len(run)
        while self._garbage >= GARBAGE_BYTES:
            items.append(_bad("GARBAGE", "no sentence", GARBAGE_BYTES))
            self._garbage -= GARBAGE_BYTES

    def _flush(self, items: list[Item]) -> None:
        if self._garbage:
            items.append(_bad("GARBAGE", "no sentence", self._garbage))
            self._garbage = 0


def checksum(text: str) -> str:
    """Two hex digits over what stands between `$` and `*`."""
    return f"{reduce(xor, text.encode('ascii', 'replace'), 0):02X}"


def _sentence(line: bytes) -> Item:
    text = line.decode("ascii")  # the cutter let nothing else through
    whole = _WHOLE.fullmatch(text, 1)
    if whole is None:
        return _bad(CRC, "no checksum at its end", len(line))
    said = checksum(whole[1])
    if said != whole[2].upper():
        return _bad(CRC, f"the checksum is {said}, not {whole[2]}", len(line))
    address = _ADDRESS.fullmatch(whole[1].partition(",")[0])
    if address is None:
        return _bad("MALFORMED", f"{whole[1][:12]!r} names no sentence", len(line), "address")
    return Sentence(talker=address[1] or address[3], kind=address[2] or address[4], text=text[: whole.end(2)])


def _bad(code: str, detail: str, length: int, field: str = "") -> BadFrame:
    return BadFrame(code=code, detail=detail, length=length, field=field)
