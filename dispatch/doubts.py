"""Which tracks are to be taken with care, looked at once a second over all rows. Doubts are said, never acted upon.

- JUMPS: a few positions refused lately that could not have been flown.
- DUPLICATE_ADDRESS: refused positions that agree with each other while the row's own go on (picture.py), or two
  sources that place one address apart.
- DISAGREE: two sources place one thing apart: a wrong entry in the registry, or one of them is wrong.
- GHOST: one of a crowd. A source that has been heard for a while and suddenly names more newcomers within CROWD_S
  than it ever followed is being fed invented aircraft. What a second source places at the same spot is no ghost.
  An invented aircraft that comes alone, or a crowd let in over minutes, is not found here: nothing in the messages
  tells it from a real one.
- CLOCK: the source's own clock is off (source_clock.py of protocols says by how much).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dispatch.columns import DOUBT_BIT, NO_ADDRESS
from dispatch.freshness import LIMITS
from dispatch.fusion import KINDS, UNSTATED_M
from dispatch.gate import Indices
from dispatch.kinds import Doubt
from dispatch.motion import DEGREE_M
from dispatch.roster import Roster
from dispatch.sighting import Bools

JUMPS_AFTER = 3  # refused positions
FORGET_S = 60.0  # without a refused position: forgiven
CROWD_S = 10.0
CROWD_AT_LEAST = 100  # newcomers within CROWD_S; a province sees a few
SETTLED_S = 30.0  # a source heard for less than this is still telling what it follows
APART_M = 2_000.0  # beyond what both sources state: latency of radar and satellite links is some seconds
APART_MPS = 300.0  # how far a thing may have got between two measurements of different age

_UNSTATED = np.array([UNSTATED_M[kind] for kind in KINDS])
_DIM_S = np.array([LIMITS[kind].dim_s for kind in KINDS])


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What a look over all rows found, for the alarms."""

    duplicates: tuple[int, ...]  # places in `things`
    ghosts: Mapping[str, int]  # source → how many of its things are taken for invented


def review(roster: Roster, now: float, clocks_off: frozenset[str] = frozenset()) -> Review:
    """Bring every row's doubts up to date. `clocks_off`: names of sources whose clock is off."""
    rows = roster.rows
    before = rows.doubts.copy()
    _forgive(roster, now)
    _jumps(roster)
    _crowds(roster, now)
    _apart(roster, now)
    codes = [code for code, source in enumerate(roster.sources) if source.name in clocks_off]
    _set(roster, Doubt.CLOCK, np.isin(rows.source, np.array(codes, np.uint16)))
    for slot in np.unique(rows.thing[rows.alive & (rows.doubts != before)]).tolist():
        roster.restate_doubts(slot)
    ghosts = np.bincount(rows.source[rows.alive & _has(roster, Doubt.GHOST)], minlength=len(roster.sources))
    duplicated = roster.things.alive & ((roster.things.doubts & DOUBT_BIT[Doubt.DUPLICATE_ADDRESS]) > 0)
    return Review(
        duplicates=tuple(np.flatnonzero(duplicated).tolist()),
        ghosts={roster.sources[code].name: int(ghosts[code]) for code in np.flatnonzero(ghosts).tolist()},
    )


def _has(roster: Roster, doubt: Doubt) -> Bools:
    has: Bools = (roster.rows.doubts & DOUBT_BIT[doubt]) > 0
    return has


def _set(roster: Roster, doubt: Doubt, where: Bools) -> None:
    bit = np.uint8(DOUBT_BIT[doubt])
    rows = roster.rows
    rows.doubts[where] |= bit
    rows.doubts[~where] &= ~bit


def _forgive(roster: Roster, now: float) -> None:
    rows = roster.rows
    quiet = now - rows.refused_at_s > FORGET_S
    rows.refused[quiet] = 0
    rows.elsewhere[quiet] = 0
    alone = quiet & (rows.companion == -1)
    rows.doubts[alone] &= ~np.uint8(DOUBT_BIT[Doubt.DUPLICATE_ADDRESS])


def _jumps(roster: Roster) -> None:
    duplicate = _has(roster, Doubt.DUPLICATE_ADDRESS)
    _set(roster, Doubt.JUMPS, roster.rows.alive & (roster.rows.refused >= JUMPS_AFTER) & ~duplicate)


def _crowds(roster: Roster, now: float) -> None:
    rows = roster.rows
    ghost = _has(roster, Doubt.GHOST)
    new = rows.alive & (now - rows.first_at_s <= CROWD_S)
    settled = rows.alive & ~new & ~ghost & (rows.messages > 1)
    size = len(roster.sources)
    newcomers = np.bincount(rows.source[new], minlength=size)
    followed = np.bincount(rows.source[settled], minlength=size)
    heard_s = now - np.array(roster.resumed_s)
    crowded = (heard_s > SETTLED_S) & (newcomers > np.maximum(CROWD_AT_LEAST, followed))
    if crowded.any():
        ghost |= new & crowded[rows.source]
    if ghost.any():
        ghost &= rows.alive & ~_vouched(roster)
    _set(roster, Doubt.GHOST, ghost)


def _vouched(roster: Roster) -> Bools:
    """Rows of things that more than one source hears and none places apart."""
    rows, things = roster.rows, roster.things
    thing = np.maximum(rows.thing, 0)
    apart = (things.doubts & (DOUBT_BIT[Doubt.DISAGREE] | DOUBT_BIT[Doubt.DUPLICATE_ADDRESS])) > 0
    vouched: Bools = (things.rows[thing] > 1) & ~apart[thing]
    return vouched


def _apart(roster: Roster, now: float) -> None:
    rows, things = roster.rows, roster.things
    other = np.flatnonzero(rows.alive & (things.rows[np.maximum(rows.thing, 0)] > 1)).astype(np.int32)
    best = things.best_row[rows.thing[other]]
    known = (best >= 0) & (best != other)
    other, best = other[known], best[known]
    both = _fresh(roster, other, now) & _fresh(roster, best, now)
    other, best = other[both], best[both]
    apart = other[_far(roster, best, other)]
    best_apart = things.best_row[rows.thing[apart]]
    same_address = (rows.address[apart] != NO_ADDRESS) & (rows.address[apart] == rows.address[best_apart])
    disagree = np.zeros(rows.capacity, np.bool_)
    disagree[apart[~same_address]] = disagree[best_apart[~same_address]] = True
    _set(roster, Doubt.DISAGREE, disagree)
    twice = np.concatenate((apart[same_address], best_apart[same_address]))
    rows.doubts[twice] |= np.uint8(DOUBT_BIT[Doubt.DUPLICATE_ADDRESS])
    rows.refused_at_s[twice] = now


def _fresh(roster: Roster, row: Indices, now: float) -> Bools:
    fresh: Bools = now - roster.rows.position_at_s[row] < _DIM_S[roster.kind_codes(row)]
    return fresh


def _far(roster: Roster, a: Indices, b: Indices) -> Bools:
    """Whether two rows place a thing farther apart than their words allow."""
    rows = roster.rows
    mean_lat = np.radians((rows.lat_deg[a] + rows.lat_deg[b]) / 2)
    east_deg = (rows.lon_deg[b] - rows.lon_deg[a] + 180.0) % 360.0 - 180.0
    span_m = DEGREE_M * np.hypot(east_deg * np.cos(mean_lat), rows.lat_deg[b] - rows.lat_deg[a])
    stated_m = np.zeros(len(a))
    for row in (a, b):
        stated = rows.accuracy_m[row].astype(np.float64)
        stated_m += np.where(np.isnan(stated), _UNSTATED[roster.kind_codes(row)], stated)
    passed_s = np.abs(rows.position_at_s[a] - rows.position_at_s[b])
    far: Bools = span_m > APART_M + 2 * stated_m + APART_MPS * passed_s
    return far
