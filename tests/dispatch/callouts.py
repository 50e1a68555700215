"""A scene with an ordered tasking and people with telephones, for tests of call-outs."""

from dataclasses import replace
from datetime import timedelta

from dispatch.account_commands import SaveAccount
from dispatch.callout import due
from dispatch.callout_commands import AnswerCallout, QueueCallouts
from dispatch.callout_facts import CalloutQueued
from dispatch.callout_kinds import CalloutCause, CalloutChannel
from dispatch.callout_reach import recipients
from dispatch.callout_records import Callout, CalloutDraft
from dispatch.facts import Fact
from dispatch.kinds import CrewDuty, Role, TaskingAction
from dispatch.records import Account, Tasking
from dispatch.resource_commands import SaveResource
from dispatch.staff_records import CrewMember, Operator
from dispatch.tasking_commands import ActOnTasking, AdoptPlan
from tests.dispatch.scene import Scene

WAIT = timedelta(seconds=20)
CAPTAIN, OFFICE = "13900001111", "079188880000"


class Called(Scene):
    """OP1 has a captain with a phone, a duty telephone and one account; its tasking is ordered."""

    def __init__(self) -> None:
        super().__init__()
        self.account("op", Role.OPERATOR, operator_id="OP1")
        gateway = Account(
            name="gw", display_name="gw", roles=(Role.GATEWAY,), password_hash="x", phone_gateway=True
        )
        self.site_asks(SaveAccount(account=gateway, version_seen=0))
        operator = Operator(id="OP1", site="36", name="通航一", phone="0791-8888 0000", source="test")
        captain = CrewMember(
            id="C1",
            site="36",
            name="李机长",
            operator_id="OP1",
            duty=CrewDuty.CAPTAIN,
            phone="+86 139-0000-1111",
            aircraft_id="B-7001",
            source="test",
        )
        for resource in (operator, captain):
            self.site_asks(SaveResource(resource=resource, version_seen=0))
        plan_id = self.propose(self.confirmed(), 1)
        self.ask(Role.DISPATCHER, AdoptPlan(plan_id=plan_id, version_seen=1))
        (self.tasking_id,) = self.world.taskings
        self.act(Role.DUTY_CHIEF, TaskingAction.ORDER)

    @property
    def tasking(self) -> Tasking:
        """As it is now."""
        return self.world.taskings[self.tasking_id]

    def confirmed(self) -> str:
        """A confirmed fire."""
        from dispatch.incident_commands import ActOnIncident
        from dispatch.kinds import IncidentAction

        incident_id = self.report()
        self.ask(
            Role.DISPATCHER,
            ActOnIncident(incident_id=incident_id, action=IncidentAction.CONFIRM, version_seen=1),
        )
        return incident_id

    def act(self, role: Role, action: TaskingAction, **more: object) -> tuple[Fact, ...]:
        """A step of the tasking at its present version."""
        command = ActOnTasking(
            tasking_id=self.tasking_id,
            action=action,
            version_seen=self.tasking.version,
            **more,  # type: ignore[arg-type]  # what the action wants
        )
        return self.ask(role, command)

    def due(self, open_page: bool = False) -> list[CalloutCause]:
        """Why somebody is to be told now."""
        pages = frozenset({"OP1"}) if open_page else frozenset()
        return [one.cause for one in due(self.world, self.now, pages, WAIT)]

    def queue(self, cause: CalloutCause = CalloutCause.ORDERED, first_code: int = 4827) -> list[Callout]:
        """Queue what is due, as the notices do; the call-outs."""
        drafts = tuple(
            CalloutDraft(
                channel=CalloutChannel.SMS,
                recipient_kind=person.kind,
                recipient_id=person.id,
                recipient_name=person.name,
                number=person.number,
                account=person.account,
                text=f"回1 {first_code + place}接受",
                code=str(first_code + place) if person.account else "",
                expires_at=self.now + timedelta(minutes=30),
            )
            for place, person in enumerate(recipients(self.world, self.tasking))
        )
        made = self.site_asks(
            QueueCallouts(
                tasking_id=self.tasking_id, tasking_version=self.tasking.version, cause=cause, drafts=drafts
            )
        )
        return [fact.callout for fact in made if isinstance(fact, CalloutQueued)]

    def answer(self, callout: Callout, code: str, **other: object) -> tuple[Fact, ...]:
        """A reply under the account that the call-out names. Raises what `decide` raises."""
        usual = AnswerCallout(
            callout_id=callout.id,
            reply_id=f"r{len(self.journal)}",
            number=CAPTAIN,
            code=code,
            accept=True,
            refusal=None,
            confirmation=None,
        )
        return self.ask(Role.OPERATOR, replace(usual, **other), actor="op")  # type: ignore[arg-type]
