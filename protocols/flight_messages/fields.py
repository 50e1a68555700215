"""The fields by number: which file reads and writes each."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from protocols.flight_messages import (
    field05,
    field07,
    field08,
    field09,
    field10,
    field13,
    field14,
    field15,
    field16,
    field17,
    field18,
    field19,
    field20,
    field21,
    field22,
)
from protocols.flight_messages.errors import Fault
from protocols.flight_messages.message import WHOLE_PLAN
from protocols.flight_messages.part import Part

Reader = Callable[[Part], Any]
_AMENDABLE = (7, 8, 9, 10, 13, 14, 15, 16, 18, 19)


def readers(kind: str, warnings: list[Fault]) -> Mapping[int, Reader]:
    """How the fields of a kind of message are read; what is doubtful goes into `warnings`."""
    whole = kind in WHOLE_PLAN
    own: dict[int, Reader] = {
        5: field05.read,
        7: field07.read,
        8: field08.read,
        9: field09.read,
        10: partial(field10.read, warnings=warnings),
        13: partial(field13.read, timeless=kind == "ARR"),
        14: field14.read,
        15: field15.read,
        16: partial(field16.read, whole=whole, brief=not whole),
        17: field17.read,
        18: field18.read,
        19: field19.read,
        20: field20.read,
        21: field21.read,
    }
    amended = {number: own[number] for number in _AMENDABLE} | {16: partial(field16.read, whole=True)}
    return own | {22: partial(field22.read, readers=amended)}


_WRITERS: Mapping[int, Callable[[Any], str]] = {
    5: field05.write,
    7: field07.write,
    8: field08.write,
    9: field09.write,
    10: field10.write,
    13: field13.write,
    14: field14.write,
    15: field15.write,
    16: field16.write,
    17: field17.write,
    18: field18.write,
    19: field19.write,
    20: field20.write,
    21: field21.write,
}
WRITERS: Mapping[int, Callable[[Any], str]] = {**_WRITERS, 22: partial(field22.write, writers=_WRITERS)}
