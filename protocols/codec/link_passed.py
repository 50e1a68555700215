"""A word that travels over a third site: of a consultation, or of tracks of the past. And what its origin seals of it."""

import re
from dataclasses import dataclass

from dispatch.errors import Malformed
from protocols.codec import link_past, link_rooms
from protocols.codec.link_past import PastAsk, PastPart
from protocols.codec.link_rooms import FileAsk, FilePart, RoomHands
from protocols.gen import link_pb2

MOST_PATH = 32  # sites named in one; more than eight are refused by name, not as unreadable
MOST_CERTIFICATE = 8_192  # bytes
TAG = b"ganying-word-1"  # names the encoding; another one would need another
_SITE = re.compile(r"^[0-9]{2}(-[A-Z0-9]{1,8})?\Z")

SiteWord = RoomHands | FileAsk | FilePart
FarPastWord = PastAsk | PastPart
FarWord = SiteWord | FarPastWord


@dataclass(frozen=True, slots=True, kw_only=True)
class WordPassed:
    """A word of site `origin` to site `to` over those in `path`, the last of them being who sends it on."""

    origin: str
    to: str
    path: tuple[str, ...]
    word: FarWord
    at_us: int = 0  # by the origin's clock
    signature: bytes = b""
    certificate: bytes = b""


def signed_bytes(passed: WordPassed) -> bytes:
    """What the origin signs: all but the path; the word as protobuf has it, fields in order of number, no others."""
    bare = link_pb2.WordPassed()
    _word_to_wire(passed.word, bare)
    parts = (TAG, passed.origin.encode(), passed.to.encode(), str(passed.at_us).encode())
    word = bare.SerializeToString(deterministic=True)
    return b"".join(b"%d:%b," % (len(part), part) for part in (*parts, word))


def passed_to_wire(message: WordPassed, wire: link_pb2.WordPassed) -> None:
    """Fill the message."""
    wire.origin, wire.to = message.origin, message.to
    wire.path.extend(message.path)
    _word_to_wire(message.word, wire)
    wire.at_us, wire.signature, wire.certificate = message.at_us, message.signature, message.certificate


def passed_from_wire(wire: link_pb2.WordPassed) -> WordPassed:
    """Raises Malformed with the field's path."""
    sites = (wire.origin, wire.to, *wire.path)
    if len(wire.path) > MOST_PATH or not all(_SITE.match(each) for each in sites):
        raise Malformed("word_passed.path", f"is not at most {MOST_PATH} site ids")
    if len(wire.certificate) > MOST_CERTIFICATE or len(wire.signature) > MOST_CERTIFICATE:
        raise Malformed("word_passed.certificate", f"more than {MOST_CERTIFICATE} bytes")
    return WordPassed(
        origin=wire.origin,
        to=wire.to,
        path=tuple(wire.path),
        word=_word_from_wire(wire, wire.WhichOneof("word") or ""),
        at_us=wire.at_us,
        signature=wire.signature,
        certificate=wire.certificate,
    )


def _word_to_wire(word: FarWord, wire: link_pb2.WordPassed) -> None:
    match word:
        case PastAsk():
            link_past.ask_to_wire(word, wire.past_ask)
        case PastPart():
            link_past.part_to_wire(word, wire.past_part)
        case _:
            link_rooms.word_to_wire(word, wire)


def _word_from_wire(wire: link_pb2.WordPassed, which: str) -> FarWord:
    if which == "past_ask":
        return link_past.ask_from_wire(wire.past_ask)
    if which == "past_part":
        return link_past.part_from_wire(wire.past_part)
    return link_rooms.word_from_wire(wire, which)
