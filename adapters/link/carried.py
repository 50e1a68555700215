"""Journal rows on their way out and in, tracks on theirs: what is carried, in which dress. No IO.

Out: rows the partner may have, with the site in place of the person and the row's own number in place of the
command's key: keys are unique per person, and persons stay at home. In: rows the partner may say; the rest is
named with its reason and never reaches the desk.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from dispatch import facts, partner
from dispatch.errors import GanyingError, Malformed, Refused
from dispatch.facts import Recorded
from dispatch.freshness import LIMITS
from dispatch.geo import Position
from dispatch.kinds import SourceKind
from dispatch.picture import TrackPicture
from dispatch.sighting import Sighting
from dispatch.tracks import Track
from dispatch.world import World
from protocols.codec.facts import decode
from protocols.codec.link import LinkTrack
from protocols.rows import Row

_SHAREABLE_KINDS = frozenset(cls.__name__ for cls in partner.SHAREABLE)
JUDGED_ROWS = 32  # read in one go on the reactor: about 0.1 ms each, and 10 ms is the limit
# Our own receivers outrank a partner's word while they hear the aircraft themselves.
OWN_EYES_S = LIMITS[SourceKind.ADSB].dim_s


def outgoing(world: World, rows: Iterable[Row], to: str, through: int) -> tuple[list[Row], int]:
    """Of our rows up to `through`, those that site `to` may have, as it may have them; and how far we got.

    Stops after JUDGED_ROWS that had to be read. `world` holds at least everything up to `through`.
    """
    leaving: list[Row] = []
    judged = 0
    for row in rows:
        if row.seq > through or judged == JUDGED_ROWS:
            return leaving, min(through, row.seq - 1)
        if row.origin != world.site or row.kind not in _SHAREABLE_KINDS:
            continue  # most rows: not even read
        judged += 1
        try:
            fact = decode(row.kind, row.body)
        except Malformed:
            continue  # our own journal is checked by `journal verify`; what cannot be read cannot be judged
        if partner.shareable(world, _recorded(row, fact), to):
            leaving.append(replace(row, actor=world.site, command_id=str(row.origin_seq)))
    return leaving, through


def incoming(
    world: World, rows: Sequence[Row], origin: str
) -> tuple[list[Row], list[tuple[int, GanyingError]]]:
    """The rows that `origin` may say, and the numbers of the others with why not."""
    taken: list[Row] = []
    turned_away: list[tuple[int, GanyingError]] = []
    for row in rows:
        try:
            if row.origin != origin:
                raise Refused("NOT_OWNER", f"a row of site {row.origin[:40]!r}", field="origin")
            partner.check_received(world, decode(row.kind, row.body), origin)
            taken.append(row)
        except (Malformed, Refused) as error:
            turned_away.append((row.seq, error))
    return taken, turned_away


def _recorded(row: Row, fact: facts.Fact) -> Recorded:
    return Recorded(
        seq=row.seq,
        at=row.at,
        origin=row.origin,
        origin_seq=row.origin_seq,
        command_id=row.command_id,
        part=row.part,
        actor=row.actor,
        role=row.role,
        fact=fact,
    )


def moved_tracks(
    picture: TrackPicture, addresses: Iterable[str], sent: Mapping[str, float], now: datetime
) -> Iterator[tuple[float, LinkTrack]]:
    """Tracks of these aircraft, seen by our own sources, whose position is not the one `sent`; with its time."""
    for icao24 in addresses:
        track = picture.of_icao24(icao24)
        if track is None or track.source_kind is SourceKind.PARTNER:
            continue
        if track.lon_deg is None or track.lat_deg is None or track.position_at_s is None:
            continue
        if sent.get(icao24) != track.position_at_s:
            position = Position(lon_deg=track.lon_deg, lat_deg=track.lat_deg)
            age_ms = max(0, round((now.timestamp() - track.position_at_s) * 1000))
            yield track.position_at_s, _link_track(track, position, age_ms)


def _link_track(track: Track, position: Position, age_ms: int) -> LinkTrack:
    return LinkTrack(
        icao24=track.icao24,
        position=position,
        age_ms=age_ms,
        altitude_m=track.altitude_m,
        altitude_datum=track.altitude_datum,
        ground_speed_mps=track.ground_speed_mps,
        track_deg=track.track_deg,
        vertical_rate_mps=track.vertical_rate_mps,
        callsign=track.callsign or "",
        squawk=track.squawk or "",
        on_ground=bool(track.on_ground),
        simulated=track.simulated,
    )


def sighting(track: LinkTrack, age: timedelta, site: str, now: datetime) -> Sighting:
    """A partner's track as a sighting of source `site`."""
    return Sighting(
        source=site,
        source_kind=SourceKind.PARTNER,
        icao24=track.icao24,
        observed_at_s=(now - age).timestamp(),
        lon_deg=track.position.lon_deg,
        lat_deg=track.position.lat_deg,
        altitude_m=track.altitude_m,
        altitude_datum=track.altitude_datum,
        ground_speed_mps=track.ground_speed_mps,
        track_deg=track.track_deg,
        vertical_rate_mps=track.vertical_rate_mps,
        callsign=track.callsign or None,
        squawk=track.squawk or None,
        on_ground=track.on_ground,
        simulated=track.simulated,
    )


def seen_ourselves(picture: TrackPicture, icao24: str, now: datetime) -> bool:
    """Whether our own sources have a fresh position of this aircraft."""
    track = picture.of_icao24(icao24)
    if track is None or track.source_kind is SourceKind.PARTNER or track.position_at_s is None:
        return False
    return now.timestamp() - track.position_at_s < OWN_EYES_S
