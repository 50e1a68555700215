"""Tracks to consoles: whatever happened in between, what a console has is what the picture has in its viewport."""

import math
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from dispatch.columns import DOUBT_BIT
from dispatch.identity import NOBODY, Label, Registry
from dispatch.kinds import AltitudeDatum, SourceKind, ThingKind
from dispatch.picture import TrackPicture
from dispatch.sighting import Sighting
from dispatch.tracks import Track
from protocols import client_tracks
from protocols.client_cells import Window, cells_at, window_of
from protocols.client_tracks import WirePicture
from protocols.codec.client_view import Viewport
from protocols.codec.common import enum_to_number
from tests.protocols.air import View, sight, states_in, tracks_in

AT = datetime(2026, 11, 24, 3, tzinfo=UTC)
NOW = AT.timestamp()
CORNER = (115.5, 28.25)  # where four cells meet


def port(west: float, south: float, east: float, north: float) -> Window | None:
    return window_of(Viewport(west_deg=west, south_deg=south, east_deg=east, north_deg=north))


def fresh(picture: TrackPicture) -> WirePicture:
    wire = WirePicture()
    wire.refresh(picture)
    return wire


def test_each_change_is_sent_once_and_a_lost_one_is_named() -> None:
    picture = TrackPicture()
    sight(picture, "78a001", 115.9, 28.7, NOW)
    wire = fresh(picture)
    whole = tracks_in(wire.since(0, AT).pieces(None))
    [number] = states_in(whole)
    assert (whole.whole, whole.to_tick) == (True, wire.tick)
    wire.refresh(picture)
    assert wire.since(whole.to_tick, AT).empty
    sight(picture, "78a001", 115.9001, 28.7, NOW + 1)
    wire.refresh(picture)
    change = tracks_in(wire.since(whole.to_tick, AT).pieces(None))
    assert (change.from_tick, change.whole, list(states_in(change))) == (whole.to_tick, False, [number])
    assert not change.labels or change.labels[0].number == number
    picture.expire(NOW + 300)
    wire.refresh(picture)
    gone = tracks_in(wire.since(change.to_tick, AT).pieces(None))
    assert list(gone.lost) == [number]
    assert not gone.states


def test_a_label_is_sent_again_only_when_it_changed() -> None:
    picture = TrackPicture()
    for at_s in (0, 1):
        sight(picture, "78a001", 115.9 + at_s / 10_000, 28.7, NOW + at_s, callsign="B70K3")
    wire = fresh(picture)
    first = tracks_in(wire.since(0, AT).pieces(None))
    assert [(label.callsign, label.address, label.id) for label in first.labels] == [("B70K3", 0x78A001, "")]
    sight(picture, "78a001", 115.9003, 28.7, NOW + 3, callsign="B70K3")
    wire.refresh(picture)
    assert not tracks_in(wire.since(first.to_tick, AT).pieces(None)).labels
    sight(picture, "78a001", 115.9004, 28.7, NOW + 4, callsign="B70K4", squawk="7700")
    wire.refresh(picture)
    [label] = tracks_in(wire.since(first.to_tick, AT).pieces(None)).labels
    assert (label.callsign, label.squawk) == ("B70K4", "7700")


def test_consoles_that_are_equally_far_share_the_part_and_ages_are_as_of_the_message() -> None:
    picture = TrackPicture()
    sight(picture, "78a001", 115.9, 28.7, NOW - 3)
    wire = fresh(picture)
    assert wire.since(0, AT) is wire.since(0, AT)
    [state] = states_in(tracks_in(wire.since(0, AT).pieces(None))).values()
    assert state["age_ms"] == 3000


def test_what_a_viewport_left_behind_is_named_and_what_comes_in_brings_its_label() -> None:
    picture = TrackPicture()
    lon, lat = CORNER
    sight(picture, "78a001", lon - 0.001, lat + 0.01, NOW, callsign="A")
    wire = fresh(picture)
    west, east = port(lon - 0.2, lat, lon - 0.1, lat + 0.1), port(lon + 0.1, lat, lon + 0.2, lat + 0.1)
    [number] = states_in(tracks_in(wire.since(0, AT).pieces(west)))
    assert not tracks_in(wire.since(0, AT).pieces(east)).states
    told = wire.tick
    sight(picture, "78a001", lon + 0.001, lat + 0.01, NOW + 5)
    wire.refresh(picture)
    old, new = (tracks_in(wire.since(told, AT).pieces(window)) for window in (west, east))
    assert (list(old.left), old.states, old.labels) == ([number], b"", [])
    assert ([label.callsign for label in new.labels], list(new.left)) == (["A"], [])


def test_what_is_pinned_is_told_whatever_the_viewport() -> None:
    picture = TrackPicture()
    sight(picture, "78a001", 115.9, 28.7, NOW)
    sight(picture, "78a002", 115.9, 28.7, NOW)
    wire = fresh(picture)
    far = port(100, 20, 101, 21)
    told = wire.tick
    wire.pin(["icao24:78a001"], ())
    wire.refresh(picture)
    number = picture.of_icao24("78a001").number  # type: ignore[union-attr]  # it is there
    change = tracks_in(wire.since(told, AT).pieces(far))
    assert list(states_in(change)) == [number]
    assert [label.number for label in change.labels] == [number]
    wire.pin((), ())
    wire.refresh(picture)
    assert list(tracks_in(wire.since(change.to_tick, AT).pieces(far)).left) == [number]


def test_a_tick_of_another_run_or_before_memory_gets_everything(monkeypatch: Any) -> None:
    monkeypatch.setattr(client_tracks, "MEMORY", 2)
    picture = TrackPicture()
    wire = fresh(picture)
    assert wire.since(99, AT).whole
    began = wire.tick
    for number in range(4):
        sight(picture, f"{0x78A000 + number:06x}", 115.9, 28.7, NOW + number * 100)
        wire.refresh(picture)
        picture.expire(NOW + number * 100 + 90)
        wire.refresh(picture)
    assert wire.since(began, AT).whole
    assert not wire.since(wire.tick - 1, AT).whole


def test_too_many_new_labels_come_over_several_ticks(monkeypatch: Any) -> None:
    monkeypatch.setattr(client_tracks, "LABELS_A_TICK", 3)
    picture, view = TrackPicture(), View()
    for number in range(8):
        sight(picture, f"{0x78A000 + number:06x}", 115.9, 28.7, NOW)
    wire = fresh(picture)
    for _ in range(3):
        view.take(tracks_in(wire.since(view.tick, AT).pieces(None)))
        wire.refresh(picture)
    assert len(view.labels) == 8


@settings(max_examples=60, deadline=None)
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
        sight(picture, f"{number:06x}", lon, lat, NOW)
    tracks = tracks_in(fresh(picture).since(0, AT).pieces(port(west, south, west + width, south + height)))
    got = {label.address for label in tracks.labels}
    assert len(states_in(tracks)) == len(got)
    for number, (lon, lat) in enumerate(places, start=1):
        if west <= lon <= west + width and south <= lat <= south + height:
            assert number in got
        if not (west - 0.25 <= lon <= west + width + 0.25 and south - 0.25 <= lat <= south + height + 0.25):
            assert number not in got


def expected(track: Track) -> dict[str, Any]:
    """What a console must show of a track."""

    def hundredths(value: float | None, high: int, wrap: int = 0) -> int | None:
        if value is None:
            return None
        return round(value * 100) % wrap if wrap else min(round(value * 100), high)

    assert track.lon_deg is not None
    assert track.lat_deg is not None
    datum = track.altitude_datum if track.altitude_m is not None else None
    return {
        "id": track.id,
        "icao24": track.icao24,
        "lon_e7": round(track.lon_deg * 1e7),
        "lat_e7": round(track.lat_deg * 1e7),
        "altitude_m": track.altitude_m,
        "ground_speed": hundredths(track.ground_speed_mps, 65_534),
        "track": hundredths(track.track_deg, 0, 36_000),
        "rate": hundredths(track.vertical_rate_mps, 32_767),
        "accuracy_m": None if track.accuracy_m is None else math.ceil(track.accuracy_m),
        "source": (track.source, enum_to_number(track.source_kind)),
        "datum": 0 if datum is None else enum_to_number(datum),
        "on_ground": bool(track.on_ground),
        "simulated": track.simulated,
        "doubts": sum(DOUBT_BIT[doubt] for doubt in track.doubts),
        "callsign": track.callsign or "",
        "name": track.name or "",
        "registration": track.registration or "",
        "squawk": track.squawk or "",
        "emergency": 0 if track.emergency is None else enum_to_number(track.emergency),
        "sources": track.sources,
    }


WINDOWS = [
    None,
    port(CORNER[0] - 0.2, CORNER[1] - 0.2, CORNER[0] - 0.1, CORNER[1] - 0.1),
    port(CORNER[0] - 0.2, CORNER[1] - 0.2, CORNER[0] + 0.1, CORNER[1] + 0.1),
    port(CORNER[0] + 0.1, CORNER[1] + 0.1, CORNER[0] + 0.2, CORNER[1] + 0.2),
    port(0, 0, 1, 1),
]
ONE_TEAM = Registry(
    by_key={"icao24:000001": "36-IDN-1", "cot:A": "36-IDN-1"},
    labels={"36-IDN-1": Label(ThingKind.TEAM, "三队")},
    apart=frozenset(),
    by_word=False,
)
NEAR = st.integers(-3, 3).map(lambda step: step * 0.004 + 0.001)


class Consoles(RuleBasedStateMachine):
    """Three consoles, one picture: things move over a corner of cells, go silent, come back, change their names."""

    @initialize(crowded=st.booleans())
    def begin(self, crowded: bool) -> None:
        self.picture, self.wire, self.now = TrackPicture(limit=5 if crowded else 20), WirePicture(), NOW
        self.views = [View() for _ in range(3)]
        self.windows: list[Window | None] = [None, WINDOWS[1], WINDOWS[2]]
        self.floor = 0
        self.keys: tuple[str, ...] = ()

    @rule(
        who=st.integers(1, 7),
        dx=NEAR,
        dy=NEAR,
        callsign=st.sampled_from([None, "AAA", "BBB"]),
        source=st.sampled_from(["hill", "valley"]),
        altitude_m=st.sampled_from([None, 900.0]),
        speed=st.sampled_from([None, 71.25]),
        on_ground=st.sampled_from([None, True, False]),
        squawk=st.sampled_from([None, "7700", "1200"]),
    )
    def move(
        self, who: int, dx: float, dy: float, source: str, altitude_m: float | None, **said: Any
    ) -> None:
        said |= {"ground_speed_mps": said.pop("speed"), "accuracy_m": 10.0 if source == "hill" else 10.3}
        sight(
            self.picture,
            f"{who:06x}",
            CORNER[0] + dx,
            CORNER[1] + dy,
            self.now,
            source=source,
            altitude_m=altitude_m,
            altitude_datum=None if altitude_m is None else AltitudeDatum.PRESSURE,
            **said,
        )

    @rule(dx=NEAR, dy=NEAR, name=st.sampled_from(["一队", "二队"]))
    def team(self, dx: float, dy: float, name: str) -> None:
        self.picture.accept(
            Sighting(
                source="cot",
                source_kind=SourceKind.COT,
                own_key="cot:A",
                lon_deg=CORNER[0] + dx,
                lat_deg=CORNER[1] + dy,
                name=name,
                track_deg=359.999,
            ),
            self.now,
        )

    @rule(registered=st.booleans())
    def register(self, registered: bool) -> None:
        """People say that two keys are one thing, or take it back."""
        self.picture.use_registry(ONE_TEAM if registered else NOBODY)

    @rule(seconds=st.sampled_from([1, 10, 40, 70]))
    def wait(self, seconds: int) -> None:
        self.now += seconds
        self.picture.expire(self.now)

    @rule()
    def refresh(self) -> None:
        self.wire.refresh(self.picture)

    @rule(console=st.integers(0, 2), window=st.sampled_from(WINDOWS))
    def look_elsewhere(self, console: int, window: Window | None) -> None:
        self.windows[console] = window
        self.tell(console, since=0)

    @rule(keys=st.sampled_from([(), ("icao24:000001",), ("icao24:000001", "icao24:000002", "cot:A")]))
    def pin(self, keys: tuple[str, ...]) -> None:
        self.keys = keys
        self.wire.pin(keys, ())

    @rule(console=st.integers(0, 2), behind=st.integers(0, 3))
    def turn(self, console: int, behind: int) -> None:
        """A console's turn; `behind`: it is told from an earlier tick than it has, as its slot is."""
        self.wire.refresh(self.picture)
        view = self.views[console]
        self.tell(console, since=max(1, view.tick - behind) if view.tick else 0)
        window = self.windows[console]
        pinned = {track.number for key in self.keys if (track := self.picture.get(key)) is not None}
        assert view.shown() == {
            track.number: expected(track)
            for track in self.picture.tracks()
            if track.lon_deg is not None
            and (track.number in pinned or window is None or within(window, track))
        }

    def tell(self, console: int, since: int) -> None:
        part = self.wire.since(since, datetime.fromtimestamp(self.now, UTC))
        self.views[console].take(tracks_in(part.pieces(self.windows[console])))


def within(window: Window, track: Track) -> bool:
    import numpy as np

    [cell] = cells_at(np.array([track.lon_deg], np.float64), np.array([track.lat_deg], np.float64)).tolist()
    return window.has(cell)


TestConsoles = Consoles.TestCase
TestConsoles.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
