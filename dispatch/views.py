"""What each role may see of the world. Everyone else's doors ask here, so that it is said once."""

from dataclasses import dataclass
from typing import Any

from dispatch.kinds import Role
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
)  # tables of the world that doors show; accounts and sessions are never shown
GEOGRAPHY = frozenset({"bases", "water_points", "landing_sites", "hospitals"})
NO_OPERATIONS = frozenset({Role.SYSADMIN, Role.SECADMIN})  # administrators see no operational record


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """On whose behalf something is shown. Two viewers that are equal see the same."""

    role: Role
    operator_id: str = ""


def visible(world: World, viewer: Viewer, table: str, record: Any) -> bool:
    """Whether `viewer` may see `record` of `table` as things are in `world`."""
    if table in GEOGRAPHY:
        return True
    if viewer.role in NO_OPERATIONS:
        return table == "aircraft" and viewer.role is Role.SYSADMIN
    if viewer.role is Role.OPERATOR:
        return _operator_sees(world, viewer, table, record)
    if viewer.role is Role.ATC:
        return _atc_sees(world, table, record)
    if viewer.role is Role.PARTNER:
        return table in ("incidents", "taskings", "requests")
    return True


def _operator_sees(world: World, viewer: Viewer, table: str, record: Any) -> bool:
    """Own aircraft and taskings, and the incidents and airspace of those that were ordered."""
    if table in ("aircraft", "taskings"):
        return bool(record.operator_id == viewer.operator_id) and getattr(record, "state", "") != "pending"
    mine = (
        t for t in world.taskings.values() if t.operator_id == viewer.operator_id and t.state != "pending"
    )
    if table == "incidents":
        return any(t.incident_id == record.id for t in mine)
    if table == "requests":
        return any(t.id == record.tasking_id for t in mine)
    return False


def _atc_sees(world: World, table: str, record: Any) -> bool:
    """Requests, and the taskings, incidents and aircraft they are about."""
    if table == "requests":
        return True
    match table:
        case "taskings":
            return bool(record.airspace_request_ids)
        case "incidents":
            return any(r.incident_id == record.id for r in world.requests.values())
        case "aircraft":
            return any(r.aircraft_id == record.id for r in world.requests.values())
        case _:
            return False
