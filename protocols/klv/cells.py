"""How KLV stands in the PES packets of a transport stream: bare (asynchronous), or in metadata access unit cells.

Source: ISO/IEC 13818-1 §2.12.4, MISB ST 1402. A cell:

    service id 1 · sequence number 1 · fragment (2 bits), decoder configuration, random access, reserved 4 · length 2 · data

A unit may be cut over several cells, also of several PES packets; a gap in the sequence loses the unit begun.
"""

from protocols.frames import BadFrame
from protocols.klv.stream import Deframer, split

UNIT_LIMIT_BYTES = 131_072
_HEAD_BYTES = 5
_FIRST, _LAST = 2, 1  # bits of the fragment indication: 3 whole, 2 first, 1 last, 0 between


class AccessUnits:
    """The cells of one stream to whole units. Holds one unfinished unit, UNIT_LIMIT_BYTES at most."""

    def __init__(self) -> None:
        self._unit = bytearray()
        self._begun = False
        self._next: int | None = None

    def feed(self, payload: bytes) -> list[bytes | BadFrame]:
        """Units that are whole once this PES payload has come."""
        out: list[bytes | BadFrame] = []
        at = 0
        while at < len(payload):
            head = payload[at : at + _HEAD_BYTES]
            size = int.from_bytes(head[3:5])
            if len(head) < _HEAD_BYTES or at + _HEAD_BYTES + size > len(payload):
                out.append(
                    BadFrame(
                        code="TRUNCATED",
                        detail="a metadata cell reaches beyond its PES packet",
                        length=len(payload) - at,
                    )
                )
                self._drop()
                break
            self._cell(head, payload[at + _HEAD_BYTES : at + _HEAD_BYTES + size], out)
            at += _HEAD_BYTES + size
        return out

    def _cell(self, head: bytes, data: bytes, out: list[bytes | BadFrame]) -> None:
        number, fragment = head[1], head[2] >> 6
        if self._begun and (number != self._next or fragment & _FIRST):
            out.append(self._lost("cells of a metadata unit are missing"))
        self._next = (number + 1) & 0xFF
        if fragment & _FIRST:
            self._begun = True
        elif not self._begun:
            out.append(
                BadFrame(
                    code="DISCONTINUITY", detail="a metadata cell without its beginning", length=len(data)
                )
            )
            return
        self._unit += data
        if len(self._unit) > UNIT_LIMIT_BYTES:
            out.append(self._lost("a metadata unit is too long", code="OVERSIZE"))
        elif fragment & _LAST:
            out.append(bytes(self._unit))
            self._drop()

    def _lost(self, detail: str, *, code: str = "DISCONTINUITY") -> BadFrame:
        lost = BadFrame(code=code, detail=detail, length=len(self._unit))
        self._drop()
        return lost

    def _drop(self) -> None:
        self._unit.clear()
        self._begun = False


class Carried:
    """The PES payloads of one stream to packets. Bare packets may go over several payloads."""

    def __init__(self, *, synchronous: bool) -> None:
        self._units = AccessUnits() if synchronous else None
        self._bare = Deframer()

    def feed(self, payload: bytes) -> list[bytes | BadFrame]:
        """Packets that are whole once this payload has come."""
        if self._units is None:
            return self._bare.feed(payload)
        out: list[bytes | BadFrame] = []
        for unit in self._units.feed(payload):
            out += [unit] if isinstance(unit, BadFrame) else split(unit)
        return out

    def close(self) -> list[bytes | BadFrame]:
        """What the end, or a gap, leaves unfinished."""
        return self._bare.close()
