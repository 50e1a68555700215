"""CAP 1.2: real public notices, and what a hostile or careless sender may write."""

import contextlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.ground import ground_of
from dispatch.errors import GanyingError, Malformed
from dispatch.kinds import AlarmFlag, IncidentKind
from dispatch.records import AlarmSource
from protocols import cap, cap_area
from protocols.alarm_errors import TooMuch

DATA = Path(__file__).parents[1] / "data" / "cap"
GROUND = ground_of("36")


def real(name: str) -> AlarmSource:
    (alarm,) = cap.parse((DATA / name).read_bytes(), GROUND).alarms
    return alarm


def alert(**changes: str) -> bytes:
    """A small alert in Jiujiang; a part is replaced by naming it."""
    parts = {
        "head": "",
        "identifier": "36-1",
        "sent": "2026-11-24T11:00:00+08:00",
        "status": "Actual",
        "msgType": "Alert",
        "scope": "Public",
        "after": "",
        "category": "Fire",
        "event": "森林火灾",
        "severity": "Severe",
        "info": "",
        "area": "<areaDesc>濂溪区</areaDesc><polygon>29.0,115.0 29.0,115.1 29.1,115.1 29.0,115.0</polygon>",
        **changes,
    }
    return """<?xml version="1.0" encoding="UTF-8"?>{head}
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>{identifier}</identifier><sender>a@b.cn</sender>
<sent>{sent}</sent><status>{status}</status><msgType>{msgType}</msgType><scope>{scope}</scope>{after}
<info><language>zh-CN</language><category>{category}</category><event>{event}</event><urgency>Immediate</urgency>
<severity>{severity}</severity><certainty>Observed</certainty>{info}<area>{area}</area></info></alert>""".format(
        **parts
    ).encode()


def wrong(body: bytes) -> GanyingError:
    with pytest.raises(GanyingError) as caught:
        cap.parse(body, GROUND)
    return caught.value


def test_a_bush_fire_notice_is_read_with_its_circle_and_its_times() -> None:
    alarm = real("australia.cap")
    assert (alarm.source, alarm.own_id) == (
        "webmaster@rfs.nsw.gov.au",
        "tag:www.rfs.nsw.gov.au2011-10-06:40184",
    )
    assert (alarm.position.lon_deg, alarm.position.lat_deg, alarm.radius_m) == (147.0598, -35.3888, 25_000)
    assert alarm.observed_at == datetime(2011, 10, 5, 13, 4, tzinfo=UTC)
    assert alarm.expires_at == datetime(2011, 10, 6, 13, 4, tzinfo=UTC)
    assert (alarm.incident_kind, alarm.level) == (IncidentKind.BUILDING_FIRE, 4)
    assert AlarmFlag.UNKNOWN_CODE in alarm.flags
    assert alarm.code == "fire"


def test_polygons_of_all_blocks_belong_to_the_alarm_once_and_latitude_comes_first() -> None:
    alarm = real("canada.cap")
    assert [len(area.points) for area in alarm.areas] == [17, 38]
    assert all(
        -84 < point.lon_deg < -81 and 41 < point.lat_deg < 43 for area in alarm.areas for point in area.points
    )
    assert alarm.follows == ("2.49.0.1.124.a3f342a4.2012", "2.49.0.1.124.60f31a3a.2012")


def test_a_notice_without_coordinates_is_flagged_and_kept() -> None:
    alarm = real("taiwan.cap")
    assert alarm.place == "苗栗縣頭屋鄉"
    assert alarm.incident_kind is IncidentKind.FLOOD
    assert AlarmFlag.NO_POSITION in alarm.flags


def test_a_county_code_places_an_alert_that_has_no_coordinates() -> None:
    geocode = "<geocode><valueName>geocode</valueName><value>360402000000</value></geocode>"
    (alarm,) = cap.parse(alert(area="<areaDesc>濂溪区</areaDesc>" + geocode), GROUND).alarms
    assert (round(alarm.position.lon_deg), round(alarm.position.lat_deg)) == (116, 30)
    assert alarm.radius_m > 0
    assert AlarmFlag.NO_POSITION in alarm.flags


def test_a_cancel_without_info_names_what_it_cancels() -> None:
    alarm = real("no_info_tag.cap")
    assert alarm.follows == ("1017033100951096-517189320160225203219800",)
    assert AlarmFlag.CANCELLED in alarm.flags


@pytest.mark.parametrize(("name", "field"), [("invalid.cap", "scope"), ("canada_errors.cap", "references")])
def test_real_notices_that_break_the_standard_are_refused_by_field(name: str, field: str) -> None:
    assert wrong((DATA / name).read_bytes()).field == field


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"status": "Real"}, "status"),
        ({"msgType": "Warning"}, "msgType"),
        ({"scope": "All"}, "scope"),
        ({"category": "Brand"}, "info[0].category"),
        ({"severity": "Red"}, "info[0].severity"),
        ({"sent": "2026-13-24T11:00:00+08:00"}, "sent"),
        ({"sent": "2026-11-24 11:00"}, "sent"),
        ({"sent": "0001-01-01T00:00:00+14:00"}, "sent"),
        ({"identifier": "a b"}, "identifier"),
        ({"event": ""}, "info[0].event"),
        ({"msgType": "Update"}, "references"),
        ({"after": "<references>half</references>"}, "references"),
        ({"info": "<expires>soon</expires>"}, "info[0].expires"),
        ({"area": "<areaDesc>x</areaDesc><polygon>115.0,29.0 115.1,29.0 115.1,29.1 115.0,29.0</polygon>"}, "info[0].area[0].polygon[0]"),
        ({"area": "<areaDesc>x</areaDesc><polygon>29,115 29,116 30,116 30,115</polygon>"}, "info[0].area[0].polygon[0]"),
        ({"area": "<areaDesc>x</areaDesc><polygon>29,115 29,115</polygon>"}, "info[0].area[0].polygon[0]"),
        ({"area": "<areaDesc>x</areaDesc><polygon>29,115 29,nan 30,116 29,115</polygon>"}, "info[0].area[0].polygon[0]"),
        ({"area": "<areaDesc>x</areaDesc><circle>29,115</circle>"}, "info[0].area[0].circle[0]"),
        ({"area": "<areaDesc>x</areaDesc><circle>29,115 -1</circle>"}, "info[0].area[0].circle[0]"),
    ],
)  # fmt: skip
def test_what_the_standard_does_not_allow_is_named_by_its_path(changes: dict[str, str], field: str) -> None:
    error = wrong(alert(**changes))
    assert isinstance(error, Malformed)
    assert error.field == field


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE alert [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE alert SYSTEM "http://example.invalid/x.dtd">',
        '<!DOCTYPE alert [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
    ],
)
def test_document_types_and_entities_are_refused_unread(head: str) -> None:
    error = wrong(alert(head=head, event="&x;"))
    assert (error.code, error.field) == ("MALFORMED", "alert")


def test_a_polygon_of_a_million_points_is_refused_by_bounds() -> None:
    ring = "29,115 " * 250_000
    error = wrong(alert(area=f"<areaDesc>x</areaDesc><polygon>{ring}</polygon>"))
    assert error.field == "info[0].area[0].polygon[0]"
    assert str(cap_area.MAX_POINTS) in error.detail
    million = "29.000001,115.000001 " * 1_000_000
    error = wrong(alert(area=f"<areaDesc>x</areaDesc><polygon>{million}</polygon>"))
    assert isinstance(error, TooMuch)
    many = "<polygon>29,115 29,116 30,116 29,115</polygon>" * 6_000
    assert isinstance(wrong(alert(area="<areaDesc>x</areaDesc>" + many)), TooMuch)


def test_nesting_and_elements_are_bounded_also_where_they_are_not_cap() -> None:
    assert isinstance(wrong(alert(after="<x>" * 100 + "</x>" * 100)), TooMuch)
    foreign = '<s:a xmlns:s="urn:s">' * 100 + "</s:a>" * 100
    assert isinstance(wrong(alert(after=foreign)), TooMuch)
    assert isinstance(wrong(alert(after="<note/>" * 30_000)), TooMuch)


@pytest.mark.parametrize("body", [b"", b"not xml", b"<alert/>", b"\xff\xfe", b"<a", b'{"a": 1}'])
def test_what_is_no_alert_is_malformed_as_a_whole(body: bytes) -> None:
    error = wrong(body)
    assert (error.code, error.field) == ("MALFORMED", "alert")


def test_messages_that_raise_no_alarm_are_rejected_by_name() -> None:
    for changes, field in (
        ({"msgType": "Ack"}, "msgType"),
        ({"status": "Draft"}, "status"),
        ({"status": "System"}, "status"),
    ):
        read = cap.parse(alert(**changes), GROUND)
        assert not read.alarms
        assert [(each.code, each.field) for each in read.rejected] == [("NOT_AN_ALARM", field)]


def test_exercises_are_marked_and_chinese_codes_known() -> None:
    code = "<eventCode><valueName>GB/T 35561</valueName><value>{}</value></eventCode>"
    (known,) = cap.parse(
        alert(status="Exercise", event="告警", category="Met", info=code.format("11D01")), GROUND
    ).alarms
    assert known.flags == (AlarmFlag.EXERCISE,)
    assert (known.incident_kind, known.code, known.level) == (IncidentKind.LANDSLIDE, "11D01", 2)
    (unknown,) = cap.parse(alert(info=code.format("19Z99")), GROUND).alarms
    assert unknown.code == "19Z99"
    assert unknown.flags == (AlarmFlag.UNKNOWN_CODE,)
    assert unknown.incident_kind is IncidentKind.FOREST_FIRE


def test_a_large_outline_is_thinned_and_keeps_its_place() -> None:
    import math

    ring = [
        (29 + 0.3 * math.sin(a / 2000 * math.tau), 115 + 0.3 * math.cos(a / 2000 * math.tau))
        for a in range(2000)
    ]
    text = " ".join(f"{lat:.6f},{lon:.6f}" for lat, lon in [*ring, ring[0]])
    (alarm,) = cap.parse(alert(area=f"<areaDesc>x</areaDesc><polygon>{text}</polygon>"), GROUND).alarms
    assert 20 < sum(len(area.points) for area in alarm.areas) <= cap_area.KEPT_POINTS
    assert abs(alarm.position.lat_deg - 29) < 0.3


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.data())
def test_damaged_alerts_are_alarms_or_typed_errors(data: st.DataObject) -> None:
    body = bytearray(
        (DATA / data.draw(st.sampled_from(["canada.cap", "australia.cap", "taiwan.cap"]))).read_bytes()
    )
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(body) - 1))
        match data.draw(st.integers(0, 2)):
            case 0:
                body[at] = data.draw(st.integers(0, 255))
            case 1:
                del body[at : at + data.draw(st.integers(1, 40))]
            case _:
                body[at:at] = data.draw(st.binary(max_size=8))
        if not body:
            break
    with contextlib.suppress(Malformed, TooMuch):
        cap.parse(bytes(body), GROUND)
