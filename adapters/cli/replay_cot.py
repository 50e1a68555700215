"""`ganying replay` of Cursor-on-Target: an event at a time, XML or protobuf, by the time at which each was made.

The events keep the times they have: a feed that is told old ones takes them as old. A file in mesh form is one
datagram and one part.
"""

import re
from collections.abc import Iterator

from adapters.cli.decode_lines import Options
from adapters.cli.replay_parts import Parts
from protocols import cot_stream
from protocols.cot_event import CotEvent
from protocols.cot_stream import LENGTH_BYTES, MAGIC, MESH_HEADER
from protocols.frames import BadFrame

_END = re.compile(rb"</event\s*>\r?\n?")
_SOLID = re.compile(rb"[^ \t\r\n\x00]")


class CotParts(Parts):
    """CoT events, of many senders."""

    one_clock = False

    def __init__(self, _options: Options) -> None:
        super().__init__()
        self._deframer = cot_stream.Deframer()
        self._begun = False
        self._mesh = False

    def cut(self, buffer: bytes, *, whole: bool) -> Iterator[int]:
        """After every event."""
        if not self._begun and (whole or len(buffer) >= len(MESH_HEADER)):
            self._begun = True
            self._mesh = buffer.startswith(MESH_HEADER)
        if self._mesh or not self._begun:
            return
        at = 0
        while (end := _event_end(buffer, at)) > 0:
            if end == len(buffer) and not whole and buffer.endswith(b">"):
                return  # a line feed may belong to it
            yield end
            at = end

    def time_s(self, part: bytes) -> float | None:
        """When it was made."""
        items = cot_stream.cut_datagram(part) if self._mesh else self._deframer.feed(part)
        found = None
        for item in items:
            event = item if isinstance(item, BadFrame) else cot_stream.read(item)
            if isinstance(event, CotEvent):
                found = event.made_s
        return found


def _event_end(buffer: bytes, at: int) -> int:
    """Where the event that begins at `at`, or after what is none, ends; 0 while it does not."""
    begin = _SOLID.search(buffer, at)
    if begin is not None and buffer[begin.start()] == MAGIC:
        length = 0
        for number in range(LENGTH_BYTES):
            place = begin.start() + 1 + number
            if place >= len(buffer):
                return 0
            length |= (buffer[place] & 0x7F) << (7 * number)
            if not buffer[place] & 0x80:
                end = place + 1 + length
                return end if end <= len(buffer) else 0
    found = _END.search(buffer, at)
    return 0 if found is None else found.end()
