"""How facts about sources for the conference system change the world; fold.py calls these."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dispatch.conference_facts import (
    ConferencePullBegan,
    ConferencePullEnded,
    ConferenceSourcesOffered,
    ConferenceSourcesTakenBack,
)
from dispatch.conference_records import ConferenceCall, ConferencePull
from dispatch.facts import Recorded

if TYPE_CHECKING:
    from dispatch.world import World

MOST_PULLS = 40  # that are over, of one call in memory, the newest; the journal has all


def _put(world: "World", call: ConferenceCall) -> "World":
    return replace(world, conference_calls=world.conference_calls.set(call.id, call))


def _offered(world: "World", _: Recorded, fact: ConferenceSourcesOffered) -> "World":
    return _put(world, fact.call)


def _taken_back(world: "World", recorded: Recorded, fact: ConferenceSourcesTakenBack) -> "World":
    call = world.conference_calls.get(fact.call_id)
    if call is None:
        return world
    sources = tuple(
        replace(each, taken_back_at=recorded.at, reason=fact.reason) if each.id in fact.source_ids else each
        for each in call.sources
    )
    return _put(world, replace(call, sources=sources))


def _began(world: "World", _: Recorded, fact: ConferencePullBegan) -> "World":
    call = world.conference_calls.get(fact.call_id)
    return world if call is None else _put(world, replace(call, pulls=_kept((*call.pulls, fact.pull))))


def _kept(pulls: tuple[ConferencePull, ...]) -> tuple[ConferencePull, ...]:
    over = [each for each in pulls if each.ended_at is not None]
    forgotten = {each.id for each in over[:-MOST_PULLS]}
    return tuple(each for each in pulls if each.id not in forgotten)


def _ended(world: "World", recorded: Recorded, fact: ConferencePullEnded) -> "World":
    call = world.conference_calls.get(fact.call_id)
    if call is None:
        return world
    pulls = tuple(
        replace(each, ended_at=recorded.at) if each.id == fact.pull_id else each for each in call.pulls
    )
    return _put(world, replace(call, pulls=pulls))


FOLDS: dict[type, Callable[["World", Recorded, Any], "World"]] = {
    ConferenceSourcesOffered: _offered,
    ConferenceSourcesTakenBack: _taken_back,
    ConferencePullBegan: _began,
    ConferencePullEnded: _ended,
}
