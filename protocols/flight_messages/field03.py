"""Field 3: message type, number and reference data. Doc 4444 Appendix 3, field type 3."""

import re
from dataclasses import dataclass

from protocols.flight_messages.errors import UNKNOWN_TYPE
from protocols.flight_messages.part import Part

_UNITS = r"[A-Z]{1,4}/[A-Z]{1,4}\d{3}"
_TITLE = re.compile(rf"(?P<kind>[A-Z]{{3}})(?P<number>{_UNITS})?(?P<reference>{_UNITS})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Title:
    """`number` and `reference`: sending unit, receiving unit and serial (A/B234); empty where not used."""

    kind: str
    number: str = ""
    reference: str = ""


def read(part: Part, kinds: frozenset[str]) -> Title:
    """The title of a message of one of `kinds`. Raises BadField."""
    found = part.match(_TITLE, "a", "three letters, then none to two numbers like A/B234")
    if found["kind"] not in kinds:
        part.group(found, "kind").refuse(UNKNOWN_TYPE, "a", f"one of {' '.join(sorted(kinds))}")
    return Title(kind=found["kind"], number=found["number"] or "", reference=found["reference"] or "")


def write(title: Title) -> str:
    """Its text."""
    return title.kind + title.number + title.reference
