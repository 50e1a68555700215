"""高度跳变: a height that has jumped by more than could have been flown. Nobody knows then which of the two is right.

For a while both count (`other_m`): a net that would have cried with the one or with the other cries, and flags it. So a
faulty altimeter, or a second source that measures from elsewhere, neither makes nor hides an alert in silence.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dispatch.alerts import AMBER, Alert
from dispatch.kinds import AlertKind
from dispatch.safety.sky import Flying, Sky
from dispatch.sighting import DATUMS, Floats


@dataclass(slots=True)
class _Jump:
    at_s: float
    before_m: float  # the height that was believed, carried on
    before_at_s: float
    by_m: float
    datum: int  # before


class HeightNet:
    """Remembers the last height of everything; columns by slot, grown as the picture grows."""

    name = "height"
    kinds = (AlertKind.HEIGHT_JUMP,)

    def __init__(self) -> None:
        self.other_m: Floats | None = None
        self._height: Floats = np.full(0, np.nan)
        self._at_s: Floats = np.zeros(0)
        self._climb: Floats = np.zeros(0)
        self._number = np.zeros(0, np.int64)
        self._datum = np.zeros(0, np.int32)
        self._jumps: dict[tuple[int, int], _Jump] = {}

    def look(self, sky: Sky) -> list[Alert]:
        """Jumps that are fresh enough to be minded."""
        there, values = sky.flying, sky.values
        self._grow(there)
        slot = there.slot
        passed_s = sky.now_s - self._at_s[slot]
        expected = self._height[slot] + self._climb[slot] * np.clip(passed_s, 0.0, 60.0)
        may_m = values.of("height", "jump_m") + values.of("height", "climb_mps") * np.clip(
            passed_s, 0.0, None
        )
        same = self._number[slot] == there.number
        with np.errstate(invalid="ignore"):
            jumped = same & there.airborne & (np.abs(there.altitude_m - expected) > may_m)
        for place in np.flatnonzero(jumped).tolist():
            key = (int(slot[place]), int(there.number[place]))
            standing = self._jumps.get(key)
            before_m = float(expected[place])
            # it jumps back: the height that was doubted stays the other one
            if standing is None or sky.now_s - standing.at_s > values.of("height", "kept_s"):
                standing = None
            self._jumps[key] = _Jump(
                at_s=sky.now_s if standing is None else standing.at_s,
                before_m=before_m,
                before_at_s=sky.now_s,
                by_m=float(there.altitude_m[place] - before_m),
                datum=int(self._datum[slot[place]]),
            )
        self._remember(there, sky.now_s)
        return self._told(sky)

    def timers(self, sky: Sky) -> Iterator[float]:
        """When jumps will be minded no more."""
        kept_s = sky.values.of("height", "kept_s")
        return (one.at_s + kept_s for one in self._jumps.values())

    def _grow(self, there: Flying) -> None:
        wanted = int(there.slot.max()) + 1 if len(there) else 0
        more = wanted - len(self._height)
        if more > 0:
            self._height = np.append(self._height, np.full(more, np.nan))
            self._at_s = np.append(self._at_s, np.zeros(more))
            self._climb = np.append(self._climb, np.zeros(more))
            self._number = np.append(self._number, np.zeros(more, np.int64))
            self._datum = np.append(self._datum, np.zeros(more, np.int32))

    def _remember(self, there: Flying, now_s: float) -> None:
        said = np.isfinite(there.altitude_m) & there.airborne
        slot = there.slot[said]
        self._height[slot] = there.altitude_m[said]
        self._at_s[slot] = now_s
        self._climb[slot] = there.climb_mps[said]
        self._number[slot] = there.number[said]
        self._datum[slot] = there.datum[said]

    def _told(self, sky: Sky) -> list[Alert]:
        there = sky.flying
        kept_s = sky.values.of("height", "kept_s")
        self._jumps = {key: one for key, one in self._jumps.items() if sky.now_s - one.at_s <= kept_s}
        self.other_m = None
        if not self._jumps:
            return []
        alerts = []
        other_m = np.full(len(there), np.nan)
        place_of = {int(slot): place for place, slot in enumerate(there.slot.tolist())}
        for (slot, number), one in self._jumps.items():
            place = place_of.get(slot)
            if place is None or int(there.number[place]) != number:
                continue
            climbed = float(there.climb_mps[place]) * (sky.now_s - one.before_at_s)
            other_m[place] = one.before_m + climbed
            datum = DATUMS[one.datum]
            alerts.append(
                Alert(
                    id=f"height_jump:{there.id_of(place)}",
                    kind=AlertKind.HEIGHT_JUMP,
                    severity=AMBER,
                    code="" if datum is None else datum.value,
                    began_at_s=one.at_s,
                    figures={"by_m": one.by_m, "before_m": one.before_m},
                    **there.about(place),
                )
            )
        self.other_m = other_m
        return alerts
