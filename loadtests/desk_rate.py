"""Commands a second and p99 through the desk, beside raw SQLite with one insert per commit in the same run.

    python -m loadtests.desk_rate [--commands N] [--callers N] [--rounds N] [--database URL]

The baseline writes rows of the same size with the same durability (WAL, synchronous=FULL) and nothing else: no rules,
no world, no chain. The desk's callers each wait for their answer before they ask again. Ratio above 1: the desk's
batches win more than deciding, encoding, chaining and folding cost. What limits it is Python on one core; the disk
only if a commit takes longer than a batch takes to decide. Then the same journal is folded again from its first row.
"""

import argparse
import sqlite3
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import react

from adapters.desk import Desk
from adapters.store.journal import Store
from dispatch.commands import Ask
from dispatch.geo import Position
from dispatch.incident_commands import ReportIncident
from dispatch.kinds import IncidentKind, Role

ROW = (
    "36",
    "diaodu",
    "0123456789abcdef",
    "IncidentReported",
    bytes(300),
    bytes(96),
)  # as large as a journal row


def report(number: int) -> Ask:
    """A new incident each time."""
    position = Position(lon_deg=114.0 + number % 400 / 100, lat_deg=26.0 + number % 300 / 100)
    command = ReportIncident(
        kind=IncidentKind.FOREST_FIRE, level=3, title=f"{number}号火场", place="靖安县", position=position
    )
    return Ask(actor="diaodu", role=Role.DISPATCHER, command_id=f"bench-{number}", command=command)


def raw_rate(folder: Path, count: int) -> float:
    """Inserts a second, one commit each."""
    connection = sqlite3.connect(folder / "raw.sqlite", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS row (seq INTEGER PRIMARY KEY, o TEXT, a TEXT, c TEXT, k TEXT, b BLOB, d BLOB)"
    )
    began = perf_counter()
    for _ in range(count):
        connection.execute("INSERT INTO row (o, a, c, k, b, d) VALUES (?, ?, ?, ?, ?, ?)", ROW)
    took = perf_counter() - began
    connection.close()
    return count / took


def open_desk(url: str, reactor: Any) -> Desk:
    """A desk for measuring."""
    key = Ed25519PrivateKey.generate()
    return Desk(url=url, site="36", key=key, clock=lambda: datetime.now(UTC), reactor=reactor)


async def caller(desk: Desk, numbers: range, waits_s: list[float]) -> None:
    """Ask, wait, ask again."""
    for number in numbers:
        began = perf_counter()
        await desk.ask(report(number))
        waits_s.append(perf_counter() - began)


async def desk_round(url: str, reactor: Any, commands: int, callers: int) -> tuple[float, float, float]:
    """Commands a second, p99 in milliseconds, rows folded a second."""
    desk = open_desk(url, reactor)
    await desk.start()
    waits_s: list[float] = []
    first, each = desk.through, commands // callers
    began = perf_counter()
    await gatherResults(
        [
            Deferred.fromCoroutine(caller(desk, range(first + n * each, first + (n + 1) * each), waits_s))
            for n in range(callers)
        ]
    )
    rate = len(waits_s) / (perf_counter() - began)
    await desk.stop()
    again = open_desk(url, reactor)
    began = perf_counter()
    await again.start()
    folded = again.through / (perf_counter() - began)
    await again.stop()
    return rate, sorted(waits_s)[len(waits_s) * 99 // 100] * 1000, folded


async def measure(reactor: Any, arguments: argparse.Namespace) -> None:
    """Both, in turns, best of the rounds."""
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = Path(name)
        url = arguments.database or f"sqlite:///{folder / 'journal.sqlite'}"
        Store.migrate(url, "36")
        raws, rounds = [], []
        for _ in range(arguments.rounds):
            raws.append(raw_rate(folder, arguments.commands // 4))
            rounds.append(await desk_round(url, reactor, arguments.commands, arguments.callers))
        rate, p99_ms, folded = max(rounds)
        print(f"raw SQLite, one insert per commit: {max(raws):8.0f} rows/s")
        print(f"desk, {arguments.callers} callers:{'':>17} {rate:8.0f} commands/s, p99 {p99_ms:.0f} ms")
        print(f"fold on restart:                   {folded:8.0f} rows/s")
        print(f"ratio desk / raw: {rate / max(raws):.2f}")


def main(run: Callable[..., Any] = react) -> None:
    """Parse and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--commands", type=int, default=6400)
    parser.add_argument("--callers", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--database", default="", help="a journal's URL; without it a new SQLite file")
    parser.add_argument("--folder", type=Path, default=Path.cwd(), help="where the files go; a real disk")
    arguments = parser.parse_args()
    run(lambda reactor: Deferred.fromCoroutine(measure(reactor, arguments)))


if __name__ == "__main__":
    main()
