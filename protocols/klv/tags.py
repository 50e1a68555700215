"""The items of ST 0601 by tag: name with unit, and how its bytes are read. A tag that is not here is kept as bytes.

Source: MISB ST 0601 §8 "UAS Datalink Local Set items", one clause an item (8.1 is tag 1, and so on), revision 19 in
numbers and ranges. Angles degrees, lengths metres, speeds m/s, pressures hPa. Heights: `altitude` and `elevation` are above mean sea
level, `height` above the WGS-84 ellipsoid.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Form(StrEnum):
    """How an item's bytes are read."""

    UNSIGNED = "unsigned"  # linear over low to high, in `width` bytes
    SIGNED = "signed"  # linear over -high to high; the smallest integer is `special`
    IMAPB = "imapb"  # ST 1201, any width up to eight bytes
    COUNT = "count"  # an unsigned integer as it is; `width` 0: one to eight bytes
    INTEGER = "integer"  # a signed one
    TIME = "time"  # microseconds
    TEXT = "text"  # UTF-8, at most 127 bytes
    SET = "set"  # a local set in the local set; its items are cut, not read
    BYTES = "bytes"  # kept as it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """One item's definition."""

    name: str
    form: Form
    width: int = 0
    low: float = 0.0
    high: float = 0.0
    special: str = ""


OUT_OF_RANGE, RESERVED, OFF_EARTH = "out_of_range", "reserved", "off_earth"
CHECKSUM, TIME, TARGET_WIDTH = 1, 2, 22


def _unsigned(name: str, width: int, low: float, high: float) -> Tag:
    return Tag(name=name, form=Form.UNSIGNED, width=width, low=low, high=high)


def _signed(name: str, width: int, most: float, special: str) -> Tag:
    return Tag(name=name, form=Form.SIGNED, width=width, low=-most, high=most, special=special)


def _imapb(name: str, low: float, high: float) -> Tag:
    return Tag(name=name, form=Form.IMAPB, low=low, high=high)


def _count(name: str, width: int = 0) -> Tag:
    return Tag(name=name, form=Form.COUNT, width=width)


def _text(name: str) -> Tag:
    return Tag(name=name, form=Form.TEXT)


def _altitude(name: str) -> Tag:
    return _unsigned(name, 2, -900.0, 19_000.0)


def _set(name: str) -> Tag:
    return Tag(name=name, form=Form.SET)


def _bytes(name: str) -> Tag:
    return Tag(name=name, form=Form.BYTES)


def _corners(first: int, width: int, most: tuple[float, float], name: str) -> dict[int, Tag]:
    """Four pairs of latitude and longitude, from the picture's upper left corner clockwise."""
    made = {}
    for number in range(4):
        for part, axis in enumerate(("lat", "lon")):
            made[first + 2 * number + part] = _signed(
                f"{name}_{number + 1}_{axis}_deg", width, most[part], OFF_EARTH
            )
    return made


TAGS: Mapping[int, Tag] = {
    1: Tag(name="checksum", form=Form.COUNT, width=2),
    2: Tag(name="time", form=Form.TIME, width=8),
    3: _text("mission_id"),
    4: _text("tail_number"),
    5: _unsigned("platform_heading_deg", 2, 0.0, 360.0),
    6: _signed("platform_pitch_deg", 2, 20.0, OUT_OF_RANGE),
    7: _signed("platform_roll_deg", 2, 50.0, OUT_OF_RANGE),
    8: _count("true_airspeed_mps", 1),
    9: _count("indicated_airspeed_mps", 1),
    10: _text("platform"),
    11: _text("sensor"),
    12: _text("coordinate_system"),
    13: _signed("sensor_lat_deg", 4, 90.0, RESERVED),
    14: _signed("sensor_lon_deg", 4, 180.0, RESERVED),
    15: _altitude("sensor_altitude_m"),
    16: _unsigned("horizontal_fov_deg", 2, 0.0, 180.0),
    17: _unsigned("vertical_fov_deg", 2, 0.0, 180.0),
    18: _unsigned("relative_azimuth_deg", 4, 0.0, 360.0),
    19: _signed("relative_elevation_deg", 4, 180.0, RESERVED),
    20: _unsigned("relative_roll_deg", 4, 0.0, 360.0),
    21: _unsigned("slant_range_m", 4, 0.0, 5_000_000.0),
    22: _unsigned("target_width_m", 2, 0.0, 10_000.0),
    23: _signed("centre_lat_deg", 4, 90.0, OFF_EARTH),
    24: _signed("centre_lon_deg", 4, 180.0, OFF_EARTH),
    25: _altitude("centre_elevation_m"),
    **_corners(26, 2, (0.075, 0.075), "corner_offset"),
    34: _count("icing", 1),
    35: _unsigned("wind_from_deg", 2, 0.0, 360.0),
    36: _unsigned("wind_speed_mps", 1, 0.0, 100.0),
    37: _unsigned("static_pressure_hpa", 2, 0.0, 5_000.0),
    38: _altitude("density_altitude_m"),
    39: Tag(name="air_temperature_c", form=Form.INTEGER, width=1),
    40: _signed("target_lat_deg", 4, 90.0, OFF_EARTH),
    41: _signed("target_lon_deg", 4, 180.0, OFF_EARTH),
    42: _altitude("target_elevation_m"),
    43: _unsigned("track_gate_width_px", 1, 0.0, 510.0),
    44: _unsigned("track_gate_height_px", 1, 0.0, 510.0),
    45: _unsigned("target_ce90_m", 2, 0.0, 4_095.0),
    46: _unsigned("target_le90_m", 2, 0.0, 4_095.0),
    47: _count("generic_flags", 1),
    48: _set("security"),
    49: _unsigned("differential_pressure_hpa", 2, 0.0, 5_000.0),
    50: _signed("angle_of_attack_deg", 2, 20.0, OUT_OF_RANGE),
    51: _signed("vertical_speed_mps", 2, 180.0, OUT_OF_RANGE),
    52: _signed("sideslip_deg", 2, 20.0, OUT_OF_RANGE),
    53: _unsigned("airfield_pressure_hpa", 2, 0.0, 5_000.0),
    54: _altitude("airfield_elevation_m"),
    55: _unsigned("relative_humidity_percent", 1, 0.0, 100.0),
    56: _count("ground_speed_mps", 1),
    57: _unsigned("ground_range_m", 4, 0.0, 5_000_000.0),
    58: _unsigned("fuel_kg", 2, 0.0, 10_000.0),
    59: _text("call_sign"),
    60: _count("weapon_load", 2),
    61: _count("weapon_fired", 1),
    62: _count("laser_prf_code", 2),
    63: _count("fov_name", 1),
    64: _unsigned("magnetic_heading_deg", 2, 0.0, 360.0),
    65: _count("version", 1),
    67: _signed("alternate_lat_deg", 4, 90.0, RESERVED),
    68: _signed("alternate_lon_deg", 4, 180.0, RESERVED),
    69: _altitude("alternate_altitude_m"),
    70: _text("alternate_name"),
    71: _unsigned("alternate_heading_deg", 2, 0.0, 360.0),
    72: Tag(name="event_start", form=Form.TIME, width=8),
    73: _set("remote_video_terminal"),
    74: _set("moving_targets"),
    75: _altitude("sensor_height_m"),
    76: _altitude("alternate_height_m"),
    77: _count("operational_mode", 1),
    78: _altitude("centre_height_m"),
    79: _signed("velocity_north_mps", 2, 327.0, OUT_OF_RANGE),
    80: _signed("velocity_east_mps", 2, 327.0, OUT_OF_RANGE),
    81: _bytes("image_horizon"),
    **_corners(82, 4, (90.0, 180.0), "corner"),
    90: _signed("platform_pitch_full_deg", 4, 90.0, OUT_OF_RANGE),
    91: _signed("platform_roll_full_deg", 4, 90.0, OUT_OF_RANGE),
    92: _signed("angle_of_attack_full_deg", 4, 90.0, OUT_OF_RANGE),
    93: _signed("sideslip_full_deg", 4, 180.0, OUT_OF_RANGE),
    94: _bytes("core_identifier"),
    95: _set("sar_motion_imagery"),
    96: _imapb("target_width_extended_m", 0.0, 1_500_000.0),
    97: _set("range_image"),
    98: _set("geo_registration"),
    99: _set("composite_imaging"),
    100: _set("segment"),
    101: _set("amend"),
    102: _bytes("sdcc_flp"),
    103: _imapb("density_altitude_extended_m", -900.0, 40_000.0),
    104: _imapb("sensor_height_extended_m", -900.0, 40_000.0),
    105: _imapb("alternate_height_extended_m", -900.0, 40_000.0),
    106: _text("stream"),
    107: _text("operational_base"),
    108: _text("broadcast_source"),
    109: _imapb("range_to_recovery_km", 0.0, 21_000.0),
    110: _count("airborne_s"),
    111: _count("propulsion_rpm"),
    112: _imapb("course_deg", 0.0, 360.0),
    113: _imapb("altitude_agl_m", -900.0, 40_000.0),
    114: _imapb("radar_altimeter_m", -900.0, 40_000.0),
    115: _bytes("control_command"),
    116: _bytes("control_command_verification"),
    117: _imapb("sensor_azimuth_rate_dps", -1_000.0, 1_000.0),
    118: _imapb("sensor_elevation_rate_dps", -1_000.0, 1_000.0),
    119: _imapb("sensor_roll_rate_dps", -1_000.0, 1_000.0),
    120: _imapb("storage_full_percent", 0.0, 100.0),
    121: _bytes("active_wavelengths"),
    122: _bytes("country_codes"),
    123: _count("satellites", 1),
    124: _count("positioning_source", 1),
    125: _count("platform_status", 1),
    126: _count("sensor_control_mode", 1),
    127: _bytes("frame_rate"),
    128: _bytes("wavelengths"),
    129: _text("target_id"),
    130: _bytes("airbases"),
    131: Tag(name="take_off", form=Form.TIME),
    132: _imapb("transmission_mhz", 1.0, 99_999.0),
    133: _count("storage_gb"),
    134: _imapb("zoom_percent", 0.0, 100.0),
    135: _text("communications"),
    136: Tag(name="leap_seconds", form=Form.INTEGER),
    137: Tag(name="time_correction_us", form=Form.INTEGER),
    138: _bytes("payloads"),
    139: _bytes("active_payloads"),
    140: _bytes("weapons"),
    141: _bytes("waypoints"),
    142: _bytes("view_domain"),
    143: _bytes("substream_id"),
}
