"""Closures (禁飞区, 临时管制): airspace that nobody of ours flies through for a time.

A dispatcher, the duty chief or ATC declares one, by hand and in their own name; what ATC has closed only ATC opens.
Drawing the line is the declarer's word, so it is checked for what could not be meant: a ring that is open or crosses
itself, a ceiling under the floor, a time that is over, half a province. It ends by itself at `active_until`.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import shapely

from dispatch import access, ids
from dispatch.closure_commands import AmendClosure, DeclareClosure, LiftClosure
from dispatch.closure_facts import ClosureAmended, ClosureDeclared, ClosureLifted
from dispatch.commands import Ask
from dispatch.errors import Forbidden, Malformed, Refused, Unknown
from dispatch.facts import Fact
from dispatch.geo import EARTH_RADIUS_M, Position
from dispatch.kinds import AltitudeDatum, Role
from dispatch.records import Closure, Outline
from dispatch.world import World

MOST_CORNERS = 200  # of a ring, its end not counted: the limit of the plan interchange format
LARGE_M2 = 10_000e6  # proposed: a large county; Jiangxi has 166,900 km². More is said to be meant, or refused
LEAST_M2 = 10_000.0  # a hectare: less is a slip of the pen
MOST_RADIUS_M = 500_000.0
LEAST_HEIGHT_M, MOST_HEIGHT_M = -500.0, 20_000.0
LONGEST = timedelta(days=366)  # a slip in the year; what is closed for good is on the chart
MAX_NAME, MAX_SOURCE, MAX_REASON = 120, 200, 500
LOW_M = 600.0  # above ground; our blocks end there (airspace.HEIGHT_ABOVE_SCENE_M, and no run card asks for more). What begins higher hinders nobody
CIRCLE_CORNERS = 32
_AMENDABLE = (
    "name",
    "kind",
    "outline",
    "floor_m",
    "ceiling_m",
    "datum",
    "active_from",
    "active_until",
    "reason",
    "source",
    "large",
)
_TEXTS = (("name", MAX_NAME), ("reason", MAX_REASON), ("source", MAX_SOURCE))


def decide(
    world: World, ask: Ask, command: DeclareClosure | AmendClosure | LiftClosure, now: datetime
) -> tuple[Fact, ...]:
    """Close airspace, change what is closed, or open it again. Raises Malformed, Forbidden, Unknown or Refused."""
    access.require(ask, access.DECLARE_CLOSURE, "closing airspace")
    match command:
        case DeclareClosure():
            return _declare(world, ask, command, now)
        case AmendClosure():
            return _amend(world, ask, command, now)
        case LiftClosure():
            return _lift(world, ask, command, now)


def _declare(world: World, ask: Ask, command: DeclareClosure, now: datetime) -> tuple[Fact, ...]:
    closure_id = ids.derive(world.site, "CLS", f"{ask.actor}\0{ask.command_id}")
    if closure_id in world.closures:
        raise Refused("EXISTS", f"closure {closure_id} exists", field="id")
    values = {name: getattr(command, name) for name in _AMENDABLE if name != "active_from"}
    declared = Closure(
        id=closure_id,
        site=world.site,
        active_from=command.active_from or now,
        declared_at=now,
        declared_by=ask.actor,
        declared_as=ask.role or Role.DISPATCHER,
        **values,
    )
    return (ClosureDeclared(closure=checked(declared, now)),)


def _amend(world: World, ask: Ask, command: AmendClosure, now: datetime) -> tuple[Fact, ...]:
    present = _standing(world, ask, command.closure_id, command.version_seen, now)
    new = {name: getattr(command, name) for name in _AMENDABLE if getattr(command, name) is not None}
    amended = checked(replace(present, **new), now)
    changed = tuple(name for name in _AMENDABLE if getattr(amended, name) != getattr(present, name))
    if not changed:
        raise Refused("NOTHING_CHANGED", "everything is as it was", field="closure_id")
    amended = replace(amended, version=present.version + 1, history=())  # the fold has the history
    return (ClosureAmended(closure=amended, changed=changed),)


def _lift(world: World, ask: Ask, command: LiftClosure, now: datetime) -> tuple[Fact, ...]:
    present = _standing(world, ask, command.closure_id, command.version_seen, now)
    if not command.reason.strip():
        raise Malformed("reason", "opening airspace needs a reason")
    if len(command.reason) > MAX_REASON:
        raise Malformed("reason", f"{len(command.reason)} characters, at most {MAX_REASON}")
    return (ClosureLifted(closure_id=present.id, version=present.version + 1, reason=command.reason.strip()),)


def _standing(world: World, ask: Ask, closure_id: str, version_seen: int, now: datetime) -> Closure:
    """A closure of ours that is not over and that this caller may change."""
    present = world.closures.get(closure_id)
    if present is None:
        raise Unknown("closure_id", f"no closure {closure_id}")
    if present.site != world.site:
        raise Refused("NOT_OWNER", f"closure {closure_id} belongs to site {present.site}", field="closure_id")
    if present.declared_as is Role.ATC and ask.role is not Role.ATC:
        raise Forbidden(f"{present.name} was closed by ATC; only ATC changes or lifts it")
    access.check_version(version_seen, present.version, f"closure {closure_id}")
    if is_over(present, now):
        end = "was lifted" if present.lifted_at is not None else "has run out"
        raise Refused("NOT_NOW", f"closure {closure_id} {end}; declare a new one", field="closure_id")
    return present


def is_over(closure: Closure, now: datetime) -> bool:
    """Whether it closes nothing any more."""
    return closure.lifted_at is not None or closure.active_until <= now


def is_active(closure: Closure, now: datetime) -> bool:
    """Whether the airspace is closed at this time."""
    return not is_over(closure, now) and closure.active_from <= now


def is_low(closure: Closure, highest_m: float) -> bool:
    """Whether it reaches down to where rescue aircraft fly. `highest_m`: the highest ground in question, MSL."""
    ground_m = highest_m if closure.datum is AltitudeDatum.MSL else 0.0
    return closure.floor_m < ground_m + LOW_M


def corners(outline: Outline) -> tuple[tuple[float, float], ...]:
    """(lon, lat) of the corners, the first not repeated; of a circle those of a polygon around it."""
    if outline.centre is None:
        return tuple((corner.lon_deg, corner.lat_deg) for corner in outline.ring[:-1])
    degree_m = math.radians(1.0) * EARTH_RADIUS_M
    # so that the sides, not the corners, touch the circle
    reach_deg = outline.radius_m / math.cos(math.pi / CIRCLE_CORNERS) / degree_m
    lon, lat = outline.centre.lon_deg, outline.centre.lat_deg
    # a degree of longitude is shortest on the side towards the pole: taken there, nothing of the circle is left out
    shrunk = math.cos(math.radians(min(89.0, abs(lat) + reach_deg)))
    turns = (2 * math.pi * n / CIRCLE_CORNERS for n in range(CIRCLE_CORNERS))
    return tuple(
        (round(lon + reach_deg * math.cos(turn) / shrunk, 7), round(lat + reach_deg * math.sin(turn), 7))
        for turn in turns
    )


def area_m2(outline: Outline) -> float:
    """On the mean sphere, to a per cent up to the size of a province."""
    shape = shapely.Polygon(corners(outline))
    if shape.area <= 0.0:
        return 0.0
    degree_m = math.radians(1.0) * EARTH_RADIUS_M
    return float(shape.area * math.cos(math.radians(shape.centroid.y))) * degree_m**2


def checked(closure: Closure, now: datetime) -> Closure:
    """The same with texts trimmed and the ring turned counter-clockwise. Raises Malformed or Refused."""
    for name, most in _TEXTS:
        text = getattr(closure, name)
        if not text.strip():
            raise Malformed(name, "is empty")
        if len(text) > most:
            raise Malformed(name, f"{len(text)} characters, at most {most}")
    _check_heights(closure)
    _check_times(closure, now)
    outline = checked_outline(closure.outline)
    area_km2 = area_m2(outline) / 1e6
    if area_km2 > LARGE_M2 / 1e6 and not closure.large:
        raise Refused(
            "VERY_LARGE",
            f"{area_km2:,.0f} km² would be closed, over {LARGE_M2 / 1e6:,.0f}; say `large` if that is meant",
            field="outline",
        )
    texts = {name: getattr(closure, name).strip() for name, _ in _TEXTS}
    return replace(closure, outline=outline, **texts)


def _check_heights(closure: Closure) -> None:
    if closure.datum not in (AltitudeDatum.MSL, AltitudeDatum.AGL):
        raise Malformed("datum", f"{closure.datum} is not msl or agl")
    for name in ("floor_m", "ceiling_m"):
        height_m = getattr(closure, name)
        if not LEAST_HEIGHT_M <= height_m <= MOST_HEIGHT_M:
            raise Malformed(name, f"{height_m} is not within {LEAST_HEIGHT_M:g} to {MOST_HEIGHT_M:g}")
    if closure.ceiling_m <= closure.floor_m:
        raise Refused(
            "HEIGHTS",
            f"{closure.ceiling_m:g} is not above the floor of {closure.floor_m:g} m",
            field="ceiling_m",
        )


def _check_times(closure: Closure, now: datetime) -> None:
    for name in ("active_from", "active_until"):
        if getattr(closure, name).tzinfo is None:
            raise Malformed(name, "has no time zone")
    if closure.active_until <= closure.active_from:
        raise Refused("TIMES", "is not after the beginning", field="active_until")
    if closure.active_until <= now:
        raise Refused("TIMES", "is over already", field="active_until")
    if closure.active_until - closure.active_from > LONGEST:
        raise Refused("TIMES", f"is more than {LONGEST.days} days after the beginning", field="active_until")


def checked_outline(outline: Outline) -> Outline:
    """An outline fit to be kept: counter-clockwise, closed, valid. Raises Refused naming `outline`."""
    if outline.centre is not None:
        if outline.ring:
            raise Refused("OUTLINE", "is a ring or a circle, not both", field="outline")
        return _checked_circle(outline, outline.centre)
    if outline.radius_m:
        raise Refused("OUTLINE", "a circle has a centre", field="outline.centre")
    return _checked_ring(outline.ring)


def _checked_circle(outline: Outline, centre: Position) -> Outline:
    if not math.sqrt(LEAST_M2 / math.pi) <= outline.radius_m <= MOST_RADIUS_M:
        raise Refused(
            "OUTLINE",
            f"{outline.radius_m} is not within 57 to {MOST_RADIUS_M:.0f}",
            field="outline.radius_m",
        )
    if any(abs(lon) > 180.0 or abs(lat) > 89.0 for lon, lat in corners(outline)):
        raise Refused(
            "OVER_EDGE",
            f"the circle round {centre.lon_deg:g} reaches over 180° or a pole",
            field="outline.centre",
        )
    return outline


def _checked_ring(ring: Sequence[Position]) -> Outline:
    field = "outline.ring"
    if not ring:
        raise Refused("OUTLINE", "has neither a ring nor a centre", field="outline")
    if ring[0] != ring[-1] or len(ring) < 2:
        raise Refused("RING_OPEN", "its last corner is not its first", field=field)
    kept = [corner for n, corner in enumerate(ring) if n == 0 or corner != ring[n - 1]]
    if len(kept) - 1 > MOST_CORNERS:
        raise Refused("RING_CORNERS", f"{len(kept) - 1} corners, at most {MOST_CORNERS}", field=field)
    if len(kept) < 4:
        raise Refused("RING_CORNERS", f"{len(kept) - 1} corners, at least 3", field=field)
    for n, (a, b) in enumerate(pairwise(kept)):
        if abs(a.lon_deg - b.lon_deg) > 180.0:
            raise Refused(
                "OVER_EDGE",
                "its side crosses 180°; declare one closure on either side",
                field=f"{field}[{n + 1}]",
            )
    shape = shapely.Polygon([(corner.lon_deg, corner.lat_deg) for corner in kept])
    if not shape.is_valid:
        raise Refused("RING_CROSSES", f"crosses itself ({shapely.is_valid_reason(shape)})", field=field)
    if not shapely.is_ccw(shape.exterior):
        kept.reverse()
    outline = Outline(ring=tuple(kept))
    if area_m2(outline) < LEAST_M2:
        raise Refused("VERY_SMALL", "holds less than a hectare", field=field)
    return outline
