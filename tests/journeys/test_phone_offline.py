"""Thirty acts without a link, a browser closed and a server killed in between: each is in the journal once, in order."""

import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from loadtests.phone_outbox import CREW, DEMONSTRATION, campaign
from tests.journeys.browser import picture
from tests.journeys.running import running_site

ACTS = 30


@pytest.mark.timeout(300)
def test_thirty_acts_made_offline_are_delivered_once_and_a_lost_phone_is_wiped(tmp_path: Path) -> None:
    with running_site(tmp_path / "36", more=DEMONSTRATION) as site:

        def revoke(page: Page) -> None:
            """The desk ends the phone: its page goes within a second and keeps nothing."""
            desk = site.sign_in("diaodu")
            (device,) = desk.get("devices")["items"]
            assert (device["account"], device["acts"], device["signed_in"]) == (CREW, ACTS, True)
            picture(page, "phone-delivered")
            expect(page.get_by_test_id("link-tag")).to_have_attribute("data-link", "live", timeout=20_000)
            began = time.monotonic()
            desk.post(f"devices/{device['id']}/revoke", {"reason": "遗失"})
            expect(page.get_by_test_id("login-notice")).to_contain_text("已被停用", timeout=20_000)
            print(f"revoked on the phone after {time.monotonic() - began:.2f} s")
            page.wait_for_function(
                """async () => { const open = indexedDB.open('ganying');
                const db = await new Promise((done) => (open.onsuccess = () => done(open.result)));
                const count = db.transaction('kept').objectStore('kept').count();
                return (await new Promise((done) => (count.onsuccess = () => done(count.result)))) === 0
                    && !JSON.stringify({...localStorage, ...sessionStorage}).includes('token') }"""
            )
            assert site.sign_in(CREW).get("taskings")["items"], "the operator keeps its taskings"

        found = campaign(site, tmp_path, acts=ACTS, lose_bytes=60_000, seed=7, then=revoke)
        assert (found.pressed, found.delivered, found.duplicates) == (ACTS, ACTS, 0)
        assert found.in_order
        assert found.signed == ACTS
        assert 0 < found.before_kill < ACTS
