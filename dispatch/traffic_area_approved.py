"""What ATC has granted of incident airspace: only that is free to be flown in. Pure.

The shape of a request is terrain_way's, here as everywhere, with the holes that its corridors leave. A block whose heights are not above mean sea level
cannot be held against heights QNH: it is named and counts for nothing.
"""

from dataclasses import dataclass
from datetime import datetime

import shapely
from shapely.geometry.base import BaseGeometry

from dispatch.airspace_state import GRANTED
from dispatch.errors import Malformed
from dispatch.geo import Position
from dispatch.kinds import AirspaceKind, AltitudeDatum
from dispatch.records import AirspaceRequest
from dispatch.terrain_way import outlines_of
from dispatch.traffic_area_kinds import TrafficLayerKind
from dispatch.traffic_area_lines import from_plane, ring, to_plane
from dispatch.traffic_area_records import TrafficArea
from dispatch.world import World

# A release to take off is an answer about a moment, and grants no airspace.
GRANTING = frozenset({AirspaceKind.PLAN, AirspaceKind.TEMPORARY_AIRSPACE})

Rings = tuple[tuple[Position, ...], ...]  # of one polygon: its outline, then holes


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """What of the working ring is granted now. `polygons` empty: nothing is, and nothing may be drawn as free."""

    request_ids: tuple[str, ...]
    not_compared: tuple[str, ...]  # granted, but with heights from another datum
    polygons: tuple[Rings, ...]
    share: float  # of the working ring, 0 to 1
    floor_m: float | None  # the highest floor granted, MSL
    ceiling_m: float | None  # the lowest ceiling granted, MSL
    until: datetime | None  # when the first of them ends
    usable: tuple[TrafficLayerKind, ...]
    not_approved: tuple[TrafficLayerKind, ...]


def approved(world: World, area: TrafficArea, now: datetime) -> Approved:
    """What the granted requests of its incident leave of its working ring."""
    granted = sorted(
        (
            each
            for each in world.requests.values()
            if each.incident_id == area.incident_id
            and each.kind in GRANTING
            and each.state in GRANTED
            and each.airspace.active_from <= now <= each.airspace.active_until
        ),
        key=lambda each: each.id,
    )
    shapes: list[tuple[AirspaceRequest, BaseGeometry]] = []
    left_out = []
    for each in granted:
        shape = _shape(area, each)
        if shape is None:
            left_out.append(each.id)
        elif not shape.is_empty:
            shapes.append((each, shape))
    working = _polygon(area.centre, ring(area.centre, area.working_m))
    free = shapely.union_all([shape for _, shape in shapes]) if shapes else shapely.Polygon()
    free = working.intersection(free)
    floor_m = max((each.airspace.floor_m for each, _ in shapes), default=None)
    ceiling_m = min((each.airspace.ceiling_m for each, _ in shapes), default=None)
    usable = tuple(
        layer.kind
        for layer in area.layers
        if floor_m is not None and ceiling_m is not None and floor_m <= layer.altitude_m <= ceiling_m
    )
    return Approved(
        request_ids=tuple(each.id for each, _ in shapes),
        not_compared=tuple(left_out),
        polygons=_polygons(area.centre, free),
        share=min(1.0, float(free.area / working.area)),
        floor_m=floor_m,
        ceiling_m=ceiling_m,
        until=min((each.airspace.active_until for each, _ in shapes), default=None),
        usable=usable,
        not_approved=tuple(layer.kind for layer in area.layers if layer.kind not in usable),
    )


def _shape(area: TrafficArea, request: AirspaceRequest) -> BaseGeometry | None:
    """A request within the working ring, on the area's plane; None: it cannot be compared."""
    if request.airspace.datum is not AltitudeDatum.MSL:
        return None
    try:
        outline, *holes = outlines_of(request.airspace)
    except Malformed:  # over the edge of the map
        return None
    working = _polygon(area.centre, ring(area.centre, area.working_m))
    whole: BaseGeometry = _polygon(area.centre, outline).buffer(0)
    for hole in holes:
        whole = whole.difference(_polygon(area.centre, hole).buffer(0))
    return whole.intersection(working)


def _polygon(centre: Position, corners: tuple[Position, ...]) -> shapely.Polygon:
    return shapely.Polygon([to_plane(centre, each) for each in corners])


def _polygons(centre: Position, shape: BaseGeometry) -> tuple[Rings, ...]:
    parts = [each for each in shapely.get_parts(shape) if each.geom_type == "Polygon" and not each.is_empty]
    return tuple(
        tuple(
            tuple(from_plane(centre, (x, y)) for x, y in shapely.get_coordinates(line).tolist())
            for line in (part.exterior, *part.interiors)
        )
        for part in parts
    )
