"""How facts about run cards change the world."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dispatch import run_card_facts
from dispatch.facts import Recorded
from dispatch.run_card_records import AppliedItem
from dispatch.world import World, put, step_of


def _run_card_saved(world: World, _: Recorded, fact: run_card_facts.RunCardSaved) -> World:
    return put(world, "run_cards", fact.run_card.id, fact.run_card)


def _run_card_applied(world: World, recorded: Recorded, fact: run_card_facts.RunCardApplied) -> World:
    incident = world.incidents.get(fact.incident_id)
    if incident is None:
        return world
    chosen = fact.card.card_id != fact.card.proposed_id or fact.card.changed
    action = "override_card" if chosen else "apply_card"
    said = "，".join(filter(None, (fact.card.name, fact.card.reason)))
    step = step_of(recorded, action, incident.state, said)
    applied = replace(incident, version=fact.version, run_card=fact.card, history=(*incident.history, step))
    return put(world, "incidents", incident.id, applied)


def _card_item_ticked(world: World, recorded: Recorded, fact: run_card_facts.CardItemTicked) -> World:
    incident = world.incidents.get(fact.incident_id)
    if incident is None or incident.run_card is None:
        return world

    def ticked(one: AppliedItem) -> AppliedItem:
        if not fact.done:
            return replace(one, version=fact.version, done_at=None, done_by="", done_as=None)
        return replace(
            one, version=fact.version, done_at=recorded.at, done_by=recorded.actor, done_as=recorded.role
        )

    items = tuple(ticked(one) if one.key == fact.key else one for one in incident.run_card.items)
    # the incident's own version stays: a tick stands in nobody's way
    return put(
        world, "incidents", incident.id, replace(incident, run_card=replace(incident.run_card, items=items))
    )


def _card_clock_escalated(world: World, recorded: Recorded, fact: run_card_facts.CardClockEscalated) -> World:
    incident = world.incidents.get(fact.incident_id)
    if incident is None or incident.run_card is None:
        return world
    card = incident.run_card
    items = tuple(
        replace(one, escalated_at=recorded.at) if one.key == fact.key else one for one in card.items
    )
    return put(world, "incidents", incident.id, replace(incident, run_card=replace(card, items=items)))


FOLDS: dict[type, Callable[[World, Recorded, Any], World]] = {
    run_card_facts.RunCardSaved: _run_card_saved,
    run_card_facts.RunCardApplied: _run_card_applied,
    run_card_facts.CardItemTicked: _card_item_ticked,
    run_card_facts.CardClockEscalated: _card_clock_escalated,
}
