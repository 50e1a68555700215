"""A journal row, as it stands in the journal, in an export and on a link between sites.

`Row` is what its origin wrote and what travels verbatim; `Sealed` is the row as one site keeps it, with the digests
that chain it to the row before (chain.py). This file says what a row is and how a command is told from another;
storing rows is left to adapters/store, carrying them to the link codec.
"""

import dataclasses
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any

from dispatch.kinds import Role

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One fact with its header. `seq` numbers the journal it was read from, `origin_seq` the origin's own facts.

    `body` is the fact's bytes exactly as the origin encoded them; `kind` names how to read them.
    `part` counts the facts of one command from 0.
    """

    seq: int
    at: datetime
    origin: str
    origin_seq: int
    command_id: str
    part: int
    actor: str
    role: Role | None
    kind: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A row as a journal keeps it. `ask_digest` tells the command's body; only part 0 of a site's own rows has one.

    `body_missing` says that the body is gone and only its hash is left; `unreadable` that a column holds what no
    writer of ours puts there, and which.
    """

    row: Row
    ask_digest: bytes
    body_sha256: bytes
    digest: bytes
    body_missing: bool = False
    unreadable: str = ""


def to_us(at: datetime) -> int:
    """Microseconds since 1970 UTC, exact (a float timestamp would not be)."""
    return (at - EPOCH) // timedelta(microseconds=1)


def from_us(us: int) -> datetime:
    """The aware UTC time of that many microseconds since 1970."""
    return EPOCH + timedelta(microseconds=us)


def command_digest(command: object) -> bytes:
    """SHA-256 that tells a command's body from another's, the same after a restart and after an upgrade.

    Fields that stand at their default do not count, so that a field added later does not change old digests.
    """
    return hashlib.sha256(_canonical(command)).digest()


@cache
def _fields(cls: type) -> tuple[tuple[str, bytes, Any], ...]:
    """Name, name in bytes and default of each field, by name."""
    fields = sorted(dataclasses.fields(cls), key=lambda each: each.name)
    return tuple((field.name, field.name.encode(), field.default) for field in fields)


def _canonical(value: Any) -> bytes:
    kind = type(value)
    if kind is str or kind is float or kind is int or kind is bool or value is None:
        return kind.__name__.encode() + b":" + repr(value).encode("utf-8", "surrogatepass")
    if dataclasses.is_dataclass(kind):
        parts = [kind.__name__.encode()]
        for name, encoded, default in _fields(kind):
            item = getattr(value, name)
            if default is dataclasses.MISSING or item != default:
                parts += [encoded, _canonical(item)]
        return b"d" + _netstrings(parts)
    if isinstance(value, tuple | list):
        return b"t" + _netstrings([_canonical(item) for item in value])
    if kind is bytes:
        return b"b" + bytes(value)
    if isinstance(value, datetime):
        return b"a%d" % to_us(value)
    if isinstance(value, Enum):
        return b"e" + str(value.value).encode()
    raise TypeError(f"a command cannot hold a {kind.__name__}")


def _netstrings(parts: list[bytes]) -> bytes:
    """Length before each part, so that no two lists of parts give the same bytes."""
    return b"".join(b"%d:%b," % (len(part), part) for part in parts)
