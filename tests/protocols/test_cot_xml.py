"""CoT as XML."""

import contextlib
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.errors import Malformed
from protocols import cot_xml
from protocols.cot_event import EVENT_BYTES, REMARKS_LENGTH, Aircraft, App, Detail, Link
from tests.cot_events import events, phone, shared_events, vector

HEAD = (
    '<event version="2.0" uid="u1" type="a-f-G" how="m-g" time="2026-11-18T09:06:40Z"'
    ' start="2026-11-18T09:06:40Z" stale="2026-11-18T09:07:40Z">'
)
POINT = '<point lat="28.5" lon="115.5" hae="9999999.0" ce="9999999.0" le="9999999.0"/>'


def refused(text: str | bytes) -> Malformed:
    with pytest.raises(Malformed) as caught:
        cot_xml.parse(text.encode() if isinstance(text, str) else text)
    return caught.value


@given(events())
def test_what_is_written_is_read(event) -> None:
    """Names of any language and script, unknown heights, links, protocol words."""
    assert cot_xml.parse(cot_xml.write(event)) == event


def test_the_shared_events_are_read() -> None:
    """All but the one that has no type."""
    read = []
    for shared in shared_events():
        if shared["type"] is None:
            assert refused(shared["xml"]).field == "type"
            continue
        event = cot_xml.parse(shared["xml"].encode())
        assert (event.uid, event.type) == (shared["uid"], shared["type"])
        read.append(event)
    assert len(read) == 15
    by_type = {event.type: event for event in read}
    drone = by_type["a-f-A-M-H-Q"]
    assert (drone.lon_deg, drone.lat_deg, drone.hae_m, drone.how) == (-108.6, 39.1, 1381.333, "")
    assert (drone.detail.course_deg, drone.detail.speed_mps) == (140.8, 0.0)
    assert by_type["a-f-G"].detail.remarks == "Heading north & east of the ridge"
    assert by_type["b-f-t-a"].hae_m is None  # NaN
    assert len(by_type["b-m-r"].detail.links) == 10


def test_the_vector_is_read() -> None:
    """Times, heights, and six elements of the detail."""
    event = cot_xml.parse(vector()["xml"].encode())
    assert event.detail == Detail(
        callsign="Eliopoli HQ",
        endpoint="192.168.1.10:4242:tcp",
        group="Yellow",
        role="HQ",
        battery_percent=100,
        app=App(
            device="LENOVO 20QV0007US",
            platform="WinTAK-CIV",
            os="Microsoft Windows 10 Home",
            version="1.10.0.137",
        ),
        speed_mps=0.0,
        course_deg=0.0,
    )
    assert (event.made_s, event.stale_s) == (1581185444.0, 1581185471.0)
    assert (event.hae_m, event.circular_error_m) == (26.767999, None)


def test_words_of_the_detail_are_read() -> None:
    """Links, an aircraft's own words, an alarm, and what it is called."""
    event = cot_xml.parse(
        (
            HEAD
            + POINT
            + "<detail><_aircot_ icao='780ABC' reg='B-70K3' flight='CSN3127' squawk='7700' cat='A7'/>"
            "<link uid='ANDROID-1' type='a-f-G-U-C' relation='p-p'/><link uid='' relation='c'/>"
            "<emergency type='911 Alert'>x</emergency><contact callsign=' 赣鹰01 '/>"
            "<contact callsign='second'/><archive/><color argb='-65536'/></detail></event>"
        ).encode()
    )
    assert event.detail == Detail(
        callsign="赣鹰01",
        aircraft=Aircraft(
            icao24="780ABC", registration="B-70K3", flight="CSN3127", squawk="7700", category="A7"
        ),
        links=(Link(uid="ANDROID-1", type="a-f-G-U-C", relation="p-p"),),
        emergency="911 Alert",
        archive=True,
        colour=-65536,
    )


@pytest.mark.parametrize(
    ("stated", "at_s"),
    [
        ("2026-11-18T09:06:40Z", 1794992800.0),
        ("2026-11-18T09:06:40.123Z", 1794992800.123),
        ("2026-11-18T09:06:40.1234567Z", 1794992800.123456),
        ("2026-11-18T17:06:40+08:00", 1794992800.0),
    ],
)
def test_times_with_a_zone_are_read(stated: str, at_s: float) -> None:
    """Seconds, fractions of any length, other zones."""
    text = HEAD.replace('time="2026-11-18T09:06:40Z"', f'time="{stated}"') + POINT + "</event>"
    assert cot_xml.parse(text.encode()).made_s == pytest.approx(at_s, abs=1e-6)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (('uid="u1"', 'uid=" "'), "uid"),
        (('uid="u1"', 'uid="' + "u" * 257 + '"'), "uid"),
        (('type="a-f-G"', ""), "type"),
        (('time="2026-11-18T09:06:40Z"', ""), "time"),
        (('time="2026-11-18T09:06:40Z"', 'time="2026-11-18T09:06:40"'), "time"),
        (('stale="2026-11-18T09:07:40Z"', 'stale="soon"'), "stale"),
        (('lat="28.5"', 'lat="90.1"'), "point.lat"),
        (('lat="28.5"', 'lat="nan"'), "point.lat"),
        (('lat="28.5"', 'lat="28,5"'), "point.lat"),
        (('lat="28.5"', 'lat="２８"'), "point.lat"),
        (('lat="28.5"', 'lat="2_8"'), "point.lat"),
        (('lon="115.5"', 'lon="1e99"'), "point.lon"),
        (('lon="115.5"', ""), "point.lon"),
        (('hae="9999999.0"', 'hae="high"'), "point.hae"),
        ((POINT, ""), "point"),
        (("<event", "<evil"), "event"),
        (("</event>", "<detail><track speed='fast'/></detail></event>"), "track.speed"),
    ],
)
def test_what_cannot_be_read_is_named(change: tuple[str, str], field: str) -> None:
    """The field at fault, for the sender."""
    text = (HEAD + POINT + "</event>").replace(*change)
    if field == "event":
        text = text.replace("</event>", "</evil>")
    assert refused(text).field == field


LAUGHS = (
    '<!DOCTYPE event [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1 or str()};" * 10}">' for n in range(1, 10))
    + "]>"
)


@pytest.mark.parametrize(
    "text",
    [
        LAUGHS + HEAD + POINT + "<detail><remarks>&a9;</remarks></detail></event>",
        '<!DOCTYPE event SYSTEM "file:///etc/passwd">' + HEAD + POINT + "</event>",
        '<!DOCTYPE event [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + HEAD + POINT + "&x;</event>",
        HEAD + POINT + "<detail>&x;</detail></event>",
        HEAD + POINT + "<detail>\0</detail></event>",
        HEAD + POINT + "<a>" * 20_000 + "</event>",
        HEAD + POINT + "<detail " + " ".join(f'a{n}="1"' for n in range(5000)) + ' a1="2"/></event>',
        "<event>" * 9_000,
        '<?xml version="1.0" encoding="no-such-thing"?>' + HEAD + POINT + "</event>",
        '<?xml version="1.0" encoding="utf-16"?>' + HEAD + POINT + "</event>",
        "",
    ],
)
def test_hostile_text_is_malformed(text: str) -> None:
    """Entities, documents from elsewhere, NUL, nesting without end, foreign encodings."""
    assert refused(text).code == "MALFORMED"


def test_deep_and_wide_text_within_bounds_is_read() -> None:
    """Nesting and attributes are bounded by the length of an event, and take no stack."""
    deep = HEAD + POINT + "<a>" * 8000 + "</a>" * 8000 + "</event>"
    wide = HEAD + POINT + '<detail><contact callsign="' + "长" * 15_000 + '"/></detail></event>'
    assert cot_xml.parse(deep.encode()).uid == "u1"
    assert len(cot_xml.parse(wide.encode()).detail.callsign) == 256
    began = time.process_time()
    assert refused(HEAD + POINT + "<a>" * EVENT_BYTES).field == "event"
    assert time.process_time() - began < 1.0


def test_bytes_that_are_no_utf8_are_malformed() -> None:
    """GBK where UTF-8 is due."""
    assert refused((HEAD + POINT).encode() + "<remarks>山火</remarks></event>".encode("gbk")).field == "event"


def test_written_text_is_safe() -> None:
    """What a name holds cannot become markup; what XML cannot carry is left out."""
    event = phone(detail=Detail(callsign="\"><x a='&", remarks="]]></remarks><b>\x00\x1b\ud800 & 水"))
    text = cot_xml.write(event)
    assert b"<x" not in text
    assert b"<b>" not in text
    detail = cot_xml.parse(text).detail
    assert detail.callsign == "\"><x a='&"
    assert detail.remarks == "]]></remarks><b> & 水"


def test_remarks_are_cut() -> None:
    """A page of text stays a note."""
    event = replace(phone(), detail=Detail(remarks="字" * 5000))
    assert len(cot_xml.parse(cot_xml.write(event)).detail.remarks) == REMARKS_LENGTH


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_malformed(data: bytes) -> None:
    """No other exception."""
    with contextlib.suppress(Malformed):
        cot_xml.parse(data)


@given(st.text(alphabet="<>/=\"' eventpoidal&;![]?-x\0", max_size=300), st.booleans())
def test_any_markup_is_read_or_malformed(text: str, inside: bool) -> None:
    """No other exception, also within an event."""
    with contextlib.suppress(Malformed):
        cot_xml.parse((HEAD + POINT + text + "</event>" if inside else text).encode())
