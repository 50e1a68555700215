"""Sessions and their locks: signing in and out, ending sessions, idle desks, barred guessing, one's own password.

Factors are checked at the edge (adapters/web/sessions.py); here stands who may ask, and what follows. A session's
password change ends every other session of the account, and clears what made it necessary.
"""

from dataclasses import replace

from dispatch import access, device
from dispatch.account_commands import (
    BarSignIn,
    ChangePassword,
    CloseSession,
    EndSessions,
    LockSession,
    OpenSession,
    SaveAccount,
    UnbarSignIn,
    UnlockSession,
)
from dispatch.account_facts import (
    AccountSaved,
    SessionClosed,
    SessionLocked,
    SessionOpened,
    SessionsEnded,
    SessionUnlocked,
    SignInLocked,
    SignInUnlocked,
)
from dispatch.commands import Ask
from dispatch.errors import Malformed, Refused, Unknown
from dispatch.facts import Fact
from dispatch.records import Session
from dispatch.world import World

MAX_REASON = 200
MOST_LOCKS = (
    32  # of one account that are recorded; more are kept in memory alone: guessing must not fill the journal
)

SessionCommand = (
    SaveAccount
    | OpenSession
    | CloseSession
    | EndSessions
    | LockSession
    | UnlockSession
    | ChangePassword
    | BarSignIn
    | UnbarSignIn
)


def decide(world: World, ask: Ask, command: SessionCommand) -> tuple[Fact, ...]:
    """The facts of a command about accounts and sessions. Raises Malformed, Forbidden, Unknown or Refused."""
    match command:
        case SaveAccount():
            return access.decide_account(world, ask, command)
        case OpenSession():
            access.require_site(ask, "recording a session")
            account = world.accounts.get(command.session.account)
            if account is None or account.disabled or command.session.role not in account.roles:
                raise Unknown("account", "no such account with that role")
            return (*device.enrolled(world, command), SessionOpened(session=command.session))
        case CloseSession():
            access.require_site(ask, "recording a session")
            return (SessionClosed(token_digest=_session(world, command.token_digest).token_digest),)
        case EndSessions():
            return _end(world, ask, command)
        case LockSession():
            return _lock(world, ask, command)
        case UnlockSession():
            access.require_site(ask, "recording a password that was checked")
            if _session(world, command.token_digest).locked_at is None:
                raise Refused("NOT_NOW", "the session is not locked")
            return (SessionUnlocked(token_digest=command.token_digest),)
        case ChangePassword():
            return _change_password(world, ask, command)
        case BarSignIn():
            return _bar(world, ask, command)
        case UnbarSignIn():
            access.require(ask, access.SAVE_ACCOUNT, "unlocking an account")
            if command.account not in world.accounts:
                raise Unknown("account", f"no account {command.account}")
            return (SignInUnlocked(account=command.account),)


def _session(world: World, token_digest: str) -> Session:
    session = world.sessions.get(token_digest)
    if session is None:
        raise Unknown("token", "no such session")
    return session


def _end(world: World, ask: Ask, command: EndSessions) -> tuple[Fact, ...]:
    if ask.role is not None:
        access.require(ask, access.SAVE_ACCOUNT, "ending sessions")
    if command.account not in world.accounts:
        raise Unknown("account", f"no account {command.account}")
    if not command.reason.strip():
        raise Malformed("reason", "ending sessions needs a reason")
    if len(command.reason) > MAX_REASON:
        raise Malformed("reason", f"{len(command.reason)} characters, at most {MAX_REASON}")
    ended = ended_sessions(world, command.account, command.reason.strip(), session=command.session)
    if not ended.token_digests:
        raise Unknown("session" if command.session else "account", "no such session is open")
    return (ended,)


def ended_sessions(world: World, account: str, reason: str, *, session: str = "") -> SessionsEnded:
    """The fact that ends the sessions of an account, or those whose digest begins with `session`; maybe none."""
    digests = sorted(
        each.token_digest
        for each in world.sessions.values()
        if each.account == account and each.token_digest.startswith(session)
    )
    return SessionsEnded(account=account, token_digests=tuple(digests), reason=reason)


def _lock(world: World, ask: Ask, command: LockSession) -> tuple[Fact, ...]:
    session = _session(world, command.token_digest)
    if ask.role is not None and session.account != ask.actor:
        raise Unknown("token", "no such session of yours")
    if session.locked_at is not None:
        raise Refused("NOT_NOW", "the session is locked already")
    return (SessionLocked(token_digest=session.token_digest, reason=command.reason[:MAX_REASON]),)


def _change_password(world: World, ask: Ask, command: ChangePassword) -> tuple[Fact, ...]:
    session, account = _session(world, command.token_digest), world.accounts.get(ask.actor)
    if account is None or session.account != account.name:
        raise Unknown("account", "the password is changed in a session of the account")
    saved = replace(
        account, password_hash=command.password_hash, must_change=False, version=account.version + 1
    )
    ended = ended_sessions(world, account.name, "password changed")
    others = tuple(digest for digest in ended.token_digests if digest != session.token_digest)
    made: tuple[Fact, ...] = (AccountSaved(account=saved, changed=("password_hash",)),)
    return (*made, replace(ended, token_digests=others)) if others else made


def _bar(world: World, ask: Ask, command: BarSignIn) -> tuple[Fact, ...]:
    access.require_site(ask, "recording wrong tries")
    if command.lock.account not in world.accounts:
        raise Unknown("account", "no such account")
    held = sum(
        1
        for each in world.sign_in_locks.values()
        if each.account == command.lock.account and each.until > command.lock.at
    )
    if held >= MOST_LOCKS:
        raise Refused("TOO_MANY", f"{held} addresses are barred already")
    return (SignInLocked(lock=command.lock),)
