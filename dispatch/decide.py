"""`decide(world, ask, now, partners) -> facts`, or raises why not. Pure: the same arguments, the same facts.

Each kind of command has one rule in the file of its entity; this file only finds it.
"""

from datetime import datetime

from dispatch import access, airspace, fleet, identity, incident, partner, planning, tasking
from dispatch.commands import (
    ActOnAirspace,
    ActOnIncident,
    ActOnTasking,
    AdoptPlan,
    Ask,
    CloseSession,
    EscalateTimer,
    OpenSession,
    ProposePlan,
    ReportIncident,
    SaveAccount,
    SaveIdentity,
    SaveResource,
    ShareIncident,
    UpdateIncident,
)
from dispatch.errors import Unknown
from dispatch.facts import Fact, SessionClosed, SessionOpened
from dispatch.world import World


def decide(world: World, ask: Ask, now: datetime, partners: frozenset[str] = frozenset()) -> tuple[Fact, ...]:
    """The facts that `ask` makes, at least one. Raises a GanyingError when it is refused.

    `now` is aware UTC; `partners` are the site ids of configured partners.
    """
    match ask.command:
        case ReportIncident() | UpdateIncident() | ActOnIncident():
            return incident.decide(world, ask, ask.command, now)
        case ShareIncident():
            (shared,) = incident.decide_share(world, ask, ask.command, partners)
            return (partner.without_names(shared),)
        case ProposePlan():
            return planning.decide_propose(world, ask, ask.command, now)
        case AdoptPlan():
            return tasking.decide_adopt(world, ask, ask.command, now)
        case ActOnTasking():
            return tasking.decide_act(world, ask, ask.command, now)
        case EscalateTimer():
            return tasking.decide_escalate(world, ask, ask.command, now)
        case ActOnAirspace():
            return airspace.decide_act(world, ask, ask.command, now)
        case SaveResource():
            return fleet.decide_save(world, ask, ask.command)
        case SaveIdentity():
            return identity.decide_save(world, ask, ask.command)
        case SaveAccount():
            return access.decide_account(world, ask, ask.command)
        case OpenSession() | CloseSession():
            return _session(world, ask, ask.command)


def _session(world: World, ask: Ask, command: OpenSession | CloseSession) -> tuple[Fact, ...]:
    access.require_site(ask, "recording a session")
    if isinstance(command, OpenSession):
        account = world.accounts.get(command.session.account)
        if account is None or account.disabled or command.session.role not in account.roles:
            raise Unknown("account", "no such account with that role")
        return (SessionOpened(session=command.session),)
    if command.token_digest not in world.sessions:
        raise Unknown("token", "no such session")
    return (SessionClosed(token_digest=command.token_digest),)
