"""Hazard layers: outlines of any number of corners are kept small and never smaller; nothing makes a crash."""

import json
import math
from typing import Any

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.closure import MOST_CORNERS
from protocols.hazard_geojson import MAX_BYTES, MOST_VERTICES, read
from protocols.weather.read import TooMuch

SAID = {
    "name": "溃坝",
    "kind": "inundation",
    "source": "模型",
    "model_time": "2026-11-24T02:50:00Z",
    "valid_from": "2026-11-24T02:50:00Z",
    "valid_until": "2026-11-24T10:50:00+08:00",
}


def body(coordinates: Any, kind: str = "Polygon") -> bytes:
    feature = {"type": "Feature", "properties": SAID, "geometry": {"type": kind, "coordinates": coordinates}}
    return json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()


def star(corners: int, wobble: float, seed: float) -> list[list[float]]:
    ring = []
    for n in range(corners):
        turn = 2 * math.pi * n / corners
        reach = 0.1 * (1 + wobble * math.sin(7 * turn + seed) * math.cos(31 * turn))
        ring.append([115 + reach * math.cos(turn), 28 + reach * math.sin(turn)])
    return [*ring, ring[0]]


@settings(max_examples=30)
@given(st.integers(3, 3000), st.floats(0, 0.8), st.floats(0, 6))
def test_what_is_drawn_simpler_holds_the_whole(corners: int, wobble: float, seed: float) -> None:
    ring = star(corners, wobble, seed)
    found = read(body([ring]))
    ((_, terms),) = found.hazards
    (kept,) = terms.rings
    assert len(kept.corners) - 1 <= MOST_CORNERS
    assert ("SIMPLIFIED" in terms.flags) == (corners > MOST_CORNERS)
    if "SIMPLIFIED" in terms.flags:
        shape = shapely.Polygon([(at.lon_deg, at.lat_deg) for at in kept.corners])
        assert shape.is_valid
        assert shape.buffer(2e-7).covers(shapely.Polygon(ring))  # but for the wire's rounding


def test_what_is_too_much_is_refused_before_it_is_looked_at() -> None:
    with pytest.raises(TooMuch):
        read(b" " * (MAX_BYTES + 1))
    (rejected,) = read(body([[[115, 28]] * (MOST_VERTICES + 1)])).rejected
    assert (rejected.code, rejected.field) == ("TOO_LARGE", "geometry")
    crossing = [[115 + (n % 2), 28 + n / 1000] for n in range(300)]
    (rejected,) = read(body([[*crossing, crossing[0]]])).rejected
    assert rejected.code == "RING_CROSSES"


def test_holes_are_filled_and_said() -> None:
    outer, inner = star(8, 0, 0), [[115, 28], [115.01, 28], [115.01, 28.01], [115, 28]]
    ((_, terms),) = read(body([outer, inner])).hazards
    assert terms.flags == ("HOLES_FILLED",)
    ((_, terms),) = read(body([[outer], [star(8, 0, 1)]], "MultiPolygon")).hazards
    assert len(terms.rings) == 2


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(-400, 400)
    | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@given(json_values, json_values)
def test_no_geometry_or_property_makes_a_crash(coordinates: Any, said: Any) -> None:
    for kind in ("Polygon", "MultiPolygon"):
        found = read(body(coordinates, kind))
        assert len(found.hazards) + len(found.rejected) == 1
    feature = {
        "type": "Feature",
        "properties": said,
        "geometry": {"type": "Polygon", "coordinates": [star(4, 0, 0)]},
    }
    found = read(json.dumps({"type": "FeatureCollection", "features": [feature]}).encode())
    assert len(found.hazards) + len(found.rejected) == 1
