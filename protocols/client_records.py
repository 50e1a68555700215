"""Which records a console is told of: touched by a fact, changed since a row, seen by its eyes.

Each record is encoded once, whoever sees it; viewers who see the same share the joined message too. An operator or
ATC may come to see an old record because of a new one (an incident, once its tasking is ordered), so what hangs on
a touched record is looked at again.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from dispatch import facts
from dispatch.facts import Recorded
from dispatch.kinds import Role
from dispatch.views import SHOWN, Relations, Viewer, visible
from dispatch.world import World
from protocols.codec.client_fragments import record_fragment

Key = tuple[str, str]  # table, id

SCOPED = frozenset({Role.OPERATOR, Role.ATC})  # what they see depends on other records


def touched(world: World, recorded: Iterable[Recorded], after: int) -> frozenset[Key]:
    """The shown records that these facts changed after row `after`."""
    keys: set[Key] = set()
    for each in recorded:
        keys.update(_named(world, each.fact))
    return frozenset(key for key in keys if world.changed.get(key, 0) > after)


def _named(world: World, fact: facts.Fact) -> Iterator[Key]:
    match fact:
        case facts.IncidentReported():
            yield "incidents", fact.incident.id
        case facts.IncidentAdvanced() | facts.IncidentUpdated():
            yield "incidents", fact.incident_id
        case facts.IncidentShared():
            yield "incidents", fact.incident.id
            yield from (("taskings", tasking.id) for tasking in fact.taskings)
            yield from (("requests", request.id) for request in fact.requests)
        case facts.PlanProposed() | facts.PlanAdopted():  # a new proposal supersedes others
            yield from (("plans", plan_id) for plan_id in world.plans)
        case facts.TaskingAdopted():
            yield "taskings", fact.tasking.id
        case facts.TaskingAdvanced() | facts.TimerEscalated():
            yield from _of_tasking(world, fact.tasking_id)
        case facts.AirspaceFiled():
            yield "requests", fact.request.id
            yield from _of_tasking(world, fact.request.tasking_id)
        case facts.AirspaceAdvanced():
            yield "requests", fact.request_id
        case _:
            yield from _of_resource(fact)


def _of_tasking(world: World, tasking_id: str) -> Iterator[Key]:
    yield "taskings", tasking_id
    tasking = world.taskings.get(tasking_id)
    if tasking is not None:
        yield "aircraft", tasking.aircraft_id


def _of_resource(fact: facts.Fact) -> Iterator[Key]:
    match fact:
        case facts.AircraftSaved():
            yield "aircraft", fact.aircraft.id
        case facts.BaseSaved():
            yield "bases", fact.base.id
        case facts.WaterPointSaved():
            yield "water_points", fact.water_point.id
        case facts.LandingSiteSaved():
            yield "landing_sites", fact.landing_site.id
        case facts.IdentitySaved():
            yield "identities", fact.identity.id
        case facts.HospitalSaved():
            yield "hospitals", fact.hospital.id


def changed_since(world: World, after: int) -> frozenset[Key]:
    """The shown records that changed after row `after`."""
    return frozenset(key for key, seq in world.changed.items() if seq > after and key[0] in _SHOWN)


_SHOWN = frozenset(SHOWN)


def beside(world: World, keys: frozenset[Key]) -> frozenset[Key]:
    """`keys` and the records that may have come into a scoped viewer's sight with them."""
    more: set[Key] = set(keys)
    for table, record_id in keys:
        record = getattr(world, table).get(record_id)
        if record is None:
            continue
        if table == "taskings":
            more.add(("incidents", record.incident_id))
            more.update(("requests", request_id) for request_id in record.airspace_request_ids)
        if table in ("taskings", "requests"):
            more.add(("aircraft", record.aircraft_id))
        if table == "requests":
            more.update((("taskings", record.tasking_id), ("incidents", record.incident_id)))
    return frozenset(more)


class Fragments:
    """Records as bytes, each encoded once for as long as it does not change. Holds what is shown, nothing else."""

    def __init__(self) -> None:
        self._made: dict[Key, tuple[Any, bytes]] = {}

    def of(self, table: str, record_id: str, record: Any) -> bytes:
        """The bytes of one record."""
        made = self._made.get((table, record_id))
        if made is None or made[0] is not record:
            made = self._made[table, record_id] = (record, record_fragment(table, record))
        return made[1]

    def seen(
        self, world: World, relations: Relations, viewer: Viewer, keys: Iterable[Key]
    ) -> Iterator[bytes]:
        """The bytes of those of `keys` that the viewer may see."""
        for table, record_id in sorted(keys):
            record = getattr(world, table).get(record_id)
            if record is not None and visible(relations, viewer, table, record):
                yield self.of(table, record_id, record)

    def everything(self, world: World, relations: Relations, viewer: Viewer) -> Iterator[bytes]:
        """The bytes of all that the viewer may see."""
        for table in SHOWN:
            for record_id, record in getattr(world, table).items():
                if visible(relations, viewer, table, record):
                    yield self.of(table, record_id, record)

    def warm(self, world: World) -> Iterator[None]:
        """Encode everything ahead of the first console, one record a step."""
        for table in SHOWN:
            for record_id, record in getattr(world, table).items():
                self.of(table, record_id, record)
                yield


def new_ids(recorded: Iterable[Recorded]) -> tuple[str, ...]:
    """The ids of what a command made."""
    made: list[str] = []
    for each in recorded:
        match each.fact:
            case facts.IncidentReported(incident=incident):
                made.append(incident.id)
            case facts.PlanProposed(plan=plan):
                made.append(plan.id)
            case facts.TaskingAdopted(tasking=tasking):
                made.append(tasking.id)
            case facts.AirspaceFiled(request=request):
                made.append(request.id)
    return tuple(made)
