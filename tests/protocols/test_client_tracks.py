"""Tracks to consoles: cells, slices, and that joins hold exactly what a viewport touches."""

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.kinds import SourceKind
from dispatch.sighting import Sighting
from dispatch.tracks import TrackPicture
from protocols.client_tracks import Bodies, Slot, cells_of, everything
from protocols.codec.client import Viewport
from protocols.gen import client_pb2

AT = datetime(2026, 11, 24, 3, tzinfo=UTC)


def sight(
    picture: TrackPicture, icao24: str, lon_deg: float, lat_deg: float, now: float = AT.timestamp()
) -> None:
    picture.accept(
        Sighting(source="hill", source_kind=SourceKind.ADSB, icao24=icao24, lon_deg=lon_deg, lat_deg=lat_deg),
        now,
    )


def sent(data: bytes) -> client_pb2.ServerMessage:
    return client_pb2.ServerMessage.FromString(data).tracks


def port(west: float, south: float, east: float, north: float) -> Viewport:
    return Viewport(west_deg=west, south_deg=south, east_deg=east, north_deg=north)


def test_a_viewport_touches_its_cells_also_across_the_antimeridian() -> None:
    assert cells_of(port(115.5, 28.5, 116.5, 28.6)) == {(115, 28), (116, 28)}
    assert cells_of(port(179.5, 0.1, -179.5, 0.2)) == {(179, 0), (-180, 0)}
    assert cells_of(port(-180, -90, 180, 90)) is None
    assert cells_of(None) is None


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.floats(100, 130), st.floats(20, 40)), max_size=12),
    st.tuples(st.floats(100, 115), st.floats(20, 30), st.floats(0, 10), st.floats(0, 8)),
)
def test_everything_in_the_viewport_is_sent_and_nothing_further_than_a_cell(
    places: list[tuple[float, float]], box: tuple[float, float, float, float]
) -> None:
    west, south, width, height = box
    picture = TrackPicture()
    for number, (lon, lat) in enumerate(places, start=1):
        sight(picture, f"{number:06x}", lon, lat)
    message = everything(picture, Bodies(), AT).message(
        cells_of(port(west, south, west + width, south + height))
    )
    got = {track.address for track in sent(message).tracks}
    for number, (lon, lat) in enumerate(places, start=1):
        if west <= lon <= west + width and south <= lat <= south + height:
            assert number in got
        if not (west - 1 <= lon <= west + width + 1 and south - 1 <= lat <= south + height + 1):
            assert number not in got


def test_each_change_is_sent_once_and_a_lost_aircraft_is_named() -> None:
    picture, bodies, slot = TrackPicture(), Bodies(), Slot()
    sight(picture, "78a001", 115.9, 28.7)
    first = slot.begin(picture, bodies, AT)
    assert first.whole
    assert slot.take(picture, bodies, AT).empty
    sight(picture, "78a001", 115.9001, 28.7)
    change = slot.take(picture, bodies, AT)
    assert (change.from_tick, change.whole) == (first.to_tick, False)
    assert len(sent(change.message(None)).tracks) == 1
    picture.expire(AT.timestamp() + 300)
    gone = slot.take(picture, bodies, AT)
    assert list(sent(gone.message(None)).lost) == [0x78A001]
    assert slot.take(picture, bodies, AT).empty


def test_viewports_that_are_the_same_share_one_message() -> None:
    picture = TrackPicture()
    sight(picture, "78a001", 115.9, 28.7)
    part = everything(picture, Bodies(), AT)
    cells = cells_of(port(115, 28, 116, 29))
    assert part.message(cells) is part.message(frozenset(cells or ()))


def test_a_track_is_encoded_when_it_changes_and_not_again() -> None:
    picture, bodies = TrackPicture(), Bodies()
    sight(picture, "78a001", 115.9, 28.7)
    track = picture.get("78a001")
    assert track
    assert bodies.of(track) is bodies.of(track)
    bodies.keep_only(TrackPicture())
    assert bodies.of(track) == bodies.of(track)


def test_a_track_that_left_a_cell_is_sent_there_once_more() -> None:
    picture, bodies, slot = TrackPicture(), Bodies(), Slot()
    sight(picture, "78a001", 115.999, 28.7)
    slot.begin(picture, bodies, AT)
    west = cells_of(port(115.2, 28.2, 115.8, 28.8))
    sight(picture, "78a001", 116.001, 28.7, AT.timestamp() + 10)
    assert len(sent(slot.take(picture, bodies, AT).message(west)).tracks) == 1
    sight(picture, "78a001", 116.002, 28.7, AT.timestamp() + 20)
    assert not sent(slot.take(picture, bodies, AT).message(west)).tracks
