"""油量/日落/值勤: a flight that will soon be short of fuel, of light or of duty time.

    fuel      what is left is no more than the way home and 20 minutes. Left is what the tanks held at the last take-off,
              less what has been burnt since at the type's rate: a reckoning, no gauge
    daylight  30 minutes to sunset where it is; not for who may fly at night
    duty      an hour or less of duty or flying time is left to a member of the crew, or to the aircraft's stated end

What nobody has stated is not reckoned: an aircraft without a burn rate raises nothing here.
"""

from datetime import datetime, timedelta

from astral import Observer
from astral.sun import sun

from dispatch.alerts import AMBER, RED, Alert
from dispatch.fitness import spent
from dispatch.geo import Position, distance_m
from dispatch.kinds import AlertKind, Capability
from dispatch.papers.flights import sorties
from dispatch.records import Aircraft, Tasking
from dispatch.safety.hysteresis import Hysteresis
from dispatch.safety.sky import Flight, Sky
from dispatch.world import World

LOCAL = timedelta(hours=8)


class EnduranceNet:
    """Of every flight, seen or not."""

    name = "endurance"
    kinds = (AlertKind.ENDURANCE,)

    def __init__(self) -> None:
        self.hysteresis = Hysteresis()
        self._sunset: dict[tuple[str, str], datetime | None] = {}

    def look(self, sky: Sky) -> list[Alert]:
        """What runs short."""
        found = []
        for flight in sky.flights:
            craft = flight.aircraft
            if craft is None:
                continue
            found += [
                *_fuel(sky, flight, craft),
                *self._light(sky, flight, craft),
                *_duty(sky, flight, craft),
            ]
        return self.hysteresis.step(found, begin_looks=2, end_looks=4)

    def _light(self, sky: Sky, flight: Flight, craft: Aircraft) -> list[Alert]:
        if Capability.NIGHT in craft.capabilities:
            return []
        at = flight.tasking.incident_position
        day = (sky.now + LOCAL).date()
        key = (flight.tasking.id, day.isoformat())
        if key not in self._sunset:
            self._sunset = {kept: each for kept, each in self._sunset.items() if kept[1] == key[1]}
            self._sunset[key] = sunset(at, sky.now)
        ends = self._sunset[key]
        if ends is None:
            return []
        left_s = (ends - sky.now).total_seconds()
        if left_s > sky.values.of("endurance", "before_sunset_s"):
            return []
        return [
            _alert(sky, flight, "daylight", AMBER if left_s > 0 else RED, {"left_s": left_s}, lead_s=left_s)
        ]


def sunset(at: Position, now: datetime) -> datetime | None:
    """Of the local day; None where the sun does not set."""
    try:
        found: datetime = sun(Observer(latitude=at.lat_deg, longitude=at.lon_deg), date=(now + LOCAL).date())[
            "sunset"
        ]
    except ValueError:
        return None
    return found


def fuel_left_s(world: World, tasking: Tasking, craft: Aircraft, now: datetime) -> float | None:
    """Seconds of flight that are left in the tanks; None: not to be reckoned, or it has not taken off."""
    if craft.burn_kgps <= 0:
        return None
    fuel_kg = craft.fuel_kg
    base = world.bases.get(craft.at_base_id or craft.home_base_id)
    refuels = base is not None and craft.fuel_type in base.fuels
    flown = sorties(tasking)
    if not flown:
        return None
    for one in flown:
        until = one.landed_at or now
        fuel_kg -= max(0.0, (until - one.take_off_at).total_seconds()) * craft.burn_kgps
        if one.landed_at is not None and refuels:
            fuel_kg = craft.fuel_capacity_kg
    return fuel_kg / craft.burn_kgps


def _fuel(sky: Sky, flight: Flight, craft: Aircraft) -> list[Alert]:
    left_s = fuel_left_s(sky.world, flight.tasking, craft, sky.now)
    home = _home(sky.world, flight.tasking)
    if left_s is None or home is None or craft.cruise_mps <= 0:
        return []
    at = flight.tasking.incident_position
    if flight.place is not None:
        there = sky.flying
        at = Position(lon_deg=float(there.lon_deg[flight.place]), lat_deg=float(there.lat_deg[flight.place]))
    home_s = distance_m(at, home) / craft.cruise_mps
    reserve_s = sky.values.of("endurance", "fuel_reserve_s")
    spare_s = left_s - home_s - reserve_s
    if spare_s > sky.values.of("endurance", "fuel_early_s"):
        return []
    figures = {"left_s": left_s, "home_s": home_s, "reserve_s": reserve_s}
    return [_alert(sky, flight, "fuel", AMBER if spare_s > 0 else RED, figures, lead_s=max(0.0, spare_s))]


def _home(world: World, tasking: Tasking) -> Position | None:
    if tasking.elsewhere is not None:
        return tasking.elsewhere.position
    base = world.bases.get(tasking.base_id)
    return None if base is None else base.position


def _duty(sky: Sky, flight: Flight, craft: Aircraft) -> list[Alert]:
    lefts = [each.left_s for each in spent(sky.world, craft.id, sky.now)]
    if craft.duty_ends_at is not None:
        lefts.append((craft.duty_ends_at - sky.now).total_seconds())
    left_s = min(lefts, default=float("inf"))
    if left_s > sky.values.of("endurance", "before_duty_end_s"):
        return []
    return [
        _alert(sky, flight, "duty", AMBER if left_s > 0 else RED, {"left_s": left_s}, lead_s=max(0.0, left_s))
    ]


def _alert(
    sky: Sky, flight: Flight, code: str, severity: int, figures: dict[str, float], *, lead_s: float
) -> Alert:
    tasking = flight.tasking
    return Alert(
        id=f"endurance:{tasking.id}.{code}",
        kind=AlertKind.ENDURANCE,
        severity=severity,
        code=code,
        tasking_id=tasking.id,
        incident_id=tasking.incident_id,
        about=tasking.number,
        began_at_s=sky.now_s,
        figures=figures,
        lead_s=lead_s,
        **({} if flight.place is None else sky.flying.about(flight.place)),
    )
