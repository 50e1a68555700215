"""Who is who: people say, the picture follows at once, nothing is guessed, no key has two owners."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from immutables import Map

from dispatch.commands import Ask
from dispatch.decide import decide
from dispatch.errors import Forbidden, Malformed, Refused
from dispatch.facts import Recorded
from dispatch.fold import fold
from dispatch.identity import check_key, registry
from dispatch.kinds import Role, SourceKind, ThingKind
from dispatch.picture import TrackPicture
from dispatch.records import Identity
from dispatch.resource_commands import SaveIdentity
from dispatch.resource_facts import IdentitySaved
from dispatch.sighting import Sighting
from dispatch.world import World
from tests.dispatch.scene import Scene

NOW = 1_790_000_000.0
AT = datetime.fromtimestamp(NOW, UTC)


def identity(*keys: str, **said: object) -> Identity:
    made = Identity(id="", site="36", name="赣鹰01", thing_kind=ThingKind.HELICOPTER, keys=keys)
    return replace(made, **said)  # type: ignore[arg-type]  # any field, by name


def asked(what: Identity, version_seen: int = 0, key: str = "k1", role: Role | None = Role.DISPATCHER) -> Ask:
    command = SaveIdentity(identity=what, version_seen=version_seen)
    return Ask(actor="li", role=role, command_id=key, command=command)


def saved(world: World, ask: Ask) -> tuple[World, Identity]:
    (fact,) = decide(world, ask, AT)
    assert isinstance(fact, IdentitySaved)
    seq = world.seq + 1
    recorded = Recorded(
        seq=seq,
        at=AT,
        origin="36",
        origin_seq=seq,
        command_id=ask.command_id,
        part=0,
        actor="li",
        role=ask.role,
        fact=fact,
    )
    world = fold(world, recorded)
    return world, world.identities[fact.identity.id]


def terminal(number: str = "13912345678", lon_deg: float = 115.9, **said: object) -> Sighting:
    made = Sighting(
        source="beidou",
        source_kind=SourceKind.TERMINAL,
        own_key=f"jt808:{number}",
        observed_at_s=NOW,
        lon_deg=lon_deg,
        lat_deg=28.7,
        accuracy_m=10.0,
    )
    return replace(made, **said)  # type: ignore[arg-type]  # any field, by name


def adsb(icao24: str = "780abc", lon_deg: float = 115.9, **said: object) -> Sighting:
    made = Sighting(source="hill", source_kind=SourceKind.ADSB, icao24=icao24, lon_deg=lon_deg, lat_deg=28.7)
    return replace(made, **said)  # type: ignore[arg-type]  # any field, by name


def test_an_identity_is_created_changed_and_retired_with_its_history() -> None:
    world, made = saved(World.empty("36"), asked(identity("icao24:780abc")))
    assert made.id.startswith("36-IDN-")
    assert (made.version, made.history[0].actor) == (1, "li")
    world, made = saved(world, asked(replace(made, keys=("icao24:780abc", "jt808:1")), 1, "k2"))
    assert made.keys == ("icao24:780abc", "jt808:1")
    world, made = saved(world, asked(replace(made, retired=True), 2, "k3"))
    assert (made.retired, made.version, len(made.history)) == (True, 3, 3)
    _, other = saved(world, asked(identity("icao24:780abc", name="赣鹰02"), key="k4"))
    assert other.id != made.id


@pytest.mark.parametrize(
    ("what", "field"),
    [
        (identity("icao24:780ABC"), "keys[0]"),
        (identity("780abc"), "keys[0]"),
        (identity("icao24:780abc", "jt808:a b"), "keys[1]"),
        (identity("mac:00"), "keys[0]"),
        (identity(), "keys"),
        (identity(*[f"jt808:{n}" for n in range(33)]), "keys"),
        (identity("icao24:780abc", name=" "), "name"),
        (identity("icao24:780abc", aircraft_id="B-0000"), "aircraft_id"),
        (identity("icao24:780abc", id="36-IDN-NONE"), "id"),
    ],
)
def test_what_is_wrong_with_an_identity_is_named(what: Identity, field: str) -> None:
    with pytest.raises(Malformed) as caught:
        decide(World.empty("36"), asked(what), AT)
    assert caught.value.field == field


def test_a_key_has_one_owner_a_stale_edit_is_refused_and_operators_may_not() -> None:
    world, made = saved(World.empty("36"), asked(identity("icao24:780abc")))
    with pytest.raises(Refused) as caught:
        decide(world, asked(identity("icao24:780abc", name="赣鹰02"), key="k2"), AT)
    assert caught.value.code == "KEY_TAKEN"
    with pytest.raises(Refused) as caught:
        decide(world, asked(replace(made, note="x"), 0, "k3"), AT)
    assert caught.value.code == "CHANGED"
    with pytest.raises(Forbidden):
        decide(world, asked(identity("jt808:1"), key="k4", role=Role.OPERATOR), AT)


def test_words_are_compared_as_capitals_without_blanks() -> None:
    assert check_key("registration:b-70k3", "keys") == "registration:B-70K3"


def test_tracks_of_an_identity_become_one_thing_and_part_again() -> None:
    picture = TrackPicture()
    picture.accept(adsb(callsign="B70K3"), NOW)
    picture.accept(terminal(), NOW)
    assert len(picture) == 2
    tick = picture.tick
    world, made = saved(World.empty("36"), asked(identity("icao24:780abc", "jt808:13912345678")))
    picture.use_registry(registry(world.identities, Map()))
    (track,) = picture.tracks()
    assert (track.id, track.name, track.thing_kind, track.sources) == (
        made.id,
        "赣鹰01",
        ThingKind.HELICOPTER,
        2,
    )
    assert set(track.keys) == {"icao24:780abc", "jt808:13912345678"}
    assert (
        track.callsign == "B70K3"
    )  # the terminal stands for the position, the transponder gives the callsign
    assert track.source == "beidou"
    assert picture.of_icao24("780abc") == picture.get("jt808:13912345678") == track
    changes = picture.changed_since(tick)
    assert [one.id for one in changes.tracks] == [made.id]
    assert set(changes.lost) == {"icao24:780abc", "jt808:13912345678"}
    picture.use_registry(registry(Map(), Map()))
    assert sorted(one.id for one in picture.tracks()) == ["icao24:780abc", "jt808:13912345678"]


def test_a_newcomer_goes_to_the_thing_that_people_named_before_it_came() -> None:
    picture = TrackPicture()
    world, made = saved(World.empty("36"), asked(identity("icao24:780abc", "registration:B-70K3")))
    picture.use_registry(registry(world.identities, Map()))
    picture.accept(terminal(registration="b-70k3"), NOW)
    picture.accept(adsb(), NOW)
    assert [track.id for track in picture.tracks()] == [made.id]


def test_an_aircraft_of_the_fleet_is_known_by_its_registration_too() -> None:
    scene = Scene()
    picture = TrackPicture()
    picture.use_registry(registry(Map(), scene.world.aircraft))
    aircraft = next(one for one in scene.world.aircraft.values() if one.icao24)
    picture.accept(terminal(registration=aircraft.id), NOW)
    (track,) = picture.tracks()
    assert (track.id, track.name) == (f"icao24:{aircraft.icao24}", aircraft.name)


def test_same_callsigns_are_never_joined_without_people() -> None:
    picture = TrackPicture()
    picture.accept(adsb(callsign="GY01"), NOW)
    picture.accept(terminal(callsign="GY01"), NOW)
    assert len(picture) == 2
