"""The XML under AIXM: a bounded tree without namespaces, each element with its line and the reference system it inherits.

defusedxml parses in pieces: no document type, no entities, nothing fetched; size, depth and elements are bounded while
they arrive. Ids and `xlink:href` are looked up inside the file alone.
"""

from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import ParseError  # the class alone; parsing is defusedxml's

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import XMLParser

from dispatch.errors import Malformed
from protocols.alarm_errors import TooMuch
from protocols.volumes.reading import MAX_BYTES, Fault

PIECE = 65_536
MAX_ELEMENTS = 1_000_000
MAX_DEPTH = 64


class Element:
    """As much of an element as is needed here."""

    __slots__ = ("attributes", "children", "line", "srs", "tag", "text")

    def __init__(self, tag: str, attributes: dict[str, str], line: int, srs: str) -> None:
        self.tag, self.attributes, self.line = tag, attributes, line
        self.srs = attributes.get("srsName", srs)
        self.text = ""
        self.children: list[Element] = []

    def find(self, *path: str) -> "Element | None":
        """The first child of a child of …"""
        found: Element | None = self
        for tag in path:
            found = next((each for each in found.children if each.tag == tag), None) if found else None
        return found

    def all(self, tag: str) -> "list[Element]":
        """Children of a tag."""
        return [each for each in self.children if each.tag == tag]

    def below(self, *tags: str) -> "Iterator[Element]":
        """Descendants of these tags, in the order of the file, none inside another."""
        for each in self.children:
            if each.tag in tags:
                yield each
            else:
                yield from each.below(*tags)

    def said(self, *path: str) -> str:
        """The text at a path, empty where there is none."""
        found = self.find(*path)
        return found.text if found is not None else ""

    @property
    def href(self) -> str:
        """Where it points to, empty for nowhere."""
        return self.attributes.get("href", "")


class Tree:
    """A document with its ids."""

    def __init__(self, root: Element, ids: dict[str, Element]) -> None:
        self.root, self._ids = root, ids

    def follow(self, element: Element) -> Element:
        """What an element points to, inside this file; itself where it points nowhere. Raises Fault."""
        seen = 0
        while element.href and not element.children:
            found = self._ids.get(_plain(element.href))
            seen += 1
            if found is None or seen > 8:
                raise Fault(
                    "XLINK_UNRESOLVED", f"{element.href[:120]!r} is not in this file", field=element.tag
                )
            element = found
        return element


def _plain(href: str) -> str:
    return href.removeprefix("#").removeprefix("urn:uuid:").removeprefix("uuid.")


class _Bounded:
    def __init__(self) -> None:
        self.ids: dict[str, Element] = {}
        self.root: Element | None = None
        self.line_of: Any = lambda: 0
        self._stack: list[Element] = []
        self._pieces: list[list[str]] = []
        self._count = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MAX_ELEMENTS:
            raise TooMuch("file", f"more than {MAX_ELEMENTS} elements")
        if len(self._stack) >= MAX_DEPTH:
            raise TooMuch("file", f"nested deeper than {MAX_DEPTH}")
        plain = {name.rpartition("}")[2]: value for name, value in attributes.items()}
        above = self._stack[-1].srs if self._stack else ""
        element = Element(tag.rpartition("}")[2], plain, self.line_of(), above)
        if self._stack:
            self._stack[-1].children.append(element)
        else:
            self.root = element
        if "id" in plain:
            self.ids.setdefault(_plain(plain["id"]), element)
        self._stack.append(element)
        self._pieces.append([])

    def end(self, tag: str) -> None:  # noqa: ARG002  # the parser's signature
        element = self._stack.pop()
        element.text = "".join(self._pieces.pop()).strip()
        if element.tag == "identifier" and self._stack:
            self.ids.setdefault(element.text, self._stack[-1])

    def data(self, text: str) -> None:
        if self._pieces:
            self._pieces[-1].append(text)

    def close(self) -> Any:
        return self.root


def tree(body: bytes) -> Tree:
    """The document. Raises Malformed, TooMuch."""
    if len(body) > MAX_BYTES:
        raise TooMuch("file", f"{len(body)} bytes, at most {MAX_BYTES}")
    target = _Bounded()
    parser = XMLParser(target=target, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    inner = getattr(parser, "parser", None)
    if inner is not None:
        target.line_of = lambda: int(inner.CurrentLineNumber)
    try:
        for start in range(0, len(body), PIECE):
            parser.feed(body[start : start + PIECE])
        parser.close()
    except DefusedXmlException as error:
        raise Malformed("file", f"{type(error).__name__}: document types and entities are not read") from None
    except (ParseError, ValueError, LookupError) as error:
        raise Malformed("file", f"not XML: {error}"[:300]) from None
    if target.root is None:
        raise Malformed("file", "not XML: nothing in it")
    return Tree(target.root, target.ids)
