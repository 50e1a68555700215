"""Field 7: aircraft identification and SSR mode and code. Doc 4444 Appendix 2 item 7, Appendix 3 field type 7."""

import re
from dataclasses import dataclass

from protocols.flight_messages.part import Part

_IDENTITY = re.compile(r"[A-Z0-9]{1,7}")
_SQUAWK = re.compile(r"A[0-7]{4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """`callsign` without hyphens; `squawk` four octal figures of mode A, empty: none."""

    callsign: str
    squawk: str = ""


def read(part: Part) -> Identity:
    """The field. Raises BadField."""
    callsign, *squawk = part.split("/")
    callsign.match(_IDENTITY, "a", "1 to 7 letters and figures")
    if not squawk:
        return Identity(callsign=callsign.text)
    code = part.cut(len(callsign.text) + 1)
    code.match(_SQUAWK, "b", "A and 4 octal figures, like A5633")
    return Identity(callsign=callsign.text, squawk=code.text[1:])


def write(identity: Identity) -> str:
    """Its text."""
    return identity.callsign + (f"/A{identity.squawk}" if identity.squawk else "")
