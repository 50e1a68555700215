"""Which of the picture's things are inside a box."""

from dispatch.gate import Indices
from dispatch.picture import TrackPicture


def inside(picture: TrackPicture, bounds: tuple[float, float, float, float] | None) -> Indices:
    """Places in `things`; all of them without bounds. West may be east of east: over the antimeridian."""
    slots = picture.changed(0).slots
    if bounds is None:
        return slots
    west, south, east, north = bounds
    best = picture.things.best_row[slots]
    lon, lat = picture.rows.lon_deg[best], picture.rows.lat_deg[best]
    across = (west <= lon) & (lon <= east) if west <= east else (lon >= west) | (lon <= east)
    return slots[across & (south <= lat) & (lat <= north)]
