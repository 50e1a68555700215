"""Shift handover: done only when both have signed and everything was read; each refusal by name."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch import handover
from dispatch.duty_commands import (
    AddNote,
    EscalateHandover,
    OpenHandover,
    ReadHandoverItems,
    SignHandover,
    TakeHandover,
    WithdrawHandover,
)
from dispatch.duty_facts import HandoverTaken
from dispatch.duty_fold import KEPT_NOTES
from dispatch.duty_records import Handover, HandoverItem
from dispatch.errors import GanyingError, Refused
from dispatch.incident_commands import ActOnIncident
from dispatch.kinds import HandoverChangeKind, HandoverItemKind, HandoverState, IncidentAction, Role
from dispatch.papers import handover_record
from tests.dispatch.scene import Scene

DOWN = HandoverItem(
    key="link:43", kind=HandoverItemKind.LINK, record_id="43", title="湖南", state="down", detail="link"
)


def opened(scene: Scene) -> Handover:
    scene.ask(Role.DISPATCHER, OpenHandover(remarks="夜间有雾", observed=(DOWN,)), actor="zhang")
    return next(iter(scene.world.handovers.values()))


def signed(scene: Scene) -> Handover:
    one = opened(scene)
    command = SignHandover(handover_id=one.id, version_seen=1, remarks="夜间有雾", observed=(DOWN,))
    scene.ask(Role.DISPATCHER, command, actor="zhang")
    return scene.world.handovers[one.id]


def test_what_is_open_is_gathered_and_what_changes_between_the_signatures_is_marked() -> None:
    scene = Scene()
    incident = scene.report()
    scene.ask(Role.DISPATCHER, AddNote(text="县里要求每两小时报一次", for_next=True), actor="zhang")
    one = signed(scene)
    kinds = {item.kind for item in one.items}
    assert kinds == {HandoverItemKind.ALARM, HandoverItemKind.LINK, HandoverItemKind.NOTE}
    keys = tuple(item.key for item in one.items)
    scene.ask(Role.DISPATCHER, ReadHandoverItems(handover_id=one.id, keys=keys), actor="li")
    scene.ask(
        Role.DISPATCHER, ActOnIncident(incident_id=incident, action=IncidentAction.CONFIRM, version_seen=1)
    )
    (fact,) = scene.ask(Role.DUTY_CHIEF, TakeHandover(handover_id=one.id, version_seen=2), actor="li")
    assert isinstance(fact, HandoverTaken)
    assert {(each.kind, each.item.kind) for each in fact.changes} == {
        (HandoverChangeKind.NEW, HandoverItemKind.INCIDENT),
        (HandoverChangeKind.GONE, HandoverItemKind.ALARM),
        (HandoverChangeKind.GONE, HandoverItemKind.LINK),
    }
    done = scene.world.handovers[one.id]
    assert (done.state, done.signed_by, done.taken_by) == (HandoverState.DONE, "zhang", "li")
    assert scene.replayed() == scene.world


def refused(scene: Scene, role: Role, command: object, actor: str) -> str:
    with pytest.raises(GanyingError) as caught:
        scene.ask(role, command, actor=actor)  # type: ignore[arg-type]
    return caught.value.code


def test_each_wrong_step_is_refused_by_name() -> None:
    scene = Scene()
    scene.report()
    one = signed(scene)
    take = TakeHandover(handover_id=one.id, version_seen=2)
    assert refused(scene, Role.DISPATCHER, OpenHandover(remarks=""), "li") == "HANDOVER_OPEN"
    assert refused(scene, Role.DISPATCHER, take, "zhang") == "OWN_HANDOVER"
    assert refused(scene, Role.DISPATCHER, take, "li") == "UNREAD_ITEMS"
    assert refused(scene, Role.BASE, take, "jidi") == "FORBIDDEN"
    keys = tuple(item.key for item in one.items)
    read = ReadHandoverItems(handover_id=one.id, keys=keys)
    assert refused(scene, Role.DISPATCHER, read, "zhang") == "OWN_HANDOVER"
    scene.ask(Role.DISPATCHER, read, actor="li")
    assert (
        refused(scene, Role.DISPATCHER, TakeHandover(handover_id=one.id, version_seen=1), "li") == "CHANGED"
    )
    assert (
        refused(scene, Role.DISPATCHER, take, "wang") == "UNREAD_ITEMS"
    )  # what another has read is not read
    withdraw = WithdrawHandover(handover_id=one.id, version_seen=2, reason="临时换人")
    assert refused(scene, Role.DISPATCHER, withdraw, "li") == "FORBIDDEN"
    assert scene.world.handovers[one.id] == one or scene.world.handovers[one.id].state is HandoverState.SIGNED


def test_only_who_opened_it_signs_as_outgoing() -> None:
    scene = Scene()
    one = opened(scene)
    command = SignHandover(handover_id=one.id, version_seen=1, remarks="")
    assert refused(scene, Role.DISPATCHER, command, "li") == "NOT_YOURS"


def test_a_shift_that_is_over_is_cried_out_once() -> None:
    scene = Scene()
    one = opened(scene)
    assert not list(handover.due(scene.world, scene.now))
    scene.wait(minutes=31)
    (due,) = handover.due(scene.world, scene.now)
    scene.site_asks(due)
    assert scene.world.handovers[one.id].escalated_at == scene.now
    assert not list(handover.due(scene.world, scene.now))
    with pytest.raises(Refused):
        scene.site_asks(EscalateHandover(handover_id=one.id))


def test_the_record_is_chained_and_follows_from_the_facts_alone() -> None:
    scene = Scene()
    one = signed(scene)
    keys = tuple(item.key for item in one.items)
    scene.ask(Role.DISPATCHER, ReadHandoverItems(handover_id=one.id, keys=keys), actor="li")
    scene.wait(minutes=3)
    scene.ask(Role.DISPATCHER, TakeHandover(handover_id=one.id, version_seen=2), actor="li")
    first, second = handover_record.papers("36", one.id, scene.journal)
    assert (first.revision, second.revision, second.previous) == (1, 2, first.digest)
    assert handover_record.papers("36", one.id, scene.journal) == (first, second)
    printed = repr(handover_record.form(second.content))
    assert "夜间有雾" in printed
    assert "湖南" in printed


STEPS = st.sampled_from(["open", "sign", "read", "take", "withdraw"])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(STEPS, st.sampled_from(["zhang", "li"])), max_size=12))
def test_no_order_of_steps_makes_a_handover_done_without_two_persons_and_every_item_read(
    steps: list[tuple[str, str]],
) -> None:
    scene = Scene()
    scene.report()
    for step, actor in steps:
        one = handover.unfinished(scene.world)
        handover_id, seen = (one.id, one.version) if one else ("36-HND-0000000000", 1)
        items = tuple(item.key for item in one.items) if one else ("x",)
        command = {
            "open": OpenHandover(remarks=""),
            "sign": SignHandover(handover_id=handover_id, version_seen=seen, remarks=""),
            "read": ReadHandoverItems(handover_id=handover_id, keys=items),
            "take": TakeHandover(handover_id=handover_id, version_seen=seen),
            "withdraw": WithdrawHandover(handover_id=handover_id, version_seen=seen, reason="x"),
        }[step]
        scene.wait(minutes=1)
        try:
            scene.ask(Role.DISPATCHER, command, actor=actor)  # type: ignore[arg-type]
        except GanyingError:
            continue
    for done in scene.world.handovers.values():
        if done.state is HandoverState.DONE:
            assert done.signed_by != done.taken_by
            assert not handover.unread(done, done.taken_by)
            assert done.taken_at is not None
            assert done.signed_at is not None
            assert done.taken_at - done.signed_at >= timedelta(minutes=1)
    assert scene.replayed() == scene.world


def test_a_note_is_put_right_by_a_later_one_and_by_one_alone() -> None:
    scene = Scene()
    scene.ask(Role.DISPATCHER, AddNote(text="水源在东侧"), actor="zhang")
    first = next(iter(scene.world.notes))
    scene.ask(Role.DISPATCHER, AddNote(text="水源在西侧", corrects=first), actor="li")
    assert refused(scene, Role.DISPATCHER, AddNote(text="x", corrects=first), "li") == "CORRECTED"
    assert refused(scene, Role.DISPATCHER, AddNote(text=" "), "li") == "MALFORMED"
    assert refused(scene, Role.DISPATCHER, AddNote(text="x", incident_id="36-INC-X"), "li") == "UNKNOWN_ID"
    assert refused(scene, Role.ATC, AddNote(text="x"), "kongguan") == "FORBIDDEN"


def test_of_many_notes_the_newest_stay_in_memory() -> None:
    scene = Scene()
    for number in range(2 * KEPT_NOTES):
        scene.wait(seconds=1)
        scene.ask(Role.DISPATCHER, AddNote(text=f"{number}"), actor="zhang")
    kept = [int(note.text) for note in scene.world.notes.values()]
    assert sorted(kept) == list(range(KEPT_NOTES, 2 * KEPT_NOTES))
