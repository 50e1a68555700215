"""How facts about video between sites change the world; fold.py calls these. The newest version of a record stands."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dispatch.facts import Recorded
from dispatch.video_share_facts import (
    PartnerViewingBegan,
    PartnerViewingEnded,
    VideoAnswered,
    VideoRequested,
    VideoShown,
)

if TYPE_CHECKING:
    from dispatch.world import World


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


def _requested(world: "World", _: Recorded, fact: VideoRequested) -> "World":
    present = world.video_requests.get(fact.request.id)
    if present is not None and present.version >= fact.request.version:
        return world
    return _put(world, "video_requests", fact.request.id, fact.request)


def _answered(world: "World", _: Recorded, fact: VideoAnswered) -> "World":
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
    return replace(world, video_answers=world.video_answers.set(grant.request_id, grant.id))


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
