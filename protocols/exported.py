"""Journal rows and signed heads as JSON lines, for export, for people and for keeping a head elsewhere.

    {"site": "36", "epoch": "…", "public_key": "…", "seq": 812, "digest": "…", "at": "…", "signature": "…"}

Digests, keys and signatures are lower-case hex, times ISO-8601 UTC with microseconds.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dispatch.errors import Malformed
from protocols.chain import Head
from protocols.rows import Sealed

MOST_HEADS = 1_000_000  # of one file: two years of one a minute
HEX_BYTES = {"public_key": 32, "digest": 32, "signature": 64}  # Ed25519 and SHA-256


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedHeads:
    """Heads that were exported together: at least one, all of one journal and one key."""

    site: str
    epoch: str
    public_key: bytes
    heads: tuple[Head, ...]


def row_header(sealed: Sealed) -> dict[str, Any]:
    """A row without its body, as JSON values."""
    row = sealed.row
    return {
        "seq": row.seq,
        "at": row.at.isoformat(timespec="microseconds"),
        "origin": row.origin,
        "origin_seq": row.origin_seq,
        "command_id": row.command_id,
        "part": row.part,
        "actor": row.actor,
        "role": None if row.role is None else row.role.value,
        "kind": row.kind,
        "ask_digest": sealed.ask_digest.hex(),
        "body_sha256": sealed.body_sha256.hex(),
        "digest": sealed.digest.hex(),
    }


def head_lines(heads: Iterable[Head], *, site: str, epoch: str, public_key: bytes) -> Iterator[str]:
    """One line per head, each of which can be checked on its own."""
    for head in heads:
        line = {
            "site": site,
            "epoch": epoch,
            "public_key": public_key.hex(),
            "seq": head.seq,
            "digest": head.digest.hex(),
            "at": head.at.isoformat(timespec="microseconds"),
            "signature": head.signature.hex(),
        }
        yield json.dumps(line) + "\n"


def read_heads(text: bytes) -> ExportedHeads:
    """Heads from a file of lines as above. Raises Malformed naming the line and the field."""
    found: list[Head] = []
    of: tuple[str, str, bytes] | None = None
    for number, raw in enumerate(text.splitlines(), start=1):
        if not raw.strip():
            continue
        if number > MOST_HEADS:
            raise Malformed("head", f"more than {MOST_HEADS} lines")
        line = _line(raw, f"head[{number}]")
        if of is not None and of != line[0]:
            raise Malformed(f"head[{number}]", "is of another journal or key than the line before")
        of = line[0]
        found.append(line[1])
    if of is None:
        raise Malformed("head", "holds no head")
    site, epoch, public_key = of
    return ExportedHeads(site=site, epoch=epoch, public_key=public_key, heads=tuple(found))


def _line(raw: bytes, where: str) -> tuple[tuple[str, str, bytes], Head]:
    try:
        values = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Malformed(where, f"not JSON: {error}") from None
    if not isinstance(values, dict):
        raise Malformed(where, "not an object")
    for name, kind in (("site", str), ("epoch", str), ("at", str), ("seq", int)):
        if not isinstance(values.get(name), kind):
            raise Malformed(f"{where}.{name}", f"is missing or not {kind.__name__}")
    parts = {name: _hex(values.get(name), size, f"{where}.{name}") for name, size in HEX_BYTES.items()}
    try:
        at = datetime.fromisoformat(values["at"])
    except ValueError as error:
        raise Malformed(f"{where}.at", str(error)) from None
    if at.tzinfo is None:
        raise Malformed(f"{where}.at", "has no time zone")
    head = Head(seq=values["seq"], digest=parts["digest"], at=at, signature=parts["signature"])
    return (values["site"], values["epoch"], parts["public_key"]), head


def _hex(value: object, size: int, field: str) -> bytes:
    try:
        found = bytes.fromhex(value) if isinstance(value, str) else b""
    except ValueError:
        found = b""
    if len(found) != size:
        raise Malformed(field, f"is not {size} bytes in hex")
    return found
