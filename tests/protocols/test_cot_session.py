"""Our side of a CoT stream."""

from takproto import parse_proto

from protocols import cot_stream, cot_xml
from protocols.cot_event import CotEvent, Detail
from protocols.cot_session import CotSession
from tests.cot_events import NOW, phone


def only(data: bytes) -> CotEvent:
    (event,) = cot_stream.feed(data)
    assert isinstance(event, CotEvent)
    return event


def control(code: str, **detail: object) -> CotEvent:
    return phone("client", type=code, detail=Detail(**detail))  # type: ignore[arg-type]


def session() -> CotSession:
    made = CotSession(uid="ganying-1", listening=True)
    made.greeting(NOW)
    return made


def test_a_listener_offers_version_one() -> None:
    """At once, as XML, valid for a minute."""
    offer = only(CotSession(uid="ganying-1", listening=True).greeting(NOW))
    assert (offer.type, offer.uid, offer.detail.offers) == ("t-x-takp-v", "ganying-1", (1,))
    assert offer.stale_s - offer.made_s == 60.0


def test_a_client_that_asks_is_answered_in_xml_and_then_spoken_to_in_protobuf() -> None:
    """The answer is the last XML."""
    ours = session()
    answer = ours.hear(control("t-x-takp-q", asks=1), NOW)
    assert answer.startswith(b"<?xml")
    assert only(answer).type == "t-x-takp-r"
    assert only(answer).detail.grants is True
    wire = ours.write(phone())
    assert wire[0] == 0xBF
    assert parse_proto(bytearray(wire)).cotEvent.uid == phone().uid


def test_a_client_that_never_asks_goes_on_in_xml() -> None:
    """Whatever else it says."""
    ours = session()
    assert ours.hear(phone(), NOW) == b""
    assert cot_xml.parse(ours.write(phone()).split(b"\n", 1)[1]) == phone()


def test_another_version_is_refused() -> None:
    """And XML goes on."""
    ours = session()
    for version in (2, 0, None):
        assert only(ours.hear(control("t-x-takp-q", asks=version), NOW)).detail.grants is False
    assert ours.write(phone()).startswith(b"<?xml")


def test_a_ping_is_answered_in_the_form_agreed_on() -> None:
    """XML before, protobuf after."""
    ours = session()
    assert only(ours.hear(control("t-x-c-t"), NOW)).type == "t-x-c-t-r"
    ours.hear(control("t-x-takp-q", asks=1), NOW)
    pong = ours.hear(control("t-x-c-t"), NOW)
    assert pong[0] == 0xBF
    assert only(pong).type == "t-x-c-t-r"


def test_a_dialler_neither_offers_nor_grants() -> None:
    """It is the client: it pings, and takes what comes."""
    ours = CotSession(uid="ganying-1", listening=False)
    assert ours.greeting(NOW) == b""
    assert ours.hear(control("t-x-takp-q", asks=1), NOW) == b""
    assert ours.hear(control("t-x-takp-v", offers=(1,)), NOW) == b""
    assert only(ours.ping(NOW)).type == "t-x-c-t"


def test_what_comes_is_read_in_either_form_at_any_time() -> None:
    """Between the client's request and our answer it may send both."""
    deframer = session().deframer
    stream = (
        cot_stream.xml_frame(phone("a")) + cot_stream.stream_frame(phone("b")) + cot_xml.write(phone("c"))
    )
    read = [cot_stream.read(item) for item in deframer.feed(stream) if isinstance(item, cot_stream.CotFrame)]
    assert [event.uid for event in read if isinstance(event, CotEvent)] == ["a", "b", "c"]
