"""Field 15: speed, level and route. Doc 4444 Appendix 2 item 15, Appendix 3 field type 15.

A route is points with what joins them: an ATS route or DCT, which may be left out only between two points given by
coordinates or bearing and distance. It may begin and end with either. Names of routes and of points look alike where
they have figures (P215 can be both), so which of them a word is follows from what stands beside it: all readings are
followed at once, and a word after which none is left is refused.
"""

import re
from dataclasses import dataclass

from protocols.flight_messages import route_element, words
from protocols.flight_messages.errors import MISPLACED, MISSING
from protocols.flight_messages.part import Part
from protocols.flight_messages.route_element import (
    CLIMB,
    DIRECT,
    POINT,
    ROUTE,
    RULES,
    TRUNCATED,
    Element,
)

_HEAD = re.compile(r"([A-Z]\d*)(.*)")

Path = tuple[Element, "Path"] | None  # the newest first, so that readings share what they have in common


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """`level_text` is VFR where the flight keeps none. The first of the elements joins the departure aerodrome."""

    speed_text: str
    level_text: str
    elements: tuple[Element, ...]

    @property
    def changes(self) -> tuple[str, ...]:
        """The changes of flight rules along it: VFR, IFR."""
        return tuple(each.name for each in self.elements if each.kind == RULES)


def read(part: Part) -> Route:
    """The field. Raises BadField, naming the element by its number in the route, the first being 1."""
    head, *rest = part.split(" ")
    found = head.match(_HEAD, "a", "speed and level, like K0859S1040 or N0120VFR")
    speed = words.speed(head.group(found, 1), "a")
    level = words.level(head.group(found, 2), "b", visual=True)
    if not rest:
        part.cut(len(part.text)).refuse(MISSING, "c", "a route after the level: DCT at least")
    return Route(speed_text=speed, level_text=level, elements=_route(rest))


def _route(parts: list[Part]) -> tuple[Element, ...]:
    ways: dict[str, Path] = {"": None}  # what the last element was -> a reading that ends so; "": nothing yet
    for number, part in enumerate(parts, 1):
        can_be = route_element.read(part, number)
        following: dict[str, Path] = {}
        for before, path in ways.items():
            for element in can_be:
                after = _after(before, element)
                if after is not None:
                    following.setdefault(after, (element, path))
        if not following:
            _refuse(part, number, tuple(ways), can_be[0])
        ways = following
    elements: list[Element] = []
    path = next(iter(ways.values()))
    while path is not None:
        element, path = path
        elements.append(element)
    return tuple(reversed(elements))


_NAMED, _PLACED = "named point", "placed point"


def _after(before: str, element: Element) -> str | None:
    """What a route then ends with, or None where the element may not follow."""
    at_point = before in (_NAMED, _PLACED)
    match element.kind:
        case route_element.POINT | route_element.CLIMB:
            now = _PLACED if element.placed else _NAMED
            joined = not at_point or (before == _PLACED and now == _PLACED)
            return now if joined and before != TRUNCATED else None
        case route_element.ROUTE | route_element.DIRECT:
            return element.kind if at_point or not before else None
        case route_element.RULES:
            return _NAMED if at_point else None
        case _:
            return TRUNCATED if at_point else None


def _refuse(part: Part, number: int, before: tuple[str, ...], element: Element) -> None:
    label = f"c element {number}"
    if TRUNCATED in before:
        part.refuse(MISPLACED, label, "nothing after T")
    if element.kind in (POINT, CLIMB):
        part.refuse(MISSING, label, "DCT or an ATS route between two points")
    if element.kind in (ROUTE, DIRECT):
        part.refuse(MISPLACED, label, "a point between two routes, or between a route and DCT")
    part.refuse(MISPLACED, label, f"{element.name} after a point")


def write(route: Route) -> str:
    """Its text."""
    return " ".join((route.speed_text + route.level_text, *(each.text for each in route.elements)))
