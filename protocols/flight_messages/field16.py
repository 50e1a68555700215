"""Field 16: destination, total estimated elapsed time, alternates. Doc 4444 Appendix 2 item 16, Appendix 3 type 16."""

from dataclasses import dataclass

from protocols.flight_messages import words
from protocols.flight_messages.errors import BAD_VALUE, MISSING, UNEXPECTED
from protocols.flight_messages.part import Part

MOST_ALTERNATES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """`elapsed` HHMM and `alternates` only in messages that carry the whole plan."""

    aerodrome: str
    elapsed: str = ""
    alternates: tuple[str, ...] = ()


def read(part: Part, *, whole: bool, brief: bool = True) -> Destination:
    """The field. `whole`: elapsed time and alternates may follow; not `brief`: the time must. Raises BadField."""
    first, *others = part.split(" ")
    aerodrome, elapsed = first.cut(0, 4), first.cut(4)
    words.aerodrome(aerodrome, "a")
    if aerodrome.text == words.AFIL:
        aerodrome.refuse(BAD_VALUE, "a", "where the flight goes to")
    if (elapsed.text or others) and not whole:
        part.cut(4).refuse(UNEXPECTED, "b", "the destination alone in this message")
    if not elapsed.text and not brief:
        elapsed.refuse(MISSING, "b", "hours and minutes, HHMM")
    if len(others) > MOST_ALTERNATES:
        others[MOST_ALTERNATES].refuse(UNEXPECTED, "c", "at most two alternates")
    if others and not elapsed.text:
        elapsed.refuse(MISSING, "b", "hours and minutes, HHMM")
    return Destination(
        aerodrome=aerodrome.text,
        elapsed=words.duration(elapsed, "b") if elapsed.text else "",
        alternates=tuple(words.aerodrome(each, "c") for each in others),
    )


def write(destination: Destination) -> str:
    """Its text."""
    return " ".join((destination.aerodrome + destination.elapsed, *destination.alternates))
