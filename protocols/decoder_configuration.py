"""What MP4, FLV and RTSP say of a video stream before its first picture: AVCDecoderConfigurationRecord and
HEVCDecoderConfigurationRecord, ISO/IEC 14496-15 §5.3.3.1, §8.3.3.1. Pure.
"""

from protocols.mpegts_tables import StreamKind

_START = b"\x00\x00\x00\x01"


def read_configuration(extra: bytes, kind: StreamKind) -> tuple[int, bytes]:
    """How long the lengths before units are (0: start codes), and its parameter sets in Annex B. Raises ValueError."""
    if not extra.startswith(b"\x01"):
        return 0, extra
    found: list[bytes] = []
    try:
        if kind is StreamKind.H264:
            at = 6
            for number in range(2):
                count = extra[5] & 0x1F if number == 0 else extra[at]
                at += number
                at = _sets(extra, at, count, found)
            return (extra[4] & 3) + 1, b"".join(found)
        at = 23
        for _ in range(extra[22]):
            at = _sets(extra, at + 3, int.from_bytes(extra[at + 1 : at + 3], "big"), found)
        return (extra[21] & 3) + 1, b"".join(found)
    except IndexError:
        raise ValueError("a decoder configuration that is cut off") from None


def _sets(extra: bytes, at: int, count: int, found: list[bytes]) -> int:
    """So many parameter sets; where the next thing stands."""
    for _ in range(count):
        length = int.from_bytes(extra[at : at + 2], "big")
        if not length or at + 2 + length > len(extra):
            raise IndexError
        found.append(_START + extra[at + 2 : at + 2 + length])
        at += 2 + length
    return at
