"""One connection's bytes to sightings, in slices that fit between two turns of the reactor.

Holds the deframer and the decoder of the connection, and what has come but is not read yet. Knows no Twisted: tcp.py
gives it bytes, pump.py gives it time. The backlog is bounded by tcp.py, which stops reading from the socket.
"""

from collections import deque
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any, Protocol

from adapters.feeds.config import Counts, FeedConfig, FeedKind
from dispatch.sighting import Sighting
from dispatch.tracks import FUTURE_S
from protocols import avr, beast, modes, sbs
from protocols.frames import BadFrame, ReceiverStatus

PIECE_BYTES = 4096  # cut at once: about 250 frames, half a millisecond
# A sender whose wall clock is further off than this when it connects lives in another time zone (the smallest step is
# a quarter of an hour) or is a recording: its times order and gate its own reports, and age is counted from arrival.
TRUST_S = 900.0

Sink = Callable[[Sighting], None]


class _Reader(Protocol):
    """One format: cut bytes into items, read an item. The totals are kept by the way."""

    def cut(self, data: bytes) -> Sequence[Any]:
        """Whole items."""

    def read(self, item: Any, now: float) -> Sighting | None:
        """What an item says of an aircraft."""


class Channel:
    """The state of one connection."""

    def __init__(self, config: FeedConfig, *, number: int, counts: Counts, sink: Sink, now: float) -> None:
        clock_id = f"{config.name}#{number}"
        self._counts = counts
        self._sink = sink
        self._reader: _Reader = (
            _SbsReader(config, clock_id, counts)
            if config.kind is FeedKind.SBS
            else _ModeSReader(config, clock_id, counts)
        )
        self._pieces: deque[bytes] = deque()
        self._items: Sequence[Any] = ()
        self._next = 0
        self.backlog_bytes = 0
        self.good_at_s = now  # of the last good frame, or of the connection's start

    def take(self, data: bytes) -> None:
        """Queue what came. The caller keeps `backlog_bytes` in bounds."""
        self._counts.bytes += len(data)
        self.backlog_bytes += len(data)
        self._pieces.extend(data[at : at + PIECE_BYTES] for at in range(0, len(data), PIECE_BYTES))

    def work(self, until: float, now: float) -> bool:
        """Read until `perf_counter` passes `until` or nothing is left; whether something is left."""
        valid_before = self._counts.valid
        try:
            while perf_counter() < until:
                if self._next < len(self._items):
                    item = self._items[self._next]
                    self._next += 1
                    sighting = self._reader.read(item, now)
                    if sighting is not None:
                        self._sink(sighting)
                elif self._pieces:
                    piece = self._pieces.popleft()
                    self.backlog_bytes -= len(piece)
                    self._items, self._next = self._reader.cut(piece), 0
                else:
                    return False
        finally:
            if self._counts.valid > valid_before:
                self.good_at_s = self._counts.last_heard_at_s = now
        return True


class _ModeSReader:
    """BEAST and AVR."""

    def __init__(self, config: FeedConfig, clock_id: str, counts: Counts) -> None:
        self._counts = counts
        self._deframer = beast.Deframer() if config.kind is FeedKind.BEAST else avr.Deframer()
        self._decoder = modes.Decoder(
            source=config.name,
            reference_position=config.reference_position,
            simulated=config.is_simulated,
            gps_clock=config.gps_clock,
            clock_id=clock_id,
        )
        counts.source_clock = "arrival"

    def cut(self, data: bytes) -> Sequence[modes.Item]:
        """Whole frames."""
        return self._deframer.feed(data)

    def read(self, item: modes.Item, now: float) -> Sighting | None:
        """A repeat was read the first time and yields nothing."""
        counts = self._counts
        if isinstance(item, BadFrame):
            counts.framing_errors += 1
            return None
        if isinstance(item, ReceiverStatus):
            self._decoder.status(item)
            return None
        counts.frames += 1
        message = self._decoder.decode(item, arrived_s=now)
        if message.problem:
            self._problem(message.problem)
            return None
        counts.valid += 1
        if message.receiver_s is not None:
            counts.source_clock = "counter"
        if message.repeat:
            counts.repeats += 1
            return None
        sighting = message.sighting
        if message.position_by == modes.REFUSED:
            counts.positions_refused += 1
        elif message.position_by:
            counts.positions += 1
        if sighting is not None:
            counts.sightings += 1
        return sighting

    def _problem(self, problem: str) -> None:
        if problem == modes.CRC:
            self._counts.crc_errors += 1
        elif problem == modes.UNVERIFIED:
            self._counts.unverified += 1
        else:
            self._counts.framing_errors += 1


class _SbsReader:
    """SBS lines. The sender's clock is judged once, by its first dated line."""

    def __init__(self, config: FeedConfig, clock_id: str, counts: Counts) -> None:
        self._counts = counts
        self._deframer = sbs.Deframer()
        self._decoder = sbs.Decoder(source=config.name, simulated=config.is_simulated, clock_id=clock_id)
        self._trusted: bool | None = None
        counts.source_clock = "arrival"

    def cut(self, data: bytes) -> Sequence[sbs.SbsMessage | BadFrame]:
        """Whole lines."""
        return self._deframer.feed(data)

    def read(self, item: sbs.SbsMessage | BadFrame, now: float) -> Sighting | None:
        """What a line says."""
        counts = self._counts
        if isinstance(item, BadFrame):
            counts.framing_errors += 1
            return None
        counts.frames += 1
        counts.valid += 1
        if self._trusted is None and item.made_s is not None:
            self._trusted = -FUTURE_S <= now - item.made_s <= TRUST_S
            counts.source_clock = "utc" if self._trusted else "arrival"
        sighting = self._decoder.sighting(item, trusted_utc=bool(self._trusted))
        if sighting is not None:
            counts.sightings += 1
            counts.positions += sighting.lon_deg is not None
        return sighting
