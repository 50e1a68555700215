"""`ganying demo` as a newcomer meets it: a living picture, a drill that runs by its doors, nothing beyond this machine."""

import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.running import GANYING, START_S, Client, wait_for
from tests.journeys.sockets import Socket, children_of, sockets_of

# Water and a fire close to 靖安's field, so that a whole sortie fits into a test.
POND = "id,name,lon_deg,lat_deg,elevation_m,modes,depth_m,max_aircraft,source\nW-TEST,试验塘,115.37,28.87,60,bucket,8,4,test\n"
NEAR_FIRE = {
    "kind": "forest_fire",
    "level": 4,
    "title": "试验火点",
    "place": "靖安县",
    "position": {"lon_deg": 115.385, "lat_deg": 28.875},
    "elevation_m": 90,
    "demand_l": 3000,
    "growth_lps": 0.1,
    "simulated": True,
}


class Demo:
    """A running demonstration."""

    def __init__(self, data: Path, *arguments: str, seconds: str = "") -> None:
        self.data = data
        environment = {k: v for k, v in os.environ.items() if k != "DEMO_SECONDS"}
        self.process = subprocess.Popen(
            [GANYING, "demo", "--port", "0", "--data", str(data), *arguments],
            stdout=subprocess.PIPE,
            text=True,
            env=environment | ({"DEMO_SECONDS": seconds} if seconds else {}),
        )
        self.said: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line.strip())

    def url(self) -> str:
        """Its page, once it says that it is ready."""

        def ready() -> str | None:
            assert self.process.poll() is None, self.said
            return next((line.split()[1] for line in self.said if line.startswith("ready http")), None)

        return wait_for(ready, "ready", 3 * START_S)

    def sign_in(self, account: str, *, site: str = "36") -> Client:
        """A client for one of the accounts that the guide shows."""
        folder = self.data / site
        guide = json.loads((folder / "guide.json").read_text())
        passwords = {each["account"]: each["password"] for each in guide["accounts"]}
        listen = next(line for line in (folder / "site.toml").read_text().splitlines() if "listen" in line)
        url = "http://" + listen.split('"')[1]
        opened = Client(url).post("session", {"account": account, "password": passwords[account]})
        return Client(url, opened["token"])


@contextmanager
def demo(data: Path, *arguments: str, seconds: str = "") -> Iterator[Demo]:
    """A demonstration, ended however the test ends."""
    running = Demo(data, *arguments, seconds=seconds)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.process.kill()
        running.process.wait()


def tracks(client: Client) -> list[dict[str, Any]]:
    """Properties of every track."""
    return [feature["properties"] for feature in client.get("tracks")["features"]]


@pytest.mark.timeout(700)  # a sortie takes its time, and waits for an aircraft if the first fire took all
def test_drill_runs_from_alarm_to_landing_and_the_neighbour_sees_it(tmp_path: Path) -> None:
    with demo(tmp_path, "--auto", "--time-factor", "4", "--max-drops", "1") as running:
        running.url()
        dispatcher = running.sign_in("diaodu")
        seen = tracks(dispatcher)
        simulated = [track for track in seen if track["simulated"]]
        recorded = [track for track in seen if not track["simulated"]]
        assert len(simulated) >= 40
        assert {track["source"] for track in simulated} == {"hill"}
        assert len(recorded) >= 4
        assert {track["source"] for track in recorded} == {"ulss7"}

        import_csv(running.sign_in("jidi"), "water_points", POND)
        fire_id = dispatcher.post("incidents", NEAR_FIRE)["id"]
        landed = wait_for(lambda: tasking_of(dispatcher, fire_id, "landed"), "a landed tasking", 500)
        assert all(step["actor"].startswith("script-") for step in landed["history"])
        assert landed["water_point_id"] == "W-TEST"
        wait_for(lambda: shared(running, fire_id), "the shared fire at the neighbour", 30)
        address = landed["aircraft_icao24"]
        assert any(track["icao24"] == address and track["simulated"] for track in tracks(dispatcher))

        alarms = [i for i in dispatcher.get("incidents")["items"] if "三爪仑" in i["title"]]
        assert [alarm["simulated"] for alarm in alarms] == [True]
        pids = [running.process.pid, *children_of(running.process.pid)]
        assert len(pids) >= 4  # itself, two servers, the exercise
        assert [one for one in sockets_of(pids) if not one.stays_here] == []
        assert any(isinstance(one, Socket) for one in sockets_of(pids))

        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(timeout=30) == 0
        assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []


def tasking_of(client: Client, incident_id: str, state: str) -> dict[str, Any] | None:
    """The first tasking of an incident in a state."""
    found = client.get("taskings?limit=100")["items"]
    return next((t for t in found if t["incident_id"] == incident_id and t["state"] == state), None)


def shared(running: Demo, incident_id: str) -> bool:
    """Whether the neighbour has the incident, as a copy."""
    items = running.sign_in("linsheng", site="43").get("incidents")["items"]
    return any(item["id"] == incident_id and item["site"] == "36" for item in items)


def import_csv(client: Client, kind: str, text: str) -> None:
    """A table through the HTTP door."""
    import urllib.request

    request = urllib.request.Request(
        f"{client.url}/api/v1/resources/{kind}/import",
        text.encode(),
        {"Content-Type": "text/csv", "Authorization": f"Bearer {client.token}"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert json.loads(answer.read()) == {"saved": 1, "failed": []}


def test_it_ends_by_itself_and_may_be_continued(tmp_path: Path) -> None:
    for _ in range(2):
        with demo(tmp_path, "--alone", seconds="6") as running:
            running.url()
            pids = children_of(running.process.pid)
            incidents = wait_for(lambda: running.sign_in("diaodu").get("incidents")["items"], "the alarm")
            assert len(incidents) == 1
            assert incidents[0]["state"] == "reported"
            assert running.process.wait(timeout=60) == 0
            assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []


def test_killed_it_leaves_no_children(tmp_path: Path) -> None:
    with demo(tmp_path, "--alone") as running:
        running.url()
        pids = children_of(running.process.pid)
        assert len(pids) >= 2
        running.process.kill()
        running.process.wait()
        wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), "the children's end", 30)


def test_taken_port_is_said_and_nothing_is_started(tmp_path: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [GANYING, "demo", "--data", str(tmp_path), "--port", str(port)],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    assert done.returncode == 2
    assert f"127.0.0.1:{port}" in done.stderr
    assert not (tmp_path / "36").exists()
