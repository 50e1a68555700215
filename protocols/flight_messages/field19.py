"""Field 19: supplementary information, in SPL and ALR. Doc 4444 Appendix 2 item 19, Appendix 3 field type 19.

Elements in this order, each at most once: E/ endurance, P/ persons on board, R/ radio, S/ survival equipment, J/ jackets,
D/ dinghies, A/ colour and markings, N/ remarks, C/ pilot in command.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from protocols.flight_messages import words
from protocols.flight_messages.errors import BAD_FORM, DUPLICATE, MISPLACED, MISSING, UNEXPECTED
from protocols.flight_messages.part import Part

_HEAD = re.compile(r"(?:^|(?<= ))([^/ ]*)/")
_PERSONS = re.compile(r"\d{1,3}|TBN")
_RADIO = re.compile(r"U?V?E?")
_SURVIVAL = re.compile(r"P?D?M?J?")
_JACKETS = re.compile(r"[LFUV](?: [LFUV]){0,3}|L?F?U?V?")
_DINGHIES = re.compile(r"\d{1,2} \d{1,3}(?: C)?(?: [A-Z]+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplementary:
    """Values by the letter of their element."""

    values: Mapping[str, str] = field(default_factory=dict)


def _endurance(part: Part, element: str) -> None:
    words.duration(part, element)


def _form(pattern: "re.Pattern[str]", expected: str) -> Callable[[Part, str], None]:
    def check(part: Part, element: str) -> None:
        part.match(pattern, element, expected)

    return check


def _text(part: Part, element: str) -> None:
    words.plain(part, element)


_ELEMENTS: Mapping[str, Callable[[Part, str], None]] = {
    "E": _endurance,
    "P": _form(_PERSONS, "a number of persons, or TBN"),
    "R": _form(_RADIO, "U, V, E in this order"),
    "S": _form(_SURVIVAL, "P, D, M, J in this order"),
    "J": _form(_JACKETS, "L, F, U, V"),
    "D": _form(_DINGHIES, "number and capacity, C if covered, colour: 2 8 C YELLOW"),
    "A": _text,
    "N": _text,
    "C": _text,
}


def read(part: Part) -> Supplementary:
    """The field. Raises BadField, naming the element's letter."""
    heads = list(_HEAD.finditer(part.text))
    if not heads or heads[0].start(1) != 0:
        part.refuse(BAD_FORM, "", "elements like E/0745 P/6")
    order = list(_ELEMENTS)
    values: dict[str, str] = {}
    for head, end in zip(heads, [*(each.start(1) - 1 for each in heads[1:]), len(part.text)], strict=True):
        name, value = part.group(head, 1), part.cut(head.end(), max(end, head.end()))
        if name.text not in _ELEMENTS:
            name.refuse(UNEXPECTED, name.text, f"one of {'/ '.join(order)}/")
        if name.text in values:
            name.refuse(DUPLICATE, name.text, "each element once")
        if values and order.index(name.text) < order.index(next(reversed(values))):
            name.refuse(MISPLACED, name.text, f"the order {'/ '.join(order)}/")
        if not value.text:
            value.refuse(MISSING, name.text, f"a value after {name.text}/")
        _ELEMENTS[name.text](value, name.text)
        values[name.text] = value.text
    return Supplementary(values=values)


def write(supplementary: Supplementary) -> str:
    """Its text, in the order that is demanded."""
    order = list(_ELEMENTS)
    known = sorted(supplementary.values, key=lambda name: order.index(name) if name in order else len(order))
    return " ".join(f"{name}/{supplementary.values[name]}" for name in known)
