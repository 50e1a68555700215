"""Tracks between sites in columns: rows of 32 bytes (track_states.py) by 24-bit address, checked as a whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from dispatch.errors import Malformed
from protocols.codec.common import enum_to_number, from_us, to_us
from protocols.codec.link_rows import text_from_wire
from protocols.codec.link_track import LinkTrack
from protocols.codec.track_states import (
    NO_RATE,
    NOT_SAID,
    ON_GROUND,
    SIMULATED,
    STATE,
    States,
    read_states,
)
from protocols.gen import link_pb2

MAX_COLUMN_ROWS = 8_192  # in one message: 256 KiB
MAX_LABELS = 8_192


@dataclass(frozen=True, slots=True)
class ColumnLabel:
    """What an aircraft is called."""

    address: int
    callsign: str
    squawk: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LinkColumns:
    """The sender's aircraft, those that moved; `age_ms` of each row is as of `at`."""

    at: datetime
    states: States
    labels: tuple[ColumnLabel, ...] = ()


def columns_to_wire(columns: LinkColumns, wire: link_pb2.TrackColumns) -> None:
    """Fill the message."""
    wire.SetInParent()
    wire.at_us, wire.states = to_us(columns.at), columns.states.tobytes()
    for label in columns.labels:
        wire.labels.add(number=label.address, callsign=label.callsign, squawk=label.squawk)


def columns_from_wire(wire: link_pb2.TrackColumns) -> LinkColumns:
    """The columns. Raises Malformed."""
    states = read_states(wire.states)
    if len(states) > MAX_COLUMN_ROWS or len(wire.labels) > MAX_LABELS:
        raise Malformed("columns", f"{len(states)} rows and {len(wire.labels)} labels are too many")
    address = states["number"]
    if len(states) and not ((address > 0) & (address <= 0xFFFFFF)).all():
        raise Malformed("columns.states", "a number is no 24-bit address")
    beyond = (np.abs(states["lon_e7"].astype(np.int64)) > 1_800_000_000) | (
        np.abs(states["lat_e7"].astype(np.int64)) > 900_000_000
    )
    if beyond.any() or np.isinf(states["altitude_m"]).any():
        raise Malformed("columns.states", "a place is not on this earth")
    labels = tuple(
        ColumnLabel(
            each.number,
            text_from_wire(each.callsign, "columns.labels.callsign"),
            text_from_wire(each.squawk, "columns.labels.squawk"),
        )
        for each in wire.labels
    )
    return LinkColumns(at=from_us(wire.at_us, "columns.at"), states=states, labels=labels)


def states_from(tracks: Sequence[LinkTrack]) -> States:
    """These tracks as rows."""
    made = np.zeros(len(tracks), STATE)
    for place, track in enumerate(tracks):
        datum = 0
        altitude = float("nan")
        if track.altitude_m is not None and track.altitude_datum is not None:
            altitude, datum = track.altitude_m, enum_to_number(track.altitude_datum)
        bits = datum | (ON_GROUND if track.on_ground else 0) | (SIMULATED if track.simulated else 0)
        made[place] = (
            int(track.icao24, 16),
            round(track.position.lon_deg * 1e7),
            round(track.position.lat_deg * 1e7),
            track.age_ms,
            altitude,
            _hundredths(track.ground_speed_mps, 0, NOT_SAID - 1, NOT_SAID),
            _hundredths(None if track.track_deg is None else track.track_deg % 360, 0, 35_999, NOT_SAID),
            _hundredths(track.vertical_rate_mps, NO_RATE + 1, 0x7FFF, NO_RATE),
            NOT_SAID,
            0,
            bits,
            0,
        )
    return made


def _hundredths(value: float | None, low: int, high: int, none: int) -> int:
    return none if value is None else min(max(round(value * 100), low), high)
