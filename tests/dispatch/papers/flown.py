"""A fire fought by one or two aircraft, through the rules, for tests of what is written about it."""

from collections.abc import Callable

from dispatch.commands import ActOnAirspace
from dispatch.incident_commands import ActOnIncident
from dispatch.kinds import AirspaceAction, IncidentAction, Role, TaskingAction
from dispatch.records import Tasking
from dispatch.tasking_commands import ActOnTasking, AdoptPlan
from tests.dispatch.cards import WATER, apply, card, saved, tick
from tests.dispatch.scene import Scene
from tests.dispatch.water import sign

_T = TaskingAction
ROLE_OF = {
    _T.ORDER: Role.DUTY_CHIEF,
    _T.RELEASE: Role.BASE,
    _T.RECALL: Role.DISPATCHER,
    _T.EXPIRE: Role.DISPATCHER,
    _T.SETTLE: Role.BASE,
    _T.ARCHIVE: Role.DISPATCHER,
}
ACCOUNTS = (
    ("dispatcher", Role.DISPATCHER),
    ("duty_chief", Role.DUTY_CHIEF),
    ("base", Role.BASE),
    ("atc", Role.ATC),
    ("observer", Role.OBSERVER),
)


class Fought(Scene):
    """A scene with accounts, in which one step after the other can be taken."""

    def __init__(self) -> None:
        super().__init__()
        for name, role in ACCOUNTS:
            self.account(name, role)
        self.account("operator", Role.OPERATOR, operator_id="OP1")
        self.incident_id = self.report()

    def incident(self, action: IncidentAction, **more: object) -> None:
        """The dispatcher acts on the incident."""
        version = self.world.incidents[self.incident_id].version
        self.ask(
            Role.DISPATCHER,
            ActOnIncident(incident_id=self.incident_id, action=action, version_seen=version, **more),  # type: ignore[arg-type]  # test shorthand
        )

    def confirm(self) -> None:
        """A minute later it is confirmed."""
        self.wait(seconds=60)
        self.incident(IncidentAction.CONFIRM)

    def adopt(self, *numbers: int) -> list[Tasking]:
        """A proposal for the numbered aircraft is adopted."""
        self.wait(seconds=60)
        before = set(self.world.taskings)
        plan_id = self.propose(self.incident_id, *numbers)
        self.ask(Role.DISPATCHER, AdoptPlan(plan_id=plan_id, version_seen=1))
        return [tasking for key, tasking in self.world.taskings.items() if key not in before]

    def act(self, tasking_id: str, *actions: TaskingAction, minutes: float = 1, **more: object) -> Tasking:
        """The right role takes these steps, each so many minutes after the one before."""
        for action in actions:
            self.wait(minutes=minutes)
            if action is _T.SETTLE:
                sign(self, tasking_id)
            tasking = self.world.taskings[tasking_id]
            self.ask(
                ROLE_OF.get(action, Role.OPERATOR),
                ActOnTasking(
                    tasking_id=tasking_id,
                    action=action,
                    version_seen=tasking.version,
                    **more,  # type: ignore[arg-type]  # test shorthand
                ),
                operator_id=tasking.operator_id,
            )
        return self.world.taskings[tasking_id]

    def atc(self, tasking_id: str, action: AirspaceAction, **more: object) -> None:
        """ATC acts on the tasking's newest request two minutes later."""
        self.wait(minutes=2)
        request = self.world.requests[self.world.taskings[tasking_id].airspace_request_ids[-1]]
        self.ask(
            Role.ATC,
            ActOnAirspace(request_id=request.id, action=action, version_seen=request.version, **more),  # type: ignore[arg-type]  # test shorthand
        )

    def fly(self, tasking_id: str) -> None:
        """From the order to the landing."""
        self.act(tasking_id, _T.ORDER, _T.ACCEPT)
        self.atc(tasking_id, AirspaceAction.APPROVE)
        self.act(tasking_id, _T.PREPARE, _T.RELEASE)
        self.act(tasking_id, _T.TAKE_OFF, minutes=5)
        self.act(tasking_id, _T.ARRIVE, minutes=14)
        self.act(tasking_id, _T.LEAVE, minutes=60)
        self.act(tasking_id, _T.LAND, minutes=16)

    def again(self, tasking_id: str) -> None:
        """Another sortie of the same tasking."""
        self.act(tasking_id, _T.NEXT_SORTIE)
        self.atc(tasking_id, AirspaceAction.APPROVE)
        self.act(tasking_id, _T.RELEASE, _T.TAKE_OFF, _T.ARRIVE, minutes=10)
        self.act(tasking_id, _T.LEAVE, _T.LAND, minutes=20)


def whole(before: Callable[[Fought], object] = lambda _: None) -> Fought:
    """Reported, fought with one aircraft, contained, closed, settled, archived. `before`: what is done first."""
    scene = Fought()
    before(scene)
    scene.confirm()
    saved(scene, card(tasks=(WATER,)))
    apply(scene, scene.incident_id)
    tick(scene, scene.incident_id, "n1")
    (tasking,) = scene.adopt(1)
    scene.fly(tasking.id)
    scene.wait(minutes=5)
    scene.incident(IncidentAction.CONTAIN)
    scene.wait(minutes=30)
    scene.incident(IncidentAction.CLOSE)
    scene.act(tasking.id, _T.SETTLE, _T.ARCHIVE)
    return scene
