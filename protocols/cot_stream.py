"""Bytes to CoT messages: what is one event on a line, in a datagram or in a file, and the frames we send.

Three forms, told apart by their first byte, may follow each other on one line:

    XML           ends with </event>; declarations, comments and blanks between events are passed over
    stream form   0xbf, the length as a varint, that many bytes of protobuf
    mesh form     0xbf 0x01 0xbf, protobuf to the end of the datagram (datagrams only)

The items do not depend on how the bytes were cut on their way. Nothing is kept beyond EVENT_BYTES: a longer event is
passed over and counted, and so is what is neither form. After a loss the next `<` or 0xbf is tried.
"""

import re
from dataclasses import dataclass

from dispatch.errors import Malformed
from protocols import cot_proto, cot_xml
from protocols.cot_event import EVENT_BYTES, CotEvent
from protocols.frames import BadFrame

MAGIC = 0xBF
MESH_HEADER = b"\xbf\x01\xbf"  # version 1
LENGTH_BYTES = 3  # of a varint, 21 bits: a longer message than 2 MB is taken for a lost beginning

_BLANK = b" \t\r\n\x00"  # NUL: some senders end each event with it
_MARK = b"\xef\xbb\xbf"  # byte order mark of UTF-8
_END = re.compile(rb"</event[ \t\r\n]{0,32}>")
_END_REACH = 64  # bytes in which an end, cut in two, is looked for again; longer than the longest end
_BEGIN = re.compile(rb"<event[ \t\r\n/>]")
_PASSED = ((b"<?", b"?>"), (b"<!--", b"-->"))
_SOLID = re.compile(rb"[^ \t\r\n\x00]")
# What may begin a message, in the midst of what is none; and of it, what the next byte decides.
_START = re.compile(rb"<(?:[?!/A-Za-z]|\Z)|\xbf[\x80-\xff]{0,2}(?:[\x00-\x7f]|\Z)")
_HALF_START = re.compile(rb"<|\xbf[\x80-\xff]{0,2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CotFrame:
    """One message, well cut and not yet read."""

    payload: bytes
    proto: bool  # protobuf, else XML


Item = CotFrame | BadFrame


def read(frame: CotFrame) -> CotEvent | BadFrame | None:
    """The event of a frame; None for a message that only tells of protocol versions."""
    try:
        return cot_proto.parse(frame.payload) if frame.proto else cot_xml.parse(frame.payload)
    except Malformed as error:
        return BadFrame(code="MALFORMED", detail=error.detail, length=len(frame.payload), field=error.field)


def feed(data: bytes) -> list[CotEvent | BadFrame]:
    """A whole stream at once: every event and every error of it. Never raises."""
    deframer = Deframer()
    return _all_read([*deframer.feed(data), *deframer.close()])


def feed_datagram(data: bytes) -> list[CotEvent | BadFrame]:
    """A datagram's events and errors. Never raises."""
    return _all_read(cut_datagram(data))


def _all_read(items: list[Item]) -> list[CotEvent | BadFrame]:
    found = (item if isinstance(item, BadFrame) else read(item) for item in items)
    return [each for each in found if each is not None]


def cut_datagram(data: bytes) -> list[Item]:
    """The messages of one datagram: one in mesh form, or any in the others."""
    if data.startswith(MESH_HEADER):
        if len(data) - len(MESH_HEADER) > EVENT_BYTES:
            return [_bad("OVERSIZE", f"over {EVENT_BYTES} bytes", len(data))]
        return [CotFrame(payload=data[len(MESH_HEADER) :], proto=True)]
    if len(data) > 2 and data[0] == data[2] == MAGIC and not data[1] & 0x80 and data[1] != len(data) - 2:
        return [_bad("UNKNOWN_TYPE", f"TAK protocol version {data[1]}", len(data))]
    deframer = Deframer()
    return [*deframer.feed(data), *deframer.close()]


def stream_frame(event: CotEvent) -> bytes:
    """An event in stream form."""
    payload = cot_proto.write(event)
    length, header = len(payload), bytearray([MAGIC])
    while length > 0x7F:
        header.append(length & 0x7F | 0x80)
        length >>= 7
    header.append(length)
    return bytes(header) + payload


def mesh_frame(event: CotEvent) -> bytes:
    """An event in mesh form: one datagram."""
    return MESH_HEADER + cot_proto.write(event)


def xml_frame(event: CotEvent) -> bytes:
    """An event as XML with its declaration."""
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + cot_xml.write(event) + b"\n"


class Deframer:
    """Cuts one line."""

    def __init__(self) -> None:
        self._kept = b""  # of an unfinished message: EVENT_BYTES and a header at most, between two calls
        self._at = 0  # of it, read
        self._seen = 0  # of it, in which no end was found
        self._skip = 0  # bytes of an oversize message that are still to come
        self._in_event = False  # passing over an oversize XML event
        self._hunting = False  # passing over what is in no form
        self._lost = 0  # bytes so passed over and not yet told of

    def feed(self, data: bytes) -> list[Item]:
        """What is complete."""
        items: list[Item] = []
        for begin in range(0, len(data), EVENT_BYTES):
            self._kept = self._kept[self._at :] + data[begin : begin + EVENT_BYTES]
            self._seen -= self._at
            self._at = 0
            while self._at < len(self._kept) and self._step(items):
                pass
        return items

    def close(self) -> list[Item]:
        """What the end of the line cut off."""
        items: list[Item] = []
        unfinished = len(self._kept) - self._at
        if self._hunting:
            self._lost += unfinished
            self._tell_lost(items)
        elif self._in_event:
            items.append(_bad("OVERSIZE", "an event without an end", unfinished))
        elif unfinished:
            items.append(_bad("TRUNCATED", "the line ended within a message", unfinished))
        self._kept, self._at, self._seen, self._skip = b"", 0, 0, 0
        self._in_event = self._hunting = False
        return items

    def _step(self, items: list[Item]) -> bool:
        """One message, or one stretch of what is none; False when more bytes are needed."""
        if self._skip:
            return self._skip_message()
        if self._in_event:
            return self._skip_event(items)
        if self._hunting:
            return self._hunt(items)
        first = self._kept[self._at]
        if first in _BLANK:
            return self._pass_to(_SOLID.search(self._kept, self._at))
        if first == MAGIC:
            return self._message(items)
        if first == ord("<"):
            return self._markup(items)
        if self._kept.startswith(_MARK, self._at):
            return self._drop(len(_MARK))
        if _MARK.startswith(self._kept[self._at : self._at + len(_MARK)]):
            return False
        return self._begin_hunt()

    def _drop(self, count: int) -> bool:
        self._at += count
        self._seen = self._at
        return True

    def _pass_to(self, found: re.Match[bytes] | None) -> bool:
        return self._drop((len(self._kept) if found is None else found.start()) - self._at)

    def _begin_hunt(self, count: int = 1) -> bool:
        """The first bytes begin no message: pass over them, and on to what may."""
        self._hunting = True
        self._lost = count
        return self._drop(count)

    def _hunt(self, items: list[Item]) -> bool:
        """Told of once it is over, or in stretches of EVENT_BYTES."""
        found = _START.search(self._kept, self._at)
        end = len(self._kept) if found is None else found.start()
        count = min(end - self._at, EVENT_BYTES - self._lost)
        self._lost += count
        self._drop(count)
        if self._lost >= EVENT_BYTES:
            self._tell_lost(items)
            return True
        if found is None:
            return False
        if found.end() == len(self._kept) and _HALF_START.fullmatch(found.group()):
            return False  # a beginning cut in two
        self._hunting = False
        self._tell_lost(items)
        return True

    def _tell_lost(self, items: list[Item]) -> None:
        if self._lost:
            items.append(_bad("GARBAGE", "neither XML nor TAK protocol", self._lost))
            self._lost = 0

    def _message(self, items: list[Item]) -> bool:
        """Stream form."""
        length = 0
        for place in range(LENGTH_BYTES):
            at = self._at + 1 + place
            if at >= len(self._kept):
                return False
            length |= (self._kept[at] & 0x7F) << (7 * place)
            if not self._kept[at] & 0x80:
                return self._payload(items, at + 1, length)
        return self._begin_hunt()  # no length: the beginning of something else

    def _payload(self, items: list[Item], begin: int, length: int) -> bool:
        if length > EVENT_BYTES:
            items.append(_bad("OVERSIZE", f"over {EVENT_BYTES} bytes", begin - self._at + length))
            self._skip = length
            return self._drop(begin - self._at)
        if len(self._kept) < begin + length:
            return False
        items.append(CotFrame(payload=self._kept[begin : begin + length], proto=True))
        return self._drop(begin + length - self._at)

    def _skip_message(self) -> bool:
        count = min(self._skip, len(self._kept) - self._at)
        self._skip -= count
        return self._drop(count)

    def _markup(self, items: list[Item]) -> bool:
        """XML: a declaration or a comment between events, or an event."""
        limit = self._at + EVENT_BYTES
        for opening, closing in _PASSED:
            if self._kept.startswith(opening, self._at):
                begin = max(self._at + len(opening), self._seen - len(closing))
                end = self._kept.find(closing, begin, limit)
                if end >= 0:
                    return self._drop(end + len(closing) - self._at)
                return False if self._wait() else self._begin_hunt(EVENT_BYTES)
            if opening.startswith(self._kept[self._at : self._at + len(opening)]):
                return False
        found = _END.search(self._kept, max(self._at, self._seen - _END_REACH), limit)
        if found is not None:
            _finish(items, self._kept[self._at : found.end()])
            return self._drop(found.end() - self._at)
        self._in_event = not self._wait()
        return self._in_event

    def _wait(self) -> bool:
        """Whether the end may yet come in what is still to come."""
        self._seen = len(self._kept)
        return self._seen - self._at < EVENT_BYTES

    def _skip_event(self, items: list[Item]) -> bool:
        """An event over EVENT_BYTES: told of in stretches of that length, and at its end."""
        found = _END.search(self._kept, self._at, self._at + EVENT_BYTES)
        if found is not None:
            length = found.end() - self._at
            items.append(_bad("OVERSIZE", f"an event over {EVENT_BYTES} bytes", length))
            self._in_event = False
            return self._drop(length)
        if len(self._kept) - self._at < EVENT_BYTES:
            return False
        items.append(_bad("OVERSIZE", "an event without an end", EVENT_BYTES - _END_REACH))
        return self._drop(EVENT_BYTES - _END_REACH)


def _finish(items: list[Item], text: bytes) -> None:
    """A text that ends an event. The last beginning in it counts: what stands before was cut off or is foreign."""
    begin = -1
    for found in _BEGIN.finditer(text):
        begin = found.start()
    if begin < 0:
        items.append(_bad("GARBAGE", "an end without an event", len(text)))
        return
    if begin:
        items.append(_bad("GARBAGE", "text outside an event", begin))
    items.append(CotFrame(payload=text[begin:], proto=False))


def _bad(code: str, detail: str, length: int) -> BadFrame:
    return BadFrame(code=code, detail=detail, length=length)
