"""Scripted seats: who acts when, and what they leave to people."""

from dataclasses import replace

from adapters.exercise.crew import Situation
from adapters.exercise.flight import Flight, Phase
from adapters.exercise.seats import REASON, Act, Cast, Proposal, Scene, acts
from dispatch.amended import terms_of
from dispatch.kinds import AirspaceState, AmendmentState, IncidentState, PlanState, Role, TaskingState
from dispatch.records import AirspaceRequest, Assignment
from dispatch.tasking_records import Amendment
from tests.adapters.exercise.things import FIRE, NOW, incident, request, situation, tasking

DEMONSTRATION = Cast(everyone=False, accepting=frozenset({"OP2"}))
EVERYONE = Cast(everyone=True, accepting=frozenset())
LONG_S = 1000.0


def scene(
    seen: Situation,
    *,
    requests: tuple[AirspaceRequest, ...] = (),
    plans: tuple[Proposal, ...] = (),
    flight: Flight | None = None,
    waited_s: float = LONG_S,
) -> Scene:
    tables = (*seen.incidents.values(), *seen.taskings.values(), *requests, *plans)
    return Scene(
        situation=seen,
        requests={one.id: one for one in requests},
        plans={one.id: one for one in plans},
        flights={"B-70G1": flight} if flight else {},
        waited_s={(one.id, one.version): waited_s for one in tables},
    )


def done(given: Scene, cast: Cast = DEMONSTRATION) -> list[tuple[Role, str]]:
    return [(act.role, act.door) for act in acts(given, cast)]


def flying(phase: Phase, *, reached: bool = False, phase_s: float = LONG_S) -> Flight:
    return Flight(
        phase=phase, position=FIRE, altitude_m=500, phase_s=phase_s, reached_scene=reached, drops_done=1
    )


def test_atc_script_approves_in_its_own_name_and_says_so() -> None:
    (act,) = acts(scene(situation(), requests=(request(AirspaceState.FILED),)), DEMONSTRATION)
    assert act == Act(
        role=Role.ATC,
        operator_id="",
        door="airspace/36-ASP-1/approve",
        body={"version": 1, "reason": REASON},
        key="script-approve-36-ASP-1-1",
    )


def test_atc_script_gives_people_time_and_touches_only_what_is_filed_and_simulated() -> None:
    filed = request(AirspaceState.FILED)
    assert done(scene(situation(), requests=(filed,), waited_s=5.0)) == []
    assert done(scene(situation(), requests=(request(AirspaceState.FILED, simulated=False),))) == []
    for state in set(AirspaceState) - {AirspaceState.FILED}:
        assert done(scene(situation(), requests=(request(state),))) == []


def test_in_the_demonstration_desk_and_operator_are_left_to_people() -> None:
    for state in (TaskingState.PENDING, TaskingState.ORDERED, TaskingState.LANDED, TaskingState.ENDED):
        assert done(scene(situation(tasking(state)))) == []
    assert done(scene(situation(incidents=(incident(IncidentState.REPORTED),)))) == []


def test_other_operators_orders_are_accepted_by_their_script() -> None:
    given = scene(situation(tasking(TaskingState.ORDERED, operator_id="OP2")))
    (act,) = acts(given, DEMONSTRATION)
    assert (act.role, act.operator_id, act.door) == (Role.OPERATOR, "OP2", "taskings/36-TSK-1/accept")


def test_crew_and_base_do_their_steps_after_acceptance() -> None:
    approved = (request(AirspaceState.APPROVED),)
    assert done(scene(situation(tasking(TaskingState.ACCEPTED)))) == [
        (Role.OPERATOR, "taskings/36-TSK-1/prepare")
    ]
    assert done(scene(situation(tasking(TaskingState.PREPARING)), requests=approved)) == [
        (Role.BASE, "taskings/36-TSK-1/release")
    ]
    assert done(scene(situation(tasking(TaskingState.RELEASED)), requests=approved)) == [
        (Role.OPERATOR, "taskings/36-TSK-1/take_off")
    ]


def test_base_releases_nothing_without_atcs_approval() -> None:
    for state in set(AirspaceState) - {AirspaceState.APPROVED, AirspaceState.ACTIVE, AirspaceState.FILED}:
        assert done(scene(situation(tasking(TaskingState.PREPARING)), requests=(request(state),))) == []
    assert done(scene(situation(tasking(TaskingState.PREPARING)))) == []


def test_reports_follow_the_aircraft() -> None:
    airborne, working, returning = (
        situation(tasking(state))
        for state in (TaskingState.AIRBORNE, TaskingState.WORKING, TaskingState.RETURNING)
    )
    assert done(scene(airborne, flight=flying(Phase.TO_WATER))) == []
    assert done(scene(airborne, flight=flying(Phase.DROPPING, reached=True))) == [
        (Role.OPERATOR, "taskings/36-TSK-1/arrive")
    ]
    assert done(scene(working, flight=flying(Phase.TO_WATER, reached=True))) == []
    assert done(scene(working, flight=flying(Phase.HOLDING, phase_s=5))) == []
    assert done(scene(working, flight=flying(Phase.HOLDING))) == [(Role.OPERATOR, "taskings/36-TSK-1/leave")]
    assert done(scene(returning, flight=flying(Phase.TO_BASE))) == []
    assert done(scene(returning, flight=flying(Phase.RUNNING))) == [(Role.OPERATOR, "taskings/36-TSK-1/land")]
    assert done(scene(returning)) == []


def test_with_everyone_scripted_the_desk_confirms_asks_adopts_and_orders() -> None:
    reported = situation(incidents=(incident(IncidentState.REPORTED),))
    assert done(scene(reported), EVERYONE) == [(Role.DISPATCHER, "incidents/36-INC-1/confirm")]
    confirmed = situation(incidents=(incident(IncidentState.CONFIRMED),))
    assert done(scene(confirmed), EVERYONE) == [(Role.DISPATCHER, "plans")]
    plan = Proposal(
        id="36-PLN-1", incident_ids=("36-INC-1",), assignments=(), state=PlanState.OPEN, version=1
    )
    assert done(scene(confirmed, plans=(plan,)), EVERYONE) == []  # an empty proposal is not adopted
    full = replace(plan, assignments=(_assignment(),))
    assert done(scene(confirmed, plans=(full,)), EVERYONE) == [(Role.DISPATCHER, "plans/36-PLN-1/adopt")]
    assert done(scene(situation(tasking(TaskingState.PENDING))), EVERYONE) == [
        (Role.DUTY_CHIEF, "taskings/36-TSK-1/order")
    ]
    assert done(scene(situation(tasking(TaskingState.ORDERED))), EVERYONE) == [
        (Role.OPERATOR, "taskings/36-TSK-1/accept")
    ]


def test_scripted_desk_shares_its_fire_with_the_partner_once() -> None:
    cast = Cast(everyone=True, accepting=frozenset(), partner="43")
    responding = incident(IncidentState.RESPONDING)
    (act,) = acts(scene(situation(incidents=(responding,))), cast)
    assert (act.door, act.body) == ("incidents/36-INC-1/share", {"version": 1, "partner": "43"})
    shared = replace(responding, shared_with=("43",))
    assert done(scene(situation(incidents=(shared,))), cast) == []


def test_what_is_not_a_drill_is_left_alone() -> None:
    real = situation(
        tasking(TaskingState.ACCEPTED, simulated=False),
        incidents=(incident(IncidentState.REPORTED, simulated=False),),
    )
    assert done(scene(real), EVERYONE) == []


def test_every_act_has_a_key_that_fits_the_door() -> None:
    given = scene(
        situation(tasking(TaskingState.ACCEPTED), incidents=(incident(IncidentState.CONFIRMED),)),
        requests=(request(AirspaceState.FILED),),
    )
    found = list(acts(given, EVERYONE))
    assert len(found) == 3
    assert all(1 <= len(act.key) <= 64 for act in found)
    assert len({act.key for act in found}) == 3


def _assignment() -> Assignment:
    return Assignment(
        aircraft_id="B-70G1",
        incident_id="36-INC-1",
        base_id="JX-JA",
        water_point_id="W-021",
        hospital_id="",
        take_off_at=NOW,
        on_scene_at=NOW,
        land_at=NOW,
        drops=1,
        litres_per_drop=1.0,
        litres_per_hour=1.0,
        cost=1.0,
    )


def test_a_scripted_crew_acknowledges_what_is_amended_by_its_number_and_a_persons_is_left_alone() -> None:
    for operator_id, answered in (("OP2", True), ("OP1", False)):
        asked = tasking(TaskingState.WORKING, operator_id=operator_id)
        terms = terms_of(asked)
        amendment = Amendment(
            number=3,
            at=NOW,
            by="dispatcher",
            role=Role.DISPATCHER,
            reason="x",
            changed=("drops",),
            before=terms,
            after=replace(terms, drops=2),
            state=AmendmentState.OPEN,
        )
        given = scene(situation(replace(asked, amendments=(amendment,))))
        made = [(act.door, act.body["amendment"]) for act in acts(given, DEMONSTRATION)]
        assert made == ([("taskings/36-TSK-1/acknowledge", 3)] if answered else [])
