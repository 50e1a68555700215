"""Two provinces, two processes: share, fly, cut the line, go on alone, restore; nothing lost, nothing twice."""

import random
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dispatch.geo import Position
from protocols import avr
from protocols.adsb_encode import airborne_position, airborne_velocity, identification
from protocols.frames import Frame
from tests.journeys.running import Client, Refusal, wait_for
from tests.journeys.two_sites import Pair, figures, link_state, two_sites

SETTINGS = "[demonstration]\nenabled = true\n[planner]\nseconds = 2.0\nassume_daylight = true\n"
FIRE = {
    "kind": "forest_fire",
    "level": 3,
    "title": "三爪仑林火",
    "place": "靖安县",
    "position": {"lon_deg": 115.1, "lat_deg": 28.95},
}
CHAOS_SEED = 3643


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with two_sites(tmp_path_factory.mktemp("two"), SETTINGS) as running:
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
    return client.post(f"{path}/{action}", {"version": client.get(path)["version"], **more})


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
    plan = dispatcher.post("plans", {"incident_ids": [path.split("/")[1]]})
    craft = {each["id"]: each for each in dispatcher.get("resources/aircraft?limit=100")["items"]}
    chosen = next(
        each["aircraft_id"]
        for each in plan["assignments"]
        if craft[each["aircraft_id"]]["operator_id"] == "OP1"
    )
    dispatcher.post(f"plans/{plan['id']}/adopt", {"version": plan["version"], "aircraft_ids": [chosen]})
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
    return tasking, str(craft[chosen]["icao24"])


def follows(neighbour: Client, path: str, state: str, since: float) -> float:
    """Seconds from `since` until the neighbour shows the state."""
    wait_for(lambda: (there(neighbour, path) or {}).get("state") == state, f"{path} {state} next door")
    return time.monotonic() - since


def seen(client: Client, icao24: str) -> Any:
    """The track of one aircraft, or None."""
    features = client.get("tracks")["features"]
    return next((each for each in features if each["properties"]["icao24"] == icao24), None)


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

    pair.line.restore()
    since = time.monotonic()
    wait_for(lambda: (there(theirs, second) or {}).get("state") == "dismissed", "the second fire at 43")
    wait_for(lambda: (there(ours, foreign) or {}).get("state") == "dismissed", "their fire at 36")
    wait_for(lambda: there(theirs, tasking)["state"] == "returning", "the tasking's state at 43")
    print(f"level again {time.monotonic() - since:.3f} s after the line came back")
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


def test_a_line_that_breaks_at_any_byte_and_a_killed_site_double_and_lose_nothing(
    pair: Pair, tmp_path: Path
) -> None:
    """A short chaos with a fixed seed."""
    for site, to in ((pair.ours, "43"), (pair.theirs, "36")):
        shared_fire(site.sign_in("diaodu"), to)
    chaos(pair, 6, CHAOS_SEED)
    level(pair)
    compare(pair, tmp_path)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_long_chaos_doubles_and_loses_nothing(pair: Pair, tmp_path: Path) -> None:
    """The same for a long time, another seed."""
    chaos(pair, 120, CHAOS_SEED + 1)
    level(pair)
    compare(pair, tmp_path)
