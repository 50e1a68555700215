"""What may be put into a room, said by our own people or by a partner: bounds, and that it is whole. Pure."""

import re
from collections.abc import Callable
from typing import Any

from dispatch.errors import Refused
from dispatch.room_kinds import RoomEntryKind, StrokeKind
from dispatch.room_records import Ballot, Decision, RoomEntry, RoomFile, Saying, Stroke, Voice

# Proposed figures: against a flood, far above what a consultation writes.
MAX_TEXT = 2_000
MAX_LABEL = 120
MAX_QUESTION, MAX_OPTION, MOST_OPTIONS = 300, 60, 8
MOST_POINTS = 500
MOST_AGREED = 200
MOST_ENTRIES = 3_000  # of one site in one room
MAX_FILE_BYTES = 2 * 1024 * 1024
MAX_FILE_NAME = 120
FILE_TYPES = frozenset(
    {"image/png", "image/jpeg", "image/webp", "application/pdf", "text/plain", "text/csv", "application/json"}
)
_SHA256 = re.compile(r"^[0-9a-f]{64}\Z")
_POINTS = {
    StrokeKind.LINE: (2, MOST_POINTS),
    StrokeKind.AREA: (3, MOST_POINTS),
    StrokeKind.ARROW: (2, MOST_POINTS),
    StrokeKind.TEXT: (1, 1),
    StrokeKind.SYMBOL: (1, 1),
}


def text(value: str, field: str, most: int, *, empty: bool = False) -> str:
    """The same text. Raises Refused where it is empty, too long or has control characters."""
    if (not value.strip() and not empty) or len(value) > most:
        raise Refused("TEXT", f"is {0 if empty else 1} to {most} characters", field=field)
    if any(ord(letter) < 32 and letter not in "\n\t" for letter in value):
        raise Refused("TEXT", "has control characters", field=field)
    return value


def saying(said: Saying) -> Saying:
    """A message: text or a file or both. Raises Refused."""
    text(said.text, "text", MAX_TEXT, empty=said.file is not None)
    if said.file is not None:
        file(said.file)
    return said


def file(named: RoomFile) -> RoomFile:
    """A file as it is named. Raises Refused."""
    if not _SHA256.match(named.sha256):
        raise Refused("FILE", "is 64 hexadecimal digits", field="file.sha256")
    text(named.name, "file.name", MAX_FILE_NAME)
    if "/" in named.name or "\\" in named.name or "\n" in named.name:
        raise Refused("FILE", "is a name, not a path", field="file.name")
    if named.media_type not in FILE_TYPES:
        raise Refused("FILE", f"is one of {', '.join(sorted(FILE_TYPES))}", field="file.media_type")
    if not 0 < named.size <= MAX_FILE_BYTES:
        raise Refused("FILE", f"{named.size} bytes, 1 to {MAX_FILE_BYTES}", field="file.size")
    return named


def stroke(drawn: Stroke) -> Stroke:
    """A mark. Raises Refused."""
    least, most = _POINTS[drawn.kind]
    if not least <= len(drawn.points) <= most:
        raise Refused(
            "MARK", f"{len(drawn.points)} points, a {drawn.kind} has {least} to {most}", field="points"
        )
    text(drawn.text, "text", MAX_LABEL, empty=drawn.kind is not StrokeKind.TEXT)
    if (drawn.symbol is not None) != (drawn.kind is StrokeKind.SYMBOL):
        raise Refused("MARK", "goes with a symbol, and with nothing else", field="symbol")
    begin, end = drawn.valid_from, drawn.valid_until
    if begin is not None and end is not None and end <= begin:
        raise Refused("MARK", "is not after valid_from", field="valid_until")
    return drawn


def ballot(asked: Ballot) -> Ballot:
    """A question. Raises Refused."""
    text(asked.question, "question", MAX_QUESTION)
    if not 2 <= len(asked.options) <= MOST_OPTIONS:
        raise Refused("BALLOT", f"are 2 to {MOST_OPTIONS}", field="options")
    for option in asked.options:
        text(option, "options", MAX_OPTION)
    if len(set(asked.options)) != len(asked.options):
        raise Refused("BALLOT", "has the same answer twice", field="options")
    return asked


def decision(decided: Decision) -> Decision:
    """A decision. Raises Refused."""
    text(decided.text, "text", MAX_TEXT)
    if len(decided.agreed) > MOST_AGREED or len(decided.tally) > MOST_OPTIONS:
        raise Refused("DECISION", f"is over {MOST_AGREED}", field="agreed")
    return decided


def _voice(voice: Voice) -> Voice:
    if not 0 <= voice.option < MOST_OPTIONS:
        raise Refused("OPTION", f"{voice.option} is not an option", field="option")
    return voice


_PARTS: dict[RoomEntryKind, tuple[str, Callable[[Any], Any]]] = {
    RoomEntryKind.SAID: ("said", saying),
    RoomEntryKind.DRAWN: ("stroke", stroke),
    RoomEntryKind.VOTE: ("ballot", ballot),
    RoomEntryKind.VOICE: ("voice", _voice),
    RoomEntryKind.DECISION: ("decision", decision),
}


def entry(made: RoomEntry) -> RoomEntry:
    """A whole entry, as a partner sends it. Raises Refused."""
    wanted, check = _PARTS[made.kind]
    for name, _ in _PARTS.values():
        if (getattr(made, name) is not None) != (name == wanted):
            raise Refused("ENTRY", f"does not go with {made.kind}", field=f"entry.{name}")
    check(getattr(made, wanted))
    return made
