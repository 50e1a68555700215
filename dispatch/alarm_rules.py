"""Rules by which alarms are judged and matched: dated rows, each with its source. `rules_at` gives those in force.

Values marked (p) are proposed: no rule of the field was found for them; a province may state its own in a later row.
"""

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRules:
    """One edition of the rules."""

    since: datetime
    future_s: float  # a clock may be so far ahead before its time is flagged
    stale_s: float  # an alarm without its own expiry is old after this
    hotspot_gap_s: float  # pixels observed within this are one fire if they touch
    hotspot_reach_m: float  # allowed between the edges of two pixels that touch
    near_s: float  # two incidents observed within this may be the same
    near_m: float  # and this close, beyond what their positions may be off
    near_off_m: float  # no more is made of a vague position, or a warning for a province is near all
    source: str


EDITIONS = (
    AlarmRules(
        since=datetime(2020, 1, 1, tzinfo=UTC),
        future_s=120.0,
        stale_s=86_400.0,
        hotspot_gap_s=43_200.0,
        hotspot_reach_m=500.0,
        near_s=43_200.0,
        near_m=3_000.0,
        near_off_m=20_000.0,
        source=(
            "(p) future: clocks that are kept agree within seconds, two minutes are a fault; stale: a day; "
            "hotspot gap: no more than 12 h lie between passes of one polar orbiter over a place, by day and by night; "
            "hotspot reach: about one more VIIRS pixel, for a pixel's place is that of its centre; "
            "near: a lookout's bearing and a caller's 'behind the village' are a few kilometres off; "
            "near_off: a warning for a county reaches about that far, one for a prefecture would name everything"
        ),
    ),
)


def rules_at(now: datetime) -> AlarmRules:
    """The edition in force."""
    return max(
        (each for each in EDITIONS if each.since <= now), key=lambda each: each.since, default=EDITIONS[0]
    )
