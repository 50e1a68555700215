"""What each role may see of the world. Everyone else's doors ask here, so that it is said once."""

from dataclasses import dataclass
from typing import Any

from dispatch.access import OPEN_ROOM, SEE_DUTY
from dispatch.kinds import Role, TaskingState
from dispatch.room_records import Room
from dispatch.video import may_watch
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
    "obstacles",
    "identities",
    "closures",
    "searches",
    "traffic_areas",
    "intrusions",
    "rooms",
    "room_people",
    "room_entries",
    "operators",
    "contracts",
    "crew",
    "equipment",
    "duty_rules",
    "minima",
    "hazards",
    "run_cards",
    "clearance_rules",
    "aid_rules",
    "callouts",
    "alert_handlings",
    "net_inhibitions",
    "aid_requests",
    "aid_offers",
    "aid_alarms",
    "video_streams",
    "shown_videos",
    "video_requests",
    "video_grants",
    "uplinks",
)  # tables of the world that doors show; accounts and sessions are never shown
GEOGRAPHY = frozenset({"bases", "water_points", "landing_sites", "hospitals", "obstacles"})
COSTS = frozenset({Role.DISPATCHER, Role.DUTY_CHIEF, Role.AUDITOR})  # who sees what others are paid
STAFF = COSTS | {Role.BASE, Role.OBSERVER}  # who sees names and phones of crews
NO_OPERATIONS = frozenset(
    {Role.SYSADMIN, Role.SECADMIN, Role.GATEWAY}
)  # neither administrators nor gateways see operational records or tracks
_BY_ROLE = {
    **dict.fromkeys(
        ("aid_requests", "aid_offers", "aid_alarms", "aid_rules"), STAFF
    ),  # terms and costs between two centres
    "shifts": SEE_DUTY,
    "crew": STAFF,
    "contracts": COSTS,
    "callouts": COSTS,
    # what passes between two desks about pictures, and who checks it
    **dict.fromkeys(("shown_videos", "video_requests", "video_grants"), COSTS),
    "uplinks": COSTS,  # and to whom it was sent
}


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
    rooms: dict[str, Room]  # those that this site is in


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
        rooms={each.id: each for each in world.rooms.values() if world.site in each.sites},
    )


def visible(relations: Relations, viewer: Viewer, table: str, record: Any) -> bool:
    """Whether `viewer` may see `record` of `table` as things are in the world that was related."""
    if viewer.role is Role.GATEWAY:
        return False  # it hands over and is answered what became of it
    if table in GEOGRAPHY:
        return True
    if viewer.role in NO_OPERATIONS:
        return (
            table in ("aircraft", "identities", "video_streams") and viewer.role is Role.SYSADMIN
        )  # which it may change
    if table in ("closures", "volumes", "hazards"):
        return True  # whoever flies, or has to do with those who do
    if table in ("alert_handlings", "net_inhibitions"):
        return viewer.role not in (Role.OPERATOR, Role.PARTNER)  # who did what at the desk
    if table == "video_streams":
        return viewer.role is Role.AUDITOR or may_watch(viewer.role, viewer.operator_id, record)
    if table in ("rooms", "room_people", "room_entries"):
        return _room_shows(relations, viewer, table, record)
    if viewer.role is Role.OPERATOR:
        return _operator_sees(relations, viewer.operator_id, table, record)
    if viewer.role is Role.ATC:
        return _atc_sees(relations, table, record)
    if viewer.role is Role.PARTNER:
        return table in ("incidents", "taskings", "requests")
    roles = _BY_ROLE.get(table)
    return roles is None or viewer.role in roles


def _operator_sees(relations: Relations, operator_id: str, table: str, record: Any) -> bool:
    """Own aircraft and ordered taskings, and the incidents and airspace of those."""
    match table:
        case "aircraft" | "crew" | "contracts":
            return bool(record.operator_id == operator_id)
        case "uplinks":
            return bool(operator_id) and record.operator_id == operator_id
        case "operators":
            return bool(record.id == operator_id)
        case "duty_rules" | "minima":
            return True
        case "taskings":
            return record.id in relations.ordered.get(operator_id, ())
        case "requests":
            return record.tasking_id in relations.ordered.get(operator_id, ())
        case "incidents":
            return record.id in relations.incidents.get(operator_id, ())
        case "searches" | "traffic_areas" | "intrusions":
            return record.incident_id in relations.incidents.get(operator_id, ())
        case _:
            return False


def _room_shows(relations: Relations, viewer: Viewer, table: str, record: Any) -> bool:
    """To the desk, to the auditor, and to whom the desk has invited; what of whom the owner has not invited: to nobody."""
    room = relations.rooms.get(record.id if table == "rooms" else record.room_id)
    if room is None or (table != "rooms" and record.site not in room.sites):
        return False
    if viewer.role is Role.OPERATOR and room.incident_id not in relations.incidents.get(
        viewer.operator_id, ()
    ):
        return False  # a company's people are asked about their own incidents
    return viewer.role in OPEN_ROOM | {Role.AUDITOR, *room.roles}


def _atc_sees(relations: Relations, table: str, record: Any) -> bool:
    """Requests, and the taskings, incidents and aircraft they are about."""
    match table:
        case "requests" | "clearance_rules":
            return True
        case "taskings":
            return bool(record.airspace_request_ids)
        case "incidents":
            return record.id in relations.requested_incidents
        case "searches" | "traffic_areas" | "intrusions":
            return record.incident_id in relations.requested_incidents
        case "aircraft":
            return record.id in relations.requested_aircraft
        case _:
            return False
