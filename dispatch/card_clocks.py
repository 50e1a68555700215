"""Clocks of an applied run card: an open line past its time is cried out once, as a fact; nothing is decided by it.

Which clocks run is run_card.py's rule over the facts. What waits for a condition, what only a person can say and what is
ticked has no clock here. The border is where it was when the card was applied.
"""

from collections.abc import Iterator
from datetime import datetime

from dispatch import access
from dispatch.commands import Ask
from dispatch.errors import Refused
from dispatch.facts import Fact
from dispatch.incident import LIFECYCLE
from dispatch.records import Incident
from dispatch.run_card import card_of, clock
from dispatch.run_card_commands import EscalateCardClock
from dispatch.run_card_facts import CardClockEscalated
from dispatch.world import World


def due(world: World, now: datetime) -> Iterator[EscalateCardClock]:
    """Lines of own incidents that are open past their time and that nobody has been told of yet."""
    for incident in world.incidents.values():
        if incident.site == world.site and not LIFECYCLE.final(incident.state):
            yield from _of(incident, now)


def _of(incident: Incident, now: datetime) -> Iterator[EscalateCardClock]:
    card = card_of(incident)
    for one in card.items if card is not None else ():
        if one.done_at is not None or one.escalated_at is not None or one.item.within_s is None:
            continue
        due_at = clock(incident, card.border_m if card is not None else None, one.item, now).due_at
        if due_at is not None and due_at <= now:
            yield EscalateCardClock(incident_id=incident.id, key=one.key, due_at=due_at)


def decide_escalate(world: World, ask: Ask, command: EscalateCardClock, now: datetime) -> tuple[Fact, ...]:
    """Record that a line's clock has passed. Raises Forbidden or Refused(NOT_NOW)."""
    access.require_site(ask, "crying out a clock of a run card")
    incident = world.incidents.get(command.incident_id)
    open_lines = () if incident is None or LIFECYCLE.final(incident.state) else tuple(_of(incident, now))
    if command not in open_lines:
        raise Refused("NOT_NOW", f"line {command.key} of {command.incident_id} is not late")
    return (CardClockEscalated(incident_id=command.incident_id, key=command.key, due_at=command.due_at),)
