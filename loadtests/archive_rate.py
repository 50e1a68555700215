"""Points a second into the archive, on files and on PostgreSQL, and how long questions about a day take.

    python -m loadtests.archive_rate [--aircraft N] [--hours H] [--hz F] [--folder DIR] [--database URL] [--tracks FILE.json.gz]

A day's traffic of a province goes the whole way: `AddressBatch` -> `History` -> columns -> disk, once a second as a
server does it, until it is on disk; then house is kept. The same rows written by pyarrow in one go say what columns
on disk cost at least; one INSERT a row, a thousand to a commit, says what rows in a database cost. `--tracks` takes a
recording (JSON rows with timestamp, icao24, latitude …) instead of made-up traffic, copied side by side until it is as
many points. Without `--database` a PostgreSQL is started for the run. Questions are answered as the reader's process
does, twice: with nothing remembered of the files, and again.

What limits writing is PostgreSQL's log or Python's second of columns, both far above a province; what limits
questions is the Parquet decoder for a picture, opening files for one aircraft.
"""

import argparse
import gzip
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa  # type: ignore[import-untyped]  # not annotated
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # not annotated

from adapters.archive import rows
from adapters.archive.answers import as_columns
from adapters.archive.columns import batch_of
from adapters.archive.files import FileSink, FileSource
from adapters.archive.keeping import keep_files, keep_rows
from adapters.archive.query import Kept, Query, Source, answer
from adapters.archive.settings import ArchiveSettings
from adapters.store.archive import ArchiveTable
from dispatch.history import History
from dispatch.kinds import SourceKind
from dispatch.sighting import AddressBatch
from tests.postgres import Postgres

DAY_S = 1_795_478_400  # 2026-11-24 00:00 UTC
STEP_ROWS = 100_000  # handed over at once: a second at the rate the house is built for
FIRST_ADDRESS = 0x780000
US = 1_000_000
NAIVE_ROWS = 20_000


class Traffic:
    """Points in order of time, as columns."""

    def __init__(
        self, at_s: Any, place: Any, lon_deg: Any, lat_deg: Any, altitude_m: Any, speed: Any, track: Any
    ) -> None:
        order = np.argsort(at_s, kind="stable")
        self.at_s, self.place = at_s[order], place[order].astype(np.uint32)
        self.lon_deg, self.lat_deg, self.altitude_m = lon_deg[order], lat_deg[order], altitude_m[order]
        self.speed, self.track = speed[order], track[order]
        self.ids = [f"icao24:{FIRST_ADDRESS + number:06x}" for number in range(int(self.place.max()) + 1)]
        self.callsigns = np.array([f"CES{number}" for number in range(len(self.ids))], "S8")

    def __len__(self) -> int:
        return len(self.at_s)

    def steps(self) -> Iterator[tuple[AddressBatch, Any, Any]]:
        """Batches with each row's thing and time, about 1,000 rows to a batch as a decoder makes them."""
        for begin in range(0, len(self), 1000):
            part = slice(begin, begin + 1000)
            count = len(self.at_s[part])
            nothing = np.full(count, np.nan, np.float32)
            batch = AddressBatch(
                source="hill",
                source_kind=SourceKind.ADSB,
                clock_id="hill",
                arrived_at_s=float(self.at_s[begin]),
                address=self.place[part] + FIRST_ADDRESS,
                receiver_s=self.at_s[part],
                lon_deg=self.lon_deg[part],
                lat_deg=self.lat_deg[part],
                soft=np.zeros(count, np.bool_),
                accuracy_m=np.full(count, 92.6, np.float32),
                altitude_m=self.altitude_m[part],
                altitude_datum=np.full(count, 3, np.uint8),
                ground_speed_mps=self.speed[part],
                track_deg=self.track[part],
                vertical_rate_mps=nothing,
                callsign=self.callsigns[self.place[part]],
                squawk=np.full(count, 1200, np.int16),
                emergency=np.zeros(count, np.uint8),
                category=np.full(count, 4, np.uint8),
                on_ground=np.zeros(count, np.int8),
                simulated=np.zeros(count, np.bool_),
            )
            yield batch, self.place[part], self.at_s[part]


def made_up(aircraft: int, hours: float, hz: float) -> Traffic:
    """Aircraft that turn slowly over a province, `hz` points a second each."""
    seconds = int(hours * 3600 * hz)  # points of one aircraft
    rng = np.random.default_rng(36)
    shape = (aircraft, seconds)
    heading = rng.uniform(0, 2 * np.pi, (aircraft, 1)) + np.cumsum(rng.normal(0, 0.004, shape), 1)
    speed = np.repeat(rng.uniform(50, 240, (aircraft, 1)), seconds, 1) + rng.normal(0, 0.5, shape)
    lat_deg = np.clip(
        27.5 + rng.uniform(-2, 2, (aircraft, 1)) + np.cumsum(np.cos(heading) * speed / hz / 111_000, 1),
        20,
        35,
    )
    lon_deg = np.clip(
        115.5 + rng.uniform(-2, 2, (aircraft, 1)) + np.cumsum(np.sin(heading) * speed / hz / 98_000, 1),
        105,
        125,
    )
    altitude_m = (
        np.round((rng.uniform(300, 10_000, (aircraft, 1)) + np.cumsum(rng.normal(0, 0.3, shape), 1)) / 7.62)
        * 7.62
    )
    at_s = (
        DAY_S + np.tile(np.arange(seconds) / hz, aircraft) + np.repeat(rng.uniform(0, 1, aircraft), seconds)
    )
    return Traffic(
        at_s,
        np.repeat(np.arange(aircraft), seconds),
        lon_deg.ravel(),
        lat_deg.ravel(),
        altitude_m.ravel().astype(np.float32),
        speed.ravel().astype(np.float32),
        (np.degrees(heading).ravel() % 360).astype(np.float32),
    )


def recorded(file: Path, points: int) -> Traffic:
    """A recording's points, copied with other addresses beside each other until there are `points`."""
    rows_ = [row for row in json.loads(gzip.decompress(file.read_bytes())) if row["latitude"] is not None]
    places: dict[str, int] = {}
    place = np.array([places.setdefault(row["icao24"], len(places)) for row in rows_])

    def column(name: str, factor: float = 1.0) -> Any:
        return np.array([np.nan if row[name] is None else row[name] * factor for row in rows_])

    copies = max(1, -(-points // len(rows_)))
    at_s = column("timestamp", 0.001) % 86_400 + DAY_S
    return Traffic(
        np.concatenate([at_s + copy * 0.01 for copy in range(copies)]),
        np.concatenate([place + copy * len(places) for copy in range(copies)]),
        np.concatenate([column("longitude") + copy * 0.01 for copy in range(copies)]),
        np.tile(column("latitude"), copies),
        np.tile(column("altitude", 0.3048).astype(np.float32), copies),
        np.tile(column("groundspeed", 0.514444).astype(np.float32), copies),
        np.tile(column("track").astype(np.float32), copies),
    )


def write(sink: Any, traffic: Traffic, most: int) -> None:
    """The whole way to disk, and what each part of it costs."""
    history = History()
    accepting_s = columns_s = disk_s = 0.0
    count = 0
    began, cpu = perf_counter(), process_time()
    for batch, place, at_s in traffic.steps():
        before = perf_counter()
        history.add_batch(batch, np.ones(len(batch), np.bool_), place, traffic.ids, at_s)
        accepting_s += perf_counter() - before
        count += len(batch)
        if len(history) >= STEP_ROWS or count >= most:
            chunks = history.drain()
            before = perf_counter()
            made = batch_of(chunks)
            columns_s += perf_counter() - before
            before = perf_counter()
            sink.append(made)
            sink.roll()
            disk_s += perf_counter() - before
        if count >= most:
            break
    took, cpu = perf_counter() - began, process_time() - cpu
    million = count / 1e6
    print(
        f"  written          {count / took:12,.0f} points/s   ({count:,} points, CPU {cpu / million:.2f} s a million)"
    )
    print(
        f"    of a million: accepting {accepting_s / million:.2f} s, columns {columns_s / million:.2f} s, "
        f"compressing and disk {disk_s / million:.2f} s"
    )


def raw(traffic: Traffic, folder: Path, most: int) -> None:
    """The same rows by pyarrow alone, unsorted, in one file."""
    history, batches, count = History(), [], 0
    for batch, place, at_s in traffic.steps():
        history.add_batch(batch, np.ones(len(batch), np.bool_), place, traffic.ids, at_s)
        count += len(batch)
        if len(history) >= STEP_ROWS:
            batches.append(batch_of(history.drain()))
        if count >= most:
            break
    batches.append(batch_of(history.drain()))
    table = pa.Table.from_batches(batches)
    began = perf_counter()
    pq.write_table(table, folder / "raw.parquet", compression="zstd")
    took = perf_counter() - began
    size = (folder / "raw.parquet").stat().st_size
    print(f"  pyarrow raw      {len(table) / took:12,.0f} points/s   ({size / len(table):.1f} bytes a point)")


NAIVE = "INSERT INTO points VALUES ({})"
NAIVE_COLUMNS = (
    "at bigint, address int, lon real, lat real, alt real, gs real, trk real, callsign text, source text"
)


def naive_rows(traffic: Traffic) -> list[tuple[Any, ...]]:
    """Plain rows of the same points."""
    return [
        (
            int(traffic.at_s[n] * US), int(traffic.place[n]), float(traffic.lon_deg[n]), float(traffic.lat_deg[n]),
            float(traffic.altitude_m[n]), float(traffic.speed[n]), float(traffic.track[n]), "CES1", "hill",
        )
        for n in range(NAIVE_ROWS)
    ]  # fmt: skip


def naive(
    execute: Callable[[str, tuple[Any, ...]], Any], commit: Callable[[], Any], mark: str, traffic: Traffic
) -> None:
    """One INSERT a row."""
    points = naive_rows(traffic)
    statement = NAIVE.format(", ".join([mark] * 9))
    began = perf_counter()
    for number, point in enumerate(points, 1):
        execute(statement, point)
        if number % 1000 == 0:
            commit()
    commit()
    print(f"  one INSERT a row {len(points) / (perf_counter() - began):12,.0f} points/s")


def questions(traffic: Traffic) -> dict[str, Query]:
    """What people ask."""
    hour_us = int(traffic.at_s[len(traffic) // 2] // 3600 * 3600) * US
    middle = len(traffic) // 2
    one = traffic.ids[int(traffic.place[middle])]
    lon_deg, lat_deg = float(traffic.lon_deg[middle]), float(traffic.lat_deg[middle])
    county = (lon_deg - 0.2, lat_deg - 0.2, lon_deg + 0.2, lat_deg + 0.2)
    hour = Query(from_us=hour_us, to_us=hour_us + 3600 * US, limit=50_000)
    day = Query(from_us=DAY_S * US, to_us=(DAY_S + 86_400) * US, limit=50_000)
    return {
        "one aircraft's day, every report": replace(day, ids=(one,)),
        "one hour's whole picture, a row in 10 s": replace(hour, step_us=10 * US),
        "one hour's whole picture, a row in 60 s": replace(hour, step_us=60 * US),
        "the picture at one moment": replace(
            hour, from_us=hour_us - 600 * US, to_us=hour_us, step_us=600 * US
        ),
        "one hour in a county": replace(hour, bounds=county, step_us=10 * US),
    }


def ask(opened: Callable[[], AbstractContextManager[Source]], traffic: Traffic) -> None:
    """Each question in full, all pages and their bytes."""
    for text, query in questions(traffic).items():
        with opened() as source:
            for often in ("new", "again"):
                kept = Kept(perf_counter)
                began, cpu = perf_counter(), process_time()
                found, size, pages, first_s, cursor = 0, 0, 0, 0.0, ""
                while True:
                    page = answer(source, replace(query, cursor=cursor), kept)
                    size += len(as_columns(page))
                    found, pages, cursor = found + len(page.rows), pages + 1, page.next
                    first_s = first_s or perf_counter() - began
                    if not cursor:
                        break
                took_ms, cpu_ms = (perf_counter() - began) * 1000, (process_time() - cpu) * 1000
                print(
                    f"  {often:5} {took_ms:7.0f} ms (CPU {cpu_ms:.0f})  {text}: {found:,} rows, {size / 1e6:.1f} MB,"
                    f" {pages} pages (first {first_s * 1000:.0f} ms)"
                )


@contextmanager
def rows_of(table: ArchiveTable) -> Iterator[Source]:
    """The table in one snapshot."""
    with table.snapshot() as snapshot:
        yield rows.RowSource(snapshot)


def on_files(traffic: Traffic, folder: Path) -> None:
    """Everything on files."""
    print(f"files, {len(traffic):,} points of {len(traffic.ids)} aircraft")
    settings = ArchiveSettings(
        folder=str(folder / "archive"), url="", days=36_500, max_bytes=0, keep_free_bytes=0, readers=1
    )
    sink = FileSink(settings.root, keep_free_bytes=0, clock_s=perf_counter)
    sink.prepare()
    write(sink, traffic, len(traffic))
    sink.close()
    began, cpu = perf_counter(), process_time()
    kept = keep_files(settings, sink.settleable(), (DAY_S + 7 * 86_400) * US)
    million = kept.settled_rows / 1e6
    print(
        f"  settled, merged  {kept.settled_rows / (perf_counter() - began):12,.0f} points/s   "
        f"(CPU {(process_time() - cpu) / million:.2f} s a million; {kept.size / kept.rows:.1f} bytes a point, {kept.files} files)"
    )
    raw(traffic, folder, min(len(traffic), 3_000_000))
    database = sqlite3.connect(folder / "naive.sqlite")
    database.execute(f"CREATE TABLE points ({NAIVE_COLUMNS})")
    naive(database.execute, database.commit, "?", traffic)
    database.close()
    ask(lambda: nullcontext(FileSource(settings.root)), traffic)


def on_postgresql(traffic: Traffic, url: str, folder: Path, most: int) -> None:
    """Everything on PostgreSQL."""
    print(f"PostgreSQL, {min(most, len(traffic)):,} points")
    table = ArchiveTable(url)
    sink = rows.RowSink(table, clock_s=perf_counter)
    sink.prepare()
    write(sink, traffic, most)
    settings = ArchiveSettings(
        folder=str(folder), url=url, days=36_500, max_bytes=0, keep_free_bytes=0, readers=1
    )
    began, cpu = perf_counter(), process_time()
    kept = keep_rows(settings, (DAY_S + 7 * 86_400) * US)
    print(
        f"  settled, merged  {kept.settled_rows / (perf_counter() - began):12,.0f} points/s   "
        f"(CPU {(process_time() - cpu) / (kept.settled_rows / 1e6):.2f} s a million; {kept.size / kept.rows:.1f} bytes a point, {kept.files} rows)"
    )
    with psycopg.connect(url.replace("postgresql+psycopg", "postgresql")) as connection:
        connection.execute(f"CREATE TABLE points ({NAIVE_COLUMNS})")
        naive(connection.execute, connection.commit, "%s", traffic)
        connection.execute("DROP TABLE points")
    ask(lambda: rows_of(table), traffic)
    table.close()


def main() -> None:
    """Parse and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--aircraft", type=int, default=300)
    parser.add_argument("--hours", type=float, default=12.0)
    parser.add_argument("--hz", type=float, default=1.0, help="points a second of each aircraft")
    parser.add_argument("--folder", type=Path, default=Path.cwd(), help="where the files go; a real disk")
    parser.add_argument("--database", default="", help="a PostgreSQL's URL (postgresql+psycopg://…)")
    parser.add_argument("--tracks", type=Path, help="a recording to copy instead of made-up traffic")
    arguments = parser.parse_args()
    points = int(arguments.aircraft * arguments.hours * 3600 * arguments.hz)
    traffic = (
        recorded(arguments.tracks, points)
        if arguments.tracks
        else made_up(arguments.aircraft, arguments.hours, arguments.hz)
    )
    folder = Path(tempfile.mkdtemp(prefix="archive-rate-", dir=arguments.folder))
    server = None
    try:
        on_files(traffic, folder)
        if not arguments.database:
            server = Postgres()
            server.start()
        on_postgresql(
            traffic, arguments.database or (server.new_database() if server else ""), folder, len(traffic)
        )
    finally:
        if server is not None:
            server.close()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
