"""Requests to ATC: nothing is approved but by ATC's word, rules are dated rows, clocks only tell."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatch import access, clearance, deadline
from dispatch.airspace_facts import AirspaceAdvanced
from dispatch.airspace_state import GRANTED, LIFECYCLE, in_force
from dispatch.clearance_commands import AnswerAtc, AskDesk, FileAirspace
from dispatch.clearance_facts import AirspacePhoned
from dispatch.clearance_kinds import RuleMark
from dispatch.clearance_records import ClearanceRule, PhoneAnswer
from dispatch.commands import ActOnAirspace
from dispatch.errors import Forbidden, GanyingError, Malformed, Refused
from dispatch.geo import Position
from dispatch.kinds import AirspaceAction, AirspaceKind, AirspaceState, Role, TaskingAction, TaskingState
from dispatch.records import AirspaceRequest, Counter
from dispatch.resource_commands import SaveResource
from tests.dispatch.flights import Flight, command, flight_in, right

_A, _S, _K, _T = AirspaceAction, AirspaceState, AirspaceKind, TaskingAction


def phone(flight: Flight, **changes: Any) -> PhoneAnswer:
    values = {"unit": "南昌进近", "who": "陈管制", "said_at": flight.scene.now, "number": "0791-12345"}
    return PhoneAnswer(**(values | changes))


def request(flight: Flight, kind: AirspaceKind = _K.PLAN) -> AirspaceRequest:
    found = in_force(flight.scene.world, flight.tasking, kind)
    assert found is not None
    return found


def step(
    flight: Flight, action: AirspaceAction, role: Role, of: AirspaceRequest | None = None, **more: Any
) -> None:
    one = of or request(flight)
    flight.scene.ask(
        role, ActOnAirspace(request_id=one.id, action=action, version_seen=one.version, reason="x", **more)
    )


def ask_atc(flight: Flight, kind: AirspaceKind, role: Role = Role.DISPATCHER, **more: Any) -> AirspaceRequest:
    flight.scene.ask(
        role,
        FileAirspace(tasking_id=flight.tasking_id, version_seen=flight.tasking.version, kind=kind, **more),
    )
    return request(flight, kind)


def rule(flight: Flight, **changes: Any) -> ClearanceRule:
    values: dict[str, Any] = {
        "id": "R1",
        "site": "36",
        "name": "起飞申请",
        "kind": _K.TAKE_OFF_RELEASE,
        "emergency": True,
        "needed": True,
        "file_by": "15min",
        "answer_by": "5min",
        "mark": RuleMark.PROPOSED,
        "valid_from": flight.scene.now - timedelta(days=1),
        "source": "test",
    }
    made = ClearanceRule(**(values | changes))
    present = flight.scene.world.clearance_rules.get(made.id)
    flight.scene.ask(
        Role.DUTY_CHIEF, SaveResource(resource=made, version_seen=present.version if present else 0)
    )
    return made


ROLES = (None, *Role)


@st.composite
def acts(draw: st.DrawFn) -> tuple[str, Any, Role | None]:
    role = draw(st.sampled_from(ROLES))
    likely = draw(st.booleans())  # somebody who may, so that walks go far
    sort = draw(st.sampled_from(["step", "step", "step", "file", "tasking", "wait", "talk"]))
    if sort == "step":
        action = draw(st.sampled_from(list(_A)))
        may = sorted(access.AIRSPACE_ACTS[action])
        chosen = draw(st.sampled_from(may)) if likely and may else role
        return sort, (action, draw(st.integers(0, 3)), draw(st.booleans())), chosen
    if sort == "file":
        return sort, draw(st.sampled_from(list(_K))), Role.DISPATCHER if likely else role
    if sort == "tasking":
        step_of = draw(st.sampled_from(list(_T)))
        return sort, step_of, right(step_of) if likely else role
    return sort, draw(st.integers(0, 7200)), role


def _do(flight: Flight, sort: str, what: Any, role: Role | None) -> None:
    scene = flight.scene
    requests = sorted(scene.world.requests.values(), key=lambda each: each.id)
    if sort == "wait":
        scene.wait(seconds=what)
    elif sort == "file":
        scene.ask(
            role,
            FileAirspace(tasking_id=flight.tasking_id, version_seen=flight.tasking.version, kind=what),
        )
    elif sort == "tasking":
        scene.ask(role, command(flight.tasking, what))
    elif requests and sort == "talk":
        scene.ask(role, AskDesk(request_id=requests[0].id, text="高度?"))
    elif requests:
        action, which, whole = what
        one = requests[which % len(requests)]
        counter = Counter(
            ceiling_m=500.0,
            active_from=None,
            active_until=None,
            reason="x",
            expires_at=scene.now + timedelta(minutes=10),
        )
        scene.ask(
            role,
            ActOnAirspace(
                request_id=one.id,
                action=action,
                version_seen=one.version,
                reason="x",
                counter=counter if whole and action in (_A.COUNTER, _A.PHONE) else None,
                phone=phone(flight) if whole and action is _A.PHONE else None,
            ),
        )


def _word_of_atc(flight: Flight, request_id: str) -> bool:
    """Whether the journal holds ATC's own act, or what it said by telephone with unit, name and time."""
    for each in flight.scene.journal:
        fact = each.fact
        if isinstance(fact, AirspaceAdvanced) and (fact.request_id, fact.action) in (
            (request_id, _A.APPROVE),
            (request_id, _A.COUNTER),
        ):
            assert each.role is Role.ATC
            return True
        if isinstance(fact, AirspacePhoned) and fact.request_id == request_id:
            assert each.role in (Role.DISPATCHER, Role.DUTY_CHIEF)
            return bool(fact.phone.unit and fact.phone.who and fact.phone.said_at)
    return False


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(acts(), max_size=25))
def test_no_sequence_of_acts_by_anybody_approves_without_the_word_of_atc(
    sequence: list[tuple[str, Any, Role | None]],
) -> None:
    flight = Flight()
    flight.act(_T.ORDER)
    for sort, what, role in sequence:
        try:
            _do(flight, sort, what, role)
        except GanyingError:
            continue
    for each in flight.scene.world.requests.values():
        once = {step.state for step in each.history} | {each.state.value}
        if once & {_S.APPROVED.value, _S.ACTIVE.value, _S.NONCONFORMING.value}:
            assert _word_of_atc(flight, each.id)
    if flight.tasking.state in (TaskingState.RELEASED, TaskingState.AIRBORNE):
        assert any(_word_of_atc(flight, each) for each in flight.tasking.airspace_request_ids)
    assert flight.scene.replayed() == flight.scene.world


@pytest.mark.parametrize("action", list(_A))
@pytest.mark.parametrize("state", list(_S))
def test_every_role_that_may_not_is_refused_in_every_state(
    state: AirspaceState, action: AirspaceAction
) -> None:
    flight = request_in(state)
    one = request(flight)
    for role in Role:
        if role in access.AIRSPACE_ACTS[action]:
            continue
        with pytest.raises((Forbidden, Refused)) as caught:
            step(flight, action, role, one)
        assert caught.value.code == "FORBIDDEN"
    for role in access.AIRSPACE_ACTS[action]:
        if (state, action) in LIFECYCLE.table:
            continue
        with pytest.raises(Refused) as refused:
            step(flight, action, role, one)
        assert refused.value.code == "NOT_NOW"
    assert request(flight) == one


def request_in(state: AirspaceState) -> Flight:
    """A plan in a state, brought there by the right people."""
    if state in (_S.ACTIVE, _S.NONCONFORMING):
        flight = flight_in(TaskingState.AIRBORNE)
        if state is _S.NONCONFORMING:
            step(flight, _A.LEAVE, Role.ATC)
        return flight
    if state is _S.RELEASED:
        return flight_in(TaskingState.LANDED)
    flight = Flight()
    flight.act(_T.ORDER)
    ways: dict[AirspaceState, tuple[tuple[AirspaceAction, Role], ...]] = {
        _S.APPROVED: ((_A.APPROVE, Role.ATC),),
        _S.REVOKED: ((_A.APPROVE, Role.ATC), (_A.REVOKE, Role.ATC)),
        _S.REFUSED: ((_A.REFUSE, Role.ATC),),
        _S.WITHDRAWN: ((_A.WITHDRAW, Role.DISPATCHER),),
        _S.EXPIRED: ((_A.EXPIRE, Role.DISPATCHER),),
    }
    for action, role in ways.get(state, ()):
        step(flight, action, role)
    if state is _S.COUNTERED:
        counter = Counter(
            ceiling_m=500.0,
            active_from=None,
            active_until=None,
            reason="军航活动",
            expires_at=flight.scene.now + timedelta(minutes=10),
        )
        step(flight, _A.COUNTER, Role.ATC, counter=counter)
    return flight


def test_a_telephone_approval_holds_is_shown_as_such_and_is_confirmed_by_atc() -> None:
    flight = flight_in(TaskingState.PREPARING)
    step(flight, _A.PHONE, Role.DISPATCHER, phone=phone(flight))
    told = request(flight)
    assert told.state is _S.APPROVED
    assert told.phone is not None
    assert told.phone.entered_by == "dispatcher"
    assert told.approved_by == "南昌进近 陈管制"
    flight.scene.ask(
        Role.BASE,
        command(flight.tasking, _T.RELEASE),
    )
    with pytest.raises(Forbidden):
        step(flight, _A.CONFIRM, Role.DISPATCHER)
    step(flight, _A.CONFIRM, Role.ATC)
    assert (confirmed := request(flight).phone) is not None
    assert confirmed.confirmed_by == "atc"
    with pytest.raises(Refused) as caught:
        step(flight, _A.CONFIRM, Role.ATC)
    assert caught.value.code == "NOTHING_TO_CONFIRM"


def test_what_atc_changed_on_the_telephone_is_what_is_approved() -> None:
    flight = flight_in(TaskingState.PREPARING)
    changes = Counter(
        ceiling_m=550.0, active_from=None, active_until=None, reason="x", expires_at=flight.scene.now
    )
    step(flight, _A.PHONE, Role.DISPATCHER, phone=phone(flight), counter=changes)
    assert request(flight).airspace.ceiling_m == 550.0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"unit": " "}, "phone.unit"),
        ({"who": ""}, "phone.who"),
        ({"number": "abc"}, "number"),
        ({"said_at": datetime(2026, 11, 24, 4, 0, tzinfo=UTC)}, "said_at"),
        ({"said_at": datetime(2026, 11, 23, 4, 0, tzinfo=UTC)}, "said_at"),
    ],
)
def test_a_telephone_approval_without_unit_name_or_time_is_none(changes: dict[str, Any], field: str) -> None:
    flight = flight_in(TaskingState.PREPARING)
    with pytest.raises((Malformed, Refused)) as caught:
        step(flight, _A.PHONE, Role.DISPATCHER, phone=phone(flight, **changes))
    assert caught.value.field == field
    with pytest.raises(Malformed):
        step(flight, _A.PHONE, Role.DISPATCHER)
    assert request(flight).state is _S.FILED


def test_a_take_off_release_is_waited_for_where_a_row_says_so() -> None:
    flight = flight_in(TaskingState.PREPARING)
    made = rule(flight)
    flight.atc()

    with pytest.raises(Refused) as caught:
        flight.scene.ask(Role.BASE, command(flight.tasking, _T.RELEASE))
    assert caught.value.code == "AIRSPACE_NOT_APPROVED"
    assert "take_off_release" in caught.value.detail
    asked = ask_atc(flight, _K.TAKE_OFF_RELEASE, Role.BASE)
    assert asked.clocks[0].rule_id == made.id
    assert asked.clocks[0].governs
    step(flight, _A.APPROVE, Role.ATC, asked)
    flight.scene.ask(Role.BASE, command(flight.tasking, _T.RELEASE))
    flight.scene.ask(Role.OPERATOR, command(flight.tasking, _T.TAKE_OFF))
    assert flight.states() == ["active", "active"]
    for action in (_T.ARRIVE, _T.LEAVE, _T.LAND):
        flight.act(action)
    assert flight.states() == ["released", "released"]
    flight.act(_T.NEXT_SORTIE)
    flight.atc()
    with pytest.raises(Refused):  # each take-off has its own release
        flight.scene.ask(Role.BASE, command(flight.tasking, _T.RELEASE))


def test_a_plan_may_follow_only_by_a_stored_agreement() -> None:
    flight = flight_in(TaskingState.PREPARING)
    plan = {"id": "R2", "kind": _K.PLAN, "needed": False, "file_by": "60min", "answer_by": "15min"}
    with pytest.raises(Refused) as caught:
        rule(flight, **plan)
    assert caught.value.code == "NO_AGREEMENT"
    rule(flight, **plan, agreement="赣空管协〔2026〕12号")

    flight.scene.ask(Role.BASE, command(flight.tasking, _T.RELEASE))
    assert flight.tasking.state is TaskingState.RELEASED
    flight.scene.ask(Role.OPERATOR, command(flight.tasking, _T.TAKE_OFF))
    assert flight.states() == ["filed"]  # still no approval
    flight.atc()
    assert flight.states() == ["active"]


def test_a_late_emergency_is_flagged_and_asked_all_the_same() -> None:
    flight = Flight()
    flight.act(_T.ORDER)
    asked = request(flight)
    emergency, ordinary = asked.clocks
    assert emergency.governs
    assert emergency.emergency
    assert emergency.late
    assert not ordinary.governs
    assert not ordinary.emergency
    assert ordinary.late
    assert asked.answer_due_at == flight.scene.now + timedelta(minutes=5)
    flight.scene.wait(hours=3)
    assert request(flight).state is _S.FILED
    assert clearance.missing(flight.scene.world, flight.tasking, flight.scene.now) == (_K.PLAN,)


def test_a_refused_plan_is_asked_again_with_other_terms_and_an_open_one_is_replaced() -> None:
    flight = Flight()
    flight.act(_T.ORDER)
    step(flight, _A.REFUSE, Role.ATC)
    second = ask_atc(flight, _K.PLAN, ceiling_m=500.0, reason="降低高度")
    assert second.airspace.ceiling_m == 500.0
    assert second.reason == "降低高度"
    turn = Position(lon_deg=115.2, lat_deg=28.7)
    third = ask_atc(flight, _K.PLAN, out_turns=(turn,), transit_floor_m=700.0, transit_ceiling_m=900.0)
    assert third.airspace.out_turns == (turn,)
    assert flight.states() == ["refused", "withdrawn", "filed"]
    step(flight, _A.APPROVE, Role.ATC, third)
    with pytest.raises(Refused) as caught:
        ask_atc(flight, _K.PLAN)
    assert caught.value.code == "HELD_ALREADY"
    for bad in ({"ceiling_m": 0.0}, {"transit_floor_m": 10.0}, {"active_until": flight.scene.now}):
        with pytest.raises(Refused):
            ask_atc(flight, _K.TEMPORARY_AIRSPACE, **bad)
    with pytest.raises(Forbidden):
        ask_atc(flight, _K.TEMPORARY_AIRSPACE, Role.ATC)


def test_questions_and_answers_stay_on_the_record_and_hold_nothing_up() -> None:
    flight = Flight()
    flight.act(_T.ORDER)
    one = request(flight)
    flight.scene.ask(Role.ATC, AskDesk(request_id=one.id, text="能否低于 500 m？"))
    with pytest.raises(Forbidden):
        flight.scene.ask(Role.DISPATCHER, AskDesk(request_id=one.id, text="x"))
    with pytest.raises(Forbidden):
        flight.scene.ask(Role.ATC, AnswerAtc(request_id=one.id, number=1, text="x"))
    flight.scene.ask(Role.DISPATCHER, AnswerAtc(request_id=one.id, number=1, text="可以"))
    for number, code in ((1, "ANSWERED"), (2, "NO_QUESTION")):
        with pytest.raises(Refused) as caught:
            flight.scene.ask(Role.DISPATCHER, AnswerAtc(request_id=one.id, number=number, text="x"))
        assert caught.value.code == code
    (told,) = request(flight).questions
    assert (told.asked_by, told.answer, told.answered_by) == ("atc", "可以", "dispatcher")
    step(flight, _A.APPROVE, Role.ATC, one)  # the version seen before the question still holds
    assert request(flight).state in GRANTED


FLIGHT = datetime(2026, 11, 30, 2, 0, tzinfo=UTC)  # Monday, 10:00 in Beijing


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("60min", datetime(2026, 11, 30, 1, 0, tzinfo=UTC)),
        ("2h", datetime(2026, 11, 30, 0, 0, tzinfo=UTC)),
        ("2d", datetime(2026, 11, 28, 2, 0, tzinfo=UTC)),
        ("1d 15:00", datetime(2026, 11, 29, 7, 0, tzinfo=UTC)),
        ("1wd 15:00", datetime(2026, 11, 27, 7, 0, tzinfo=UTC)),  # the Friday before
        ("7wd", datetime(2026, 11, 19, 2, 0, tzinfo=UTC)),
    ],
)
def test_limits_count_back_from_the_flight(text: str, at: datetime) -> None:
    assert deadline.before(text, FLIGHT) == at


@given(st.text(max_size=12))
def test_any_text_is_a_limit_or_a_named_error(text: str) -> None:
    try:
        deadline.check(text, "file_by")
    except Malformed as error:
        assert error.field == "file_by"
        return
    found = deadline.before(text, FLIGHT)
    assert (found is None) is (text == "")
    assert found is None or found <= FLIGHT
