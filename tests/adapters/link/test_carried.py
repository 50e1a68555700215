"""What is carried between sites, and in which dress."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from adapters.link import carried
from dispatch.geo import Position
from dispatch.kinds import AltitudeDatum, Role, SourceKind, TaskingAction
from dispatch.picture import TrackPicture
from dispatch.sighting import Sighting
from dispatch.world import World
from protocols.codec import facts
from protocols.codec.link import LinkTrack
from protocols.rows import Row
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
    assert taken == leaving
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
