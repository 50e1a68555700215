"""The same bytes through the decoder of single frames and through the one of many, told in one form."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from dispatch.sighting import (
    CATEGORIES,
    DATUMS,
    EMERGENCIES,
    NO_SQUAWK,
    UNKNOWN_GROUND,
    AddressBatch,
    Sighting,
)
from protocols import avr, avr_batch, beast, modes
from protocols.frames import BadFrame, ReceiverStatus
from protocols.modes_batch import BatchDecoder, Decoded

ARRIVED_S = 1_790_000_000.0
COLUMNS = (
    "clock_id",
    "address",
    "receiver_s",
    "lon_deg",
    "lat_deg",
    "soft",
    "accuracy_m",
    "altitude_m",
    "altitude_datum",
    "ground_speed_mps",
    "track_deg",
    "vertical_rate_mps",
    "callsign",
    "squawk",
    "emergency",
    "category",
    "on_ground",
    "simulated",
)


class Told(NamedTuple):
    """Sightings as columns, and totals."""

    columns: dict[str, Any]
    counts: dict[str, int]
    formats: Counter[str]
    errors: Counter[str]


def _number(value: float | None) -> float:
    return np.nan if value is None else value


def _row(seen: Sighting) -> tuple[Any, ...]:
    return (
        seen.clock_id,
        int(seen.icao24, 16),
        _number(seen.receiver_s),
        _number(seen.lon_deg),
        _number(seen.lat_deg),
        seen.soft,
        _number(seen.accuracy_m),
        _number(seen.altitude_m),
        DATUMS.index(seen.altitude_datum),
        _number(seen.ground_speed_mps),
        _number(seen.track_deg),
        _number(seen.vertical_rate_mps),
        (seen.callsign or "").encode("ascii"),
        NO_SQUAWK if seen.squawk is None else int(seen.squawk),
        EMERGENCIES.index(seen.emergency),
        CATEGORIES.index(seen.emitter_category),
        UNKNOWN_GROUND if seen.on_ground is None else int(seen.on_ground),
        seen.simulated,
    )


def singly(data: bytes, *, text: bool = False, **config: Any) -> Told:
    """By the oracle."""
    deframer: Any = avr.Deframer() if text else beast.Deframer()
    decoder = modes.Decoder(**config)
    rows, counts = [], Counter[str]()
    formats, errors = Counter[str](), Counter[str]()
    for item in (*deframer.feed(data), *deframer.close()):
        if isinstance(item, BadFrame):
            errors[item.code] += 1
            continue
        if isinstance(item, ReceiverStatus):
            decoder.status(item)
            continue
        message = decoder.decode(item, ARRIVED_S)
        counts["frames"] += 1
        formats["Mode A/C" if message.df is None else f"DF{message.df}"] += 1
        if message.problem:
            errors[message.problem] += 1
            continue
        counts["valid"] += 1
        counts["counted"] += message.receiver_s is not None
        if message.repeat:
            counts["repeats"] += 1
            continue
        counts["positions"] += bool(message.position_by) and message.position_by not in modes.NOT_BELIEVED
        counts["positions_refused"] += message.position_by in modes.NOT_BELIEVED
        if message.sighting is not None:
            counts["sightings"] += 1
            rows.append(_row(message.sighting))
    columns = dict(zip(COLUMNS, (list(column) for column in zip(*rows, strict=True)), strict=False))
    return Told(columns, +counts, formats, errors)


def at_once(pieces: Iterable[bytes], *, text: bool = False, **config: Any) -> Told:
    """By the decoder of many, in these pieces."""
    framing = avr_batch.Deframer() if text else None
    decoder = BatchDecoder(framing=framing, **config)
    all_decoded = [decoder.feed(piece, ARRIVED_S) for piece in pieces]
    all_decoded.append(decoder.close(ARRIVED_S))
    return of_decoded(all_decoded)


def of_decoded(all_decoded: list[Decoded]) -> Told:
    """What several pieces said."""
    counts, formats, errors = Counter[str](), Counter[str](), Counter[str]()
    batches: list[AddressBatch] = []
    for decoded in all_decoded:
        for name in (
            "frames",
            "valid",
            "repeats",
            "counted",
            "sightings",
            "positions",
            "positions_refused",
        ):
            counts[name] += getattr(decoded, name)
        formats.update(decoded.formats)
        errors.update(decoded.errors)
        batches.extend(decoded.batches)
    columns: dict[str, Any] = {}
    if batches:
        columns = {name: np.concatenate([getattr(batch, name) for batch in batches]) for name in COLUMNS[1:]}
        columns["clock_id"] = [batch.clock_id for batch in batches for _ in range(len(batch))]
    return Told(columns, +counts, formats, +errors)


def differences(one: Told, many: Told) -> list[str]:
    """Where the two differ. Columns kept as float32 are compared as such; a track to a ten-thousandth of a degree."""
    found = [
        f"{name}: {getattr(one, name)} {getattr(many, name)}"
        for name in ("counts", "formats", "errors")
        if getattr(one, name) != getattr(many, name)
    ]
    if found or not one.columns:
        return found
    for name in COLUMNS:
        mine, theirs = one.columns[name], many.columns[name]
        if name == "clock_id":
            same = np.array([a == b for a, b in zip(mine, theirs, strict=True)])
        else:
            mine = np.array(mine, theirs.dtype)
            same = mine == theirs
            if theirs.dtype.kind == "f":
                same |= np.isnan(mine) & np.isnan(theirs)
            if name == "track_deg":
                same |= np.abs(mine - theirs) < 1e-4
        if not same.all():
            at = int(np.argmin(same))
            found.append(f"{name} at row {at} of {len(same)}: {mine[at]!r} {theirs[at]!r}")
    return found
