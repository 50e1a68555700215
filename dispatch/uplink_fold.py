"""How facts about messages to the field change the world; fold.py calls these."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dispatch.facts import Recorded
from dispatch.uplink_facts import UplinkAnswered, UplinkNoted, UplinkSent
from dispatch.uplink_kinds import UplinkState, UplinkTo
from dispatch.uplink_records import Uplink

if TYPE_CHECKING:
    from dispatch.world import World

ORDER = tuple(UplinkState)
REMEMBERED = 64  # times of sending of one person, against a flood (uplink.MOST_IN_A_WINDOW)
_AT = {
    UplinkState.HANDED: "handed_at",
    UplinkState.DELIVERED: "delivered_at",
    UplinkState.SHOWN: "shown_at",
    UplinkState.READ: "read_at",
}


def rank(state: UplinkState) -> int:
    """How far it has come."""
    return ORDER.index(state)


def reached(uplink: Uplink, state: UplinkState, at: datetime) -> Uplink:
    """As it is once it has come so far; what it must have passed on the way is filled in."""
    passed = {
        _AT[each]: at
        for each in (UplinkState.DELIVERED, UplinkState.SHOWN, UplinkState.READ)
        if rank(each) <= rank(state) and getattr(uplink, _AT[each]) is None
    }
    if state is UplinkState.HANDED:
        passed["handed_at"] = at
    return replace(uplink, state=max(uplink.state, state, key=rank), **passed)  # type: ignore[arg-type]  # times all


def _put(world: "World", uplink: Uplink) -> "World":
    waits = uplink.to is UplinkTo.TEAM and rank(uplink.state) < rank(UplinkState.DELIVERED)
    waiting = world.uplinks_waiting
    if waits != (uplink.id in waiting):
        waiting = waiting.set(uplink.id, uplink.thing_key) if waits else waiting.delete(uplink.id)
    return replace(
        world,
        uplinks=world.uplinks.set(uplink.id, uplink),
        uplinks_waiting=waiting,
        changed=world.changed.set(("uplinks", uplink.id), world.seq),
    )


def _sent(world: "World", recorded: Recorded, fact: UplinkSent) -> "World":
    uplink = fact.uplink
    times = world.uplink_times.get(recorded.actor, ())
    if recorded.part == 0:  # several recipients are one message
        times = (*times, recorded.at)[-REMEMBERED:]
    return replace(_put(world, uplink), uplink_times=world.uplink_times.set(recorded.actor, times))


def _noted(world: "World", recorded: Recorded, fact: UplinkNoted) -> "World":
    present = world.uplinks.get(fact.uplink_id)
    if present is None:
        return world
    return _put(world, replace(reached(present, fact.state, recorded.at), version=fact.version))


def _answered(world: "World", recorded: Recorded, fact: UplinkAnswered) -> "World":
    present = world.uplinks.get(fact.uplink_id)
    if present is None:
        return world
    read = reached(present, UplinkState.READ, fact.at)
    answered = replace(
        read,
        answer=fact.answer,
        answer_text=fact.text,
        answered_at=fact.at,
        answered_by=recorded.actor,
        version=fact.version,
    )
    return _put(world, answered)


FOLDS: dict[type, Callable[["World", Recorded, Any], "World"]] = {
    UplinkSent: _sent,
    UplinkNoted: _noted,
    UplinkAnswered: _answered,
}
