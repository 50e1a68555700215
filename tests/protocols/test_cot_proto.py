"""CoT as TAK protocol version 1, with takproto as the other side."""

import contextlib
from datetime import UTC, datetime

import pytest
import takproto
from hypothesis import given
from hypothesis import strategies as st
from takproto.functions import xml2message
from takproto.proto import TakMessage

from dispatch.errors import Malformed
from protocols import cot_proto, cot_stream, cot_xml
from protocols.cot_event import EVENT_BYTES, Aircraft, App, CotEvent, Detail, Link
from tests.cot_events import NOW, events, phone, shared_events, vector

positive_ms = st.integers(1, 200_000_000_000_000).map(lambda ms: ms / 1000)


@given(events(positive_ms))
def test_what_is_written_is_read(event: CotEvent) -> None:
    """Also where an element lacks an attribute and so travels as text."""
    assert cot_proto.parse(cot_proto.write(event)) == event


def test_the_vectors_are_one_event() -> None:
    """XML, mesh form and stream form say the same."""
    given_ = vector()
    expected = cot_xml.parse(given_["xml"].encode())
    assert cot_stream.feed_datagram(bytes.fromhex(given_["mesh_hex"])) == [expected]
    assert cot_stream.feed(bytes.fromhex(given_["stream_hex"])) == [expected]


def test_our_bytes_are_takproto_s() -> None:
    """Of an event that is all fields, byte for byte, in both forms."""
    event = phone()
    text = cot_xml.write(event)
    mesh = takproto.xml2proto(text, takproto.TAKProtoVer.MESH)
    stream = takproto.xml2proto(text, takproto.TAKProtoVer.STREAM)
    assert cot_stream.mesh_frame(event) == bytes(mesh)
    assert cot_stream.stream_frame(event) == bytes(stream)


@pytest.mark.parametrize("version", [takproto.TAKProtoVer.MESH, takproto.TAKProtoVer.STREAM])
def test_what_takproto_writes_is_read(version: takproto.TAKProtoVer) -> None:
    """Every shared event that has a type, through their encoder into our decoder."""
    read = 0
    for shared in shared_events():
        if shared["type"] is None:
            continue
        expected = cot_xml.parse(shared["xml"].encode())
        wire = bytes(takproto.xml2proto(shared["xml"].encode(), version))
        (event,) = (
            cot_stream.feed_datagram(wire) if version is takproto.TAKProtoVer.MESH else cot_stream.feed(wire)
        )
        assert isinstance(event, CotEvent)
        if shared["uid"] == "C94B9215-9BD4-4DBE-BDE1-83625F09153F":
            # they move a <contact> with a third attribute into the two of its field; we would leave it text
            assert event.detail.callsign == "DFPC-iSchmidt"
        # they leave a battery of <status> without one at 0
        assert event.detail.battery_percent in (expected.detail.battery_percent, 0)
        known = {"battery_percent": None}
        assert _without(event, **known) == _without(expected, **known)
        read += 1
    assert read == 15


def _without(event: CotEvent, **changes: object) -> tuple[object, ...]:
    detail = {name: getattr(event.detail, name) for name in Detail.__slots__} | changes
    head = {name: getattr(event, name) for name in CotEvent.__slots__ if name != "detail"}
    head["made_s"] = round(event.made_s, 3)
    return tuple(sorted((head | detail).items(), key=lambda item: item[0]))


@given(events(positive_ms))
def test_what_we_write_takproto_reads(event: CotEvent) -> None:
    """Into its own classes, field for field."""
    message = takproto.parse_proto(bytearray(cot_stream.stream_frame(event)))
    theirs = message.cotEvent
    assert (theirs.uid, theirs.type, theirs.how) == (event.uid, event.type, event.how)
    assert (theirs.lat, theirs.lon) == (event.lat_deg, event.lon_deg)
    assert theirs.hae == (9999999.0 if event.hae_m is None else event.hae_m)
    assert theirs.staleTime == round(event.stale_s * 1000)
    assert theirs.detail.contact.callsign == event.detail.callsign
    if event.detail.speed_mps is not None and event.detail.course_deg is not None:
        assert theirs.detail.track.speed == event.detail.speed_mps
    mesh = takproto.parse_proto(bytearray(cot_stream.mesh_frame(event)))
    assert mesh.cotEvent == theirs


def test_text_counts_over_the_field_of_the_same_element() -> None:
    """As the protocol has it: a sender that says both means the text."""
    theirs = xml2message(cot_xml.write(phone()))
    theirs.cotEvent.detail.xmlDetail = '<contact callsign="text"/><track speed="9" course="90"/>'
    event = cot_proto.parse(theirs.SerializeToString())
    assert event is not None
    assert (event.detail.callsign, event.detail.endpoint, event.detail.speed_mps) == ("text", "", 9.0)
    assert event.detail.group == "Cyan"


def test_a_message_that_only_tells_versions_is_no_event() -> None:
    """Mesh devices send it once a minute."""
    theirs = TakMessage()
    theirs.takControl.minProtoVersion = 1
    theirs.takControl.contactUid = "ANDROID-1"
    assert cot_proto.parse(theirs.SerializeToString()) is None


def test_elements_with_all_their_attributes_are_fields_and_others_text() -> None:
    """ATAK drops fields whose element would lack one."""
    detail = Detail(
        callsign="a",
        group="Cyan",
        app=App(device="d", platform="p", os="", version="v"),
        course_deg=10.0,
        remarks="r",
        aircraft=Aircraft(icao24="780abc"),
        links=(Link(uid="u", relation="p-p"),),
    )
    theirs = takproto.parse_proto(bytearray(cot_stream.mesh_frame(phone(detail=detail)))).cotEvent.detail
    assert theirs.contact.callsign == "a"
    assert not theirs.HasField("group")
    assert not theirs.HasField("takv")
    assert not theirs.HasField("track")
    assert '<__group name="Cyan"/>' in theirs.xmlDetail
    assert '<track course="10.0"/>' in theirs.xmlDetail


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"uid": ""}, "uid"),
        ({"type": ""}, "type"),
        ({"sendTime": 0}, "time"),
        ({"staleTime": 2**63}, "stale"),
        ({"lat": float("nan")}, "point.lat"),
        ({"lon": float("inf")}, "point.lon"),
    ],
)
def test_what_cannot_be_read_is_named(change: dict[str, object], field: str) -> None:
    """The field at fault."""
    theirs = xml2message(cot_xml.write(phone()))
    for name, value in change.items():
        setattr(theirs.cotEvent, name, value)
    with pytest.raises(Malformed) as caught:
        cot_proto.parse(theirs.SerializeToString())
    assert caught.value.field == field


@pytest.mark.parametrize(
    "text", ["<a>", "</detail><b/><detail>", "<!DOCTYPE x><a/>", "&lol;", "\x01", "<?xml version='1.0'?>"]
)
def test_text_that_is_no_elements_is_malformed(text: str) -> None:
    """Markup that would break out of the detail included."""
    theirs = xml2message(cot_xml.write(phone()))
    theirs.cotEvent.detail.xmlDetail = text
    with pytest.raises(Malformed):
        cot_proto.parse(theirs.SerializeToString())


def test_a_message_over_the_limit_is_malformed() -> None:
    """Nothing of it is parsed."""
    with pytest.raises(Malformed):
        cot_proto.parse(b"\x12" * (EVENT_BYTES + 1))


def test_a_not_known_speed_is_none() -> None:
    """NaN and the text form of unknown."""
    theirs = xml2message(cot_xml.write(phone()))
    theirs.cotEvent.detail.track.speed = float("nan")
    theirs.cotEvent.hae = 999999.0
    event = cot_proto.parse(theirs.SerializeToString())
    assert event is not None
    assert event.detail.speed_mps is None
    assert event.hae_m is None


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_malformed(data: bytes) -> None:
    """No other exception."""
    with contextlib.suppress(Malformed):
        cot_proto.parse(data)


@given(st.data())
def test_a_bent_message_is_read_or_malformed(data: st.DataObject) -> None:
    """Bytes of a good one changed, cut and doubled."""
    wire = bytearray(cot_proto.write(phone()))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(wire) - 1))
        wire[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
        wire = wire or bytearray(b"\0")
    try:
        event = cot_proto.parse(bytes(wire))
    except Malformed:
        return
    assert event is None or event.uid


def test_times_are_utc_milliseconds() -> None:
    """takproto reads the moment we wrote."""
    theirs = takproto.parse_proto(bytearray(cot_stream.mesh_frame(phone()))).cotEvent
    assert datetime.fromtimestamp(theirs.sendTime / 1000, UTC).timestamp() == NOW
