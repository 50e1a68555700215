"""The plan in force: the open proposals as one, which a new one must better and from which it starts. Pure.

Taskings that are neither ordered nor about to take off may still be changed: they count as proposed.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dispatch.closure_reach import is_closed_since
from dispatch.kinds import PlanState, TaskingState
from dispatch.records import Assignment, Plan, Tasking
from dispatch.world import ONGOING, World
from optimizer.situation_commitments import is_locked
from optimizer.situation_tasks import row_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """Ids of the open proposals, oldest first, and of the own taskings under way. `uncovered`: incidents that neither
    says anything of."""

    in_force: tuple[str, ...]
    under_way: frozenset[str]
    uncovered: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """`plan`: timelines of the interchange format, None where nothing is proposed; `pairs`: who is proposed where;
    `ids`: the open proposals, whatever they are made of; `conditions`: what people made a condition of them, changes
    of optimizer/what_if.py."""

    ids: tuple[str, ...]
    conditions: tuple[Mapping[str, Any], ...]
    plan: Mapping[str, Any] | None
    pairs: tuple[Mapping[str, str], ...]


def plan_in_force(world: World, incident_ids: Sequence[str], now: datetime) -> InForce:
    """The newest open proposals for any of the incidents; of two timelines for one aircraft the newer proposal's."""
    asked = set(incident_ids)
    open_plans = sorted(
        (p for p in world.plans.values() if p.state is PlanState.OPEN and asked & set(p.incident_ids)),
        key=lambda p: (p.created_at, p.id),
    )
    timelines: dict[str, Mapping[str, Any]] = {}
    pairs: dict[tuple[str, str], Mapping[str, str]] = {}
    head: dict[str, Any] = {}
    conditions: dict[str, Mapping[str, Any]] = {}
    for plan in open_plans:
        conditions.update({json.dumps(each, sort_keys=True): each for each in conditions_of(plan)})
        body = _read(plan)
        if body is None:
            continue
        head = {
            key: value for key, value in body.items() if key in ("schema_version", "scenario_id", "solver")
        }
        timelines.update({entry["aircraft_id"]: entry for entry in body["aircraft"]})
        for one in plan.assignments:
            row = row_of(world, one.incident_id, one.task)
            pairs[one.aircraft_id, row] = {"aircraft_id": one.aircraft_id, "incident_id": row}
    for tasking in movable_taskings(world, now):
        row = row_of(world, tasking.incident_id, tasking.task)
        pairs[tasking.aircraft_id, row] = {"aircraft_id": tasking.aircraft_id, "incident_id": row}
    merged = {**head, "aircraft": list(timelines.values())} if timelines else None
    return InForce(
        plan=merged,
        pairs=tuple(pairs.values()),
        ids=tuple(p.id for p in open_plans),
        conditions=tuple(conditions.values()),
    )


def still_holds(world: World, incident_ids: Sequence[str], now: datetime, made: Basis) -> bool:
    """Whether nothing was proposed, adopted, ordered or ended since a situation was made on this basis."""
    return basis(world, incident_ids, now) == made


def basis(world: World, incident_ids: Sequence[str], now: datetime) -> Basis:
    """Open proposals and own taskings under way: what a plan takes for granted."""
    force = plan_in_force(world, incident_ids, now).ids
    busy = [t for t in world.taskings.values() if t.site == world.site and t.state in ONGOING]
    covered = {i for plan_id in force for i in world.plans[plan_id].incident_ids}
    covered |= {t.incident_id for t in busy}
    return Basis(
        in_force=force,
        under_way=frozenset(t.id for t in busy),
        uncovered=frozenset(incident_ids) - covered,
    )


def is_overtaken(world: World, plan_ids: Sequence[str]) -> bool:
    """Whether an open proposal sends an aircraft that cannot fly any more, needs a place that is gone, or knows nothing
    of a closure that lies in its straight way."""
    return any(
        _is_gone(world, one) or is_closed_since(world, one, world.plans[plan_id].created_at)
        for plan_id in plan_ids
        for one in world.plans[plan_id].assignments
    )


def _is_gone(world: World, one: Assignment) -> bool:
    aircraft = world.aircraft.get(one.aircraft_id)
    return (
        aircraft is None
        or not aircraft.serviceable
        or one.base_id not in world.bases
        or (bool(one.water_point_id) and one.water_point_id not in world.water_points)
    )


def movable_taskings(world: World, now: datetime) -> list[Tasking]:
    """Own taskings that wait for the duty chief and take off late enough to be planned again."""
    return [
        t
        for t in world.taskings.values()
        if t.site == world.site and t.state is TaskingState.PENDING and not is_locked(t, now)
    ]


def conditions_of(plan: Plan) -> list[Mapping[str, Any]]:
    """What a person made a condition of a proposal."""
    if not plan.conditions:
        return []
    read: list[Mapping[str, Any]] = json.loads(plan.conditions)
    return read


def _read(plan: Plan) -> Mapping[str, Any] | None:
    """A proposal's interchange form; None for one that another program wrote otherwise."""
    try:
        body = json.loads(plan.interchange)
    except ValueError:
        return None
    return body if isinstance(body, dict) and isinstance(body.get("aircraft"), list) else None
