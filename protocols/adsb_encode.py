"""ADS-B messages written: Mode S extended squitter (DF17) frames of 14 bytes from SI values.

For simulated aircraft (adapters/exercise), which speak to the site in the same bytes as real ones. Three messages:
identification, airborne position (CPR, even and odd) and airborne velocity over ground. Sections named here are of
RTCA DO-260B / ED-102A (the 1090 MHz MOPS) and ICAO Annex 10 Vol III and IV. Reading is modes.py, the compact coordinates are cpr.py,
framing for a receiver's socket is beast.py.
"""

import math

from dispatch.geo import Position
from protocols import cpr

FOOT_M = 0.3048
KNOT_MPS = 1852 / 3600
FPM_MPS = FOOT_M / 60

ALTITUDE_STEP_FT = 25  # Q-bit set, ICAO Annex 10 Vol IV §3.1.2.6.5.4
ALTITUDE_FLOOR_FT = -1000  # the same paragraph: code 0 stands for -1000 ft
ALTITUDE_CEILING_FT = ALTITUDE_FLOOR_FT + 2047 * ALTITUDE_STEP_FT  # eleven bits remain

LARGE = 3  # emitter category A3, DO-260B §2.2.3.2.5.2
HEAVY = 5  # A5
LIGHT = 1  # A1
ROTORCRAFT = 7  # A7

_DF17_CA5 = (17 << 3) | 5  # DO-260B §2.2.3.2.1: DF 17; CA 5, level 2 transponder, airborne
_TC_IDENTIFICATION_SET_A = 4  # DO-260B table 2-16: category set A is type code 4
_TC_POSITION_NIC8 = 11  # DO-260B table 2-11: barometric altitude, containment below 0.1 NM
_TC_VELOCITY = 19
_NAC_V = 1  # DO-260B §2.2.3.2.6.1.5: better than 10 m/s
_CPR_BITS = 17  # DO-260B §A.1.7.3, airborne
_CRC_POLYNOMIAL = 0xFFF409  # Annex 10 Vol IV §3.1.2.3.3.1.2, G(x) without its leading term
_SUBSONIC_LIMIT_KT = 1021  # ten bits less "no information" and "more than", DO-260B §2.2.3.2.6.1.6
_SUPERSONIC_LIMIT_KT = 4 * _SUBSONIC_LIMIT_KT
_VERTICAL_STEP_FPM = 64  # DO-260B §2.2.3.2.6.1.12
_VERTICAL_LIMIT_CODE = 510
_CALLSIGN_LENGTH = 8


def _crc_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        remainder = byte << 16
        for _ in range(8):
            remainder = (remainder << 1) ^ (_CRC_POLYNOMIAL if remainder & 0x800000 else 0)
        table.append(remainder & 0xFFFFFF)
    return tuple(table)


_CRC_TABLE = _crc_table()


def parity(message: bytes) -> int:
    """The 24-bit parity of a message without its last three bytes; over a whole correct DF17 frame it is 0."""
    remainder = 0
    for byte in message:
        remainder = ((remainder << 8) & 0xFFFFFF) ^ _CRC_TABLE[(remainder >> 16) ^ byte]
    return remainder


def _frame(address: int, me: int) -> bytes:
    """`me` is the 56-bit message field."""
    if not 0 < address < 1 << 24:
        raise ValueError(f"{address} is not a 24-bit address")
    body = bytes([_DF17_CA5]) + address.to_bytes(3) + me.to_bytes(7)
    return body + parity(body).to_bytes(3)


def identification(address: int, callsign: str, category: int = ROTORCRAFT) -> bytes:
    """Aircraft identification and category (set A), DO-260B §2.2.3.2.5.

    Raises ValueError if `callsign` is not 1 to 8 capital letters, digits or spaces.
    """
    if not 1 <= len(callsign) <= _CALLSIGN_LENGTH or not 0 <= category < 8:
        raise ValueError(f"{callsign!r}, category {category}: not an identification")
    me = (_TC_IDENTIFICATION_SET_A << 3) | category
    for letter in callsign.ljust(_CALLSIGN_LENGTH):
        me = (me << 6) | _six_bits(letter)
    return _frame(address, me)


def _six_bits(letter: str) -> int:
    """Annex 10 Vol IV table 3-9: the low six bits of IA-5 for A to Z, 0 to 9 and space."""
    if not (letter == " " or ("A" <= letter <= "Z") or ("0" <= letter <= "9")):
        raise ValueError(f"{letter!r} cannot be sent in a callsign")
    return ord(letter) & 0x3F


def airborne_position(address: int, position: Position, altitude_m: float, *, odd: bool) -> bytes:
    """Airborne position with barometric altitude, DO-260B §2.2.3.2.3. A receiver needs one even and one odd.

    `altitude_m` is pressure altitude; what does not fit the field is held at its ends (-305 m, 15,293 m).
    """
    code = cpr.encode(position.lon_deg, position.lat_deg, odd=odd)
    me = _TC_POSITION_NIC8 << 3  # surveillance status 0, single antenna 0
    me = (me << 12) | _altitude_code(altitude_m)
    me = (me << 2) | int(odd)  # T 0: not synchronised with UTC
    me = (me << _CPR_BITS) | code.lat
    me = (me << _CPR_BITS) | code.lon
    return _frame(address, me)


def _altitude_code(altitude_m: float) -> int:
    steps = round((altitude_m / FOOT_M - ALTITUDE_FLOOR_FT) / ALTITUDE_STEP_FT)
    steps = min(max(steps, 0), 2047)
    return ((steps >> 4) << 5) | 0x10 | (steps & 0xF)  # Q in the fifth place from the right


def airborne_velocity(
    address: int, ground_speed_mps: float, track_deg: float, vertical_rate_mps: float
) -> bytes:
    """Velocity over ground, DO-260B §2.2.3.2.6: subtype 1 in knots, subtype 2 in 4 knots where that is too small.

    Speeds and rates beyond the field are held at its end. Vertical rate is barometric, in steps of 64 ft/min.
    """
    speed_kt = min(ground_speed_mps / KNOT_MPS, _SUPERSONIC_LIMIT_KT)
    unit_kt = 1 if speed_kt <= _SUBSONIC_LIMIT_KT else 4
    east = round(speed_kt * math.sin(math.radians(track_deg)) / unit_kt)
    north = round(speed_kt * math.cos(math.radians(track_deg)) / unit_kt)
    climb = round(vertical_rate_mps / FPM_MPS / _VERTICAL_STEP_FPM)
    me = (_TC_VELOCITY << 3) | (1 if unit_kt == 1 else 2)
    me = (me << 5) | _NAC_V  # intent change 0, reserved 0, then NACv
    me = (me << 11) | ((east < 0) << 10) | (abs(east) + 1)
    me = (me << 11) | ((north < 0) << 10) | (abs(north) + 1)
    me = (me << 1) | 1  # the rate's source is barometric
    me = (me << 10) | ((climb < 0) << 9) | (min(abs(climb), _VERTICAL_LIMIT_CODE) + 1)
    return _frame(address, me << 10)  # two reserved bits, no difference from geometric height
