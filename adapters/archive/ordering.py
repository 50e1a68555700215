"""Tables as numpy sees them: their times, their words as numbers in order, and rows put in order by two columns."""

# mypy: disable-error-code="import-untyped"
# reason: pyarrow is not annotated

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from adapters.archive.columns import E7_PER_DEG

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
_NOWHERE = -(2**31)


def instants(table: Any) -> Ints:
    """The times of a table, microseconds since 1970."""
    return np.asarray(table.column("at").cast(pa.int64()))


def ranks(words: Any) -> Ints:
    """Place of each word among the sorted words."""
    sorted_places = np.asarray(pc.sort_indices(words))
    made = np.empty(len(sorted_places), np.int64)
    made[sorted_places] = np.arange(len(sorted_places))
    return made


def numbers(table: Any, name: str) -> Ints:
    """A dictionary column of a combined table as numbers that differ as its words do; null is -1."""
    column = table.column(name).combine_chunks()
    return np.asarray(column.indices.fill_null(-1)).astype(np.int64) if len(column) else np.empty(0, np.int64)


def codes(table: Any, name: str) -> Ints:
    """The same, in the order of the words."""
    column = table.column(name).combine_chunks()
    if not len(column):
        return np.empty(0, np.int64)
    made: Ints = np.append(ranks(column.dictionary), -1)[numbers(table, name)]
    return made


def order(first: Ints, second: Ints) -> Ints:
    """Rows by `first`, then `second`, stable."""
    if not len(first):
        return np.empty(0, np.int64)
    least, span = int(second.min()), int(second.max()) - int(second.min()) + 1
    if (int(first.max()) + 1) * span < 2**62 and int(
        first.min()
    ) >= 0:  # as one number it sorts twice as fast
        return np.argsort(first * span + (second - least), kind="stable")
    return np.lexsort((second, first))


def inside(table: Any, bounds: tuple[float, float, float, float]) -> Bools:
    """Which rows have a position inside west, south, east, north; west > east crosses 180°."""
    west, south, east, north = (round(edge * E7_PER_DEG) for edge in bounds)
    lon, lat = (np.asarray(table.column(name).fill_null(_NOWHERE)) for name in ("lon_e7", "lat_e7"))
    across = (
        (west <= lon) & (lon <= east) if west <= east else (lon >= west) | ((lon <= east) & (lon > _NOWHERE))
    )
    made: Bools = across & (lat >= south) & (lat <= north)
    return made
