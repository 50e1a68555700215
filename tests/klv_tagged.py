"""A clip with KLV beside its pictures, put together anew by an independent muxer."""

from stanag4609.transport.mux import encode_pes_packet

from protocols.mpegts import TsDemuxer
from tests.klv_sent import ASYNCHRONOUS, VIDEO, muxer


def tagged(film: bytes, packet: bytes) -> bytes:
    """The film's first video stream (H.264), and the packet after every fifth picture."""
    mux, demuxer = muxer(), TsDemuxer()
    made = b"".join(mux.program_tables())
    for number, pes in enumerate((*demuxer.feed(film), *demuxer.end())):
        unit = encode_pes_packet(pes.data, stream_id=0xE0, pts=pes.pts, dts=pes.dts)
        made += b"".join(mux.mux_pes(VIDEO, unit))
        if number % 5 == 0:
            made += b"".join(mux.mux_pes(ASYNCHRONOUS, encode_pes_packet(packet, stream_id=0xBD)))
            made += b"".join(mux.program_tables())
    return made
