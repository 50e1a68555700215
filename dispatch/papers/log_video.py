"""Lines about streams of video: registered, changed, removed, and parts of recordings kept as files. Pure."""

from collections.abc import Callable
from typing import Any

from dispatch.facts import Recorded
from dispatch.papers.log_line import LogLine, incident_name, line, why
from dispatch.video_facts import VideoClipExported, VideoSendingBegan, VideoStreamRemoved, VideoStreamSaved
from dispatch.video_kinds import VideoCarrier
from dispatch.world import World


def _saved(_: World, recorded: Recorded, fact: VideoStreamSaved) -> LogLine:
    name, new = fact.stream.terms.name, not fact.changed
    if fact.found:
        return line(
            recorded,
            why(f"未登记的发送方自动登记为视频源“{name}”", fact.found),
            why(f"Unknown sender registered as video stream “{name}” by itself", fact.found),
            aircraft_id=fact.stream.terms.carrier_id,
        )
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


def _began(world: World, recorded: Recorded, fact: VideoSendingBegan) -> LogLine:
    found, tasking = world.video_streams.get(fact.stream_id), world.taskings.get(fact.tasking_id)
    name, number = (
        found.terms.name if found else fact.stream_id,
        tasking.number if tasking else fact.tasking_id,
    )
    return line(
        recorded,
        f"{number} 开始回传画面：“{name}”",
        f"{number} began to send video: “{name}”",
        incident_id=tasking.incident_id if tasking else "",
        aircraft_id=fact.aircraft_id,
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
    VideoSendingBegan: _began,
    VideoClipExported: _exported,
}
