"""Telegrams in a file or stream: messages from parenthesis to parenthesis, and what stands between them.

An AFTN heading and ending (ZCZC line, priority and addressees, filing time and originator, NNNN; Annex 10 Vol II
§4.4.15) are passed over; anything else outside of parentheses is told of. Any chunking gives the same items; at most
one message's length is kept. Nothing a sender writes raises.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from protocols.flight_messages.errors import NOT_CLOSED, OUTSIDE_MESSAGE, TOO_LONG
from protocols.flight_messages.reader import MOST_CHARACTERS
from protocols.frames import BadFrame

_ENVELOPE = re.compile(
    r"ZCZC( \S+)*|NNNN|\x01?\S{2,3}\d{3,4}( \d{4,6})?|(SS|DD|FF|GG|KK)( [A-Z]{8})+|( ?[A-Z]{8})+|\d{6} [A-Z]{8}[^\n]*"
)
_OUTSIDE_CHARACTERS = 500  # a longer run outside of messages is told of in pieces


@dataclass(frozen=True, slots=True, kw_only=True)
class Telegram:
    """A message's text with its parentheses; `at` is its first character's place in the stream, `line` its line from 1."""

    text: str
    at: int
    line: int


Item = Telegram | BadFrame


class Deframer:
    """Cuts bytes into telegrams."""

    def __init__(self) -> None:
        self._rest = ""
        self._at = 0
        self._line = 1

    def feed(self, data: bytes) -> Iterator[Item]:
        """All that is complete once `data` has come."""
        self._rest += data.decode(
            "latin-1"
        )  # one character a byte: what is not ASCII is refused where it stands
        while self._rest:
            begin = self._rest.find("(")
            if begin < 0:
                if len(self._rest) > _OUTSIDE_CHARACTERS:
                    yield from self._outside(len(self._rest))
                return
            if begin:
                yield from self._outside(begin)
                continue
            end = self._rest.find(")", 1)
            again = self._rest.find("(", 1, end if end >= 0 else None)
            if again >= 0:
                yield self._broken(again, NOT_CLOSED, "a message begins before the one before it has ended")
            elif end >= 0:
                yield Telegram(text=self._rest[: end + 1], at=self._at, line=self._line)
                self._take(end + 1)
            elif len(self._rest) > MOST_CHARACTERS:
                yield self._broken(len(self._rest), TOO_LONG, f"no end within {MOST_CHARACTERS} characters")
            else:
                return

    def close(self) -> Iterator[Item]:
        """What the end leaves over."""
        if self._rest.startswith("("):
            yield self._broken(len(self._rest), NOT_CLOSED, "the end comes before the closing parenthesis")
        yield from self._outside(len(self._rest))

    def _take(self, count: int) -> str:
        taken, self._rest = self._rest[:count], self._rest[count:]
        self._at += count
        self._line += taken.count("\n")
        return taken

    def _broken(self, count: int, code: str, detail: str) -> BadFrame:
        where = f"line {self._line}: {detail}"
        return BadFrame(code=code, detail=where, length=len(self._take(count)))

    def _outside(self, count: int) -> Iterator[BadFrame]:
        line = self._line
        text = self._take(count)
        strange = [
            (line + number, each)
            for number, raw in enumerate(text.split("\n"))
            if (each := raw.strip(" \t\r\x00\x02\x03\x0b")) and not _ENVELOPE.fullmatch(each)
        ]
        if strange:
            first, words = strange[0]
            length = sum(len(each) for _, each in strange)
            yield BadFrame(
                code=OUTSIDE_MESSAGE, detail=f"line {first}: {words[:40]!r} is no message", length=length
            )
