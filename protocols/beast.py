"""Mode-S Beast binary format: bytes to frames, and frames to bytes.

    <esc> type body        esc is 0x1a; 0x1a inside a body is sent twice
    type "1" Mode A/C 2, "2" short 7, "3" long 14 bytes, each after 6 bytes counter and 1 byte signal
    type "4" receiver status (counter 6, unused 1, switches 1, ...), "5" receiver position

Source: wiki.jetvision.de, "Mode-S Beast: Data Output Formats" and "Data Input Formats". Sans-IO: whoever
owns the socket calls `feed` with what came and gets what is whole. Cutting only: CRC and meaning are modes.py's.
"""

from protocols.frames import LONG_BYTES, MODE_AC_BYTES, SHORT_BYTES, BadFrame, Frame, ReceiverStatus

ESC = 0x1A
_ESC = b"\x1a"
_ESC_ESC = b"\x1a\x1a"
_HEAD_BYTES = 7  # counter 6, signal 1
_BODY_BYTES = {0x31: MODE_AC_BYTES + 7, 0x32: SHORT_BYTES + 7, 0x33: LONG_BYTES + 7}
_TYPES = {MODE_AC_BYTES: b"1", SHORT_BYTES: b"2", LONG_BYTES: b"3"}
_STATUS_TYPES = (0x34, 0x35)
# A status body has no length and runs to the next lone escape. The longest known is 21 bytes (dump1090 waits
# for 14 after the head); 64 leaves room. Beyond it the run is reported as OVERSIZE and skipped.
STATUS_LIMIT_BYTES = 64
GARBAGE_BLOCK_BYTES = (
    4096  # a run outside any frame is reported at its end, or each time it has grown by this
)
_SWITCH_GPS = 0x10  # DIP 7, bit 4: GPS timestamp (jetvision wiki, Data Input Formats)

Item = Frame | ReceiverStatus | BadFrame


class Deframer:
    """Cuts a byte stream. Any chunking of the same bytes yields the same items; no input raises.

    Keeps at most one unfinished frame between calls: 2 + 2 * 64 bytes. A body longer than that cannot be
    a frame and is reported and dropped, so a hostile stream cannot make it grow.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._garbage = 0

    def feed(self, data: bytes) -> list[Item]:
        """All items that are complete once `data` has come."""
        buffer = self._rest + data
        items: list[Item] = []
        at, end = 0, len(buffer)
        while at < end:
            if buffer[at] != ESC:
                at = self._skip(buffer, at, items)
                continue
            if at + 1 >= end:
                break
            after = self._frame(buffer, at, items)
            if after < 0:
                break
            at = after
        self._rest = buffer[at:]
        return items

    def close(self) -> list[Item]:
        """What the end of the stream leaves unfinished."""
        items: list[Item] = []
        self._end_garbage(items)
        if self._rest:
            items.append(BadFrame(code="TRUNCATED", detail="the stream ended", length=len(self._rest)))
            self._rest = b""
        return items

    def _skip(self, buffer: bytes, at: int, items: list[Item]) -> int:
        """Past bytes outside any frame, to the next escape or the end."""
        to = buffer.find(_ESC, at)
        to = len(buffer) if to < 0 else to
        self._garbage += to - at
        while self._garbage >= GARBAGE_BLOCK_BYTES:
            self._garbage -= GARBAGE_BLOCK_BYTES
            items.append(_garbage(GARBAGE_BLOCK_BYTES))
        return to

    def _end_garbage(self, items: list[Item]) -> None:
        if self._garbage:
            items.append(_garbage(self._garbage))
            self._garbage = 0

    def _frame(self, buffer: bytes, at: int, items: list[Item]) -> int:
        """The frame whose escape is at `at`: the index after it, or -1 while it is unfinished."""
        kind = buffer[at + 1]
        size = _BODY_BYTES.get(kind)
        if size is None:
            if kind in _STATUS_TYPES:
                return self._status(buffer, at, items)
            self._end_garbage(items)
            # the second of two escapes may begin a frame: keep it
            skipped = 1 if kind == ESC else 2
            items.append(BadFrame(code="UNKNOWN_TYPE", detail=f"type 0x{kind:02x}", length=skipped))
            return at + skipped
        start = at + 2
        body = buffer[start : start + size]
        after = start + size
        if _ESC in body:
            body, after = _unescape(buffer, start, size)
            if after < 0:
                return -1
        elif len(body) < size:
            return -1
        if self._garbage:
            self._end_garbage(items)
        if len(body) < size:
            items.append(BadFrame(code="TRUNCATED", detail="an escape inside a frame", length=after - at))
            return after
        items.append(Frame(payload=body[7:], ticks=int.from_bytes(body[:6]), signal=body[6]))
        return after

    def _status(self, buffer: bytes, at: int, items: list[Item]) -> int:
        body, after = _unescape(buffer, at + 2, STATUS_LIMIT_BYTES)
        if after < 0:
            return -1
        self._end_garbage(items)
        if len(body) >= STATUS_LIMIT_BYTES:
            items.append(BadFrame(code="OVERSIZE", detail="status without end", length=after - at))
            return after
        said = bool(body[7] & _SWITCH_GPS) if buffer[at + 1] == 0x34 and len(body) > 7 else None
        items.append(ReceiverStatus(body=body, gps_clock=said))
        return after


def _garbage(length: int) -> BadFrame:
    return BadFrame(code="GARBAGE", detail="bytes outside any frame", length=length)


def _unescape(buffer: bytes, start: int, size: int) -> tuple[bytes, int]:
    """Up to `size` plain bytes and the index after them; a lone escape ends early; -1 when more must come."""
    body = bytearray()
    at, end = start, len(buffer)
    while len(body) < size:
        if at >= end:
            return b"", -1
        byte = buffer[at]
        if byte == ESC:
            if at + 1 >= end:
                return b"", -1
            if buffer[at + 1] != ESC:
                break
            at += 1
        body.append(byte)
        at += 1
    return bytes(body), at


def encode(frame: Frame) -> bytes:
    """The frame as BEAST bytes; no counter is sent as zero. Raises KeyError on a payload of no frame's length."""
    head = (frame.ticks or 0).to_bytes(6) + bytes((frame.signal or 0,))
    return _ESC + _TYPES[len(frame.payload)] + (head + frame.payload).replace(_ESC, _ESC_ESC)
