"""Proposals: what may be one thing is proposed with its reason, what people parted is not, nothing is joined."""

from dataclasses import replace

from immutables import Map

from dispatch.identity import registry
from dispatch.kinds import SourceKind
from dispatch.matching import SAME_CALLSIGN, TOGETHER, Matcher
from dispatch.picture import TrackPicture
from dispatch.records import Identity
from dispatch.sighting import Sighting

NOW = 1_790_000_000.0


def adsb(lon_deg: float, **said: object) -> Sighting:
    made = Sighting(
        source="hill",
        source_kind=SourceKind.ADSB,
        icao24="780abc",
        lon_deg=lon_deg,
        lat_deg=28.0,
        ground_speed_mps=50.0,
    )
    return replace(made, **said)  # type: ignore[arg-type]  # any field, by name


def phone(lon_deg: float, at_s: float, **said: object) -> Sighting:
    made = Sighting(
        source="cot",
        source_kind=SourceKind.COT,
        own_key="cot:ANDROID-1",
        lon_deg=lon_deg,
        lat_deg=28.0005,
        observed_at_s=at_s,
        ground_speed_mps=52.0,
    )
    return replace(made, **said)  # type: ignore[arg-type]  # any field, by name


def fly(
    picture: TrackPicture, matcher: Matcher, seconds: int, *, beside_deg: float = 0.0, **said: object
) -> None:
    for second in range(0, seconds, 10):
        now = NOW + second
        place = 115.0 + second * 0.0005
        picture.accept(adsb(place), now)
        picture.accept(phone(place + beside_deg, now, **said), now)
        matcher.review(picture, now)


def test_what_flies_together_is_proposed_after_a_while_and_stays_two() -> None:
    picture, matcher = TrackPicture(), Matcher()
    fly(picture, matcher, 60)
    assert matcher.proposals == ()
    fly(picture, matcher, 130)
    (proposal,) = matcher.proposals
    assert (proposal.reason, proposal.keys) == (TOGETHER, ("cot:ANDROID-1", "icao24:780abc"))
    assert proposal.figures["moved_m"] >= 500
    assert proposal.figures["distance_m"] < 100
    assert len(picture) == 2


def test_what_flies_beside_at_two_kilometres_is_not_proposed() -> None:
    picture, matcher = TrackPicture(), Matcher()
    fly(picture, matcher, 200, beside_deg=0.02)
    assert matcher.proposals == ()


def test_what_stands_side_by_side_is_not_proposed() -> None:
    picture, matcher = TrackPicture(), Matcher()
    for second in range(0, 300, 10):
        picture.accept(adsb(115.0, ground_speed_mps=0.0), NOW + second)
        picture.accept(phone(115.0, NOW + second, ground_speed_mps=0.0), NOW + second)
        matcher.review(picture, NOW + second)
    assert matcher.proposals == ()


def test_the_same_callsign_of_two_sources_is_proposed_at_once() -> None:
    picture, matcher = TrackPicture(), Matcher()
    picture.accept(adsb(115.0, callsign="GY01"), NOW)
    picture.accept(phone(116.0, NOW, callsign="gy 01"), NOW)
    matcher.review(picture, NOW)
    assert [proposal.reason for proposal in matcher.proposals] == [SAME_CALLSIGN]


def test_what_people_have_said_is_apart_is_not_proposed() -> None:
    picture, matcher = TrackPicture(), Matcher()
    parted = Identity(
        id="36-IDN-1",
        site="36",
        name="赣鹰01",
        thing_kind=None,
        keys=("icao24:780abc",),
        apart=("cot:ANDROID-1",),
    )
    picture.use_registry(registry(Map({parted.id: parted}), Map()))
    fly(picture, matcher, 200)
    assert matcher.proposals == ()


def test_two_transponders_are_never_proposed() -> None:
    picture, matcher = TrackPicture(), Matcher()
    for second in range(0, 300, 10):
        place = 115.0 + second * 0.0005
        picture.accept(adsb(place, callsign="GY01"), NOW + second)
        picture.accept(adsb(place, icao24="780abd", source="dam", callsign="GY01"), NOW + second)
        matcher.review(picture, NOW + second)
    assert matcher.proposals == ()
