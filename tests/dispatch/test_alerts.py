"""Alerts begin once, tell when they grow worse, and end once; distress is told before anything else is looked at."""

from dataclasses import replace

import pytest

from dispatch.alerts import AMBER, INFO, KIND_LIMIT, RED, Alert, AlertBook
from dispatch.columns import DOUBT_BIT
from dispatch.doubts import Review, review
from dispatch.kinds import AlertKind, AltitudeDatum, Doubt, SourceKind
from dispatch.picture import TrackPicture
from dispatch.safety.conflict import ConflictNet
from dispatch.safety.nets import Nets
from dispatch.safety.sky import Skies
from dispatch.sighting import Sighting
from dispatch.tracks import Verdict
from dispatch.world import World
from tests.dispatch.batches import batch_of

NOW = 1_790_000_000.0
NOTHING = Review(duplicates=(), ghosts={})


def seen(icao24: str, lon_deg: float = 115.0, **said: object) -> Sighting:
    made = Sighting(
        source="hill",
        source_kind=SourceKind.ADSB,
        icao24=icao24,
        lon_deg=lon_deg,
        lat_deg=28.0,
        altitude_m=500.0,
        altitude_datum=AltitudeDatum.PRESSURE,
        ground_speed_mps=60.0,
        track_deg=90.0,
    )
    return replace(made, **said)  # type: ignore[arg-type]  # any field, by name


class Listener:
    """A picture with a book, and what the book told."""

    def __init__(self) -> None:
        self.told: list[Alert] = []
        self.picture = TrackPicture()
        self.nets, self.skies = Nets((ConflictNet(),)), Skies()
        self.book = AlertBook(self.told.append)
        self.picture.on_emergency = lambda slot, now: self.book.distress(self.picture, slot, now)

    def look(self, now: float) -> None:
        self.book.review(self.picture, review(self.picture.roster, now), {}, now)
        self.book.take(self.nets.look(self.skies.make(self.picture, World.empty("36"), now)).found)

    def said(self) -> list[tuple[AlertKind, int, bool]]:
        return [(alert.kind, alert.severity, alert.over) for alert in self.told]


def test_a_7700_is_told_at_once_once_and_ended_when_the_squawk_changes() -> None:
    it = Listener()
    it.picture.accept(seen("780abc", squawk="0012"), NOW)
    assert it.told == []
    it.picture.accept(seen("780abc", squawk="7700"), NOW + 1)
    assert it.said() == [(AlertKind.EMERGENCY, RED, False)]
    assert (it.told[0].code, it.told[0].track_ids) == ("general", ("icao24:780abc",))
    it.picture.accept(seen("780abc", squawk="7700"), NOW + 2)
    it.look(NOW + 2)
    assert len(it.told) == 1
    it.picture.accept(seen("780abc", squawk="7600"), NOW + 3)
    assert it.told[-1].code == "radio"
    it.picture.accept(seen("780abc", squawk="0012"), NOW + 4)
    it.look(NOW + 4)
    assert it.said()[-1] == (AlertKind.EMERGENCY, RED, True)
    assert it.book.present() == ()


def test_a_7700_in_a_batch_is_told_at_once() -> None:
    it = Listener()
    it.picture.accept_batch(batch_of([seen("780abc", squawk="7700"), seen("780abd", 116.0)], NOW), NOW)
    assert it.said() == [(AlertKind.EMERGENCY, RED, False)]


@pytest.mark.parametrize("by_batch", [False, True])
def test_distress_is_heard_though_the_position_beside_it_is_not_believed(*, by_batch: bool) -> None:
    it = Listener()
    it.picture.accept(seen("780abc", receiver_s=1.0, clock_id="hill#1"), NOW)
    cry = seen("780abc", 130.0, receiver_s=2.0, clock_id="hill#1", squawk="7700")
    if by_batch:
        it.picture.accept_batch(batch_of([cry], NOW + 1), NOW + 1)
    else:
        assert it.picture.accept(cry, NOW + 1) is Verdict.IMPLAUSIBLE
    assert it.said() == [(AlertKind.EMERGENCY, RED, False)]
    track = it.picture.of_icao24("780abc")
    assert track is not None
    assert track.lon_deg == 115.0


def test_a_conflict_begins_as_information_grows_amber_and_red_and_ends() -> None:
    it = Listener()
    for second in range(0, 200, 2):
        now = NOW + second
        it.picture.accept(seen("780abc", 115.0 + second * 0.0006), now)
        it.picture.accept(seen("780abd", 115.1 - second * 0.0006, track_deg=270.0), now)
        it.look(now)
    conflicts = [entry for entry in it.said() if entry[0] is AlertKind.CONFLICT]
    assert conflicts == [
        (AlertKind.CONFLICT, INFO, False),
        (AlertKind.CONFLICT, AMBER, False),
        (AlertKind.CONFLICT, RED, False),
        (AlertKind.CONFLICT, RED, True),
    ]
    first = next(alert for alert in it.told if alert.kind is AlertKind.CONFLICT)
    assert set(first.track_ids) == {"icao24:780abc", "icao24:780abd"}
    assert 0 < first.figures["in_s"] <= 120


def test_a_clock_that_is_off_and_a_crowd_are_told_by_source() -> None:
    it = Listener()
    it.book.review(it.picture, Review(duplicates=(), ghosts={"hill": 500}), {"dam": -3600.0}, NOW)
    assert {(alert.kind, alert.source, *alert.figures.values()) for alert in it.told} == {
        (AlertKind.GHOSTS, "hill", 500),
        (AlertKind.CLOCK_OFF, "dam", -3600.0),
    }
    it.book.review(it.picture, NOTHING, {}, NOW + 1)
    assert [alert.over for alert in it.told[2:]] == [True, True]


def test_more_than_a_desk_can_act_on_is_counted() -> None:
    it = Listener()
    crying = [seen(f"{number:06x}", squawk="7700") for number in range(KIND_LIMIT + 50)]
    it.picture.accept_batch(batch_of(crying, NOW), NOW)
    assert len(it.told) == KIND_LIMIT
    assert it.book.left_out[AlertKind.EMERGENCY] == 50
    for second in (1, 2):
        it.book.review(it.picture, NOTHING, {}, NOW + second)
        assert it.book.left_out[AlertKind.EMERGENCY] == 50
    *listed, more = it.book.present()
    assert len(listed) == KIND_LIMIT
    assert (more.kind, more.code, more.figures["count"]) == (AlertKind.LEFT_OUT, "emergency", 50)


def test_a_crowd_of_made_up_aircraft_in_distress_does_not_hide_a_real_one() -> None:
    it = Listener()
    crowd = [seen(f"{number:06x}", squawk="7700") for number in range(KIND_LIMIT + 50)]
    it.picture.accept_batch(batch_of(crowd, NOW), NOW)
    it.picture.things.doubts[:] |= DOUBT_BIT[Doubt.GHOST]
    it.book.review(it.picture, NOTHING, {}, NOW + 1)
    assert {alert.severity for alert in it.book.present()} == {AMBER}
    it.told.clear()
    it.picture.accept(seen("780abc", squawk="7700", lon_deg=116.0), NOW + 1)
    pushed_out, real = it.told
    assert pushed_out.over
    assert (real.track_ids, real.severity) == (("icao24:780abc",), RED)
    it.book.review(it.picture, NOTHING, {}, NOW + 2)
    listed = [alert for alert in it.book.present() if alert.kind is AlertKind.EMERGENCY]
    assert real.id in {alert.id for alert in listed}
    assert len(listed) == KIND_LIMIT
