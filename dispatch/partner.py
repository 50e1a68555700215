"""Partners (邻省): what of our journal may be shown to which of them, and what of theirs we take in.

The ground is per pair and per incident: sharing an incident (`IncidentShared`) shows it, its taskings, their airspace
and their aircraft's tracks from that row on, to that partner. Accounts, sessions, resources and plans never leave.
Nor do names of people: a shared snapshot and every row's header say `36` and the role (DOMAIN §5). What people
typed into titles, notes and reasons travels as it is.

Nothing of a partner is folded that is not its own: its incidents, their taskings and airspace, nothing of ours or of
a third. `adapters/link` asks both questions; consent by field, bands along the border and revocation are not here yet.
"""

import dataclasses
import math
import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from dispatch.errors import Refused
from dispatch.facts import (
    AirspaceAdvanced,
    AirspaceFiled,
    Fact,
    IncidentAdvanced,
    IncidentReported,
    IncidentShared,
    IncidentUpdated,
    Recorded,
    TaskingAdopted,
    TaskingAdvanced,
    TimerEscalated,
)
from dispatch.kinds import TaskingState
from dispatch.records import AirspaceRequest, Incident, Step, Tasking
from dispatch.world import World

# From the crew's yes until it is back on the ground, its track is shown to partners of the incident.
FLYING_FOR = frozenset(
    {
        TaskingState.ACCEPTED,
        TaskingState.PREPARING,
        TaskingState.RELEASED,
        TaskingState.AIRBORNE,
        TaskingState.WORKING,
        TaskingState.RETURNING,
    }
)
MAX_TEXT = 4_000  # characters of any text of a partner; ours end at 2,000
MAX_ITEMS = 1_000  # of any list in a partner's fact

_INCIDENT_OF: dict[type, Callable[[World, Any], str]] = {
    IncidentReported: lambda _, fact: fact.incident.id,
    IncidentAdvanced: lambda _, fact: fact.incident_id,
    IncidentUpdated: lambda _, fact: fact.incident_id,
    TaskingAdopted: lambda _, fact: fact.tasking.incident_id,
    TaskingAdvanced: lambda world, fact: _incident_of_tasking(world, fact.tasking_id),
    TimerEscalated: lambda world, fact: _incident_of_tasking(world, fact.tasking_id),
    AirspaceFiled: lambda _, fact: fact.request.incident_id,
    AirspaceAdvanced: lambda world, fact: _incident_of_request(world, fact.request_id),
}
SHAREABLE: frozenset[type] = frozenset(
    {IncidentShared, *_INCIDENT_OF}
)  # every other kind of fact stays at home


def _incident_of_tasking(world: World, tasking_id: str) -> str:
    tasking = world.taskings.get(tasking_id)
    return "" if tasking is None else tasking.incident_id


def _incident_of_request(world: World, request_id: str) -> str:
    request = world.requests.get(request_id)
    return "" if request is None else request.incident_id


def shareable(world: World, recorded: Recorded, partner: str) -> bool:
    """Whether a row of ours may travel to `partner`. `world` holds at least everything up to the row."""
    if recorded.origin != world.site:
        return False  # no relaying: whoever has a fact of a third asks the third
    if isinstance(recorded.fact, IncidentShared):
        return recorded.fact.partner == partner
    incident_of = _INCIDENT_OF.get(type(recorded.fact))
    if incident_of is None:
        return False
    since = world.shared.get((incident_of(world, recorded.fact), partner))
    return since is not None and since <= recorded.seq


def shown_aircraft(world: World, partner: str) -> frozenset[str]:
    """24-bit addresses of our aircraft that fly for an incident shared with `partner`."""
    return frozenset(
        tasking.aircraft_icao24
        for tasking in world.taskings.values()
        if tasking.site == world.site
        and tasking.state in FLYING_FOR
        and tasking.aircraft_icao24
        and (tasking.incident_id, partner) in world.shared
    )


def without_names(shared: IncidentShared) -> IncidentShared:
    """The same snapshot with the site in place of every person; roles stay."""
    site = shared.incident.site
    return replace(
        shared,
        incident=replace(shared.incident, reported_by=site, history=_nameless(shared.incident.history, site)),
        taskings=tuple(replace(each, history=_nameless(each.history, site)) for each in shared.taskings),
        requests=tuple(
            replace(each, approved_by=site if each.approved_by else "", history=_nameless(each.history, site))
            for each in shared.requests
        ),
    )


def _nameless(history: tuple[Step, ...], site: str) -> tuple[Step, ...]:
    return tuple(replace(step, actor=site) for step in history)


def check_received(world: World, fact: Fact, origin: str) -> None:
    """Raises Refused unless `origin` may say this: KIND, NOT_FOR_US, NOT_OWNER or NOT_PLAUSIBLE."""
    check = _CHECKS.get(type(fact))
    if check is None:
        raise Refused("KIND", f"a {type(fact).__name__} does not come from a partner", field="kind")
    check(world, fact, origin)
    _check_values(fact, "")


def _check_shared(world: World, fact: IncidentShared, origin: str) -> None:
    if fact.partner != world.site:
        raise Refused("NOT_FOR_US", f"it was shared with site {fact.partner}", field="partner")
    _check_incident(fact.incident, origin)
    for tasking in fact.taskings:
        _check_tasking(tasking, origin)
    for request in fact.requests:
        _check_request(request, origin)
    items: tuple[Tasking | AirspaceRequest, ...] = (*fact.taskings, *fact.requests)
    for index, each in enumerate(items):
        if each.incident_id != fact.incident.id:
            raise Refused("NOT_OWNER", f"item {index} belongs to another incident", field="taskings")


def _check_incident(incident: Incident, origin: str) -> None:
    _check_own(origin, incident.id, "incident.id", incident.site)
    if incident.merged_into:
        _check_own(origin, incident.merged_into, "incident.merged_into")
    if not 1 <= incident.level <= 4:
        raise Refused("NOT_PLAUSIBLE", f"level {incident.level} is not 1 to 4", field="incident.level")


def _check_tasking(tasking: Tasking, origin: str) -> None:
    _check_own(origin, tasking.id, "tasking.id", tasking.site)
    _check_own(origin, tasking.incident_id, "tasking.incident_id")
    for request_id in tasking.airspace_request_ids:
        _check_own(origin, request_id, "tasking.airspace_request_ids")


def _check_request(request: AirspaceRequest, origin: str) -> None:
    _check_own(origin, request.id, "request.id", request.site)
    _check_own(origin, request.tasking_id, "request.tasking_id")
    _check_own(origin, request.incident_id, "request.incident_id")


def _check_advanced(_: World, fact: IncidentAdvanced, origin: str) -> None:
    _check_own(origin, fact.incident_id, "incident_id")
    if fact.merged_into:
        _check_own(origin, fact.merged_into, "merged_into")


_CHECKS: dict[type, Callable[[World, Any, str], None]] = {
    IncidentReported: lambda _, fact, origin: _check_incident(fact.incident, origin),
    IncidentAdvanced: _check_advanced,
    IncidentUpdated: lambda _, fact, origin: _check_own(origin, fact.incident_id, "incident_id"),
    IncidentShared: _check_shared,
    TaskingAdopted: lambda _, fact, origin: _check_tasking(fact.tasking, origin),
    TaskingAdvanced: lambda _, fact, origin: _check_own(origin, fact.tasking_id, "tasking_id"),
    TimerEscalated: lambda _, fact, origin: _check_own(origin, fact.tasking_id, "tasking_id"),
    AirspaceFiled: lambda _, fact, origin: _check_request(fact.request, origin),
    AirspaceAdvanced: lambda _, fact, origin: _check_own(origin, fact.request_id, "request_id"),
}


@lru_cache(maxsize=64)
def _own_id(origin: str) -> re.Pattern[str]:
    """Ids that `origin` makes (ids.derive). Whole, so that site 36 does not own what site 36-YS1 made."""
    return re.compile(rf"^{re.escape(origin)}-[A-Z]{{3}}-[0-9A-Z]{{1,26}}\Z")


def _check_own(origin: str, entity_id: str, field: str, site: str | None = None) -> None:
    if not _own_id(origin).match(entity_id) or (site is not None and site != origin):
        raise Refused("NOT_OWNER", f"{entity_id[:80]!r} is not site {origin}'s", field=field)


def _check_values(value: Any, field: str) -> None:
    """Nothing that would be harmless on disk and poison on a screen: no NaN, no endless texts or lists."""
    if isinstance(value, float) and not math.isfinite(value):
        raise Refused("NOT_PLAUSIBLE", f"{value} is not a number", field=field)
    if isinstance(value, str) and len(value) > MAX_TEXT:
        raise Refused("NOT_PLAUSIBLE", f"{len(value)} characters, at most {MAX_TEXT}", field=field)
    if isinstance(value, tuple):
        if len(value) > MAX_ITEMS:
            raise Refused("NOT_PLAUSIBLE", f"{len(value)} items, at most {MAX_ITEMS}", field=field)
        for item in value:
            _check_values(item, field)
    elif dataclasses.is_dataclass(value):
        for each in dataclasses.fields(value):
            _check_values(getattr(value, each.name), f"{field}.{each.name}".strip("."))
