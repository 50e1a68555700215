"""Two independent readers of ASTERIX, and how their values are laid beside ours: in the order of the bits.

asterix_decoder (Croatia Control's C++ decoder, module `_asterix`) and libasterix (`asterix.generated`) share the name
of a package; whichever was installed last owns its `__init__`, so neither is imported by it.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import _asterix  # type: ignore[import-not-found]
import asterix.generated as specs
from asterix import base

from protocols import pcap
from protocols.asterix import Block, Deframer, Record, records

DATA = Path(__file__).parents[1] / "data" / "asterix"
ORADIS = 6  # octets before each block of cat_001_002.pcap


def datagrams(name: str) -> list[bytes]:
    reader = pcap.Reader()
    items = [*reader.feed((DATA / name).read_bytes()), *reader.close()]
    return [item.payload for item in items if isinstance(item, pcap.Datagram)]


def ours(datagram: bytes) -> list[Record]:
    deframer = Deframer(datagrams=True)
    blocks = [*deframer.feed(datagram), *deframer.close()]
    assert all(isinstance(block, Block) for block in blocks)
    found = [record for block in blocks if isinstance(block, Block) for record in records(block)]
    assert all(isinstance(record, Record) for record in found)
    return [record for record in found if isinstance(record, Record)]


@cache
def _started() -> None:
    for definition in sorted((Path(specs.__file__).parent / "config").glob("*.xml")):
        _asterix.init(str(definition))


def theirs(datagram: bytes, *, oradis: bool = False) -> list[dict[str, Any]]:
    """asterix_decoder's records of a datagram."""
    _started()
    if not oradis:
        found: list[dict[str, Any]] = _asterix.parse(datagram, 0)
        return found
    found, at = [], 0
    while at < len(datagram):
        size = int.from_bytes(datagram[at : at + 2])
        found += _asterix.parse(datagram[at + ORADIS : at + size], 0)
        at += size
    return found


def reference(name: str) -> list[dict[str, Any]]:
    """The recorded decode of asterix_decoder."""
    return [json.loads(line) for line in (DATA / name).read_text().splitlines()]


def items_of(record: dict[str, Any]) -> dict[str, Any]:
    """By item number; the recorded decodes have them one level lower."""
    inner = record if "I010" in record else record[f"CAT{record.get('category', record.get('cat')):03}"]
    return {name[1:]: value for name, value in inner.items() if re.fullmatch(r"I\d{3}", name)}


def leaves(value: Any) -> Iterator[Any]:
    """Values in the order of the bits, without spare bits and extension bits."""
    if isinstance(value, dict):
        if "val" in value and not isinstance(value["val"], dict):
            yield value["val"]
            return
        for name, inner in value.items():
            if not name.lower().startswith(("spare", "fx")):
                yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    else:
        yield value


def same(a: Any, b: Any) -> bool:
    if isinstance(a, str) or isinstance(b, str):
        if str(a).strip().lower() == str(b).strip().lower():
            return True
        return isinstance(a, int) and f"{a:06x}" == str(b).lower()
    return bool(abs(a - b) <= 1e-6 * max(1.0, abs(a), abs(b)))


__all__ = ["DATA", "base", "datagrams", "items_of", "leaves", "ours", "reference", "same", "specs", "theirs"]
