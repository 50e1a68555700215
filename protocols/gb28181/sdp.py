"""SDP as GB/T 28181 writes it (RFC 4566 with `y=` and `f=`; 2016 annex F, TCP after RFC 4571 and RFC 4145)."""

import ipaddress
import re
from dataclasses import dataclass, field
from enum import StrEnum

from protocols.gb28181.errors import BadGb

CONTENT_TYPE = "APPLICATION/SDP"
PS = 96  # payload type of a programme stream
MOST_BYTES = 4_096
MOST_LINES = 60


class Setup(StrEnum):
    """How media travel. Over TCP: who of the two connects, said of the receiver."""

    UDP = "udp"
    TCP_PASSIVE = "tcp_passive"  # the receiver waits
    TCP_ACTIVE = "tcp_active"  # the receiver connects


@dataclass(frozen=True, slots=True, kw_only=True)
class Sdp:
    """What one side says of its media. `setup` as it stands in a=setup; `ssrc` ten digits or empty."""

    session: str
    address: str
    port: int
    tcp: bool = False
    setup: str = ""
    payloads: dict[int, str] = field(default_factory=dict)
    ssrc: str = ""
    begin: int = 0
    end: int = 0


def _bad(name: str, detail: str) -> BadGb:
    return BadGb("BAD_SDP", name, detail)


def read(body: bytes) -> Sdp:
    """Raises BadGb(BAD_SDP)."""
    if len(body) > MOST_BYTES:
        raise _bad("sdp", f"has {len(body)} bytes")
    lines = [each.strip() for each in body.decode("utf-8", "replace").splitlines() if each.strip()]
    if len(lines) > MOST_LINES:
        raise _bad("sdp", f"has {len(lines)} lines")
    said: dict[str, str] = {}
    attributes: list[str] = []
    for line in lines:
        name, equals, value = line.partition("=")
        if not equals or len(name) != 1:
            raise _bad("sdp", "holds a line that is none")
        if name == "a":
            attributes.append(value)
        elif name == "m" and not value.startswith("video "):
            continue  # sound
        else:
            said.setdefault(name, value)
    port, tcp = _media(said.get("m", ""))
    begin, end = _times(said.get("t", "0 0"))
    ssrc = said.get("y", "").strip()
    if ssrc and not re.fullmatch(r"[0-9]{1,10}", ssrc):
        raise _bad("y", "is no number")
    if ssrc and int(ssrc) >= 1 << 32:
        raise _bad("y", "is beyond 32 bits")
    return Sdp(
        session=said.get("s", "")[:40],
        address=_address(said.get("c", "")),
        port=port,
        tcp=tcp,
        setup=_attribute(attributes, "setup"),
        payloads=_payloads(attributes),
        ssrc=ssrc,
        begin=begin,
        end=end,
    )


def _media(text: str) -> tuple[int, bool]:
    found = re.fullmatch(
        r"video ([0-9]{1,5})(?:/[0-9]{1,2})? (RTP/AVP|TCP/RTP/AVP)((?: [0-9]{1,3}){1,20})", text
    )
    if found is None:
        raise _bad("m", "is missing, or no video over RTP")
    if not 0 < int(found[1]) < 65_536:
        raise _bad("m", "has a port that is none")
    return int(found[1]), found[2].startswith("TCP")


def _times(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"([0-9]{1,12}) ([0-9]{1,12})", text.strip())
    if found is None:
        raise _bad("t", "is no begin and end")
    return int(found[1]), int(found[2])


def _address(text: str) -> str:
    parts = text.split()
    try:
        if len(parts) != 3 or parts[0] != "IN":
            raise ValueError
        return str(ipaddress.IPv4Address(parts[2].partition("/")[0]))
    except ValueError:
        raise _bad("c", "is no IPv4 address") from None


def _attribute(attributes: list[str], name: str) -> str:
    found = next((each for each in attributes if each.startswith(name + ":")), "")
    return found.partition(":")[2].strip()[:20]


def _payloads(attributes: list[str]) -> dict[int, str]:
    made: dict[int, str] = {}
    for each in attributes:
        found = re.fullmatch(r"rtpmap:\s?([0-9]{1,3})\s+([A-Za-z0-9-]{1,20})/([0-9]{1,6})(?:/.*)?", each)
        if found is not None:
            made[int(found[1])] = found[2].upper()
    return made


def offer(
    *,
    owner: str,
    address: str,
    port: int,
    setup: Setup,
    ssrc: str,
    session: str = "Play",
    period: tuple[int, int] = (0, 0),
) -> bytes:
    """What we want of a device: its pictures as PS, to a port of ours."""
    lines = _head(owner, address, session, period)
    if session != "Play":
        lines.insert(3, f"u={owner}:0")
    lines += [
        f"m=video {port} {'RTP/AVP' if setup is Setup.UDP else 'TCP/RTP/AVP'} {PS}",
        "a=recvonly",
        f"a=rtpmap:{PS} PS/90000",
    ]
    if setup is not Setup.UDP:
        lines += [f"a=setup:{'passive' if setup is Setup.TCP_PASSIVE else 'active'}", "a=connection:new"]
    return _written([*lines, f"y={ssrc}", "f="])


def answer(*, owner: str, address: str, port: int, asked: Sdp, setup: str) -> bytes:
    """What we send to who asked for it. `setup`: ours, over TCP."""
    lines = _head(owner, address, asked.session, (asked.begin, asked.end))
    lines += [
        f"m=video {port} {'TCP/RTP/AVP' if asked.tcp else 'RTP/AVP'} {PS}",
        "a=sendonly",
        f"a=rtpmap:{PS} PS/90000",
    ]
    lines += [f"a=setup:{setup}", "a=connection:new"] if asked.tcp else []
    return _written([*lines, f"y={asked.ssrc}", "f="])


def _head(owner: str, address: str, session: str, period: tuple[int, int]) -> list[str]:
    return [
        "v=0",
        f"o={owner} 0 0 IN IP4 {address}",
        f"s={session}",
        f"c=IN IP4 {address}",
        f"t={period[0]} {period[1]}",
    ]


def _written(lines: list[str]) -> bytes:
    return ("\r\n".join(lines) + "\r\n").encode()
