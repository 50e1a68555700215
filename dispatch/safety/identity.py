"""身份: what is wrong with who a track says it is, beside duplicate addresses (doubts.py finds those).

no_address  an aircraft of the fleet flies a tasking and nothing lists a 24-bit address of it
jump        it moved faster than 500 kt (faster than it says it flies), or positions of it were refused as jumps
"""

from collections.abc import Iterator

import numpy as np

from dispatch.alerts import AMBER, INFO, Alert
from dispatch.columns import DOUBT_BIT
from dispatch.kinds import AlertKind, Doubt
from dispatch.motion import DEGREE_M
from dispatch.safety.sky import Flight, Sky
from dispatch.sighting import ICAO24, Floats

FASTER_MPS = 100.0  # than it says it flies: airliners do more than 500 kt over ground


class IdentityNet:
    """Remembers where everything was at the look before; columns by slot."""

    name = "identity"
    kinds = (AlertKind.IDENTITY,)

    def __init__(self) -> None:
        self._lon: Floats = np.zeros(0)
        self._lat: Floats = np.zeros(0)
        self._at_s: Floats = np.zeros(0)
        self._number = np.zeros(0, np.int64)
        self._jumped: dict[str, tuple[float, float, float, int]] = {}  # when, speed, distance, number

    def look(self, sky: Sky) -> list[Alert]:
        """Faults that are there now, and jumps that are fresh."""
        return [*self._jumps(sky), *(each for flight in sky.flights if (each := _no_address(sky, flight)))]

    def timers(self, sky: Sky) -> Iterator[float]:
        """When jumps will be fresh no more."""
        kept_s = sky.values.of("identity", "kept_s")
        return (at_s + kept_s for at_s, _, _, _ in self._jumped.values())

    def _jumps(self, sky: Sky) -> list[Alert]:
        there, values = sky.flying, sky.values
        self._grow(int(there.slot.max()) + 1 if len(there) else 0)
        # where it was measured: what is carried on would hide the step back
        slot, back_s = there.slot, np.where(there.age_s < there.dim_s, there.age_s, 0.0)
        squeeze = np.maximum(0.01, np.cos(np.radians(there.lat_deg)))
        lon = there.lon_deg - there.east_mps * back_s / (DEGREE_M * squeeze)
        lat = there.lat_deg - there.north_mps * back_s / DEGREE_M
        passed_s = there.position_at_s - self._at_s[slot]
        east = ((lon - self._lon[slot] + 180.0) % 360.0 - 180.0) * squeeze
        gone_m = DEGREE_M * np.hypot(east, lat - self._lat[slot])
        known = (self._number[slot] == there.number) & (passed_s > 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            # less what encoding, rounded times and resampling make of a straight flight, as the gate has it
            surely_m = np.maximum(0.0, gone_m - values.of("identity", "jump_least_m"))
            speed = np.where(known, surely_m / np.maximum(passed_s, 0.2), 0.0)
        told = np.hypot(there.east_mps, there.north_mps)
        limit = np.maximum(values.of("identity", "jump_mps"), told + FASTER_MPS)
        jumped = known & (speed > limit)
        refused = (there.doubts & DOUBT_BIT[Doubt.JUMPS]) > 0
        for place in np.flatnonzero(jumped | refused).tolist():
            self._jumped[there.id_of(place)] = (
                sky.now_s,
                float(speed[place]) if jumped[place] else 0.0,
                float(gone_m[place]) if jumped[place] else 0.0,
                int(there.number[place]),
            )
        self._lon[slot], self._lat[slot], self._at_s[slot] = lon, lat, there.position_at_s
        self._number[slot] = there.number
        kept_s = values.of("identity", "kept_s")
        self._jumped = {key: each for key, each in self._jumped.items() if sky.now_s - each[0] <= kept_s}
        return [
            Alert(
                id=f"jump:{track_id}",
                kind=AlertKind.IDENTITY,
                severity=AMBER,
                code="jump",
                track_ids=(track_id,),
                numbers=(number,),
                began_at_s=at_s,
                figures={"speed_mps": speed, "by_m": gone} if gone else {},
            )
            for track_id, (at_s, speed, gone, number) in self._jumped.items()
        ]

    def _grow(self, wanted: int) -> None:
        more = wanted - len(self._lon)
        if more > 0:
            self._lon, self._lat = np.append(self._lon, np.zeros(more)), np.append(self._lat, np.zeros(more))
            self._at_s = np.append(self._at_s, np.zeros(more))
            self._number = np.append(self._number, np.zeros(more, np.int64))


def _no_address(sky: Sky, flight: Flight) -> Alert | None:
    craft = flight.aircraft
    if craft is None or craft.icao24:
        return None
    own = (one for one in sky.world.identities.values() if one.aircraft_id == craft.id and not one.retired)
    if any(key.startswith(f"{ICAO24}:") for one in own for key in one.keys):
        return None
    return Alert(
        id=f"no_address:{craft.id}",
        kind=AlertKind.IDENTITY,
        severity=INFO,
        code="no_address",
        tasking_id=flight.tasking.id,
        about=craft.name,
        began_at_s=sky.now_s,
        figures={},
        **({} if flight.place is None else sky.flying.about(flight.place)),
    )
