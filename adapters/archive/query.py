"""Questions to the archive: which things, where, when, how often. Answered from files or rows, in order of time.

Unthinned, an answer holds every report. Thinned (`step_us`), it holds one row for each thing in each step, with the
last word on every column that was said within it: a position message has no callsign, a callsign message no position,
and a picture needs both. Where several sources report one thing, the position is the best stated within
OTHER_SOURCE_US of the newest.

An answer is at most `limit` rows and the cursor of the next; memory is bounded by reading a long time in slices.
"""

# mypy: disable-error-code="import-untyped"
# reason: pyarrow is not annotated

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from adapters.archive.columns import E7_PER_DEG, SCHEMA, shaped
from adapters.archive.settle import order, ranks
from dispatch.errors import Malformed, Refused

SLICE_ROWS = 4_000_000  # read at once; about 100 bytes each
MOST_ROWS = 12_000_000  # where a slice cannot be made smaller; beyond it the question is refused
SHORTEST_US = 60_000_000  # a slice is not cut below this
RETRIES = 5  # a file merged away while it was looked for
KEPT_ROWS = 1_000_000  # of answers whose next page may be asked for; about 100 bytes each
KEPT_S = 30.0
OTHER_SOURCE_US = 5_000_000  # two sources' reports of one moment may be this far apart

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is asked: reports with `from_us` <= at < `to_us`. No `ids` and no `addresses`: everything."""

    from_us: int
    to_us: int
    bounds: tuple[float, float, float, float] | None = (
        None  # west, south, east, north; west > east crosses 180°
    )
    ids: tuple[str, ...] = ()
    addresses: tuple[int, ...] = ()  # 24-bit
    step_us: int = 0
    limit: int = 1000
    cursor: str = ""

    @property
    def named(self) -> bool:
        """Whether things are named."""
        return bool(self.ids or self.addresses)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Rows in SCHEMA's columns, in order of time; `next` is empty at the end."""

    rows: Any
    next: str


class Part(Protocol):
    """Rows that lie together."""

    rows: int  # at most

    def read(self) -> Any:
        """A table with at least SCHEMA's columns that it has. Raises FileNotFoundError when it was merged away."""


class Source(Protocol):
    """Where the archive is."""

    def parts(self, query: Query) -> Sequence[Part]:
        """Everything that may hold an answer to the query. Raises FileNotFoundError as `Part.read` does."""


class Kept:
    """Slices of answers whose next pages are likely to be asked for: at most KEPT_ROWS, each for KEPT_S.

    Only following pages are answered from it. Whoever asks anew gets what there is now.
    """

    def __init__(self, clock_s: Callable[[], float]) -> None:
        self._clock_s = clock_s
        self._slices: OrderedDict[Query, tuple[float, Any, Ints]] = OrderedDict()

    def get(self, asked: Query) -> tuple[Any, Ints] | None:
        """A slice that was made for the same question a moment ago."""
        found = self._slices.get(asked)
        if found is None or self._clock_s() - found[0] > KEPT_S:
            return None
        return found[1:]

    def put(self, asked: Query, table: Any, key: Ints) -> None:
        """Keep a slice; the oldest go."""
        self._slices[asked] = (self._clock_s(), table, key)
        self._slices.move_to_end(asked)
        while sum(len(held[2]) for held in self._slices.values()) > KEPT_ROWS:
            self._slices.popitem(last=False)


def answer(source: Source, query: Query, kept: Kept | None = None) -> Answer:
    """One page. Raises Malformed for a cursor that is none, Refused for too much at once."""
    begin_us, skip = _read_cursor(query)
    skip = min(skip, MOST_ROWS)
    shown: list[Any] = []
    keys: list[Ints] = []
    missing = skip + query.limit + 1
    for table, key in _slices(source, query, begin_us, kept):
        shown.append(table.slice(0, missing))
        keys.append(key[:missing])
        missing -= len(shown[-1])
        if missing <= 0:
            break
    rows = pa.concat_tables(shown) if shown else SCHEMA.empty_table()
    key = np.concatenate(keys) if keys else np.empty(0, np.int64)
    end = skip + query.limit
    if len(rows) <= end:
        return Answer(rows=rows.slice(skip), next="")
    at_us = int(key[end])
    return Answer(
        rows=rows.slice(skip, query.limit), next=f"{at_us}~{end - int(np.searchsorted(key, at_us))}"
    )


def everything(source: Source, query: Query) -> Iterator[Any]:
    """All rows, as tables in order of time; `limit` and `cursor` do not count. Raises Refused."""
    for table, _ in _slices(source, query, query.from_us):
        yield table


def _read_cursor(query: Query) -> tuple[int, int]:
    """Where to begin, at the beginning of a step, and how many rows of that instant have been shown."""
    if not query.cursor:
        return query.from_us, 0
    at, tilde, skip = query.cursor.partition("~")
    if not (tilde and at.isdecimal() and skip.isdecimal()):
        raise Malformed("cursor", "is none of ours")
    begin_us = max(int(at), query.from_us)
    if query.step_us:
        begin_us -= (begin_us - query.from_us) % query.step_us
    return begin_us, int(skip)


def _slices(
    source: Source, query: Query, begin_us: int, kept: Kept | None = None
) -> Iterator[tuple[Any, Ints]]:
    """Rows from `begin_us`, each with the time it is ordered by: its own, or its step's beginning.

    The slices are those of the whole question, wherever a page begins, so that they can be kept for the next page.
    """
    grain_us = query.step_us or 1
    from_us, span_us = query.from_us, query.to_us - query.from_us
    while from_us < query.to_us:
        # a slice ends where a step does
        end_us = query.from_us - (query.from_us - from_us - span_us) // grain_us * grain_us
        asked = replace(query, from_us=from_us, to_us=min(end_us, query.to_us), cursor="", limit=0)
        if asked.to_us > begin_us:
            made = kept.get(asked) if kept is not None and query.cursor else None
            if made is None:
                table = _read(source, asked, narrow=span_us > max(SHORTEST_US, grain_us))
                if table is None:
                    span_us = max(span_us // 2, SHORTEST_US, grain_us)
                    continue
                made = _ordered(table, asked, query.from_us)
                if kept is not None:
                    kept.put(asked, *made)
            begun = int(np.searchsorted(made[1], begin_us))
            if begun < len(made[1]):
                yield made[0].slice(begun), made[1][begun:]
        from_us = asked.to_us


def _ordered(table: Any, asked: Query, origin_us: int) -> tuple[Any, Ints]:
    if not len(table):
        return table, np.empty(0, np.int64)
    return _thinned(table, asked, origin_us) if asked.step_us else _by_time(table)


def _read(source: Source, query: Query, *, narrow: bool) -> Any:
    """The rows that are asked for, in no order. None: too many, and a narrower question can be asked."""
    for _ in range(RETRIES):
        try:
            parts = source.parts(query)
            rows = sum(part.rows for part in parts)
            if rows > SLICE_ROWS and narrow:
                return None
            if rows > MOST_ROWS:
                raise Refused("TOO_MUCH", "more at once than can be read: narrow the time or name things")
            tables = [_wanted(part.read(), query) for part in parts]
        except FileNotFoundError:
            continue  # merged or settled meanwhile: the names say where it went
        tables = [table for table in tables if len(table)]
        return (
            pa.concat_tables(tables).unify_dictionaries().combine_chunks() if tables else SCHEMA.empty_table()
        )
    raise Refused("BUSY_ARCHIVE", "the archive is being rewritten faster than it can be read; ask again")


def _wanted(table: Any, query: Query) -> Any:
    """The rows of a part that belong to the answer; where it will be thinned, also those that say no place."""
    table = shaped(table)
    at_us = instants(table)
    mask = (at_us >= query.from_us) & (at_us < query.to_us)
    if query.named:
        mask &= _named(table, query)
    if query.bounds is not None and not query.step_us:
        mask &= inside(table, query.bounds)
    return table if mask.all() else table.filter(pa.array(mask))


def instants(table: Any) -> Ints:
    """The times of a table, microseconds since 1970."""
    return np.asarray(table.column("at").cast(pa.int64()))


def _named(table: Any, query: Query) -> Bools:
    table = table.unify_dictionaries()
    column = table.column("track_id").combine_chunks()
    words = column.dictionary.to_pylist() if len(table) else []
    wanted = set(query.ids)
    known = np.array([word in wanted for word in words], np.bool_)
    mask: Bools = known[np.asarray(column.indices)] if len(table) else np.zeros(0, np.bool_)
    if query.addresses:
        addresses = np.asarray(table.column("address").fill_null(2**32 - 1))
        mask = mask | np.isin(addresses, np.array(query.addresses, np.uint32))
    return mask


def inside(table: Any, bounds: tuple[float, float, float, float]) -> Bools:
    """Which rows have a position inside the bounds."""
    west, south, east, north = (round(edge * E7_PER_DEG) for edge in bounds)
    lon, lat = (np.asarray(table.column(name).fill_null(-(2**31))) for name in ("lon_e7", "lat_e7"))
    across = (
        (west <= lon) & (lon <= east) if west <= east else (lon >= west) | ((lon <= east) & (lon > -(2**31)))
    )
    made: Bools = across & (lat >= south) & (lat <= north)
    return made


def codes(table: Any, name: str) -> Ints:
    """A dictionary column of a combined table as the places of its words in their order; null is -1."""
    column = table.column(name).combine_chunks()
    if not len(column):
        return np.empty(0, np.int64)
    places: Ints = np.append(ranks(column.dictionary), -1)
    made: Ints = places[np.asarray(column.indices.fill_null(len(places) - 1))]
    return made


def _by_time(table: Any) -> tuple[Any, Ints]:
    at_us, ids, sources = instants(table), codes(table, "track_id"), codes(table, "source")
    who = ids * (sources.max() + 1) + sources
    rows = order(at_us - at_us.min(), who)
    return table.take(pa.array(rows)), at_us[rows]


def _thinned(table: Any, query: Query, origin_us: int) -> tuple[Any, Ints]:
    """One row for each thing in each step; see the top of the file."""
    at_us, ids = instants(table), codes(table, "track_id")
    rows = order(ids, at_us)
    at_us, ids = at_us[rows], ids[rows]
    step = (at_us - origin_us) // query.step_us
    first = np.flatnonzero(np.append(True, (ids[1:] != ids[:-1]) | (step[1:] != step[:-1])))
    last = np.append(first[1:], len(rows)) - 1
    group = np.repeat(np.arange(len(first)), last - first + 1)
    placed = (
        np.asarray(table.column("lon_e7").is_valid())[rows]
        & np.asarray(table.column("lat_e7").is_valid())[rows]
    )
    if query.bounds is not None:
        placed &= inside(table, query.bounds)[rows]
    place = _best_place(table, rows, group, placed)
    kept = place >= 0 if query.bounds is not None else np.ones(len(first), np.bool_)
    chosen = np.where(place >= 0, place, last)
    columns = {}
    for name in SCHEMA.names:
        column = table.column(name)
        if name in ("lon_e7", "lat_e7", "accuracy_m"):
            at = place
        elif name in ("track_id", "at", "source", "source_kind", "simulated"):
            at = chosen
        else:
            at = _last_said(column, rows, first, last)
        columns[name] = column.take(pa.array(rows[at[kept]], mask=at[kept] < 0))
    made = pa.Table.from_arrays([columns[name] for name in SCHEMA.names], schema=SCHEMA)
    steps = origin_us + step[last[kept]] * query.step_us
    final = order(steps - origin_us, ids[last[kept]])
    return made.take(pa.array(final)), steps[final]


def _last_said(column: Any, rows: Ints, first: Ints, last: Ints) -> Ints:
    """The last row of each group in which the column says something; -1: none."""
    if column.null_count == 0:
        return last
    if column.null_count == len(column):
        return np.full(len(last), -1)
    said = np.asarray(column.is_valid())[rows]
    latest = np.maximum.accumulate(np.where(said, np.arange(len(rows)), -1))[last]
    return np.where(latest >= first, latest, -1)


def _best_place(table: Any, rows: Ints, group: Ints, placed: Bools) -> Ints:
    """The row of each group (rows are by group, then time) that says best where it was; -1: none does."""
    place = np.full(int(group[-1]) + 1, -1)
    with_place = np.flatnonzero(placed)
    place[group[with_place]] = with_place  # of rows that are one group's, the last assignment stands
    source = codes(table, "source")[rows]
    mixed = np.zeros(len(place), np.bool_)
    mixed[group[1:][(source[1:] != source[:-1]) & (group[1:] == group[:-1])]] = True
    several = with_place[mixed[group[with_place]]]
    if len(several):
        at_us = instants(table)[rows]
        close = several[at_us[several] >= at_us[place[group[several]]] - OTHER_SOURCE_US]
        accuracy_m = np.asarray(table.column("accuracy_m").fill_null(np.float32(np.inf)))[rows][close]
        best = close[np.lexsort((at_us[close], -accuracy_m, group[close]))]
        place[group[best]] = best
    return place
