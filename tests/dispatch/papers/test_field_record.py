"""下传引接记录: what was sent to the field and pulled by conference systems, in the incident's papers."""

import pytest

from dispatch.conference_commands import BeginPull, EndPull, OfferSources
from dispatch.conference_records import MAP
from dispatch.kinds import IncidentAction, Role, TaskingAction
from dispatch.papers import field_record
from dispatch.papers.chain import Paper, form_of, papers
from dispatch.papers.field_record import FieldRecord
from dispatch.papers.form import Table
from dispatch.papers.kinds import DocumentKind, may_read
from dispatch.room_commands import OpenRoom
from dispatch.uplink_commands import AnswerUplink, NoteUplink, SendUplink, UplinkAddress
from dispatch.uplink_kinds import UplinkAnswer, UplinkState
from tests.dispatch.papers.flown import Fought
from tests.dispatch.test_uplink import ARROW, TEAM, picture


def field_records(scene: Fought, incident_id: str = "") -> list[Paper]:
    made = papers("36", incident_id or scene.incident_id, scene.journal)
    return [each for each in made if each.kind is DocumentKind.FIELD_RECORD]


def told(scene: Fought) -> tuple[str, ...]:
    """An aircraft and a team are told something, the crew answers, a conference system takes the map; the uplinks' ids."""
    scene.confirm()
    (tasking,) = scene.adopt(1)
    tasking = scene.act(tasking.id, TaskingAction.ORDER)
    to = (UplinkAddress(tasking_id=tasking.id), UplinkAddress(thing_key=TEAM, name="一分队"))
    command = SendUplink(
        incident_id=scene.incident_id, to=to, text="东侧有电线", marks=(ARROW,), picture=picture()
    )
    made = scene.ask(Role.DISPATCHER, command, actor="dispatcher")
    crew, team = (each.uplink.id for each in made)  # type: ignore[union-attr]  # both are sent
    scene.wait(seconds=5)
    operator = {"actor": "operator", "operator_id": tasking.operator_id}
    scene.ask(Role.OPERATOR, NoteUplink(uplink_id=crew, state=UplinkState.SHOWN), **operator)
    answer = AnswerUplink(
        uplink_id=crew, answer=UplinkAnswer.CANNOT, text="能见度不足", tasking_id=tasking.id
    )
    scene.ask(Role.OPERATOR, answer, **operator)
    opened = scene.ask(Role.DUTY_CHIEF, OpenRoom(incident_id=scene.incident_id, title="火场会商"))
    room = opened[0].room.id  # type: ignore[union-attr]  # it is opened
    offer = OfferSources(room_id=room, with_map=True, valid_s=3_600.0)
    call = scene.ask(Role.DUTY_CHIEF, offer, actor="duty_chief")[0].call.id  # type: ignore[union-attr]  # offered
    (began,) = scene.ask(None, BeginPull(call_id=call, source_id=MAP, address="10.1.1.9"))
    scene.wait(seconds=30)
    scene.ask(None, EndPull(call_id=call, pull_id=began.pull.id, lasted_s=30.0))  # type: ignore[union-attr]  # began
    return crew, team


def test_each_message_and_each_pull_is_in_the_record_once_the_incident_is_contained() -> None:
    scene = Fought()
    told(scene)
    assert field_records(scene) == []
    scene.incident(IncidentAction.CONTAIN)
    (paper,) = field_records(scene)
    assert isinstance(paper.content, FieldRecord)
    crew, team = paper.content.sent
    (pull,) = paper.content.pulled
    assert (crew.text, crew.marks, crew.picture, crew.sent_by.role) == ("东侧有电线", 1, "a" * 64, "调度员")
    assert crew.shown_at is not None
    assert (crew.answer, crew.answer_text) == (UplinkAnswer.CANNOT, "能见度不足")
    assert (team.recipient, team.tasking_number, team.answer, team.shown_at) == ("一分队", "", None, None)
    assert (pull.room, pull.source, pull.address) == ("火场会商", "火场会商 态势图", "10.1.1.9")
    assert (pull.ended_at - pull.began_at).total_seconds() == 30  # type: ignore[operator]  # it is over
    sent, pulled = (each for each in form_of(paper.content).sections if isinstance(each, Table))
    assert "a" * 32 in sent.rows[0][2]
    assert "能见度不足" in sent.rows[0][4]
    assert pulled.rows[0][5] == "10.1.1.9"


def test_a_receipt_that_comes_later_makes_a_revision_and_another_incident_has_none_of_it() -> None:
    scene = Fought()
    _, team = told(scene)
    scene.incident(IncidentAction.CONTAIN)
    other = scene.report()
    assert field_records(scene, other) == []
    scene.ask(None, NoteUplink(uplink_id=team, state=UplinkState.DELIVERED))
    first, second = field_records(scene)
    assert second.previous == first.digest
    assert isinstance(second.content, FieldRecord)
    assert second.content.sent[1].delivered_at is not None


def test_a_long_record_is_revised_with_the_incidents_next_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(field_record, "REVISED_LINES", 1)
    scene = Fought()
    _, team = told(scene)
    scene.incident(IncidentAction.CONTAIN)
    scene.ask(None, NoteUplink(uplink_id=team, state=UplinkState.DELIVERED))
    assert len(field_records(scene)) == 1
    scene.incident(IncidentAction.FLARE_UP)
    scene.incident(IncidentAction.CONTAIN)
    newest = field_records(scene)[-1]
    assert (newest.revision, newest.content.sent[1].delivered_at is not None) == (2, True)  # type: ignore[union-attr]


def test_desk_and_auditor_alone_read_it() -> None:
    readers = {role for role in Role if may_read(DocumentKind.FIELD_RECORD, role, "OP1", "")}
    assert readers == {Role.DISPATCHER, Role.DUTY_CHIEF, Role.AUDITOR}
