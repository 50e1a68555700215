"""Doors of signing in and out, and of one's own session: locked, unlocked, its password."""

from adapters.accounts import check_new_password
from adapters.web.problems import HttpError
from adapters.web.sessions import (
    check_password_again,
    check_session,
    idle_limit,
    is_idle,
    sign_in,
    sign_out,
    unlock,
)
from adapters.web.site import Principal, Site
from adapters.web.table import Call, Door
from dispatch.account_commands import ChangePassword, LockSession
from dispatch.errors import Refused
from protocols.json_accounts import PasswordChange, Unlock
from protocols.json_answers import SessionAnswer, SessionOpenedAnswer
from protocols.json_doors import SignIn


def _answer(site: Site, who: Principal) -> SessionAnswer:
    limit = idle_limit(site, who.account, who.session.role)
    return SessionAnswer(
        account=who.account.name,
        display_name=who.account.display_name,
        role=who.session.role,
        roles=list(who.account.roles),
        operator_id=who.account.operator_id,
        expires_at=who.session.expires_at,
        locked=is_idle(site, who),
        must_change=who.session.must_change,
        idle_lock_s=0 if limit is None else int(limit.total_seconds()),
    )


async def _open(call: Call) -> SessionOpenedAnswer:
    token, session, account = await sign_in(call.site, call.body, call.address)
    shown = _answer(call.site, Principal(account=account, session=session))
    device = call.site.desk.world.devices.get(session.device_id)
    return SessionOpenedAnswer(
        token=token,
        device_id=session.device_id,
        device_seq=0 if device is None else device.last_seq,
        **{name: getattr(shown, name) for name in SessionAnswer.__struct_fields__},
    )


async def _present(call: Call) -> SessionAnswer:
    return _answer(call.site, call.who)


async def _close(call: Call) -> None:
    await sign_out(call.site, call.who)


async def _lock(call: Call) -> None:
    command = LockSession(token_digest=call.who.session.token_digest, reason="by hand")
    try:
        await call.site.desk.ask(call.ask(command))
    except Refused as error:  # it is what was wanted
        if error.code != "NOT_NOW":
            raise


async def _unlock(call: Call) -> SessionAnswer:
    await unlock(call.site, call.who, call.body.password, call.address)
    world = call.site.desk.world
    digest = call.who.session.token_digest
    return _answer(
        call.site, Principal(account=call.who.account, session=world.sessions.get(digest, call.who.session))
    )


async def _touch(call: Call) -> None:
    """A hand on the desk is no act, but it keeps the desk open; a locked one stays locked."""
    check_session(call.site, call.who, acts=True)


async def _password(call: Call) -> SessionAnswer:
    site, who, body = call.site, call.who, call.body
    await check_password_again(site, who, body.password, call.address)
    check_new_password(body.new_password, who.account.name, "new_password")
    if body.new_password == body.password:
        raise HttpError(422, "SAME_PASSWORD", "the new password is the old one", field="new_password")
    hashed = await site.accounts.hash(body.new_password)
    command = ChangePassword(password_hash=hashed, token_digest=who.session.token_digest)
    await site.desk.ask(call.ask(command))
    world = site.desk.world
    account = world.accounts[who.account.name]
    return _answer(site, Principal(account=account, session=world.sessions[who.session.token_digest]))


DOORS = (
    Door(
        method="POST",
        path="/session",
        name="openSession",
        text="Sign in. `code` where the site asks for a second factor, `role` where the account has several, `device` from a phone that signs its acts.",
        handler=_open,
        takes=SignIn,
        answers=SessionOpenedAnswer,
        open=True,
        statuses=(401, 403, 409, 429, 503),
    ),
    Door(
        method="GET",
        path="/session",
        name="presentSession",
        text="Who is signed in, under which role, until when; whether it is locked or must change its password.",
        handler=_present,
        answers=SessionAnswer,
        always=True,
    ),
    Door(
        method="DELETE",
        path="/session",
        name="closeSession",
        text="Sign out.",
        handler=_close,
        always=True,
    ),
    Door(
        method="POST",
        path="/session/lock",
        name="lockSession",
        text="Lock one's own desk: it shows on and takes no acts. After 15 min without a hand on it it locks by itself.",
        handler=_lock,
        always=True,
    ),
    Door(
        method="POST",
        path="/session/unlock",
        name="unlockSession",
        text="Let a locked desk act again: the password. Wrong tries count as at sign-in.",
        handler=_unlock,
        takes=Unlock,
        answers=SessionAnswer,
        always=True,
        statuses=(403, 429),
    ),
    Door(
        method="POST",
        path="/session/activity",
        name="touchSession",
        text="Somebody is at the desk. A desk that is locked already answers 423.",
        handler=_touch,
        always=True,
        sighting=True,
        statuses=(423,),
    ),
    Door(
        method="POST",
        path="/session/password",
        name="changePassword",
        text="One's own new password: at least 10 characters of three kinds. Other sessions of the account end.",
        handler=_password,
        takes=PasswordChange,
        answers=SessionAnswer,
        always=True,
        statuses=(403, 429),
    ),
)
