"""What `ganying decode` prints, whatever the format: the keys of a line, and the summary.

Every line of a thing seen has `time` (ISO-8601 UTC, null where the source has none) and `icao24` (null where it has
none), then the values of `measured`, null where not said, then what the format has besides. A line for input that
cannot be read begins with `error`, a stable code. decode.py has the table of formats.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dispatch.kinds import HorizontalDatum
from dispatch.sighting import Sighting
from protocols.frames import BadFrame

COORDINATE_DIGITS = 7  # a centimetre
VALUE_DIGITS = 3

Line = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the caller said on the command line; each format takes what concerns it."""

    reference_position: tuple[float, float] | None = None  # lon, lat
    reference_height_m: float = 0.0  # above mean sea level
    edition: str = "auto"  # of ASTERIX category 021
    gps_clock: bool = False
    datum: HorizontalDatum = HorizontalDatum.WGS84


class Tally:
    """What the summary says."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.seen_keys: set[str] = set()
        self.placed_keys: set[str] = set()

    def message(self, kind: str, *, valid: bool = True) -> None:
        """One message, well cut, of this kind in the format's words."""
        self.counts["messages"] += 1
        self.counts["valid"] += valid
        self.kinds[kind] += 1

    def bad(self, item: BadFrame) -> Line:
        """A line for bytes that are no message."""
        self.counts["framing_errors"] += 1
        line: Line = {"error": item.code, "detail": item.detail, "bytes": item.length}
        if item.field:
            line["field"] = item.field
        return line

    def seen(self, sighting: Sighting) -> None:
        """One believed report of a thing."""
        self.seen_keys.add(sighting.key)
        if sighting.lon_deg is not None:
            self.counts["positions"] += 1
            self.placed_keys.add(sighting.key)

    def summary(self) -> Line:
        """Totals, by kind of message too."""
        names = ("messages", "valid", "crc_errors", "unverified", "framing_errors", "repeats", "positions")
        return {
            **{name: self.counts[name] for name in names},
            "positions_refused": self.counts["positions_refused"],
            "aircraft": len(self.seen_keys),
            "aircraft_with_position": len(self.placed_keys),
            "by_kind": dict(sorted(self.kinds.items())),
        }


class LineReader:
    """One format: bytes to lines. No input raises; what is unfinished is kept, bounded by the format's deframer."""

    def __init__(self) -> None:
        self.tally = Tally()

    def feed(self, data: bytes, at_s: float | None) -> Iterator[Line]:
        """Lines of what is complete. `at_s`: when it was received, UTC, where the recording says so."""
        raise NotImplementedError

    def close(self, at_s: float | None) -> Iterator[Line]:
        """Lines of what the end completes: of the file, or of each datagram of a capture."""
        raise NotImplementedError

    def summary(self) -> Line:
        """The totals at the end."""
        return self.tally.summary()


def measured(sighting: Sighting) -> Line:
    """The values of every format's lines, null where not said."""
    return {
        "lon_deg": rounded(sighting.lon_deg, COORDINATE_DIGITS),
        "lat_deg": rounded(sighting.lat_deg, COORDINATE_DIGITS),
        "altitude_m": rounded(sighting.altitude_m),
        "altitude_datum": sighting.altitude_datum,
        "ground_speed_mps": rounded(sighting.ground_speed_mps),
        "track_deg": rounded(sighting.track_deg),
        "vertical_rate_mps": rounded(sighting.vertical_rate_mps),
        "callsign": sighting.callsign,
        "squawk": sighting.squawk,
        "emitter_category": sighting.emitter_category,
        "on_ground": sighting.on_ground,
    }


def identified(sighting: Sighting) -> Line:
    """The values of formats whose things are not all aircraft with an address; only those that are said."""
    said: Line = {
        "key": sighting.own_key,
        "accuracy_m": rounded(sighting.accuracy_m),
        "registration": sighting.registration,
        "name": sighting.name,
        "thing_kind": sighting.thing_kind,
        "emergency": sighting.emergency,
        "simulated": sighting.simulated,
        "backfill": sighting.backfill,
    }
    return {name: value for name, value in said.items() if value}


def rounded(value: float | None, digits: int = VALUE_DIGITS) -> float | None:
    """A number fit to print."""
    return None if value is None else round(value, digits)


def iso(at_s: float | None) -> str | None:
    """ISO-8601 UTC in milliseconds; None also for a time outside the calendar."""
    if at_s is None:
        return None
    try:
        at = datetime.fromtimestamp(at_s, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
