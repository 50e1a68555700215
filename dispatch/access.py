"""Who may do what: one table per kind of thing, read by `decide` and by the doors that offer acts.

A role of None is the site itself (its clock, its planner, its command line). Least privilege: what is not listed
is forbidden.
"""

from dataclasses import fields, replace
from datetime import timedelta

from dispatch.account_commands import SaveAccount
from dispatch.account_facts import AccountSaved, SessionsEnded
from dispatch.commands import Ask
from dispatch.errors import Forbidden, Malformed, Refused, Unknown
from dispatch.facts import Fact
from dispatch.kinds import ADMINISTRATORS, AirspaceAction, IncidentAction, Role, TaskingAction
from dispatch.records import Account
from dispatch.world import World

_DESK = frozenset({Role.DISPATCHER, Role.DUTY_CHIEF})
_CREW = frozenset({Role.OPERATOR})
_FIELD = frozenset({Role.OPERATOR, Role.OBSERVER})
_GROUND = frozenset({Role.BASE, Role.DISPATCHER})
CREW_SPEAKS = _FIELD  # whose acts in flight are a report of the crew
_ATC = frozenset({Role.ATC})

REPORT_INCIDENT = _DESK | {Role.OBSERVER, Role.BASE}
UPDATE_INCIDENT = REPORT_INCIDENT
CORRECT_INCIDENT = _DESK  # what others acted on was wrong: a person of the desk says so, with why
SHARE_INCIDENT = _DESK
VERIFY_INCIDENT = _DESK
TAKE_ALARMS = _DESK | {Role.GATEWAY}  # a gateway hands over alarms and may do nothing else
ASK_PLAN = _DESK
ADOPT_PLAN = frozenset({Role.DISPATCHER})
SAVE_RESOURCE = frozenset({Role.DISPATCHER, Role.BASE, Role.SYSADMIN})
SAVE_CREW = frozenset({Role.DISPATCHER, Role.DUTY_CHIEF, Role.BASE, Role.OPERATOR})  # an operator: its own
SAVE_CONTRACT = _DESK
SAVE_RULE = frozenset({Role.DUTY_CHIEF})
SAVE_SHIFT = frozenset({Role.DUTY_CHIEF})
SEE_DUTY = _DESK | {Role.BASE, Role.OBSERVER, Role.AUDITOR}  # who is on duty, with telephones
HAND_OVER = _DESK
SEE_LOGBOOK = SEE_DUTY | {Role.SECADMIN}  # secadmin: the lines of accounts alone; the auditor: all
WRITE_NOTE = _DESK | {Role.BASE, Role.OBSERVER}
SAVE_IDENTITY = SAVE_RESOURCE
ENTER_WEATHER = _DESK | {Role.BASE, Role.OBSERVER}
TAKE_WEATHER = ENTER_WEATHER | {Role.GATEWAY}
TAKE_HAZARD = _DESK | {Role.GATEWAY}  # it closes airspace: a gateway is told so when it is set up
END_HAZARD = _DESK
HANDLE_ALERT = _DESK | _ATC  # each its own list (alarm_handling.py)
INHIBIT_NET = _DESK
DECLARE_CLOSURE = _DESK | _ATC  # what ATC has closed, only ATC amends and lifts (closure.py)
FILE_AIRSPACE = _DESK | {Role.BASE}  # with the order it is filed by itself
ASK_DESK = _ATC
SEE_CONFLICTS = _DESK | _ATC | {Role.BASE}
ANSWER_ATC = _DESK | {Role.BASE}
DRAW_SEARCH = _DESK | {Role.OBSERVER}
MAKE_TRAFFIC_AREA = _DESK | {Role.OBSERVER}
OPEN_ROOM = _DESK  # and to lead it: invite, decide, close
SEE_SOURCES = OPEN_ROOM | {Role.AUDITOR}  # what the conference system may pull, and pulls
SEND_UPLINK = _DESK  # text, sketch, still, to an aircraft or a team
RECEIVE_UPLINK = _CREW  # its own company's
SAVE_VIDEO = frozenset({Role.DISPATCHER, Role.SYSADMIN})
WATCH_VIDEO = _DESK  # all of it; others by the stream's audience (video.py)
ASK_VIDEO = _DESK  # of a partner
ANSWER_VIDEO = _DESK  # a partner that asks, and to take it back
SEE_VIDEO = (
    WATCH_VIDEO | SAVE_VIDEO | {Role.BASE, Role.OBSERVER, Role.AUDITOR}
)  # the page; what is on it: video.py
SEE_GB28181 = WATCH_VIDEO | SAVE_VIDEO | {Role.AUDITOR}  # devices and upper platforms, and where they are
EXPORT_VIDEO = _DESK  # parts of recordings as files, for evidence
SEE_CLIPS = EXPORT_VIDEO | {
    Role.AUDITOR
}  # which there are and whether they are whole; the file: EXPORT_VIDEO
SEE_VIEWINGS = frozenset({Role.AUDITOR, Role.DUTY_CHIEF})
RECORD_INTRUSION = _DESK | _ATC | {Role.OBSERVER, Role.BASE}
CLEAR_INTRUSION = _DESK | _ATC | {Role.OBSERVER}
SAVE_VOLUME = _DESK | _ATC  # the chart; what ATC has saved, only ATC changes (volume.py)
ASSIGN_CREW = SAVE_CREW
REVOKE_DEVICE = _DESK | {Role.SECADMIN, Role.OPERATOR}  # an operator: its own company's
SEE_DEVICES = REVOKE_DEVICE | {Role.AUDITOR}
SAVE_ACCOUNT = frozenset({Role.SECADMIN})
SEE_ACCOUNTS = SAVE_ACCOUNT
# Whose acts lock when nobody has touched the desk for long (DOMAIN §4.2). Not the phones in the cockpit and on the
# ground, which lock by themselves and must report with one thumb, nor systems.
IDLE_LOCKS = _DESK | _ATC | ADMINISTRATORS | {Role.BASE}
PHONE_INSTEAD = _DESK  # and to see the number for it
REPORT_SHOWN = _CREW
REPORT_POSITION = frozenset({Role.OPERATOR, Role.OBSERVER, Role.BASE, Role.DISPATCHER})  # one's own
REPORT_THING = frozenset({Role.DISPATCHER, Role.BASE, Role.SYSADMIN})  # a gateway's account, for other things
SEE_KPIS = _DESK | {Role.AUDITOR}
PRINT_FALLBACK = _DESK | {Role.BASE}
SEE_AUDIT = frozenset({Role.AUDITOR})
SEE_FLIGHT_MESSAGE = _DESK | _CREW | _ATC | {Role.BASE}  # who files a plan, whose plan it is, whom it is for

# The duty chief orders, the dispatcher carries the order out (DESIGN §2 Roles; DOMAIN §2.1, §6: "3–4 duty chief
# approves"). So the dispatcher amends how it is carried out. Beyond these bounds, counted from what a duty chief has
# ordered or amended last, it would be another order, and only the duty chief gives it.
DISPATCHER_MOVES_TARGET_M = 2_000.0  # proposed: the corridor's half width
DISPATCHER_LANDS_LATER = timedelta(minutes=60)  # proposed: the reserve that the airspace was asked with

RECORD_WATER = _FIELD | _GROUND  # the crew, whom the observer calls the drops of, and who writes them down
SIGN_HOURS = frozenset({Role.BASE, Role.OPERATOR})  # the station and the company, each its own signature

APPLY_CARD = _DESK
TICK_CARD = _DESK
READ_TERRAIN = frozenset({Role.DUTY_CHIEF, Role.SYSADMIN})

_SAVE = {
    "crew": SAVE_CREW,
    "contracts": SAVE_CONTRACT,
    "operators": SAVE_CONTRACT,
    "duty_rules": SAVE_RULE,
    "minima": SAVE_RULE,
    "shifts": SAVE_SHIFT,
    "run_cards": SAVE_RULE,
    "clearance_rules": SAVE_RULE,
    "aid_rules": SAVE_RULE,
}


def may_save(kind: str) -> frozenset[Role]:
    """Who may change resources of a kind, by the table's name."""
    return _SAVE.get(kind, SAVE_RESOURCE)


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
    TaskingAction.TECHNICAL_STOP: _CREW,
    TaskingAction.RESUME: _CREW,
    TaskingAction.END_HERE: _CREW,
    TaskingAction.EMERGENCY_LAND: _FIELD | _DESK,  # the desk may hear it by voice
    TaskingAction.OPS_NORMAL: _FIELD,
    TaskingAction.AMEND: _DESK,
    TaskingAction.ACKNOWLEDGE: _CREW,  # nobody consents for the crew
    TaskingAction.DECLINE: _CREW,  # aviation safety: the captain decides
    TaskingAction.SETTLE: _GROUND | {Role.DUTY_CHIEF},  # unsigned hours: the duty chief alone (hours.py)
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
    AirspaceAction.PHONE: _DESK,  # writes down ATC's word with unit, name and time; approves nothing itself
    AirspaceAction.CONFIRM: _ATC,
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


def check_phone(phone: str) -> None:
    """A number as people write it. Raises Malformed."""
    digits = sum(letter.isdigit() for letter in phone)
    if phone and (not 5 <= digits <= 15 or set(phone) - set("0123456789+-() ")):
        raise Malformed("phone", "is not a telephone number")


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
    if account.alarm_kinds and Role.GATEWAY not in account.roles:
        raise Malformed("alarm_kinds", "only a gateway is limited to kinds of alarms")
    if account.phone_gateway and Role.GATEWAY not in account.roles:
        raise Malformed("phone_gateway", "only a gateway brings replies of phones")
    check_phone(account.phone)
    present = world.accounts.get(account.name)
    check_version(command.version_seen, present.version if present else 0, f"account {account.name}")
    if ask.role is not None and ask.actor == account.name:
        raise Refused("OWN_ACCOUNT", "another secadmin changes this one; the password is yours", field="name")
    saved = replace(account, version=command.version_seen + 1)
    if present is None:
        return (AccountSaved(account=saved),)
    changed = tuple(
        each.name
        for each in fields(Account)
        if each.name not in ("version", "password_set_at")
        and getattr(saved, each.name) != getattr(present, each.name)
    )
    return (AccountSaved(account=saved, changed=changed), *_ended(world, account.name, changed))


# whoever holds an old session of such an account is not surely the person any more
_ENDS_SESSIONS = frozenset({"password_hash", "totp_sealed", "disabled"})


def _ended(world: World, account: str, changed: tuple[str, ...]) -> tuple[Fact, ...]:
    digests = tuple(sorted(each.token_digest for each in world.sessions.values() if each.account == account))
    if not digests or not _ENDS_SESSIONS & set(changed):
        return ()
    return (SessionsEnded(account=account, token_digests=digests, reason="account changed"),)
