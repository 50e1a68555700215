"""Doubts: two aircraft with one address, invented crowds, clocks that are off; the picture of real ones stays whole."""

from dataclasses import replace

import pytest

from dispatch.doubts import CROWD_AT_LEAST, review
from dispatch.kinds import Doubt, SourceKind
from dispatch.picture import TrackPicture
from dispatch.sighting import Sighting
from dispatch.tracks import Track, Verdict
from tests.dispatch.batches import batch_of

NOW = 1_790_000_000.0


def seen(icao24: str, lon_deg: float, receiver_s: float, **said: object) -> Sighting:
    made = Sighting(
        source="hill",
        source_kind=SourceKind.ADSB,
        icao24=icao24,
        clock_id="hill#1.0",
        receiver_s=receiver_s,
        lon_deg=lon_deg,
        lat_deg=28.0,
    )
    return replace(made, **said)  # type: ignore[arg-type]  # any field, by name


def accept(picture: TrackPicture, sighting: Sighting, now: float, *, by_batch: bool) -> None:
    if by_batch:
        picture.accept_batch(batch_of([sighting], now), now)
    else:
        picture.accept(sighting, now)


def track_of(picture: TrackPicture, track_id: str) -> Track:
    track = picture.get(track_id)
    assert track is not None
    return track


@pytest.mark.parametrize("by_batch", [False, True])
def test_two_aircraft_with_one_address_are_both_followed_and_flagged(*, by_batch: bool) -> None:
    picture = TrackPicture()
    for second in range(20):
        now = NOW + second
        accept(picture, seen("780abc", 115.0 + second * 0.001, second), now, by_batch=by_batch)
        accept(picture, seen("780abc", 117.0 - second * 0.001, second + 0.5), now, by_batch=by_batch)
    review(picture.roster, NOW + 20)
    first, second_one = track_of(picture, "icao24:780abc"), track_of(picture, "icao24:780abc.2")
    assert first.lon_deg == pytest.approx(115.019)
    assert second_one.lon_deg == pytest.approx(116.981)
    assert first.icao24 == second_one.icao24 == "780abc"
    assert Doubt.DUPLICATE_ADDRESS in first.doubts
    assert Doubt.DUPLICATE_ADDRESS in second_one.doubts


def test_a_duplicate_that_went_away_is_forgiven() -> None:
    picture = TrackPicture()
    for second in range(20):
        picture.accept(seen("780abc", 115.0 + second * 0.001, second), NOW + second)
        picture.accept(seen("780abc", 117.0, second + 0.5), NOW + second)
    for second in range(20, 200):
        picture.accept(seen("780abc", 115.0 + second * 0.001, second), NOW + second)
        picture.expire(NOW + second)
        review(picture.roster, NOW + second)
    assert track_of(picture, "icao24:780abc").doubts == frozenset()
    assert picture.get("icao24:780abc.2") is None


def test_one_address_placed_apart_by_two_sources_is_a_duplicate() -> None:
    picture = TrackPicture()
    for second in range(3):
        picture.accept(seen("780abc", 115.0, second), NOW + second)
        picture.accept(seen("780abc", 118.0, second, source="dam", clock_id="dam#1.0"), NOW + second)
    review(picture.roster, NOW + 3)
    assert Doubt.DUPLICATE_ADDRESS in track_of(picture, "icao24:780abc").doubts


def test_single_jumps_are_flagged_and_forgiven() -> None:
    picture = TrackPicture()
    for second in range(12):
        picture.accept(seen("780abc", 115.0, second), NOW + second)
        wild = seen("780abc", 120.0 + second * 5, second + 0.5)
        assert picture.accept(wild, NOW + second) is Verdict.IMPLAUSIBLE
    review(picture.roster, NOW + 12)
    assert track_of(picture, "icao24:780abc").doubts == {Doubt.JUMPS}
    picture.accept(seen("780abc", 115.0, 80), NOW + 80)
    review(picture.roster, NOW + 80)
    assert track_of(picture, "icao24:780abc").doubts == frozenset()


def crowd(picture: TrackPicture, now: float, size: int, lon_deg: float = 116.0) -> None:
    ghosts = [seen(f"{0xF00000 + number:06x}", lon_deg, now - NOW) for number in range(size)]
    picture.accept_batch(batch_of(ghosts, now), now)


def settled(picture: TrackPicture, aircraft: int, until_s: int) -> None:
    for second in range(0, until_s, 5):
        real = [seen(f"{0x780000 + number:06x}", 115.0 + number * 0.01, second) for number in range(aircraft)]
        picture.accept_batch(batch_of(real, NOW + second), NOW + second)
        review(picture.roster, NOW + second)


def test_a_ring_of_ghosts_is_flagged_and_the_real_ones_are_not() -> None:
    picture = TrackPicture()
    settled(picture, 80, 60)
    crowd(picture, NOW + 60, 5_000)
    found = review(picture.roster, NOW + 61)
    assert found.ghosts == {"hill": 5_000}
    assert all(Doubt.GHOST in track.doubts for track in picture.tracks() if track.icao24.startswith("f"))
    assert all(Doubt.GHOST not in track.doubts for track in picture.tracks() if track.icao24.startswith("78"))


def test_a_source_that_begins_with_a_full_sky_names_no_ghosts() -> None:
    picture = TrackPicture()
    crowd(picture, NOW, 2_000)
    assert review(picture.roster, NOW + 5).ghosts == {}
    later = NOW + 600  # back after an outage
    crowd(picture, later, 2_000)
    assert review(picture.roster, later + 5).ghosts == {}


def test_a_few_newcomers_are_no_crowd() -> None:
    picture = TrackPicture()
    settled(picture, 10, 60)
    crowd(picture, NOW + 60, CROWD_AT_LEAST)
    assert review(picture.roster, NOW + 61).ghosts == {}


def test_what_a_second_source_sees_at_the_same_place_is_no_ghost() -> None:
    picture = TrackPicture()
    settled(picture, 80, 60)
    crowd(picture, NOW + 60, 500)
    other = seen("f00007", 116.0, 1.0, source="dam", clock_id="dam#1.0")
    picture.accept(other, NOW + 61)
    review(picture.roster, NOW + 61)
    assert Doubt.GHOST not in track_of(picture, "icao24:f00007").doubts
    assert Doubt.GHOST in track_of(picture, "icao24:f00008").doubts


def test_a_full_picture_pushes_out_ghosts_and_keeps_the_real_ones() -> None:
    picture = TrackPicture(limit=600)
    settled(picture, 200, 60)
    crowd(picture, NOW + 60, 400)
    review(picture.roster, NOW + 61)
    for number in range(100):
        picture.accept(seen(f"{0x790000 + number:06x}", 115.0, 70.0), NOW + 70)
    left = [track.icao24 for track in picture.tracks()]
    assert len(left) == 600
    assert sum(icao24.startswith("78") for icao24 in left) == 200
    assert sum(icao24.startswith("79") for icao24 in left) == 100


def test_a_source_whose_clock_is_off_puts_a_doubt_on_its_tracks_until_it_is_right_again() -> None:
    picture = TrackPicture()
    for second in range(2):
        picture.accept(seen("780abc", 115.0, second), NOW + second)
    review(picture.roster, NOW + 2, frozenset({"hill"}))
    assert track_of(picture, "icao24:780abc").doubts == {Doubt.CLOCK}
    review(picture.roster, NOW + 3)
    assert track_of(picture, "icao24:780abc").doubts == frozenset()


def test_what_was_heard_once_is_a_single_until_heard_again() -> None:
    picture = TrackPicture()
    picture.accept(seen("780abc", 115.0, 0), NOW)
    assert track_of(picture, "icao24:780abc").doubts == {Doubt.SINGLE}
    picture.accept(seen("780abc", 115.0, 1), NOW + 1)
    assert track_of(picture, "icao24:780abc").doubts == frozenset()
