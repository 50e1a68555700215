"""One cell of a table: what its text becomes, what it may say, and how a value is written back.

A reader turns a cell's text into a value or raises ValueError with what is wrong with it.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Generic, TypeVar

from dispatch.errors import Malformed
from dispatch.ids import check_id
from dispatch.records import LiftPoint, SeasonDepth
from dispatch.staff_records import FlownDay

MAX_CELL_CHARS = 400

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A heading: `read` turns its text into a value or raises ValueError; `default` stands in for an empty cell."""

    name: str
    read: Callable[[str], Any]
    required: bool
    default: Any
    meaning: str

    @property
    def choices(self) -> tuple[str, ...]:
        """The words that may stand here; none: not a closed vocabulary."""
        if self.read is truth:
            return ("true", "false")
        return tuple(str(one) for one in self.read.kinds) if isinstance(self.read, (Word, Words)) else ()

    @property
    def several(self) -> bool:
        """Whether more than one of `choices` may stand here."""
        return isinstance(self.read, Words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One kind of resource: the record it becomes, its columns, and how the cells become the record's fields."""

    record: type
    columns: tuple[Column, ...]
    build: Callable[[dict[str, Any]], dict[str, Any]]
    cells: Callable[[Any], dict[str, str]]


def text(raw: str) -> str:
    """Any text without control characters."""
    if len(raw) > MAX_CELL_CHARS:
        raise ValueError(f"longer than {MAX_CELL_CHARS} characters")
    if any(ord(c) < 32 for c in raw):
        raise ValueError("has a control character")
    return raw


def id_(raw: str) -> str:
    """An id, ids.check_id."""
    try:
        return check_id(raw, "id")
    except Malformed as fault:
        raise ValueError(fault.detail) from None


def number(low: float, high: float) -> Callable[[str], float]:
    """A finite number within two limits, both in."""

    def read(raw: str) -> float:
        try:
            value = float(raw)
        except ValueError:
            raise ValueError(f"{raw[:40]!r} is not a number") from None
        if not (math.isfinite(value) and low <= value <= high):
            raise ValueError(f"{raw[:40]} is not within {low:g} to {high:g}")
        return value

    return read


def whole(low: int, high: int) -> Callable[[str], int]:
    """A whole number within two limits, both in."""

    def read(raw: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,9}", raw):
            raise ValueError(f"{raw[:40]!r} is not a whole number")
        if not low <= int(raw) <= high:
            raise ValueError(f"{raw} is not within {low} to {high}")
        return int(raw)

    return read


def truth(raw: str) -> bool:
    """true or false."""
    if raw not in {"true", "false"}:
        raise ValueError(f"{raw[:40]!r} is neither true nor false")
    return raw == "true"


class Word(Generic[E]):
    """Reads one word of a closed vocabulary."""

    several = False

    def __init__(self, kinds: type[E]) -> None:
        self.kinds = kinds

    def __call__(self, raw: str) -> E:
        """The word. Raises ValueError."""
        try:
            return self.kinds(raw)
        except ValueError:
            raise ValueError(f"{raw[:40]!r} is not one of {', '.join(self.kinds)}") from None


class Words(Generic[E]):
    """Reads words of a closed vocabulary, separated by `|`."""

    several = True

    def __init__(self, kinds: type[E]) -> None:
        self.kinds = kinds
        self._one = Word(kinds)

    def __call__(self, raw: str) -> tuple[E, ...]:
        """The words. Raises ValueError."""
        found = tuple(self._one(part.strip()) for part in raw.split("|"))
        if len(set(found)) != len(found):
            raise ValueError(f"{raw[:40]!r} says one thing twice")
        return found


def icao24(raw: str) -> str:
    """A 24-bit address."""
    if not re.fullmatch(r"[0-9a-f]{6}", raw):
        raise ValueError(f"{raw[:40]!r} is not six lower-case hex digits")
    return raw


def instant(raw: str) -> datetime:
    """An ISO 8601 time that says its zone."""
    try:
        value = datetime.fromisoformat(raw)
    except ValueError:
        raise ValueError(f"{raw[:40]!r} is not an ISO 8601 time") from None
    if value.tzinfo is None:
        raise ValueError(f"{raw} does not say its time zone")
    return value.astimezone(UTC)


def until(raw: str) -> datetime:
    """A day, through to its end in Beijing, or an instant with its zone."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", raw):
        return instant(f"{raw}T00:00:00+08:00") + timedelta(days=1)
    return instant(raw)


def since(raw: str) -> datetime:
    """A day, from its begin in Beijing, or an instant with its zone."""
    return instant(f"{raw}T00:00:00+08:00" if re.fullmatch(r"\d{4}-\d{2}-\d{2}", raw) else raw)


def texts(raw: str) -> tuple[str, ...]:
    """Texts separated by `|`."""
    found = tuple(text(part.strip()) for part in raw.split("|"))
    if len(set(found)) != len(found) or "" in found:
        raise ValueError(f"{raw[:40]!r} has an empty part or says one thing twice")
    return found


def need(name: str, read: Callable[[str], Any], meaning: str) -> Column:
    """A column without which a table is refused."""
    return Column(name=name, read=read, required=True, default=None, meaning=meaning)


def may(name: str, read: Callable[[str], Any], default: Any, meaning: str) -> Column:
    """A column that may be missing or empty."""
    return Column(name=name, read=read, required=False, default=default, meaning=meaning)


def cell(value: Any) -> str:
    """A value as the text that reads back to it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, tuple):
        return "|".join(_part(v) for v in value)
    return str(value)


def _part(value: Any) -> str:
    match value:
        case LiftPoint():
            return f"{cell(value.density_altitude_m)}:{cell(value.litres)}"
        case SeasonDepth():
            return f"{value.from_month}-{value.until_month}:{cell(value.depth_m)}"
        case FlownDay():
            return f"{value.day}:{cell(value.flown_s)}:{cell(value.duty_s)}"
    return str(value)
