"""ASTERIX beside asterix_decoder (C++, live and as recorded by its makers) and libasterix (another transcription).

Values of an item are laid side by side in the order of its bits, because no two decoders name them alike; the fields
below are `048/040 0`: category, item, place in it. Octets of every item are held in test_asterix_reference.py.
"""

import gzip
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from loadtests.peers_compared import Comparison, Fields, Why, decoded
from tests.protocols.asterix_peers import (
    DATA,
    base,
    datagrams,
    items_of,
    leaves,
    reference,
    same,
    specs,
    theirs,
)

REGISTERS = "250"  # of category 048: Mode S registers
CAPTURES = ("cat_034_048.pcap", "cat_062_065.pcap", "cat_001_002.pcap")
_ORADIS = 6  # octets of a recorder before each block of the last

Values = dict[str, Any]  # by item and place in it


def _why(name: str, fields: str, because: str, holds: Callable[[Any, Any], bool]) -> Why:
    return Why(
        name=name,
        fields=frozenset(fields.split(", ")),
        because=because,
        holds=lambda pair: holds(pair.ours, pair.theirs),
    )


_CROATIA = (
    _why(
        "speeds in knots",
        "048/200 0",
        "sent in 2^-14 NM/s, which the specification prints as 0.22 kt too: ours is the figure as specified, theirs is it in knots",
        lambda a, b: same(a * 3600, b),
    ),
    _why(
        "speeds in knots, rounded",
        "001/200 0",
        "the same, and theirs uses the rounded 0.22 kt: up to 0.1 % off",
        lambda a, b: same(a * 2**14 * 0.22, b),
    ),
    _why(
        "levels in feet",
        "062/136 0, 062/135 1",
        "sent in flight levels: ours as sent, theirs in feet",
        lambda a, b: same(a * 100, b),
    ),
    _why(
        "an empty callsign",
        "048/240 0",
        "six zero octets: ours marks eight characters that Annex 10 does not have, theirs prints blanks; neither makes a callsign",
        lambda a, b: a == "????????" and not str(b).strip(),
    ),
    Why(
        name="contents of registers",
        fields=frozenset(("048/250 contents",)),
        because="theirs reads what stands in the Mode S registers, ours gives their octets; the numbers of the registers are equal",
        holds=lambda pair: (
            bool(re.fullmatch(r"[0-9a-f]{14}(,[0-9a-f]{14})*", pair.ours)) and bool(pair.theirs)
        ),
    ),
)


def _flat(category: int, items: Fields) -> Values:
    """Our values or theirs, by item and place; registers as their numbers and their contents."""
    values: Values = {}
    for item, value in items.items():
        name = f"{category:03}/{item}"
        if category == 48 and item == REGISTERS:
            numbers, contents = _registers(value)
            values[f"{name} numbers"] = ",".join(numbers)
            values[f"{name} contents"] = ",".join(contents)
            continue
        for place, leaf in enumerate(leaves(value)):
            values[f"{name} {place}"] = leaf
    return values


def _registers(value: Any) -> tuple[list[str], list[str]]:
    if isinstance(value, list) and "MBDATA" in value[0]:
        return [f"{each['BDS1']:x}{each['BDS2']:x}" for each in value], [each["MBDATA"] for each in value]
    numbers, contents = [], []
    for name, inner in _pairs(value):
        if name == "BDS":
            numbers.append(str(inner["val"] if isinstance(inner, dict) else inner).lower())
        else:
            contents.append(name)
    return numbers, contents


def _pairs(value: Any) -> Iterator[tuple[str, Any]]:
    """Names and values of the lowest level of nested registers."""
    if isinstance(value, list):
        for inner in value:
            yield from _pairs(inner)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, dict) and "val" not in inner:
                yield from _pairs(inner)
            else:
                yield name, inner


def _lay(ran: Comparison, line: Fields, told: Values, raw: Fields) -> None:
    """One record; what the peer writes otherwise but means the same is equal."""
    ours = _flat(line["category"], line["items"])
    as_ours = {
        name: ours[name] if name in ours and same(ours[name], other) else other
        for name, other in told.items()
    }
    ran.message(ours, as_ours, line=line, told=raw)


def beside_croatia(name: str, lines: list[Fields], records: list[Values], peer: str) -> Comparison:
    """A recording beside asterix_decoder's records of it."""
    ran = Comparison(recording=name, peer=peer, whys=_CROATIA)
    for line, record in zip(lines, records, strict=True):
        category = record.get("category", record.get("cat"))
        if category != line["category"]:
            raise ValueError(f"{name}: a record of category {category} where ours has {line['category']}")
        _lay(ran, line, _flat(category, items_of(record)), record)
    return ran


# The recorded text of cat_034_048

_ITEM = re.compile(r"Item (\d{3}) :")
_VALUE = re.compile(r"\t([^:]+): ?(.*?)(?: \((-?\d+\.\d+) [^)]+\)| \([^)]*\))?$")
_PASSED = re.compile(r"spare|FX$|Reserved", re.IGNORECASE)


def recorded_text() -> list[Values]:
    """Its records as items of values, in the form of the live decoder's."""
    text = gzip.decompress((DATA / "cat_034_048.reference.txt.gz").read_bytes()).decode()
    records: list[Values] = []
    category, item = 0, ""
    for line in text.splitlines():
        if line.startswith("Category: "):
            category = int(line[10:])
        elif line.startswith("Data Record"):
            records.append({"category": category, "I010": {}})
        elif found := _ITEM.match(line):
            item = f"I{found[1]}"
            records[-1][item] = [] if item == f"I{REGISTERS}" else {}
        elif found := _VALUE.match(line):
            _put(records[-1][item], found[1], found[2] if found[3] is None else float(found[3]))
    return records


def _put(values: Any, name: str, value: Any) -> None:
    """A value of an item; of registers, the number that ends each."""
    if isinstance(values, list):
        values.append({"BDS" if name == "BDS register" else name: {"val": value}})
    elif not _PASSED.match(name):
        values[f"{len(values)}"] = {"val": value}


# libasterix

_SPECS: dict[int, Any] = {
    2: specs.Cat_002_1_2.cv_uap.cv_record,
    21: specs.Cat_021_0_26.cv_uap.cv_record,
    34: specs.Cat_034_1_29.cv_uap.cv_record,
    48: specs.Cat_048_1_32.cv_uap.cv_record,
    62: specs.Cat_062_1_21.cv_uap.cv_record,
    65: specs.Cat_065_1_6.cv_uap.cv_record,
}
_CAT001: dict[str, Any] = specs.Cat_001_1_4.cv_uap.cv_uaps
_IS_TRACK = 0x80  # of I001/020


def _blocks(datagram: bytes, *, oradis: bool) -> Iterator[Any]:
    at = 0
    while at < len(datagram):
        at += _ORADIS if oradis else 0
        size = int.from_bytes(datagram[at + 1 : at + 3])
        yield datagram[at], datagram[at + 3 : at + size]
        at += size


def _libasterix(blocks: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, Values]]:
    """Its records: items of values in the order of the bits."""
    for category, octets in blocks:
        bits = base.Bits.from_bytes(octets)
        while len(bits):
            record, bits = _record(category, bits)
            yield category, {name: list(_said(item)) for name, item in record.items_regular.items()}


def _record(category: int, bits: Any) -> Any:
    mode = base.ParsingMode.StrictParsing
    if category != 1:
        parsed = _SPECS[category].parse(mode, bits)
    else:  # the item that tells plots from tracks stands at the same place in both
        parsed = _CAT001["plot"].parse(mode, bits)
        if isinstance(parsed, ValueError) or parsed[0].get_item("020").unparse().to_bytes()[0] & _IS_TRACK:
            parsed = _CAT001["track"].parse(mode, bits)
    if isinstance(parsed, ValueError):
        raise parsed
    return parsed


def _said(node: Any) -> Iterator[Any]:
    """The values of a parsed item."""
    match node:
        case base.Spare():
            return
        case base.Element():
            yield _content(node)
        case base.Explicit():
            yield node.get_bytes().hex()
        case base.RuleVariationDependent():
            yield from _said(node._variation(None))  # noqa: SLF001  # no public way to the default reading
        case base.Compound():
            for inner in node.arg.values():
                yield from _said(inner)
        case base.Extended():
            for part in node.arg:
                for each in part:
                    if each is not None:
                        yield from _said(each)
        case base.Group() | base.Repetitive():
            for member in node.arg:
                yield from _said(member)
        case _:  # wrappers
            yield from _said(node.arg)


def _content(element: Any) -> Any:
    rule = element._get_rule()  # noqa: SLF001  # no public one for every kind of element
    dependent = isinstance(rule, base.RuleContentDependent)
    content = rule._get_content(None) if dependent else rule._get_content()  # noqa: SLF001  # the same
    match content:
        case base.ContentQuantity():
            return content._as_quantity()  # noqa: SLF001  # as_quantity wants the unit's name again
        case base.ContentInteger():
            return content.as_integer()
        case base.ContentString():
            return content.as_string()
    value, size = content.as_uint(), element.cv_bit_size
    return value if size <= 32 else f"{value:0{size // 4}x}"


_LIBASTERIX = (
    _why(
        "an empty callsign",
        "048/240 0",
        "six zero octets: ours marks eight characters that Annex 10 does not have, theirs drops them",
        lambda a, b: a == "????????" and not str(b).strip(),
    ),
)


def beside_libasterix(name: str, lines: list[Fields], blocks: Iterator[tuple[int, bytes]]) -> Comparison:
    """A recording beside libasterix."""
    ran = Comparison(recording=name, peer="libasterix", whys=_LIBASTERIX)
    for line, (category, items) in zip(lines, _libasterix(blocks), strict=True):
        mine = {
            f"{category:03}/{item} {place}": leaf
            for item, value in line["items"].items()
            for place, leaf in enumerate(leaves(value))
        }
        told = {
            f"{category:03}/{item} {place}": leaf
            for item, value in items.items()
            for place, leaf in enumerate(value)
        }
        as_ours = {
            key: mine[key] if key in mine and same(mine[key], other) else other for key, other in told.items()
        }
        ran.message(mine, as_ours, line=line, told=items)
    return ran


def all_asterix() -> Iterator[Comparison]:
    """Everything of this file."""
    live = "asterix_decoder"
    for name in CAPTURES:
        lines: list[Fields] = [*decoded("asterix", DATA / name)]
        oradis = name.startswith("cat_001")
        sent = datagrams(name)
        yield beside_croatia(name, lines, [each for one in sent for each in theirs(one, oradis=oradis)], live)
        if name == "cat_034_048.pcap":
            yield beside_croatia(name, lines, recorded_text(), f"{live} (recorded text)")
        else:
            recorded = reference(name.replace(".pcap", ".reference.jsonl"))
            yield beside_croatia(name, lines, recorded, f"{live} (recorded)")
        yield beside_libasterix(name, lines, (each for one in sent for each in _blocks(one, oradis=oradis)))
    for name in ("cat048.raw", "cat034.raw"):
        octets = (DATA / name).read_bytes()
        lines = [*decoded("asterix", DATA / name)]
        yield beside_croatia(name, lines, theirs(octets), live)
        yield beside_libasterix(name, lines, _blocks(octets, oradis=False))
    (recorded_021,) = json.loads((DATA / "china_cat021_v026.json").read_text())
    octets = bytes.fromhex(recorded_021["hex"])
    yield beside_libasterix(
        "china_cat021_v026.json", [*decoded("asterix", data=octets)], _blocks(octets, oradis=False)
    )
