"""Doors of signing in and out."""

from adapters.web.sessions import sign_in, sign_out
from adapters.web.site import Principal
from adapters.web.table import Call, Door
from protocols.json_answers import SessionAnswer, SessionOpenedAnswer
from protocols.json_doors import SignIn


def _answer(who: Principal) -> SessionAnswer:
    return SessionAnswer(
        account=who.account.name,
        display_name=who.account.display_name,
        role=who.session.role,
        roles=list(who.account.roles),
        operator_id=who.account.operator_id,
        expires_at=who.session.expires_at,
    )


async def _open(call: Call) -> SessionOpenedAnswer:
    token, session, account = await sign_in(call.site, call.body, call.address)
    shown = _answer(Principal(account=account, session=session))
    return SessionOpenedAnswer(
        token=token, **{name: getattr(shown, name) for name in SessionAnswer.__struct_fields__}
    )


async def _present(call: Call) -> SessionAnswer:
    return _answer(call.who)


async def _close(call: Call) -> None:
    await sign_out(call.site, call.who)


DOORS = (
    Door(
        method="POST",
        path="/session",
        name="openSession",
        text="Sign in. `code` where the site asks for a second factor, `role` where the account has several.",
        handler=_open,
        takes=SignIn,
        answers=SessionOpenedAnswer,
        open=True,
        statuses=(401, 403, 429, 503),
    ),
    Door(
        method="GET",
        path="/session",
        name="presentSession",
        text="Who is signed in, under which role, until when.",
        handler=_present,
        answers=SessionAnswer,
    ),
    Door(method="DELETE", path="/session", name="closeSession", text="Sign out.", handler=_close),
)
