"""`ganying replay` of BEAST and AVR: a frame at a time, by the receiver's counter."""

import re
from collections.abc import Iterator

from adapters.cli.decode_lines import Options
from adapters.cli.replay_parts import Parts, ends
from protocols import avr, beast
from protocols.frames import Frame, ReceiverStatus
from protocols.receiver_clock import ReceiverClock

# A lone escape and what follows up to the next one; an escape that is sent twice is a byte of the frame.
_BEAST = re.compile(rb"\x1a[^\x1a](?:[^\x1a]|\x1a\x1a)*")
_AVR_END = re.compile(rb";\r?\n?|\n")


class _ModeSParts(Parts):
    """Frames of one deframer."""

    def __init__(self, deframer: beast.Deframer | avr.Deframer, options: Options) -> None:
        super().__init__()
        self._deframer = deframer
        self._clock = ReceiverClock(gps=options.gps_clock)
        self._epoch = 0
        self._last_s = 0.0
        self._ahead_s = 0.0  # of the counter, which began anew, the time that runs on

    def time_s(self, part: bytes) -> float | None:
        """By the counter of its frames."""
        found = None
        for item in self._deframer.feed(part):
            if isinstance(item, ReceiverStatus):
                if item.gps_clock is not None:
                    self._clock.use_gps(item.gps_clock)
                continue
            reading = self._clock.read(item.ticks) if isinstance(item, Frame) else None
            if reading is None:
                continue
            if reading.epoch != self._epoch:
                self._epoch = reading.epoch
                self._ahead_s = self._last_s - reading.at_s
            found = self._last_s = reading.at_s + self._ahead_s
        return found


class BeastParts(_ModeSParts):
    """BEAST."""

    def __init__(self, options: Options) -> None:
        super().__init__(beast.Deframer(), options)

    def cut(self, buffer: bytes, *, whole: bool) -> Iterator[int]:
        """Before every lone escape; what the last one begins may go on."""
        found = [each.end() for each in _BEAST.finditer(buffer)]
        yield from found if whole else found[:-1]


class AvrParts(_ModeSParts):
    """AVR."""

    def __init__(self, options: Options) -> None:
        super().__init__(avr.Deframer(), options)

    def cut(self, buffer: bytes, *, whole: bool) -> Iterator[int]:
        """After every record, with its line end."""
        yield from ends(_AVR_END, buffer, whole=whole)
