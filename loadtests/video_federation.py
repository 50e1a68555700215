"""Glass to glass over two sites: from the making of a frame at 36 to its number on a canvas at 43, through a real link.

    python -m loadtests.video_federation [--seconds 20] [--size 640x360] [--rate 25] [--viewers 3]

As loadtests/video_latency.py does for one site: a sender of its own process burns a number into each frame, encodes it
(x264 ultrafast, zero latency, a key frame a second), writes down when it was made, and sends MPEG-TS over UDP to
`ganying serve` of 36. 43 is another `ganying serve`, linked to it by mutual TLS through a relay on loopback; under a consent
with video it has asked for the stream and been granted it. The page `/video` of 43 shows it under its burnt-in mark; a script
in it reads the number in each animation frame. Both clocks are this machine's. So: encoder, socket, process, site, link (in
pieces, within its window), second site, WebSocket, decoder and canvas are in it; camera, radio and monitor are not, nor the
way between two provinces. `viewers` sign in at 43 and watch, one with a page, the others over bare sockets; the pull over
the link stays one, which its bytes beside the sender's own tell. Ends with a JSON line; exits 1 where p95 is over a second.
"""

import argparse
import json
import multiprocessing
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import websocket
from playwright.sync_api import sync_playwright

from loadtests.machine import stamp
from loadtests.video_latency import NO_GPU, READ, SETTINGS, film
from protocols.codec.video import SUBPROTOCOL
from protocols.gen import video_pb2
from tests.journeys.browser import DESK, Browser
from tests.journeys.running import Client, wait_for
from tests.journeys.two_sites import Pair, two_sites
from tests.journeys.video_steps import consent_with_video
from tests.ports import free_port

AIM_MS = 1_000.0


def granted(pair: Pair, stream_id: str) -> None:
    """43 asks, 36 grants, both know."""
    theirs, ours = pair.theirs.sign_in("diaodu"), pair.ours.sign_in("zhiban")
    wait_for(
        lambda: any(stream_id == e["shown"]["id"] for e in theirs.get("video/shown")["items"]), "it at 43"
    )
    asked = theirs.post("video/requests", {"stream_id": stream_id, "purpose": "loadtest", "minutes": 60})[
        "request"
    ]["id"]
    wait_for(
        lambda: any(asked == e["request"]["id"] for e in ours.get("video/requests")["items"]), "it at 36"
    )
    ours.post(f"video/requests/{asked}/grant", {"minutes": 60})
    wait_for(lambda: theirs.get(f"video/requests/{asked}")["holds"], "the grant at 43")


class BareViewer:
    """A viewer without a page: reads and counts."""

    def __init__(self, client: Client, url: str, stream_id: str) -> None:
        self.pictures = self.keys = 0
        address = f"{url.replace('http', 'ws')}/ws/video"
        self._socket = websocket.create_connection(address, subprotocols=[SUBPROTOCOL], timeout=30)
        for said in (
            video_pb2.VideoAsk(hello=video_pb2.VideoHello(token=client.token)),
            video_pb2.VideoAsk(watch=video_pb2.VideoWatch(stream_id=stream_id)),
        ):
            self._socket.send_binary(said.SerializeToString())
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with suppress(websocket.WebSocketException, OSError):
            while isinstance(data := self._socket.recv(), bytes) and data:
                told = video_pb2.VideoTold.FromString(data)
                self.pictures += told.WhichOneof("body") == "picture"
                self.keys += told.picture.key

    def close(self) -> None:
        """No more."""
        with suppress(websocket.WebSocketException, OSError):
            self._socket.close()


def video_bytes(client: Client) -> int:
    """That came over the link."""
    (link,) = client.get("links")["items"]
    return int(sum(each["bytes_in"] for each in link["traffic"] if each["traffic"] == "video"))


def measure(pair: Pair, size: tuple[int, int], rate: int, seconds: float, viewers: int) -> dict[str, Any]:
    """Figures of one run."""
    consent_with_video(pair)
    port = free_port()
    body = {"name": "测试", "source": "ts_udp", "address": str(port), "carrier": "fixed"}
    stream_id = pair.ours.sign_in("diaodu").post("video/streams", body)["stream"]["id"]
    granted(pair, stream_id)
    theirs = pair.theirs.sign_in("zhiban")
    with sync_playwright() as playwright:
        people = Browser(playwright, pair.theirs.url, gpu=NO_GPU)
        page = people.sign_in("diaodu", DESK)
        page.get_by_test_id("desk").wait_for()
        page.goto(f"{pair.theirs.url}/video")
        page.get_by_test_id("video-layout-1").click()
        page.get_by_test_id("partner-pick").click()
        page.evaluate(READ)
        wait_for(lambda: theirs.get("video/shown")["items"][0]["standing"]["viewers"] >= 1, "a viewer")
        others = [BareViewer(theirs, pair.theirs.url, stream_id) for _ in range(viewers - 1)]
        before = video_bytes(theirs)
        told, telling = multiprocessing.Pipe()
        sender = multiprocessing.get_context("spawn").Process(
            target=film, args=(port, size, rate, seconds, telling)
        )
        sender.start()
        made, sent = told.recv()
        sender.join()
        page.wait_for_timeout(1_000)
        seen = page.evaluate("() => window.__seen")
        tile = page.get_by_test_id("video-tile")
        lost, shown_ms = tile.get_attribute("data-lost"), tile.get_attribute("data-latency")
        over_link = video_bytes(theirs) - before
        for other in others:
            other.close()
        people.close()
    late = sorted(at - made[number] for number, at in seen if rate <= number < len(made))
    if not late:
        raise AssertionError(f"nothing was seen: {seen[:5]}")
    return {
        "size": f"{size[0]}x{size[1]}",
        "rate": rate,
        "frames_made": len(made) - rate,
        "frames_seen": len(late),
        "kbit_s": round(sent * 8 / seconds / 1000),
        "p50_ms": round(late[len(late) // 2], 1),
        "p95_ms": round(late[int(len(late) * 0.95)], 1),
        "max_ms": round(late[-1], 1),
        "tile_says_lost": int(lost or 0),
        "tile_says_ms": int(shown_ms or 0),
        "viewers": viewers,
        "pictures_of_the_others": [other.pictures for other in others],
        "link_bytes_of_sent": round(over_link / sent, 3),
    }


def main() -> int:
    """Measure and tell."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--seconds", type=float, default=20.0)
    asked.add_argument("--size", default="640x360")
    asked.add_argument("--rate", type=int, default=25)
    asked.add_argument("--viewers", type=int, default=3)
    said = asked.parse_args()
    width, height = map(int, said.size.split("x"))
    with tempfile.TemporaryDirectory() as folder, two_sites(Path(folder), SETTINGS) as pair:
        pair.live()
        figures = measure(pair, (width, height), said.rate, said.seconds, said.viewers)
    print(stamp(), file=sys.stderr)
    print(json.dumps(figures))
    return 0 if figures["p95_ms"] <= AIM_MS else 1


if __name__ == "__main__":
    sys.exit(main())
