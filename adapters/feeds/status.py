"""What a feed tells: running totals while it works, and its status at one moment. Plain values."""

from collections import Counter, deque
from dataclasses import dataclass

from adapters.feeds.config import FeedKind, Transport

# Names a reader may count under, of errors and of kinds of message each; more are counted together under OTHER.
NAME_LIMIT = 64
OTHER = "OTHER"
DETAIL_LIMIT = 200  # characters of an error's text that are kept
RATE_SAMPLES = 5  # one a second: the rate is of these last seconds
# Totals that are simple numbers: FeedStatus and /metrics have them under these names.
TOTALS = (
    "bytes",
    "frames",
    "valid",
    "repeats",
    "crc_errors",
    "framing_errors",
    "unverified",
    "sightings",
    "positions",
    "positions_refused",
    "dropped",
    "connections_total",
    "refused_connections",
    "peers_dropped",
)


class Counts:
    """A feed's running totals; mutable, shared by its connections."""

    __slots__ = (
        "_error",
        "_rate",
        "bytes",
        "connections_total",
        "dropped",
        "errors",
        "frames",
        "kinds",
        "last_heard_at_s",
        "peers_dropped",
        "positions",
        "positions_refused",
        "refused_connections",
        "repeats",
        "sightings",
        "valid",
    )

    def __init__(self) -> None:
        self.bytes = self.frames = self.valid = self.repeats = self.dropped = 0
        self.sightings = self.positions = self.positions_refused = 0
        self.connections_total = self.refused_connections = self.peers_dropped = 0
        self.errors: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.last_heard_at_s: float | None = None
        self._error: tuple[str, str] = ("", "")
        self._rate: deque[tuple[float, int]] = deque(maxlen=RATE_SAMPLES + 1)

    def error(self, code: str, detail: str = "", count: int = 1) -> None:
        """Something that could not be read, by its stable code."""
        _bounded_add(self.errors, code, count)
        self._error = (code, detail)

    def kind(self, name: str, count: int = 1) -> None:
        """A message of this kind, in the format's own words."""
        _bounded_add(self.kinds, name, count)

    def trouble(self, text: str) -> None:
        """Something about the line, not about a message."""
        self._error = ("", text)

    def tick(self, now: float) -> None:
        """Once a second."""
        self._rate.append((now, self.frames))

    @property
    def rate_per_s(self) -> float:
        """Messages a second, of late."""
        if len(self._rate) < 2:
            return 0.0
        (first_s, first), (last_s, last) = self._rate[0], self._rate[-1]
        return (last - first) / (last_s - first_s) if last_s > first_s else 0.0

    @property
    def last_error(self) -> str:
        """The last error's text."""
        return ": ".join(part for part in self._error if part)[:DETAIL_LIMIT]

    @property
    def crc_errors(self) -> int:
        """Frames whose parity or checksum was wrong."""
        return self.errors["CRC"]

    @property
    def unverified(self) -> int:
        """Frames with their address laid over parity, not known from a good frame."""
        return self.errors["UNVERIFIED"]

    @property
    def framing_errors(self) -> int:
        """All other bytes and values that could not be read."""
        return self.errors.total() - self.crc_errors - self.unverified


def _bounded_add(counter: Counter[str], name: str, count: int) -> None:
    if name not in counter and len(counter) >= NAME_LIMIT:
        name = OTHER
    counter[name] += count


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedStatus:
    """A feed at one moment: what /metrics and the console show. Counts are totals since start."""

    name: str
    kind: FeedKind
    transport: Transport
    address: str
    listening: bool  # it listens (else it connects)
    simulated: bool  # some or all of its aircraft are
    connected: bool  # at least one source is on the line
    connections: int  # of datagrams: senders heard of late
    connections_total: int
    refused_connections: int  # beyond the limit
    peers_dropped: int  # took our answers too slowly
    backlog_bytes: int  # received and not yet read
    bytes: int
    frames: int  # well cut, good or bad
    valid: int  # believed; repeats included
    repeats: int  # the same message again: read once, then only counted
    crc_errors: int
    framing_errors: int
    unverified: int  # address laid over parity, not known from a good frame
    errors: tuple[tuple[str, int], ...]  # all of them by code
    kinds: tuple[tuple[str, int], ...]  # messages by the format's own kinds
    sightings: int
    positions: int
    positions_refused: int  # it could not have flown there
    dropped: int  # datagrams that came faster than they could be read: the oldest go
    rate_per_s: float  # frames, of the last seconds
    last_heard_at_s: float | None  # UTC seconds of the last good frame
    source_clock: str  # counter; utc: believed; off: utc, not believed; arrival: none
    clock_off_s: float | None  # how far behind ours the worst source's clock is; None: right, or it has none
    last_error: str
