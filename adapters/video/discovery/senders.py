"""The senders that a listening process hears: what each says, and how much. Bounded: one more, and the oldest goes.

Who shows no picture goes before whoever shows one; who went stays out for OUT_S, or senders would push each other out
for ever and nobody's picture would come.

A datagram that is no row of transport packets, or comes from no allowed network, makes no sender; it is counted. A
sender is told of with its first picture that can be shown.
"""

import ipaddress
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from adapters.video.discovery.order import ListenOrder, ListenReport, SenderReport
from protocols.codec import video as codec
from protocols.frames import BadFrame
from protocols.klv import KlvError, decode, split
from protocols.mpegts import PACKET, SYNC
from protocols.video_sets import PictureFormat
from protocols.video_ts import KlvPacket, TsVideo

GONE_S = 10.0  # a silent sender is forgotten
OUT_S = 30.0
MOST_OUT = 256  # remembered; the one that went first is forgotten
KEY_EVERY_S = 3.0  # a key frame is told, for a small picture
KLV_EVERY_S = 1.0
MOST_NAME = 64
_NAMES = ("tail_number", "call_sign", "platform")


class Sender:
    """One address and port that sends to one of ours."""

    def __init__(self, number: int, address: str, port: int, now_s: float) -> None:
        self.number, self.address, self.port = number, address, port
        self.began_s = self.heard_s = now_s
        self.format: PictureFormat | None = None
        self.names: dict[str, str] = {}
        self._source = TsVideo()
        self._key_s = self._klv_s = float("-inf")
        self._bytes, self._measured_s, self._kbps = 0, now_s, 0.0

    def feed(self, data: bytes, now_s: float, now_us: int) -> bytes | None:
        """A datagram; a key frame to be told."""
        self.heard_s = now_s
        self._bytes += len(data)
        key = None
        for each in self._source.feed(data):
            if isinstance(each, KlvPacket):
                if now_s - self._klv_s >= KLV_EVERY_S:
                    self._klv_s = now_s
                    self.names |= _names(each.data)
            elif each.key:
                self.format = each.format
                if now_s - self._key_s >= KEY_EVERY_S:
                    self._key_s = now_s
                    key = codec.picture(self.number, 1, each, now_us)
        self._source.cut()
        return key

    def report(self, now_s: float) -> SenderReport:
        """How it does."""
        span_s = now_s - self._measured_s
        if span_s >= 1.0:
            self._kbps = round(self._bytes * 8 / span_s / 1000, 1)
            self._bytes, self._measured_s = 0, now_s
        made = self.format
        return SenderReport(
            number=self.number,
            address=self.address,
            port=self.port,
            for_s=round(now_s - self.began_s, 1),
            codec=made.codec if made else "",
            width=made.width if made else 0,
            height=made.height if made else 0,
            kbps=self._kbps,
            names=self.names,
        )


class Senders:
    """All of a process."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._order = ListenOrder()
        self._all: dict[tuple[str, int, int], Sender] = {}
        self._out: dict[tuple[str, int, int], float] = {}  # until when
        self._next = 1
        self._allowed = lru_cache(1_024)(self._look_up)

    def follow(self, order: ListenOrder) -> None:
        """Hear these and no others."""
        self._order = order
        self._allowed.cache_clear()
        self._all = {key: each for key, each in self._all.items() if each.port in order.ports}

    def heard(
        self, data: bytes, came_from: tuple[str, int], port: int, now_s: float, now_us: int
    ) -> tuple[int, bytes] | None:
        """A datagram; the sender's number and a key frame of it to be told."""
        if not self._allowed(came_from[0]):
            self.counts["not_allowed"] += 1
            return None
        if len(data) % PACKET or not data or any(data[at] != SYNC for at in range(0, len(data), PACKET)):
            self.counts["garbage"] += 1
            return None
        key = (*came_from, port)
        sender = self._all.get(key)
        if sender is None:
            if self._out.get(key, now_s) > now_s:
                return None
            if len(self._all) >= self._order.most:
                self._drop(now_s)
            sender = self._all[key] = Sender(self._next, came_from[0], port, now_s)
            self._next = self._next % 0xFFFF + 1
        shown = sender.feed(data, now_s, now_us)
        return None if shown is None else (sender.number, shown)

    def _drop(self, now_s: float) -> None:
        oldest = min(
            self._all, key=lambda each: (self._all[each].format is not None, self._all[each].began_s)
        )
        del self._all[oldest]
        self.counts["dropped"] += 1
        self._out.pop(oldest, None)
        self._out[oldest] = now_s + OUT_S
        while len(self._out) > MOST_OUT:
            del self._out[next(iter(self._out))]

    def report(self, now_s: float) -> ListenReport:
        """Those whose pictures can be shown."""
        self._all = {key: each for key, each in self._all.items() if now_s - each.heard_s < GONE_S}
        shown = tuple(each.report(now_s) for each in self._all.values() if each.format is not None)
        return ListenReport(senders=shown, counts=dict(self.counts))

    def _look_up(self, address: str) -> bool:
        here = ipaddress.ip_address(address)
        return any(here in ipaddress.ip_network(each) for each in self._order.networks)


def _names(data: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    for frame in _frames(data):
        for name in _NAMES:
            said: str | None = getattr(frame, name)
            if said and said.isprintable():
                found[name] = said[:MOST_NAME]
    return found


def _frames(data: bytes) -> Iterator[object]:
    for packet in split(data):
        if isinstance(packet, BadFrame):
            continue
        try:
            yield decode(packet)
        except KlvError:
            continue
