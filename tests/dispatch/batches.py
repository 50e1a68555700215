"""Sightings as the columns of an AddressBatch, for tests that hold both ways of accepting to each other."""

import math
from collections.abc import Sequence

import numpy as np

from dispatch.kinds import SourceKind
from dispatch.sighting import (
    CATEGORIES,
    DATUMS,
    EMERGENCIES,
    NO_SQUAWK,
    UNKNOWN_GROUND,
    AddressBatch,
    Sighting,
)


def batch_of(sightings: Sequence[Sighting], arrived_at_s: float) -> AddressBatch:
    """All of one source and clock, by address."""
    first = sightings[0]

    def numbers(name: str, dtype: type) -> np.ndarray:
        values = [getattr(sighting, name) for sighting in sightings]
        return np.array([math.nan if value is None else value for value in values], dtype)

    return AddressBatch(
        source=first.source,
        source_kind=SourceKind(first.source_kind),
        clock_id=first.clock_id,
        arrived_at_s=arrived_at_s,
        address=np.array([int(s.icao24, 16) for s in sightings], np.uint32),
        receiver_s=numbers("receiver_s", np.float64),
        lon_deg=numbers("lon_deg", np.float64),
        lat_deg=numbers("lat_deg", np.float64),
        soft=np.array([s.soft for s in sightings], np.bool_),
        accuracy_m=numbers("accuracy_m", np.float32),
        altitude_m=numbers("altitude_m", np.float32),
        altitude_datum=np.array([DATUMS.index(s.altitude_datum) for s in sightings], np.uint8),
        ground_speed_mps=numbers("ground_speed_mps", np.float32),
        track_deg=numbers("track_deg", np.float32),
        vertical_rate_mps=numbers("vertical_rate_mps", np.float32),
        callsign=np.array([(s.callsign or "").encode() for s in sightings], "S8"),
        squawk=np.array([int(s.squawk) if s.squawk else NO_SQUAWK for s in sightings], np.int16),
        emergency=np.array([EMERGENCIES.index(s.emergency) for s in sightings], np.uint8),
        category=np.array([CATEGORIES.index(s.emitter_category) for s in sightings], np.uint8),
        on_ground=np.array(
            [UNKNOWN_GROUND if s.on_ground is None else int(s.on_ground) for s in sightings], np.int8
        ),
        simulated=np.array([s.simulated for s in sightings], np.bool_),
    )
