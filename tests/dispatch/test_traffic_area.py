"""Incident airspace through the rules: made of taskings, in control, on paper, and heeded by the planner."""

import math
from dataclasses import replace

import pytest

from dispatch.commands import Command
from dispatch.errors import Refused
from dispatch.facts import Fact
from dispatch.geo import Position
from dispatch.kinds import AirspaceAction, Role, TaskingAction
from dispatch.obstacle import ObstacleField, obstacle_field
from dispatch.obstacle_records import Obstacle
from dispatch.papers.chain import papers
from dispatch.papers.fallback import sheet
from dispatch.papers.form import Table
from dispatch.papers.kinds import DocumentKind
from dispatch.papers.task_order import TaskOrder, form
from dispatch.terrain import Terrain
from dispatch.traffic_area_approved import approved
from dispatch.traffic_area_clearance import HazardKind, hazards
from dispatch.traffic_area_commands import (
    AmendTrafficArea,
    ClearIntrusion,
    GroundFound,
    MakeTrafficArea,
    RecordIntrusion,
    TrafficWish,
    WithdrawTrafficArea,
)
from dispatch.traffic_area_kinds import GroundBasis, TrafficLayerKind
from dispatch.traffic_area_records import TrafficArea
from dispatch.traffic_area_watch import in_control, out_of_date, standing_area
from optimizer.check import inspect
from optimizer.legs import LegKind
from optimizer.problem import parse
from optimizer.situation import situation
from optimizer.solve import solve
from optimizer.stop import MaxIterations
from tests.dispatch.papers.flown import Fought
from tests.dispatch.safety.air import hills
from tests.dispatch.scene import FIRE

_T = TaskingAction


def desk(scene: Fought, command: Command) -> tuple[Fact, ...]:
    return scene.ask(Role.DISPATCHER, command)


def made(scene: Fought, **said: object) -> TrafficArea:
    desk(scene, MakeTrafficArea(incident_id=scene.incident_id, **said))  # type: ignore[arg-type]
    area = standing_area(scene.world, scene.incident_id)
    assert area is not None
    return area


def tasked(*numbers: int) -> tuple[Fought, list[str]]:
    scene = Fought()
    scene.confirm()
    ids = [tasking.id for tasking in scene.adopt(*numbers)]
    for each in ids:
        scene.act(each, _T.ORDER, _T.ACCEPT)
    return scene, ids


def test_it_is_made_of_the_taskings_that_go_on_and_says_when_they_are_others() -> None:
    scene = Fought()
    scene.confirm()
    area = made(scene)
    assert (len(area.entries), area.circuits, area.most_at_work) == (4, (), 4)
    (tasking,) = scene.adopt(1)
    left = out_of_date(scene.world, area)
    assert (left.water_point_ids, left.base_ids) == (("W1",), ("JX-JA",))
    desk(scene, AmendTrafficArea(area_id=area.id, version_seen=1, lay_out=True))
    area = scene.world.traffic_areas[area.id]
    assert out_of_date(scene.world, area) == out_of_date(scene.world, replace(area, entries=area.entries))
    assert not out_of_date(scene.world, area).base_ids
    (entry,), (circuit,) = area.entries, area.circuits
    assert (entry.base_ids, circuit.water_point_id, circuit.dip.name) == (("JX-JA",), "W1", "A")
    assert circuit.drop.centre == tasking.incident_position
    assert [step.action for step in area.history] == ["make", "amend"]


def test_ground_is_the_terrains_where_it_knows_the_whole_ring_and_says_so() -> None:
    for ground, by_hand, basis, height in (
        (None, None, GroundBasis.INCIDENT, None),
        (GroundFound(highest_m=812.0, unknown_share=0.0), None, GroundBasis.TERRAIN, 812.0),
        (GroundFound(highest_m=812.0, unknown_share=0.1), None, GroundBasis.INCIDENT, 812.0),
        (GroundFound(highest_m=812.0, unknown_share=0.0), 900.0, GroundBasis.STATED, 900.0),
    ):
        scene = Fought()
        area = made(scene, ground=ground, wish=TrafficWish(ground_m=by_hand))
        elevation_m = scene.world.incidents[scene.incident_id].elevation_m
        assert (area.ground_basis, area.ground_m) == (basis, elevation_m if height is None else height)
        assert area.layers[0].altitude_m >= area.ground_m + area.rules.helicopter_m


def test_the_first_on_scene_is_in_control_until_it_leaves() -> None:
    scene, (first, second) = tasked(1, 2)
    assert in_control(scene.world, scene.incident_id) is None
    for each in (second, first):
        scene.act(each, _T.PREPARE)
        scene.atc(each, AirspaceAction.APPROVE)
        scene.act(each, _T.RELEASE, _T.TAKE_OFF, _T.ARRIVE)
    control = in_control(scene.world, scene.incident_id)
    assert control is not None
    assert control.tasking_id == second
    scene.act(second, _T.LEAVE)
    control = in_control(scene.world, scene.incident_id)
    assert control is not None
    assert control.tasking_id == first


def test_what_atc_granted_is_what_may_be_used_and_a_revocation_takes_it_away() -> None:
    scene, (tasking_id,) = tasked(1)
    area = made(scene)
    assert approved(scene.world, area, scene.now).usable == ()
    scene.atc(tasking_id, AirspaceAction.APPROVE)
    found = approved(scene.world, area, scene.now)
    assert found.share == pytest.approx(1.0, abs=0.005)
    assert TrafficLayerKind.HELICOPTER in found.usable
    assert TrafficLayerKind.MEDIA in found.not_approved
    scene.atc(tasking_id, AirspaceAction.REVOKE, reason="军事活动")
    assert approved(scene.world, area, scene.now).polygons == ()


def test_the_order_says_entry_height_frequency_and_circuit_and_keeps_them() -> None:
    scene, (tasking_id,) = tasked(1)
    area = made(scene, wish=TrafficWish(frequency="130.00 MHz"))
    orders = [
        each
        for each in papers("36", scene.incident_id, scene.journal)
        if each.kind is DocumentKind.TASK_ORDER and each.tasking_id == tasking_id
    ]
    content = orders[-1].content
    assert isinstance(content, TaskOrder)
    assert content.traffic is not None
    (grid,) = [each for each in form(content).sections if each.title.startswith("现场交通区")]
    text = " ".join(cell.text for cell in grid.cells)  # type: ignore[union-attr]
    for said in (
        "130.00 MHz",
        "取水区 A → 投水区 1",
        f"直升机 ≤ {area.layers[0].altitude_m:.0f} m",
        "东东南点",
    ):
        assert said in text, text
    scene.act(tasking_id, _T.RECALL, reason="火已灭")
    gone = WithdrawTrafficArea(area_id=area.id, version_seen=1, reason="火已灭")
    desk(scene, gone)
    after = [
        each
        for each in papers("36", scene.incident_id, scene.journal)
        if each.kind is DocumentKind.TASK_ORDER and each.tasking_id == tasking_id
    ]
    last = after[-1].content
    assert isinstance(last, TaskOrder)
    assert last.traffic == content.traffic


def test_a_drone_is_said_on_the_fallback_sheet_until_it_is_gone() -> None:
    scene, _ = tasked(1)
    made(scene)

    def row() -> str:
        sections = sheet(scene.world, scene.now, site_name="江西").sections
        (table,) = [each for each in sections if each.title == "现场交通区"]
        assert isinstance(table, Table)
        return " ".join(table.rows[0])

    assert "有效" in row()
    seen = RecordIntrusion(
        incident_id=scene.incident_id, seen_at=scene.now, position=FIRE, seen_by="赣鹰01 机长"
    )
    desk(scene, seen)
    assert "暂停：无人机 1 起" in row()
    (intrusion,) = scene.world.intrusions.values()
    desk(scene, ClearIntrusion(intrusion_id=intrusion.id, version_seen=1, reason="已降落"))
    assert "有效" in row()
    far = replace(seen, position=Position(lon_deg=118.0, lat_deg=28.0))
    with pytest.raises(Refused) as refused:
        desk(scene, far)
    assert refused.value.code == "FAR_AWAY"


def test_the_planner_sends_no_more_at_once_than_may_work_there() -> None:
    scene = Fought()
    scene.confirm()

    def at_once() -> int:
        asked = situation(scene.world, (), scene.now, assume_daylight=True)
        problem = parse(asked.scenario)
        result = solve(problem, MaxIterations(iterations=20), 0)
        assert not inspect(problem, result.plan).violations
        legs = (leg for timeline in result.plan.timelines.values() for leg in timeline)
        stays = [(leg.start_s, leg.end_s) for leg in legs if leg.kind in (LegKind.CYCLES, LegKind.ON_SCENE)]
        return max(sum(begin <= start < end for begin, end in stays) for start, _ in stays)

    assert at_once() == 2
    area = made(scene, wish=TrafficWish(most_at_work=1))
    assert at_once() == 1
    desk(scene, AmendTrafficArea(area_id=area.id, version_seen=1, wish=TrafficWish(most_at_work=3)))
    assert at_once() == 2


def test_obstacles_and_rising_ground_under_a_circuit_are_told_and_unknown_ground_too() -> None:
    scene, _ = tasked(1)
    area = made(scene)
    (circuit, *_) = area.circuits
    at = circuit.loop[len(circuit.loop) // 3]
    mast = Obstacle(
        id="M1",
        site="36",
        name="铁塔",
        kind="tower",  # type: ignore[arg-type]  # its text
        points=(Position(lon_deg=at.lon_deg, lat_deg=at.lat_deg + 0.0005),),
        top_m=290.0,
        lighted=False,
        source="test",
    )
    assert [(one.kind, one.unknown_share) for one in hazards(area, Terrain(), ObstacleField())] == [
        (HazardKind.UNKNOWN, 1.0) for _ in area.circuits
    ]
    west, south = math.floor(at.lon_deg) - 0.5, math.floor(at.lat_deg) - 0.5
    plain = hills(lambda lon, lat: 100.0 + 0 * lon, west=west, south=south, span=2)
    assert hazards(area, plain, ObstacleField()) == ()
    (told,) = [
        one for one in hazards(area, plain, obstacle_field([mast], plain)) if one.circuit == circuit.name
    ]
    assert (told.kind, told.name, told.top_m, told.over_ends_m) == (HazardKind.OBSTACLE, "铁塔", 290.0, 190.0)
    middle = (circuit.dip.centre.lon_deg + circuit.drop.centre.lon_deg) / 2
    ridge = hills(
        lambda lon, lat: 100.0 + 200.0 * (abs(lon - middle) < 0.003), west=west, south=south, span=2
    )
    kinds = {one.kind for one in hazards(area, ridge, ObstacleField()) if one.circuit == circuit.name}
    assert kinds == {HazardKind.GROUND}
