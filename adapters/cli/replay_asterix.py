"""`ganying replay` of ASTERIX that is no capture: a block at a time, by the times of day of its records."""

from collections.abc import Iterator

from adapters.cli.decode_lines import Options
from adapters.cli.replay_parts import DayClock, Parts
from protocols.asterix import HEADER, Block, Deframer
from protocols.asterix_decoder import Decoder, Radars, Report
from protocols.asterix_uap import OTHERS, PROFILES

_ASSIGNED = OTHERS.union(PROFILES)


class AsterixParts(Parts):
    """Blocks, of many stations."""

    one_clock = False

    def __init__(self, options: Options) -> None:
        super().__init__()
        self._decoder = Decoder(radars=Radars(named={}), edition=options.edition)
        self._day = DayClock()

    def cut(self, buffer: bytes, *, whole: bool) -> Iterator[int]:  # noqa: ARG002  # the base takes the rest
        """After every block, and after what is none."""
        at = 0
        while len(buffer) - at >= HEADER:
            if _begins(buffer, at):
                at += int.from_bytes(buffer[at + 1 : at + HEADER])
                if at > len(buffer):
                    return
            else:
                at += 1
                while len(buffer) - at >= HEADER and not _begins(buffer, at):
                    at += 1
                if len(buffer) - at < HEADER:
                    return
            yield at

    def time_s(self, part: bytes) -> float | None:
        """The last that a record says."""
        deframer = Deframer()
        found = None
        for item in (*deframer.feed(part), *deframer.close()):
            if not isinstance(item, Block):
                continue
            for report in self._decoder.read(item, None):
                if isinstance(report, Report) and report.second_of_day is not None:
                    found = self._day.at_s(report.second_of_day)
        return found


def _begins(buffer: bytes, at: int) -> bool:
    return buffer[at] in _ASSIGNED and int.from_bytes(buffer[at + 1 : at + HEADER]) > HEADER
