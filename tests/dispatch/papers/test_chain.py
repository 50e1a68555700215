"""Papers are made of the journal alone: which fact makes which, what a later one changes, and what never does."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.facts import Recorded
from dispatch.geo import Position
from dispatch.incident_commands import UpdateIncident
from dispatch.incident_facts import IncidentUpdated
from dispatch.kinds import (
    AirspaceAction,
    AlarmKind,
    CrewDuty,
    DiversionCause,
    IncidentAction,
    PlaceKind,
    RefusalReason,
    Role,
    TaskingAction,
)
from dispatch.papers.alarm_record import AlarmRecord
from dispatch.papers.chain import FIRST, Paper, canonical, form_of, papers
from dispatch.papers.fire_report import FireReport
from dispatch.papers.flight_log import FlightLog
from dispatch.papers.flight_plan import FlightPlan
from dispatch.papers.kinds import OF_INCIDENT, READERS, DocumentKind, may_read
from dispatch.papers.settlement import Settlement
from dispatch.papers.task_order import TaskOrder
from dispatch.resource_commands import SaveResource
from dispatch.staff_records import Contract, CrewMember
from dispatch.tasking_commands import AmendTasking, Whereto
from tests.dispatch.papers.flown import Fought, whole
from tests.dispatch.scene import NOW, Scene, aircraft
from tests.dispatch.test_alarm import act, report, take, verify

_T, _K = TaskingAction, DocumentKind


def made(scene: Fought) -> tuple[Paper, ...]:
    return papers("36", scene.incident_id, scene.journal)


def of(scene: Fought, kind: DocumentKind) -> list[Paper]:
    return [paper for paper in made(scene) if paper.kind is kind]


def test_a_whole_mission_leaves_every_document() -> None:
    scene = whole()
    assert {paper.kind for paper in made(scene)} == set(DocumentKind) - {_K.FIELD_RECORD}  # nothing was sent


def test_each_document_begins_with_the_fact_that_closes_its_subject() -> None:
    scene = whole()
    first = {paper.kind: paper for paper in made(scene) if paper.revision == 1}

    def fact(kind: DocumentKind) -> str:
        made_by = scene.journal[first[kind].seq - 1].fact
        return f"{type(made_by).__name__}.{getattr(made_by, 'action', '')}"

    assert {kind: fact(kind) for kind in first} == {
        _K.ALARM_RECORD: "IncidentReported.",
        _K.RUN_CARD: "RunCardApplied.",
        _K.TASK_ORDER: "TaskingAdvanced.order",
        _K.FLIGHT_PLAN: "AirspaceFiled.",
        _K.FLIGHT_LOG: "TaskingAdvanced.land",
        _K.FIRE_REPORT: "IncidentAdvanced.contain",
        _K.SETTLEMENT: "TaskingAdvanced.settle",
    }


def test_the_same_journal_makes_the_same_bytes() -> None:
    scene = whole()
    told_again = tuple(replace(each) for each in scene.journal)
    assert [canonical(p) for p in made(scene)] == [
        canonical(p) for p in papers("36", scene.incident_id, told_again)
    ]


@settings(derandomize=True, max_examples=25, deadline=None)
@given(st.integers(min_value=1, max_value=200))
def test_what_was_written_stays_whatever_follows(length: int) -> None:
    scene = whole()
    early = papers("36", scene.incident_id, scene.journal[:length])
    assert made(scene)[: len(early)] == early


def test_every_revision_names_the_one_before_and_no_two_are_alike() -> None:
    scene = whole()
    last: dict[tuple[str, str], str] = {}
    for paper in made(scene):
        key = (paper.kind, paper.number)
        assert paper.previous == last.get(key, FIRST)
        last[key] = paper.digest
    assert len({paper.digest for paper in made(scene)}) == len(made(scene))


def test_an_edited_fact_breaks_every_digest_after_it() -> None:
    scene = whole()
    at = next(i for i, each in enumerate(scene.journal) if type(each.fact).__name__ == "IncidentReported")
    report = scene.journal[at].fact
    forged: list[Recorded] = list(scene.journal)
    forged[at] = replace(
        forged[at],
        fact=replace(report, incident=replace(report.incident, title="别处林火")),  # type: ignore[type-var,union-attr]  # it is the report
    )
    honest = {paper.number: paper.digest for paper in made(scene) if paper.kind is _K.ALARM_RECORD}
    told = {p.number: p.digest for p in papers("36", scene.incident_id, forged) if p.kind is _K.ALARM_RECORD}
    assert honest.keys() == told.keys()
    assert not honest.items() & told.items()


def test_verifying_an_alarm_revises_its_record_and_flying_does_not() -> None:
    scene = whole()
    assert [paper.revision for paper in of(scene, _K.ALARM_RECORD)] == [1, 2]
    record = of(scene, _K.ALARM_RECORD)[-1].content
    assert json.loads(canonical(record))["verified_by"]["name"] == "dispatcher"


def test_a_better_level_makes_a_new_revision_and_keeps_the_old() -> None:
    scene = Fought()
    scene.ask(
        Role.DISPATCHER, UpdateIncident(incident_id=scene.incident_id, version_seen=1, level=2, area_m2=2e6)
    )
    first, second = of(scene, _K.ALARM_RECORD)
    assert isinstance(scene.journal[second.seq - 1].fact, IncidentUpdated)
    assert (first.content.level, second.content.level) == (3, 2)  # type: ignore[union-attr]  # alarm records
    assert second.previous == first.digest


def test_an_aircraft_renamed_after_the_order_is_not_renamed_in_its_papers() -> None:
    scene = Fought()
    scene.confirm()
    (tasking,) = scene.adopt(1)
    scene.act(tasking.id, _T.ORDER)
    present = scene.world.aircraft["B-7001"]
    dearer = replace(aircraft(1), name="改名", cost_per_hour=99, at_base_id=present.at_base_id)
    scene.site_asks(SaveResource(resource=dearer, version_seen=present.version))
    scene.act(tasking.id, _T.ACCEPT)
    order = of(scene, _K.TASK_ORDER)[-1].content
    assert isinstance(order, TaskOrder)
    assert (order.answer, order.aircraft_name) == ("accept", "赣鹰01")


def test_a_refusal_stands_in_the_order_with_its_reason() -> None:
    scene = Fought()
    scene.confirm()
    (tasking,) = scene.adopt(1)
    scene.act(tasking.id, _T.ORDER)
    scene.act(tasking.id, _T.REFUSE, refusal=RefusalReason.WEATHER, reason="能见度 900 m")
    order = of(scene, _K.TASK_ORDER)[-1].content
    assert isinstance(order, TaskOrder)
    assert (order.answer, order.refusal) == ("refuse", RefusalReason.WEATHER)
    text = canonical(form_of(order)).decode()
    assert "拒绝（天气低于标准）" in text
    assert _K.FLIGHT_LOG not in {paper.kind for paper in made(scene)}


def test_a_second_sortie_revises_the_log_and_files_a_plan_of_its_own() -> None:
    scene = Fought()
    scene.confirm()
    (tasking,) = scene.adopt(1)
    scene.fly(tasking.id)
    scene.again(tasking.id)
    logs = [paper.content for paper in of(scene, _K.FLIGHT_LOG)]
    assert [len(log.sorties) for log in logs if isinstance(log, FlightLog)] == [1, 2]
    assert {paper.number[-3:] for paper in of(scene, _K.FLIGHT_PLAN)} == {"JH1", "JH2"}


def test_the_log_says_where_a_flight_went_instead_and_why() -> None:
    scene = Fought()
    scene.confirm()
    (tasking,) = scene.adopt(1)
    scene.act(tasking.id, _T.ORDER, _T.ACCEPT, _T.PREPARE)
    scene.atc(tasking.id, AirspaceAction.APPROVE)
    scene.act(tasking.id, _T.RELEASE, _T.TAKE_OFF)
    scene.act(tasking.id, _T.TECHNICAL_STOP, cause=DiversionCause.FUEL)
    scene.act(tasking.id, _T.RESUME)
    away = Whereto(kind=PlaceKind.POSITION, place_id="", position=Position(lon_deg=115.5, lat_deg=28.5))
    scene.act(tasking.id, _T.DIVERT, cause=DiversionCause.WEATHER, to=away)
    scene.act(tasking.id, _T.LAND)
    paper = of(scene, _K.FLIGHT_LOG)[-1]
    assert isinstance(paper.content, FlightLog)
    assert [(each.action, each.cause) for each in paper.content.away] == [
        (_T.TECHNICAL_STOP, DiversionCause.FUEL),
        (_T.DIVERT, DiversionCause.WEATHER),
    ]
    cells = {
        cell.label: cell.text
        for grid in form_of(paper.content).sections
        for cell in getattr(grid, "cells", ())
    }
    assert cells["技术经停"].endswith("油量")
    assert "115.50000" in cells["备降"]


def test_a_late_answer_of_atc_is_called_late() -> None:
    scene = Fought()
    scene.confirm()
    (tasking,) = scene.adopt(1)
    scene.act(tasking.id, _T.ORDER)
    scene.wait(minutes=30)
    scene.atc(tasking.id, AirspaceAction.APPROVE)
    plan = of(scene, _K.FLIGHT_PLAN)[-1].content
    assert isinstance(plan, FlightPlan)
    assert plan.late is True
    assert plan.answered_in_s == 32 * 60


def test_the_bill_is_hours_times_the_rate_in_force_when_it_was_ordered() -> None:
    scene = whole()
    (bill,) = [paper.content for paper in of(scene, _K.SETTLEMENT)]
    assert isinstance(bill, Settlement)
    assert bill.air_s == 90 * 60
    assert bill.yuan == "57000.00"  # 1.5 h at 38 thousand CNY
    assert "按机型单价" in canonical(form_of(bill)).decode()


def test_the_contract_in_force_when_it_was_ordered_makes_the_rate() -> None:
    scene = Fought()
    general = Contract(
        id="K1",
        site="36",
        name="2026-17 号",
        operator_id="OP1",
        hour_rate=40,
        valid_from=scene.now - timedelta(days=1),
        valid_until=scene.now + timedelta(days=30),
        source="test",
    )
    for one in (
        general,
        replace(general, id="K2", name="2026-18 号", model="Ka-32A11BC", hour_rate=42),
        replace(general, id="K0", name="2025-3 号", hour_rate=1, valid_until=scene.now),
    ):
        scene.site_asks(SaveResource(resource=one, version_seen=0))
    scene.confirm()
    (tasking,) = scene.adopt(1)
    scene.fly(tasking.id)
    scene.act(tasking.id, _T.SETTLE)
    (bill,) = [paper.content for paper in of(scene, _K.SETTLEMENT)]
    assert isinstance(bill, Settlement)
    assert bill.yuan == f"{bill.air_s / 3600 * 42_000:.2f}"
    assert "按合同" in canonical(form_of(bill)).decode()
    assert "2026-18 号" in canonical(form_of(bill)).decode()


def test_a_fire_that_flares_up_gets_its_report_anew_when_it_is_contained_again() -> None:
    scene = Fought()
    scene.confirm()
    (tasking,) = scene.adopt(1)
    scene.fly(tasking.id)
    for action in (IncidentAction.CONTAIN, IncidentAction.FLARE_UP, IncidentAction.CONTAIN):
        scene.wait(minutes=20)
        scene.incident(action)
    reports = [paper.content for paper in of(scene, _K.FIRE_REPORT)]
    assert [report.flare_ups for report in reports if isinstance(report, FireReport)] == [0, 1]


def test_a_partners_incident_has_no_papers_here() -> None:
    scene = whole()
    assert papers("43", scene.incident_id, scene.journal) == ()


def test_every_form_can_be_laid_out_and_says_nothing_of_python() -> None:
    for paper in made(whole()):
        form = form_of(paper.content)
        for section in form.sections:
            if hasattr(section, "widths"):
                assert sum(section.widths) == pytest.approx(1)
                assert all(len(row) == len(section.heads) == len(section.widths) for row in section.rows)
        assert "None" not in canonical(form).decode()


def test_operators_read_their_own_taskings_papers_and_nothing_of_the_whole() -> None:
    for kind in DocumentKind:
        own, other = (may_read(kind, Role.OPERATOR, "OP1", of_) for of_ in ("OP1", "OP2"))
        assert not other
        assert own is (kind not in OF_INCIDENT)
        assert not may_read(kind, Role.OPERATOR, "", "")
    assert Role.SYSADMIN not in {role for roles in READERS.values() for role in roles}


def contract(contract_id: str, hour_rate: float, model: str = "", **more: object) -> Contract:
    values: dict[str, object] = {
        "id": contract_id,
        "site": "36",
        "name": "年度合同",
        "operator_id": "OP1",
        "model": model,
        "hour_rate": hour_rate,
        "valid_from": NOW - timedelta(days=10),
        "valid_until": NOW + timedelta(days=355),
        "source": "test",
    }
    return Contract(**{**values, **more})  # type: ignore[arg-type]  # test shorthand


def billed(*contracts: Contract) -> Settlement:
    scene = whole(
        lambda scene: [scene.site_asks(SaveResource(resource=c, version_seen=0)) for c in contracts]
    )
    (bill,) = [paper.content for paper in of(scene, _K.SETTLEMENT)]
    assert isinstance(bill, Settlement)
    return bill


def test_a_contract_in_force_sets_the_rate_and_is_named() -> None:
    bill = billed(contract("C1", 30), contract("C2", 40, "Ka-32A11BC"), contract("C3", 90, "Mi-171"))
    assert (bill.rate.reference if bill.rate else "", bill.yuan) == ("C2", "60000.00")
    assert "按合同 年度合同 C2" in canonical(form_of(bill)).decode()


@pytest.mark.parametrize(
    "other",
    [
        contract("C1", 30, operator_id="OP2"),
        contract("C1", 30, valid_until=NOW),
        contract("C1", 30, valid_from=NOW + timedelta(days=1)),
    ],
)
def test_a_contract_of_others_or_of_another_time_sets_no_rate(other: Contract) -> None:
    assert billed(other).yuan == "57000.00"


def test_the_log_names_the_crew_as_it_was_at_the_take_off() -> None:
    captain = CrewMember(
        id="P1",
        site="36",
        name="李明",
        operator_id="OP1",
        duty=CrewDuty.CAPTAIN,
        aircraft_id="B-7001",
        source="t",
    )
    scene = whole(lambda scene: scene.site_asks(SaveResource(resource=captain, version_seen=0)))
    renamed = replace(captain, name="改名")
    scene.site_asks(SaveResource(resource=renamed, version_seen=1))
    log = of(scene, _K.FLIGHT_LOG)[-1].content
    assert isinstance(log, FlightLog)
    assert [(one.id, one.name) for one in log.crew] == [("P1", "李明")]
    assert form_of(log).signatures[0].name == "李明"


def test_alarms_stand_in_the_record_as_they_first_came_until_somebody_has_verified_it() -> None:
    scene = Scene()
    take(scene, report("r1"))
    (incident_id,) = scene.world.incidents
    scene.wait(minutes=1)
    take(scene, report("r1"))  # a repeat
    verify(scene, incident_id)
    act(scene, incident_id, IncidentAction.CONFIRM)
    take(scene, report("r1"))  # and one when it is known already
    records = [
        paper.content
        for paper in papers("36", incident_id, scene.journal)
        if paper.kind is _K.ALARM_RECORD and isinstance(paper.content, AlarmRecord)
    ]
    assert [len(record.alarms) for record in records] == [1, 1, 1]  # reported, vouched for, confirmed
    assert [record.vouched_by is not None for record in records] == [False, True, True]
    assert [(heard.kind, heard.own_id) for heard in records[-1].alarms] == [(AlarmKind.PUBLIC_REPORT, "r1")]
    assert "公众报警" in canonical(form_of(records[-1])).decode()


def test_an_amendment_is_a_revision_of_the_order_and_its_answer_another() -> None:
    scene = Fought()
    scene.confirm()
    (tasking,) = scene.adopt(1)
    scene.act(tasking.id, _T.ORDER, _T.ACCEPT)
    seen = scene.world.taskings[tasking.id].version
    scene.ask(
        Role.DISPATCHER, AmendTasking(tasking_id=tasking.id, version_seen=seen, reason="风转西", drops=6)
    )
    scene.act(tasking.id, _T.ACKNOWLEDGE, amendment=1)
    before, waits, holds = of(scene, _K.TASK_ORDER)[-3:]
    contents = [paper.content for paper in (before, waits, holds)]
    assert [
        (each.planned_drops, len(each.amendments)) for each in contents if isinstance(each, TaskOrder)
    ] == [
        (10, 0),
        (10, 1),  # the crew has not said yes: the old order holds
        (6, 1),
    ]
    form = json.dumps([str(section) for section in form_of(holds.content).sections], ensure_ascii=False)
    assert "计划桶数：10 → 6" in form
    assert "机组已确认" in form
    assert "风转西" in form
