"""A command vehicle joins with one command, works a day alone, and comes back: nothing lost, nothing twice."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from loadtests.federation_judge import CLASSES, Change, Seen, judge, step_of
from tests.journeys.adopting import adopted, asked, first_of
from tests.journeys.running import Client, Refusal, RunningSite, wait_for
from tests.journeys.two_sites import Relay, figures, run_ca
from tests.ports import free_port

SETTINGS = (
    "[demonstration]\nenabled = true\n[planner]\nseconds = 1.0\nautomatic = false\nassume_daylight = true\n"
)
CREW = (
    "dispatcher",
    "duty_chief",
    "operator",
    "base",
    "atc",
)  # one person in a vehicle, each act under one role
FIRE = {"kind": "forest_fire", "level": 3, "title": "山火", "position": {"lon_deg": 115.1, "lat_deg": 28.95}}
HOUR_S = 3600


@dataclass
class Joined:
    """The province and its vehicle, the line between them, the clock of both, and what their doors said yes to."""

    centre: RunningSite
    vehicle: RunningSite
    line: Relay
    clock: Path
    changes: list[Change] = field(default_factory=list)

    def people(self, site: RunningSite) -> dict[str, Client]:
        """Signed in anew: a day ends every session."""
        if site is self.vehicle:
            return {role: site.sign_in("che", role) for role in CREW}
        return {"dispatcher": site.sign_in("diaodu"), "duty_chief": site.sign_in("zhiban")}

    def did(self, site: RunningSite, client: Client, path: str) -> None:
        """Note what the door has just said yes to, as the owner's history ends."""
        record = client.get(path)
        cls, record_id = path.split("/")
        self.changes.append(Change(site.site, cls, record_id, step_of(record["history"][-1])))

    def act(self, site: RunningSite, client: Client, path: str, action: str, **more: Any) -> None:
        """A step, noted."""
        client.act(path, action, **more)
        if action != "share":
            self.did(site, client, path)

    def fire(self, site: RunningSite, client: Client, to: str, title: str) -> str:
        """Report, confirm and share; its path."""
        path = f"incidents/{client.post('incidents', FIRE | {'title': title})['id']}"
        self.did(site, client, path)
        self.act(site, client, path, "confirm")
        self.act(site, client, path, "share", partner=to)
        return path

    def sortie(self, crew: dict[str, Client], path: str) -> None:
        """From the proposal to landing, by the vehicle alone."""
        _, (chosen,) = adopted(
            crew["dispatcher"], asked(path.split("/")[1]), first_of("OP1")(crew["dispatcher"])
        )
        tasking = next(
            f"taskings/{each['id']}"
            for each in crew["dispatcher"].get("taskings?limit=100")["items"]
            if each["aircraft_id"] == chosen and each["state"] == "pending"
        )
        self.act(self.vehicle, crew["duty_chief"], tasking, "order")
        self.act(self.vehicle, crew["operator"], tasking, "accept")
        self.act(self.vehicle, crew["operator"], tasking, "prepare")
        request = next(
            f"airspace/{each['id']}"
            for each in crew["atc"].get("airspace?limit=100")["items"]
            if each["tasking_id"] == tasking.split("/")[1]
        )
        self.act(self.vehicle, crew["atc"], request, "approve")
        self.act(self.vehicle, crew["base"], tasking, "release")
        for step in ("take_off", "arrive", "leave", "land"):
            self.act(self.vehicle, crew["operator"], tasking, step)

    def seen(self) -> list[Seen]:
        """What both sites' doors show."""
        return [
            Seen(
                site.site,
                {
                    cls: [
                        client.get(f"{door}/{each['id']}")
                        for each in client.get(f"{door}?limit=500")["items"]
                    ]
                    for cls, door in CLASSES.items()
                },
            )
            for site in (self.centre, self.vehicle)
            for client in (site.sign_in(*(("che", "dispatcher") if site is self.vehicle else ("diaodu",))),)
        ]


def state(client: Client) -> tuple[str, int]:
    """The only link's state and what waits; nothing where there is no partner."""
    links = client.get("links")["items"]
    return (links[0]["state"], links[0]["queue"]) if links else ("", 0)


@pytest.fixture
def joined(tmp_path: Path) -> Iterator[Joined]:
    ca, clock = tmp_path / "ca", tmp_path / "ahead"
    clock.write_text("0")
    run_ca("init", "--dir", str(ca))
    run_ca("issue", "36", "--site", "36", "--dir", str(ca))
    link, enrol = free_port(), free_port()
    doors = (
        f'[federation]\nlisten = "127.0.0.1:{link}"\nenrol = "127.0.0.1:{enrol}"\naddress = "127.0.0.1"\n'
        f'authority = "{ca}"\ncertificate = "{ca}/36.crt"\nkey = "{ca}/36.key"\nca = "{ca}/ca.crt"\n'
    )
    ahead = (sys.executable, str(Path(__file__).with_name("moved_clock.py")), str(clock))
    centre = RunningSite(tmp_path / "36", more=SETTINGS + doors, prefix=ahead)
    vehicle = RunningSite(tmp_path / "36-YS1", site="36-YS1", more=SETTINGS, prefix=ahead)
    line = Relay(link)
    try:
        centre.accounts()
        centre.start()
        yield Joined(centre, vehicle, line, clock)
    finally:
        line.close()
        for site in (centre, vehicle):
            if site.process is not None and site.process.poll() is None:
                site.stop()


def enrolled(joined: Joined, code: str) -> None:
    """One command. The vehicle's line is then one that can be cut."""
    vehicle = joined.vehicle
    vehicle.command("enrol", code)
    vehicle.config.write_text(
        vehicle.config.read_text().replace(f":{joined.line.target}/", f":{joined.line.port}/")
    )
    roles = [word for role in CREW for word in ("--role", role)]
    vehicle.command(
        "account",
        "add",
        "che",
        *roles,
        "--operator",
        "OP1",
        "--password-file",
        str(vehicle.folder / "password"),
    )
    vehicle.command("resources", "load-jiangxi")
    vehicle.start()


def test_a_vehicle_joins_works_a_day_alone_and_merges_without_duplicate_or_loss(
    joined: Joined, tmp_path: Path
) -> None:
    centre, vehicle = joined.centre, joined.vehicle
    desk, chief = centre.sign_in("diaodu"), centre.sign_in("zhiban")
    wanted = {"site": "36-YS1", "name": "前指通信车", "agreement": "江西省内-2026"}
    with pytest.raises(Refusal, match="FORBIDDEN"):
        desk.post("invitations", wanted)
    enrolled(joined, chief.post("invitations", wanted)["code"])
    crew = joined.people(vehicle)
    wait_for(lambda: state(chief)[0] == state(crew["dispatcher"])[0] == "live", "the link")
    ours = joined.fire(centre, desk, "36-YS1", "断网前")
    wait_for(lambda: crew["dispatcher"].get("incidents?limit=10")["items"], "the incident in the vehicle")

    joined.line.cut()
    wait_for(lambda: state(crew["dispatcher"])[0] == state(chief)[0] == "down", "both notice the cut")
    alone = joined.fire(vehicle, crew["dispatcher"], "36", "断网首日")
    joined.sortie(crew, alone)
    for hours in (12, 24):
        joined.clock.write_text(str(hours * HOUR_S))
        crew, people = joined.people(vehicle), joined.people(centre)
        later = joined.fire(vehicle, crew["dispatcher"], "36", f"断网第 {hours} 小时")
        joined.act(vehicle, crew["dispatcher"], later, "dismiss", reason="误报")
        joined.fire(centre, people["dispatcher"], "36-YS1", f"中心第 {hours} 小时")
    joined.act(centre, people["dispatcher"], ours, "dismiss", reason="误报")
    centre.kill()
    centre.start()  # who joined is a partner after kill -9 too

    joined.line.restore()
    chief, driver = centre.sign_in("zhiban"), vehicle.sign_in("che", "dispatcher")
    wait_for(lambda: state(chief) == state(driver) == ("live", 0), "level links")
    verdict = judge(joined.seen(), joined.changes)
    print(f"{verdict.changes} changes, {verdict.carried} carried: {verdict.digests}")
    assert verdict.passed, (verdict.wrong, verdict.unequal)
    assert (verdict.changes, verdict.carried) == (len(joined.changes), len(joined.changes))
    for sender, receiver in ((centre, vehicle), (vehicle, centre)):
        result = figures(sender, receiver, tmp_path)
        print(f"{sender.site} -> {receiver.site}: {result}")
        assert result.sent == result.received > 0
        assert (result.duplicated, result.lost, result.in_order, result.as_sent) == (0, 0, True, True)

    chief.post("partners/shut-out", {"site": "36-YS1", "reason": "车辆失窃"})
    assert chief.get("links")["items"] == []
    wait_for(lambda: driver.get("links")["items"][0]["reason"] == "SHUT_OUT", "the vehicle is told")
    (told,) = chief.get("enrolment")["joined"]
    assert (told["invited_by"], told["shut_out_by"]) == ("zhiban", "zhiban")
