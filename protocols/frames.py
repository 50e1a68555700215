"""What a Mode S deframer yields: a frame, a receiver's status, or a run of bytes that was none.

Shared by beast.py and avr.py (which cut bytes into these) and modes.py (which reads them).
Nothing here is judged: a `Frame` is well cut, not yet known to be true.
"""

from dataclasses import dataclass

MODE_AC_BYTES = 2
SHORT_BYTES = 7  # 56 bits, ICAO Annex 10 Vol IV §3.1.2.3
LONG_BYTES = 14  # 112 bits, same


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One received frame. 2 bytes: Mode A/C; 7: short Mode S; 14: long Mode S.

    `ticks` is the receiver's raw counter, None where the format carries none.
    `signal` is the receiver's own 0 to 255, None where the format carries none.
    """

    payload: bytes
    ticks: int | None = None
    signal: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverStatus:
    """A receiver says how it is set (BEAST types 4 and 5). `gps_clock` None: not said."""

    body: bytes
    gps_clock: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BadFrame:
    """Bytes that are no frame. `code` is stable; `length` counts the bytes lost."""

    code: str  # GARBAGE, UNKNOWN_TYPE, TRUNCATED, OVERSIZE, MALFORMED, UNKNOWN_RECORD
    detail: str
    length: int
    field: str = ""
