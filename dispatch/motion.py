"""Could it have flown there? The jump gate of positions, one per aircraft.

Used by protocols/modes.py on the receiver's own clock and by tracks.py on whatever clock two positions share,
so that a recording sent faster than it was flown is judged as it was flown. Distances are flat-earth: good to
a percent over the kilometres that matter here.
"""

import math

KNOT_MPS = 1852 / 3600  # ISO 80000-3
# The fastest ground speed of an ordinary velocity report: 1,022 kt on each axis (BDS 0,9 subtype 1, ICAO Doc 9871
# table A-2-9); 1,200 kt is beyond every aircraft that a province will meet, tail wind included.
LIMIT_MPS = 1200 * KNOT_MPS
# Twice what the fastest compound helicopter reached (255 kt, Eurocopter X3, 2013): for emitter category A7.
ROTORCRAFT_LIMIT_MPS = 500 * KNOT_MPS
ROTORCRAFT = "A7"  # emitter category, RTCA DO-260B §2.2.3.2.5.2
MARGIN_M = 1000.0  # encoding steps (5 m), rounding of time columns and GNSS noise, generously
Place = tuple[float, float, float]  # lon_deg, lat_deg, seconds on one clock
REACQUIRE = 3  # so many refused positions in a row that agree with each other are the truth
DEGREE_M = 111_195.0  # one degree on the mean sphere


def span_m(lon_a: float, lat_a: float, lon_b: float, lat_b: float) -> float:
    """Flat-earth distance between two WGS-84 positions in degrees, metres."""
    east_deg = (lon_b - lon_a + 180.0) % 360.0 - 180.0
    return DEGREE_M * math.hypot(east_deg * math.cos(math.radians((lat_a + lat_b) / 2)), lat_b - lat_a)


class MotionGate:
    """Remembers the last believed position and judges the next. Constant size.

    A `soft` position (relative to the receiver, not yet confirmed by a pair) never holds off a hard one.
    """

    __slots__ = ("_agreeing", "_other", "at_s", "lat_deg", "lon_deg", "soft")

    def __init__(self) -> None:
        self.lon_deg = self.lat_deg = self.at_s = math.nan
        self.soft = True
        self._agreeing = 0
        self._other = (math.nan, math.nan, math.nan)

    def admit(self, lon_deg: float, lat_deg: float, at_s: float, *, limit_mps: float, soft: bool) -> bool:
        """Whether to believe the position; `at_s` on the same clock as the last one. Believed becomes the anchor."""
        anchor = (self.lon_deg, self.lat_deg, self.at_s)
        here = (lon_deg, lat_deg, at_s)
        if math.isnan(self.at_s) or (self.soft and not soft) or reachable(anchor, here, limit_mps):
            self._believe(here, soft)
            return True
        agrees = self._agreeing > 0 and reachable(self._other, here, limit_mps)
        self._agreeing = self._agreeing + 1 if agrees else 1
        self._other = here
        if self._agreeing < REACQUIRE:
            return False
        self._believe(here, soft)
        return True

    def shift(self, by_s: float) -> None:
        """Restate what is remembered on another clock, which reads `by_s` more than the one so far."""
        self.at_s += by_s
        lon_deg, lat_deg, at_s = self._other
        self._other = (lon_deg, lat_deg, at_s + by_s)

    def _believe(self, here: tuple[float, float, float], soft: bool) -> None:
        self.lon_deg, self.lat_deg, self.at_s = here
        self.soft = soft
        self._agreeing = 0


def reachable(a: Place, b: Place, limit_mps: float) -> bool:
    """Whether one can get from `a` to `b`, in either direction of time, at no more than `limit_mps`."""
    return span_m(a[0], a[1], b[0], b[1]) <= MARGIN_M + limit_mps * abs(b[2] - a[2])
