"""Which source's word stands for a thing: the one whose position is likely nearest to where the thing is now.

The doubt of a position is the root of its stated accuracy squared plus what the thing may have drifted since,
squared. The best source is left for another only when that one is clearly better or the best has gone dim, so that
a symbol does not jump between two equal sources.

A Kalman filter over all sources (filterpy, Stone Soup) was weighed and left: a rescue helicopter hovers, turns and
lands within one report of a satellite terminal, so a filter's smooth answer is a position nobody measured, and the
desk must be able to say which source a position comes from. What the sources do not measure is not drawn.
"""

import math
from collections.abc import Mapping

import numpy as np

from dispatch.columns import SourceRows
from dispatch.freshness import LIMITS
from dispatch.gate import Indices
from dispatch.kinds import SourceKind
from dispatch.sighting import Bools, Floats

SWITCH = 0.7  # another source takes over when its doubt is less than this share of the best's
DRIFT_MPS = 5.0  # a hovering helicopter may be off by this much for each second of age
DRIFT_SHARE = 0.3  # a moving one by this share of its speed: a rate-one turn is 3 degrees a second
# What a source that states no accuracy is taken to hold, 95 %, metres. GNSS: ICAO Annex 10 Vol I table 3.7.2.4-1
# gives 9 to 17 m; phones and terminals in a valley do worse. Radar: EUROCONTROL-SPEC-147 allows 300 m to 500 m.
UNSTATED_M: Mapping[SourceKind, float] = {
    SourceKind.ADSB: 100.0,
    SourceKind.MLAT: 150.0,
    SourceKind.RADAR: 400.0,
    SourceKind.SYSTEM_TRACK: 200.0,
    SourceKind.TERMINAL: 30.0,
    SourceKind.NMEA: 20.0,
    SourceKind.COT: 30.0,
    SourceKind.PHONE: 50.0,
    SourceKind.REPORT: 300.0,
    SourceKind.PARTNER: 150.0,  # what our partner's source holds is not told with its tracks
}
KINDS: tuple[SourceKind, ...] = tuple(SourceKind)
_UNSTATED = np.array([UNSTATED_M[kind] for kind in KINDS])
_DIM = np.array([LIMITS[kind].dim_s for kind in KINDS])
KIND_CODES: Mapping[SourceKind, int] = {kind: code for code, kind in enumerate(KINDS)}


def doubt_m(rows: SourceRows, row: int, kind: SourceKind, now: float) -> float:
    """How far off a row's position may be at `now`, metres; infinite without one."""
    age_s = now - float(rows.position_at_s[row])
    if math.isnan(age_s):
        return math.inf
    stated = float(rows.accuracy_m[row])
    speed = float(rows.ground_speed_mps[row])
    drift = max(DRIFT_MPS, DRIFT_SHARE * speed) if not math.isnan(speed) else DRIFT_MPS
    return math.hypot(UNSTATED_M[kind] if math.isnan(stated) else stated, drift * max(0.0, age_s))


def doubts_m(rows: SourceRows, row: Indices, kind_codes: Indices, now: float) -> Floats:
    """`doubt_m` for many rows."""
    age_s = now - rows.position_at_s[row]
    stated = rows.accuracy_m[row].astype(np.float64)
    base = np.where(np.isnan(stated), _UNSTATED[kind_codes], stated)
    speed = np.nan_to_num(rows.ground_speed_mps[row].astype(np.float64))
    drift = np.maximum(DRIFT_MPS, DRIFT_SHARE * speed) * np.maximum(0.0, np.nan_to_num(age_s))
    return np.where(np.isnan(age_s), np.inf, np.hypot(base, drift))


def takes_over(
    rows: SourceRows,
    best: Indices,
    other: Indices,
    *,
    best_kinds: Indices,
    other_kinds: Indices,
    now: float,
) -> Bools:
    """Whether each `other` row stands for its thing better than its present `best`."""
    best_age_s = now - rows.position_at_s[best]
    dim = ~(best_age_s < _DIM[best_kinds])  # a best without a position is dim too
    best_m = doubts_m(rows, best, best_kinds, now)
    other_m = doubts_m(rows, other, other_kinds, now)
    better: Bools = (other_m < SWITCH * best_m) | (dim & (other_m <= best_m))
    return better
