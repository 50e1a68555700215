"""GB/T 28181 for the fuzzers: words as SIP brings them with what is inside, and media as RTP packets."""

import functools

from protocols.gb28181 import digest, manscdp, sdp, sip
from protocols.gb28181.rtp import RtpStream, RtpWriter, framed
from protocols.gb28181.sdp import Setup
from protocols.gb28181.video import GbVideo
from protocols.gb28181.words import Chance, Dialog, Us, message, register
from protocols.mpegps import PsDemuxer
from protocols.mpegps_write import pack
from protocols.mpegts_tables import StreamKind

US = Us(id="36010000002000000001", domain="3601000000", host="10.36.0.1", port=5060)
DEVICE = "36010000001320000001"
SSRC = 100_000_001


def sip_words(data: bytes) -> None:
    """One message, and its body and credentials where it has any."""
    read = sip.parse(data)
    if read.body.startswith(b"<"):
        told = manscdp.read(read.body)
        if told.command == "Catalog":
            manscdp.channels_of(told)
        elif told.command == "MobilePosition":
            manscdp.position_of(told)
    elif read.body:
        sdp.read(read.body)
    if text := read.header("authorization"):
        digest.read_credentials(text)
    _ = read.contact
    sip.response_to(read, 200, "OK", tag="t", came_from=("10.0.0.9", 5060))


def sip_seeds() -> list[bytes]:
    """A REGISTER with digest, a catalogue, a position, an INVITE."""
    chance = Chance(branch="z9hG4bK1", tag="t", call_id="c")
    asked = digest.Challenge(realm="3601000000", nonce="n")
    credentials = digest.answer(asked, user=DEVICE, password="p", method="REGISTER", uri="sip:x", cnonce="c")
    channels = [manscdp.Channel(id="36010000001310000001", name="吊舱")]
    position = (
        f"<Notify><CmdType>MobilePosition</CmdType><SN>1</SN><DeviceID>{DEVICE}</DeviceID>"
        "<Longitude>115.9</Longitude><Latitude>28.6</Latitude></Notify>"
    ).encode()
    dialog = Dialog(
        us=US,
        transport="UDP",
        call_id="c",
        local=f"{US.name};tag=t",
        remote=US.name,
        target=f"sip:{DEVICE}@10.0.0.9:5060",
    )
    offer = sdp.offer(owner=US.id, address=US.host, port=21_200, setup=Setup.TCP_PASSIVE, ssrc="0100000001")
    bodies = (manscdp.catalogue(US.id, 1, 1, channels, civil_code="360100"), position)
    return [
        register(
            US, US.id, US.domain, "UDP", chance=chance, cseq=1, expires_s=3_600, authorization=credentials
        ),
        *(message(US, DEVICE, "10.0.0.9:5060", "TCP", chance=chance, body=each) for each in bodies),
        dialog.invite("z9hG4bK2", "a:b,c:d", offer),
    ]


def media(data: bytes) -> None:
    """As a TCP connection brings it; or, by its first byte, as a programme stream without RTP."""
    if data[:1] != b"\x00":
        demuxer = PsDemuxer()
        demuxer.feed(data[1:])
        demuxer.marked()
        demuxer.lost()
        demuxer.end()
        return
    video = GbVideo(SSRC)
    for packet in RtpStream().feed(data):
        video.feed(packet)
    video.reconnected()


@functools.cache
def media_seeds() -> list[bytes]:
    """Three small pictures; what is in them nobody decodes here."""
    writer, made, stream = RtpWriter(SSRC, 96), b"", b""
    for number, slices in enumerate(
        (
            b"\x00\x00\x01\x67abc\x00\x00\x01\x68d\x00\x00\x01\x65\x88",
            b"\x00\x00\x01\x41\x9a",
            b"\x00\x00\x01\x41\x9b",
        )
    ):
        picture = pack(
            StreamKind.H264, slices + bytes(range(40)), pts=number * 3_600, dts=number * 3_600, key=not number
        )
        stream += picture
        made += b"".join(framed(each) for each in writer.packets(picture, 0))
    return [made, b"\x01" + stream]
