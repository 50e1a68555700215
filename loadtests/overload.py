"""One source with ten times what it can be read: what the others notice, and that all that goes is counted.

    python -m loadtests.overload [--seconds 60] [--aircraft 5000] [--rate 5000] [--consoles 100] [--times 10]

A real site hears a made-up sky over one BEAST feed; consoles look at a tenth of it each. Beside it one source floods
for so long, first a radar by datagrams, which nobody can hold back (what the site reads of a short flood is what it
can; then `--times` as much is sent), then a receiver by TCP, which is slowed down. Before and during each: 7700 on a third
feed, frame -> console; the delta of all consoles; and that of the sky everything sent was decoded. What the radar
sent and was not read must be in `dropped`, on /metrics and in GET feeds.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from loadtests.machine import stamp
from loadtests.sustained import child, said, summed, tell, totals
from loadtests.urgent import FIRST_ADDRESS, Feed, Watched, emergencies, line
from tests.journeys.running import Client, RunningSite, wait_for
from tests.ports import free_port

WARM_S = 10.0
PROBE_S = 5.0  # of the flood that shows what can be read
FEEDS = ("sky", "probe", "receiver", "radar")


class Overload:
    """One site and what is sent to it."""

    def __init__(self, folder: Path, aircraft: int, rate: float, lasts_s: float) -> None:
        self.ports = {name: free_port() for name in FEEDS}
        more = "".join(
            f'[[feed]]\nname = "{name}"\nkind = "beast"\nlisten = "127.0.0.1:{self.ports[name]}"\n'
            for name in FEEDS[:3]
        )
        more += f'[[feed]]\nname = "radar"\nkind = "asterix"\ntransport = "udp"\nlisten = "127.0.0.1:{self.ports["radar"]}"\n'
        self.site = RunningSite(folder, feed=more)
        self.site.accounts()
        self.sky = child("loadtests.feeder", self.ports["sky"], aircraft, rate, lasts_s, "--seed", 1)
        said(self.sky)
        self.site.start()
        self.client: Client = self.site.sign_in("diaodu")
        tell(self.sky)
        time.sleep(WARM_S)
        self.watched = Watched(self.site.url.replace("http", "ws") + "/ws", self.client.token)
        self.watched.until(lambda message: message.WhichOneof("body") == "tracks")
        self.probe = Feed(self.ports["probe"])
        self._first = FIRST_ADDRESS  # nobody cries twice

    def feed(self, name: str) -> dict[str, Any]:
        """What the site says of it."""
        feeds: list[dict[str, Any]] = self.client.get("feeds")["items"]
        return next(each for each in feeds if each["name"] == name)

    def latencies(self, name: str, consoles: int, seconds: float) -> list[str]:
        """Of 7700 and of the delta, for so long."""
        url = self.site.url.replace("http", "ws")
        swarm = child("loadtests.swarm", "--share", 0.1, "--", url, self.client.token, consoles, seconds)
        said(swarm)
        samples = max(10, int(seconds / 0.2))
        waits = emergencies(self.watched, self.probe, samples, self._first)
        self._first += samples
        heard = json.loads(said(swarm))
        swarm.wait()
        delta = f"{name + ': delta':34} p50 {heard['wait_p50_s'] * 1e3:7.1f} ms  p99 {heard['wait_p99_s'] * 1e3:7.1f} ms"
        return [line(f"{name}: 7700", waits, None), f"{delta}  of {heard['messages']}, gaps {heard['gaps']}"]

    def flood(self, kind: str, seconds: float, *more: object) -> Any:
        """Begin one."""
        port = self.ports["radar" if kind == "radar" else "receiver"]
        return child("loadtests.flood", kind, port, seconds, *more)

    def radar_settled(self) -> dict[str, Any]:
        """What became of the radar's datagrams once none waits."""
        return wait_for(
            lambda: (now := self.feed("radar"))["backlog_bytes"] == 0 and now, "the radar's backlog"
        )


def measure(*, seconds: float, aircraft: int, rate: float, consoles: int, times: float) -> list[str]:
    """One run, as lines."""
    lines = [
        f"{aircraft} aircraft, {rate:.0f} messages/s, {consoles} consoles; {seconds:.0f} s of each flood"
    ]
    with tempfile.TemporaryDirectory() as folder:
        run = Overload(Path(folder), aircraft, rate, 2.5 * seconds + PROBE_S + WARM_S + 30.0)
        try:
            lines += run.latencies("quiet", consoles, seconds / 2)
            probe = json.loads(said(run.flood("radar", PROBE_S)))
            read_s = run.radar_settled()["messages"] / PROBE_S
            before = run.radar_settled()
            offered = times * read_s
            radar = run.flood("radar", seconds + 4.0, "--rate", offered)
            lines += run.latencies("radar floods", consoles, seconds)
            sent = json.loads(said(radar))
            after = run.radar_settled()
            read = after["messages"] - before["messages"]
            dropped = after["dropped"] - before["dropped"]
            lines.append(
                f"radar: {probe['messages'] / PROBE_S:,.0f}/s sent, {read_s:,.0f}/s read at first; then"
                f" {sent['messages'] / (seconds + 4):,.0f}/s sent, {read / (seconds + 4):,.0f}/s read;"
                f" {sent['datagrams']:,} datagrams = {read // 20:,} read + {dropped:,} dropped"
                f" + {sent['datagrams'] - read // 20 - dropped:,} not accounted for"
            )
            before = run.feed("receiver")
            receiver = run.flood("beast", seconds + 4.0)
            lines += run.latencies("receiver floods", consoles, seconds)
            sent = json.loads(said(receiver))
            wait_for(lambda: run.feed("receiver")["backlog_bytes"] == 0, "the receiver's backlog")
            after = run.feed("receiver")
            lines.append(
                f"receiver: {after['messages'] - before['messages']:,} of {sent['messages']:,.0f} frames read, slowed down to"
                f" {sent['messages'] / (seconds + 4):,.0f}/s; {after['dropped']} dropped"
            )
            sent = json.loads(said(run.sky))["frames"]
            sky = wait_for(
                lambda: (now := run.feed("sky"))["messages"] >= sent and now, "the rest of the sky"
            )
            lines.append(f"sky: {sky['messages']:,} of {sent:,} frames decoded, {sky['dropped']} dropped")
            found = totals(run.site.url)
            dropped = sum(
                value
                for name, value in found.items()
                if name.startswith("ganying_feed_dropped_total") and 'feed="radar"' in name
            )
            lines.append(
                f"/metrics: {dropped:,.0f} of the radar dropped;"
                f" {summed(found, 'ganying_archive_dropped_total'):.0f} rows of the archive"
            )
        finally:
            run.sky.kill()
            run.site.stop()
    return lines


def main() -> None:
    """Print one run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--aircraft", type=int, default=5_000)
    parser.add_argument("--rate", type=float, default=5_000)
    parser.add_argument("--consoles", type=int, default=100)
    parser.add_argument("--times", type=float, default=10)
    given = parser.parse_args()
    print(stamp(), flush=True)
    for each in measure(**vars(given)):
        print(each, flush=True)


if __name__ == "__main__":
    main()
