"""Cursor-on-Target: field clients (ATAK, WinTAK, iTAK), gateways and other servers, on streams and in datagrams.

-> events, as XML or TAK protocol version 1        <- our offer, answers to pings, and our picture (cot_clients.py)

A stream has a session (protocols/cot_session.py); datagrams are only read. What a line has told us of is remembered,
HEARD_LIMIT keys at most, so that nobody is told of himself.
"""

import secrets
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from adapters.feeds.config import Transport
from adapters.feeds.readers import Line, Reader
from dispatch.errors import Malformed
from dispatch.geo import position_from
from dispatch.kinds import HorizontalDatum
from dispatch.sighting import Sighting
from protocols import cot_chat, cot_marker, cot_stream
from protocols.cot_event import CotEvent
from protocols.cot_picture import OUR_UIDS
from protocols.cot_session import CotSession
from protocols.cot_sighting import ECHO, Decoder
from protocols.cot_stream import CotFrame
from protocols.frames import BadFrame

HEARD_LIMIT = 4096  # keys of a line; a server repeats thousands. Full: the one unheard longest is forgotten
DATAGRAM_BYTES = 65_536
MARKER_CLOCK_S = 3_600.0  # a spot's time further off is not believed: it counts from when it came


class CotReader(Reader):
    """One stream, or one sender of datagrams."""

    def __init__(self, line: Line) -> None:
        super().__init__(line)
        config = line.config
        self.heard: OrderedDict[str, None] = OrderedDict()
        self.up = False
        self.session: CotSession | None = None
        if config.transport is Transport.UDP:
            self.piece_bytes = DATAGRAM_BYTES  # a datagram is one piece
        else:
            self.session = CotSession(
                uid=f"{OUR_UIDS}{secrets.token_hex(8)}", listening=config.listen is not None
            )
        self._datagram = b""
        self._decoder = Decoder(source=config.name, simulated=config.simulated, own=OUR_UIDS)

    @property
    def clock(self) -> str:
        """By what its reports are timed."""
        clocks = self._decoder.clocks
        if not clocks.heard:
            return "arrival"
        return "utc" if clocks.off_s is None else "off"

    @property
    def clock_off_s(self) -> float | None:
        """How far the worst of its devices' clocks is off."""
        return self._decoder.clocks.off_s

    def opened(self, now: float) -> None:
        """The line is up: say what we can speak."""
        self.up = True
        if self.session is not None:
            self._send(self.session.greeting(now))

    def closed(self) -> None:
        """The line is down."""
        self.up = False

    def cut(self, data: bytes) -> Sequence[CotFrame | BadFrame]:
        """Whole messages of a stream; a datagram is cut once it is over."""
        if self.session is not None:
            return self.session.deframer.feed(data)
        self._datagram += data
        return ()

    def finish(self) -> Sequence[CotFrame | BadFrame]:
        """The messages of a datagram, or what the end of a stream cut off."""
        if self.session is not None:
            return self.session.deframer.close()
        datagram, self._datagram = self._datagram, b""
        return cot_stream.cut_datagram(datagram)

    def read(self, item: CotFrame | BadFrame, now: float) -> Iterable[Sighting]:
        """What an event says of a thing that moves; events of our protocol are answered."""
        counts = self.counts
        if isinstance(item, BadFrame):
            self.bad(item)
            return ()
        counts.frames += 1
        event = cot_stream.read(item)
        if isinstance(event, BadFrame):
            self.bad(event)
            return ()
        counts.valid += 1
        if event is None:
            counts.kind("control")
            return ()
        if self.session is not None:
            self._send(self.session.hear(event, now))
        reading = self._decoder.read(event, now)
        self._mark(event, now)
        if self.line.said is not None and event.type.startswith(cot_chat.CHAT):
            self.line.said(event, self.heard)
        if reading.refused == ECHO:
            counts.kind("echo")
        else:
            counts.kind(reading.kind)
            if reading.refused:
                counts.error(reading.refused, "past its own stale time when it came")
        return [self._seen(each) for each in (reading.sighting, reading.place) if each is not None]

    def _mark(self, event: CotEvent, now: float) -> None:
        """A spot that somebody put on the map, where the feed takes such reports."""
        line = self.line
        if line.marked is None or line.unmarked is None or event.uid.startswith(OUR_UIDS):
            return
        for own_id in cot_marker.taken_back(event):
            line.unmarked(line.config.name, own_id)
        if not cot_marker.is_marker(event):
            return
        if event.stale_s < now and self._decoder.clocks.off_s is None:
            self.counts.error("STALE_MARKER", "past its own stale time when it came")
            return
        made_s = event.made_s if abs(event.made_s - now) < MARKER_CLOCK_S else None
        try:
            report = cot_marker.report_of(
                event, source=line.config.name, simulated=line.config.simulated, made_s=made_s
            )
            if line.config.datum is HorizontalDatum.GCJ02:
                at = report.position
                moved = position_from(at.lon_deg, at.lat_deg, HorizontalDatum.GCJ02)
                report = replace(report, position=moved)
        except Malformed as error:
            self.counts.error("MARKER", f"{error.field}: {error.detail}")
            return
        self.counts.kind(f"marker_{line.marked(report)}")

    def _seen(self, sighting: Sighting) -> Sighting:
        """As the site takes it: marked, in its datum, and remembered as this line's."""
        counts = self.counts
        if sighting.icao24 and self.line.config.is_simulated(sighting.icao24):
            sighting = replace(sighting, simulated=True)
        if self.line.config.datum is HorizontalDatum.GCJ02:
            sighting = _to_wgs84(sighting)
        self._remember(sighting.key)
        counts.sightings += 1
        counts.positions += sighting.lon_deg is not None
        return sighting

    def _remember(self, key: str) -> None:
        self.heard[key] = None
        self.heard.move_to_end(key)
        if len(self.heard) > HEARD_LIMIT:
            self.heard.popitem(last=False)

    def _send(self, data: bytes) -> None:
        """An answer; left out where the other side reads none: one that only pings costs nothing."""
        if data and self.up and self.line.send is not None and self.line.room():
            self.line.send(data)


def _to_wgs84(sighting: Sighting) -> Sighting:
    """Of a source that is set up to give GCJ-02, against the format's own rule."""
    if sighting.lon_deg is None or sighting.lat_deg is None:
        return sighting
    place = position_from(sighting.lon_deg, sighting.lat_deg, HorizontalDatum.GCJ02)
    return replace(sighting, lon_deg=place.lon_deg, lat_deg=place.lat_deg)
