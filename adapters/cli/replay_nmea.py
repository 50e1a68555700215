"""`ganying replay` of NMEA 0183: a sentence at a time, by the time of day of its fix (RMC, GGA and their like)."""

from adapters.cli.decode_lines import Options
from adapters.cli.replay_parts import DayClock, LineParts
from dispatch.errors import Malformed
from protocols import nmea
from protocols.nmea_lines import Deframer, Sentence


class NmeaParts(LineParts):
    """Sentences, and the binary between them, which goes out before the sentence that follows it."""

    def __init__(self, _options: Options) -> None:
        super().__init__()
        self._deframer = Deframer()
        self._day = DayClock()

    def time_s(self, part: bytes) -> float | None:
        """Of the fix; sentences that say no time go with those before them."""
        found = None
        for item in self._deframer.feed(part):
            if not isinstance(item, Sentence) or not nmea.is_read(item):
                continue
            try:
                said = nmea.read(item)
            except Malformed:
                continue
            if said.time_s is not None:
                found = self._day.at_s(said.time_s)
        return found
