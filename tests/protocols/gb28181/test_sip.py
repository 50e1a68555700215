"""SIP, MANSCDP and SDP: what is written is read back, and nothing that comes raises anything but its own error."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.gb28181 import manscdp, sdp, sip
from protocols.gb28181.errors import BadGb
from protocols.gb28181.manscdp import Channel
from protocols.gb28181.sdp import Setup
from protocols.gb28181.words import Chance, Us, message

US = Us(id="36010000002000000001", domain="3601000000", host="10.36.0.1", port=5060)
CHANCE = Chance(branch="z9hG4bK1", tag="t", call_id="c")
# as devices write them: compact names, folded lines, a display name, no Content-Length
ODD = (
    b"REGISTER sip:36010000002000000001@3601000000 SIP/2.0\r\nv: SIP/2.0/UDP 10.0.0.9:5060;rport;branch=z9hG4bKx\r\n"
    b'f: "\xe5\x8d\x95\xe5\x85\xb5" <sip:36010000001320000001@3601000000>;tag=7\r\nt: <sip:36010000001320000001@3601000000>\r\n'
    b"i: 1\r\nCSeq: 1 REGISTER\r\nSubject: a\r\n b\r\n\r\n"
)


def test_a_request_as_devices_write_it_is_read() -> None:
    read = sip.parse(ODD)
    assert (read.method, read.sender.user, read.sender.host, read.sender.tag) == (
        "REGISTER",
        "36010000001320000001",
        "3601000000",
        "7",
    )
    assert (read.via.sent_by, read.via.branch, read.header("subject")) == (
        "10.0.0.9:5060",
        "z9hG4bKx",
        "a b",
    )
    answer = sip.parse(sip.response_to(read, 200, "OK", tag="x", came_from=("10.9.9.9", 6000)))
    assert (answer.status, answer.to.tag, answer.call_id) == (200, "x", "1")
    assert answer.header("via").endswith(";rport=6000;received=10.9.9.9")


@given(st.binary(max_size=2_000))
def test_a_message_of_ours_comes_back_whole_over_tcp_however_it_is_cut(body: bytes) -> None:
    one = message(US, "36010000001320000001", "10.0.0.9:5060", "TCP", chance=CHANCE, body=body)
    assert sip.parse(one).body == body
    stream, made = sip.SipStream(), []
    for at in range(0, 2 * len(one), 97):
        made += stream.feed((one + one)[at : at + 97])
    assert made == [one, one]


@given(st.binary(max_size=400), st.integers(0, 400), st.integers(0, 400))
def test_what_comes_raises_its_own_error_or_none(noise: bytes, begin: int, length: int) -> None:
    whole = message(US, "36010000001320000001", "10.0.0.9:5060", "UDP", chance=CHANCE, body=b"x")
    for data in (noise, whole[:begin] + noise + whole[begin + length :]):
        with contextlib.suppress(BadGb):
            sip.parse(data)
        with contextlib.suppress(BadGb):
            sip.SipStream().feed(data)
        with contextlib.suppress(BadGb):
            sdp.read(data)
        with contextlib.suppress(BadGb):
            manscdp.read(data)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"CSeq: 1 MESSAGE", b"CSeq: 1 BYE"),
        (b"Content-Length: 1", b"Content-Length: 9"),
        (b"To: <sip:", b"To: <tel:"),
        (b"Via: SIP/2.0", b"Via: HTTP/1"),
        (b"Max-Forwards: 70", b"X: y\r\n" * 80 + b"Max-Forwards: 70"),
        (b"Max-Forwards: 70", b"X: " + b"y" * 9_000),
        (b"Call-ID: c", b"Call-ID:"),
    ],
)
def test_what_is_no_message_is_named(old: bytes, new: bytes) -> None:
    whole = message(US, "36010000001320000001", "10.0.0.9:5060", "UDP", chance=CHANCE, body=b"x")
    with pytest.raises(BadGb) as bad:
        sip.parse(whole.replace(old, new, 1))
    assert bad.value.code == "BAD_SIP"


NAMES = st.text('中航吊舱一二三（）·AaZ09 -<&>"𠀀', min_size=1, max_size=40)


@given(st.lists(NAMES.map(str.strip).filter(bool), max_size=8))
def test_a_catalogue_comes_back_with_its_names(names: list[str]) -> None:
    told = [Channel(id=f"360100000013100000{n:02d}", name=name, parent=US.id) for n, name in enumerate(names)]
    read = manscdp.read(manscdp.catalogue(US.id, 7, len(told), told, civil_code="360100"))
    assert (read.root, read.command, read.sn) == ("Response", "Catalog", 7)
    total, channels = manscdp.channels_of(read)
    assert (total, list(channels)) == (len(told), told)


@pytest.mark.parametrize(
    "body",
    [
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><Notify>&a;</Notify>',
        b'<?xml version="1.0" encoding="UTF-16"?><Notify/>',
        b"<Notify><CmdType>Keepalive</CmdType><SN>x</SN></Notify>",
        b"<Notify><CmdType>Keepalive</CmdType><SN>1</SN><DeviceID>12</DeviceID></Notify>",
        b"<Other><CmdType>Keepalive</CmdType><SN>1</SN></Other>",
    ],
)
def test_a_body_that_is_none_is_named(body: bytes) -> None:
    with pytest.raises(BadGb) as bad:
        manscdp.read(body)
    assert bad.value.code in ("BAD_XML", "BAD_ID")


def test_a_position_beyond_the_earth_is_refused() -> None:
    body = (
        "<Notify><CmdType>MobilePosition</CmdType><SN>1</SN><DeviceID>36010000001320000001</DeviceID>"
        "<Longitude>115.9</Longitude><Latitude>{}</Latitude></Notify>"
    )
    assert manscdp.position_of(manscdp.read(body.format("28.6").encode())).lat_deg == 28.6
    for wrong in ("91", "nan", "x"):
        with pytest.raises(BadGb):
            manscdp.position_of(manscdp.read(body.format(wrong).encode()))


@given(st.sampled_from(Setup), st.integers(1, 65_535), st.integers(0, 9_999))
def test_an_offer_is_read_as_it_was_meant(setup: Setup, port: int, number: int) -> None:
    ssrc = f"010000{number:04d}"
    read = sdp.read(sdp.offer(owner=US.id, address=US.host, port=port, setup=setup, ssrc=ssrc))
    assert (read.session, read.address, read.port, read.ssrc, read.payloads) == (
        "Play",
        US.host,
        port,
        ssrc,
        {96: "PS"},
    )
    assert (read.tcp, read.setup) == {
        Setup.UDP: (False, ""),
        Setup.TCP_PASSIVE: (True, "passive"),
        Setup.TCP_ACTIVE: (True, "active"),
    }[setup]
