"""A message's text to its fields: cut at hyphens, each field read by its own file, all faults collected.

    (FPL-B7601-VG           3, 7, 8
    -MI8/M                  9
    -SY/C                   10
    …-DOF/261126 RMK/X)     … 18

Nothing a sender writes raises. A message with faults is not read in part: `Reading.message` is None.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from protocols.flight_messages import consistency, field03
from protocols.flight_messages.errors import (
    BAD_CHARACTER,
    MISSING,
    NOT_CLOSED,
    TOO_LONG,
    UNEXPECTED,
    BadField,
    Fault,
)
from protocols.flight_messages.fields import readers
from protocols.flight_messages.message import KINDS, NAMES, Message, Slot
from protocols.flight_messages.part import Part

MOST_CHARACTERS = 10_000  # AFTN takes 1,800 of text (Annex 10 Vol II §4.4.5.7); AMHS more
MOST_FAULTS = 20  # told of one message
_STRANGE = re.compile(r"[^A-Z0-9 .,'/?:=+]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What became of a text: a message, with what is doubtful in it, or what is wrong with it, first things first."""

    message: Message | None = None
    kind: str = ""  # as far as it could be read
    faults: tuple[Fault, ...] = ()
    warnings: tuple[Fault, ...] = ()


def parse(text: str) -> Message:
    """The message. Raises BadField for the first thing that is wrong."""
    reading = read(text)
    if reading.message is None:
        raise BadField(reading.faults[0])
    return reading.message


def read(text: str) -> Reading:
    """What the text says, from parenthesis to parenthesis."""
    whole = Part.whole(text[: MOST_CHARACTERS + 1]).strip()
    if len(text) > MOST_CHARACTERS:
        return Reading(faults=(whole.cut(0, 0).fault(TOO_LONG, "", f"at most {MOST_CHARACTERS} characters"),))
    if not whole.text.startswith("("):
        return Reading(faults=(whole.cut(0, 1).fault(NOT_CLOSED, "", "an opening parenthesis"),))
    if not whole.text.endswith(")") or len(whole.text) < 2:
        return Reading(faults=(whole.cut(len(whole.text)).fault(NOT_CLOSED, "", "a closing parenthesis"),))
    title, *rest = (each.strip() for each in whole.cut(1, len(whole.text) - 1).split("-"))
    try:
        head = field03.read(_clean(title.of("3")), frozenset(KINDS))
    except BadField as error:
        return Reading(faults=(error.fault,))
    return _fields(head, rest, whole.cut(len(whole.text) - 1, len(whole.text)))


def _fields(head: field03.Title, parts: list[Part], end: Part) -> Reading:
    faults: list[Fault] = []
    warnings: list[Fault] = []
    read_by = readers(head.kind, warnings)
    values: dict[str, Any] = {}
    placed: dict[int, Part] = {}
    for number, part in _placed(head.kind, parts, end, faults):
        placed[number] = part
        try:
            value = read_by[number](_clean(part))
        except BadField as error:
            faults.append(error.fault)
            continue
        values[NAMES[number]] = (*values.get(NAMES[number], ()), value) if number == 22 else value
    if head.kind == "FPL" and 19 in placed:
        warnings.append(placed[19].fault(UNEXPECTED, "", "no field 19 in FPL: it goes into SPL"))
    if not faults:
        message = Message(title=head, **values)
        faults += consistency.check(message, placed)
        if not faults:
            return Reading(message=message, kind=head.kind, warnings=tuple(warnings))
    faults.sort(key=lambda fault: fault.position)
    return Reading(kind=head.kind, faults=tuple(faults[:MOST_FAULTS]))


def _clean(part: Part) -> Part:
    """The part, if all its characters are of the message alphabet."""
    strange = _STRANGE.search(part.text)
    if strange is not None:
        piece = part.cut(strange.start(), strange.end())
        piece.refuse(BAD_CHARACTER, "", "capital letters, figures and . , ' / ? : = +")
    return part


def _placed(kind: str, parts: list[Part], end: Part, faults: list[Fault]) -> Iterator[tuple[int, Part]]:
    """Which part is which field; those that are missing or too many go into `faults`."""
    at = 0
    for slot in KINDS[kind]:
        number = str(slot.number)
        if at < len(parts) and _is_there(slot, parts[at:]):
            yield slot.number, parts[at].of(number)
            at += 1
        elif slot.there is None:
            missing = end.cut(0, 0).of(number)
            faults.append(missing.fault(MISSING, "", f"field {number} of {kind}"))
    last = KINDS[kind][-1].number
    for part in parts[at:]:
        if last == 22:
            yield last, part.of("22")
        else:
            faults.append(part.fault(UNEXPECTED, "", f"the end of {kind} after field {last}"))


def _is_there(slot: Slot, parts: list[Part]) -> bool:
    return slot.there is None or slot.there(parts[0].text, tuple(each.text for each in parts[1:]))
