"""Questions to the archive: which things, where, when, how often. Answered from files or rows, in order of time.

Unthinned, an answer holds every report; thinned (`step_us`), it is a picture of each step (thinning.py).

An answer is at most `limit` rows and the cursor of the next; memory is bounded by reading a long time in slices.
"""

# mypy: disable-error-code="import-untyped"
# reason: pyarrow is not annotated

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from adapters.archive.columns import SCHEMA, shaped
from adapters.archive.ordering import Bools, Ints, codes, inside, instants, order
from adapters.archive.thinning import Steps, telling, thinned
from dispatch.errors import Malformed, Refused

SLICE_ROWS = 4_000_000  # read at once; about 100 bytes each
MOST_ROWS = 12_000_000  # where a slice cannot be made smaller; beyond it the question is refused
SHORTEST_US = 60_000_000  # a slice is not cut below this
RETRIES = 5  # a file merged away while it was looked for
KEPT_ROWS = 1_000_000  # of answers whose next page may be asked for; about 100 bytes each
KEPT_S = 30.0


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
    name: object  # the same rows are read under it whenever they are asked for; None: they may grow

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
                table = _read(source, asked, query.from_us, narrow=span_us > max(SHORTEST_US, grain_us))
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
    return thinned(table, _steps(asked, origin_us)) if asked.step_us else _by_time(table)


def _steps(asked: Query, origin_us: int) -> Steps:
    return Steps(origin_us=origin_us, step_us=asked.step_us, bounds=asked.bounds)


def _read(source: Source, asked: Query, origin_us: int, *, narrow: bool) -> Any:
    """The rows that are asked for, in no order. None: too many, and a narrower question can be asked.

    One part is read after the other and brought down to what is wanted of it: memory holds one part and that.
    """
    for _ in range(RETRIES):
        try:
            parts = source.parts(asked)
            whole = not (asked.named or asked.step_us or asked.bounds)
            if whole and narrow and sum(part.rows for part in parts) > SLICE_ROWS:
                return None  # nothing will be left out
            tables: list[Any] = []
            held = 0
            for part in parts:
                table = _wanted(part.read(), asked)
                if asked.step_us:
                    table = telling(table, _steps(asked, origin_us))
                held += len(table)
                if held > SLICE_ROWS and narrow:
                    return None
                if held > MOST_ROWS:
                    raise Refused("TOO_MUCH", "more at once than can be read: narrow the time or name things")
                tables.append(table)
        except FileNotFoundError:
            continue  # merged or settled meanwhile: the names say where it went
        tables = [table for table in tables if len(table)]
        if not tables:
            return SCHEMA.empty_table()
        return pa.concat_tables(tables).unify_dictionaries().combine_chunks()
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


def _by_time(table: Any) -> tuple[Any, Ints]:
    at_us, ids, sources = instants(table), codes(table, "track_id"), codes(table, "source")
    who = ids * (sources.max() + 1) + sources
    rows = order(at_us - at_us.min(), who)
    return table.take(pa.array(rows)), at_us[rows]
