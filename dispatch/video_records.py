"""Streams of video as they are registered, and who watched them. The pictures themselves are never in the journal."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.records import Step
from dispatch.video_kinds import VideoAudience, VideoCarrier, VideoSource


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoTerms:
    """What is said of a stream.

    `address` of what is sent to us is a port of this site's, or `group:port` for multicast (`ts_udp`); of `gb28181` the ids
    of device and channel, `20 digits/20 digits`; else the address to fetch from, `srt://host:port` of `ts_srt`, without
    user and password: `login` names those in the site's own file. `carrier_id`: the aircraft's id,
    or the track of a drone or team (`thing:…`), by which it is found on the map.
    """

    name: str
    source: VideoSource
    address: str
    carrier: VideoCarrier
    carrier_id: str = ""
    audience: VideoAudience = VideoAudience.DESK
    watermark: bool = True  # who watches and when is written over the picture
    enabled: bool = True
    login: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoStream:
    """A registered stream; video.py has its rules, video_discovery.py those of how it begins. `operator_id`: of the aircraft it is on, when it was saved."""

    id: str
    site: str
    terms: VideoTerms
    operator_id: str = ""
    saved_at: datetime
    saved_by: str
    removed_at: datetime | None = None
    version: int = 1
    history: tuple[Step, ...] = ()
    began_at: datetime | None = None  # last time that its aircraft on task began to send
    began_tasking_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoViewing:
    """Somebody watches a stream."""

    id: str
    stream_id: str
    address: str = ""  # of the machine they watch on
    purpose: str = ""
    platform: str = ""  # an upper platform's id: it watches, and whoever it shows it to


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoReplay:
    """Somebody watches what was recorded, from a moment on. `clip_id`: takes that file away."""

    id: str
    stream_id: str
    from_at: datetime
    address: str = ""
    purpose: str = ""
    clip_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoClip:
    """A part of a recording as a file, for evidence; video_recording.py has its rules.

    `from_at`, `to_at`: its first and last picture, when they arrived at the site. `sha256` of the file, in hex.
    `gaps`: places without pictures for over 2 s. name and carrier: as the stream was registered when it
    was recorded; `operator_id`: of that aircraft. `with_klv`: MPEG-TS (H.222.0) with `klv` packets of KLV
    beside the pictures; else an MP4 of the pictures alone.
    """

    id: str
    site: str
    stream_id: str
    stream_name: str
    carrier: VideoCarrier
    carrier_id: str = ""
    operator_id: str = ""
    from_at: datetime
    to_at: datetime
    incident_id: str = ""
    reason: str
    sha256: str
    size_bytes: int
    pictures: int
    gaps: int = 0
    codec: str = ""
    width: int = 0
    height: int = 0
    exported_at: datetime
    exported_by: str
    with_klv: bool = False
    klv: int = 0

    @property
    def file_name(self) -> str:
        """As it is kept and handed out."""
        return file_name(self.id, self.with_klv)


def file_name(clip_id: str, with_klv: bool) -> str:
    """Of a clip."""
    return f"{clip_id}.{'ts' if with_klv else 'mp4'}"
