"""Call-outs: who is told what and when, once; what a reply does and what it does not; nothing of it leaves the site."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from dispatch import callout, callout_reply
from dispatch.account_commands import SaveAccount
from dispatch.callout_commands import AdvanceCallout, MarkPhoned, QueueCallouts, ReportShown, TakeReply
from dispatch.callout_facts import CalloutQueued
from dispatch.callout_kinds import CalloutAction, CalloutCause, CalloutState, ReplyResult
from dispatch.callout_reach import normal, recipients
from dispatch.callout_records import Callout
from dispatch.clocks import due_timers
from dispatch.errors import Forbidden, GanyingError, Refused, Unknown
from dispatch.incident_commands import ShareIncident, TakeAlarms
from dispatch.kinds import AmendmentState, RefusalReason, Role, TaskingAction, TaskingState
from dispatch.partner import SHAREABLE, shareable
from dispatch.tasking_commands import AmendTasking
from dispatch.views import SHOWN, Viewer, relate, visible
from tests.dispatch.callouts import CAPTAIN, OFFICE, Called


@pytest.fixture
def scene() -> Called:
    return Called()


def refused(scene: Called, one: Callout, code: str = "4827", **other: object) -> str:
    """The code with which a reply is refused; nothing has changed."""
    before = scene.tasking
    with pytest.raises(Refused) as caught:
        scene.answer(one, code, **other)
    assert scene.tasking == before
    return caught.value.code


def test_without_a_page_a_text_is_due_at_once_and_with_one_after_the_wait(scene: Called) -> None:
    assert scene.due() == [CalloutCause.ORDERED]
    assert scene.due(open_page=True) == []
    scene.wait(seconds=20)
    assert scene.due(open_page=True) == [CalloutCause.ORDERED]
    scene.ask(Role.OPERATOR, ReportShown(tasking_id=scene.tasking_id, version_seen=scene.tasking.version))
    assert scene.due() == []
    assert scene.tasking.shown_at == scene.now
    with pytest.raises(Refused, match="ALREADY"):
        scene.ask(Role.OPERATOR, ReportShown(tasking_id=scene.tasking_id, version_seen=scene.tasking.version))
    with pytest.raises(Unknown):
        scene.ask(Role.OPERATOR, ReportShown(tasking_id=scene.tasking_id, version_seen=2), operator_id="OP2")


def test_what_is_queued_is_not_due_again_and_is_refused_a_second_time(scene: Called) -> None:
    captain, office = scene.queue()
    assert (captain.recipient_name, captain.number_masked, captain.account) == ("李机长", "…1111", "op")
    assert office.number_masked == "…0000"
    assert captain.text == "回1 ····接受"
    assert scene.world.callout_secrets[captain.id].number == CAPTAIN
    assert scene.due() == []
    with pytest.raises(Refused, match="ALREADY"):
        scene.queue()
    assert scene.replayed() == scene.world


def test_a_recall_is_told_and_so_is_an_answer_that_does_not_come(scene: Called) -> None:
    scene.queue()
    scene.wait(minutes=2)
    for timer in due_timers(scene.world, scene.now):
        scene.site_asks(timer)
    assert scene.due(open_page=True) == [CalloutCause.UNANSWERED]
    scene.queue(CalloutCause.UNANSWERED, 5000)
    scene.act(Role.DISPATCHER, TaskingAction.RECALL, reason="火已灭")
    assert scene.due() == [CalloutCause.RECALLED]
    captain = scene.queue(CalloutCause.RECALLED, 6000)[0]
    assert not any(
        callout.wanted(scene.world, one) for one in scene.world.callouts.values() if one.cause != "recalled"
    )
    scene.answer(captain, "6000")
    assert scene.world.callouts[captain.id].reply is ReplyResult.ACKNOWLEDGED
    assert scene.tasking.state is TaskingState.ENDED


def test_a_change_is_acknowledged_or_declined_by_text_and_the_order_is_asked_again(scene: Called) -> None:
    captain, _ = scene.queue()
    amend = AmendTasking(
        tasking_id=scene.tasking_id, version_seen=scene.tasking.version, reason="换水源", drops=4
    )
    scene.ask(Role.DISPATCHER, amend)
    assert scene.due() == [CalloutCause.AMENDED]
    assert refused(scene, captain) == "STALE"
    changed = scene.queue(CalloutCause.AMENDED, 7000)[0]
    scene.answer(changed, "7000", accept=False, refusal=RefusalReason.FUEL)
    assert scene.tasking.amendments[0].state is AmendmentState.DECLINED
    assert scene.tasking.history[-1].reason == "短信 …1111 油料"
    assert scene.due() == [CalloutCause.ORDERED]
    scene.ask(Role.DISPATCHER, replace(amend, version_seen=scene.tasking.version, drops=5))
    changed = scene.queue(CalloutCause.AMENDED, 8000)[0]
    scene.answer(changed, "8000")
    assert (scene.tasking.amendments[1].state, scene.tasking.drops) == (AmendmentState.ACKNOWLEDGED, 5)
    assert scene.world.callouts[changed.id].reply is ReplyResult.ACKNOWLEDGED
    again = scene.queue(CalloutCause.ORDERED, 9000)[0]
    scene.answer(again, "9000")
    assert scene.tasking.state is TaskingState.ACCEPTED


def test_a_change_that_nobody_acknowledges_in_time_is_told_a_second_time(scene: Called) -> None:
    """The order's own clock stands back while a change waits; the second text answers for the change."""
    scene.queue()
    amend = AmendTasking(
        tasking_id=scene.tasking_id, version_seen=scene.tasking.version, reason="换水源", drops=4
    )
    scene.wait(seconds=90)
    scene.ask(Role.DISPATCHER, amend)
    scene.queue(CalloutCause.AMENDED, 7000)
    scene.wait(seconds=60)
    for timer in due_timers(scene.world, scene.now):
        scene.site_asks(timer)
    assert scene.due() == [], "the order's clock has passed, and it is the change that is asked first"
    scene.wait(minutes=1)
    for timer in due_timers(scene.world, scene.now):
        scene.site_asks(timer)
    assert scene.due(open_page=True) == [CalloutCause.UNANSWERED]
    again = scene.queue(CalloutCause.UNANSWERED, 8000)[0]
    assert callout.wanted(scene.world, again)
    assert scene.due() == [], "once"
    scene.answer(again, "8000")
    assert (scene.tasking.state, scene.tasking.drops) == (TaskingState.ORDERED, 4)
    assert scene.tasking.amendments[0].state is AmendmentState.ACKNOWLEDGED
    assert not callout.wanted(scene.world, again)
    assert CalloutCause.ORDERED in scene.due()


def test_a_recall_of_what_was_never_ordered_or_is_long_past_is_no_news(scene: Called) -> None:
    scene.act(Role.DISPATCHER, TaskingAction.RECALL, reason="火已灭")
    scene.wait(hours=3)
    assert scene.due() == []


def test_an_operator_without_any_number_is_shown_as_not_reached(scene: Called) -> None:
    scene.site_asks(
        QueueCallouts(
            tasking_id=scene.tasking_id,
            tasking_version=scene.tasking.version,
            cause=CalloutCause.ORDERED,
            drafts=(),
        )
    )
    (one,) = scene.world.callouts.values()
    assert (one.state, one.detail, one.recipient_name) == (CalloutState.FAILED, "NO_NUMBER", "通航一")


def test_a_reply_accepts_under_the_account_and_says_from_which_number(scene: Called) -> None:
    captain, office = scene.queue()
    scene.answer(captain, "4827")
    assert scene.tasking.state is TaskingState.ACCEPTED
    step = scene.tasking.history[-1]
    assert (step.actor, step.role, step.reason) == ("op", Role.OPERATOR, "短信 …1111")
    assert scene.world.callouts[captain.id].reply is ReplyResult.ACCEPTED
    assert refused(scene, scene.world.callouts[captain.id]) == "REPEATED"
    assert refused(scene, office, "4828", number=OFFICE) == "STALE"


def test_a_refusal_names_its_reason(scene: Called) -> None:
    captain, _ = scene.queue()
    scene.answer(captain, "4827", accept=False, refusal=RefusalReason.WEATHER)
    assert (scene.tasking.state, scene.tasking.refusal) == (TaskingState.ENDED, RefusalReason.WEATHER)


def test_what_does_not_count_changes_nothing(scene: Called) -> None:
    captain, office = scene.queue()
    assert refused(scene, captain, "1111") == "WRONG_CODE"
    assert refused(scene, captain, number=OFFICE) == "WRONG_NUMBER"
    with pytest.raises(Unknown):
        scene.ask(Role.DUTY_CHIEF, replace(_answer(captain), callout_id=captain.id), actor="op")
    with pytest.raises(Unknown):
        scene.ask(Role.OPERATOR, _answer(captain), actor="somebody")
    account = scene.world.accounts["op"]
    scene.site_asks(SaveAccount(account=replace(account, disabled=True), version_seen=1))
    assert refused(scene, captain) == "NOT_ALLOWED"
    scene.site_asks(SaveAccount(account=replace(account, disabled=False), version_seen=2))
    scene.wait(minutes=31)
    assert refused(scene, captain) == "EXPIRED"
    assert callout_reply.find(scene.world, CAPTAIN, "4828", scene.now) is ReplyResult.WRONG_CODE
    assert isinstance(callout_reply.find(scene.world, OFFICE, "4828", scene.now), Callout), office


def _answer(one: Callout) -> Any:
    from dispatch.callout_commands import AnswerCallout

    return AnswerCallout(
        callout_id=one.id,
        reply_id="x",
        number=CAPTAIN,
        code="4827",
        accept=True,
        refusal=None,
        confirmation=None,
    )


def test_a_rule_of_the_tasking_refuses_a_reply_as_it_refuses_a_page(scene: Called) -> None:
    captain, _ = scene.queue()
    from dispatch.resource_commands import SaveResource

    grounded = replace(scene.world.aircraft["B-7001"], serviceable=False, unserviceable_reason="检修")
    scene.site_asks(SaveResource(resource=grounded, version_seen=grounded.version))
    assert refused(scene, captain) == "UNFIT"


def test_with_several_accounts_only_a_number_of_one_of_them_answers(scene: Called) -> None:
    scene.account("op2", Role.OPERATOR, operator_id="OP1")
    assert [one.account for one in recipients(scene.world, scene.tasking)] == ["", ""]
    own = replace(scene.world.accounts["op2"], phone="0086 13900001111")
    scene.site_asks(SaveAccount(account=own, version_seen=1))
    assert [(one.name, one.account) for one in recipients(scene.world, scene.tasking)] == [
        ("李机长", "op2"),
        ("通航一", ""),
    ]
    _, office = scene.queue()
    assert office.account == ""


def test_five_wrong_codes_lock_a_number_and_answers_are_few(scene: Called) -> None:
    scene.queue()
    sent = 0
    for number in range(8):
        result = callout_reply.find(scene.world, CAPTAIN, "1111", scene.now)
        assert isinstance(result, ReplyResult)
        assert result is (ReplyResult.WRONG_CODE if number < 5 else ReplyResult.LOCKED)
        made = _take(scene, CAPTAIN, result, f"w{number}")
        sent += sum(isinstance(fact, CalloutQueued) for fact in made)
    assert sent == 5  # the lock's own word would be the sixth within ten minutes
    scene.wait(minutes=16)
    assert callout_reply.find(scene.world, CAPTAIN, "1111", scene.now) is ReplyResult.WRONG_CODE


def _take(scene: Called, number: str, result: ReplyResult, reply_id: str) -> tuple[Any, ...]:
    from dispatch.callout_kinds import CalloutChannel, RecipientKind
    from dispatch.callout_records import CalloutDraft

    answer = CalloutDraft(
        channel=CalloutChannel.SMS,
        recipient_kind=RecipientKind.ACCOUNT,
        recipient_id="",
        recipient_name="",
        number=number,
        account="",
        text="回复码不对",
        code="",
        expires_at=scene.now,
    )
    command = TakeReply(
        reply_id=reply_id, number=number, callout_id="", result=result, text="1 1111", answer=answer
    )
    return scene.ask(Role.GATEWAY, command, actor="gw")


def test_strangers_are_written_down_for_a_while_and_never_answered(scene: Called) -> None:
    made = [_take(scene, "13700000000", ReplyResult.WRONG_CODE, f"s{n}") for n in range(20)]
    assert all(len(facts) == 1 for facts in made)
    with pytest.raises(Refused, match="TOO_MANY"):
        _take(scene, "13700000000", ReplyResult.WRONG_CODE, "s20")
    for number in range(80):
        _take(scene, f"137{number:08d}9", ReplyResult.UNREADABLE, f"t{number}")
    with pytest.raises(Refused, match="TOO_MANY"):
        _take(scene, "13655555555", ReplyResult.UNREADABLE, "u")
    assert _take(scene, CAPTAIN, ReplyResult.WRONG_CODE, "ours")  # ours are heard all the same


def test_only_the_telephone_gateway_brings_replies_and_it_brings_no_alarms(scene: Called) -> None:
    captain, _ = scene.queue()
    scene.account("alarms", Role.GATEWAY)
    report = AdvanceCallout(callout_id=captain.id, action=CalloutAction.DELIVER)
    for role, actor in ((Role.GATEWAY, "alarms"), (Role.DISPATCHER, "dispatcher"), (Role.OPERATOR, "op")):
        with pytest.raises(Forbidden):
            scene.ask(role, report, actor=actor)
    with pytest.raises(Forbidden):
        scene.ask(Role.GATEWAY, replace(report, action=CalloutAction.HAND), actor="gw")
    with pytest.raises(Forbidden):
        scene.ask(Role.GATEWAY, TakeAlarms(alarms=()), actor="gw")
    scene.ask(Role.GATEWAY, report, actor="gw")
    assert scene.world.callouts[captain.id].state is CalloutState.DELIVERED


def test_a_person_notes_once_that_they_phoned(scene: Called) -> None:
    captain, _ = scene.queue()
    for role in (Role.OPERATOR, Role.BASE, Role.ATC):
        with pytest.raises(Forbidden):
            scene.ask(role, MarkPhoned(callout_id=captain.id, version_seen=1))
    scene.ask(Role.DISPATCHER, MarkPhoned(callout_id=captain.id, version_seen=1))
    assert scene.world.callouts[captain.id].phoned_by == "dispatcher"
    with pytest.raises(Refused, match="ALREADY"):
        scene.ask(Role.DUTY_CHIEF, MarkPhoned(callout_id=captain.id, version_seen=2))


def test_nothing_of_it_goes_to_partners_and_few_see_it(scene: Called) -> None:
    captain, _ = scene.queue()
    (incident_id,) = scene.world.incidents
    version = scene.world.incidents[incident_id].version
    scene.ask(Role.DISPATCHER, ShareIncident(incident_id=incident_id, partner="43", version_seen=version))
    scene.answer(captain, "4827")
    ours = [one for one in scene.journal if "Callout" in type(one.fact).__name__]
    assert len(ours) == 3
    assert not any(shareable(scene.world, one, "43") for one in ours)
    assert not any("Callout" in kind.__name__ for kind in SHAREABLE)
    seen = {
        role
        for role in Role
        if visible(relate(scene.world), Viewer(role=role, operator_id="OP1"), "callouts", captain)
    }
    assert seen == {Role.DISPATCHER, Role.DUTY_CHIEF, Role.AUDITOR}
    assert not {"callout_secrets", "callout_replies"} & set(SHOWN)


def test_no_number_is_called_without_end(scene: Called, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callout, "PER_NUMBER", 1)
    scene.queue()
    scene.act(Role.DISPATCHER, TaskingAction.RECALL, reason="火已灭")
    late = scene.queue(CalloutCause.RECALLED, 6000)
    assert [(one.state, one.detail) for one in late] == [(CalloutState.FAILED, "TOO_MANY")] * 2


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("+86 139-0000-1111", "13900001111"),
        ("008613900001111", "13900001111"),
        ("0791-88880000", "079188880000"),
        ("86139", "86139"),
        ("110", ""),
        ("1" * 16, ""),
        ("", ""),
    ],
)
def test_a_number_is_its_digits(written: str, digits: str) -> None:
    assert normal(written) == digits


class Deliveries(RuleBasedStateMachine):
    """Reports in any order, repeated, lost: the states keep to the table, delivered stays delivered, replay agrees."""

    def __init__(self) -> None:
        super().__init__()
        self.scene = Called()
        self.captain = self.scene.queue()[0].id
        self.delivered = False

    @rule(action=st.sampled_from(CalloutAction), by_gateway=st.booleans())
    def step(self, action: CalloutAction, by_gateway: bool) -> None:
        command = AdvanceCallout(
            callout_id=self.captain, action=action, next_at=self.scene.now + timedelta(seconds=2)
        )
        try:
            if by_gateway:
                self.scene.ask(Role.GATEWAY, command, actor="gw")
            else:
                self.scene.site_asks(command)
        except GanyingError:
            return
        self.delivered = self.delivered or action is CalloutAction.DELIVER

    @invariant()
    def delivered_stays_delivered(self) -> None:
        present = self.scene.world.callouts[self.captain]
        assert (present.state is CalloutState.DELIVERED) == self.delivered
        assert self.scene.replayed().callouts == self.scene.world.callouts


TestDeliveries = Deliveries.TestCase
TestDeliveries.settings = settings(max_examples=20, stateful_step_count=10, deadline=None)
