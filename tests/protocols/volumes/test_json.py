"""GeoJSON both ways, ED-269 and F3548 in, KML out."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import shapely
import shapely.affinity
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import shape as shaped

from dispatch import volume
from dispatch.errors import GanyingError, Malformed
from dispatch.geo import Position, distance_m, wgs84_to_gcj02
from dispatch.kinds import AltitudeDatum, HorizontalDatum, Role
from dispatch.volume_kinds import AirspaceClass, AirspaceControl, VolumeFormat, VolumeKind, VolumeRemark
from dispatch.volume_records import (
    ActiveTime,
    Footprint,
    HeightLimit,
    Ring,
    Volume,
    VolumeSource,
    VolumeTerms,
)
from dispatch.volume_shape import polygons
from protocols.volumes import formats, geojson_write, kml
from protocols.volumes.reading import VolumesRead

DATA = Path(__file__).parents[2] / "data" / "airspace"
NOW = datetime(2026, 11, 26, tzinfo=UTC)
RING = [[115, 28], [116, 28], [116, 29], [115, 29], [115, 28]]


def feature(geometry: Any = None, **properties: Any) -> dict[str, Any]:
    given = {"name": "试验区", "floor": "GND", "ceiling": "FL95", "permanent": True, **properties}
    shown = {"type": "Polygon", "coordinates": [RING]} if geometry is None else geometry
    return {
        "type": "Feature",
        "properties": {k: v for k, v in given.items() if v is not None},
        "geometry": shown,
    }


def read(*features: Any, **more: Any) -> VolumesRead:
    return formats.read(
        json.dumps({"type": "FeatureCollection", "features": features}).encode(), "t", None, **more
    )


def code(*features: Any) -> str:
    found = read(*features)
    assert not found.volumes
    return found.faults[0].code


def kept(terms: VolumeTerms) -> Volume:
    return Volume(id="36-VOL-1", site="36", terms=terms, saved_at=NOW, saved_by="x", saved_as=Role.ATC)


degrees = st.integers(-1_700_000_000, 1_700_000_000)
centres = st.builds(
    lambda x, y: Position(lon_deg=x / 1e7, lat_deg=y / 1e7), degrees, st.integers(-800_000_000, 800_000_000)
)


@st.composite
def footprints(draw: st.DrawFn) -> Footprint:
    centre = draw(centres)
    kind = draw(st.sampled_from(("ring", "circle", "corridor")))
    if kind == "circle":
        return Footprint(centre=centre, radius_m=draw(st.integers(1, 50_000)) * 1.0)
    spread = draw(
        st.lists(st.tuples(st.integers(1, 10**6), st.integers(1, 10**6)), min_size=3, max_size=8, unique=True)
    )
    if kind == "corridor":
        line = [
            Position(lon_deg=centre.lon_deg + x / 1e6, lat_deg=centre.lat_deg + y / 1e6) for x, y in spread
        ]
        return Footprint(line=tuple(line), half_width_m=draw(st.integers(100, 20_000)) * 1.0)
    hull = shapely.MultiPoint(spread).convex_hull
    if not isinstance(hull, shapely.Polygon) or hull.buffer(-2_000).is_empty:
        hull = shapely.box(0, 0, 10_000, 10_000)
    ring = shapely.get_coordinates(hull.exterior)[:-1]
    corners = tuple(
        Position(lon_deg=centre.lon_deg + x / 1e6, lat_deg=centre.lat_deg + y / 1e6) for x, y in ring
    )
    if not draw(st.booleans()):
        return Footprint(ring=corners)
    inner = shapely.get_coordinates(shapely.affinity.scale(hull, 0.5, 0.5, origin="centroid").exterior)[:-1]
    hole = tuple(
        Position(lon_deg=centre.lon_deg + x / 1e6, lat_deg=centre.lat_deg + y / 1e6) for x, y in inner
    )
    return Footprint(ring=corners, holes=(Ring(corners=hole),))


limits = st.tuples(
    st.sampled_from(list(AltitudeDatum)), st.integers(-9_000, 90_000), st.text("FL 0195MA", max_size=8)
)
times = st.builds(
    ActiveTime,
    begins_at=st.none() | st.just(NOW),
    ends_at=st.none() | st.integers(1, 10**7).map(lambda s: NOW + timedelta(seconds=s)),
    weekdays=st.lists(st.integers(1, 7), unique=True).map(tuple),
    from_s=st.integers(0, 86_399),
    until_s=st.integers(1, 86_400),
)


@st.composite
def any_terms(draw: st.DrawFn) -> VolumeTerms:
    datum, tenths, stated = draw(limits)
    when = tuple(draw(st.lists(times, max_size=2)))
    return VolumeTerms(
        name=draw(st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=12)),
        own_id=draw(st.text(st.characters(exclude_categories=("C", "Z")), max_size=8)),
        kind=draw(st.sampled_from(VolumeKind)),
        airspace_class=draw(st.none() | st.sampled_from(AirspaceClass)),
        control=draw(st.none() | st.sampled_from(AirspaceControl)),
        footprint=draw(footprints()),
        floor=HeightLimit(datum=datum, value_m=tenths / 10, stated=stated),
        ceiling=draw(st.sampled_from((volume.UNLIMITED, HeightLimit(datum=datum, value_m=tenths / 10 + 1)))),
        permanent=not when and draw(st.booleans()),
        times=when,
        note=draw(st.text(st.characters(exclude_categories=("C",)), max_size=12)),
        source=VolumeSource(file="t", format=VolumeFormat.GEOJSON, line=0, feature="?"),
    )


@settings(max_examples=80, deadline=None)
@given(any_terms())
def test_what_is_written_as_geojson_is_read_back_the_same(terms: VolumeTerms) -> None:
    written = volume.checked(terms)
    found = formats.read(geojson_write.collection([kept(written)]), "t", None)
    assert not found.faults, found.faults
    (back,) = found.volumes
    computed = {VolumeRemark.TURNED_ROUND, VolumeRemark.REPEATED_CORNER}
    assert set(back.remarks) - computed == set(written.remarks) - computed
    same = {"source": written.source, "remarks": written.remarks}
    turned = back.footprint
    if turned.ring:  # a ring may begin at another corner
        assert shaped(geojson_write.geometry(turned, 7)).equals(
            shaped(geojson_write.geometry(written.footprint, 7))
        )
        turned = written.footprint
    assert (
        VolumeTerms(**{**{f: getattr(back, f) for f in back.__slots__}, **same, "footprint": turned})
        == written
    )
    assert ET.fromstring(kml.collection([kept(written)])).tag.endswith("kml")


def test_a_volume_over_180_degrees_is_written_in_two_parts() -> None:
    circle = Footprint(centre=Position(lon_deg=179.99, lat_deg=10), radius_m=20_000)
    terms = volume.checked(VolumeTerms(name="x", kind=VolumeKind.DANGER, footprint=circle, floor=volume.GROUND,
        ceiling=volume.UNLIMITED, source=VolumeSource(file="t", format=VolumeFormat.HAND, line=0, feature="x")))  # fmt: skip
    assert VolumeRemark.ANTIMERIDIAN in terms.remarks
    assert geojson_write.geometry(circle, 7)["type"] == "MultiPolygon"
    assert all(-180 <= lon <= 180 for part in polygons(circle) for lon, _ in shapely.get_coordinates(part))


@pytest.mark.parametrize(
    ("given_", "wanted"),
    [
        (feature({"type": "Polygon", "coordinates": [RING[:-1]]}), "RING_OPEN"),
        (feature({"type": "Polygon", "coordinates": [[[115, 28], [116, 29], [116, 28], [115, 29], [115, 28]]]}), "SELF_CROSSING"),
        (feature({"type": "Polygon", "coordinates": [[[115, 28], [116, 28], [115, 28]]]}), "TOO_FEW_CORNERS"),
        (feature({"type": "Polygon", "coordinates": [[[115, 28]] * 200_000]}), "TOO_MANY_CORNERS"),
        (feature({"type": "Polygon", "coordinates": [[[115, 28], [116, 28], [117, 28], [115, 28]]]}), "SELF_CROSSING"),
        (feature({"type": "Polygon", "coordinates": [[[191, 28], *RING[1:]]]}), "POSITION"),
        (feature({"type": "Point", "coordinates": [115, 28]}), "NUMBER"),
        (feature({"type": "GeometryCollection"}), "NO_SHAPE"),
        (feature(floor="1000"), "UNIT_MISSING"),
        (feature(floor="1000 ft"), "DATUM_MISSING"),
        (feature(floor={"datum": "msl"}), "UNIT_MISSING"),
        (feature(floor={"value_m": 100}), "DATUM_MISSING"),
        (feature(ceiling=None), "HEIGHT_MISSING"),
        (feature(floor="FL100"), "FLOOR_ABOVE_CEILING"),
        (feature(floor="9000 m AMSL", ceiling="900 m AMSL"), "FLOOR_ABOVE_CEILING"),
        (feature(active_from="2026-11-26T00:00:00"), "TIMES"),
        (feature(permanent=False, active_from="2026-11-26T02:00:00Z", active_until="2026-11-26T01:00:00Z"), "TIMES"),
        (feature(kind="castle"), "WORD"),
        (feature(name=" "), "NO_NAME"),
        (3, "FIELD"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_feature_is_named(given_: Any, wanted: str) -> None:
    assert code(given_) == wanted


def test_several_parts_are_several_volumes_and_gcj02_is_turned_back() -> None:
    second = [[[118, 28], [119, 28], [119, 29], [118, 28]]]
    found = read(feature({"type": "MultiPolygon", "coordinates": [[RING], second]}))
    assert [each.source.feature for each in found.volumes] == ["试验区/1", "试验区/2"]
    assert all(VolumeRemark.ONE_OF_SEVERAL in each.remarks for each in found.volumes)
    at = Position(lon_deg=115.5, lat_deg=28.5)
    off = wgs84_to_gcj02(at)
    point = feature({"type": "Point", "coordinates": [off.lon_deg, off.lat_deg]}, radius_m=100)
    (terms,) = read(point, datum=HorizontalDatum.GCJ02).volumes
    assert terms.footprint.centre is not None
    assert distance_m(terms.footprint.centre, at) < 1.0


def test_zones_of_ed269_are_read_with_their_hours() -> None:
    found = formats.read((DATA / "ed269_che_1.json").read_bytes(), "t", None)
    assert (found.format, found.seen, len(found.volumes), found.rejected) == (VolumeFormat.ED269, 6, 10, 0)
    concert = found.volumes[0]
    assert (concert.kind, concert.footprint.radius_m, concert.note[:10]) == (
        VolumeKind.UAS_ZONE,
        3000,
        "PROHIBITED",
    )
    assert [(each.weekdays, each.from_s, each.until_s) for each in concert.times] == [
        ((6, 7), 61_200, 86_400)
    ]
    assert (concert.floor.datum, concert.ceiling.datum) == (AltitudeDatum.AGL, AltitudeDatum.MSL)
    (sample,) = formats.read((DATA / "ed269_cis_sample.json").read_bytes(), "t", None).volumes
    assert sample.permanent
    assert VolumeRemark.NO_CEILING in sample.remarks
    zones = json.loads((DATA / "ed269_cis_sample.json").read_bytes())
    del zones["UASZoneList"][0]["geometry"][0]["uomDimensions"]
    (fault,) = formats.read(json.dumps(zones).encode(), "t", None).faults
    assert (fault.code, fault.feature, fault.field) == ("UNIT_MISSING", "LSXX", "geometry[0].lowerLimit")


def test_volumes_of_f3548_are_read_and_times_that_are_none_are_named() -> None:
    """The published file is a template of tests: its times are relative, so the outlines are taken and dated here."""
    template = json.loads((DATA / "f3548_conflicting_flights.json").read_bytes())
    refused = formats.read(json.dumps(template).encode(), "t", None)
    assert (refused.format, refused.seen, refused.rejected) == (VolumeFormat.F3548, 13, 13)
    area = template["intents"]["flight2_planned"]["full"]["basic_information"]["area"][0]
    dated = {
        "volume": {name: area[name] for name in ("outline_polygon", "altitude_lower", "altitude_upper")},
        "time_start": {"value": "2026-11-26T01:00:00Z", "format": "RFC3339"},
        "time_end": {"value": "2026-11-26T01:45:00Z", "format": "RFC3339"},
    }
    (terms,) = formats.read(
        json.dumps({"operational_intent": {"details": {"volumes": [dated]}}}).encode(), "t", None
    ).volumes
    assert (terms.kind, terms.floor.datum, terms.ceiling.value_m) == (
        VolumeKind.OPERATION,
        AltitudeDatum.ELLIPSOID,
        28,
    )
    assert len(terms.footprint.ring) == 4
    del dated["volume"]["altitude_upper"]["reference"]
    (fault,) = formats.read(json.dumps([dated]).encode(), "t", None).faults
    assert fault.code == "DATUM_MISSING"


@settings(max_examples=60, deadline=None)
@given(st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=4) | st.sampled_from(["Feature", "Polygon", "Circle", "M", "AGL"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["type", "features", "properties", "geometry", "coordinates", "volumes", "outline_polygon", "vertices",
                         "UASZoneList", "horizontalProjection", "floor", "times", "shape", "centre", "applicability"]), inner, max_size=5),
    max_leaves=20))  # fmt: skip
def test_no_json_makes_anything_but_volumes_and_faults(whole: Any) -> None:
    try:
        found = formats.read(json.dumps(whole).encode(), "t", None)
    except GanyingError:
        return
    assert found.seen >= found.rejected


def test_what_is_no_json_is_said() -> None:
    for body in (b"{", b"[" * 100_000, b'{"a": 1}', b"[1e999]"):
        with pytest.raises(Malformed):
            formats.read(body, "t", None)
