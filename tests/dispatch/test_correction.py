"""Putting right what was reported: by whom, with why, and what it changes for orders, plans, cards and papers."""

from dataclasses import replace

import pytest

from dispatch import access, partner
from dispatch.correction import moved_m
from dispatch.errors import GanyingError
from dispatch.geo import Position
from dispatch.incident import DEFAULT_ELEVATION_M
from dispatch.incident_commands import ActOnIncident, CorrectIncident
from dispatch.incident_facts import IncidentCorrected
from dispatch.kinds import IncidentAction, IncidentKind, Role, TaskingAction, TaskKind
from dispatch.papers.chain import papers
from dispatch.papers.kinds import DocumentKind
from dispatch.run_card import fitting, wants
from dispatch.tasking_commands import ActOnTasking, AmendTasking
from optimizer.situation_incidents import incident_entries
from protocols.codec import facts as codec
from tests.dispatch.cards import COUNTY, card, saved
from tests.dispatch.cards import apply as apply_card
from tests.dispatch.papers.flown import Fought
from tests.dispatch.scene import FIRE, Scene

ELSEWHERE = Position(lon_deg=115.11, lat_deg=28.96)  # 1.5 km off


def correct(scene: Scene, incident_id: str, role: Role | None = Role.DISPATCHER, **what: object) -> None:
    """Correct at the present version."""
    version = scene.world.incidents[incident_id].version
    values: dict[str, object] = {"reason": "现场核实", "version_seen": version, **what}
    scene.ask(role, CorrectIncident(incident_id=incident_id, **values))  # type: ignore[arg-type]  # test shorthand


def refused(scene: Scene, incident_id: str, role: Role | None = Role.DISPATCHER, **what: object) -> str:
    """The code of a refusal that changed nothing, with its field where it is malformed."""
    before = scene.world
    with pytest.raises(GanyingError) as caught:
        correct(scene, incident_id, role, **what)
    assert scene.world == before
    return caught.value.code if caught.value.code != "MALFORMED" else f"MALFORMED {caught.value.field}"


def test_what_was_reported_is_put_right_with_who_and_why_and_replays() -> None:
    scene = Scene()
    incident_id = scene.report()
    correct(
        scene,
        incident_id,
        kind=IncidentKind.FLOOD,
        title=" 三爪仑内涝 ",
        position=ELSEWHERE,
        elevation_m=410.0,
    )
    incident = scene.world.incidents[incident_id]
    assert (incident.kind, incident.title, incident.position) == (IncidentKind.FLOOD, "三爪仑内涝", ELSEWHERE)
    assert (incident.demand_l, incident.growth_lps, incident.fire) == (0, 0, None)
    assert (incident.elevation_m, incident.version, incident.moved_at) == (410.0, 2, scene.now)
    step = incident.history[-1]
    assert (step.action, step.role) == ("correct", Role.DISPATCHER)
    assert step.reason == "kind, title, position, elevation_m：现场核实"
    assert scene.replayed() == scene.world
    fact = scene.journal[-1].fact
    assert isinstance(fact, IncidentCorrected)
    for each in (fact, replace(fact, fire=None)):
        assert codec.decode(*codec.encode(each)) == each
    correct(scene, incident_id, kind=IncidentKind.FOREST_FIRE)
    assert scene.world.incidents[incident_id].demand_l > 0, "a fire begins with its level's figures"


def test_another_place_has_another_height_and_the_next_hill_the_same() -> None:
    scene = Scene()
    incident_id = scene.report()
    correct(scene, incident_id, elevation_m=900.0)
    correct(scene, incident_id, position=Position(lon_deg=FIRE.lon_deg + 0.002, lat_deg=FIRE.lat_deg))
    assert scene.world.incidents[incident_id].elevation_m == 900.0
    correct(scene, incident_id, position=ELSEWHERE)
    assert scene.world.incidents[incident_id].elevation_m == DEFAULT_ELEVATION_M


def test_each_refusal_by_its_name() -> None:
    scene = Scene()
    incident_id = scene.report()
    for role in Role:
        if role not in access.CORRECT_INCIDENT:
            assert refused(scene, incident_id, role, place="靖安") == "FORBIDDEN"
    assert refused(scene, incident_id, None, place="靖安") == "FORBIDDEN"
    assert refused(scene, incident_id, place="奉新", reason=" ") == "MALFORMED reason"
    assert refused(scene, incident_id, place="奉新", reason="x" * 501) == "MALFORMED reason"
    assert refused(scene, incident_id, title=" ") == "MALFORMED title"
    assert refused(scene, incident_id, place="x" * 121) == "MALFORMED place"
    assert refused(scene, incident_id, place="奉新", version_seen=9) == "CHANGED"
    assert refused(scene, incident_id) == "NOTHING_CHANGED"
    assert refused(scene, incident_id, position=FIRE) == "NOTHING_CHANGED"
    dismiss = ActOnIncident(
        incident_id=incident_id, action=IncidentAction.DISMISS, version_seen=1, reason="误报"
    )
    scene.ask(Role.DISPATCHER, dismiss)
    assert refused(scene, incident_id, place="奉新") == "NOT_NOW"


def test_an_order_stands_and_says_that_the_scene_has_moved_until_it_is_amended() -> None:
    scene = Fought()
    scene.confirm()
    (tasking,) = scene.adopt(1)
    scene.act(tasking.id, TaskingAction.ORDER)
    scene.act(tasking.id, TaskingAction.ACCEPT)
    before = scene.world.taskings[tasking.id]
    assert moved_m(scene.world, before) is None
    scene.wait(minutes=1)
    correct(scene, scene.incident_id, position=ELSEWHERE)
    assert scene.world.taskings[tasking.id] == before, "nothing is ordered by a correction"
    far_m = moved_m(scene.world, before)
    assert far_m == pytest.approx(1476, abs=5)
    scene.wait(minutes=1)
    amend = AmendTasking(
        tasking_id=tasking.id,
        version_seen=before.version,
        reason="现场坐标更正",
        incident_position=ELSEWHERE,
        take_off_at=before.take_off_at,
    )
    scene.ask(Role.DUTY_CHIEF, amend)
    amended = scene.world.taskings[tasking.id]
    assert moved_m(scene.world, amended) is None
    decline = ActOnTasking(
        tasking_id=tasking.id,
        action=TaskingAction.DECLINE,
        version_seen=amended.version,
        amendment=1,
        reason="油料",
    )
    scene.ask(Role.OPERATOR, decline)
    assert moved_m(scene.world, scene.world.taskings[tasking.id]) == far_m


def test_card_planner_papers_and_partners_follow() -> None:
    scene = Scene()
    saved(scene, card(), card("RC-2", kind=IncidentKind.FLOOD, tasks=(card().tasks[1],)))
    incident_id = scene.report()
    apply_card(scene, incident_id)
    correct(scene, incident_id, kind=IncidentKind.FLOOD, position=ELSEWHERE)
    incident = scene.world.incidents[incident_id]
    assert [each.id for each in fitting(scene.world, incident, COUNTY, scene.now)] == ["RC-2"]
    assert incident.run_card is not None, "its lines stay"
    assert [want.kind for want in wants(incident)] == [TaskKind.RECON], "what a flood starts with, no water"
    (row,) = incident_entries(scene.world, incident, scene.now)
    assert (row["lon"], row["lat"], row["kind"]) == (115.11, 28.96, "recon")
    records = [p for p in papers("36", incident_id, scene.journal) if p.kind is DocumentKind.ALARM_RECORD]
    assert [p.revision for p in records] == list(range(1, len(records) + 1))
    last = records[-1].content
    assert last.kind is IncidentKind.FLOOD  # type: ignore[union-attr]
    assert last.corrected_by.reason.endswith("现场核实")  # type: ignore[union-attr]
    fact = scene.journal[-1].fact
    partner.check_received(scene.world, fact, "36")
    with pytest.raises(GanyingError):
        partner.check_received(scene.world, fact, "43")
    assert IncidentCorrected in partner.SHAREABLE
