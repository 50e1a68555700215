"""Where planned flights meet, and ways out that are surely free."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dispatch.alternatives import alternatives
from dispatch.apart import Leg, heights_meet, nearest
from dispatch.deconfliction import Limits, Moving, conflicts
from dispatch.geo import Position
from dispatch.kinds import AltitudeDatum, ClosureKind, Role
from dispatch.planned_flight import Band, PlannedFlight, timed
from dispatch.records import Closure, Outline
from dispatch.shut_air import ShutAir, of_closure

NOW = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)
LIMITS = Limits()
CRUISE_MPS = 50.0
NOTHING = ShutAir(())


def at(east_km: float, north_km: float) -> Position:
    """A place near 115° E, 28° N."""
    return Position(
        lon_deg=115.0 + east_km / 111.195 / math.cos(math.radians(28.0)), lat_deg=28.0 + north_km / 111.195
    )


def flight(
    name: str, base: Position, scene: Position, *, minutes: float = 30.0, top_m: float = 600.0
) -> PlannedFlight:
    """Out and home straight, half an hour of work."""
    length_s = math.dist((base.lon_deg, base.lat_deg), (scene.lon_deg, scene.lat_deg)) * 111_195 / CRUISE_MPS
    off = NOW + timedelta(minutes=minutes)
    there = off + timedelta(seconds=length_s)
    return timed(
        PlannedFlight(
            tasking_id=name,
            number=name,
            aircraft_id=name,
            incident_id=name,
            base=base,
            scene=scene,
            take_off_at=off,
            on_scene_at=there,
            land_at=there + timedelta(minutes=30, seconds=length_s),
            out=(base, scene),
            home=(scene, base),
            water=None,
            band=Band(transit_floor_m=0.0, transit_ceiling_m=top_m, work_floor_m=0.0, work_ceiling_m=top_m),
            legs=(),
            out_count=0,
        ),
        cruise_mps=CRUISE_MPS,
    )


def circle(centre: Position, radius_m: float, ceiling_m: float = 500.0) -> ShutAir:
    return ShutAir(
        [
            of_closure(
                Closure(
                    id="C1",
                    site="36",
                    name="爆破",
                    kind=ClosureKind.BLAST,
                    outline=Outline(centre=centre, radius_m=radius_m),
                    floor_m=0.0,
                    ceiling_m=ceiling_m,
                    datum=AltitudeDatum.MSL,
                    active_from=NOW,
                    active_until=NOW + timedelta(hours=3),
                    reason="x",
                    source="x",
                    declared_at=NOW,
                    declared_by="x",
                    declared_as=Role.ATC,
                )
            )
        ]
    )


kms = st.floats(-60, 60, allow_nan=False).map(lambda x: round(x, 3))
places = st.tuples(kms, kms)
legs = st.builds(
    lambda start, end, begin, lasts, roams: Leg(
        start=at(*start),
        end=at(*end),
        begins_s=begin,
        ends_s=begin + lasts,
        floor_m=0.0,
        ceiling_m=100.0,
        roams=roams,
    ),
    places,
    places,
    st.floats(0, 3000),
    st.floats(1, 3000),
    st.booleans(),
)


def apart_m(a: Position, b: Position, lat: float) -> float:
    squeeze = math.cos(math.radians(lat))
    return math.hypot((a.lon_deg - b.lon_deg) * squeeze, a.lat_deg - b.lat_deg) * 111_195.08


@settings(deadline=None)
@given(legs, legs, st.floats(0, 600))
def test_nothing_sampled_is_nearer_than_the_closest_approach(a: Leg, b: Leg, slack_s: float) -> None:
    found = nearest(a, b, slack_s)
    lat = (a.start.lat_deg + a.end.lat_deg + b.start.lat_deg + b.end.lat_deg) / 4
    nearest_sampled = math.inf
    for u in range(9):
        for v in range(9):
            own, other = u / 8, v / 8
            since_a, until_a = (a.begins_s, a.ends_s) if a.roams else (a.time_s(own),) * 2
            since_b, until_b = (b.begins_s, b.ends_s) if b.roams else (b.time_s(other),) * 2
            if since_a - until_b <= slack_s and since_b - until_a <= slack_s:
                nearest_sampled = min(nearest_sampled, apart_m(a.at(own), b.at(other), lat))
    if found is None:
        assert nearest_sampled == math.inf
        return
    assert found.apart_m <= nearest_sampled + 1.0
    assert -1e-9 <= found.own <= 1 + 1e-9
    assert -1e-9 <= found.other <= 1 + 1e-9
    assert abs(apart_m(a.at(found.own), b.at(found.other), lat) - found.apart_m) < 1.0


@settings(deadline=None)
@given(legs, legs, st.floats(0, 600))
def test_it_is_the_same_from_both_sides(a: Leg, b: Leg, slack_s: float) -> None:
    one, other = nearest(a, b, slack_s), nearest(b, a, slack_s)
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert abs(one.apart_m - other.apart_m) < 0.01


@settings(deadline=None, max_examples=60)
@given(places, places, places, places, st.floats(-20, 20))
def test_every_alternative_is_free_of_conflict(
    base: tuple[float, float],
    scene: tuple[float, float],
    base2: tuple[float, float],
    scene2: tuple[float, float],
    later: float,
) -> None:
    assume(math.dist(base, scene) > 5 and math.dist(base2, scene2) > 5)
    own, other = flight("A", at(*base), at(*scene)), flight("B", at(*base2), at(*scene2), minutes=30 + later)
    middle = at((base[0] + scene[0]) / 2, (base[1] + scene[1]) / 2)
    shut = circle(middle, 3_000.0) if later > 0 else NOTHING
    found = conflicts(own, [own, other], shut, LIMITS)
    for each in alternatives(own, found, [other], shut, LIMITS, cruise_mps=CRUISE_MPS, now=NOW):
        out, home = each.way
        band = own.band
        if each.transit_floor_m is not None and each.transit_ceiling_m is not None:
            band = replace(
                band, transit_floor_m=each.transit_floor_m, transit_ceiling_m=each.transit_ceiling_m
            )
        flown = timed(
            replace(
                own,
                out=out,
                home=home,
                band=band,
                take_off_at=each.take_off_at,
                on_scene_at=each.on_scene_at,
                land_at=each.land_at,
            ),
            cruise_mps=CRUISE_MPS,
        )
        assert not [one for one in conflicts(flown, [other], shut, LIMITS) if one.counted]
        assert each.take_off_at >= NOW


def crossing() -> tuple[PlannedFlight, PlannedFlight]:
    """Two ways that cross in the middle at the same minute."""
    return flight("A", at(-20, 0), at(20, 0)), flight("B", at(0, -20), at(0, 20))


def test_a_crossing_is_told_with_place_and_time_and_three_ways_out() -> None:
    own, other = crossing()
    found = conflicts(own, [own, other], NOTHING, LIMITS)
    (met,) = [each for each in found if each.counted]
    assert (met.kind, met.id, met.apart_m) == ("flight", "B", 0.0)
    assert apart_m(met.position, at(0, 0), 28.0) < 50.0
    assert met.other_at is not None
    assert abs((met.at - met.other_at).total_seconds()) <= LIMITS.slack_s
    made = {
        each.kind: each
        for each in alternatives(own, found, [other], NOTHING, LIMITS, cruise_mps=CRUISE_MPS, now=NOW)
    }
    assert set(made) == {"time", "height", "route"}
    assert abs(made["time"].shift_s) == 300.0
    assert made["height"].transit_floor_m == 700.0
    assert made["route"].longer_m > 0.0


def test_ways_that_cross_at_other_times_or_heights_do_not_meet() -> None:
    own, _ = crossing()
    late = flight("B", at(0, -20), at(0, 20), minutes=45)
    assert not conflicts(own, [late], NOTHING, LIMITS)
    high = flight("B", at(0, -20), at(0, 20))
    band = Band(transit_floor_m=700.0, transit_ceiling_m=900.0, work_floor_m=700.0, work_ceiling_m=900.0)
    assert not conflicts(own, [timed(replace(high, band=band), cruise_mps=CRUISE_MPS)], NOTHING, LIMITS)


def test_two_from_one_base_are_counted_where_its_tower_no_longer_keeps_them_apart() -> None:
    own = flight("A", at(0, 0), at(20, 0))
    other = flight("B", at(0, 0), at(20, 2))
    found = [each for each in conflicts(own, [other], NOTHING, LIMITS) if each.counted]
    assert found
    assert apart_m(found[0].position, at(0, 0), 28.0) >= LIMITS.near_place_m - 1.0
    near = flight("B", at(0, 0), at(0.5, 20))
    assert not any(each.counted for each in conflicts(own, [near], NOTHING, LIMITS))


def test_work_at_one_scene_is_told_and_not_counted() -> None:
    own = flight("A", at(-20, 0), at(0, 0))
    other = replace(flight("B", at(20, 3), at(0, 0)), incident_id="A")
    found = conflicts(own, [other], NOTHING, LIMITS)
    assert found
    assert not any(each.counted for each in found)


def test_a_closure_on_the_way_is_flown_round_or_over_and_one_over_the_scene_has_no_way_out() -> None:
    own, _ = crossing()
    shut = circle(at(0, 0), 3_000.0)
    found = conflicts(own, [], shut, LIMITS)
    assert [each.kind for each in found] == ["closure", "closure"]  # out and home
    made = {each.kind for each in alternatives(own, found, [], shut, LIMITS, cruise_mps=CRUISE_MPS, now=NOW)}
    assert made == {"height", "route"}
    over = circle(own.scene, 3_000.0)
    found = conflicts(own, [], over, LIMITS)
    assert found
    assert not alternatives(own, found, [], over, LIMITS, cruise_mps=CRUISE_MPS, now=NOW)


def test_traffic_is_carried_on_for_information_alone() -> None:
    own = flight("A", at(-20, 0), at(20, 0), minutes=1)
    near = Moving(
        key="icao:780001",
        name="CSN1",
        position=at(-14, 3),
        east_mps=0.0,
        north_mps=-20.0,
        altitude_m=None,
        at=NOW + timedelta(minutes=1),
    )
    (met,) = conflicts(own, [], NOTHING, LIMITS, [near])
    assert (met.kind, met.counted, met.unsure) == ("traffic", False, True)


def test_heights_that_are_not_known_meet_all() -> None:
    one = Leg(start=at(0, 0), end=at(1, 1), begins_s=0, ends_s=1, floor_m=0, ceiling_m=100)
    assert not heights_meet(one, replace(one, floor_m=300, ceiling_m=400), 100.0)
    assert heights_meet(one, replace(one, floor_m=300, ceiling_m=400, unsure=True), 100.0)
