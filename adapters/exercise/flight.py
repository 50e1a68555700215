"""How a simulated rescue aircraft flies: a pure model, time in, state out. No socket, no clock, no chance.

    PARKED -> RUNNING -> TO_WATER -> FILLING -> TO_SCENE -> DROPPING -> TO_WATER … -> HOLDING -> TO_BASE -> PARKED

What it is ordered to do (`Order`) follows from its tasking and is decided elsewhere (crew.py); the model only moves
in a way that an aircraft of the type could: speed changes, turns at a bank angle, climbs and descends at a rate,
hovers to fill, creeps to drop. Speeds and times of a type come from its record; the constants here are rounded
figures for drills, not for flying. An aircraft without water goes to the scene and circles. A fixed-wing one needs
speed to leave the ground and rolls to a stop after landing.
"""

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from dispatch.geo import EARTH_RADIUS_M, Position, bearing_deg, distance_m
from dispatch.kinds import AircraftKind
from dispatch.records import Aircraft

STEP_S = 0.25  # the model's own step; finer than any message it sends
GRAVITY_MPS2 = 9.80665
BANK_TAN = math.tan(math.radians(25))  # 25 degrees, a usual limit for line flying
PIVOT_DPS = 20.0  # turning on the spot in the hover
ACCELERATION_MPS2 = 1.2
CLIMB_MPS = 5.0
DESCENT_MPS = 4.0
TRANSIT_ABOVE_M = 300.0  # above the higher end of the leg
FILL_ABOVE_M = 20.0  # hover with the bucket on its line
DROP_ABOVE_M = 40.0
DROP_MPS = 12.0
HOLD_RADIUS_M = 1200.0
HOLD_MPS = 35.0
LIFT_OFF_MPS = 40.0  # fixed wing
APPROACH_TAN = math.tan(math.radians(6))
ROLL_OUT_M = LIFT_OFF_MPS**2 / (2 * ACCELERATION_MPS2)
NEAR_M = 20.0
PAD_M = 4.0
HOVER_BEFORE_SPEED_M = 15.0  # a helicopter climbs this far before it speeds up


class Phase(StrEnum):
    """What the aircraft is doing."""

    PARKED = "parked"  # transponder off
    RUNNING = "running"  # on the ground, transmitting
    TO_WATER = "to_water"
    FILLING = "filling"
    TO_SCENE = "to_scene"
    DROPPING = "dropping"
    HOLDING = "holding"
    TO_BASE = "to_base"


class Order(StrEnum):
    """What the crew wants now."""

    STAND = "stand"
    START = "start"
    GO = "go"
    HOME = "home"


ON_GROUND = frozenset({Phase.PARKED, Phase.RUNNING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A point with its ground."""

    position: Position
    elevation_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """What the model needs of a type."""

    cruise_mps: float
    loaded_mps: float
    hovers: bool
    fill_s: float
    drop_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Mission:
    """Where a sortie leads. `water` None: to the scene and circle. `drops`: how many before waiting for the order home.

    `stack_m` is added to transit and holding heights, so that aircraft on one way are not at one height.
    """

    base: Place
    scene: Place
    water: Place | None
    drops: int
    stack_m: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """One aircraft at one moment. Altitude above mean sea level; track and climb are those of the motion."""

    phase: Phase
    position: Position
    altitude_m: float
    ground_speed_mps: float = 0.0
    track_deg: float = 0.0
    climb_mps: float = 0.0
    phase_s: float = 0.0
    loaded: bool = False
    drops_done: int = 0
    reached_scene: bool = False

    @property
    def on_ground(self) -> bool:
        """Standing or rolling at its base."""
        return self.phase in ON_GROUND


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leg:
    """Where to go now: a point, the height to be at there, the speed on the way and at the end."""

    to: Place
    above_m: float
    speed_mps: float
    end_mps: float
    transit_m: float = TRANSIT_ABOVE_M  # height on the way, above the higher end
    level: bool = False  # stay at that height all the way, no transit height and approach


def performance_of(aircraft: Aircraft) -> Performance:
    """The figures of an aircraft's record."""
    return Performance(
        cruise_mps=aircraft.cruise_mps,
        loaded_mps=aircraft.loaded_mps,
        hovers=aircraft.kind is AircraftKind.HELICOPTER,
        fill_s=aircraft.water.fill_s if aircraft.water else 0.0,
        drop_s=aircraft.water.drop_s if aircraft.water else 0.0,
    )


def parked(base: Place) -> Flight:
    """An aircraft at its base, switched off."""
    return Flight(phase=Phase.PARKED, position=base.position, altitude_m=base.elevation_m)


def advance(flight: Flight, able: Performance, mission: Mission, order: Order, seconds: float) -> Flight:
    """The flight `seconds` later under an unchanged order."""
    left = seconds
    while left > 1e-9:
        step = min(left, STEP_S)
        flight = _step(flight, able, mission, order, step)
        left -= step
    return flight


def _step(flight: Flight, able: Performance, mission: Mission, order: Order, dt: float) -> Flight:
    flight = _obey(flight, mission, order)
    flight = replace(flight, phase_s=flight.phase_s + dt)
    match flight.phase:
        case Phase.PARKED | Phase.RUNNING:
            return flight
        case Phase.FILLING:
            return _fill(flight, able, mission, dt)
        case Phase.DROPPING:
            return _drop(flight, able, mission, dt)
        case Phase.HOLDING:
            return _move(flight, able, _hold_leg(flight, mission), dt)
        case _:
            return _travel(flight, able, mission, dt)


def _obey(flight: Flight, mission: Mission, order: Order) -> Flight:
    match order:
        case Order.START if flight.phase is Phase.PARKED:
            return _enter(flight, Phase.RUNNING)
        case Order.STAND if flight.phase is Phase.RUNNING:
            return _enter(flight, Phase.PARKED)
        case Order.GO if flight.phase in ON_GROUND:
            fresh = replace(flight, drops_done=0, loaded=False, reached_scene=False)
            return _enter(fresh, _outbound(mission))
        case Order.HOME | Order.STAND if flight.phase not in ON_GROUND | {Phase.TO_BASE}:
            return _enter(flight, Phase.TO_BASE)
        case _:
            return flight


def _outbound(mission: Mission) -> Phase:
    return Phase.TO_WATER if mission.water is not None and mission.drops > 0 else Phase.TO_SCENE


def _enter(flight: Flight, phase: Phase) -> Flight:
    return replace(flight, phase=phase, phase_s=0.0)


def _fill(flight: Flight, able: Performance, mission: Mission, dt: float) -> Flight:
    water = mission.water or mission.scene
    flight = _move(flight, able, _Leg(to=water, above_m=FILL_ABOVE_M, speed_mps=5.0, end_mps=0.0), dt)
    if flight.phase_s < able.fill_s:
        return flight
    return _enter(replace(flight, loaded=True), Phase.TO_SCENE)


def _drop(flight: Flight, able: Performance, mission: Mission, dt: float) -> Flight:
    ahead = beyond(flight.position, flight.track_deg, 2000.0)
    leg = _Leg(
        to=Place(position=ahead, elevation_m=mission.scene.elevation_m),
        above_m=DROP_ABOVE_M,
        speed_mps=DROP_MPS if able.hovers else LIFT_OFF_MPS * 1.3,
        end_mps=DROP_MPS,
        level=True,
    )
    flight = _move(flight, able, leg, dt)
    if flight.phase_s < able.drop_s:
        return flight
    flight = replace(flight, loaded=False, drops_done=flight.drops_done + 1)
    return _enter(flight, Phase.HOLDING if flight.drops_done >= mission.drops else Phase.TO_WATER)


def _hold_leg(flight: Flight, mission: Mission) -> _Leg:
    """Left-hand circles: aim at a point of the circle some way round from where we are."""
    angle = bearing_deg(mission.scene.position, flight.position) - 40.0
    aim = beyond(mission.scene.position, angle, HOLD_RADIUS_M)
    place = Place(position=aim, elevation_m=mission.scene.elevation_m)
    height_m = TRANSIT_ABOVE_M + mission.stack_m
    return _Leg(to=place, above_m=height_m, speed_mps=HOLD_MPS, end_mps=HOLD_MPS, transit_m=height_m)


def _travel(flight: Flight, able: Performance, mission: Mission, dt: float) -> Flight:
    leg = _leg_of(flight, able, mission)
    flight = _move(flight, able, leg, dt)
    if not _arrived(flight, able, leg):
        return flight
    match flight.phase:
        case Phase.TO_WATER:
            return _enter(flight, Phase.FILLING)
        case Phase.TO_SCENE:
            flight = replace(flight, reached_scene=True)
            return _enter(flight, Phase.DROPPING if flight.loaded else Phase.HOLDING)
        case _:
            return _touch_down(flight, mission)


def _touch_down(flight: Flight, mission: Mission) -> Flight:
    on_the_pad = replace(
        flight,
        position=mission.base.position,
        altitude_m=mission.base.elevation_m,
        ground_speed_mps=0.0,
        climb_mps=0.0,
        loaded=False,
    )
    return _enter(on_the_pad, Phase.RUNNING)


def _leg_of(flight: Flight, able: Performance, mission: Mission) -> _Leg:
    stop_mps = 0.0 if able.hovers else LIFT_OFF_MPS * 1.3
    speed_mps = able.loaded_mps if flight.loaded else able.cruise_mps
    transit_m = TRANSIT_ABOVE_M + mission.stack_m
    match flight.phase:
        case Phase.TO_WATER:
            to, above_m, end_mps = mission.water or mission.scene, FILL_ABOVE_M, stop_mps
        case Phase.TO_SCENE if flight.loaded:
            to, above_m, end_mps = mission.scene, DROP_ABOVE_M, DROP_MPS if able.hovers else stop_mps
        case Phase.TO_SCENE:
            to, above_m, end_mps = mission.scene, transit_m, min(HOLD_MPS, speed_mps)
        case _:
            to, above_m, end_mps = mission.base, 0.0, 0.0
    return _Leg(to=to, above_m=above_m, speed_mps=speed_mps, end_mps=end_mps, transit_m=transit_m)


def _arrived(flight: Flight, able: Performance, leg: _Leg) -> bool:
    near_m = PAD_M if able.hovers and leg.above_m == 0.0 else max(NEAR_M, leg.end_mps * 4)
    if not able.hovers:
        near_m += leg.end_mps * 6
    if distance_m(flight.position, leg.to.position) > near_m:
        return False
    if leg.above_m >= TRANSIT_ABOVE_M:
        return True
    too_high_m = flight.altitude_m - (leg.to.elevation_m + leg.above_m)
    return too_high_m < 3.0 or (not able.hovers and too_high_m < 60.0)


def _move(flight: Flight, able: Performance, leg: _Leg, dt: float) -> Flight:
    """One step towards a leg's end within what the aircraft can do."""
    left_m = distance_m(flight.position, leg.to.position)
    track_deg, off_deg = _turned(flight, leg, left_m, dt)
    speed_mps = _speed(flight, able, leg, left_m=left_m, off_deg=off_deg, dt=dt)
    climb_mps = _climb(flight, able, leg, left_m, speed_mps)
    floor_m = leg.to.elevation_m if leg.above_m == 0.0 and left_m < 2 * ROLL_OUT_M else -math.inf
    return replace(
        flight,
        position=beyond(flight.position, track_deg, speed_mps * dt),
        altitude_m=max(flight.altitude_m + climb_mps * dt, floor_m),
        ground_speed_mps=speed_mps,
        track_deg=track_deg,
        climb_mps=climb_mps,
    )


def _turned(flight: Flight, leg: _Leg, left_m: float, dt: float) -> tuple[float, float]:
    """The new track, and how far it is still off the course."""
    if left_m < 2.0:
        return flight.track_deg, 0.0
    off_deg = (bearing_deg(flight.position, leg.to.position) - flight.track_deg + 180.0) % 360.0 - 180.0
    rate_dps = PIVOT_DPS
    if flight.ground_speed_mps > 1.0:
        rate_dps = min(PIVOT_DPS, math.degrees(GRAVITY_MPS2 * BANK_TAN / flight.ground_speed_mps))
    turn_deg = math.copysign(min(abs(off_deg), rate_dps * dt), off_deg)
    return (flight.track_deg + turn_deg) % 360.0, abs(off_deg) - abs(turn_deg)


def _speed(
    flight: Flight, able: Performance, leg: _Leg, *, left_m: float, off_deg: float, dt: float
) -> float:
    """Speed after the step: what braking distance, turn radius and a low hover leave of the leg's speed."""
    wanted_mps = min(leg.speed_mps, math.sqrt(leg.end_mps**2 + 2 * ACCELERATION_MPS2 * left_m))
    if off_deg > 30.0:  # the turn must fit between here and there
        wanted_mps = min(wanted_mps, math.sqrt(GRAVITY_MPS2 * BANK_TAN * left_m / 2))
    if able.hovers and flight.phase_s * CLIMB_MPS < HOVER_BEFORE_SPEED_M and flight.ground_speed_mps < 1.0:
        wanted_mps = 0.0
    if not able.hovers and leg.above_m > 0.0:
        wanted_mps = max(wanted_mps, LIFT_OFF_MPS * 1.1)
    change = max(
        -1.5 * ACCELERATION_MPS2 * dt, min(ACCELERATION_MPS2 * dt, wanted_mps - flight.ground_speed_mps)
    )
    return max(0.0, flight.ground_speed_mps + change)


def _climb(flight: Flight, able: Performance, leg: _Leg, left_m: float, speed_mps: float) -> float:
    """Vertical speed: up to the transit height, then down an approach path to the height at the leg's end."""
    end_m = leg.to.elevation_m + leg.above_m
    glide_m = left_m if able.hovers else max(0.0, left_m - ROLL_OUT_M)
    transit_m = max(leg.to.elevation_m, flight.altitude_m - leg.transit_m) + leg.transit_m
    wanted_m = end_m if leg.level else min(max(transit_m, end_m), end_m + glide_m * APPROACH_TAN)
    if not able.hovers and speed_mps < LIFT_OFF_MPS:
        wanted_m = min(wanted_m, flight.altitude_m)
    return max(-DESCENT_MPS, min(CLIMB_MPS, wanted_m - flight.altitude_m))


def beyond(start: Position, course_deg: float, distance: float) -> Position:
    """The point `distance` metres along a course, on the mean sphere; the steps are short enough for a plane."""
    north_deg = math.degrees(distance * math.cos(math.radians(course_deg)) / EARTH_RADIUS_M)
    lat_cos = max(0.01, math.cos(math.radians(start.lat_deg)))
    east_deg = math.degrees(distance * math.sin(math.radians(course_deg)) / EARTH_RADIUS_M) / lat_cos
    lon_deg = (start.lon_deg + east_deg + 180.0) % 360.0 - 180.0
    return Position(lon_deg=lon_deg, lat_deg=max(-89.0, min(89.0, start.lat_deg + north_deg)))
