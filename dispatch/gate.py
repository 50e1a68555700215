"""Could it have flown there? The jump gate of motion.py over the columns of all rows: one at a time, or a batch.

A batch is judged as if its positions came one by one: where every position of a row follows plausibly from the one
before, all are admitted at once; rows where anything is unusual are walked singly. A test holds both to MotionGate.

The gate of a row runs on one clock at a time: the source's own where it has one, else UTC. A position on another
clock carries the gate over by the time that passed here, with OTHER_CLOCK_S of doubt.
"""

import math
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from dispatch.columns import SourceRows
from dispatch.motion import (
    DEGREE_M,
    LIMIT_MPS,
    MARGIN_M,
    REACQUIRE,
    ROTORCRAFT,
    ROTORCRAFT_LIMIT_MPS,
    Place,
    reachable,
)
from dispatch.sighting import CATEGORIES, Bools, Floats

OTHER_CLOCK_S = 5.0  # latency that two clocks of one aircraft may differ by
_ROTORCRAFT = CATEGORIES.index(ROTORCRAFT)
ELSEWHERE_S = 30.0  # refused positions older than this say nothing about the next

Indices = npt.NDArray[np.int32]


class Fate(IntEnum):
    """What became of a position."""

    ADMITTED = 0
    STALE = 1  # older on its own clock than what is known
    DUPLICATE = 2  # the same measurement again
    REFUSED = 3  # it could not have flown there


def limit_mps(rows: SourceRows, row: int) -> float:
    """The fastest that this row's aircraft may be."""
    return ROTORCRAFT_LIMIT_MPS if rows.category[row] == _ROTORCRAFT else LIMIT_MPS


def set_clock(rows: SourceRows, row: int, clock: int, clock_s: float, at_s: float) -> None:
    """Carry a row's gate over to `clock`, which reads `clock_s` at UTC `at_s`."""
    if rows.clock[row] == clock:
        return
    known_at_s = float(rows.position_at_s[row])
    if not math.isnan(known_at_s):
        passed_s = max(0.0, at_s - known_at_s) + OTHER_CLOCK_S
        by_s = clock_s - passed_s - float(rows.gate_s[row])
        rows.gate_s[row] += by_s
        rows.other_s[row] += by_s
    rows.clock[row] = clock
    rows.clock_s[row] = np.nan


def admit(rows: SourceRows, row: int, lon_deg: float, lat_deg: float, clock_s: float, *, soft: bool) -> Fate:
    """Judge one position on the row's present clock; an admitted one becomes the anchor."""
    last_s = float(rows.clock_s[row])
    if not math.isnan(last_s):
        if clock_s < last_s:
            return Fate.STALE
        if clock_s == last_s and rows.lon_deg[row] == lon_deg and rows.lat_deg[row] == lat_deg:
            return Fate.DUPLICATE
    limit = limit_mps(rows, row)
    anchor_s = float(rows.gate_s[row])
    here = (lon_deg, lat_deg, clock_s)
    anchor = (float(rows.gate_lon_deg[row]), float(rows.gate_lat_deg[row]), anchor_s)
    if math.isnan(anchor_s) or (bool(rows.gate_soft[row]) and not soft) or reachable(anchor, here, limit):
        _believe(rows, row, here, soft=soft)
        return Fate.ADMITTED
    other_s = float(rows.other_s[row])
    other = (float(rows.other_lon_deg[row]), float(rows.other_lat_deg[row]), other_s)
    near = not math.isnan(other_s) and reachable(other, here, limit)
    agreeing = int(rows.gate_agreeing[row])
    agreeing = agreeing + 1 if agreeing > 0 and near else 1
    rows.gate_agreeing[row] = agreeing
    rows.elsewhere[row] = (
        min(1000, int(rows.elsewhere[row]) + 1) if near and abs(clock_s - other_s) < ELSEWHERE_S else 1
    )
    rows.other_lon_deg[row], rows.other_lat_deg[row], rows.other_s[row] = lon_deg, lat_deg, clock_s
    if agreeing < REACQUIRE:
        return Fate.REFUSED
    _believe(rows, row, here, soft=soft)
    return Fate.ADMITTED


def _believe(rows: SourceRows, row: int, here: Place, *, soft: bool) -> None:
    rows.gate_lon_deg[row], rows.gate_lat_deg[row], rows.gate_s[row] = here
    rows.gate_soft[row] = soft
    rows.gate_agreeing[row] = 0
    rows.clock_s[row] = here[2]


def admit_batch(
    rows: SourceRows,
    row: Indices,
    *,
    lon_deg: Floats,
    lat_deg: Floats,
    clock_s: Floats,
    soft: Bools,
    clock: int,
    at_s: float,
) -> tuple[npt.NDArray[np.uint8], Indices]:
    """Judge positions in their order; the Fate of each, and the places of those judged singly.

    The caller writes the admitted positions into the rows; rows judged singly have them already.
    """
    fates = np.zeros(len(row), np.uint8)
    if not len(row):
        return fates, np.zeros(0, np.int32)
    order = np.argsort(row, kind="stable")
    row_o, lon_o, lat_o, clock_o, soft_o = (
        row[order],
        lon_deg[order],
        lat_deg[order],
        clock_s[order],
        soft[order],
    )
    first = np.empty(len(row), np.bool_)
    first[0] = True
    np.not_equal(row_o[1:], row_o[:-1], out=first[1:])
    _carry_over(rows, row_o[first], clock_o[first], clock=clock, at_s=at_s)

    def before(column: npt.NDArray[np.float64], values: Floats) -> Floats:
        shifted = np.empty_like(values)
        shifted[1:] = values[:-1]
        shifted[first] = column[row_o[first]]
        return shifted

    before_s = before(rows.gate_s, clock_o)
    before_lon, before_lat = before(rows.gate_lon_deg, lon_o), before(rows.gate_lat_deg, lat_o)
    before_soft = np.empty_like(soft_o)
    before_soft[1:] = soft_o[:-1]
    before_soft[first] = rows.gate_soft[row_o[first]]
    last_s = before(rows.clock_s, clock_o)
    limit = np.where(rows.category[row_o] == _ROTORCRAFT, ROTORCRAFT_LIMIT_MPS, LIMIT_MPS)
    with np.errstate(invalid="ignore"):
        far_m = _spans_m(before_lon, before_lat, lon_o, lat_o)
        reachable = far_m <= MARGIN_M + limit * np.abs(clock_o - before_s)
        # an equal clock may be the same measurement again: judged singly
        usual = ~(clock_o <= last_s) & (np.isnan(before_s) | (before_soft & ~soft_o) | reachable)
    group = np.cumsum(first) - 1
    unusual_groups = np.zeros(int(group[-1]) + 1, np.bool_)
    unusual_groups[group[~usual]] = True
    singly = unusual_groups[group]
    last = np.empty(len(row), np.bool_)
    last[-1] = True
    last[:-1] = first[1:]
    anchors = last & ~singly
    at = row_o[anchors]
    rows.gate_lon_deg[at], rows.gate_lat_deg[at] = lon_o[anchors], lat_o[anchors]
    rows.gate_s[at] = rows.clock_s[at] = clock_o[anchors]
    rows.gate_soft[at] = soft_o[anchors]
    rows.gate_agreeing[at] = 0
    places = order[singly]
    for place in places.tolist():
        one = int(row[place])
        lon, lat = float(lon_deg[place]), float(lat_deg[place])
        fate = admit(rows, one, lon, lat, float(clock_s[place]), soft=bool(soft[place]))
        fates[place] = fate
        if fate is Fate.ADMITTED:
            rows.lon_deg[one], rows.lat_deg[one] = lon, lat
    return fates, places.astype(np.int32)


def _carry_over(rows: SourceRows, row: Indices, clock_s: Floats, *, clock: int, at_s: float) -> None:
    """`set_clock` for many rows, each once."""
    other = rows.clock[row] != clock
    if not other.any():
        return
    row, clock_s = row[other], clock_s[other]
    known = ~np.isnan(rows.position_at_s[row])
    at = row[known]
    passed_s = np.maximum(0.0, at_s - rows.position_at_s[at]) + OTHER_CLOCK_S
    by_s = clock_s[known] - passed_s - rows.gate_s[at]
    rows.gate_s[at] += by_s
    rows.other_s[at] += by_s
    rows.clock[row] = clock
    rows.clock_s[row] = np.nan


def _spans_m(lon_a: Floats, lat_a: Floats, lon_b: Floats, lat_b: Floats) -> Floats:
    """`motion.span_m` over columns."""
    east_deg = (lon_b - lon_a + 180.0) % 360.0 - 180.0
    spans: Floats = DEGREE_M * np.hypot(east_deg * np.cos(np.radians((lat_a + lat_b) / 2)), lat_b - lat_a)
    return spans
