"""Entry of airspace: a minute before, at once when inside, not for who is cleared, and never silent about a height."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.alerts import AMBER, RED
from dispatch.closure_commands import LiftClosure
from dispatch.geo import Position, distance_m
from dispatch.kinds import AlertKind, AltitudeDatum, Role, TaskingState
from dispatch.motion import DEGREE_M
from dispatch.safety.airspace import AirspaceNet
from dispatch.volume_kinds import AirspaceClass, VolumeKind
from dispatch.volume_records import Footprint, HeightLimit
from dispatch.world import World
from tests.dispatch.flights import flight_in
from tests.dispatch.safety.air import Air, Craft, hills, of
from tests.dispatch.scene import FIRE, Scene
from tests.dispatch.test_closure import declare
from tests.dispatch.test_volume import imported, terms

CIRCLE = Footprint(centre=Position(lon_deg=115.3, lat_deg=28.0), radius_m=5_000)
EDGE_DEG = 115.3 - 5_000 / (DEGREE_M * math.cos(math.radians(28.0)))


def world(kind: VolumeKind = VolumeKind.RESTRICTED, **other: object) -> World:
    scene = Scene()
    imported(scene, terms(kind=kind, footprint=CIRCLE, **other))
    return scene.world


def test_an_entry_is_told_a_minute_before_and_becomes_a_breach_under_the_same_id() -> None:
    air = Air(AirspaceNet(), world=world(), ours=True)
    first_ahead = first_breach = None
    ids = set()
    start = Craft(lon_deg=EDGE_DEG - 6_000 / 98_180)  # 100 s before the edge at 60 m/s
    for t in range(220):
        for one in of(air.look(t, start), AlertKind.AIRSPACE):
            ids.add((one.id, one.about))
            if one.code == "ahead" and first_ahead is None:
                first_ahead = t
                assert (one.severity, one.lead_s) == (AMBER, pytest.approx(59, abs=2))
                assert one.volume_id in air.world.volumes
            if one.code == "breach" and first_breach is None:
                first_breach = t
                assert (one.severity, one.flags) == (RED, ())
    assert len(ids) == 1
    assert first_ahead == pytest.approx(41, abs=2)
    assert first_breach == pytest.approx(100, abs=2)


def test_it_ends_when_it_has_left_and_one_seen_first_inside_is_a_breach_at_once() -> None:
    air = Air(AirspaceNet(), world=world(), ours=True)
    inside = Craft(lon_deg=115.34)
    assert [one.code for one in of(air.look(0, inside), AlertKind.AIRSPACE)] == ["breach"]
    assert not of(air.fly(40, inside, begin=1)[-1], AlertKind.AIRSPACE)


@pytest.mark.parametrize(
    ("craft", "told"),
    [
        (Craft(lon_deg=115.3, height_m=2_000), []),  # above it
        (Craft(lon_deg=115.3, height_m=None), ["breach"]),  # nobody knows how high
        (Craft(lon_deg=115.3, height_m=2_000, datum=AltitudeDatum.PRESSURE), []),
        (
            Craft(lon_deg=115.3, height_m=650, datum=AltitudeDatum.PRESSURE),
            ["breach"],
        ),  # within the day's pressure
        (Craft(lon_deg=115.22, height_m=900, climb_mps=-10), ["ahead"]),  # comes down into it
        (Craft(lon_deg=115.22, height_m=2_000, climb_mps=-10), []),  # not so far within the minute
    ],
)
def test_heights_count_and_one_that_is_not_known_counts_as_met(craft: Craft, told: list[str]) -> None:
    air = Air(AirspaceNet(), world=world(), ours=True)
    found = of(air.fly(2, craft)[-1], AlertKind.AIRSPACE)
    assert [one.code for one in found] == told
    unsure = craft.height_m is None or (craft.datum is AltitudeDatum.PRESSURE and bool(told))
    assert all(("height_unsure" in one.flags) == unsure for one in found)


def test_a_limit_above_ground_is_compared_over_terrain_and_without_it_said_to_be_unsure() -> None:
    low = HeightLimit(datum=AltitudeDatum.AGL, value_m=300.0)
    chart = world(ceiling=low)
    for height_m, over, flags in (
        (1_200.0, hills(lambda lon, lat: 1_000.0 + 0 * lon), [()]),
        (1_500.0, hills(lambda lon, lat: 1_000.0 + 0 * lon), []),
        (1_500.0, None, [("height_unsure", "no_terrain")]),
        (9_900.0, None, []),  # above all ground there is
    ):
        air = Air(AirspaceNet(), world=chart, ours=True, terrain=over)
        found = of(air.look(0, Craft(lon_deg=115.3, height_m=height_m)), AlertKind.AIRSPACE)
        assert [one.flags for one in found] == flags


def test_kinds_that_ask_no_leave_and_strangers_are_not_told() -> None:
    inside = Craft(lon_deg=115.3)
    for kind, other, ours, told in (
        (VolumeKind.FIR, {}, True, 0),
        (VolumeKind.AIRSPACE, {"airspace_class": AirspaceClass.G}, True, 0),
        (VolumeKind.AIRSPACE, {"airspace_class": AirspaceClass.C}, True, 1),
        (VolumeKind.RESTRICTED, {}, False, 0),
        (VolumeKind.RESTRICTED, {}, True, 1),
    ):
        air = Air(AirspaceNet(), world=world(kind, **other), ours=ours)
        assert len(of(air.look(0, inside), AlertKind.AIRSPACE)) == told


def test_who_holds_an_approved_block_is_cleared_within_it_and_not_outside() -> None:
    flight = flight_in(TaskingState.AIRBORNE)
    scene = flight.scene
    imported(scene, terms(kind=VolumeKind.CTR, footprint=Footprint(centre=FIRE, radius_m=30_000)))
    craft = scene.world.aircraft[flight.tasking.aircraft_id]
    there = Craft(icao24=craft.icao24, lon_deg=FIRE.lon_deg, lat_deg=FIRE.lat_deg, height_m=300, speed_mps=0)
    outside = replace(there, lat_deg=FIRE.lat_deg + 0.2)
    assert not of(Air(AirspaceNet(), world=scene.world).look(0, there), AlertKind.AIRSPACE)
    (one,) = of(Air(AirspaceNet(), world=scene.world).look(0, outside), AlertKind.AIRSPACE)
    assert (one.tasking_id, one.code) == (flight.tasking.id, "breach")


def test_closures_are_for_everybody_while_they_stand() -> None:
    scene = Scene()
    closed = declare(scene)
    at = closed.outline.centre or closed.outline.ring[0]
    middle = (
        Position(
            lon_deg=sum(one.lon_deg for one in closed.outline.ring[:-1]) / (len(closed.outline.ring) - 1),
            lat_deg=sum(one.lat_deg for one in closed.outline.ring[:-1]) / (len(closed.outline.ring) - 1),
        )
        if closed.outline.ring
        else at
    )
    stranger = Craft(
        lon_deg=middle.lon_deg, lat_deg=middle.lat_deg, height_m=closed.floor_m + 10, speed_mps=1
    )
    air = Air(AirspaceNet(), world=scene.world)
    (one,) = of(air.look(0, stranger), AlertKind.AIRSPACE)
    assert (one.closure_id, one.volume_id, one.severity) == (closed.id, "", RED)
    scene.ask(Role.DISPATCHER, LiftClosure(closure_id=closed.id, version_seen=closed.version, reason="开放"))
    air.world = scene.world
    assert not of(air.fly(6, stranger, begin=1)[-1], AlertKind.AIRSPACE)


@settings(max_examples=40, deadline=None)
@given(
    st.floats(-9_000, 9_000), st.floats(-9_000, 9_000), st.floats(0, 360), st.floats(5, 150), st.floats(-8, 8)
)
def test_entries_are_those_that_a_walk_finds(
    x: float, y: float, course: float, speed: float, climb: float
) -> None:
    """Held to walking the line in steps of a tenth of a second."""
    squeeze = math.cos(math.radians(28.0))
    craft = Craft(
        lon_deg=115.3 + x / DEGREE_M / squeeze,
        lat_deg=28.0 + y / DEGREE_M,
        course_deg=course,
        speed_mps=speed,
        climb_mps=climb,
    )
    inside = []
    for t in np.arange(0, 60.05, 0.1):
        seen = craft.at(float(t))
        away = distance_m(
            Position(lon_deg=seen.lon_deg or 0, lat_deg=seen.lat_deg or 0), CIRCLE.centre or FIRE
        )
        inside.append((away, seen.altitude_m or 0.0))
    air = Air(AirspaceNet(), world=WORLD, ours=True)
    air.look(0, craft)
    told = bool(of(air.look(0, craft), AlertKind.AIRSPACE))
    if any(away < 4_900 and 0 < high < 590 for away, high in inside[10:-20]):
        assert told
    elif not any(away < 5_100 and high < 610 for away, high in inside):
        assert not told


WORLD = world()
