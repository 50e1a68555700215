"""What is carried between sites, and in which dress."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from adapters.link import carried, columns
from dispatch.consent_kinds import ObjectClass
from dispatch.geo import Position
from dispatch.kinds import AltitudeDatum, Role, SourceKind, TaskingAction
from dispatch.picture import TrackPicture
from dispatch.sighting import Sighting
from dispatch.world import World
from protocols.codec import facts
from protocols.codec.link import LinkColumns, LinkTrack
from protocols.codec.track_states import STATE
from protocols.rows import Row
from tests.dispatch.consents import signed, terms
from tests.dispatch.scene import Scene
from tests.dispatch.test_partner import act, adopt, confirmed, share

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


def journal(scene: Scene) -> list[Row]:
    rows = []
    for made in scene.journal:
        kind, body = facts.encode(made.fact)
        rows.append(
            Row(
                seq=made.seq,
                at=made.at,
                origin=made.origin,
                origin_seq=made.origin_seq,
                command_id=made.command_id,
                part=made.part,
                actor=made.actor,
                role=made.role,
                kind=kind,
                body=body,
            )
        )
    return rows


def sortie() -> Scene:
    scene = Scene()
    incident_id = confirmed(scene)
    share(scene, incident_id)
    act(scene, adopt(scene, incident_id), TaskingAction.ORDER, Role.DUTY_CHIEF)
    return scene


def test_rows_leave_verbatim_with_the_site_in_place_of_the_person() -> None:
    scene = sortie()
    rows = journal(scene)
    leaving, through = carried.outgoing(scene.world, rows, "43", rows[-1].seq)
    assert through == rows[-1].seq
    at_home = {row.seq: row for row in rows}
    for row in leaving:
        own = at_home[row.seq]
        assert replace(own, actor="36", command_id=str(own.origin_seq)) == row
    assert {row.kind for row in leaving} >= {"IncidentShared", "TaskingAdopted", "AirspaceFiled"}


def test_no_two_rows_leave_under_one_key() -> None:
    scene = sortie()
    rows = [replace(row, command_id="the same") for row in journal(scene)]
    leaving, _ = carried.outgoing(scene.world, rows, "43", rows[-1].seq)
    assert len({(row.actor, row.command_id, row.part) for row in leaving}) == len(leaving)


def test_judging_stops_where_the_reactor_would_wait_and_goes_on_there() -> None:
    scene = sortie()
    shared = next(row for row in journal(scene) if row.kind == "IncidentShared")
    rows = [replace(shared, seq=100 + number, origin_seq=100 + number) for number in range(100)]
    got: list[Row] = []
    after = 99
    while after < 199:
        leaving, after = carried.outgoing(scene.world, [row for row in rows if row.seq > after], "43", 199)
        assert len(leaving) <= carried.JUDGED_ROWS
        got += leaving
    assert [row.seq for row in got] == [row.seq for row in rows]


def test_rows_beyond_what_the_world_knows_wait() -> None:
    scene = sortie()
    rows = journal(scene)
    leaving, through = carried.outgoing(scene.world, rows, "43", rows[-2].seq)
    assert through == rows[-2].seq
    assert all(row.seq <= through for row in leaving)


def test_what_does_not_read_in_our_own_journal_stays_at_home() -> None:
    scene = sortie()
    rows = [replace(row, body=b"\xff\xff") for row in journal(scene)]
    assert carried.outgoing(scene.world, rows, "43", rows[-1].seq) == ([], rows[-1].seq)


def test_a_partners_rows_are_told_apart() -> None:
    scene = sortie()
    leaving, _ = carried.outgoing(scene.world, journal(scene), "43", scene.journal[-1].seq)
    alien = replace(leaving[1], origin="42")
    broken = replace(leaving[1], body=b"\xff\xff")
    later = replace(leaving[1], kind="SomethingNew")
    taken, turned_away = carried.incoming(World.empty("43"), [*leaving, alien, broken, later], "36")
    assert [row for row, _ in taken] == leaving
    assert [error.code for _, error in turned_away] == ["NOT_OWNER", "MALFORMED", "MALFORMED"]


def own(**more: object) -> Sighting:
    values = {
        "source": "hill",
        "source_kind": SourceKind.ADSB,
        "icao24": "780001",
        "observed_at_s": NOW.timestamp() - 2,
        "lon_deg": 115.9,
        "lat_deg": 28.7,
        "altitude_m": 600.0,
        "altitude_datum": AltitudeDatum.PRESSURE,
    } | more
    return Sighting(**values)  # type: ignore[arg-type]  # test values by name


def test_a_track_is_sent_once_per_position_with_its_age() -> None:
    picture = TrackPicture()
    picture.accept(own(), NOW.timestamp())
    ((at_s, track),) = carried.moved_tracks(picture, ["780001", "unknown"], {}, NOW)
    assert (track.age_ms, track.altitude_m, track.altitude_datum) == (2000, 600.0, AltitudeDatum.PRESSURE)
    assert list(carried.moved_tracks(picture, ["780001"], {"780001": at_s}, NOW)) == []


def test_a_partners_track_is_not_sent_back() -> None:
    picture = TrackPicture()
    track = LinkTrack(icao24="780001", position=Position(lon_deg=115.9, lat_deg=28.7), age_ms=0)
    picture.accept(carried.sighting(track, timedelta(0), "43", NOW), NOW.timestamp())
    assert list(carried.moved_tracks(picture, ["780001"], {}, NOW)) == []


def test_our_own_eyes_come_first_while_they_see() -> None:
    picture = TrackPicture()
    picture.accept(own(), NOW.timestamp())
    assert carried.seen_ourselves(picture, "780001", NOW)
    assert not carried.seen_ourselves(picture, "780001", NOW + timedelta(seconds=30))
    assert not carried.seen_ourselves(picture, "780002", NOW)


def test_many_aircraft_are_looked_at_at_once_as_each_alone() -> None:
    """Our own and the partner's, fresh, stale, unknown and without a position."""
    picture = TrackPicture()
    for number, ago_s in ((1, 0), (2, 30), (3, 2)):
        heard_s = NOW.timestamp() - ago_s
        picture.accept(own(icao24=f"78000{number}", observed_at_s=heard_s), heard_s)
    theirs = LinkTrack(icao24="780004", position=Position(lon_deg=115.9, lat_deg=28.7), age_ms=0)
    picture.accept(carried.sighting(theirs, timedelta(0), "43", NOW), NOW.timestamp())
    picture.accept(own(icao24="780005", lon_deg=None, lat_deg=None), NOW.timestamp())
    states = np.zeros(6, STATE)
    states["number"] = np.arange(6) + 0x780001
    unseen = columns.unseen(picture, LinkColumns(at=NOW, states=states, labels=()), NOW)
    alone = [
        each for each in states["number"].tolist() if not carried.seen_ourselves(picture, f"{each:06x}", NOW)
    ]
    assert unseen["number"].tolist() == alone
    assert 0 < len(alone) < len(states)


def test_what_was_said_before_a_consent_ended_and_comes_after_it_is_turned_away() -> None:
    scene = sortie()
    rows = [row for row in journal(scene) if row.kind == "IncidentShared"]
    world = World.empty("43")
    taken, _ = carried.incoming(world, rows, "36")
    assert [row for row, _ in taken] == rows
    book = replace(world.consent_book, ended=world.consent_book.ended.set("36", rows[0].origin_seq + 1))
    taken, turned_away = carried.incoming(replace(world, consent_book=book), rows, "36")
    assert taken == []
    assert [error.code for _, error in turned_away] == ["NO_CONSENT"]


def test_tracks_are_thinned_to_the_seconds_of_the_consent() -> None:
    picture = TrackPicture()
    picture.accept(own(), NOW.timestamp())
    ((at_s, _),) = carried.moved_tracks(picture, ["780001"], {}, NOW, 5.0)
    for ago_s, leaves in ((1.0, False), (4.0, False), (5.0, True)):
        sent = {"780001": at_s - ago_s}
        assert bool(list(carried.moved_tracks(picture, ["780001"], sent, NOW, 5.0))) == leaves


def test_without_a_joint_incident_only_aircraft_in_the_band_are_shown() -> None:
    scene = Scene()
    tasking = adopt(scene, confirmed(scene))
    act(scene, tasking, TaskingAction.ORDER, Role.DUTY_CHIEF)
    act(scene, tasking, TaskingAction.ACCEPT, Role.OPERATOR)
    picture = TrackPicture()
    picture.accept(own(icao24=tasking.aircraft_icao24), NOW.timestamp())

    def shown(*, inside: bool) -> frozenset[str]:
        return carried.near_border(scene.world, picture, lambda _lon, _lat: inside, scene.now, "43")

    assert shown(inside=True) == frozenset()  # no consent names a band
    signed(scene, terms(ObjectClass.TRACKS, band_m=20_000))
    assert shown(inside=True) == {tasking.aircraft_icao24}
    assert shown(inside=False) == frozenset()
    signed(scene, terms(ObjectClass.INCIDENTS, band_m=20_000))
    assert shown(inside=True) == frozenset()
