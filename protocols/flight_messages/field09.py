"""Field 9: number and type of aircraft, wake turbulence category. Doc 4444 Appendix 2 item 9, Appendix 3 field type 9."""

import re
from dataclasses import dataclass

from protocols.flight_messages.errors import BAD_VALUE
from protocols.flight_messages.part import Part

_AIRCRAFT = re.compile(r"(?P<number>\d{0,2})(?P<type>[^/]*)/(?P<wake>.*)")
_TYPE = re.compile(r"[A-Z][A-Z0-9]{1,3}")  # ICAO Doc 8643: two to four, a letter first
_WAKE = re.compile(r"[HMLJ]")


@dataclass(frozen=True, slots=True, kw_only=True)
class AircraftType:
    """`number` above 1 of a formation; `type` a designator of Doc 8643 or ZZZZ; `wake`: J, H, M or L."""

    number: int = 1
    type: str
    wake: str


def read(part: Part) -> AircraftType:
    """The field. Raises BadField."""
    found = part.match(_AIRCRAFT, "b", "type and wake turbulence category with a stroke between, like A332/H")
    number = part.group(found, "number")
    if number.text and int(number.text) < 2:
        number.refuse(BAD_VALUE, "a", "a number of 2 to 99, or none for one aircraft")
    part.group(found, "type").match(_TYPE, "b", "a type designator of 2 to 4 characters, or ZZZZ")
    part.group(found, "wake").match(_WAKE, "c", "H, M, L or J")
    return AircraftType(number=int(number.text or 1), type=found["type"], wake=found["wake"])


def write(aircraft: AircraftType) -> str:
    """Its text."""
    number = f"{aircraft.number:02d}" if aircraft.number > 1 else ""
    return f"{number}{aircraft.type}/{aircraft.wake}"
