"""One packet of MISB ST 0601 to a `KlvFrame`. Where an item has an older and a newer form, the newer one is taken.

The time is UTC as tag 2 has it. Where the packet says that its clock runs without leap seconds (tag 136) or was found to be
off (tag 137), the one is taken away and the other added (ST 0601 §8.136, 8.137); most encoders send UTC and neither.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from protocols.klv import items, local_set
from protocols.klv.frame import Corners, KlvFrame, LonLat
from protocols.klv.items import Item

_LEAP_SECONDS, _CORRECTION_US = 136, 137
_REPEATED = frozenset((100, 101, 102, 115))  # that the standard lets come more than once


def decode(packet: bytes) -> KlvFrame:
    """One whole packet, from label to checksum. Raises KlvError for what concerns the set; an item's fault is its own."""
    read: dict[int, Item] = {}
    for tag, raw in local_set.cut(packet):
        item = items.read(tag, raw)
        if tag in read and tag not in _REPEATED:
            item = replace(item, warning=item.warning or "came more than once")
        read[tag] = item
    return KlvFrame(
        time_utc=_time(read),
        version=_count(read, 65),
        platform_heading_deg=_number(read, 5),
        platform_pitch_deg=_number(read, 90, 6),
        platform_roll_deg=_number(read, 91, 7),
        ground_speed_mps=_number(read, 56),
        sensor_lon_deg=_number(read, 14),
        sensor_lat_deg=_number(read, 13),
        sensor_altitude_m=_number(read, 15),
        sensor_height_m=_number(read, 104, 75),
        horizontal_fov_deg=_number(read, 16),
        vertical_fov_deg=_number(read, 17),
        relative_azimuth_deg=_number(read, 18),
        relative_elevation_deg=_number(read, 19),
        relative_roll_deg=_number(read, 20),
        slant_range_m=_number(read, 21),
        centre_lon_deg=_number(read, 24),
        centre_lat_deg=_number(read, 23),
        centre_elevation_m=_number(read, 25),
        target_width_m=_number(read, 96, 22),
        target_lon_deg=_number(read, 41),
        target_lat_deg=_number(read, 40),
        target_elevation_m=_number(read, 42),
        corners=_corners(read),
        mission_id=_text(read, 3),
        tail_number=_text(read, 4),
        platform=_text(read, 10),
        call_sign=_text(read, 59),
        sensor=_text(read, 11),
        target_id=_text(read, 129),
        items=read,
    )


def _number(read: Mapping[int, Item], *tags: int) -> float | None:
    """The first of these that has a value."""
    for tag in tags:
        value = read[tag].value if tag in read else None
        if isinstance(value, int | float):
            return float(value)
    return None


def _count(read: Mapping[int, Item], tag: int) -> int | None:
    value = read[tag].value if tag in read else None
    return value if isinstance(value, int) else None


def _text(read: Mapping[int, Item], tag: int) -> str | None:
    value = read[tag].value if tag in read else None
    return value if isinstance(value, str) else None


def _time(read: Mapping[int, Item]) -> datetime | None:
    at = read[2].value if 2 in read else None
    if not isinstance(at, datetime):
        return None
    leaps, late_us = _count(read, _LEAP_SECONDS) or 0, _count(read, _CORRECTION_US) or 0
    try:
        return at + timedelta(seconds=-leaps, microseconds=late_us)
    except OverflowError:  # their sum is outside the calendar
        return None


def _corners(read: Mapping[int, Item]) -> Corners | None:
    """Of tags 82 to 89, else of the offsets from the centre, 26 to 33. All four or none."""
    whole = _four(read, 82)
    if whole is not None:
        return whole
    lon, lat, offsets = _number(read, 24), _number(read, 23), _four(read, 26)
    if lon is None or lat is None or offsets is None:
        return None
    a, b, c, d = ((_turned(lon + east), max(-90.0, min(90.0, lat + north))) for east, north in offsets)
    return a, b, c, d


def _four(read: Mapping[int, Item], first: int) -> Corners | None:
    found: list[LonLat] = []
    for tag in range(first, first + 8, 2):
        lat, lon = _number(read, tag), _number(read, tag + 1)
        if lat is None or lon is None:
            return None
        found.append((lon, lat))
    a, b, c, d = found
    return a, b, c, d


def _turned(lon_deg: float) -> float:
    """Within -180 to 180."""
    return (lon_deg + 180.0) % 360.0 - 180.0
