"""Facts to journal bodies and back: `kind` is the fact's class name, `body` its protobuf bytes."""

import typing

from google.protobuf.message import DecodeError

from dispatch import facts
from dispatch.errors import Malformed
from protocols.codec.common import from_message, message_class, to_message

KINDS: dict[str, type] = {cls.__name__: cls for cls in typing.get_args(facts.Fact)}


def encode(fact: facts.Fact) -> tuple[str, bytes]:
    """Kind and body of a fact. The same fact gives the same bytes."""
    return type(fact).__name__, to_message(fact).SerializeToString(deterministic=True)


def decode(kind: str, body: bytes) -> facts.Fact:
    """The fact in a body. Raises Malformed: field `kind` for a kind this version does not know."""
    cls = KINDS.get(kind)
    if cls is None:
        raise Malformed("kind", f"{kind!r} is not a fact this version knows")
    message = message_class(cls)()
    try:
        message.ParseFromString(body)
    except DecodeError as error:
        raise Malformed("body", f"not a {kind}: {error}") from None
    return typing.cast(facts.Fact, from_message(message, cls))
