"""Facts that waited for two days: `python -m loadtests.link_backlog [--facts 100000]`.

One site shares incidents and updates them while its neighbour is away; then the neighbour, a process of its own with a
journal on disk, dials over mutual TLS and catches up, while somebody there goes on reporting: how long the desk takes
to answer before and meanwhile is told with it, and how much processor time both sides used, which a busy machine does
not change. Beside it raw WebSocket frames over loopback in the same run (loadtests/link_tracks.py). Ends with one line
of JSON; exits 1 if anything is missing or there twice.
"""

# mypy: disable-error-code="no-untyped-call,call-overload"
# reason: twisted's helpers are annotated in part

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.utils import getProcessOutput

from dispatch.incident_commands import ShareIncident, UpdateIncident
from tests.adapters.desks import pause, report
from tests.adapters.link.sites import Site, certificates, partner

UPDATES = 50  # of one incident
AT_ONCE = 256
ASK_EVERY_S = 0.05
IDLE_S = 3.0


async def _behind(folder: Path, facts: int, say: Any) -> int:
    ours = Site(folder, "36", folder / "ca")
    await ours.start(partner("43"))
    made = 0
    began = time.monotonic()
    while made < facts:
        answers = [await ours.ask(report(1, title=f"fire {made + n}").command) for n in range(AT_ONCE)]
        ids = [answer.recorded[0].fact.incident.id for answer in answers]
        for incident in ids:
            await ours.ask(ShareIncident(incident_id=incident, partner="43", version_seen=1))
        made += len(ids)
        for version in range(2, UPDATES + 1):
            if made >= facts:
                break
            asks = [
                ours.ask(UpdateIncident(incident_id=each, version_seen=version, title=f"{version}"))
                for each in ids[: facts - made]
            ]
            for ask in asks:
                await ask
            made += len(asks)
    say(f"{made} facts made in {time.monotonic() - began:.0f} s")
    arguments = ["-m", "loadtests.link_backlog", "--receive", f"{ours.links.port}", str(folder), str(made)]
    before = time.process_time()
    told = await getProcessOutput(sys.executable, arguments, env=os.environ, reactor=reactor)
    found = json.loads(next(line for line in told.splitlines() if line.startswith(b"{")))
    sender_cpu_s = time.process_time() - before
    sent = ours.status().bytes_out["orders"]
    await ours.stop()
    run = subprocess.run(  # ourselves, and nothing else is to run meanwhile
        [sys.executable, "-m", "loadtests.link_tracks", "--seconds", "1", "--plain"],
        stdout=subprocess.PIPE,
        check=True,
    )
    raw = json.loads(run.stdout.splitlines()[-1])["raw_MB_s"]
    rate = sent / found["seconds"] / 1e6
    short = found["kept"] != made or found["twice"] != 0
    print(
        json.dumps(
            {
                "facts": made,
                **found,
                "facts_per_s": round(made / found["seconds"]),
                "sender_cpu_s": round(sender_cpu_s, 1),
                "MB_s": round(rate, 2),
                "raw_MB_s": raw,
                "of_raw": round(rate / raw, 4),
            }
        )
    )
    return int(short)


async def _receive(port: int, folder: Path, facts: int) -> int:
    theirs = Site(folder, "43", folder / "ca")
    await theirs.start()
    idle = await _asking(theirs, lambda seconds: seconds > IDLE_S)
    await theirs.stop()
    began, cpu_began = time.monotonic(), time.process_time()
    await theirs.start(partner("36", port), listen="")
    meanwhile = await _asking(theirs, lambda _: theirs.desk.tally.received_rows >= facts)
    took, cpu_s = time.monotonic() - began, time.process_time() - cpu_began
    seqs: list[int] = []
    after = 0
    while rows := await theirs.desk.rows_after(after, 5_000):
        seqs += [row.origin_seq for row in rows if row.origin == "36"]
        after = rows[-1].seq
    twice = len(seqs) - len(set(seqs))
    found = {"seconds": round(took, 1), "kept": len(seqs), "twice": twice, "receiver_cpu_s": round(cpu_s, 1)}
    desk = {"desk_ms_alone": idle, "desk_ms_meanwhile": meanwhile}
    print(json.dumps(found | desk), flush=True)
    await pause(1.0)  # the last acknowledgement
    await theirs.stop()
    return 0


async def _asking(site: Site, over: Callable[[float], bool]) -> dict[str, float]:
    """Somebody reports incidents at a site until it is over: how long each took to be answered."""
    began, took = time.monotonic(), list[float]()
    while not over(time.monotonic() - began):
        asked = time.monotonic()
        await site.ask(report(1, title="meanwhile").command)
        took.append(time.monotonic() - asked)
        await pause(ASK_EVERY_S)
    took.sort()
    return {
        "asks": len(took),
        "p50": round(took[len(took) // 2] * 1000, 1),
        "p99": round(took[len(took) * 99 // 100] * 1000, 1),
        "max": round(took[-1] * 1000, 1),
    }


def main() -> int:
    """From the command line; 1 when something is missing."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--facts", type=int, default=100_000)
    parser.add_argument("--receive", nargs=3)
    given = parser.parse_args()
    twisted: Any = reactor
    status = 1

    async def run() -> None:
        nonlocal status
        if given.receive:
            port, folder, facts = given.receive
            status = await _receive(int(port), Path(folder), int(facts))
        else:
            with tempfile.TemporaryDirectory() as name:
                certificates(Path(name) / "ca", "36", "43")
                status = await _behind(Path(name), given.facts, lambda text: print(text, file=sys.stderr))

    def start() -> None:
        done = Deferred.fromCoroutine(run())
        done.addErrback(lambda failure: failure.printTraceback(file=sys.stderr)).addBoth(
            lambda _: twisted.stop()
        )

    twisted.callWhenRunning(start)
    twisted.run()
    return status


if __name__ == "__main__":
    sys.exit(main())
