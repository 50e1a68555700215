"""AMF0, the values of RTMP's commands (Adobe, Action Message Format, AMF 0, 2007). Pure; raises ValueError."""

import struct
from collections.abc import Mapping

MOST_DEPTH = 8
MOST_VALUES = 500  # of one command; a `connect` has some twenty

Value = float | bool | str | None | list["Value"] | dict[str, "Value"]

_NUMBER, _BOOLEAN, _STRING, _OBJECT, _NULL, _END = 0, 1, 2, 3, 5, 9  # markers, §2.1


def encode(*values: Value) -> bytes:
    """One after the other."""
    return b"".join(_value(each) for each in values)


def decode(data: bytes) -> list[Value]:
    """All values in it."""
    reader = _Reader(data)
    found = []
    while reader.at < len(data):
        found.append(reader.value(0))
    return found


def _value(value: Value) -> bytes:
    match value:
        case None:
            return bytes((_NULL,))
        case bool():
            return bytes((_BOOLEAN, value))
        case str():
            return bytes((_STRING,)) + _text(value)
        case Mapping():
            inner = b"".join(_text(name) + _value(each) for name, each in value.items())
            return bytes((_OBJECT,)) + inner + bytes((0, 0, _END))
        case list():
            raise ValueError("a list is never sent")
        case _:
            return struct.pack("!Bd", _NUMBER, value)


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("!H", len(data)) + data


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._count = 0
        self.at = 0

    def value(self, depth: int) -> Value:
        self._count += 1
        if depth > MOST_DEPTH or self._count > MOST_VALUES:
            raise ValueError("values within values, or too many")
        kind = self._take(1)[0]
        match kind:
            case 0:
                number: float = struct.unpack("!d", self._take(8))[0]
                return number
            case 1:
                return self._take(1) != b"\x00"
            case 2:
                return self._string(2)
            case 3:
                return self._members(depth)
            case 5 | 6:
                return None
            case 8:
                self._take(4)  # how many, roughly
                return self._members(depth)
            case 10:
                count = int.from_bytes(self._take(4), "big")
                return [self.value(depth + 1) for _ in range(min(count, MOST_VALUES + 1))]
            case 11:
                date: float = struct.unpack("!dh", self._take(10))[0]
                return date
            case 12:
                return self._string(4)
            case _:
                raise ValueError(f"no value begins with {kind}")

    def _take(self, count: int) -> bytes:
        taken = self._data[self.at : self.at + count]
        if len(taken) < count:
            raise ValueError("cut off")
        self.at += count
        return taken

    def _string(self, width: int) -> str:
        return self._take(int.from_bytes(self._take(width), "big")).decode(errors="replace")

    def _members(self, depth: int) -> dict[str, Value]:
        found: dict[str, Value] = {}
        while True:
            name = self._string(2)
            if not name and self._data[self.at : self.at + 1] == bytes((_END,)):
                self.at += 1
                return found
            found[name] = self.value(depth + 1)
