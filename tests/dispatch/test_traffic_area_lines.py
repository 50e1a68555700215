"""Incident airspace as geometry: rings nested, entries on the ring, circuits one-way, nothing drawn that is not approved."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from immutables import Map

from dispatch.geo import Position, bearing_deg, distance_m
from dispatch.kinds import AirspaceKind, AirspaceState, AltitudeDatum, Role
from dispatch.records import Airspace, AirspaceRequest
from dispatch.search_kinds import Turn
from dispatch.traffic_area_approved import approved
from dispatch.traffic_area_kinds import GroundBasis, TrafficLayerKind
from dispatch.traffic_area_lines import beyond, circuits, entries, ring, to_plane
from dispatch.traffic_area_records import TrafficArea
from dispatch.traffic_area_rows import ROWS, rules_at
from dispatch.traffic_area_stack import stack
from dispatch.traffic_area_watch import Seen, occupied
from dispatch.world import World

NOW = datetime(2026, 11, 26, 4, tzinfo=UTC)
RULES = rules_at(NOW)
SCENE = Position(lon_deg=115.5, lat_deg=28.5)
places = st.builds(Position, lon_deg=st.floats(-180, 180), lat_deg=st.floats(-80, 80))


def area(ground_m: float = 300.0, **said: object) -> TrafficArea:
    values: dict[str, object] = {
        "id": "36-FTA-1",
        "site": "36",
        "incident_id": "36-INC-1",
        "centre": SCENE,
        "rules": RULES,
        "call_m": RULES.call_m,
        "hold_m": RULES.hold_m,
        "working_m": RULES.working_m,
        "speed_mps": RULES.speed_mps,
        "most_at_work": 4,
        "frequency": "",
        "remark": "",
        "ground_m": ground_m,
        "ground_basis": GroundBasis.INCIDENT,
        "ground_unknown_share": 1.0,
        "layers": stack(ground_m, RULES),
        "made_at": NOW,
        "made_by": "d",
        "made_as": Role.DISPATCHER,
    }
    return TrafficArea(**(values | said))  # type: ignore[arg-type]


def block(**said: object) -> Airspace:
    values: dict[str, object] = {
        "centre": SCENE,
        "radius_m": 9_260.0,
        "corridor_from": beyond(SCENE, 200.0, 40_000.0),
        "corridor_half_width_m": 2_000.0,
        "floor_m": 0.0,
        "ceiling_m": 900.0,
        "datum": AltitudeDatum.MSL,
        "active_from": NOW - timedelta(hours=1),
        "active_until": NOW + timedelta(hours=1),
    }
    return Airspace(**(values | said))  # type: ignore[arg-type]


def world(*blocks: Airspace, state: AirspaceState = AirspaceState.APPROVED) -> World:
    requests = {
        f"36-ASP-{n}": AirspaceRequest(
            id=f"36-ASP-{n}",
            site="36",
            kind=AirspaceKind.PLAN,
            tasking_id="36-TSK-1",
            incident_id="36-INC-1",
            aircraft_id="B-1",
            airspace=one,
            filed_at=NOW,
            answer_due_at=NOW,
            state=state,
        )
        for n, one in enumerate(blocks)
    }
    return replace(World.empty("36"), requests=Map(requests))


def test_the_stack_is_above_the_highest_ground_rounded_up_and_apart() -> None:
    layers = stack(305.0, RULES)
    assert [layer.altitude_m for layer in layers] == [460.0, 610.0, 770.0, 1070.0, 1380.0]
    assert [layer.turn for layer in layers] == [None, Turn.LEFT, Turn.LEFT, Turn.RIGHT, None]


@given(ground_m=st.floats(-500, 9_000))
def test_layers_never_come_closer_than_the_rule_less_a_rounding(ground_m: float) -> None:
    layers = stack(ground_m, RULES)
    for low, high in pairwise(layers):
        apart = high.altitude_m - low.altitude_m
        assert apart > high.above_m - low.above_m - RULES.rounding_m
        assert low.altitude_m - ground_m >= low.above_m - 1e-6


@given(centre=places, radius_m=st.floats(500, 100_000), course=st.floats(0, 360))
def test_a_ring_lies_at_its_radius_and_inside_the_next_one(
    centre: Position, radius_m: float, course: float
) -> None:
    corners = ring(centre, radius_m)
    assert corners[0] == corners[-1]
    assert all(abs(distance_m(centre, each) - radius_m) < 0.1 for each in corners)
    assert distance_m(centre, beyond(centre, course, radius_m * 0.99)) < radius_m
    for row in ROWS:
        assert row.working_m < row.hold_m < row.call_m


@given(
    centre=places,
    away=st.lists(st.tuples(st.floats(0, 360), st.floats(1_000, 200_000)), min_size=1, max_size=30),
)
def test_entries_lie_on_the_holding_ring_apart_and_every_base_has_one(
    centre: Position, away: list[tuple[float, float]]
) -> None:
    bases = [(f"B{n}", beyond(centre, course, far)) for n, (course, far) in enumerate(away)]
    found = entries(centre, RULES.hold_m, bases, RULES.merge_deg)
    assert sorted(each for one in found for each in one.base_ids) == sorted(name for name, _ in bases)
    assert len({one.name for one in found}) == len(found)
    for place, one in enumerate(found):
        assert abs(distance_m(centre, one.position) - RULES.hold_m) < 0.1
        after = found[(place + 1) % len(found)]
        if after is not one:
            assert (after.bearing_deg - one.bearing_deg) % 360.0 > RULES.merge_deg


def test_without_bases_four_cardinal_entries_and_near_bases_share_one() -> None:
    assert [one.name for one in entries(SCENE, RULES.hold_m, [], 30.0)] == ["N", "E", "S", "W"]
    bases = [("A", beyond(SCENE, 350.0, 5e4)), ("B", beyond(SCENE, 10.0, 5e4)), ("C", beyond(SCENE, 90, 5e4))]
    found = entries(SCENE, RULES.hold_m, bases, 30.0)
    assert [(one.name, one.base_ids) for one in found] == [("N", ("A", "B")), ("E", ("C",))]


@given(course=st.floats(0, 360), away_m=st.floats(150, 60_000))
def test_a_circuit_is_one_way_keeps_right_and_its_zones_stay_apart(course: float, away_m: float) -> None:
    (one,) = circuits(SCENE, RULES.working_m, [("W", "水库", beyond(SCENE, course, away_m), SCENE)], RULES)
    corners = [to_plane(SCENE, each) for each in one.loop]
    assert one.loop[0] == one.loop[-1] == one.dip.centre
    assert one.loop[3] == one.drop.centre
    turned = sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(corners))
    assert turned > 0  # anticlockwise: out on the right, home on the right
    straight = bearing_deg(one.dip.centre, one.drop.centre)
    assert 0 < (bearing_deg(one.dip.centre, one.loop[1]) - straight) % 360 < 91
    assert distance_m(one.dip.centre, one.drop.centre) > one.dip.radius_m + one.drop.radius_m
    assert one.in_trail >= 1
    assert one.in_trail * RULES.trail_m <= max(one.length_m, RULES.trail_m)
    assert one.leaves_ring == (away_m + one.dip.radius_m > RULES.working_m)


def test_crossing_circuits_are_flagged_and_those_that_drop_apart_are_not() -> None:
    water = [
        ("W1", "一", beyond(SCENE, 0.0, 6_000.0), SCENE),
        ("W2", "二", beyond(SCENE, 4.0, 6_500.0), SCENE),
        ("W3", "三", beyond(SCENE, 180.0, 6_000.0), SCENE),
    ]
    one, two, three = circuits(SCENE, RULES.working_m, water, RULES)
    assert (one.crosses, two.crosses, three.crosses) == (("B",), ("A",), ())
    assert [each.dip.name for each in (one, two, three)] == ["A", "B", "C"]
    assert {each.drop.name for each in (one, two, three)} == {"1"}
    assert circuits(SCENE, RULES.working_m, [("W", "近", beyond(SCENE, 1.0, 50.0), SCENE)], RULES) == ()


def test_two_in_one_zone_is_crowded_and_a_shared_zone_is_told_once() -> None:
    water = [("W1", "一", beyond(SCENE, 0.0, 6e3), SCENE), ("W2", "二", beyond(SCENE, 90.0, 6e3), SCENE)]
    made = area(circuits=circuits(SCENE, RULES.working_m, water, RULES))
    seen = [
        Seen(track_id="a", name="A", position=beyond(SCENE, 10.0, 100.0)),
        Seen(track_id="b", name="B", position=beyond(SCENE, 190.0, 250.0)),
        Seen(track_id="c", name="C", position=beyond(water[0][2], 90.0, 200.0)),
        Seen(track_id="d", name="D", position=beyond(SCENE, 10.0, 3_000.0)),
    ]
    dip, drop = occupied(made, seen)
    assert (dip.dip, dip.track_ids, dip.crowded) == (True, ("c",), False)
    assert (drop.dip, drop.track_ids, drop.crowded) == (False, ("a", "b"), True)


def test_what_is_approved_says_ceiling_layers_and_what_is_not() -> None:
    whole = approved(world(block()), area(), NOW)
    assert whole.share == pytest.approx(1.0, abs=0.005)
    assert (whole.floor_m, whole.ceiling_m) == (0.0, 900.0)
    assert whole.usable == (
        TrafficLayerKind.HELICOPTER,
        TrafficLayerKind.TANKER_MANOEUVRE,
        TrafficLayerKind.TANKER_ORBIT,
    )
    assert whole.not_approved == (TrafficLayerKind.AIR_CONTROL, TrafficLayerKind.MEDIA)
    low = approved(world(block(), block(ceiling_m=500.0)), area(), NOW)
    assert (low.ceiling_m, low.usable) == (500.0, (TrafficLayerKind.HELICOPTER,))
    for there in (
        world(),
        world(block(), state=AirspaceState.FILED),
        world(block(active_until=NOW - timedelta(minutes=1))),
        world(block(active_from=NOW + timedelta(minutes=1))),
    ):
        none = approved(there, area(), NOW)
        assert (none.polygons, none.share, none.usable, none.ceiling_m) == ((), 0.0, (), None)
    around = (beyond(SCENE, 150.0, 15e3), beyond(SCENE, 170.0, 6e3))
    hole = beyond(SCENE, 190.0, 3e3)  # a corridor out and one home go round it
    bent = block(radius_m=500.0, corridor_half_width_m=300.0, out_turns=around)
    (outline, *holes) = approved(world(bent), area(), NOW).polygons[0]
    assert shapely.Polygon(_xy(outline), [_xy(each) for each in holes]).disjoint(shapely.Point(_xy([hole])))
    release = world(block())
    release = replace(
        release,
        requests=Map(
            {k: replace(v, kind=AirspaceKind.TAKE_OFF_RELEASE) for k, v in release.requests.items()}
        ),
    )
    assert approved(release, area(), NOW).polygons == ()
    over_ground = approved(world(block(datum=AltitudeDatum.AGL)), area(), NOW)
    assert (over_ground.polygons, over_ground.not_compared) == ((), ("36-ASP-0",))


@given(
    course=st.floats(0, 360),
    away_m=st.floats(0, 20_000),
    radius_m=st.floats(200, 15_000),
    out=st.floats(0, 360),
)
def test_never_more_is_drawn_than_is_approved_nor_outside_the_ring(
    course: float, away_m: float, radius_m: float, out: float
) -> None:
    granted = block(centre=beyond(SCENE, course, away_m), radius_m=radius_m)
    granted = replace(granted, corridor_from=beyond(granted.centre, out, 10_000.0))
    found = approved(world(granted), area(), NOW)
    assert 0.0 <= found.share <= 1.0
    for outline in (line for polygon in found.polygons for line in polygon):
        for corner in outline:
            assert distance_m(SCENE, corner) <= RULES.working_m + 1.0
            in_circle = distance_m(granted.centre, corner) <= radius_m * 1.003 + 1.0
            assert in_circle or _in_corridor(granted, corner)


def _xy(places: Sequence[Position]) -> list[tuple[float, float]]:
    return [(each.lon_deg, each.lat_deg) for each in places]


def _in_corridor(one: Airspace, corner: Position) -> bool:
    """Within half the width of the line, its ends round; the plane of ring_of differs by some metres."""
    x1, y1 = to_plane(one.centre, one.corridor_from)
    x, y = to_plane(one.centre, corner)
    share = max(0.0, min(1.0, (x * x1 + y * y1) / (x1 * x1 + y1 * y1)))
    return ((x - share * x1) ** 2 + (y - share * y1) ** 2) ** 0.5 <= one.corridor_half_width_m * 1.003 + 15.0
