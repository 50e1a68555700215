"""A batch is judged and merged as its sightings would be one by one."""

from dataclasses import asdict, replace

from hypothesis import given
from hypothesis import strategies as st

from dispatch.kinds import AltitudeDatum, Emergency, SourceKind
from dispatch.picture import TrackPicture
from dispatch.sighting import Sighting
from dispatch.tracks import Track, Verdict
from tests.dispatch.batches import batch_of

NOW = 1_790_000_000.0

said = st.fixed_dictionaries(
    {
        "icao24": st.sampled_from(["a00001", "a00002", "a00003"]),
        "receiver_s": st.floats(0, 30).map(lambda s: round(s, 1)),
        "place": st.none()
        | st.tuples(
            st.sampled_from([115.0, 115.001, 115.01, 116.0, 118.0]), st.sampled_from([28.0, 28.002, 30.0])
        ),
        "soft": st.booleans(),
        "altitude_m": st.none() | st.floats(0, 9000, width=32),
        "callsign": st.sampled_from([None, "B7001", "B7002"]),
        "squawk": st.sampled_from([None, "0012", "7700", "7600"]),
        "emergency": st.sampled_from([None, Emergency.MEDICAL]),
        "emitter_category": st.sampled_from([None, "A3"]),  # A7 counts from the next batch on
        "on_ground": st.sampled_from([None, True, False]),
        "clock_id": st.sampled_from(["hill#1.0", "hill#2.0"]),
    }
)


def made(values: dict[str, object]) -> Sighting:
    place = values.pop("place")
    sighting = Sighting(source="hill", source_kind=SourceKind.ADSB, **values)  # type: ignore[arg-type]
    if place is not None:
        lon, lat = place  # type: ignore[misc]
        sighting = replace(sighting, lon_deg=lon, lat_deg=lat)
    if sighting.altitude_m is not None:
        sighting = replace(sighting, altitude_datum=AltitudeDatum.PRESSURE)
    return sighting


def comparable(track: Track) -> dict[str, object]:
    values = asdict(track)
    del values["number"]  # given in the order of addresses within a batch
    return values


@given(st.lists(st.lists(said, min_size=1, max_size=12), max_size=6))
def test_a_batch_leaves_the_picture_that_single_sightings_leave(turns: list[list[dict[str, object]]]) -> None:
    singly, at_once, now = TrackPicture(), TrackPicture(), NOW
    for turn in turns:
        now += 1.0
        sightings = [made(dict(values)) for values in turn]
        sightings = [replace(one, clock_id=sightings[0].clock_id) for one in sightings]
        verdicts = [singly.accept(one, now) for one in sightings]
        accepted = at_once.accept_batch(batch_of(sightings, now), now)
        assert accepted == verdicts.count(Verdict.ACCEPTED)
        assert at_once.counts == singly.counts
        assert {track.id: comparable(track) for track in at_once.tracks()} == {
            track.id: comparable(track) for track in singly.tracks()
        }


def test_a_batch_that_waited_too_long_is_stale_and_counted() -> None:
    picture = TrackPicture()
    batch = batch_of([Sighting(source="hill", source_kind=SourceKind.ADSB, icao24="a00001")], NOW)
    assert picture.accept_batch(batch, NOW + 60) == 0
    assert picture.counts == {Verdict.STALE: 1}


def test_a_batch_from_the_future_is_refused_and_counted() -> None:
    picture = TrackPicture()
    batch = batch_of([Sighting(source="hill", source_kind=SourceKind.ADSB, icao24="a00001")], NOW)
    assert picture.accept_batch(batch, NOW - 60) == 0
    assert picture.counts == {Verdict.FUTURE: 1}
