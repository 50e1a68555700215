"""A recording's bytes in parts, each with its time by the recording's own clock: what `ganying replay` paces.

A part is what belongs together on the wire: a frame, a line, a block, an event; so it also is what one datagram
holds. Parts follow each other without a gap: put together they are the recording, damage included. Which bytes these
are is the formats' business (replay_modes.py, replay_nmea.py …).
"""

import re
from collections.abc import Iterator

DAY_S = 86_400.0
# Of bytes without an end of any part; full: they are one part. More than any format's longest message.
PART_LIMIT_BYTES = 131_072

Part = tuple[float | None, bytes]  # seconds by any clock that runs on; None: it says no time


class Parts:
    """One format: bytes in, parts out. No input raises; PART_LIMIT_BYTES are kept at most.

    `one_clock`: all times are one sender's, so one that falls far back means that the clock was set anew; where there
    are several senders, a late word is just late. `note` is to be said to the caller before anything is sent.
    """

    one_clock = True
    note = ""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Part]:
        """The parts that are complete once `data` has come. To be taken to the end before the next call."""
        self._rest += data
        return self._parts(whole=False)

    def close(self) -> Iterator[Part]:
        """The rest."""
        return self._parts(whole=True)

    def cut(self, buffer: bytes, *, whole: bool) -> Iterator[int]:
        """Where parts of `buffer` end, in order. `whole`: nothing follows it."""
        raise NotImplementedError

    def time_s(self, part: bytes) -> float | None:
        """The time of a part, the last that it says. Asked for every part, in order."""
        raise NotImplementedError

    def _parts(self, *, whole: bool) -> Iterator[Part]:
        buffer, at = self._rest, 0
        for end in self.cut(buffer, whole=whole):
            yield self.time_s(buffer[at:end]), buffer[at:end]
            at = end
        self._rest = buffer[at:]
        if self._rest and (whole or len(self._rest) > PART_LIMIT_BYTES):
            rest, self._rest = self._rest, b""
            yield self.time_s(rest), rest


class LineParts(Parts):
    """A format of lines."""

    def cut(self, buffer: bytes, *, whole: bool) -> Iterator[int]:  # noqa: ARG002  # the base ends the last line
        """After every line feed."""
        at = 0
        while (found := buffer.find(b"\n", at)) >= 0:
            at = found + 1
            yield at


def ends(pattern: re.Pattern[bytes], buffer: bytes, *, whole: bool) -> Iterator[int]:
    """After every match; one at the end of the buffer waits for a line feed that may belong to it."""
    for found in pattern.finditer(buffer):
        if whole or found.end() < len(buffer) or buffer.endswith(b"\n"):
            yield found.end()


class DayClock:
    """Times of day as a clock that runs on over midnight, both ways: each is taken for the nearest to the last."""

    def __init__(self) -> None:
        self._last_s: float | None = None

    def at_s(self, second_of_day: float) -> float:
        """Seconds since the midnight before the first time."""
        if self._last_s is None:
            self._last_s = second_of_day
        else:
            self._last_s += (second_of_day - self._last_s + DAY_S / 2) % DAY_S - DAY_S / 2
        return self._last_s
