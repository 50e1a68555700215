"""The three lifecycles as tables: everything is reachable, nothing ends in the air, and each pair is decided."""

from typing import Any

import pytest

from dispatch import access, airspace_state, incident, tasking
from dispatch.errors import Refused
from dispatch.kinds import (
    AirspaceAction,
    AirspaceState,
    IncidentAction,
    IncidentState,
    TaskingAction,
    TaskingState,
)
from dispatch.lifecycle import Lifecycle

ALL: tuple[tuple[Lifecycle[Any, Any], Any, Any], ...] = (
    (incident.LIFECYCLE, IncidentState, IncidentAction),
    (tasking.LIFECYCLE, TaskingState, TaskingAction),
    (airspace_state.LIFECYCLE, AirspaceState, AirspaceAction),
)


@pytest.mark.parametrize(("lifecycle", "states", "_actions"), ALL)
def test_every_state_is_reachable(lifecycle: Lifecycle[Any, Any], states: Any, _actions: Any) -> None:
    """No state is only on paper."""
    assert lifecycle.states() == frozenset(states)


@pytest.mark.parametrize(("lifecycle", "states", "actions"), ALL)
def test_every_pair_moves_or_is_refused_by_name(
    lifecycle: Lifecycle[Any, Any], states: Any, actions: Any
) -> None:
    """A walk over every (state, action): in the table it moves, else NOT_NOW says what is possible."""
    for state in states:
        for action in actions:
            if (state, action) in lifecycle.table:
                assert lifecycle.advance(state, action) is lifecycle.table[state, action]
            else:
                with pytest.raises(Refused) as caught:
                    lifecycle.advance(state, action)
                assert caught.value.code == "NOT_NOW"


def test_no_final_state_has_an_aircraft_in_the_air() -> None:
    """Whoever is in the air can always land, and be called back while out."""
    for state in tasking.IN_THE_AIR:
        assert not tasking.LIFECYCLE.final(state)
    assert tasking.LIFECYCLE.actions(TaskingState.RETURNING)[0] is TaskingAction.LAND
    for state in (TaskingState.AIRBORNE, TaskingState.WORKING):
        assert TaskingAction.RECALL in tasking.LIFECYCLE.actions(state)


def test_only_acts_of_atc_lead_to_approved() -> None:
    """Each way into approved is ATC's own act, or the applicant taking ATC's counter as it is."""
    ways = {(s, a) for (s, a), to in airspace_state.LIFECYCLE.table.items() if to is AirspaceState.APPROVED}
    assert ways == {
        (AirspaceState.FILED, AirspaceAction.APPROVE),
        (AirspaceState.FILED, AirspaceAction.PHONE),  # ATC's word by telephone, with unit, name and time
        (AirspaceState.COUNTERED, AirspaceAction.ACCEPT),
        (AirspaceState.APPROVED, AirspaceAction.CONFIRM),
    }
    assert access.AIRSPACE_ACTS[AirspaceAction.APPROVE] == {"atc"}
    assert access.AIRSPACE_ACTS[AirspaceAction.COUNTER] == {"atc"}


def test_who_may_do_what_is_said_for_every_action() -> None:
    """No action is left without an answer."""
    assert set(access.INCIDENT_ACTS) == set(IncidentAction)
    assert set(access.TASKING_ACTS) == set(TaskingAction)
    assert set(access.AIRSPACE_ACTS) == set(AirspaceAction)
