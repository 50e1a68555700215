"""How facts of mutual aid change the world; fold.py calls these. The newest version of a record stands."""

from dataclasses import replace
from typing import TYPE_CHECKING

from dispatch.aid_facts import AidAnswered, AidAsked, AidClockPassed, AidRuleSaved
from dispatch.facts import Recorded
from dispatch.records import Step

if TYPE_CHECKING:
    from dispatch.world import World


def _step(recorded: Recorded, action: str, state: str, reason: str) -> Step:
    return Step(
        at=recorded.at,
        actor=recorded.actor,
        role=recorded.role,
        action=action,
        state=state,
        reason=reason,
    )


def asked(world: "World", recorded: Recorded, fact: AidAsked) -> "World":
    """A request as its site now has it."""
    request, present = fact.request, world.aid_requests.get(fact.request.id)
    if present is not None and present.version >= request.version:
        return world
    step = _step(recorded, str(fact.action or "request"), str(request.state), fact.reason)
    history = (*(present.history if present is not None else ()), step)
    return replace(
        world,
        aid_requests=world.aid_requests.set(request.id, replace(request, history=history)),
        changed=world.changed.set(("aid_requests", request.id), world.seq),
    )


def answered(world: "World", recorded: Recorded, fact: AidAnswered) -> "World":
    """An offer as its site now has it."""
    offer, present = fact.offer, world.aid_offers.get(fact.offer.id)
    if present is not None and present.version >= offer.version:
        return world
    step = _step(recorded, str(fact.action or "receive"), str(offer.state), fact.reason)
    history = (*(present.history if present is not None else ()), step)
    return replace(
        world,
        aid_offers=world.aid_offers.set(offer.id, replace(offer, history=history)),
        changed=world.changed.set(("aid_offers", offer.id), world.seq),
    )


def clock_passed(world: "World", recorded: Recorded, fact: AidClockPassed) -> "World":
    """A limit has passed."""
    alarm = replace(fact.alarm, escalated_at=recorded.at)
    return replace(
        world,
        aid_alarms=world.aid_alarms.set(alarm.id, alarm),
        changed=world.changed.set(("aid_alarms", alarm.id), world.seq),
    )


def rule_saved(world: "World", _: Recorded, fact: AidRuleSaved) -> "World":
    """A limit as it now is."""
    rule = fact.aid_rule
    return replace(
        world,
        aid_rules=world.aid_rules.set(rule.id, rule),
        changed=world.changed.set(("aid_rules", rule.id), world.seq),
    )
