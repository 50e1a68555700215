"""What is recorded, to be searched: made of the indexes beside the segments, and made anew where it is missing.

A file of SQLite in the recordings' folder. Before each search it follows the folders that have changed; of a folder that
has, only the indexes that are new or others are read. Used by one process alone.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec

from adapters.video.recording import places
from protocols.video_segment import US, LookAt, SegmentIndex

HOUR_US = 3_600 * US
JOINED_US = 5 * US  # a shorter hole between two segments is none
MOST_CARRIED = 200  # spans of aircraft in one question
_TABLES = f"""
CREATE TABLE IF NOT EXISTS folder (path TEXT PRIMARY KEY, changed INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS segment (
  path TEXT PRIMARY KEY, folder TEXT NOT NULL, changed INTEGER NOT NULL,
  stream_id TEXT NOT NULL, from_us INTEGER NOT NULL, to_us INTEGER NOT NULL, size INTEGER NOT NULL,
  units INTEGER NOT NULL, name TEXT NOT NULL, carrier TEXT NOT NULL, carrier_id TEXT NOT NULL,
  codec TEXT NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL, damaged INTEGER NOT NULL,
  looks TEXT NOT NULL, west REAL, south REAL, east REAL, north REAL
);
CREATE INDEX IF NOT EXISTS by_hour ON segment (from_us / {HOUR_US} DESC, stream_id, from_us);
CREATE INDEX IF NOT EXISTS by_folder ON segment (folder);
"""

_COLUMNS = (
    "stream_id, from_us, to_us, size, units, name, carrier, carrier_id, codec, width, height, damaged, looks"
)
_ORDER = f"ORDER BY from_us / {HOUR_US} DESC, stream_id, from_us"


class Sought(msgspec.Struct, frozen=True, kw_only=True):
    """A search. `box`: west, south, east, north. `carried`: on these carriers in these spans; None: any."""

    from_us: int
    to_us: int
    streams: tuple[str, ...]
    box: tuple[float, float, float, float] | None = None
    carried: tuple[tuple[str, int, int], ...] | None = None
    before: str = ""  # cursor: hour and stream of the last row
    limit: int = 50


class Recorded(msgspec.Struct, kw_only=True):
    """One stream in one hour. `spans`: what there is of it; `seen`: when it looked into the box, first and last."""

    stream_id: str
    hour_us: int
    from_us: int
    to_us: int
    name: str
    carrier: str
    carrier_id: str
    codec: str
    width: int
    height: int
    size: int
    units: int
    damaged: bool
    spans: list[tuple[int, int]]
    seen: tuple[int, int] | None = None
    look: tuple[float, float] | None = None  # longitude and latitude of the first look


class Found(msgspec.Struct, kw_only=True):
    """A page, newest first."""

    items: list[Recorded]
    next: str | None


class Catalogue:
    """Of one folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self._base = self._open()
        except sqlite3.DatabaseError:  # torn by a crash: it holds nothing that is not in the indexes
            (root / places.CATALOGUE).unlink(missing_ok=True)
            self._base = self._open()

    def _open(self) -> sqlite3.Connection:
        base = sqlite3.connect(self._root / places.CATALOGUE)
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("PRAGMA synchronous=OFF")
        base.executescript(_TABLES)
        return base

    def close(self) -> None:
        """The end."""
        self._base.close()

    def follow(self) -> None:
        """See what has changed on the disk."""
        known = dict(self._base.execute("SELECT path, changed FROM folder"))
        with self._base:
            for folder in places.day_folders(self._root):
                name = str(folder.relative_to(self._root))
                changed = _changed(folder)
                if changed is not None and known.pop(name, None) != changed:
                    self._read(folder, name)
                    # what changes while it is read, or in the same instant, is seen the next time
                    self._base.execute("INSERT OR REPLACE INTO folder VALUES (?, ?)", (name, changed))
            for name in known:
                self._base.execute("DELETE FROM segment WHERE folder = ?", (name,))
                self._base.execute("DELETE FROM folder WHERE path = ?", (name,))

    def _read(self, folder: Path, name: str) -> None:
        known = dict(self._base.execute("SELECT path, changed FROM segment WHERE folder = ?", (name,)))
        for segment in places.segments(folder):
            path = str(segment.relative_to(self._root))
            changed = _changed(places.index_path(segment))
            if changed is None:
                continue
            if known.pop(path, None) == changed:
                continue
            index = places.get_index(segment)
            if index is not None:
                self._put(path, name, changed, index)
        for path in known:
            self._base.execute("DELETE FROM segment WHERE path = ?", (path,))

    def _put(self, path: str, folder: str, changed: int, index: SegmentIndex) -> None:
        looks = index.looks
        box = (
            (
                min(each.west for each in looks),
                min(each.south for each in looks),
                max(each.east for each in looks),
                max(each.north for each in looks),
            )
            if looks
            else (None, None, None, None)
        )
        row = (
            path,
            folder,
            changed,
            index.info.stream_id,
            index.from_us,
            index.to_us,
            index.size,
            index.units,
            index.info.name,
            index.info.carrier,
            index.info.carrier_id,
            index.codec,
            index.width,
            index.height,
            index.damaged,
            msgspec.json.encode(looks).decode(),
            *box,
        )
        places_of = ",".join("?" * len(row))
        self._base.execute(f"INSERT OR REPLACE INTO segment VALUES ({places_of})", row)  # noqa: S608  # question marks

    def search(self, sought: Sought) -> Found:
        """A page of hours, newest first."""
        self.follow()
        items: list[Recorded] = []
        for each in self._hours(sought):
            if len(items) == sought.limit:
                last = items[-1]
                return Found(items=items, next=f"{last.hour_us // HOUR_US}~{last.stream_id}")
            items.append(each)
        return Found(items=items, next=None)

    def _hours(self, sought: Sought) -> Iterator[Recorded]:
        where = ["from_us < ?", "to_us >= ?"]
        values: list[object] = [sought.to_us, sought.from_us]
        where.append(f"stream_id IN ({','.join('?' * len(sought.streams))})")
        values += sought.streams
        if sought.box is not None:
            where.append("west <= ? AND east >= ? AND south <= ? AND north >= ?")
            west, south, east, north = sought.box
            values += [east, west, north, south]
        if sought.carried is not None:
            one = "(carrier_id = ? AND from_us <= ? AND to_us >= ?)"
            carried = sought.carried[:MOST_CARRIED]
            where.append(f"({' OR '.join([one] * len(carried)) or '0'})")
            for carrier_id, begin, end in carried:
                values += [carrier_id, end, begin]
        hour, _, stream = sought.before.partition("~")
        if sought.before:
            where.append(f"(from_us / {HOUR_US} < ? OR (from_us / {HOUR_US} = ? AND stream_id > ?))")
            values += [int(hour), int(hour), stream]
        # all that is put together here are our own words and question marks
        asked = f"SELECT {_COLUMNS} FROM segment WHERE {' AND '.join(where)} {_ORDER}"  # noqa: S608  # as said
        rows = self._base.execute(asked, values)
        present: Recorded | None = None
        for row in rows:
            seen = _seen(row[12], sought)
            if sought.box is not None and seen is None:
                continue
            if present is not None and (present.hour_us, present.stream_id) == (
                row[1] // HOUR_US * HOUR_US,
                row[0],
            ):
                _join(present, row, seen)
                continue
            if present is not None:
                yield present
            present = _begun(row, seen)
        if present is not None:
            yield present


def _begun(row: tuple[str, ...], seen: tuple[int, int] | None) -> Recorded:
    (
        stream_id,
        from_us,
        to_us,
        size,
        units,
        name,
        carrier,
        carrier_id,
        codec,
        width,
        height,
        damaged,
        looks,
    ) = row
    found = msgspec.json.decode(looks, type=list[LookAt])
    return Recorded(
        stream_id=stream_id,
        hour_us=int(from_us) // HOUR_US * HOUR_US,
        from_us=int(from_us),
        to_us=int(to_us),
        name=name,
        carrier=carrier,
        carrier_id=carrier_id,
        codec=codec,
        width=int(width),
        height=int(height),
        size=int(size),
        units=int(units),
        damaged=bool(damaged),
        spans=[(int(from_us), int(to_us))],
        seen=seen,
        look=(found[0].lon_deg, found[0].lat_deg) if found else None,
    )


def _join(present: Recorded, row: tuple[str, ...], seen: tuple[int, int] | None) -> None:
    more = _begun(row, seen)
    begin, end = present.spans[-1]
    if more.from_us - end <= JOINED_US:
        present.spans[-1] = (begin, max(end, more.to_us))
    else:
        present.spans.append((more.from_us, more.to_us))
    present.to_us = max(present.to_us, more.to_us)
    present.size += more.size
    present.units += more.units
    present.damaged = present.damaged or more.damaged
    present.codec, present.width, present.height = more.codec, more.width, more.height
    present.look = present.look or more.look
    if seen is not None:
        present.seen = seen if present.seen is None else (present.seen[0], seen[1])


def _seen(looks: str, sought: Sought) -> tuple[int, int] | None:
    """When the camera looked into the box, first and last."""
    if sought.box is None:
        return None
    west, south, east, north = sought.box
    at = [
        each.at_us
        for each in msgspec.json.decode(looks, type=list[LookAt])
        if each.west <= east and each.east >= west and each.south <= north and each.north >= south
    ]
    return (at[0], at[-1]) if at else None


def _changed(path: Path) -> int | None:
    with contextlib.suppress(OSError):
        return path.stat().st_mtime_ns
    return None
