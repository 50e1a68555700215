"""Every state, every action, every role: what the table allows goes through, the rest is refused by name; and random walks."""

import itertools
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch import access
from dispatch.amended import FLIGHT_OVER, open_amendment
from dispatch.commands import Ask
from dispatch.decide import decide
from dispatch.errors import GanyingError
from dispatch.kinds import AirspaceAction, AirspaceState, AmendmentState, Role, TaskingAction, TaskingState
from dispatch.tasking import LIFECYCLE
from dispatch.world import IN_THE_AIR
from tests.dispatch.flights import WAYS, Flight, command, flight_in, right

_A, _S = TaskingAction, TaskingState
OTHERS = "OP2"  # an operator that the tasking is not of


@cache
def prepared(state: TaskingState) -> Flight:
    """A tasking in `state`; where the table has an answer to an amendment, one waits. Not to be changed."""
    flight = flight_in(state)
    if (state, _A.AMEND) in LIFECYCLE.table:
        flight.act(_A.AMEND)
    if state is _S.PREPARING:
        flight.atc()
    return flight


def expected(state: TaskingState, action: TaskingAction, role: Role, operator_id: str, *, stale: bool) -> str:
    """The code by which a try is refused; empty: it goes through."""
    if role is Role.OPERATOR and operator_id == OTHERS:
        return "UNKNOWN_ID"
    if role not in access.TASKING_ACTS[action]:
        return "FORBIDDEN"
    if stale and action is not _A.EMERGENCY_LAND:
        return "CHANGED"
    if (state, action) not in LIFECYCLE.table:
        return "NOT_NOW"
    if action is _A.RELEASE:
        return "AMENDMENT_OPEN"  # the one that waits
    if action is _A.SETTLE and role is not Role.DUTY_CHIEF:
        return "NOT_SIGNED"  # test_hours.py signs
    return ""


@pytest.mark.parametrize("state", WAYS)
def test_each_action_by_each_role_is_allowed_by_the_table_or_refused_by_name(state: TaskingState) -> None:
    flight = prepared(state)
    people = [(role, "OP1" if role is Role.OPERATOR else "") for role in Role] + [(Role.OPERATOR, OTHERS)]
    for action, (role, operator_id), stale in itertools.product(_A, people, (False, True)):
        version = flight.tasking.version - 1 if stale else None
        ask = Ask(
            actor="somebody",
            role=role,
            command_id="k",
            command=command(flight.tasking, action, version),
            operator_id=operator_id,
        )
        wanted = expected(state, action, role, operator_id, stale=stale)
        if wanted:
            with pytest.raises(GanyingError) as caught:
                decide(flight.scene.world, ask, flight.scene.now)
            assert caught.value.code == wanted, (state, action, role, stale, caught.value)
        else:
            assert decide(flight.scene.world, ask, flight.scene.now), (state, action, role)


ACTS = st.one_of(
    st.sampled_from(list(_A)),
    st.sampled_from([AirspaceAction.APPROVE, AirspaceAction.REFUSE]),
    st.just("wait"),
)


@settings(max_examples=120, deadline=None)
@given(st.sampled_from([_S.ORDERED, _S.RELEASED, _S.AIRBORNE, _S.WORKING]), st.lists(ACTS, max_size=14))
def test_no_walk_breaks_what_always_holds(start: TaskingState, acts: list[object]) -> None:
    """Whatever people try in whatever order, right or wrong."""
    flight = flight_in(start)
    for act in acts:
        before = flight.tasking
        try:
            if act == "wait":
                flight.scene.wait(minutes=7)
            elif isinstance(act, AirspaceAction):
                flight.atc(act)
            else:
                assert isinstance(act, TaskingAction)
                flight.scene.ask(right(act), command(before, act))
        except GanyingError:
            assert flight.tasking == before
        _holds(flight)
    assert flight.scene.replayed() == flight.scene.world


def _holds(flight: Flight) -> None:
    tasking = flight.tasking
    waiting = [each for each in tasking.amendments if each.state is AmendmentState.OPEN]
    assert len(waiting) <= 1
    assert not waiting or tasking.state not in FLIGHT_OVER
    assert [each.number for each in tasking.amendments] == list(range(1, len(tasking.amendments) + 1))
    active = [each for each in flight.states() if each == AirspaceState.ACTIVE]
    assert len(active) <= 1  # never two blocks for one flight
    if tasking.state in IN_THE_AIR:
        assert not LIFECYCLE.final(tasking.state)
        assert active  # and in these walks, where ATC revokes nothing, never none
    amendment = open_amendment(tasking)
    if amendment is not None and amendment.request_id:
        assert flight.scene.world.requests[amendment.request_id].state is not AirspaceState.ACTIVE
    if tasking.state is _S.DOWN:
        assert not flight.scene.world.aircraft[tasking.aircraft_id].serviceable
