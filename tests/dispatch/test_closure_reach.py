"""Whose way a closure lies in: said of what is still to be flown, while it is closed, at heights that are flown."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dispatch.closure_commands import LiftClosure
from dispatch.closure_reach import reached
from dispatch.geo import Position
from dispatch.incident_commands import ActOnIncident
from dispatch.kinds import AltitudeDatum, IncidentAction, Role
from dispatch.records import Outline, Tasking
from dispatch.tasking_commands import AdoptPlan
from tests.dispatch.scene import BASE, FIRE, NOW, WATER, Scene
from tests.dispatch.test_closure import declare


def pending(scene: Scene) -> Tasking:
    """A tasking that waits for the duty chief: from the base by the water to the fire and home."""
    incident_id = scene.report()
    confirm = ActOnIncident(incident_id=incident_id, action=IncidentAction.CONFIRM, version_seen=1)
    scene.ask(Role.DISPATCHER, confirm)
    scene.ask(Role.DISPATCHER, AdoptPlan(plan_id=scene.propose(incident_id), version_seen=1))
    return next(iter(scene.world.taskings.values()))


def circle(at: Position, radius_m: float = 2_000) -> Outline:
    """An outline round a place."""
    return Outline(centre=at, radius_m=radius_m)


MIDWAY = Position(
    lon_deg=(BASE.position.lon_deg + FIRE.lon_deg) / 2, lat_deg=(BASE.position.lat_deg + FIRE.lat_deg) / 2
)


@pytest.mark.parametrize(
    ("at", "places"),
    [(MIDWAY, ()), (WATER.position, ("water_point",)), (FIRE, ("incident",)), (BASE.position, ("base",))],
)
def test_a_tasking_whose_way_or_place_is_closed_is_named(at: Position, places: tuple[str, ...]) -> None:
    scene = Scene()
    tasking = pending(scene)
    made = declare(scene, outline=circle(at))
    [one] = reached(scene.world, scene.now)
    assert (one.closure_id, one.tasking_id, one.number) == (made.id, tasking.id, tasking.number)
    assert (one.places, one.in_the_air) == (places, False)


def test_beside_the_way_above_it_or_at_another_time_nobody_is_named() -> None:
    scene = Scene()
    tasking = pending(scene)
    declare(scene, outline=circle(Position(lon_deg=116.5, lat_deg=28.0)))
    declare(scene, outline=circle(FIRE), floor_m=3_000, ceiling_m=6_000, datum=AltitudeDatum.MSL)
    after = tasking.land_at + timedelta(minutes=1)
    declare(scene, outline=circle(FIRE), active_from=after, active_until=after + timedelta(hours=1))
    declare(scene, outline=circle(FIRE), active_until=NOW + timedelta(minutes=15))  # it takes off at 20
    lifted = declare(scene, outline=circle(FIRE))
    scene.ask(Role.DISPATCHER, LiftClosure(closure_id=lifted.id, version_seen=1, reason="开放"))
    assert reached(scene.world, scene.now) == ()


def test_a_tasking_that_turns_round_the_closed_airspace_is_not_named() -> None:
    round_it = (
        Position(lon_deg=MIDWAY.lon_deg, lat_deg=MIDWAY.lat_deg + 0.06),
        Position(lon_deg=MIDWAY.lon_deg - 0.06, lat_deg=MIDWAY.lat_deg + 0.06),
    )
    for out, back, named in (((), (), 1), (round_it, (), 1), (round_it, round_it[::-1], 0)):
        scene = Scene()
        tasking = pending(scene)
        declare(scene, outline=circle(MIDWAY))
        turned = replace(tasking, out_turns=out, back_turns=back)
        world = replace(scene.world, taskings=scene.world.taskings.set(tasking.id, turned))
        assert len(reached(world, scene.now)) == named
