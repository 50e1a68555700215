"""Every field of the shared recordings against an independent decoder, live and recorded, and against libasterix.

The fields that differ, by category, item and place in it, and why; everything else is equal:

    048/200 0, 001/200 0   speed: ours 2^-14 NM/s as the item is specified, theirs knots; in CAT001 theirs by the
                           rounded 0.22 kt that the specification prints beside the exact figure
    062/136, 062/135 1     level: ours flight levels, theirs feet
    048/240 0              six zero octets: ours characters that are none, theirs blanks; neither makes a callsign
    048/250                Mode S registers: ours octets and register number, theirs what stands in the registers
"""

import gzip
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from protocols.asterix import Record
from tests.protocols.asterix_peers import (
    DATA,
    base,
    datagrams,
    items_of,
    leaves,
    ours,
    reference,
    same,
    specs,
    theirs,
)

RECORDINGS = ("cat_034_048.pcap", "cat_062_065.pcap", "cat_001_002.pcap")
EXPLAINED: dict[tuple[int, str, int], Callable[[Any, Any], bool]] = {
    (48, "200", 0): lambda a, b: same(a * 3600, b),
    (1, "200", 0): lambda a, b: same(a * 2**14 * 0.22, b),
    (62, "136", 0): lambda a, b: same(a * 100, b),
    (62, "135", 1): lambda a, b: same(a * 100, b),
    (48, "240", 0): lambda a, b: a == "????????" and not b.strip(),
}


def differing(record: Record, peer: dict[str, Any]) -> Iterator[tuple[int, str, int]]:
    """Fields that differ without being explained; counts the rest in `compared`."""
    said, told = record.said(), items_of(peer)
    assert set(said) == set(told)
    for item, value in said.items():
        if item == "250":
            assert [each["BDS1"] * 16 + each["BDS2"] for each in value] == [
                int(each, 16) for each in registers(told[item])
            ]
            continue
        a, b = list(leaves(value)), list(leaves(told[item]))
        assert len(a) == len(b), (record.category, item)
        for place, (mine, other) in enumerate(zip(a, b, strict=True)):
            key = (record.category, item, place)
            if not same(mine, other) and not EXPLAINED.get(key, lambda _a, _b: False)(mine, other):
                yield key


def registers(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "BDS":
                yield inner["val"]
            else:
                yield from registers(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from registers(inner)


@pytest.mark.parametrize("name", RECORDINGS)
def test_every_field_is_as_the_independent_decoder_reads_it(name: str) -> None:
    compared = Counter[int]()
    for datagram in datagrams(name):
        mine, other = ours(datagram), theirs(datagram, oradis=name == "cat_001_002.pcap")
        assert len(mine) == len(other)
        for record, peer in zip(mine, other, strict=True):
            assert record.octets.hex().upper() == peer["hexdata"]
            assert list(differing(record, peer)) == []
            compared[record.category] += 1
    assert (
        compared
        == {
            "cat_034_048.pcap": {48: 128, 34: 34},
            "cat_062_065.pcap": {62: 2, 65: 1},
            "cat_001_002.pcap": {1: 7, 2: 1},
        }[name]
    )


@pytest.mark.parametrize("name", RECORDINGS[1:])
def test_every_field_is_as_in_the_recorded_decode(name: str) -> None:
    mine = [record for datagram in datagrams(name) for record in ours(datagram)]
    recorded = reference(name.replace(".pcap", ".reference.jsonl"))
    assert len(mine) == len(recorded)
    for record, peer in zip(mine, recorded, strict=True):
        assert list(differing(record, peer)) == []


_ITEM = re.compile(r"^Item (\d{3}) : .*$")
_OCTETS = re.compile(r"^\[ ([0-9A-F ]+) \]$")


def test_every_item_has_the_octets_of_the_recorded_text() -> None:
    text = gzip.decompress((DATA / "cat_034_048.reference.txt.gz").read_bytes()).decode()
    recorded: list[list[tuple[str, str]]] = []
    for line in text.splitlines():
        if line.startswith("Data Record"):
            recorded.append([])
        elif found := _ITEM.match(line):
            recorded[-1].append((found[1], ""))
        elif found := _OCTETS.match(line):
            recorded[-1][-1] = (recorded[-1][-1][0], found[1].replace(" ", "").lower())
    mine = [record for datagram in datagrams("cat_034_048.pcap") for record in ours(datagram)]
    assert len(mine) == len(recorded) == 162
    for record, items in zip(mine, recorded, strict=True):
        assert [(name, octets.hex()) for name, octets in record.items.items()] == items


@pytest.mark.parametrize(
    ("category", "spec"),
    [
        (48, specs.Cat_048_1_32),
        (34, specs.Cat_034_1_29),
        (62, specs.Cat_062_1_21),
        (65, specs.Cat_065_1_6),
        (2, specs.Cat_002_1_2),
    ],
)
def test_every_item_has_the_octets_that_libasterix_gives_it(category: int, spec: Any) -> None:
    seen = 0
    for name in RECORDINGS:
        for datagram in datagrams(name):
            for record in ours(datagram):
                if record.category != category:
                    continue
                seen += 1
                parsed, rest = spec.cv_uap.cv_record.parse(
                    base.ParsingMode.StrictParsing, base.Bits.from_bytes(record.octets)
                )
                assert len(rest) == 0
                for item, octets in record.items.items():
                    assert parsed.get_item(item).unparse().to_bytes() == octets
    assert seen
