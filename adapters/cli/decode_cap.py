"""`ganying decode --format cap`: a CAP 1.2 alert as one line, whole, as the alarm door would read it.

The file is one alert; of a capture every datagram is one. Places that have no coordinates are looked up in the
divisions of adapters/data/area, else null.
"""

from collections.abc import Iterator
from datetime import datetime

from adapters.cli.decode_lines import COORDINATE_DIGITS, Line, LineReader, Options, rounded
from adapters.ground import ground_of
from dispatch.area import Ground
from dispatch.errors import Malformed
from dispatch.kinds import AlarmFlag
from dispatch.records import AlarmSource
from protocols import cap
from protocols.alarm_errors import Rejected, TooMuch
from protocols.cap_xml import MAX_BYTES


class CapLines(LineReader):
    """CAP alerts."""

    def __init__(self, _options: Options) -> None:
        super().__init__()
        self._text = bytearray()
        self._ground = Ground(divisions=ground_of("").divisions)

    def feed(self, data: bytes, at_s: float | None) -> Iterator[Line]:  # noqa: ARG002  # the interface's
        """Nothing before the end."""
        self._text += data[: MAX_BYTES + 1 - len(self._text)]
        return iter(())

    def close(self, at_s: float | None) -> Iterator[Line]:  # noqa: ARG002  # the interface's
        """The alert."""
        text, self._text = bytes(self._text), bytearray()
        if not text:
            return
        try:
            read = cap.parse(text, self._ground)
        except (Malformed, TooMuch) as error:
            self.tally.counts["framing_errors"] += 1
            yield {"error": error.code, "detail": error.detail, "bytes": len(text), "field": error.field}
            return
        for alarm in read.alarms:
            self.tally.message("alert")
            yield _line(alarm)
        for rejected in read.rejected:
            self.tally.message("no alarm")
            yield _rejected(rejected)


def _rejected(rejected: Rejected) -> Line:
    return {"error": rejected.code, "detail": rejected.detail, "field": rejected.field}


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _line(alarm: AlarmSource) -> Line:
    placed = AlarmFlag.NO_POSITION not in alarm.flags or alarm.radius_m > 0
    return {
        "time": _iso(alarm.observed_at),
        "icao24": None,
        "lon_deg": rounded(alarm.position.lon_deg, COORDINATE_DIGITS) if placed else None,
        "lat_deg": rounded(alarm.position.lat_deg, COORDINATE_DIGITS) if placed else None,
        "radius_m": alarm.radius_m if placed else None,
        "identifier": alarm.own_id,
        "sender": alarm.source,
        "follows": list(alarm.follows),
        "expires": _iso(alarm.expires_at),
        "kind": alarm.incident_kind,
        "level": alarm.level,
        "code": alarm.code,
        "title": alarm.title,
        "place": alarm.place,
        "text": alarm.text,
        "flags": list(alarm.flags),
        "areas": [
            {
                "points": [[point.lon_deg, point.lat_deg] for point in area.points],
                "radius_m": area.radius_m,
            }
            for area in alarm.areas
        ],
    }
