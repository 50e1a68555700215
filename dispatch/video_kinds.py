"""The closed vocabularies of video (空地视频)."""

from enum import StrEnum


class VideoSource(StrEnum):
    """How a picture comes in: sent to a port of ours (SRT may call as well), fetched, or asked of a device."""

    TS_UDP = "ts_udp"  # MPEG-TS over UDP
    TS_TCP = "ts_tcp"  # MPEG-TS over TCP
    RTSP = "rtsp"
    RTMP = "rtmp"
    TS_SRT = "ts_srt"  # MPEG-TS over SRT: waits for a caller, or calls
    RTMP_PUSH = "rtmp_push"  # H.264 or H.265 in FLV, pushed
    GB28181 = "gb28181"  # a device that registers with us is asked for it (docs/gb28181.md)


class VideoCarrier(StrEnum):
    """What the camera is on."""

    AIRCRAFT = "aircraft"  # 航空器
    DRONE = "drone"  # 无人机
    TEAM = "team"  # 地面队伍
    FIXED = "fixed"  # 固定点


class VideoAudience(StrEnum):
    """Who of this site may watch. Partners' desks: by a grant (video_share.py)."""

    DESK = "desk"  # 仅指挥席
    OPERATION = "operation"  # 参战人员: also bases, observers, and the operator whose aircraft it is on


class VideoState(StrEnum):
    """How a stream does; measured, and not in the journal."""

    LIVE = "live"
    STALLED = "stalled"
    DOWN = "down"
