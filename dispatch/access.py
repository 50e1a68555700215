"""Who may do what: one table per kind of thing, read by `decide` and by the doors that offer acts.

A role of None is the site itself (its clock, its planner, its command line). Least privilege: what is not listed
is forbidden.
"""

from dataclasses import replace

from dispatch.commands import Ask, SaveAccount
from dispatch.errors import Forbidden, Malformed, Refused, Unknown
from dispatch.facts import AccountSaved, Fact
from dispatch.kinds import ADMINISTRATORS, AirspaceAction, IncidentAction, Role, TaskingAction
from dispatch.world import World

_DESK = frozenset({Role.DISPATCHER, Role.DUTY_CHIEF})
_CREW = frozenset({Role.OPERATOR})
_FIELD = frozenset({Role.OPERATOR, Role.OBSERVER})
_GROUND = frozenset({Role.BASE, Role.DISPATCHER})
_ATC = frozenset({Role.ATC})

REPORT_INCIDENT = _DESK | {Role.OBSERVER, Role.BASE}
UPDATE_INCIDENT = REPORT_INCIDENT
SHARE_INCIDENT = _DESK
ASK_PLAN = _DESK
ADOPT_PLAN = frozenset({Role.DISPATCHER})
SAVE_RESOURCE = frozenset({Role.DISPATCHER, Role.BASE, Role.SYSADMIN})
SAVE_IDENTITY = SAVE_RESOURCE
SAVE_ACCOUNT = frozenset({Role.SECADMIN})
REPORT_POSITION = frozenset({Role.OPERATOR, Role.OBSERVER, Role.BASE, Role.DISPATCHER})  # one's own
REPORT_THING = frozenset({Role.DISPATCHER, Role.BASE, Role.SYSADMIN})  # a gateway's account, for other things

INCIDENT_ACTS: dict[IncidentAction, frozenset[Role]] = {
    IncidentAction.CONFIRM: _DESK,
    IncidentAction.DISMISS: _DESK,
    IncidentAction.MERGE: _DESK,
    IncidentAction.CONTAIN: _DESK | {Role.OBSERVER},
    IncidentAction.FLARE_UP: _DESK | {Role.OBSERVER},
    IncidentAction.STAND_DOWN: _DESK,
    IncidentAction.CLOSE: _DESK,
    IncidentAction.TASK: frozenset(),  # only by adopting a proposal
}

TASKING_ACTS: dict[TaskingAction, frozenset[Role]] = {
    TaskingAction.ADOPT: frozenset(),  # only by adopting a proposal
    TaskingAction.ORDER: frozenset({Role.DUTY_CHIEF}),
    TaskingAction.ACCEPT: _CREW,
    TaskingAction.REFUSE: _CREW,
    TaskingAction.EXPIRE: _DESK,  # a person ends an unanswered order; the clock only escalates
    TaskingAction.PREPARE: _CREW,
    TaskingAction.RELEASE: _GROUND,
    TaskingAction.TAKE_OFF: _CREW,
    TaskingAction.ARRIVE: _FIELD,
    TaskingAction.LEAVE: _FIELD,
    TaskingAction.LAND: _CREW,
    TaskingAction.NEXT_SORTIE: _CREW,
    TaskingAction.RECALL: _DESK,
    TaskingAction.TURN_BACK: _CREW,
    TaskingAction.DIVERT: _CREW,
    TaskingAction.SETTLE: _GROUND,
    TaskingAction.ARCHIVE: _DESK,
}

AIRSPACE_ACTS: dict[AirspaceAction, frozenset[Role]] = {
    AirspaceAction.APPROVE: _ATC,
    AirspaceAction.REFUSE: _ATC,
    AirspaceAction.COUNTER: _ATC,
    AirspaceAction.REVOKE: _ATC,
    AirspaceAction.ACCEPT: _DESK,
    AirspaceAction.WITHDRAW: _DESK,
    AirspaceAction.EXPIRE: _DESK,
    AirspaceAction.LEAVE: _DESK | _ATC,
    AirspaceAction.RETURN: _DESK | _ATC,
    AirspaceAction.ACTIVATE: frozenset(),  # with the take-off
    AirspaceAction.RELEASE: frozenset(),  # with the landing
}


def require(ask: Ask, roles: frozenset[Role], act: str) -> None:
    """Raises Forbidden unless the caller's role is among `roles`."""
    if ask.role not in roles:
        allowed = ", ".join(sorted(roles)) or "nobody directly"
        raise Forbidden(f"{act} is for {allowed}; you act as {ask.role or 'the site itself'}")


def require_site(ask: Ask, act: str) -> None:
    """Raises Forbidden unless the site itself asks."""
    if ask.role is not None:
        raise Forbidden(f"{act} is the site's own act")


def require_own_operator(ask: Ask, operator_id: str) -> None:
    """Raises Unknown, as if it did not exist, when an operator reaches for another operator's tasking."""
    if ask.role is Role.OPERATOR and (not ask.operator_id or ask.operator_id != operator_id):
        raise Unknown("tasking_id", "no such tasking of your operator")


def check_version(seen: int, present: int, what: str) -> None:
    """Raises Refused(CHANGED) with the present version when the caller's is stale."""
    if seen != present:
        raise Refused(
            "CHANGED", f"{what} is at version {present}, you saw {seen}", field="version", version=present
        )


def decide_account(world: World, ask: Ask, command: SaveAccount) -> tuple[Fact, ...]:
    """Create or change an account. The three administrators are never one person (GB/T 22239-2019 8.1.4.2)."""
    if ask.role is not None:
        require(ask, SAVE_ACCOUNT, "changing accounts")
    account = command.account
    if not account.roles:
        raise Malformed("roles", "an account needs at least one role")
    if len(ADMINISTRATORS & set(account.roles)) > 1:
        raise Refused("ROLES_CONFLICT", "sysadmin, secadmin and auditor must be three persons", field="roles")
    if ADMINISTRATORS & set(account.roles) and set(account.roles) - ADMINISTRATORS:
        raise Refused("ROLES_CONFLICT", "an administrator holds no operational role", field="roles")
    if Role.OPERATOR in account.roles and not account.operator_id:
        raise Malformed("operator_id", "an operator account names its operator")
    present = world.accounts.get(account.name)
    check_version(command.version_seen, present.version if present else 0, f"account {account.name}")
    return (AccountSaved(account=replace(account, version=command.version_seen + 1)),)
