"""What goes to one receiver: a whole group of pictures without a packet lost, however often it takes no more."""

from twisted.internet.task import Clock

from adapters.video.gb28181.sender import MOST_WAITING_BYTES, Outgoing, PsSender
from protocols.codec import video as codec
from protocols.gb28181.video import GbVideo
from protocols.video_ts import TsVideo
from protocols.video_units import VideoUnit
from protocols.websocket_frame import binary_frame
from tests.clips import clip, numbers

SSRC = 7


class Slow(Outgoing):
    """A receiver that takes so many packets, and then no more until it is asked to."""

    def __init__(self, each: int) -> None:
        self.packets: list[bytes] = []
        self.closed = False
        self._each = each

    def write(self, packet: bytes) -> bool:
        self.packets.append(packet)
        return len(self.packets) % self._each != 0

    def close(self) -> None:
        self.closed = True


def frames(count: int = 60) -> list[tuple[bytes, bool]]:
    source = TsVideo()
    film = clip(count, group=20)
    units = [each for each in [*source.feed(film), *source.reconnected()] if isinstance(each, VideoUnit)]
    return [(binary_frame(codec.picture(1, n, each, n)), each.key) for n, each in enumerate(units, 1)]


def test_a_slow_receiver_gets_every_picture_once_and_in_order() -> None:
    clock, out = Clock(), Slow(each=3)
    sender = PsSender(out, SSRC, clock, ready=False)
    sender.watch(1, [frame for frame, _ in frames()[:20]])
    clock.advance(1)
    assert out.packets == []  # it is not there yet
    sender.more()
    for frame, key in frames()[20:]:
        sender.unit(1, frame, key=key)
        clock.advance(0.01)
    for _ in range(200):
        sender.more()
        clock.advance(0.01)
    received = GbVideo(SSRC)
    made = [unit for packet in out.packets for unit in received.feed(packet)]
    assert numbers([each.data for each in made]) == list(range(60))
    assert (sender.sent, sender.left_out) == (60, 0)


def test_one_that_takes_nothing_is_left_out_up_to_a_key_frame() -> None:
    clock, out = Clock(), Slow(each=1)
    sender = PsSender(out, SSRC, clock, ready=False)
    made = frames(21)
    size = sum(len(frame) for frame, _ in made[:20])
    for _ in range(MOST_WAITING_BYTES // size + 2):
        for frame, key in made[:20]:
            sender.unit(1, frame, key=key)
    assert sender.left_out > 0
    sender.close()
    assert out.closed
    assert not sender.unit(1, made[0][0], key=True)
