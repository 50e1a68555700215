"""BEAST frames written: what a Mode-S Beast receiver sends, so that simulated and re-sent messages enter by the real door.

A frame is 1A, a type digit, six bytes of the 12 MHz counter, one byte of signal level, the message; every 1A after
the first is doubled (Mode-S Beast data output formats, "binary format"). Reading is beast.py.
"""

COUNTER_HZ = 12_000_000
_COUNTER_SPAN = 1 << 48
_ESCAPE = b"\x1a"
_TYPE_BY_LENGTH = {2: b"1", 7: b"2", 14: b"3"}  # Mode A/C, Mode S short, Mode S long


def counter_at(seconds: float) -> int:
    """The receiver's counter a number of seconds after it started; it runs over after 271 days."""
    return int(seconds * COUNTER_HZ) % _COUNTER_SPAN


def beast_frame(message: bytes, counter: int, signal: int = 0x80) -> bytes:
    """One frame. Raises ValueError if the message is not 2, 7 or 14 bytes or a figure does not fit."""
    kind = _TYPE_BY_LENGTH.get(len(message))
    if kind is None or not 0 <= counter < _COUNTER_SPAN or not 0 <= signal < 256:
        raise ValueError(f"{len(message)} bytes, counter {counter}, signal {signal}: not a BEAST frame")
    body = counter.to_bytes(6) + bytes([signal]) + message
    return _ESCAPE + kind + body.replace(_ESCAPE, _ESCAPE + _ESCAPE)
