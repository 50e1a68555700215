"""JT/T 808 read without a session: bytes to messages, for recordings and for fuzzing. Long messages are put together.

A platform's rules (who may report, what is answered) are jt808_session.py's. Any chunking gives the same items; no
input raises. Holds one unfinished packet and jt808_parts.OPEN_LIMIT unfinished messages for all terminals together.
"""

from dataclasses import dataclass

from dispatch.errors import Malformed
from protocols import jt808_messages as messages
from protocols.frames import BadFrame
from protocols.jt808_frames import Deframer, Item, Packet
from protocols.jt808_parts import Assembler


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One message. `said` None: a kind not read here, encrypted, or a part of a message that goes on."""

    packet: Packet  # of a long message the one that completed it
    body: bytes
    said: messages.Message | None


class Decoder:
    """A stream's bytes to messages."""

    def __init__(self) -> None:
        self._deframer = Deframer()
        self._parts = Assembler()

    def feed(self, data: bytes, now_s: float = 0.0) -> list[Read | BadFrame]:
        """All that is complete once `data` has come; `now_s` is for the age of unfinished messages."""
        return [self._read(item, now_s) for item in self._deframer.feed(data)]

    def close(self, now_s: float = 0.0) -> list[Read | BadFrame]:
        """What the end leaves unfinished."""
        return [self._read(item, now_s) for item in self._deframer.close()]

    def _read(self, item: Item, now_s: float) -> Read | BadFrame:
        if isinstance(item, BadFrame):
            return item
        body = item.body
        if item.parts > 1:
            put = self._parts.put(item, now_s)
            if put.body is None:
                return Read(packet=item, body=body, said=None)
            body = put.body
        if item.encryption:
            return Read(packet=item, body=body, said=None)
        try:
            said = messages.read(item.message_id, body, version=item.version)
        except Malformed as wrong:
            return BadFrame(code="MALFORMED", detail=wrong.detail, length=len(body), field=wrong.field)
        return Read(packet=item, body=body, said=said)
