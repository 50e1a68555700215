"""The video page shows a device of GB/T 28181 that SIPp plays, and makes one of its channels a stream with a click."""

from pathlib import Path

from playwright.sync_api import expect

from tests.adapters.video.gb28181.site import door_port, free_port, told
from tests.journeys.browser import DESK, NO_MAP, WAIT_MS, browser, picture
from tests.journeys.running import running_site
from tests.journeys.test_first_sortie import DEMONSTRATION
from tests.sipp import CHANNEL, DEVICE, PASSWORD, Sipp, needs_sipp

pytestmark = needs_sipp
expect.set_options(timeout=WAIT_MS)


def test_a_channel_that_a_device_told_becomes_a_stream(tmp_path: Path) -> None:
    folder, sip, port = tmp_path / "36", door_port(), free_port()
    folder.mkdir()
    (folder / "device.txt").write_text(PASSWORD)
    with running_site(folder, more=DEMONSTRATION + told(port=sip)) as site:
        for scenario in ("register", "catalogue"):
            run = Sipp(scenario, sip, port=port)
            run.wait()
            run.stop()
        with browser(site.url) as people:
            people.before = NO_MAP
            desk = people.sign_in("diaodu", DESK)
            desk.get_by_test_id("desk").wait_for()
            desk.goto(site.url + "/video")
            expect(desk.get_by_test_id("gb-device")).to_contain_text("单兵图传 1")
            expect(desk.get_by_test_id("gb-device")).to_contain_text("在线")
            channel = desk.get_by_test_id("gb-channel").filter(has_text="吊舱可见光")
            channel.get_by_test_id("gb-bind").click()
            expect(desk.get_by_test_id("stream-name")).to_have_value("吊舱可见光")
            expect(desk.get_by_test_id("stream-address")).to_have_value(f"{DEVICE}/{CHANNEL}")
            desk.get_by_test_id("stream-carrier").select_option(index=0)
            desk.get_by_test_id("stream-save").click()
            expect(channel).to_contain_text("已登记")
            expect(desk.get_by_test_id("video-stream")).to_contain_text("正在呼叫设备")
            picture(desk, "video-gb28181")
