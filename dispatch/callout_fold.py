"""How facts about call-outs change the world."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dispatch import callout_book, callout_facts
from dispatch.facts import Recorded
from dispatch.world import World, put


def _callout_queued(world: World, _: Recorded, fact: callout_facts.CalloutQueued) -> World:
    callouts, secrets = callout_book.with_queued(world.callouts, world.callout_secrets, fact)
    changed = world.changed.set(("callouts", fact.callout.id), world.seq)
    return replace(world, callouts=callouts, callout_secrets=secrets, changed=changed)


def _callout_advanced(world: World, recorded: Recorded, fact: callout_facts.CalloutAdvanced) -> World:
    callout = world.callouts.get(fact.callout_id)
    if callout is None:
        return world
    return put(world, "callouts", callout.id, callout_book.advanced(callout, fact, recorded.at))


def _callout_phoned(world: World, recorded: Recorded, fact: callout_facts.CalloutPhoned) -> World:
    callout = world.callouts.get(fact.callout_id)
    if callout is None:
        return world
    phoned = replace(callout, phoned_by=recorded.actor, phoned_at=recorded.at, version=fact.version)
    return put(world, "callouts", callout.id, phoned)


def _callout_replied(world: World, _: Recorded, fact: callout_facts.CalloutReplied) -> World:
    reply = fact.reply
    world = replace(world, callout_replies=callout_book.with_reply(world.callout_replies, reply))
    callout = world.callouts.get(reply.callout_id)
    return (
        world if callout is None else put(world, "callouts", callout.id, callout_book.replied(callout, reply))
    )


def _tasking_shown(world: World, recorded: Recorded, fact: callout_facts.TaskingShown) -> World:
    tasking = world.taskings.get(fact.tasking_id)
    if tasking is None:
        return world
    shown = replace(tasking, shown_version=fact.version, shown_at=recorded.at)
    return put(world, "taskings", tasking.id, shown)


FOLDS: dict[type, Callable[[World, Recorded, Any], World]] = {
    callout_facts.CalloutQueued: _callout_queued,
    callout_facts.CalloutAdvanced: _callout_advanced,
    callout_facts.CalloutPhoned: _callout_phoned,
    callout_facts.CalloutReplied: _callout_replied,
    callout_facts.TaskingShown: _tasking_shown,
}
