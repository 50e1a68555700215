"""Ways out of a planned conflict: another time, other heights on the way, another way by one turn. Pure.

Each is tried as a whole flight against everything that counts and told only when it is free of conflict. They are
offers: what is taken is amended or asked of ATC by a person. Terrain is not looked at here; a band is only ever raised.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dispatch.apart import METRES_PER_DEG
from dispatch.deconfliction import Conflict, Limits, conflicts
from dispatch.geo import Position, distance_m
from dispatch.planned_flight import PlannedFlight, timed, way_m
from dispatch.shut_air import ShutAir

SHIFT_STEP_S = 300.0
OFFSETS_M = (2_000.0, 4_000.0, 6_000.0, 8_000.0, 12_000.0, 16_000.0, 20_000.0, 26_000.0)
HEIGHT_STEP_M = 10.0
LEAST_NOTICE = timedelta(minutes=5)  # a take-off that is nearer than this is not put earlier


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """A flight without a counted conflict, and what of it is other. `kind`: time, height or route."""

    kind: str
    take_off_at: datetime
    on_scene_at: datetime
    land_at: datetime
    shift_s: float
    transit_floor_m: float | None
    transit_ceiling_m: float | None
    out_turns: tuple[Position, ...]
    back_turns: tuple[Position, ...]
    longer_m: float
    way: tuple[tuple[Position, ...], tuple[Position, ...]]  # out and home, to be drawn


Free = Callable[[PlannedFlight], bool]


def alternatives(
    flight: PlannedFlight,
    found: Sequence[Conflict],
    others: Sequence[PlannedFlight],
    shut: ShutAir,
    limits: Limits,
    *,
    cruise_mps: float,
    now: datetime,
) -> tuple[Alternative, ...]:
    """The nearest of each kind that is free of conflict; none where nothing counted is in the way."""
    counted = [each for each in found if each.counted]
    if not counted:
        return ()

    def free(tried: PlannedFlight) -> bool:
        return not any(each.counted for each in conflicts(tried, others, shut, limits))

    made = (
        _other_time(flight, free, limits, cruise_mps, now),
        _other_height(flight, counted, free, limits, cruise_mps),
        _other_way(flight, counted, free, limits, cruise_mps),
    )
    return tuple(each for each in made if each is not None)


def _told(kind: str, flight: PlannedFlight, before: PlannedFlight) -> Alternative:
    band = flight.band if kind == "height" else None
    return Alternative(
        kind=kind,
        take_off_at=flight.take_off_at,
        on_scene_at=flight.on_scene_at,
        land_at=flight.land_at,
        shift_s=(flight.take_off_at - before.take_off_at).total_seconds(),
        transit_floor_m=None if band is None else band.transit_floor_m,
        transit_ceiling_m=None if band is None else band.transit_ceiling_m,
        out_turns=_between(flight.out, flight.water),
        back_turns=flight.home[1:-1],
        longer_m=way_m(flight.out) + way_m(flight.home) - way_m(before.out) - way_m(before.home),
        way=(flight.out, flight.home),
    )


def _between(out: tuple[Position, ...], water: Position | None) -> tuple[Position, ...]:
    inner = out[1:-1]
    return inner[:-1] if water is not None and inner and inner[-1] == water else inner


def _other_time(
    flight: PlannedFlight, free: Free, limits: Limits, cruise_mps: float, now: datetime
) -> Alternative | None:
    count = int(limits.latest_shift_s // SHIFT_STEP_S)
    for n in range(1, count + 1):
        for sign in (1, -1):
            shift = timedelta(seconds=sign * n * SHIFT_STEP_S)
            if sign < 0 and flight.take_off_at + shift < now + LEAST_NOTICE:
                continue
            tried = timed(
                replace(
                    flight,
                    take_off_at=flight.take_off_at + shift,
                    on_scene_at=flight.on_scene_at + shift,
                    land_at=flight.land_at + shift,
                ),
                cruise_mps=cruise_mps,
            )
            if free(tried):
                return _told("time", tried, flight)
    return None


def _other_height(
    flight: PlannedFlight, counted: Sequence[Conflict], free: Free, limits: Limits, cruise_mps: float
) -> Alternative | None:
    """Above what is met: never below, where the ground is."""
    tops = sorted({each.ceiling_m for each in counted if each.ceiling_m is not None})
    for top in tops:
        floor = math.ceil((top + limits.height_m) / HEIGHT_STEP_M) * HEIGHT_STEP_M
        if floor + limits.band_m > limits.highest_m or floor < flight.band.transit_floor_m:
            continue
        band = replace(flight.band, transit_floor_m=floor, transit_ceiling_m=floor + limits.band_m)
        tried = timed(replace(flight, band=band), cruise_mps=cruise_mps)
        if free(tried):
            return _told("height", tried, flight)
    return None


def _other_way(
    flight: PlannedFlight, counted: Sequence[Conflict], free: Free, limits: Limits, cruise_mps: float
) -> Alternative | None:
    tried_ways = [
        each
        for each in _ways(flight, counted)
        if way_m(each.out) + way_m(each.home) - way_m(flight.out) - way_m(flight.home)
        <= limits.longest_detour_m
    ]
    for each in sorted(tried_ways, key=lambda one: way_m(one.out) + way_m(one.home)):
        tried = timed(_later(flight, each), cruise_mps=cruise_mps)
        if free(tried):
            return _told("route", tried, flight)
    return None


def _later(flight: PlannedFlight, turned: PlannedFlight) -> PlannedFlight:
    """As long as it takes at the speed that was planned: take-off stays, arrival and landing are later."""
    out_s = (flight.on_scene_at - flight.take_off_at).total_seconds()
    pace = out_s / max(1.0, way_m(flight.out))
    out_more = timedelta(seconds=(way_m(turned.out) - way_m(flight.out)) * pace)
    home_more = timedelta(seconds=(way_m(turned.home) - way_m(flight.home)) * pace)
    return replace(
        turned,
        on_scene_at=flight.on_scene_at + out_more,
        land_at=flight.land_at + out_more + home_more,
    )


def _ways(flight: PlannedFlight, counted: Sequence[Conflict]) -> Iterator[PlannedFlight]:
    """One turn beside each conflict, at growing distances on both sides, on the way out, home, or both."""
    on_out = [each for each in counted if each.leg < flight.out_count]
    on_home = [each for each in counted if each.leg > flight.out_count]
    for offset in OFFSETS_M:
        for sign in (1.0, -1.0):
            # to the same side of the ground on both ways: the way home is flown the other way round
            out = _with_turn(flight.out, on_out, sign * offset)
            home = _with_turn(flight.home, on_home, -sign * offset)
            other = _with_turn(flight.home, on_home, sign * offset)
            for left, right in ((out, home), (out, other)):
                if left != flight.out or right != flight.home:
                    yield replace(flight, out=left, home=right)


def _with_turn(stops: tuple[Position, ...], met: Sequence[Conflict], offset_m: float) -> tuple[Position, ...]:
    """The way with one turn beside the first of what is met on it."""
    if not met:
        return stops
    first = met[0]
    start, end = first.own_leg
    place = next((n for n in range(len(stops) - 1) if stops[n] == start and stops[n + 1] == end), None)
    if place is None or distance_m(start, end) <= 0.0:
        return stops
    turn = _beside(start, end, first.position, offset_m)
    return (*stops[: place + 1], turn, *stops[place + 1 :])


def _beside(start: Position, end: Position, at: Position, offset_m: float) -> Position:
    """The place `offset_m` to the left of a leg's course, abeam of `at`; to the right where it is below 0."""
    squeeze = max(0.01, math.cos(math.radians(at.lat_deg)))
    east = (end.lon_deg - start.lon_deg) * squeeze
    north = end.lat_deg - start.lat_deg
    length = math.hypot(east, north)
    step = offset_m / METRES_PER_DEG / length
    return Position(lon_deg=at.lon_deg - north * step / squeeze, lat_deg=at.lat_deg + east * step)
