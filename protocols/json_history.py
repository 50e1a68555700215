"""The archive's doors in JSON: which reports are asked for, and how they are answered."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from dispatch.kinds import AltitudeDatum, Emergency, SourceKind, ThingKind
from protocols.json_answers import Answered
from protocols.json_doors import BBOX_PATTERN, END, Body, Instant

DEFAULT_SPAN = timedelta(hours=1)  # where only one end, or none, is given
EARLIEST, LATEST = datetime(1970, 1, 2, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
LONGEST_STEP_S = 86_400.0
IDS = 100  # things in one question
_KEY = r"[!-+\--~]{1,80}"  # printable ASCII without blank and comma
IDS_PATTERN = rf"^({_KEY}(,{_KEY}){{0,{IDS - 1}}})?" + END
CURSOR_PATTERN = r"^([0-9]{1,17}~[0-9]{1,9})?" + END
US_PER_S = 1_000_000
_ADDRESS_DIGITS = 6


def _known(at: datetime | None) -> datetime | None:
    """A time of which an archive could know."""
    return None if at is None else min(max(at, EARLIEST), LATEST)


class HistoryQuery(Body, frozen=True, kw_only=True):
    """Which reports: `from` <= made < `to`, inside `bbox`, of `ids`, one for each thing in `step_s`."""

    from_: Instant | None = msgspec.field(name="from", default=None)  # an hour before `to` when left out
    to: Instant | None = None  # now when left out
    bbox: Annotated[
        str, Meta(max_length=120, pattern=BBOX_PATTERN, description="west,south,east,north in degrees")
    ] = ""
    ids: Annotated[
        str,
        Meta(
            max_length=81 * IDS, pattern=IDS_PATTERN, description="track ids or icao24 addresses, with commas"
        ),
    ] = ""
    step_s: Annotated[
        float,
        Meta(
            ge=0,
            le=LONGEST_STEP_S,
            description="one row for each thing in each step, with the last word on everything; 0: all reports",
        ),
    ] = 0.0
    limit: Annotated[int, Meta(ge=1, le=5000)] = 1000
    cursor: Annotated[str, Meta(max_length=27, pattern=CURSOR_PATTERN)] = ""

    def bounds(self) -> tuple[float, float, float, float] | None:
        """West, south, east, north; None for everywhere."""
        if not self.bbox:
            return None
        west, south, east, north = (float(part) for part in self.bbox.split(","))
        return west, south, east, north

    def span_us(self, now: datetime) -> tuple[int, int]:
        """From and to, microseconds since 1970; nothing is between them where `from` is after `to`."""
        to = _known(self.to) or (_known(self.from_) or now - DEFAULT_SPAN) + DEFAULT_SPAN
        begin = _known(self.from_) or to - DEFAULT_SPAN
        return round(begin.timestamp() * US_PER_S), round(to.timestamp() * US_PER_S)

    def things(self) -> tuple[tuple[str, ...], tuple[int, ...]]:
        """Track ids, and 24-bit addresses among them."""
        return named(self.ids.split(",") if self.ids else [])


class HistoryColumnsQuery(HistoryQuery, frozen=True, kw_only=True):
    """The same, with more rows to a page."""

    limit: Annotated[int, Meta(ge=1, le=50_000)] = 50_000


def named(words: list[str]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Words a person gives for things: track ids as they are, and 24-bit addresses where they could be one."""
    lowered = {word.lower().removeprefix("icao24:") for word in words}
    hexadecimal = {
        word for word in lowered if len(word) == _ADDRESS_DIGITS and set(word) <= set("0123456789abcdef")
    }
    return tuple(words), tuple(sorted(int(word, 16) for word in hexadecimal))


class HistoryPoint(Answered, frozen=True, kw_only=True):
    """A report, or the last word on everything in one step. Null: not said."""

    id: str
    icao24: str
    at: datetime
    lon_deg: float | None
    lat_deg: float | None
    accuracy_m: float | None
    altitude_m: float | None
    altitude_datum: AltitudeDatum | None
    ground_speed_mps: float | None
    track_deg: float | None
    vertical_rate_mps: float | None
    callsign: str
    squawk: str
    emergency: Emergency | None
    emitter_category: str
    thing_kind: ThingKind | None
    on_ground: bool | None
    simulated: bool
    source: str
    source_kind: SourceKind | None


class HistoryPage(Answered, frozen=True, kw_only=True):
    """Part of an answer, in order of time; `next` is the cursor of the following part, null at the end."""

    items: list[HistoryPoint]
    next: str | None
