"""From a report to a landing through the rules, and every way it is refused."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dispatch.account_commands import SaveAccount
from dispatch.clocks import ANSWER_WITHIN, due_timers
from dispatch.commands import ActOnAirspace
from dispatch.errors import Forbidden, GanyingError, Malformed, Refused, Unknown
from dispatch.fold import fold
from dispatch.geo import Position, distance_m
from dispatch.incident_commands import ActOnIncident, ShareIncident
from dispatch.kinds import (
    ActFlag,
    AirspaceAction,
    AirspaceState,
    IncidentAction,
    IncidentState,
    PlanState,
    RefusalReason,
    Role,
    TaskingAction,
    TaskingState,
    TimerKind,
)
from dispatch.records import Account, AirspaceRequest, Counter, Tasking
from dispatch.resource_commands import SaveResource
from dispatch.tasking_commands import ActOnTasking, AdoptPlan, EscalateTimer
from dispatch.views import Viewer, relate, visible
from tests.dispatch.scene import WATER, Scene, aircraft
from tests.dispatch.water import sign


def confirmed(scene: Scene) -> str:
    """A confirmed fire."""
    incident_id = scene.report()
    scene.ask(
        Role.DISPATCHER, ActOnIncident(incident_id=incident_id, action=IncidentAction.CONFIRM, version_seen=1)
    )
    return incident_id


def adopted(scene: Scene) -> Tasking:
    """A tasking waiting for the duty chief."""
    plan_id = scene.propose(confirmed(scene))
    scene.ask(Role.DISPATCHER, AdoptPlan(plan_id=plan_id, version_seen=1))
    return next(iter(scene.world.taskings.values()))


ROLE_OF = {
    TaskingAction.ORDER: Role.DUTY_CHIEF,
    TaskingAction.RELEASE: Role.BASE,
    TaskingAction.RECALL: Role.DISPATCHER,
    TaskingAction.EXPIRE: Role.DISPATCHER,
    TaskingAction.SETTLE: Role.BASE,
    TaskingAction.ARCHIVE: Role.DISPATCHER,
}


def act(scene: Scene, action: TaskingAction, **more: object) -> Tasking:
    """The right role acts on the only tasking, seeing its present version."""
    tasking = next(iter(scene.world.taskings.values()))
    command = ActOnTasking(tasking_id=tasking.id, action=action, version_seen=tasking.version, **more)  # type: ignore[arg-type]  # test shorthand
    scene.ask(ROLE_OF.get(action, Role.OPERATOR), command)
    return scene.world.taskings[tasking.id]


def request(scene: Scene) -> AirspaceRequest:
    """The newest airspace request."""
    (tasking,) = scene.world.taskings.values()
    return scene.world.requests[tasking.airspace_request_ids[-1]]


def atc(scene: Scene, action: AirspaceAction, **more: object) -> AirspaceRequest:
    """ATC acts on the newest request."""
    subject = request(scene)
    command = ActOnAirspace(request_id=subject.id, action=action, version_seen=subject.version, **more)  # type: ignore[arg-type]  # test shorthand
    scene.ask(Role.ATC, command)
    return scene.world.requests[subject.id]


def refused(scene: Scene, role: Role | None, command: object, code: str) -> GanyingError:
    """The command is refused with `code` and changes nothing."""
    before = scene.world
    with pytest.raises(GanyingError) as caught:
        scene.ask(role, command)  # type: ignore[arg-type]  # test shorthand
    assert caught.value.code == code, caught.value
    assert scene.world is before
    return caught.value


def test_the_whole_sortie_leaves_each_step_with_who_and_when() -> None:
    """Report, confirm, adopt, order, accept, approve, prepare, release, fly, land, settle, archive."""
    scene = Scene()
    tasking = adopted(scene)
    assert tasking.number == "GY-1124-01"
    assert scene.world.incidents[tasking.incident_id].state is IncidentState.RESPONDING
    act(scene, TaskingAction.ORDER)
    assert request(scene).state is AirspaceState.FILED
    act(scene, TaskingAction.ACCEPT)
    atc(scene, AirspaceAction.APPROVE)
    act(scene, TaskingAction.PREPARE)
    act(scene, TaskingAction.RELEASE)
    act(scene, TaskingAction.TAKE_OFF)
    assert request(scene).state is AirspaceState.ACTIVE
    assert scene.world.aircraft["B-7001"].at_base_id == ""
    act(scene, TaskingAction.ARRIVE)
    act(scene, TaskingAction.LEAVE)
    act(scene, TaskingAction.LAND)
    assert request(scene).state is AirspaceState.RELEASED
    assert scene.world.aircraft["B-7001"].at_base_id == "JX-JA"
    sign(scene, tasking.id)
    act(scene, TaskingAction.SETTLE)
    done = act(scene, TaskingAction.ARCHIVE)
    assert [(s.action, s.actor) for s in done.history] == [
        ("adopt", "dispatcher"),
        ("order", "duty_chief"),
        ("accept", "operator"),
        ("prepare", "operator"),
        ("release", "base"),
        ("take_off", "operator"),
        ("arrive", "operator"),
        ("leave", "operator"),
        ("land", "operator"),
        ("settle", "base"),
        ("archive", "dispatcher"),
    ]
    assert scene.replayed() == scene.world


def test_the_water_lies_inside_the_airspace_asked_for() -> None:
    """ATC is asked for the buckets' way too, however far the water."""
    scene = Scene()
    far = replace(WATER, position=Position(lon_deg=115.3, lat_deg=28.95))
    scene.site_asks(SaveResource(resource=far, version_seen=1))
    adopted(scene)
    act(scene, TaskingAction.ORDER)
    block = request(scene).airspace
    assert distance_m(block.centre, far.position) < block.radius_m


def test_a_second_sortie_asks_for_airspace_anew() -> None:
    """After landing the old approval is spent."""
    scene = Scene()
    adopted(scene)
    for action in (TaskingAction.ORDER, TaskingAction.ACCEPT, TaskingAction.PREPARE):
        act(scene, action)
    atc(scene, AirspaceAction.APPROVE)
    for action in (TaskingAction.RELEASE, TaskingAction.TAKE_OFF, TaskingAction.ARRIVE, TaskingAction.LEAVE):
        act(scene, action)
    act(scene, TaskingAction.LAND)
    again = act(scene, TaskingAction.NEXT_SORTIE)
    assert again.sortie == 2
    assert request(scene).state is AirspaceState.FILED
    refused(
        scene,
        Role.BASE,
        ActOnTasking(tasking_id=again.id, action=TaskingAction.RELEASE, version_seen=again.version),
        "AIRSPACE_NOT_APPROVED",
    )
    atc(scene, AirspaceAction.APPROVE)
    assert act(scene, TaskingAction.RELEASE).state is TaskingState.RELEASED
    recalled = act(scene, TaskingAction.RECALL, reason="火已灭")
    assert recalled.state is TaskingState.LANDED  # what the first sortie flew is still to be settled
    assert request(scene).state is AirspaceState.WITHDRAWN
    assert act(scene, TaskingAction.NEXT_SORTIE).sortie == 3


def test_nobody_is_released_before_atc_approves() -> None:
    """Filed, refused and countered are not approved."""
    scene = Scene()
    adopted(scene)
    for action in (TaskingAction.ORDER, TaskingAction.ACCEPT):
        act(scene, action)
    tasking = act(scene, TaskingAction.PREPARE)
    release = ActOnTasking(tasking_id=tasking.id, action=TaskingAction.RELEASE, version_seen=tasking.version)
    refused(scene, Role.BASE, release, "AIRSPACE_NOT_APPROVED")
    offer = Counter(
        ceiling_m=500,
        active_from=None,
        active_until=None,
        reason="航路",
        expires_at=scene.now + timedelta(minutes=5),
    )
    atc(scene, AirspaceAction.COUNTER, counter=offer)
    refused(scene, Role.BASE, release, "AIRSPACE_NOT_APPROVED")
    subject = request(scene)
    accept = ActOnAirspace(request_id=subject.id, action=AirspaceAction.ACCEPT, version_seen=subject.version)
    scene.ask(Role.DISPATCHER, accept)
    assert request(scene).airspace.ceiling_m == 500
    assert request(scene).approved_by == "atc"
    assert act(scene, TaskingAction.RELEASE).state is TaskingState.RELEASED


def test_an_expired_counter_cannot_be_accepted() -> None:
    """ATC's offer has its own end."""
    scene = Scene()
    adopted(scene)
    act(scene, TaskingAction.ORDER)
    offer = Counter(
        ceiling_m=500,
        active_from=None,
        active_until=None,
        reason="航路",
        expires_at=scene.now + timedelta(minutes=5),
    )
    subject = atc(scene, AirspaceAction.COUNTER, counter=offer)
    scene.wait(minutes=6)
    accept = ActOnAirspace(request_id=subject.id, action=AirspaceAction.ACCEPT, version_seen=subject.version)
    refused(scene, Role.DISPATCHER, accept, "COUNTER_EXPIRED")


def test_a_revoked_block_stops_the_take_off() -> None:
    """Released on the ground, but ATC takes the block back."""
    scene = Scene()
    adopted(scene)
    for action in (TaskingAction.ORDER, TaskingAction.ACCEPT, TaskingAction.PREPARE):
        act(scene, action)
    atc(scene, AirspaceAction.APPROVE)
    tasking = act(scene, TaskingAction.RELEASE)
    atc(scene, AirspaceAction.REVOKE, reason="军航活动")
    take_off = ActOnTasking(
        tasking_id=tasking.id, action=TaskingAction.TAKE_OFF, version_seen=tasking.version
    )
    refused(scene, Role.OPERATOR, take_off, "AIRSPACE_NOT_APPROVED")


def test_refusing_needs_one_of_six_reasons_and_gives_the_airspace_back() -> None:
    """A refusal frees the aircraft and withdraws what was filed."""
    scene = Scene()
    adopted(scene)
    tasking = act(scene, TaskingAction.ORDER)
    bare = ActOnTasking(tasking_id=tasking.id, action=TaskingAction.REFUSE, version_seen=tasking.version)
    assert refused(scene, Role.OPERATOR, bare, "MALFORMED").field == "refusal"
    ended = act(scene, TaskingAction.REFUSE, refusal=RefusalReason.WEATHER, reason="云底 200 m")
    assert ended.state is TaskingState.ENDED
    assert ended.refusal is RefusalReason.WEATHER
    assert request(scene).state is AirspaceState.WITHDRAWN
    assert scene.world.ongoing_tasking("B-7001") is None


def test_recall_before_flight_ends_and_in_flight_turns_home() -> None:
    """Recall works at any time and needs a reason."""
    scene = Scene()
    tasking = adopted(scene)
    bare = ActOnTasking(tasking_id=tasking.id, action=TaskingAction.RECALL, version_seen=tasking.version)
    assert refused(scene, Role.DISPATCHER, bare, "MALFORMED").field == "reason"
    assert act(scene, TaskingAction.RECALL, reason="火已灭").state is TaskingState.ENDED

    scene = Scene()
    adopted(scene)
    for action in (TaskingAction.ORDER, TaskingAction.ACCEPT, TaskingAction.PREPARE):
        act(scene, action)
    atc(scene, AirspaceAction.APPROVE)
    for action in (TaskingAction.RELEASE, TaskingAction.TAKE_OFF):
        act(scene, action)
    assert act(scene, TaskingAction.RECALL, reason="转场").state is TaskingState.RETURNING
    assert request(scene).state is AirspaceState.ACTIVE  # still in the air inside its block


@pytest.mark.parametrize("role", [r for r in Role if r is not Role.DUTY_CHIEF])
def test_only_the_duty_chief_orders(role: Role) -> None:
    """Every other role is refused by name, and nothing changes."""
    scene = Scene()
    tasking = adopted(scene)
    order = ActOnTasking(tasking_id=tasking.id, action=TaskingAction.ORDER, version_seen=1)
    refused(scene, role, order, "FORBIDDEN")


def test_an_operator_cannot_touch_another_operators_tasking() -> None:
    """To another operator it does not exist."""
    scene = Scene()
    adopted(scene)
    tasking = act(scene, TaskingAction.ORDER)
    accept = ActOnTasking(tasking_id=tasking.id, action=TaskingAction.ACCEPT, version_seen=tasking.version)
    with pytest.raises(Unknown):
        scene.ask(Role.OPERATOR, accept, operator_id="OP2")
    with pytest.raises(Unknown):
        scene.ask(Role.OPERATOR, accept, operator_id="")
    assert not visible(
        relate(scene.world), Viewer(role=Role.OPERATOR, operator_id="OP2"), "taskings", tasking
    )
    assert visible(relate(scene.world), Viewer(role=Role.OPERATOR, operator_id="OP1"), "taskings", tasking)


def test_a_stale_version_is_told_the_present_one() -> None:
    """Two people act on the same state: the second learns that it changed."""
    scene = Scene()
    adopted(scene)
    tasking = act(scene, TaskingAction.ORDER)
    stale = ActOnTasking(tasking_id=tasking.id, action=TaskingAction.ACCEPT, version_seen=1)
    error = refused(scene, Role.OPERATOR, stale, "CHANGED")
    assert isinstance(error, Refused)
    assert error.version == 2


def test_an_aircraft_flies_one_tasking_at_a_time() -> None:
    """A second proposal with the same aircraft is refused while it is busy."""
    scene = Scene()
    tasking = adopted(scene)
    plan_id = scene.propose(tasking.incident_id, 1)
    refused(scene, Role.DISPATCHER, AdoptPlan(plan_id=plan_id, version_seen=1), "AIRCRAFT_BUSY")
    plan_id = scene.propose(tasking.incident_id, 2)
    scene.ask(Role.DISPATCHER, AdoptPlan(plan_id=plan_id, version_seen=1))
    assert {t.number for t in scene.world.taskings.values()} == {"GY-1124-01", "GY-1124-02"}


def test_a_newer_proposal_supersedes_the_open_one() -> None:
    """Only the newest can be adopted."""
    scene = Scene()
    incident_id = confirmed(scene)
    old, new = scene.propose(incident_id, 1), scene.propose(incident_id, 2)
    assert scene.world.plans[old].state is PlanState.SUPERSEDED
    refused(scene, Role.DISPATCHER, AdoptPlan(plan_id=old, version_seen=2), "NOT_NOW")
    scene.ask(Role.DISPATCHER, AdoptPlan(plan_id=new, version_seen=1))


def test_an_unconfirmed_incident_launches_nobody() -> None:
    """A report that no person has verified cannot be tasked."""
    scene = Scene()
    plan_id = scene.propose(scene.report())
    refused(scene, Role.DISPATCHER, AdoptPlan(plan_id=plan_id, version_seen=1), "NOT_NOW")


def test_a_timer_escalates_once_and_decides_nothing() -> None:
    """The answer clock passes: people are told, the order still stands and can still be accepted."""
    scene = Scene()
    adopted(scene)
    tasking = act(scene, TaskingAction.ORDER)
    assert due_timers(scene.world, scene.now) == ()
    scene.now += ANSWER_WITHIN
    (due,) = due_timers(scene.world, scene.now)
    assert due.timer is TimerKind.ANSWER
    scene.site_asks(due)
    assert due_timers(scene.world, scene.now) == ()
    refused(
        scene,
        None,
        EscalateTimer(tasking_id=tasking.id, timer=TimerKind.ANSWER, due_at=due.due_at),
        "NOT_NOW",
    )
    assert scene.world.taskings[tasking.id].state is TaskingState.ORDERED
    accept = ActOnTasking(tasking_id=tasking.id, action=TaskingAction.ACCEPT, version_seen=tasking.version)
    scene.ask(Role.OPERATOR, accept)


def test_an_incident_does_not_close_over_a_crew_in_the_air() -> None:
    """Standing down waits for every tasking to end."""
    scene = Scene()
    tasking = adopted(scene)
    incident = scene.world.incidents[tasking.incident_id]
    close = ActOnIncident(
        incident_id=incident.id, action=IncidentAction.STAND_DOWN, version_seen=incident.version, reason="雨"
    )
    refused(scene, Role.DISPATCHER, close, "TASKING_OPEN")
    act(scene, TaskingAction.RECALL, reason="雨")
    scene.ask(Role.DISPATCHER, close)


def test_a_shared_incident_carries_its_taskings_and_only_its_owner_decides() -> None:
    """Sharing is one fact with everything up to now; unknown partners are refused."""
    scene = Scene()
    tasking = adopted(scene)
    incident = scene.world.incidents[tasking.incident_id]
    to = ShareIncident(incident_id=incident.id, partner="43", version_seen=incident.version)
    refused(
        scene,
        Role.DISPATCHER,
        ShareIncident(incident_id=incident.id, partner="99", version_seen=3),
        "UNKNOWN_ID",
    )
    (shared,) = scene.ask(Role.DISPATCHER, to)
    neighbour = Scene("43")

    copy = fold(neighbour.world, replace(scene.journal[-1], seq=99))
    assert copy.incidents[incident.id].shared_with == ("43",)
    assert tasking.id in copy.taskings
    neighbour.world = copy
    confirm = ActOnIncident(incident_id=incident.id, action=IncidentAction.CONTAIN, version_seen=4)
    refused(neighbour, Role.DISPATCHER, confirm, "NOT_OWNER")
    assert (incident.id, "43") in scene.world.shared
    assert shared


def test_done_in_the_field_keeps_the_devices_time() -> None:
    """An act sent late keeps when it was done; one from the future is taken, set right and flagged."""
    scene = Scene()
    adopted(scene)
    act(scene, TaskingAction.ORDER)
    done_at = scene.now + timedelta(minutes=3)
    scene.wait(minutes=10)
    assert act(scene, TaskingAction.ACCEPT, done_at=done_at).history[-1].at == done_at
    tasking = next(iter(scene.world.taskings.values()))
    early = ActOnTasking(
        tasking_id=tasking.id,
        action=TaskingAction.PREPARE,
        version_seen=tasking.version,
        done_at=scene.now + timedelta(hours=1),
    )
    scene.ask(Role.OPERATOR, early)
    last = scene.world.taskings[tasking.id].history[-1]
    assert last.at == scene.now
    assert last.stamp is not None
    assert (last.stamp.flags, last.stamp.pressed_at) == ((ActFlag.CLOCK_SKEW,), early.done_at)


def test_administrators_are_three_persons() -> None:
    """System, security and audit never meet in one account, nor with an operational role."""
    scene = Scene()
    for roles in ((Role.SYSADMIN, Role.AUDITOR), (Role.SECADMIN, Role.DISPATCHER)):
        account = Account(name="x", display_name="x", roles=roles, password_hash="x")
        refused(scene, None, SaveAccount(account=account, version_seen=0), "ROLES_CONFLICT")
    with pytest.raises(Forbidden):
        scene.ask(
            Role.SYSADMIN,
            SaveAccount(
                account=Account(name="x", display_name="x", roles=(Role.BASE,), password_hash="x"),
                version_seen=0,
            ),
        )


def test_resources_keep_versions_and_addresses_apart() -> None:
    """A stale edit and a second aircraft with the same address are refused."""
    scene = Scene()
    refused(scene, Role.DISPATCHER, SaveResource(resource=aircraft(1), version_seen=0), "CHANGED")
    scene.ask(Role.DISPATCHER, SaveResource(resource=aircraft(1), version_seen=1))

    twin = replace(aircraft(3), icao24="78f001")
    refused(scene, Role.DISPATCHER, SaveResource(resource=twin, version_seen=0), "DUPLICATE")
    with pytest.raises(Malformed):
        scene.ask(Role.DISPATCHER, SaveResource(resource=replace(aircraft(3), cruise_mps=0), version_seen=0))
