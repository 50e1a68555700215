"""What goes where over third sites, what is signed, and tracks in columns as bytes."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.errors import Malformed, Refused
from dispatch.geo import Position
from dispatch.kinds import AltitudeDatum, Role
from protocols.codec import link
from protocols.codec.link import Batch, LinkColumns, LinkRow, LinkTrack
from protocols.codec.link_columns import ColumnLabel, states_from
from protocols.codec.track_states import STATE
from protocols.link_relay import MAX_HOPS, routes, signed_bytes

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
HUB = routes("36", [("43", "", True), ("42", "", True), ("44", "", False), ("33", "42", False)])
ROW = LinkRow(
    seq=5,
    at=NOW,
    origin="43",
    origin_seq=3,
    command_id="3",
    part=0,
    actor="43",
    role=Role.DISPATCHER,
    kind="IncidentShared",
    body=b"\x0a\x01x",
    object_class="incidents",
    to="42",
)


@pytest.mark.parametrize(
    ("change", "partner", "outcome"),
    [
        ({}, "43", "42"),
        ({"to": "36"}, "43", "36"),
        ({"to": "33"}, "43", "42"),
        ({"to": "35"}, "43", "NO_ROUTE"),
        ({"to": "44"}, "43", "RELAY"),
        ({}, "42", "PATH"),
        ({"path": ("36", "43")}, "43", "LOOP"),
        ({"path": ("42", "43")}, "43", "LOOP"),
        ({"path": ("35", "34", "35", "43")}, "43", "LOOP"),
        ({"origin": "36", "path": ("43",)}, "43", "LOOP"),
        ({"origin": "11", "path": (*(str(n) for n in range(50, 50 + MAX_HOPS - 1)), "43")}, "43", "HOPS"),
    ],
)
def test_a_row_goes_its_way_or_is_refused_by_name(
    change: dict[str, object], partner: str, outcome: str
) -> None:
    row = replace(ROW, **change)  # type: ignore[arg-type]  # names of its fields
    try:
        went = HUB.judge(row, partner)
    except Refused as refusal:
        went = refusal.code
    assert went == outcome
    assert HUB.passed_on(row).path == (*row.path, "36")


def test_whatever_of_a_row_is_changed_its_signed_bytes_change_but_not_for_its_way() -> None:
    same = replace(ROW, seq=99, path=("36",), certificate=b"c", signature=b"s")
    assert signed_bytes(same) == signed_bytes(ROW)
    changes: list[dict[str, object]] = [
        {"origin": "4"},
        {"origin_seq": 33},
        {"to": "4"},
        {"command_id": "33"},
        {"part": 1},
        {"actor": "x"},
        {"role": None},
        {"kind": "IncidentShare"},
        {"object_class": "taskings"},
        {"body": b"\x0a\x01y"},
    ]
    assert len({signed_bytes(replace(ROW, **each)) for each in changes} | {signed_bytes(ROW)}) == 11  # type: ignore[arg-type]


def test_rows_for_several_sites_travel_under_one_number_and_their_certificates_once() -> None:
    sealed = replace(ROW, signature=b"s" * 70, certificate=b"c" * 700)
    rows = (replace(ROW, to=""), sealed, replace(sealed, to="44"), replace(sealed, seq=6, origin_seq=4))
    batch = Batch(after=0, through=9, rows=rows, lane=2)
    data = link.encode(batch)
    assert link.decode(data) == batch
    assert data.count(b"c" * 700) == 1
    with pytest.raises(Malformed):
        link.decode(link.encode(replace(batch, rows=(rows[1], rows[1]))))


@given(
    lon=st.floats(-180, 180),
    lat=st.floats(-90, 90),
    age=st.integers(0, 2**32 - 1),
    altitude=st.none() | st.floats(-500, 20_000, width=32),
    address=st.integers(1, 0xFFFFFF),
)
def test_columns_bring_what_was_seen(
    lon: float, lat: float, age: int, altitude: float | None, address: int
) -> None:
    track = LinkTrack(
        icao24=f"{address:06x}",
        position=Position(lon_deg=lon, lat_deg=lat),
        age_ms=age,
        altitude_m=altitude,
        altitude_datum=None if altitude is None else AltitudeDatum.MSL,
        ground_speed_mps=50.0,
    )
    label = ColumnLabel(address, "GY01", "7000")
    heard = link.decode(link.encode(LinkColumns(at=NOW, states=states_from([track]), labels=(label,))))
    assert isinstance(heard, LinkColumns)
    (row,) = heard.states
    assert (row["number"], row["age_ms"], heard.labels) == (address, age, (label,))
    assert abs(row["lon_e7"] / 1e7 - lon) < 1e-7
    assert abs(row["lat_e7"] / 1e7 - lat) < 1e-7
    assert row["ground_speed_cmps"] == 5_000
    assert np.isnan(row["altitude_m"]) if altitude is None else row["altitude_m"] == altitude


@pytest.mark.parametrize("change", [("number", 0), ("number", 1 << 24), ("lat_e7", 900_000_001)])
def test_columns_that_place_something_nowhere_do_not_read(change: tuple[str, int]) -> None:
    states = np.ones(3, STATE)
    states[change[0]][1] = change[1]
    with pytest.raises(Malformed):
        link.decode(link.encode(LinkColumns(at=NOW, states=states)))
    assert isinstance(link.decode(link.encode(LinkColumns(at=NOW, states=states[:1]))), LinkColumns)
