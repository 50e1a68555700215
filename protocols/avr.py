"""AVR text format: `*8D4840D6...;` and, with the receiver's counter, `@016CE3671C748D4840D6...;`.

    *payload;                       no counter
    @counter(12 hex) payload;       the 12 MHz counter (some receivers put `%` or `+` here)
    <counter(12) signal(2) payload; counter and signal, as dump1090 and readsb write it

Source: wiki.jetvision.de, "Mode-S Beast: Data Output Formats"; the `<` record from dump1090's net_io.c.
A payload is 4 (Mode A/C), 14 or 28 hex digits. Line ends and blanks between records mean nothing.
Sans-IO, like beast.py.
"""

import re

from protocols.frames import BadFrame, Frame, ReceiverStatus

# The longest record is 1 + 12 + 2 + 28 = 43. Longer ones are reported as OVERSIZE and skipped to their end.
RECORD_LIMIT_BYTES = 64
_END = re.compile(rb"[;\r\n]")
_RECORD = re.compile(
    rb"(?:\*|(?P<mark>[@%+])(?P<ticks>[0-9A-Fa-f]{12})|<(?P<ticks2>[0-9A-Fa-f]{12})(?P<signal>[0-9A-Fa-f]{2}))"
    rb"(?P<payload>[0-9A-Fa-f]{28}|[0-9A-Fa-f]{14}|[0-9A-Fa-f]{4})"
)

Item = Frame | ReceiverStatus | BadFrame


class Deframer:
    """Cuts text into frames. Any chunking yields the same items; no input raises.

    Keeps at most RECORD_LIMIT_BYTES of an unfinished record; of a longer one only its length is kept.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._oversize = 0

    def feed(self, data: bytes) -> list[Item]:
        """All items that are complete once `data` has come."""
        buffer = self._rest + data
        items: list[Item] = []
        at = 0
        for end in _END.finditer(buffer):
            self._record(buffer[at : end.start()], items)
            at = end.end()
        self._rest = buffer[at:]
        if len(self._rest) > RECORD_LIMIT_BYTES or self._oversize:
            self._oversize += len(self._rest)
            self._rest = b""
        return items

    def close(self) -> list[Item]:
        """A last record without its end mark is still a record when it is whole."""
        items: list[Item] = []
        self._record(self._rest, items)
        self._rest = b""
        return items

    def _record(self, raw: bytes, items: list[Item]) -> None:
        length = self._oversize + len(raw)
        self._oversize = 0
        if length > RECORD_LIMIT_BYTES:
            items.append(BadFrame(code="OVERSIZE", detail="a record without end", length=length))
            return
        text = raw.strip()
        if not text:
            return
        match = _RECORD.fullmatch(text)
        if match is None:
            detail = f"not an AVR record: {text[:40].decode('ascii', 'backslashreplace')}"
            items.append(BadFrame(code="MALFORMED", detail=detail, length=len(raw), field="record"))
            return
        ticks = match["ticks"] or match["ticks2"]
        items.append(
            Frame(
                payload=bytes.fromhex(match["payload"].decode("ascii")),
                ticks=int(ticks, 16) if ticks else None,
                signal=int(match["signal"], 16) if match["signal"] else None,
            )
        )


def encode(frame: Frame) -> bytes:
    """The frame as one AVR line, with its counter when it has one."""
    payload = frame.payload.hex().upper()
    if frame.ticks is None:
        return f"*{payload};\n".encode("ascii")
    return f"@{frame.ticks:012X}{payload};\n".encode("ascii")
