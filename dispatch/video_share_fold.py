"""How facts about video between sites change the world; fold.py calls these. The newest version of a record stands.

What ended more than KEPT ago is dropped with the next request or answer, whoever's: the journal keeps it.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from dispatch.facts import Recorded
from dispatch.video_share_facts import (
    PartnerViewingBegan,
    PartnerViewingEnded,
    VideoAnswered,
    VideoRequested,
    VideoShown,
)
from dispatch.video_share_kinds import VideoGrantState, VideoRequestState

if TYPE_CHECKING:
    from dispatch.world import World

KEPT = timedelta(days=30)  # in memory, after its end; a proposed figure
_OVER = frozenset({VideoGrantState.REFUSED, VideoGrantState.REVOKED, VideoGrantState.EXPIRED})


def _put(world: "World", table: str, key: str, record: Any) -> "World":
    return replace(
        world,
        **{table: getattr(world, table).set(key, record)},
        changed=world.changed.set((table, key), world.seq),
    )


def _shown(world: "World", recorded: Recorded, fact: VideoShown) -> "World":
    """Ours: it was told. A partner's: what it names no more is gone."""
    if recorded.origin == world.site:
        return replace(world, video_told=world.video_told.set(fact.partner, fact.streams))
    named = {each.id for each in fact.streams}
    for each in [one for one in world.shown_videos.values() if one.site == recorded.origin]:
        if each.id not in named and not each.gone:
            world = _put(world, "shown_videos", each.id, replace(each, gone=True))
    for each in fact.streams:
        if world.shown_videos.get(each.id) != each:
            world = _put(world, "shown_videos", each.id, each)
    return world


def _requested(world: "World", recorded: Recorded, fact: VideoRequested) -> "World":
    present = world.video_requests.get(fact.request.id)
    if present is not None and present.version >= fact.request.version:
        return world
    return _without_ended(
        _put(world, "video_requests", fact.request.id, fact.request), recorded.at, but=fact.request.id
    )


def _answered(world: "World", recorded: Recorded, fact: VideoAnswered) -> "World":
    grant, present = fact.grant, world.video_grants.get(fact.grant.id)
    if present is not None and present.version >= grant.version:
        return world
    # who watches is counted here, of what each side's journal says
    kept = replace(
        grant,
        watching=0 if present is None else present.watching,
        viewed=0 if present is None else present.viewed,
    )
    world = _put(world, "video_grants", grant.id, kept)
    world = replace(world, video_answers=world.video_answers.set(grant.request_id, grant.id))
    return _without_ended(world, recorded.at, but=grant.request_id)


def _without_ended(world: "World", at: datetime, *, but: str) -> "World":
    """Without answers that are over, and withdrawn requests that nobody answered; a request goes with its answer.

    A grant whose end its owner has not told yet stays, and one under which somebody is said to watch.
    """
    over = {
        each.request_id: each.id
        for each in world.video_grants.values()
        if each.state in _OVER and not each.watching and at - each.decided_at > KEPT
    }
    withdrawn = {
        each.id
        for each in world.video_requests.values()
        if each.state is VideoRequestState.WITHDRAWN
        and each.id not in world.video_answers
        and at - each.requested_at > KEPT
    }
    gone = (over.keys() | withdrawn) - {but}
    if not gone:
        return world
    requests, grants = world.video_requests.mutate(), world.video_grants.mutate()
    answers, changed = world.video_answers.mutate(), world.changed.mutate()
    for request_id in gone:
        requests.pop(request_id, None)
        answers.pop(request_id, None)
        changed.pop(("video_requests", request_id), None)
        grants.pop(over.get(request_id, ""), None)
        changed.pop(("video_grants", over.get(request_id, "")), None)
    return replace(
        world,
        video_requests=requests.finish(),
        video_grants=grants.finish(),
        video_answers=answers.finish(),
        changed=changed.finish(),
    )


def _began(world: "World", _: Recorded, fact: PartnerViewingBegan) -> "World":
    viewing = fact.viewing
    if viewing.id in world.video_viewings:
        return world
    world = replace(world, video_viewings=world.video_viewings.set(viewing.id, viewing))
    grant = world.video_grants.get(viewing.grant_id)
    if grant is None:
        return world
    more = replace(grant, watching=grant.watching + 1, viewed=grant.viewed + 1)
    return _put(world, "video_grants", grant.id, more)


def _ended(world: "World", _: Recorded, fact: PartnerViewingEnded) -> "World":
    viewing = world.video_viewings.get(fact.viewing_id)
    if viewing is None:
        return world
    world = replace(world, video_viewings=world.video_viewings.delete(viewing.id))
    grant = world.video_grants.get(viewing.grant_id)
    if grant is None:
        return world
    return _put(world, "video_grants", grant.id, replace(grant, watching=max(0, grant.watching - 1)))


def without(world: "World", site: str) -> "World":
    """What `site` showed us is gone: its consent has ended. What was asked and granted stays: it says what was."""
    for each in [one for one in world.shown_videos.values() if one.site == site and not one.gone]:
        world = _put(
            world, "shown_videos", each.id, replace(each, name="", carrier_name="", icao24="", gone=True)
        )
    return world


FOLDS: dict[type, Callable[["World", Recorded, Any], "World"]] = {
    VideoShown: _shown,
    VideoRequested: _requested,
    VideoAnswered: _answered,
    PartnerViewingBegan: _began,
    PartnerViewingEnded: _ended,
}
