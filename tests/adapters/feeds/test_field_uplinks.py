"""Messages to teams over real sockets: text as GeoChat, a sketch as drawings, receipts and answers back, a line that was cut."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest_twisted
from defusedxml.ElementTree import fromstring

from dispatch.geo import Position
from dispatch.incident_commands import ActOnIncident
from dispatch.kinds import IncidentAction, Role
from dispatch.room_kinds import RoomSymbol, StrokeKind
from dispatch.room_records import Stroke
from dispatch.uplink_commands import SendUplink, UplinkAddress
from dispatch.uplink_kinds import UplinkAnswer, UplinkState
from dispatch.uplink_records import Uplink, UplinkPicture
from protocols import cot_xml
from protocols.cot_chat import Chat
from protocols.cot_event import Detail, Link
from tests.adapters.feeds.cot_site import Client, CotSite, control, fresh
from tests.adapters.feeds.test_feed import until

FAST = {"send_every_s": 1.0}
A, B, C = (Position(lon_deg=115.1 + step, lat_deg=28.9 + step / 2) for step in (0.0, 0.01, 0.02))
SKETCH = (
    Stroke(kind=StrokeKind.AREA, points=(A, B, C), text="搜索区"),
    Stroke(kind=StrokeKind.ARROW, points=(A, B), text="由此进入"),
    Stroke(kind=StrokeKind.SYMBOL, points=(C,), symbol=RoomSymbol.LANDING_POINT),
)


@pytest_twisted.async_yield_fixture
async def site() -> AsyncIterator[CotSite]:
    made = CotSite()
    made.scene.now = datetime.now(UTC)
    yield made
    await made.stop()


def send(site: CotSite, team: str = "TEAM", **more: Any) -> Uplink:
    """The desk sends to a team of a fire."""
    incident = next(iter(site.scene.world.incidents), "") or site.scene.report()
    said = {"text": "向北坡 <撤离> & 待命"} | more
    to = (UplinkAddress(thing_key=f"cot:{team}", name="队员01"),)
    (fact,) = site.scene.ask(Role.DISPATCHER, SendUplink(incident_id=incident, to=to, **said))
    return fact.uplink  # type: ignore[union-attr]  # what it makes


def kept(site: CotSite, one: Uplink) -> Uplink:
    return site.scene.world.uplinks[one.id]


def receipt(one: Uplink, code: str, who: str = "TEAM") -> bytes:
    """As ATAK writes it: `__chatreceipt`, the message's id as the uid."""
    event = fresh(one.id, type=code, detail=Detail(links=(Link(uid=who, type="a-f-G-U-C", relation="p-p"),)))
    head, tail = cot_xml.write(event).split(b"<detail>")
    said = (
        f'<__chatreceipt parent="RootContactGroup" groupOwner="false" messageId="{one.id}" chatroom="desk"'
        f' id="ganying.36" senderCallsign="队员01"><chatgrp uid0="{who}" uid1="ganying.36" id="ganying.36"/>'
        "</__chatreceipt>"
    )
    return head + b"<detail>" + said.encode() + tail


@pytest_twisted.ensureDeferred
async def test_a_team_hears_text_and_sketch_and_its_receipts_come_back(site: CotSite) -> None:
    feed = await site.start(**FAST)
    picture = UplinkPicture(
        sha256="a" * 64, size=9, width_px=4, height_px=3, shown_at=site.scene.now, stream_name="吊舱"
    )
    site.scene.report()
    one = send(site, marks=SKETCH, picture=picture)
    site.tell()
    team, other = Client.dial(feed), Client.dial(feed)
    other.send(fresh("OTHER"))
    team.send(fresh("TEAM"))
    await until(lambda: len([e for e in team.events() if one.id in e.uid]) == 4)
    chat, area, arrow, spot = [event for event in team.events() if one.id in event.uid]
    assert (chat.type, chat.uid) == ("b-t-f", f"GeoChat.ganying.36.TEAM.{one.id}")
    assert chat.detail.chat is not None
    assert (chat.detail.chat.message_id, chat.detail.chat.to_uid) == (one.id, "TEAM")
    assert chat.detail.remarks.startswith("向北坡 <撤离> & 待命 ［标绘 3 项：搜索区、由此进入］")
    assert "截图" in chat.detail.remarks
    assert [(each.type, each.detail.callsign) for each in (area, arrow, spot)] == [
        ("u-d-f", "搜索区"),
        ("u-d-f", "由此进入"),
        ("b-m-p-s-m", "临时起降点"),
    ]
    raw = next(part for part in team.raw.split(b"</event>") if f"{one.id}.1".encode() in part) + b"</event>"
    points = [each.get("point") for each in fromstring(raw[raw.index(b"<event") :]).iter("link")]
    assert points == [f"{at.lat_deg:.7f},{at.lon_deg:.7f}" for at in (A, B, C, A)]
    assert kept(site, one).state is UplinkState.HANDED
    assert not [event for event in other.events() if one.id in event.uid]

    other.connection.sendall(receipt(one, "b-t-f-r", "OTHER") + receipt(one, "b-t-f-r", "TEAM"))
    team.connection.sendall(receipt(one, "b-t-f-d"))
    await until(
        lambda: kept(site, one).state is UplinkState.DELIVERED
    )  # not read by the word of another line
    team.connection.sendall(receipt(one, "b-t-f-r"))
    await until(lambda: kept(site, one).answer is UplinkAnswer.READ)
    said = Chat(
        message_id="their-1", from_uid="TEAM", from_name="队员01", to_uid="ganying.36", to_name="desk"
    )
    answer = fresh(
        "GeoChat.TEAM.ganying.36.their-1", type="b-t-f", detail=Detail(chat=said, remarks="收到，撤离")
    )
    team.send(answer)
    team.send(answer)  # twice is once
    await until(lambda: kept(site, one).answer is UplinkAnswer.TEXT)
    assert (kept(site, one).answer_text, kept(site, one).answered_by) == ("收到，撤离", "field")
    team.close()
    other.close()


@pytest_twisted.ensureDeferred
async def test_what_was_not_said_to_be_there_is_written_again_on_the_next_line_in_its_form(
    site: CotSite,
) -> None:
    feed = await site.start(**FAST)
    site.scene.report()
    one = send(site)
    site.tell()
    first = Client.dial(feed)
    first.send(fresh("TEAM"))
    await until(lambda: kept(site, one).state is UplinkState.HANDED)
    first.close()
    again = Client.dial(feed)
    again.send(control("t-x-takp-q", asks=1))
    again.send(fresh("TEAM"))
    await until(lambda: any(one.id in event.uid for event in again.protobuf()))
    (heard,) = [event for event in again.protobuf() if one.id in event.uid]  # read by takproto
    assert heard.type == "b-t-f"
    inside = fromstring(f"<detail>{heard.detail.xmlDetail}</detail>")
    assert inside.find("__chat").get("messageId") == one.id
    assert inside.find("__chat/chatgrp").get("uid1") == "TEAM"
    assert inside.find("remarks").text == "向北坡 <撤离> & 待命"
    assert inside.find("marti/dest").get("uid") == "TEAM"
    again.close()


@pytest_twisted.ensureDeferred
async def test_a_drill_says_so_in_every_event(site: CotSite) -> None:
    feed = await site.start(**FAST)
    incident = site.scene.report()
    world = site.scene.world
    drill = replace(world.incidents[incident], simulated=True)
    site.scene.world = replace(world, incidents=world.incidents.set(incident, drill))
    one = send(site, marks=SKETCH)
    confirm = ActOnIncident(incident_id=incident, action=IncidentAction.CONFIRM, version_seen=1)
    site.scene.ask(Role.DISPATCHER, confirm)
    site.tell()
    team = Client.dial(feed)
    team.send(fresh("TEAM"))
    await until(lambda: len([e for e in team.events() if one.id in e.uid]) == 4)
    told = [event for event in team.events() if one.id in event.uid]
    assert {event.how for event in told} == {"m-s"}
    assert all("演练" in event.detail.remarks for event in told)
    team.close()
