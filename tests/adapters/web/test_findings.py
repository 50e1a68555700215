"""What the track says of a flight, through the doors: proposed to people, confirmed by one of them, never by itself."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest_twisted

from dispatch.commands import Ask
from dispatch.drop_commands import NoteTrackEvents
from dispatch.flight_phase import FlightEvent, FlightEventKind
from dispatch.flight_watch import FlightWatch, kept
from dispatch.kinds import AltitudeDatum, SourceKind
from dispatch.resource_commands import SaveResource
from dispatch.sighting import Sighting
from tests.adapters.web.running import Running
from tests.dispatch import scene

KEY = {"Idempotency-Key": "a"}


async def released(site: Running) -> Any:
    tasking = await site.ordered()
    path = f"taskings/{tasking['id']}"
    for action, role in (("accept", "operator"), ("prepare", "operator")):
        tasking = await site.act(f"{path}/{action}", role, tasking["version"])
    [request] = (await site.http("GET", "airspace", role="atc")).json["items"]
    await site.act(f"airspace/{request['id']}/approve", "atc", request["version"])
    tasking = (await site.http("GET", path, role="operator")).json
    tasking = await site.act(f"{path}/release", "base", tasking["version"])
    site.site.watch.follow(site.desk.world)
    return tasking


def seen(site: Running, key: str, *, climbs_m: float, speed_mps: float, lon_deg: float = 116.0) -> None:
    """One report a second later, and the watch's look at it."""
    site.clock.forward(seconds=1)
    sighting = Sighting(
        source="hill",
        source_kind=SourceKind.TERMINAL,
        own_key=key,
        observed_at_s=site.clock().timestamp(),
        lon_deg=lon_deg,
        lat_deg=28.6,
        altitude_m=20.0 + climbs_m,
        altitude_datum=AltitudeDatum.MSL,
        ground_speed_mps=speed_mps,
    )
    site.picture.accept(sighting, site.clock().timestamp())
    site.site.watch.look()


@pytest_twisted.ensureDeferred
async def test_a_take_off_is_proposed_and_one_tap_confirms_its_time(site: Running) -> None:
    tasking = await released(site)
    path = f"taskings/{tasking['id']}"
    key = f"registration:{tasking['aircraft_id']}"
    for _ in range(10):
        seen(site, key, climbs_m=0.0, speed_mps=0.0)
    standing = (await site.http("GET", f"{path}/findings", role="operator")).json
    assert (standing["items"], standing["action"], standing["proposed"]) == ([], None, None)
    left_at = site.clock()
    for second in range(20):
        seen(
            site,
            key,
            climbs_m=5.0 * second,
            speed_mps=2.0 * second,
            lon_deg=116.0 + second * second * 1e-5,
        )
    told = (await site.http("GET", f"{path}/findings", role="operator")).json
    assert told["action"] == "take_off"
    assert told["proposed"]["why"]["above_ground_m"] > 0
    assert (await site.http("GET", path, role="operator")).json["state"] == "released"  # nothing by itself
    body = {"version": tasking["version"], "done_at": told["proposed"]["at"]}
    answer = await site.http("POST", f"{path}/take_off", body, role="operator")
    assert (answer.status, answer.json["state"]) == (200, "airborne")
    confirmed = site.desk.world.taskings[tasking["id"]].history[-1]
    assert (confirmed.actor, confirmed.action) == ("operator", "take_off")
    assert timedelta(0) <= confirmed.at - left_at <= timedelta(seconds=10)
    after = (await site.http("GET", f"{path}/findings", role="operator")).json
    assert after["action"] is None
    assert [each["kind"] for each in after["items"]] == ["take_off"]


@pytest_twisted.ensureDeferred
async def test_whoever_may_not_see_a_tasking_hears_nothing_of_its_track(site: Running) -> None:
    tasking = await released(site)
    for role in ("sysadmin", "secadmin"):
        assert (await site.http("GET", f"taskings/{tasking['id']}/findings", role=role)).status == 404
    assert (await site.http("GET", "taskings/36-TSK-NONE/findings", role="dispatcher")).status == 404


async def noted(site: Running) -> int:
    """The clock has what was found noted, as adapters/timers.py does; how much it was."""
    notes = site.site.watch.to_note()
    for note in notes:
        await site.desk.ask(Ask(actor="clock", role=None, command_id=note.events[-1].id, command=note))
    site.site.watch.follow(site.desk.world)
    return sum(len(note.events) for note in notes)


@pytest_twisted.ensureDeferred
async def test_what_was_found_is_noted_once_and_is_there_again_after_a_restart(site: Running) -> None:
    tasking = await released(site)
    key = f"registration:{tasking['aircraft_id']}"
    for second in range(20):
        climbs = max(0.0, 5.0 * (second - 8))
        seen(site, key, climbs_m=climbs, speed_mps=climbs / 2, lon_deg=116.0 + climbs * climbs * 1e-6)
    assert (await noted(site), await noted(site)) == (1, 0)
    path = f"taskings/{tasking['id']}"
    before = (await site.http("GET", f"{path}/findings", role="operator")).json
    anew = FlightWatch()
    anew.look(site.desk.world, site.picture, site.clock().timestamp())
    again = anew.findings(site.desk.world.taskings[tasking["id"]])
    assert [each.kind for each in again.events] == [FlightEventKind.TAKE_OFF]
    assert (again.action, anew.to_note(site.desk.world)) == ("take_off", ())
    assert before["proposed"]["id"] == before["items"][0]["id"]
    assert await noted(site) == 0


async def working(site: Running, drops: int) -> tuple[str, list[str]]:
    """A flight over the fire, of which the track has shown so many drops; its path and their ids."""
    tasking = await released(site)
    path = f"taskings/{tasking['id']}"
    for action in ("take_off", "arrive"):
        tasking = await site.act(f"{path}/{action}", "operator", tasking["version"])
    record = site.desk.world.taskings[tasking["id"]]
    craft = site.desk.world.aircraft[record.aircraft_id]
    with_bucket = SaveResource(
        resource=replace(craft, water=scene.aircraft(1).water), version_seen=craft.version
    )
    await site.desk.ask(Ask(actor="test", role=None, command_id="bucket", command=with_bucket))
    events = []
    for _ in range(drops):
        site.clock.forward(minutes=3)
        at_s = site.clock().timestamp()
        found = FlightEvent(
            kind=FlightEventKind.DROP, at_s=at_s, lon_deg=115.9, lat_deg=28.7, confidence=0.8, why=()
        )
        events.append(kept(record, found))
    note = NoteTrackEvents(tasking_id=record.id, events=tuple(events))
    await site.desk.ask(Ask(actor="clock", role=None, command_id="n", command=note))
    return path, [each.id for each in events]


@pytest_twisted.ensureDeferred
async def test_drops_are_confirmed_together_corrected_and_rejected_through_the_doors(site: Running) -> None:
    path, ids = await working(site, 4)
    one = await site.http(
        "POST", f"{path}/drops", {"event": ids[0], "litres": 900}, role="observer", headers=KEY
    )
    assert (one.status, [each["litres"] for each in one.json["water"]]) == (200, [900])
    again = await site.http(
        "POST", f"{path}/drops", {"event": ids[0], "litres": 900}, role="observer", headers=KEY
    )
    assert again.json["water"] == one.json["water"]  # the same key is answered as the first time
    other = await site.http("POST", f"{path}/drops", {"event": ids[0]}, role="operator")
    assert (other.status, other.json["code"], other.json["field"]) == (409, "ALREADY_RECORDED", "event")
    gone = await site.http("POST", f"{path}/findings/reject", {"events": [ids[3]]}, role="base")
    assert [each["answer"] for each in gone.json["items"]] == ["confirmed", "open", "open", "rejected"]
    every = await site.http("POST", f"{path}/drops", {"events": ids[:3], "litres": 800}, role="dispatcher")
    assert [each["litres"] for each in every.json["water"]] == [900, 800, 800]
    assert {each["source"] for each in every.json["water"]} == {"track"}

    load = every.json["water"][1]
    better = {"version": 1, "reason": "桶未满", "litres": 600}
    changed = await site.http("POST", f"{path}/drops/{load['id']}", better, role="operator")
    assert changed.json["water"][1]["changes"][0]["before_litres"] == 800
    stale = await site.http("POST", f"{path}/drops/{load['id']}", better, role="base")
    assert (stale.status, stale.json["code"], stale.json["version"]) == (409, "CHANGED", 2)
    undone = {"version": 1, "reason": "误按", "strike": True}
    struck = await site.http(
        "POST", f"{path}/drops/a", undone, role="observer"
    )  # by the key it was told under
    assert [each["struck"] for each in struck.json["water"]] == [True, False, False]
    for role, code in (("atc", 403), ("auditor", 403), ("other_operator", 404)):
        assert (await site.http("POST", f"{path}/drops", {}, role=role)).status == code, role
    for body in ({"events": ids, "event": ids[0]}, {"litres": 0}, {"kind": "spray"}, {"wet": True}):
        assert (await site.http("POST", f"{path}/drops", body, role="operator")).status == 422, body
    await site.site.refusals.flush()
    kept_lines = (await site.http("GET", "audit?act=recordWater", role="auditor")).json["items"]
    assert {line["code"] for line in kept_lines} == {"ALREADY_RECORDED", "FORBIDDEN", "UNKNOWN_ID"}


@pytest_twisted.ensureDeferred
async def test_hours_are_signed_by_both_through_the_doors(site: Running) -> None:
    path, ids = await working(site, 2)
    await site.http("POST", f"{path}/drops", {"events": ids, "litres": 900}, role="operator")
    tasking = (await site.http("GET", path, role="base")).json
    for action in ("leave", "land"):
        tasking = await site.act(f"{path}/{action}", "operator", tasking["version"])
    told = (await site.http("GET", f"{path}/hours", role="operator")).json
    assert (told["drops"], told["litres"], told["signed"]) == (2, 1800, False)
    stale = await site.http("POST", f"{path}/hours/sign", {"digest": "0" * 64}, role="operator")
    assert (stale.status, stale.json["code"]) == (409, "CHANGED")
    settle = {"version": tasking["version"]}
    refused = await site.http("POST", f"{path}/settle", settle, role="base")
    assert (refused.status, refused.json["code"]) == (409, "NOT_SIGNED")
    for role in ("operator", "base"):
        told = (await site.http("POST", f"{path}/hours/sign", {"digest": told["digest"]}, role=role)).json
    assert told["signed"]
    assert [each["signature"]["by"] for each in told["parties"]] == ["base", "operator"]
    assert (await site.http("POST", f"{path}/settle", settle, role="base")).json["state"] == "settled"
