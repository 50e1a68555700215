"""A message as plain values for JSON: the telegram's own words, and beside them SI units, UTC and WGS-84 degrees."""

from datetime import UTC, datetime, timedelta
from typing import Any

from dispatch.kinds import AltitudeDatum
from protocols.flight_messages import words
from protocols.flight_messages.errors import Fault
from protocols.flight_messages.field15 import Route
from protocols.flight_messages.field18_values import date_of
from protocols.flight_messages.fields import WRITERS
from protocols.flight_messages.message import Message
from protocols.flight_messages.route_element import Element

_DIGITS = 3
_PLACE_DIGITS = 7


def values(message: Message) -> dict[str, Any]:
    """What it says. `time`: off-block, or in DEP departure, on the day of DOF; None where one of them is not said."""
    other = message.other
    said = dict(other.values) if other is not None else {}
    made: dict[str, Any] = {
        "time": _time(message, said),
        "icao24": said["CODE"].lower() if "CODE" in said else None,
        "kind": message.kind,
        "callsign": message.identity.callsign,
        "squawk": message.identity.squawk or None,
        "registration": said.get("REG"),
        "number": message.title.number or None,
        "reference": message.title.reference or None,
    }
    if message.emergency is not None:
        made |= {"phase": message.emergency.phase, "originator": message.emergency.originator}
        made["nature"] = message.emergency.nature
    if message.rules is not None:
        made |= {"flight_rules": message.rules.rules, "flight_type": message.rules.flight or None}
    if message.aircraft is not None:
        made |= {"aircraft_count": message.aircraft.number, "aircraft_type": message.aircraft.type}
        made["wake"] = message.aircraft.wake
    if message.equipment is not None:
        made |= {"radio": list(message.equipment.radio), "surveillance": list(message.equipment.surveillance)}
    made |= _journey(message)
    if message.route is not None:
        made |= _route(message.route)
    if other is not None:
        made["other"] = said
    if message.supplementary is not None:
        made["supplementary"] = dict(message.supplementary.values)
    if message.search is not None:
        made["search"] = message.search
    if message.failure is not None:
        made["failure"] = {name: getattr(message.failure, name) for name in message.failure.__slots__}
    if message.amendments:
        made["amendments"] = [
            {"field": each.number, "text": WRITERS[each.number](each.content)} for each in message.amendments
        ]
    return made


def fault(found: Fault, text: str, line: int) -> dict[str, Any]:
    """A fault of a message that stood from `line` of its file on; `column` counts from 1."""
    before = text[: found.position]
    return {
        "code": found.code,
        "field": found.field,
        "element": found.element,
        "position": found.position,
        "line": line + before.count("\n"),
        "column": len(before) - before.rfind("\n"),
        "found": found.found,
        "expected": found.expected,
        "detail": found.detail,
    }


def _journey(message: Message) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if message.departure is not None:
        made |= {"departure": message.departure.aerodrome, "departure_time": message.departure.time or None}
    if message.estimate is not None:
        made["estimate"] = {
            name: getattr(message.estimate, name) or None for name in message.estimate.__slots__
        }
    if message.destination is not None:
        made["destination"] = message.destination.aerodrome
        if message.destination.elapsed:
            made["elapsed_s"] = _seconds(message.destination.elapsed)
            made["alternates"] = list(message.destination.alternates)
    if message.arrival is not None:
        made |= {"arrival": message.arrival.aerodrome, "arrival_time": message.arrival.time}
        made["arrival_name"] = message.arrival.name or None
    return made


def _route(route: Route) -> dict[str, Any]:
    mps, height = words.mps_of(route.speed_text), words.height_of(route.level_text)
    datum = None if height is None else AltitudeDatum.PRESSURE if height.pressure else AltitudeDatum.MSL
    return {
        "speed": route.speed_text,
        "speed_mps": None if mps is None else round(mps, _DIGITS),
        "level": route.level_text,
        "altitude_m": None if height is None else round(height.metres, _DIGITS),
        "altitude_datum": datum,
        "route": [_element(each) for each in route.elements],
    }


def _element(element: Element) -> dict[str, Any]:
    made: dict[str, Any] = {"kind": element.kind, "name": element.name}
    spoken = {"speed": element.speed_text, "level": element.level_text, "upper": element.upper}
    made |= {name: said for name, said in spoken.items() if said}
    place = words.place_of(element.name)
    if place is not None:
        made |= {"lon_deg": round(place[0], _PLACE_DIGITS), "lat_deg": round(place[1], _PLACE_DIGITS)}
    return made


def _seconds(text: str) -> int:
    return int(text[:2]) * 3600 + int(text[2:]) * 60


def _time(message: Message, said: dict[str, str]) -> str | None:
    day = date_of(said["DOF"]) if "DOF" in said else None
    if day is None or message.departure is None or not message.departure.time:
        return None
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    at = midnight + timedelta(seconds=_seconds(message.departure.time))
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
