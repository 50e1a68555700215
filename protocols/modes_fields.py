"""The fields of one believed Mode S frame, and their measured values in SI.

`content` gives them under pyModeS's names and units (feet, knots), as `ganying decode` shows them, and in the units of
a Sighting. Comm-B registers (DF20, 21) are not guessed at: only the height, the identity and a
register 2,0 that says what it is are read. State between frames is modes.py's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from typing import Any, NamedTuple

from pyModeS import Message as Raw
from pyModeS.decoder.bds.bds20 import decode_bds20
from pyModeS.util import altcode, idcode

from dispatch.kinds import AltitudeDatum, Emergency
from dispatch.motion import KNOT_MPS
from protocols import modes_accuracy

FOOT_M = 0.3048  # international foot
FOOT_PER_MINUTE_MPS = FOOT_M / 60
CATEGORY_SETS = {4: "A", 3: "B", 2: "C", 1: "D"}  # type code to set, RTCA DO-260B §2.2.3.2.5.2
ON_GROUND_BY_STATUS = {0: False, 1: True, 2: False, 3: True}  # flight status, Annex 10 Vol IV §3.1.2.6.5.1
ON_GROUND_BY_CAPABILITY = {4: True, 5: False}  # CA, the same §3.1.2.5.2.2.1
# Emergency state of aircraft status (type code 28 subtype 1), RTCA DO-260B §2.2.3.2.7.8.1.1; 0 is none, 7 reserved
EMERGENCY_STATES: Mapping[int, Emergency] = {
    1: Emergency.GENERAL,
    2: Emergency.MEDICAL,
    3: Emergency.FUEL,
    4: Emergency.RADIO,
    5: Emergency.UNLAWFUL,
    6: Emergency.DOWNED,
}
# Codes that mean distress by themselves, ICAO Doc 8168 Vol III §3-1
EMERGENCY_SQUAWKS: Mapping[str, Emergency] = {
    "7500": Emergency.UNLAWFUL,
    "7600": Emergency.RADIO,
    "7700": Emergency.GENERAL,
}
_SUPERSONIC = 4  # knots a step in subtype 2, the same table
_NO_CALLSIGN = "#"  # pyModeS's mark for a character outside the alphabet


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one frame says, in SI; None where it says nothing."""

    altitude_m: float | None = None
    altitude_datum: AltitudeDatum | None = None
    ground_speed_mps: float | None = None
    track_deg: float | None = None
    vertical_rate_mps: float | None = None
    callsign: str | None = None
    squawk: str | None = None
    emergency: Emergency | None = None
    emitter_category: str | None = None
    on_ground: bool | None = None
    nacp: int | None = None  # accuracy category of its positions (modes_accuracy.py)


class Content(NamedTuple):
    """The fields of one frame, in pyModeS's names and units and in SI. Shared by equal frames: read it only."""

    fields: Mapping[str, Any]
    said: Measured


# An aircraft answers and squitters the same bits many times over (half of a real stream is DF11), so both functions
# remember the newest CACHE_FRAMES payloads; about 10 MB when full, the one unused longest goes first.
CACHE_FRAMES = 4096


@lru_cache(maxsize=CACHE_FRAMES)
def header(payload: bytes) -> Raw:
    """Format, address and parity of a frame of 7 or 14 bytes."""
    return Raw(payload)


@lru_cache(maxsize=CACHE_FRAMES)
def content(payload: bytes) -> Content:
    """What a frame says by itself, whether or not its address can be believed."""
    raw = header(payload)
    fields = _fields(payload, raw)
    return Content(fields, _measured(payload, raw.df, fields))


def _fields(payload: bytes, raw: Raw) -> dict[str, Any]:
    if raw.df in (20, 21):
        return _comm_b(payload, raw)
    fields: dict[str, Any] = raw.decode()
    if raw.df in (17, 18) and 20 <= fields["typecode"] <= 22:
        # metres as sent; pyModeS rounds them to feet
        metres = int.from_bytes(payload[5:7]) >> 4
        fields["height_ellipsoid_m"] = metres or None
    return fields


def _comm_b(payload: bytes, raw: Raw) -> dict[str, Any]:
    text = payload.hex()
    fields: dict[str, Any] = {"df": raw.df, "icao": raw.icao, "flight_status": payload[0] & 7}
    if raw.df == 20:
        fields["altitude"] = altcode(text)
    else:
        fields["squawk"] = idcode(text)
    if payload[4] == 0x20:
        named = decode_bds20(int.from_bytes(payload[4:11])).get("callsign")
        if named and _NO_CALLSIGN not in named:
            fields["bds"] = "2,0"
            fields["callsign"] = named
    return fields


def _measured(payload: bytes, df: int, fields: Mapping[str, Any]) -> Measured:
    speed_kt = _ground_speed_kt(payload, fields)
    climb_ft_min = fields.get("vertical_rate")
    altitude_m, datum = _altitude(fields)
    callsign = fields.get("callsign")
    return Measured(
        altitude_m=altitude_m,
        altitude_datum=datum,
        ground_speed_mps=None if speed_kt is None else speed_kt * KNOT_MPS,
        track_deg=fields.get("track"),
        vertical_rate_mps=None if climb_ft_min is None else climb_ft_min * FOOT_PER_MINUTE_MPS,
        callsign=callsign if callsign and _NO_CALLSIGN not in callsign else None,
        squawk=fields.get("squawk"),
        emergency=_emergency(fields),
        emitter_category=_category(fields),
        on_ground=_on_ground(payload, df, fields),
        nacp=modes_accuracy.nacp(fields),
    )


def _ground_speed_kt(payload: bytes, fields: Mapping[str, Any]) -> float | None:
    """The length of the velocity that is sent east and north; pyModeS cuts off its fraction. Doc 9871 table A-2-9."""
    speed_kt: float | None = fields.get("groundspeed")
    if speed_kt is None or fields.get("bds") != "0,9":
        return speed_kt
    message = int.from_bytes(payload[4:11])
    east, north = (message >> 32 & 0x3FF) - 1, (message >> 21 & 0x3FF) - 1
    return sqrt(east * east + north * north) * (_SUPERSONIC if message >> 48 & 7 == 2 else 1)


def _altitude(fields: Mapping[str, Any]) -> tuple[float | None, AltitudeDatum | None]:
    if "height_ellipsoid_m" in fields:
        height_m = fields["height_ellipsoid_m"]
        return (None, None) if height_m is None else (float(height_m), AltitudeDatum.ELLIPSOID)
    altitude_ft = fields.get("altitude")
    return (None, None) if altitude_ft is None else (altitude_ft * FOOT_M, AltitudeDatum.PRESSURE)


def _emergency(fields: Mapping[str, Any]) -> Emergency | None:
    """What the aircraft says in so many words goes before what its squawk implies."""
    return EMERGENCY_STATES.get(fields.get("emergency_state", 0)) or EMERGENCY_SQUAWKS.get(
        fields.get("squawk") or ""
    )


def _category(fields: Mapping[str, Any]) -> str | None:
    number = fields.get("category")
    letter = CATEGORY_SETS.get(fields.get("typecode", 0))
    return f"{letter}{number}" if number and letter else None


def _on_ground(payload: bytes, df: int, fields: Mapping[str, Any]) -> bool | None:
    if df in (4, 5, 20, 21):
        return ON_GROUND_BY_STATUS.get(fields["flight_status"])
    if df in (0, 16):
        return fields.get("vertical_status") == "on-ground"
    bds = fields.get("bds")
    if bds in ("0,5", "0,6"):
        return bool(bds == "0,6")
    return None if df == 18 else ON_GROUND_BY_CAPABILITY.get(payload[0] & 7)
