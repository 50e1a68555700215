"""Archived reports as what may leave of them, and what came as reports for our archive. Columns in, columns out; no IO.

Of what may leave: rows of our own sources with a 24-bit address and a place, whose aircraft the policy shows at that
time, in the area where it shows it only there. Of an aircraft that several sources hear, the one that reported most in
the same dozen intervals.

Thinned as live tracks are, a row `every_s` (less a quarter of a second) after the one before it, and the same whoever
asks and from where on: time is cut into blocks of BLOCK intervals counted from 1970, and a row depends on its own and the
CONTEXT blocks before alone. In each block the first row leaves, then the next that is far enough from it, and so on; that
says where the next block's first may be (`chained`); and what is still too near to the last of the block before is left
out, so that nowhere two are nearer than agreed.
"""

# mypy: disable-error-code="import-untyped"
# reason: pyarrow is not annotated

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from adapters.archive.columns import E7_PER_DEG
from adapters.archive.ordering import instants
from dispatch.consent_forms import COARSE_DEG
from dispatch.history import HistoryChunk
from dispatch.kinds import SourceKind
from dispatch.sighting import DATUMS, NO_SQUAWK
from protocols.codec.common import enum_to_number
from protocols.codec.link_past import COLUMNS, MAX_CALLSIGN, PastRows
from protocols.codec.track_states import DATUM_BITS, NO_RATE, NOT_SAID, ON_GROUND, SIMULATED

US = 1_000_000
BLOCK = 12  # intervals of the thinning that are judged together
CONTEXT = 2  # blocks before that say which rows of a block leave
EARLY_US = 250_000  # a cadence that equals the thinning is not halved (carried.moved_tracks)
SLICE_ROWS = 32_768
SAME_WITHIN_US = 5 * US  # an aircraft's report of the same place within this is the same report

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
_PARTNER = str(SourceKind.PARTNER)
_DATUM_NUMBERS = {str(datum): enum_to_number(datum) for datum in DATUMS if datum is not None}
_DATUM_OF = np.zeros(DATUM_BITS + 1, np.uint8)  # wire number -> place in DATUMS
for _place, _datum in enumerate(DATUMS):
    if _datum is not None:
        _DATUM_OF[enum_to_number(_datum)] = _place
HELD = np.dtype([("address", "<u4"), ("lon_e7", "<i4"), ("lat_e7", "<i4"), ("at_us", "<i8")])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Policy:
    """What may leave, in columns: a row for each time in which an aircraft is shown, in order of address."""

    every_us: int
    coarse: bool
    address: npt.NDArray[np.uint32]
    from_us: Ints
    to_us: Ints
    anywhere: Bools
    area: BaseGeometry | None

    @property
    def block_us(self) -> int:
        """What is thinned together."""
        return BLOCK * self.every_us

    def next_shown_us(self, from_us: int, to_us: int) -> int:
        """The first instant of [from_us, to_us) at which anything is shown; to_us: nothing is."""
        meets = (self.from_us < to_us) & (self.to_us > from_us)
        return max(from_us, int(self.from_us[meets].min())) if meets.any() else to_us


class Kept:
    """Rows of a stretch of time that may leave, by slices of SLICE_ROWS of time, in each by address, then time.

    So that a piece of the stretch touches the rows of its time alone, not all that are in memory.
    """

    def __init__(self, columns: dict[str, npt.NDArray[Any]], rows: Ints, words: list[str]) -> None:
        """Of `columns` the `rows`, which are by address, then time; callsign n is words[n - 1]."""
        at_us = columns["at_us"][rows]
        self.times: Ints = np.sort(at_us)
        self._words = words
        edges = self.times[SLICE_ROWS::SLICE_ROWS]
        slices = np.searchsorted(edges, at_us, "right").astype(np.uint16)
        order = np.argsort(slices, kind="stable")
        taken = rows[order]  # each column is copied once
        self._columns = {
            name: columns[name][taken].astype(dtype, copy=False) for name, dtype in _KEPT.items()
        }
        self._edges, self._begins = edges, np.searchsorted(slices[order], np.arange(len(edges) + 2))

    def between(self, from_us: int, to_us: int) -> PastRows:
        """The rows of [from_us, to_us), by address, then time, with the callsigns that occur."""
        first = int(np.searchsorted(self._edges, from_us, "right"))
        last = int(np.searchsorted(self._edges, to_us, "left"))
        rows = slice(int(self._begins[first]), int(self._begins[last + 1]))
        at_us, address = self._columns["at_us"][rows], self._columns["address"][rows]
        some = np.flatnonzero((at_us >= from_us) & (at_us < to_us))
        if last > first:
            some = some[np.lexsort((at_us[some], address[some]))]
        made = {name: column[rows][some] for name, column in self._columns.items()}
        used, numbers = np.unique(made["callsign"], return_inverse=True)
        none = bool(len(used)) and used[0] == 0
        made["callsign"] = (numbers + (0 if none else 1)).astype("<u2")
        words = tuple([self._words[code - 1] for code in used.tolist() if code])
        return PastRows(columns=made, callsigns=words)


_KEPT = {name: "<i8" if name == "callsign" else dtype for name, dtype in COLUMNS.items()}
Piece = dict[str, npt.NDArray[Any]]  # columns of rows that the policy shows, not thinned


class Gathering:
    """Parts of the archive brought down to what the policy shows of them, and what may leave of a time."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._words: dict[str, int] = {}
        self._sources: dict[str, int] = {}

    def piece(self, table: Any) -> Piece | None:
        """A table in the archive's columns, in any order; None: nothing of it is shown."""
        if not len(table):
            return None
        table = table.unify_dictionaries().combine_chunks()
        at_us = instants(table)
        address = np.asarray(table.column("address").fill_null(0)).astype(np.uint32)
        own = _differs(table, "source_kind", _PARTNER)
        placed = np.asarray(table.column("lon_e7").is_valid()) & np.asarray(table.column("lat_e7").is_valid())
        some = np.flatnonzero(own & placed & (address > 0))
        some = some[_shown(self._policy, address[some], at_us[some], table, some)]
        return self._columns(table, some, at_us[some], address[some]) if len(some) else None

    def _columns(self, table: Any, some: Ints, at_us: Ints, address: Any) -> dict[str, npt.NDArray[Any]]:
        def single(name: str) -> npt.NDArray[np.float32]:
            return np.asarray(table.column(name).fill_null(np.nan))[some].astype(np.float32)

        altitude_m = single("altitude_m")
        datum = self._coded(table, "altitude_datum", some, _DATUM_NUMBERS).astype(np.uint8)
        altitude_m[datum == 0] = np.nan
        datum[np.isnan(altitude_m)] = 0
        course = _hundredths(single("track_deg") % 360.0, 0, 36_000, NOT_SAID)
        accuracy = single("accuracy_m")
        ground = np.asarray(table.column("on_ground").fill_null(False))[some]
        simulated = np.asarray(table.column("simulated"))[some]
        return {
            "address": address,
            "at_us": at_us,
            "lon_e7": np.asarray(table.column("lon_e7").fill_null(0))[some],
            "lat_e7": np.asarray(table.column("lat_e7").fill_null(0))[some],
            "altitude_m": altitude_m,
            "ground_speed_cmps": _hundredths(single("ground_speed_mps"), 0, NOT_SAID - 1, NOT_SAID).astype("<u2"),
            "track_cdeg": np.where(course == 36_000, 0, course).astype("<u2"),
            "vertical_rate_cmps": _hundredths(single("vertical_rate_mps"), NO_RATE + 1, 0x7FFF, NO_RATE).astype("<i2"),
            "accuracy_m": np.where(
                np.isnan(accuracy), NOT_SAID, np.clip(np.ceil(np.nan_to_num(accuracy)), 0, NOT_SAID - 1)
            ).astype("<u2"),
            "bits": datum
            | np.where(ground, ON_GROUND, 0).astype(np.uint8)
            | np.where(simulated, SIMULATED, 0).astype(np.uint8),
            "squawk": np.asarray(table.column("squawk").fill_null(NO_SQUAWK))[some],
            "callsign": self._coded(table, "callsign", some, self._words, new=True),
            "source": self._coded(table, "source", some, self._sources, new=True),
        }  # fmt: skip

    @staticmethod
    def _coded(
        table: Any, name: str, some: Ints, numbers: dict[str, int], *, new: bool = False
    ) -> npt.NDArray[np.int64]:
        """A column of words by number, 0: none. `new`: words that have none get the next one."""
        column = table.column(name).combine_chunks()
        words = [str(each)[:MAX_CALLSIGN] for each in column.dictionary.to_pylist()]
        known = [
            numbers.setdefault(each, len(numbers) + 1) if new else numbers.get(each, 0) for each in words
        ]
        places = np.asarray(column.indices.fill_null(-1))[some]
        coded: npt.NDArray[np.int64] = np.array([*known, 0], np.int64)[places]
        return coded

    def kept(self, pieces: Sequence[Piece], from_us: int, to_us: int) -> Kept:
        """What may leave of [from_us, to_us), out of pieces that hold all of it and of the CONTEXT blocks before."""
        begin_us = from_us - CONTEXT * self._policy.block_us
        within = [(each["at_us"] >= begin_us) & (each["at_us"] < to_us) for each in pieces]
        columns = {
            name: np.concatenate([each[name][some] for each, some in zip(pieces, within, strict=True)])
            if pieces
            else np.empty(0, np.int64)
            for name in (*COLUMNS, "source")
        }
        at_us, address, source = columns["at_us"], columns["address"], columns["source"]
        if not len(at_us):
            return Kept(columns, np.empty(0, np.int64), [])
        # pieces are in order of address and time nearly always, and such a number then sorts in a few merges
        span = int(at_us.max() - at_us.min()) + 1
        order = np.argsort(address.astype(np.int64) * span + (at_us - at_us.min()), kind="stable")
        some = order[_thinned(self._policy, at_us[order], address[order].astype(np.int64), source[order])]
        some = some[at_us[some] >= from_us]
        if self._policy.coarse:
            step = round(COARSE_DEG * E7_PER_DEG)
            for name in ("lon_e7", "lat_e7"):
                columns[name] = (np.rint(columns[name] / step) * step).astype("<i4")
        return Kept(columns, some, list(self._words))


def _differs(table: Any, name: str, word: str) -> Bools:
    column = table.column(name).combine_chunks()
    same = np.array([*(each != word for each in column.dictionary.to_pylist()), False])
    made: Bools = same[np.asarray(column.indices.fill_null(-1))]
    return made


def _shown(policy: Policy, address: Any, at_us: Ints, table: Any, places: Ints) -> Bools:
    """Which rows the policy shows. An aircraft has few times, so they are gone through one after the other."""
    first = np.searchsorted(policy.address, address, "left")
    count = np.searchsorted(policy.address, address, "right") - first
    shown = np.zeros(len(address), np.bool_)
    for turn in range(int(count.max()) if len(count) else 0):
        some = np.flatnonzero((count > turn) & ~shown)
        window = first[some] + turn
        within = (at_us[some] >= policy.from_us[window]) & (at_us[some] < policy.to_us[window])
        some, window = some[within], window[within]
        anywhere = policy.anywhere[window]
        shown[some[anywhere]] = True
        bound = some[~anywhere]
        if len(bound) and policy.area is not None:
            lon_deg, lat_deg = (
                np.asarray(table.column(name).fill_null(0))[places[bound]] / E7_PER_DEG
                for name in ("lon_e7", "lat_e7")
            )
            shown[bound] |= np.asarray(shapely.intersects_xy(policy.area, lon_deg, lat_deg), np.bool_)
    return shown


def _thinned(policy: Policy, at_us: Ints, address: Ints, source: Ints) -> Ints:
    """Places of the rows that leave, of rows in order of address, then time."""
    rows = _of_one_source(address, at_us // policy.block_us, source)
    at_us, address = at_us[rows], address[rows]
    gap_us = policy.every_us - EARLY_US
    near = (np.diff(address, prepend=-1) == 0) & (np.diff(at_us, prepend=0) < gap_us)
    crowded = np.isin(address, np.unique(address[near]))
    picked = ~crowded
    if crowded.any():
        places = np.flatnonzero(crowded)
        picked[places[_spaced(at_us[places], address[places], policy.block_us, gap_us)]] = True
    found: Ints = rows[picked]
    return found


def _spaced(at_us: Ints, address: Ints, block_us: int, gap_us: int) -> Ints:
    """Places of rows so chosen that no two of an aircraft are nearer than `gap_us`; see the top."""
    block = at_us // block_us
    begins = np.flatnonzero((np.diff(address, prepend=-1) != 0) | (np.diff(block, prepend=-1) != 0))
    ends = np.append(begins[1:], len(at_us))
    # as one number for searching: addresses so far apart that no time of one is another's
    base, span = int(at_us.min()), int(at_us.max() - at_us.min()) + 2 * block_us
    key = address * span + (at_us - base)
    follows = np.flatnonzero(
        (np.diff(address[begins], prepend=-1) == 0) & (np.diff(block[begins], prepend=-1) == 1)
    )
    _, last = _greedy(key, begins, ends, gap_us)
    chained = begins.copy()
    chained[follows] = np.maximum(begins[follows], np.searchsorted(key, key[last[follows - 1]] + gap_us))
    chosen, last = _greedy(key, chained, ends, gap_us)
    earliest = np.full(len(begins), -1, np.int64)
    some = follows[last[follows - 1] >= 0]
    earliest[some] = key[last[some - 1]] + gap_us
    group = np.searchsorted(begins, chosen, "right") - 1
    found: Ints = chosen[key[chosen] >= earliest[group]]
    return found


def _greedy(key: Ints, begins: Ints, ends: Ints, gap_us: int) -> tuple[Ints, Ints]:
    """From each beginning on, the next that is far enough, to the end; and the last of each, -1: none."""
    last = np.full(len(begins), -1, np.int64)
    groups = np.flatnonzero(begins < ends)
    here, chosen = begins[groups], list[Ints]()
    while len(here):
        chosen.append(here)
        last[groups] = here
        following = np.maximum(np.searchsorted(key, key[here] + gap_us), here + 1)
        good = following < ends[groups]
        here, groups = following[good], groups[good]
    return (np.sort(np.concatenate(chosen)) if chosen else np.empty(0, np.int64)), last


def _of_one_source(address: Ints, block: Ints, source: Ints) -> Ints:
    """Places of the rows of the source that reported most of each aircraft in each block; of equals the first named."""
    if len(source) and (source == source[0]).all():
        return np.arange(len(source))
    groups = np.cumsum(
        np.diff(address, prepend=-1).astype(np.bool_) | np.diff(block, prepend=-1).astype(np.bool_)
    )
    width = int(source.max()) + 1
    pairs, counts = np.unique(groups * width + source, return_counts=True)
    best = np.full(int(groups[-1]) + 1, -1, np.int64)
    order = np.lexsort((-pairs, counts))  # the most last; of equals the lowest number
    best[pairs[order] // width] = pairs[order]
    return np.flatnonzero(best[groups] == groups * width + source)


def _hundredths(values: npt.NDArray[np.float32], low: int, high: int, none: int) -> npt.NDArray[np.int32]:
    made: npt.NDArray[np.int32] = np.clip(np.rint(np.nan_to_num(values) * 100.0), low, high).astype(np.int32)
    made[np.isnan(values)] = none
    return made


def held_of(table: Any, source: str) -> npt.NDArray[np.void]:
    """Reports of one source with a place, as rows of HELD."""
    table = table.unify_dictionaries().combine_chunks()
    if not len(table):
        return np.empty(0, HELD)
    mine = ~_differs(table, "source", source) & np.asarray(table.column("lon_e7").is_valid())
    made = np.empty(int(mine.sum()), HELD)
    for name in ("address", "lon_e7", "lat_e7"):
        made[name] = np.asarray(table.column(name).fill_null(0))[mine]
    made["at_us"] = instants(table)[mine]
    return made


def unknown(rows: PastRows, shift_us: int, held: npt.NDArray[np.void]) -> Bools:
    """Which rows are not among those held already: same aircraft, same place, about the same time."""
    new = np.ones(len(rows), np.bool_)
    if not len(held) or not len(rows):
        return new
    known = _mark(held["address"], held["lon_e7"], held["lat_e7"])
    order = np.argsort(known)
    known, times = known[order], held["at_us"][order]
    mine = _mark(rows.columns["address"], rows.columns["lon_e7"], rows.columns["lat_e7"])
    first = np.searchsorted(known, mine, "left")
    count = np.searchsorted(known, mine, "right") - first
    at_us = rows.columns["at_us"] + shift_us
    for turn in range(int(count.max())):  # who stands still is at one place often
        some = np.flatnonzero((count > turn) & new)
        new[some[np.abs(times[first[some] + turn] - at_us[some]) <= SAME_WITHIN_US]] = False
    return new


def _mark(address: Any, lon_e7: Any, lat_e7: Any) -> npt.NDArray[np.uint64]:
    """One number for an aircraft at a place; of billions, two are the same by chance once in a thousand years."""
    mixed = (address.astype(np.uint64) << np.uint64(32)) | lon_e7.astype(np.int64).astype(
        np.uint64
    ) & np.uint64(0xFFFF_FFFF)
    mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0x9E37_79B9_7F4A_7C15)
    mixed ^= lat_e7.astype(np.int64).astype(np.uint64)
    mixed = (mixed ^ (mixed >> np.uint64(32))) * np.uint64(0xD6E8_FEB8_6659_FD93)
    made: npt.NDArray[np.uint64] = mixed ^ (mixed >> np.uint64(32))
    return made


def chunk_of(rows: PastRows, some: Bools, site: str, shift_us: int) -> HistoryChunk:
    """Rows of site `site` for our archive; `shift_us` brings its clock to ours."""
    columns = {name: column[some] for name, column in rows.columns.items()}
    count, bits = len(columns["at_us"]), columns["bits"]
    used, codes = np.unique(columns["address"], return_inverse=True)
    words = np.array([b"", *(each.encode("utf-8", "replace")[:32] for each in rows.callsigns)], "S32")
    return HistoryChunk(
        source=site,
        source_kind=SourceKind.PARTNER,
        ids=tuple(_identity(used.tolist())),
        codes=codes.astype(np.int32),
        at_s=(columns["at_us"] + shift_us) / US,
        address=columns["address"].astype(np.uint32),
        lon_deg=columns["lon_e7"] / E7_PER_DEG,
        lat_deg=columns["lat_e7"] / E7_PER_DEG,
        accuracy_m=_or_nan(columns["accuracy_m"], NOT_SAID, 1.0),
        altitude_m=columns["altitude_m"].astype(np.float32),
        altitude_datum=_DATUM_OF[bits & DATUM_BITS],
        ground_speed_mps=_or_nan(columns["ground_speed_cmps"], NOT_SAID, 100.0),
        track_deg=_or_nan(columns["track_cdeg"], NOT_SAID, 100.0),
        vertical_rate_mps=_or_nan(columns["vertical_rate_cmps"], NO_RATE, 100.0),
        callsign=words[columns["callsign"]],
        squawk=columns["squawk"].astype(np.int16),
        emergency=np.zeros(count, np.uint8),
        category=np.zeros(count, np.uint8),
        thing_kind=np.zeros(count, np.uint8),
        on_ground=np.where(bits & ON_GROUND, 1, 0).astype(np.int8),
        simulated=(bits & SIMULATED) != 0,
    )


def _identity(addresses: Sequence[int]) -> list[str]:
    return [f"icao24:{address:06x}" for address in addresses]


def _or_nan(values: npt.NDArray[Any], none: int, per_unit: float) -> npt.NDArray[np.float32]:
    made = values.astype(np.float32) / np.float32(per_unit)
    made[values == none] = np.nan
    return made
