"""Signing in: factors, roles, guessing, ending."""

from pathlib import Path

import pyotp
import pytest_twisted
from twisted.internet.defer import Deferred, gatherResults

from adapters.accounts import token_digest
from adapters.web.lockout import LOCKED_FOR, MAX_PAIRS, TRIES, Lockout
from dispatch.account_facts import SessionOpened
from dispatch.kinds import Role
from tests.adapters.web.running import PASSWORD, Clock, Response, Running


async def sign_in(site: Running, account: str, password: str = PASSWORD, **more: object) -> Response:
    return await site.http("POST", "session", {"account": account, "password": password, **more})


@pytest_twisted.ensureDeferred
async def test_a_sign_in_gives_a_token_of_which_the_journal_keeps_only_the_digest(site: Running) -> None:
    opened = await sign_in(site, "dispatcher")
    assert opened.status == 200
    token = opened.json["token"]
    assert len(token) >= 43  # 256 bits in base64
    assert opened.json["role"] == "dispatcher"
    assert opened.json["expires_at"] == "2026-11-24T15:00:00Z"
    assert token_digest(token) in site.desk.world.sessions
    assert token not in repr(site.desk.world)
    present = await site.http("GET", "session", token=token)
    assert "token" not in present.json
    assert present.json["account"] == "dispatcher"


@pytest_twisted.ensureDeferred
async def test_an_unknown_account_and_a_wrong_password_are_answered_alike(site: Running) -> None:
    unknown = await sign_in(site, "nobody")
    wrong = await sign_in(site, "dispatcher", "not the password")
    assert unknown.status == wrong.status == 401
    assert unknown.json == wrong.json
    assert unknown.json["code"] == "WRONG_CREDENTIALS"


@pytest_twisted.ensureDeferred
async def test_an_account_with_several_roles_names_one_it_holds(site: Running) -> None:
    await site.account("both", Role.DISPATCHER, Role.DUTY_CHIEF)
    none = await sign_in(site, "both")
    assert (none.status, none.json["code"]) == (422, "ROLE_REQUIRED")
    assert none.json["roles"] == ["dispatcher", "duty_chief"]
    named = await sign_in(site, "both", role="duty_chief")
    assert (named.status, named.json["role"]) == (200, "duty_chief")
    foreign = await sign_in(site, "both", role="atc")
    assert (foreign.status, foreign.json["code"]) == (403, "FORBIDDEN")


@pytest_twisted.ensureDeferred
async def test_five_wrong_tries_lock_the_pair_for_fifteen_minutes(site: Running) -> None:
    for _ in range(TRIES):
        assert (await sign_in(site, "dispatcher", "wrong password")).status == 401
    locked = await sign_in(site, "dispatcher")
    assert (locked.status, locked.json["code"]) == (429, "LOCKED")
    assert 0 < int(locked.headers["retry-after"]) <= 901
    assert (await sign_in(site, "duty_chief")).status == 200
    site.clock.forward(minutes=16)
    assert (await sign_in(site, "dispatcher")).status == 200


@pytest_twisted.ensureDeferred
async def test_tries_at_the_same_time_count_too(site: Running) -> None:
    tries = [Deferred.fromCoroutine(sign_in(site, "dispatcher", "wrong password")) for _ in range(9)]
    statuses = sorted(answer.status for answer in await gatherResults(tries))
    assert statuses == [401] * TRIES + [429] * (9 - TRIES)


@pytest_twisted.ensureDeferred
async def test_a_session_ends_by_sign_out_time_disabling_or_a_lost_role(site: Running) -> None:
    async def good(token: str) -> bool:
        return (await site.http("GET", "incidents", token=token)).status == 200

    out = (await sign_in(site, "dispatcher")).json["token"]
    assert await good(out)
    assert (await site.http("DELETE", "session", token=out)).status == 204
    assert not await good(out)
    assert (await site.http("DELETE", "session", token=out)).status == 401
    disabled = (await sign_in(site, "observer")).json["token"]
    await site.account("observer", Role.OBSERVER, disabled=True)
    assert not await good(disabled)
    assert (await sign_in(site, "observer")).status == 401
    demoted = (await sign_in(site, "base")).json["token"]
    await site.account("base", Role.ATC)
    assert not await good(demoted)
    late = (await sign_in(site, "duty_chief")).json["token"]
    site.clock.forward(hours=12, seconds=-1)
    assert await good(late)
    site.clock.forward(seconds=1)
    assert not await good(late)


@pytest_twisted.ensureDeferred
async def test_each_sign_in_is_in_the_journal_under_its_name(site: Running) -> None:
    heard: list[object] = []
    site.desk.subscribe(lambda _, recorded: heard.extend(recorded))
    await sign_in(site, "dispatcher")
    [row] = [each for each in heard if isinstance(each.fact, SessionOpened)]
    assert row.actor == "dispatcher"


async def enrolled(site: Running, *roles: Role) -> pyotp.TOTP:
    site.clock.forward(minutes=2)  # past the step of the sign-ins every test begins with
    secret = pyotp.random_base32()
    sealed = site.site.accounts.secret.seal(secret, "dispatcher")
    await site.account("dispatcher", *(roles or (Role.DISPATCHER,)), totp_sealed=sealed)
    return pyotp.TOTP(secret)


@pytest_twisted.ensureDeferred
async def test_with_a_second_factor_the_password_alone_is_not_enough(tmp_path: Path) -> None:
    site = await Running.start(tmp_path, second_factor="totp")
    try:
        bare = await sign_in(site, "duty_chief")
        assert (bare.status, bare.json["code"]) == (401, "SECOND_FACTOR_NOT_ENROLLED")
        totp = await enrolled(site)
        for _ in range(TRIES + 1):  # being asked for the code is no wrong try
            first = await sign_in(site, "dispatcher")
            assert (first.status, first.json["code"]) == (401, "SECOND_FACTOR_REQUIRED")
        code = totp.at(site.clock())
        wrong = await sign_in(site, "dispatcher", code=f"{(int(code) + 1) % 1_000_000:06}")
        assert (wrong.status, wrong.json["code"]) == (401, "WRONG_CREDENTIALS")
        assert (await sign_in(site, "dispatcher", code="６４２１９９")).status == 401
        assert (await sign_in(site, "dispatcher", code=code)).status == 200
    finally:
        await site.stop()


@pytest_twisted.ensureDeferred
async def test_being_asked_for_the_role_neither_uses_the_code_up_nor_counts_as_a_try(tmp_path: Path) -> None:
    site = await Running.start(tmp_path, second_factor="totp")
    try:
        totp = await enrolled(site, Role.DISPATCHER, Role.DUTY_CHIEF)
        code = totp.at(site.clock())
        for _ in range(TRIES + 1):
            assert (await sign_in(site, "dispatcher", code=code)).json["code"] == "ROLE_REQUIRED"
        assert (await sign_in(site, "dispatcher", code=code, role="duty_chief")).status == 200
        assert (await sign_in(site, "dispatcher", code=code, role="duty_chief")).status == 401
    finally:
        await site.stop()


@pytest_twisted.ensureDeferred
async def test_a_code_is_good_once_even_across_a_restart(tmp_path: Path) -> None:
    site = await Running.start(tmp_path, second_factor="totp")
    try:
        totp = await enrolled(site)
        code = totp.at(site.clock())
        assert (await sign_in(site, "dispatcher", code=code)).status == 200
        assert (await sign_in(site, "dispatcher", code=code)).status == 401
        site.site.accounts._used.clear()  # what a restart forgets
        assert (await sign_in(site, "dispatcher", code=code)).status == 401
        site.clock.forward(seconds=30)
        assert (await sign_in(site, "dispatcher", code=totp.at(site.clock()))).status == 200
    finally:
        await site.stop()


def test_the_lock_holds_bounded_memory_and_forgets_the_oldest() -> None:
    lockout, clock = Lockout(), Clock()
    for _ in range(TRIES):
        lockout.failed("first", "10.0.0.1", clock())
    assert lockout.locked_for_s("first", "10.0.0.1", clock()) > 0
    for number in range(MAX_PAIRS):
        lockout.failed(f"a{number}", "10.0.0.2", clock())
    assert len(lockout._pairs) == MAX_PAIRS
    assert lockout.locked_for_s("first", "10.0.0.1", clock()) == 0


def test_another_address_is_not_locked_out_with_the_guesser() -> None:
    lockout, clock = Lockout(), Clock()
    for _ in range(TRIES):
        lockout.failed("chief", "10.0.0.66", clock())
    assert lockout.locked_for_s("chief", "10.0.0.66", clock()) == int(LOCKED_FOR.total_seconds()) + 1
    assert lockout.locked_for_s("chief", "10.0.0.1", clock()) == 0
