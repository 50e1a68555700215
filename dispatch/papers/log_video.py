"""Lines about streams of video: registered, changed, removed, and parts of recordings kept as files. Pure."""

from collections.abc import Callable
from typing import Any

from dispatch.facts import Recorded
from dispatch.papers.log_line import LogLine, incident_name, line, why
from dispatch.video_facts import VideoClipExported, VideoStreamRemoved, VideoStreamSaved
from dispatch.video_kinds import VideoCarrier
from dispatch.world import World


def _saved(_: World, recorded: Recorded, fact: VideoStreamSaved) -> LogLine:
    name, new = fact.stream.terms.name, not fact.changed
    return line(
        recorded,
        f"{'登记' if new else '修改'}视频源“{name}”",
        f"Video stream {'registered' if new else 'changed'}: “{name}”",
    )


def _removed(world: World, recorded: Recorded, fact: VideoStreamRemoved) -> LogLine:
    found = world.video_streams.get(fact.stream_id)
    name = f"“{found.terms.name}”" if found else fact.stream_id
    return line(
        recorded,
        why(f"撤销视频源{name}", fact.reason),
        why(f"Video stream removed: {name}", fact.reason),
    )


def _exported(world: World, recorded: Recorded, fact: VideoClipExported) -> LogLine:
    clip = fact.clip
    lasts_s = round((clip.to_at - clip.from_at).total_seconds())
    of = f"，{incident_name(world, clip.incident_id)}" if clip.incident_id else ""
    return line(
        recorded,
        why(
            f"导出录像“{clip.stream_name}”{lasts_s} 秒{of}（{clip.id}，SHA-256 {clip.sha256[:16]}…）",
            clip.reason,
        ),
        why(
            f"Recording exported: “{clip.stream_name}”, {lasts_s} s ({clip.id}, SHA-256 {clip.sha256[:16]}…)",
            clip.reason,
        ),
        incident_id=clip.incident_id,
        aircraft_id=clip.carrier_id if clip.carrier is VideoCarrier.AIRCRAFT else "",
    )


LINES: dict[type, Callable[[World, Recorded, Any], LogLine | None]] = {
    VideoStreamSaved: _saved,
    VideoStreamRemoved: _removed,
    VideoClipExported: _exported,
}
