"""Glass to glass: from the making of a frame to its number on the canvas of a page in Chromium, through a real site.

    python -m loadtests.video_latency [--seconds 20] [--size 640x360] [--rate 25] [--sources ts_udp,ts_srt] [--mse]

A sender of its own process burns a number into each frame as 16 squares (tests/clips.py), over noise that moves, encodes
it (x264 ultrafast, zero latency, a key frame a second) and sends MPEG-TS over UDP to `ganying serve`; it writes down when
each frame was made, before it is encoded. The page `/video` shows the stream; a script in it looks at the canvas in each animation
frame, reads the number, and writes down when it first stood there. Both clocks are this machine's. So: encoder, socket,
process, site, WebSocket, decoder and canvas are in it; camera, radio, compositor and monitor are not. What the reading
itself costs (a copy of 16 pixels in each animation frame) is in it too. `--mse`: a page without WebCodecs, as over plain
http from another machine, which shows the stream by Media Source Extensions. Ends with a JSON line.

With several sources one is measured after the other at the same site, and the line holds each and its median against the
first one's. SRT and RTMP are sent by an ffmpeg that is fed through a pipe; SRT with the latency of the settings, 120 ms.
"""

import argparse
import json
import multiprocessing
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO, Any, cast

import imageio_ffmpeg
import numpy as np
from playwright.sync_api import sync_playwright

from loadtests.machine import stamp
from tests.clips import Camera, datagrams, picture
from tests.journeys.browser import DESK, Browser
from tests.journeys.running import RunningSite, wait_for

SETTINGS = (
    "[demonstration]\nenabled = true\n[planner]\nautomatic = false\n[archive]\nenabled = false\n"
    '[video]\nfirst_port = 1024\nlast_port = 65535\nlogins = { rtmp = "rtmp.txt" }\n'
)
# without a GPU the page is drawn faster like this than by software GL
NO_GPU = ("--disable-gpu",)
READ = """() => {
  const seen = (window.__seen = []), small = document.createElement('canvas')
  small.width = 8; small.height = 2
  const c = small.getContext('2d', { willReadFrequently: true })
  c.imageSmoothingEnabled = false
  let last = -1
  const look = () => {
    requestAnimationFrame(look)
    const canvas = document.querySelector('[data-testid="video-tile"] canvas')
    if (!canvas || canvas.width < 64) return
    const side = canvas.width / 8
    c.drawImage(canvas, 0, 0, canvas.width, side * 2, 0, 0, 8, 2)
    const data = c.getImageData(0, 0, 8, 2).data
    let number = 0
    for (let bit = 0; bit < 16; bit++) number = number * 2 + (data[bit * 4] > 128 ? 1 : 0)
    if (number !== last) seen.push([(last = number), performance.timeOrigin + performance.now()])
  }
  look()
}"""


FED = ("-hide_banner", "-nostdin", "-nostats", "-loglevel", "error", "-fflags", "nobuffer")
SENT_AS = {
    "ts_srt": (
        "-f data -raw_packet_size 1316 -i pipe:0 -map 0 -c copy -flush_packets 1 -f data",
        "srt://127.0.0.1:{}",
    ),
    "rtmp_push": (
        "-probesize 32 -f h264 -r {rate} -i pipe:0 -c copy -flush_packets 1 -f flv",
        f"rtmp://127.0.0.1:{{}}/live/{'k' * 16}",
    ),
}


@contextmanager
def sending(source: str, port: int, rate: int) -> Iterator[Any]:
    """What takes a frame's bytes to the site."""
    if source == "ts_udp":
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:

            def send(data: bytes) -> None:
                for part in datagrams(data):
                    out.sendto(part, ("127.0.0.1", port))

            yield send
        return
    how, where = SENT_AS[source]
    said = [*FED, *how.format(rate=rate).split(), where.format(port)]
    running = subprocess.Popen([imageio_ffmpeg.get_ffmpeg_exe(), *said], stdin=subprocess.PIPE)
    pipe = cast(IO[bytes], running.stdin)

    def feed(data: bytes) -> None:
        pipe.write(data)
        pipe.flush()

    yield feed
    pipe.close()
    running.wait()


def film(source: str, port: int, size: tuple[int, int], rate: int, seconds: float, told: Connection) -> None:
    """The sender: when each frame was made, ms since 1970, at the end."""
    camera = Camera(size=size, rate=rate, group=rate, form="h264" if source == "rtmp_push" else "mpegts")
    noise = np.random.default_rng(1).integers(40, 140, (size[1], size[0], 3), np.uint8)
    made, sent = [], 0
    began = time.monotonic()
    with sending(source, port, rate) as send:
        for number in range(int(seconds * rate)):
            time.sleep(max(0.0, began + number / rate - time.monotonic()))
            shown = picture(number, size)
            made.append(time.time() * 1000)
            low = size[0] // 4
            shown[low:, :] = np.roll(noise, number * 2, axis=1)[low:, :]
            data = camera.shoot(shown=shown)
            send(data)
            sent += len(data)
    told.send((made, sent))


def measure(
    site: RunningSite, source: str, size: tuple[int, int], rate: int, seconds: float, *, mse: bool = False
) -> dict[str, Any]:
    """Figures of one run."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    desk = site.sign_in("diaodu")
    terms = {"name": source, "source": source, "address": str(port), "carrier": "fixed"}
    if source == "rtmp_push":
        terms["login"] = "rtmp"
    stream = desk.post("video/streams", terms)["stream"]["id"]
    with sync_playwright() as playwright:
        people = Browser(playwright, site.url, gpu=NO_GPU)
        people.before = "delete window.VideoDecoder" if mse else ""
        page = people.sign_in("zhiban", DESK)
        page.get_by_test_id("desk").wait_for()
        page.goto(f"{site.url}/video")
        page.get_by_test_id("video-layout-1").click()
        page.get_by_test_id("video-pick").click()
        page.evaluate(READ)
        wait_for(lambda: desk.get(f"video/streams/{stream}")["standing"]["viewers"] == 1, "a viewer")
        ours, theirs = multiprocessing.Pipe()
        sender = multiprocessing.get_context("spawn").Process(
            target=film, args=(source, port, size, rate, seconds, theirs)
        )
        sender.start()
        made, sent = ours.recv()
        sender.join()
        page.wait_for_timeout(1_000)
        seen = page.evaluate("() => window.__seen")
        tile = page.get_by_test_id("video-tile")
        lost, shown_ms, by = (tile.get_attribute(f"data-{each}") for each in ("lost", "latency", "by"))
        people.close()
    desk.post(f"video/streams/{stream}/remove", {"version": 1, "reason": "measured"})
    late = sorted(at - made[number] for number, at in seen if rate <= number < len(made))
    if not late:
        raise AssertionError(f"nothing was seen: {seen[:5]}")
    return {
        "source": source,
        "by": by,
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
    }


def main() -> int:
    """Measure and tell."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--seconds", type=float, default=20.0)
    asked.add_argument("--size", default="640x360")
    asked.add_argument("--rate", type=int, default=25)
    asked.add_argument("--sources", default="ts_udp")
    asked.add_argument("--mse", action="store_true")
    said = asked.parse_args()
    width, height = map(int, said.size.split("x"))
    with tempfile.TemporaryDirectory() as folder:
        site = RunningSite(Path(folder) / "36", more=SETTINGS)
        (Path(folder) / "36" / "rtmp.txt").write_text(f"live:{'k' * 16}\n")
        site.accounts()
        site.start()
        try:
            runs = [
                measure(site, source, (width, height), said.rate, said.seconds, mse=said.mse)
                for source in said.sources.split(",")
            ]
        finally:
            site.stop()
    print(stamp(), file=sys.stderr)
    first = runs[0]["p50_ms"]
    figures = [each | {"median_to_first": round(each["p50_ms"] / first, 2)} for each in runs]
    print(json.dumps(figures[0] if len(runs) == 1 else figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
