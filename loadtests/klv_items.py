"""One packet's items as stanag4609 reads them, beside ours: the same value, a known class of difference, or a difference.

A class is of items that one side alone reads, or where ours says what is wrong with the value; two values that are not
the same are in no class.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from stanag4609.errors import DecodeError
from stanag4609.st0601 import FIELD_DEFINITIONS, FieldDecodingMode, SpecialValue, decode_uas_local_set

from protocols import klv
from protocols.klv.items import Item
from protocols.klv.tags import CHECKSUM, TAGS, Form

NOT_READ = frozenset((Form.BYTES, Form.SET))  # kept as bytes here, interpreted there
WHY = {
    "wide": "tag 22 in four bytes: the standard says two, a known encoder sends four; ours reads it with a warning",
    "choices": "a count outside of its list of choices: ours keeps the number, theirs refuses it",
    "minimal": "an integer with leading zeros, or a text with control characters: ours lets it be",
    "special": "a fixed-point code that is no number: ours says which, theirs refuses it in this item",
    "longer": "a fixed-point code of more bytes than the item's own limit: ours reads up to eight, as ST 1201 has them",
    "beyond": "a fixed-point code beyond the item's range but within the map's power of two: ours says so",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One item. `read_by`: both, ours, theirs, neither (both refuse it). `why`: a key of WHY, empty where none is known."""

    tag: int
    name: str
    read_by: str
    equal: bool
    ours: Item | None
    told: Any
    why: str = ""


def theirs(data: bytes) -> dict[int, Any]:
    """Values by tag; DecodeError where theirs refuses the item."""
    read = decode_uas_local_set(
        data, require_timestamp=False, require_version=False, field_decoding=FieldDecodingMode.PRESERVE
    )
    said = {each.definition.tag: each.value for each in read.fields}
    return said | {issue.tag: DecodeError(issue.message) for issue in read.issues}


def compared(frame: klv.KlvFrame, told: dict[int, Any]) -> Iterator[Compared]:
    """Every item that ours has a name and a number for, or theirs a definition; the checksum is the packet's affair."""
    for tag in sorted((set(frame.items) | set(told)) - {CHECKSUM}):
        ours, said = frame.items.get(tag), told.get(tag)
        if (tag not in TAGS and tag not in FIELD_DEFINITIONS) or (tag in TAGS and TAGS[tag].form in NOT_READ):
            continue
        here = ours is not None and bool(ours.name) and ours.fault is None
        there = tag in told and not isinstance(said, DecodeError)
        equal = here and there and ours is not None and same(ours, said)
        yield Compared(
            tag=tag,
            name=TAGS[tag].name if tag in TAGS else FIELD_DEFINITIONS[tag].name,
            read_by={(True, True): "both", (True, False): "ours", (False, True): "theirs"}.get(
                (here, there), "neither"
            ),
            equal=equal,
            ours=ours,
            told=said,
            why="" if equal or ours is None or tag not in told or tag not in TAGS else why(ours, said),
        )


def same(ours: Item, told: Any) -> bool:
    """Whether both say the same value, or that there is none."""
    if isinstance(told, SpecialValue):
        return ours.value is None and ours.special == told.value
    if isinstance(told, datetime | str):
        return ours.value == told
    return isinstance(ours.value, float | int) and math.isclose(
        ours.value, float(told), rel_tol=1e-9, abs_tol=1e-9
    )


def why(ours: Item, told: Any) -> str:
    """The class of a difference; empty: none is known."""
    refused = isinstance(told, DecodeError)
    form = TAGS[ours.tag].form
    if refused and ours.tag == 22 and ours.warning:
        return "wide"
    if refused and ours.special and form is Form.IMAPB and ours.special != "out_of_range":
        return "special"
    if ours.special == "out_of_range" and form is Form.IMAPB and (refused or told > TAGS[ours.tag].high):
        return "beyond"
    if refused and form is Form.IMAPB and ours.fault is None and not ours.special:
        return "longer"
    if refused and form is Form.COUNT and ours.fault is None and len(ours.raw) in (1, 2):
        return "choices"
    if refused and form in (Form.COUNT, Form.INTEGER, Form.TIME, Form.TEXT) and ours.fault is None:
        return "minimal"
    return ""
