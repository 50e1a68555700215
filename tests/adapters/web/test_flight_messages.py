"""A tasking's flight messages through the doors: who may have them, and which fits."""

from typing import Any

import pytest_twisted

from protocols.flight_messages import reader
from tests.adapters.web.running import Running

STEPS = (("accept", "operator"), ("prepare", "operator"), ("release", "base"), ("take_off", "operator"))


async def message(site: Running, tasking: dict[str, Any], query: str = "", role: str = "dispatcher") -> Any:
    return await site.http("GET", f"taskings/{tasking['id']}/flight-message{query}", role=role)


@pytest_twisted.ensureDeferred
async def test_the_message_follows_the_flight_and_each_may_have_what_concerns_it(site: Running) -> None:
    tasking = await site.ordered()
    for role in ("dispatcher", "duty_chief", "base", "operator", "atc"):
        answer = await message(site, tasking, role=role)
        assert answer.status == 200, (role, answer.body)
        assert (answer.json["kind"], answer.json["available"]) == ("FPL", ["FPL"])
    for role, status in (
        ("observer", 403),
        ("partner", 403),
        ("auditor", 403),
        ("sysadmin", 403),
        ("secadmin", 403),
        ("other_operator", 404),
    ):
        assert (await message(site, tasking, role=role)).status == status, role
    plan = (await message(site, tasking)).json
    assert reader.parse(plan["text"]).kind == "FPL"
    assert [each["number"] for each in plan["fields"]] == [3, 7, 8, 9, 10, 13, 15, 16, 18]
    assert {"field": "10", "code": "EQUIPMENT"} in plan["incomplete"]
    early = await message(site, tasking, "?kind=DEP")
    assert (early.status, early.json["code"], early.json["field"]) == (409, "NO_MESSAGE", "kind")
    assert (await message(site, tasking, "?kind=XYZ")).status == 422
    assert (await site.http("GET", "taskings/36-TSK-NONE/flight-message", role="dispatcher")).status == 404
    await site.act(f"airspace/{tasking['airspace_request_ids'][-1]}/approve", "atc", 1)
    for step, role in STEPS:
        site.clock.forward(minutes=2)
        tasking = await site.act(f"taskings/{tasking['id']}/{step}", role, tasking["version"])
    departed = (await message(site, tasking)).json
    assert (departed["kind"], departed["suggested"], departed["version"]) == (
        "DEP",
        "DEP",
        tasking["version"],
    )
    text = await site.http("GET", f"taskings/{tasking['id']}/flight-message.txt?kind=DEP", role="atc")
    assert (text.status, text.body.decode().strip()) == (200, departed["text"])
