"""The XML under CAP: one bounded tree of an alert, and its fields read strictly by name.

defusedxml parses in pieces: no document type, no entities, nothing fetched; size, depth and elements are bounded while
they arrive. What is not CAP's (a signature) is left out whole. Errors are Malformed or TooMuch with a path.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree.ElementTree import ParseError  # the class alone; parsing is defusedxml's

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import XMLParser

from dispatch.errors import Malformed
from protocols.alarm_errors import TooMuch

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
MAX_BYTES = 2_097_152  # the largest real alerts (Canadian, hundreds of points a polygon) stay under 200 kB
PIECE = 16_384  # parsed between two looks at the bounds, about a millisecond
MAX_ELEMENTS = 20_000
MAX_DEPTH = 32
MAX_ID = 200
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})\Z"
)  # CAP §3.3.2: a zone in hours and minutes; `-00:00` is UTC
_FORBIDDEN = re.compile(r"[\s,<&]")  # in identifiers and senders, §3.2.1


def tree(body: bytes) -> Any:
    """The alert element with its namespace taken off the tags. Raises Malformed, TooMuch."""
    if len(body) > MAX_BYTES:
        raise TooMuch("alert", f"{len(body)} bytes, at most {MAX_BYTES}")
    target = _Bounded()
    parser = XMLParser(target=target, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    try:
        for start in range(0, len(body), PIECE):
            parser.feed(body[start : start + PIECE])
        root = parser.close()
    except DefusedXmlException as error:
        raise Malformed(
            "alert", f"{type(error).__name__}: document types and entities are not read"
        ) from None
    except (ParseError, ValueError, LookupError) as error:
        raise Malformed("alert", f"not XML: {error}"[:300]) from None
    if root is None or root.tag != "alert":
        raise Malformed("alert", f"the text is not an alert of {NAMESPACE}")
    return root


class _Bounded:
    """Builds elements while counting them; tags lose CAP's namespace, and what is not CAP's is left out whole."""

    def __init__(self) -> None:
        self._stack: list[Any] = []
        self._root: Any = None
        self._count = 0
        self._foreign = 0  # how deep inside something that is not CAP's, a signature for instance

    def start(self, tag: str, attributes: dict[str, str]) -> None:  # noqa: ARG002  # the parser's signature
        """An element begins."""
        self._count += 1
        if self._count > MAX_ELEMENTS:
            raise TooMuch("alert", f"more than {MAX_ELEMENTS} elements")
        own, _, name = tag.rpartition("}")
        if self._foreign or own != "{" + NAMESPACE:
            self._foreign += 1
        if len(self._stack) + self._foreign > MAX_DEPTH:
            raise TooMuch("alert", f"nested deeper than {MAX_DEPTH}")
        if self._foreign:
            return
        element = Element(name)
        if self._stack:
            self._stack[-1].children.append(element)
        else:
            self._root = element
        self._stack.append(element)

    def end(self, tag: str) -> None:  # noqa: ARG002  # the parser's signature
        """An element ends."""
        if self._foreign:
            self._foreign -= 1
        else:
            self._stack.pop().finish()

    def data(self, text: str) -> None:
        """Text of the element that is open."""
        if self._stack and not self._foreign:
            self._stack[-1].pieces.append(text)

    def close(self) -> Any:
        """The root, None where it is not CAP's."""
        return self._root


class Element:
    """As much of an element as is needed here."""

    __slots__ = ("children", "pieces", "tag", "text")

    def __init__(self, tag: str) -> None:
        self.tag, self.text = tag, ""
        self.children: list[Element] = []
        self.pieces: list[str] = []

    def finish(self) -> None:
        """All of its text is here."""
        self.text = "".join(self.pieces).strip()
        self.pieces.clear()

    def findall(self, tag: str) -> list["Element"]:
        """Children of a tag."""
        return [each for each in self.children if each.tag == tag]


def _find(element: Any, tag: str, at: str = "") -> str | None:
    found = element.findall(tag)
    if len(found) > 1:
        raise Malformed(f"{at}.{tag}".lstrip("."), "is there twice")
    return found[0].text if found else None


def text_of(element: Any, tag: str) -> str:
    """A child's text, empty where there is none."""
    return _find(element, tag) or ""


def required(element: Any, tag: str, at: str = "") -> str:
    """A child's text. Raises Malformed where it is missing or empty."""
    text = _find(element, tag, at)
    if not text:
        raise Malformed(f"{at}.{tag}".lstrip("."), "is missing" if text is None else "is empty")
    return text


def choice(element: Any, tag: str, known: frozenset[str], at: str = "") -> str:
    """A child's text, one of `known`. Raises Malformed."""
    field = f"{at}.{tag}".lstrip(".")
    text = required(element, tag, at)
    if text not in known:
        raise Malformed(field, f"{text[:40]!r} is not one of {', '.join(sorted(known))}")
    return text


def one_of(element: Any, known: frozenset[str], field: str) -> str:
    """An element's own text, one of `known`. Raises Malformed."""
    if element.text not in known:
        raise Malformed(field, f"{element.text[:40]!r} is not one of {', '.join(sorted(known))}")
    return str(element.text)


def pairs(element: Any, tag: str, at: str) -> list[tuple[str, str]]:
    """`valueName` and `value` of each."""
    found = []
    for i, each in enumerate(element.findall(tag)):
        where = f"{at}.{tag}[{i}]"
        found.append((required(each, "valueName", where), _find(each, "value", where) or ""))
    return found


def name_of(alert: Any, tag: str) -> str:
    """An identifier or sender. Raises Malformed."""
    text = required(alert, tag)
    if len(text) > MAX_ID or _FORBIDDEN.search(text):
        raise Malformed(
            tag, f"is over {MAX_ID} characters or has a blank, a comma, < or & in it (CAP 1.2 §3.2.1)"
        )
    return text


def read_time(text: str, field: str) -> datetime:
    """An aware UTC time from CAP's form, `2026-11-24T03:00:00+08:00`. Raises Malformed."""
    match = _TIME.match(text)
    if match is None:
        raise Malformed(field, f"{text[:40]!r} is not a time such as 2026-11-24T03:00:00+08:00")
    try:
        at = datetime.fromisoformat(match[1]).replace(tzinfo=UTC)
        if match[3] != "Z":
            hours, minutes = int(match[3][1:3]), int(match[3][4:6])
            if hours > 23 or minutes > 59:
                raise ValueError(match[3])
            shift = timedelta(hours=hours, minutes=minutes)
            at = at - shift if match[3][0] == "+" else at + shift
    except (ValueError, OverflowError):
        raise Malformed(field, f"{text[:40]!r} is not a time of the calendar") from None
    return at
