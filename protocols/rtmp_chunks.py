"""RTMP's chunks (Adobe, Real-Time Messaging Protocol 1.0, §5.3) to messages and back. Pure; raises ValueError.

A sender's messages come in chunks of a size it may change; headers leave out what is as before.
"""

import struct
from dataclasses import dataclass

FIRST_CHUNK_BYTES = 128
MOST_CHUNK_BYTES = 1 << 24
MOST_STREAMS = 32  # chunk streams of a connection; encoders use four
MOST_MESSAGE_BYTES = 4 << 20  # as an access unit's
_EXTENDED = 0xFFFFFF
_HEADER_BYTES = (11, 7, 3, 0)  # by format, §5.3.1.2
SET_CHUNK_SIZE, ABORT = 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """`time_ms` wraps at 32 bits."""

    kind: int
    stream: int
    time_ms: int
    data: bytes


@dataclass(slots=True)
class _Open:
    """A chunk stream: what was said last, and the message that is being put together."""

    time_ms: int = 0
    step_ms: int = 0
    length: int = 0
    kind: int = 0
    stream: int = 0
    extended: bool = False
    data: bytearray | None = None


class Chunks:
    """What one side hears. Holds a message of each chunk stream, all together at most twice MOST_MESSAGE_BYTES."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._size = FIRST_CHUNK_BYTES
        self._streams: dict[int, _Open] = {}

    def feed(self, data: bytes) -> list[Message]:
        """The messages that are whole now."""
        self._held += data
        found: list[Message] = []
        at = 0
        while (taken := self._chunk(at)) is not None:
            at, message = taken
            if message is not None:
                self._control(message)
                found.append(message)
        del self._held[:at]
        if sum(len(each.data or b"") for each in self._streams.values()) > 2 * MOST_MESSAGE_BYTES:
            raise ValueError("too much is begun and not ended")
        return found

    def _control(self, message: Message) -> None:
        if message.kind == SET_CHUNK_SIZE:
            size = int.from_bytes(message.data[:4], "big")
            if len(message.data) < 4 or not 1 <= size <= MOST_CHUNK_BYTES:
                raise ValueError(f"chunks of {size} bytes")
            self._size = size
        elif message.kind == ABORT:
            begun = self._streams.get(int.from_bytes(message.data[:4], "big"))
            if begun is not None:
                begun.data = None

    def _chunk(self, at: int) -> tuple[int, Message | None] | None:
        """Where the next chunk begins, and the message that this one ends; None: it is not whole."""
        held = self._held
        if at >= len(held):
            return None
        form, number = held[at] >> 6, held[at] & 63
        at += 1
        if number < 2:
            wide = number + 1
            if len(held) < at + wide:
                return None
            number = 64 + int.from_bytes(held[at : at + wide], "little")
            at += wide
        head = bytes(held[at : at + _HEADER_BYTES[form]])
        at += _HEADER_BYTES[form]
        known = self._streams.get(number)
        if known is None and form != 0:
            raise ValueError("a chunk stream begins in the middle")
        short = int.from_bytes(head[:3], "big")
        extended = short == _EXTENDED if form < 3 else known is not None and known.extended
        if len(held) < at + 4 * extended:
            return None
        time = int.from_bytes(held[at : at + 4], "big") if extended else short
        at += 4 * extended
        begun = known is not None and known.data is not None
        length = int.from_bytes(head[3:6], "big") if form < 2 else (known.length if known else 0)
        if length > MOST_MESSAGE_BYTES:
            raise ValueError(f"a message of {length} bytes")
        if begun and form != 3:
            raise ValueError("a message begins within another")
        have = len(known.data) if known is not None and known.data is not None else 0
        want = min(self._size, length - have)
        if len(held) < at + want:
            return None
        stream = known if known is not None else self._new(number)
        if not begun:
            self._head(stream, form, time, head)
            stream.extended = extended
            stream.data = bytearray()
        data = stream.data if stream.data is not None else bytearray()
        data += held[at : at + want]
        if len(data) < length:
            return at + want, None
        stream.data = None
        return at + want, Message(
            kind=stream.kind, stream=stream.stream, time_ms=stream.time_ms, data=bytes(data)
        )

    def _new(self, number: int) -> _Open:
        if len(self._streams) >= MOST_STREAMS:
            raise ValueError("too many chunk streams")
        return self._streams.setdefault(number, _Open())

    @staticmethod
    def _head(stream: _Open, form: int, time: int, head: bytes) -> None:
        if form < 2:
            stream.length, stream.kind = int.from_bytes(head[3:6], "big"), head[6]
        if form == 0:
            stream.stream = int.from_bytes(head[7:11], "little")
            stream.time_ms, stream.step_ms = time, 0
            return
        if form < 3:
            stream.step_ms = time
        stream.time_ms = (stream.time_ms + stream.step_ms) % (1 << 32)


def chunked(message: Message, number: int) -> bytes:
    """A message of ours; all of them fit the first chunk size or are cut into it."""
    head = struct.pack("!B", number) + min(message.time_ms, _EXTENDED - 1).to_bytes(3, "big")
    head += (
        len(message.data).to_bytes(3, "big") + bytes((message.kind,)) + message.stream.to_bytes(4, "little")
    )
    size = FIRST_CHUNK_BYTES
    parts = [message.data[at : at + size] for at in range(0, len(message.data), size)] or [b""]
    return head + bytes((0xC0 | number,)).join(parts)
