"""Field 21: radio failure information, in RCF. Doc 4444 Appendix 3, field type 21."""

import re
from dataclasses import dataclass

from protocols.flight_messages import words
from protocols.flight_messages.errors import MISSING
from protocols.flight_messages.part import Part

_FREQUENCY = re.compile(r"\d{1,4}(?:\.\d{1,3})?|NIL")
_WORDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class RadioFailure:
    """Last two-way contact, its frequency, last reported position with its time, and what the radio can still do."""

    heard: str
    frequency: str
    position: str
    position_time: str
    remarks: str


def read(part: Part) -> RadioFailure:
    """The field. Raises BadField."""
    pieces = part.split(" ")
    if len(pieces) < _WORDS:
        part.refuse(MISSING, "", "time, frequency, position, its time, what the radio can still do")
    heard, frequency, position, at, *_ = pieces
    rest = part.cut(sum(len(each.text) + 1 for each in pieces[:4]))
    words.clock(heard, "a")
    frequency.match(_FREQUENCY, "b", "a frequency, or NIL")
    words.point(position, "c")
    words.clock(at, "d")
    words.plain(rest, "e")
    return RadioFailure(
        heard=heard.text,
        frequency=frequency.text,
        position=position.text,
        position_time=at.text,
        remarks=rest.text,
    )


def write(failure: RadioFailure) -> str:
    """Its text."""
    where = f"{failure.position} {failure.position_time}"
    return f"{failure.heard} {failure.frequency} {where} {failure.remarks}"
