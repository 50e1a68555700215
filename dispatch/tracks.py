"""What is known of one real thing now (航迹): its `Track`, and what each source says of it.

The picture (picture.py) keeps columns and makes these on demand. Times ending in `_at_s` are UTC seconds since 1970.
"""

from dataclasses import dataclass
from enum import StrEnum

from dispatch.kinds import AltitudeDatum, Doubt, Emergency, SourceKind, ThingKind


class Verdict(StrEnum):
    """What became of a sighting."""

    ACCEPTED = "accepted"
    STALE = "stale"  # older than what is known, or than its source's limit
    DUPLICATE = "duplicate"  # the same measurement again
    IMPLAUSIBLE = "implausible"  # it could not have flown there
    FUTURE = "future"  # its source's clock is ahead of ours
    BACKFILL = "backfill"  # kept by its sender while it had no link: for the archive only
    ELSEWHERE = "elsewhere"  # given to the other one with the same address
    REFUSED = "refused"  # one source too many


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One real thing. Position, speed and course are those of `source`; what it does not say comes from the others."""

    id: str  # of its identity, else its key
    number: int  # 32 bits, of this run of the site only
    icao24: str  # six lower-case hex digits; empty: none known
    keys: tuple[str, ...]
    source: str
    source_kind: SourceKind
    heard_at_s: float
    lon_deg: float | None = None
    lat_deg: float | None = None
    position_at_s: float | None = None
    accuracy_m: float | None = None
    altitude_m: float | None = None
    altitude_datum: AltitudeDatum | None = None
    ground_speed_mps: float | None = None
    track_deg: float | None = None
    vertical_rate_mps: float | None = None
    callsign: str | None = None
    registration: str | None = None
    name: str | None = None
    thing_kind: ThingKind | None = None
    squawk: str | None = None
    emergency: Emergency | None = None
    emitter_category: str | None = None
    on_ground: bool | None = None
    simulated: bool = False
    doubts: frozenset[Doubt] = frozenset()
    sources: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTrack:
    """What one source says of a thing now. `chosen`: its position stands for the thing."""

    source: str
    source_kind: SourceKind
    key: str
    heard_at_s: float
    lon_deg: float | None
    lat_deg: float | None
    position_at_s: float | None
    accuracy_m: float | None
    altitude_m: float | None
    altitude_datum: AltitudeDatum | None
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What changed in (from_tick, to_tick]. `whole`: everything there is, `lost` (ids) is then empty."""

    from_tick: int
    to_tick: int
    whole: bool
    tracks: tuple[Track, ...]
    lost: tuple[str, ...]
