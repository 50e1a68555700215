"""Signing in and out, and who a token is. Sessions live in the journal: they survive a restart and are audited."""

import uuid
from datetime import datetime, timedelta

from adapters.accounts import new_token, token_digest
from adapters.web.problems import HttpError
from adapters.web.site import Principal, Site
from dispatch.commands import Ask, CloseSession, OpenSession
from dispatch.errors import Forbidden, GanyingError, Unknown
from dispatch.kinds import Role
from dispatch.records import Account, Session
from dispatch.world import World
from protocols.json_doors import SignIn

WRONG = "WRONG_CREDENTIALS"
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


async def sign_in(site: Site, body: SignIn, address: str) -> tuple[str, Session, Account]:
    """Check the factors, record the session; token, session, account. Raises HttpError, Forbidden, Busy, NotStored."""
    name, now = body.account, site.clock()
    wait_s = site.lockout.locked_for_s(name, address, now)
    if wait_s:
        raise HttpError(
            429, "LOCKED", f"too many wrong tries; wait {wait_s} s", headers={"Retry-After": str(wait_s)}
        )
    # counted before the check, so that tries sent at the same time count too
    site.lockout.failed(name, address, now)
    try:
        account, role = await _check(site, body)
    except GanyingError as error:
        if error.code != WRONG:  # asked for the code or the role, or the server was busy: no guess
            site.lockout.forgive(name, address)
        raise
    site.lockout.succeeded(name, address)
    token = new_token()
    session = Session(
        token_digest=token_digest(token),
        account=account.name,
        role=role,
        opened_at=now,
        expires_at=now + SESSION_LASTS,
    )
    await site.desk.ask(
        Ask(actor=account.name, role=None, command_id=new_key(), command=OpenSession(session=session))
    )
    return token, session, account


async def _check(site: Site, body: SignIn) -> tuple[Account, Role]:
    """All factors, then the role; only what passes all of it uses the code up."""
    account = site.desk.world.accounts.get(body.account)
    if not await site.accounts.matches(account, body.password) or account is None:
        raise _wrong()
    step = _second_factor(site, account, body.code)
    role = _role(account, body.role)
    if step is not None:
        site.accounts.use_code(account, step)
    return account, role


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
