"""A piece of a message that knows which field it is of and where it stood, so that every refusal can say so.

Line breaks and runs of blanks count as one space (Doc 4444 Appendix 2 §3: a line is broken only in place of a space);
positions are those of the text as it came.
"""

import re
from dataclasses import dataclass
from typing import NoReturn

from protocols.flight_messages.errors import BAD_FORM, BadField, Fault

_BLANKS = re.compile(r"[ \t\r\n]+")


@dataclass(frozen=True, slots=True)
class Part:
    """`text` of a field, from character `at` of the message; `places` say where each of the message's stood."""

    text: str
    field: str
    places: tuple[int, ...]
    at: int = 0

    @staticmethod
    def whole(text: str) -> "Part":
        """A message as it came."""
        made: list[str] = []
        places: list[int] = []
        at = 0
        for gap in _BLANKS.finditer(text):
            made.append(text[at : gap.start()] + " ")
            places += range(at, gap.start() + 1)
            at = gap.end()
        made.append(text[at:])
        places += range(at, len(text) + 1)
        return Part("".join(made), "", tuple(places))

    def cut(self, begin: int, end: int | None = None) -> "Part":
        """A slice of it."""
        stop = len(self.text) if end is None else end
        return Part(self.text[begin:stop], self.field, self.places, self.at + begin)

    def of(self, field: str) -> "Part":
        """The same as text of a field."""
        return Part(self.text, field, self.places, self.at)

    def strip(self) -> "Part":
        """Without the blanks at both ends."""
        begin = len(self.text) - len(self.text.lstrip())
        return self.cut(begin, max(begin, len(self.text.rstrip())))

    def split(self, mark: str) -> "list[Part]":
        """Its pieces between marks of one character."""
        pieces, begin = [], 0
        while (end := self.text.find(mark, begin)) >= 0:
            pieces.append(self.cut(begin, end))
            begin = end + 1
        pieces.append(self.cut(begin))
        return pieces

    def match(self, pattern: "re.Pattern[str]", element: str, expected: str) -> "re.Match[str]":
        """The match of all of it. Raises BadField(BAD_FORM)."""
        found = pattern.fullmatch(self.text)
        if found is None:
            self.refuse(BAD_FORM, element, expected)
        return found

    def group(self, found: "re.Match[str]", name: str | int) -> "Part":
        """The piece that a group of `match` took."""
        begin, end = found.span(name)
        return self.cut(begin, end)

    def fault(self, code: str, element: str, expected: str) -> Fault:
        """What is wrong with all of it."""
        return Fault(
            code=code,
            field=self.field,
            element=element,
            position=self.places[self.at],
            found=self.text,
            expected=expected,
        )

    def refuse(self, code: str, element: str, expected: str) -> NoReturn:
        """Raises BadField."""
        raise BadField(self.fault(code, element, expected))
