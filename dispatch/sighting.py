"""What a source measured: one `Sighting`, or an `AddressBatch` of many as columns.

Who was seen is a *key*, in the source's own words: `icao24:780abc` wherever a 24-bit address is known, else
`jt808:013912345678`, `cot:ANDROID-589520cc`, `radar:025/007/1234`, `nmea:van-1`, `phone:li`, `report:truck-7`.
Which keys are one real thing is said by people (identity.py), never guessed here.

Times ending in `_at_s` are UTC seconds since 1970. `receiver_s` is the source's own clock with an unknown zero,
comparable only under one `clock_id`. Positions are WGS-84 degrees, everything else SI; heights state their datum;
angles are degrees true.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dispatch.kinds import AltitudeDatum, Emergency, SourceKind, ThingKind

ICAO24 = "icao24"  # the scheme of keys by 24-bit address


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What one source measured once. None and empty: not said. One of `icao24` and `own_key` is set."""

    source: str
    source_kind: SourceKind
    icao24: str = ""  # six lower-case hex digits
    own_key: str = ""  # scheme:value, for what has no 24-bit address
    observed_at_s: float | None = None  # the source's own UTC, where it has one that can be trusted
    clock_id: str = ""  # whose clock `receiver_s` is: feed, connection, and restarts of the counter
    receiver_s: float | None = None
    lon_deg: float | None = None
    lat_deg: float | None = None
    soft: bool = False  # position relative to the receiver only, not confirmed by a pair
    accuracy_m: float | None = None  # radius that holds the true position with 95 %, as stated by the source
    altitude_m: float | None = None
    altitude_datum: AltitudeDatum | None = None
    ground_speed_mps: float | None = None
    track_deg: float | None = None
    vertical_rate_mps: float | None = None
    callsign: str | None = None
    registration: str | None = None
    name: str | None = None  # how the thing names itself on a map, where that is no callsign
    thing_kind: ThingKind | None = None
    squawk: str | None = None
    emergency: Emergency | None = None
    calm: bool = (
        False  # says aloud that there is no distress, or none any more; without it silence changes nothing
    )
    emitter_category: str | None = None  # A0 to D7
    on_ground: bool | None = None
    simulated: bool = False
    backfill: bool = False  # kept by the sender while it had no link: history, never the present

    @property
    def key(self) -> str:
        """Who was seen."""
        return f"{ICAO24}:{self.icao24}" if self.icao24 else self.own_key


NO_SQUAWK = -1
UNKNOWN_GROUND = -1
# Codes of the columns of an AddressBatch; 0 is "not said" in each.
DATUMS: tuple[AltitudeDatum | None, ...] = (None, *AltitudeDatum)
EMERGENCIES: tuple[Emergency | None, ...] = (None, *Emergency)
THING_KINDS: tuple[ThingKind | None, ...] = (None, *ThingKind)
CATEGORIES: tuple[str | None, ...] = (None, *(f"{group}{number}" for group in "ABCD" for number in range(8)))

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressBatch:
    """Sightings of one source by 24-bit address, as columns of one length, in the order of their making.

    A column's "not said": NaN for numbers, 0 for codes, NO_SQUAWK, UNKNOWN_GROUND, empty bytes.
    """

    source: str
    source_kind: SourceKind
    clock_id: str
    arrived_at_s: float
    address: npt.NDArray[np.uint32]
    receiver_s: Floats
    lon_deg: Floats
    lat_deg: Floats
    soft: Bools
    accuracy_m: Singles
    altitude_m: Singles
    altitude_datum: npt.NDArray[np.uint8]  # DATUMS
    ground_speed_mps: Singles
    track_deg: Singles
    vertical_rate_mps: Singles
    callsign: npt.NDArray[np.bytes_]  # S8, trailing blanks removed
    squawk: npt.NDArray[np.int16]  # the four octal digits read as a decimal number, 7700
    emergency: npt.NDArray[np.uint8]  # EMERGENCIES
    category: npt.NDArray[np.uint8]  # CATEGORIES
    on_ground: npt.NDArray[np.int8]  # 1, 0, UNKNOWN_GROUND
    simulated: Bools

    def __len__(self) -> int:
        return len(self.address)
