"""Resources as CSV: the shipped tables read, rows come back, and every fault is named by line and column."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import adapters.data
from dispatch.errors import Malformed
from dispatch.geo import Position, distance_m
from dispatch.records import Aircraft, Base, Hospital
from protocols.resources_csv import MAX_FAULTS, BadTable, Fault, read_table, write_table
from protocols.resources_table import COLUMNS

JIANGXI = Path(adapters.data.__file__).parent / "jiangxi"
HOSPITALS = "id,name,lon_deg,lat_deg,elevation_m,source\n"
GOOD = "H1,人民医院,115.9,28.7,30,test\n"


def shipped(kind: str) -> str:
    return (JIANGXI / f"{kind}.csv").read_text(encoding="utf-8")


def faults(kind: str, text: str) -> tuple[Fault, ...]:
    with pytest.raises(BadTable) as caught:
        read_table(kind, text, "36")
    return caught.value.faults


def where(found: tuple[Fault, ...]) -> list[tuple[int, str]]:
    return [(fault.line, fault.column) for fault in found]


@pytest.mark.parametrize(
    "kind", [kind for kind in COLUMNS if kind not in ("shifts", "obstacles")]
)  # those name a site's accounts; of obstacles nothing is known to us
def test_shipped_table_reads_and_survives_being_written(kind: str) -> None:
    records = read_table(kind, shipped(kind), "36")
    assert len(records) >= (2 if kind == "operators" else 6)
    assert {record.site for record in records} == {"36"}
    assert all(record.source for record in records)
    assert read_table(kind, write_table(kind, records), "36") == records


def test_shipped_aircraft_are_marked_simulated_and_stand_at_shipped_bases() -> None:
    bases = {record.id for record in read_table("bases", shipped("bases"), "36")}
    aircraft = read_table("aircraft", shipped("aircraft"), "36")
    for one in aircraft:
        assert isinstance(one, Aircraft)
        assert one.simulated
        assert one.icao24.startswith("78f")
        assert one.at_base_id in bases
    assert len({one.icao24 for one in aircraft if isinstance(one, Aircraft)}) == len(aircraft)


@given(
    name=st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=30).filter(
        lambda s: s.strip() == s and s
    ),
    lon_deg=st.floats(-180, 180),
    lat_deg=st.floats(-90, 90),
    elevation_m=st.floats(-450, 9000),
)
def test_any_hospital_comes_back_equal(name: str, lon_deg: float, lat_deg: float, elevation_m: float) -> None:
    record = Hospital(
        id="H1",
        site="36",
        name=name,
        position=Position(lon_deg=lon_deg, lat_deg=lat_deg),
        elevation_m=elevation_m,
        source="test",
    )
    assert read_table("hospitals", write_table("hospitals", [record]), "36") == (record,)


def test_spreadsheet_habits_are_understood() -> None:
    text = "\ufeff" + HOSPITALS.replace("\n", "\r\n") + GOOD.replace("\n", "\r\n") + ",,,,,\r\n"
    (record,) = read_table("hospitals", text, "36")
    assert record.name == "人民医院"


def test_columns_may_come_in_any_order_and_optional_ones_be_left_out() -> None:
    text = "name,id,source,elevation_m,lat_deg,lon_deg\n人民医院,H1,test,30,28.7,115.9\n"
    assert read_table("hospitals", text, "36") == read_table("hospitals", HOSPITALS + GOOD, "36")


def test_position_in_gcj02_is_stored_as_wgs84() -> None:
    head = "id,name,lon_deg,lat_deg,datum,elevation_m,source\n"
    (stored,) = read_table("hospitals", head + "H1,a,115.905,28.697,gcj02,30,test\n", "36")
    assert isinstance(stored, Hospital)
    assert 50 < distance_m(stored.position, Position(lon_deg=115.905, lat_deg=28.697)) < 1000


def test_every_fault_of_the_file_is_listed_with_line_and_column() -> None:
    text = HOSPITALS + (
        "H1,a,115.9,91.5,30,test\n"
        "H 2,b,115.9,28.7,thirty,test\n"
        "H3,c,115.9,28.7,30\n"
        ",d,115.9,28.7,30,test\n"
        "H4,e,nan,28.7,30,test\n" + GOOD + GOOD
    )
    assert where(faults("hospitals", text)) == [
        (2, "lat_deg"),
        (3, "id"),
        (3, "elevation_m"),
        (4, ""),
        (5, "id"),
        (6, "lon_deg"),
        (8, "id"),
    ]


def test_heading_with_a_missing_an_unknown_and_a_double_column_is_refused() -> None:
    text = "id,name,lon_deg,lon_deg,elevation_m,source,colour\nH1,a,115,115,30,test,red\n"
    assert sorted(where(faults("hospitals", text))) == [
        (1, "colour"),
        (1, "lat_deg"),
        (1, "lon_deg"),
        (1, "lon_deg"),
    ]


@pytest.mark.parametrize("text", ["", "\n", "\x00", 'id,"name\n', "id\r,name\n"])
def test_text_that_is_no_table_is_a_fault_not_a_crash(text: str) -> None:
    assert faults("hospitals", text)


@given(text=st.text(max_size=300))
def test_random_text_is_only_ever_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        read_table("bases", text, "36")


@given(cells=st.lists(st.text(max_size=12), min_size=6, max_size=6))
def test_random_cells_are_read_or_named(cells: list[str]) -> None:
    text = HOSPITALS + ",".join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\n"
    found: tuple[Fault, ...] = ()
    try:
        read_table("hospitals", text, "36")
    except BadTable as refused:
        found = refused.faults
    assert all(fault.line >= 1 and fault.detail for fault in found)


def test_a_wrong_file_does_not_make_an_endless_list() -> None:
    with pytest.raises(BadTable) as caught:
        read_table("hospitals", HOSPITALS + "x\n" * (MAX_FAULTS + 50), "36")
    assert len(caught.value.faults) == MAX_FAULTS
    assert caught.value.total == MAX_FAULTS + 50


def test_unknown_kind_is_named() -> None:
    with pytest.raises(Malformed, match="kind"):
        read_table("submarines", "", "36")


def aircraft_with(**changes: str) -> str:
    heading, first = shipped("aircraft").splitlines()[:2]
    cells = dict(zip(heading.split(","), first.split(","), strict=True)) | changes
    return heading + "\n" + ",".join(cells.values()) + "\n"


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"water_mode": ""}, "water_mode"),
        ({"water_lift": ""}, "water_lift"),
        ({"water_lift": "1500:900|0:1000"}, "water_lift"),
        ({"water_lift": "1500"}, "water_lift"),
        ({"fuel_kg": "5000"}, "fuel_kg"),
        ({"icao24": "78F001"}, "icao24"),
        ({"capabilities": "water|water"}, "capabilities"),
        ({"capabilities": "swims"}, "capabilities"),
        ({"duty_ends_at": "2026-11-24 18:00"}, "duty_ends_at"),
        ({"serviceable": "maybe"}, "serviceable"),
        ({"serviceable": "false"}, "unserviceable_reason"),
        ({"seats": "2.5"}, "seats"),
    ],
)
def test_aircraft_row_that_contradicts_itself_names_the_column(changes: dict[str, str], column: str) -> None:
    assert where(faults("aircraft", aircraft_with(**changes))) == [(2, column)]


def test_duty_end_is_kept_in_utc() -> None:
    (one,) = read_table("aircraft", aircraft_with(duty_ends_at="2026-11-24T18:00:00+08:00"), "36")
    assert isinstance(one, Aircraft)
    assert one.duty_ends_at is not None
    assert one.duty_ends_at.isoformat() == "2026-11-24T10:00:00+00:00"


def test_version_is_not_part_of_the_table() -> None:
    (first, *_) = read_table("bases", shipped("bases"), "36")
    assert isinstance(first, Base)
    assert write_table("bases", [first]) == write_table("bases", [replace(first, version=7)])
