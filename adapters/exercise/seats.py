"""What the scripted seats of a drill do next, as a rule: the state of things in, acts out. Pure.

Scripted seats hold accounts of their own that are marked scripted, act through the public doors like people, and
say so in the reason they give. Which seats are scripted is the exercise's choice (`Cast`): in the demonstration ATC
answers, and once an operator has accepted, the crew and the base do the rest; with `everyone` the whole story runs
by itself. Seats wait some seconds before they act, so that people can follow and can be quicker.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from adapters.exercise.crew import Situation
from adapters.exercise.flight import Flight, Phase
from dispatch.amended import open_amendment
from dispatch.kinds import (
    AirspaceAction,
    AirspaceState,
    IncidentAction,
    IncidentState,
    PlanState,
    Role,
    TaskingAction,
    TaskingState,
)
from dispatch.records import AirspaceRequest, Assignment, Incident, Tasking

REASON = "演练脚本席位"

ATC_WAITS_S = 8.0
CONFIRM_WAITS_S = 3.0
ADOPT_WAITS_S = 2.0
ORDER_WAITS_S = 2.0
ACKNOWLEDGE_WAITS_S = 6.0
ACCEPT_WAITS_S = 5.0
PREPARE_WAITS_S = 4.0
RELEASE_WAITS_S = 5.0
TAKE_OFF_WAITS_S = 4.0
STAY_S = 20.0  # over the scene after the last drop, for a last look
VISIT_S = 120.0  # over the scene without water
LAND_WAITS_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Which seats are scripted. `accepting`: the operators whose scripted seat also accepts orders."""

    everyone: bool
    accepting: frozenset[str]
    patience: float = 1.0  # times the waits below: where people play too, they should be able to be first
    partner: str = ""  # with whom a scripted desk shares its incidents
    only_simulated: bool = True  # scripts leave alone what is not a drill


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a script needs of a plan."""

    id: str
    incident_ids: tuple[str, ...]
    assignments: tuple[Assignment, ...]
    state: PlanState
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One request at a public door. `key` makes a repetition the same request."""

    role: Role
    operator_id: str
    door: str
    body: dict[str, object]
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What the rule sees. `waited_s[id, version]`: how long a record has been as it is."""

    situation: Situation
    requests: dict[str, AirspaceRequest]
    plans: dict[str, Proposal]
    flights: dict[str, Flight]
    waited_s: dict[tuple[str, int], float]

    def waited(self, record: Incident | Proposal | Tasking | AirspaceRequest) -> float:
        """Seconds since this version of a record was first seen."""
        return self.waited_s.get((record.id, record.version), 0.0)


def acts(scene: Scene, cast: Cast) -> Iterator[Act]:
    """Everything that scripted seats would do now."""
    for request in scene.requests.values():
        filed = request.state is AirspaceState.FILED and _ours(request.simulated, cast)
        if filed and scene.waited(request) >= ATC_WAITS_S * cast.patience:
            yield _act(Role.ATC, "airspace", request, AirspaceAction.APPROVE, reason=REASON)
    for tasking in scene.situation.taskings.values():
        if _ours(tasking.simulated, cast):
            yield from _tasking_acts(scene, cast, tasking)
    if cast.everyone:
        yield from _desk_acts(scene, cast)


def _ours(simulated: bool, cast: Cast) -> bool:
    return simulated or not cast.only_simulated


def _desk_acts(scene: Scene, cast: Cast) -> Iterator[Act]:
    """The dispatcher verifies, asks for a proposal and adopts it."""
    open_plans = [plan for plan in scene.plans.values() if plan.state is PlanState.OPEN]
    for incident in scene.situation.incidents.values():
        if not _ours(incident.simulated, cast):
            continue
        if incident.state is IncidentState.REPORTED and scene.waited(incident) >= CONFIRM_WAITS_S:
            yield _act(Role.DISPATCHER, "incidents", incident, IncidentAction.CONFIRM, reason=REASON)
        if incident.state is IncidentState.CONFIRMED:
            yield from _plan_acts(scene, incident, open_plans)
        if incident.state is IncidentState.RESPONDING and _unshared(cast, incident):
            yield _share(incident, cast.partner)


def _unshared(cast: Cast, incident: Incident) -> bool:
    return bool(cast.partner) and cast.partner not in incident.shared_with


def _share(incident: Incident, partner: str) -> Act:
    return Act(
        role=Role.DISPATCHER,
        operator_id="",
        door=f"incidents/{incident.id}/share",
        body={"version": incident.version, "partner": partner},
        key=f"script-share-{incident.id}-{incident.version}",
    )


def _plan_acts(scene: Scene, incident: Incident, open_plans: list[Proposal]) -> Iterator[Act]:
    for plan in open_plans:
        if incident.id in plan.incident_ids:
            if plan.assignments and scene.waited(plan) >= ADOPT_WAITS_S:
                yield _act(Role.DISPATCHER, "plans", plan, "adopt")
            return
    yield Act(
        role=Role.DISPATCHER,
        operator_id="",
        door="plans",
        body={"incident_ids": [incident.id]},
        key=f"script-plan-{incident.id}-{incident.version}",
    )


def _tasking_acts(scene: Scene, cast: Cast, tasking: Tasking) -> Iterator[Act]:
    waited_s = scene.waited(tasking) / cast.patience
    amendment = open_amendment(tasking)
    if amendment is not None:  # the crew reads it first; what it was released or flies for goes on
        if _accepts(cast, tasking) and waited_s >= ACKNOWLEDGE_WAITS_S:
            made = _crew(tasking, TaskingAction.ACKNOWLEDGE)
            yield replace(made, body={**made.body, "amendment": amendment.number})
        return
    match tasking.state:
        case TaskingState.PENDING if cast.everyone and waited_s >= ORDER_WAITS_S:
            yield _act(Role.DUTY_CHIEF, "taskings", tasking, TaskingAction.ORDER)
        case TaskingState.ORDERED if _accepts(cast, tasking) and waited_s >= ACCEPT_WAITS_S:
            yield _crew(tasking, TaskingAction.ACCEPT)
        case TaskingState.ACCEPTED if waited_s >= PREPARE_WAITS_S:
            yield _crew(tasking, TaskingAction.PREPARE)
        case TaskingState.PREPARING if _approved(scene, tasking) and waited_s >= RELEASE_WAITS_S:
            yield _act(Role.BASE, "taskings", tasking, TaskingAction.RELEASE, reason=REASON)
        case TaskingState.RELEASED if waited_s >= TAKE_OFF_WAITS_S:
            yield _crew(tasking, TaskingAction.TAKE_OFF)
        case TaskingState.AIRBORNE | TaskingState.WORKING | TaskingState.RETURNING:
            yield from _flying_acts(tasking, scene.flights.get(tasking.aircraft_id), waited_s)
        case _:
            return


def _flying_acts(tasking: Tasking, flight: Flight | None, waited_s: float) -> Iterator[Act]:
    """Reports follow what the aircraft really did: on scene, done, down."""
    if flight is None:
        return
    if tasking.state is TaskingState.AIRBORNE and flight.reached_scene:
        yield _crew(tasking, TaskingAction.ARRIVE)
    done = flight.phase is Phase.HOLDING and flight.phase_s >= (STAY_S if flight.drops_done else VISIT_S)
    if tasking.state is TaskingState.WORKING and done:
        yield _crew(tasking, TaskingAction.LEAVE)
    if tasking.state is TaskingState.RETURNING and flight.on_ground and waited_s >= LAND_WAITS_S:
        yield _crew(tasking, TaskingAction.LAND)


def _accepts(cast: Cast, tasking: Tasking) -> bool:
    return cast.everyone or tasking.operator_id in cast.accepting


def _approved(scene: Scene, tasking: Tasking) -> bool:
    if not tasking.airspace_request_ids:
        return False
    request = scene.requests.get(tasking.airspace_request_ids[-1])
    return request is not None and request.state in {AirspaceState.APPROVED, AirspaceState.ACTIVE}


def _crew(tasking: Tasking, action: TaskingAction) -> Act:
    return _act(Role.OPERATOR, "taskings", tasking, action, reason=REASON, operator_id=tasking.operator_id)


def _act(
    role: Role,
    door: str,
    record: Incident | Proposal | Tasking | AirspaceRequest,
    action: str,
    *,
    reason: str = "",
    operator_id: str = "",
) -> Act:
    body: dict[str, object] = {"version": record.version}
    if reason:
        body["reason"] = reason
    return Act(
        role=role,
        operator_id=operator_id,
        door=f"{door}/{record.id}/{action}",
        body=body,
        key=f"script-{action}-{record.id}-{record.version}"[-64:],
    )
