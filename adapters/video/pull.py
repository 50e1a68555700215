"""RTSP and RTMP, fetched through FFmpeg's libraries (PyAV). Blocking, in the stream's thread; nothing is decoded.

PyAV is loaded with the first such stream: a process that only takes transport streams does without its 100 MB.
"""

from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from adapters.video.intake import Intake, SourceFailed
from dispatch.video_kinds import VideoSource
from protocols.decoder_configuration import read_configuration
from protocols.mpegts_tables import StreamKind
from protocols.video_ts import KlvPacket
from protocols.video_units import VideoUnits, annex_b, microseconds

OPEN_S = 10.0
READ_S = 5.0  # a source that is silent for so long is opened anew
_HZ = 90_000
_KINDS = {"h264": StreamKind.H264, "hevc": StreamKind.H265}
# reasons that are the same over another transport
_SURE = frozenset({"refused", "timed_out", "unauthorized", "forbidden", "not_found", "no_video"})
# of what an address may make the libraries open; neither files nor other servers over http
_ALLOWED = "rtsp,rtsps,rtp,srtp,udp,tcp,tls,rtmp,rtmps,crypto"


def pull(intake: Intake) -> None:
    """Until the source ends or the stream is stopped. Raises SourceFailed."""
    import av

    intake.reason = "connecting"
    with _opened(intake) as source:
        try:
            _read(intake, source)
        except (av.error.FFmpegError, OSError) as error:
            raise SourceFailed(_reason(error)) from None
    raise SourceFailed("ended")


def _opened(intake: Intake) -> Any:
    """The source; RTSP over TCP, and over UDP from a camera that has no other. Raises SourceFailed."""
    import av

    options = {"protocol_whitelist": _ALLOWED, "analyzeduration": "1000000", "probesize": "1000000"}
    ways = [{"rtsp_transport": "tcp"}, {"rtsp_transport": "udp"}] if _rtsp(intake) else [{}]
    reason = ""
    for way in ways:
        try:
            return av.open(_address(intake), options=options | way, timeout=(OPEN_S, READ_S))
        except (av.error.FFmpegError, ValueError, OSError) as error:
            reason = _reason(error)
        intake.alive()
        if reason in _SURE or intake.stopping:
            break
    raise SourceFailed(reason)


def _rtsp(intake: Intake) -> bool:
    return intake.order.source is VideoSource.RTSP


def _address(intake: Intake) -> str:
    order = intake.order
    if not order.user:
        return order.url
    url = urlsplit(order.url)
    return urlunsplit(
        url._replace(netloc=f"{quote(order.user, '')}:{quote(order.password, '')}@{url.netloc}")
    )


def _reason(error: Exception) -> str:
    """A code without the address, which may hold a password."""
    name = type(error).__name__
    known = {
        "ConnectionRefusedError": "refused",
        "ExitError": "timed_out",
        "TimeoutError": "timed_out",
        "HTTPUnauthorizedError": "unauthorized",
        "HTTPForbiddenError": "forbidden",
        "HTTPNotFoundError": "not_found",
        "InvalidDataError": "no_video",
        "EOFError": "ended",
    }
    return known.get(name, name)


def _read(intake: Intake, source: Any) -> None:
    video = next((each for each in source.streams.video if each.codec_context.name in _KINDS), None)
    if video is None:
        raise SourceFailed("no_video")
    kind = _KINDS[video.codec_context.name]
    try:
        length_bytes, sets = read_configuration(video.codec_context.extradata or b"", kind)
    except ValueError:
        raise SourceFailed("bad_parameter_sets") from None
    units = VideoUnits(kind, first_epoch=intake.epoch + (intake.counts["units"] > 0))
    wanted = [video, *(each for each in source.streams if each.type == "data")]
    counted: dict[str, int] = {}
    for packet in source.demux(wanted):
        intake.alive()
        if intake.stopping:
            return
        if not packet.size:
            continue
        pts, dts = (_ticks(time, packet.time_base) for time in (packet.pts, packet.dts))
        data = bytes(packet)
        intake.counts["bytes"] += len(data)
        if packet.stream is not video:
            time = None if pts is None else microseconds(units.clock.beside(pts))
            intake.arrived([KlvPacket(epoch=units.epoch, pts_us=time, data=data)])
            continue
        if packet.is_corrupt:
            units.lost()
            continue
        try:
            data = annex_b(data, length_bytes) if length_bytes else data
        except ValueError:
            units.lost()
            continue
        unit = units.take(sets + data if packet.is_keyframe else data, pts, dts)
        if unit is not None:
            intake.arrived([unit])
        for name, count in units.counts.items():  # differences: those before stay
            intake.counts[str(name)] += count - counted.get(str(name), 0)
            counted[str(name)] = count
        intake.reason = "silent" if intake.counts["units"] else "no_key_frame"


def _ticks(time: int | None, base: Any) -> int | None:
    return None if time is None or base is None else int(time * base * _HZ) % (1 << 33)
