"""One aircraft between sites, as a message of its own."""

import math
from dataclasses import dataclass
from typing import cast

from dispatch.errors import Malformed
from dispatch.geo import Position
from dispatch.kinds import AltitudeDatum
from protocols.codec.common import enum_from_number, enum_to_number
from protocols.codec.link_rows import text_from_wire
from protocols.gen import tracks_pb2


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTrack:
    """One aircraft as its site sees it. `age_ms` at the message's time, since the position was measured."""

    icao24: str
    position: Position
    age_ms: int
    altitude_m: float | None = None
    altitude_datum: AltitudeDatum | None = None
    ground_speed_mps: float | None = None
    track_deg: float | None = None
    vertical_rate_mps: float | None = None
    callsign: str = ""
    squawk: str = ""
    on_ground: bool = False
    simulated: bool = False


def track_to_wire(track: LinkTrack, wire: tracks_pb2.Track) -> None:
    """Fill the message."""
    wire.address = int(track.icao24, 16)
    wire.lon_e7 = round(track.position.lon_deg * 10_000_000)
    wire.lat_e7 = round(track.position.lat_deg * 10_000_000)
    wire.age_ms = track.age_ms
    if track.altitude_m is not None and track.altitude_datum is not None:
        wire.altitude_m = track.altitude_m
        wire.datum = enum_to_number(track.altitude_datum)  # type: ignore[assignment]  # stubs want the wire enum
    for name in ("ground_speed_mps", "track_deg", "vertical_rate_mps"):
        value = getattr(track, name)
        if value is not None:
            setattr(wire, name, value)
    wire.callsign, wire.squawk = track.callsign, track.squawk
    wire.on_ground, wire.simulated = track.on_ground, track.simulated


def track_from_wire(wire: tracks_pb2.Track, where: str) -> LinkTrack:
    """The track. Raises Malformed."""
    if not 0 < wire.address <= 0xFFFFFF:
        raise Malformed(where + "address", f"{wire.address} is not a 24-bit address")
    datum = None
    if wire.HasField("altitude_m"):
        datum = cast(AltitudeDatum, enum_from_number(AltitudeDatum, wire.datum, where + "datum"))
    return LinkTrack(
        icao24=f"{wire.address:06x}",
        position=Position(lon_deg=wire.lon_e7 / 10_000_000, lat_deg=wire.lat_e7 / 10_000_000),
        age_ms=wire.age_ms,
        altitude_m=_finite(wire, "altitude_m", where),
        altitude_datum=datum,
        ground_speed_mps=_finite(wire, "ground_speed_mps", where),
        track_deg=_finite(wire, "track_deg", where),
        vertical_rate_mps=_finite(wire, "vertical_rate_mps", where),
        callsign=text_from_wire(wire.callsign, where + "callsign"),
        squawk=text_from_wire(wire.squawk, where + "squawk"),
        on_ground=wire.on_ground,
        simulated=wire.simulated,
    )


def _finite(wire: tracks_pb2.Track, name: str, where: str) -> float | None:
    if not wire.HasField(name):
        return None
    value = float(getattr(wire, name))
    if not math.isfinite(value):
        raise Malformed(where + name, f"{value} is not a number")
    return value
