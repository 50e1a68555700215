"""Who is in a turn, and where a quarter turn would take it (转弯外推): what a straight line sees late in a circuit.

Courses of the last looks are kept by slot; their slope is the rate of turn. Who turns faster than noise does is expected
to roll out after a quarter turn, as a circuit is flown: it is then a second mover beside the straight one, that flies the
new course through the point of rolling out. Both hypotheses are looked at; neither hides the other.
"""

from dataclasses import dataclass

import numpy as np

from dispatch.gate import Indices
from dispatch.safety.parameters import Values
from dispatch.safety.sky import Flying
from dispatch.sighting import Floats

LOOKS = 5  # that a rate is measured over
QUARTER_DEG = 90.0
_TIMES = np.arange(LOOKS) - (LOOKS - 1) / 2
_WEIGHTS = _TIMES / (_TIMES**2).sum()


@dataclass(frozen=True, slots=True, kw_only=True)
class RolledOut:
    """Of each of these places metres to shift it by, and its velocity after the turn."""

    place: Indices
    shift_east_m: Floats
    shift_north_m: Floats
    east_mps: Floats
    north_mps: Floats
    from_s: Floats  # when it will have rolled out


class Turning:
    """Remembers courses by slot."""

    def __init__(self) -> None:
        self._courses: Floats = np.full((LOOKS, 0), np.nan)  # unwrapped, the newest last
        self._steady: Floats = np.full(0, np.nan)  # the course before the turn
        self._number = np.zeros(0, np.int64)

    def look(self, there: Flying, values: Values) -> RolledOut:
        """Who turns now."""
        self._grow(int(there.slot.max()) + 1 if len(there) else 0)
        slot = there.slot
        other = self._number[slot] != there.number
        self._courses[:, slot[other]], self._steady[slot[other]] = np.nan, np.nan
        self._number[slot] = there.number
        speed = np.hypot(there.east_mps, there.north_mps)
        course = np.degrees(np.arctan2(there.east_mps, there.north_mps))
        known = there.airborne & (speed > 10.0)
        before = self._courses[-1, slot]
        turned = (course - before + 180.0) % 360.0 - 180.0
        unwrapped = np.where(np.isnan(before), course, before + turned)
        self._courses[:-1] = self._courses[1:]
        self._courses[-1] = np.nan
        self._courses[-1, slot] = np.where(known, unwrapped, np.nan)
        rate = (
            _WEIGHTS @ self._courses[:, slot]
        )  # degrees a look, a look a second; NaN until enough are known
        with np.errstate(invalid="ignore"):
            turns = np.abs(rate) >= values.of("conflict", "turn_dps")
        # what was flown before the looks of the slope is the course that the turn began from
        self._steady[slot] = np.where(turns, self._steady[slot], self._courses[0, slot])
        place = np.flatnonzero(turns & (speed <= values.of("conflict", "turn_most_mps"))).astype(np.int32)
        return _rolled_out(there, place, rate[place], unwrapped[place], self._steady[slot[place]])

    def _grow(self, wanted: int) -> None:
        more = wanted - len(self._steady)
        if more > 0:
            self._courses = np.concatenate((self._courses, np.full((LOOKS, more), np.nan)), axis=1)
            self._steady = np.append(self._steady, np.full(more, np.nan))
            self._number = np.append(self._number, np.zeros(more, np.int64))


def _rolled_out(there: Flying, place: Indices, rate: Floats, course: Floats, steady: Floats) -> RolledOut:
    left_deg = QUARTER_DEG - np.sign(rate) * (course - steady)
    goes_on = np.isfinite(left_deg) & (left_deg > 5.0) & (left_deg <= QUARTER_DEG)
    place, rate, course, left_deg = place[goes_on], rate[goes_on], course[goes_on], left_deg[goes_on]
    speed = np.hypot(there.east_mps[place], there.north_mps[place])
    turn_s = left_deg / np.abs(rate)
    begin, end = np.radians(course), np.radians(course + np.sign(rate) * left_deg)
    radius_m = np.sign(rate) * speed / np.radians(np.abs(rate))
    # along the arc, and back along the new course by as long as the turn takes
    east, north = speed * np.sin(end), speed * np.cos(end)
    return RolledOut(
        place=place,
        shift_east_m=radius_m * (np.cos(begin) - np.cos(end)) - east * turn_s,
        shift_north_m=radius_m * (np.sin(end) - np.sin(begin)) - north * turn_s,
        east_mps=east,
        north_mps=north,
        from_s=turn_s,
    )
