"""From an alarm coming in to its candidate on a console: 200 alarms over the doors, and tables of hotspots.

    python -m loadtests.alarms [--alarms 200]

A gateway's account sends CAP warnings, camera alarms, public reports and single hotspots in turn, each of a place of
its own, over HTTP to a real site; a dispatcher's WebSocket waits for the candidate. Measured from before the request
to the candidate read from the socket, so over parsing in a thread, the desk, the commit and the wire; the aim of the
field is 5 s (DOMAIN row 34). Then whole tables: until the last candidate is on the console, and how long another
caller waited at worst for an answer meanwhile, which is what the reactor was held.
"""

import argparse
import json
import statistics
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from loadtests.machine import stamp
from loadtests.urgent import Watched
from tests.journeys.running import Client, RunningSite

REAL = Path(__file__).parents[1] / "tests" / "data" / "hotspots" / "viirs_snpp_2019-04-07.csv"
HEADER = "latitude,longitude,bright_ti4,scan,track,acq_date,acq_time,satellite,confidence,version,bright_ti5,frp,daynight"
CAP = """<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>{name}</identifier><sender>yj@jx.gov.cn</sender>
<sent>{at}</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope><info><language>zh-CN</language>
<category>Fire</category><event>森林火灾</event><urgency>Immediate</urgency><severity>Severe</severity>
<certainty>Observed</certainty><area><areaDesc>{name}</areaDesc><circle>{lat:.5f},{lon:.5f} 1.0</circle></area></info></alert>"""
WAIT_S = 30.0
PROBE_S = 0.005


class Gateway:
    """Hands over bodies as another system would."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def send(self, door: str, body: bytes, kind: str) -> Any:
        """One body; the answer."""
        headers = {"Content-Type": kind, "Authorization": f"Bearer {self._client.token}"}
        url = f"{self._client.url}/api/v1/alarms/{door}"
        with urllib.request.urlopen(urllib.request.Request(url, body, headers, method="POST")) as answer:
            return json.loads(answer.read())


def alarm(number: int) -> tuple[str, bytes, str]:
    """Door, body and content type of the alarm of this number; places lie 11 km apart, so nothing joins."""
    lon, lat = 113.7 + number % 40 * 0.11, 24.6 + number // 40 * 0.11
    now = datetime.now(UTC)
    name = f"bench-{number}"
    place = {"lon_deg": lon, "lat_deg": lat}
    match number % 4:
        case 0:
            at = now.strftime("%Y-%m-%dT%H:%M:%S+00:00")
            return "cap", CAP.format(name=name, at=at, lat=lat, lon=lon).encode(), "application/cap+xml"
        case 1:
            return "camera", json.dumps({"id": name, "position": place}).encode(), "application/json"
        case 2:
            body = {"id": name, "title": name, "kind": "forest_fire", "position": place}
            return "report", json.dumps(body).encode(), "application/json"
        case _:
            return "hotspots", f"{HEADER}\n{pixel(lon, lat, now)}\n".encode(), "text/csv"


def pixel(lon: float, lat: float, at: datetime) -> str:
    """A row of a table."""
    return f"{lat:.5f},{lon:.5f},330,0.4,0.4,{at:%Y-%m-%d},{at:%H%M},N20,n,2.0NRT,290,4.2,N"


def shown(watched: Watched, wanted: set[str], within_s: float = WAIT_S) -> float | None:
    """When the last of these incidents came over the socket."""
    limit = time.monotonic() + within_s
    while wanted:
        if time.monotonic() > limit:
            return None
        for message in watched.read(0.01):
            wanted -= {each.id for each in message.records.incidents}
    return time.monotonic()


def one_by_one(gateway: Gateway, watched: Watched, count: int) -> Iterator[float]:
    """Seconds from request to console, of each alarm. The socket is read while the answer is on its way."""
    for number in range(count):
        door, body, kind = alarm(number)
        came: list[tuple[str, float]] = []
        began = time.monotonic()
        sent: list[Any] = []
        sender = threading.Thread(target=lambda: sent.append(gateway.send(door, body, kind)))  # noqa: B023
        sender.start()
        while not came and time.monotonic() - began < WAIT_S:
            for message in watched.read(0.01):
                came += [(each.id, time.monotonic()) for each in message.records.incidents]
        sender.join()
        (candidate,) = sent[0]["candidates"]
        yield next(at for id_, at in came if id_ == candidate["id"]) - began
        watched.rest(0.01 + number % 7 * 0.003)


def table(gateway: Gateway, watched: Watched, probe: Client, body: bytes) -> str:
    """A whole table, as a line."""
    worst, over = [0.0], threading.Event()

    def look() -> None:
        while not over.wait(PROBE_S):
            began = time.monotonic()
            probe.get("session")
            worst[0] = max(worst[0], time.monotonic() - began)

    prober = threading.Thread(target=look)
    prober.start()
    answers: list[Any] = []
    began = time.monotonic()
    sender = threading.Thread(target=lambda: answers.append(gateway.send("hotspots", body, "text/csv")))
    came: set[str] = set()
    sender.start()
    while sender.is_alive():
        for message in watched.read(0.01):
            came |= {each.id for each in message.records.incidents}
    answered = time.monotonic() - began
    candidates = {each["id"] for each in answers[0]["candidates"]}
    last = shown(watched, candidates - came)
    over.set()
    prober.join()
    seen = "not all shown" if last is None else f"last on a console after {last - began:5.2f} s"
    rows = body.count(b"\n") - 1
    return (
        f"{rows:5d} rows  {len(candidates):5d} candidates  answered after {answered:5.2f} s  {seen}  "
        f"another caller waited at most {worst[0] * 1000:.0f} ms"
    )


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--alarms", type=int, default=200)
    arguments = parser.parse_args()
    print(stamp())
    with tempfile.TemporaryDirectory() as folder:
        site = RunningSite(Path(folder) / "36")
        site.accounts()
        site.command(
            "account", "add", "gate", "--role", "gateway", "--password-file", str(site.folder / "password")
        )
        site.start()
        try:
            desk = site.sign_in("diaodu")
            gateway, watched = Gateway(site.sign_in("gate")), Watched(site.url, desk.token)
            watched.rest(1.0)
            waits = sorted(one_by_one(gateway, watched, arguments.alarms))
            cut = statistics.quantiles(waits, n=100)
            print(
                f"alarm in to candidate on a console: p50 {cut[49] * 1000:.1f} ms  p99 {cut[98] * 1000:.1f} ms  "
                f"worst {waits[-1] * 1000:.1f} ms  of {len(waits)}"
            )
            probe = site.sign_in("zhiban")
            print(table(gateway, watched, probe, REAL.read_bytes()))
            at = datetime.now(UTC) - timedelta(hours=1)
            spread = [pixel(110 + n % 50 * 0.1, 31.0 + n // 50 * 0.05, at) for n in range(2_000)]
            print(table(gateway, watched, probe, "\n".join((HEADER, *spread, "")).encode()))
        finally:
            site.stop()


if __name__ == "__main__":
    main()
