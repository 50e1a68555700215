"""How facts about alarms change the world; fold.py calls these."""

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from dispatch import alert_facts
from dispatch.alert_kinds import AlertDesk
from dispatch.alert_records import AlertHandling, EndedAlert, NetInhibition, SeenAlert, handling_id
from dispatch.facts import Recorded
from dispatch.records import Step

if TYPE_CHECKING:
    from dispatch.world import World

# What the page works out itself ends without a word to the site; its ids name one occasion each, so that nothing
# new is ever taken for it. After this it is let go.
FORGOTTEN_AFTER = timedelta(days=7)
SHOWN_ENDED = timedelta(days=1)  # consoles that were away learn of the end
MOST_HANDLINGS = 5_000  # the oldest goes: its alarm, if it still goes on, is unacknowledged again


def _swept(world: "World", recorded: Recorded) -> "World":
    """Without what is long over. Called where one is added, so the table stays small."""
    kept, changed = world.alert_handlings.mutate(), world.changed.mutate()
    gone = 0
    for key, each in world.alert_handlings.items():
        last = each.ended_at or each.shelved_until or each.acknowledged_at or recorded.at
        if each.ended_at is None and last < recorded.at - FORGOTTEN_AFTER:
            kept[key] = replace(each, ended_at=recorded.at, version=each.version + 1)
            changed["alert_handlings", key] = world.seq
        elif each.ended_at is not None and last < recorded.at - SHOWN_ENDED:
            del kept[key]
            changed.pop(("alert_handlings", key), None)
            gone += 1
    if len(world.alert_handlings) - gone >= MOST_HANDLINGS:
        there = ((each.acknowledged_at or recorded.at, key) for key, each in world.alert_handlings.items())
        oldest = min(key for key in there if key[1] in kept)[1]
        del kept[oldest]
        changed.pop(("alert_handlings", oldest), None)
    return replace(world, alert_handlings=kept.finish(), changed=changed.finish())


def _put(world: "World", handling: AlertHandling) -> "World":
    return replace(
        world,
        alert_handlings=world.alert_handlings.set(handling.id, handling),
        changed=world.changed.set(("alert_handlings", handling.id), world.seq),
    )


def _handling(world: "World", desk: AlertDesk, seen: SeenAlert) -> AlertHandling:
    key = handling_id(desk, seen.alert_id)
    present = world.alert_handlings.get(key)
    version = 1 if present is None else present.version + 1
    return AlertHandling(id=key, desk=desk, seen=seen, version=version)


def alert_acknowledged(world: "World", recorded: Recorded, fact: alert_facts.AlertAcknowledged) -> "World":
    """It is somebody's now."""
    world = _swept(world, recorded)
    acknowledged = replace(
        _handling(world, fact.desk, fact.seen),
        acknowledged_at=recorded.at,
        acknowledged_by=recorded.actor,
        acknowledged_as=recorded.role,
    )
    return _put(world, acknowledged)


def alert_shelved(world: "World", recorded: Recorded, fact: alert_facts.AlertShelved) -> "World":
    """It is away; when it comes back it is unacknowledged."""
    world = _swept(world, recorded)
    shelved = replace(
        _handling(world, fact.desk, fact.seen),
        shelved_at=recorded.at,
        shelved_until=fact.until,
        shelved_by=recorded.actor,
        shelved_as=recorded.role,
        shelf_reason=fact.reason,
    )
    return _put(world, shelved)


def ends(handling: AlertHandling, ended: EndedAlert) -> bool:
    """Whether what was done holds no more. What somebody quick did about the next one does."""
    done_at = handling.acknowledged_at or (handling.shelved_at if ended.graver else None)
    return handling.ended_at is None and done_at is not None and done_at <= ended.ended_at


def alert_unshelved(world: "World", recorded: Recorded, fact: alert_facts.AlertUnshelved) -> "World":
    """It is back."""
    present = world.alert_handlings.get(handling_id(fact.desk, fact.alert_id))
    if present is None:
        return world
    back = replace(present, shelved_until=None, ended_at=recorded.at, version=present.version + 1)
    return _put(world, back)


def alerts_ended(world: "World", _: Recorded, fact: alert_facts.AlertsEnded) -> "World":
    """What was acknowledged before the end holds no more; a shelf stands for its time unless it got graver."""
    for ended in fact.alerts:
        if ended.alert_id in world.latched_alerts and not ended.graver:
            world = replace(world, latched_alerts=world.latched_alerts.delete(ended.alert_id))
        for desk in AlertDesk:
            present = world.alert_handlings.get(handling_id(desk, ended.alert_id))
            if present is None or not ends(present, ended):
                continue
            world = _put(world, replace(present, ended_at=ended.ended_at, version=present.version + 1))
    return world


def alerts_latched(world: "World", _: Recorded, fact: alert_facts.AlertsLatched) -> "World":
    """These stay."""
    kept = world.latched_alerts.mutate()
    for each in fact.alerts:
        kept[each.alert_id] = each
    return replace(world, latched_alerts=kept.finish())


def alerts_counted(world: "World", _: Recorded, __: alert_facts.AlertsCounted) -> "World":
    """Figures are made of the journal (kpis.py); the world needs none."""
    return world


def _inhibition(
    world: "World", recorded: Recorded, inhibition: NetInhibition, action: str, reason: str
) -> "World":
    step = Step(
        at=recorded.at,
        actor=recorded.actor,
        role=recorded.role,
        action=action,
        state="lifted" if inhibition.lifted_at is not None else "in_force",
        reason=reason,
    )
    told = replace(inhibition, history=(*inhibition.history, step))
    kept, changed = world.net_inhibitions.mutate(), world.changed.mutate()
    for key, each in world.net_inhibitions.items():
        if each.until < recorded.at - FORGOTTEN_AFTER:
            del kept[key]
            changed.pop(("net_inhibitions", key), None)
    kept[told.id] = told
    changed["net_inhibitions", told.id] = world.seq
    return replace(world, net_inhibitions=kept.finish(), changed=changed.finish())


def net_inhibited(world: "World", recorded: Recorded, fact: alert_facts.NetInhibited) -> "World":
    """A net keeps still."""
    return _inhibition(world, recorded, fact.inhibition, "inhibit", fact.inhibition.reason)


def inhibition_lifted(world: "World", recorded: Recorded, fact: alert_facts.InhibitionLifted) -> "World":
    """It speaks again."""
    present = world.net_inhibitions.get(fact.inhibition_id)
    if present is None:
        return world
    lifted = replace(present, lifted_at=recorded.at, lifted_by=recorded.actor, version=fact.version)
    return _inhibition(world, recorded, lifted, "lift", fact.reason)
