"""Field 8: flight rules and type of flight. Doc 4444 Appendix 2 item 8, Appendix 3 field type 8."""

import re
from dataclasses import dataclass

from protocols.flight_messages.part import Part

_RULES = re.compile(r"[IVYZ]")
_TYPE = re.compile(r"[SNGMX]?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """`rules`: I, V, Y (IFR first), Z (VFR first); `flight`: S scheduled, N, G general aviation, M military, X, or empty."""

    rules: str
    flight: str = ""


def read(part: Part) -> Rules:
    """The field. Raises BadField."""
    rules, flight = part.cut(0, 1), part.cut(1)
    rules.match(_RULES, "a", "I, V, Y or Z")
    flight.match(_TYPE, "b", "S, N, G, M or X")
    return Rules(rules=rules.text, flight=flight.text)


def write(rules: Rules) -> str:
    """Its text."""
    return rules.rules + rules.flight
