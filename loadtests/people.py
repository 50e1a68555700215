"""People and partners at once: `python -m loadtests.people [--users 60] [--seconds 40] [--aircraft 1000]`.

Starts a real site with a sky of aircraft, links for the six neighbours, the accounts of every role, and sets the
users of locustfile.py upon it. Prints locust's table: how many asked what, what was refused, and the percentiles of
the answers in milliseconds (`tracks` and `beat` are one-way: from their making to their receipt).
"""

import argparse
import csv
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from loadtests.machine import cpu_s, stamp
from loadtests.sustained import child, said, tell
from tests.journeys.running import PASSWORD, RunningSite
from tests.journeys.two_sites import AGREEMENT, run_ca
from tests.ports import free_port

NEIGHBOURS = (
    "42",
    "43",
    "44",
    "34",
    "35",
    "33",
)  # GB/T 2260: Hubei, Hunan, Guangdong, Anhui, Fujian, Zhejiang


def settings(ca: Path, link_port: int, feed_port: int) -> tuple[str, str]:
    """The site's feed, and its federation with all neighbours."""
    feed = f'[[feed]]\nname = "sky"\nkind = "beast"\nlisten = "127.0.0.1:{feed_port}"\n'
    more = (
        f'[federation]\nlisten = "127.0.0.1:{link_port}"\ncertificate = "{ca / "36"}.crt"\n'
        f'key = "{ca / "36"}.key"\nca = "{ca / "ca"}.crt"\n'
    )
    for site in NEIGHBOURS:
        more += f'[[partner]]\nsite = "{site}"\nname = "邻站 {site}"\nagreement = "{AGREEMENT}"\n'
    return feed, more


def run(users: int, seconds: float, aircraft: int) -> list[dict[str, str]]:
    """One run; locust's lines."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ca = folder / "ca"
        run_ca("init", "--dir", str(ca))
        for each in ("36", *NEIGHBOURS):
            run_ca("issue", each, "--site", each, "--dir", str(ca))
        link_port, feed_port = free_port(), free_port()
        feed, more = settings(ca, link_port, feed_port)
        site = RunningSite(folder / "36", feed=feed, more=more)
        site.accounts()
        site.command("resources", "load-jiangxi")
        sky = child("loadtests.feeder", feed_port, aircraft, aircraft * 5, seconds + 30)
        assert said(sky) == "made"
        site.start()
        try:
            assert site.process is not None
            tell(sky)
            before = cpu_s(site.process.pid)
            words = ["locust", "-f", str(Path(__file__).with_name("locustfile.py")), "--headless"]
            words += ["--only-summary", "--csv", str(folder / "locust"), "--host", site.url]
            words += ["-u", str(users), "-r", "10", "-t", f"{seconds:.0f}s", "--stop-timeout", "5"]
            environment = {
                **os.environ,
                "LOAD_PASSWORD": PASSWORD,
                "LOAD_CA": str(ca),
                "LOAD_LINK": f"127.0.0.1:{link_port}",
                "LOAD_PARTNERS": ",".join(NEIGHBOURS),
                "PYTHONPATH": str(Path(__file__).parents[1]),
                "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            }
            done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
            used = cpu_s(site.process.pid) - before
        finally:
            sky.kill()
            site.stop()
        print(f"server: {used / seconds:.2f} cores")
        table = folder / "locust_stats.csv"
        if not table.exists():
            raise SystemExit(done.stderr[-3000:])
        if done.returncode:
            print(done.stderr[-2000:], file=sys.stderr)
        with table.open() as lines:
            return list(csv.DictReader(lines))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--users", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--aircraft", type=int, default=1_000)
    given = parser.parse_args()
    print(stamp())
    print(f"{given.users} users, {given.aircraft} aircraft, {given.seconds:.0f} s; milliseconds")
    shown = ("Type", "Name", "Request Count", "Failure Count", "50%", "95%", "99%")
    print("| " + " | ".join(shown) + " |\n|" + "---|" * len(shown))
    for line in run(given.users, given.seconds, given.aircraft):
        print("| " + " | ".join(line[name] for name in shown) + " |")


if __name__ == "__main__":
    main()
