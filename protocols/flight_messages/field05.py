"""Field 5: description of emergency, in ALR alone. Doc 4444 Appendix 3, field type 5."""

import re
from dataclasses import dataclass

from protocols.flight_messages import words
from protocols.flight_messages.errors import BAD_FORM
from protocols.flight_messages.part import Part

_PHASE = re.compile(r"INCERFA|ALERFA|DETRESFA")
_ORIGINATOR = re.compile(r"[A-Z]{8}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Emergency:
    """`phase`: INCERFA, ALERFA or DETRESFA; `originator` an addressee of eight letters; `nature` in plain language."""

    phase: str
    originator: str
    nature: str


def read(part: Part) -> Emergency:
    """The field. Raises BadField."""
    pieces = part.split("/")
    if len(pieces) != 3:
        part.refuse(
            BAD_FORM, "a", "phase, originator and nature with a stroke between: ALERFA/ZSHAZQZX/OVERDUE"
        )
    phase, originator, nature = pieces
    phase.match(_PHASE, "a", "INCERFA, ALERFA or DETRESFA")
    originator.match(_ORIGINATOR, "b", "the eight letters of the originator")
    words.plain(nature, "c")
    return Emergency(phase=phase.text, originator=originator.text, nature=nature.text)


def write(emergency: Emergency) -> str:
    """Its text."""
    return f"{emergency.phase}/{emergency.originator}/{emergency.nature}"
