"""How facts about plans and taskings change the world."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dispatch import amended, drop_fold, tasking_facts
from dispatch.facts import Recorded
from dispatch.kinds import PlanState, TimerKind
from dispatch.records import Tasking
from dispatch.world import DOWN, UP, World, put, step_of


def _plan_proposed(world: World, _: Recorded, fact: tasking_facts.PlanProposed) -> World:
    for old in world.plans.values():  # a newer proposal replaces the open ones for the same incidents
        if old.state is PlanState.OPEN and set(old.incident_ids) & set(fact.plan.incident_ids):
            world = put(
                world, "plans", old.id, replace(old, state=PlanState.SUPERSEDED, version=old.version + 1)
            )
    return put(world, "plans", fact.plan.id, fact.plan)


def _plan_adopted(world: World, _: Recorded, fact: tasking_facts.PlanAdopted) -> World:
    plan = world.plans.get(fact.plan_id)
    if plan is None:
        return world
    return put(world, "plans", plan.id, replace(plan, state=PlanState.ADOPTED, version=fact.version))


def _tasking_adopted(world: World, recorded: Recorded, fact: tasking_facts.TaskingAdopted) -> World:
    tasking = fact.tasking
    step = step_of(recorded, "adopt", tasking.state)
    return put(world, "taskings", tasking.id, replace(tasking, history=(*tasking.history, step)))


def _tasking_advanced(world: World, recorded: Recorded, fact: tasking_facts.TaskingAdvanced) -> World:
    tasking = world.taskings.get(fact.tasking_id)
    if tasking is None:
        return world
    step = step_of(recorded, fact.action, fact.state, fact.reason, fact.done_at)
    stepped = replace(
        tasking,
        state=fact.state,
        version=fact.version,
        timers=fact.timers,
        refusal=fact.refusal or tasking.refusal,
        sortie=tasking.sortie + (1 if fact.action == "next_sortie" else 0),
        history=(*tasking.history, step),
        crew_ids=_crew(world, tasking) if fact.action == "take_off" else tasking.crew_ids,
    )
    stepped = amended.after_step(stepped, recorded, fact)
    if fact.action in _MOVES:
        stepped = drop_fold.voided(stepped, recorded)
    world = drop_fold.forget_events(world, stepped)
    return _move_aircraft(put(world, "taskings", tasking.id, stepped), stepped, fact)


def _tasking_amended(world: World, recorded: Recorded, fact: tasking_facts.TaskingAmended) -> World:
    tasking = world.taskings.get(fact.tasking_id)
    if tasking is None:
        return world
    step = step_of(recorded, "amend", tasking.state, fact.amendment.reason)
    changed = amended.after_amending(tasking, recorded, fact)
    return put(world, "taskings", tasking.id, replace(changed, history=(*tasking.history, step)))


def _acts_refused(world: World, _: Recorded, __: tasking_facts.ActsRefused) -> World:
    return world  # nothing came of them; the journal keeps them for the auditor


def _crew(world: World, tasking: Tasking) -> tuple[str, ...]:
    """Who is aboard from this take-off on, and who was before."""
    aboard = sorted(one.id for one in world.crew.values() if one.aircraft_id == tasking.aircraft_id)
    return tuple(dict.fromkeys((*tasking.crew_ids, *aboard))) if tasking.site == world.site else ()


_MOVES = UP | DOWN


def _move_aircraft(world: World, tasking: Tasking, fact: tasking_facts.TaskingAdvanced) -> World:
    """An aircraft is at no base between take-off and landing, then at the base it landed at, if it was one."""
    aircraft = world.aircraft.get(tasking.aircraft_id)
    if aircraft is None or aircraft.site != tasking.site or fact.action not in _MOVES:
        return world  # a partner's tasking does not move our aircraft
    at_base = "" if fact.action in UP else amended.landing_base(tasking)
    return put(world, "aircraft", aircraft.id, replace(aircraft, at_base_id=at_base))


def _timer_escalated(world: World, recorded: Recorded, fact: tasking_facts.TimerEscalated) -> World:
    tasking = world.taskings.get(fact.tasking_id)
    if tasking is None:
        return world
    timers = tuple(
        replace(timer, escalated_at=recorded.at) if timer.kind is TimerKind(fact.timer) else timer
        for timer in tasking.timers
    )
    step = step_of(recorded, f"overdue_{fact.timer}", tasking.state)
    return put(
        world,
        "taskings",
        tasking.id,
        replace(tasking, timers=timers, version=fact.version, history=(*tasking.history, step)),
    )


FOLDS: dict[type, Callable[[World, Recorded, Any], World]] = {
    tasking_facts.PlanProposed: _plan_proposed,
    tasking_facts.PlanAdopted: _plan_adopted,
    tasking_facts.TaskingAdopted: _tasking_adopted,
    tasking_facts.TaskingAdvanced: _tasking_advanced,
    tasking_facts.TaskingAmended: _tasking_amended,
    tasking_facts.ActsRefused: _acts_refused,
    tasking_facts.TimerEscalated: _timer_escalated,
}
