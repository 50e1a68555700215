"""Tracks out of the columns: what is known of one thing now, and what each of its sources says."""

import math

import numpy as np

from dispatch.columns import NO_ADDRESS, doubts_of
from dispatch.roster import Roster
from dispatch.sighting import CATEGORIES, DATUMS, EMERGENCIES, NO_SQUAWK, THING_KINDS, UNKNOWN_GROUND
from dispatch.tracks import SourceTrack, Track


def track_at(roster: Roster, slot: int) -> Track:
    """The track of a place in `things` that is in use."""
    rows, things = roster.rows, roster.things
    best = int(things.best_row[slot])
    speaks = best if best >= 0 else int(things.any_row[slot])
    all_rows = roster.rows_at(slot)
    order = [speaks]
    if len(all_rows) > 1:
        others = (row for row in all_rows if row != speaks)
        order += sorted(others, key=lambda row: -float(rows.heard_at_s[row]))
    source = roster.sources[int(rows.source[speaks])]
    kind, identity_name = roster.registry.label(roster.ids[slot])
    altitude = next((row for row in order if not math.isnan(float(rows.altitude_m[row]))), None)
    address = next((int(rows.address[row]) for row in order if rows.address[row] != NO_ADDRESS), None)
    squawk = next((int(rows.squawk[row]) for row in order if rows.squawk[row] != NO_SQUAWK), None)
    ground = next((bool(rows.on_ground[row]) for row in order if rows.on_ground[row] != UNKNOWN_GROUND), None)
    texts = [roster.texts[row] for row in order if row in roster.texts]
    return Track(
        id=roster.ids[slot],
        number=int(things.number[slot]),
        icao24="" if address is None else f"{address:06x}",
        keys=tuple(dict.fromkeys(roster.key_of(row) for row in order)),
        source=source.name,
        source_kind=source.kind,
        heard_at_s=float(things.heard_at_s[slot]),
        lon_deg=None if best < 0 else float(rows.lon_deg[best]),
        lat_deg=None if best < 0 else float(rows.lat_deg[best]),
        position_at_s=None if best < 0 else float(rows.position_at_s[best]),
        accuracy_m=None if best < 0 else _or_none(rows.accuracy_m[best]),
        altitude_m=None if altitude is None else float(rows.altitude_m[altitude]),
        altitude_datum=None if altitude is None else DATUMS[int(rows.altitude_datum[altitude])],
        ground_speed_mps=_or_none(rows.ground_speed_mps[speaks]),
        track_deg=_or_none(rows.track_deg[speaks]),
        vertical_rate_mps=_or_none(rows.vertical_rate_mps[speaks]),
        callsign=next((rows.callsign[row].decode() for row in order if rows.callsign[row]), None),
        registration=next((text.registration for text in texts if text.registration), None),
        name=identity_name or next((text.name for text in texts if text.name), None),
        thing_kind=kind
        or next((THING_KINDS[int(rows.thing_kind[row])] for row in order if rows.thing_kind[row]), None),
        squawk=None if squawk is None else f"{squawk:04d}",
        emergency=next((EMERGENCIES[int(rows.emergency[row])] for row in order if rows.emergency[row]), None),
        emitter_category=next(
            (CATEGORIES[int(rows.category[row])] for row in order if rows.category[row]), None
        ),
        on_ground=ground,
        simulated=bool(rows.simulated[speaks]),
        doubts=doubts_of(int(things.doubts[slot])),
        sources=len({int(rows.source[row]) for row in all_rows}),
    )


def sources_at(roster: Roster, slot: int) -> tuple[SourceTrack, ...]:
    """What each source says of the thing at a place in `things`, the chosen one first."""
    best = int(roster.things.best_row[slot])
    order = sorted(roster.rows_at(slot), key=lambda row: (row != best, -float(roster.rows.heard_at_s[row])))
    return tuple(_source_track(roster, row, chosen=row == best) for row in order)


def _source_track(roster: Roster, row: int, *, chosen: bool) -> SourceTrack:
    rows = roster.rows
    source = roster.sources[int(rows.source[row])]
    return SourceTrack(
        source=source.name,
        source_kind=source.kind,
        key=roster.key_of(row),
        heard_at_s=float(rows.heard_at_s[row]),
        lon_deg=_or_none(rows.lon_deg[row]),
        lat_deg=_or_none(rows.lat_deg[row]),
        position_at_s=_or_none(rows.position_at_s[row]),
        accuracy_m=_or_none(rows.accuracy_m[row]),
        altitude_m=_or_none(rows.altitude_m[row]),
        altitude_datum=DATUMS[int(rows.altitude_datum[row])],
        chosen=chosen,
    )


def _or_none(value: np.floating) -> float | None:
    number = float(value)
    return None if math.isnan(number) else number
