"""Drops from the track and from the phone, a kill -9 between, hours signed by both sides, settled, and the paper read."""

import math
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from loadtests.phone_outbox import DEMONSTRATION, fix_port
from tests.journeys.browser import DESK, PHONE, WAIT_MS, browser, picture
from tests.journeys.crews import released, step
from tests.journeys.running import Client, Refusal, running_site, wait_for

EVERY_S = 8.0  # between the reports that the watch sees, a second of ours each
NEAR_WATER = (("湾里林火", 115.305, 28.985),)  # 1.6 km from a lake
TRACKER = "zhiyuan-7"
#       offset from the water towards the fire, m; ground speed, m/s
FLOWN = ((-300.0, 45.0), (0.0, 45.0), (0.0, 2.0), (0.0, 2.0), (0.0, 2.0), (500.0, 12.0), (560.0, 12.0))


def flown(gateway: Client, water: dict[str, float], fire: dict[str, float]) -> None:
    """A tracker reports what it did in the last minute: took water, and dropped it beside the fire."""
    north_m = (fire["lat_deg"] - water["lat_deg"]) * 111_000
    east_m = (fire["lon_deg"] - water["lon_deg"]) * 97_000
    way_m = math.hypot(north_m, east_m)
    began = datetime.now(UTC) - timedelta(seconds=EVERY_S * (len(FLOWN) - 1) + 1)
    for number, (off_m, speed_mps) in enumerate(FLOWN):
        place = {
            "lon_deg": water["lon_deg"] + off_m / way_m * east_m / 97_000,
            "lat_deg": water["lat_deg"] + off_m / way_m * north_m / 111_000,
        }
        gateway.post(
            "positions",
            {
                "key": TRACKER,
                "position": place,
                "datum": "wgs84",
                "observed_at": (began + timedelta(seconds=EVERY_S * number)).isoformat(),
                "altitude_m": 40.0,
                "altitude_datum": "agl",
                "ground_speed_mps": speed_mps,
            },
        )
        time.sleep(1.1)  # the watch looks once a second, and each of its looks is to see one report


def findings(client: Client, tasking_id: str) -> list[dict[str, Any]]:
    """What waits for a person."""
    told = client.get(f"taskings/{tasking_id}/findings")["items"]
    return [each for each in told if each["answer"] == "open" and each["kind"] in ("drop", "water_pick_up")]


def open_card(desk: Page, tasking: dict[str, Any]) -> None:
    """Its card on the desk."""
    desk.get_by_test_id("incident-card").first.click()
    desk.locator(f'[data-testid="tasking-line"][data-id="{tasking["id"]}"]').click()


@pytest.mark.timeout(300)
def test_drops_are_confirmed_corrected_signed_for_and_settled(tmp_path: Path) -> None:
    with running_site(tmp_path / "36", more=DEMONSTRATION) as site, browser(site.url) as people:
        fix_port(site)
        (tasking,) = released(site, 1, NEAR_WATER)
        crew, base = site.sign_in("tonghang"), site.sign_in("jidi")
        path = f"taskings/{tasking['id']}"
        base.post(
            "identities",
            {"name": "赣鹰信标", "aircraft_id": tasking["aircraft_id"], "keys": [f"report:{TRACKER}"]},
        )
        for action in ("take_off", "arrive"):
            step(crew, tasking["id"], action)
        points = base.get("resources/water_points?limit=200")["items"]
        water = next(each for each in points if each["id"] == tasking["water_point_id"])["position"]
        phone = people.sign_in("tonghang", PHONE, "/phone")
        phone.get_by_test_id("phone-drop").click()  # told, and no track has shown it
        expect(phone.get_by_test_id("phone-drop")).to_be_disabled()
        flown(base, water, tasking["incident_position"])
        wait_for(lambda: len(findings(crew, tasking["id"])) == 2, "a pick-up and a drop on the track")

        site.kill()
        site.start()
        again = wait_for(lambda: findings(site.sign_in("tonghang"), tasking["id"]), "findings after kill -9")
        assert [each["kind"] for each in again] == ["water_pick_up", "drop"]

        crew, base = site.sign_in("tonghang"), site.sign_in("jidi")
        desk = people.sign_in("jidi", DESK)
        open_card(desk, tasking)
        expect(desk.get_by_test_id("water-finding")).to_have_count(2, timeout=WAIT_MS)
        picture(desk, "drops-proposed-desk")
        phone.locator('[data-testid=water-finding][data-kind="water_pick_up"]').get_by_test_id(
            "water-confirm"
        ).click()
        drop = phone.locator('[data-testid=water-finding][data-kind="drop"]')
        drop.get_by_test_id("water-correct").click()
        drop.get_by_test_id("water-litres").fill("700")
        # the tasking gets another version while somebody types: what is typed stays
        step(site.sign_in("diaodu"), tasking["id"], "amend", reason="补充", remark="注意电线")
        expect(phone.get_by_test_id("phone-acknowledge")).to_be_visible()
        step(crew, tasking["id"], "acknowledge", amendment=1)
        expect(phone.get_by_test_id("phone-acknowledge")).to_have_count(0)
        expect(drop.get_by_test_id("water-litres")).to_have_value("700")
        picture(phone, "drops-phone")
        drop.get_by_test_id("water-confirm").click()
        expect(desk.locator('[data-testid=drops][data-count="2"][data-track="1"]')).to_be_visible()
        expect(phone.locator('[data-testid=phone-drops][data-count="2"][data-unsent="0"]')).to_be_visible()
        phone.get_by_test_id("phone-drop").click()
        expect(phone.locator('[data-testid=phone-drops][data-count="3"][data-unsent="0"]')).to_be_visible()
        picture(phone, "drops-phone-bar")
        phone.get_by_test_id("phone-drop-undo").click()  # after it was sent: a strike-out
        expect(desk.locator('[data-testid=drop][data-struck="true"]')).to_have_count(1)
        for action in ("leave", "land"):
            phone.get_by_test_id(f"phone-{action}").click()
        wait_for(lambda: crew.get(path)["state"] == "landed", "the landing")

        expect(desk.get_by_test_id("tasking-settle")).to_be_disabled()
        with pytest.raises(Refusal, match="NOT_SIGNED"):
            step(base, tasking["id"], "settle")
        phone.get_by_test_id("phone-sign-hours").click()
        expect(phone.locator('[data-testid=phone-hours][data-signed="true"]')).to_be_visible()
        # the base corrects a drop after it: the crew's signature is void, and seen to be
        desk.locator('[data-testid=drop][data-source="phone"]').first.get_by_test_id("drop-correct").click()
        desk.get_by_test_id("drop-litres").fill("600")
        desk.get_by_test_id("drop-reason").fill("桶未满")
        desk.get_by_test_id("drop-commit").click()
        expect(desk.get_by_test_id("hours-void")).to_be_visible()
        expect(phone.locator('[data-testid=phone-hours][data-signed="false"]')).to_be_visible()
        picture(phone, "hours-phone")
        phone.get_by_test_id("phone-sign-hours").click()
        expect(
            desk.locator('[data-testid=hours][data-standing="1"]')
        ).to_be_visible()  # the desk signs what it sees
        desk.get_by_test_id("hours-sign").click()
        expect(desk.locator('[data-testid=hours][data-both="true"]')).to_be_visible()
        picture(desk, "hours-signed-desk")
        desk.get_by_test_id("tasking-settle").click()
        desk.get_by_test_id("tasking-commit").click()
        expect(desk.locator(f'[data-id="{tasking["id"]}"][data-state="settled"]').first).to_be_visible()

        where = f"incidents/{tasking['incident_id']}/documents/settlement?tasking={tasking['id']}"
        reader = site.sign_in("diaodu")

        def written() -> Any:
            try:
                return reader.get(where)
            except Refusal as refusal:
                assert refusal.code == "PAPERS_BUSY", refusal
                return None

        bill = wait_for(written, "the bill")
        form = bill["form"]
        told = {cell["key"]: cell["text"] for part in form["sections"] for cell in part.get("cells", ())}
        assert told["drops"] == "2 桶（航迹确认 1，报告 1）"
        assert told["litres"] == "1.3 t"
        assert "unilateral" not in told
        signed = [(one["label"], one["name"]) for one in form["signatures"]]
        assert signed[0] == ("驻防站", "jidi（驻防站）")
        assert [label for label, _ in signed] == ["驻防站", "承运单位", "承运单位（作废）", "结算"]
        # the server that was killed is all that a page complained of, and papers asked for while it read its journal again
        killed = ("ERR_CONNECTION", "WebSocket", "/documents")
        assert [each for each in people.complaints if not any(word in each for word in killed)] == []
        assert people.foreign == []
