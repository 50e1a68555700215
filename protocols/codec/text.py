"""Checks shared by the codecs between our own processes: texts that may be shown and logged, times, numbers."""

import math

from dispatch.errors import Malformed

MAX_TEXT = 100  # characters of a name, key or callsign
MAX_UTC_S = 4_102_444_800.0  # the year 2100


def check_text(text: str, field: str, *, some: bool = False, limit: int = MAX_TEXT) -> str:
    """Printable, at most `limit` characters, and with `some` not empty. Raises Malformed."""
    if len(text) > limit:
        raise Malformed(field, f"{len(text)} characters, at most {limit}")
    if some and not text:
        raise Malformed(field, "is missing")
    if not text.isprintable():
        raise Malformed(field, "holds what cannot be printed")
    return text


def clean(text: str, limit: int = MAX_TEXT) -> str:
    """The text as `check_text` takes it: what cannot be printed is shown as such, what is too long is cut."""
    if text.isprintable():
        return text[:limit]
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text[:limit])


def check_utc_s(at_s: float, field: str) -> float:
    """UTC seconds between 1970 and 2100. Raises Malformed."""
    if not 0.0 <= at_s <= MAX_UTC_S:
        raise Malformed(field, f"{at_s} is not a time")
    return at_s


def check_number(value: float, field: str, least: float, most: float) -> float:
    """A finite number within bounds. Raises Malformed."""
    if math.isnan(value) or not least <= value <= most:
        raise Malformed(field, f"{value} is not within {least:g} to {most:g}")
    return value
