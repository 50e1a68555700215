"""`ganying decode --format fpl`: one line for each flight message; of a bad one every fault, the first one in front."""

from collections.abc import Iterator

from adapters.cli.decode_lines import Line, LineReader, Options
from protocols.flight_messages import reader, told
from protocols.flight_messages.stream import Deframer, Item
from protocols.frames import BadFrame


class FplLines(LineReader):
    """FPL, CHG, DLA, CNL, DEP, ARR, ALR and their kin."""

    def __init__(self, _options: Options) -> None:
        super().__init__()
        self._deframer = Deframer()

    def feed(self, data: bytes, at_s: float | None) -> Iterator[Line]:  # noqa: ARG002  # the interface's
        """Lines of the messages that are complete."""
        return self._lines(self._deframer.feed(data))

    def close(self, at_s: float | None) -> Iterator[Line]:  # noqa: ARG002  # the interface's
        """Lines of what the end leaves over."""
        return self._lines(self._deframer.close())

    def summary(self) -> Line:
        """How many were read and refused, by kind of message and by code."""
        counts = self.tally.counts
        refused = {
            code.removeprefix("refused "): n
            for code, n in sorted(counts.items())
            if code.startswith("refused ")
        }
        return {
            "messages": counts["messages"],
            "valid": counts["valid"],
            "refused": counts["messages"] - counts["valid"],
            "warnings": counts["warnings"],
            "framing_errors": counts["framing_errors"],
            "by_kind": dict(sorted(self.tally.kinds.items())),
            "by_error": refused,
        }

    def _lines(self, items: Iterator[Item]) -> Iterator[Line]:
        for item in items:
            if isinstance(item, BadFrame):
                yield self.tally.bad(item)
                continue
            reading = reader.read(item.text)
            self.tally.message(reading.kind or "unknown", valid=reading.message is not None)
            if reading.message is None:
                faults = [told.fault(each, item.text, item.line) for each in reading.faults]
                self.tally.counts[f"refused {faults[0]['code']}"] += 1
                first = {name: value for name, value in faults[0].items() if name != "code"}
                yield {
                    "error": faults[0]["code"],
                    **first,
                    "kind": reading.kind or None,
                    "bytes": len(item.text),
                    "faults": faults,
                }
                continue
            self.tally.counts["warnings"] += len(reading.warnings)
            warned = [told.fault(each, item.text, item.line) for each in reading.warnings]
            yield {**told.values(reading.message), "lon_deg": None, "lat_deg": None, "warnings": warned}
