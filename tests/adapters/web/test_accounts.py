"""Accounts through the doors: the security administrator's alone; secrets once; sessions end; idle desks lock."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_twisted

from adapters.web.lockout import TRIES
from adapters.web.sessions import lock_idle
from dispatch.account_facts import SessionsEnded
from dispatch.kinds import Role
from tests.adapters.web.running import PASSWORD, Response, Running
from tests.adapters.web.talking import talk

OWN = "Ganlan-Shu-2026"


@pytest_twisted.async_yield_fixture
async def strict(tmp_path: Path) -> AsyncIterator[Running]:
    """A site whose desks lock after fifteen minutes."""
    running = await Running.start(tmp_path, idle_lock_minutes=15)
    yield running
    await running.stop()


async def sign_in(site: Running, account: str, password: str = PASSWORD) -> Response:
    return await site.http("POST", "session", {"account": account, "password": password})


@pytest_twisted.ensureDeferred
async def test_accounts_are_for_the_security_administrator_alone(site: Running) -> None:
    for role in Role:
        answer = await site.http("GET", "accounts", role=role.value)
        assert answer.status == (200 if role is Role.SECADMIN else 403), role
    text = (await site.http("GET", "accounts", role="secadmin")).body.decode()
    assert "argon2" not in text
    assert "sealed" not in text
    changed = await site.http("POST", "accounts/secadmin/disable", {"version": 1}, role="secadmin")
    assert (changed.status, changed.json["code"]) == (409, "OWN_ACCOUNT")
    both = {"name": "both", "display_name": "x", "roles": ["secadmin", "auditor"]}
    refused = await site.http("POST", "accounts", both, role="secadmin")
    assert (refused.status, refused.json["code"]) == (409, "ROLES_CONFLICT")


@pytest_twisted.ensureDeferred
async def test_a_one_time_password_opens_nothing_but_a_password_of_ones_own(site: Running) -> None:
    body = {"name": "xinren", "display_name": "新人", "roles": ["dispatcher"]}
    made = (await site.http("POST", "accounts", body, role="secadmin")).json
    password = made["one_time_password"]
    assert password not in repr(site.desk.world)
    opened = (await sign_in(site, "xinren", password)).json
    assert opened["must_change"]
    token = opened["token"]
    held = await site.http("GET", "incidents", token=token)
    assert (held.status, held.json["code"]) == (403, "PASSWORD_CHANGE_REQUIRED")
    for new, code in (
        ("short", "MALFORMED"),
        ("alllowercaseletters", "MALFORMED"),
        (password, "SAME_PASSWORD"),
    ):
        change = {"password": password, "new_password": new}
        refused = await site.http("POST", "session/password", change, token=token)
        assert (refused.status, refused.json["code"], refused.json["field"]) == (422, code, "new_password")
    change = {"password": password, "new_password": OWN}
    assert (await site.http("POST", "session/password", change, token=token)).status == 200
    assert (await site.http("GET", "incidents", token=token)).status == 200
    assert (await sign_in(site, "xinren", password)).status == 401
    assert not (await sign_in(site, "xinren", OWN)).json["must_change"]
    site.clock.forward(days=91)
    assert (await sign_in(site, "xinren", OWN)).json["must_change"]


@pytest_twisted.ensureDeferred
async def test_a_one_time_password_runs_out_within_a_day(site: Running) -> None:
    reset = await site.http("POST", "accounts/dispatcher/reset-password", {"version": 1}, role="secadmin")
    assert (await site.http("GET", "session", role="dispatcher")).status == 401  # its sessions ended
    site.clock.forward(hours=24)
    late = await sign_in(site, "dispatcher", reset.json["one_time_password"])
    assert (late.status, late.json["code"]) == (401, "ONE_TIME_PASSWORD_EXPIRED")


@pytest_twisted.ensureDeferred
async def test_wrong_tries_are_in_the_journal_seen_and_unlocked(site: Running) -> None:
    for _ in range(TRIES):
        await sign_in(site, "dispatcher", "wrong password")
    (lock,) = (await site.http("GET", "accounts/dispatcher", role="secadmin")).json["locks"]
    assert (lock["address"], lock["tries"]) == ("127.0.0.1", TRIES)
    site.site.lockout.release("dispatcher")  # as after a restart: memory is empty, the journal is not
    assert (await sign_in(site, "dispatcher")).json["code"] == "LOCKED"
    unlocked = await site.http("POST", "accounts/dispatcher/unlock", {}, role="secadmin")
    assert unlocked.json["locks"] == []
    assert (await sign_in(site, "dispatcher")).status == 200
    for _ in range(TRIES):
        await sign_in(site, "nobody", "wrong password")
    assert {key[0] for key in site.desk.world.sign_in_locks} == set()  # names that are none fill no journal


@pytest_twisted.ensureDeferred
async def test_all_sessions_of_an_account_end_at_once_and_its_console_is_cut(site: Running) -> None:
    console = await talk(site.port)
    await console.hello(site.tokens["dispatcher"])
    reason = {"reason": "手机遗失"}
    assert (
        await site.http("POST", "accounts/dispatcher/end-sessions", reason, role="dispatcher")
    ).status == 403
    done = await site.http("POST", "accounts/dispatcher/end-sessions", reason, role="secadmin")
    assert done.json["ended"] == 1
    await console.gone()
    assert console.heard[-1].failure.code == "UNAUTHENTICATED"
    assert (await site.http("GET", "incidents", role="dispatcher")).status == 401
    rows = await site.desk.rows_after(0, 5000)
    assert sum(row.kind == SessionsEnded.__name__ for row in rows) == 1
    left = (await site.http("GET", "sessions?account=duty_chief", role="secadmin")).json["items"]
    one = await site.http(
        "POST",
        "accounts/duty_chief/end-sessions",
        {"reason": "x", "session": left[0]["session"]},
        role="secadmin",
    )
    assert one.json["ended"] == 1


@pytest_twisted.ensureDeferred
async def test_an_untouched_desk_looks_on_and_does_not_act_until_its_password_is_typed(
    strict: Running,
) -> None:
    site = strict
    report = {"kind": "flood", "level": 4, "title": "x", "position": {"lon_deg": 115.9, "lat_deg": 28.7}}
    site.clock.forward(minutes=14)
    assert (await site.http("POST", "session/activity", role="dispatcher")).status == 204
    site.clock.forward(minutes=14)
    assert (await site.http("POST", "incidents", report, role="dispatcher")).status == 201
    site.clock.forward(minutes=15)
    assert (await site.http("GET", "incidents", role="dispatcher")).status == 200
    locked = await site.http("POST", "incidents", report, role="dispatcher")
    assert (locked.status, locked.json["code"]) == (423, "IDLE_LOCKED")
    assert (await site.http("POST", "session/activity", role="dispatcher")).status == 423
    await lock_idle(site.site)
    held = {each.account for each in site.desk.world.sessions.values() if each.locked_at is not None}
    assert {"dispatcher", "duty_chief", "secadmin"} <= held
    assert not {"operator", "observer", "gateway"} & held  # phones and systems
    wrong = await site.http("POST", "session/unlock", {"password": "wrong password"}, role="dispatcher")
    assert (wrong.status, wrong.json["code"]) == (403, "WRONG_CREDENTIALS")
    good = await site.http("POST", "session/unlock", {"password": PASSWORD}, role="dispatcher")
    assert (good.status, good.json["locked"]) == (200, False)
    assert (await site.http("POST", "incidents", report, role="dispatcher")).status == 201
    await site.http("POST", "session/lock", {}, role="dispatcher")
    assert (await site.http("POST", "incidents", report, role="dispatcher")).status == 423


@pytest.mark.parametrize("kind", ["accounts", "sessions"])
@pytest_twisted.ensureDeferred
async def test_nobody_without_a_session_is_told_anything(site: Running, kind: str) -> None:
    assert (await site.http("GET", kind)).status == 401


@pytest_twisted.ensureDeferred
async def test_a_call_out_number_is_kept_with_the_account(site: Running) -> None:
    number = {"version": 1, "phone": "+86 139-0000-1111"}
    changed = await site.http("POST", "accounts/operator/change", number, role="secadmin")
    assert (changed.status, changed.json["phone"]) == (200, "+86 139-0000-1111")
    for bad in ("12", "call me", "1234567890123456"):
        refused = await site.http(
            "POST", "accounts/operator/change", {"version": 2, "phone": bad}, role="secadmin"
        )
        assert (refused.status, refused.json["field"]) == (422, "phone"), bad
