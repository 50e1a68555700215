"""How alarms may be handled: dated rows, each with its source. `limits_at` gives the one in force.

Values marked (p) are proposed: no text of the field names them; a province may state its own in a later row.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from dispatch.kinds import AlertKind

RED, AMBER, INFO = 1, 2, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertLimits:
    """One edition."""

    since: datetime
    shelve_minutes: Mapping[int, int]  # most, by severity
    inhibit_minutes: int  # most
    inhibit_radius_m: float  # most
    latching: frozenset[AlertKind]  # red ones of these stay until acknowledged
    never_inhibited: frozenset[AlertKind]
    chatter_begins: int  # so often begun
    chatter_s: float  # within this
    quiet_s: float  # a chattering one ends after so long without
    flood: int  # more new ones than this
    flood_s: float  # within this
    missing_s: float  # after a start, an acknowledged alarm that is not heard of for so long is over
    source: str


_FIRST = AlertLimits(
    since=datetime(2020, 1, 1, tzinfo=UTC),
    shelve_minutes={RED: 3, AMBER: 60, INFO: 480},
    inhibit_minutes=60,
    inhibit_radius_m=20_000.0,
    latching=frozenset({AlertKind.EMERGENCY}),
    never_inhibited=frozenset({AlertKind.EMERGENCY, AlertKind.LEFT_OUT, AlertKind.NET_FAILED}),
    chatter_begins=3,
    chatter_s=60.0,
    quiet_s=60.0,
    flood=10,
    flood_s=600.0,
    missing_s=60.0,
    source=(
        "ANSI/ISA-18.2-2016 and IEC 62682: shelving has a time limit by priority, who and why are kept; a chattering "
        "alarm repeats three or more times a minute; a flood begins at more than ten new alarms in ten minutes for "
        "one operator. DOMAIN §3: 7500, 7600, 7700 and 7400 latch until acknowledged. (p): 3 min for red, for as "
        "long as a call to a crew takes; an hour for amber and for an inhibition, as a circuit over one fire lasts; "
        "a shift for information; 20 km, the ring of a fire's airspace; missing: a lost track's minute"
    ),
)

EDITIONS = (
    _FIRST,
    replace(
        _FIRST,
        since=datetime(2026, 12, 1, tzinfo=UTC),
        latching=frozenset({AlertKind.EMERGENCY, AlertKind.DRONE, AlertKind.AIRSPACE}),
        source=(
            "As before, and (p): ANSI/ISA-18.2-2016 has an alarm latch where it asks for an act although the condition may "
            "be over before anybody looks. A drone among low aircraft does: crews are told, the incident is recorded, "
            "and it may come back. So does a breach that is red by the rows of its net (prohibited, restricted, danger "
            "area, closure): it has to be told to ATC or to whom the airspace belongs, however short it was. Amber ones of "
            "either do not; a conflict, terrain, fuel or contact that is over asks for nothing at the desk"
        ),
    ),
)


def limits_at(now: datetime) -> AlertLimits:
    """The edition in force."""
    return max(
        (each for each in EDITIONS if each.since <= now), key=lambda each: each.since, default=EDITIONS[0]
    )
