"""The part of site.toml about GB/T 28181: `[gb28181]`, its devices and upper platforms. Nothing is spoken without an id."""

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from dispatch.errors import Malformed
from protocols.gb28181.digest import Algorithm
from protocols.gb28181.errors import BadGb
from protocols.gb28181.ids import check_domain, check_id
from protocols.gb28181.sdp import Setup

MOST_DEVICES, MOST_UPSTREAMS = 500, 8
Text = Annotated[str, Meta(min_length=1, max_length=60)]
Seconds = Annotated[float, Meta(ge=1, le=3_600)]


class DeviceSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A device that may register. `password`: a file. `media`: over what its pictures come."""

    id: str
    name: Text
    password: Text
    digest: Algorithm = Algorithm.MD5
    media: Setup = Setup.UDP


class UpstreamSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A platform that we register with. `channels`: what it may see and nothing else, channel's id -> stream's id."""

    id: str
    name: Text
    address: str  # host:port, an IPv4 address
    transport: Annotated[str, Meta(pattern="^(udp|tcp)$")] = "udp"
    domain: str = ""  # its first ten digits unless said
    user: str = ""  # our id unless said
    password: Text = ""
    media_hosts: tuple[str, ...] = ()  # besides its own address: where its media servers are
    expires_s: Annotated[int, Meta(ge=60, le=86_400)] = 3_600
    keepalive_s: Seconds = 60.0
    channels: Mapping[str, str] = {}


class Gb28181Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who we are there, and where we listen (UDP and TCP)."""

    id: str = ""
    realm: str = ""
    listen: str = "127.0.0.1:5060"
    address: str = ""
    media_first_port: Annotated[int, Meta(ge=1024, le=65535)] = 21200
    media_last_port: Annotated[int, Meta(ge=1024, le=65535)] = 21599
    keepalive_s: Seconds = 60.0
    device: Annotated[tuple[DeviceSection, ...], Meta(max_length=MOST_DEVICES)] = ()
    upstream: Annotated[tuple[UpstreamSection, ...], Meta(max_length=MOST_UPSTREAMS)] = ()

    @property
    def domain(self) -> str:
        """Ours: ten digits."""
        return self.realm or self.id[:10]

    @property
    def host(self) -> str:
        """Ours, as it stands in what we say."""
        return self.address or self.listen.rpartition(":")[0]

    @property
    def port(self) -> int:
        """Where we listen."""
        return int(self.listen.rpartition(":")[2])


def check(section: Gb28181Section) -> None:
    """Raises Malformed naming the key."""
    if not section.id:
        if section.device or section.upstream:
            raise Malformed("gb28181.id", "is missing")
        return
    _id(section.id, "gb28181.id")
    _told(lambda: check_domain(section.domain, "realm"), "gb28181.realm")
    _host_port(section.listen, "gb28181.listen")
    _ipv4(section.host, "gb28181.address")
    if section.host == "0.0.0.0":  # noqa: S104  # what is refused
        raise Malformed("gb28181.address", "is missing: others must know where to answer")
    if section.media_last_port < section.media_first_port:
        raise Malformed("gb28181.media_last_port", "is before gb28181.media_first_port")
    seen = {section.id}
    for number, device in enumerate(section.device):
        _new(device.id, seen, f"gb28181.device[{number}].id")
    for number, upstream in enumerate(section.upstream):
        where = f"gb28181.upstream[{number}]"
        _new(upstream.id, seen, f"{where}.id")
        host, _ = _host_port(upstream.address, f"{where}.address")
        for each in (host, *upstream.media_hosts):
            _ipv4(each, f"{where}.address")
        if upstream.domain:
            _told(lambda said=upstream.domain: check_domain(said, "domain"), f"{where}.domain")
        for channel in upstream.channels:
            _id(channel, f"{where}.channels")


def _new(text: str, seen: set[str], key: str) -> None:
    _id(text, key)
    if text in seen:
        raise Malformed(key, f"{text} is named twice")
    seen.add(text)


def _id(text: str, key: str) -> None:
    _told(lambda: check_id(text), key)


def _told(checking: object, key: str) -> None:
    try:
        checking()  # type: ignore[operator]  # a lambda of ours
    except BadGb as error:
        raise Malformed(key, error.detail) from None


def _host_port(text: str, key: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not int(port) < 65_536:
        raise Malformed(key, f"{text!r} is not host:port")
    _ipv4(host, key)
    return host, int(port)


def _ipv4(text: str, key: str) -> None:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        raise Malformed(key, f"{text!r} is no IPv4 address") from None


def secret(path: Path, key: str) -> str:
    """A password out of its file. Raises Malformed."""
    try:
        text = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Malformed(key, f"cannot be read: {type(error).__name__}") from None
    if not text or '"' in text or len(text) > 128:
        raise Malformed(key, "is not 1 to 128 characters without quotes")
    return text


EXAMPLE = """\
[gb28181]
# id = "36010000002000000001"  # our 20 digits; without it GB/T 28181 is not spoken (docs/gb28181.md)
# realm = "3601000000"         # ten digits; default: the first of id
# listen = "0.0.0.0:5060"      # SIP over UDP and TCP; plain: a network of its own
# address = "10.36.0.1"        # this machine as devices and platforms reach it; needed with 0.0.0.0
# media_first_port = 21200     # pictures come in at, and leave from, ports from here
# media_last_port = 21599      # to here
# keepalive_s = 60.0           # what devices are set to; three left out: offline

# [[gb28181.device]]
# id = "36010000001320000001"
# name = "单兵图传 1"
# password = "gb-device-1.txt" # a file
# digest = "MD5"               # or "SHA-256", of devices that can
# media = "udp"                # "tcp_passive": we wait for it, "tcp_active": we connect to it

# [[gb28181.upstream]]
# id = "36000000002000000001"  # a platform that we register with
# name = "省视频共享平台"
# address = "10.36.9.1:5060"
# transport = "udp"            # or "tcp"
# domain = "3600000000"
# user = "36010000002000000001"
# password = "gb-upstream.txt"
# media_hosts = ["10.36.9.2"]  # pictures go to its address and these alone
# expires_s = 3600
# keepalive_s = 60.0
# channels = { "36010000001310000001" = "36-VID-0000000000" }   # what it may see: ids of its catalogue to our streams

"""
