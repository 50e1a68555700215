"""A simulated aircraft flies as one of its type could, and does what it is ordered."""

import itertools
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import adapters.data
from adapters.exercise.flight import (
    CLIMB_MPS,
    DESCENT_MPS,
    DROP_ABOVE_M,
    FILL_ABOVE_M,
    LIFT_OFF_MPS,
    Flight,
    Mission,
    Order,
    Performance,
    Phase,
    Place,
    advance,
    parked,
    performance_of,
)
from dispatch.geo import Position, distance_m
from dispatch.records import Aircraft
from protocols.resources_csv import read_table

JIANGXI = Path(adapters.data.__file__).parent / "jiangxi"
FLEET = tuple(
    one
    for one in read_table("aircraft", (JIANGXI / "aircraft.csv").read_text(encoding="utf-8"), "36")
    if isinstance(one, Aircraft)
)

KA32 = Performance(cruise_mps=58, loaded_mps=42, hovers=True, fill_s=60, drop_s=20)
BASE = Place(position=Position(lon_deg=115.36, lat_deg=28.86), elevation_m=60)
WATER = Place(position=Position(lon_deg=115.29, lat_deg=28.98), elevation_m=90)
FIRE = Place(position=Position(lon_deg=115.22, lat_deg=29.06), elevation_m=420)
MISSION = Mission(base=BASE, scene=FIRE, water=WATER, drops=2)


def flown(
    able: Performance,
    mission: Mission,
    order: Order,
    until: Phase,
    *,
    start: Flight | None = None,
    dt_s: float = 1.0,
) -> list[Flight]:
    """Every state, `dt_s` apart, until a phase is reached; at most three hours."""
    states = [start or parked(mission.base)]
    for _ in range(int(3 * 3600 / dt_s)):
        states.append(advance(states[-1], able, mission, order, dt_s))
        if states[-1].phase is until:
            return states
    raise AssertionError(f"never {until}: {states[-1]}")


def phases(states: list[Flight]) -> list[Phase]:
    found: list[Phase] = []
    for state in states:
        if not found or found[-1] is not state.phase:
            found.append(state.phase)
    return found


def test_sortie_takes_water_drops_it_twice_and_waits_over_the_fire() -> None:
    states = flown(KA32, MISSION, Order.GO, Phase.HOLDING)
    cycle = [Phase.TO_WATER, Phase.FILLING, Phase.TO_SCENE, Phase.DROPPING]
    assert phases(states) == [Phase.PARKED, *cycle, *cycle, Phase.HOLDING]
    assert states[-1].drops_done == 2
    assert states[-1].reached_scene


def test_water_is_taken_at_the_water_point_and_dropped_at_the_fire() -> None:
    states = flown(KA32, MISSION, Order.GO, Phase.HOLDING)
    filling = [s for s in states if s.phase is Phase.FILLING]
    assert all(distance_m(s.position, WATER.position) < 60 for s in filling)
    assert all(abs(s.altitude_m - WATER.elevation_m - FILL_ABOVE_M) < 10 for s in filling)
    assert 59 <= len([s for s in filling if s.drops_done == 0]) <= 61  # seconds, as long as its gear takes
    dropping = [s for s in states if s.phase is Phase.DROPPING]
    assert all(distance_m(s.position, FIRE.position) < 400 for s in dropping)
    assert all(abs(s.altitude_m - FIRE.elevation_m - DROP_ABOVE_M) < 10 for s in dropping)
    assert all(s.ground_speed_mps < 16 for s in dropping)


def test_ordered_home_it_lands_on_its_pad_and_stands() -> None:
    out = flown(KA32, MISSION, Order.GO, Phase.DROPPING)
    home = flown(KA32, MISSION, Order.HOME, Phase.RUNNING, start=out[-1])
    assert phases(home) == [Phase.DROPPING, Phase.TO_BASE, Phase.RUNNING]
    down = home[-1]
    assert down.on_ground
    assert (down.position, down.altitude_m, down.ground_speed_mps) == (BASE.position, 60, 0)
    before = home[-2]
    assert before.ground_speed_mps < 8
    assert before.altitude_m - 60 < 8
    assert advance(down, KA32, MISSION, Order.STAND, 1).phase is Phase.PARKED


def test_next_sortie_begins_afresh() -> None:
    out = flown(KA32, MISSION, Order.GO, Phase.HOLDING)
    down = flown(KA32, MISSION, Order.HOME, Phase.RUNNING, start=out[-1])[-1]
    again = advance(down, KA32, MISSION, Order.GO, 1)
    assert again.phase is Phase.TO_WATER
    assert (again.drops_done, again.reached_scene, again.loaded) == (0, False, False)


def test_parked_aircraft_stays_until_it_is_started_and_started_one_until_it_goes() -> None:
    start = parked(BASE)
    assert advance(start, KA32, MISSION, Order.STAND, 600).position == BASE.position
    running = advance(start, KA32, MISSION, Order.START, 600)
    assert running.phase is Phase.RUNNING
    assert running.position == BASE.position


@pytest.mark.parametrize("aircraft", FLEET, ids=lambda a: f"{a.name}-{a.model}")
def test_every_shipped_aircraft_flies_out_and_home_within_its_limits(aircraft: Aircraft) -> None:
    able = performance_of(aircraft)
    mission = replace(MISSION, water=WATER if aircraft.water else None, drops=1 if aircraft.water else 0)
    out = flown(able, mission, Order.GO, Phase.HOLDING)
    home = flown(able, mission, Order.HOME, Phase.RUNNING, start=out[-1])
    top_mps = max(able.cruise_mps, able.loaded_mps)
    for states in (out, home[:-1]):
        for a, b in itertools.pairwise(states):
            assert b.ground_speed_mps <= top_mps + 1e-6
            assert abs(b.ground_speed_mps - a.ground_speed_mps) <= 1.9
            assert distance_m(a.position, b.position) <= top_mps * 1.02 + 1
            assert -DESCENT_MPS - 1e-6 <= b.climb_mps <= CLIMB_MPS + 1e-6
            if b.ground_speed_mps > 15:
                turned = abs((b.track_deg - a.track_deg + 180) % 360 - 180)
                assert turned <= 20
    assert min(s.altitude_m for s in out + home) >= min(BASE.elevation_m, WATER.elevation_m) - 1


def test_fixed_wing_leaves_the_ground_only_with_speed() -> None:
    able = Performance(cruise_mps=86, loaded_mps=86, hovers=False, fill_s=0, drop_s=0)
    mission = replace(MISSION, water=None, drops=0)
    for state in flown(able, mission, Order.GO, Phase.HOLDING):
        if state.ground_speed_mps < LIFT_OFF_MPS - 2:
            assert state.altitude_m <= BASE.elevation_m + 0.5


def test_time_on_the_way_is_about_distance_over_speed() -> None:
    states = flown(KA32, MISSION, Order.GO, Phase.FILLING)
    ideal_s = distance_m(BASE.position, WATER.position) / KA32.cruise_mps
    assert ideal_s < len(states) < ideal_s + 120  # taking off and braking cost some


@settings(max_examples=25)
@given(
    parts=st.lists(st.floats(min_value=0.05, max_value=7.0), min_size=40, max_size=60),
)
def test_how_often_it_is_looked_at_changes_little(parts: list[float]) -> None:
    seen = parked(BASE)
    for part in parts:
        seen = advance(seen, KA32, MISSION, Order.GO, part)
    once = advance(parked(BASE), KA32, MISSION, Order.GO, sum(parts))
    assert distance_m(seen.position, once.position) < 40
    assert abs(seen.altitude_m - once.altitude_m) < 10


@settings(max_examples=50)
@given(
    orders=st.lists(
        st.tuples(st.sampled_from(list(Order)), st.floats(min_value=0.1, max_value=200.0)),
        min_size=1,
        max_size=12,
    )
)
def test_no_sequence_of_orders_makes_it_jump(orders: list[tuple[Order, float]]) -> None:
    state = parked(BASE)
    for order, seconds in orders:
        after = advance(state, KA32, MISSION, order, seconds)
        assert distance_m(state.position, after.position) <= KA32.cruise_mps * seconds + 25
        assert 0 <= after.ground_speed_mps <= KA32.cruise_mps + 1e-6
        assert after.altitude_m > 50
        state = after
