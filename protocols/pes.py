"""The head of an elementary packet (ISO/IEC 13818-1 §2.4.3.6): of transport and of programme streams alike."""


def _time(field: bytes) -> int:
    """33 bits in five bytes, §2.4.3.7."""
    return (field[0] >> 1 & 7) << 30 | field[1] << 22 | field[2] >> 1 << 15 | field[3] << 7 | field[4] >> 1


def pes_header(pes: bytes) -> tuple[int | None, int | None, int]:
    """Times and where the data begin. Raises ValueError."""
    if len(pes) < 9 or pes[:3] != b"\x00\x00\x01" or pes[6] & 0xC0 != 0x80:
        raise ValueError("not a PES header")
    begins = 9 + pes[8]
    given = pes[7] >> 6
    needed = {0: 0, 2: 5, 3: 10}.get(given)
    if needed is None or begins > len(pes) or pes[8] < needed:
        raise ValueError("a PES header that contradicts itself")
    pts = _time(pes[9:14]) if given else None
    dts = _time(pes[14:19]) if given == 3 else None
    return pts, dts, begins
