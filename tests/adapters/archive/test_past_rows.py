"""What of an archive may leave, and out of it: by aircraft, time and place, thinned the same whoever asks."""

from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # not annotated
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.archive.columns import batch_of
from adapters.archive.past_reader import PastReader
from adapters.archive.past_rows import EARLY_US, Gathering, Kept, Policy, chunk_of, held_of, unknown
from adapters.archive.segment import OpenSegment
from adapters.archive.settings import ArchiveSettings
from dispatch.history import History
from dispatch.kinds import AltitudeDatum, SourceKind
from dispatch.sighting import Sighting
from protocols.codec.link_past import PastPart, read_rows

S = 1_000_000
NOON_US = 1_795_521_600 * S


def table_of(*reports: tuple[str, float, dict[str, Any]]) -> Any:
    """Rows as the archive has them: address, seconds after noon, what else it says."""
    history = History()
    for icao24, at_s, more in reports:
        told = {"lon_deg": 115.0 + at_s / 1000, "lat_deg": 28.0, "callsign": "GY7001"} | more
        heard = Sighting(
            icao24=icao24,
            source=told.pop("source", "hill"),
            source_kind=told.pop("source_kind", SourceKind.ADSB),
            **told,
        )
        history.add(heard, f"icao24:{icao24}", NOON_US / S + at_s)
    return pa.Table.from_batches([batch_of(history.drain())])


def policy(*windows: tuple[str, float, float, bool], every_s: float = 1.0, **more: Any) -> Policy:
    rows = sorted((int(each[0], 16), *each[1:]) for each in windows)
    return Policy(
        every_us=round(every_s * S),
        coarse=more.get("coarse", False),
        address=np.array([row[0] for row in rows], np.uint32),
        from_us=np.array([NOON_US + row[1] * S for row in rows], np.int64),
        to_us=np.array([NOON_US + row[2] * S for row in rows], np.int64),
        anywhere=np.array([row[3] for row in rows], np.bool_),
        area=more.get("area"),
    )


def kept(wanted: Policy, table: Any, from_s: float = -1000, to_s: float = 10_000) -> Kept:
    gathering = Gathering(wanted)
    piece = gathering.piece(table)
    return gathering.kept(
        [] if piece is None else [piece], NOON_US + round(from_s * S), NOON_US + round(to_s * S)
    )


def told(found: Kept) -> list[tuple[str, float]]:
    rows = found.between(0, 2**62).columns
    return [
        (f"{address:06x}", (at_us - NOON_US) / S)
        for address, at_us in zip(rows["address"].tolist(), rows["at_us"].tolist(), strict=True)
    ]


def test_aircraft_leave_in_their_times_and_in_the_area_alone() -> None:
    area = shapely.box(115.02, 27.0, 115.04, 29.0)
    wanted = policy(("780001", 0, 10, True), ("780001", 20, 30, True), ("780002", 0, 100, False), area=area)
    table = table_of(
        *(("780001", at_s, {}) for at_s in (5, 15, 25, 35)),
        *(("780002", at_s, {}) for at_s in (5, 25, 35, 45)),
        ("780003", 5, {}),
        ("780001", 7, {"source": "42", "source_kind": SourceKind.PARTNER}),  # a third site's word
        ("780001", 8.5, {"lon_deg": None, "lat_deg": None}),
    )
    assert told(kept(wanted, table)) == [("780001", 5), ("780001", 25), ("780002", 25), ("780002", 35)]
    assert told(kept(policy(), table)) == []


def test_of_two_sources_the_one_that_says_most_leaves_and_coarse_places_are_coarse() -> None:
    often = [("780001", at_s / 2, {"source": "hill", "lon_deg": 115.123}) for at_s in range(16)]
    seldom = [("780001", at_s + 0.1, {"source": "ridge", "lon_deg": 115.9}) for at_s in range(4)]
    found = kept(policy(("780001", 0, 99, True), coarse=True), table_of(*often, *seldom)).between(0, 2**62)
    assert set(found.columns["lon_e7"].tolist()) == {1_151_000_000}
    assert len(found) == 8


@given(
    times=st.lists(st.integers(0, 2_000), unique=True, max_size=60),
    every_s=st.sampled_from([1.0, 2.5, 5.0]),
    cuts=st.lists(st.integers(0, 200), max_size=4),
)
@settings(max_examples=60, deadline=None)
def test_thinning_is_the_same_from_wherever_it_is_asked_and_never_denser_than_agreed(
    times: list[int], every_s: float, cuts: list[int]
) -> None:
    wanted = policy(("780001", -100, 1000, True), every_s=every_s)
    table = table_of(*(("780001", tenths / 10, {}) for tenths in times))
    whole = [at_s for _, at_s in told(kept(wanted, table))]
    gap_s = every_s - EARLY_US / S
    assert all(b - a >= gap_s - 1e-6 for a, b in pairwise(whole))
    block = wanted.block_us // S
    pieces: list[float] = []
    edges = sorted({-block * 3, *(round(each // block * block) for each in cuts), 3000 // block * block})
    for begin, end in pairwise(edges):
        pieces += [at_s for _, at_s in told(kept(wanted, table, begin, end))]
    assert pieces == whole


def test_a_cadence_that_equals_the_thinning_loses_nothing() -> None:
    table = table_of(*(("780001", second + 0.9, {}) for second in range(100)))
    assert len(told(kept(policy(("780001", 0, 200, True)), table))) == 100


def test_what_came_stands_in_the_archive_as_its_owner_has_it_and_known_rows_are_found() -> None:
    more = {
        "altitude_m": 912.5,
        "altitude_datum": AltitudeDatum.PRESSURE,
        "ground_speed_mps": 61.25,
        "squawk": "7700",
    }
    table = table_of(("780001", 1, dict(more)), ("780001", 4, {"callsign": None, "on_ground": True}))
    rows = kept(policy(("780001", 0, 99, True)), table).between(0, 2**62)
    mine = batch_of([chunk_of(rows, np.ones(2, np.bool_), "36", -3 * S)])
    first, second = mine.to_pylist()
    assert (first["source"], first["source_kind"], first["track_id"]) == ("36", "partner", "icao24:780001")
    assert (first["altitude_m"], first["altitude_datum"], first["squawk"]) == (912.5, "pressure", 7700)
    assert (first["callsign"], second["callsign"], second["on_ground"]) == ("GY7001", None, True)
    assert first["at"].timestamp() == NOON_US / S + 1 - 3  # by our clock
    held = held_of(pa.Table.from_batches([mine.slice(0, 1)]), "36")
    assert unknown(rows, -3 * S, held).tolist() == [False, True]
    assert unknown(rows, 60 * S, held).tolist() == [True, True]
    assert held_of(pa.Table.from_batches([mine]), "42").size == 0


def test_the_reader_gives_a_time_out_in_parts_and_says_where_its_archive_begins(tmp_path: Any) -> None:
    segment = OpenSegment(tmp_path / "open" / "00000001.arrows")
    (batch,) = (
        table_of(*(("780001", second + 0.5, {}) for second in range(900))).combine_chunks().to_batches()
    )
    segment.append(batch)
    segment.close()
    reader = PastReader(
        ArchiveSettings(folder=str(tmp_path), url="", days=9, max_bytes=0, keep_free_bytes=0, readers=1)
    )
    windows = {"address": [0x780001], "from_us": [NOON_US], "to_us": [NOON_US + 800 * S], "anywhere": [True]}
    reader.answer({"kind": "policy", "key": "k", "every_us": S, "coarse": False, "area": "", **windows})
    at_us, to_us = NOON_US - 100 * S, NOON_US + 2000 * S
    parts: list[PastPart] = []
    while at_us < to_us:
        parts.append(reader.part("k", at_us, to_us, 1))
        assert parts[-1].from_us == at_us < parts[-1].through_us
        at_us = parts[-1].through_us
    assert (parts[0].code, parts[0].through_us) == ("ARCHIVE_BEGINS", NOON_US + S // 2)
    assert not any(part.code for part in parts[1:])
    times = [each for part in parts for each in read_rows(part).columns["at_us"].tolist()]
    assert times == [NOON_US + second * S + S // 2 for second in range(800)]
    assert len(parts) > 3
    reader.close()
    empty = PastReader(
        ArchiveSettings(
            folder=str(tmp_path / "no"), url="", days=9, max_bytes=0, keep_free_bytes=0, readers=1
        )
    )
    with pytest.raises(KeyError):
        empty.part("k", at_us, to_us, 1)
    empty.answer({"kind": "policy", "key": "k", "every_us": S, "coarse": False, "area": "", **windows})
    assert empty.part("k", NOON_US, to_us, 1).code == "ARCHIVE_BEGINS"
