"""Two provinces, two processes: share, fly, cut the line, go on alone, restore; nothing lost, nothing twice."""

import argparse
import random
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from adapters.cli import enrol
from dispatch.errors import Refused
from dispatch.geo import Position
from protocols import avr
from protocols.adsb_encode import airborne_position, airborne_velocity, identification
from protocols.frames import Frame
from tests.journeys import aid_steps, video_steps
from tests.journeys.adopting import adopted, asked, first_of
from tests.journeys.browser import DESK, NO_MAP, SMALL_DESK, WAIT_MS, browser, picture
from tests.journeys.running import Client, Refusal, wait_for
from tests.journeys.two_sites import Pair, figures, link_state, run_ganying, two_sites

SETTINGS = "[video]\nfirst_port = 1024\nlast_port = 65535\n[demonstration]\nenabled = true\n[planner]\nseconds = 0.6\nworkers = 1\nassume_daylight = true\n"
FIRE = {
    "kind": "forest_fire",
    "level": 3,
    "title": "三爪仑林火",
    "place": "靖安县",
    "position": {"lon_deg": 115.1, "lat_deg": 28.95},
}
NEAR_HUNAN = {"lon_deg": 113.72, "lat_deg": 27.62}  # 萍乡
CHAOS_SEED = 3643
expect.set_options(timeout=WAIT_MS)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with two_sites(tmp_path_factory.mktemp("two"), SETTINGS) as running:
        running.live()
        yield running


@pytest.fixture
def fresh_pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Two sites of its own: the pair above has had its consent revoked, after which nothing may be shared."""
    with two_sites(tmp_path_factory.mktemp("fresh"), SETTINGS) as running:
        running.live()
        yield running


def there(client: Client, path: str) -> Any:
    """The record, or None while it is not there."""
    try:
        return client.get(path)
    except Refusal as refusal:
        if refusal.status != 404:
            raise
        return None


def act(client: Client, path: str, action: str, **more: Any) -> Any:
    return client.act(path, action, **more)


def aid_lines(client: Client) -> list[str]:
    """What the desk's log says of mutual aid."""
    return [line for line in map(str, client.get("logbook")["items"]) if "互援" in line]


def cut_and_back(pair: Pair) -> None:
    """The line breaks, both notice, and it comes back: what flew meanwhile is asked for."""
    pair.line.cut()
    for site in (pair.ours, pair.theirs):
        client = site.sign_in("diaodu")
        wait_for(lambda each=client: link_state(each) == "down", f"{site.site} notices the cut")
    pair.line.restore()


def shared_fire(client: Client, to: str, title: str = "") -> str:
    """Report, confirm, share; the incident's path."""
    incident = client.post("incidents", FIRE | ({"title": title} if title else {}))
    path = f"incidents/{incident['id']}"
    act(client, path, "confirm")
    act(client, path, "share", partner=to)
    return path


class Transponder(threading.Thread):
    """An aircraft that transmits into a feed, twice a second, until told to stop."""

    def __init__(self, port: int, icao24: str) -> None:
        super().__init__(daemon=True)
        self._port, self._address = port, int(icao24, 16)
        self._done = threading.Event()

    def run(self) -> None:
        """Fly north-east at 60 m/s."""
        with socket.create_connection(("127.0.0.1", self._port)) as feed:
            lat, odd = 28.90, False
            while not self._done.is_set():
                lat, odd = lat + 0.0002, not odd
                position = Position(lon_deg=115.05, lat_deg=lat)
                for payload in (
                    identification(self._address, "GY01"),
                    airborne_position(self._address, position, 600.0, odd=odd),
                    airborne_velocity(self._address, 60.0, 0.0, 0.0),
                ):
                    feed.sendall(avr.encode(Frame(payload=payload)))
                self._done.wait(0.4)

    def stop(self) -> None:
        """Land."""
        self._done.set()
        self.join()


def ordered_tasking(pair: Pair, path: str) -> tuple[str, str]:
    """Plan, adopt, order, accept, approve, release at 36; the tasking's path and its aircraft's address."""
    site = pair.ours
    dispatcher, operator = site.sign_in("diaodu"), site.sign_in("tonghang")
    _, (chosen,) = adopted(dispatcher, asked(path.split("/")[1]), first_of("OP1")(dispatcher))
    tasking = next(
        f"taskings/{each['id']}"
        for each in dispatcher.get("taskings?limit=100")["items"]
        if each["aircraft_id"] == chosen and each["state"] == "pending"
    )
    act(site.sign_in("zhiban"), tasking, "order")
    act(operator, tasking, "accept")
    atc = site.sign_in("kongguan")
    request = next(
        f"airspace/{each['id']}"
        for each in atc.get("airspace?limit=100")["items"]
        if each["tasking_id"] == tasking.split("/")[1]
    )
    act(operator, tasking, "prepare")
    act(atc, request, "approve")
    act(site.sign_in("jidi"), tasking, "release")
    craft = {each["id"]: each for each in dispatcher.get("resources/aircraft?limit=100")["items"]}
    return tasking, str(craft[chosen]["icao24"])


def follows(neighbour: Client, path: str, state: str, since: float) -> float:
    """Seconds from `since` until the neighbour shows the state."""
    wait_for(lambda: (there(neighbour, path) or {}).get("state") == state, f"{path} {state} next door")
    return time.monotonic() - since


def seen(client: Client, icao24: str) -> Any:
    """The track of one aircraft, or None."""
    features = client.get("tracks")["features"]
    return next((each for each in features if each["properties"]["icao24"] == icao24), None)


def fetched(client: Client) -> Any:
    """The last gap of the neighbour's tracks that something came of, once none is open."""
    (link,) = client.get("links")["items"]
    told = link["history"]["fetched"]
    return next((each for each in told["ended"] if each["rows"] and not told["missing_s"]), None)


def compare(pair: Pair, folder: Path) -> None:
    """Both directions from both journals."""
    for sender, receiver in ((pair.ours, pair.theirs), (pair.theirs, pair.ours)):
        result = figures(sender, receiver, folder)
        print(f"{sender.site} -> {receiver.site}: {result}")
        assert result.sent == result.received > 0
        assert (result.duplicated, result.lost, result.in_order, result.as_sent) == (0, 0, True, True)
    for site in (pair.ours, pair.theirs):
        site.command("journal", "verify")


def level(pair: Pair) -> None:
    """Both links are live and nothing waits."""
    for site in (pair.ours, pair.theirs):
        client = site.sign_in("diaodu")
        wait_for(
            lambda each=client: all(
                link["state"] == "live" and link["queue"] == 0 for link in each.get("partners")["items"]
            ),
            f"a level link at {site.site}",
        )


def test_a_shared_sortie_is_followed_next_door_and_a_cut_loses_nothing(pair: Pair, tmp_path: Path) -> None:
    """The incident, its tasking's states and its aircraft's track appear at 43; after a cut both catch up."""
    ours, theirs = pair.ours.sign_in("diaodu"), pair.theirs.sign_in("diaodu")
    fire = shared_fire(ours, "43")
    since = time.monotonic()  # the door has answered: it is on disk at 36
    print(f"shared incident at 43 {follows(theirs, fire, 'confirmed', since):.3f} s after 36's answer")
    tasking, icao24 = ordered_tasking(pair, fire)
    since = time.monotonic()
    print(f"tasking's state at 43 {follows(theirs, tasking, 'released', since):.3f} s after 36's answer")
    aircraft = Transponder(pair.feed_port, icao24)
    aircraft.start()
    wait_for(lambda: seen(ours, icao24), "the track at 36")
    since = time.monotonic()
    track = wait_for(lambda: seen(theirs, icao24), "the track at 43")
    print(f"track at 43 {time.monotonic() - since:.3f} s after 36, age {track['properties']['age_s']} s")
    assert (track["properties"]["source_kind"], track["properties"]["site"]) == ("partner", "36")
    with pytest.raises(Refusal, match="NOT_OWNER"):
        act(theirs, fire, "contain")

    pair.line.cut()
    wait_for(lambda: link_state(ours) == "down" and link_state(theirs) == "down", "both notice the cut")
    operator = pair.ours.sign_in("tonghang")
    for step in ("take_off", "arrive", "leave"):
        act(operator, tasking, step)
    second = shared_fire(ours, "43", "断网期间")
    foreign = shared_fire(theirs, "36", "邻省林火")
    act(ours, second, "dismiss", reason="误报")
    act(theirs, foreign, "dismiss", reason="误报")
    assert there(theirs, second) is None
    assert there(ours, foreign) is None
    wait_for(lambda: seen(theirs, icao24)["properties"]["age_s"] > 5, "a flight that is missed at 43")

    pair.line.restore()
    since = time.monotonic()
    wait_for(lambda: (there(theirs, second) or {}).get("state") == "dismissed", "the second fire at 43")
    wait_for(lambda: (there(ours, foreign) or {}).get("state") == "dismissed", "their fire at 36")
    wait_for(lambda: there(theirs, tasking)["state"] == "returning", "the tasking's state at 43")
    print(f"level again {time.monotonic() - since:.3f} s after the line came back")
    missed = wait_for(lambda: fetched(pair.theirs.sign_in("zhiban")), "what flew during the cut")
    print(f"track of the cut at 43 {time.monotonic() - since:.3f} s after the line came back: {missed}")
    query = f"history?from={missed['begins']}&to={missed['ends']}&ids={icao24}".replace("+00:00", "Z")
    flown = theirs.get(query)["items"]
    assert {(each["source"], each["source_kind"]) for each in flown} == {("36", "partner")}
    assert len({each["at"] for each in flown}) == len(flown) >= missed["rows"]
    act(operator, tasking, "land")
    follows(theirs, tasking, "landed", time.monotonic())
    aircraft.stop()
    level(pair)
    compare(pair, tmp_path)


def chaos(pair: Pair, rounds: int, seed: int) -> None:
    """Both sites share and change incidents while the line breaks at any byte and processes are killed."""
    dice = random.Random(seed)
    clients = {site.site: site.sign_in("diaodu") for site in (pair.ours, pair.theirs)}
    for number in range(rounds):
        pair.line.cut_after = dice.randrange(1, 20_000)
        for site, other in ((pair.ours, pair.theirs), (pair.theirs, pair.ours)):
            for _ in range(dice.randrange(3)):
                path = shared_fire(clients[site.site], other.site, f"{site.site} 第 {number} 轮")
                if dice.random() < 0.5:
                    act(clients[site.site], path, "dismiss", reason="误报")
        what = dice.choice(("cut", "kill 36", "kill 43", "nothing"))
        if what.startswith("kill"):
            site = pair.ours if what.endswith("36") else pair.theirs
            site.kill()
            site.start()
            clients[site.site].url = site.url
        elif what == "cut":
            pair.line.cut()
        threading.Event().wait(dice.random())
        pair.line.restore()


def test_aid_from_request_to_settlement_with_a_cut_between_sent_and_received(pair: Pair) -> None:
    ours = pair.ours.sign_in("diaodu")
    fire = ours.post("incidents", FIRE | {"title": "省界林火"})
    path = f"incidents/{fire['id']}"
    act(ours, path, "confirm")
    aid_steps.furnish(pair)
    base = ours.get("resources/bases?limit=100")["items"][0]["id"]
    seen = aid_steps.from_request_to_settlement(pair, path, base)
    assert seen[0] == "received"
    assert seen[-1] == "settled"
    book = wait_for(lambda: [line for line in aid_lines(ours) if "结算" in line], "the settlement in the log")
    assert len(book) == 1
    lent = pair.theirs.sign_in("diaodu").get(f"resources/aircraft/{aid_steps.LENT}")
    assert lent["site"] == "43"
    act(ours, path, "dismiss", reason="演练完毕")
    level(pair)


def test_a_line_that_breaks_at_any_byte_and_a_killed_site_double_and_lose_nothing(
    pair: Pair, tmp_path: Path
) -> None:
    """A short chaos with a fixed seed."""
    for site, to in ((pair.ours, "43"), (pair.theirs, "36")):
        shared_fire(site.sign_in("diaodu"), to)
    chaos(pair, 6, CHAOS_SEED)
    level(pair)
    compare(pair, tmp_path)


def seen_at(desk: Page, incident: str) -> None:
    """The neighbour's copy carries its province in the queue, on the map and on its card."""
    card = desk.locator(f'[data-testid="incident-card"][data-id="{incident}"]')
    expect(card.get_by_test_id("partner-badge")).to_contain_text("赣")
    card.click()
    expect(desk.get_by_test_id("incident-detail").get_by_test_id("partner-badge")).to_contain_text("摘要")
    expect(desk.locator(f'[data-id="{incident}"] [data-testid="map-partner"]')).to_have_text("赣")


def certificate_ends(desk: Page) -> None:
    """43's own was issued by hand and ends soon: an alarm says so, and why nobody renews it."""
    desk.get_by_test_id("tab-alarms").click()
    alarm = desk.locator('[data-testid="alarm"][data-id^="page:certificate"]')
    expect(alarm).to_contain_text("链路证书还有")
    expect(alarm).to_contain_text("不是凭邀请入网")
    expect(alarm).to_have_attribute("data-level", "2")
    picture(desk, "certificate-ends")


def a_vehicle_is_invited_and_shut_out(chief: Page, pair: Pair) -> None:
    """At the link page: a code, shown once; who joined with it; shut out. Its server is never started."""
    chief.get_by_test_id("enrol-open").click()
    for name, text in (("site", "36-ys1"), ("name", "前指通信车"), ("agreement", "江西省内-2026")):
        chief.get_by_test_id(f"enrol-{name}").fill(text)
    chief.get_by_test_id("enrol-make").click()
    expect(chief.locator('[data-testid="invitation"][data-site="36-YS1"]')).to_be_visible()
    picture(chief, "enrol-code")
    code = chief.get_by_test_id("enrol-code").get_attribute("data-code") or ""
    vehicle = pair.ours.folder / "vehicle"
    vehicle.mkdir()
    run_ganying("enrol", code, "--config", str(vehicle / "site.toml"))
    with pytest.raises(Refused, match="USED"):  # by another machine, with another key
        enrol.run(argparse.Namespace(code=[code], config=pair.ours.folder / "another" / "site.toml"))
    audit = pair.ours.sign_in("shenji").get("audit?act=joinSite")["items"]
    assert [(each["who"], each["subject"], each["code"]) for each in audit] == [
        ("enrol", "127.0.0.1", "USED")
    ]
    chief.get_by_test_id("enrol-done").click()
    expect(chief.locator('[data-testid="joined"][data-out="false"]')).to_be_visible()
    expect(chief.locator('[data-testid="link-line"][data-site="36-YS1"]')).to_be_visible()
    expect(chief.locator('[data-testid="own-certificate"][data-state="ok"]')).to_contain_text("823")
    expect(chief.locator('[data-testid="joined-days"][data-days="823"]')).to_be_visible()
    picture(chief, "enrol-joined")
    chief.get_by_test_id("shut-out").click()
    chief.get_by_test_id("shut-out-why").fill("车辆失窃")
    chief.get_by_test_id("shut-out-sure").click()
    expect(chief.locator('[data-testid="joined"][data-out="true"]')).to_be_visible()
    expect(chief.locator('[data-testid="link-line"][data-site="36-YS1"]')).to_have_count(0)


def airspace_told(pair: Pair, path: str) -> str:
    """A volume for fighting the fire is drawn at 36: it is on the record at 43's door, whole. The volume's id."""
    act(pair.ours.sign_in("diaodu"), path, "share", partner="43")
    ring = [{"lon_deg": lon, "lat_deg": lat} for lon, lat in ((113.7, 27.6), (113.8, 27.6), (113.8, 27.7))]
    drawn = pair.ours.sign_in("kongguan").post(
        "volumes",
        {
            "name": "萍乡灭火空域",
            "kind": "temporary",
            "footprint": {"ring": ring},
            "floor": {"datum": "agl"},
            "ceiling": {"datum": "msl", "value_m": 1500},
            "times": [{"begins_at": "2026-01-01T00:00:00Z", "ends_at": "2036-01-01T00:00:00Z"}],
            "airspace_class": "G",
            "control": "reported",
        },
    )
    theirs = pair.theirs.sign_in("diaodu")

    def told() -> Any:
        items = theirs.get("partner-airspace")["items"]
        return [each for one in items for each in one["volumes"] if one["incident_id"] == path.split("/")[1]]

    (volume,) = wait_for(told, "the volume at 43")
    terms = volume["terms"]
    assert (volume["id"], terms["name"], terms["ceiling"]["value_m"]) == (drawn["id"], "萍乡灭火空域", 1500)
    assert [(at["lon_deg"], at["lat_deg"]) for at in terms["footprint"]["ring"]][:3] == [
        (at["lon_deg"], at["lat_deg"]) for at in ring
    ]
    return str(drawn["id"])


@pytest.mark.timeout(300)
def test_an_agreement_is_signed_by_two_and_revoked_and_the_copies_are_purged(pair: Pair) -> None:
    """The link page at 36: proposed, signed, in force; a border fire is pushed by itself; revoked, with a receipt."""
    ours, theirs = pair.ours.sign_in("diaodu"), pair.theirs.sign_in("diaodu")
    cut_and_back(pair)  # a gap of history that is over, for the link page
    level(pair)
    with browser(pair.ours.url) as people:
        people.before = NO_MAP  # but next door, where the copies are on the map
        chief = people.sign_in("zhiban", DESK)
        chief.locator('[data-site="43"] [data-testid="link-lamp"]').click()
        expect(chief.locator('[data-testid="consent-given"][data-state="default"]')).to_be_visible()
        chief.get_by_test_id("consent-edit").click()
        for name in ("resources", "volumes"):
            chief.locator(f'[data-testid="consent-pick"][data-class="{name}"] input').check()
        chief.locator('[data-testid="consent-pick"][data-class="incidents"] [data-field="notes"]').click()
        chief.get_by_test_id("consent-band").fill("20")
        expect(chief.get_by_test_id("history-ended").first).to_be_visible()
        picture(chief, "links-form")
        chief.get_by_test_id("label-open").click()
        chief.get_by_test_id("label-id").fill("B-70G1")
        chief.get_by_test_id("label-why").fill("军用航空器")
        chief.get_by_test_id("label-put").click()
        expect(chief.locator('[data-testid="label"][data-id="B-70G1"]')).to_be_visible()
        chief.get_by_test_id("consent-propose").click()
        expect(chief.get_by_test_id("consent-proposed")).to_be_visible()
        expect(chief.get_by_test_id("consent-sign")).to_have_count(0)
        picture(chief, "links-proposed")
        admin = people.sign_in("anquan", SMALL_DESK)
        admin.get_by_test_id("sheet-links").click()
        admin.get_by_test_id("consent-sign").click()
        expect(admin.locator('[data-testid="consent-given"][data-state="in_force"]')).to_be_visible()
        picture(admin, "links-signed-small")
        admin.context.close()
        border = ours.post("incidents", FIRE | {"title": "边界林火", "position": NEAR_HUNAN})
        path = f"incidents/{border['id']}"
        act(ours, path, "confirm")
        since = time.monotonic()
        print(f"border fire at 43 {follows(theirs, path, 'confirmed', since):.1f} s after it was confirmed")
        assert time.monotonic() - since < 60
        people.before = ""
        desk = people.sign_in("diaodu", DESK, pair.theirs.url)
        seen_at(desk, str(border["id"]))
        certificate_ends(desk)
        picture(desk, "copy-at-the-neighbour")
        told = airspace_told(pair, path)
        desk.get_by_test_id("sheet-links").click()
        expect(desk.get_by_test_id("partner-aircraft").first).to_be_visible()
        expect(desk.get_by_test_id("partner-aircraft").filter(has_text="赣鹰01")).to_have_count(0)
        expect(desk.get_by_test_id("partner-air")).to_contain_text("1")
        expect(desk.locator('[data-testid="legend-partner-air"][data-volumes="1"]')).to_be_attached()
        picture(desk, "links-at-the-neighbour")
        expect(chief.locator('[data-testid="link-flow"][data-class="incidents"]')).to_be_visible()
        picture(chief, "links-in-force")
        chief.get_by_test_id("consent-revoke").click()
        chief.get_by_test_id("consent-why").fill("演练结束")
        chief.get_by_test_id("consent-revoke-sure").click()
        expect(chief.get_by_test_id("consent-over")).to_be_visible()
        expect(chief.get_by_test_id("receipt")).to_have_count(1)
        expect(desk.get_by_test_id("receipt")).to_have_count(1)
        desk.context.close()  # its map is drawn by software
        picture(chief, "links-revoked")
        assert not [each for each in theirs.get("incidents?limit=500")["items"] if each["site"] == "36"]
        assert told not in str(theirs.get("partner-airspace"))
        a_vehicle_is_invited_and_shut_out(chief, pair)
        people.before = NO_MAP
        auditor = people.sign_in("shenji", DESK)
        auditor.get_by_test_id("sheet-audit").click()
        auditor.get_by_test_id("audit-links").click()
        expect(auditor.locator('[data-testid="link-row"][data-class="incidents"]').first).to_be_visible()
        picture(auditor, "audit-links")
        chief.get_by_test_id("lang-switch").click()
        picture(chief, "links-revoked-en")
        assert people.complaints == []
    for site in (pair.ours, pair.theirs):
        site.command("journal", "verify")


@pytest.mark.timeout(200)
def test_video_is_asked_for_granted_watched_next_door_and_taken_back(pair: Pair) -> None:
    """The wall at 43, the page of requests at 36, a camera that really films."""
    with browser(pair.ours.url) as people:
        video_steps.seen_next_door(pair, people)
        assert people.complaints == []


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_long_chaos_doubles_and_loses_nothing(fresh_pair: Pair, tmp_path: Path) -> None:
    """The same for a long time, another seed."""
    chaos(fresh_pair, 120, CHAOS_SEED + 1)
    level(fresh_pair)
    compare(fresh_pair, tmp_path)
