"""A worker in this process: the real uplink to a real broker, with sightings that a test makes up."""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from adapters.scale.collector import Collector
from adapters.scale.credentials import BrokerAddress
from adapters.scale.uplink import BrokerUplink
from adapters.scale.worker import Worker
from dispatch.kinds import SourceKind
from dispatch.sighting import AddressBatch, Sighting
from protocols.codec import sightings
from protocols.codec.sightings import SiteBeat, WorkerBeat
from tests.adapters.scale.waiting import reactor
from tests.nats_server import NatsServer


class _Uplink(BrokerUplink):
    """With a clock that may be off."""

    off_s = 0.0

    def heard(self, data: bytes) -> None:
        message = sightings.decode(data)
        if isinstance(message, SiteBeat):
            self.echo = (message.at_us, time.time_ns() // 1000 + int(self.off_s * 1e6))


class Pretend:
    """Worker w1 with its feed hill, unless it is told otherwise."""

    def __init__(
        self, broker: NatsServer, *, name: str = "w1", feed: str = "hill", off_s: float = 0.0, **more: Any
    ) -> None:
        self.feed = feed
        self.off_s = off_s
        self.uplink = _Uplink(BrokerAddress(urls=(broker.url,), **more), site="36", worker=name)
        self.uplink.off_s = off_s
        self.worker = Worker(name, (), self.uplink, reactor)
        self.collector = Collector(
            worker=name,
            epoch=self.worker.epoch,
            feed=feed,
            put=self.uplink.put,
            clock=self.clock,
            later=reactor.callLater,
        )

    def clock(self) -> float:
        """Its own UTC."""
        return time.time() + self.off_s

    def start(self) -> None:
        """Reach for the broker."""
        self.uplink.start(reactor)

    @property
    def up(self) -> bool:
        """Whether it has it."""
        return self.uplink.broker is not None and self.uplink.broker.state.up

    def beat(self) -> None:
        """Say that it lives."""
        beat = self.worker.beat()
        off_us = int(self.off_s * 1e6)
        said = WorkerBeat(
            worker=beat.worker,
            epoch=beat.epoch,
            at_us=beat.at_us + off_us,
            echo_us=beat.echo_us,
            echo_age_us=max(0, beat.at_us + off_us - self.uplink.echo[1]) if self.uplink.echo else 0,
            host="pretended",
        )
        self.uplink.send_beat(sightings.encode(said))

    def sees(self, *numbers: int, kind: SourceKind = SourceKind.TERMINAL) -> None:
        """A message for each: a thing of that number, somewhere of its own."""
        for number in numbers:
            self.collector.add(one(number, feed=self.feed, kind=kind))
            self.collector.flush()

    def sees_rows(self, numbers: Sequence[int]) -> None:
        """One message with a row for each."""
        self.collector.add(rows(numbers, feed=self.feed, at_s=self.clock()))
        self.collector.flush()


def one(number: int, *, feed: str = "hill", kind: SourceKind = SourceKind.TERMINAL) -> Sighting:
    """A thing by its number."""
    return Sighting(
        source=feed,
        source_kind=kind,
        own_key=f"jt808:{number:012d}",
        lon_deg=114.0 + number % 1000 / 1000,
        lat_deg=27.0 + number // 1000 / 1000,
    )


def rows(numbers: Sequence[int], *, feed: str = "hill", at_s: float) -> AddressBatch:
    """Aircraft by their numbers, each heard for the first time."""
    count = len(numbers)
    number = np.array(numbers, np.uint32)
    unsaid = np.full(count, np.nan, np.float32)
    return AddressBatch(
        source=feed,
        source_kind=SourceKind.ADSB,
        clock_id=f"{feed}#1",
        arrived_at_s=at_s,
        address=number,
        receiver_s=np.arange(count, dtype=np.float64),
        lon_deg=114.0 + number % 1000 / 1000,
        lat_deg=27.0 + number // 1000 / 1000,
        soft=np.zeros(count, np.bool_),
        accuracy_m=unsaid,
        altitude_m=unsaid,
        altitude_datum=np.zeros(count, np.uint8),
        ground_speed_mps=unsaid,
        track_deg=unsaid,
        vertical_rate_mps=unsaid,
        callsign=np.zeros(count, "S8"),
        squawk=np.full(count, -1, np.int16),
        emergency=np.zeros(count, np.uint8),
        category=np.zeros(count, np.uint8),
        on_ground=np.full(count, -1, np.int8),
        simulated=np.zeros(count, np.bool_),
    )
