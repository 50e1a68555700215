"""Field 20: alerting search and rescue information, in ALR. Doc 4444 Appendix 3, field type 20.

Its eight elements are words with nothing but spaces between, several of them plain language, so they cannot be told
apart by a machine: what is checked is that there is something for each, NIL or NOT KNOWN included.
"""

from protocols.flight_messages import words
from protocols.flight_messages.errors import MISSING
from protocols.flight_messages.part import Part

ELEMENTS = 8


def read(part: Part) -> str:
    """The field. Raises BadField."""
    words.plain(part, "")
    if len(part.text.split(" ")) < ELEMENTS:
        part.refuse(
            MISSING,
            "",
            "operator, unit of last contact, its time, frequency, last position, how it was determined, action taken,"
            " other information; NIL or NOT KNOWN where there is none",
        )
    return part.text


def write(text: str) -> str:
    """Its text."""
    return text
