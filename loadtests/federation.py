"""An exercise of many sites: `python -m loadtests.federation --sites 7 --changes 10000 --seed 1 [--topology star]`.

Real servers in namespaces of their own, a seeded script of changes through every site's HTTP door, and meanwhile lines
that are cut, delayed and reordered and servers that are killed and started again. Then quiet, and the judge: 0 lost,
0 twice, the owner's order kept, the same digest of every object class at its owner and at every partner. The last line is
JSON; exit status 1 when short.
"""

import argparse
import json
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from loadtests.federation_judge import Verdict, judge
from loadtests.federation_lines import PLAIN, Lines, Shape, lines_between
from loadtests.federation_script import Flights, Log, Worker
from loadtests.federation_sites import MESH, SITES, STAR, Person, build, in_parallel, not_live, pairs, seen_at
from loadtests.machine import stamp
from tests.journeys.running import RunningSite

PEOPLE = ("diaodu", "diaodu2", "zhiban2")  # who change incidents, at every site
KILLS_EVERY = 400  # changes
CUTS_EVERY = 40
STORMS_EVERY = 60
AT_ONCE = 2  # servers that start together, and plans made together
READY_WITHIN_S = 300.0
SETTLE_S = 180.0
TELL_EVERY_S = 20.0
LOOK_EVERY_S = 1.0
PASSES = 2  # in a row: what comes twice may come late
ROUGH = (  # a satellite terminal, a busy 4G, a bad microwave
    Shape(delay_s=0.3, jitter_s=0.05, loss=0.01),
    Shape(delay_s=0.04, jitter_s=0.12, loss=0.02),
    Shape(delay_s=0.01, jitter_s=0.03, loss=0.05),
    PLAIN,
)


class Trouble(threading.Thread):
    """What goes wrong, when so many changes have been made: drawn beforehand from the seed."""

    def __init__(
        self,
        sites: dict[str, RunningSite],
        joined: Sequence[tuple[str, str]],
        lines: Lines,
        log: Log,
        seed: int,
    ) -> None:
        super().__init__(daemon=True)
        self._sites, self._joined, self._lines, self._log = sites, joined, lines, log
        self._dice = random.Random(f"trouble {seed}")
        self.kills = self.cuts = self.storms = 0
        self.failed: list[BaseException] = []
        self.done = threading.Event()
        self._restore_at: dict[tuple[str, str], float] = {}
        self._killers: list[threading.Thread] = []
        self._down: set[str] = set()  # killed and not ready again
        wanted = log.wanted
        self._plan = sorted(
            [(self._dice.randrange(wanted), "kill") for _ in range(max(2, wanted // KILLS_EVERY))]
            + [(self._dice.randrange(wanted), "cut") for _ in range(max(6, wanted // CUTS_EVERY))]
            + [(self._dice.randrange(wanted), "storm") for _ in range(max(4, wanted // STORMS_EVERY))]
        )

    def run(self) -> None:
        """Until told that the changes are made; then everything is well again."""
        plan = list(self._plan)
        while not self.done.is_set():
            while plan and plan[0][0] <= len(self._log.changes):
                self._cause(plan.pop(0)[1])
            self._restore(time.monotonic())
            self._look_after()
            self.done.wait(0.05)
        for killer in self._killers:
            killer.join()
        self._restore(float("inf"))
        for pair in self._joined:
            self._lines.shape(*pair, PLAIN)

    def _look_after(self) -> None:
        """A server that ends without our doing ends the exercise."""
        for name, site in self._sites.items():
            if name not in self._down and site.process is not None and site.process.poll() is not None:
                status = site.process.poll()
                if name not in self._down:  # not killed between the two looks
                    self.failed.append(AssertionError(f"{name} ended with {status}, not by the exercise"))

    def _cause(self, what: str) -> None:
        dice = self._dice
        if what == "kill":
            up = [site for site in self._sites if site not in self._down]
            if not up:
                return
            site = dice.choice(up)
            self._down.add(site)  # before it is killed: see _look_after
            killer = threading.Thread(target=self._kill, args=(site, dice.random() * 2))
            self._killers.append(killer)
            killer.start()
        elif what == "cut":
            self.cuts += 1
            lasts_s = dice.choice((0.2, 1.0, 4.0, 9.0)) * dice.uniform(0.5, 1.0)
            alone = dice.choice(list(self._sites)) if dice.random() < 0.2 else ""
            chosen = (
                [pair for pair in self._joined if alone in pair] if alone else [dice.choice(self._joined)]
            )
            for pair in chosen:
                self._lines.cut(*pair)
                self._restore_at[pair] = time.monotonic() + lasts_s
        else:
            self.storms += 1
            self._lines.shape(*dice.choice(self._joined), dice.choice(ROUGH))

    def _kill(self, site: str, down_s: float) -> None:
        try:
            self._sites[site].kill()
            self.kills += 1
            time.sleep(down_s)
            self._sites[site].start(READY_WITHIN_S)
            self._down.discard(site)
        except BaseException as error:  # told at the end; the exercise has failed
            self.failed.append(error)

    def _restore(self, now: float) -> None:
        for pair, at in list(self._restore_at.items()):
            if at <= now:
                del self._restore_at[pair]
                self._lines.restore(*pair)


def exercise(
    folder: Path, sites: Sequence[str], changes: int, seed: int, *, topology: str = MESH, seconds: float = 0.0
) -> tuple[Verdict, dict[str, Any]]:
    """The whole of it; the verdict and the last line."""
    began = time.monotonic()
    lines = lines_between(sites, seed)
    running: dict[str, RunningSite] = {}
    try:
        print(f"{len(sites)} sites, {topology}: {lines.said}", flush=True)
        running = build(folder, sites, topology, lines)
        with ThreadPoolExecutor(AT_ONCE) as starting:
            list(starting.map(lambda site: site.start(READY_WITHIN_S), running.values()))
        log = Log(changes)
        flights = {
            name: Flights(site, _others(sites, name), log, changes // (10 * len(sites)))
            for name, site in running.items()
        }
        all_sites = list(running.values())
        for index in range(0, len(all_sites), AT_ONCE):
            some = all_sites[index : index + AT_ONCE]
            in_parallel(lines, some, lambda site: flights[site.site].prepare())
        print(f"ready after {time.monotonic() - began:.0f} s", flush=True)
        trouble = Trouble(running, pairs(sites, topology), lines, log, seed)
        trouble.start()
        at = time.monotonic()
        _change(running, lines, flights, log, seed, seconds, trouble)
        changing_s = time.monotonic() - at
        trouble.done.set()
        trouble.join()
        for error in (*trouble.failed, *log.failed):
            raise error
        print(f"{len(log.changes)} changes in {changing_s:.0f} s; refused {log.refused}", flush=True)
        at = time.monotonic()
        verdict = _quiet(lines, all_sites, log)
        settled_s = time.monotonic() - at
        line = _line(verdict, trouble, sites, topology, seed, changing_s, settled_s)
        if lines.reorders:
            line["packets_overtaken"] = getattr(lines, "held_back", 0)
            line["packets_lost"] = getattr(lines, "lost", 0)
        return verdict, line
    finally:
        for site in running.values():
            if site.process is not None and site.process.poll() is None:
                site.kill()
        lines.close()


def _quiet(lines: Lines, sites: Sequence[RunningSite], log: Log) -> Verdict:
    """Nobody changes anything: wait until all links are live and the judge finds nothing short, twice; or the time is up.

    The sites' own clocks go on: timers escalate, and their steps travel like any other.
    """
    readers = {site.site: Person(site, "zhiban") for site in sites}
    until = time.monotonic() + SETTLE_S
    passes, said = 0, ""
    while True:
        away = [
            each
            for found in in_parallel(lines, sites, lambda site: not_live(readers[site.site]))
            for each in found
        ]
        verdict = judge(in_parallel(lines, sites, lambda site: seen_at(readers[site.site])), log.changes)
        passes = passes + 1 if verdict.passed and not away else 0
        if passes == PASSES or time.monotonic() > until:
            verdict.wrong += away
            return verdict
        now = "; ".join((*away[:4], *verdict.wrong[:2]))
        if now and now != said:
            said = now
            print(f"not yet: {now}", flush=True)
        time.sleep(LOOK_EVERY_S)


def _others(sites: Sequence[str], site: str) -> tuple[str, ...]:
    return tuple(each for each in sites if each != site)


def _change(
    running: dict[str, RunningSite],
    lines: Lines,
    flights: dict[str, Flights],
    log: Log,
    seed: int,
    seconds: float,
    trouble: Trouble,
) -> None:
    """People change records at every site until there are as many as wanted."""
    sites = tuple(running)
    flying = [
        threading.Thread(target=_enter, args=(log, lines, name, each.fly, lambda: False), daemon=True)
        for name, each in flights.items()
    ]
    for thread in flying:
        thread.start()
    left = log.wanted - len(log.changes)
    desks = [(name, account) for name in sites for account in PEOPLE]
    ahead = sum(each.ahead for each in flights.values())
    each, more = divmod(max(0, left - ahead), len(desks))
    pace_s = seconds / max(1, each) if seconds else 0.0
    threads = []
    for index, (name, account) in enumerate(desks):
        worker = Worker(running[name], account, _others(sites, name), f"{seed} {name} {account}", log, pace_s)
        count = each + (1 if index < more else 0)
        threads.append(
            threading.Thread(target=_enter, args=(log, lines, name, worker.run, count), daemon=True)
        )
    for thread in threads:
        thread.start()
    _await((*threads, *flying), log, trouble)
    missing = log.wanted - len(log.changes)
    if missing > 0:
        worker = Worker(running[sites[0]], "diaodu", _others(sites, sites[0]), f"{seed} rest", log, 0.0)
        rest = threading.Thread(target=_enter, args=(log, lines, sites[0], worker.run, missing), daemon=True)
        rest.start()
        rest.join()


def _await(threads: Sequence[threading.Thread], log: Log, trouble: Trouble) -> None:
    """Until all have ended; says how far it is."""
    told_at = time.monotonic()
    for thread in threads:
        while thread.is_alive():
            thread.join(1.0)
            for error in (*trouble.failed, *log.failed):
                raise error
            if time.monotonic() - told_at > TELL_EVERY_S:
                told_at = time.monotonic()
                print(f"{len(log.changes)} of {log.wanted} changes", flush=True)


def _enter(log: Log, lines: Lines, site: str, work: Any, argument: Any) -> None:
    try:
        lines.enter(site)
        work(argument)
    except BaseException as error:  # told on the main thread: the exercise has failed
        log.failed.append(error)


def _line(
    verdict: Verdict,
    trouble: Trouble,
    sites: Sequence[str],
    topology: str,
    seed: int,
    changing_s: float,
    settled_s: float,
) -> dict[str, Any]:
    return {
        "changes": verdict.changes,
        "lost": verdict.lost,
        "duplicated": verdict.duplicated,
        "digests_equal": verdict.digests_equal,
        "kills": trouble.kills,
        "cuts": trouble.cuts,
        "disordered": verdict.disordered,
        "unshared": verdict.unshared,
        "copies": verdict.copies,
        "carried": verdict.carried,
        "storms": trouble.storms,
        "sites": len(sites),
        "topology": topology,
        "seed": seed,
        "seconds": round(changing_s, 1),
        "settled_s": round(settled_s, 1),
        "digests": {cls: _whole(found) for cls, found in sorted(verdict.digests.items())},
    }


def _whole(found: dict[str, str]) -> str:
    from loadtests.federation_judge import digest

    return digest(f"{pair} {each}" for pair, each in found.items())


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when nothing is short."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sites", type=int, default=7, choices=range(2, len(SITES) + 1))
    parser.add_argument("--changes", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--topology", choices=(MESH, STAR), default=MESH)
    parser.add_argument(
        "--seconds", type=float, default=0.0, help="spread the changes over this; 0: as fast as they go"
    )
    given = parser.parse_args(arguments)
    print(stamp(), flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # servers and namespaces go too
    with tempfile.TemporaryDirectory(prefix="ganying-federation-") as name:
        verdict, line = exercise(
            Path(name),
            SITES[: given.sites],
            given.changes,
            given.seed,
            topology=given.topology,
            seconds=given.seconds,
        )
    for each in verdict.wrong[:20]:
        print(each)
    passed = verdict.passed and line["changes"] >= given.changes
    print(json.dumps(line, ensure_ascii=False))
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
