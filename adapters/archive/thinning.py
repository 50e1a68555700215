"""Many reports into a picture: one row for each thing in each step, with the last word on every column said in it.

A position message has no callsign and a callsign message no position; a picture needs both. Where several sources
report one thing in a step, the position is chosen among the last of each source: of those within OTHER_SOURCE_US of
the newest the one with the best stated accuracy.

A busy hour has sixty reports for each row of its picture, so each part is first brought down to the few rows that can
still say something (`telling`); what it leaves out cannot change the picture, whatever the other parts hold.
"""

# mypy: disable-error-code="import-untyped"
# reason: pyarrow is not annotated

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from adapters.archive.columns import SCHEMA
from adapters.archive.ordering import Ints, codes, inside, instants, numbers, order

OTHER_SOURCE_US = 5_000_000  # two sources' reports of one moment may be this far apart
_OF_THE_PLACE = ("lon_e7", "lat_e7", "accuracy_m")
_OF_THE_ROW = ("track_id", "at", "source", "source_kind", "simulated")
_SAID = tuple(name for name in SCHEMA.names if name not in (*_OF_THE_PLACE, *_OF_THE_ROW))


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Steps of `step_us` from `origin_us` on; with `bounds`, only positions inside count."""

    origin_us: int
    step_us: int
    bounds: tuple[float, float, float, float] | None


@dataclass(frozen=True, slots=True)
class _Groups:
    """Rows by thing and step: `rows` in that order and by time, and in it where each group begins and ends."""

    rows: Ints
    first: Ints
    last: Ints
    at_us: Ints  # of `rows`
    ids: Ints  # of `rows`
    step: Ints  # of `rows`


def _grouped(table: Any, ids: Ints, steps: Steps) -> _Groups:
    at_us = instants(table)
    rows = order(ids, at_us)
    at_us, ids = at_us[rows], ids[rows]
    step = (at_us - steps.origin_us) // steps.step_us
    first = np.flatnonzero(np.append(True, (ids[1:] != ids[:-1]) | (step[1:] != step[:-1])))
    return _Groups(rows, first, np.append(first[1:], len(rows)) - 1, at_us, ids, step)


def telling(table: Any, steps: Steps) -> Any:
    """The rows of a part, in no order, without which the picture could be another."""
    if not len(table):
        return table
    table = table.unify_dictionaries().combine_chunks()
    groups = _grouped(table, numbers(table, "track_id"), steps)
    kept = np.zeros(len(groups.rows), np.bool_)
    kept[groups.last] = True
    for name in _SAID:
        latest = _last_said(table.column(name), groups)
        kept[latest[latest >= 0]] = True
    kept[_last_placed(table, groups, steps)] = True
    return table.take(pa.array(groups.rows[kept]))


def thinned(table: Any, steps: Steps) -> tuple[Any, Ints]:
    """The picture, ordered by step and thing, and the beginning of each row's step. The table has rows."""
    groups = _grouped(table, codes(table, "track_id"), steps)
    place = _best_place(table, groups, _last_placed(table, groups, steps))
    shown = place >= 0 if steps.bounds is not None else np.ones(len(place), np.bool_)
    chosen = np.where(place >= 0, place, groups.last)
    columns = {}
    for name in SCHEMA.names:
        column = table.column(name)
        if name in _OF_THE_PLACE:
            at = place
        elif name in _OF_THE_ROW:
            at = chosen
        else:
            at = _last_said(column, groups)
        columns[name] = column.take(pa.array(groups.rows[at[shown]], mask=at[shown] < 0))
    made = pa.Table.from_arrays([columns[name] for name in SCHEMA.names], schema=SCHEMA)
    begin_us = steps.origin_us + groups.step[groups.last[shown]] * steps.step_us
    final = order(begin_us - steps.origin_us, groups.ids[groups.last[shown]])
    return made.take(pa.array(final)), begin_us[final]


def _last_said(column: Any, groups: _Groups) -> Ints:
    """For each group the last place in `rows` where the column says something; -1: none."""
    if column.null_count == 0:
        return groups.last
    if column.null_count == len(column):
        return np.full(len(groups.last), -1)
    return _latest(np.flatnonzero(np.asarray(column.is_valid())[groups.rows]), groups)


def _latest(places: Ints, groups: _Groups) -> Ints:
    """For each group the last of these places in it; -1: none."""
    latest = np.append(places, -1)[np.searchsorted(places, groups.last, "right") - 1]
    return np.where(latest >= groups.first, latest, -1)


def _last_placed(table: Any, groups: _Groups, steps: Steps) -> Ints:
    """Places in `rows` of the last position of each source in each group, in order of group and time."""
    placed = np.asarray(table.column("lon_e7").is_valid()) & np.asarray(table.column("lat_e7").is_valid())
    if steps.bounds is not None:
        placed &= inside(table, steps.bounds)
    places = np.flatnonzero(placed[groups.rows])
    source = numbers(table, "source")
    if (source == source[0]).all():
        latest = _latest(places, groups)
        return latest[latest >= 0]
    source = source[groups.rows[places]]
    group = np.searchsorted(groups.first, places, "right") - 1
    by_source = np.lexsort((source, group))  # stable: by time within each source
    places, group, source = places[by_source], group[by_source], source[by_source]
    final = np.append((group[1:] != group[:-1]) | (source[1:] != source[:-1]), True)[: len(places)]
    return np.sort(places[final])


def _best_place(table: Any, groups: _Groups, places: Ints) -> Ints:
    """For each group the place in `rows` that says best where it was; -1: none does."""
    best = np.full(len(groups.first), -1)
    group = np.searchsorted(groups.first, places, "right") - 1
    best[group] = places  # where several are one group's, the last assignment stands: the newest
    several = np.bincount(group, minlength=len(best))[group] > 1
    if several.any():
        places, group = places[several], group[several]
        close = groups.at_us[places] >= groups.at_us[best[group]] - OTHER_SOURCE_US
        places, group = places[close], group[close]
        accuracy_m = np.asarray(table.column("accuracy_m").fill_null(np.float32(np.inf)))[groups.rows[places]]
        by_accuracy = np.lexsort((groups.at_us[places], -accuracy_m, group))
        best[group[by_accuracy]] = places[by_accuracy]
    return best
