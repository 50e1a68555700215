"""Where a camera looked, for the index: over level ground, for it finds recordings and measures nothing.

With the corners that the packet states, or those its angles give on the level of its own centre; where neither is to
be had, the centre, the target or the sensor's own place. What the map draws is worked out over the terrain, elsewhere.
"""

from collections.abc import Iterable
from math import nan

from protocols.codec import video as codec
from protocols.frames import BadFrame
from protocols.klv import KlvError, decode, footprint, split
from protocols.video_segment import LookAt

_DECIMALS = 5  # about a metre


def look_of(at_us: int, message: bytes) -> LookAt | None:
    """Of one VideoTold message with KLV; None where it says no place."""
    frame = None
    for packet in split(codec.read_klv(message).data):
        if isinstance(packet, BadFrame):
            continue
        try:
            frame = decode(packet)
        except KlvError:
            continue
    if frame is None:
        return None
    seen = footprint(frame, lambda _lon, _lat: nan)
    if seen is None:
        return None
    corners = list(seen.corners or ())
    centre = seen.target or seen.centre or (corners[0] if corners else None) or seen.sensor
    if centre is None:
        return None
    places = [*corners, centre, *((seen.centre,) if seen.centre else ())]
    lons, lats = _rounded(place[0] for place in places), _rounded(place[1] for place in places)
    lon, lat = _rounded(centre)
    return LookAt(at_us, lon, lat, min(lons), min(lats), max(lons), max(lats))


def _rounded(degrees: Iterable[float]) -> list[float]:
    return [round(each, _DECIMALS) for each in degrees]
