"""Field 18: other information. Doc 4444 (Amendment 1, 2012) Appendix 2 item 18, Appendix 3 field type 18.

`0`, or indicators with their values. A word with a stroke begins an indicator, and only those of the list are taken,
each once; how a value is written is field18_values.py's.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from protocols.flight_messages.errors import BAD_FORM, DUPLICATE, MISSING, UNEXPECTED
from protocols.flight_messages.field18_values import INDICATORS
from protocols.flight_messages.part import Part

NOTHING = "0"
_INDICATOR = re.compile(r"([^/ ]*)/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """Values by indicator, in the order in which they stand. Empty: `0`."""

    values: Mapping[str, str] = field(default_factory=dict)

    def get(self, indicator: str) -> str:
        """A value, empty where there is none."""
        return self.values.get(indicator, "")


def read(part: Part) -> Other:
    """The field. Raises BadField, naming the indicator as the element."""
    if part.text == NOTHING:
        return Other()
    values: dict[str, str] = {}
    pairs = _pairs(part)
    for name, _ in pairs:
        if name.text not in INDICATORS:
            name.refuse(UNEXPECTED, name.text, f"one of {'/ '.join(INDICATORS)}/; no stroke inside a value")
    for name, value in pairs:
        if name.text in values:
            name.refuse(DUPLICATE, name.text, "each indicator once")
        if not value.text:
            value.refuse(MISSING, name.text, f"a value after {name.text}/")
        INDICATORS[name.text](value, name.text)
        values[name.text] = value.text
    return Other(values=values)


def _pairs(part: Part) -> list[tuple[Part, Part]]:
    heads = list(_INDICATOR.finditer(part.text))
    if not heads or heads[0].start() != 0:
        part.refuse(BAD_FORM, "", "0, or indicators like DOF/261126")
    ends = [*(each.start() - 1 for each in heads[1:]), len(part.text)]
    return [
        (part.cut(head.start(), head.end() - 1), part.cut(head.end(), max(end, head.end())))
        for head, end in zip(heads, ends, strict=True)
    ]


def write(other: Other) -> str:
    """Its text."""
    return " ".join(f"{name}/{value}" for name, value in other.values.items()) or NOTHING
