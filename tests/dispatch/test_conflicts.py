"""Conflicts: found for every pair that comes too near, and for no other; held to a step-by-step walk of each pair."""

import math
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.conflicts import AMBER, RED, Conflict, Movers, find, movers
from dispatch.kinds import AltitudeDatum, SourceKind, ThingKind
from dispatch.motion import DEGREE_M
from dispatch.picture import TrackPicture
from dispatch.sighting import Sighting

NOW = 1_790_000_000.0
LAT = 28.0
_EAST_M = DEGREE_M * math.cos(math.radians(LAT))

Flight = tuple[float, float, float, float, float, float]  # x, y, altitude m; east, north, climb m/s


def flying(flights: list[Flight], datum: list[int] | None = None) -> Movers:
    table = np.array(flights, np.float64).reshape(-1, 6)
    return Movers(
        slot=np.arange(len(table), dtype=np.int32),
        lon_deg=115.0 + table[:, 0] / _EAST_M,
        lat_deg=LAT + table[:, 1] / DEGREE_M,
        altitude_m=table[:, 2],
        datum=np.array(datum or [3] * len(table), np.int32),
        east_mps=table[:, 3],
        north_mps=table[:, 4],
        climb_mps=table[:, 5],
    )


def walked(a: Flight, b: Flight, margin: float) -> bool:
    """Whether amber limits, widened or narrowed by `margin`, are broken in any of many moments."""
    for step in range(1201):
        t = step / 10
        far = math.hypot(b[0] - a[0] + (b[3] - a[3]) * t, b[1] - a[1] + (b[4] - a[4]) * t)
        high = abs(b[2] - a[2] + (b[5] - a[5]) * t)
        if far < AMBER.horizontal_m * margin and high < AMBER.vertical_m * margin:
            return True
    return False


flights = st.tuples(
    st.floats(-20_000, 20_000),
    st.floats(-20_000, 20_000),
    st.floats(100, 1_000),
    st.floats(-120, 120),
    st.floats(-120, 120),
    st.floats(-8, 8),
)


@settings(max_examples=60)
@given(st.lists(flights, min_size=2, max_size=8))
def test_every_pair_that_comes_too_near_is_found_and_no_other(some: list[Flight]) -> None:
    found = {(conflict.a, conflict.b) for conflict in find(flying(some)).conflicts}
    for a in range(len(some)):
        for b in range(a + 1, len(some)):
            if walked(some[a], some[b], 0.93):  # the walk is flat and steps; the finder is on the sphere
                assert (a, b) in found
            elif not walked(some[a], some[b], 1.07):
                assert (a, b) not in found


def only(found: tuple[Conflict, ...]) -> Conflict:
    (one,) = found
    return one


def test_two_helicopters_head_on_are_amber_then_red() -> None:
    far = only(find(flying([(0, 0, 500, 60, 0, 0), (10_000, 0, 520, -60, 0, 0)])).conflicts)
    assert far.severity == AMBER.severity
    assert abs(far.in_s - (10_000 - AMBER.horizontal_m) / 120) < 1
    assert far.nearest_m < 50
    assert abs(far.vertical_m - 20) < 1
    near = only(find(flying([(0, 0, 500, 60, 0, 0), (4_000, 0, 520, -60, 0, 0)])).conflicts)
    assert near.severity == RED.severity
    assert near.in_s <= RED.within_s


def test_height_keeps_apart_and_a_climb_takes_it_away() -> None:
    level = [(0, 0, 500, 60, 0, 0), (5_000, 0, 700, -60, 0, 0)]
    assert find(flying(level)).conflicts == ()  # type: ignore[arg-type]
    climbing = [(0, 0, 500, 60, 0, 5), (5_000, 0, 700, -60, 0, 0)]
    assert len(find(flying(climbing)).conflicts) == 1  # type: ignore[arg-type]


def test_heights_of_different_datums_are_not_compared() -> None:
    pair = [(0.0, 0.0, 500.0, 60.0, 0.0, 0.0), (4_000.0, 0.0, 500.0, -60.0, 0.0, 0.0)]
    assert find(flying(pair, [3, 1])).conflicts == ()


def test_a_pair_across_the_antimeridian_is_found() -> None:
    pair = flying([(0, 0, 500, 60, 0, 0), (4_000, 0, 500, -60, 0, 0)])
    shifted = Movers(
        slot=pair.slot,
        lon_deg=(pair.lon_deg - 115.0 + 180.0 - 0.02 + 180.0) % 360.0 - 180.0,
        lat_deg=pair.lat_deg,
        altitude_m=pair.altitude_m,
        datum=pair.datum,
        east_mps=pair.east_mps,
        north_mps=pair.north_mps,
        climb_mps=pair.climb_mps,
    )
    assert shifted.lon_deg[0] > 0 > shifted.lon_deg[1]
    assert len(find(shifted).conflicts) == 1


def test_a_crowd_too_dense_to_look_at_is_said_to_be_cut() -> None:
    crowd = [(float(number % 60), float(number // 60), 500.0, 0.0, 0.0, 0.0) for number in range(3_600)]
    assert find(flying(crowd)).cut


def seen(icao24: str, lon_deg: float, **said: object) -> Sighting:
    values: dict[str, object] = {
        "source": "hill",
        "source_kind": SourceKind.ADSB,
        "icao24": icao24,
        "lon_deg": lon_deg,
        "lat_deg": LAT,
        "altitude_m": 500.0,
        "altitude_datum": AltitudeDatum.PRESSURE,
        "ground_speed_mps": 60.0,
        "track_deg": 90.0,
    }
    return Sighting(**(values | said))  # type: ignore[arg-type]  # any field, by name


def test_who_is_on_the_ground_stale_or_no_aircraft_is_in_no_conflict() -> None:
    picture = TrackPicture()
    picture.accept(seen("a00001", 115.0), NOW)
    picture.accept(seen("a00002", 115.001, on_ground=True), NOW)
    picture.accept(seen("a00003", 115.001, altitude_m=None), NOW)
    picture.accept(seen("", 115.001, own_key="jt808:1", source_kind=SourceKind.TERMINAL), NOW)
    picture.accept(
        seen("", 115.001, own_key="cot:1", source_kind=SourceKind.COT, thing_kind=ThingKind.TEAM), NOW
    )
    assert find(movers(picture, NOW)).conflicts == ()
    picture.accept(
        seen(
            "", 115.001, own_key="jt808:2", source_kind=SourceKind.TERMINAL, thing_kind=ThingKind.HELICOPTER
        ),
        NOW,
    )
    assert len(find(movers(picture, NOW)).conflicts) == 1
    heard = replace(seen("a00001", 115.0, ground_speed_mps=61.0), lon_deg=None, lat_deg=None)
    picture.accept(heard, NOW + 12)
    assert find(movers(picture, NOW + 12)).conflicts == ()


def test_positions_are_carried_on_to_now() -> None:
    picture = TrackPicture()
    picture.accept(seen("a00001", 115.0), NOW)
    later = movers(picture, NOW + 8)
    assert abs((float(later.lon_deg[0]) - 115.0) * _EAST_M - 480) < 2
