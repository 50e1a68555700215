"""Reads JSON objects field by field and names the field that is wrong.

The edge between hostile plain dicts and the frozen values of `problem.py` and `plan.py`. Every getter
raises `Malformed(path, detail)`; nothing else leaves this file for bad input.
"""

import math
import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime

from dispatch.errors import Malformed

_ABSENT = object()
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", re.ASCII)  # scenario.schema.json, $defs/time
_LARGEST = 1e12  # beyond any quantity of the field; keeps sums of products finite
_LONGEST_S = 1e8  # three years: what takes longer is no plan of a day, and its end may have no date
_MILLISECOND = 1_000  # times are planned and written in whole milliseconds


def epoch_s(text: object, path: str) -> float:
    """Seconds since 1970 of an ISO-8601 time that ends in Z. Raises Malformed."""
    if not isinstance(text, str) or not _TIME.fullmatch(text):
        raise Malformed(path, f"{shown(text)} is not an ISO-8601 UTC time ending in Z")
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    except (ValueError, OverflowError, OSError) as error:
        raise Malformed(path, f"{shown(text)} is not an ISO-8601 UTC time ending in Z") from error


def _ms(text: object, path: str) -> float:
    """Milliseconds since 1970 to the microsecond, free of what floats add below that. Raises Malformed."""
    return round(epoch_s(text, path) * _MILLISECOND, 3)


def iso_time(seconds: float) -> str:
    """ISO-8601 UTC with milliseconds, as the plan format wants it. `seconds` since 1970."""
    whole_ms = round(seconds * 1000)
    stamp = datetime.fromtimestamp(whole_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{stamp}.{whole_ms % 1000:03d}Z"


def shown(value: object) -> str:
    """A value for an error message, cut so that hostile input cannot flood a log."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


class Fields:
    """One JSON object with its path. `names` are the keys the format knows; any other key is Malformed."""

    def __init__(self, value: object, path: str, names: str) -> None:
        if not isinstance(value, Mapping):
            raise Malformed(path or "scenario", "is not a JSON object")
        self._value: Mapping[object, object] = value
        self._path = path
        known = set(names.split())
        for key in self._value:
            if key not in known:
                raise Malformed(self.at(str(key)[:60]), "is not a field of this format")

    def at(self, key: str) -> str:
        """The full path of one field."""
        return f"{self._path}.{key}" if self._path else key

    def has(self, key: str) -> bool:
        """Whether the field is present, null or not."""
        return key in self._value

    def raw(self, key: str) -> object:
        """The field as it stands. Raises Malformed when it is missing."""
        value = self._value.get(key, _ABSENT)
        if value is _ABSENT:
            raise Malformed(self.at(key), "is missing")
        return value

    def text(self, key: str, among: Collection[str] = ()) -> str:
        """A non-empty text, one of `among` if that is given."""
        return self._text(self.raw(key), self.at(key), among)

    def words(self, key: str) -> str:
        """A text for people, which may be empty."""
        value = self.raw(key)
        if not isinstance(value, str):
            raise Malformed(self.at(key), f"{shown(value)} is not a text")
        return value

    def texts(self, key: str, among: Collection[str]) -> frozenset[str]:
        """A list of words out of `among`."""
        return frozenset(
            self._text(item, f"{self.at(key)}[{n}]", among) for n, item in enumerate(self.items(key))
        )

    def flag(self, key: str) -> bool:
        """True or false."""
        value = self.raw(key)
        if not isinstance(value, bool):
            raise Malformed(self.at(key), f"{shown(value)} is not true or false")
        return value

    def number(self, key: str, low: float = -_LARGEST, high: float = _LARGEST) -> float:
        """A finite number within [low, high]."""
        value = self.raw(key)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise Malformed(self.at(key), f"{shown(value)} is not a number")
        try:
            number = float(value)
        except OverflowError as error:
            raise Malformed(self.at(key), "is too large") from error
        if not math.isfinite(number):
            raise Malformed(self.at(key), f"{number} is not finite")
        if not low <= number <= high:
            raise Malformed(self.at(key), f"{number:g} is not within {low:g} to {high:g}")
        return number

    def positive(self, key: str) -> float:
        """A finite number above zero."""
        number = self.number(key)
        if number <= 0.0:
            raise Malformed(self.at(key), f"{number:g} is not above 0")
        return number

    def duration_s(self, key: str) -> float:
        """Seconds that something takes, up to three years."""
        return self.number(key, 0.0, _LONGEST_S)

    def whole(self, key: str, low: int) -> int:
        """A whole number of at least `low`."""
        number = self.number(key, low)
        if number != int(number):
            raise Malformed(self.at(key), f"{number:g} is not a whole number")
        return int(number)

    def time_s(self, key: str) -> float:
        """Seconds since 1970, finer than a millisecond cut off."""
        return math.floor(_ms(self.raw(key), self.at(key))) / _MILLISECOND

    def begin_s(self, key: str) -> float:
        """Seconds since 1970 from which on something holds: the next whole millisecond, never earlier."""
        return math.ceil(_ms(self.raw(key), self.at(key))) / _MILLISECOND

    def items(self, key: str) -> list[object]:
        """A list as it stands."""
        value = self.raw(key)
        if not isinstance(value, list):
            raise Malformed(self.at(key), "is not a list")
        return value

    def child(self, key: str, names: str) -> "Fields":
        """A nested object."""
        return Fields(self.raw(key), self.at(key), names)

    def children(self, key: str, names: str) -> list["Fields"]:
        """A list of objects; paths carry the index."""
        return [Fields(item, f"{self.at(key)}[{n}]", names) for n, item in enumerate(self.items(key))]

    @staticmethod
    def _text(value: object, path: str, among: Collection[str]) -> str:
        if not isinstance(value, str) or not value:
            raise Malformed(path, f"{shown(value)} is not a non-empty text")
        if among and value not in among:
            raise Malformed(path, f"{shown(value)} is not one of {', '.join(sorted(among))}")
        return value


def read_points(row: Fields, key: str) -> tuple[tuple[float, float], ...]:
    """A list of [lon, lat]. Raises Malformed."""
    points = []
    for n, item in enumerate(row.items(key)):
        if not isinstance(item, list) or len(item) != 2:
            raise Malformed(row.at(f"{key}[{n}]"), f"{shown(item)} is not [lon, lat]")
        pair = Fields({"lon": item[0], "lat": item[1]}, row.at(f"{key}[{n}]"), "lon lat")
        points.append((pair.number("lon", -180, 180), pair.number("lat", -90, 90)))
    return tuple(points)
