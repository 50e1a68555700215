"""KLV as a stream of bytes, or as what one PES packet or datagram holds: cut into packets, noise passed over and counted.

Any chunking gives the same items; nothing a sender writes raises. Sets of other labels are passed over whole and named.
"""

from collections.abc import Iterator

from protocols.frames import BadFrame
from protocols.klv import ber
from protocols.klv.errors import KlvError
from protocols.klv.local_set import LABEL_BYTES, PREFIX, is_uas, is_whole

_HEAD_BYTES = LABEL_BYTES + 9  # with the longest length that is read


class Deframer:
    """Keeps one unfinished packet, SET_LIMIT_BYTES and a head at most."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._skip = 0  # bytes of another set that are still to come

    def feed(self, data: bytes) -> list[bytes | BadFrame]:
        """All packets that are complete once `data` has come, label to end."""
        self._rest += data
        return list(self._cut(ended=False))

    def close(self) -> list[bytes | BadFrame]:
        """What the end leaves unfinished."""
        out = list(self._cut(ended=True))
        while self._rest:
            again = self._rest.find(PREFIX, len(PREFIX))
            lost = len(self._rest) if again < 0 else again
            out.append(BadFrame(code="TRUNCATED", detail="the bytes end inside a packet", length=lost))
            del self._rest[:lost]
            out += self._cut(ended=True)
        self._skip = 0
        return out

    def _cut(self, *, ended: bool) -> Iterator[bytes | BadFrame]:
        while self._rest:
            if self._skip:
                gone = min(self._skip, len(self._rest))
                del self._rest[:gone]
                self._skip -= gone
                continue
            lost = self._noise(ended=ended)
            if lost:
                yield BadFrame(code="GARBAGE", detail="bytes that are no label", length=lost)
                continue
            found = self._packet(ended=ended)
            if found is None:
                return
            yield found

    def _noise(self, *, ended: bool) -> int:
        """Bytes before the next label, which are let go; what may be its beginning is kept."""
        at = self._rest.find(PREFIX)
        if at < 0:
            kept = 0
            if not ended:
                kept = _begun(self._rest)
            at = len(self._rest) - kept
        del self._rest[:at]
        return at

    def _packet(self, *, ended: bool) -> bytes | BadFrame | None:
        """The packet at the front; None: it is not whole yet."""
        head = bytes(self._rest[:_HEAD_BYTES])
        if len(head) < LABEL_BYTES or len(self._rest) < len(PREFIX):
            return None
        try:
            size, start = ber.length(head, LABEL_BYTES)
        except KlvError as wrong:
            if wrong.code == "TRUNCATED":
                return None
            return self._bad(wrong.code, wrong.detail, len(PREFIX))
        if size > ber.SET_LIMIT_BYTES:
            return self._bad("OVERSIZE", f"a set of {size} bytes", len(PREFIX))
        if not is_uas(head[:LABEL_BYTES]):
            self._skip = start + size
            return BadFrame(
                code="UNKNOWN_SET", detail=f"label {head[:LABEL_BYTES].hex()}", length=start + size
            )
        if len(self._rest) < start + size:
            return None
        packet = bytes(self._rest[: start + size])
        if not is_whole(
            packet
        ):  # what its length says may be wrong, and must not swallow the packet after it
            again = self._rest.find(PREFIX, len(PREFIX), len(packet) + len(PREFIX) - 1)
            if again >= 0:
                packet = packet[:again]
            elif not ended and _begun(self._rest) > len(self._rest) - len(packet):
                return None  # the next bytes decide
        del self._rest[: len(packet)]
        return packet

    def _bad(self, code: str, detail: str, length: int) -> BadFrame:
        """A head that is none: only its first bytes go, so that a label inside what it claims is still found."""
        del self._rest[:length]
        return BadFrame(code=code, detail=detail, length=length)


def _begun(data: bytes | bytearray) -> int:
    """How many bytes of a label's beginning stand at the end."""
    return next((n for n in (3, 2, 1) if data.endswith(PREFIX[:n])), 0)


def split(payload: bytes) -> list[bytes | BadFrame]:
    """The packets of a whole payload, of which there may be several."""
    deframer = Deframer()
    return deframer.feed(payload) + deframer.close()
