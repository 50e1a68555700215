"""What one ASTERIX record tells, whatever its category, and the reading of items that several categories share.

Items come as octets that asterix.py has measured, so their lengths are right. A value that cannot be is left out and
noted in `wrong`; the rest of the record counts.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from dispatch.kinds import AltitudeDatum, Emergency, SourceKind, ThingKind
from dispatch.motion import KNOT_MPS
from protocols.asterix_layout import icao_text
from protocols.frames import BadFrame
from protocols.modes_accuracy import NAUTICAL_MILE_M
from protocols.modes_fields import FOOT_M, FOOT_PER_MINUTE_MPS

LEVEL_M = 100 * FOOT_M  # one flight level
_LOWEST_LEVEL, _HIGHEST_LEVEL = -15.0, 1_267.5  # what Mode C and Mode S can encode, ICAO Doc 9871 table A-2-5
_FASTEST_MPS = 8_176 * KNOT_MPS  # what ADS-B can encode
ANGLE_DEG = 360 / 65_536  # 16 bits of a circle
# Why a record shows nobody, or shows somebody without a place: stable words, counted.
FIELD_MONITOR = "field monitor"  # a transponder fixed to the ground, there to check the receiver
FALSE_TARGET = "false target"  # its source takes it for a reflection, a ghost, birds
NO_IDENTITY = "no identity"  # neither address nor track number
COASTED = "coasted"  # nothing was measured this time: the position was computed
SUSPECT = "suspect"  # its source says the position failed a check
UNPLACED = "unplaced"  # polar, and where the radar stands is not known

# Emergency and priority status, I021/200, I062/080 and I062/380 SAB alike; 0 is none, 7 not defined
EMERGENCIES: Mapping[int, Emergency] = {
    1: Emergency.GENERAL,
    2: Emergency.MEDICAL,
    3: Emergency.FUEL,
    4: Emergency.RADIO,
    5: Emergency.UNLAWFUL,
    6: Emergency.DOWNED,
}
# Emitter categories, I021/020 and I062/380 EMC, as DO-260B names them
CATEGORIES: Mapping[int, str] = {
    1: "A1",
    2: "A2",
    3: "A3",
    4: "A4",
    5: "A5",
    6: "A6",
    10: "A7",
    11: "B1",
    12: "B2",
    13: "B6",
    14: "B7",
    15: "B4",
    16: "B3",
    20: "C1",
    21: "C2",
    22: "C3",
    23: "C4",
    24: "C5",
}


@dataclass(slots=True, kw_only=True)
class Told:
    """One record's word; SI, WGS-84. `second_of_day` UTC; `passed` and `unplaced` say why something is missing."""

    source_kind: SourceKind
    icao24: str = ""
    number: int | None = None  # its source's track number
    second_of_day: float | None = None
    lon_deg: float | None = None
    lat_deg: float | None = None
    accuracy_m: float | None = None
    altitude_m: float | None = None
    altitude_datum: AltitudeDatum | None = None
    ground_speed_mps: float | None = None
    track_deg: float | None = None
    vertical_rate_mps: float | None = None
    callsign: str | None = None
    registration: str | None = None
    thing_kind: ThingKind | None = None
    squawk: str | None = None
    emergency: Emergency | None = None
    calm: bool = False
    emitter_category: str | None = None
    on_ground: bool | None = None
    simulated: bool = False
    passed: str = ""
    unplaced: str = ""
    wrong: list[BadFrame] = field(default_factory=list)

    def doubt(self, item: str, detail: str) -> None:
        """Note a value that cannot be."""
        self.wrong.append(BadFrame(code="MALFORMED", detail=detail, length=0, field=item))

    def place(self, item: str, lat_deg: float, lon_deg: float) -> None:
        """Take a position."""
        if -90.0 <= lat_deg <= 90.0 and -180.0 <= lon_deg <= 180.0:
            self.lat_deg, self.lon_deg = lat_deg, lon_deg
        else:
            self.doubt(item, f"latitude {lat_deg}, longitude {lon_deg}")

    def level(self, item: str, level: float) -> None:
        """Take a flight level."""
        if _LOWEST_LEVEL <= level <= _HIGHEST_LEVEL:
            self.altitude_m, self.altitude_datum = level * LEVEL_M, AltitudeDatum.PRESSURE
        else:
            self.doubt(item, f"flight level {level}")

    def height(self, item: str, height_m: float, datum: AltitudeDatum) -> None:
        """Take a height, where there is no flight level."""
        if self.altitude_m is not None:
            return
        if _LOWEST_LEVEL * LEVEL_M <= height_m <= _HIGHEST_LEVEL * LEVEL_M:
            self.altitude_m, self.altitude_datum = height_m, datum
        else:
            self.doubt(item, f"height {height_m} m")

    def moving(self, item: str, speed_mps: float, track_deg: float | None) -> None:
        """Take a speed over ground and its direction."""
        if not 0.0 <= speed_mps <= _FASTEST_MPS:
            self.doubt(item, f"speed {speed_mps} m/s")
            return
        self.ground_speed_mps = speed_mps
        self.track_deg = None if track_deg is None else track_deg % 360.0

    def distress(self, code: int) -> None:
        """Take an emergency status."""
        self.emergency = EMERGENCIES.get(code)
        self.calm = code == 0

    def named(self, item: str, octets: bytes) -> None:
        """Take an aircraft identification of eight six-bit characters; all zeros say that there is none."""
        if not any(octets):
            return
        text = icao_text(int.from_bytes(octets), 48).strip()
        if text and not text.isalnum():
            self.doubt(item, f"callsign {text!r}")
        elif text:
            self.callsign = text


def signed(octets: bytes) -> int:
    """Two's complement."""
    return int.from_bytes(octets, signed=True)


def address(octets: bytes | None) -> str:
    """A 24-bit address; empty where it is not said, or is none (all zeros, all ones)."""
    text = "" if octets is None else octets.hex()
    return "" if text in ("000000", "ffffff") else text


def mode_3a(octets: bytes | None) -> str | None:
    """Four octal digits, where their first two bits do not say that they are not validated, or garbled."""
    if octets is None or octets[0] & 0xC0:
        return None
    return f"{int.from_bytes(octets) & 0xFFF:04o}"


def level_of(octets: bytes) -> float | None:
    """A flight level of 14 bits, by the same two bits: I048/090, I001/090."""
    if octets[0] & 0xC0:
        return None
    value = int.from_bytes(octets) & 0x3FFF
    return (value - ((value & 0x2000) << 1)) / 4


def speed_mps(value: int) -> float:
    """Of 2^-14 NM/s."""
    return value * NAUTICAL_MILE_M / 16_384


def rate_mps(value: int) -> float:
    """Of 6.25 ft/min."""
    return value * 6.25 * FOOT_PER_MINUTE_MPS


def angle_deg(octets: bytes) -> float:
    """Of 16 bits."""
    return int.from_bytes(octets) * ANGLE_DEG


def vector(x: float, y: float) -> tuple[float, float]:
    """Length and direction from north of east and north."""
    return math.hypot(x, y), math.degrees(math.atan2(x, y)) % 360.0
