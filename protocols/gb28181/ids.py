"""Ids of devices, channels and platforms: twenty digits (GB/T 28181-2016 annex E, kept in 2022).

36010000 00 131 0 000001
centre (GB/T 2260 in pairs: province, city, district, unit), trade, kind, network, number
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from protocols.gb28181.errors import BadGb

LENGTH = 20
_ID = re.compile(r"[0-9]{20}")
_DOMAIN = re.compile(r"[0-9]{10}")


class GbKind(StrEnum):
    """What an id stands for, as far as it matters here."""

    PLATFORM = "platform"  # 200: central signalling server
    RECORDER = "recorder"  # 111 DVR, 112 video server, 118 NVR
    CAMERA = "camera"  # 131 camera, 132 IP camera
    ALARM = "alarm"  # 134 alarm input
    GROUP = "group"  # 215, 216: of a catalogue
    OTHER = "other"


_KINDS = {
    "200": GbKind.PLATFORM,
    "111": GbKind.RECORDER,
    "112": GbKind.RECORDER,
    "118": GbKind.RECORDER,
    "131": GbKind.CAMERA,
    "132": GbKind.CAMERA,
    "134": GbKind.ALARM,
    "215": GbKind.GROUP,
    "216": GbKind.GROUP,
}
PICTURES = frozenset({GbKind.CAMERA, GbKind.OTHER})  # of a catalogue: what may have a picture


@dataclass(frozen=True, slots=True, kw_only=True)
class GbId:
    """What the digits say."""

    centre: str
    trade: str
    kind: GbKind
    number: str


def check_id(text: str, field: str = "DeviceID") -> str:
    """The same id. Raises BadGb(BAD_ID)."""
    if not _ID.fullmatch(text):
        raise BadGb("BAD_ID", field, f"{text[:32]!r} is not {LENGTH} digits")
    return text


def check_domain(text: str, field: str = "realm") -> str:
    """A domain: the first ten digits of a platform's id. Raises BadGb(BAD_ID)."""
    if not _DOMAIN.fullmatch(text):
        raise BadGb("BAD_ID", field, f"{text[:32]!r} is not ten digits")
    return text


def read_id(text: str) -> GbId:
    """What an id says. Raises BadGb(BAD_ID)."""
    check_id(text)
    return GbId(
        centre=text[:8], trade=text[8:10], kind=_KINDS.get(text[10:13], GbKind.OTHER), number=text[14:]
    )


def ssrc_text(domain: str, number: int, *, history: bool = False) -> str:
    """The ten digits of `y=`: live or history, five digits of the domain, a number of four (2016 annex F/6)."""
    return f"{int(history)}{domain[3:8]}{number % 10_000:04d}"
