"""What was accepted, on its way to the archive: columns of many reports, kept until somebody drains them (航迹档案).

The picture adds every report it accepts; once a second the archive drains. Nothing here waits for the archive:
when it does not keep up, the oldest rows are dropped and counted. A batch costs no Python per row, only per
distinct thing in it; single sightings are kept as they are and turned into columns CHUNK_ROWS at a time.

Columns are those of `AddressBatch`, with who it was (`ids[codes]`) and when (`at_s`, UTC seconds since 1970) as
the picture decided them.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from dispatch.kinds import SourceKind
from dispatch.sighting import (
    CATEGORIES,
    DATUMS,
    EMERGENCIES,
    NO_SQUAWK,
    THING_KINDS,
    UNKNOWN_GROUND,
    AddressBatch,
    Bools,
    Floats,
    Sighting,
    Singles,
)

LIMIT_ROWS = 1_000_000  # about 100 bytes each; ten seconds at the rate the house is built for
CHUNK_ROWS = 512  # single sightings turned into columns at once: under a millisecond
NO_ADDRESS = 0xFFFFFFFF
NAME_BYTES = 32  # of a callsign or name, UTF-8

_DATUM_CODES = {datum: code for code, datum in enumerate(DATUMS)}
_EMERGENCY_CODES = {emergency: code for code, emergency in enumerate(EMERGENCIES)}
_THING_KIND_CODES = {kind: code for code, kind in enumerate(THING_KINDS)}
_CATEGORY_CODES = {category: code for code, category in enumerate(CATEGORIES)}
_Number = TypeVar("_Number", np.float32, np.float64)
_GROUND_CODES = {None: UNKNOWN_GROUND, False: 0, True: 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryChunk:
    """Accepted reports of one source as columns of one length. "Not said" is as in `AddressBatch`."""

    source: str
    source_kind: SourceKind
    ids: tuple[str, ...]  # who: the dictionary …
    codes: npt.NDArray[np.int32]  # … and each row's place in it
    at_s: Floats
    address: npt.NDArray[np.uint32]  # 24 bits, or NO_ADDRESS
    lon_deg: Floats  # NaN: a report without a position
    lat_deg: Floats
    accuracy_m: Singles
    altitude_m: Singles
    altitude_datum: npt.NDArray[np.uint8]  # DATUMS
    ground_speed_mps: Singles
    track_deg: Singles
    vertical_rate_mps: Singles
    callsign: npt.NDArray[np.bytes_]  # UTF-8, at most NAME_BYTES; the name of a thing that has no callsign
    squawk: npt.NDArray[np.int16]
    emergency: npt.NDArray[np.uint8]  # EMERGENCIES
    category: npt.NDArray[np.uint8]  # CATEGORIES
    thing_kind: npt.NDArray[np.uint8]  # THING_KINDS
    on_ground: npt.NDArray[np.int8]
    simulated: Bools

    def __len__(self) -> int:
        return len(self.codes)


class History:
    """Accepted reports not yet drained. At most `limit_rows`; beyond it the oldest chunk is dropped and counted."""

    def __init__(self, limit_rows: int = LIMIT_ROWS) -> None:
        self.added = 0  # rows since the start
        self.dropped = 0  # rows since the start
        self._limit_rows = limit_rows
        self._chunks: deque[HistoryChunk] = deque()
        self._chunk_rows = 0
        self._singles: list[tuple[Sighting, str, float]] = []

    def __len__(self) -> int:
        return self._chunk_rows + len(self._singles)

    def add(self, sighting: Sighting, track_id: str, at_s: float) -> None:
        """Keep one accepted sighting of the thing `track_id`, made at `at_s`."""
        self.added += 1
        self._singles.append((sighting, track_id, at_s))
        if len(self._singles) >= CHUNK_ROWS:
            self._columnise()

    def add_batch(
        self,
        batch: AddressBatch,
        accepted: Bools,
        codes: npt.NDArray[np.integer],
        ids: Sequence[str],
        at_s: Floats | float,
    ) -> None:
        """Keep the accepted rows of a batch. Row i is the thing `ids[codes[i]]`, seen at `at_s` (or `at_s[i]`).

        `ids` may be long and may change afterwards: what is used of it is copied; the columns of a batch never
        change and are kept as they are. Codes of rows that were not accepted are not looked at.
        """
        count = int(np.count_nonzero(accepted))
        if not count:
            return
        rows: Any = slice(None) if count == len(batch) else np.flatnonzero(accepted)
        used, compact = np.unique(codes[rows], return_inverse=True)
        self.added += count
        self._keep(
            HistoryChunk(
                source=batch.source,
                source_kind=batch.source_kind,
                ids=tuple([ids[code] for code in used.tolist()]),
                codes=compact.astype(np.int32),
                at_s=np.full(count, at_s) if isinstance(at_s, (float, int)) else at_s[rows],
                address=batch.address[rows],
                lon_deg=batch.lon_deg[rows],
                lat_deg=batch.lat_deg[rows],
                accuracy_m=batch.accuracy_m[rows],
                altitude_m=batch.altitude_m[rows],
                altitude_datum=batch.altitude_datum[rows],
                ground_speed_mps=batch.ground_speed_mps[rows],
                track_deg=batch.track_deg[rows],
                vertical_rate_mps=batch.vertical_rate_mps[rows],
                callsign=batch.callsign[rows],
                squawk=batch.squawk[rows],
                emergency=batch.emergency[rows],
                category=batch.category[rows],
                thing_kind=np.zeros(count, np.uint8),
                on_ground=batch.on_ground[rows],
                simulated=batch.simulated[rows],
            )
        )

    def drain(self) -> list[HistoryChunk]:
        """Everything kept, oldest first within each way of adding; it is forgotten here."""
        self._columnise()
        chunks = list(self._chunks)
        self._chunks.clear()
        self._chunk_rows = 0
        return chunks

    def _columnise(self) -> None:
        by_source: dict[tuple[str, SourceKind], list[tuple[Sighting, str, float]]] = {}
        for single in self._singles:
            by_source.setdefault((single[0].source, single[0].source_kind), []).append(single)
        self._singles.clear()
        for singles in by_source.values():
            self._keep(_of_singles(singles))

    def _keep(self, chunk: HistoryChunk) -> None:
        self._chunks.append(chunk)
        self._chunk_rows += len(chunk)
        while self._chunk_rows > self._limit_rows:
            oldest = self._chunks.popleft()
            self._chunk_rows -= len(oldest)
            self.dropped += len(oldest)


def _of_singles(singles: Sequence[tuple[Sighting, str, float]]) -> HistoryChunk:
    """Sightings of one source as columns."""
    seen = [sighting for sighting, _, _ in singles]
    places: dict[str, int] = {}
    codes = [places.setdefault(track_id, len(places)) for _, track_id, _ in singles]
    return HistoryChunk(
        source=seen[0].source,
        source_kind=seen[0].source_kind,
        ids=tuple(places),
        codes=np.array(codes, np.int32),
        at_s=np.array([at_s for _, _, at_s in singles], np.float64),
        address=np.array([int(s.icao24, 16) if s.icao24 else NO_ADDRESS for s in seen], np.uint32),
        lon_deg=_numbers([s.lon_deg for s in seen], np.float64),
        lat_deg=_numbers([s.lat_deg for s in seen], np.float64),
        accuracy_m=_numbers([s.accuracy_m for s in seen], np.float32),
        altitude_m=_numbers([s.altitude_m for s in seen], np.float32),
        altitude_datum=np.array([_DATUM_CODES[s.altitude_datum] for s in seen], np.uint8),
        ground_speed_mps=_numbers([s.ground_speed_mps for s in seen], np.float32),
        track_deg=_numbers([s.track_deg for s in seen], np.float32),
        vertical_rate_mps=_numbers([s.vertical_rate_mps for s in seen], np.float32),
        callsign=np.array([_name(s) for s in seen], f"S{NAME_BYTES}"),
        squawk=np.array([_squawk(s.squawk) for s in seen], np.int16),
        emergency=np.array([_EMERGENCY_CODES[s.emergency] for s in seen], np.uint8),
        category=np.array([_CATEGORY_CODES.get(s.emitter_category, 0) for s in seen], np.uint8),
        thing_kind=np.array([_THING_KIND_CODES[s.thing_kind] for s in seen], np.uint8),
        on_ground=np.array([_GROUND_CODES[s.on_ground] for s in seen], np.int8),
        simulated=np.array([s.simulated for s in seen], np.bool_),
    )


def _numbers(values: Sequence[float | None], dtype: type[_Number]) -> npt.NDArray[_Number]:
    return np.array([math.nan if value is None else value for value in values], dtype)


def _name(sighting: Sighting) -> bytes:
    """The callsign, or the name where there is none: at most NAME_BYTES, cut between characters."""
    text = (sighting.callsign or sighting.name or "").encode("utf-8", "replace")
    return text if len(text) <= NAME_BYTES else text[:NAME_BYTES].decode("utf-8", "ignore").encode()


def _squawk(squawk: str | None) -> int:
    """The four octal digits read as a decimal number."""
    return int(squawk) if squawk and len(squawk) == 4 and squawk.isascii() and squawk.isdigit() else NO_SQUAWK
