"""Call-outs through a real gateway's door and the site's own: lost, slow, repeated, reordered, forged, silent."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred

from adapters.callout.callouts import Callouts
from adapters.callout.gateway import NotTaken, Taken
from adapters.callout.settings import settings_of
from adapters.config import SmsSection
from adapters.exercise import phones as phones_module
from adapters.exercise.settings import Address, Phones
from dispatch.callout_records import Callout
from dispatch.errors import Malformed
from dispatch.kinds import CrewDuty, Role
from dispatch.records import Tasking
from dispatch.resource_commands import SaveResource
from dispatch.staff_records import CrewMember
from dispatch.world import World
from tests.adapters.web.running import Running
from tests.adapters.web.talking import talk
from tests.gateway import SECRET, Handset, code_in, reply, report

CAPTAIN = "13900001111"


class Called:
    """A site with a gateway, and a captain with a phone whose tasking can be ordered."""

    def __init__(self, site: Running, phones: Handset, callouts: Callouts) -> None:
        self.site, self.phones, self.callouts = site, phones, callouts

    @property
    def world(self) -> World:
        return self.site.desk.world

    def all(self, cause: str = "") -> list[Callout]:
        found = [one for one in self.world.callouts.values() if cause in ("", one.cause)]
        return sorted(found, key=lambda one: (one.queued_at, one.id))

    def tasking(self) -> Tasking:
        (found,) = self.world.taskings.values()
        return found

    async def until(self, probe: Callable[[], Any], again: bool = False) -> Any:
        """Until a commit makes it true. `again`: time goes on between tries, as pauses grow."""
        fired: Deferred[None] = Deferred()
        stop = self.site.desk.subscribe(lambda *_: fired.called or not probe() or fired.callback(None))
        try:
            if not probe():
                await fired.addTimeout(20, reactor)
        finally:
            stop()
        return probe()

    async def events(self, *events: dict[str, Any]) -> list[str]:
        answer = await self.site.http(
            "POST", "gateway/sms", {"events": list(events)}, token=self.site.tokens["phones"]
        )
        assert answer.status == 200, answer.body
        return [item["result"] for item in answer.json["items"]]

    async def ordered(self) -> dict[str, Any]:
        """The text that the captain got for a tasking that was just ordered."""
        await self.site.ordered()
        self.callouts.look()
        await self.until(lambda: any(one.state == "handed" for one in self.all()))
        return self.phones.to(CAPTAIN)[-1]

    async def last_text(self, count: int) -> str:
        """The captain's newest text once there are `count`."""
        await self.until(lambda: len(self.phones.to(CAPTAIN)) >= count and self.all()[-1].state != "queued")
        return str(self.phones.to(CAPTAIN)[-1]["text"])


@pytest_twisted.async_yield_fixture
async def called(tmp_path: Path) -> AsyncIterator[Called]:
    site = await Running.start(tmp_path)
    phones = Handset(lambda: site.clock().timestamp())
    (tmp_path / "sms.secret").write_bytes(SECRET)
    section = SmsSection(url=phones.url, secret="sms.secret", timeout_s=0.5, attempts=3)
    config = msgspec.structs.replace(site.site.config, sms=section)
    callouts = Callouts(
        desk=site.desk,
        config=config,
        open_operators=site.server.open_operators,
        clock=site.clock,
        metrics=site.site.metrics,
        reactor=reactor,
    )
    site.site.callouts = callouts
    await site.account("phones", Role.GATEWAY, phone_gateway=True)
    site.tokens["phones"] = await site.session("phones", Role.GATEWAY)
    captain = CrewMember(
        id="C1",
        site="36",
        name="李机长",
        operator_id="OP1",
        duty=CrewDuty.CAPTAIN,
        phone="139 0000 1111",
        aircraft_id="B-70K3",
        source="test",
    )
    await site.ask(SaveResource(resource=captain, version_seen=0))
    callouts.start()
    yield Called(site, phones, callouts)
    await callouts.stop()
    phones.close()
    await site.stop()


@pytest_twisted.ensureDeferred
async def test_a_closed_phone_gets_a_text_and_its_reply_accepts_the_tasking(called: Called) -> None:
    console = await talk(called.site.port)
    await console.hello(called.site.tokens["dispatcher"])
    text = await called.ordered()
    assert (text["kind"], text["to"], called.phones.forged) == ("sms", CAPTAIN, 0)
    assert called.tasking().number in text["text"]
    assert await called.events(report(text)) == ["noted"]
    code = code_in(text["text"])
    assert await called.events(reply("r1", "+86" + CAPTAIN, f"１　{code}")) == ["accepted"]
    assert (called.tasking().state, called.tasking().history[-1].actor) == ("accepted", "operator")
    assert called.tasking().history[-1].reason == "短信 …1111"
    assert "已接受" in await called.last_text(2)
    shown = await console.hear("records", lambda said: any(one.reply for one in said.callouts))
    assert CAPTAIN not in str(shown)
    assert code not in str(shown)
    # the same event again is answered as before, and nothing is sent for it
    assert await called.events(reply("r1", CAPTAIN, f"1 {code}")) == ["accepted"]
    # another one with the code that is used is answered once
    assert await called.events(reply("r2", CAPTAIN, f"1 {code}")) == ["repeated"]
    assert "已答复过" in await called.last_text(3)


@pytest_twisted.ensureDeferred
async def test_an_open_page_that_shows_it_in_time_saves_the_text(called: Called) -> None:
    page = await talk(called.site.port)
    await page.hello(called.site.tokens["operator"])
    tasking = await called.site.ordered()
    called.callouts.look()
    path = f"taskings/{tasking['id']}/shown"
    wrong = await called.site.http("POST", path, {"version": tasking["version"]}, role="dispatcher")
    assert wrong.status == 403
    never = await called.site.http("POST", path, {"version": tasking["version"] + 1}, role="operator")
    assert never.json["code"] == "CHANGED"
    older = await called.site.http("POST", path, {"version": tasking["version"] - 1}, role="operator")
    assert (
        older.json["shown_version"] == tasking["version"] - 1
    )  # the page showed what a newer version then overtook
    await called.site.act(path, "operator", tasking["version"])
    await called.site.act(path, "operator", tasking["version"])  # a second page shows it too
    called.site.clock.forward(seconds=60)
    called.callouts.look()
    assert called.all() == []
    await called.site.act(f"taskings/{tasking['id']}/recall", "dispatcher", tasking["version"], reason="火灭")
    called.callouts.look()  # the page has twenty seconds for this one too
    called.site.clock.forward(seconds=21)
    called.callouts.look()
    assert "召回" in await called.last_text(1)


@pytest_twisted.ensureDeferred
async def test_lost_answers_and_a_busy_gateway_cost_time_and_no_second_text(called: Called) -> None:
    called.phones.mood.extend([503, "drop"])
    await called.site.ordered()
    called.callouts.look()
    await called.until(lambda: called.all() and called.all()[0].attempts == 1)
    assert called.all()[0].detail == "HTTP_503"
    called.site.clock.forward(seconds=2)
    called.callouts.look()
    await called.until(lambda: called.all()[0].attempts == 2)
    called.site.clock.forward(seconds=4)
    called.callouts.look()
    await called.until(lambda: called.all()[0].state == "handed")
    assert len(called.phones.requests) == 3
    assert len({one["id"] for one in called.phones.requests}) == 1
    assert len(called.phones.to(CAPTAIN)) == 1


@pytest_twisted.ensureDeferred
async def test_a_gateway_that_never_answers_delays_nobody_and_is_shown_as_not_delivered(
    called: Called,
) -> None:
    called.phones.mood.extend(["hang"] * 3)
    await called.site.ordered()
    called.callouts.look()
    assert (await called.site.http("GET", "health")).status == 200  # while the request hangs
    for attempt in (1, 2, 3):
        await called.until(lambda attempt=attempt: called.all() and called.all()[0].attempts == attempt)
        called.site.clock.forward(seconds=60)
        called.callouts.look()
    (lost,) = called.all()
    assert (lost.state, lost.detail) == ("failed", "TIMEOUT")
    assert [one.state for one in called.callouts.services()] == ["degraded"]
    number = await called.site.http("GET", f"callouts/{lost.id}/number", role="dispatcher")
    assert number.json["number"] == CAPTAIN
    assert (await called.site.http("GET", f"callouts/{lost.id}/number", role="auditor")).status == 403
    phoned = await called.site.act(f"callouts/{lost.id}/phoned", "duty_chief", lost.version)
    assert phoned["phoned_by"] == "duty_chief"


@pytest_twisted.ensureDeferred
async def test_reports_come_twice_late_and_in_the_wrong_order(called: Called) -> None:
    text = await called.ordered()
    assert await called.events(report(text), report(text, "failed"), report(text)) == ["noted"] * 3
    assert called.all()[0].state == "delivered"
    assert await called.events({"type": "report", "id": "36-CAL-NOSUCH", "state": "delivered"}) == [
        "UNKNOWN_ID"
    ]


@pytest_twisted.ensureDeferred
async def test_without_a_report_it_has_failed_until_a_late_one_comes(called: Called) -> None:
    text = await called.ordered()
    called.site.clock.forward(seconds=121)
    called.callouts.look()
    await called.until(lambda: called.all()[0].state == "failed")
    assert called.all()[0].detail == "NO_REPORT"
    assert await called.events(report(text)) == ["noted"]
    assert called.all()[0].state == "delivered"


@pytest_twisted.ensureDeferred
async def test_replies_that_do_not_count_are_named_answered_and_written_down(called: Called) -> None:
    text = await called.ordered()
    code = code_in(text["text"])
    wrong = str(1000 + (int(code) + 1) % 9000)
    told = await called.events(
        reply("a", CAPTAIN, "什么任务"),
        reply("b", CAPTAIN, f"1 {wrong}"),
        reply("c", "13800000000", f"1 {code}"),
        reply("d", CAPTAIN, f"2 {code}"),
        reply("e", CAPTAIN, f"1 {code} 不接受"),
    )
    assert told == ["unreadable", "wrong_code", "wrong_number", "reason_missing", "ambiguous"]
    assert called.tasking().state == "ordered"
    await called.until(lambda: len(called.phones.to(CAPTAIN)) == 5)
    assert called.phones.to("13800000000") == []  # no stranger is ever answered
    called.site.clock.forward(minutes=31)
    assert await called.events(reply("f", CAPTAIN, f"1 {code}")) == ["expired"]
    called.callouts.look()
    lines = (await called.site.http("GET", "callout-replies", role="auditor")).json["items"]
    assert {line["result"] for line in lines} == {*told, "expired"}
    assert CAPTAIN not in str(lines)
    assert (await called.site.http("GET", "callout-replies", role="operator")).status == 403


@pytest_twisted.ensureDeferred
async def test_one_reason_refuses_and_a_changed_tasking_takes_no_reply(called: Called) -> None:
    text = await called.ordered()
    code = code_in(text["text"])
    assert await called.events(reply("a", CAPTAIN, f"2 {code} 1")) == ["refused"]
    assert (called.tasking().state, called.tasking().refusal) == ("ended", "weather")


@pytest_twisted.ensureDeferred
async def test_a_call_takes_its_key(called: Called) -> None:
    settings = called.callouts.settings
    assert settings is not None
    called.callouts._notices._settings = replace(settings, voice=True)
    text = await called.ordered()
    version = called.tasking().version
    called.site.clock.forward(seconds=121)
    from dispatch.clocks import due_timers

    for timer in due_timers(called.world, called.site.clock()):
        await called.site.ask(timer)
    assert called.tasking().version == version
    called.callouts.look()
    await called.until(lambda: called.all("unanswered") and called.all("unanswered")[0].state == "handed")
    call = called.phones.to(CAPTAIN)[-1]
    assert (call["kind"], call["keys"]) == ("voice", ["1", "2"])
    key = {"type": "key", "number": CAPTAIN, "callout": call["id"]}
    assert await called.events({**key, "id": "k1", "keys": "9"}) == ["unreadable"]
    assert await called.events({**key, "id": "k2", "keys": "1", "callout": text["id"]}) == ["wrong_code"]
    assert await called.events({**key, "id": "k3", "keys": "1", "number": "13800000000"}) == ["wrong_number"]
    assert await called.events({**key, "id": "k4", "keys": "1"}) == ["accepted"]
    assert called.tasking().history[-1].reason == "语音 …1111"


@pytest_twisted.ensureDeferred
async def test_only_the_telephone_gateway_s_account_may_bring_anything(called: Called) -> None:
    body = {"events": [reply("a", CAPTAIN, "1 1234")]}
    for role in Role:  # the alarm gateway's among them
        assert (await called.site.http("POST", "gateway/sms", body, role=role.value)).status == 403, role
    assert (await called.site.http("POST", "gateway/sms", body)).status == 401
    token = called.site.tokens["phones"]
    for wrong in (
        {"events": []},
        {"events": [{"type": "fax", "id": "a"}]},
        {"events": [reply("a b", CAPTAIN, "1")]},
        {"events": [reply("a", "call me", "1")]},
        {"events": [reply("a", CAPTAIN, "1" * 2001)]},
    ):
        answer = await called.site.http("POST", "gateway/sms", wrong, token=token)
        assert (answer.status, answer.json["code"]) == (422, "MALFORMED"), wrong
    for door in ("callouts", "taskings", "incidents"):
        assert (await called.site.http("GET", door, token=token)).json["items"] == []
    alarm = await called.site.http(
        "POST", "alarms/report", {"title": "x", "position": {"lon_deg": 115, "lat_deg": 28}}, token=token
    )
    assert alarm.status == 403


@pytest.mark.parametrize(
    ("section", "field"),
    [
        ({"url": "http://10.0.0.9/send"}, "sms.url"),
        ({"url": "ftp://127.0.0.1/"}, "sms.url"),
        ({"url": "https://gateway/send"}, "sms.ca"),
        ({"url": "http://127.0.0.1:1/send"}, "sms.secret"),
        ({"url": "http://127.0.0.1:1/send", "secret": "absent"}, "sms.secret"),
        ({"url": "http://127.0.0.1:1/send", "secret": "short"}, "sms.secret"),
    ],
)
def test_a_gateway_that_cannot_be_trusted_is_named_at_the_start(
    tmp_path: Path, section: dict[str, str], field: str
) -> None:
    from adapters.config import parse

    (tmp_path / "short").write_bytes(b"123")
    config = msgspec.structs.replace(
        parse(b'[site]\nid = "36"\nname = "x"\n', tmp_path),
        sms=SmsSection(**section),  # type: ignore[arg-type]
    )
    with pytest.raises(Malformed) as caught:
        settings_of(config)
    assert caught.value.field == field


@pytest_twisted.ensureDeferred
async def test_the_demonstration_s_gateway_takes_texts_once_and_its_crew_accepts(
    called: Called, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phones_module, "DELIVERED_AFTER_S", 0.0)

    async def bring(event: dict[str, str]) -> None:
        await called.events(event)

    listen = Address(host="127.0.0.1", port=0)
    phones = Phones(listen=listen, secret=SECRET.decode(), answering=(CAPTAIN,))
    simulated = phones_module.SimulatedGateway(phones, bring, 0.0, reactor)
    simulated.start()
    try:
        settings = called.callouts.settings
        assert settings is not None
        url = f"http://127.0.0.1:{simulated._port.getHost().port}/send"
        called.callouts._gateway._settings = replace(settings, url=url)
        await called.site.ordered()
        called.callouts.look()
        await called.until(lambda: called.tasking().state == "accepted")
        first = next(one for one in called.all() if one.cause == "ordered")
        again = await called.callouts._gateway.send(
            first, called.world.callout_secrets[first.id], int(called.site.clock().timestamp())
        )
        assert isinstance(again, Taken)
        called.callouts._gateway._settings = replace(settings, url=url, secret=b"another secret altogether")
        forged = await called.callouts._gateway.send(first, called.world.callout_secrets[first.id], 1)
        assert forged == NotTaken(why="HTTP_401", for_good=False)
        await called.until(lambda: all(one.state == "delivered" for one in called.all()))
    finally:
        await simulated.stop()
