"""The position body of JT/T 808 (0x0200, also inside 0x0201 and 0x0704): alarm, status, where, when, and items.

28 bytes: alarm u32, status u32, latitude and longitude u32 in 1e-6 degrees, altitude i16 m, speed u16 in 0.1 km/h,
direction u16 in degrees from north, time BCD yymmddhhmmss in GMT+8; then items of id u8, length u8, value.
Source: JT/T 808-2013 §8.18 and JT/T 808-2019 §8.12 (位置信息汇报), tables of 报警标志位, 状态位 and 附加信息.

The altitude is a WORD in the standard; it is read as two's complement, because no terminal is above 32 km and places
lie below the sea (the Turpan depression, -154 m). The format has no item for dilution or accuracy.
"""

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from dispatch.errors import Malformed

_BASE = struct.Struct(">IIIIhHH6s")
_GMT8 = timezone(timedelta(hours=8))
_SPEED_MPS = 0.1 / 3.6
_DEGREE = 1e-6

ALARMS: dict[int, str] = {
    0: "sos",  # 紧急报警: somebody pressed the button
    1: "overspeed",
    2: "fatigue",
    3: "danger",
    4: "gnss_fault",
    5: "gnss_antenna_open",
    6: "gnss_antenna_short",
    7: "power_low",
    8: "power_lost",
    9: "display_fault",
    10: "tts_fault",
    11: "camera_fault",
    12: "card_reader_fault",
    13: "overspeed_warning",
    14: "fatigue_warning",
    15: "driving_against_rules",  # 2019
    16: "tyre_pressure",  # 2019
    17: "blind_spot",  # 2019
    18: "driving_time",
    19: "parking_time",
    20: "area",
    21: "route",
    22: "segment_time",
    23: "off_route",
    24: "vss_fault",
    25: "fuel",
    26: "stolen",
    27: "ignition",
    28: "moved",
    29: "collision",
    30: "rollover",
    31: "door",  # 2013
}
SOS = 1 << 0
_FIXED = 1 << 1
_SOUTH = 1 << 2
_WEST = 1 << 3
_SHIFTED = 1 << 5
_SYSTEMS = {18: "gps", 19: "beidou", 20: "glonass", 21: "galileo"}

# Items with a meaning for us: name, bytes, unit. The others are kept as they came.
_ITEMS: dict[int, tuple[str, int, float]] = {
    0x01: ("mileage_m", 4, 100.0),  # 0.1 km
    0x02: ("fuel_l", 2, 0.1),
    0x03: ("recorder_speed_mps", 2, _SPEED_MPS),
    0x04: ("alarm_event", 2, 1),
    0x25: ("vehicle_signals", 4, 1),
    0x2A: ("io_status", 2, 1),
    0x2B: ("analog", 4, 1),
    0x30: ("signal", 1, 1),
    0x31: ("satellites", 1, 1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A position body. Degrees in the terminal's datum, south and west negative; the rest SI. `at_s` UTC seconds.

    `at_s` is None where the terminal has no clock yet (all zeros); `track_deg` where it is beyond 360.
    """

    alarm: int
    status: int
    lon_deg: float
    lat_deg: float
    altitude_m: float
    ground_speed_mps: float
    track_deg: float | None
    at_s: float | None
    items: tuple[tuple[int, bytes], ...] = ()
    rest: bytes = b""  # after the last whole item, where the terminal's lengths do not add up

    @property
    def fixed(self) -> bool:
        """The terminal knows where it is; else the place is its last one, or none."""
        return bool(self.status & _FIXED)

    @property
    def shifted(self) -> bool:
        """Latitude and longitude went through the secrecy plug-in (保密插件): they are GCJ-02, whatever else is said.

        The plug-in is the one that navigation maps had to be made with, and its output is GCJ-02.
        """
        return bool(self.status & _SHIFTED)

    @property
    def sos(self) -> bool:
        """Somebody asks for help."""
        return bool(self.alarm & SOS)

    @property
    def alarms(self) -> tuple[str, ...]:
        """Names of the alarm bits that are set."""
        return tuple(name for bit, name in ALARMS.items() if self.alarm >> bit & 1)

    @property
    def systems(self) -> tuple[str, ...]:
        """Satellite systems the fix was made with."""
        return tuple(name for bit, name in _SYSTEMS.items() if self.status >> bit & 1)

    def extras(self) -> tuple[dict[str, float], dict[str, str]]:
        """The items: those with a meaning by name in SI units, the others by id in hex. A later repeat wins."""
        named: dict[str, float] = {}
        raw: dict[str, str] = {}
        for number, value in self.items:
            name, size, unit = _ITEMS.get(number, ("", -1, 1))
            if len(value) == size:
                named[name] = round(int.from_bytes(value) * unit, 6)
            else:
                raw[f"{number:02x}"] = value.hex()
        return named, raw


def read(body: bytes) -> Position:
    """A position body. Raises Malformed naming the field."""
    if len(body) < _BASE.size:
        raise Malformed("position", f"{len(body)} bytes are less than {_BASE.size}")
    alarm, status, lat, lon, altitude_m, speed, direction, time = _BASE.unpack_from(body)
    lat_deg, lon_deg = round(lat * _DEGREE, 6), round(lon * _DEGREE, 6)
    if lat_deg > 90.0:
        raise Malformed("lat_deg", f"{lat_deg} is more than 90")
    if lon_deg > 180.0:
        raise Malformed("lon_deg", f"{lon_deg} is more than 180")
    items, rest = _items(body[_BASE.size :])
    return Position(
        alarm=alarm,
        status=status,
        lon_deg=-lon_deg if status & _WEST and lon else lon_deg,
        lat_deg=-lat_deg if status & _SOUTH and lat else lat_deg,
        altitude_m=float(altitude_m),
        ground_speed_mps=speed * _SPEED_MPS,
        track_deg=float(direction % 360) if direction <= 360 else None,
        at_s=_utc_s(time),
        items=items,
        rest=rest,
    )


def _items(body: bytes) -> tuple[tuple[tuple[int, bytes], ...], bytes]:
    found = []
    at = 0
    while at + 2 <= len(body):
        end = at + 2 + body[at + 1]
        if end > len(body):
            break
        found.append((body[at], body[at + 2 : end]))
        at = end
    return tuple(found), body[at:]


def _utc_s(time: bytes) -> float | None:
    """BCD yymmddhhmmss, GMT+8. None for all zeros. Raises Malformed."""
    digits = time.hex()
    if digits == "000000000000":
        return None
    try:
        year, month, day, hour, minute, second = (int(digits[at : at + 2]) for at in range(0, 12, 2))
        local = datetime(2000 + year, month, day, hour, minute, second, tzinfo=_GMT8)
    except ValueError:
        raise Malformed("time", f"{digits} is not yymmddhhmmss") from None
    return local.astimezone(UTC).timestamp()
