"""AIXM 5.1: arcs, circles, pointers, time slices; hostile XML is refused by name and nothing is fetched."""

from pathlib import Path

import pytest

from dispatch.errors import Malformed
from dispatch.kinds import AltitudeDatum
from dispatch.volume_kinds import AirspaceClass, VolumeKind, VolumeRemark
from dispatch.volume_records import VolumeTerms
from dispatch.volume_shape import polygons
from protocols.volumes import aixm, formats

DATA = Path(__file__).parents[2] / "data" / "airspace"
RING = "28.0 115.0 28.0 116.0 29.0 116.0 29.0 115.0 28.0 115.0"
LIMITS = """<upperLimit uom="FL">95</upperLimit><upperLimitReference>STD</upperLimitReference>
<lowerLimit uom="FT">1000</lowerLimit><lowerLimitReference>SFC</lowerLimitReference>"""
CURVE = "<exterior><Ring><curveMember><Curve><segments>{}</segments></Curve></curveMember></Ring></exterior>"


def segment(ring: str = RING) -> str:
    return f"<GeodesicString><posList>{ring}</posList></GeodesicString>"


def surface(segments: str, srs: str = "urn:ogc:def:crs:EPSG::4326") -> str:
    patch = f"<patches><PolygonPatch>{CURVE.format(segments)}</PolygonPatch></patches>"
    return f'<horizontalProjection><Surface srsName="{srs}">{patch}</Surface></horizontalProjection>'


def slice_(
    shape: str, limits: str = LIMITS, kind: str = "BASELINE", more: str = "", operation: str = "BASE"
) -> str:
    component = f"""<geometryComponent><AirspaceGeometryComponent><operation>{operation}</operation><theAirspaceVolume>
    <AirspaceVolume>{limits}{shape}</AirspaceVolume></theAirspaceVolume></AirspaceGeometryComponent></geometryComponent>"""
    return f"""<timeSlice><AirspaceTimeSlice><validTime><TimePeriod><beginPosition>2026-01-01T00:00:00Z</beginPosition>
    <endPosition indeterminatePosition="unknown"/></TimePeriod></validTime><interpretation>{kind}</interpretation>
    <sequenceNumber>1</sequenceNumber><type>R</type><designator>ZSR1</designator><name>试验限制区</name>
    <class><AirspaceLayerClass><classification>C</classification></AirspaceLayerClass></class>
    {more}{component if shape else ""}</AirspaceTimeSlice></timeSlice>"""


def message(slices: str, members: str = "", uuid: str = "11111111-0000-4000-8000-000000000001") -> bytes:
    return f"""<?xml version="1.0"?><m:AIXMBasicMessage xmlns:m="urn:m" xmlns="http://www.aixm.aero/schema/5.1.1"
    xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:xlink="http://www.w3.org/1999/xlink">
    <m:hasMember><Airspace gml:id="uuid.{uuid}"><gml:identifier>{uuid}</gml:identifier>{slices}</Airspace></m:hasMember>
    {members}</m:AIXMBasicMessage>""".encode()


def one(body: bytes) -> VolumeTerms:
    found = aixm.read(body, "t")
    assert not found.faults, found.faults
    (terms,) = found.volumes
    return terms


def code(body: bytes) -> str:
    found = aixm.read(body, "t")
    assert not found.volumes
    (fault,) = found.faults
    assert fault.line > 0
    return fault.code


def test_a_baseline_is_read_with_latitude_first_or_last_as_its_system_says() -> None:
    terms = one(message(slice_(surface(segment()))))
    assert (terms.name, terms.kind, terms.airspace_class) == (
        "试验限制区",
        VolumeKind.RESTRICTED,
        AirspaceClass.C,
    )
    assert (terms.floor.datum, terms.floor.value_m) == (AltitudeDatum.AGL, 304.8)
    assert (terms.ceiling.datum, terms.ceiling.value_m, terms.permanent) == (
        AltitudeDatum.PRESSURE,
        2895.6,
        True,
    )
    swapped = " ".join(f"{lon} {lat}" for lat, lon in zip(RING.split()[::2], RING.split()[1::2], strict=True))
    crs84 = one(message(slice_(surface(segment(swapped), "urn:ogc:def:crs:OGC:1.3:CRS84"))))
    assert crs84.footprint == terms.footprint
    assert code(message(slice_(surface(segment(), "")))) == "SRS"


def test_arcs_circles_and_corridors() -> None:
    centre = '<pos>28 115</pos><radius uom="NM">10</radius>'
    arc = f'<ArcByCenterPoint>{centre}<startAngle uom="deg">0</startAngle><endAngle uom="deg">90</endAngle></ArcByCenterPoint>'
    legs = segment("28 115.18875 28 115 28.16708 115")
    quarter = one(message(slice_(surface(legs + arc))))
    whole = one(message(slice_(surface(f"<CircleByCenterPoint>{centre}</CircleByCenterPoint>"))))
    assert whole.footprint.radius_m == 18_520
    ratio = polygons(quarter.footprint)[0].area / polygons(whole.footprint)[0].area
    assert ratio == pytest.approx(0.25, rel=0.02)
    assert VolumeRemark.ARC_AS_CORNERS in quarter.remarks
    line = f'<centreline><Curve srsName="EPSG:4326"><segments>{segment("28 115 28 116")}</segments></Curve></centreline><width uom="KM">10</width>'
    assert one(message(slice_(line))).footprint.half_width_m == 5_000


def test_pointers_are_followed_inside_the_file_and_never_outside() -> None:
    border = f"""<m:hasMember><GeoBorder gml:id="b1"><timeSlice><GeoBorderTimeSlice><border>
    <Curve gml:id="c1" srsName="urn:ogc:def:crs:EPSG::4326"><segments>{segment()}</segments></Curve>
    </border></GeoBorderTimeSlice></timeSlice></GeoBorder></m:hasMember>"""

    def pointing(href: str) -> str:
        ring = f'<exterior><Ring><curveMember xlink:href="{href}"/></Ring></exterior>'
        return f"<horizontalProjection><Surface><patches><PolygonPatch>{ring}</PolygonPatch></patches></Surface></horizontalProjection>"

    plain = one(message(slice_(surface(segment()))))
    assert one(message(slice_(pointing("#c1")), border)).footprint == plain.footprint
    for href in ("#gone", "http://example.invalid/curve", "urn:uuid:22222222-0000-4000-8000-000000000002"):
        assert code(message(slice_(pointing(href)), border)) == "XLINK_UNRESOLVED"


def test_slices_activate_a_baseline_and_a_delta_alone_is_named() -> None:
    off = "<activation><AirspaceActivation><status>AVBL_FOR_ACTIVATION</status></AirspaceActivation></activation>"
    on = "<activation><AirspaceActivation><status>ACTIVE</status></AirspaceActivation></activation>"
    resting = one(message(slice_(surface(segment()), more=off)))
    assert (resting.permanent, resting.times) == (False, ())
    delta = slice_("", kind="TEMPDELTA", more=on)
    woken = one(message(slice_(surface(segment()), more=off) + delta))
    assert len(woken.times) == 1
    assert code(message(delta)) == "NO_BASELINE"
    sheet = """<activation><AirspaceActivation><timeInterval><Timesheet><timeReference>UTC</timeReference><day>MON</day>
    <startTime>06:00</startTime><endTime>18:00</endTime></Timesheet></timeInterval><status>ACTIVE</status></AirspaceActivation></activation>"""
    weekly = one(message(slice_(surface(segment()), more=sheet)))
    assert [(each.weekdays, each.from_s, each.until_s) for each in weekly.times] == [((1,), 21_600, 64_800)]
    local = one(message(slice_(surface(segment()), more=sheet.replace(">UTC<", ">UTC+8<"))))
    assert VolumeRemark.TIMES_UNKNOWN in local.remarks


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (message(slice_(surface(segment(RING[:-11])))), "RING_OPEN"),
        (message(slice_(surface(segment("28 115 29 116 28 116 29 115 28 115")))), "SELF_CROSSING"),
        (message(slice_(surface(segment("28 115 x")))), "POSITION"),
        (message(slice_(surface(segment()), LIMITS.replace(' uom="FT"', "")))[:], "UNIT_MISSING"),
        (message(slice_(surface(segment()), LIMITS.replace("<lowerLimitReference>SFC</lowerLimitReference>", ""))), "DATUM_MISSING"),
        (message(slice_(surface(segment()), LIMITS.replace(">95<", ">5<").replace("SFC", "MSL").replace("1000", "9000"))), "FLOOR_ABOVE_CEILING"),
        (message(slice_(surface(segment()), "")), "HEIGHT_MISSING"),
        (message(slice_(surface(segment()), operation="SUBTR")), "OPERATION"),
        (message(slice_("")), "NO_SHAPE"),
        (message(slice_(surface(segment("28 115 " * 20_000)))), "TOO_MANY_CORNERS"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(body: bytes, wanted: str) -> None:
    assert code(body) == wanted


def test_the_shared_messages_hold_no_whole_airspace_and_say_so() -> None:
    crane = aixm.read((DATA / "aixm_DN_OBS.NEW_crane.xml").read_bytes(), "t")
    assert (crane.seen, dict(crane.passed)) == (0, {"Event": 1, "VerticalStructure": 1})
    active = aixm.read((DATA / "aixm_DN_SAA.ACT.xml").read_bytes(), "t")
    assert [(each.code, each.line) for each in active.faults] == [("NO_BASELINE", 34)]


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
        '<!DOCTYPE a SYSTEM "http://example.invalid/a.dtd">',
    ],
)
def test_document_types_and_entities_are_refused(head: str) -> None:
    body = message(slice_(surface(segment()))).replace(b'<?xml version="1.0"?>', head.encode())
    with pytest.raises(Malformed, match="entities are not read"):
        formats.read(body, "t", None)


def test_a_broken_document_is_malformed() -> None:
    for body in (b"<a", b"<a></b>", b"<", b"\xff\xfe<a/>", b"<?xml version='1.0' encoding='x'?><a/>"):
        with pytest.raises(Malformed):
            formats.read(body, "t", None if body.startswith(b"<") else aixm.VolumeFormat.AIXM)
