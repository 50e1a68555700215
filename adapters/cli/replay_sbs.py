"""`ganying replay` of SBS: a line at a time, by its own columns of date and time, or stratux's counter."""

from adapters.cli.decode_lines import Options
from adapters.cli.replay_parts import LineParts
from protocols import sbs


class SbsParts(LineParts):
    """SBS lines."""

    def __init__(self, _options: Options) -> None:
        super().__init__()
        self._deframer = sbs.Deframer()

    def time_s(self, part: bytes) -> float | None:
        """When the line was made."""
        found = None
        for item in self._deframer.feed(part):
            if isinstance(item, sbs.SbsMessage):
                made_s = item.made_s if item.counter_s is None else item.counter_s
                found = made_s if made_s is not None else found
        return found
