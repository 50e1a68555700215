"""Field 10: equipment and capabilities. Doc 4444 (Amendment 1, 2012) Appendix 2 item 10, Appendix 3 field type 10.

A letter or figure that the 2012 tables do not have is kept as it came and told of in a warning: tables are revised, and
telegrams in use still carry codes of the one before. Anything else that is wrong is refused.
"""

import re
from dataclasses import dataclass

from protocols.flight_messages.errors import BAD_FORM, DUPLICATE, INCONSISTENT, UNKNOWN_EQUIPMENT, Fault
from protocols.flight_messages.part import Part

_RADIO = re.compile(r"E[1-3]|J[1-7]|M[1-3]|P[1-9]|[ABCDFGHIKLNORSTUVWXYZ]")
_SURVEILLANCE = re.compile(r"[BUV][12]|[DG]1|[NACEHILPSX]")
_LETTERS = re.compile(r"[A-Z0-9]+")
MOST_SURVEILLANCE = 20  # characters; Doc 4444 item 10 b, MH/T 4007 data item 10B
NONE = "N"
STANDARD = "S"  # VHF RTF, VOR and ILS


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """Codes of communication, navigation and approach aids, and of surveillance. ("N",) alone: none, or not usable."""

    radio: tuple[str, ...]
    surveillance: tuple[str, ...]


def read(part: Part, warnings: list[Fault]) -> Equipment:
    """The field. Raises BadField."""
    pieces = part.split("/")
    if len(pieces) != 2:
        part.refuse(BAD_FORM, "a", "radio aids, a stroke, surveillance, like SDGRWY/LB1")
    radio = _codes(pieces[0], _RADIO, "a", warnings)
    surveillance = _codes(pieces[1], _SURVEILLANCE, "b", warnings)
    if len(pieces[1].text) > MOST_SURVEILLANCE:
        pieces[1].refuse(BAD_FORM, "b", f"at most {MOST_SURVEILLANCE} characters")
    return Equipment(radio=radio, surveillance=surveillance)


def _codes(part: Part, known: "re.Pattern[str]", element: str, warnings: list[Fault]) -> tuple[str, ...]:
    part.match(_LETTERS, element, "N for none, or equipment codes")
    codes: list[str] = []
    at = 0
    while at < len(part.text):
        found = known.match(part.text, at)
        end = found.end() if found else at + 1
        piece = part.cut(at, end)
        if found is None:
            warnings.append(piece.fault(UNKNOWN_EQUIPMENT, element, "an equipment code of the 2012 tables"))
        elif piece.text in codes:
            piece.refuse(DUPLICATE, element, "each code once")
        codes.append(piece.text)
        at = end
    if NONE in codes and len(codes) > 1:
        part.refuse(INCONSISTENT, element, "N alone, or codes without N")
    return tuple(codes)


def write(equipment: Equipment) -> str:
    """Its text."""
    return f"{''.join(equipment.radio)}/{''.join(equipment.surveillance)}"
