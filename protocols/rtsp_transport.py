"""RTSP's Transport header (RFC 2326 section 12.39): how the other side wants its packets. Pure.

Two ways are spoken: on the RTSP connection itself (`RTP/AVP/TCP;interleaved=0-1`), and as datagrams to two ports of the
machine that asks (`RTP/AVP;unicast;client_port=5000-5001`). A `destination` is never followed: whoever knows the
password could aim pictures at a third machine.
"""

import re
from dataclasses import dataclass

_PAIR = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")
MOST_WAYS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class OnConnection:
    """Channels of the connection: of pictures, of reports about them."""

    media: int
    reports: int

    def told(self, ssrc: int) -> str:
        """As it is answered."""
        return f"RTP/AVP/TCP;unicast;interleaved={self.media}-{self.reports};ssrc={ssrc:08X};mode=play"


@dataclass(frozen=True, slots=True, kw_only=True)
class AsDatagrams:
    """Ports of the machine that asks."""

    media: int
    reports: int

    def told(self, ssrc: int, server_port: int) -> str:
        """As it is answered."""
        return (
            f"RTP/AVP;unicast;client_port={self.media}-{self.reports};"
            f"server_port={server_port}-{server_port + 1};ssrc={ssrc:08X};mode=play"
        )


Way = OnConnection | AsDatagrams


def wanted(header: str) -> tuple[Way, ...]:
    """The ways of a Transport header that are spoken here, as they come; the others are passed over."""
    made = (_way(spec) for spec in header.split(",", MOST_WAYS)[:MOST_WAYS])
    return tuple(each for each in made if each is not None)


def _way(spec: str) -> Way | None:
    protocol, *said = (part.strip() for part in spec.split(";"))
    named: dict[str, str] = {}
    for part in said:
        name, _, value = part.partition("=")
        named[name.lower()] = value.strip('"')
    if "multicast" in named or "destination" in named or named.get("mode", "play").lower() != "play":
        return None
    match protocol.upper():
        case "RTP/AVP/TCP":
            pair = _pair(named.get("interleaved", "0-1"), least=0, most=255)
            return None if pair is None else OnConnection(media=pair[0], reports=pair[1])
        case "RTP/AVP" | "RTP/AVP/UDP":
            pair = _pair(named.get("client_port", ""), least=1024, most=65_535)
            return None if pair is None else AsDatagrams(media=pair[0], reports=pair[1])
        case _:
            return None


def _pair(said: str, *, least: int, most: int) -> tuple[int, int] | None:
    found = _PAIR.fullmatch(said)
    if found is None:
        return None
    first = int(found[1])
    second = first + 1 if found[2] is None else int(found[2])
    return (first, second) if least <= first < second <= most else None
