"""One element of a route: what a word of field 15 c says by itself. What may follow what is route.py's.

Source: Doc 4444 Appendix 2 item 15 (c), Appendix 3 field type 15 elements (c1) to (c7).
"""

import re
from dataclasses import dataclass

from protocols.flight_messages import words
from protocols.flight_messages.errors import BAD_FORM
from protocols.flight_messages.part import Part

POINT = "point"  # c3, and with a speed and level c4
ROUTE = "route"  # c1, c2, c7: an ATS route, or a standard departure or arrival route; their names look alike
DIRECT = "direct"  # c5
RULES = "rules"  # c5: VFR or IFR from the point before on
TRUNCATED = "truncated"  # c5: T, the rest is as filed before
CLIMB = "climb"  # c6: cruise climb

_WORDS = {"DCT": DIRECT, "VFR": RULES, "IFR": RULES, "T": TRUNCATED}
_LETTERS = re.compile(r"[A-Z]{2,5}")
_ROUTE = re.compile(r"[A-Z][A-Z0-9]{1,6}")
_SPEED_LEVEL = re.compile(r"([A-Z]\d*)(.*)")
_BAND = re.compile(r"([A-Z]\d*)([A-Z]\d*)(.*)")
PLUS = "PLUS"  # of a cruise climb: this level and above


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """`name`: of the route or point, or the word itself. A change at a point, and a climb, have `speed_text` and `level_text`;
    a climb goes to `upper`, a level or PLUS."""

    kind: str
    name: str
    speed_text: str = ""
    level_text: str = ""
    upper: str = ""

    @property
    def text(self) -> str:
        """As it stands in a route."""
        if self.kind == CLIMB:
            return f"C/{self.name}/{self.speed_text}{self.level_text}{self.upper}"
        return f"{self.name}/{self.speed_text}{self.level_text}" if self.speed_text else self.name

    @property
    def placed(self) -> bool:
        """Whether it is a point by coordinates, or by bearing and distance: between two such DCT may be left out."""
        return words.is_coordinate(self.name) or bool(words.BEARING.fullmatch(self.name))


def read(part: Part, number: int) -> tuple[Element, ...]:
    """What the word can be: one thing, or for a name with figures a route or a point. Raises BadField."""
    label = f"c element {number}"
    text = part.text
    if text in _WORDS:
        return (Element(kind=_WORDS[text], name=text),)
    if text.startswith("C/"):
        return (_climb(part, label),)
    if "/" in text:
        return (_change(part, label),)
    if words.is_coordinate(text) or words.BEARING.fullmatch(text) or _LETTERS.fullmatch(text):
        return (Element(kind=POINT, name=words.point(part, label)),)
    if not _ROUTE.fullmatch(text):
        part.refuse(
            BAD_FORM,
            label,
            "an ATS route, a significant point (LN, 46N078W, 4620N07805W, DUB180040), a change at a point"
            " (MAY/N0305F180), C/ a cruise climb, DCT, VFR, IFR or T",
        )
    route = Element(kind=ROUTE, name=text)
    return (route, Element(kind=POINT, name=text)) if words.DESIGNATOR.fullmatch(text) else (route,)


def _change(part: Part, label: str) -> Element:
    pieces = part.split("/")
    if len(pieces) != 2:
        part.refuse(BAD_FORM, label, "a point, a stroke, speed and level, like MAY/N0305F180")
    point, change = pieces
    name = words.point(point, label)
    found = change.match(_SPEED_LEVEL, label, "speed and level after the stroke, like N0305F180")
    return Element(
        kind=POINT,
        name=name,
        speed_text=words.speed(change.group(found, 1), label),
        level_text=words.level(change.group(found, 2), label, visual=True),
    )


def _climb(part: Part, label: str) -> Element:
    pieces = part.split("/")
    if len(pieces) != 3:
        part.refuse(BAD_FORM, label, "C, point, and speed with two levels or PLUS: C/48N050W/M082F290F350")
    name = words.point(pieces[1], label)
    band = pieces[2]
    found = band.match(_BAND, label, "speed and two levels, or a level and PLUS")
    upper = band.group(found, 3)
    return Element(
        kind=CLIMB,
        name=name,
        speed_text=words.speed(band.group(found, 1), label),
        level_text=words.level(band.group(found, 2), label),
        upper=upper.text if upper.text == PLUS else words.level(upper, label),
    )
