"""One item of a local set: its bytes to its value, by the table of tags.py.

An item of no bytes says that its value is no longer known (MISB ST 0601, zero-length items). Tag 22 in four bytes is
what a known encoder sends: its value is the standard's two-byte code in a wider integer, and is read so with a warning.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from protocols.klv import ber, maps
from protocols.klv.errors import KlvError
from protocols.klv.tags import TAGS, TARGET_WIDTH, Form, Tag

TEXT_LIMIT_BYTES = 127  # MISB ST 0601 §8, of every text item
_WIDEST = 8
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNKNOWN = Tag(name="", form=Form.BYTES)
WIDER_THAN_SAID: Mapping[int, int] = {TARGET_WIDTH: 4}

Value = float | int | str | bytes | datetime | tuple[ber.Pair, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item. `value` None where the sender says that there is none; `special` says what was said instead.

    A SET's value is its items, cut but not read. Of an unknown tag the name is empty and the value is `raw`.
    `fault`: the item could not be read and has no value. `warning`: it could, though it breaks the standard.
    """

    tag: int
    raw: bytes
    name: str
    value: Value
    special: str = ""
    fault: KlvError | None = None
    warning: str = ""


def read(tag: int, raw: bytes) -> Item:
    """The item; no bytes raise."""
    known = TAGS.get(tag, _UNKNOWN)
    if not raw and known.name:
        return Item(tag=tag, raw=raw, name=known.name, value=None, special="unknown")
    warning = ""
    code = raw
    if len(raw) == WIDER_THAN_SAID.get(tag):
        code = raw[len(raw) - known.width :]
        warning = f"{len(raw)} bytes where the standard says {known.width}"
    try:
        if code is not raw and any(raw[: len(raw) - known.width]):
            raise KlvError("WIDTH", f"{len(raw)} bytes, and the upper ones are not 0")
        value, special = _value(tag, code, known)
    except KlvError as wrong:
        path = wrong.path or (tag,)
        fault = KlvError(wrong.code, wrong.detail, path=path, name=known.name)
        return Item(tag=tag, raw=raw, name=known.name, value=None, fault=fault)
    return Item(tag=tag, raw=raw, name=known.name, value=value, special=special, warning=warning)


def _value(tag: int, raw: bytes, known: Tag) -> tuple[Value, str]:
    if known.width and len(raw) != known.width:
        raise KlvError("WIDTH", f"{len(raw)} bytes where the standard says {known.width}")
    if not known.width and known.form in _NUMBERS and len(raw) > _WIDEST:
        raise KlvError("WIDTH", f"{len(raw)} bytes, more than {_WIDEST}")
    match known.form:
        case Form.UNSIGNED:
            return maps.unsigned(raw, known.low, known.high), ""
        case Form.SIGNED:
            number = maps.signed(raw, known.high)
            return number, known.special if number is None else ""
        case Form.IMAPB:
            return _mapped(raw, known)
        case Form.COUNT:
            return int.from_bytes(raw), ""
        case Form.INTEGER:
            return int.from_bytes(raw, signed=True), ""
        case Form.TIME:
            return _time(raw), ""
        case Form.TEXT:
            return _text(raw), ""
        case Form.SET:
            return tuple(ber.items(raw, path=(tag,))), ""
        case Form.BYTES:
            return raw, ""


_NUMBERS = frozenset((Form.IMAPB, Form.COUNT, Form.INTEGER, Form.TIME))


def _mapped(raw: bytes, known: Tag) -> tuple[Value, str]:
    if not maps.is_wide_enough(known.low, known.high, len(raw)):
        raise KlvError("MAP", f"{len(raw)} bytes are too few for {known.low:.0f} to {known.high:.0f}")
    number = maps.imapb(raw, known.low, known.high)
    return (None, number) if isinstance(number, str) else (number, "")


def _time(raw: bytes) -> datetime:
    try:
        return _EPOCH + timedelta(microseconds=int.from_bytes(raw))
    except OverflowError:
        raise KlvError("TIME", f"{int.from_bytes(raw)} µs after 1970 is outside the calendar") from None


def _text(raw: bytes) -> str:
    if len(raw) > TEXT_LIMIT_BYTES:
        raise KlvError("WIDTH", f"a text of {len(raw)} bytes, more than {TEXT_LIMIT_BYTES}")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise KlvError("TEXT", "not UTF-8") from None
    return text.rstrip("\x00").strip()  # some encoders fill up
