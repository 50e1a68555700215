"""Lines about streams of video: registered, changed, removed. Pure."""

from collections.abc import Callable
from typing import Any

from dispatch.facts import Recorded
from dispatch.papers.log_line import LogLine, line, why
from dispatch.video_facts import VideoStreamRemoved, VideoStreamSaved
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


LINES: dict[type, Callable[[World, Recorded, Any], LogLine | None]] = {
    VideoStreamSaved: _saved,
    VideoStreamRemoved: _removed,
}
