"""A device of GB/T 28181 from REGISTER to BYE, written out, and what a flood costs its picture.

    python -m loadtests.gb28181 [--flood-seconds 16]

`ganying serve` on loopback; SIPp is the device and the upper platform, FFmpeg writes the programme stream that the device
sends, and reads those that the platform gets, live and of a recording. Each step prints what SIPp sent and got. Then forged REGISTERs are sent
as fast as one process can while a picture plays: pictures a second before and during, and how many words were refused.
The baseline is the same run without the flood. Ends with a JSON line; exits 1 where less than nine tenths of the pictures come.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from socket import AF_INET, SO_RCVBUF, SOCK_DGRAM, SOL_SOCKET, socket
from typing import Any

import imageio_ffmpeg

from loadtests.machine import stamp
from protocols.gb28181.recordings import BEIJING
from protocols.gb28181.rtp import RtpOrder, RtpWriter
from tests.adapters.video.gb28181.site import above, told
from tests.clips import clip
from tests.journeys.running import Client, RunningSite, running_site, wait_for
from tests.journeys.test_first_sortie import DEMONSTRATION
from tests.ports import free_port
from tests.sipp import CHANNEL, DEVICE, PASSWORD, PLATFORM, Sipp

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
RATE = 25
SHOWN = ("CSeq", "Expires", "Date", "Subject", "WWW-Authenticate", "Authorization")


def programme(film: bytes) -> bytes:
    """A film as FFmpeg writes it as a programme stream."""
    command = [FFMPEG, "-v", "error", "-f", "mpegts", "-i", "-", "-c", "copy", "-f", "vob", "-"]
    return subprocess.run(command, input=film, stdout=subprocess.PIPE, check=True).stdout


def written(who: str, messages: str) -> None:
    """What SIPp sent and got, briefly."""
    for part in re.split(r"(?m)^-{20,}.*$", messages):
        found = re.search(r"message (sent|received)[^\n]*:\s*\n\s*\n(.*)", part, re.DOTALL)
        if found is None:
            continue
        lines = found[2].strip().splitlines()
        more = [line for line in lines[1:] if line.partition(":")[0] in SHOWN]
        more += re.findall(
            r"<(?:CmdType|SumNum|Name|StartTime|EndTime|NotifyType)>[^<]*", found[2]
        ) + re.findall(r"(?m)^(?:[smty]=|PLAY |Scale:).*$", found[2])
        print(f"  {who} {'->' if found[1] == 'sent' else '<-'} {lines[0]}")
        for line in more:
            print(f"         {line.strip()[:150]}")


def play(who: str, scenario: str, to: int, port: int, **keys: Any) -> None:
    """A scenario from beginning to end."""
    run = Sipp(scenario, to, port=port, **keys)
    run.wait()
    written(who, run.messages)
    run.stop()


class Device:
    """Sends FFmpeg's programme stream over RTP for as long as it is wanted."""

    def __init__(self, port: int, ssrc: int) -> None:
        self._film = programme(clip(RATE * 4, group=RATE, rate=RATE))
        self._to, self._writer = ("127.0.0.1", port), RtpWriter(ssrc, 96)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        with socket(AF_INET, SOCK_DGRAM) as out:
            while True:
                parts = list(self._writer.packets(self._film, 0))
                for part in parts:
                    if self._stop.wait(4 / len(parts)):
                        return
                    out.sendto(part, self._to)

    def stop(self) -> None:
        """No more."""
        self._stop.set()
        self._thread.join()


@contextmanager
def kept_alive(to: int) -> Iterator[None]:
    """A keep-alive each second, from another port."""
    stop = threading.Event()

    def run() -> None:
        while not stop.is_set():
            Sipp("keepalive", to, port=free_port()).wait()
            stop.wait(1.0)

    saying = threading.Thread(target=run, daemon=True)
    saying.start()
    try:
        yield
    finally:
        stop.set()
        saying.join()


def units(client: Client, stream_id: str) -> int:
    """Pictures that have come in."""
    counts: dict[str, int] = client.get(f"video/streams/{stream_id}")["standing"]["counts"]
    return counts.get("units", 0)


def rate(client: Client, stream_id: str, seconds: float) -> float:
    """Pictures a second."""
    begin, since = units(client, stream_id), time.monotonic()
    time.sleep(seconds)
    return (units(client, stream_id) - begin) / (time.monotonic() - since)


def flooded(client: Client, stream_id: str, to: int, seconds: float) -> tuple[float, int]:
    """Pictures a second while REGISTERs are forged, and how many were sent."""
    stop, sent = threading.Event(), 0
    forged = (
        f"REGISTER sip:{PLATFORM}@3601000000 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.8:5060;branch=z9hG4bKf\r\n"
        f"From: <sip:{DEVICE}@3601000000>;tag=f\r\nTo: <sip:{DEVICE}@3601000000>\r\nCall-ID: f\r\nCSeq: 1 REGISTER\r\n"
        f'Authorization: Digest username="{DEVICE}", realm="3601000000", nonce="0", uri="x", response="0"\r\n\r\n'
    ).encode()

    def run() -> None:
        nonlocal sent
        with socket(AF_INET, SOCK_DGRAM) as out:
            out.bind(("127.0.0.8", 0))
            while not stop.is_set():
                out.sendto(forged, ("127.0.0.1", to))
                sent += 1

    flooding = threading.Thread(target=run, daemon=True)
    flooding.start()
    try:
        return rate(client, stream_id, seconds), sent
    finally:
        stop.set()
        flooding.join()


def from_above(sip: int, upper: int) -> int:
    """An upper platform asks for the stream; the pictures that FFmpeg finds in what it got."""
    print("the upper platform asks for the catalogue, and for the picture:")
    play("platform", "upstream_asks", sip, upper)
    play("platform", "upstream_hears", sip, upper)
    return read_by_ffmpeg("upstream_play", sip, upper)


def replayed(sip: int, upper: int) -> int:
    """It asks what was recorded in the last minute, and for ten seconds of it."""
    print("the upper platform asks what was recorded, and for ten seconds of it at twice the pace:")
    now = int(time.time())
    begin, end = (f"{datetime.fromtimestamp(at, BEIJING):%Y-%m-%dT%H:%M:%S}" for at in (now - 60, now))
    play("platform", "upstream_asks_records", sip, upper, begin=begin, end=end)
    play("platform", "upstream_hears_records", sip, upper)
    return read_by_ffmpeg("upstream_replay", sip, upper, begin=now - 15, end=now - 5)


def read_by_ffmpeg(scenario: str, sip: int, upper: int, **how: Any) -> int:
    """The pictures that it finds in what the platform was sent."""
    with socket(AF_INET, SOCK_DGRAM) as taking:
        taking.setsockopt(SOL_SOCKET, SO_RCVBUF, 8 << 20)  # read after the scenario
        taking.bind(("127.0.0.1", 0))
        taking.settimeout(0.5)
        play("platform", scenario, sip, upper, media=taking.getsockname()[1], watch_ms=3_000, **how)
        order, film = RtpOrder(100_000_077, 96), b""
        try:
            while True:
                film += b"".join(each.payload for each in order.feed(taking.recv(65_535)))
        except TimeoutError:
            pass
    command = [FFMPEG, "-v", "error", "-f", "mpeg", "-i", "-", "-f", "framecrc", "-"]
    made = subprocess.run(command, input=film, stdout=subprocess.PIPE, check=True).stdout
    return len([line for line in made.splitlines() if not line.startswith(b"#")])


def main() -> int:
    """The whole way."""
    reading = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    reading.add_argument("--flood-seconds", type=float, default=16.0)
    asked = reading.parse_args()
    folder, sip, upper = Path(tempfile.mkdtemp()) / "36", free_port(), free_port()
    folder.mkdir()
    for name in ("device.txt", "upper.txt"):
        (folder / name).write_text(PASSWORD)
    print(stamp())
    with running_site(folder, more=DEMONSTRATION + told(port=sip, keepalive_s=4)) as site:
        body = {"name": "单兵图传", "source": "gb28181", "address": f"{DEVICE}/{CHANNEL}", "carrier": "fixed"}
        stream_id = site.sign_in("diaodu").post("video/streams", body)["stream"]["id"]
        site.stop()
        with site.config.open("a") as config:
            config.write(above(upper, stream_id))
        site.start()
        result = journey(site, stream_id, (sip, upper), asked.flood_seconds)
    print(json.dumps(result))
    return (
        0 if result["kept"] >= 0.9 and min(result["ffmpeg_read"], result["ffmpeg_read_replayed"]) > 0 else 1
    )


def journey(site: RunningSite, stream_id: str, ports: tuple[int, int], flood_s: float) -> dict[str, Any]:
    """Of a site that knows a device and a platform."""
    sip, upper = ports
    client, port = site.sign_in("diaodu"), free_port()
    print("the upper platform lets us register:")
    play("platform", "upstream_register", sip, upper)
    print("the device registers and is asked for its catalogue:")
    play("device", "register", sip, port)
    play("device", "catalogue", sip, port)
    called = Sipp("play", sip, port=port, within_s=120)
    wait_for(lambda: "y=" in called.messages and "ACK sip:" in called.messages, "an INVITE")
    with kept_alive(sip):
        offered = re.findall(r"(?m)^(?:m=video (\d+)|y=(\d+))", called.messages)
        device = Device(int(offered[0][0]), int(offered[1][1]))
        wait_for(lambda: client.get(f"video/streams/{stream_id}")["standing"]["state"] == "live", "a picture")
        before = rate(client, stream_id, flood_s)
        during, sent = flooded(client, stream_id, sip, flood_s)
        seen, again = from_above(sip, upper), replayed(sip, upper)
        device.stop()
    print("nothing keeps the device alive any more; its call, from INVITE to our BYE:")
    called.wait()
    written("device", called.messages)
    state = client.get("video/gb28181")
    gone = state["devices"][0]
    print(f"  the device is {'online' if gone['online'] else 'offline'}: {gone['why']}")
    viewings = site.sign_in("zhiban").get("video/viewings")["items"]
    print(f"  in the journal: {[(each['who'], each['purpose']) for each in viewings]}")
    return {
        "pictures_per_s": round(before, 1),
        "pictures_per_s_flooded": round(during, 1),
        "kept": round(during / before, 3),
        "forged": sent,
        "forged_per_s": round(sent / flood_s),
        "refused": state["refused"],
        "ffmpeg_read": seen,
        "ffmpeg_read_replayed": again,
    }


if __name__ == "__main__":
    sys.exit(main())
