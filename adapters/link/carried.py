"""Journal rows on their way out and in, tracks on theirs: what is carried, in which dress. No IO.

Out: rows the partner may have, verbatim or in their derived form where something is left out, with the site in place
of the person and the row's own number in place of the command's key: keys are unique per person, and persons stay at
home. In: rows the partner may say; the rest is
named with its reason and never reaches the desk.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

from dispatch import consent_policy, facts, partner
from dispatch.consent_kinds import ObjectClass
from dispatch.consent_records import SentRow
from dispatch.errors import GanyingError, Malformed, Refused
from dispatch.facts import Recorded
from dispatch.freshness import LIMITS
from dispatch.geo import Position
from dispatch.kinds import SourceKind
from dispatch.picture import TrackPicture
from dispatch.sighting import Sighting
from dispatch.tracks import Track
from dispatch.world import World
from protocols.codec.facts import KINDS, decode, encode
from protocols.codec.link import LinkTrack
from protocols.rows import Row

_SHAREABLE_KINDS = frozenset(cls.__name__ for cls in partner.SHAREABLE)
JUDGED_ROWS = 32  # read in one go on the reactor: about 0.1 ms each, and 10 ms is the limit
# Our own receivers outrank a partner's word while they hear the aircraft themselves.
OWN_EYES_S = LIMITS[SourceKind.ADSB].dim_s


def outgoing(
    world: World, rows: Iterable[Row], to: str, through: int, now: datetime | None = None
) -> tuple[list[Row], int]:
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
        form = partner.leaving(world, _recorded(row, fact), to, now)
        if form is not None:
            body = row.body if form is fact else encode(form)[1]
            leaving.append(replace(row, actor=world.site, command_id=str(row.origin_seq), body=body))
    return leaving, through


def sent_rows(leaving: Iterable[Row], own: Iterable[Row]) -> Iterator[SentRow]:
    """What the audit keeps of rows that leave; `own` are the same rows as they stand here."""
    at_home = {row.seq: row.body for row in own}
    for row in leaving:
        yield SentRow(
            seq=row.seq,
            kind=row.kind,
            object_class=partner.class_of(KINDS[row.kind]),
            bytes=len(row.body),
            sha256=sha256(row.body).hexdigest(),
            derived=at_home.get(row.seq) != row.body,
        )


def near_border(
    world: World, picture: TrackPicture, in_band: Callable[[float, float], bool], now: datetime, to: str
) -> frozenset[str]:
    """24-bit addresses of our aircraft on any tasking that are in the band of site `to`, where tracks may leave."""
    terms = consent_policy.terms_towards(world, to, now)
    if (
        terms is None
        or not (terms.band_m or terms.area)
        or consent_policy.withheld(terms, ObjectClass.TRACKS) is None
    ):
        return frozenset()
    found = set()
    for tasking in world.taskings.values():
        flies = tasking.site == world.site and tasking.state in partner.FLYING_FOR and tasking.aircraft_icao24
        if not flies or consent_policy.aircraft_stays(world, tasking.aircraft_id, tasking.operator_id):
            continue
        track = picture.of_icao24(tasking.aircraft_icao24)
        if track is None or track.lon_deg is None or track.lat_deg is None:
            continue
        if in_band(track.lon_deg, track.lat_deg):
            found.add(tasking.aircraft_icao24)
    return frozenset(found)


def incoming(
    world: World, rows: Sequence[Row], origin: str
) -> tuple[list[tuple[Row, facts.Fact]], list[tuple[int, GanyingError]]]:
    """The rows that `origin` may say with what they say, and the numbers of the others with why not."""
    taken: list[tuple[Row, facts.Fact]] = []
    turned_away: list[tuple[int, GanyingError]] = []
    for row in rows:
        try:
            if row.origin != origin:
                raise Refused("NOT_OWNER", f"a row of site {row.origin[:40]!r}", field="origin")
            fact = decode(row.kind, row.body)
            partner.check_received(world, fact, origin)
            if row.origin_seq < world.consent_book.ended.get(origin, 0) and _is_copy(row.kind):
                # said before its consent ended and passed by that on a faster lane: its copy would have to go at once
                raise Refused("NO_CONSENT", "the consent it was said under has ended", field="origin_seq")
            taken.append((row, fact))
        except (Malformed, Refused) as error:
            turned_away.append((row.seq, error))
    return taken, turned_away


def _is_copy(kind: str) -> bool:
    return partner.class_of(KINDS[kind]) != partner.AGREEMENT


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
    picture: TrackPicture,
    addresses: Iterable[str],
    sent: Mapping[str, float],
    now: datetime,
    every_s: float = 0.0,
) -> Iterator[tuple[float, LinkTrack]]:
    """Tracks of these aircraft, seen by our own sources, whose position is not the one `sent`; with its time.

    Thinned: none whose last position left less than `every_s` before this one.
    """
    for icao24 in addresses:
        track = picture.of_icao24(icao24)
        if track is None or track.source_kind is SourceKind.PARTNER:
            continue
        if track.lon_deg is None or track.lat_deg is None or track.position_at_s is None:
            continue
        last_s = sent.get(icao24)
        # a quarter of a second early, so that a cadence that equals the thinning is not halved
        if last_s is None or abs(track.position_at_s - last_s) >= max(every_s - 0.25, 1e-6):
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
