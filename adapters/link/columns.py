"""A partner's tracks in columns, into our picture; and ours on their way out. No IO.

The picture takes a batch at one time, so rows are sorted into a few of a quarter of a second's width by their age.
While our own receivers hear an aircraft a partner's word about it is not used.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from adapters.link import carried
from dispatch.fusion import KIND_CODES
from dispatch.kinds import SourceKind
from dispatch.picture import TrackPicture
from dispatch.sighting import DATUMS, ICAO24, NO_SQUAWK, AddressBatch
from protocols.codec.common import enum_to_number
from protocols.codec.link_columns import ColumnLabel, LinkColumns
from protocols.codec.link_track import LinkTrack
from protocols.codec.track_states import DATUM_BITS, NO_RATE, NOT_SAID, ON_GROUND, SIMULATED, States

WIDTH_MS = 250
REMEMBERED = 65_536  # labels of one partner; beyond it the memory starts anew

_DATUM_OF = np.zeros(DATUM_BITS + 1, np.uint8)  # wire number -> place in DATUMS
for _place, _datum in enumerate(DATUMS):
    if _datum is not None:
        _DATUM_OF[enum_to_number(_datum)] = _place


class Labels:
    """What a partner's aircraft are called, as far as it said it; and what of ours it was told."""

    def __init__(self) -> None:
        self._heard: dict[int, ColumnLabel] = {}
        self._told: dict[int, ColumnLabel] = {}

    def clear(self) -> None:
        """A new connection."""
        self._heard.clear()
        self._told.clear()

    def hear(self, labels: Sequence[ColumnLabel]) -> None:
        """The partner said them."""
        if len(self._heard) + len(labels) > REMEMBERED:
            self._heard.clear()
        self._heard.update((each.address, each) for each in labels)

    def of(self, address: int) -> ColumnLabel:
        """What it is called."""
        return self._heard.get(address) or ColumnLabel(address, "", "")

    def to_tell(self, tracks: Sequence[LinkTrack]) -> list[ColumnLabel]:
        """Labels of these that the partner has not got yet."""
        labels = (ColumnLabel(int(each.icao24, 16), each.callsign, each.squawk) for each in tracks)
        return [each for each in labels if self._told.get(each.address) != each]

    def told(self, labels: Sequence[ColumnLabel]) -> None:
        """They are out."""
        self._told.update((each.address, each) for each in labels)


def unseen(picture: TrackPicture, columns: LinkColumns, now: datetime) -> States:
    """The rows of aircraft that our own sources do not hear."""
    seen = _seen_ourselves(picture, columns.states["number"], now)
    return columns.states[~seen] if seen.any() else columns.states


def _seen_ourselves(
    picture: TrackPicture, addresses: npt.NDArray[np.uint32], now: datetime
) -> npt.NDArray[np.bool_]:
    """carried.seen_ourselves of many at once: one by one it took most of the time that a message takes."""
    roster = picture.roster
    slots = [roster.slot_of(f"{ICAO24}:{address:06x}") for address in addresses.tolist()]
    slot = np.array([-1 if each is None else each for each in slots], np.int64)
    best = np.where(slot >= 0, roster.things.best_row[slot], -1)
    seen = best >= 0
    rows = best[seen]
    own = roster.kind_codes(rows) != KIND_CODES[SourceKind.PARTNER]
    seen[seen] = own & (now.timestamp() - roster.rows.position_at_s[rows] < carried.OWN_EYES_S)
    return seen


def batches(
    states: States, labels: Labels, underway: timedelta, site: str, now: datetime
) -> Iterator[AddressBatch]:
    """The rows as the picture takes them."""
    ages = states["age_ms"].astype(np.int64) // WIDTH_MS
    for age in np.unique(ages)[::-1].tolist():  # the oldest first, so that the newest stays
        rows = states[ages == age]
        at_s = now.timestamp() - underway.total_seconds() - float(rows["age_ms"].mean()) / 1000.0
        yield _batch(rows, labels, site, at_s)


def _batch(rows: States, labels: Labels, site: str, at_s: float) -> AddressBatch:
    size, bits = len(rows), rows["bits"]
    said = [labels.of(address) for address in rows["number"].tolist()]
    squawks = [
        int(each.squawk) if each.squawk.isdigit() and len(each.squawk) == 4 else NO_SQUAWK for each in said
    ]
    return AddressBatch(
        source=site,
        source_kind=SourceKind.PARTNER,
        clock_id="",
        arrived_at_s=at_s,
        address=rows["number"].astype(np.uint32),
        receiver_s=np.full(size, np.nan),
        lon_deg=rows["lon_e7"] / 1e7,
        lat_deg=rows["lat_e7"] / 1e7,
        soft=np.zeros(size, np.bool_),
        accuracy_m=_or_nan(rows["accuracy_m"], NOT_SAID, 1.0),
        altitude_m=rows["altitude_m"].astype(np.float32),
        altitude_datum=_DATUM_OF[bits & DATUM_BITS],
        ground_speed_mps=_or_nan(rows["ground_speed_cmps"], NOT_SAID, 100.0),
        track_deg=_or_nan(rows["track_cdeg"], NOT_SAID, 100.0),
        vertical_rate_mps=_or_nan(rows["vertical_rate_cmps"], NO_RATE, 100.0),
        callsign=np.array([each.callsign.encode("ascii", "ignore")[:8] for each in said], "S8"),
        squawk=np.array(squawks, np.int16),
        emergency=np.zeros(size, np.uint8),
        category=np.zeros(size, np.uint8),
        on_ground=np.where(bits & ON_GROUND, 1, 0).astype(np.int8),
        simulated=(bits & SIMULATED) != 0,
    )


def _or_nan(values: npt.NDArray[Any], none: int, per_unit: float) -> npt.NDArray[np.float32]:
    made = values.astype(np.float32) / np.float32(per_unit)
    made[values == none] = np.nan
    return made
