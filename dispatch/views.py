"""What each role may see of the world. Everyone else's doors ask here, so that it is said once."""

from dataclasses import dataclass
from typing import Any

from dispatch.kinds import Role, TaskingState
from dispatch.world import World

SHOWN = (
    "incidents",
    "plans",
    "taskings",
    "requests",
    "aircraft",
    "bases",
    "water_points",
    "landing_sites",
    "hospitals",
    "identities",
)  # tables of the world that doors show; accounts and sessions are never shown
GEOGRAPHY = frozenset({"bases", "water_points", "landing_sites", "hospitals"})
NO_OPERATIONS = frozenset({Role.SYSADMIN, Role.SECADMIN})  # administrators see no operational record


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """On whose behalf something is shown. Two viewers that are equal see the same."""

    role: Role
    operator_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relations:
    """What hangs together in one world, worked out once for all viewers: who is tasked for what, what ATC is asked for."""

    ordered: dict[str, frozenset[str]]  # operator -> its taskings that were ordered
    incidents: dict[str, frozenset[str]]  # operator -> the incidents of those
    requested_incidents: frozenset[str]
    requested_aircraft: frozenset[str]


def relate(world: World) -> Relations:
    """The relations of a world, in one pass over its taskings and requests."""
    ordered: dict[str, set[str]] = {}
    incidents: dict[str, set[str]] = {}
    for tasking in world.taskings.values():
        if tasking.state is not TaskingState.PENDING:
            ordered.setdefault(tasking.operator_id, set()).add(tasking.id)
            incidents.setdefault(tasking.operator_id, set()).add(tasking.incident_id)
    return Relations(
        ordered={operator: frozenset(ids) for operator, ids in ordered.items()},
        incidents={operator: frozenset(ids) for operator, ids in incidents.items()},
        requested_incidents=frozenset(r.incident_id for r in world.requests.values()),
        requested_aircraft=frozenset(r.aircraft_id for r in world.requests.values()),
    )


def visible(relations: Relations, viewer: Viewer, table: str, record: Any) -> bool:
    """Whether `viewer` may see `record` of `table` as things are in the world that was related."""
    if table in GEOGRAPHY:
        return True
    if viewer.role in NO_OPERATIONS:
        return table in ("aircraft", "identities") and viewer.role is Role.SYSADMIN  # which it may change
    if viewer.role is Role.OPERATOR:
        return _operator_sees(relations, viewer.operator_id, table, record)
    if viewer.role is Role.ATC:
        return _atc_sees(relations, table, record)
    if viewer.role is Role.PARTNER:
        return table in ("incidents", "taskings", "requests")
    return True


def _operator_sees(relations: Relations, operator_id: str, table: str, record: Any) -> bool:
    """Own aircraft and ordered taskings, and the incidents and airspace of those."""
    match table:
        case "aircraft":
            return bool(record.operator_id == operator_id)
        case "taskings":
            return record.id in relations.ordered.get(operator_id, ())
        case "requests":
            return record.tasking_id in relations.ordered.get(operator_id, ())
        case "incidents":
            return record.id in relations.incidents.get(operator_id, ())
        case _:
            return False


def _atc_sees(relations: Relations, table: str, record: Any) -> bool:
    """Requests, and the taskings, incidents and aircraft they are about."""
    match table:
        case "requests":
            return True
        case "taskings":
            return bool(record.airspace_request_ids)
        case "incidents":
            return record.id in relations.requested_incidents
        case "aircraft":
            return record.id in relations.requested_aircraft
        case _:
            return False
