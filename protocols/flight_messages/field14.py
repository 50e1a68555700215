"""Field 14: estimate data, in EST and CPL. Doc 4444 Appendix 3, field type 14."""

import re
from dataclasses import dataclass

from protocols.flight_messages import words
from protocols.flight_messages.errors import BAD_FORM
from protocols.flight_messages.part import Part

_REST = re.compile(
    rf"(?P<time>\d{{4}})(?P<cleared>{words.LEVEL})(?:(?P<crossing>{words.LEVEL})(?P<way>[AB]))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Over `point` at `time`, cleared to a level; crossed at or above (A), or at or below (B), another one."""

    point: str
    time: str
    cleared: str
    crossing: str = ""
    way: str = ""


def read(part: Part) -> Estimate:
    """The field. Raises BadField."""
    pieces = part.split("/")
    if len(pieces) != 2:
        part.refuse(BAD_FORM, "a", "boundary point, stroke, time and level, like LN/1746F160")
    words.point(pieces[0], "a")
    found = pieces[1].match(_REST, "b", "time, cleared level, and where needed a crossing level with A or B")
    words.clock(pieces[1].group(found, "time"), "b")
    return Estimate(
        point=pieces[0].text,
        time=found["time"],
        cleared=found["cleared"],
        crossing=found["crossing"] or "",
        way=found["way"] or "",
    )


def write(estimate: Estimate) -> str:
    """Its text."""
    return f"{estimate.point}/{estimate.time}{estimate.cleared}{estimate.crossing}{estimate.way}"
