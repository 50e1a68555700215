"""What one aircraft's track says, sample by sample, made fit to be judged (航迹点整理).

`Cleaner.take` drops what cannot be (not a number, off the earth, backwards in time, flown faster than anything), fills a
missing ground speed from the way between two samples, and withholds a height that leapt. What is refused again and
again in a row, and agrees with itself, is the truth after all: a clock that was set, a position that was wrong before.
Nothing here raises on a bad sample; refusals are counted by name.
"""

import math
from collections import Counter
from dataclasses import dataclass, replace

from dispatch.geo import EARTH_RADIUS_M
from dispatch.kinds import AltitudeDatum

MOST_MPS = 350.0  # over ground; above any rescue aircraft and every airliner with the wind
MOST_CLIMB_MPS = 60.0  # several times what transports and helicopters do; more is a wrong height
AGREEING = 3  # refused in a row and agreeing with each other: believed from then on
SPEED_OVER_S = 1.0  # a speed made of positions needs at least this long between them
SPEED_WITHIN_S = 30.0  # and at most this long, or it is the speed of a chord


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackSample:
    """One report. `at_s` is UTC seconds since 1970; degrees WGS-84, SI; None: not said."""

    at_s: float
    lon_deg: float
    lat_deg: float
    altitude_m: float | None = None
    altitude_datum: AltitudeDatum | None = None
    ground_speed_mps: float | None = None
    vertical_rate_mps: float | None = None
    on_ground: bool | None = None
    source: str = ""


def apart_m(lon_a: float, lat_a: float, lon_b: float, lat_b: float) -> float:
    """Distance for points less than some hundred kilometres apart (better than 0.5 %), quick and never out of range."""
    east_deg = (lon_b - lon_a + 180.0) % 360.0 - 180.0
    x = math.radians(east_deg) * math.cos(math.radians((lat_a + lat_b) / 2))
    return EARTH_RADIUS_M * math.hypot(x, math.radians(lat_b - lat_a))


class Cleaner:
    """Of one aircraft. `refused` counts what was dropped, by name."""

    def __init__(self) -> None:
        self.refused: Counter[str] = Counter()
        self._last: TrackSample | None = None
        self._height: tuple[float, float] | None = None  # of the last good one: time, metres
        self._doubted: list[TrackSample] = []
        self._leapt: list[tuple[float, float]] = []

    def take(self, sample: TrackSample) -> TrackSample | None:
        """The sample made whole, or None where it is not to be used."""
        sample = _numbers_only(sample)
        if not _on_earth(sample):
            self.refused["not_a_place"] += 1
            return None
        last = self._last
        if last is not None:
            why = _why_not(last, sample)
            if why:
                self.refused[why] += 1
                if why == "again" or not self._believed(sample):
                    return None
                last = self._height = None  # the clock or the place was set: nothing before can be compared
                self._leapt = []
        self._doubted = []
        self._last = sample
        return self._with_height(_with_speed(last, sample))

    def _believed(self, sample: TrackSample) -> bool:
        if self._doubted and _why_not(self._doubted[-1], sample):
            self._doubted = []
        self._doubted.append(sample)
        return len(self._doubted) >= AGREEING

    def _with_height(self, sample: TrackSample) -> TrackSample:
        if sample.altitude_m is None:
            return sample
        here = (sample.at_s, sample.altitude_m)
        if self._height is not None and _leaps(self._height, here):
            self.refused["height"] += 1
            if self._leapt and _leaps(self._leapt[-1], here):
                self._leapt = []
            self._leapt.append(here)
            if len(self._leapt) < AGREEING:
                return replace(sample, altitude_m=None)
        self._leapt = []
        self._height = here
        return sample


def _numbers_only(sample: TrackSample) -> TrackSample:
    return replace(
        sample,
        altitude_m=_finite(sample.altitude_m, 20_000.0),
        ground_speed_mps=_finite(sample.ground_speed_mps, MOST_MPS, least=0.0),
        vertical_rate_mps=_finite(sample.vertical_rate_mps, MOST_CLIMB_MPS),
    )


def _finite(value: float | None, most: float, least: float | None = None) -> float | None:
    if value is None or not math.isfinite(value) or abs(value) > most:
        return None
    return None if least is not None and value < least else value


def _on_earth(sample: TrackSample) -> bool:
    numbers = (sample.at_s, sample.lon_deg, sample.lat_deg)
    return all(map(math.isfinite, numbers)) and abs(sample.lon_deg) <= 180.0 and abs(sample.lat_deg) <= 90.0


def _why_not(last: TrackSample, sample: TrackSample) -> str:
    """Why a sample cannot follow another; empty: it can."""
    passed_s = sample.at_s - last.at_s
    way_m = apart_m(last.lon_deg, last.lat_deg, sample.lon_deg, sample.lat_deg)
    if passed_s == 0.0 and way_m < 1.0:
        return "again"
    if passed_s <= 0.0:
        return "backwards"
    return "jump" if way_m > MOST_MPS * (passed_s + 1.0) else ""


def _leaps(before: tuple[float, float], here: tuple[float, float]) -> bool:
    return abs(here[1] - before[1]) > MOST_CLIMB_MPS * (abs(here[0] - before[0]) + 1.0)


def _with_speed(last: TrackSample | None, sample: TrackSample) -> TrackSample:
    if sample.ground_speed_mps is not None or last is None:
        return sample
    passed_s = sample.at_s - last.at_s
    if not SPEED_OVER_S <= passed_s <= SPEED_WITHIN_S:
        return sample
    way_m = apart_m(last.lon_deg, last.lat_deg, sample.lon_deg, sample.lat_deg)
    return replace(sample, ground_speed_mps=way_m / passed_s)
