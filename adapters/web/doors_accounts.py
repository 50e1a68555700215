"""Doors of accounts and of everybody's sessions, for the security administrator alone.

Passwords and second factors are made here and shown once; the journal has their hash and their sealed form.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from adapters.accounts import new_totp, one_time_password, otpauth_uri
from adapters.web.lists import by_id, newest_first, page
from adapters.web.site import Site
from adapters.web.table import Call, Door, Handler
from dispatch import access
from dispatch.account_commands import EndSessions, SaveAccount, UnbarSignIn
from dispatch.account_facts import SessionsEnded
from dispatch.errors import Forbidden, Refused, Unknown
from dispatch.kinds import Role
from dispatch.records import Account, Session
from protocols.json_accounts import (
    AccountAct,
    AccountAnswer,
    AccountChange,
    AccountCreation,
    AccountSecretAnswer,
    SessionLine,
    SessionsEnd,
    SessionsEndedAnswer,
    SessionsQuery,
    SignInLockAnswer,
)
from protocols.json_answers import Page
from protocols.json_doors import PageQuery

NAME_DIGITS = 16  # of a session's digest: enough to name it among all that are open, of no use to sign in


def _require(call: Call) -> None:
    if call.who.session.role not in access.SEE_ACCOUNTS:
        raise Forbidden("accounts are for secadmin")


def _account(call: Call) -> Account:
    _require(call)
    account = call.site.desk.world.accounts.get(call.path["id"])
    if account is None:
        raise Unknown("id", f"no account {call.path['id']}")
    return account


def _told(site: Site, account: Account) -> AccountAnswer:
    world, now, days = site.desk.world, site.clock(), site.config.security.password_days
    lasting = not days or account.scripted or Role.GATEWAY in account.roles
    set_at = account.password_set_at
    return AccountAnswer(
        name=account.name,
        display_name=account.display_name,
        roles=list(account.roles),
        operator_id=account.operator_id,
        alarm_kinds=list(account.alarm_kinds),
        phone=account.phone,
        disabled=account.disabled,
        scripted=account.scripted,
        second_factor=bool(account.totp_sealed),
        must_change=account.must_change,
        password_set_at=set_at,
        password_due_at=None if lasting or set_at is None else set_at + timedelta(days=days),
        locks=[
            SignInLockAnswer(address=each.address, tries=each.tries, at=each.at, until=each.until)
            for each in world.sign_in_locks.values()
            if each.account == account.name and each.until > now
        ],
        sessions=sum(
            each.account == account.name and each.expires_at > now for each in world.sessions.values()
        ),
        version=account.version,
    )


async def _list(call: Call) -> Any:
    _require(call)
    found = page(call.site.desk.world.accounts.values(), lambda each: by_id(each.name), call.query)
    return Page[AccountAnswer](items=[_told(call.site, each) for each in found.items], next=found.next)


async def _one(call: Call) -> AccountAnswer:
    return _told(call.site, _account(call))


async def _save(call: Call, account: Account, version_seen: int) -> AccountAnswer:
    await call.site.desk.ask(call.ask(SaveAccount(account=account, version_seen=version_seen)))
    return _told(call.site, call.site.desk.world.accounts[account.name])


async def _create(call: Call) -> AccountSecretAnswer:
    _require(call)
    body: AccountCreation = call.body
    if body.name in call.site.desk.world.accounts:
        raise Refused("EXISTS", f"account {body.name} exists", field="name")
    password = one_time_password()
    account = Account(
        name=body.name,
        display_name=body.display_name.strip(),
        roles=tuple(dict.fromkeys(body.roles)),
        password_hash=await call.site.accounts.hash(password),
        operator_id=body.operator_id,
        alarm_kinds=body.alarm_kinds,
        phone=body.phone.strip(),
        must_change=True,
    )
    account, enrolment = _with_factor(call.site, account)
    made = await _save(call, account, 0)
    return AccountSecretAnswer(account=made, one_time_password=password, enrolment=enrolment)


def _with_factor(site: Site, account: Account) -> tuple[Account, str]:
    """The account with a new second factor and what is scanned for it, where the site asks for one."""
    if site.config.security.second_factor != "totp":
        return account, ""
    secret = new_totp()
    sealed = site.accounts.secret.seal(secret, account.name)
    return replace(account, totp_sealed=sealed), otpauth_uri(secret, account.name, site.config.site.name)


async def _change(call: Call) -> AccountAnswer:
    account, body = _account(call), call.body
    assert isinstance(body, AccountChange)  # noqa: S101 (the door's own shape)
    changes: dict[str, Any] = {}
    for name in ("display_name", "roles", "operator_id", "alarm_kinds", "phone"):
        value = getattr(body, name)
        if value is not None:
            changes[name] = tuple(dict.fromkeys(value)) if isinstance(value, tuple) else value.strip()
    return await _save(call, replace(account, **changes), body.version)


def _barring(*, disabled: bool) -> Handler:
    async def bar(call: Call) -> AccountAnswer:
        return await _save(call, replace(_account(call), disabled=disabled), call.body.version)

    return bar


async def _reset_password(call: Call) -> AccountSecretAnswer:
    account = _account(call)
    password = one_time_password()
    hashed = await call.site.accounts.hash(password)
    made = await _save(call, replace(account, password_hash=hashed, must_change=True), call.body.version)
    return AccountSecretAnswer(account=made, one_time_password=password)


async def _reset_factor(call: Call) -> AccountSecretAnswer:
    account, enrolment = _with_factor(call.site, _account(call))
    if not enrolment:
        raise Refused("NO_SECOND_FACTOR", "this site asks for no second factor", field="id")
    made = await _save(call, account, call.body.version)
    return AccountSecretAnswer(account=made, enrolment=enrolment)


async def _unlock(call: Call) -> AccountAnswer:
    account = _account(call)
    await call.site.desk.ask(call.ask(UnbarSignIn(account=account.name)))
    call.site.lockout.release(account.name)
    return _told(call.site, account)


def _line(call: Call, session: Session) -> SessionLine:
    account = call.site.desk.world.accounts.get(session.account)
    return SessionLine(
        session=session.token_digest[:NAME_DIGITS],
        account=session.account,
        display_name=account.display_name if account else "",
        role=session.role,
        address=session.address,
        opened_at=session.opened_at,
        touched_at=call.site.presence.touched_at(session),
        expires_at=session.expires_at,
        locked_at=session.locked_at,
        own=session.token_digest == call.who.session.token_digest,
    )


async def _sessions(call: Call) -> Any:
    _require(call)
    asked, now = call.query, call.site.clock()
    open_now = (
        each
        for each in call.site.desk.world.sessions.values()
        if each.expires_at > now and asked.account in ("", each.account)
    )
    found = page(open_now, lambda each: newest_first(each.opened_at, each.token_digest[:NAME_DIGITS]), asked)
    return Page[SessionLine](items=[_line(call, each) for each in found.items], next=found.next)


async def _end(call: Call) -> SessionsEndedAnswer:
    account, body = _account(call), call.body
    command = EndSessions(account=account.name, reason=body.reason, session=body.session)
    answer = await call.site.desk.ask(call.ask(command))
    ended = (each.fact for each in answer.recorded if isinstance(each.fact, SessionsEnded))
    return SessionsEndedAnswer(ended=sum(len(fact.token_digests) for fact in ended))


def _act(
    path: str, name: str, text: str, handler: Handler, *, answers: Any, takes: type = AccountAct
) -> Door:
    return Door(
        method="POST",
        path=f"/accounts/<id:id>/{path}",
        name=name,
        text=text,
        handler=handler,
        takes=takes,
        answers=answers,
    )


DOORS = (
    Door(
        method="GET",
        path="/accounts",
        name="listAccounts",
        text="All accounts without their secrets: locked ones, old passwords, open sessions. For secadmin.",
        handler=_list,
        query=PageQuery,
        answers=Page[AccountAnswer],
        statuses=(403,),
    ),
    Door(
        method="POST",
        path="/accounts",
        name="createAccount",
        text="A new account. Its one-time password (and what an authenticator scans) is in this answer alone.",
        handler=_create,
        takes=AccountCreation,
        answers=AccountSecretAnswer,
        status=201,
    ),
    Door(
        method="GET",
        path="/accounts/<id:id>",
        name="getAccount",
        text="One account without its secrets.",
        handler=_one,
        answers=AccountAnswer,
    ),
    _act(
        "change",
        "changeAccount",
        "Its name, roles, operator, kinds of alarms, telephone.",
        _change,
        answers=AccountAnswer,
        takes=AccountChange,
    ),
    _act(
        "disable",
        "disableAccount",
        "Keep from signing in; its sessions end at once.",
        _barring(disabled=True),
        answers=AccountAnswer,
    ),
    _act("enable", "enableAccount", "Let sign in again.", _barring(disabled=False), answers=AccountAnswer),
    _act(
        "reset-password",
        "resetPassword",
        "A one-time password, shown once, to be changed at the first sign-in within 24 h; its sessions end.",
        _reset_password,
        answers=AccountSecretAnswer,
    ),
    _act(
        "reset-second-factor",
        "resetSecondFactor",
        "A new second factor, shown once; the old one ends, and its sessions.",
        _reset_factor,
        answers=AccountSecretAnswer,
    ),
    Door(
        method="POST",
        path="/accounts/<id:id>/unlock",
        name="unlockAccount",
        text="Let an account be tried again before its lock runs out.",
        handler=_unlock,
        answers=AccountAnswer,
    ),
    _act(
        "end-sessions",
        "endSessions",
        "End all sessions of an account at once, or the one named; consoles are cut.",
        _end,
        answers=SessionsEndedAnswer,
        takes=SessionsEnd,
    ),
    Door(
        method="GET",
        path="/sessions",
        name="listSessions",
        text="Sessions that are open, newest first. For secadmin.",
        handler=_sessions,
        query=SessionsQuery,
        answers=Page[SessionLine],
    ),
)
