"""A drawn line or area in an event's detail (`u-d-f`): its points as links, its colours, as ATAK's drawing tools write them.

A closed shape ends in its first point. Colours are ARGB as signed 32-bit numbers.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from dispatch.geo import Position

FREE_FORM = "u-d-f"
_WEIGHT = "4.0"  # pixels
_FILL = 0x33  # alpha of an area's inside


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Points in the order in which they are drawn."""

    points: tuple[Position, ...]
    closed: bool = False
    colour: int


def elements(shape: Shape) -> Iterator[str]:
    """The texts of its elements."""
    points = (*shape.points, shape.points[0]) if shape.closed else shape.points
    for at in points:
        yield f'<link point="{at.lat_deg:.7f},{at.lon_deg:.7f}"/>'
    yield f'<strokeColor value="{shape.colour}"/><strokeWeight value="{_WEIGHT}"/>'
    if shape.closed:
        yield f'<fillColor value="{(_FILL << 24) | (shape.colour & 0xFFFFFF)}"/>'
    yield '<labels_on value="true"/>'
