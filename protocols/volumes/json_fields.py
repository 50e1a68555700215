"""JSON of unknown sender: a bounded document, and its fields read by name and type. Errors are Fault with a path."""

import math
from datetime import UTC, datetime
from typing import Any

import msgspec

from dispatch.errors import Malformed
from dispatch.geo import Position
from dispatch.volume_records import Ring
from dispatch.volume_shape import MOST_CORNERS
from protocols.volumes.reading import Collected, Fault

Fields = dict[str, Any]


def document(body: bytes) -> Any:
    """The document. Raises Malformed."""
    try:
        return msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise Malformed("file", f"not JSON: {error}"[:200]) from None


def fields(value: Any, path: str) -> Fields:
    """An object."""
    if not isinstance(value, dict):
        raise Fault("FIELD", "is no object", field=path)
    return value


def items(value: Any, path: str) -> list[Any]:
    """A list."""
    if not isinstance(value, list):
        raise Fault("FIELD", "is no list", field=path)
    return value


def text(of: Fields, name: str, path: str = "", default: str = "") -> str:
    """A text; null is as if it were absent."""
    value = of.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise Fault("FIELD", "is no text", field=f"{path}{name}")
    return value


def flag(of: Fields, name: str, path: str = "") -> bool:
    """True or false; absent is false."""
    value = of.get(name, False)
    if not isinstance(value, bool):
        raise Fault("FIELD", "is not true or false", field=f"{path}{name}")
    return value


def number(value: Any, path: str) -> float:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Fault("NUMBER", f"{str(value)[:30]!r} is not a number", field=path)
    return float(value)


def position(collected: Collected, value: Any, path: str) -> Position:
    """`[lon, lat]`, a third figure let go."""
    pair = items(value, path)
    if not 2 <= len(pair) <= 4:
        raise Fault("POSITION", f"{str(pair)[:40]} is not [lon, lat]", field=path)
    return collected.position(number(pair[0], path), number(pair[1], path))


def positions(collected: Collected, value: Any, path: str) -> tuple[Position, ...]:
    """A list of positions, counted before they are read."""
    found = items(value, path)
    if len(found) > MOST_CORNERS + 1:
        raise Fault("TOO_MANY_CORNERS", f"{len(found)} corners, at most {MOST_CORNERS}", field=path)
    return tuple(position(collected, each, path) for each in found)


def ring(collected: Collected, value: Any, path: str) -> tuple[Position, ...]:
    """A closed ring (RFC 7946 §3.1.6) without its last corner, which repeats the first."""
    found = positions(collected, value, path)
    if len(found) < 4:
        raise Fault("TOO_FEW_CORNERS", f"{len(found)} positions, a closed ring has at least 4", field=path)
    if found[0] != found[-1]:
        raise Fault("RING_OPEN", "its last position is not its first", field=path)
    return found[:-1]


def polygon(collected: Collected, value: Any, path: str) -> tuple[tuple[Position, ...], tuple[Ring, ...]]:
    """A shell and its holes."""
    rings = items(value, path)
    if not rings:
        raise Fault("NO_SHAPE", "has no rings", field=path)
    if len(rings) > 500:
        raise Fault("TOO_MANY_CORNERS", f"{len(rings)} rings", field=path)
    shell, *holes = (ring(collected, each, f"{path}[{n}]") for n, each in enumerate(rings))
    return shell, tuple(Ring(corners=hole) for hole in holes)


def instant(value: Any, path: str) -> datetime:
    """RFC 3339 with its zone."""
    if not isinstance(value, str):
        raise Fault("TIMES", "is no time", field=path)
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        raise Fault(
            "TIMES", f"{value[:40]!r} is not a time such as 2026-11-26T12:00:00Z", field=path
        ) from None
    if at.tzinfo is None:
        raise Fault("TIMES", f"{value[:40]!r} has no zone", field=path)
    return at.astimezone(UTC)


def enum(cls: type[Any], value: str, path: str) -> Any:
    """A word of a vocabulary."""
    try:
        return cls(value)
    except ValueError:
        raise Fault(
            "WORD", f"{value[:30]!r} is not one of {', '.join(str(each) for each in cls)}", field=path
        ) from None
