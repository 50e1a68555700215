"""How old a position may grow: one row of limits per kind of source (DESIGN: 10/15/60 s for ADS-B, others by cadence).

A track is drawn full until `dim_s`, dimmed until `stale_s`, grey and standing still until `lost_s`, then a ghost.
Positions are carried forward (extrapolated) only while live or dim. The console reads the same table
(webui/acts.py writes it out for the page).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from dispatch.kinds import SourceKind


class Freshness(StrEnum):
    """How old a position looks."""

    LIVE = "live"  # 实时
    DIM = "dim"  # 变淡
    STALE = "stale"  # 陈旧
    LOST = "lost"  # 失联


class Limits(NamedTuple):
    """Ages in seconds at which a track of one kind of source dims, is stale, is lost."""

    dim_s: float
    stale_s: float
    lost_s: float


def of_cadence(cadence_s: float) -> Limits:
    """2, 3 and 10 times the cadence at which a source reports."""
    return Limits(2 * cadence_s, 3 * cadence_s, 10 * cadence_s)


_ADSB = Limits(10.0, 15.0, 60.0)

LIMITS: Mapping[SourceKind, Limits] = {
    SourceKind.ADSB: _ADSB,
    SourceKind.MLAT: _ADSB,
    SourceKind.RADAR: of_cadence(
        6.0
    ),  # one turn of a terminal-area antenna takes 4 to 6 s, en route up to 12 s
    SourceKind.SYSTEM_TRACK: of_cadence(5.0),  # ATC's tracker sends each track every 4 to 5 s
    SourceKind.TERMINAL: of_cadence(30.0),  # JT/T 808 terminals report every 10 to 60 s
    SourceKind.NMEA: of_cadence(5.0),  # 1 Hz at the receiver, thinned by gateways
    SourceKind.COT: of_cadence(30.0),  # a resting ATAK phone reports twice a minute
    SourceKind.PHONE: of_cadence(15.0),  # our own phone page
    SourceKind.REPORT: of_cadence(60.0),  # the HTTP door: whatever a gateway or a person sends
    SourceKind.PARTNER: of_cadence(5.0),  # thinned tracks between sites (DOMAIN §5)
}


def freshness(age_s: float, source_kind: SourceKind) -> Freshness:
    """What a position of this age is shown as."""
    limits = LIMITS[source_kind]
    if age_s < limits.dim_s:
        return Freshness.LIVE
    if age_s < limits.stale_s:
        return Freshness.DIM
    return Freshness.STALE if age_s < limits.lost_s else Freshness.LOST
