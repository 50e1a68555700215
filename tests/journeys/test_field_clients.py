"""A team with a field client joins a real site by certificate, reports, calls for help, and is told of a fire and of others."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytak

from adapters.__main__ import main
from adapters.cli.ca import init_authority, issue_certificate
from protocols.cot_event import Detail, Link
from tests.adapters.feeds.cot_site import Pytak, fresh
from tests.journeys.running import RunningSite, wait_for
from tests.ports import free_port

FIRE = {
    "kind": "forest_fire",
    "level": 2,
    "title": "三爪仑林火",
    "place": "靖安县",
    "position": {"lon_deg": 115.1, "lat_deg": 28.95},
}


def authority(folder: Path) -> Path:
    """The field clients' own authority, and the server's certificate."""
    now = datetime.now(UTC)
    init_authority(folder, "field", now)
    issue_certificate(folder, "36-field", now, hosts=["localhost"])
    return folder


def joined(folder: Path, name: str, port: int) -> Pytak:
    """A client that opens a data package of `ganying atak`."""
    assert main(["atak", name, "--server", f"localhost:{port}", "--dir", str(folder)]) == 0
    found = pytak.read_pref_package(str(folder / f"{name}.zip"))
    url = str(found.pop("COT_URL"))
    return Pytak(url, **{key: str(value) for key, value in found.items()})


def hears(peer: Pytak, *words: str) -> bool:
    """Whether one event holds all the words."""
    return any(all(word in line for word in words) for line in map(_decoded, peer.lines))


def _decoded(line: str) -> str:

    return str(json.loads(line))


def test_teams_with_field_clients_and_a_site_see_each_other(tmp_path: Path) -> None:
    """Into the picture with its name; its SOS; the fire on its map, and off it; the other team, but not itself."""
    port = free_port()
    field = authority(tmp_path / "field")
    feed = (
        '[[feed]]\nname = "field"\nkind = "cot"\ntransport = "tls"\n'
        f'listen = "127.0.0.1:{port}"\nsend_every_s = 1.0\n'
        f'certificate = "{field}/36-field.crt"\nkey = "{field}/36-field.key"\nca = "{field}/ca.crt"\n'
    )
    site = RunningSite(tmp_path / "36", feed=feed)
    password = str(site.folder / "password")
    site.command("account", "add", "diaodu", "--role", "dispatcher", "--password-file", password)
    site.start()
    first, second = joined(field, "jingan-1", port), joined(field, "jingan-2", port)
    try:
        _story(site, first, second)
    finally:
        first.close()
        second.close()
        site.stop()


def _story(site: RunningSite, first: Pytak, second: Pytak) -> None:
    dispatcher = site.sign_in("diaodu")
    wait_for(lambda: first.connected and second.connected, "both on the line")
    first.send(fresh("ANDROID-1"))
    second.send(fresh("ANDROID-2", detail=Detail(callsign="乙队", app=fresh().detail.app)))

    def track(key: str) -> dict[str, object] | None:
        features = dispatcher.get("tracks")["features"]
        return next((each["properties"] for each in features if each["id"] == key), None)

    one = wait_for(lambda: track("cot:ANDROID-1"), "the first team in the picture")
    assert (one["name"], one["source"], one["thing_kind"]) == ("队员01", "field", "team")

    incident = dispatcher.post("incidents", FIRE)
    wait_for(lambda: hears(first, "三爪仑林火", "b-m-p-s-m", "Ⅱ级 重大"), "the fire on its map")
    wait_for(lambda: hears(first, "乙队"), "the other team on its map")
    assert not hears(first, "队员01")

    link = Link(uid="ANDROID-1", type="a-f-G-U-C", relation="p-p")
    first.send(
        fresh("ANDROID-1-9-1-1", type="b-a-o-tbl", detail=Detail(emergency="911 Alert", links=(link,)))
    )
    wait_for(lambda: (track("cot:ANDROID-1") or {}).get("emergency") == "sos", "its SOS in the picture")
    wait_for(lambda: hears(second, "b-a-o-tbl", "队员01 求救"), "its SOS on the other's map")

    dispatcher.post(f"incidents/{incident['id']}/dismiss", {"version": 1, "reason": "误报"})
    wait_for(lambda: hears(first, "t-x-d-d", incident["id"]), "the fire off its map")
    sources = {feed["name"]: feed for feed in dispatcher.get("feeds")["items"]}
    assert sources["field"]["state"] == "connected"
    assert sources["field"]["errors_by_code"] == {}
    assert not hears(second, "ANDROID")
    assert not hears(second, "diaodu")
