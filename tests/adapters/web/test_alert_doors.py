"""Alarms over HTTP and on every console: acknowledged by one for all, put away for a while, nets that keep still."""

from typing import Any

import pytest_twisted

from dispatch import access
from dispatch.kinds import Role
from tests.adapters.web.running import Running
from tests.adapters.web.talking import talk
from tests.adapters.web.test_doors import sight

EMERGENCY = "alerts/emergency:icao24:78a001"
SEEN = {"severity": 1, "code": "general", "said": "B70K3 遇险"}


async def state(site: Running, role: str = "dispatcher") -> Any:
    (alert,) = (await site.http("GET", "alerts", role=role)).json["items"]
    return alert


@pytest_twisted.ensureDeferred
async def test_what_one_acknowledges_is_acknowledged_at_every_console_and_not_at_atc(site: Running) -> None:
    talkers = []
    for role in ("duty_chief", "base", "atc"):
        talker = await talk(site.port)
        await talker.hello(site.tokens[role])
        talkers.append(talker)
    sight(site, "78a001", 115.9, squawk="7700")
    assert (await state(site))["state"] == "unacknowledged"
    answer = await site.http("POST", f"{EMERGENCY}/acknowledge", SEEN, role="dispatcher")
    assert answer.status == 200, answer.body
    for talker in talkers:
        told = await talker.hear("records", lambda records: bool(records.alert_handlings))
        assert told.alert_handlings[0].acknowledged_by == "dispatcher"
    assert [(await state(site, role))["state"] for role in ("duty_chief", "atc")] == [
        "acknowledged",
        "unacknowledged",
    ]
    again = await site.http("POST", f"{EMERGENCY}/acknowledge", SEEN, role="duty_chief")
    assert (again.status, again.json["code"]) == (409, "NOT_NOW")
    sight(site, "78a001", 115.9001, squawk="7600")
    site.site.watch.look()
    assert (await state(site))["state"] == "unacknowledged"  # another thing by now
    late = await site.http("POST", f"{EMERGENCY}/acknowledge", SEEN, role="duty_chief")
    assert (late.status, late.json["code"]) == (409, "CHANGED")


@pytest_twisted.ensureDeferred
async def test_a_red_alarm_is_shelved_for_minutes_after_it_was_acknowledged_and_comes_back(
    site: Running,
) -> None:
    sight(site, "78a001", 115.9, squawk="7700")
    shelf = {**SEEN, "minutes": 3, "reason": "已通话"}
    early = await site.http("POST", f"{EMERGENCY}/shelve", shelf, role="dispatcher")
    assert early.json["code"] == "ACKNOWLEDGE_FIRST"
    await site.http("POST", f"{EMERGENCY}/acknowledge", SEEN, role="dispatcher")
    long = await site.http("POST", f"{EMERGENCY}/shelve", {**shelf, "minutes": 4}, role="dispatcher")
    assert (long.status, long.json["code"], long.json["field"]) == (409, "TOO_LONG", "minutes")
    assert (await site.http("POST", f"{EMERGENCY}/shelve", shelf, role="dispatcher")).status == 200
    shelved = await state(site, "duty_chief")
    assert (shelved["state"], shelved["shelved_by"], shelved["shelf_reason"]) == (
        "shelved",
        "dispatcher",
        "已通话",
    )
    back = await site.http("POST", f"{EMERGENCY}/unshelve", {}, role="duty_chief")
    assert back.status == 200, back.body
    assert (await state(site))["state"] == "unacknowledged"
    site.clock.forward(seconds=1)
    await site.http("POST", f"{EMERGENCY}/acknowledge", SEEN, role="dispatcher")
    await site.http("POST", f"{EMERGENCY}/shelve", shelf, role="dispatcher")
    site.clock.forward(seconds=181)
    assert (await state(site))["state"] == "unacknowledged"


@pytest_twisted.ensureDeferred
async def test_acts_on_alarms_are_for_their_roles_and_what_is_no_alarm_is_unknown(site: Running) -> None:
    inhibition = {
        "kind": "conflict",
        "scope": "pair",
        "track_ids": ["icao24:78a002", "icao24:78a001"],
        "minutes": 30,
        "reason": "同一航线",
    }
    for role in Role:
        path = f"alerts/page:timer:{role.value}:1/acknowledge"
        answer = await site.http("POST", path, {"severity": 2}, role=role.value)
        assert answer.status == (200 if role in access.HANDLE_ALERT else 403), role
        answer = await site.http("POST", "inhibitions", inhibition, role=role.value)
        assert answer.status == (201 if role in access.INHIBIT_NET else 403), role
    unknown = await site.http("POST", "alerts/conflict:a|b/acknowledge", {"severity": 1}, role="dispatcher")
    assert (unknown.status, unknown.json["code"]) == (404, "UNKNOWN_ID")
    never = await site.http("POST", "inhibitions", {**inhibition, "kind": "emergency"}, role="dispatcher")
    assert (never.status, never.json["code"]) == (409, "NEVER_INHIBITED")
    made = (await site.http("GET", "inhibitions", role="atc")).json["items"]
    assert [each["track_ids"] for each in made] == [["icao24:78a001", "icao24:78a002"]] * len(
        access.INHIBIT_NET
    )
    lifted = await site.act(f"inhibitions/{made[0]['id']}/lift", "duty_chief", 1, reason="分开了")
    assert lifted["lifted_by"] == "duty_chief"
    site.clock.forward(minutes=31)
    assert (await site.http("GET", "inhibitions", role="atc")).json["items"] == []
    assert len((await site.http("GET", "inhibitions?over=true", role="atc")).json["items"]) == 2
