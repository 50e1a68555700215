"""`ganying decode --format cot`: Cursor-on-Target, as a stream of XML and protobuf, or the datagrams of a capture.

A file that begins with the mesh header is one datagram. Every event is a line: a thing that moves with what a feed
would see of it, others with their uid, type and place. Nothing is stale in a file.
"""

from collections.abc import Iterator
from dataclasses import replace

from adapters.cli.decode_lines import (
    COORDINATE_DIGITS,
    Line,
    LineReader,
    Options,
    identified,
    iso,
    measured,
    rounded,
)
from protocols import cot_stream
from protocols.cot_event import EVENT_BYTES, CotEvent
from protocols.cot_sighting import Decoder
from protocols.cot_stream import MESH_HEADER, CotFrame, Deframer, Item
from protocols.frames import BadFrame


class CotLines(LineReader):
    """CoT events."""

    def __init__(self, _options: Options) -> None:
        super().__init__()
        self._deframer = Deframer()
        self._decoder = Decoder()
        self._begun = False
        self._mesh: bytes | None = None  # a file that is one datagram in mesh form

    def feed(self, data: bytes, at_s: float | None) -> Iterator[Line]:
        """Lines of what is complete."""
        if at_s is not None:
            return self._lines(cot_stream.cut_datagram(data))
        if not self._begun:
            self._begun = True
            self._mesh = b"" if data.startswith(MESH_HEADER) else None
        if self._mesh is not None:
            self._mesh = (self._mesh + data)[: EVENT_BYTES + len(MESH_HEADER) + 1]
            return iter(())
        return self._lines(self._deframer.feed(data))

    def close(self, _at_s: float | None) -> Iterator[Line]:
        """Lines of what the end completes."""
        mesh, self._mesh = self._mesh, None
        return self._lines(self._deframer.close() if mesh is None else cot_stream.cut_datagram(mesh))

    def _lines(self, items: list[Item]) -> Iterator[Line]:
        for item in items:
            yield self.tally.bad(item) if isinstance(item, BadFrame) else self._line(item)

    def _line(self, frame: CotFrame) -> Line:
        event = cot_stream.read(frame)
        if isinstance(event, BadFrame):
            return self.tally.bad(event)
        if event is None:
            self.tally.message("control")
            return {"time": None, "icao24": None, "kind": "control"}
        reading = self._decoder.read(event)
        self.tally.message(reading.kind)
        line: Line = {"time": iso(event.made_s), "icao24": None}
        sighting = reading.sighting
        if sighting is not None and reading.place is not None:
            sighting = replace(reading.place, emergency=sighting.emergency)
        if sighting is not None:
            self.tally.seen(sighting)
            line["icao24"] = sighting.icao24 or None
            line |= measured(sighting) | identified(sighting)
        else:
            line |= {
                "lon_deg": rounded(event.lon_deg, COORDINATE_DIGITS),
                "lat_deg": rounded(event.lat_deg, COORDINATE_DIGITS),
                "altitude_m": rounded(event.hae_m),
            }
        return line | {"kind": reading.kind, "form": "protobuf" if frame.proto else "xml"} | _besides(event)


def _besides(event: CotEvent) -> Line:
    """What CoT has besides."""
    detail = event.detail
    said: Line = {
        "uid": event.uid,
        "type": event.type,
        "how": event.how,
        "start": iso(event.start_s),
        "stale": iso(event.stale_s),
        "circular_error_m": rounded(event.circular_error_m),
        "linear_error_m": rounded(event.linear_error_m),
        "contact": detail.callsign,
        "group": detail.group,
        "role": detail.role,
        "battery_percent": detail.battery_percent,
        "app": None if detail.app is None else f"{detail.app.platform} {detail.app.version}".strip(),
        "remarks": detail.remarks,
        "alarm": detail.emergency,
        "links": [link.uid for link in detail.links],
    }
    return {name: value for name, value in said.items() if value not in ("", None, [])}
