"""The archive's columns in Arrow's terms, and history chunks turned into them.

Null is "not said" everywhere; codes are words, so that any Parquet reader understands a file without this house.
Longitude and latitude are whole 1e-7 degrees of WGS-84, as on our wire: half the bytes of floating point, 1 cm.
"""

# mypy: disable-error-code="import-untyped"
# reason: pyarrow is not annotated

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dispatch.history import NO_ADDRESS, HistoryChunk
from dispatch.sighting import CATEGORIES, DATUMS, EMERGENCIES, NO_SQUAWK, THING_KINDS, UNKNOWN_GROUND

E7_PER_DEG = 1e7
US_PER_S = 1_000_000
FIRST_AT_S = 0.0  # 1970: a report from before, or after LAST_AT_S, has no time that could be filed
LAST_AT_S = 4_102_444_800.0  # 2100-01-01

WORDS: dict[str, tuple[str | None, ...]] = {
    "altitude_datum": tuple(DATUMS),
    "emergency": tuple(EMERGENCIES),
    "category": CATEGORIES,
    "thing_kind": tuple(THING_KINDS),
}  # columns of codes; code 0 is null
SINGLES = ("accuracy_m", "altitude_m", "ground_speed_mps", "track_deg", "vertical_rate_mps")

_WORD = pa.dictionary(pa.int32(), pa.string())  # as Parquet's dictionaries are read back
SCHEMA = pa.schema(
    [
        pa.field("track_id", _WORD, nullable=False),
        pa.field("at", pa.timestamp("us", "UTC"), nullable=False),
        pa.field("source", _WORD, nullable=False),
        pa.field("source_kind", _WORD, nullable=False),
        pa.field("address", pa.uint32()),
        pa.field("lon_e7", pa.int32()),
        pa.field("lat_e7", pa.int32()),
        *(pa.field(name, pa.float32()) for name in SINGLES),
        *(pa.field(name, _WORD) for name in WORDS),
        pa.field("callsign", _WORD),
        pa.field("squawk", pa.int16()),
        pa.field("on_ground", pa.bool_()),
        pa.field("simulated", pa.bool_(), nullable=False),
    ],
    metadata={"ganying.archive": "1"},
)
DICTIONARIES = ("track_id", "source", "source_kind", *WORDS, "callsign")  # columns that are codes and words


def batch_of(chunks: Sequence[HistoryChunk]) -> Any:
    """One RecordBatch of SCHEMA with the rows of all chunks; rows whose time cannot be filed are left out."""
    at_s = np.concatenate([chunk.at_s for chunk in chunks]) if chunks else np.empty(0)
    with np.errstate(invalid="ignore"):
        good = (at_s >= FIRST_AT_S) & (at_s < LAST_AT_S)
    lengths = [len(chunk) for chunk in chunks]

    def joined(name: str, dtype: Any) -> npt.NDArray[Any]:
        return np.concatenate([getattr(chunk, name) for chunk in chunks]) if chunks else np.empty(0, dtype)

    def per_chunk(words: list[str]) -> Any:
        places: dict[str, int] = {}
        codes = [places.setdefault(word, len(places)) for word in words]
        return pa.DictionaryArray.from_arrays(
            pa.array(np.repeat(np.array(codes, np.int32), lengths)), _texts(list(places))
        )

    lon_deg, lat_deg = joined("lon_deg", np.float64), joined("lat_deg", np.float64)
    with np.errstate(invalid="ignore"):
        nowhere = ~((np.abs(lon_deg) <= 180) & (np.abs(lat_deg) <= 90))
    address = joined("address", np.uint32)
    squawk, ground = joined("squawk", np.int16), joined("on_ground", np.int8)
    columns = {
        "track_id": _identities(chunks),
        "at": pa.array(np.round(np.where(good, at_s, 0.0) * US_PER_S).astype(np.int64)).cast(
            SCHEMA.field("at").type
        ),
        "source": per_chunk([chunk.source for chunk in chunks]),
        "source_kind": per_chunk([str(chunk.source_kind) for chunk in chunks]),
        "address": pa.array(address, mask=address == NO_ADDRESS),
        "lon_e7": _e7(lon_deg, nowhere),
        "lat_e7": _e7(lat_deg, nowhere),
        **{name: pa.array(joined(name, np.float32), pa.float32(), from_pandas=True) for name in SINGLES},
        **{name: _words(joined(name, np.uint8), words) for name, words in WORDS.items()},
        "callsign": _callsigns(joined("callsign", "S8")),
        "squawk": pa.array(squawk, mask=squawk == NO_SQUAWK),
        "on_ground": pa.array(ground == 1, mask=ground == UNKNOWN_GROUND),
        "simulated": pa.array(joined("simulated", np.bool_)),
    }
    batch = pa.RecordBatch.from_arrays([columns[name] for name in SCHEMA.names], schema=SCHEMA)
    return batch if good.all() else batch.filter(pa.array(good))


def _identities(chunks: Sequence[HistoryChunk]) -> Any:
    """The chunks' dictionaries and codes as one."""
    if not chunks:
        return pa.DictionaryArray.from_arrays(pa.array([], pa.int32()), pa.array([], pa.string()))
    parts = [pa.DictionaryArray.from_arrays(pa.array(chunk.codes), _texts(chunk.ids)) for chunk in chunks]
    return parts[0] if len(parts) == 1 else pa.chunked_array(parts).unify_dictionaries().combine_chunks()


def _texts(texts: Sequence[str]) -> Any:
    try:
        return pa.array(texts, pa.string())
    except UnicodeEncodeError:  # half a surrogate pair: no text, but somebody's key
        return pa.array([text.encode("utf-8", "replace").decode() for text in texts], pa.string())


def _e7(degrees: npt.NDArray[np.float64], nowhere: npt.NDArray[np.bool_]) -> Any:
    return pa.array(np.round(np.where(nowhere, 0.0, degrees) * E7_PER_DEG).astype(np.int32), mask=nowhere)


def _words(codes: npt.NDArray[np.uint8], words: tuple[str | None, ...]) -> Any:
    unknown = (codes == 0) | (codes >= len(words))
    places = pa.array(np.where(unknown, 1, codes).astype(np.int32) - 1, mask=unknown)
    return pa.DictionaryArray.from_arrays(places, pa.array([str(word) for word in words[1:]], pa.string()))


def _callsigns(callsigns: npt.NDArray[np.bytes_]) -> Any:
    empty = callsigns == b""
    raw = pa.array(callsigns, mask=empty)
    if isinstance(raw, pa.ChunkedArray):  # Arrow's choice where there are millions
        raw = raw.combine_chunks()
    try:
        return raw.cast(pa.string()).dictionary_encode()
    except pa.ArrowInvalid:  # not UTF-8: a decoder's slip must not cost the whole second
        return pa.array(
            [None if value is None else value.decode("utf-8", "replace") for value in raw.to_pylist()],
            pa.string(),
        ).dictionary_encode()


def shaped(table: Any) -> Any:
    """A table read from anywhere in SCHEMA's columns; what an older file has not is null."""
    return pa.Table.from_arrays(
        [
            table.column(field.name) if field.name in table.column_names else pa.nulls(len(table), field.type)
            for field in SCHEMA
        ],
        schema=SCHEMA,
    )
