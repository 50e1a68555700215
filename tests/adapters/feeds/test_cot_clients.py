"""Rounds of telling over real sockets: fleet, teams, incidents, alarms; slow clients; many clients."""

import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest_twisted

from dispatch.incident_commands import ActOnIncident
from dispatch.kinds import Emergency, IncidentAction, Role, SourceKind, ThingKind
from dispatch.sighting import Sighting
from protocols.cot_event import CotEvent, Detail, Link
from tests.adapters.feeds.cot_site import Client, CotSite, control, fresh
from tests.adapters.feeds.test_feed import until

FAST = {"send_every_s": 1.0}


@pytest_twisted.async_yield_fixture
async def site() -> AsyncIterator[CotSite]:
    made = CotSite()
    yield made
    await made.stop()


def fly(site: CotSite, now: float, **said: Any) -> None:
    values: dict[str, Any] = {"icao24": "78f001", "lon_deg": 115.2, "lat_deg": 28.9, "observed_at_s": now}
    values |= {"thing_kind": ThingKind.HELICOPTER, "altitude_m": 500.0, "callsign": "B7001"}
    site.picture.accept(Sighting(source="hill", source_kind=SourceKind.ADSB, **values | said), now)


def named(client: Client, name: str) -> list[CotEvent]:
    return [event for event in client.events() if event.detail.callsign == name]


@pytest_twisted.ensureDeferred
async def test_a_client_hears_of_the_fleet_the_teams_and_the_fires(site: CotSite) -> None:
    """In XML before the change-over and in protobuf after; each as often as it changes."""
    feed = await site.start(**FAST)
    incident = site.scene.report(1)
    fly(site, fresh().made_s)
    fly(site, fresh().made_s, icao24="780abc", callsign="CSN3127")  # traffic, not asked for
    site.tell()
    client, team = Client.dial(feed), Client.dial(feed)
    team.send(fresh("TEAM"))
    await until(lambda: bool(named(client, "赣鹰01")) and bool(named(client, "队员01")))
    (helicopter,) = named(client, "赣鹰01")
    assert helicopter.type == "a-f-A-C-H"
    assert helicopter.stale_s - helicopter.made_s == 15.0
    (fire,) = named(client, "三爪仑林火")
    assert (fire.uid, fire.detail.colour) == (f"ganying.36.{incident}", -65536)
    assert not named(client, "CSN3127")
    client.send(control("t-x-takp-q", asks=1))
    fly(site, fresh().made_s, lon_deg=115.21)
    await until(lambda: any(theirs.lon == 115.21 for theirs in client.protobuf()))
    assert not named(team, "队员01")
    assert all(event.uid.startswith("ganying.") for event in client.events())
    client.close()
    team.close()


@pytest_twisted.ensureDeferred
async def test_a_closed_incident_leaves_the_map(site: CotSite) -> None:
    """The delete names the marker's uid."""
    feed = await site.start(**FAST)
    incident = site.scene.report()
    site.tell()
    client = Client.dial(feed)
    await until(lambda: bool(named(client, "三爪仑林火")))
    site.scene.ask(
        Role.DISPATCHER,
        ActOnIncident(incident_id=incident, action=IncidentAction.DISMISS, version_seen=1, reason="误报"),
    )
    await until(lambda: any(event.type == "t-x-d-d" for event in client.events()))
    (over,) = [event for event in client.events() if event.type == "t-x-d-d"]
    assert over.detail.links == (Link(uid=f"ganying.36.{incident}", type="b-m-p-s-m", relation="p-p"),)
    client.close()


@pytest_twisted.ensureDeferred
async def test_a_team_s_call_for_help_reaches_the_others(site: CotSite) -> None:
    """And its end; not the team itself."""
    feed = await site.start(**FAST)
    site.tell()
    caller, other = Client.dial(feed), Client.dial(feed)
    caller.send(fresh("TEAM"))
    link = Link(uid="TEAM", type="a-f-G-U-C", relation="p-p")
    caller.send(fresh("TEAM-9-1-1", type="b-a-o-tbl", detail=Detail(emergency="911 Alert", links=(link,))))
    await until(lambda: any(event.type == "b-a-o-tbl" for event in other.events()))
    (alarm,) = [event for event in other.events() if event.type == "b-a-o-tbl"]
    assert alarm.detail.callsign == "队员01 求救"
    assert "TEAM" not in repr(alarm)
    caller.send(fresh("TEAM-9-1-1", type="b-a-o-can", detail=Detail(emergency_over=True)))
    await until(lambda: any(event.type == "b-a-o-can" for event in other.events()))
    assert not [event for event in caller.events() if event.type.startswith("b-a-o")]
    caller.close()
    other.close()


@pytest_twisted.ensureDeferred
async def test_what_is_simulated_is_never_told_without_the_word(site: CotSite) -> None:
    """Aircraft, incidents and alarms of a drill."""
    feed = await site.start(**FAST)
    made = site.scene.report()
    world = site.scene.world
    drill = replace(world.incidents[made], simulated=True)
    site.scene.world = replace(world, incidents=world.incidents.set(made, drill))
    fly(site, fresh().made_s, simulated=True, emergency=Emergency.DOWNED)
    site.tell()
    client = Client.dial(feed)
    await until(lambda: len(client.events()) >= 4)
    told = [event for event in client.events() if event.type != "t-x-takp-v"]
    assert {event.type for event in told} == {"b-m-p-s-m", "a-f-A-C-H", "b-a-o-tbl"}
    for event in told:
        assert event.detail.callsign.startswith("演练 ")
        assert "simulated" in event.detail.remarks
        assert event.how == "m-s"
    client.close()


@pytest_twisted.ensureDeferred
async def test_traffic_inside_the_area_is_told_where_the_site_says_so(site: CotSite) -> None:
    """As neutral; the limit holds."""
    feed = await site.start(**FAST, send_traffic=True, send_area=(115.0, 28.0, 116.0, 29.0), send_limit=3)
    for number in range(10):
        fly(
            site,
            fresh().made_s,
            icao24=f"78000{number}",
            callsign=f"CSN{number}",
            lon_deg=115.5 + number / 25,
        )
    fly(site, fresh().made_s, icao24="780abc", callsign="FAR", lon_deg=117.0)
    site.tell()
    client = Client.dial(feed)
    await until(lambda: len(client.events()) == 4)
    told = {event.detail.callsign: event.type for event in client.events()[1:]}
    assert told == {"CSN0": "a-n-A-C-H", "CSN1": "a-n-A-C-H", "CSN2": "a-n-A-C-H"}
    client.close()


@pytest_twisted.ensureDeferred
async def test_a_client_that_does_not_read_costs_the_others_nothing(site: CotSite) -> None:
    """Its line fills up and is left alone; memory stays what the sockets hold."""
    feed = await site.start(**FAST, send_traffic=True, send_area=(110.0, 20.0, 120.0, 30.0), send_limit=2000)
    site.tell()
    reading = Client.dial(feed)
    stalled = socket.create_connection(("127.0.0.1", feed.port or 0), timeout=30)
    stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    rounds = 0
    while rounds < 3:
        rounds += 1
        for number in range(600):
            fly(site, fresh().made_s, icao24=f"{0x780000 + number:06x}", callsign=f"R{rounds}")
        await until(lambda name=f"R{rounds}": bool(named(reading, name)))
    assert feed.status().connections == 2
    stalled.close()
    reading.close()


@pytest_twisted.ensureDeferred
async def test_rounds_go_on_with_fifty_clients(site: CotSite) -> None:
    """Each hears of all others' teams but not of its own."""
    feed = await site.start(**FAST, connection_limit=50)
    site.tell()
    clients = [Client.dial(feed) for _ in range(50)]
    for number, client in enumerate(clients):
        client.send(fresh(f"T{number}", detail=Detail(callsign=f"队{number:02}", app=fresh().detail.app)))
    for number, client in enumerate(clients):
        wanted = {f"队{other:02}" for other in range(50)} - {f"队{number:02}"}
        await until(
            lambda c=client, w=wanted: {e.detail.callsign for e in c.events() if e.detail.callsign} == w
        )
    for client in clients:
        client.close()


@pytest_twisted.ensureDeferred
async def test_a_feed_that_is_not_to_send_only_hears(site: CotSite) -> None:
    """The offer and pongs are all that it says."""
    feed = await site.start(send=False)
    loud = await site.start(**FAST)
    fly(site, fresh().made_s)
    site.tell()
    silent, other = Client.dial(feed), Client.dial(loud)
    await until(lambda: bool(named(other, "赣鹰01")))
    assert [event.type for event in silent.events()] == ["t-x-takp-v"]
    silent.close()
    other.close()
