"""Purged copies: which rows a Purged fact names, and the digest of what went, as a receipt has it."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from dispatch.consent_facts import Purged
from dispatch.errors import Malformed
from protocols.codec.facts import decode
from protocols.rows import Row, Sealed

PURGED = Purged.__name__


def purged_rows(row: Row) -> tuple[str, tuple[int, ...]] | None:
    """Whose rows, and their numbers in this journal; None if the row does not read."""
    try:
        fact = decode(row.kind, row.body)
    except Malformed:
        return None
    return (fact.origin, fact.rows) if isinstance(fact, Purged) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """What is remembered of a row whose body is let go."""

    origin_seq: int
    kind: str
    size: int  # bytes of its body
    sha256: bytes


def gone(sealed: Sealed) -> Gone:
    """Of one row that is about to be purged."""
    row = sealed.row
    return Gone(origin_seq=row.origin_seq, kind=row.kind, size=len(row.body), sha256=sealed.body_sha256)


def purge_digest(rows: Iterable[Gone]) -> str:
    """SHA-256 over `number hash` lines: the origin's own number and the hash of the body as it was held, in order."""
    digest = hashlib.sha256()
    for each in rows:
        digest.update(f"{each.origin_seq} {each.sha256.hex()}\n".encode())
    return digest.hexdigest()
