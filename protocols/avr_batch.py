"""AVR text, many frames at once: records to rows (frames_batch.py). What avr.py reads singly, in one sweep.

All record ends of a piece are found, then each record's mark, lengths and digits are judged by table. No bytes make it
slow: every step is done for all records together, and blanks around records are taken off a layer at a time.
"""

from collections import Counter

import numpy as np
import numpy.typing as npt

from protocols.avr import RECORD_LIMIT_BYTES
from protocols.frames_batch import LONG, MODE_AC, NO_ROWS, ROW_BYTES, SHORT, Bytes, Cut

_PAD = bytes(48)  # so that the longest record can be lifted anywhere in a buffer
_COUNTER_DIGITS, _SIGNAL_DIGITS, _PAYLOAD_DIGITS = 12, 2, 28
_NO_DIGIT = 0xFF

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def _digits() -> Bytes:
    """The value of a hexadecimal digit."""
    digits = np.full(256, _NO_DIGIT, np.uint8)
    for value, (lower, upper) in enumerate(zip("0123456789abcdef", "0123456789ABCDEF", strict=True)):
        digits[ord(lower)] = digits[ord(upper)] = value
    return digits


def _heads() -> Ints:
    """Characters before the payload, by the mark that begins a record; 0: no mark."""
    heads = np.zeros(256, np.int64)
    heads[ord("*")] = 1
    heads[[ord(mark) for mark in "@%+"]] = 1 + _COUNTER_DIGITS
    heads[ord("<")] = 1 + _COUNTER_DIGITS + _SIGNAL_DIGITS
    return heads


def _kinds() -> Bytes:
    """The kind of row by the number of digits of a payload; 0: no frame has so many."""
    kinds = np.zeros(RECORD_LIMIT_BYTES + 1, np.uint8)
    kinds[[4, 14, _PAYLOAD_DIGITS]] = MODE_AC, SHORT, LONG
    return kinds


_DIGIT = _digits()
_HEAD = _heads()
_KIND = _kinds()
_IS_END = np.isin(np.arange(256), list(b";\r\n"))
_IS_BLANK = np.isin(np.arange(256), list(b" \t\x0b\x0c"))  # what bytes.strip takes off, but for ends


class Deframer:
    """Cuts text into rows. Any chunking yields the same; no input raises.

    Keeps at most RECORD_LIMIT_BYTES of an unfinished record; of a longer one only its length is kept.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._oversize = 0

    def feed(self, data: bytes) -> Cut:
        """Everything that is complete once `data` has come."""
        raw = b"".join((self._rest, data, _PAD))
        buffer = np.frombuffer(raw, np.uint8)
        end = len(raw) - len(_PAD)
        ends = np.flatnonzero(_IS_END[buffer[:end]])
        bad: Counter[str] = Counter()
        rows, last = NO_ROWS, 0
        if len(ends):
            begins = np.concatenate(([0], ends[:-1] + 1))
            length = ends - begins
            length[0] += self._oversize
            self._oversize = 0
            within = length <= RECORD_LIMIT_BYTES
            bad["OVERSIZE"] = int(np.count_nonzero(~within))
            rows = _rows(buffer, *_stripped(buffer, begins[within], ends[within]), bad)
            last = int(ends[-1]) + 1
        self._rest = raw[last:end]
        if len(self._rest) > RECORD_LIMIT_BYTES or self._oversize:
            self._oversize += len(self._rest)
            self._rest = b""
        return Cut(rows, (), +bad)

    def close(self) -> Cut:
        """A last record without its end mark is still a record when it is whole."""
        return self.feed(b";")


def _stripped(buffer: Bytes, begins: Ints, ends: Ints) -> tuple[Ints, Ints]:
    """Where records begin and end without blanks around them; those with nothing else are left out."""
    for side, step in ((begins, 1), (ends, -1)):
        at = np.flatnonzero(begins < ends)
        while len(at):
            at = at[_IS_BLANK[buffer[side[at] + min(step, 0)]]]
            side[at] += step
            at = at[begins[at] < ends[at]]
    filled = begins < ends
    return begins[filled], ends[filled]


def _rows(buffer: Bytes, begins: Ints, ends: Ints, bad: Counter[str]) -> Bytes:
    """The frames among records, as rows; the others are counted."""
    head = _HEAD[buffer[begins]]
    payload_digits = np.where(head > 0, ends - begins - head, 0)
    kind = _KIND[np.maximum(payload_digits, 0)]
    good = np.flatnonzero(kind)
    begins, head, kind, payload_digits = begins[good], head[good], kind[good], payload_digits[good]
    rows = np.zeros((len(good), ROW_BYTES), np.uint8)
    rows[:, 0] = kind
    sound = _put(rows[:, 8:22], buffer, begins + head, payload_digits, _PAYLOAD_DIGITS)
    counted = np.flatnonzero(head > 1)
    if len(counted):
        digits = head[counted] - 1
        heads = np.zeros((len(counted), 7), np.uint8)
        sound[counted] &= _put(heads, buffer, begins[counted] + 1, digits, _COUNTER_DIGITS + _SIGNAL_DIGITS)
        rows[counted, 1:8] = heads
    if not sound.all():
        rows = rows[sound]
    bad["MALFORMED"] = len(ends) - len(rows)
    return rows


def _put(into: Bytes, buffer: Bytes, at: Ints, count: Ints, most: int) -> Bools:
    """Read `count` digits each, `most` at most, two to a byte; whether all of them are digits."""
    anywhere: npt.NDArray[np.void] = np.ndarray(
        (len(buffer) - most + 1,), f"V{most}", buffer=buffer, strides=(1,)
    )
    digits = _DIGIT[anywhere[at].view(np.uint8).reshape(-1, most)]
    digits[np.arange(most) >= count[:, np.newaxis]] = 0
    sound: Bools = (digits != _NO_DIGIT).all(axis=1)
    into[:] = digits[:, ::2] << 4 | digits[:, 1::2]
    return sound
