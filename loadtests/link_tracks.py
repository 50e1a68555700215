"""Tracks over one link: `python -m loadtests.link_tracks [--rate 40000] [--seconds 10] [--aircraft 10000]
[--plain]`.

Two processes, real WebSocket frames over loopback, mutual TLS as on every link (`--plain`: without), the link's own sessions at both ends and the
receiver's real picture. Sends `rate` updates a second, a twentieth of a second at a time, and measures from a
position's time until it is in the other's picture; then after a pause the whole picture at once, as after a cut;
then raw frames of the same size over the same kind of socket as fast as they go. Ends with one line of JSON.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from twisted.internet import reactor
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.task import LoopingCall

from adapters.link import columns
from adapters.link.socket import AcceptingFactory, DiallingFactory, LinkSocket
from adapters.tls import link_client_context, link_server_context
from dispatch.picture import TrackPicture
from loadtests.machine import stamp
from protocols.codec.link_columns import MAX_COLUMN_ROWS, ColumnLabel
from protocols.codec.track_states import NO_RATE, NOT_SAID, STATE, States
from protocols.link_lanes import OWN, Have
from protocols.link_outputs import Output, PartnerColumns, Send
from protocols.link_session import Identity, LinkSession
from protocols.link_state import LinkState
from tests.adapters.link.sites import certificates

STEP_S = 0.05
RAW = b"\x7f"  # first byte of a raw frame; no link message begins so
RAW_S = 3.0

_reactor: Any = reactor


class End:
    """One end of the link: session, socket, and the picture where it receives."""

    def __init__(self, site: str, partner: str) -> None:
        identity = Identity(site=site, name=site, agreement="load", epoch=site)
        self.session = LinkSession(identity=identity, partner=partner)
        self.site, self.partner = partner, partner
        self.socket: LinkSocket | None = None
        self.picture = TrackPicture()
        self.labels = columns.Labels()
        self.late_s: list[tuple[float, int]] = []
        self.raw = 0

    def opened(self, socket: LinkSocket) -> None:
        """Greet."""
        self.socket = socket
        have = {lane: Have() for lane in OWN}
        self.carry_out(
            self.session.connected(have=have, head=0, certified_site=self.partner, now=datetime.now(UTC))
        )

    def received(self, _socket: LinkSocket, data: bytes) -> None:
        """A frame."""
        if data[:1] == RAW:
            self.raw += len(data)
            if data[1:2] == RAW:
                _say({"raw_bytes": self.raw})
            return
        self.carry_out(self.session.receive(data, datetime.now(UTC)))

    def line_changed(self, socket: LinkSocket) -> None:
        """Full, or not any more."""
        self.carry_out(self.session.line_full(socket.congested))

    def closed(self, _socket: LinkSocket, _why: str) -> None:
        """The end of the run."""
        if _reactor.running:
            _reactor.stop()

    def carry_out(self, outputs: list[Output]) -> None:
        """What the session says."""
        for output in outputs:
            if isinstance(output, Send) and self.socket is not None:
                self.socket.send(output.data)
            elif isinstance(output, PartnerColumns):
                self.see(output)

    def see(self, seen: PartnerColumns) -> None:
        """Tracks into the picture."""
        now = datetime.now(UTC)
        self.labels.hear(seen.columns.labels)
        states = columns.unseen(self.picture, seen.columns, now)
        for batch in columns.batches(states, self.labels, timedelta(0), self.site, now):
            self.picture.accept_batch(batch, now.timestamp())
        done = datetime.now(UTC)
        self.late_s.append(((done - seen.columns.at).total_seconds(), len(states)))


def _say(line: dict[str, Any]) -> None:
    print(json.dumps(line), flush=True)


def _papers(folder: Path, site: str) -> tuple[Path, Path, Path]:
    return folder / f"{site}.crt", folder / f"{site}.key", folder / "ca.crt"


def receive(papers: str) -> None:
    """The receiving process: prints its port, then what it saw when told to. `papers`: folder of the certificates."""
    end = End("43", "36")
    factory = AcceptingFactory(end, _reactor)
    if papers:
        context = link_server_context(*_papers(Path(papers), "43"))
        port = _reactor.listenSSL(0, factory, context, interface="127.0.0.1")
    else:
        port = _reactor.listenTCP(0, factory, interface="127.0.0.1")
    _say({"port": port.getHost().port})
    tick = LoopingCall(lambda: end.carry_out(end.session.tick(datetime.now(UTC))))
    tick.start(0.25)
    _reactor.run()
    late = np.array([each for each, _ in end.late_s])
    rows = np.array([count for _, count in end.late_s])
    last = -(-len(end.picture) // MAX_COLUMN_ROWS)  # messages of the whole picture, at the end
    live, of = late[:-last], rows[:-last]
    _say(
        {
            "updates": int(rows.sum()),
            "p50_ms": round(float(np.percentile(np.repeat(live, of), 50)) * 1000, 1),
            "p99_ms": round(float(np.percentile(np.repeat(live, of), 99)) * 1000, 1),
            "max_ms": round(float(live.max()) * 1000, 1),
            "whole_picture_s": round(float(late[-last:].max()), 3),
            "things": len(end.picture),
            "refused": end.session.counts["tracks_refused"],
        }
    )


def sky(aircraft: int) -> States:
    """Aircraft spread over the province."""
    made = np.zeros(aircraft, STATE)
    made["number"] = np.arange(1, aircraft + 1) + 0x780000
    made["lon_e7"] = (113.6 + np.arange(aircraft) % 1000 * 0.0047) * 1e7
    made["lat_e7"] = (24.5 + np.arange(aircraft) // 1000 * 0.3) * 1e7
    made["altitude_m"], made["bits"] = 900.0, 1
    made["ground_speed_cmps"], made["track_cdeg"] = 5_000, 9_000
    made["vertical_rate_cmps"], made["accuracy_m"] = NO_RATE, NOT_SAID
    return made


def send(rate: float, seconds: float, aircraft: int, papers: str) -> None:
    """The sending process, which starts the other."""
    other = subprocess.Popen(  # ourselves
        [sys.executable, "-m", "loadtests.link_tracks", "--receive", "--papers", papers],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    port = json.loads(other.stdout.readline())["port"]
    end, whole = End("36", "43"), sky(aircraft)
    labels = [ColumnLabel(int(number), f"T{number % 10_000:04d}", "") for number in whole["number"]]
    scheme = "wss" if papers else "ws"
    factory = DiallingFactory(end, "43", f"{scheme}://127.0.0.1:{port}/link", _reactor)
    if papers:
        context: Any = link_client_context(*_papers(Path(papers), "36"))
        endpoint = wrapClientTLS(context, HostnameEndpoint(_reactor, b"127.0.0.1", port))
        endpoint.connect(factory)
    else:
        _reactor.connectTCP("127.0.0.1", port, factory)
    each = max(1, int(rate * STEP_S))
    sent = {"steps": 0, "rows": 0, "raw": 0.0}

    def step() -> None:
        end.carry_out(end.session.tick(datetime.now(UTC)))
        if end.session.state not in (LinkState.CATCHING_UP, LinkState.LIVE) or end.socket is None:
            return
        if sent["steps"] * STEP_S >= seconds:
            loop.stop()
            _reactor.callLater(1.0, everything)
            return
        places = (np.arange(each) + sent["steps"] * each) % aircraft
        whole["lon_e7"][places] += 1_000
        now = datetime.now(UTC)
        said = labels if sent["steps"] == 0 else []
        outputs = end.session.columns_available(whole[places], said, now, congested=end.socket.congested)
        sent["steps"] += 1
        sent["rows"] += each if outputs else 0
        end.carry_out(outputs)

    def everything() -> None:
        end.carry_out(end.session.columns_available(whole, [], datetime.now(UTC), congested=False))
        _reactor.callLater(1.0, raw)

    def raw() -> None:
        sent["raw"] = time.monotonic()
        flood.start(0.0)

    def more() -> None:
        assert end.socket is not None
        if time.monotonic() - sent["raw"] > RAW_S:
            flood.stop()
            end.socket.send(RAW + RAW + b"\0" * 100)
            _reactor.callLater(1.0, end.socket.close)
            return
        while not end.socket.congested:
            end.socket.send(RAW + bytes(each * STATE.itemsize))

    flood = LoopingCall(more)
    loop = LoopingCall(step)
    loop.start(STEP_S)
    _reactor.run()
    lines = [json.loads(line) for line in other.stdout.read().splitlines()]
    other.wait()
    found = {name: value for line in lines for name, value in line.items()}
    raw_bytes_s = found.pop("raw_bytes", 0) / RAW_S
    took = rate * STATE.itemsize
    _say(
        {
            "rate": rate,
            "tls": bool(papers),
            "sent": sent["rows"],
            **found,
            "raw_MB_s": round(raw_bytes_s / 1e6, 1),
            "of_raw": round(took / raw_bytes_s, 4) if raw_bytes_s else None,
            "machine": stamp(),
        }
    )


def main() -> None:
    """From the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=float, default=40_000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--aircraft", type=int, default=10_000)
    parser.add_argument("--receive", action="store_true")
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--papers", default="")
    given = parser.parse_args()
    if given.receive:
        receive(given.papers)
    elif given.plain:
        send(given.rate, given.seconds, given.aircraft, "")
    else:
        with tempfile.TemporaryDirectory() as name:
            certificates(Path(name), "36", "43")
            send(given.rate, given.seconds, given.aircraft, name)


if __name__ == "__main__":
    main()
