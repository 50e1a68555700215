"""OpenAir: real charts, the texts' own examples, and what a careless or hostile file may hold."""

import gzip
from pathlib import Path

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.errors import GanyingError, Malformed
from dispatch.kinds import AltitudeDatum
from dispatch.volume_kinds import AirspaceClass, VolumeKind, VolumeRemark
from dispatch.volume_records import VolumeTerms
from dispatch.volume_shape import polygons
from protocols.volumes import formats, openair

DATA = Path(__file__).parents[2] / "data" / "airspace"
SQUARE = "DP 28:00:00 N 115:00:00 E\nDP 28:00:00 N 116:00:00 E\nDP 29:00:00 N 116:00:00 E\nDP 29:00:00 N 115:00:00 E"


def block(
    shape: str = SQUARE, clazz: str = "R", floor: str = "GND", ceiling: str = "FL 95", **more: str
) -> str:
    beside = "".join(f"{key} {value}\n" for key, value in more.items())
    return f"AC {clazz}\nAN 试验区\n{beside}AL {floor}\nAH {ceiling}\n{shape}\n"


def one(text: str) -> VolumeTerms:
    found = openair.read(text.encode(), "t")
    assert not found.faults, found.faults
    (terms,) = found.volumes
    return terms


def fault(text: str) -> tuple[str, int]:
    found = openair.read(text.encode(), "t")
    assert not found.volumes
    (only,) = found.faults
    return only.code, only.line


def test_the_swiss_chart_is_read_and_what_is_wrong_in_it_is_named() -> None:
    found = openair.read(gzip.decompress((DATA / "openair_switzerland.txt.gz").read_bytes()), "ch")
    assert (found.seen, len(found.volumes), found.rejected) == (334, 308, 26)
    reasons = sorted({each.code for each in found.faults})
    assert reasons == ["FLOOR_ABOVE_CEILING", "SELF_CROSSING", "TOO_FEW_CORNERS"]
    assert all(each.line and each.feature for each in found.faults)
    ctr = [each for each in found.volumes if each.kind is VolumeKind.CTR]
    assert len(ctr) == 2
    assert all(polygons(each.footprint)[0].is_valid for each in found.volumes)


def test_every_class_and_height_of_the_edge_cases_is_read() -> None:
    found = openair.read((DATA / "openair_edge_cases.txt").read_bytes(), "edge")
    assert (found.seen, len(found.volumes)) == (26, 26)
    by_name = {each.name: each for each in found.volumes}
    assert by_name["Class-W-Test"].airspace_class is None, "a wave window is no airspace of class W"
    assert by_name["Class-G-Test"].airspace_class is AirspaceClass.G
    heights = [(by_name[f"Height-Test-{n}"].floor, by_name[f"Height-Test-{n}"].ceiling) for n in range(1, 7)]
    assert [(low.datum.value, round(low.value_m, 2)) for low, _ in heights] == [
        ("agl", 0), ("msl", 0), ("agl", 30.48), ("msl", 100), ("agl", 100), ("agl", 15.24)
    ]  # fmt: skip
    assert (heights[1][1].datum, heights[1][1].value_m) == (AltitudeDatum.PRESSURE, 1981.2)
    assert heights[2][1].unlimited
    assert VolumeRemark.UNIT_ASSUMED in by_name["Height-Test-6"].remarks


def test_arcs_turn_as_said_and_the_direction_is_clockwise_again_in_the_next_airspace() -> None:
    sector = "V X=28:00:00 N 115:00:00 E\nV D=-\nDA 10,90,0\nDP 28:00:00 N 115:00:00 E"
    three_quarters = one(block(sector.replace("V D=-\n", "")))
    quarter = one(block(sector))
    areas = [polygons(each.footprint)[0].area for each in (three_quarters, quarter)]
    assert 2.95 < areas[0] / areas[1] < 3.05
    both = openair.read((block(sector) + block(sector.replace("V D=-\n", ""))).encode(), "t").volumes
    assert polygons(both[1].footprint)[0].area == pytest.approx(areas[0])
    by_points = "V X=28:00 N 115:00 E\nDB 28:10.0 N 115:00 E, 28:00 N 115:11.3 E\nDP 28:00 N 115:00 E"
    assert polygons(one(block(by_points)).footprint)[0].area == pytest.approx(areas[1], rel=0.02)


def test_a_corridor_has_its_width_and_version_2_its_types_ids_and_times() -> None:
    airway = one(block("V W=10\nDY 28:00 N 115:00 E\nDY 28:00 N 116:00 E", AY="AWY", AI="A461", clazz="D"))
    assert (airway.kind, airway.airspace_class, airway.own_id) == (VolumeKind.AIRWAY, AirspaceClass.D, "A461")
    _, south, _, north = polygons(airway.footprint)[0].bounds
    assert (north - south) * 60 == pytest.approx(10, rel=0.01)
    timed = one(block(AA="2023-12-16T12:00Z/2023-12-16T24:00Z"))
    assert not timed.permanent
    assert str(timed.times[0].ends_at) == "2023-12-17 00:00:00+00:00"
    unknown = one(block(AA="NONE"))
    assert (unknown.permanent, unknown.remarks) == (False, (VolumeRemark.TIMES_UNKNOWN,))


CROSSED = "DP 28:00 N 115:00 E\nDP 29:00 N 116:00 E\nDP 28:00 N 116:00 E\nDP 29:00 N 115:00 E"


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (block(CROSSED), "SELF_CROSSING", 1),
        (block("DP 28:00 N 115:00 E\nDP 29:00 N 116:00 E"), "TOO_FEW_CORNERS", 1),
        (block(floor="FL 200"), "FLOOR_ABOVE_CEILING", 1),
        (block(floor="Ask on 122.8"), "HEIGHT", 3),
        (block("DP 28:61:00 N 115:00:00 E"), "POSITION", 5),
        (block("DP 98:00 N 115:00 E"), "POSITION", 5),
        (block("DC 5"), "NO_CENTRE", 5),
        (block("V X=28:00 N 115:00 E\nDC 0"), "RADIUS", 1),
        (block("DQ 1"), "UNKNOWN_COMMAND", 5),
        (block(clazz="XYZ"), "UNKNOWN_CLASS", 1),
        (block("V X=28:00 N 115:00 E\nDB 28:10 N 115:00 E,28:59 N 115:00 E"), "ARC", 6),
        (block(AA="yesterday"), "TIMES", 3),
        (f"AC R\nAN x\nAL GND\n{SQUARE}\n", "HEIGHT_MISSING", 1),
        (block().replace("AN 试验区\n", ""), "NO_NAME", 1),
        (block("DP 89:00 N 000:00 E\nDP 89:00 N 120:00 E\nDP 89:00 N 120:00 W"), "OVER_POLE", 1),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, code: str, line: int) -> None:
    assert fault(text) == (code, line)


def test_clockwise_is_turned_and_said_and_a_fault_takes_no_other_airspace_with_it() -> None:
    clockwise = "\n".join(reversed(SQUARE.splitlines()))
    found = openair.read((block(clockwise) + block(CROSSED) + block()).encode(), "t")
    assert [each.source.feature for each in found.volumes] == ["试验区", "试验区#3"]
    turned, plain = found.volumes
    assert VolumeRemark.TURNED_ROUND in turned.remarks
    assert VolumeRemark.TURNED_ROUND not in plain.remarks
    assert shapely.is_ccw(shapely.LinearRing([(c.lon_deg, c.lat_deg) for c in turned.footprint.ring]))


def test_a_side_over_180_degrees_is_cut_there() -> None:
    over = "DP 10:00 N 179:00 E\nDP 10:00 N 179:00 W\nDP 11:00 N 179:00 W\nDP 11:00 N 179:00 E"
    terms = one(block(over))
    assert VolumeRemark.ANTIMERIDIAN in terms.remarks
    parts = polygons(terms.footprint)
    assert len(parts) == 2
    assert sum(each.area for each in parts) == pytest.approx(2.0)


def test_a_million_corners_are_one_fault_and_cost_little() -> None:
    many = "\n".join(f"DP 28:{n % 60:02}:{n // 60 % 60:02} N 115:00:00 E" for n in range(1_000_000))
    found = openair.read((block(many) + block()).encode(), "t")
    assert [each.code for each in found.faults] == ["TOO_MANY_CORNERS"]
    assert len(found.volumes) == 1


def test_what_is_no_text_or_no_format_is_said() -> None:
    with pytest.raises(Malformed, match="UTF-8"):
        openair.read(b"AC R\xff", "t")
    with pytest.raises(Malformed, match="OpenAir"):
        formats.read(b"hello\nworld", "t", None)


lines = st.sampled_from(
    ["AC R", "AC C", "AY CTR", "AN x", "AL GND", "AH FL95", "AH 1 m", "V D=-", "V X=28:00 N 115:00 E", "V W=3", "V",
     "DC 5", "DA 5,0,90", "DA 1", "DB 1,2", "DY 28:00 N 115:10 E", "AA NONE", "SP 1", "", "*", "DP"]
) | st.tuples(st.integers(0, 90), st.integers(0, 59), st.integers(0, 180)).map(
    lambda part: f"DP {part[0]}:{part[1]:02} N {part[2]}:30 E"
) | st.text(max_size=12)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(lines, max_size=25))
def test_no_text_makes_anything_but_volumes_and_faults(text: list[str]) -> None:
    body = "\n".join(text).encode(errors="surrogatepass")
    try:
        found = openair.read(body, "t")
    except GanyingError:
        return
    assert found.seen == found.rejected + len(found.volumes)
