"""RTCP as a sender needs it (RFC 3550 section 6): what was sent and when, who sends, and that it ends. Pure."""

import struct

SENDER, SOURCE, BYE = 200, 202, 203  # RFC 3550 section 12.1
_REPORT = struct.Struct("!BBHIIIIII")
_HEAD = struct.Struct("!BBHI")
_1900_TO_1970_S = 2_208_988_800  # NTP's beginning, RFC 5905
_CNAME = 1


def sender_report(
    *, ssrc: int, at_us: int, rtp_time: int, packets: int, payload_bytes: int, name: str
) -> bytes:
    """How much was sent until `at_us` (UTC), when the picture of `rtp_time` was last."""
    seconds, rest = divmod(at_us, 1_000_000)
    report = _REPORT.pack(
        0x80,
        SENDER,
        6,
        ssrc,
        seconds + _1900_TO_1970_S & 0xFFFFFFFF,
        (rest << 32) // 1_000_000,
        rtp_time,
        packets & 0xFFFFFFFF,
        payload_bytes & 0xFFFFFFFF,
    )
    item = bytes((_CNAME, len(name.encode()[:255]))) + name.encode()[:255]
    item += bytes(4 - len(item) % 4)  # ends with at least one zero, to a multiple of 4
    return report + _HEAD.pack(0x81, SOURCE, 1 + len(item) // 4, ssrc) + item


def bye(ssrc: int) -> bytes:
    """No more comes."""
    return _HEAD.pack(0x80, 201, 1, ssrc) + _HEAD.pack(0x81, BYE, 1, ssrc)


def is_report(data: bytes) -> bool:
    """Whether it is what a receiver sends: a whole RTCP packet of version 2."""
    return len(data) >= 8 and data[0] >> 6 == 2 and 200 <= data[1] <= 207
