"""The conference system beside a consultation: called with pictures that are chosen, seen to pull, taken back."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import pytest
from playwright.sync_api import expect

from tests.gateway import SECRET, Handset
from tests.journeys.browser import DESK, NO_MAP, SMALL_DESK, WAIT_MS, browser, picture
from tests.journeys.running import RunningSite, running_site
from tests.journeys.test_first_sortie import DEMONSTRATION
from tests.journeys.test_room_in_browser import FIRE
from tests.journeys.test_video_in_browser import filming

expect.set_options(timeout=WAIT_MS)
LOGIN = "mcu:a-password-of-the-MCU"


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@dataclass
class WithConference:
    site: RunningSite
    system: Handset


@pytest.fixture
def there(tmp_path: Path) -> Iterator[WithConference]:
    """A demonstration site with video and a conference system that pulls."""
    system = Handset()
    (tmp_path / "secret").write_bytes(SECRET)
    (tmp_path / "login").write_text(LOGIN)
    settings = f"""
[video]
first_port = 1024
last_port = 65535
[conference]
url = "{system.url}"
secret = "{tmp_path / "secret"}"
rtsp_port = {free_port()}
rtsp_login = "{tmp_path / "login"}"
"""
    with running_site(tmp_path / "36", more=DEMONSTRATION + settings) as running:
        yield WithConference(running, system)
    system.close()


class Pulling:
    """FFmpeg pulls until it is over. `size` of the pictures, once there is one."""

    def __init__(self, url: str) -> None:
        self.size, self.first = (0, 0), threading.Event()
        self._url = url.replace("rtsp://", f"rtsp://{LOGIN}@")
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        quick = {"rtsp_transport": "tcp", "analyzeduration": "100000", "fpsprobesize": "0"}
        with av.open(self._url, options=quick, timeout=60) as stream:
            stream.streams.video[0].codec_context.thread_count = 1
            for frame in stream.decode(video=0):
                self.size = frame.width, frame.height
                self.first.set()

    def ended(self) -> bool:
        self._thread.join(60)
        return not self._thread.is_alive()


@pytest.mark.timeout(200)
def test_a_desk_chooses_what_the_conference_pulls_sees_it_pull_and_takes_it_back(
    there: WithConference,
) -> None:
    port = free_port(socket.SOCK_DGRAM)
    chief = there.site.sign_in("zhiban")
    body = {"name": "赣鹰01 吊舱", "source": "ts_udp", "address": str(port), "carrier": "fixed"}
    stream = there.site.sign_in("diaodu").post("video/streams", body)["stream"]["id"]
    incident = chief.post("incidents", FIRE)
    chief.post("rooms", {"incident_id": incident["id"], "title": "萍乡边界林火会商"})
    with browser(there.site.url) as people, filming(port):
        people.before = NO_MAP
        desk = people.sign_in("diaodu", DESK)
        expect(desk.get_by_test_id("incident-card")).to_have_count(1)
        desk.keyboard.press("1")
        desk.get_by_test_id("room-line").click()
        desk.get_by_test_id("room-call").click()
        for source in ("map", stream):
            desk.locator(f'[data-testid="room-offer"][data-source="{source}"]').check()
        picture(desk, "conference-choosing")
        desk.get_by_test_id("room-call-send").click()
        lines = desk.get_by_test_id("room-source")
        expect(lines).to_have_count(2)
        (called,) = there.system.taken.values()
        urls = {each["kind"]: each["url"] for each in called["sources"]}
        video, drawn = Pulling(urls["video"]), Pulling(urls["map"])
        of_video = desk.locator(f'[data-testid="room-source"][data-source="{stream}"]')
        expect(of_video).to_have_attribute("data-pulls", "1")
        expect(of_video).to_contain_text("引接中 1 路")
        expect(desk.locator('[data-testid="room-source"][data-source="map"]')).to_have_attribute(
            "data-pulls", "1"
        )
        assert video.first.wait(60)
        assert drawn.first.wait(60)
        assert (video.size, drawn.size) == ((320, 240), (1920, 1080))
        picture(desk, "conference-pulled")
        desk.set_viewport_size(SMALL_DESK)
        picture(desk, "conference-pulled-small")
        of_video.get_by_test_id("room-take-back").click()
        expect(lines).to_have_count(1)
        assert video.ended()
        chief.post(f"rooms/{called['room']}/close", {"summary": "转入清理"})
        assert drawn.ended()
        assert people.complaints == []
