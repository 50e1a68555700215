"""What a feed is told: one `[[feed]]` as a checked value. What it tells is status.py's."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from dispatch.errors import Malformed
from dispatch.geo import Position
from dispatch.kinds import HorizontalDatum
from dispatch.polar import AZIMUTH_SIGMA_DEG, RANGE_SIGMA_M, Radar
from protocols.asterix_edition import AUTO, EDITIONS

# A receiver in a quiet valley may hear nothing for minutes (dump1090 then sends a heartbeat a minute); only a whole
# frame counts as a sign of life, so a socket that dribbles bytes loses its place after this long.
IDLE_TIMEOUT_S = 300.0
CONNECTION_LIMIT = (
    16  # per listening feed, still draining ones included; one more is closed at once and counted
)
FIELD_LIMIT = 256  # the same, of field clients (cot)
SEND_EVERY_S = 2.0  # how often field clients are told what has changed
SEND_LIMIT = 300  # things told to one, rescue's own first
TERMINAL_LIMIT = 512  # the same, of a feed of terminals: each has a connection of its own


class FeedKind(StrEnum):
    """Formats a feed speaks."""

    BEAST = "beast"
    AVR = "avr"
    SBS = "sbs"
    ASTERIX = "asterix"
    COT = "cot"
    JT808 = "jt808"
    NMEA = "nmea"


class Transport(StrEnum):
    """What carries the bytes."""

    TCP = "tcp"
    UDP = "udp"
    TLS = "tls"


# Standards that leave no choice: RTCA DO-260B, EUROCONTROL ASTERIX I048/I062 and, by default, CoT ("hae", WGS-84).
_WGS84_BY_STANDARD = frozenset((FeedKind.BEAST, FeedKind.AVR, FeedKind.SBS, FeedKind.ASTERIX))
# Terminals and modules sold in China may send WGS-84 or GCJ-02 and the formats do not say which.
_DATUM_UNSAID = frozenset((FeedKind.JT808, FeedKind.NMEA))


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedConfig:
    """One `[[feed]]`. Exactly one of `listen` and `connect`, as HOST:PORT. Raises Malformed naming the field.

    `simulated` marks every aircraft of the feed, `simulated_prefixes` those whose address begins so (lower-case hex).
    `datum` is what the source's coordinates refer to. `certificate`, `key`, `ca` are PEM files: a feed that listens
    on tls shows the first and demands one of `ca` from the sender where that is given; one that connects demands `ca`.
    `terminals` is the list of those that may report by jt808; `secrets` the folder where the site keeps its own.
    Of asterix are `edition` (of CAT021: auto, 2, 0.26, 0.23), `radars` (SAC/SIC -> lon, lat, height above mean sea level)
    and how well radars measure; `reference_position` with `reference_height_m` is the place of the one not in `radars`.
    What begins with `send` is of cot: whether field clients are told of the picture, and of how much of it.
    """

    name: str
    kind: FeedKind
    transport: Transport = Transport.TCP
    listen: str | None = None
    connect: str | None = None
    group: str | None = None  # multicast, udp only
    interface: str | None = None  # own address of the interface on which the group is joined
    certificate: Path | None = None
    key: Path | None = None
    ca: Path | None = None
    refused: tuple[str, ...] = ()  # names of certificates that are let in no more
    datum: HorizontalDatum | None = None  # WGS-84 unless the kind needs it said
    reference_position: tuple[float, float] | None = None  # the receiver's lon, lat
    simulated: bool = False
    simulated_prefixes: tuple[str, ...] = ()
    gps_clock: bool = False  # the counter is a GPS one, where the receiver does not say so itself
    idle_timeout_s: float = IDLE_TIMEOUT_S
    connection_limit: int = CONNECTION_LIMIT
    edition: str = AUTO  # asterix only, as what follows
    radars: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)
    reference_height_m: float = 0.0
    range_sigma_m: float = RANGE_SIGMA_M
    azimuth_sigma_deg: float = AZIMUTH_SIGMA_DEG
    terminals: Path | None = None  # jt808 only: terminals.csv
    accept_unknown: bool = False  # jt808 only: terminals that are not listed may report too
    secrets: Path | None = None
    allow_plain: bool = False  # cot only: anybody who reaches the address may send and read
    send: bool | None = None  # cot only: on tcp and tls unless said otherwise
    send_every_s: float = SEND_EVERY_S
    send_traffic: bool = False  # also what is not rescue's own, inside send_area
    send_area: tuple[float, float, float, float] | None = None  # west, south, east, north, degrees
    send_limit: int = SEND_LIMIT
    markers: bool = False  # cot only: spots are reports to be looked at

    def __post_init__(self) -> None:
        self._set("kind", _member(FeedKind, self.kind, "feed.kind"))
        self._set("transport", _member(Transport, self.transport, "feed.transport"))
        if not self.name:
            raise Malformed("feed.name", "a feed needs a name")
        if (self.listen is None) == (self.connect is None):
            raise Malformed("feed.listen", "say either listen or connect, as HOST:PORT")
        host_port(self.address, "feed.connect" if self.listen is None else "feed.listen")
        self._check_transport()
        self._check_datum()
        self._check_terminals()
        self._check_radars()
        self._check_field_clients()
        if self.reference_position is not None:
            _check_place(self.reference_position)
        for prefix in self.simulated_prefixes:
            if not 1 <= len(prefix) <= 6 or set(prefix) - set("0123456789abcdef"):
                raise Malformed(
                    "feed.simulated_prefixes", f"{prefix[:20]!r} is not 1 to 6 lower-case hex digits"
                )
        if self.idle_timeout_s <= 0:
            raise Malformed("feed.idle_timeout_s", "must be more than 0")
        if self.connection_limit < 1:
            raise Malformed("feed.connection_limit", "must be at least 1")

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def _check_transport(self) -> None:
        if self.transport is Transport.UDP:
            if self.listen is None:
                raise Malformed("feed.connect", "datagrams are listened for, not fetched")
        elif self.group is not None:
            raise Malformed("feed.group", "only with transport = udp")
        if self.group is None:
            if self.interface is not None:
                raise Malformed("feed.interface", "only with a multicast group")
        elif not _address(self.group, "feed.group").is_multicast:
            raise Malformed("feed.group", f"{self.group} is not a multicast address")
        elif self.interface is not None and (
            _address(self.interface, "feed.interface").version != 4 or ":" in self.group
        ):
            raise Malformed("feed.interface", "IPv4 only; an IPv6 group names its own: ff15::36%eth0")
        given = {
            name: getattr(self, name)
            for name in ("certificate", "key", "ca")
            if getattr(self, name) is not None
        }
        if self.transport is not Transport.TLS:
            for name in given:
                raise Malformed(f"feed.{name}", "only with transport = tls")
        elif ("certificate" in given) != ("key" in given) or (self.listen and "certificate" not in given):
            missing = "key" if "certificate" in given else "certificate"
            raise Malformed(f"feed.{missing}", "tls needs certificate and key; see `ganying ca`")
        elif self.listen is None and "ca" not in given:
            raise Malformed("feed.ca", "connecting by tls needs the authority of the other side")
        if self.refused and (self.listen is None or "ca" not in given):
            raise Malformed("feed.refused", "only where certificates of a ca are demanded")

    def _check_radars(self) -> None:
        if self.kind is not FeedKind.ASTERIX:
            if self.radars:
                raise Malformed("feed.radars", "only with kind = asterix")
            if self.edition != AUTO:
                raise Malformed("feed.edition", "only with kind = asterix")
            return
        if self.edition not in (AUTO, *EDITIONS):
            raise Malformed("feed.edition", f"{self.edition[:20]!r} is none of auto, {', '.join(EDITIONS)}")
        named = {}
        for source, place in self.radars.items():
            codes = source.split("/")
            if len(codes) != 2 or not all(code.isdecimal() and int(code) < 256 for code in codes):
                raise Malformed("feed.radars", f"{source[:20]!r} is not SAC/SIC in decimal")
            self._check_radar("feed.radars", *place)
            named[f"{int(codes[0]):03}/{int(codes[1]):03}"] = place
        self._set("radars", named)
        if self.reference_position is not None:
            self._check_radar("feed.reference_position", *self.reference_position, self.reference_height_m)

    def _check_radar(self, field: str, lon_deg: float, lat_deg: float, height_m: float) -> None:
        try:
            Radar(
                lon_deg=lon_deg,
                lat_deg=lat_deg,
                height_m=height_m,
                range_sigma_m=self.range_sigma_m,
                azimuth_sigma_deg=self.azimuth_sigma_deg,
            )
        except Malformed as error:
            named = error.field.removeprefix("radar.") in ("range_sigma_m", "azimuth_sigma_deg")
            raise Malformed(
                error.field.replace("radar.", "feed.") if named else field, error.detail
            ) from None

    def _check_datum(self) -> None:
        if self.datum is None:
            if self.kind in _DATUM_UNSAID:
                raise Malformed(
                    "feed.datum",
                    f"{self.kind} does not say what its coordinates refer to: wgs84, cgcs2000 or gcj02",
                )
            self._set("datum", HorizontalDatum.WGS84)
            return
        self._set("datum", _member(HorizontalDatum, self.datum, "feed.datum"))
        if self.kind in _WGS84_BY_STANDARD and self.datum is not HorizontalDatum.WGS84:
            raise Malformed("feed.datum", f"{self.kind} is wgs84 by its standard")

    def _check_terminals(self) -> None:
        if self.kind is not FeedKind.JT808:
            for name in ("terminals", "accept_unknown"):
                if getattr(self, name):
                    raise Malformed(f"feed.{name}", "only with kind = jt808")
        elif self.listen is None:
            raise Malformed("feed.connect", "terminals connect to the platform; say listen")
        elif self.terminals is None and not self.accept_unknown:
            raise Malformed(
                "feed.terminals",
                "say which terminals may report, or accept_unknown = true for any that comes",
            )

    def _check_field_clients(self) -> None:
        if self.kind is not FeedKind.COT:
            for name in ("allow_plain", "send", "send_traffic", "send_area", "markers"):
                if getattr(self, name):
                    raise Malformed(f"feed.{name}", "only with kind = cot")
            return
        streams = self.transport is not Transport.UDP
        if self.send and not streams:
            raise Malformed("feed.send", "the picture is sent over tcp and tls")
        if self.send is None:
            self._set("send", streams)
        known = self.transport is Transport.TLS and self.ca is not None
        if self.listen is not None and not known and not self.allow_plain:
            host, _ = host_port(self.listen, "feed.listen")
            if self.group is not None or not _is_loopback(host):
                raise Malformed(
                    "feed.allow_plain",
                    "anybody could report, and read the picture: say transport = tls with ca, or allow_plain = true",
                )
        if not 1.0 <= self.send_every_s <= 60.0:
            raise Malformed("feed.send_every_s", "is not within 1 to 60")
        if not 1 <= self.send_limit <= 2000:
            raise Malformed("feed.send_limit", "is not within 1 to 2000")
        if self.send_area is not None:
            west, south, east, north = self.send_area
            if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
                raise Malformed("feed.send_area", "is not west, south, east, north in degrees")
        elif self.send_traffic:
            raise Malformed("feed.send_area", "say inside which area traffic is sent")

    @property
    def address(self) -> str:
        """Where it listens or whereto it connects."""
        return self.listen or self.connect or ""

    def is_simulated(self, icao24: str) -> bool:
        """Whether an address of this feed is to be marked simulated."""
        return self.simulated or icao24.startswith(self.simulated_prefixes)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _member(kind: type[StrEnum], value: str, field: str) -> StrEnum:
    try:
        return kind(value)
    except ValueError:
        raise Malformed(field, f"{value[:40]!r} is none of {', '.join(kind)}") from None


def _check_place(place: tuple[float, float]) -> None:
    try:
        Position(lon_deg=place[0], lat_deg=place[1])
    except Malformed as error:
        raise Malformed("feed.reference_position", error.detail) from None


def _address(text: str, field: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise Malformed(field, f"{text[:80]!r} is not an IP address") from None


def host_port(text: str, field: str) -> tuple[str, int]:
    """`127.0.0.1:30036` or `[::1]:30036` as host and port. Raises Malformed."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise Malformed(field, f"{text[:80]!r} is not HOST:PORT")
    if host.startswith("[") and host.endswith("]"):
        return host[1:-1], int(port)
    return host, int(port)
