"""Signing in and out, and who a token is. Sessions live in the journal: they survive a restart and are audited."""

import contextlib
import math
import uuid
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from adapters.accounts import new_token, token_digest
from adapters.web.lockout import LOCKED_FOR, TRIES
from adapters.web.problems import HttpError
from adapters.web.site import Principal, Site
from dispatch.access import IDLE_LOCKS
from dispatch.account_commands import BarSignIn, CloseSession, LockSession, OpenSession, UnlockSession
from dispatch.commands import Ask
from dispatch.errors import Forbidden, GanyingError, Unknown
from dispatch.kinds import Role
from dispatch.records import Account, Session, SignInLock
from dispatch.world import World
from protocols import act_signature
from protocols.json_doors import SignIn

WRONG = "WRONG_CREDENTIALS"
ONE_TIME_LASTS = timedelta(hours=24)  # ours: handed over and used within a day, or asked for again
SESSION_LASTS = timedelta(hours=12)  # a shift; absolute, not renewed by use


def new_key() -> str:
    """A command's key where the caller sent none."""
    return uuid.uuid4().hex


def principal_of(world: World, token: str, now: datetime) -> Principal | None:
    """Who a token is now: session known and not run out, account not disabled, role still held."""
    session = world.sessions.get(token_digest(token))
    if session is None or session.expires_at <= now:
        return None
    account = world.accounts.get(session.account)
    if account is None or account.disabled or session.role not in account.roles:
        return None
    return Principal(account=account, session=session)


def still_holds(world: World, principal: Principal, now: datetime) -> bool:
    """Whether a session that was good is good still."""
    session = world.sessions.get(principal.session.token_digest)
    account = world.accounts.get(principal.account.name)
    return (
        session is not None
        and session.expires_at > now
        and account is not None
        and not account.disabled
        and session.role in account.roles
    )


def password_due(site: Site, account: Account, now: datetime) -> bool:
    """Whether the password is so old that a new one is asked for; those of systems and scripts are changed by people."""
    days = site.config.security.password_days
    lasting = account.scripted or Role.GATEWAY in account.roles
    if not days or lasting or account.password_set_at is None:
        return False
    return account.password_set_at + timedelta(days=days) <= now


def idle_limit(site: Site, account: Account, role: Role) -> timedelta | None:
    """How long a session may go untouched before its acts lock; None: for ever."""
    minutes = site.config.security.idle_lock_minutes
    if not minutes or account.scripted or role not in IDLE_LOCKS:
        return None
    return timedelta(minutes=minutes)


def is_idle(site: Site, principal: Principal) -> bool:
    """Whether a session is locked, or would be if the clock had looked already."""
    session = principal.session
    if session.locked_at is not None:
        return True
    limit = idle_limit(site, principal.account, session.role)
    return limit is not None and site.clock() - site.presence.touched_at(session) >= limit


def check_session(site: Site, principal: Principal, *, acts: bool) -> None:
    """Raises HttpError where a session may look on but not act, or must change its password first."""
    if principal.session.must_change:
        raise HttpError(
            403, "PASSWORD_CHANGE_REQUIRED", "set a password of your own first: POST session/password"
        )
    if not acts:
        return
    if is_idle(site, principal):
        raise HttpError(423, "IDLE_LOCKED", "nobody touched this desk for long: POST session/unlock")
    site.presence.touch(principal.session, site.clock())


async def lock_idle(site: Site) -> None:
    """Record what the clock finds: desks that nobody has touched for as long as is allowed."""
    world = site.desk.world
    for session in tuple(world.sessions.values()):
        account = world.accounts.get(session.account)
        if account is None or session.locked_at is not None or session.expires_at <= site.clock():
            continue
        if is_idle(site, Principal(account=account, session=session)):
            command = LockSession(token_digest=session.token_digest, reason="idle")
            with contextlib.suppress(
                GanyingError
            ):  # a person was quicker, or the journal is down: the next look
                await site.desk.ask(Ask(actor="clock", role=None, command_id=new_key(), command=command))
    site.presence.keep(world.sessions)


async def sign_in(site: Site, body: SignIn, address: str) -> tuple[str, Session, Account]:
    """Check the factors, record the session; token, session, account. Raises HttpError, Forbidden, Busy, NotStored."""
    name, now = body.account, site.clock()
    key = b"" if body.device is None else act_signature.read_key(body.device.public_key)
    async with _tried(site, name, address, now):
        account, role = await _check(site, body)
    if role is not Role.OPERATOR:
        key = b""  # a desk's browser is nobody's own
    token = new_token()
    session = Session(
        token_digest=token_digest(token),
        account=account.name,
        role=role,
        opened_at=now,
        expires_at=now + SESSION_LASTS,
        device_id=act_signature.device_id(key) if key else "",
        address=address,
        must_change=account.must_change or password_due(site, account, now),
    )
    opening = OpenSession(
        session=session, device_name="" if body.device is None else body.device.name, public_key=key
    )
    await site.desk.ask(Ask(actor=account.name, role=None, command_id=new_key(), command=opening))
    return token, session, account


@contextlib.asynccontextmanager
async def _tried(site: Site, name: str, address: str, now: datetime) -> AsyncIterator[None]:
    """Count what is inside as a try for an account: wrong ones bar it. Raises HttpError 429 while it is barred."""
    barred = site.desk.world.sign_in_locks.get((name, address))  # in the journal: a restart opens nothing
    left_s = 0 if barred is None else math.ceil((barred.until - now).total_seconds())
    wait_s = max(site.lockout.locked_for_s(name, address, now), left_s)
    if wait_s > 0:
        raise HttpError(
            429, "LOCKED", f"too many wrong tries; wait {wait_s} s", headers={"Retry-After": str(wait_s)}
        )
    # counted before the check, so that tries sent at the same time count too
    site.lockout.failed(name, address, now)
    try:
        yield
    except GanyingError as error:
        if error.code != WRONG:  # asked for the code or the role, or the server was busy: no guess
            site.lockout.forgive(name, address)
        elif site.lockout.tries(name, address) == TRIES:
            await _bar(site, name, address, now)
        raise
    site.lockout.succeeded(name, address)


async def _bar(site: Site, name: str, address: str, now: datetime) -> None:
    """Let the journal know; names that are no accounts are counted in memory alone."""
    lock = SignInLock(account=name, address=address, tries=TRIES, at=now, until=now + LOCKED_FOR)
    with contextlib.suppress(GanyingError):  # not recorded, and barred all the same
        await site.desk.ask(Ask(actor="site", role=None, command_id=new_key(), command=BarSignIn(lock=lock)))


async def check_password_again(site: Site, principal: Principal, password: str, address: str) -> None:
    """The password of who is signed in already. Raises HttpError 403 WRONG_CREDENTIALS, 429 LOCKED, Busy."""
    name = principal.account.name
    account = site.desk.world.accounts.get(name)
    async with _tried(site, name, address, site.clock()):
        if not await site.accounts.matches(account, password):
            raise HttpError(403, WRONG, "the password is wrong", field="password")


async def unlock(site: Site, principal: Principal, password: str, address: str) -> None:
    """Let a locked session act again. Raises HttpError, Busy, NotStored."""
    await check_password_again(site, principal, password, address)
    session = site.desk.world.sessions.get(principal.session.token_digest, principal.session)
    if session.locked_at is not None:
        command = UnlockSession(token_digest=session.token_digest)
        await site.desk.ask(
            Ask(actor=principal.account.name, role=None, command_id=new_key(), command=command)
        )
    site.presence.touch(session, site.clock())


async def _check(site: Site, body: SignIn) -> tuple[Account, Role]:
    """All factors, then the role; only what passes all of it uses the code up."""
    account = site.desk.world.accounts.get(body.account)
    if not await site.accounts.matches(account, body.password) or account is None:
        raise _wrong()
    _check_one_time(account, site.clock())
    step = _second_factor(site, account, body.code)
    role = _role(account, body.role)
    if step is not None:
        site.accounts.use_code(account, step)
    return account, role


def _check_one_time(account: Account, now: datetime) -> None:
    set_at = account.password_set_at
    if account.must_change and set_at is not None and set_at + ONE_TIME_LASTS <= now:
        raise HttpError(
            401,
            "ONE_TIME_PASSWORD_EXPIRED",
            "the one-time password has run out; ask the security administrator for another",
            headers={"WWW-Authenticate": "Bearer"},
        )


def _wrong() -> HttpError:
    return HttpError(401, WRONG, "account, password or code is wrong", headers={"WWW-Authenticate": "Bearer"})


def _second_factor(site: Site, account: Account, code: str) -> int | None:
    """The time step of a code that is good; None where the site asks for none. Raises HttpError."""
    if site.config.security.second_factor == "off":
        return None
    if not account.totp_sealed:
        raise HttpError(
            401,
            "SECOND_FACTOR_NOT_ENROLLED",
            "this account has no second factor; `ganying account totp` enrols one",
            headers={"WWW-Authenticate": "Bearer"},
        )
    if not code:
        raise HttpError(
            401,
            "SECOND_FACTOR_REQUIRED",
            "send the code of the authenticator as `code`",
            field="code",
            headers={"WWW-Authenticate": "Bearer"},
        )
    opened = [s.opened_at for s in site.desk.world.sessions.values() if s.account == account.name]
    step = site.accounts.code_step(account, code, site.clock(), max(opened, default=None))
    if step is None:
        raise _wrong()
    return step


def _role(account: Account, named: Role | None) -> Role:
    if named is None:
        if len(account.roles) == 1:
            return account.roles[0]
        raise HttpError(
            422,
            "ROLE_REQUIRED",
            "the account has several roles; name the one to act under",
            field="role",
            roles=account.roles,
        )
    if named not in account.roles:
        raise Forbidden(f"the account does not hold the role {named}")
    return named


async def sign_out(site: Site, principal: Principal) -> None:
    """Close the session; one that is closed already is no error."""
    command = CloseSession(token_digest=principal.session.token_digest)
    try:
        await site.desk.ask(
            Ask(actor=principal.account.name, role=None, command_id=new_key(), command=command)
        )
    except Unknown:
        return
