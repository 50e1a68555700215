"""Mutual aid: one machine at two sites, whatever the order in which their rows come."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch import aid, fitness, partner
from dispatch.aid_commands import ActOnAidOffer, ActOnAidRequest, EscalateAid
from dispatch.aid_kinds import (
    AidAskAction,
    AidAskState,
    AidClock,
    AidOfferAction,
    AidOfferState,
    AidState,
)
from dispatch.aid_state import ASKING, ASKING_ACTS, HELPING, HELPING_ACTS
from dispatch.consent_fold import dropped
from dispatch.errors import Forbidden, GanyingError, Refused, Unknown
from dispatch.kinds import Role, TaskingAction, TaskingState
from dispatch.tasking_commands import AdoptPlan, ProposePlan
from protocols.codec import facts as codec
from tests.dispatch.aid_pair import AidPair
from tests.dispatch.flights import WAYS, Flight, command, right
from tests.dispatch.scene import Scene

A, B = AidAskAction, AidOfferAction
BORROWED = "43.B-7001"


def answered() -> AidPair:
    """Asked, approved, sent, received, offered, approved; both know."""
    pair = AidPair()
    pair.ask()
    pair.asking(A.APPROVE)
    pair.asking(A.SEND, order_ref="应急调机〔2026〕11号")
    pair.exchange()
    pair.receive()
    pair.helping(B.OFFER, Role.DISPATCHER, conditions="日落前返航")
    pair.helping(B.APPROVE)
    pair.exchange()
    return pair


def unfit(scene: Any, aircraft_id: str) -> list[str]:
    craft = scene.world.aircraft[aircraft_id]
    return [each.code for each in fitness.unfit(scene.world, craft, scene.now)]


def test_from_request_to_settlement_both_say_the_same_at_every_step() -> None:
    pair = AidPair()
    pair.ask()
    assert pair.leaving(pair.ours) == []  # nothing leaves that no chief has approved and nobody has sent
    pair.asking(A.APPROVE)
    assert pair.leaving(pair.ours) == []
    pair.asking(A.SEND, Role.DISPATCHER, order_ref="应急调机〔2026〕11号")
    assert pair.state(pair.ours) is AidState.SENT  # the line is cut
    pair.exchange()
    pair.receive()
    assert pair.state(pair.theirs) is AidState.RECEIVED
    assert pair.state(pair.ours) is AidState.SENT  # and the receipt has not come back yet
    pair.exchange()
    seen = [pair.state(pair.ours)]

    def step(side: Any, action: Any) -> None:
        side(action)
        pair.exchange()
        assert pair.state(pair.ours) is pair.state(pair.theirs)
        seen.append(pair.state(pair.ours))

    step(pair.helping, B.OFFER)
    offered = pair.offer(pair.ours)
    assert offered is not None
    assert offered.aircraft == ()  # a draft stays at home
    step(pair.helping, B.APPROVE)
    assert unfit(pair.theirs, "B-7001") == ["LENT"]
    assert BORROWED not in pair.ours.world.aircraft
    step(pair.asking, A.ACCEPT)
    assert unfit(pair.ours, BORROWED) == ["AID_UNDER_WAY"]
    step(pair.asking, A.ARRIVE)
    assert unfit(pair.ours, BORROWED) == []
    assert partner.shown_aircraft(pair.theirs.world, "36") == {"78e001"}
    assert partner.shown_aircraft(pair.ours.world, "43") == {"78e001"}
    step(pair.asking, A.TAKE_COMMAND)
    step(pair.helping, B.HAND_OVER)
    step(pair.asking, A.RELEASE)
    assert unfit(pair.ours, BORROWED) == ["AID_OVER"]
    assert unfit(pair.theirs, "B-7001") == []
    step(pair.helping, B.BILL)
    step(pair.asking, A.SETTLE)
    assert seen == [
        AidState.RECEIVED,
        AidState.RECEIVED,
        AidState.ANSWERED,
        AidState.ACCEPTED,
        AidState.ARRIVED,
        AidState.ARRIVED,
        AidState.HANDED_OVER,
        AidState.RELEASED,
        AidState.BILLED,
        AidState.SETTLED,
    ]
    for scene in (pair.ours, pair.theirs):  # every person stays at home
        other = {"36": ("wang.fang",), "43": ("li.na", "zhang.wei")}[scene.site]
        bodies = b"".join(codec.encode(each.fact)[1] for each in scene.journal if each.origin != scene.site)
        assert not any(name.encode() in bodies for name in other)
        assert scene.replayed() == scene.world


THROUGH: list[Callable[[AidPair], None]] = [
    lambda pair: pair.asking(A.APPROVE),
    lambda pair: pair.asking(A.SEND),
    AidPair.exchange,
    AidPair.receive,
    lambda pair: pair.helping(B.OFFER),
    lambda pair: pair.helping(B.APPROVE),
    AidPair.exchange,
    lambda pair: pair.asking(A.ACCEPT),
    lambda pair: pair.asking(A.ARRIVE),
    AidPair.exchange,
    lambda pair: pair.asking(A.TAKE_COMMAND),
    lambda pair: pair.helping(B.HAND_OVER),
    lambda pair: pair.asking(A.RELEASE),
    AidPair.exchange,
    lambda pair: pair.helping(B.BILL),
]
OPS = st.lists(
    st.one_of(
        st.tuples(st.just("36"), st.integers(0, 30)),
        st.tuples(st.just("43"), st.integers(0, 30)),
        st.tuples(st.sampled_from(["late36", "late43"]), st.integers(0, 30)),
        st.tuples(st.sampled_from(["exchange", "receive"]), st.just(0)),
    ),
    max_size=15,
)


@settings(max_examples=100, deadline=None)
@given(start=st.integers(0, len(THROUGH)), ops=OPS, order=st.randoms(use_true_random=False))
def test_any_interleaving_delay_and_repetition_ends_in_one_state(
    start: int, ops: list[Any], order: Any
) -> None:
    pair = AidPair()
    pair.ask()
    for step in THROUGH[:start]:
        step(pair)
    for who, what in ops:
        with suppress(GanyingError):
            if who == "36":  # some step of those its table has now
                steps = ASKING.actions(pair.request().state)
                pair.asking(steps[what % len(steps)] if steps else A.WITHDRAW)
            elif who == "43" and (mine := pair.offer()) is not None:
                acts = HELPING.actions(mine.state)
                pair.helping(acts[what % len(acts)] if acts else B.OFFER)
            elif who.startswith("late"):  # a row of then, now: again, or before its turn
                scene = pair.ours if who.endswith("36") else pair.theirs
                rows = pair.leaving(scene)
                if rows:
                    pair.deliver(scene, rows[what % len(rows)])
            elif who == "exchange":
                pair.exchange()
            elif who == "receive":
                pair.receive()
    rows = [(scene, row) for scene in (pair.ours, pair.theirs) for row in pair.leaving(scene)]
    order.shuffle(rows)
    for scene, row in (*rows, *rows[::2]):
        pair.deliver(scene, row)
    if pair.request_id in pair.theirs.world.aid_requests:
        assert pair.state(pair.ours) is pair.state(pair.theirs)
    else:
        assert pair.request().sent_at is None


@pytest.mark.parametrize("role", list(Role))
def test_only_the_duty_chief_commits_a_province(role: Role) -> None:
    pair = answered()
    for action, roles in ASKING_ACTS.items():
        if role not in roles:
            with pytest.raises(Forbidden):
                pair.asking(action, role)
    for step, roles in HELPING_ACTS.items():
        if role not in roles:
            with pytest.raises(Forbidden):
                pair.helping(step, role)
    for chief_only in (A.APPROVE, A.ACCEPT, A.SETTLE):
        assert ASKING_ACTS[chief_only] == {Role.DUTY_CHIEF}
    for mine in (B.APPROVE, B.DECLINE, B.RECALL):
        assert HELPING_ACTS[mine] == {Role.DUTY_CHIEF}


def test_every_state_is_reached_and_steps_outside_the_tables_are_refused() -> None:
    assert ASKING.states() == set(AidAskState)
    assert HELPING.states() == set(AidOfferState)
    pair = answered()
    for action in set(A) - set(ASKING.actions(pair.request().state)):
        with pytest.raises(Refused, match="is sent"):
            pair.asking(action)
    for step in set(B) - set(HELPING.actions(AidOfferState.ANSWERED)):
        with pytest.raises(Refused, match="is answered"):
            pair.helping(step)


def test_a_site_takes_its_own_steps_only() -> None:
    pair = answered()
    swapped = AidPair()
    swapped.request_id = pair.request_id
    swapped.ours, swapped.theirs = pair.theirs, pair.ours
    with pytest.raises(Refused, match="belongs to site 36"):
        swapped.asking(A.WITHDRAW)
    with pytest.raises(Refused, match="belongs to site 43"):
        swapped.helping(B.RECALL)


def test_no_time_consents_and_passed_limits_are_cried_out_once() -> None:
    pair = AidPair()
    pair.ask()
    pair.asking(A.APPROVE)
    pair.asking(A.SEND)
    with pytest.raises(Refused, match="has not passed"):
        pair.asking(A.EXPIRE)
    pair.ours.wait(hours=3)
    (late,) = aid.due(pair.ours.world, pair.ours.now)
    assert isinstance(late, EscalateAid)
    assert late.clock is AidClock.RECEIPT
    pair.ours.site_asks(late)
    assert aid.due(pair.ours.world, pair.ours.now) == []
    assert pair.state(pair.ours) is AidState.SENT
    with pytest.raises(Refused):
        pair.asking(A.ACCEPT)
    pair.asking(A.EXPIRE, Role.DISPATCHER)
    assert pair.state(pair.ours) is AidState.EXPIRED


def test_what_is_accepted_is_the_answer_that_was_read() -> None:
    pair = answered()
    with pytest.raises(Refused, match="you saw 1"):
        pair.asking(A.ACCEPT, offer_version=1)
    with pytest.raises(Refused, match="no base"):
        pair.asking(A.ACCEPT, base_id="ELSEWHERE")
    with pytest.raises(Refused, match="needs a reason"):
        pair.helping(B.RECALL, reason=" ")
    pair.helping(B.RECALL)
    pair.asking(A.ACCEPT)  # crosses the recall on the way
    pair.exchange()
    assert pair.state(pair.ours) is pair.state(pair.theirs) is AidState.RECALLED
    assert unfit(pair.ours, BORROWED) == ["AID_RECALLED"]


def test_a_lent_aircraft_is_not_lent_again_nor_offered_by_others() -> None:
    pair = answered()
    first = pair.request_id
    pair.ask()
    pair.request_id = next(each for each in pair.ours.world.aid_requests if each != first)
    pair.asking(A.APPROVE)
    pair.asking(A.SEND)
    pair.exchange()
    pair.receive()
    with pytest.raises(Refused, match="lent or has a tasking"):
        pair.helping(B.OFFER)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"site": "44"}, "NOT_OWNER"),
        ({"id": "44-AOF-AAAAAAAAAA"}, "NOT_OWNER"),
        ({"partner": "33"}, "NOT_FOR_US"),
        ({"request_id": "36-AID-ZZZZZZZZZZ"}, "NOT_OWNER"),
        ({"id": "43-AOF-AAAAAAAAAA"}, "NOT_PLAUSIBLE"),
        ({"state": AidOfferState.OFFERED}, "NOT_PLAUSIBLE"),
    ],
)
def test_what_a_partner_may_not_say_is_refused(change: dict[str, Any], code: str) -> None:
    pair = answered()
    row = pair.leaving(pair.theirs)[-1]
    assert hasattr(row.fact, "offer")
    forged = replace(row.fact, offer=replace(row.fact.offer, **change))
    with pytest.raises(Refused) as refused:
        partner.check_received(pair.ours.world, forged, "43")
    assert refused.value.code == code
    asked = pair.leaving(pair.ours)[-1]
    with pytest.raises(Refused):
        partner.check_received(pair.theirs.world, asked.fact, "43")


def test_an_unknown_request_is_unknown() -> None:
    pair = AidPair()
    with pytest.raises(Unknown):
        pair.ours.ask(
            Role.DUTY_CHIEF, ActOnAidRequest(request_id="36-AID-X", action=A.APPROVE, version_seen=1)
        )


def fly(scene: Scene, incident_id: str) -> None:
    """The borrowed aircraft is planned, ordered and flown for an hour and a half, by its own crew and our desk."""
    asked = replace(scene.assignment(incident_id, 1), aircraft_id=BORROWED)
    plan = ProposePlan(
        requested_by="dispatcher",
        incident_ids=(incident_id,),
        assignments=(asked,),
        reasons=(),
        score=1,
        human_score=2,
        solve_s=0.1,
        solver="test",
        seed=0,
        interchange=b"{}",
    )
    scene.site_asks(plan)
    (plan_id,) = scene.world.plans
    scene.ask(Role.DISPATCHER, AdoptPlan(plan_id=plan_id, version_seen=1))
    (tasking_id,) = scene.world.taskings
    flight = Flight.__new__(Flight)
    flight.scene, flight.tasking_id = scene, tasking_id
    for action in WAYS[TaskingState.LANDED]:
        if action is TaskingAction.RELEASE:
            flight.atc()
        if action is TaskingAction.LAND:
            scene.wait(minutes=90)
        scene.ask(right(action), command(flight.tasking, action), operator_id="43.OP1")


def test_hours_and_drops_of_the_borrower_are_billed_at_the_lenders_rate() -> None:
    pair = answered()
    pair.asking(A.ACCEPT)
    pair.asking(A.ARRIVE)
    fly(pair.ours, pair.request().incident_id)
    pair.asking(A.RELEASE)
    pair.exchange()
    (flown,) = pair.request(pair.theirs).flown
    assert (flown.aircraft_id, flown.flight_s) == ("B-7001", 5400.0)
    pair.helping(B.BILL)
    offer = pair.offer()
    assert offer is not None
    (line,) = offer.bill
    assert (line.flight_s, line.cost) == (5400.0, 57.0)  # 1.5 h at 38 thousand CNY
    pair.exchange()
    pair.asking(A.SETTLE)
    assert pair.request().cost == 57.0


def test_without_consent_nothing_is_asked_and_a_purge_leaves_no_aircraft_behind() -> None:
    pair = answered()
    pair.asking(A.ACCEPT)
    pair.asking(A.ARRIVE)
    pair.exchange()
    pair.ours.world = dropped(pair.ours.world, "43")
    assert pair.offer(pair.ours) is None
    assert BORROWED in pair.ours.world.aircraft
    pair.asking(A.RELEASE)
    assert unfit(pair.ours, BORROWED) == ["AID_OVER"]
    pair.theirs.world = dropped(pair.theirs.world, "36")
    offer = next(iter(pair.theirs.world.aid_offers.values()))
    bill = ActOnAidOffer(offer_id=offer.id, action=B.BILL, version_seen=offer.version)
    with pytest.raises(Refused, match="taken back"):
        pair.theirs.ask(Role.DUTY_CHIEF, bill)
    assert unfit(pair.theirs, "B-7001") == ["LENT"]
    recall = ActOnAidOffer(offer_id=offer.id, action=B.RECALL, version_seen=offer.version, reason="协议中止")
    pair.theirs.ask(Role.DUTY_CHIEF, recall)
    assert unfit(pair.theirs, "B-7001") == []


def test_what_was_withdrawn_after_its_acceptance_is_billed_and_settled_by_the_chief() -> None:
    pair = answered()
    pair.asking(A.ACCEPT)
    pair.exchange()
    pair.asking(A.WITHDRAW, reason="火已控制")
    pair.exchange()
    assert pair.state(pair.ours) is pair.state(pair.theirs) is AidState.WITHDRAWN
    with pytest.raises(Refused, match="NOT_BILLED"):
        pair.asking(A.SETTLE)
    pair.helping(B.BILL, Role.DISPATCHER)
    pair.exchange()
    assert pair.state(pair.ours) is pair.state(pair.theirs) is AidState.BILLED
    with pytest.raises(Forbidden):
        pair.asking(A.SETTLE, Role.DISPATCHER)
    pair.asking(A.SETTLE)
    pair.exchange()
    assert pair.state(pair.ours) is pair.state(pair.theirs) is AidState.SETTLED
    assert aid.due(pair.ours.world, pair.ours.now) == aid.due(pair.theirs.world, pair.theirs.now) == []
