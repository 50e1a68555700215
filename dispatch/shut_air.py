"""What of the air a planned flight keeps out of: closures, and volumes that bar it, as shapes with heights and times.

Barring are prohibited, restricted, danger, reserved and temporary volumes; controlled ones are told by the request to
ATC itself. Heights of another datum than mean sea level are counted as met and told as unsure. Pure.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import shapely

from dispatch import closure as closures
from dispatch.apart import Leg
from dispatch.kinds import AltitudeDatum
from dispatch.records import Closure
from dispatch.volume import is_active
from dispatch.volume_kinds import VolumeKind
from dispatch.volume_records import HeightLimit, Volume
from dispatch.volume_shape import polygons

BARRING = frozenset(
    {
        VolumeKind.PROHIBITED,
        VolumeKind.RESTRICTED,
        VolumeKind.DANGER,
        VolumeKind.RESERVED,
        VolumeKind.TEMPORARY,
    }
)
LOOK_EVERY = timedelta(minutes=1)  # hours of the day begin on minutes
MOST_LOOKS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Shut:
    """One shape; longitude and latitude in degrees, heights in metres MSL, ±inf where open."""

    kind: str  # closure or volume
    id: str
    name: str
    shape: shapely.Geometry
    floor_m: float
    ceiling_m: float
    unsure: bool
    active: Callable[[datetime], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """A leg that enters one: where along it, and when."""

    shut: Shut
    share: float
    at_s: float
    unsure: bool


def of_closure(one: Closure) -> Shut:
    """A closure."""
    above = one.datum is not AltitudeDatum.MSL
    return Shut(
        kind="closure",
        id=one.id,
        name=one.name,
        shape=shapely.Polygon(closures.corners(one.outline)),
        floor_m=-math.inf if above and one.floor_m <= 0.0 else one.floor_m,
        ceiling_m=one.ceiling_m,
        unsure=above,
        active=lambda at: one.lifted_at is None and one.active_from <= at < one.active_until,
    )


def of_volume(one: Volume) -> Shut:
    """A volume that bars."""
    parts = polygons(one.terms.footprint)
    floor, ceiling = one.terms.floor, one.terms.ceiling
    return Shut(
        kind="volume",
        id=one.id,
        name=one.terms.name,
        shape=parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts),
        floor_m=_limit(floor),
        ceiling_m=_limit(ceiling),
        unsure=_other_datum(floor) or _other_datum(ceiling),
        active=lambda at: is_active(one, at),
    )


def _limit(limit: HeightLimit) -> float:
    if limit.unlimited:
        return math.inf
    return -math.inf if limit.datum is AltitudeDatum.AGL and limit.value_m <= 0.0 else limit.value_m


def _other_datum(limit: HeightLimit) -> bool:
    return limit.datum is not AltitudeDatum.MSL and math.isfinite(_limit(limit))


class ShutAir:
    """All shapes, found by where they are."""

    def __init__(self, shapes: Iterable[Shut]) -> None:
        self.shapes = tuple(shapes)
        self._tree = shapely.STRtree([each.shape for each in self.shapes])

    @staticmethod
    def of(closed: Iterable[Closure], volumes: Iterable[Volume], site: str) -> "ShutAir":
        """Closures of this site that are not lifted, and the volumes that bar."""
        mine = (of_closure(each) for each in closed if each.site == site and each.lifted_at is None)
        barring = (
            of_volume(each) for each in volumes if each.withdrawn_at is None and each.terms.kind in BARRING
        )
        return ShutAir((*mine, *barring))

    def entered(self, leg: Leg, height_m: float) -> list[Entered]:
        """What a leg enters while it is active, in the order of their names."""
        line = shapely.LineString(
            [(leg.start.lon_deg, leg.start.lat_deg), (leg.end.lon_deg, leg.end.lat_deg)]
        )
        found = []
        for n in sorted(self._tree.query(line, predicate="intersects").tolist()):
            shut = self.shapes[n]
            unsure = shut.unsure or leg.unsure
            if not unsure and (
                shut.floor_m - height_m >= leg.ceiling_m or shut.ceiling_m + height_m <= leg.floor_m
            ):
                continue
            first, last = _passage(line, shut.shape)
            at_s = self._active_at(shut, leg, first, last)
            if at_s is not None:
                found.append(Entered(shut=shut, share=first, at_s=at_s, unsure=unsure))
        return found

    @staticmethod
    def _active_at(shut: Shut, leg: Leg, first: float, last: float) -> float | None:
        since, until = (leg.begins_s, leg.ends_s) if leg.roams else (leg.time_s(first), leg.time_s(last))
        looks = min(MOST_LOOKS, int((until - since) // LOOK_EVERY.total_seconds()) + 1)
        for n in range(looks + 1):
            at_s = since + (until - since) * n / looks
            if shut.active(datetime.fromtimestamp(at_s, UTC)):
                return at_s
        return None


def _passage(line: shapely.LineString, shape: shapely.Geometry) -> tuple[float, float]:
    """The shares at which a line first and last touches a shape that it meets."""
    if line.length == 0.0:
        return 0.0, 1.0
    inside = shapely.get_coordinates(shapely.intersection(line, shape))
    shares = [line.project(shapely.Point(at)) / line.length for at in inside.tolist()]
    return (min(shares), max(shares)) if shares else (0.0, 1.0)
