"""Words that several fields share: times, aerodromes, speeds, levels, significant points, plain language.

Source: ICAO Doc 4444 (PANS-ATM, 15th edition with Amendment 1 of 2012) Appendix 2 items 13 to 16, Appendix 3 §1.6 and
§2; MH/T 4007 §5.1 to §5.13.
"""

import re
from dataclasses import dataclass

from protocols.flight_messages.errors import BAD_FORM, BAD_VALUE
from protocols.flight_messages.part import Part

ZZZZ = "ZZZZ"  # an aerodrome or a type without designator: item 18 says which
AFIL = "AFIL"  # the plan was filed in the air
_TIME = re.compile(r"\d{4}")
_AERODROME = re.compile(r"[A-Z]{4}")
_SPEED = re.compile(r"K\d{4}|N\d{4}|M\d{3}")
LEVEL = r"F\d{3}|S\d{4}|A\d{3}|M\d{4}"
_LEVEL = re.compile(LEVEL)
DEGREES = re.compile(r"(\d{2})[NS](\d{3})[EW]")
MINUTES = re.compile(r"(\d{2})(\d{2})[NS](\d{3})(\d{2})[EW]")
BEARING = re.compile(r"([A-Z]{2,5})(\d{3})(\d{3})")
DESIGNATOR = re.compile(r"[A-Z][A-Z0-9]{1,4}")
# Annex 10 Vol II §4.1.2: the figures and signs of ITA-2, less hyphen, stroke and parentheses, which are structure.
_PLAIN = re.compile(r"[A-Z0-9.,'?:=+]+(?: [A-Z0-9.,'?:=+]+)*")
KNOT_MPS = 1852.0 / 3600.0
FOOT_M = 0.3048


def clock(part: Part, element: str) -> str:
    """A time of day, UTC, four figures."""
    part.match(_TIME, element, "a time of day, HHMM")
    if int(part.text[:2]) > 23 or int(part.text[2:]) > 59:
        part.refuse(BAD_VALUE, element, "a time of day, 0000 to 2359")
    return part.text


def duration(part: Part, element: str) -> str:
    """Hours and minutes, four figures."""
    part.match(_TIME, element, "hours and minutes, HHMM")
    if int(part.text[2:]) > 59:
        part.refuse(BAD_VALUE, element, "minutes below 60")
    return part.text


def aerodrome(part: Part, element: str) -> str:
    """A location indicator (ICAO Doc 7910), or ZZZZ."""
    part.match(_AERODROME, element, "a location indicator of four letters, or ZZZZ")
    return part.text


def speed(part: Part, element: str) -> str:
    """K and four figures (km/h), N and four (kt), M and three (hundredths of Mach). Above nothing."""
    part.match(_SPEED, element, "a speed: K and 4 figures, N and 4 figures, or M and 3 figures")
    if not int(part.text[1:]):
        part.refuse(BAD_VALUE, element, "a speed above 0")
    return part.text


def level(part: Part, element: str, *, visual: bool = False) -> str:
    """F three (flight level), S four (tens of metres, standard), A three (hundreds of feet), M four (tens of metres)."""
    if visual and part.text == "VFR":
        return part.text
    allowed = "F and 3 figures, S and 4 figures, A and 3 figures, M and 4 figures" + (
        " or VFR" if visual else ""
    )
    part.match(_LEVEL, element, f"a level: {allowed}")
    return part.text


def plain(
    part: Part, element: str, expected: str = "plain language: letters, figures and . , ' ? : = +"
) -> str:
    """Free text, words with single spaces between."""
    part.match(_PLAIN, element, expected)
    return part.text


def is_coordinate(text: str) -> bool:
    """Whether it has the form of a latitude and longitude."""
    return bool(DEGREES.fullmatch(text) or MINUTES.fullmatch(text))


def point(part: Part, element: str) -> str:
    """A significant point: a coded designator, degrees, degrees and minutes, or bearing and distance from a point."""
    text = part.text
    if BEARING.fullmatch(text):
        if int(text[-6:-3]) > 360:
            part.refuse(BAD_VALUE, element, "a bearing of 000 to 360 degrees magnetic")
    elif found := DEGREES.fullmatch(text):
        _check_degrees(part, element, (int(found[1]), 0), (int(found[2]), 0))
    elif found := MINUTES.fullmatch(text):
        _check_degrees(part, element, (int(found[1]), int(found[2])), (int(found[3]), int(found[4])))
    elif not DESIGNATOR.fullmatch(text):
        part.refuse(
            BAD_FORM,
            element,
            "a significant point: 2 to 5 letters or figures, 46N078W, 4620N07805W, or DUB180040",
        )
    return text


def _check_degrees(part: Part, element: str, lat: tuple[int, int], lon: tuple[int, int]) -> None:
    if lat[1] > 59 or lon[1] > 59 or lat > (90, 0) or lon > (180, 0):
        part.refuse(
            BAD_VALUE, element, "a latitude up to 90 and a longitude up to 180 degrees, minutes below 60"
        )


def coordinate(lon_deg: float, lat_deg: float) -> str:
    """A place in degrees and minutes, 11 characters: 2904N11513E. To the nearest minute, 0.9 km of latitude at most."""
    lat, lon = round(abs(lat_deg) * 60), round(abs(lon_deg) * 60)
    north, east = "N" if lat_deg >= 0 else "S", "E" if lon_deg >= 0 else "W"
    return f"{lat // 60:02d}{lat % 60:02d}{north}{lon // 60:03d}{lon % 60:02d}{east}"


def place_of(text: str) -> tuple[float, float] | None:
    """Longitude and latitude, degrees, of a coordinate; None for any other point."""
    found = MINUTES.fullmatch(text) or DEGREES.fullmatch(text)
    if found is None:
        return None
    numbers = [int(each) for each in found.groups()]
    lat, lon = (
        (numbers[0], numbers[1])
        if len(numbers) == 2
        else (
            numbers[0] + numbers[1] / 60,
            numbers[2] + numbers[3] / 60,
        )
    )
    return (-lon if text.endswith("W") else lon), (-lat if "S" in text else lat)


def mps_of(text: str) -> float | None:
    """A speed in m/s; None for a Mach number, which needs the air's temperature."""
    if text.startswith("K"):
        return int(text[1:]) / 3.6
    return int(text[1:]) * KNOT_MPS if text.startswith("N") else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Height:
    """A level in metres; `pressure`: above 1013.25 hPa, else above mean sea level."""

    metres: float
    pressure: bool


def height_of(text: str) -> Height | None:
    """A level as a height; None for VFR."""
    if text == "VFR":
        return None
    unit_m = {"F": 100 * FOOT_M, "A": 100 * FOOT_M, "S": 10.0, "M": 10.0}[text[0]]
    return Height(metres=int(text[1:]) * unit_m, pressure=text[0] in "FS")
