"""A message to its text, in lines of at most 69 characters, as AFTN takes it. Doc 4444 Appendix 2 §3.1.

What is written is read back: a text that its own reader refuses, or reads otherwise, is the caller's mistake.
"""

from protocols.flight_messages import field03
from protocols.flight_messages.errors import INCONSISTENT, Fault, Unwritable
from protocols.flight_messages.fields import WRITERS
from protocols.flight_messages.message import KINDS, NAMES, Message
from protocols.flight_messages.reader import read

LINE = 69  # characters; Annex 10 Vol II §4.4.2.4
_PLAN = frozenset({9, 10, 13, 15, 16, 18})  # each begins a line, as on the form
_BEGINS_LINE = {"FPL": _PLAN, "CPL": _PLAN | {14}, "ALR": _PLAN | {7, 19, 20}}


def texts(message: Message) -> list[tuple[int, str]]:
    """The fields that the message has, in order, each with its number and text; the title is not among them."""
    made: list[tuple[int, str]] = []
    for slot in KINDS[message.kind]:
        value = getattr(message, NAMES[slot.number])
        if value is None:
            continue
        several = value if slot.number == 22 else (value,)
        made += [(slot.number, WRITERS[slot.number](each)) for each in several]
    return made


def write(message: Message) -> str:
    """The text. Raises Unwritable."""
    lines = [f"({field03.write(message.title)}"]
    for number, text in texts(message):
        if number in _BEGINS_LINE.get(message.kind, ()):
            lines.append(f"-{text}")
        else:
            lines[-1] += f"-{text}"
    lines[-1] += ")"
    made = "\n".join(folded for line in lines for folded in _folded(line))
    back = read(made)
    if back.message is None:
        raise Unwritable(back.faults[0])
    if back.message != message:
        raise Unwritable(
            Fault(
                code=INCONSISTENT,
                field="",
                position=0,
                found=made,
                expected="a text that reads as it was meant",
            )
        )
    return made


def _folded(line: str) -> list[str]:
    """The line, broken in place of spaces."""
    made: list[str] = []
    while len(line) > LINE:
        at = line.rfind(" ", 1, LINE + 1)
        at = line.find(" ", LINE) if at < 0 else at
        if at < 0:
            break
        made.append(line[:at])
        line = line[at + 1 :]
    return [*made, line]
