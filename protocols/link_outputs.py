"""What a link session asks of the world around it: values that adapters/link carries out in order."""

from dataclasses import dataclass
from datetime import timedelta

from protocols.codec.link import LinkColumns, LinkRow, LinkTrack, PastWord, Word
from protocols.link_lanes import Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Put this frame on the socket."""

    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """Read up to `limit` rows of a lane after `after` and call `rows_available`."""

    conversation: int
    lane: Lane
    after: int
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliver:
    """Have the desk commit these rows and move its cursor, in the order delivered, then call `committed`."""

    conversation: int
    lane: Lane
    epoch: str
    after: int
    through: int
    rows: tuple[LinkRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Acked:
    """The partner has committed everything of a lane up to our row `through`."""

    lane: Lane
    through: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerTracks:
    """The partner's aircraft: how old each position is now, clocks compared."""

    tracks: tuple[tuple[LinkTrack, timedelta], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerColumns:
    """The partner's aircraft in columns; `underway` is to be added to the age of each."""

    columns: LinkColumns
    underway: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerSays:
    """Hands that point in a consultation, a piece of a file or a certificate asked for or given, or video."""

    word: Word


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerPast:
    """Tracks of a time that the partner missed are asked for, or some that we missed have come."""

    word: PastWord


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Leave the socket unread for so long: the partner sends more than it may."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """Close the socket; what is to be sent before it was put out before it."""

    code: str
    detail: str


Output = (
    Send | Want | Deliver | Acked | PartnerTracks | PartnerColumns | PartnerSays | PartnerPast | Pause | Close
)
