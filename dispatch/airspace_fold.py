"""How facts about requests for airspace change the world."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dispatch import airspace_facts
from dispatch.facts import Recorded
from dispatch.world import World, put, step_of


def _airspace_filed(world: World, recorded: Recorded, fact: airspace_facts.AirspaceFiled) -> World:
    request = fact.request
    step = step_of(recorded, "file", request.state)
    world = put(world, "requests", request.id, replace(request, history=(*request.history, step)))
    tasking = world.taskings.get(request.tasking_id)
    if tasking is None or request.id in tasking.airspace_request_ids:
        return world
    ids = (*tasking.airspace_request_ids, request.id)
    return put(world, "taskings", tasking.id, replace(tasking, airspace_request_ids=ids))


def _airspace_advanced(world: World, recorded: Recorded, fact: airspace_facts.AirspaceAdvanced) -> World:
    request = world.requests.get(fact.request_id)
    if request is None:
        return world
    airspace = request.airspace
    approved_by = request.approved_by
    if fact.action == "approve":
        approved_by = recorded.actor
    if fact.action == "counter":
        approved_by = recorded.actor  # whose approval it becomes if the applicant accepts it unchanged
    changes = fact.counter if fact.action == "phone" else request.counter
    if fact.action in ("accept", "phone") and changes is not None:
        airspace = replace(
            airspace,
            ceiling_m=airspace.ceiling_m if changes.ceiling_m is None else changes.ceiling_m,
            active_from=changes.active_from or airspace.active_from,
            active_until=changes.active_until or airspace.active_until,
        )
    phone = request.phone
    if fact.action == "confirm" and phone is not None:
        phone = replace(phone, confirmed_by=recorded.actor, confirmed_at=recorded.at)
        approved_by = recorded.actor
    return put(
        world,
        "requests",
        request.id,
        replace(
            request,
            state=fact.state,
            version=fact.version,
            airspace=airspace,
            approved_by=approved_by,
            counter=fact.counter or request.counter,
            phone=phone,
            history=(*request.history, step_of(recorded, fact.action, fact.state, fact.reason)),
        ),
    )


FOLDS: dict[type, Callable[[World, Recorded, Any], World]] = {
    airspace_facts.AirspaceFiled: _airspace_filed,
    airspace_facts.AirspaceAdvanced: _airspace_advanced,
}
