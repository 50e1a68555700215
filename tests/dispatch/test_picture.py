"""The picture: newest wins, ages are honest, memory is bounded, what is refused is counted."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.freshness import LIMITS, Freshness, freshness
from dispatch.kinds import SourceKind
from dispatch.picture import FUTURE_S, TrackPicture
from dispatch.roster import LOST_MEMORY
from dispatch.sighting import Sighting
from dispatch.tracks import Verdict

NOW = 1_790_000_000.0


def seen(icao24: str = "780a5c", **said: object) -> Sighting:
    made = Sighting(source="hill", source_kind=SourceKind.ADSB, icao24=icao24, clock_id="hill#1.0")
    return replace(made, **said)  # type: ignore[arg-type]  # any field, by name


def at(lon: float, lat: float, receiver_s: float | None, **said: object) -> Sighting:
    return seen(lon_deg=lon, lat_deg=lat, receiver_s=receiver_s, **said)


@pytest.mark.parametrize("kind", list(SourceKind))
def test_every_kind_of_source_ages_through_all_states(kind: SourceKind) -> None:
    limits = LIMITS[kind]
    assert freshness(0, kind) is Freshness.LIVE
    assert freshness(limits.dim_s, kind) is Freshness.DIM
    assert freshness(limits.stale_s, kind) is Freshness.STALE
    assert freshness(limits.lost_s, kind) is Freshness.LOST


def test_adsb_limits_are_those_of_the_design() -> None:
    assert LIMITS[SourceKind.ADSB] == (10.0, 15.0, 60.0)


def test_what_sightings_say_is_gathered_in_one_track() -> None:
    picture = TrackPicture()
    picture.accept(seen(callsign="B7001", emitter_category="A7"), NOW)
    picture.accept(at(115.9, 28.7, 1.0, altitude_m=1000.0), NOW + 1)
    picture.accept(seen(ground_speed_mps=60.0, track_deg=90.0, simulated=True), NOW + 2)
    track = picture.of_icao24("780a5c")
    assert track is not None
    assert (track.callsign, track.emitter_category, track.altitude_m) == ("B7001", "A7", 1000.0)
    assert (track.lon_deg, track.lat_deg, track.ground_speed_mps) == (115.9, 28.7, 60.0)
    assert (track.position_at_s, track.heard_at_s) == (NOW + 1, NOW + 2)
    assert (track.source, track.simulated) == ("hill", True)
    assert len(picture) == 1


def test_age_is_counted_from_the_sources_own_time_where_it_has_one() -> None:
    picture = TrackPicture()
    assert picture.accept(at(115.9, 28.7, None, observed_at_s=NOW - 20), NOW) is Verdict.ACCEPTED
    track = picture.of_icao24("780a5c")
    assert track is not None
    assert track.position_at_s == NOW - 20


def test_a_sighting_past_its_limit_or_from_the_future_is_refused_and_counted() -> None:
    picture = TrackPicture()
    assert picture.accept(at(115.9, 28.7, None, observed_at_s=NOW - 60), NOW) is Verdict.STALE
    assert picture.accept(at(115.9, 28.7, None, observed_at_s=NOW + FUTURE_S + 1), NOW) is Verdict.FUTURE
    assert len(picture) == 0
    assert picture.counts == {Verdict.STALE: 1, Verdict.FUTURE: 1}


def test_a_position_older_than_the_known_one_is_stale_by_the_receivers_clock() -> None:
    picture = TrackPicture()
    picture.accept(at(115.9, 28.7, 10.0), NOW)
    assert picture.accept(at(115.8, 28.7, 9.0), NOW + 1) is Verdict.STALE
    assert picture.accept(at(115.9, 28.7, 10.0), NOW + 1) is Verdict.DUPLICATE
    track = picture.of_icao24("780a5c")
    assert track is not None
    assert track.lon_deg == 115.9


def test_an_older_word_of_another_source_does_not_move_a_track_back() -> None:
    picture = TrackPicture()
    picture.accept(at(115.9, 28.7, None, observed_at_s=NOW - 1), NOW)
    late = at(115.8, 28.7, None, observed_at_s=NOW - 9, source="43", source_kind=SourceKind.PARTNER)
    assert picture.accept(late, NOW) is Verdict.ACCEPTED  # it is that source's newest word
    track = picture.of_icao24("780a5c")
    assert track is not None
    assert (track.lon_deg, track.source, track.sources) == (115.9, "hill", 2)


def test_jumps_are_judged_by_the_receivers_clock_not_by_arrival() -> None:
    fast, slow = TrackPicture(), TrackPicture()
    for second in range(100):
        sighting = at(115.0 + second * 0.002, 28.0, float(second))  # 195 m/s
        assert fast.accept(sighting, NOW + second * 0.001) is Verdict.ACCEPTED
        assert slow.accept(sighting, NOW + second) is Verdict.ACCEPTED
    jump = at(117.0, 28.0, 100.0)
    assert fast.accept(jump, NOW + 1) is Verdict.IMPLAUSIBLE
    assert slow.accept(jump, NOW + 5000) is Verdict.IMPLAUSIBLE
    places = [(track.lon_deg, track.lat_deg) for picture in (fast, slow) for track in picture.tracks()]
    assert places[0] == places[1]


def test_a_rotorcraft_is_not_believed_at_the_speed_of_a_jet() -> None:
    picture = TrackPicture()
    picture.accept(seen(emitter_category="A7"), NOW)
    picture.accept(at(115.0, 28.0, 0.0), NOW)
    assert picture.accept(at(115.05, 28.0, 10.0), NOW + 10) is Verdict.IMPLAUSIBLE  # 490 m/s
    assert picture.accept(at(115.005, 28.0, 10.0), NOW + 10) is Verdict.ACCEPTED


def test_a_reconnected_source_with_a_new_clock_goes_on_with_the_same_track() -> None:
    picture = TrackPicture()
    picture.accept(at(115.0, 28.0, 5000.0), NOW)
    again = at(115.01, 28.0, 1.0, clock_id="hill#2.0")
    assert picture.accept(again, NOW + 10) is Verdict.ACCEPTED
    far = at(118.0, 28.0, 2.0, clock_id="hill#2.0")
    assert picture.accept(far, NOW + 11) is Verdict.IMPLAUSIBLE


def test_two_feeds_hearing_one_aircraft_make_one_track() -> None:
    picture = TrackPicture()
    for second in range(60):
        for clock_id, zero in (("hill#1.0", 0.0), ("dam#1.0", 90_000.0)):
            sighting = at(115.0 + second * 0.001, 28.0, zero + second, clock_id=clock_id)
            assert picture.accept(sighting, NOW + second) is Verdict.ACCEPTED
    assert len(picture) == 1


def test_two_feeds_that_take_turns_do_not_change_what_an_aircraft_is_called() -> None:
    picture, stood = TrackPicture(), set()
    named = None
    for turn in range(40):
        source = ("hill", "dam")[turn % 2]
        said = {"source": source, "callsign": "CSN3127", "accuracy_m": 10.0}
        sighting = at(115.0 + turn * 0.001, 28.0, turn * 3.0, clock_id=source, **said)
        assert picture.accept(sighting, NOW + turn * 3) is Verdict.ACCEPTED
        (slot,) = picture.changed(0).slots.tolist()
        if turn > 4:
            stood.add(int(picture.things.best_row[slot]))
            named = named or int(picture.things.label_tick[slot])
    assert len(stood) == 2
    assert picture.things.label_tick[slot] == named
    picture.accept(at(115.04, 28.0, 120.0, clock_id="hill", callsign="CSN9"), NOW + 120)
    assert picture.things.label_tick[slot] > named


def test_two_feeds_that_both_saw_a_jump_are_believed_in_time() -> None:
    picture = TrackPicture()
    picture.accept(at(115.0, 28.0, 0.0), NOW)
    verdicts = [
        picture.accept(at(119.0, 28.0, zero + second, clock_id=clock_id), NOW + second)
        for second in range(1, 4)
        for clock_id, zero in (("hill#1.0", 0.0), ("dam#1.0", 90_000.0))
    ]
    assert verdicts[:2] == [Verdict.IMPLAUSIBLE] * 2
    assert verdicts[-1] is Verdict.ACCEPTED


def test_changes_are_told_once_and_removals_too() -> None:
    picture = TrackPicture()
    picture.accept(at(115.0, 28.0, 1.0), NOW)
    first = picture.changed_since(0)
    assert (first.whole, len(first.tracks)) == (True, 1)
    assert picture.changed_since(first.to_tick).tracks == ()
    picture.accept(at(115.0, 28.0, 1.0, icao24="000001"), NOW + 50)
    picture.expire(NOW + 70)
    later = picture.changed_since(first.to_tick)
    assert (later.whole, [track.icao24 for track in later.tracks], later.lost) == (
        False,
        ["000001"],
        ("icao24:780a5c",),
    )


def test_an_aircraft_that_comes_back_is_not_also_told_lost() -> None:
    picture = TrackPicture()
    picture.accept(at(115.0, 28.0, 1.0), NOW)
    tick = picture.tick
    picture.expire(NOW + 61)
    picture.accept(at(115.0, 28.0, 70.0), NOW + 70)
    changes = picture.changed_since(tick)
    assert (len(changes.tracks), changes.lost) == (1, ())


def test_a_position_is_taken_away_when_only_other_words_come() -> None:
    picture = TrackPicture()
    picture.accept(at(115.0, 28.0, 1.0), NOW)
    tick = picture.tick
    picture.accept(seen(callsign="B7001"), NOW + 50)
    picture.expire(NOW + 61)
    track = picture.of_icao24("780a5c")
    assert track is not None
    assert (track.lon_deg, track.callsign) == (None, "B7001")
    assert picture.changed_since(tick).lost == ("icao24:780a5c",)
    assert picture.changed_since(tick).tracks == ()


def test_who_asks_from_before_what_is_remembered_gets_everything() -> None:
    picture = TrackPicture()
    picture.accept(seen("ffffff"), NOW)
    tick = picture.tick
    for number in range(LOST_MEMORY + 1):
        picture.accept(seen(f"{number:06x}"), NOW)
        picture.expire(NOW + 61 * (number % 2))
        if number % 2 == 0:
            picture.accept(seen("ffffff"), NOW)
    for number in range(LOST_MEMORY + 1):
        picture.roster.note_gone(number, f"{number:06x}")
    assert picture.changed_since(tick).whole
    assert picture.changed_since(picture.tick + 5).whole


def test_the_picture_never_holds_more_than_its_limit() -> None:
    picture = TrackPicture(limit=10)
    for number in range(100):
        picture.accept(at(115.0, 28.0, 1.0, icao24=f"{number:06x}"), NOW + number * 0.01)
        picture.accept(at(115.0, 28.0, 1.0 + number, icao24="780a5c"), NOW + number * 0.01)
    assert len(picture) == 10
    assert picture.evicted == 101 - 10
    assert picture.of_icao24("780a5c") is not None  # heard all the time


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a00001", "a00002", "a00003"]),
            st.none() | st.floats(0, 1e6),
            st.none() | st.tuples(st.floats(-180, 180), st.floats(-90, 90)),
            st.sampled_from(["hill#1.0", "hill#1.1", "dam#1.0"]),
            st.floats(0, 100),
        ),
        max_size=60,
    )
)
def test_deltas_build_the_same_picture_as_a_snapshot(
    events: list[tuple[str, float | None, tuple[float, float] | None, str, float]],
) -> None:
    picture, now, tick = TrackPicture(limit=2), NOW, 0
    shown: dict[str, object] = {}
    for icao24, receiver_s, place, clock_id, passed_s in events:
        now += passed_s
        lon, lat = place or (None, None)
        picture.accept(seen(icao24, receiver_s=receiver_s, lon_deg=lon, lat_deg=lat, clock_id=clock_id), now)
        picture.expire(now)
        changes = picture.changed_since(tick)
        if changes.whole:
            shown.clear()
        for gone in changes.lost:
            shown.pop(gone, None)
        shown |= {track.id: track for track in changes.tracks}
        tick = changes.to_tick
        assert shown == {track.id: track for track in picture.tracks() if track.lon_deg is not None}
    assert sum(picture.counts.values()) == len(events)
