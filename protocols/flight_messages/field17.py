"""Field 17: arrival aerodrome and time, in ARR. Doc 4444 Appendix 3, field type 17."""

from dataclasses import dataclass

from protocols.flight_messages import words
from protocols.flight_messages.errors import BAD_FORM, MISSING, UNEXPECTED
from protocols.flight_messages.part import Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """`time` of landing, HHMM UTC; `name` says in words where it was when `aerodrome` is ZZZZ."""

    aerodrome: str
    time: str
    name: str = ""


def read(part: Part) -> Arrival:
    """The field. Raises BadField."""
    aerodrome, time, rest = part.cut(0, 4), part.cut(4, 8), part.cut(8)
    words.aerodrome(aerodrome, "a")
    words.clock(time, "b")
    if not rest.text:
        if aerodrome.text == words.ZZZZ:
            rest.refuse(MISSING, "c", "the name of the place after ZZZZ")
        return Arrival(aerodrome=aerodrome.text, time=time.text)
    if not rest.text.startswith(" "):
        rest.refuse(BAD_FORM, "c", "a space before the name")
    if aerodrome.text != words.ZZZZ:
        rest.strip().refuse(UNEXPECTED, "c", "a name after ZZZZ only")
    return Arrival(aerodrome=aerodrome.text, time=time.text, name=words.plain(rest.cut(1), "c"))


def write(arrival: Arrival) -> str:
    """Its text."""
    return f"{arrival.aerodrome}{arrival.time}" + (f" {arrival.name}" if arrival.name else "")
