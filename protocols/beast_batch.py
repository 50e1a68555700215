"""Mode-S Beast format, many frames at once: bytes to rows (frames_batch.py). What beast.py cuts singly, in one sweep.

Frames lie end to end in a sound stream, so every lone escape begins one and the next lies a known number of plain
bytes (escapes undone) on. Where all do, that is the answer. Else each escape of the buffer is asked what would be
cut if a frame, a status or nothing began there and where cutting would go on, all at once; then the way from
escape to escape is followed, in leaps over the stretches where it takes one after the other. Cost is bounded by
the number of escapes whatever the bytes are.
"""

from bisect import bisect_left
from collections import Counter
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from protocols.beast import ESC, GARBAGE_BLOCK_BYTES, STATUS_LIMIT_BYTES
from protocols.frames_batch import LONG, MODE_AC, NO_ROWS, ROW_BYTES, SHORT, Bytes, Cut, GpsSaid

_HEAD_BYTES = 7  # counter 6, signal 1
_STATUS = 0x34
_SWITCH_GPS = 0x10  # DIP 7, bit 4: GPS timestamp (jetvision wiki, Data Input Formats)
_SWITCH_AT = 7  # the byte of a status body that holds the switches
_PAD = bytes(ROW_BYTES + 8)  # so that a row can be lifted anywhere in a buffer
_UNFINISHED = -1
_NOWHERE = 1 << 60  # a place beyond every buffer

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def _sizes() -> Ints:
    sizes = np.zeros(256, np.int64)
    sizes[[MODE_AC, SHORT, LONG]] = [_HEAD_BYTES + 2, _HEAD_BYTES + 7, _HEAD_BYTES + 14]
    sizes[[0x34, 0x35]] = STATUS_LIMIT_BYTES
    return sizes


_SIZE = _sizes()  # plain bytes after the type; 0: no such type
_FRAME = np.isin(np.arange(256), (MODE_AC, SHORT, LONG))
_STRIDE = np.where(_FRAME, _SIZE + 2, 0)  # plain bytes from a frame's escape to the next frame's; 0: no frame


class _Marks(NamedTuple):
    """The escapes of a buffer, and the buffer with every second of two escapes taken out. Both are padded."""

    buffer: Bytes
    end: int  # bytes of the buffer
    at: Ints  # where escapes are in the buffer
    lone: (
        Bools | None
    )  # [escape]: it stands for itself, where what precedes it is read as a body; None: all do
    out: Ints | int  # [escape]: how many bytes up to it, itself included, were taken out
    plain: Bytes
    plain_end: int

    def lone_at(self) -> Ints:
        """Places of the lone escapes in `plain`."""
        return self.at if self.lone is None else (self.at - self.out)[self.lone]


class _Items(NamedTuple):
    """What would be cut at each escape."""

    kind: Bytes
    type_at: Ints  # where its type is, in `plain`
    whole: Bools  # its body has all its bytes; else a lone escape ended it
    body_end: Ints  # in `plain`
    after: Ints  # in the buffer
    goes_to: Ints  # the number of the escape at which cutting goes on, or _UNFINISHED


class Deframer:
    """Cuts a byte stream. Any chunking of the same bytes yields the same rows and counts; no input raises.

    Keeps at most one unfinished frame between calls, as beast.Deframer does.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._garbage = 0  # bytes outside any frame that are not reported yet, less than a block

    def feed(self, data: bytes) -> Cut:
        """Everything that is complete once `data` has come."""
        if not (self._rest or data):
            return Cut(NO_ROWS, (), {})
        raw = b"".join((self._rest, data, _PAD))
        marks = _marks(raw)
        cut = self._sound(marks, raw)
        return self._any(marks, raw) if cut is None else cut

    def close(self) -> Cut:
        """What the end of the stream leaves unfinished."""
        bad: Counter[str] = Counter()
        self._end_garbage(bad)
        bad["TRUNCATED"] += bool(self._rest)
        self._rest = b""
        return Cut(NO_ROWS, (), +bad)

    def _sound(self, marks: _Marks, raw: bytes) -> Cut | None:
        """The answer for a stream without any fault or status; None for any other."""
        if self._garbage or raw[0] != ESC:
            return None
        starts = marks.lone_at()
        if not len(starts) or starts[0]:
            return None
        stride = _STRIDE[marks.plain[starts + 1]]
        follows = starts + stride
        if not np.array_equal(starts[1:], follows[:-1]):
            return None
        left = marks.plain_end - int(starts[-1])
        last_stride = int(stride[-1])
        if left == last_stride:
            self._rest = b""
        elif left == 1 or left < last_stride:
            at = marks.at[-1] if marks.lone is None else marks.at[marks.lone][-1]
            self._rest = raw[int(at) : marks.end]
            starts = starts[:-1]
        else:
            return None
        return Cut(_lift(marks.plain, starts + 1), (), {})

    def _any(self, marks: _Marks, raw: bytes) -> Cut:
        """The answer for any stream."""
        bad: Counter[str] = Counter()
        if not len(marks.at):
            self._skip(marks.end, bad)
            self._rest = b""
            return Cut(NO_ROWS, (), +bad)
        items = _items(marks)
        path, rest = _followed(items.goes_to)
        rest_at = int(marks.at[rest]) if rest < len(marks.at) else marks.end
        if len(path):
            self._skip(int(marks.at[path[0]]), bad)
            self._end_garbage(bad)
            gaps = marks.at[path[1:]] - items.after[path[:-1]]
            bad["GARBAGE"] += int((-(-gaps // GARBAGE_BLOCK_BYTES)).sum())
            self._skip(rest_at - int(items.after[path[-1]]), bad)
        else:
            self._skip(rest_at, bad)
        self._rest = raw[rest_at : marks.end]
        kind, whole = items.kind[path], items.whole[path]
        frame, known = _FRAME[kind], _SIZE[kind] > 0
        bad["UNKNOWN_TYPE"] += int(np.count_nonzero(~known))
        bad["TRUNCATED"] += int(np.count_nonzero(frame & ~whole))
        bad["OVERSIZE"] += int(np.count_nonzero(known & ~frame & whole))
        return Cut(_lift(marks.plain, items.type_at[path[frame & whole]]), _said(marks, items, path), +bad)

    def _skip(self, length: int, bad: Counter[str]) -> None:
        blocks, self._garbage = divmod(self._garbage + length, GARBAGE_BLOCK_BYTES)
        bad["GARBAGE"] += blocks

    def _end_garbage(self, bad: Counter[str]) -> None:
        bad["GARBAGE"] += bool(self._garbage)
        self._garbage = 0


def _marks(raw: bytes) -> _Marks:
    """Of bytes with their padding."""
    buffer = np.frombuffer(raw, np.uint8)
    end = len(raw) - len(_PAD)
    at = (buffer[:end] == ESC).nonzero()[0]
    follows = (at[1:] == at[:-1] + 1).nonzero()[0] + 1  # escapes right after another
    if not len(follows):
        return _Marks(buffer, end, at, None, 0, buffer, end)
    # of each run of escapes every second one goes: number them within their run
    number = np.arange(len(follows))
    begins = np.ones(len(follows), np.bool_)
    begins[1:] = follows[1:] != follows[:-1] + 1
    second = follows[(number - np.maximum.accumulate(np.where(begins, number, 0))) % 2 == 0]
    lone = np.ones(len(at), np.bool_)
    lone[second] = lone[second - 1] = False
    out = np.zeros(len(at), np.int64)
    out[second] = 1
    keep = np.ones(len(buffer), np.bool_)
    keep[at[second]] = False
    return _Marks(buffer, end, at, lone, np.cumsum(out), buffer[keep], end - len(second))


def _items(marks: _Marks) -> _Items:
    """What would be cut at each escape, and where it would go on."""
    at, end = marks.at, marks.end
    count = len(at)
    lone = np.ones(count, np.bool_) if marks.lone is None else marks.lone
    type_at = at + 1 - marks.out
    kind = marks.buffer[at + 1]
    size = _SIZE[kind]
    # the next lone escape ends a body; one that is the buffer's last byte may be half of two and decides nothing
    undecided = bool(lone[-1]) and int(at[-1]) == end - 1
    lones = lone.nonzero()[0]
    stops = np.append((at - marks.out)[lones], _NOWHERE)
    if undecided:
        stops[-2] = _NOWHERE
    next_lone = np.cumsum(lone)
    stop = stops[next_lone]
    target = type_at + 1 + size
    ended = stop < target
    whole = ~ended & (target <= marks.plain_end - undecided) & (size > 0)
    body_end = np.where(ended, stop, target)
    # back from plain to the buffer: as many bytes later as were taken out before
    second_plain_at = (at - marks.out + 1)[~lone][1::2] if marks.lone is not None else at[:0]
    after = body_end + np.searchsorted(second_plain_at, body_end, "right")
    nothing = size == 0
    after = np.where(nothing, at + np.where(kind == ESC, 1, 2), after)
    goes_to = np.searchsorted(at, after)
    unfinished = ~nothing & ~ended & ~whole
    unfinished |= at + 1 >= end
    goes_to[unfinished] = _UNFINISHED
    return _Items(kind, type_at, whole, body_end, after, goes_to)


def _followed(goes_to: Ints) -> tuple[Ints, int]:
    """The escapes on the way from the first one, and the one where it ends unfinished (their number: at none)."""
    count = len(goes_to)
    breaks = (goes_to != np.arange(1, count + 1)).nonzero()[0]
    break_at, leap_to = breaks.tolist(), goes_to[breaks].tolist()
    begins, ends = [], []
    here = 0
    while here < count:
        begins.append(here)
        nearest = bisect_left(break_at, here)
        if nearest == len(break_at):
            ends.append(count)
            here = count
            break
        last, here = break_at[nearest], leap_to[nearest]
        if here == _UNFINISHED:
            ends.append(last)
            here = last
            break
        ends.append(last + 1)
    on = np.zeros(count + 1, np.int64)
    np.add.at(on, begins, 1)
    np.subtract.at(on, ends, 1)
    return (np.cumsum(on[:-1])).nonzero()[0], here


def _said(marks: _Marks, items: _Items, path: Ints) -> tuple[GpsSaid, ...]:
    """How the receiver says that it counts, where that differs from what it said before."""
    kind, whole = items.kind[path], items.whole[path]
    length = items.body_end[path] - items.type_at[path] - 1
    telling = ((kind == _STATUS) & ~whole & (length > _SWITCH_AT)).nonzero()[0]
    if not len(telling):
        return ()
    gps = (marks.plain[items.type_at[path[telling]] + 1 + _SWITCH_AT] & _SWITCH_GPS) != 0
    row = np.cumsum(_FRAME[kind] & whole)[telling]
    new = np.ones(len(gps), np.bool_)
    new[1:] = gps[1:] != gps[:-1]
    return tuple(GpsSaid(int(at), bool(said)) for at, said in zip(row[new], gps[new], strict=True))


def _lift(plain: Bytes, type_at: Ints) -> Bytes:
    """The rows whose types are at these places of a padded buffer."""
    anywhere: npt.NDArray[np.void] = np.ndarray(
        (len(plain) - ROW_BYTES + 1,), f"V{ROW_BYTES}", buffer=plain, strides=(1,)
    )
    return anywhere[type_at].view(np.uint8).reshape(-1, ROW_BYTES)
