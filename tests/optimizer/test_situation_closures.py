"""Closed airspace in the planner: written as format 1.1, kept to by every plan, and followed by a new one."""

import json
from datetime import timedelta
from itertools import pairwise
from math import cos, radians
from pathlib import Path

import jsonschema
import pytest
from shapely import LineString, Point
from shapely.affinity import scale

from dispatch.closure_commands import LiftClosure
from dispatch.geo import Position
from dispatch.kinds import AltitudeDatum, Role, TaskingAction
from dispatch.records import Outline
from dispatch.resource_commands import SaveResource
from optimizer.problem import parse
from optimizer.proposal import assignments
from optimizer.situation import Situation
from optimizer.situation_force import is_overtaken
from tests.dispatch.scene import BASE, FIRE, WATER, Scene
from tests.dispatch.test_closure import declare
from tests.optimizer.test_situation_commitments import UP, Hills, asked, confirmed, solved, tasked

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "optimizer/format/scenario-1.1.schema.json").read_text("utf-8")
)
OTHER_WATER = Position(lon_deg=115.05, lat_deg=28.97)


def circle(lon: float, lat: float, radius_m: float) -> Outline:
    """An outline round a place."""
    return Outline(centre=Position(lon_deg=lon, lat_deg=lat), radius_m=radius_m)


WATER_SHUT = circle(WATER.position.lon_deg, WATER.position.lat_deg, 1_500)
IN_THE_WAY = circle(115.25, 28.895, 3_000)  # between the base and the water, and the fire


def two_waters(scene: Scene) -> None:
    """Another water point on the far side of the fire."""
    scene.site_asks(
        SaveResource(
            resource=WATER.__class__(
                **{
                    name: getattr(WATER, name)
                    for name in WATER.__dataclass_fields__
                    if name not in ("id", "position", "version")
                },
                id="W2",
                position=OTHER_WATER,
            ),
            version_seen=0,
        )
    )


def waters(made: Situation) -> set[str]:
    """The water points that a legal plan takes from."""
    problem = parse(made.scenario)
    plan = solved(made).plan.to_json(problem)
    return {leg["water_point_id"] for entry in plan["aircraft"] for leg in entry["legs"] if "drops" in leg}


def test_nothing_closed_is_written_in_the_first_version() -> None:
    scene = Scene()
    confirmed(scene)
    lifted = declare(scene)
    scene.ask(Role.DISPATCHER, LiftClosure(closure_id=lifted.id, version_seen=1, reason="开放"))
    high = {"floor_m": 5_000.0, "ceiling_m": 9_000.0}
    declare(scene, outline=IN_THE_WAY, **high, datum=AltitudeDatum.MSL)
    later = scene.now + timedelta(hours=5)
    declare(scene, outline=IN_THE_WAY, active_from=later, active_until=later + timedelta(hours=1))
    scenario = asked(scene).scenario
    assert scenario["schema_version"] == "1.0"
    assert "no_fly" not in scenario


def test_a_closure_is_a_volume_of_the_format_and_the_plan_says_that_it_flies_round_it() -> None:
    scene = Scene()
    confirmed(scene)
    made = declare(scene, outline=IN_THE_WAY)
    now = asked(scene)
    jsonschema.validate(now.scenario, SCHEMA)
    [volume] = now.scenario["no_fly"]
    assert (volume["id"], volume["name"], volume["until"]) == (made.id, made.name, "2026-11-24T05:00:00Z")
    assert [(r.code, r.text) for r in now.left_out] == [("CLOSED_AIRSPACE", made.name)]
    problem = parse(now.scenario)
    plan = solved(now).plan.to_json(problem)  # the referee finds no NO_FLY in it
    legs = [leg for entry in plan["aircraft"] for leg in entry["legs"]]
    assert any(leg.get("via") for leg in legs)
    shut = scale(Point(115.25, 28.895).buffer(2_900 / 111_195), xfact=1 / cos(radians(28.895)))
    made_of = assignments(now.scenario, plan)
    assert any(one.out_turns or one.back_turns for one in made_of)
    for one in made_of:
        for way in (
            (BASE.position, *one.out_turns, WATER.position),
            (FIRE, *one.back_turns, BASE.position),
        ):
            assert not LineString([(p.lon_deg, p.lat_deg) for p in way]).intersects(shut), (one, way)


def test_closed_water_is_not_drawn_from_while_it_is_closed() -> None:
    scene = Scene()
    confirmed(scene)
    two_waters(scene)
    assert waters(asked(scene)) == {"W1"}
    declare(scene, outline=WATER_SHUT, active_until=scene.now + timedelta(hours=5))
    assert waters(asked(scene)) == {"W2"}


def test_who_is_under_way_is_led_round_and_stays_in_the_plan() -> None:
    scene = Hills()
    tasked(scene, *UP)
    declare(scene, outline=IN_THE_WAY)
    now = asked(scene)
    [promise] = now.scenario["commitments"]
    turned = [leg for leg in promise["legs"] if leg.get("via")]
    assert [leg["to"]["type"] for leg in turned] == ["water_point", "base"]
    for before, after in pairwise(promise["legs"]):
        assert before["end"] == after["start"]
    solved(now)


@pytest.mark.parametrize("steps", [UP, UP[:2]])
def test_who_cannot_be_led_round_is_named_with_its_tasking(steps: tuple[TaskingAction, ...]) -> None:
    scene = Hills()
    tasking_id = tasked(scene, *steps)
    declare(scene, outline=WATER_SHUT, active_until=scene.now + timedelta(hours=5))
    now = asked(scene)
    assert now.scenario["commitments"] == []
    [why] = [r for r in now.left_out if r.aircraft_id == "B-7001"]
    assert (why.code, why.text) == ("CLOSED_WAY", scene.world.taskings[tasking_id].number)


def test_a_proposal_that_knows_nothing_of_a_closure_in_its_way_is_overtaken() -> None:
    scene = Scene()
    plan_id = scene.propose(confirmed(scene), 1)
    scene.wait(seconds=10)
    declare(scene, outline=circle(116.5, 28.0, 3_000))
    assert not is_overtaken(scene.world, (plan_id,))
    declare(scene, outline=IN_THE_WAY)
    assert is_overtaken(scene.world, (plan_id,))
    scene.wait(seconds=10)
    newer = scene.propose(next(iter(scene.world.incidents)), 1)
    assert not is_overtaken(scene.world, (newer,))


def test_a_fire_and_a_base_inside_are_left_alone_until_it_ends() -> None:
    scene = Scene()
    confirmed(scene)
    declare(scene, outline=circle(FIRE.lon_deg, FIRE.lat_deg, 1_500))
    now = asked(scene)
    end_s = 2 * 3600.0
    for legs in solved(now).plan.timelines.values():
        for leg in legs:
            assert leg.drops == 0 or leg.start_s >= end_s
    declare(scene, outline=circle(BASE.position.lon_deg, BASE.position.lat_deg, 1_500))
    for legs in solved(asked(scene)).plan.timelines.values():
        assert min(leg.start_s for leg in legs) >= end_s
