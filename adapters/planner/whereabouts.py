"""Where the picture sees the aircraft that fly a tasking."""

from datetime import UTC, datetime, timedelta

from dispatch.geo import Position
from dispatch.identity import REGISTRATION, word
from dispatch.picture import TrackPicture
from dispatch.sighting import ICAO24
from dispatch.tracks import Track
from dispatch.world import IN_THE_AIR, World
from optimizer.situation_commitments import Sighted

FRESH = timedelta(seconds=120)  # an older position says less than the clock does


def whereabouts(world: World, picture: TrackPicture, now: datetime) -> dict[str, Sighted]:
    """By aircraft id: those in the air of which a fresh position is known. Reactor thread only."""
    seen: dict[str, Sighted] = {}
    for tasking in world.taskings.values():
        if tasking.site != world.site or tasking.state not in IN_THE_AIR:
            continue
        track = _track(picture, tasking.aircraft_id, tasking.aircraft_icao24)
        if track is None or track.lon_deg is None or track.lat_deg is None or track.position_at_s is None:
            continue
        at = datetime.fromtimestamp(track.position_at_s, UTC)
        if now - at <= FRESH:
            position = Position(lon_deg=track.lon_deg, lat_deg=track.lat_deg)
            seen[tasking.aircraft_id] = Sighted(position=position, at=at)
    return seen


def _track(picture: TrackPicture, aircraft_id: str, icao24: str) -> Track | None:
    by_address = picture.get(f"{ICAO24}:{icao24}") if icao24 else None
    return by_address or picture.get(f"{REGISTRATION}:{word(aircraft_id)}")
