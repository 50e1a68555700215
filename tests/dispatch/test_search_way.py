"""Search patterns: the way of each is the manual's, stays where it may, and its figures are those of what is flown."""

import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from dispatch.errors import Refused
from dispatch.geo import Position, bearing_deg, distance_m
from dispatch.search_kinds import SearchPattern, Turn
from dispatch.search_records import SearchTerms, SearchWay
from dispatch.search_way import MOST_POINTS, way_of

GEOD = Geod(ellps="WGS84")
DATUM = Position(lon_deg=115.5, lat_deg=28.5)


def terms(pattern: SearchPattern, **given_terms: Any) -> SearchTerms:
    said: dict[str, Any] = {
        "name": "搜索",
        "datum": DATUM,
        "spacing_m": 1000.0,
        "sweep_width_m": 800.0,
        "speed_mps": 40.0,
        "height_m": 150.0,
    }
    return SearchTerms(pattern=pattern, **(said | given_terms))


def legs(way: SearchWay) -> list[tuple[float, float]]:
    """Course, degrees true, and length, metres, of each leg on the ellipsoid."""
    found = []
    for a, b in pairwise(way.points):
        course, _, length = GEOD.inv(a.lon_deg, a.lat_deg, b.lon_deg, b.lat_deg)
        found.append((course % 360.0, length))
    return found


def test_a_square_grows_by_a_spacing_every_second_leg_and_the_last_one_closes_it() -> None:
    way = way_of(terms(SearchPattern.EXPANDING_SQUARE, along_m=5000.0, heading_deg=40.0))
    flown = legs(way)
    assert [round(length / 1000) for _, length in flown] == [1, 1, 2, 2, 3, 3, 4, 4, 4]
    for place, (course, _) in enumerate(flown):
        assert abs((course - 40.0 - 90.0 * place + 180.0) % 360.0 - 180.0) < 0.1
    assert way.points[0] == DATUM


def test_a_sector_search_has_legs_of_one_radius_turns_by_120_degrees_and_passes_its_datum() -> None:
    way = way_of(terms(SearchPattern.SECTOR, along_m=5000.0, heading_deg=0.0, again=False))
    flown = legs(way)
    assert all(abs(length - 5000.0) < 1.0 for _, length in flown)
    assert [round(course) % 360 for course, _ in flown] == [0, 120, 240, 240, 0, 120, 120, 240, 0]
    assert sum(distance_m(each, DATUM) < 1.0 for each in way.points) == 4
    twice = way_of(terms(SearchPattern.SECTOR, along_m=5000.0, heading_deg=0.0))
    assert len(twice.points) == 19
    assert twice.swept_share > way.swept_share
    left = way_of(terms(SearchPattern.SECTOR, along_m=5000.0, heading_deg=0.0, again=False, turn=Turn.LEFT))
    assert round(legs(left)[1][0]) == 240


def test_parallel_legs_run_along_the_heading_and_creeping_ones_across_it() -> None:
    along = way_of(terms(SearchPattern.PARALLEL, along_m=20_000.0, across_m=10_000.0, heading_deg=90.0))
    creeping = way_of(terms(SearchPattern.CREEPING, along_m=20_000.0, across_m=10_000.0, heading_deg=90.0))
    assert len(along.points) == 20
    assert len(creeping.points) == 40
    assert round(legs(along)[0][1]) == 19_000  # half a spacing inside at both ends
    assert abs(legs(along)[0][0] - 90.0) < 0.2
    assert round(legs(creeping)[0][1]) == 9_000
    # creeping begins at the near end and goes towards the heading
    assert creeping.points[0].lon_deg < DATUM.lon_deg < creeping.points[-1].lon_deg


def test_a_track_line_goes_out_on_one_side_and_home_on_the_other() -> None:
    line = (DATUM, Position(lon_deg=115.7, lat_deg=28.6), Position(lon_deg=115.9, lat_deg=28.55))
    way = way_of(terms(SearchPattern.TRACK_LINE, datum=None, line=line))
    assert len(way.points) == 6
    assert all(
        abs(distance_m(way.points[n], line[m]) - 500.0) < 3.0 for n, m in ((0, 0), (5, 0), (2, 2), (3, 2))
    )
    right = (bearing_deg(line[0], way.points[0]) - bearing_deg(line[0], line[1])) % 360.0
    assert abs(right - 90.0) < 1.0  # turns are to the right: the way out lies there
    once = way_of(terms(SearchPattern.TRACK_LINE, datum=None, line=line, again=False))
    assert once.points == line


@pytest.mark.parametrize(
    ("code", "field", "said"),
    [
        ("NO_DATUM", "datum", terms(SearchPattern.SECTOR, datum=None, along_m=5000.0)),
        ("LINE", "line", terms(SearchPattern.TRACK_LINE, datum=None)),
        ("LINE", "line", terms(SearchPattern.TRACK_LINE, datum=None, line=(DATUM, DATUM))),
        ("SPACING", "spacing_m", terms(SearchPattern.SECTOR, along_m=5000.0, spacing_m=5.0)),
        ("SIDE", "along_m", terms(SearchPattern.SECTOR, along_m=500.0)),
        ("SIDE", "across_m", terms(SearchPattern.PARALLEL, along_m=5000.0)),
        ("TOO_MANY_LEGS", "spacing_m", terms(SearchPattern.PARALLEL, along_m=1e4, across_m=2e5)),
        ("TOO_MANY_LEGS", "spacing_m", terms(SearchPattern.EXPANDING_SQUARE, along_m=2e5)),
        ("VERY_LONG", "spacing_m", terms(SearchPattern.PARALLEL, along_m=1e5, across_m=1e5)),
        (
            "NEAR_POLE",
            "datum",
            terms(SearchPattern.SECTOR, along_m=5e3, datum=Position(lon_deg=0, lat_deg=89)),
        ),
        (
            "TURN_TOO_SHARP",
            "line",
            terms(
                SearchPattern.TRACK_LINE,
                datum=None,
                line=(DATUM, Position(lon_deg=115.6, lat_deg=28.5), Position(lon_deg=115.55, lat_deg=28.5)),
            ),
        ),
    ],
)
def test_what_cannot_be_flown_is_refused_by_name(code: str, field: str, said: SearchTerms) -> None:
    with pytest.raises(Refused) as refused:
        way_of(said)
    assert (refused.value.code, refused.value.field) == (code, field)


@given(
    pattern=st.sampled_from([SearchPattern.EXPANDING_SQUARE, SearchPattern.PARALLEL, SearchPattern.CREEPING]),
    along_m=st.floats(1_000, 40_000),
    across_m=st.floats(1_000, 40_000),
    spacing_m=st.floats(200, 1_000),
    sweep_width_m=st.floats(50, 5_000),
    heading_deg=st.floats(0, 360),
    lon_deg=st.floats(-180, 180),
    lat_deg=st.floats(-80, 80),
    turn=st.sampled_from(Turn),
)
def test_no_leg_leaves_its_area_and_a_sweep_of_two_spacings_leaves_nothing_out(
    pattern: SearchPattern, sweep_width_m: float, lon_deg: float, lat_deg: float, **sides: Any
) -> None:
    said = terms(
        pattern, datum=Position(lon_deg=lon_deg, lat_deg=lat_deg), sweep_width_m=sweep_width_m, **sides
    )
    try:
        way = way_of(said)
    except Refused as refused:
        assert refused.code in {"TOO_MANY_LEGS", "VERY_LONG"}
        return
    assert len(way.points) <= MOST_POINTS
    reach_m = max(distance_m(said.datum, each) for each in way.area if said.datum is not None)
    assert all(
        distance_m(said.datum, each) <= reach_m * 1.01 for each in way.points if said.datum is not None
    )
    assert way.duration_s == pytest.approx(way.length_m / 40.0)
    assert math.isclose(way.length_m, sum(length for _, length in legs(way)), rel_tol=1e-6)
    assert 0.0 < way.swept_share <= 1.0
    assert way.detection_random < way.detection_ideal or way.detection_ideal == pytest.approx(1.0)
    if sweep_width_m >= 2 * said.spacing_m and len(way.points) > 20:
        assert way.swept_share > 0.9  # a sweep ends where its first and last legs end
