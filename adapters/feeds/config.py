"""What a feed is told, and what it tells: configuration and status as plain values."""

from dataclasses import dataclass
from enum import StrEnum

from dispatch.errors import Malformed
from dispatch.geo import Position

# A receiver in a quiet valley may hear nothing for minutes (dump1090 then sends a heartbeat a minute); only a whole
# frame counts as a sign of life, so a socket that dribbles bytes loses its place after this long.
IDLE_TIMEOUT_S = 300.0
CONNECTION_LIMIT = (
    16  # per listening feed, still draining ones included; one more is closed at once and counted
)


class FeedKind(StrEnum):
    """Formats a feed speaks."""

    BEAST = "beast"
    AVR = "avr"
    SBS = "sbs"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedConfig:
    """One `[[feed]]`. Exactly one of `listen` and `connect`, as HOST:PORT. Raises Malformed naming the field.

    `simulated` marks every aircraft of the feed, `simulated_prefixes` those whose address begins so (lower-case hex).
    """

    name: str
    kind: FeedKind
    listen: str | None = None
    connect: str | None = None
    reference_position: tuple[float, float] | None = None  # the receiver's lon, lat
    simulated: bool = False
    simulated_prefixes: tuple[str, ...] = ()
    gps_clock: bool = False  # the counter is a GPS one, where the receiver does not say so itself
    idle_timeout_s: float = IDLE_TIMEOUT_S
    connection_limit: int = CONNECTION_LIMIT

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "kind", FeedKind(self.kind))
        except ValueError:
            raise Malformed("feed.kind", f"{self.kind!r} is not beast, avr or sbs") from None
        if not self.name:
            raise Malformed("feed.name", "a feed needs a name")
        if (self.listen is None) == (self.connect is None):
            raise Malformed("feed.listen", "say either listen or connect, as HOST:PORT")
        host_port(self.address, "feed.connect" if self.listen is None else "feed.listen")
        if self.reference_position is not None:
            lon_deg, lat_deg = self.reference_position
            Position(lon_deg=lon_deg, lat_deg=lat_deg)
        for prefix in self.simulated_prefixes:
            if not 1 <= len(prefix) <= 6 or set(prefix) - set("0123456789abcdef"):
                raise Malformed(
                    "feed.simulated_prefixes", f"{prefix[:20]!r} is not 1 to 6 lower-case hex digits"
                )
        if self.idle_timeout_s <= 0:
            raise Malformed("feed.idle_timeout_s", "must be more than 0")
        if self.connection_limit < 1:
            raise Malformed("feed.connection_limit", "must be at least 1")

    @property
    def address(self) -> str:
        """Where it listens or whereto it connects."""
        return self.listen or self.connect or ""

    def is_simulated(self, icao24: str) -> bool:
        """Whether an address of this feed is to be marked simulated."""
        return self.simulated or icao24.startswith(self.simulated_prefixes)


def host_port(text: str, field: str) -> tuple[str, int]:
    """`127.0.0.1:30036` or `[::1]:30036` as host and port. Raises Malformed."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise Malformed(field, f"{text[:80]!r} is not HOST:PORT")
    if host.startswith("[") and host.endswith("]"):
        return host[1:-1], int(port)
    return host, int(port)


class Counts:
    """A feed's running totals; mutable, shared by its connections."""

    __slots__ = (
        "bytes",
        "connections_total",
        "crc_errors",
        "frames",
        "framing_errors",
        "last_error",
        "last_heard_at_s",
        "positions",
        "positions_refused",
        "refused_connections",
        "repeats",
        "sightings",
        "source_clock",
        "unverified",
        "valid",
    )

    def __init__(self) -> None:
        self.bytes = self.frames = self.valid = self.repeats = 0
        self.crc_errors = self.framing_errors = self.unverified = 0
        self.sightings = self.positions = self.positions_refused = 0
        self.connections_total = self.refused_connections = 0
        self.last_heard_at_s: float | None = None
        self.last_error = ""
        self.source_clock = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedStatus:
    """A feed at one moment: what /metrics and the console show. Counts are totals since start."""

    name: str
    kind: FeedKind
    address: str
    listening: bool  # it listens (else it connects)
    simulated: bool  # some or all of its aircraft are
    connected: bool  # at least one source is on the line
    connections: int
    connections_total: int
    refused_connections: int  # beyond the limit
    backlog_bytes: int  # received and not yet read
    bytes: int
    frames: int  # well cut, good or bad
    valid: int  # believed; repeats included
    repeats: int  # the same frame with the same counter again: read once, then only counted
    crc_errors: int
    framing_errors: int
    unverified: int  # address laid over parity, not known from a good frame
    sightings: int
    positions: int
    positions_refused: int  # it could not have flown there
    last_heard_at_s: float | None  # UTC seconds of the last good frame
    source_clock: str  # counter; utc: believed; arrival: none, or too far from ours
    last_error: str
