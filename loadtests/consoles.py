"""What one more console costs: CPU of a real site against the number of consoles that look at it.

    python -m loadtests.consoles [--consoles 1,100,500,1000,2000] [--aircraft 1000] [--share 0.1] [--seconds 12]

A real `ganying serve` hears AIRCRAFT aircraft on a BEAST feed; so many consoles, each in one process beside it, look at
SHARE of the sky each. A row is the site's CPU with them less its CPU with none, in the same run. CSV, for a plot: what
one console costs must not rise with their number. Most of it is the kernel's TCP and cutting out a viewport that no
two consoles share.
"""

import argparse
import csv
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from loadtests.machine import cpu_s, stamp
from loadtests.sustained import child, said, tell
from tests.journeys.running import RunningSite
from tests.ports import free_port

WARM_S = 12.0  # decoder and labels settle
MESSAGES_HZ = 2.0  # of one aircraft
OPEN_S = 20.0  # for a swarm to be let in


class Row(NamedTuple):
    """One number of consoles. `us_per_console` is CPU a second for each of them."""

    consoles: int
    aircraft: int
    cores: float
    cores_with_none: float
    us_per_console: float
    messages_s: float
    mean_bytes: float
    wait_p99_ms: float
    gaps: int


def rows(
    numbers: list[int], *, aircraft: int = 1_000, share: float = 0.1, seconds: float = 12.0
) -> Iterator[Row]:
    """One row for each number, in one run of one site."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        site = RunningSite(
            Path(folder), feed=f'[[feed]]\nname = "sky"\nkind = "beast"\nlisten = "127.0.0.1:{port}"\n'
        )
        site.accounts()
        lasts_s = WARM_S + seconds + len(numbers) * (seconds + OPEN_S)
        feeder = child("loadtests.feeder", port, aircraft, aircraft * MESSAGES_HZ, lasts_s)
        said(feeder)
        site.start()
        assert site.process is not None
        try:
            tell(feeder)
            token, url = site.sign_in("diaodu").token, site.url.replace("http", "ws")
            time.sleep(WARM_S)
            alone = _cores(site.process.pid, seconds)
            for number in numbers:
                swarm = child("loadtests.swarm", "--share", share, "--", url, token, number, seconds)
                if not said(swarm).startswith("open"):
                    raise RuntimeError(f"not all of {number} consoles got a picture")
                cores = _cores(site.process.pid, seconds - 1.0)
                heard = json.loads(said(swarm))
                swarm.wait()
                yield Row(
                    consoles=number,
                    aircraft=aircraft,
                    cores=cores,
                    cores_with_none=alone,
                    us_per_console=(cores - alone) / number * 1e6,
                    messages_s=heard["messages"] / seconds,
                    mean_bytes=heard["bytes"] / max(1, heard["messages"]),
                    wait_p99_ms=heard["wait_p99_s"] * 1e3,
                    gaps=heard["gaps"],
                )
        finally:
            feeder.kill()
            site.stop()


def _cores(pid: int, seconds: float) -> float:
    """Cores that a process uses over so long."""
    before, began = cpu_s(pid), time.monotonic()
    time.sleep(seconds)
    return (cpu_s(pid) - before) / (time.monotonic() - began)


def main() -> None:
    """Print the rows."""
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--consoles", type=lambda text: [int(n) for n in text.split(",")], default=[1, 100, 500, 1000, 2000]
    )
    parser.add_argument("--aircraft", type=int, default=1_000)
    parser.add_argument("--share", type=float, default=0.1)
    parser.add_argument("--seconds", type=float, default=12.0)
    given = parser.parse_args()
    print(f"# {stamp()}", flush=True)
    table = csv.writer(sys.stdout)
    table.writerow(Row._fields)
    for row in rows(given.consoles, aircraft=given.aircraft, share=given.share, seconds=given.seconds):
        table.writerow([round(value, 3) for value in row])
        sys.stdout.flush()


if __name__ == "__main__":
    main()
