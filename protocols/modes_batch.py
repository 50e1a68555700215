"""Mode S at rate: bytes of a receiver to columns of sightings, many frames at once. One decoder per connection.

    bytes -> beast_batch | avr_batch -> rows -> counter_batch (time) -> repeats_batch -> modes_belief (whose)
          -> modes_columns (fields) -> places_batch -> AddressBatch

It says what modes.py says of the same bytes, which stays the path of `ganying decode` and the oracle of the tests: the
same frames are believed, with the same positions and the same counts, however the bytes are cut. What columns cannot
settle (an aircraft that jumps, a counter that runs wild, addresses forgotten while they are heard) is gone through
frame by frame; every such way has a bound of some microseconds a frame, so no input makes it slow.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from dispatch.kinds import SourceKind
from dispatch.motion import ROTORCRAFT
from dispatch.sighting import CATEGORIES, AddressBatch, Bools, Floats, Singles
from protocols import cpr
from protocols.beast_batch import Deframer
from protocols.counter_batch import CounterClock
from protocols.frames_batch import MODE_AC, Cut, Words, words
from protocols.modes_accuracy import CONTAINMENT_M, EPU_M
from protocols.modes_addresses import NO_NACP, AddressTable
from protocols.modes_belief import PROBLEMS, Belief, Believed
from protocols.modes_columns import POSITIONS, Columns, Said
from protocols.places_batch import (
    NOT_BELIEVED,
    NOT_PLACED,
    RECEIVER,
    TOO_FAR,
    Halves,
    Placed,
    Placing,
)
from protocols.repeats_batch import Keys, Repeats

AIRCRAFT_LIMIT = 65_536  # addresses remembered per connection: a hundred times what one antenna hears
PIECE_BYTES = 262_144  # decoded at once; four milliseconds at most of sound traffic
Ints = npt.NDArray[np.int64]
_ROTORCRAFT = CATEGORIES.index(ROTORCRAFT)
_FORMATS = (*(f"DF{min(form, 24)}" for form in range(32)), "Mode A/C")


def _accuracies() -> npt.NDArray[np.float32]:
    """Metres by stated category and type code; NO_NACP is the last row of them."""
    table = np.full((17, 32), np.nan, np.float32)
    for typecode, radius_m in CONTAINMENT_M.items():
        table[NO_NACP, typecode] = radius_m
    for nacp, epu_m in enumerate(EPU_M):
        table[nacp] = np.nan if epu_m is None else epu_m
    return table.ravel()


_ACCURACY_M = _accuracies()


class Framing(Protocol):
    """beast_batch.Deframer or avr_batch.Deframer."""

    def feed(self, data: bytes) -> Cut:
        """What is whole once `data` has come."""

    def close(self) -> Cut:
        """What the end of the stream completes or leaves unfinished."""


@dataclass(slots=True, kw_only=True)
class Decoded:
    """What some bytes said, and how many frames of what sort they held."""

    batches: list[AddressBatch] = field(default_factory=list)
    frames: int = 0  # well cut, good or bad
    valid: int = 0  # believed; repeats included
    repeats: int = 0
    counted: int = 0  # believed ones whose counter named a time
    sightings: int = 0
    positions: int = 0
    positions_refused: int = 0
    errors: Counter[str] = field(default_factory=Counter)  # by code, of framing and of modes.Message.problem
    by_form: Ints = field(default_factory=lambda: np.zeros(len(_FORMATS), np.int64))

    @property
    def formats(self) -> Counter[str]:
        """Frames by downlink format."""
        formats: Counter[str] = Counter()
        for form in self.by_form.nonzero()[0].tolist():
            formats[_FORMATS[form]] += int(self.by_form[form])
        return formats


def _never(_icao24: str) -> bool:
    return False


class BatchDecoder:
    """One receiver's bytes in, columns out. Memory is bounded by `aircraft_limit`, some 150 bytes each; never raises.

    `aircraft_limit` is at least 1; `simulated` is asked once for each address, six lower-case hex digits.
    """

    def __init__(
        self,
        *,
        source: str = "",
        reference_position: cpr.LonLat | None = None,
        simulated: Callable[[str], bool] = _never,
        gps_clock: bool = False,
        clock_id: str = "",
        aircraft_limit: int = AIRCRAFT_LIMIT,
        framing: Framing | None = None,
    ) -> None:
        self._source = source
        self._clock_name = clock_id or source
        self._framing: Framing = framing or Deframer()
        self._clock = CounterClock(gps=gps_clock)
        self._repeats = Repeats()
        self._table = AddressTable(limit=aircraft_limit, simulated=simulated)
        self._belief = Belief(self._table)
        self._placing = Placing(self._table, reference_position)

    def feed(self, data: bytes, arrived_at_s: float) -> Decoded:
        """All that is complete once `data` has come. `arrived_at_s`: UTC; the time of frames without a counter's."""
        decoded = Decoded()
        for at in range(0, len(data), PIECE_BYTES):
            self._read(self._framing.feed(data[at : at + PIECE_BYTES]), arrived_at_s, decoded)
        return decoded

    def close(self, arrived_at_s: float) -> Decoded:
        """What the end of the stream completes or leaves unfinished."""
        decoded = Decoded()
        self._read(self._framing.close(), arrived_at_s, decoded)
        return decoded

    def _read(self, cut: Cut, arrived_at_s: float, decoded: Decoded) -> None:
        decoded.errors.update(cut.bad)
        head, first, second = words(cut.rows)
        at_s, epoch = self._clock.read_rows((head >> 8 & 0xFFFFFFFFFFFF).view(np.int64), cut.said)
        kind = cut.rows[:, 0]
        for begin in range(0, len(kind), self._table.limit):
            part = slice(begin, begin + self._table.limit)
            frames = _Frames(kind[part], head[part], first[part], second[part], at_s[part], epoch[part])
            self._part(frames, arrived_at_s, decoded)

    def _part(self, frames: "_Frames", arrived_at_s: float, decoded: Decoded) -> None:
        """Frames that the table has places for, whoever sent them."""
        timed = ~np.isnan(frames.at_s)
        whole = bool(timed.all())
        keys = Keys(frames.head & ~np.uint64(0xFF), frames.first, frames.second, frames.epoch)
        if whole:
            of_keys: Ints | slice = slice(None)
        else:
            of_keys = timed.nonzero()[0]
            keys = keys.at(of_keys)
        repeated = self._repeats.first_heard(keys)
        if repeated is None:
            problem = self._fresh(frames, timed, arrived_at_s, decoded)
            self._repeats.remember(keys, problem[of_keys])
        else:
            fresh = np.ones(len(timed), np.bool_)
            fresh[of_keys] = repeated < 0
            problem = np.zeros(len(timed), np.uint8)
            problem[fresh] = self._fresh(frames.at(fresh), timed[fresh], arrived_at_s, decoded)
            again = (repeated >= 0).nonzero()[0]
            problem[~fresh] = self._repeats.problems(problem[of_keys], repeated[again])
            self._repeats.remember(keys.at(repeated < 0), problem[of_keys][repeated < 0])
            decoded.repeats += int(np.count_nonzero(problem[~fresh] == 0))
        _count(frames, problem, timed, decoded)

    def _fresh(
        self, frames: "_Frames", timed: Bools, arrived_at_s: float, decoded: Decoded
    ) -> npt.NDArray[np.uint8]:
        """Read frames that are no repeats; what is wrong with each, by PROBLEMS."""
        at_s = frames.at_s if timed.all() else np.where(timed, frames.at_s, arrived_at_s)
        believed = self._belief.judge(frames.kind, frames.first, frames.second, at_s, frames.epoch)
        count = len(believed.frame)
        if count:
            heard = frames
            if count < len(at_s):
                heard, at_s = frames.at(believed.frame), at_s[believed.frame]
            columns = Columns(heard.first, heard.second)
            self._names(columns, believed)
            places = self._places(heard, at_s, columns, believed, decoded)
            decoded.sightings += count
            decoded.batches.extend(self._batches(heard, columns, believed, places, arrived_at_s))
        return believed.problem

    def _names(self, columns: Columns, believed: Believed) -> None:
        """A callsign read from a register is the weaker word: it goes where the aircraft has told its own."""
        table, identity = self._table, columns.of(Said.IDENTITY)
        naming = identity[columns.callsign[identity] != b""]
        told = np.ones(len(naming), np.bool_)
        named = table.learn(table.named, believed.slot, naming, told, columns.registered)
        columns.callsign[columns.registered[named]] = b""

    def _places(
        self, frames: "_Frames", at_s: Floats, columns: Columns, believed: Believed, decoded: Decoded
    ) -> "_Places":
        """Place the position frames."""
        table = self._table
        place = (columns.kind < POSITIONS).nonzero()[0]
        order = np.argsort(believed.slot[place].astype(np.uint16), kind="stable")  # 16 bits: in one pass
        place = place[order]
        slot = believed.slot[place]
        identity = columns.of(Said.IDENTITY)
        identity = identity[columns.category[identity] > 0]
        is_rotorcraft = columns.category[identity] == _ROTORCRAFT
        rotorcraft = table.learn(table.rotorcraft, believed.slot, identity, is_rotorcraft, place)
        stated = table.learn(table.nacp, believed.slot, *columns.nacp(), place)
        first = frames.first[place]
        placed = self._placing.place(
            Halves(
                slot,
                (((first & 0x3FF) << 24) | (frames.second[place] >> 40)).view(np.int64),
                (first >> 10 & 1).astype(np.bool_),
                columns.kind[place] == Said.SURFACE,
                at_s[place],
                ~np.isnan(frames.at_s[place]),
                frames.epoch[place],
                rotorcraft,
            )
        )
        by = np.bincount(placed.by, minlength=TOO_FAR + 1).tolist()
        refused, nowhere = by[NOT_BELIEVED] + by[TOO_FAR], by[NOT_PLACED] + by[TOO_FAR]
        decoded.positions += len(place) - by[NOT_PLACED] - refused
        decoded.positions_refused += refused
        accuracy_m = _ACCURACY_M[stated << 5 | (first >> 27 & 0x1F).view(np.int64)]
        if nowhere:
            seen = (placed.by != NOT_PLACED) & (placed.by != TOO_FAR)
            place, accuracy_m = place[seen], accuracy_m[seen]
            placed = Placed(placed.lon_deg[seen], placed.lat_deg[seen], placed.by[seen])
        return _Places.of(len(at_s), place, placed, accuracy_m)

    def _batches(
        self,
        frames: "_Frames",
        columns: Columns,
        believed: Believed,
        places: "_Places",
        arrived_at_s: float,
    ) -> Iterator[AddressBatch]:
        """One batch for each epoch of the counter."""
        simulated = self._table.simulated[believed.slot]
        cuts = ((frames.epoch[1:] != frames.epoch[:-1]).nonzero()[0] + 1).tolist()
        for begin, end in zip([0, *cuts], [*cuts, len(simulated)], strict=True):
            rows = slice(begin, end)
            yield AddressBatch(
                source=self._source,
                source_kind=SourceKind.ADSB,
                clock_id=f"{self._clock_name}.{int(frames.epoch[begin])}",
                arrived_at_s=arrived_at_s,
                address=believed.address[rows],
                receiver_s=frames.at_s[rows],
                lon_deg=places.lon_deg[rows],
                lat_deg=places.lat_deg[rows],
                soft=places.soft[rows],
                accuracy_m=places.accuracy_m[rows],
                altitude_m=columns.altitude_m[rows],
                altitude_datum=columns.altitude_datum[rows],
                ground_speed_mps=columns.ground_speed_mps[rows],
                track_deg=columns.track_deg[rows],
                vertical_rate_mps=columns.vertical_rate_mps[rows],
                callsign=columns.callsign[rows],
                squawk=columns.squawk[rows],
                emergency=columns.emergency[rows],
                category=columns.category[rows],
                on_ground=columns.on_ground[rows],
                simulated=simulated[rows],
            )


class _Frames(NamedTuple):
    """Columns of frames."""

    kind: npt.NDArray[np.uint8]
    head: Words
    first: Words
    second: Words
    at_s: Floats  # of the receiver's counter; NaN: it names no time
    epoch: Ints

    def at(self, places: Ints | Bools) -> "_Frames":
        """Some of them."""
        return _Frames(
            self.kind[places],
            self.head[places],
            self.first[places],
            self.second[places],
            self.at_s[places],
            self.epoch[places],
        )


class _Places(NamedTuple):
    """Columns of an AddressBatch."""

    lon_deg: Floats
    lat_deg: Floats
    soft: Bools
    accuracy_m: Singles

    @classmethod
    def of(cls, count: int, place: Ints, placed: Placed, accuracy_m: Singles) -> "_Places":
        """Spread over `count` frames, `place` being those that are somewhere."""
        lon_deg, lat_deg = np.full((2, count), np.nan)
        made = cls(lon_deg, lat_deg, np.zeros(count, np.bool_), np.full(count, np.nan, np.float32))
        made.lon_deg[place], made.lat_deg[place] = placed.lon_deg, placed.lat_deg
        made.soft[place] = placed.by == RECEIVER
        made.accuracy_m[place] = accuracy_m
        return made


def _count(frames: _Frames, problem: npt.NDArray[np.uint8], timed: Bools, decoded: Decoded) -> None:
    """Add frames to the totals."""
    wrong = np.bincount(problem, minlength=len(PROBLEMS)).tolist()
    decoded.frames += len(problem)
    decoded.valid += wrong[0]
    for name, count in zip(PROBLEMS[1:], wrong[1:], strict=True):
        if count:
            decoded.errors[name] += count
    decoded.counted += int(np.count_nonzero(timed & (problem == 0)))
    forms = (frames.first >> 59).view(np.int64)
    forms[frames.kind == MODE_AC] = len(_FORMATS) - 1
    decoded.by_form += np.bincount(forms, minlength=len(_FORMATS))
