"""Where things are, as rows of 32 bytes (protocols/schema/tracks.proto), for many things at once.

`states_of` reads the picture's columns; nothing is done for one thing at a time. `read_states` is the other way.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from dispatch.errors import Malformed
from dispatch.picture import TrackPicture
from dispatch.sighting import DATUMS, UNKNOWN_GROUND
from protocols.codec.common import DEGREES_TO_WIRE, enum_to_number

STATE = np.dtype(
    [
        ("number", "<u4"),
        ("lon_e7", "<i4"),
        ("lat_e7", "<i4"),
        ("age_ms", "<u4"),
        ("altitude_m", "<f4"),
        ("ground_speed_cmps", "<u2"),
        ("track_cdeg", "<u2"),
        ("vertical_rate_cmps", "<i2"),
        ("accuracy_m", "<u2"),
        ("source", "<u2"),
        ("bits", "u1"),
        ("doubts", "u1"),
    ]
)
NOT_SAID = 0xFFFF  # ground speed, track, accuracy
NO_RATE = -0x8000
DATUM_BITS, ON_GROUND, SIMULATED = 0b111, 1 << 3, 1 << 4
_DATUM_NUMBERS = np.array([0 if datum is None else enum_to_number(datum) for datum in DATUMS], np.uint8)

States = npt.NDArray[np.void]
Slots = npt.NDArray[np.integer[Any]]  # places in the picture's `things`


def states_of(picture: TrackPicture, slots: Slots) -> States:
    """The states of places in the picture's `things` that have a position. Ages are left 0: they depend on when."""
    rows, things = picture.rows, picture.things
    best = things.best_row[slots]
    made = np.zeros(len(slots), STATE)
    made["number"] = things.number[slots]
    made["lon_e7"] = np.rint(rows.lon_deg[best] * DEGREES_TO_WIRE)
    made["lat_e7"] = np.rint(rows.lat_deg[best] * DEGREES_TO_WIRE)
    made["altitude_m"] = rows.altitude_m[best]
    made["ground_speed_cmps"] = _hundredths(rows.ground_speed_mps[best], 0, NOT_SAID - 1, NOT_SAID)
    course = _hundredths(rows.track_deg[best] % 360.0, 0, 36_000, NOT_SAID)
    made["track_cdeg"] = np.where(course == 36_000, 0, course)
    made["vertical_rate_cmps"] = _hundredths(rows.vertical_rate_mps[best], NO_RATE + 1, 0x7FFF, NO_RATE)
    accuracy = rows.accuracy_m[best]
    made["accuracy_m"] = np.where(
        np.isnan(accuracy), NOT_SAID, np.clip(np.ceil(np.nan_to_num(accuracy)), 0, NOT_SAID - 1)
    )
    made["source"] = rows.source[best]
    made["doubts"] = things.doubts[slots]
    datum, ground = rows.altitude_datum[best], rows.on_ground[best]
    if (things.rows[slots] > 1).any():
        _complete(picture, slots, made, datum, ground)
    datum[np.isnan(made["altitude_m"])] = 0
    made["bits"] = (
        _DATUM_NUMBERS[datum]
        | np.where(ground == 1, ON_GROUND, 0)
        | np.where(rows.simulated[best], SIMULATED, 0)
    )
    return made


def _complete(
    picture: TrackPicture,
    slots: Slots,
    made: States,
    datum: npt.NDArray[np.uint8],
    ground: npt.NDArray[np.int8],
) -> None:
    """What the chosen source does not say of height and ground, from the one of the others that was heard last."""
    rows, shared = picture.rows, picture.things.rows[slots] > 1
    low = np.flatnonzero(shared & np.isnan(made["altitude_m"]))
    found = _newest(picture, slots[low], ~np.isnan(rows.altitude_m))
    known = found >= 0
    made["altitude_m"][low[known]] = rows.altitude_m[found[known]]
    datum[low[known]] = rows.altitude_datum[found[known]]
    unsure = np.flatnonzero(shared & (ground == UNKNOWN_GROUND))
    found = _newest(picture, slots[unsure], rows.on_ground != UNKNOWN_GROUND)
    known = found >= 0
    ground[unsure[known]] = rows.on_ground[found[known]]


def _newest(picture: TrackPicture, slots: Slots, said: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
    """For each thing, its row that was heard last among those that said it; -1: none."""
    rows, things = picture.rows, picture.things
    wanted = np.zeros(things.capacity, np.bool_)
    wanted[slots] = True
    some = np.flatnonzero(rows.alive & said & wanted[rows.thing])
    some = some[np.argsort(rows.heard_at_s[some], kind="stable")]
    newest: npt.NDArray[np.int32] = np.full(things.capacity, -1, np.int32)
    newest[rows.thing[some]] = some  # of several, the last written stays: the newest
    found: npt.NDArray[np.int32] = newest[slots]
    return found


def _hundredths(values: npt.NDArray[np.float32], low: int, high: int, none: int) -> npt.NDArray[np.int32]:
    made: npt.NDArray[np.int32] = np.clip(np.rint(np.nan_to_num(values) * 100.0), low, high).astype(np.int32)
    made[np.isnan(values)] = none
    return made


def _words(states: States) -> npt.NDArray[np.uint64]:
    """The rows as four words each: numpy copies chosen rows of a structured array field by field, 60 times slower."""
    return states.view(np.uint64).reshape(-1, STATE.itemsize // 8)


def taken(states: States, places: Slots) -> States:
    """The rows at these places, as a copy."""
    return _words(states).take(places, axis=0).view(STATE).reshape(-1)


def put(states: States, places: Slots, rows: States) -> None:
    """Write rows to these places."""
    _words(states)[places] = _words(rows)


def with_ages(states: States, position_at_s: npt.NDArray[np.float64], now_s: float) -> States:
    """The same states, with the age of each position at `now_s`; written in place."""
    states["age_ms"] = np.clip((now_s - position_at_s) * 1000.0, 0.0, 0xFFFF_FFFF)
    return states


def read_states(data: bytes) -> States:
    """The rows in a `Tracks.states`. Raises Malformed when a row is cut."""
    if len(data) % STATE.itemsize:
        raise Malformed("tracks.states", f"{len(data)} bytes are no whole rows of {STATE.itemsize}")
    return np.frombuffer(data, STATE)
