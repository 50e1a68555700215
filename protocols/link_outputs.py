"""What a link session asks of the world around it: values that adapters/link carries out in order."""

from dataclasses import dataclass
from datetime import timedelta

from protocols.codec.link import LinkTrack
from protocols.rows import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Put this frame on the socket."""

    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """Read up to `limit` journal rows after `after` and call `rows_available`."""

    conversation: int
    after: int
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliver:
    """Have the desk commit these rows and move its cursor, in the order delivered, then call `committed`."""

    conversation: int
    epoch: str
    after: int
    through: int
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Acked:
    """The partner has committed everything up to our row `through`."""

    through: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerTracks:
    """The partner's aircraft: how old each position is now, clocks compared."""

    tracks: tuple[tuple[LinkTrack, timedelta], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """Close the socket; what is to be sent before it was put out before it."""

    code: str
    detail: str


Output = Send | Want | Deliver | Acked | PartnerTracks | Close
