r"""How ASTERIX records are laid out: a line of text an item becomes a reader of its bytes.

A category's user application profile (UAP) lists its items in the order of the bits of a record's field
specification (FSPEC). The lines, one an item, blank where a bit has no item:

    010 = SAC:8 SIC:8                    fixed: fields by name and width in bits, `-4` are spare bits
    140 = 24*1/2^7                       one field: the value itself; times 1/128
    090 = V:1 G:1 FL:s14*1/2^2           s two's complement, o octal digits, a ASCII, c ICAO characters of 6 bits
    020 + TYP:3 SIM:1 RAB:3 | TST:1 -6   extended: parts of whole octets, whose last bit says that another follows;
                                         ` .` behind them: nothing follows the last one, whatever its last bit
    030 & 7                              the same part over and over, by the same last bit
    250 * MBDATA:56 BDS:8                a count in one octet, and so many
    130 {}                               compound: a field specification of its own, its items indented below
    AAA,BBB = 8                          several items of one form; a line indented by four goes on with the one before
    RE !                                 a length in one octet, itself counted, and what is private

Source of form and terms: EUROCONTROL-SPEC-0149, ASTERIX Part 1, edition 3.0, §4 and §5. Values are in the units of the
specifications; the tables are asterix_uap.py's.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

Value = int | float | str
Said = Value | dict[str, Any] | list[Any]

_FX = 1  # the last bit of an octet: another one follows
# ICAO Annex 10 Vol IV §3.1.2.9.1.2, table 3-9: six bits a character
_ICAO = "".join(
    chr(code + 64) if 1 <= code <= 26 else chr(code) if code == 32 or 48 <= code <= 57 else "?"
    for code in range(64)
)


class Cut(Exception):
    """An item runs past the end of what there is, or a bit names none. Never leaves asterix.py."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Some bits of an item. `shift` counts from the item's last bit."""

    name: str
    width: int
    shift: int
    form: str  # "", s, o, a, c
    scale: float | None

    def of(self, whole: int) -> Value:
        """Its value in the item read as one number."""
        raw = (whole >> self.shift) & ((1 << self.width) - 1)
        match self.form:
            case "s":
                raw -= (raw >> (self.width - 1)) << self.width
            case "o":
                return f"{raw:0{self.width // 3}o}"
            case "a":
                return raw.to_bytes(self.width // 8).decode("ascii", "replace")
            case "c":
                return icao_text(raw, self.width)
        if self.scale is not None:
            return raw * self.scale
        return raw if self.width <= 32 else f"{raw:0{self.width // 4}x}"


def icao_text(raw: int, width: int) -> str:
    """Characters of six bits; `?` for what is none. Trailing blanks stay."""
    return "".join(_ICAO[raw >> at & 63] for at in range(width - 6, -6, -6))


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Whole octets with their fields."""

    size: int
    fields: tuple[Field, ...]

    def said(self, data: bytes) -> Said:
        """Its values by name; the value alone where it has one field."""
        whole = int.from_bytes(data)
        if len(self.fields) == 1:
            return self.fields[0].of(whole)
        return {field.name: field.of(whole) for field in self.fields}


class Item:
    """One item of a UAP. `size` is 0 where the octets themselves say it; `inner` is a compound item's own profile."""

    __slots__ = ("inner", "measure", "name", "said", "size")

    def __init__(
        self,
        name: str,
        size: int,
        measure: Callable[[bytes, int, int], int],
        said: Callable[[bytes], Said],
        inner: "Profile | None" = None,
    ) -> None:
        self.name = name
        self.size = size
        self.measure = measure  # (data, at, end) -> the index after it; raises Cut
        self.said = said  # its octets -> its values
        self.inner = inner


class Profile:
    """A UAP: items by the bits of the FSPEC. What a pattern of bits means is worked out once and kept, bounded."""

    PATTERNS = 1024  # kept; a real source uses a dozen

    def __init__(self, text: str) -> None:
        self.items = _items(text)
        self.named: Mapping[str, Item] = {item.name: item for item in self.items if item is not None}
        self._octets = (len(self.items) + 6) // 7
        self._patterns: dict[bytes, tuple[Item, ...]] = {}

    def pattern(self, data: bytes, at: int, end: int) -> tuple[tuple[Item, ...], int]:
        """The items that the FSPEC at `at` announces, and the index after it. Raises Cut."""
        after = at
        while True:
            if after >= end:
                raise Cut("TRUNCATED", "the field specification is cut short")
            after += 1
            if not data[after - 1] & _FX:
                break
        key = data[at:after]
        items = self._patterns.get(key)
        if items is None:
            items = self._announced(key)
            if len(self._patterns) >= self.PATTERNS:
                self._patterns.clear()
            self._patterns[key] = items
        return items, after

    def split(self, octets: bytes) -> dict[str, bytes]:
        """The items within one compound item that `measure` has gone through, by name."""
        announced, at = self.pattern(octets, 0, len(octets))
        items = {}
        for item in announced:
            after = item.measure(octets, at, len(octets))
            items[item.name] = octets[at:after]
            at = after
        return items

    def _announced(self, octets: bytes) -> tuple[Item, ...]:
        if len(octets) > self._octets:
            raise Cut("FSPEC", f"a field specification of {len(octets)} octets")
        found = []
        for place, octet in enumerate(octets):
            for bit in range(7):
                if not octet & (0x80 >> bit):
                    continue
                number = place * 7 + bit
                item = self.items[number] if number < len(self.items) else None
                if item is None:
                    raise Cut("UNDEFINED_ITEM", f"bit {number + 1} of the field specification names no item")
                found.append(item)
        if not found:
            raise Cut("FSPEC", "a record without any item")
        return tuple(found)


_FIELD = re.compile(r"(?:([A-Z0-9.]+):)?([soac]?)(\d+)(?:\*([\d./^]+))?")


def _part(text: str, *, extended: bool = False) -> Part:
    words = text.split()
    widths = []
    for word in words:
        found = _FIELD.fullmatch(word)
        widths.append(int(word[1:]) if word.startswith("-") else int(found[3]) if found else -1)
    bits = sum(widths) + extended
    if bits % 8 or -1 in widths:
        raise ValueError(text)
    fields, shift = [], bits
    for word, width in zip(words, widths, strict=True):
        shift -= width
        found = _FIELD.fullmatch(word)
        if found and not word.startswith("-"):
            scale = None if found[4] is None else float(_fraction(found[4]))
            fields.append(
                Field(name=found[1] or "value", width=width, shift=shift, form=found[2], scale=scale)
            )
    return Part(size=bits // 8, fields=tuple(fields))


def _fraction(text: str) -> Fraction:
    over, _, under = text.partition("/")
    base, _, power = under.partition("^")
    return Fraction(over) / Fraction(int(base or 1) ** int(power or 1))


def _items(text: str) -> tuple[Item | None, ...]:
    """Items of a profile, and of a compound item within it."""
    items: list[Item | None] = []
    lines = _joined(text)
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        below = []
        while at < len(lines) and lines[at].startswith(" "):
            below.append(lines[at][1:])
            at += 1
        if line == "-":
            items.append(None)
            continue
        names, kind, *rest = line.split(" ", 2)
        items += [_MAKERS[kind](name, rest[0] if rest else "", below) for name in names.split(",")]
    return tuple(items)


def _joined(text: str) -> list[str]:
    """Lines with their continuations, which are indented by four more."""
    lines: list[str] = []
    for line in text.strip("\n").split("\n"):
        indent = len(line) - len(line.lstrip(" "))
        if lines and indent >= 4:
            lines[-1] += " " + line.strip()
        else:
            lines.append(line)
    return lines


def _fixed(name: str, text: str, _below: Sequence[str]) -> Item:
    part = _part(text)
    size = part.size

    def measure(_data: bytes, at: int, end: int) -> int:
        if at + size > end:
            raise Cut("TRUNCATED", f"{end - at} of {size} octets")
        return at + size

    return Item(name, size, measure, part.said)


def _extended(name: str, text: str, _below: Sequence[str]) -> Item:
    last = text.endswith(" .")  # after the last part its last bit says nothing
    parts = [_part(each, extended=True) for each in text.removesuffix(" .").split("|")]
    most = len(parts) if last else 0

    def measure(data: bytes, at: int, end: int) -> int:
        count = 0
        while True:
            # parts that later editions append are of one octet
            at += parts[count].size if count < len(parts) else 1
            count += 1
            if at > end:
                raise Cut("TRUNCATED", "an extended item is cut short")
            if not data[at - 1] & _FX or count == most:
                return at

    def said(data: bytes) -> Said:
        values: dict[str, Any] = {}
        at = 0
        for part in parts:
            if at >= len(data):
                break
            whole = int.from_bytes(data[at : at + part.size])
            values |= {field.name: field.of(whole) for field in part.fields}
            at += part.size
        return values

    return Item(name, 0, measure, said)


def _repeated(name: str, text: str, _below: Sequence[str]) -> Item:
    """By the last bit."""
    part = _part(text, extended=True)
    size = part.size

    def measure(data: bytes, at: int, end: int) -> int:
        while True:
            at += size
            if at > end:
                raise Cut("TRUNCATED", "a repeated item is cut short")
            if not data[at - 1] & _FX:
                return at

    def said(data: bytes) -> Said:
        return [part.said(data[at : at + size]) for at in range(0, len(data), size)]

    return Item(name, 0, measure, said)


def _counted(name: str, text: str, _below: Sequence[str]) -> Item:
    """By a count."""
    part = _part(text)
    size = part.size

    def measure(data: bytes, at: int, end: int) -> int:
        after = at + 1 + data[at] * size if at < end else end + 1
        if after > end:
            raise Cut("TRUNCATED", "a repeated item is cut short")
        return after

    def said(data: bytes) -> Said:
        return [part.said(data[at : at + size]) for at in range(1, len(data), size)]

    return Item(name, 0, measure, said)


def _private(name: str, _text: str, _below: Sequence[str]) -> Item:
    def measure(data: bytes, at: int, end: int) -> int:
        size = data[at] if at < end else 1
        if size < 1 or at + size > end:
            raise Cut("TRUNCATED", f"a private field of {size} octets")
        return at + size

    def said(data: bytes) -> Said:
        return data[1:].hex()

    return Item(name, 0, measure, said)


def _compound(name: str, _text: str, below: Sequence[str]) -> Item:
    profile = Profile("\n".join(below))

    def measure(data: bytes, at: int, end: int) -> int:
        items, at = profile.pattern(data, at, end)
        for item in items:
            try:
                at = item.measure(data, at, end)
            except Cut as cut:
                raise Cut(cut.code, f"{item.name}: {cut.detail}") from None
        return at

    def said(data: bytes) -> Said:
        return {inner: profile.named[inner].said(octets) for inner, octets in profile.split(data).items()}

    return Item(name, 0, measure, said, profile)


_MAKERS: Mapping[str, Callable[[str, str, Sequence[str]], Item]] = {
    "=": _fixed,
    "+": _extended,
    "&": _repeated,
    "*": _counted,
    "!": _private,
    "{}": _compound,
}
