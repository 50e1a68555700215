"""Records made up from libasterix's own specifications: random octets that are well formed, and what they mean."""

import random
from collections.abc import Iterator
from typing import Any

from tests.protocols.asterix_peers import base

Bits = str  # of "0" and "1"


class Maker:
    """Octets and values of items, from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def bits(self, size: int) -> Bits:
        return "".join(self.random.choice("01") for _ in range(size))

    def record(self, record: Any) -> tuple[bytes, dict[str, tuple[bytes, list[Any]]]]:
        """A record with about half of what its profile has, and its items by name: octets, values."""
        fspec, items, body = "", {}, b""
        for entry in record.cv_items_list:
            present = issubclass(entry, base.UapItem) and self.random.random() < 0.5
            fspec += "1" if present else "0"
            if present:
                octets, values = self.item(entry.cv_non_spare.cv_rule)
                items[entry.cv_non_spare.cv_name] = (octets, values)
                body += octets
        return _fspec(fspec) + body, items

    def item(self, rule: Any) -> tuple[bytes, list[Any]]:
        bits, values = self.variation(_variation(rule))
        return _octets(bits), values

    def variation(self, kind: Any) -> tuple[Bits, list[Any]]:
        if issubclass(kind, base.Element):
            return self.element(kind)
        if issubclass(kind, base.Group):
            return self.group(kind.cv_items_list)
        if issubclass(kind, base.Extended):
            return self.extended(kind.cv_items_list)
        if issubclass(kind, base.Repetitive):
            return self.repetitive(kind)
        if issubclass(kind, base.Compound):
            return self.compound(kind.cv_items_list)
        body = bytes(self.random.randrange(256) for _ in range(self.random.randrange(5)))
        return _bits(bytes((len(body) + 1,)) + body), [body.hex()]

    def element(self, kind: Any) -> tuple[Bits, list[Any]]:
        bits = self.bits(kind.cv_bit_size)
        return bits, [_value(kind, int(bits, 2))]

    def group(self, items: list[Any]) -> tuple[Bits, list[Any]]:
        bits, values = "", []
        for item, _ in items:
            if issubclass(item, base.Spare):
                bits += "0" * item.cv_bit_size
                continue
            more, said = self.variation(_variation(item.cv_non_spare.cv_rule))
            bits += more
            values += said
        return bits, values

    def extended(self, parts: list[Any]) -> tuple[Bits, list[Any]]:
        bits, values = "", []
        count = self.random.randint(1, len(parts))
        for number, part in enumerate(parts[:count], 1):
            fields = [item for item in part if item is not None]
            more, said = self.group(fields)
            bits += more
            values += said
            if part[-1] is None:
                bits += "1" if number < count else "0"
        return bits, values

    def repetitive(self, kind: Any) -> tuple[Bits, list[Any]]:
        count = self.random.randint(1, 3)
        bits, values = ("" if kind.cv_rep_bytes is None else f"{count:08b}"), []
        for number in range(count):
            more, said = self.variation(kind.cv_variation)
            bits += more
            values += said
            if kind.cv_rep_bytes is None:
                bits += "0" if number == count - 1 else "1"
        return bits, values

    def compound(self, items: list[Any]) -> tuple[Bits, list[Any]]:
        real = [number for number, item in enumerate(items) if item is not None]
        chosen = {number for number in real if self.random.random() < 0.5} or {self.random.choice(real)}
        fspec = "".join("1" if number in chosen else "0" for number in range(len(items)))
        bits, values = _bits(_fspec(fspec)), []
        for number in sorted(chosen):
            more, said = self.variation(_variation(items[number].cv_rule))
            bits += more
            values += said
        return bits, values


def _variation(rule: Any) -> Any:
    return rule.cv_variation


def _value(kind: Any, raw: int) -> Any:
    rule, size = kind.cv_rule, kind.cv_bit_size
    content = rule.cv_default_content if issubclass(rule, base.RuleContentDependent) else rule.cv_content
    if issubclass(content, base.ContentQuantity):
        return content.cv_signedness.convert(size, raw) * content.cv_lsb
    if issubclass(content, base.ContentInteger):
        return content.cv_signedness.convert(size, raw)
    if issubclass(content, base.ContentString):
        if content.cv_string_type is base.StringICAO:
            return _icao(raw, size)
        if content.cv_string_type is base.StringAscii:
            return raw.to_bytes(size // 8).decode("ascii", "replace")
        return f"{raw:0{size // 3}o}"
    return raw if size <= 32 else f"{raw:0{size // 4}x}"


def _icao(raw: int, size: int) -> str:
    def letter(code: int) -> str:
        text: str = base.StringICAO.to_char(code)
        return text or "?"

    return "".join(letter(raw >> at & 63) for at in range(size - 6, -6, -6))


def _fspec(bits: Bits) -> bytes:
    """Seven bits an octet and one that says whether another octet follows; no empty ones at the end."""
    octets = [bits[at : at + 7].ljust(7, "0") for at in range(0, len(bits), 7)]
    while len(octets) > 1 and "1" not in octets[-1]:
        octets.pop()
    return _octets("".join(f"{octet}1" for octet in octets[:-1]) + f"{octets[-1]}0")


def _octets(bits: Bits) -> bytes:
    assert len(bits) % 8 == 0, bits
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))


def _bits(octets: bytes) -> Bits:
    return "".join(f"{octet:08b}" for octet in octets)


def characters() -> Iterator[tuple[int, str]]:
    """libasterix's table of six-bit characters."""
    for code in range(64):
        yield code, base.StringICAO.to_char(code)
