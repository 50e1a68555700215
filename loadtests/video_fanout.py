"""Many streams to many viewers: CPU of the whole server beside a plain socket copy, and what one stalled viewer costs.

    python -m loadtests.video_fanout [--streams 20] [--viewers 50] [--each 4] [--rounds 3] [--seconds 10] [--record]

Twenty senders (one process, MPEG-TS made beforehand: 1280x720, 25 a second, some 2 Mbit/s, a key frame every two seconds)
send UDP to `ganying serve` and, in the other rounds, to a plain copy: one process that reads the same datagrams and writes
each frame's bytes to the same number of TCP connections, a call each, and does nothing else. A viewer watches `each`
streams over one socket. Counted is the CPU, user and system, of the server with all its processes, and of the copy; ratios are
of neighbouring rounds. What the copy does not do and the server does: take the transport stream apart, know key frames, standings each second,
and all that a site does besides; what a server does with nobody sending is said too (`idle_cores`).

Then the same streams for a while without and with one more viewer who watches sixteen and reads nothing: time from a
frame's last byte leaving the sender to its last byte at a viewer, units that never came, memory of all the server's
processes. Ends with a JSON line; exits 1 where a unit was lost for others or memory is beyond what the limits allow.
"""

import argparse
import io
import json
import statistics
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from adapters.web.viewer import KERNEL_BUFFER_BYTES
from loadtests.machine import cpu_s, stamp
from loadtests.video_fanout_ends import RATE_HZ, Viewer
from protocols.video_gop import MOST_CONTROL_BYTES, MOST_WAITING_BYTES
from protocols.video_ts import TsVideo
from protocols.video_units import VideoUnit
from tests.clips import picture
from tests.journeys.running import RunningSite, wait_for
from tests.ports import free_port

SETTINGS = (
    "[demonstration]\nenabled = true\n[planner]\nautomatic = false\n[archive]\nenabled = false\n"
    "[video]\nfirst_port = 1024\nlast_port = 65535\nrecord = {record}\n"
)
SIZE, GROUP, BIT_S = (1280, 720), 50, 1_900_000
PTS_STEP_US = 1_000_000 // RATE_HZ
STALLED_WATCHES = 16
SETTLE_S = 2.0


def film(path: Path, frames: int) -> int:
    """A clip of so many frames, two groups encoded and muxed again and again; the time of its first, in µs."""
    made = io.BytesIO()
    out = av.open(made, "w", format="mpegts", options={"flush_packets": "1"})
    stream: Any = out.add_stream("libx264", rate=RATE_HZ)
    stream.width, stream.height, stream.pix_fmt, stream.time_base = *SIZE, "yuv420p", Fraction(1, RATE_HZ)
    stream.bit_rate = BIT_S
    stream.options = {"preset": "ultrafast", "tune": "zerolatency", "g": str(GROUP), "sc_threshold": "0",
                      "maxrate": str(BIT_S), "bufsize": str(BIT_S // 2)}  # fmt: skip
    noise = np.random.default_rng(1).integers(60, 120, (SIZE[1], SIZE[0], 3), np.uint8)
    packets = []
    for number in range(2 * GROUP):
        shown = picture(number, SIZE)
        shown[SIZE[0] // 4 :] = np.roll(noise, number * 2, axis=1)[SIZE[0] // 4 :]
        frame = av.VideoFrame.from_ndarray(shown, "rgb24")
        frame.pts = number
        packets += [(bytes(each), each.is_keyframe) for each in stream.encode(frame)]
    sizes, before = [], 0
    for number in range(frames):
        data, key = packets[number % len(packets)]
        packet = av.Packet(data)
        packet.stream, packet.time_base = stream, Fraction(1, RATE_HZ)
        packet.pts = packet.dts = number
        packet.is_keyframe = key
        out.mux(packet)
        sizes.append(made.tell() - before)
        before = made.tell()
    np.save(path.with_suffix(".npy"), np.array(sizes))
    path.write_bytes(made.getvalue()[: sum(sizes)])
    first = next(
        each for each in TsVideo().feed(made.getvalue()[: sum(sizes[:2])]) if isinstance(each, VideoUnit)
    )
    return first.pts_us


class End:
    """One of the processes of video_fanout_ends.py."""

    def __init__(self, *words: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "loadtests.video_fanout_ends", *map(str, words)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def say(self, line: str) -> None:
        """To it."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def heard(self) -> str:
        """Its next line."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "an end has died"
        return line.strip()


class Stage:
    """A site, the copy, and their viewers, who stay for all rounds."""

    def __init__(self, site: RunningSite, folder: Path, said: argparse.Namespace) -> None:
        assert site.process is not None
        self.server, self.said, self.folder = site.process.pid, said, folder
        self.desk = site.sign_in("diaodu")
        ports = [[free_port() for _ in range(said.streams)] for _ in range(2)]
        self.ports = {"ours": ports[0], "copy": ports[1]}
        self.ids = [self._register(number, port) for number, port in enumerate(ports[0])]
        self.clip = folder / "clip.ts"
        self.begins_us = film(self.clip, int((max(said.seconds, said.stall) + SETTLE_S + 2) * RATE_HZ) + 60)
        self.sender = End("send", self.clip)
        self.copy = End("copy", *ports[1])
        copy_port = int(self.copy.heard())
        flows = [
            [(viewer * said.each + number) % said.streams for number in range(said.each)]
            for viewer in range(said.viewers)
        ]
        self.http = int(site.url.rpartition(":")[2])
        self.audience = {"ours": End("watch"), "copy": End("watch")}
        self.audience["copy"].say(json.dumps({"copy": copy_port, "flows": flows}))
        named = [[self.ids[number] for number in each] for each in flows]
        self.audience["ours"].say(json.dumps({"ours": self.http, "token": self.desk.token, "flows": named}))
        for each in (self.sender, *self.audience.values()):
            assert each.heard() == "open"
        wait_for(lambda: sum(self.viewers()) == said.viewers * said.each, "all viewers")

    def _register(self, number: int, port: int) -> str:
        body = {"name": f"流 {number}", "source": "ts_udp", "address": str(port), "carrier": "fixed"}
        stream_id: str = self.desk.post("video/streams", body)["stream"]["id"]
        return stream_id

    def viewers(self) -> list[int]:
        """Of each stream."""
        return [each["standing"]["viewers"] for each in self.desk.get("video/streams")["items"]]

    def pid(self, kind: str) -> int:
        """Whose CPU is meant."""
        return self.server if kind == "ours" else self.copy.process.pid

    def mark(self, kind: str) -> tuple[int, "np.ndarray[Any, Any]"]:
        """Bytes and pictures that have come to the viewers since the last mark."""
        path = self.folder / "seen.npy"
        self.audience[kind].say(json.dumps({"mark": str(path)}))
        return int(json.loads(self.audience[kind].heard())["bytes"]), np.load(path)

    def run(self, kind: str, seconds: float) -> dict[str, Any]:
        """Send for so long; CPU while all streams are under way, and what came."""
        self.mark(kind)
        self.sender.say(" ".join(map(str, self.ports[kind])) + f" | {seconds + SETTLE_S}")
        time.sleep(SETTLE_S)
        before, began = cpu_s(self.pid(kind)), time.monotonic()
        sent = json.loads(self.sender.heard())
        used, lasted_s = cpu_s(self.pid(kind)) - before, time.monotonic() - began
        time.sleep(0.5)
        came, seen = self.mark(kind)
        flows = self.said.viewers * self.said.each / self.said.streams
        whole = came / (sent["bytes"] * flows)
        if kind == "copy" and whole < 0.995:  # its last frames wait for a short datagram
            raise AssertionError(f"the copy lost bytes: {whole}")
        told = {"cores": used / lasted_s, "late_ms": sent["late_ms"]}
        return told if kind == "copy" else told | self.waits(seen)

    def close(self) -> None:
        """Everybody goes."""
        for each in (self.sender, self.copy, *self.audience.values()):
            each.process.kill()
            each.process.wait()

    def waits(self, seen: "np.ndarray[Any, Any]") -> dict[str, Any]:
        """Time on the way, and units missing, of a run."""
        left_at = np.load(self.clip.with_suffix(".times.npy"))
        stream = seen[:, 0].astype(int) - 1  # slots are given in order from 1
        frame = np.rint((seen[:, 3] - self.begins_us) / PTS_STEP_US).astype(int)
        wait_ms = (seen[:, 4] - left_at[frame, stream]) * 1e3
        missing = 0
        for flow in np.unique(seen[:, [5, 0, 1]], axis=0):
            seq = seen[(seen[:, [5, 0, 1]] == flow).all(axis=1)][:, 2]
            missing += int(seq.max() - seq.min() + 1 - len(np.unique(seq)))
        p50, p99, most = np.percentile(wait_ms, [50, 99, 100]).round(1).tolist()
        return {"p50_ms": p50, "p99_ms": p99, "max_ms": most, "units": len(seen), "missing": missing}


def rss_mb(pid: int) -> float:
    """Resident memory of a process and its children."""
    size = 0.0
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            size = int(line.split()[1]) / 1024
    for task in Path(f"/proc/{pid}/task").iterdir():
        size += sum(rss_mb(int(child)) for child in (task / "children").read_text().split())
    return size


def rounds(stage: Stage, many: int, seconds: float) -> dict[str, Any]:
    """Server and copy by turns."""
    ours, plain, ratios, kept = [], [], [], []
    for turn in range(many):
        pair = {kind: stage.run(kind, seconds) for kind in (("ours", "copy"), ("copy", "ours"))[turn % 2]}
        ours.append(pair["ours"]["cores"])
        plain.append(pair["copy"]["cores"])
        ratios.append(ours[-1] / plain[-1])
        kept.append(pair["ours"])
    return {
        "ours_core_percent_a_stream": round(statistics.median(ours) * 100 / stage.said.streams, 2),
        "copy_core_percent_a_stream": round(statistics.median(plain) * 100 / stage.said.streams, 2),
        "ratios": [round(each, 2) for each in ratios],
        "ratio": round(statistics.median(ratios), 2),
        "missing": sum(each["missing"] for each in kept),
        "p50_ms": statistics.median(each["p50_ms"] for each in kept),
        "p99_ms": statistics.median(each["p99_ms"] for each in kept),
    }


def stalled(stage: Stage, seconds: float) -> dict[str, Any]:
    """Without, and with a viewer who reads nothing."""
    found: dict[str, Any] = {"rss_mb_before": round(rss_mb(stage.server), 1)}
    found["without"] = stage.run("ours", seconds)
    found["rss_mb_without"] = round(rss_mb(stage.server), 1)
    watches = stage.ids[:STALLED_WATCHES]
    still = Viewer(stage.http, stage.desk.token, watches)
    wait_for(
        lambda: sum(stage.viewers()) == stage.said.viewers * stage.said.each + len(watches), "the stalled one"
    )
    found["with"] = stage.run("ours", seconds)
    found["rss_mb_with"] = round(rss_mb(stage.server), 1)
    found["stalled_socket_open"] = sum(stage.viewers()) == stage.said.viewers * stage.said.each + len(watches)
    still.socket.close()
    wait_for(lambda: sum(stage.viewers()) == stage.said.viewers * stage.said.each, "it gone")
    found["without_again"] = stage.run("ours", seconds)
    found["rss_mb_after"] = round(rss_mb(stage.server), 1)
    limit = len(watches) * MOST_WAITING_BYTES + MOST_CONTROL_BYTES + KERNEL_BUFFER_BYTES
    found["limit_mb"] = round(limit / (1 << 20), 1)
    return found


def main() -> int:
    """Measure and tell."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--streams", type=int, default=20)
    asked.add_argument("--viewers", type=int, default=50)
    asked.add_argument("--each", type=int, default=4, help="streams of a viewer")
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--seconds", type=float, default=10.0)
    asked.add_argument(
        "--stall", type=float, default=15.0, help="seconds of each part of it; 0: not measured"
    )
    asked.add_argument(
        "--record", action="store_true", help="the server records what comes in, as it does by default"
    )
    said = asked.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        site = RunningSite(folder / "36", more=SETTINGS.format(record=str(said.record).lower()))
        site.accounts()
        site.start()
        stage = Stage(site, folder, said)
        try:
            idle, began = cpu_s(stage.server), time.monotonic()
            time.sleep(said.seconds)
            idle = (cpu_s(stage.server) - idle) / (time.monotonic() - began)
            found: dict[str, Any] = {"streams": said.streams, "viewers": said.viewers, "flows": said.viewers * said.each,
                     "kbit_s": round(stage.clip.stat().st_size * 8 * RATE_HZ / len(np.load(stage.clip.with_suffix(".npy"))) / 1e3),
                     "record": said.record, "idle_cores": round(idle, 3)}  # fmt: skip
            found |= rounds(stage, said.rounds, said.seconds)
            if said.stall:
                found["stalled"] = stalled(stage, said.stall)
        finally:
            stage.close()
            site.stop()
    print(stamp(), file=sys.stderr)
    print(json.dumps(found))
    still = found.get("stalled")
    good = not found["missing"] and (
        not still
        or (
            not still["with"]["missing"]
            and still["rss_mb_with"] - still["rss_mb_without"] <= still["limit_mb"]
        )
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
