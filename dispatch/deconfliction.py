"""Strategic deconfliction: where a planned flight meets others, closed airspace, barring volumes and known traffic. Pure.

It is asked before ATC is, and again at ATC's desk. It tells and decides nothing; it is no separation service. Two flights
of one incident are kept apart at its scene by those who run it, and two at one base by its tower: what is nearer to such a
common place than `near_place_m` is told and not counted. Traffic is carried on straight for some minutes, for information.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from dispatch.apart import METRES_PER_DEG, Leg, Nearest, heights_meet, nearest, outside
from dispatch.geo import Position
from dispatch.planned_flight import PlannedFlight
from dispatch.shut_air import ShutAir

MOST_TOLD = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What counts as a conflict and how far alternatives go; a dated row of the site's settings with its source."""

    apart_m: float = 1_000.0
    slack_s: float = 120.0
    height_m: float = 100.0
    near_place_m: float = 3_000.0
    traffic_s: float = 300.0
    latest_shift_s: float = 3_600.0
    longest_detour_m: float = 40_000.0
    highest_m: float = 3_000.0
    band_m: float = 300.0
    valid_from: str = "2026-11-26"
    source: str = "proposed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moving:
    """Something that flies now: where it is, m/s to the east and north, its height above the sea if known."""

    key: str
    name: str
    position: Position
    east_mps: float
    north_mps: float
    altitude_m: float | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """One meeting. `counted`: an alternative has to be free of it. `apart_m` 0: it crosses or enters."""

    kind: str  # flight, closure, volume, traffic
    id: str
    name: str
    at: datetime  # when our flight is there
    other_at: datetime | None
    position: Position
    other_position: Position | None
    apart_m: float
    own_leg: tuple[Position, Position]
    other_leg: tuple[Position, Position] | None
    floor_m: float | None  # of the other; None: open or not known
    ceiling_m: float | None
    unsure: bool
    counted: bool
    leg: int  # its place in the flight's legs


def conflicts(
    flight: PlannedFlight,
    others: Sequence[PlannedFlight],
    shut: ShutAir,
    limits: Limits,
    traffic: Iterable[Moving] = (),
) -> tuple[Conflict, ...]:
    """All that a flight meets, counted ones first, then by time; of each other flight or shape the nearest alone, out, at work
    and home."""
    best: dict[tuple[str, str, bool, int], Conflict] = {}
    for found in (
        *_with_flights(flight, others, limits),
        *_with_shut(flight, shut, limits),
        *_with_traffic(flight, traffic, limits),
    ):
        part = (found.leg > flight.out_count) - (found.leg < flight.out_count)  # out, work, home
        key = (found.kind, found.id, found.counted, part)
        if key not in best or (found.apart_m, found.at) < (best[key].apart_m, best[key].at):
            best[key] = found
    told = sorted(best.values(), key=lambda each: (not each.counted, each.at, each.id))
    return tuple(told[:MOST_TOLD])


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _with_flights(
    flight: PlannedFlight, others: Sequence[PlannedFlight], limits: Limits
) -> Iterable[Conflict]:
    for other in others:
        if other.tasking_id == flight.tasking_id or not other.legs or not flight.legs:
            continue
        for place in range(len(flight.legs)):
            for leg in other.legs:
                found = _meeting(flight, other, place, leg, limits)
                if found is not None:
                    yield found


def _meeting(
    flight: PlannedFlight, other: PlannedFlight, place: int, leg: Leg, limits: Limits
) -> Conflict | None:
    """The nearest approach away from the places that both share; failing that, the one at them, not counted."""
    own = flight.legs[place]
    if not heights_meet(own, leg, limits.height_m):
        return None
    parts: list[Leg] = [] if _work_together(flight, other, own, leg) else [own]
    for shared in _shared(flight, other):
        parts = [part for each in parts for part in outside(each, shared, limits.near_place_m)]
    away = [found for part in parts if (found := _near(part, leg, limits)) is not None]
    if away:
        part, near = min(away, key=lambda found: found[1].apart_m)
        return _of_flights(own, part, leg, near, other=other, place=place, counted=True)
    found = _near(own, leg, limits)
    return (
        None
        if found is None
        else _of_flights(own, own, leg, found[1], other=other, place=place, counted=False)
    )


def _near(own: Leg, leg: Leg, limits: Limits) -> tuple[Leg, Nearest] | None:
    near = nearest(own, leg, limits.slack_s)
    return None if near is None or near.apart_m >= limits.apart_m else (own, near)


def _of_flights(
    own: Leg, part: Leg, leg: Leg, near: Nearest, *, other: PlannedFlight, place: int, counted: bool
) -> Conflict:
    return Conflict(
        kind="flight",
        id=other.tasking_id,
        name=other.number,
        at=_at(part.time_s(near.own)),
        other_at=_at(leg.time_s(near.other)),
        position=part.at(near.own),
        other_position=leg.at(near.other),
        apart_m=near.apart_m,
        own_leg=(own.start, own.end),
        other_leg=(leg.start, leg.end),
        floor_m=leg.floor_m,
        ceiling_m=leg.ceiling_m,
        unsure=own.unsure or leg.unsure,
        counted=counted,
        leg=place,
    )


def _shared(flight: PlannedFlight, other: PlannedFlight) -> tuple[Position, ...]:
    """Places where both are by intent, and somebody keeps them apart: a base, and the scene and water of one incident."""
    found = {each for each in (flight.base, flight.home[-1]) if each in (other.base, other.home[-1])}
    if flight.incident_id == other.incident_id:
        found.add(flight.scene)
        if flight.water is not None and flight.water == other.water:
            found.add(flight.water)
    return tuple(sorted(found, key=lambda each: (each.lon_deg, each.lat_deg)))


def _work_together(flight: PlannedFlight, other: PlannedFlight, own: Leg, leg: Leg) -> bool:
    """Work of both at one incident: between its water and its scene."""
    return flight.incident_id == other.incident_id and own.roams and leg.roams


def _with_shut(flight: PlannedFlight, shut: ShutAir, limits: Limits) -> Iterable[Conflict]:
    for place, leg in enumerate(flight.legs):
        for entered in shut.entered(leg, limits.height_m):
            one = entered.shut
            yield Conflict(
                kind=one.kind,
                id=one.id,
                name=one.name,
                at=_at(entered.at_s),
                other_at=None,
                position=leg.at(entered.share),
                other_position=None,
                apart_m=0.0,
                own_leg=(leg.start, leg.end),
                other_leg=None,
                floor_m=_finite(one.floor_m),
                ceiling_m=_finite(one.ceiling_m),
                unsure=entered.unsure,
                counted=True,
                leg=place,
            )


def _finite(height: float) -> float | None:
    return height if abs(height) < 1e6 else None


def carried_on(moving: Moving, limits: Limits) -> Leg:
    """The leg on which something is in the next minutes if it goes on as it does."""
    squeeze = max(0.01, math.cos(math.radians(moving.position.lat_deg)))
    lon = moving.position.lon_deg + moving.east_mps * limits.traffic_s / METRES_PER_DEG / squeeze
    lat = moving.position.lat_deg + moving.north_mps * limits.traffic_s / METRES_PER_DEG
    begin = moving.at.timestamp()
    height = moving.altitude_m
    return Leg(
        start=moving.position,
        end=Position(lon_deg=min(180.0, max(-180.0, lon)), lat_deg=min(90.0, max(-90.0, lat))),
        begins_s=begin,
        ends_s=begin + limits.traffic_s,
        floor_m=0.0 if height is None else height,
        ceiling_m=0.0 if height is None else height,
        unsure=height is None,
    )


def _with_traffic(flight: PlannedFlight, traffic: Iterable[Moving], limits: Limits) -> Iterable[Conflict]:
    for moving in traffic:
        leg = carried_on(moving, limits)
        for place, own in enumerate(flight.legs):
            if own.begins_s > leg.ends_s + limits.slack_s:
                break
            if not heights_meet(own, leg, limits.height_m):
                continue
            near = nearest(own, leg, 0.0)
            if near is None or near.apart_m >= limits.apart_m:
                continue
            yield Conflict(
                kind="traffic",
                id=moving.key,
                name=moving.name,
                at=_at(own.time_s(near.own)),
                other_at=_at(leg.time_s(near.other)),
                position=own.at(near.own),
                other_position=leg.at(near.other),
                apart_m=near.apart_m,
                own_leg=(own.start, own.end),
                other_leg=(leg.start, leg.end),
                floor_m=moving.altitude_m,
                ceiling_m=moving.altitude_m,
                unsure=leg.unsure,
                counted=False,
                leg=place,
            )
