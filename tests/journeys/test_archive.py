"""A real server archives what it hears: read beside it, after kill -9, over HTTP, and replayed at the desk."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.journeys.browser import SMALL_DESK, WAIT_MS, browser, picture
from tests.journeys.running import Client, RunningSite, wait_for

TRUCK = "report:truck-7"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RunningSite]:
    """A real site with a gateway that reports positions, and a dispatcher."""
    running = RunningSite(tmp_path / "36")
    for name, role in (("diaodu", "dispatcher"), ("jidi", "base")):
        password = str(running.folder / "password")
        running.command("account", "add", name, "--role", role, "--password-file", password)
    running.start()
    yield running
    running.stop()


def report(gateway: Client, lon_deg: float) -> None:
    body = {"position": {"lon_deg": lon_deg, "lat_deg": 28.9}, "datum": "wgs84", "key": "truck-7"}
    assert gateway.post("positions", body)["verdict"] == "accepted"


def archived(site: RunningSite) -> list[float]:
    """Longitudes that `ganying track` prints, beside whatever runs."""
    done = site.command("track", TRUCK, ok=False)
    assert done.returncode in (0, 1), done.stderr
    return [json.loads(line)["lon_deg"] for line in done.stdout.splitlines()]


def archive_state(site: RunningSite) -> dict[str, Any]:
    found: dict[str, Any] = Client(site.url).get("health")["archive"]
    return found


def test_what_is_heard_is_kept_read_and_replayed(site: RunningSite) -> None:
    gateway = site.sign_in("jidi")
    for number in range(3):
        report(gateway, 115.4 + number / 1000)
    wait_for(lambda: archived(site) == [115.4, 115.401, 115.402], "three reports in the archive")

    site.kill()
    assert archived(site) == [115.4, 115.401, 115.402]  # of a site that was killed and is not running
    site.start()
    settled = site.folder / "data" / "archive"
    wait_for(lambda: list(settled.glob("2*/*.parquet")), "the killed run's segment as Parquet")
    report(site.sign_in("jidi"), 115.403)
    wait_for(lambda: len(archived(site)) == 4, "the fourth report in the archive")
    assert archived(site) == [115.4, 115.401, 115.402, 115.403]
    state = archive_state(site)
    assert (state["state"], state["dropped_rows"]) == ("ok", 0)

    answer = site.sign_in("diaodu").get(f"history?ids={TRUCK}&limit=3")
    assert [item["lon_deg"] for item in answer["items"]] == [115.4, 115.401, 115.402]
    assert answer["next"]

    with browser(site.url) as people:
        desk = people.sign_in("diaodu", SMALL_DESK)
        expect(desk.get_by_test_id("sheet-replay")).to_be_visible(timeout=WAIT_MS)
        moment = datetime.now(UTC)
        desk.evaluate(
            f"() => {{ location.hash = '#replay={moment:%Y-%m-%dT%H:%M:%S}Z,1'; location.reload() }}"
        )
        expect(desk.locator(f'[data-testid=replay-thing][data-id="{TRUCK}"]')).to_have_attribute(
            "data-lon", "115.403", timeout=WAIT_MS
        )
        picture(desk, "replay-real")
        assert people.complaints == []
        assert people.foreign == []
