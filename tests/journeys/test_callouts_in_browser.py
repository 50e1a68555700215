"""A closed phone is reached by text, over kill -9, once; its reply accepts; what does not arrive asks for a call."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.gateway import SECRET, Handset, code_in, reply, report
from tests.journeys.adopting import adopted, asked, first_of
from tests.journeys.browser import DESK, browser, picture
from tests.journeys.running import Client, RunningSite, wait_for
from tests.journeys.test_first_sortie import DEMONSTRATION, act, confirmed

PHONE_OF_OP1 = "13900001111"


@pytest.fixture
def phones() -> Any:
    """A gateway of our own."""
    made = Handset()
    yield made
    made.close()


@pytest.fixture
def site(tmp_path: Path, phones: Handset) -> Any:
    """A site that reaches phones through it."""
    more = f'[sms]\nurl = "{phones.url}"\nsecret = "sms.secret"\nwait_s = 1.0\nreport_within_s = 5.0\n'
    running = RunningSite(tmp_path / "36", more=DEMONSTRATION + more)
    (running.folder / "sms.secret").write_bytes(SECRET)
    running.accounts(jiangxi=True)
    running.command("account", "phone", "tonghang", "+86 139-0000-1111")
    running.command(
        "account",
        "add",
        "wangguan",
        "--role",
        "gateway",
        "--phone-gateway",
        "--password-file",
        str(running.folder / "password"),
    )
    running.start()
    yield running
    if running.process is not None and running.process.poll() is None:
        running.stop()


def order(dispatcher: Client, chief: Client) -> str:
    """One ordered tasking of OP1."""
    incident_id = confirmed(dispatcher)
    adopted(dispatcher, asked(incident_id), first_of("OP1")(dispatcher))
    tasking = next(t for t in dispatcher.get("taskings")["items"] if t["state"] == "pending")
    act(chief, tasking["id"], "order")
    return str(tasking["id"])


def test_a_text_survives_a_kill_and_its_reply_accepts_while_another_asks_for_a_call(
    site: RunningSite, phones: Handset
) -> None:
    dispatcher, chief = site.sign_in("diaodu"), site.sign_in("zhiban")
    phones.mood.extend(["drop"] * 2)  # the gateway has it, and we never hear so
    first = order(dispatcher, chief)
    wait_for(lambda: phones.requests, "the text at the gateway")
    site.kill()
    site.start()
    for client in (dispatcher, chief):
        client.url = site.url
    gateway = site.sign_in("wangguan")

    def sent() -> Any:
        found = dispatcher.get(f"callouts?tasking={first}")["items"]
        return found and all(one["state"] == "handed" for one in found) and found

    told = wait_for(sent, "the text handed over after the kill")
    assert len(phones.to(PHONE_OF_OP1)) == len([one for one in told if one["number_masked"] == "…1111"]) == 1
    text = phones.to(PHONE_OF_OP1)[0]
    answers = gateway.post(
        "gateway/sms",
        {"events": [report(text), reply("mo-1", PHONE_OF_OP1, f"接受 {code_in(text['text'])}")]},
    )
    assert [item["result"] for item in answers["items"]] == ["noted", "accepted"]
    accepted = dispatcher.get(f"taskings/{first}")
    assert accepted["state"] == "accepted"
    assert [(s["actor"], s["reason"]) for s in accepted["history"] if s["action"] == "accept"] == [
        ("tonghang", "短信 …1111")
    ]
    act(dispatcher, first, "recall", reason="火已灭")

    phones.mood.extend([404] * 20)
    second = order(dispatcher, chief)
    wait_for(
        lambda: [
            one for one in dispatcher.get(f"callouts?tasking={second}")["items"] if one["state"] == "failed"
        ],
        "a text that did not arrive",
    )
    with browser(site.url) as people:
        desk = people.sign_in("diaodu", DESK)
        desk.get_by_test_id("sheet-callouts").wait_for()
        desk.goto(f"{site.url}/#tasking={second}")
        desk.reload()  # the address names what is selected
        desk.get_by_test_id("callout-alarm").wait_for()
        line = desk.locator('[data-testid="callout"]', has_text="…1111")
        line.get_by_test_id("callout-show").click()
        assert line.get_by_test_id("callout-number").inner_text() == PHONE_OF_OP1
        picture(desk, "callout-failed")
        line.get_by_test_id("callout-phone").click()
        line.get_by_test_id("callout-phoned").wait_for()
        desk.get_by_test_id("callout-alarm").wait_for(state="detached")
        picture(desk, "callout-phoned")
        desk.get_by_test_id("sheet-callouts").click()
        desk.locator('[data-testid="callouts-row"][data-state="failed"]').first.wait_for()
        assert PHONE_OF_OP1 not in desk.get_by_test_id("callouts-page").inner_text()
        picture(desk, "callouts-page")
        desk.get_by_test_id("callouts-tab-replies").click()
        desk.locator('[data-testid="callouts-reply"][data-result="accepted"]').wait_for()
        picture(desk, "callouts-replies")
        if os.environ.get("SCREENSHOTS"):
            desk.get_by_test_id("lang-switch").first.click()
            desk.set_viewport_size({"width": 1280, "height": 720})
            desk.get_by_test_id("callouts-tab-sent").click()
            picture(desk, "callouts-page-en")
            desk.get_by_test_id("sheet-close").click()
            picture(desk, "callout-card-en")
        # an open page that shows the next one in time saves its text
        page = people.sign_in("tonghang", {"width": 390, "height": 844})
        page.get_by_test_id("phone").wait_for()
        wait_for(lambda: dispatcher.get(f"taskings/{second}")["shown_version"] > 0, "the page's word")
        picture(page, "callout-phone-page")
        assert not people.complaints, people.complaints
    assert PHONE_OF_OP1 not in site.log.read_text()
    listing = site.command("journal", "list", "--json").stdout
    assert PHONE_OF_OP1 not in listing
    assert code_in(text["text"]) not in [word for word in listing.split('"') if word.isdigit()]
