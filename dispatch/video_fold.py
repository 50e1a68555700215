"""How facts about video change the world; fold.py calls these. Viewings are kept by the journal alone."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dispatch.facts import Recorded
from dispatch.records import Step
from dispatch.video_facts import (
    VideoClipExported,
    VideoReplayBegan,
    VideoReplayEnded,
    VideoSendingBegan,
    VideoStreamRemoved,
    VideoStreamSaved,
    VideoViewingBegan,
    VideoViewingEnded,
)
from dispatch.video_records import VideoStream

if TYPE_CHECKING:
    from dispatch.world import World

MOST_STEPS = 50  # of one stream in memory, the newest; the journal has all


def _put(world: "World", recorded: Recorded, stream: VideoStream, action: str, reason: str = "") -> "World":
    before = world.video_streams.get(stream.id)
    step = Step(
        at=recorded.at,
        actor=recorded.actor,
        role=recorded.role,
        action=action,
        state="removed" if stream.removed_at is not None else "registered",
        reason=reason,
    )
    history = (*(before.history if before is not None else ()), step)[-MOST_STEPS:]
    return replace(
        world,
        video_streams=world.video_streams.set(stream.id, replace(stream, history=history)),
        changed=world.changed.set(("video_streams", stream.id), world.seq),
    )


def _saved(world: "World", recorded: Recorded, fact: VideoStreamSaved) -> "World":
    return _put(world, recorded, fact.stream, "save", fact.found or ", ".join(fact.changed))


def _removed(world: "World", recorded: Recorded, fact: VideoStreamRemoved) -> "World":
    present = world.video_streams.get(fact.stream_id)
    if present is None:
        return world
    gone = replace(present, removed_at=recorded.at, version=fact.version)
    return _put(world, recorded, gone, "remove", fact.reason)


def _began(world: "World", recorded: Recorded, fact: VideoSendingBegan) -> "World":
    present = world.video_streams.get(fact.stream_id)
    if present is None:
        return world
    begun = replace(present, began_at=recorded.at, began_tasking_id=fact.tasking_id)
    return replace(
        world,
        video_streams=world.video_streams.set(present.id, begun),
        changed=world.changed.set(("video_streams", present.id), world.seq),
    )


def _viewing(
    world: "World",
    _: Recorded,
    __: VideoViewingBegan | VideoViewingEnded | VideoReplayBegan | VideoReplayEnded,
) -> "World":
    return world


def _clip(world: "World", _: Recorded, fact: VideoClipExported) -> "World":
    return replace(world, video_clips=world.video_clips.set(fact.clip.id, fact.clip))


FOLDS: dict[type, Callable[["World", Recorded, Any], "World"]] = {
    VideoStreamSaved: _saved,
    VideoStreamRemoved: _removed,
    VideoSendingBegan: _began,
    VideoViewingBegan: _viewing,
    VideoViewingEnded: _viewing,
    VideoReplayBegan: _viewing,
    VideoReplayEnded: _viewing,
    VideoClipExported: _clip,
}
