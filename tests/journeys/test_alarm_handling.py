"""What people did about alarms outlives kill -9: acknowledged stays so, distress that nobody saw stays, a net keeps still."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.journeys.running import Client, RunningSite, wait_for
from tests.ports import free_port

EMERGENCY = "emergency:icao24:78a001"
HIJACK = "emergency:icao24:78a004"
CONFLICT = "conflict:icao24:78a002|icao24:78a003"


class Air:
    """Four aircraft over one SBS line: two alone, two that fly past each other at one height."""

    def __init__(self) -> None:
        self.squawks: dict[str, str] = {}

    def lines(self) -> bytes:
        now = time.time()
        made = time.strftime("%Y/%m/%d,%H:%M:%S.000", time.gmtime(now))
        passing = (now % 20.0) * 1e-6  # stands, as good as: the closing speed alone is what is judged
        told = (
            ("78A001", 115.2, 90),
            ("78A002", 116.0 + passing, 90),
            ("78A003", 116.03 - passing, 270),
            ("78A004", 117.1, 90),
        )
        return b"".join(
            f"MSG,3,1,1,{address},1,{made},{made},{address},3000,120,{track},28.7000,{lon:.6f},0,"
            f"{self.squawks.get(address, '1200')},0,0,0,0\r\n".encode()
            for address, lon, track in told
        )

    @contextmanager
    def over(self, port: int) -> Iterator[None]:
        """Tell a site, until left."""
        ended = threading.Event()

        def run() -> None:
            while not ended.is_set():
                try:
                    with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
                        while not ended.wait(0.3):
                            line.sendall(self.lines())
                except OSError:
                    ended.wait(0.1)  # the site is being killed, or is not there yet

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(10)


def standing(person: Client, alert_id: str) -> Callable[[], dict[str, Any] | None]:
    return lambda: next((each for each in person.get("alerts")["items"] if each["id"] == alert_id), None)


def as_(person: Client, alert_id: str, state: str) -> Callable[[], dict[str, Any] | None]:
    def probe() -> dict[str, Any] | None:
        found = standing(person, alert_id)()
        return found if found is not None and found["state"] == state else None

    return probe


def test_what_was_done_about_alarms_outlives_kill_9(tmp_path: Path) -> None:
    port, air = free_port(), Air()
    feed = f'[[feed]]\nname = "hill"\nkind = "sbs"\nlisten = "127.0.0.1:{port}"\n'
    site = RunningSite(tmp_path / "36", feed=feed)
    site.accounts()
    site.start()
    try:
        with air.over(port):
            _story(site, air)
    finally:
        if site.process is not None and site.process.poll() is None:
            site.stop()


def _story(site: RunningSite, air: Air) -> None:
    chief, dispatcher = site.sign_in("zhiban"), site.sign_in("diaodu")
    conflict = wait_for(as_(dispatcher, CONFLICT, "unacknowledged"), "the conflict")
    seen = {"severity": conflict["severity"], "said": "78A002 与 78A003 将接近"}
    inhibited = dispatcher.post(
        "inhibitions",
        {
            "kind": "conflict",
            "scope": "pair",
            "track_ids": conflict["track_ids"],
            "minutes": 30,
            "reason": "同一航线往返",
            "alert_id": CONFLICT,
            **seen,
        },
    )
    wait_for(as_(chief, CONFLICT, "suppressed"), "the pair held back for everybody")

    air.squawks = {"78A001": "7700", "78A004": "7500"}
    wait_for(as_(chief, EMERGENCY, "unacknowledged"), "distress")
    dispatcher.post(f"alerts/{EMERGENCY}/acknowledge", {"severity": 1, "code": "general"})
    assert as_(chief, EMERGENCY, "acknowledged")() is not None
    wait_for(lambda: _told(chief, "unlawful"), "the other one in the logbook")

    site.kill()
    air.squawks["78A004"] = "1200"
    site.start()
    chief, dispatcher = site.sign_in("zhiban"), site.sign_in("diaodu")
    assert chief.get("inhibitions")["items"][0]["id"] == inhibited["id"]
    stays = wait_for(as_(dispatcher, HIJACK, "returned"), "what nobody saw, though it is over")
    assert (stays["code"], stays["acknowledged_at"]) == ("unlawful", None)
    found = wait_for(standing(chief, EMERGENCY), "distress, again")
    assert (found["state"], found["acknowledged_by"]) == ("acknowledged", "diaodu")
    wait_for(as_(chief, CONFLICT, "suppressed"), "the pair held back after the restart")

    air.squawks["78A001"] = "7600"  # another thing: nobody has seen that
    wait_for(as_(dispatcher, EMERGENCY, "unacknowledged"), "lost radio unacknowledged")
    chief.post(f"alerts/{HIJACK}/acknowledge", {"severity": 1, "code": "unlawful"})
    wait_for(lambda: standing(dispatcher, HIJACK)() is None, "seen, so it is over")
    chief.post(f"inhibitions/{inhibited['id']}/lift", {"version": 1, "reason": "分开了"})
    wait_for(as_(dispatcher, CONFLICT, "unacknowledged"), "the pair is cried out again")


def _told(person: Client, word: str) -> bool:
    return any(word in line["en"] for line in person.get("logbook")["items"])
