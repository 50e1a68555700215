"""Taskings brought to any state by the right people, for tests that try what may be done there."""

from datetime import timedelta
from typing import Any

from dispatch.commands import ActOnAirspace
from dispatch.incident_commands import ActOnIncident
from dispatch.kinds import (
    AirspaceAction,
    AirspaceState,
    DiversionCause,
    IncidentAction,
    PlaceKind,
    RefusalReason,
    Role,
    TaskingAction,
    TaskingState,
)
from dispatch.records import Tasking
from dispatch.tasking_commands import ActOnTasking, AdoptPlan, AmendTasking, Whereto
from tests.dispatch.scene import FIRE, Scene

_A, _S = TaskingAction, TaskingState

# The steps that lead to each state.
WAYS: dict[TaskingState, tuple[TaskingAction, ...]] = {_S.PENDING: ()}
WAYS[_S.ORDERED] = (_A.ORDER,)
WAYS[_S.ENDED] = (_A.ORDER, _A.REFUSE)
WAYS[_S.ACCEPTED] = (*WAYS[_S.ORDERED], _A.ACCEPT)
WAYS[_S.PREPARING] = (*WAYS[_S.ACCEPTED], _A.PREPARE)
WAYS[_S.RELEASED] = (*WAYS[_S.PREPARING], _A.RELEASE)
WAYS[_S.AIRBORNE] = (*WAYS[_S.RELEASED], _A.TAKE_OFF)
WAYS[_S.WORKING] = (*WAYS[_S.AIRBORNE], _A.ARRIVE)
WAYS[_S.RETURNING] = (*WAYS[_S.WORKING], _A.LEAVE)
WAYS[_S.STOPPED] = (*WAYS[_S.AIRBORNE], _A.TECHNICAL_STOP)
WAYS[_S.DOWN] = (*WAYS[_S.AIRBORNE], _A.EMERGENCY_LAND)
WAYS[_S.LANDED] = (*WAYS[_S.RETURNING], _A.LAND)
WAYS[_S.SETTLED] = (*WAYS[_S.LANDED], _A.SETTLE)
WAYS[_S.ARCHIVED] = (*WAYS[_S.SETTLED], _A.ARCHIVE)

RIGHT: dict[TaskingAction, Role] = {
    _A.ORDER: Role.DUTY_CHIEF,
    _A.RELEASE: Role.BASE,
    _A.RECALL: Role.DISPATCHER,
    _A.EXPIRE: Role.DISPATCHER,
    _A.SETTLE: Role.DUTY_CHIEF,  # with a reason, as nobody has signed
    _A.ARCHIVE: Role.DISPATCHER,
    _A.AMEND: Role.DISPATCHER,
}
ELSEWHERE = frozenset({_A.DIVERT, _A.TECHNICAL_STOP, _A.EMERGENCY_LAND})


def right(action: TaskingAction) -> Role:
    """Somebody who may."""
    return RIGHT.get(action, Role.OPERATOR)


def command(tasking: Tasking, action: TaskingAction, version: int | None = None, **more: Any) -> Any:
    """A whole command for one step, or an amendment of the remark."""
    seen = tasking.version if version is None else version
    if action is _A.AMEND:
        changes = more or {"remark": f"备注 {tasking.version}"}
        return AmendTasking(tasking_id=tasking.id, version_seen=seen, reason="火线移动", **changes)
    values: dict[str, Any] = {"reason": "x"}
    if action is _A.REFUSE:
        values["refusal"] = RefusalReason.WEATHER
    if action in ELSEWHERE:
        values |= {"to": Whereto(kind=PlaceKind.POSITION, position=FIRE), "cause": DiversionCause.FUEL}
    if action in (_A.ACKNOWLEDGE, _A.DECLINE):
        values["amendment"] = max(1, len(tasking.amendments))
    return ActOnTasking(tasking_id=tasking.id, action=action, version_seen=seen, **values | more)


class Flight:
    """One tasking of a scene of its own."""

    def __init__(self) -> None:
        self.scene = Scene()
        incident_id = self.scene.report()
        self.scene.ask(
            Role.DISPATCHER,
            ActOnIncident(incident_id=incident_id, action=IncidentAction.CONFIRM, version_seen=1),
        )
        plan_id = self.scene.propose(incident_id)
        self.scene.ask(Role.DISPATCHER, AdoptPlan(plan_id=plan_id, version_seen=1))
        (self.tasking_id,) = self.scene.world.taskings

    @property
    def tasking(self) -> Tasking:
        """As it is now."""
        return self.scene.world.taskings[self.tasking_id]

    def act(self, action: TaskingAction, role: Role | None = None, **more: Any) -> Tasking:
        """The right role acts, or the given one."""
        if action is _A.RELEASE:
            self.atc()
        self.scene.ask(role or right(action), command(self.tasking, action, **more))
        return self.tasking

    def atc(self, action: AirspaceAction = AirspaceAction.APPROVE) -> None:
        """ATC answers everything that is filed."""
        for each in tuple(self.scene.world.requests.values()):
            if each.state is AirspaceState.FILED:
                self.scene.ask(
                    Role.ATC,
                    ActOnAirspace(request_id=each.id, action=action, version_seen=each.version, reason="x"),
                )

    def states(self) -> list[str]:
        """Of its airspace requests, oldest first."""
        return [self.scene.world.requests[each].state.value for each in self.tasking.airspace_request_ids]


def flight_in(state: TaskingState) -> Flight:
    """A tasking in `state`, the waiting amendment of which has number 1 where it can be amended."""
    flight = Flight()
    for action in WAYS[state]:
        flight.act(action)
    return flight


def later(flight: Flight, **span: float) -> Any:
    """The planned landing, moved."""
    return flight.tasking.land_at + timedelta(**span)
