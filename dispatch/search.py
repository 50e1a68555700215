"""Searches (搜救航线): drawn for an incident by the desk or the observer, given to a tasking, amended, withdrawn.

The way is made here from the terms and kept with them, so that what the crew was given stays what it was.
"""

import math
from dataclasses import fields, replace
from datetime import datetime

from dispatch import access, ids
from dispatch.commands import Ask
from dispatch.errors import Malformed, Refused, Unknown
from dispatch.facts import Fact
from dispatch.kinds import IncidentState, Role
from dispatch.search_commands import AmendSearch, DrawSearch, SearchCommand, WithdrawSearch
from dispatch.search_facts import SearchAmended, SearchDrawn, SearchWithdrawn
from dispatch.search_records import Search, SearchTerms
from dispatch.search_way import MOST_SIDE_M, way_of
from dispatch.world import ONGOING, World

MAX_NAME, MAX_NOTE, MAX_REASON = 80, 500, 500
MOST_SEARCHES = 100  # of one incident that stand
MOST_SPEED_MPS = 150.0
MOST_HEIGHT_M = 3_000.0
MOST_AVAILABLE_S = 24 * 3600.0
_OVER = frozenset({IncidentState.CLOSED, IncidentState.DISMISSED, IncidentState.MERGED})
_BOUNDS = {  # least, most; metres, metres a second, seconds, degrees
    "heading_deg": (0.0, 360.0),
    "spacing_m": (1.0, MOST_SIDE_M),
    "sweep_width_m": (1.0, MOST_SIDE_M),
    "along_m": (0.0, MOST_SIDE_M),
    "across_m": (0.0, MOST_SIDE_M),
    "speed_mps": (1.0, MOST_SPEED_MPS),
    "height_m": (0.0, MOST_HEIGHT_M),
    "available_s": (0.0, MOST_AVAILABLE_S),
}


def decide(world: World, ask: Ask, command: SearchCommand, now: datetime) -> tuple[Fact, ...]:
    """Draw, amend or withdraw. Raises Malformed, Forbidden, Unknown or Refused."""
    access.require(ask, access.DRAW_SEARCH, "drawing a search")
    match command:
        case DrawSearch():
            return _draw(world, ask, command, now)
        case AmendSearch():
            return _amend(world, command)
        case WithdrawSearch():
            present = _standing(world, command.search_id, command.version_seen)
            if not command.reason.strip() or len(command.reason) > MAX_REASON:
                raise Malformed("reason", f"is 1 to {MAX_REASON} characters")
            return (
                SearchWithdrawn(search_id=present.id, version=present.version + 1, reason=command.reason),
            )


def checked(terms: SearchTerms) -> SearchTerms:
    """The same terms. Raises Malformed, naming the field."""
    if not terms.name.strip() or len(terms.name) > MAX_NAME:
        raise Malformed("name", f"is 1 to {MAX_NAME} characters")
    if len(terms.note) > MAX_NOTE:
        raise Malformed("note", f"is over {MAX_NOTE} characters")
    for name, (least, most) in _BOUNDS.items():
        value = getattr(terms, name)
        if not math.isfinite(value) or not least <= value <= most:
            raise Malformed(name, f"{value:g} is not within {least:g} to {most:g}")
    return terms


def _draw(world: World, ask: Ask, command: DrawSearch, now: datetime) -> tuple[Fact, ...]:
    search_id = ids.derive(world.site, "SRH", f"{ask.actor}\0{ask.command_id}")
    if search_id in world.searches:
        raise Refused("EXISTS", f"search {search_id} exists", field="id")
    _check_incident(world, command.incident_id)
    standing = sum(
        each.incident_id == command.incident_id and each.withdrawn_at is None
        for each in world.searches.values()
    )
    if standing >= MOST_SEARCHES:
        raise Refused("TOO_MANY", f"{standing} searches stand for this incident", field="incident_id")
    _check_tasking(world, command.incident_id, command.tasking_id)
    drawn = Search(
        id=search_id,
        site=world.site,
        incident_id=command.incident_id,
        tasking_id=command.tasking_id,
        terms=checked(command.terms),
        way=way_of(command.terms),
        drawn_at=now,
        drawn_by=ask.actor,
        drawn_as=ask.role or Role.DISPATCHER,
    )
    return (SearchDrawn(search=drawn),)


def _amend(world: World, command: AmendSearch) -> tuple[Fact, ...]:
    present = _standing(world, command.search_id, command.version_seen)
    _check_incident(world, present.incident_id)
    tasking_id = present.tasking_id if command.tasking_id is None else command.tasking_id
    if tasking_id != present.tasking_id:
        _check_tasking(world, present.incident_id, tasking_id)
    terms = checked(command.terms)
    changed = [
        each.name
        for each in fields(SearchTerms)
        if getattr(terms, each.name) != getattr(present.terms, each.name)
    ]
    if tasking_id != present.tasking_id:
        changed.append("tasking_id")
    if not changed:
        raise Refused("NOTHING_CHANGED", "everything is as it was", field="search_id")
    amended = replace(
        present,
        tasking_id=tasking_id,
        terms=terms,
        way=way_of(terms),
        version=present.version + 1,
        history=(),  # the fold has the history
    )
    return (SearchAmended(search=amended, changed=tuple(changed)),)


def _check_incident(world: World, incident_id: str) -> None:
    incident = world.incidents.get(incident_id)
    if incident is None:
        raise Unknown("incident_id", f"no incident {incident_id}")
    if incident.site != world.site:
        raise Refused(
            "NOT_OWNER", f"incident {incident_id} belongs to site {incident.site}", field="incident_id"
        )
    if incident.state in _OVER:
        raise Refused("NOT_NOW", f"incident {incident_id} is {incident.state}", field="incident_id")


def _check_tasking(world: World, incident_id: str, tasking_id: str) -> None:
    if not tasking_id:
        return
    tasking = world.taskings.get(tasking_id)
    if tasking is None or tasking.incident_id != incident_id:
        raise Unknown("tasking_id", f"no tasking {tasking_id} of this incident")
    if tasking.state not in ONGOING:
        raise Refused("NOT_NOW", f"tasking {tasking.number} is {tasking.state}", field="tasking_id")


def _standing(world: World, search_id: str, version_seen: int) -> Search:
    present = world.searches.get(search_id)
    if present is None:
        raise Unknown("search_id", f"no search {search_id}")
    access.check_version(version_seen, present.version, f"search {search_id}")
    if present.withdrawn_at is not None:
        raise Refused("NOT_NOW", f"search {search_id} was withdrawn", field="search_id")
    return present
