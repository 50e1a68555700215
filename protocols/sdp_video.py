"""What a stream of video is, as RTSP's DESCRIBE says it: SDP (RFC 8866) with the parameter sets of RFC 6184 and 7798. Pure."""

from base64 import b64encode

from protocols.rtp_video import CLOCK_HZ, PAYLOAD_TYPE, Codec
from protocols.video_units import nal_units

_H264_SPS, _H264_PPS = 7, 8
_H265_SETS = {32: "sprop-vps", 33: "sprop-sps", 34: "sprop-pps"}


def described(*, codec: Codec, key_unit: bytes, name: str, session: int, host: str, control: str) -> bytes:
    """Of a stream whose last key frame, Annex B with its sets in front, is `key_unit`."""
    family, anywhere = ("IP6", "::") if ":" in host else ("IP4", "0.0.0.0")  # noqa: S104  # RFC 2326 appendix C.1.7
    lines = (
        "v=0",
        f"o=- {session} 1 IN {family} {host}",
        f"s={_plain(name)}",
        f"c=IN {family} {anywhere}",
        "t=0 0",
        "a=control:*",
        "a=range:npt=now-",
        f"m=video 0 RTP/AVP {PAYLOAD_TYPE}",
        f"a=rtpmap:{PAYLOAD_TYPE} {codec}/{CLOCK_HZ}",
        f"a=fmtp:{PAYLOAD_TYPE} {_format(codec, key_unit)}",
        f"a=control:{control}",
    )
    return ("\r\n".join(lines) + "\r\n").encode()


def _plain(name: str) -> str:
    return "".join(each if each.isprintable() else " " for each in name).strip() or "-"


def _format(codec: Codec, key_unit: bytes) -> str:
    units = nal_units(key_unit)
    if codec is Codec.H264:
        sets = [each for each in units if each[0] & 0x1F in (_H264_SPS, _H264_PPS)]
        profile = next((each[1:4].hex().upper() for each in sets if each[0] & 0x1F == _H264_SPS), "")
        told = ",".join(b64encode(each).decode() for each in sets)
        return f"packetization-mode=1;profile-level-id={profile};sprop-parameter-sets={told}"
    by_name: dict[str, list[str]] = {}
    for each in units:
        kind = _H265_SETS.get(each[0] >> 1 & 0x3F)
        if kind is not None:
            by_name.setdefault(kind, []).append(b64encode(each).decode())
    return ";".join(f"{kind}={','.join(sets)}" for kind, sets in by_name.items())
