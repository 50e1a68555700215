"""Where decoding costs: in the site's own process, in two children of it, in two workers on a broker. In one run.

    python -m loadtests.workers [--rate 60000] [--aircraft 10000] [--seconds 15] [--rounds 1]

A real `ganying serve` hears the same made-up sky at the same steady rate over two BEAST feeds, three ways in turn. What
counts is the CPU of the site's own process (the one that everything else waits for), per million messages; beside it
all processes together, and that nothing was dropped on the way. Senders are not counted.
"""

import argparse
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from loadtests.machine import cpu_s, stamp
from loadtests.sustained import child, said, summed, tell, totals
from tests.journeys.running import GANYING, RunningSite, wait_for
from tests.nats_server import NatsServer
from tests.ports import free_port

WARM_S = 3.0
FEEDS = 2
WAYS = ("in the site itself", "two children", "two workers, NATS", "two workers, NATS and stream")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One run: seconds of CPU, and counts, between two looks."""

    site_s: float
    others_s: float
    seconds: float
    messages: float
    accepted: float
    dropped: float
    lag_ms: float

    def per_million(self, used_s: float) -> float:
        """CPU seconds for a million messages."""
        return used_s / self.messages * 1e6 if self.messages else float("nan")


def own_s(pid: int) -> float:
    """CPU seconds of a process without its children."""
    listed = Path(f"/proc/{pid}/task").glob("*/children")
    children = [int(each) for task in listed for each in task.read_text().split()]
    return cpu_s(pid) - sum(cpu_s(each) for each in children)


def config(way: str, ports: list[int], url: str) -> tuple[str, str]:
    """Feeds of the site, and what follows."""
    remote = "NATS" in way
    feed = "".join(
        f'[[feed]]\nname = "sky{number}"\nkind = "beast"\nlisten = "127.0.0.1:{port}"\n'
        + (f'worker = "w{number}"\n' if remote else "")
        for number, port in enumerate(ports)
    )
    if remote:
        return feed, f'[broker]\nurl = "{url}"\n'
    return feed, "[worker]\nprocesses = 2\n" if way == "two children" else ""


def measure(way: str, *, rate: float, aircraft: int, seconds: float) -> Measured:
    """One way."""
    ports = [free_port() for _ in range(FEEDS)]
    server = NatsServer(jetstream="stream" in way) if "NATS" in way else None
    if server is not None:
        server.start()
    feed, more = config(way, ports, server.url if server else "")
    with tempfile.TemporaryDirectory() as folder:
        site = RunningSite(Path(folder), feed=feed, more=more)
        feeders = [
            child(
                "loadtests.feeder",
                port,
                aircraft // FEEDS,
                rate / FEEDS,
                WARM_S + seconds + 4.0,
                "--seed",
                seed,
            )
            for seed, port in enumerate(ports)
        ]
        site.start()
        workers = [
            subprocess.Popen(
                [GANYING, "worker", "--config", str(site.config), "--name", f"w{number}"],
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            )
            for number in range(FEEDS if server else 0)
        ]  # fmt: skip
        try:
            return _measure(way, site, feeders, workers, server, seconds)
        finally:
            for each in (*feeders, *workers):
                each.kill()
            site.stop()
            if server is not None:
                server.close()


def _measure(
    way: str,
    site: RunningSite,
    feeders: "list[subprocess.Popen[str]]",
    workers: "list[subprocess.Popen[str]]",
    server: NatsServer | None,
    seconds: float,
) -> Measured:
    assert site.process is not None
    pid = site.process.pid
    for each in (*workers, *feeders):
        assert said(each)
    if way != WAYS[0]:
        wait_for(lambda: summed(totals(site.url), "ganying_worker_up") == FEEDS, "the workers")
    for each in feeders:
        tell(each)
    time.sleep(WARM_S)
    elsewhere = [each.pid for each in workers] + ([server.pid] if server else [])

    def look() -> tuple[float, float, float, dict[str, float]]:
        all_of_site = cpu_s(pid)
        own = own_s(pid)
        others = all_of_site - own + sum(cpu_s(each) for each in elsewhere)
        return time.monotonic(), own, others, totals(site.url)

    before = look()
    time.sleep(seconds)
    after = look()

    def grown(name: str) -> float:
        return summed(after[3], name) - summed(before[3], name)

    def accepted(found: dict[str, float]) -> float:
        return found.get('ganying_sightings_total{verdict="accepted"}', 0.0)

    passed_s = after[0] - before[0]
    taken = accepted(after[3]) - accepted(before[3])
    return Measured(
        site_s=after[1] - before[1],
        others_s=after[2] - before[2],
        seconds=passed_s,
        messages=taken,
        accepted=taken / passed_s,
        dropped=grown("ganying_worker_dropped_sightings_total")
        + grown("ganying_broker_messages_not_taken_total"),
        lag_ms=1000
        * max((v for k, v in after[3].items() if k.startswith("ganying_worker_lag")), default=0.0),
    )


def main() -> None:
    """Print the table and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=60_000.0)
    parser.add_argument("--aircraft", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--rounds", type=int, default=1)
    given = parser.parse_args()
    best: dict[str, Measured] = {}
    for _ in range(given.rounds):
        for way in WAYS:
            made = measure(way, rate=given.rate, aircraft=given.aircraft, seconds=given.seconds)
            if way not in best or made.site_s < best[way].site_s:
                best[way] = made
    print(
        f"{stamp()}; {given.rate:,.0f} messages/s sent of {given.aircraft:,} aircraft, best of {given.rounds}"
    )
    print(
        f"{'decoded':30} {'accepted/s':>11} {'site CPU':>9} {'all CPU':>8} {'site s/M':>9} {'all s/M':>8} {'dropped':>8} {'lag ms':>7}"
    )
    for way, made in best.items():
        whole_s = made.site_s + made.others_s
        print(
            f"{way:30} {made.accepted:>11,.0f} {made.site_s / made.seconds:>9.0%} {whole_s / made.seconds:>8.0%}"
            f" {made.per_million(made.site_s):>9.2f} {made.per_million(whole_s):>8.2f} {made.dropped:>8,.0f} {made.lag_ms:>7.1f}"
        )
    alone = best[WAYS[0]]
    for way in WAYS[1:]:
        share = best[way].per_million(best[way].site_s) / alone.per_million(alone.site_s)
        print(f"ratio of the site's own CPU, {way} / in the site itself  {share:.2f}")


if __name__ == "__main__":
    main()
