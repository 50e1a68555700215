"""Field 13: departure aerodrome and time. Doc 4444 Appendix 2 item 13, Appendix 3 field type 13.

The time is the estimated off-block time, in DEP the actual one of departure. ARR telegrams of before 2012 leave it out.
"""

from dataclasses import dataclass

from protocols.flight_messages import words
from protocols.flight_messages.errors import MISSING
from protocols.flight_messages.part import Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """`aerodrome`: a location indicator, ZZZZ or AFIL; `time` HHMM UTC, empty where a message may leave it out."""

    aerodrome: str
    time: str = ""


def read(part: Part, *, timeless: bool = False) -> Departure:
    """The field; `timeless`: the time may be left out. Raises BadField."""
    aerodrome, time = part.cut(0, 4), part.cut(4)
    words.aerodrome(aerodrome, "a")
    if not time.text and not timeless:
        time.refuse(MISSING, "b", "a time of day, HHMM")
    return Departure(aerodrome=aerodrome.text, time=words.clock(time, "b") if time.text else "")


def write(departure: Departure) -> str:
    """Its text."""
    return departure.aerodrome + departure.time
