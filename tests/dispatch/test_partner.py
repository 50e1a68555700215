"""What leaves a site for a partner, and what is taken in from one."""

from dataclasses import replace
from typing import Any

import pytest

from dispatch import facts, incident_facts, partner, shared_snapshot, tasking_facts
from dispatch.errors import Refused
from dispatch.facts import Recorded
from dispatch.fold import fold
from dispatch.incident_commands import ActOnIncident, ShareIncident, UpdateIncident
from dispatch.incident_facts import IncidentShared
from dispatch.kinds import IncidentAction, Role, TaskingAction
from dispatch.records import Tasking
from dispatch.tasking_commands import ActOnTasking, AdoptPlan, AmendTasking
from dispatch.tasking_facts import TaskingAdopted, TaskingAdvanced
from dispatch.world import World
from tests.dispatch.scene import Scene


def confirmed(scene: Scene) -> str:
    incident_id = scene.report()
    scene.ask(
        Role.DISPATCHER,
        ActOnIncident(incident_id=incident_id, action=IncidentAction.CONFIRM, version_seen=1),
        actor="zhang.wei",
    )
    return incident_id


def share(scene: Scene, incident_id: str, to: str = "43") -> IncidentShared:
    version = scene.world.incidents[incident_id].version
    command = ShareIncident(incident_id=incident_id, partner=to, version_seen=version)
    (fact,) = scene.ask(Role.DUTY_CHIEF, command, actor="li.na")
    assert isinstance(fact, IncidentShared)
    return fact


def adopt(scene: Scene, incident_id: str) -> Tasking:
    plan_id = scene.propose(incident_id, 1)
    scene.ask(Role.DISPATCHER, AdoptPlan(plan_id=plan_id, version_seen=1), actor="zhang.wei")
    return next(each for each in scene.world.taskings.values() if each.incident_id == incident_id)


def act(scene: Scene, tasking: Tasking, action: TaskingAction, role: Role) -> Tasking:
    version = scene.world.taskings[tasking.id].version
    scene.ask(role, ActOnTasking(tasking_id=tasking.id, action=action, version_seen=version))
    return scene.world.taskings[tasking.id]


def leaving(scene: Scene, to: str = "43") -> list[Recorded]:
    return [each for each in scene.journal if partner.shareable(scene.world, each, to)]


def test_nothing_leaves_before_an_incident_is_shared() -> None:
    scene = Scene()
    act(scene, adopt(scene, confirmed(scene)), TaskingAction.ORDER, Role.DUTY_CHIEF)
    assert leaving(scene) == []


def test_from_the_share_on_the_incident_and_its_taskings_and_airspace_leave_in_order() -> None:
    scene = Scene()
    incident_id = confirmed(scene)
    share(scene, incident_id)
    tasking = adopt(scene, incident_id)
    act(scene, tasking, TaskingAction.ORDER, Role.DUTY_CHIEF)
    kinds = [type(each.fact).__name__ for each in leaving(scene)]
    assert kinds[0] == "IncidentShared"
    assert set(kinds) == {
        "IncidentShared",
        "TaskingAdopted",
        "IncidentAdvanced",
        "TaskingAdvanced",
        "AirspaceFiled",
    }
    assert [each.seq for each in leaving(scene)] == sorted(each.seq for each in leaving(scene))


def test_what_is_shared_with_one_partner_is_not_shown_to_another() -> None:
    scene = Scene()
    incident_id = confirmed(scene)
    share(scene, incident_id)
    adopt(scene, incident_id)
    assert leaving(scene, "42") == []


def test_accounts_sessions_resources_closures_and_plans_never_leave() -> None:
    never = {cls for cls in facts.Fact.__args__ if cls not in partner.SHAREABLE}
    assert {cls.__name__ for cls in never} == {
        "RoomOpened",  # an invitation carries the room
        "RoomRolesInvited",
        "RoomConferenceCalled",
        "RoomSiteReached",
        "ConferenceSourcesOffered",
        "ConferenceSourcesTakenBack",
        "ConferencePullBegan",
        "ConferencePullEnded",
        "VideoStreamSaved",
        "VideoStreamRemoved",
        "VideoSendingBegan",
        "VideoViewingBegan",
        "VideoViewingEnded",
        "VideoReplayBegan",
        "VideoReplayEnded",
        "VideoClipExported",
        "ActsRefused",
        "ConsentProposed",
        "RecordLabelled",
        "SiteInvited",
        "InvitationWithdrawn",
        "SiteJoined",
        "SiteRenewed",
        "SiteShutOut",
        "Purged",
        "RowsSent",
        "AlertAcknowledged",
        "AlertShelved",
        "AlertUnshelved",
        "NetInhibited",
        "InhibitionLifted",
        "AlertsLatched",
        "AlertsEnded",
        "AlertsCounted",
        "AlarmsJoined",
        "ActStamped",
        "TrackEventsNoted",
        "TrackEventsRejected",
        "DeviceEnrolled",
        "DeviceRevoked",
        "IncidentVerified",
        "AccountSaved",
        "SessionOpened",
        "SessionClosed",
        "SessionsEnded",
        "DutyShiftSaved",
        "HandoverOpened",
        "HandoverSigned",
        "HandoverItemsRead",
        "HandoverTaken",
        "HandoverWithdrawn",
        "HandoverEscalated",
        "NoteAdded",
        "SessionLocked",
        "SessionUnlocked",
        "SignInLocked",
        "SignInUnlocked",
        "AircraftSaved",
        "BaseSaved",
        "WaterPointSaved",
        "LandingSiteSaved",
        "HospitalSaved",
        "ObstacleSaved",
        "IdentitySaved",
        "CalloutQueued",
        "CalloutAdvanced",
        "CalloutPhoned",
        "CalloutReplied",
        "TaskingShown",
        "ClosureDeclared",
        "ClosureAmended",
        "ClosureLifted",
        "SearchDrawn",
        "SearchAmended",
        "SearchWithdrawn",
        "TrafficAreaMade",
        "TrafficAreaAmended",
        "TrafficAreaWithdrawn",
        "IntrusionRecorded",
        "IntrusionCleared",
        "WeatherEntered",
        "MinimumSaved",
        "MinimaOverridden",
        "HazardTaken",
        "HazardEnded",
        "VolumesImported",
        "VolumeSaved",
        "VolumeWithdrawn",
        "OperatorSaved",
        "ContractSaved",
        "CrewMemberSaved",
        "EquipmentSaved",
        "DutyRuleSaved",
        "RunCardSaved",
        "RunCardApplied",
        "CardItemTicked",
        "CardClockEscalated",
        "HandoverMissed",
        "ClearanceRuleSaved",
        "AirspacePhoned",
        "AirspaceQuestioned",
        "AirspaceAnswered",
        "AidClockPassed",
        "AidRuleSaved",
        "PlanProposed",
        "PlanAdopted",
        "UplinkSent",
        "UplinkNoted",
        "UplinkAnswered",
    }


def test_a_partners_row_is_not_passed_on() -> None:
    scene = Scene()
    incident_id = confirmed(scene)
    share(scene, incident_id)
    foreign = replace(scene.journal[-1], origin="42")
    assert not partner.shareable(scene.world, foreign, "43")


def test_no_persons_name_is_in_what_is_shared_and_ours_keeps_them() -> None:
    scene = Scene()
    incident_id = confirmed(scene)
    tasking = adopt(scene, incident_id)
    act(scene, tasking, TaskingAction.ORDER, Role.DUTY_CHIEF)
    fact = share(scene, incident_id)
    words = repr(fact)
    assert "zhang.wei" not in words
    assert "li.na" not in words
    assert fact.incident.reported_by == "36"
    assert {step.actor for step in fact.incident.history} == {"36"}
    assert {step.role for step in fact.incident.history} >= {Role.DISPATCHER}
    own = scene.world.incidents[incident_id]
    assert own.shared_with == ("43",)
    assert [step.actor for step in own.history][-1] == "li.na"
    assert "zhang.wei" in [step.actor for step in own.history]


def test_an_aircraft_is_shown_from_the_crews_yes_on() -> None:
    scene = Scene()
    incident_id = confirmed(scene)
    share(scene, incident_id)
    tasking = act(scene, adopt(scene, incident_id), TaskingAction.ORDER, Role.DUTY_CHIEF)
    assert partner.shown_aircraft(scene.world, "43") == frozenset()
    act(scene, tasking, TaskingAction.ACCEPT, Role.OPERATOR)
    assert partner.shown_aircraft(scene.world, "43") == frozenset({tasking.aircraft_icao24})
    assert partner.shown_aircraft(scene.world, "42") == frozenset()


@pytest.fixture
def sent() -> tuple[IncidentShared, Tasking]:
    """A snapshot and a tasking as site 36 sends them to 43."""
    scene = Scene()
    incident_id = confirmed(scene)
    tasking = adopt(scene, incident_id)
    return share(scene, incident_id), replace(tasking, history=())


def refused(fact: Any, origin: str = "36", site: str = "43") -> str:
    with pytest.raises(Refused) as caught:
        partner.check_received(World.empty(site), fact, origin)
    return caught.value.code


def test_a_partners_own_facts_are_taken_in(sent: tuple[IncidentShared, Tasking]) -> None:
    shared, tasking = sent
    partner.check_received(World.empty("43"), shared, "36")
    partner.check_received(World.empty("43"), TaskingAdopted(tasking=tasking), "36")


def test_every_row_that_may_leave_may_be_taken_in() -> None:
    scene = Scene()
    incident_id = confirmed(scene)
    share(scene, incident_id)
    tasking = act(scene, adopt(scene, incident_id), TaskingAction.ORDER, Role.DUTY_CHIEF)
    act(scene, tasking, TaskingAction.ACCEPT, Role.OPERATOR)
    world = World.empty("43")
    for number, recorded in enumerate(leaving(scene), start=1):
        partner.check_received(world, recorded.fact, "36")
        world = fold(world, replace(recorded, seq=number, actor="36"))
    assert world.taskings[tasking.id].state == scene.world.taskings[tasking.id].state
    assert world.incidents[incident_id].version == scene.world.incidents[incident_id].version
    assert set(world.requests) == set(scene.world.requests)


def test_a_partner_speaks_of_nothing_but_its_own(sent: tuple[IncidentShared, Tasking]) -> None:
    shared, tasking = sent
    assert refused(shared, origin="42") == "NOT_OWNER"
    assert refused(shared, site="42") == "NOT_FOR_US"
    assert refused(replace(shared, incident=replace(shared.incident, site="43"))) == "NOT_OWNER"
    stolen = replace(shared.incident, id="43-INC-0123456789")
    assert refused(replace(shared, incident=stolen)) == "NOT_OWNER"
    elsewhere = replace(tasking, incident_id="43-INC-0123456789")
    assert refused(TaskingAdopted(tasking=elsewhere)) == "NOT_OWNER"
    assert refused(replace(shared, taskings=(elsewhere,))) == "NOT_OWNER"
    another = replace(tasking, incident_id="36-INC-0123456789")
    assert refused(replace(shared, taskings=(another,))) == "NOT_OWNER"


def test_a_province_does_not_own_what_its_base_made(sent: tuple[IncidentShared, Tasking]) -> None:
    shared, _ = sent
    for name in ("36-YS1-INC-0123456789", "36-YSX-INC-0123456789", "36-INC-0123456789\n", "36-INC-"):
        assert refused(replace(shared, incident=replace(shared.incident, id=name))) == "NOT_OWNER"


def test_accounts_and_resources_of_a_partner_are_refused() -> None:
    scene = Scene()
    assert refused(scene.journal[0].fact) == "KIND"


def test_values_that_would_poison_a_screen_are_refused(sent: tuple[IncidentShared, Tasking]) -> None:
    shared, tasking = sent
    for wrong in (
        {"wind_mps": float("nan")},
        {"level": 9},
        {"note": "x" * 5000},
        {"shared_with": ("43",) * 2000},
    ):
        assert refused(replace(shared, incident=replace(shared.incident, **wrong))) == "NOT_PLAUSIBLE"
    assert refused(TaskingAdopted(tasking=replace(tasking, litres_per_drop=float("inf")))) == "NOT_PLAUSIBLE"


def test_a_partners_tasking_neither_moves_nor_blocks_our_aircraft() -> None:
    theirs = Scene("43")
    incident_id = confirmed(theirs)
    tasking = adopt(theirs, incident_id)
    ours = Scene("36")
    before = ours.world.aircraft[tasking.aircraft_id]
    world = fold(ours.world, replace(theirs.journal[-1], seq=90, fact=TaskingAdopted(tasking=tasking)))
    take_off = TaskingAdvanced(
        tasking_id=tasking.id,
        action=TaskingAction.TAKE_OFF,
        state=tasking.state,
        version=9,
        timers=(),
    )
    world = fold(world, replace(theirs.journal[-1], seq=91, fact=take_off))
    assert world.aircraft[tasking.aircraft_id] == before
    assert world.ongoing_tasking(tasking.aircraft_id) is None


def test_what_is_said_of_a_fire_reaches_its_partner_and_a_level_out_of_range_does_not() -> None:
    """The copy holds the same fire; a partner that lies about levels is refused by field."""
    scene = Scene()
    incident_id = confirmed(scene)
    share(scene, incident_id)
    version = scene.world.incidents[incident_id].version
    said = UpdateIncident(incident_id=incident_id, version_seen=version, slope_deg=20.0, demand_l=70_000.0)
    scene.ask(Role.OBSERVER, said)
    fact = leaving(scene)[-1].fact
    assert isinstance(fact, incident_facts.IncidentUpdated)
    assert fact.fire == scene.world.incidents[incident_id].fire
    there = Scene(site="43").world
    partner.check_received(there, fact, "36")
    with pytest.raises(Refused) as caught:
        partner.check_received(there, replace(fact, level=9), "36")
    assert (caught.value.code, caught.value.field) == ("NOT_PLAUSIBLE", "level")


def test_an_amendment_travels_with_its_tasking_and_without_who_made_it() -> None:
    scene = Scene()
    incident_id = confirmed(scene)
    share(scene, incident_id)
    tasking = adopt(scene, incident_id)
    act(scene, tasking, TaskingAction.ORDER, Role.DUTY_CHIEF)
    seen = scene.world.taskings[tasking.id].version
    amend = AmendTasking(tasking_id=tasking.id, version_seen=seen, reason="风转西", drops=6)
    scene.ask(Role.DISPATCHER, amend, actor="zhang.san")
    (amended,) = (each.fact for each in leaving(scene) if isinstance(each.fact, tasking_facts.TaskingAmended))
    assert "zhang.san" not in str(amended)
    partner.check_received(World.empty("43"), amended, "36")
    with pytest.raises(Refused):
        partner.check_received(World.empty("43"), amended, "44")
    snapshot = shared_snapshot.without_names(
        incident_facts.IncidentShared(
            partner="43",
            incident=scene.world.incidents[incident_id],
            taskings=tuple(scene.world.taskings.values()),
            requests=(),
        )
    )
    assert "zhang.san" not in str(snapshot)
