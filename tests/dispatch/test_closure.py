"""Closed airspace: who may close and open it, what is refused because it cannot be meant, and who sees it."""

import math
from datetime import timedelta

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from dispatch import access, closure
from dispatch.closure_commands import AmendClosure, DeclareClosure, LiftClosure
from dispatch.errors import GanyingError
from dispatch.geo import Position, distance_m
from dispatch.kinds import AltitudeDatum, ClosureKind, Role
from dispatch.records import Closure, Outline
from dispatch.views import NO_OPERATIONS, Viewer, relate, visible
from protocols.codec import facts as codec
from tests.dispatch.scene import NOW, Scene


def ring(*corners: tuple[float, float]) -> Outline:
    """An outline of these corners as they are, not closed for the caller."""
    return Outline(ring=tuple(Position(lon_deg=lon, lat_deg=lat) for lon, lat in corners))


SQUARE = ring((115.2, 28.8), (115.3, 28.8), (115.3, 28.9), (115.2, 28.9), (115.2, 28.8))
CIRCLE = Outline(centre=Position(lon_deg=115.2, lat_deg=28.9), radius_m=5_000)


def asked(**other: object) -> DeclareClosure:
    """A temporary control area over two hours, with what differs."""
    usual: dict[str, object] = {
        "name": "靖安临时管制",
        "kind": ClosureKind.TEMPORARY_CONTROL,
        "outline": SQUARE,
        "floor_m": 0.0,
        "ceiling_m": 1500.0,
        "datum": AltitudeDatum.MSL,
        "active_until": NOW + timedelta(hours=2),
        "reason": "火场上方无人机测绘",
        "source": "省应急厅电话 1103",
    }
    return DeclareClosure(**(usual | other))  # type: ignore[arg-type]


def declare(scene: Scene, role: Role = Role.DISPATCHER, **other: object) -> Closure:
    """Close airspace; the record as it then is."""
    before = set(scene.world.closures)
    scene.ask(role, asked(**other))
    return scene.world.closures[(set(scene.world.closures) - before).pop()]


def refused(scene: Scene, role: Role, command: object) -> GanyingError:
    """The refusal, which changed nothing."""
    before = scene.world
    with pytest.raises(GanyingError) as caught:
        scene.ask(role, command)  # type: ignore[arg-type]
    assert scene.world is before
    return caught.value


def test_a_closure_stands_with_who_declared_it_and_replays_from_bytes() -> None:
    scene = Scene()
    made = declare(scene)
    assert (made.active_from, made.declared_by, made.declared_as) == (NOW, "dispatcher", Role.DISPATCHER)
    assert [step.action for step in made.history] == ["declare"]
    scene.ask(Role.DUTY_CHIEF, AmendClosure(closure_id=made.id, version_seen=1, ceiling_m=900.0))
    scene.wait(minutes=30)
    scene.ask(Role.DISPATCHER, LiftClosure(closure_id=made.id, version_seen=2, reason="测绘结束"))
    lifted = scene.world.closures[made.id]
    assert (lifted.ceiling_m, lifted.lifted_at, lifted.version) == (900.0, scene.now, 3)
    assert [(s.action, s.reason) for s in lifted.history[1:]] == [
        ("amend", "ceiling_m"),
        ("lift", "测绘结束"),
    ]
    assert scene.replayed() == scene.world
    for row in scene.journal:
        assert codec.decode(*codec.encode(row.fact)) == row.fact


@pytest.mark.parametrize("role", list(Role))
def test_the_desk_and_atc_may_close_airspace_and_nobody_else(role: Role) -> None:
    scene = Scene()
    if role in {Role.DISPATCHER, Role.DUTY_CHIEF, Role.ATC}:
        assert declare(scene, role).declared_as is role
    else:
        assert refused(scene, role, asked()).code == "FORBIDDEN"
    assert (role in access.DECLARE_CLOSURE) == bool(scene.world.closures)


def test_what_atc_has_closed_only_atc_opens() -> None:
    scene = Scene()
    made = declare(scene, Role.ATC)
    lift = LiftClosure(closure_id=made.id, version_seen=1, reason="开放")
    assert refused(scene, Role.DISPATCHER, lift).code == "FORBIDDEN"
    amend = AmendClosure(closure_id=made.id, version_seen=1, ceiling_m=300.0)
    assert refused(scene, Role.DUTY_CHIEF, amend).code == "FORBIDDEN"
    scene.ask(Role.ATC, lift)
    assert scene.world.closures[made.id].lifted_at == scene.now


def crowded() -> Outline:
    """A ring of more corners than are taken."""
    corners = tuple(
        Position(lon_deg=115 + 0.1 * math.cos(n / 1e5), lat_deg=28 + 0.1 * math.sin(n / 1e5))
        for n in range(300)
    )
    return Outline(ring=(*corners, corners[0]))


BAD = {
    "open": ({"outline": ring((115.2, 28.8), (115.3, 28.8), (115.3, 28.9))}, "RING_OPEN", "outline.ring"),
    "nothing": ({"outline": Outline()}, "OUTLINE", "outline"),
    "both": (
        {"outline": Outline(ring=SQUARE.ring, centre=CIRCLE.centre, radius_m=1e3)},
        "OUTLINE",
        "outline",
    ),
    "two corners": ({"outline": ring((115, 28), (116, 28), (115, 28))}, "RING_CORNERS", "outline.ring"),
    "crossing": (
        {"outline": ring((115, 28), (115.2, 28.2), (115.2, 28), (115, 28.2), (115, 28))},
        "RING_CROSSES",
        "outline.ring",
    ),
    "flat": (
        {"outline": ring((115, 28), (115.1, 28.1), (115.2, 28.2), (115, 28))},
        "VERY_SMALL",
        "outline.ring",
    ),
    "tiny": (
        {"outline": ring((115, 28), (115.0001, 28), (115.0001, 28.0001), (115, 28))},
        "VERY_SMALL",
        "outline.ring",
    ),
    "over 180°": (
        {"outline": ring((179, 28), (-179, 28), (-179, 29), (179, 29), (179, 28))},
        "OVER_EDGE",
        "outline.ring[1]",
    ),
    "too many corners": ({"outline": crowded()}, "RING_CORNERS", "outline.ring"),
    "the province": (
        {"outline": ring((114, 25), (118, 25), (118, 30), (114, 30), (114, 25))},
        "VERY_LARGE",
        "outline",
    ),
    "no radius": ({"outline": Outline(centre=CIRCLE.centre)}, "OUTLINE", "outline.radius_m"),
    "radius not a number": (
        {"outline": Outline(centre=CIRCLE.centre, radius_m=math.nan)},
        "OUTLINE",
        "outline.radius_m",
    ),
    "radius without centre": ({"outline": Outline(radius_m=500)}, "OUTLINE", "outline.centre"),
    "a circle over 180°": (
        {"outline": Outline(centre=Position(lon_deg=179.99, lat_deg=28), radius_m=5e3)},
        "OVER_EDGE",
        "outline.centre",
    ),
    "floor over ceiling": ({"floor_m": 2_000.0}, "HEIGHTS", "ceiling_m"),
    "a height of nothing": ({"floor_m": math.nan}, "MALFORMED", "floor_m"),
    "pressure heights": ({"datum": AltitudeDatum.PRESSURE}, "MALFORMED", "datum"),
    "over": ({"active_from": NOW - timedelta(hours=3), "active_until": NOW}, "TIMES", "active_until"),
    "ends before it begins": ({"active_from": NOW + timedelta(hours=3)}, "TIMES", "active_until"),
    "the wrong year": ({"active_until": NOW + timedelta(days=400)}, "TIMES", "active_until"),
    "no zone": (
        {"active_until": (NOW + timedelta(hours=1)).replace(tzinfo=None)},
        "MALFORMED",
        "active_until",
    ),
    "no name": ({"name": "  "}, "MALFORMED", "name"),
    "no reason": ({"reason": ""}, "MALFORMED", "reason"),
    "no source": ({"source": ""}, "MALFORMED", "source"),
    "a long name": ({"name": "长" * 121}, "MALFORMED", "name"),
}


@pytest.mark.parametrize("why", BAD)
def test_what_cannot_be_meant_is_refused_by_its_field(why: str) -> None:
    other, code, field = BAD[why]
    error = refused(Scene(), Role.DISPATCHER, asked(**other))
    assert (error.code, error.field) == (code, field)


def test_an_amendment_is_checked_like_a_declaration() -> None:
    scene = Scene()
    made = declare(scene)
    for what, code, field in (
        ({"floor_m": 1500.0}, "HEIGHTS", "ceiling_m"),
        ({"active_until": NOW}, "TIMES", "active_until"),
        ({"name": made.name}, "NOTHING_CHANGED", "closure_id"),
    ):
        amend = AmendClosure(closure_id=made.id, version_seen=1, **what)  # type: ignore[arg-type]
        error = refused(scene, Role.DISPATCHER, amend)
        assert (error.code, error.field) == (code, field)
    stale = AmendClosure(closure_id=made.id, version_seen=3, ceiling_m=800.0)
    assert refused(scene, Role.DISPATCHER, stale).code == "CHANGED"
    gone = LiftClosure(closure_id="36-CLS-NONE", version_seen=1, reason="x")
    assert refused(scene, Role.DISPATCHER, gone).code == "UNKNOWN_ID"


def test_a_closure_that_is_over_cannot_be_lifted_or_changed() -> None:
    scene = Scene()
    made = declare(scene)
    lift = LiftClosure(closure_id=made.id, version_seen=1, reason="开放")
    assert closure.is_active(made, scene.now)
    scene.wait(hours=2)
    assert closure.is_over(made, scene.now)
    assert refused(scene, Role.DISPATCHER, lift).code == "NOT_NOW"


def test_lifting_needs_a_reason() -> None:
    scene = Scene()
    made = declare(scene)
    error = refused(scene, Role.DISPATCHER, LiftClosure(closure_id=made.id, version_seen=1, reason=" "))
    assert (error.code, error.field) == ("MALFORMED", "reason")


def test_what_is_said_to_be_meant_may_be_as_large_as_a_province() -> None:
    outline = ring((114, 25), (118, 25), (118, 30), (114, 30), (114, 25))
    made = declare(Scene(), outline=outline, large=True)
    assert 215_000e6 < closure.area_m2(made.outline) < 225_000e6


def test_a_ring_is_kept_counter_clockwise_without_repeated_corners() -> None:
    back = SQUARE.ring[::-1]
    made = declare(Scene(), outline=Outline(ring=(*back[:2], back[1], *back[2:])))
    assert made.outline.ring == SQUARE.ring


@given(
    lon=st.floats(-170, 170),
    lat=st.floats(-80, 80),
    radius_m=st.floats(100, 50_000),
    turn=st.floats(0, 6.283),
)
def test_the_polygon_of_a_circle_leaves_nothing_of_it_out(
    lon: float, lat: float, radius_m: float, turn: float
) -> None:
    centre = Position(lon_deg=lon, lat_deg=lat)
    corners = closure.corners(Outline(centre=centre, radius_m=radius_m))
    assert len(corners) <= closure.MOST_CORNERS
    reach_deg = math.degrees(radius_m / 6_371_008.8)
    edge = Position(
        lon_deg=lon + 0.999 * reach_deg * math.cos(turn) / math.cos(math.radians(lat)),
        lat_deg=lat + 0.999 * reach_deg * math.sin(turn),
    )
    if distance_m(centre, edge) <= radius_m:
        assert shapely.Polygon(corners).covers(shapely.Point(edge.lon_deg, edge.lat_deg))
    furthest_m = max(distance_m(centre, Position(lon_deg=x, lat_deg=y)) for x, y in corners)
    assert furthest_m <= radius_m * 1.1


def test_high_airspace_hinders_no_rescue_aircraft() -> None:
    scene = Scene()
    for datum, floor_m, low in (
        (AltitudeDatum.AGL, 599.0, True),
        (AltitudeDatum.AGL, 600.0, False),
        (AltitudeDatum.MSL, 899.0, True),
        (AltitudeDatum.MSL, 900.0, False),
    ):
        made = declare(scene, floor_m=floor_m, ceiling_m=6_000.0, datum=datum)
        assert closure.is_low(made, highest_m=300.0) is low


def test_everyone_who_flies_or_orders_flights_sees_it_and_administrators_do_not() -> None:
    scene = Scene()
    made = declare(scene)
    relations = relate(scene.world)
    seeing = {
        role for role in Role if visible(relations, Viewer(role=role, operator_id="OP1"), "closures", made)
    }
    assert seeing == set(Role) - NO_OPERATIONS
