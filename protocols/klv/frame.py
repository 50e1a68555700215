"""What one packet says of one moment of the picture, typed: who, when, from where, looking where, at what.

Angles degrees, lengths metres, positions WGS-84. `altitude` and `elevation` are above mean sea level, `height` above the
ellipsoid. The platform's heading is true; pitch is nose up, roll right wing down. The sensor's azimuth is clockwise from
the nose, its elevation up from the platform's plane, its roll clockwise as seen from behind (MISB ST 0601 §8.18 to 8.20).
Everything else that was sent is in `items`, unknown tags as bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from protocols.klv.items import Item

LonLat = tuple[float, float]
Corners = tuple[LonLat, LonLat, LonLat, LonLat]


@dataclass(frozen=True, slots=True, kw_only=True)
class KlvFrame:
    """One ST 0601 packet. None is: not said, said to be unknown, or a fault (see `faults`).

    `corners` begin at the picture's upper left and go clockwise. `items` in the order of the packet, the last of a tag
    that came twice.
    """

    time_utc: datetime | None
    version: int | None

    platform_heading_deg: float | None
    platform_pitch_deg: float | None
    platform_roll_deg: float | None
    ground_speed_mps: float | None

    sensor_lon_deg: float | None
    sensor_lat_deg: float | None
    sensor_altitude_m: float | None
    sensor_height_m: float | None
    horizontal_fov_deg: float | None
    vertical_fov_deg: float | None
    relative_azimuth_deg: float | None
    relative_elevation_deg: float | None
    relative_roll_deg: float | None
    slant_range_m: float | None

    centre_lon_deg: float | None
    centre_lat_deg: float | None
    centre_elevation_m: float | None
    target_width_m: float | None
    target_lon_deg: float | None
    target_lat_deg: float | None
    target_elevation_m: float | None
    corners: Corners | None

    mission_id: str | None
    tail_number: str | None
    platform: str | None
    call_sign: str | None
    sensor: str | None
    target_id: str | None

    items: Mapping[int, Item]

    @property
    def unknown(self) -> Mapping[int, bytes]:
        """Tags that the table has not, with their bytes."""
        return {tag: item.raw for tag, item in self.items.items() if not item.name}

    @property
    def faults(self) -> tuple[Item, ...]:
        """Items that could not be read."""
        return tuple(item for item in self.items.values() if item.fault is not None)

    @property
    def warnings(self) -> tuple[Item, ...]:
        """Items that were read although they break the standard."""
        return tuple(item for item in self.items.values() if item.warning)
