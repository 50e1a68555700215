"""`ganying replay` of JT/T 808: a packet at a time, by the times of its positions.

Only what was recorded goes out. A platform lets terminals report after registration and authentication, and its
code is its own: a recording of another platform's dialogue does not get in, and none is made up here.
"""

from collections.abc import Iterator

from adapters.cli.decode_lines import Options
from adapters.cli.replay_parts import Parts
from protocols import jt808
from protocols.jt808_frames import FLAG
from protocols.jt808_position import Position


class Jt808Parts(Parts):
    """Packets, of many terminals."""

    one_clock = False
    note = (
        "the packets go out as recorded, without a registration or authentication of their own: "
        "a platform refuses the reports of terminals that it has not let in"
    )

    def __init__(self, _options: Options) -> None:
        super().__init__()
        self._decoder = jt808.Decoder()

    def cut(self, buffer: bytes, *, whole: bool) -> Iterator[int]:  # noqa: ARG002  # the base takes the rest
        """After every packet's second 0x7e."""
        begin = buffer.find(FLAG)
        while begin >= 0:
            end = buffer.find(FLAG, begin + 1)
            if end < 0:
                return
            if end == begin + 1:  # the end of one packet and the beginning of the next
                begin = end
                continue
            yield end + 1
            begin = buffer.find(FLAG, end + 1)

    def time_s(self, part: bytes) -> float | None:
        """Of a position that is reported as it is taken; those of a batch are old."""
        found = None
        for item in self._decoder.feed(part):
            if (
                isinstance(item, jt808.Read)
                and isinstance(item.said, Position)
                and item.said.at_s is not None
            ):
                found = item.said.at_s
        return found
