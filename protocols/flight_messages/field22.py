"""Field 22: amendment, one for each field that CHG changes. Doc 4444 Appendix 3, field type 22.

A field number, a stroke and that field's new contents whole: 8/I, 16/EDDN. How they are written is their own field's.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from protocols.flight_messages.errors import BAD_FORM, BAD_VALUE
from protocols.flight_messages.part import Part

_HEAD = re.compile(r"\d{1,2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """`content` is what the numbered field's own reader makes: an Identity for 7, a Route for 15 …"""

    number: int
    content: Any


def read(part: Part, readers: Mapping[int, Callable[[Part], Any]]) -> Amendment:
    """The field. Raises BadField, of a wrong content naming the field that it is of."""
    head, *rest = part.split("/")
    if not rest:
        part.refuse(BAD_FORM, "a", "a field number, a stroke and its new contents, like 8/I")
    head.match(_HEAD, "a", "a field number of 1 or 2 figures")
    number = int(head.text)
    if number not in readers or head.text.startswith("0"):
        head.refuse(BAD_VALUE, "a", f"one of {' '.join(map(str, sorted(readers)))}")
    return Amendment(number=number, content=readers[number](part.cut(len(head.text) + 1).of(str(number))))


def write(amendment: Amendment, writers: Mapping[int, Callable[[Any], str]]) -> str:
    """Its text."""
    return f"{amendment.number}/{writers[amendment.number](amendment.content)}"
