"""Which source stands for a thing: the one whose position is likely best now; ages and accuracies decide."""

from dataclasses import replace

from immutables import Map

from dispatch.identity import Registry, registry
from dispatch.kinds import SourceKind
from dispatch.picture import TrackPicture
from dispatch.records import Identity
from dispatch.sighting import Sighting
from dispatch.tracks import Track
from tests.dispatch.batches import batch_of

NOW = 1_790_000_000.0


def one_thing() -> Registry:
    identity = Identity(
        id="36-IDN-1", site="36", name="赣鹰01", thing_kind=None, keys=("icao24:780abc", "jt808:1", "cot:7")
    )
    return registry(Map({identity.id: identity}), Map())


def picture() -> TrackPicture:
    made = TrackPicture()
    made.use_registry(one_thing())
    return made


def adsb(lon_deg: float, **said: object) -> Sighting:
    made = Sighting(
        source="hill", source_kind=SourceKind.ADSB, icao24="780abc", lon_deg=lon_deg, lat_deg=28.0
    )
    return replace(made, **said)  # type: ignore[arg-type]  # any field, by name


def terminal(lon_deg: float, at_s: float, **said: object) -> Sighting:
    made = Sighting(
        source="beidou",
        source_kind=SourceKind.TERMINAL,
        own_key="jt808:1",
        lon_deg=lon_deg,
        lat_deg=28.0,
        observed_at_s=at_s,
    )
    return replace(made, **said)  # type: ignore[arg-type]  # any field, by name


def present(of: TrackPicture) -> Track:
    (track,) = of.tracks()
    return track


def test_the_source_that_says_it_is_more_accurate_stands() -> None:
    them = picture()
    them.accept(adsb(115.0, accuracy_m=926.0), NOW)
    them.accept(terminal(115.001, NOW, accuracy_m=5.0), NOW)
    assert present(them).source == "beidou"
    them.accept(adsb(115.0, accuracy_m=926.0), NOW + 1)
    assert present(them).source == "beidou"


def test_two_equal_sources_do_not_take_turns() -> None:
    them = picture()
    sources = []
    for second in range(10):
        them.accept(adsb(115.0, accuracy_m=30.0), NOW + second)
        sources.append(present(them).source)
        them.accept(adsb(115.0, accuracy_m=30.0, source="dam"), NOW + second + 0.5)
        sources.append(present(them).source)
    assert set(sources) == {"hill"}


def test_a_source_that_falls_silent_gives_way_and_takes_back_what_it_does_better() -> None:
    them = picture()
    them.accept(terminal(115.0, NOW, accuracy_m=5.0), NOW)
    them.accept(adsb(115.0, accuracy_m=90.0), NOW)
    assert present(them).source == "beidou"
    them.accept(adsb(115.002, accuracy_m=90.0), NOW + 30)  # the terminal's word is half a minute old
    assert present(them).source == "hill"
    them.accept(terminal(115.003, NOW + 40, accuracy_m=5.0), NOW + 40)
    assert present(them).source == "beidou"


def test_when_the_chosen_source_is_lost_the_other_stands_at_once() -> None:
    them = picture()
    them.accept(adsb(115.0, accuracy_m=5.0), NOW)
    them.accept(terminal(115.001, NOW + 1), NOW + 1)
    assert present(them).source == "hill"
    them.expire(NOW + 61)
    assert (present(them).source, present(them).sources) == ("beidou", 1)


def test_what_the_chosen_source_does_not_say_comes_from_the_others() -> None:
    them = picture()
    them.accept(adsb(115.0, callsign="GY01", squawk="0012", altitude_m=900.0), NOW)
    them.accept(terminal(115.0, NOW, accuracy_m=5.0), NOW)
    track = present(them)
    assert (track.source, track.callsign, track.squawk, track.altitude_m, track.icao24) == (
        "beidou",
        "GY01",
        "0012",
        900.0,
        "780abc",
    )
    chosen = {said.source: said.chosen for said in them.sources_of("36-IDN-1")}
    assert chosen == {"beidou": True, "hill": False}


def test_batches_choose_as_single_sightings_do() -> None:
    singly, at_once = picture(), picture()
    for second in range(60):
        now = NOW + second
        place = 115.0 + second * 0.0005
        words = [adsb(place, accuracy_m=90.0)] if second % 20 < 12 else []
        if second % 15 == 0:
            for them in (singly, at_once):
                them.accept(terminal(place, now, accuracy_m=8.0), now)
        for word in words:
            singly.accept(word, now)
            at_once.accept_batch(batch_of([word], now), now)
        assert present(singly).source == present(at_once).source
        assert present(singly).lon_deg == present(at_once).lon_deg
