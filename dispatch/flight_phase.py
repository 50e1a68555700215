"""Take-off, water, drops, scene and landing, read off one aircraft's track (由航迹判读飞行阶段).

    ground -> air -> ground, and in the air: to the scene, over water, over the fire

What is found is proposed to people and decides nothing. Each finding says when, where, how sure and by which figures.
Height above ground comes from the caller's ground where there is one, else from a known place nearby, else it is the
height above the lowest lately seen. All thresholds stand in `Limits`, each entered and left at different figures.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from dispatch.flight_samples import Cleaner, TrackSample, apart_m
from dispatch.kinds import AltitudeDatum


class FlightEventKind(StrEnum):
    """What was found."""

    TAKE_OFF = "take_off"  # 起飞
    LANDING = "landing"  # 落地
    WATER_PICK_UP = "water_pick_up"  # 取水
    DROP = "drop"  # 投水
    ON_SCENE = "on_scene"  # 到场
    OFF_SCENE = "off_scene"  # 离场


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightEvent:
    """One finding. `confidence` 0 to 1 orders findings and is no probability; `why` holds figures, units in names."""

    kind: FlightEventKind
    at_s: float
    lon_deg: float
    lat_deg: float
    confidence: float
    why: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPlace:
    """A base, a water point or the incident, with its ground."""

    lon_deg: float
    lat_deg: float
    elevation_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Thresholds, proposed by us from the tuning part of the labelled recordings; not from a rule of flying."""

    valid_from: date = date(2026, 11, 26)
    source: str = "proposed; tuned on tests/data/flight_events (part tune)"
    air_above_m: float = 25.0
    air_mps: float = 35.0  # faster is flying, unless the aircraft says it is on the ground
    ground_below_m: float = 12.0
    ground_mps: float = 3.0
    ground_flag_mps: float = 80.0  # a ground flag above this speed is not believed
    hold_s: float = 4.0  # a state must be seen this long, and in two samples
    lost_s: float = 180.0  # unheard this long after being low near the base: landed, most likely
    lost_within_m: float = 6_000.0
    lost_below_m: float = 400.0  # receivers in hills lose aircraft well above the ground
    gap_s: float = 120.0  # dwells do not span a longer silence
    scene_in_m: float = 3_000.0  # left at twice this
    water_within_m: float = 500.0
    hover_below_m: float = 60.0
    hover_mps: float = 6.0
    hover_left_mps: float = 10.0
    hover_s: float = 15.0
    again_within_m: float = 300.0  # of an earlier low hover that nobody named: a water place
    drop_within_m: float = 2_500.0
    drop_below_m: float = 120.0
    drop_mps: float = 22.0
    drop_left_mps: float = 28.0
    wing_mps: float = 90.0  # slower than this in a pass; a tanker's drop is near 65 m/s
    wing_least_mps: float = 25.0  # slower than this no tanker flies
    wing_down_m: float = 180.0  # before the lowest point of a drop
    wing_up_m: float = 60.0  # after it
    wing_low_m: float = 350.0  # above the lowest seen near the scene, pressure heights being what they are
    wing_within_m: float = 10_000.0
    wing_window_s: float = 240.0
    wing_apart_s: float = 60.0


LIMITS = Limits()
NEAR_GROUND_M = 3_000.0  # a known place's elevation serves as ground this near
LOWEST_KEPT_S = 3_600.0
WING_EVERY_S = 5.0  # a dip takes longer, and the search through the window costs half a millisecond
MOST_KEPT = 512  # samples and places remembered; the oldest goes


@dataclass(slots=True)
class _Dwell:
    """Something going on since; the sample that began it."""

    first: TrackSample
    last: TrackSample
    lowest_m: float
    slowest_mps: float


@dataclass(slots=True)
class FlightPhases:
    """Of one aircraft on one task. `feed` each sample as it comes; findings come back, in order of being sure of."""

    fixed_wing: bool = False
    base: KnownPlace | None = None
    scene: KnownPlace | None = None
    water: tuple[KnownPlace, ...] = ()
    ground_m: Callable[[float, float], float | None] | None = None
    limits: Limits = LIMITS
    airborne: bool | None = None
    loaded: bool = False
    on_scene: bool = False
    cleaner: Cleaner = field(default_factory=Cleaner)
    _arrived: bool = False
    _change: _Dwell | None = None
    _hover: _Dwell | None = None
    _pass: _Dwell | None = None
    _dropped: bool = False
    _filled: bool = False  # in the hover that goes on now
    _closest: tuple[float, TrackSample] | None = None  # to the scene since water was taken
    _hovers: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=64))
    _recent: deque[TrackSample] = field(default_factory=lambda: deque(maxlen=MOST_KEPT))
    _lows: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=MOST_KEPT))
    _last_dip_s: float = float("-inf")
    _judged_s: float = float("-inf")

    def feed(self, raw: TrackSample) -> tuple[FlightEvent, ...]:
        """What this sample makes sure of. Never raises on what a source says."""
        sample = self.cleaner.take(raw)
        if sample is None:
            return ()
        last = self._recent[-1] if self._recent else None
        if last is not None and not 0.0 <= sample.at_s - last.at_s <= self.limits.gap_s:
            self._change = self._hover = self._pass = None
            if sample.at_s < last.at_s:  # the clock was set back
                self._recent.clear()
                self._lows.clear()
                self._last_dip_s = float("-inf")
        unheard = self._unheard(last, sample)
        self._recent.append(sample)
        above_m = self._above_m(sample)
        found = [*unheard, self._between(sample, above_m)]
        if self.airborne:
            found += [*self._at_scene(sample), *self._over_water(sample, above_m)]
            found.append(self._wing_drop() if self.fixed_wing else self._drop(sample, above_m))
        return tuple(each for each in found if each is not None)

    def resume(self, found: Iterable[FlightEventKind]) -> None:
        """Go on after a restart of the site from what was found before it, in that order."""
        for kind in found:
            match kind:
                case FlightEventKind.TAKE_OFF:
                    self.airborne = True
                case FlightEventKind.LANDING:
                    self._landed()
                case FlightEventKind.ON_SCENE:
                    self.on_scene = self._arrived = True
                case FlightEventKind.OFF_SCENE:
                    self.on_scene = False
                case FlightEventKind.WATER_PICK_UP:
                    self.loaded = True
                case FlightEventKind.DROP:
                    self.loaded = False

    def quiet(self, now_s: float) -> FlightEvent | None:
        """A landing that nobody heard: low near the base, and silent since. To be asked now and then."""
        last = self._recent[-1] if self._recent else None
        if last is None or not self.airborne or now_s - last.at_s < self.limits.lost_s or not self._low(last):
            return None
        if (last.vertical_rate_mps or 0.0) > 1.0:
            return None  # lost in the climb
        self._landed()
        return _event(FlightEventKind.LANDING, last, 0.5, None, off_base_m=self._base_m(last))

    def _unheard(self, last: TrackSample | None, sample: TrackSample) -> list[FlightEvent | None]:
        """What must have happened while nothing was heard, or before the first report."""
        landed = None
        if last is not None:
            if sample.at_s - last.at_s < self.limits.lost_s or not self._low(last):
                return []
            landed = self.quiet(sample.at_s)  # none of one that was climbing
        flying = (sample.ground_speed_mps or 0.0) > self.limits.air_mps and not sample.on_ground
        climbing = (sample.vertical_rate_mps or 0.0) > 1.0
        if self.airborne or not (flying and climbing and self._low(sample)):
            return [landed]
        self.airborne, self._change = True, None
        took_off = _event(FlightEventKind.TAKE_OFF, sample, 0.5, None, off_base_m=self._base_m(sample))
        return [landed, took_off]

    def _low(self, sample: TrackSample) -> bool:
        if self.base is None or self.base.elevation_m is None or sample.altitude_m is None:
            return False
        near = self._base_m(sample) <= self.limits.lost_within_m
        return near and sample.altitude_m - self.base.elevation_m <= self.limits.lost_below_m

    def _base_m(self, sample: TrackSample) -> float:
        return float("inf") if self.base is None else _off_m(sample, self.base)

    def _landed(self) -> None:
        self.airborne, self._change = False, None
        self.loaded = self.on_scene = self._arrived = False

    # Heights

    def _above_m(self, sample: TrackSample) -> float | None:
        altitude_m = sample.altitude_m
        if altitude_m is None or sample.altitude_datum is AltitudeDatum.AGL:
            return altitude_m
        self._lows.append((sample.at_s, altitude_m))
        ground_m = self._ground_at(sample)
        if ground_m is None:
            ground_m = min(low for at_s, low in self._lows if sample.at_s - at_s <= LOWEST_KEPT_S)
        return altitude_m - ground_m

    def _ground_at(self, sample: TrackSample) -> float | None:
        # A pressure height is off by more than a hover is high: over a place nearby its own error cancels out better.
        if self.ground_m is not None and sample.altitude_datum is AltitudeDatum.MSL:
            ground_m = self.ground_m(sample.lon_deg, sample.lat_deg)
            if ground_m is not None:
                return ground_m
        places = [place for place in (self.base, self.scene, *self.water) if place is not None]
        near = [
            (_off_m(sample, place), place.elevation_m) for place in places if place.elevation_m is not None
        ]
        way_m, elevation_m = min(near, default=(NEAR_GROUND_M + 1.0, None))
        return elevation_m if way_m <= NEAR_GROUND_M else None

    # On the ground or not

    def _looks_airborne(self, sample: TrackSample, above_m: float | None) -> bool | None:
        limits, speed = self.limits, sample.ground_speed_mps
        if self.fixed_wing and speed is not None and speed < limits.wing_least_mps:
            return False if sample.on_ground or self.airborne is False else None
        if sample.on_ground and (speed is None or speed < limits.ground_flag_mps):
            return False
        if speed is not None and speed > limits.air_mps:
            return True
        if above_m is not None and above_m > limits.air_above_m:
            return True
        still = speed is not None and speed < limits.ground_mps
        if still and above_m is not None and above_m < limits.ground_below_m:
            return False
        return None

    def _between(self, sample: TrackSample, above_m: float | None) -> FlightEvent | None:
        looks = self._looks_airborne(sample, above_m)
        if looks is None:
            return None
        if looks == self.airborne:
            self._change = None
            return None
        if self._change is None:
            self._change = _Dwell(sample, sample, above_m or 0.0, sample.ground_speed_mps or 0.0)
            return None
        first = self._change.first
        if sample.at_s - first.at_s < self.limits.hold_s:
            return None
        before, self.airborne, self._change = self.airborne, looks, None
        if before is None:
            return None
        if looks:
            return _event(FlightEventKind.TAKE_OFF, first, self._sure(first, 0.8), above_m, after=sample)
        self._landed()
        return _event(FlightEventKind.LANDING, first, self._sure(first, 0.8), above_m, after=sample)

    def _sure(self, sample: TrackSample, usual: float) -> float:
        near = self._base_m(sample) < NEAR_GROUND_M
        return min(1.0, usual + (0.1 if near else -0.2) + (0.1 if sample.on_ground is not None else 0.0))

    # Scene

    def _at_scene(self, sample: TrackSample) -> tuple[FlightEvent | None, ...]:
        if self.scene is None:
            return ()
        off_m = _off_m(sample, self.scene)
        within_m = self.limits.wing_within_m if self.fixed_wing else self.limits.scene_in_m
        if not self.on_scene and off_m <= within_m:
            self.on_scene = True
            if not self._arrived:  # between water and fire it arrives again and again: once a flight is told
                self._arrived = True
                return (_event(FlightEventKind.ON_SCENE, sample, 0.9, None, off_m=off_m),)
        elif self.on_scene and off_m >= 2 * within_m and not self._near_water(sample):
            self.on_scene = False
            return (self._unseen_drop(), _event(FlightEventKind.OFF_SCENE, sample, 0.5, None, off_m=off_m))
        return ()

    def _unseen_drop(self) -> FlightEvent | None:
        """Water was taken and the fire flown over, and now it fetches more or goes home: dropped between two reports."""
        closest, self._closest = self._closest, None
        if not self.loaded or closest is None or closest[0] > self.limits.drop_within_m:
            return None
        self.loaded = False
        return _event(FlightEventKind.DROP, closest[1], 0.4, None, off_m=closest[0])

    # Water

    def _near_water(self, sample: TrackSample) -> bool:
        return any(_off_m(sample, place) <= self.limits.water_within_m for place in self.water)

    def _over_water(self, sample: TrackSample, above_m: float | None) -> tuple[FlightEvent | None, ...]:
        limits, speed = self.limits, sample.ground_speed_mps
        if self.fixed_wing or speed is None:
            return ()
        most_mps = limits.hover_left_mps if self._hover else limits.hover_mps
        low = above_m is None or above_m < limits.hover_below_m
        if not low or speed > most_mps:
            self._hover_ends(sample)
            return ()
        if self._hover is None:
            self._hover, self._filled = _Dwell(sample, sample, above_m or 0.0, speed), False
        first = self._hover.first
        known = self._near_water(first)
        rare = known and len(self._recent) > 1 and sample.at_s - self._recent[-2].at_s >= limits.hover_s
        if above_m is None or self._at_base(first):
            return ()
        if sample.at_s - first.at_s < limits.hover_s and not rare:  # where reports are rare, one says it all
            return ()
        here = (first.lon_deg, first.lat_deg)
        if not (known or any(apart_m(*here, *place) <= limits.again_within_m for place in self._hovers)):
            return ()
        if self._filled:  # told already: it fills on, or stays
            return ()
        dropped = self._unseen_drop()
        if self.loaded:
            return ()
        self.loaded, self._dropped, self._filled = True, False, True
        sure = 0.5 if not known or rare else 0.9
        return (dropped, _event(FlightEventKind.WATER_PICK_UP, first, sure, above_m, after=sample))

    def _hover_ends(self, sample: TrackSample) -> None:
        hover, self._hover = self._hover, None
        known = hover is not None and self._near_water(hover.first)
        if hover is not None and not known and sample.at_s - hover.first.at_s >= self.limits.hover_s:
            self._hovers.append((hover.first.lon_deg, hover.first.lat_deg))

    def _at_base(self, sample: TrackSample) -> bool:
        return self._base_m(sample) <= self.limits.water_within_m

    def _takes_water(self, sample: TrackSample) -> bool:
        """Hovering low, or over known water that is not the fire's own place."""
        if self._hover is not None:
            return True
        off_m = [_off_m(sample, place) for place in self.water]
        scene_m = float("inf") if self.scene is None else _off_m(sample, self.scene)
        return any(water_m <= min(self.limits.water_within_m, scene_m) for water_m in off_m)

    # Drops

    def _drop(self, sample: TrackSample, above_m: float | None) -> FlightEvent | None:
        limits, speed = self.limits, sample.ground_speed_mps
        if not self.loaded or self.scene is None or speed is None or above_m is None:
            return None
        if self._takes_water(sample):  # water close to the fire: what is low and slow there fills its bucket
            self._pass = None
            return None
        off_m = _off_m(sample, self.scene)
        if self._closest is None or off_m < self._closest[0]:
            self._closest = (off_m, sample)
        near = off_m <= limits.drop_within_m
        most_mps = limits.drop_left_mps if self._pass else limits.drop_mps
        if near and above_m < limits.drop_below_m and speed <= most_mps:
            if self._pass is None:
                self._pass = _Dwell(sample, sample, above_m, speed)
            elif above_m < self._pass.lowest_m:
                self._pass.last, self._pass.lowest_m = sample, above_m
            if sample.at_s - self._pass.first.at_s >= limits.hold_s and not self._dropped:
                self._dropped, self.loaded, self._closest = True, False, None
                lowest, self._pass = self._pass, None
                return _event(FlightEventKind.DROP, lowest.last, 0.8, lowest.lowest_m, after=sample)
        else:
            self._pass = None
        return None

    def _wing_drop(self) -> FlightEvent | None:
        """A dip near the scene: down to a low slow point and up again, told once the climb is seen."""
        limits, now = self.limits, self._recent[-1]
        if self.scene is None or now.altitude_m is None:
            return None
        far = _off_m(now, self.scene) > 3 * limits.wing_within_m
        if far or 0.0 <= now.at_s - self._judged_s < WING_EVERY_S:
            return None
        self._judged_s = now.at_s
        flown = [(each, each.altitude_m) for each in self._recent if each.altitude_m is not None]
        since_s = max(now.at_s - limits.wing_window_s, self._last_dip_s + limits.wing_apart_s)
        late = [one for one in flown if one[0].at_s >= since_s]
        low, low_m = min(late, key=lambda one: one[1], default=(now, now.altitude_m))
        before = [one for one in flown if 0.0 < low.at_s - one[0].at_s <= limits.wing_window_s]
        before_m = max((height for _, height in before), default=low_m)
        about = [each.ground_speed_mps for each, _ in (*before[-2:], (low, low_m))]
        speed = min((each for each in about if each is not None), default=None)
        dips = before_m - low_m >= limits.wing_down_m and now.altitude_m - low_m >= limits.wing_up_m
        near = _off_m(low, self.scene) <= limits.wing_within_m
        if not (dips and near) or speed is None or speed > limits.wing_mps:
            return None
        ground_m = self._ground_at(low)
        above_m = None if ground_m is None else low_m - ground_m
        if above_m is not None and above_m > limits.wing_low_m:
            return None
        self._last_dip_s = low.at_s
        return _event(FlightEventKind.DROP, low, 0.6, above_m, down_m=before_m - low_m, after=now)


def _off_m(sample: TrackSample, place: KnownPlace) -> float:
    return apart_m(sample.lon_deg, sample.lat_deg, place.lon_deg, place.lat_deg)


def _event(
    kind: FlightEventKind,
    at: TrackSample,
    confidence: float,
    above_m: float | None,
    *,
    off_m: float | None = None,
    off_base_m: float | None = None,
    down_m: float | None = None,
    after: TrackSample | None = None,
) -> FlightEvent:
    figures = {
        "above_ground_m": above_m,
        "ground_speed_mps": at.ground_speed_mps,
        "from_scene_m": off_m,
        "from_base_m": off_base_m,
        "dip_m": down_m,
        "seen_for_s": None if after is None else after.at_s - at.at_s,
    }
    why = tuple((name, round(value, 1)) for name, value in figures.items() if value is not None)
    return FlightEvent(
        kind=kind,
        at_s=at.at_s,
        lon_deg=at.lon_deg,
        lat_deg=at.lat_deg,
        confidence=round(confidence, 2),
        why=why,
    )
