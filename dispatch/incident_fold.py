"""How facts about incidents and their alarms change the world."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dispatch import incident_facts
from dispatch.facts import Recorded
from dispatch.kinds import AlarmFlag
from dispatch.records import AlarmSource, Step
from dispatch.world import World, alarm_key, put, step_of


def _incident_reported(world: World, recorded: Recorded, fact: incident_facts.IncidentReported) -> World:
    incident = fact.incident
    step = step_of(recorded, "report", incident.state)
    world = put(world, "incidents", incident.id, replace(incident, history=(*incident.history, step)))
    return _know_alarms(world, recorded, incident.id, incident.sources)


def _know_alarms(
    world: World, recorded: Recorded, incident_id: str, sources: tuple[AlarmSource, ...]
) -> World:
    if recorded.origin != world.site or not sources:
        return world  # a partner's alarms are not ours to match
    known = world.alarms.mutate()
    for each in sources:
        known[alarm_key(each.kind, each.source, each.own_id)] = incident_id
    return replace(world, alarms=known.finish())


MAX_SOURCES = 200  # of one incident in memory and on a screen; the newest stay, the journal has all


def _alarms_joined(world: World, recorded: Recorded, fact: incident_facts.AlarmsJoined) -> World:
    incident = world.incidents.get(fact.incident_id)
    if incident is None:
        return world
    kept = {alarm_key(each.kind, each.source, each.own_id): each for each in incident.sources}
    for each in fact.sources:
        key = alarm_key(each.kind, each.source, each.own_id)
        before = kept.pop(key, None)
        kept[key] = each if before is None else replace(each, times=before.times + each.times)
    step = step_of(recorded, "join", incident.state)
    joined = replace(
        incident,
        version=fact.version,
        sources=tuple(kept.values())[-MAX_SOURCES:],
        flags=fact.flags,
        possible_duplicates=fact.possible_duplicates,
        history=_with_join(incident.history, step),
    )
    return _know_alarms(put(world, "incidents", incident.id, joined), recorded, incident.id, fact.sources)


def _with_join(history: tuple[Step, ...], step: Step) -> tuple[Step, ...]:
    """A monitor repeats itself every few seconds: repeats one after another are one line, the last."""
    same = bool(history) and history[-1].action == "join" and history[-1].actor == step.actor
    return (*history[:-1], step) if same else (*history, step)


def _incident_verified(world: World, recorded: Recorded, fact: incident_facts.IncidentVerified) -> World:
    incident = world.incidents.get(fact.incident_id)
    if incident is None:
        return world
    verified = replace(
        incident,
        version=fact.version,
        flags=tuple(flag for flag in incident.flags if flag != AlarmFlag.UNVERIFIED),
        verified_by=recorded.actor,
        verified_at=recorded.at,
        history=(*incident.history, step_of(recorded, "verify", incident.state, fact.note)),
    )
    return put(world, "incidents", incident.id, verified)


def _incident_advanced(world: World, recorded: Recorded, fact: incident_facts.IncidentAdvanced) -> World:
    incident = world.incidents.get(fact.incident_id)
    if incident is None:
        return world
    return put(
        world,
        "incidents",
        incident.id,
        replace(
            incident,
            state=fact.state,
            version=fact.version,
            merged_into=fact.merged_into or incident.merged_into,
            history=(*incident.history, step_of(recorded, fact.action, fact.state, fact.reason)),
        ),
    )


def _incident_updated(world: World, recorded: Recorded, fact: incident_facts.IncidentUpdated) -> World:
    incident = world.incidents.get(fact.incident_id)
    if incident is None:
        return world
    step = step_of(recorded, "update", incident.state, ", ".join(fact.changed))
    return put(
        world,
        "incidents",
        incident.id,
        replace(
            incident,
            version=fact.version,
            level=fact.level,
            title=fact.title,
            life_at_risk=fact.life_at_risk,
            demand_l=fact.demand_l,
            growth_lps=fact.growth_lps,
            wind_mps=fact.wind_mps,
            visibility_m=fact.visibility_m,
            note=fact.note,
            fire=fact.fire,
            people=fact.people,
            history=(*incident.history, step),
        ),
    )


def _incident_corrected(world: World, recorded: Recorded, fact: incident_facts.IncidentCorrected) -> World:
    incident = world.incidents.get(fact.incident_id)
    if incident is None:
        return world
    step = step_of(recorded, "correct", incident.state, f"{', '.join(fact.changed)}：{fact.reason}")
    corrected = replace(
        incident,
        version=fact.version,
        kind=fact.kind,
        title=fact.title,
        place=fact.place,
        position=fact.position,
        stated_datum=fact.stated_datum,
        elevation_m=fact.elevation_m,
        life_at_risk=fact.life_at_risk,
        demand_l=fact.demand_l,
        growth_lps=fact.growth_lps,
        wind_mps=fact.wind_mps,
        fire=fact.fire,
        moved_at=recorded.at if "position" in fact.changed else incident.moved_at,
        history=(*incident.history, step),
    )
    return put(world, "incidents", incident.id, corrected)


def _incident_shared(world: World, recorded: Recorded, fact: incident_facts.IncidentShared) -> World:
    incident = fact.incident
    if recorded.origin == world.site:
        own = world.incidents.get(incident.id, incident)
        step = step_of(recorded, "share", own.state, fact.partner)
        incident = replace(  # ours keeps the names that the snapshot left out
            own,
            shared_with=incident.shared_with,
            version=incident.version,
            history=(*own.history, step),
        )
    world = put(world, "incidents", incident.id, incident)
    for tasking in fact.taskings if recorded.origin != world.site else ():
        world = put(world, "taskings", tasking.id, tasking)
    for request in fact.requests if recorded.origin != world.site else ():
        world = put(world, "requests", request.id, request)
    key = (incident.id, fact.partner)
    return world if key in world.shared else replace(world, shared=world.shared.set(key, recorded.seq))


FOLDS: dict[type, Callable[[World, Recorded, Any], World]] = {
    incident_facts.IncidentReported: _incident_reported,
    incident_facts.IncidentAdvanced: _incident_advanced,
    incident_facts.IncidentUpdated: _incident_updated,
    incident_facts.IncidentCorrected: _incident_corrected,
    incident_facts.AlarmsJoined: _alarms_joined,
    incident_facts.IncidentVerified: _incident_verified,
    incident_facts.IncidentShared: _incident_shared,
}
