"""One partner that reads slowly, and the others: `python -m loadtests.slow_partner [--seconds 6] [--rate 20] [--pairs 3]`.

Three real sites in this process, real TLS: 36 shares incidents with 42 and 43 and goes on updating them; 43 is behind a
line that carries everything, then nothing at all, then everything, then 1 KB/s, and so on, `pairs` times: what the machine
does besides falls on all of them alike. Measured in each span: how long 36's desk takes to answer, and how long an update
takes from that to 42's journal. Ends with one line of JSON: for each kind of span the medians over its spans, their
ratios to those of the spans just before, and each pair's; exits 1 if something did not reach 42, or 43 once its line
carries everything again.
"""

# mypy: disable-error-code="no-untyped-call,call-overload"
# reason: twisted's helpers are annotated in part

import argparse
import json
import socket
import statistics
import sys
import tempfile
import threading
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred

from dispatch.incident_commands import ShareIncident, UpdateIncident
from loadtests.machine import stamp
from tests.adapters.desks import pause
from tests.adapters.link.sites import Site, certificates, partner, until

INCIDENTS = 10
SLOW_BYTES_S = 1024
CHUNK = 65_536
BUFFER = 16_384  # of the relay's sockets: what it does not read is soon felt


class Relay:
    """A TCP relay of threads; `bytes_s` None: everything, 0: nothing, else so many a second."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.bytes_s: int | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            near, _ = self._listener.accept()
            far = socket.create_connection(("127.0.0.1", self.target))
            far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while True:
                if self.bytes_s == 0:
                    time.sleep(0.05)
                    continue
                data = one.recv(self.bytes_s or CHUNK)
                if not data:
                    break
                other.sendall(data)
                if self.bytes_s:
                    time.sleep(1.0)
        for end in (one, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class Watch:
    """What is asked of 36 and when it stands in 42's journal."""

    def __init__(self, ours: Site, quick: Site) -> None:
        self.ours = ours
        self.due: dict[str, float] = {}
        self.desk_s: list[float] = []
        self.link_s: list[float] = []
        self.versions: dict[str, int] = {}
        self.number = 0
        quick.desk.subscribe(self._arrived)

    def _arrived(self, _world: Any, facts: Any) -> None:
        now = time.monotonic()
        for each in facts:
            asked = self.due.pop(getattr(each.fact, "title", ""), None)
            if asked is not None:
                self.link_s.append(now - asked)

    async def update(self, incident_id: str) -> None:
        """One more update of an incident."""
        self.number += 1
        title = f"update {self.number}"
        self.due[title] = began = time.monotonic()
        version = self.versions[incident_id]
        self.versions[incident_id] = version + 1
        await self.ours.ask(UpdateIncident(incident_id=incident_id, version_seen=version, title=title))
        self.desk_s.append(time.monotonic() - began)

    async def span(self, seconds: float, rate: float) -> dict[str, float]:
        """Updates for so long; what they took."""
        self.desk_s, self.link_s = [], []
        ids, until_s = list(self.versions), time.monotonic() + seconds
        while time.monotonic() < until_s:
            await self.update(ids[self.number % len(ids)])
            await pause(1.0 / rate)
        await until(lambda: not self.due, "everything at 42")
        return {**_of("desk", self.desk_s), **_of("link", self.link_s)}


def _of(what: str, values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    ranks = {"p50": 0.5, "p99": 0.99}
    return {
        f"{what}_{name}_ms": round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000, 1)
        for name, share in ranks.items()
    }


def _shows(site: Site, title: str) -> bool:
    return any(each.title == title for each in site.desk.world.incidents.values())


def _medians(spans: list[dict[str, float]]) -> dict[str, float]:
    return {key: round(statistics.median(each[key] for each in spans), 1) for key in spans[0]}


async def run(folder: Path, seconds: float, rate: float, pairs: int) -> int:
    """The spans, alternately."""
    ca = certificates(folder / "ca", "36", "42", "43")
    ours, quick, slow = (Site(folder, site, ca) for site in ("36", "42", "43"))
    await ours.start(partner("42"), partner("43"))
    await quick.start(partner("36", ours.links.port), listen="")
    relay = Relay(ours.links.port)
    await slow.start(partner("36", relay.port), listen="")
    watch = Watch(ours, quick)
    for number in range(INCIDENTS):
        incident_id = await ours.shared_incident(f"fire {number}", "42")
        await ours.ask(ShareIncident(incident_id=incident_id, partner="43", version_seen=2))
        watch.versions[incident_id] = 3
    await until(lambda: len(slow.desk.world.incidents) == INCIDENTS, "the incidents at 43")
    spans: dict[str, list[dict[str, float]]] = {}
    longest = 0
    for _ in range(pairs):
        for name, bytes_s in (("stopped", 0), ("slow", SLOW_BYTES_S)):
            spans.setdefault(f"before_{name}", []).append(await watch.span(seconds, rate))
            relay.bytes_s = bytes_s
            spans.setdefault(name, []).append(await watch.span(seconds, rate))
            longest = max(longest, ours.links.statuses()[1].queue)
            relay.bytes_s = None
            await until(partial(_shows, slow, f"update {watch.number}"), "43 caught up")
    found = {name: _medians(each) for name, each in spans.items()}
    ratios = {
        f"{name}_over_before": {
            key.removesuffix("_ms"): {
                "of_medians": round(value / found[f"before_{name}"][key], 2),
                "of_pairs": [
                    round(during[key] / before[key], 2)
                    for before, during in zip(spans[f"before_{name}"], spans[name], strict=True)
                ],
            }
            for key, value in found[name].items()
        }
        for name in ("stopped", "slow")
    }
    for site in (slow, quick, ours):
        await site.stop()
    print(
        json.dumps({"updates": watch.number, "slow_queue": longest, **found, **ratios, "machine": stamp()}),
        flush=True,
    )
    return 0


def main() -> int:
    """From the command line; 1 when something is missing."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--rate", type=float, default=20.0)
    parser.add_argument("--pairs", type=int, default=3)
    given = parser.parse_args()
    twisted: Any = reactor
    status = 1

    async def all_of_it() -> None:
        nonlocal status
        with tempfile.TemporaryDirectory() as name:
            status = await run(Path(name), given.seconds, given.rate, given.pairs)

    def start() -> None:
        done = Deferred.fromCoroutine(all_of_it())
        done.addErrback(lambda failure: failure.printTraceback(file=sys.stderr)).addBoth(
            lambda _: twisted.stop()
        )

    twisted.callWhenRunning(start)
    twisted.run()
    return status


if __name__ == "__main__":
    sys.exit(main())
