"""RTSP, its digest, its packets: bytes in any pieces, junk refused by field, published examples, whole pictures again."""

import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.errors import Malformed
from protocols import rtcp, rtsp, rtsp_digest, rtsp_transport, sdp_video
from protocols.rtp_video import MOST_PACKET, Codec, RtpStream
from protocols.rtsp import Interleaved, Request, RtspReader
from protocols.rtsp_digest import Login
from protocols.rtsp_transport import AsDatagrams, OnConnection

DESCRIBE = (
    b"DESCRIBE rtsp://10.0.0.1:554/video/36-VID-A?call=36-CNF-B&key=c RTSP/1.0\r\n"
    b"CSeq: 2\r\nAccept: application/sdp\r\n\r\n"
)


def read(*pieces: bytes) -> list[Request | Interleaved]:
    reader, made = RtspReader(), []
    for piece in pieces:
        reader.put(piece)
        while (message := reader.next()) is not None:
            made.append(message)
    return made


@given(st.lists(st.integers(1, 40), max_size=20))
def test_requests_are_the_same_however_their_bytes_come(cuts: list[int]) -> None:
    sent = (
        DESCRIBE
        + b"$\x01\x00\x04abcd"
        + b"GET_PARAMETER * RTSP/1.0\r\nCSeq: 3\r\nContent-Length: 2\r\n\r\nhi"
        + DESCRIBE
    )
    pieces, at = [], 0
    for cut in (*cuts, len(sent)):
        pieces.append(sent[at : at + cut])
        at += cut
    made = read(*pieces)
    assert [type(each).__name__ for each in made] == ["Request", "Interleaved", "Request", "Request"]
    first, binary, second, _ = made
    assert isinstance(first, Request)
    assert isinstance(second, Request)
    assert isinstance(binary, Interleaved)
    assert (first.method, first.cseq, first.headers["accept"]) == ("DESCRIBE", 2, "application/sdp")
    assert (binary.channel, binary.data, second.body) == (1, b"abcd", b"hi")


@given(st.binary(max_size=400), st.sampled_from([b"", b"\r\n\r\n", b" RTSP/1.0\r\nCSeq: 1\r\n\r\n"]))
def test_junk_is_refused_by_field_or_waits_for_more(junk: bytes, end: bytes) -> None:
    try:
        made = read(junk + end)
    except Malformed as error:
        assert error.field.startswith("rtsp.")
    else:
        assert all(isinstance(each, Interleaved | Request) for each in made)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        (b"DESCRIBE rtsp://a RTSP/2.0\r\nCSeq: 1\r\n\r\n", "rtsp.version"),
        (b"DESCRIBE http://a RTSP/1.0\r\nCSeq: 1\r\n\r\n", "rtsp.uri"),
        (b"DESCRIBE rtsp://a RTSP/1.0\r\n\r\n", "rtsp.cseq"),
        (b"DESCRIBE rtsp://a RTSP/1.0\r\nCSeq: 1\r\nCSeq: 2\r\n\r\n", "rtsp.headers"),
        (b"DESCRIBE rtsp://a RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 9999\r\n\r\n", "rtsp.content_length"),
        (b"DESCRIBE rtsp://a RTSP/1.0\r\nCSeq: 1\r\nX: a\x00b\r\n\r\n", "rtsp.headers"),
        (b"x" * (rtsp.MOST_HEAD + 1), "rtsp.head"),
    ],
)
def test_what_is_no_rtsp_is_named(sent: bytes, field: str) -> None:
    with pytest.raises(Malformed) as caught:
        read(sent)
    assert caught.value.field == field


# RFC 7616 section 3.9.1, and RFC 2617's way without qop
MUFASA = Login(user="Mufasa", password="Circle of Life")
NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
ANSWER = (
    'Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm={}, nonce="'
    + NONCE
    + '", nc=00000001, cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, response="{}", '
    'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)
MD5 = ANSWER.format("MD5", "8ca523f5e9506fed4657c9700eebdbec")
SHA_256 = ANSWER.format("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1")


@pytest.mark.parametrize("header", [MD5, SHA_256])
def test_the_published_examples_hold_and_nothing_near_them(header: str) -> None:
    def holds(
        login: Login = MUFASA, method: str = "GET", nonce: str = NONCE, said: str = header
    ) -> str | None:
        return rtsp_digest.holds(login, method, said, nonce, realm="http-auth@example.org")

    assert holds() == "/dir/index.html"
    assert holds(login=Login(user="Mufasa", password="Circle of life")) is None
    assert holds(login=Login(user="Scar", password="Circle of Life")) is None
    assert holds(method="PLAY") is None
    assert holds(nonce="another") is None
    assert holds(said=header.replace("index", "other")) is None


def test_md5_may_be_left_out_and_an_unknown_algorithm_is_no_login() -> None:
    assert rtsp_digest.holds(MUFASA, "GET", MD5, NONCE, md5=False, realm="http-auth@example.org") is None
    assert rtsp_digest.holds(MUFASA, "GET", MD5.replace("=MD5", "=NONE"), NONCE) is None
    assert [value.partition("algorithm=")[2][:3] for _, value in rtsp_digest.challenges("n")] == [
        "SHA",
        "MD5",
    ]


@given(st.text(max_size=200))
def test_an_authorization_of_junk_is_refused_or_does_not_hold(junk: str) -> None:
    try:
        assert rtsp_digest.holds(MUFASA, "GET", f"Digest {junk}", NONCE) is None
    except Malformed as error:
        assert error.field == "rtsp.authorization"


def test_ways_that_are_not_spoken_are_passed_over() -> None:
    header = (
        "RTP/SAVP;unicast;client_port=5000-5001,RTP/AVP;multicast;client_port=5000-5001,"
        "RTP/AVP;unicast;destination=10.9.9.9;client_port=5000-5001,RTP/AVP;unicast;client_port=80-81,"
        "RTP/AVP/UDP;unicast;client_port=5000-5001,RTP/AVP/TCP;unicast;interleaved=2-3"
    )
    assert rtsp_transport.wanted(header) == (
        AsDatagrams(media=5000, reports=5001),
        OnConnection(media=2, reports=3),
    )


@given(st.text(max_size=200))
def test_any_transport_header_is_read(header: str) -> None:
    rtsp_transport.wanted(header)


def put_together(packets: list[bytes], codec: Codec) -> list[bytes]:
    """By RFC 6184 and 7798, as a receiver does."""
    made: list[bytes] = []
    for packet in packets:
        payload, header = packet[12:], codec.header
        kind = payload[0] & 0x1F if header == 1 else payload[0] >> 1 & 0x3F
        if kind != (28 if header == 1 else 49):
            made.append(payload)
            continue
        flags, inner = payload[header], payload[header] & (0x1F if header == 1 else 0x3F)
        if flags & 0x80:
            head = (
                bytes((payload[0] & 0xE0 | inner,))
                if header == 1
                else bytes((payload[0] & 0x81 | inner << 1, payload[1]))
            )
            made.append(head)
        made[-1] += payload[header + 1 :]
    return made


@given(
    st.sampled_from(list(Codec)),
    st.lists(st.tuples(st.integers(0, 7), st.integers(2, 6_000)), min_size=1, max_size=5),
    st.integers(0, 65_535),
)
def test_a_picture_comes_out_of_its_packets_as_it_went_in(
    codec: Codec, units: list[tuple[int, int]], first: int
) -> None:
    first_byte = {
        Codec.H264: lambda kind: bytes((0x60 | kind,)),
        Codec.H265: lambda kind: bytes((kind << 1, 1)),
    }
    whole = [
        first_byte[codec](kind + 1 if codec is Codec.H264 else kind) + b"\x7f" * size for kind, size in units
    ]
    stream = RtpStream(codec, ssrc=7, first_seq=first, first_time=0xFFFFFFF0)
    data = b"".join(b"\x00\x00\x00\x01" + each for each in whole)
    packets = list(stream.packed(data, pts_us=40_000, epoch=1))
    assert put_together(packets, codec) == whole
    assert max(map(len, packets)) <= MOST_PACKET
    heads = [struct.unpack("!BBHII", each[:12]) for each in packets]
    assert [each[2] for each in heads] == [first + number & 0xFFFF for number in range(len(packets))]
    assert [bool(each[1] & 0x80) for each in heads] == [False] * (len(packets) - 1) + [True]
    assert {each[3] for each in heads} == {0xFFFFFFF0}


def test_times_go_on_through_a_wrap_and_where_a_stream_begins_anew() -> None:
    stream = RtpStream(Codec.H264, ssrc=1, first_seq=0, first_time=0xFFFFFFF0)
    times = []
    for epoch, pts_us in ((1, 0), (1, 40_000), (2, 9_000_000), (2, 9_040_000)):
        (packet,) = stream.packed(b"\x00\x00\x01\x65ab", pts_us=pts_us, epoch=epoch)
        times.append(struct.unpack("!I", packet[4:8])[0])
    assert [after - before & 0xFFFFFFFF for before, after in pairwise(times)] == [
        3600,
        3000,
        3600,
    ]


def test_what_is_described_names_codec_and_sets() -> None:
    key = b"\x00\x00\x00\x01\x67\x4d\x00\x28abc" + b"\x00\x00\x00\x01\x68def" + b"\x00\x00\x00\x01\x65xyz"
    told = sdp_video.described(
        codec=Codec.H264,
        key_unit=key,
        name="吊舱\r\na=evil",
        session=1,
        host="10.0.0.1",
        control="rtsp://a/trackID=0",
    ).decode()
    assert "a=rtpmap:96 H264/90000" in told
    assert "profile-level-id=4D0028;sprop-parameter-sets=Z00AKGFiYw==,aGRlZg==" in told
    assert [each for each in told.splitlines() if each.startswith("a=evil")] == []


def test_reports_are_whole_and_only_a_receivers_count() -> None:
    made = rtcp.sender_report(
        ssrc=5, at_us=1_700_000_000_500_000, rtp_time=9, packets=3, payload_bytes=99, name="ganying-36"
    )
    assert len(made) % 4 == 0
    assert struct.unpack("!BBHIII", made[:16]) == (0x80, 200, 6, 5, 1_700_000_000 + 2_208_988_800, 0x80000000)
    assert [rtcp.is_report(each) for each in (made, b"\x80\x60" + bytes(20), b"")] == [True, False, False]
