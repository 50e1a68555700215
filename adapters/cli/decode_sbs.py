"""`ganying decode --format sbs`: SBS lines."""

from collections.abc import Iterator

from adapters.cli.decode_lines import Line, LineReader, Options, iso, measured
from protocols import sbs
from protocols.frames import BadFrame


class SbsLines(LineReader):
    """SBS lines."""

    def __init__(self, _options: Options) -> None:
        super().__init__()
        self._deframer = sbs.Deframer()
        self._decoder = sbs.Decoder()

    def feed(self, data: bytes, at_s: float | None) -> Iterator[Line]:
        """Lines of what is complete."""
        return self._lines(self._deframer.feed(data), at_s)

    def close(self, at_s: float | None) -> Iterator[Line]:
        """Lines of what the end completes."""
        return self._lines(self._deframer.close(), at_s)

    def _lines(self, items: list[sbs.SbsMessage | BadFrame], at_s: float | None) -> Iterator[Line]:
        for item in items:
            yield self.tally.bad(item) if isinstance(item, BadFrame) else self._line(item, at_s)

    def _line(self, message: sbs.SbsMessage, at_s: float | None) -> Line:
        kind = message.kind if message.type is None else f"{message.kind},{message.type}"
        self.tally.message(kind)
        time_s = at_s if message.made_s is None else message.made_s
        line: Line = {"time": iso(time_s), "icao24": message.icao24}
        sighting = self._decoder.sighting(message)
        if sighting is not None:
            self.tally.seen(sighting)
            line |= measured(sighting)
        line["kind"] = kind
        if message.counter_s is not None:
            line["receiver_s"] = message.counter_s
        return line
