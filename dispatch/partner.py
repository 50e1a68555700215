"""Partners (邻省): what of our journal may be shown to which of them, and what of theirs we take in.

The ground is per pair: the terms of a consent (consent_policy.py) say which classes of object leave and what is left
out of them; within that, sharing an incident (`IncidentShared`) shows it, its taskings, their airspace and their
aircraft's tracks from that row on, to that partner. Accounts, sessions and plans never leave, nor do records with a
label, nor names of people: who did something is `36` and the role (DOMAIN §5).

A row leaves verbatim where nothing of it is left out, and else in its derived form (consent_forms.py), the same each
time. Nothing of a partner is folded that is not its own: its incidents, their taskings and airspace, its consents and
what it tells under them; nothing of ours or of a third. `adapters/link` asks both questions.
"""

import dataclasses
import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from dispatch import aid_lent, aid_sharing, consent_checks, consent_policy, room_sharing, video_sharing
from dispatch.airspace_facts import AirspaceAdvanced, AirspaceFiled
from dispatch.consent_facts import (
    ConsentEnded,
    ConsentSigned,
    IncidentSummarised,
    JointAirspaceTold,
    PurgeReceipted,
    ResourcesOffered,
)
from dispatch.consent_forms import formed
from dispatch.consent_kinds import ConsentAction, LabelledTable, ObjectClass, WithheldField
from dispatch.consent_records import ConsentTerms
from dispatch.drop_facts import HoursSigned, WaterCorrected, WaterRecorded
from dispatch.errors import Refused
from dispatch.facts import Fact, Recorded
from dispatch.incident_facts import (
    IncidentAdvanced,
    IncidentCorrected,
    IncidentReported,
    IncidentShared,
    IncidentUpdated,
)
from dispatch.kinds import IncidentState, TaskingState
from dispatch.records import AirspaceRequest, Incident, Tasking
from dispatch.tasking_facts import TaskingAdopted, TaskingAdvanced, TaskingAmended, TimerEscalated
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
        TaskingState.STOPPED,
    }
)
OVER = frozenset({IncidentState.CLOSED, IncidentState.DISMISSED, IncidentState.MERGED})
MAX_TEXT = 4_000  # characters of any text of a partner; ours end at 2,000
MAX_ITEMS = 1_000  # of any list in a partner's fact

_INCIDENT_OF: dict[type, Callable[[World, Any], str]] = {
    IncidentReported: lambda _, fact: fact.incident.id,
    IncidentAdvanced: lambda _, fact: fact.incident_id,
    IncidentUpdated: lambda _, fact: fact.incident_id,
    IncidentCorrected: lambda _, fact: fact.incident_id,
    TaskingAdopted: lambda _, fact: fact.tasking.incident_id,
    TaskingAdvanced: lambda world, fact: _incident_of_tasking(world, fact.tasking_id),
    TaskingAmended: lambda world, fact: _incident_of_tasking(world, fact.tasking_id),
    TimerEscalated: lambda world, fact: _incident_of_tasking(world, fact.tasking_id),
    WaterRecorded: lambda world, fact: _incident_of_tasking(world, fact.tasking_id),
    WaterCorrected: lambda world, fact: _incident_of_tasking(world, fact.tasking_id),
    HoursSigned: lambda world, fact: _incident_of_tasking(world, fact.tasking_id),
    AirspaceFiled: lambda _, fact: fact.request.incident_id,
    AirspaceAdvanced: lambda world, fact: _incident_of_request(world, fact.request_id),
}
AGREEMENT = "agreement"  # consents, receipts and the like: the partner hears of them whatever they say
# What is said to a partner by name, not because an incident is shared: fact -> the sites that may have it.
Told = Callable[[World, Recorded], Collection[str]]
Check = Callable[[World, Any, str], None]
# Parts that say whom their facts are for, one line each: class of object, TOLD, RECEIVED.
_PARTS: tuple[tuple[str, Mapping[type, Told], Mapping[type, Check]], ...] = (
    (ObjectClass.AID, aid_sharing.TOLD, aid_sharing.RECEIVED),
    (ObjectClass.MESSAGES, room_sharing.TOLD, room_sharing.RECEIVED),
    (ObjectClass.VIDEO, video_sharing.SHOWN, video_sharing.SHOWN_RECEIVED),
    (AGREEMENT, video_sharing.TOLD, video_sharing.RECEIVED),
)
_CLASS_OF: dict[type, str] = {
    **{kind: name for name, told, _ in _PARTS if name != AGREEMENT for kind in told},
    IncidentShared: ObjectClass.INCIDENTS,
    IncidentReported: ObjectClass.INCIDENTS,
    IncidentAdvanced: ObjectClass.INCIDENTS,
    IncidentUpdated: ObjectClass.INCIDENTS,
    IncidentCorrected: ObjectClass.INCIDENTS,
    TaskingAdopted: ObjectClass.TASKINGS,
    TaskingAdvanced: ObjectClass.TASKINGS,
    TaskingAmended: ObjectClass.TASKINGS,
    TimerEscalated: ObjectClass.TASKINGS,
    WaterRecorded: ObjectClass.TASKINGS,
    WaterCorrected: ObjectClass.TASKINGS,
    HoursSigned: ObjectClass.TASKINGS,
    AirspaceFiled: ObjectClass.AIRSPACE,
    AirspaceAdvanced: ObjectClass.AIRSPACE,
    IncidentSummarised: ObjectClass.INCIDENTS,
    ResourcesOffered: ObjectClass.RESOURCES,
    JointAirspaceTold: ObjectClass.VOLUMES,
}
_TOLD: dict[type, Told] = {
    **{kind: sites for _, told, _ in _PARTS for kind, sites in told.items()},
    ConsentSigned: lambda _, recorded: (recorded.fact.consent.partner,),  # type: ignore[union-attr]
    ConsentEnded: lambda _, recorded: _told_of_end(recorded.fact),  # type: ignore[arg-type]
    PurgeReceipted: lambda _, recorded: (recorded.fact.receipt.partner,),  # type: ignore[union-attr]
    IncidentSummarised: lambda _, recorded: (recorded.fact.partner,),  # type: ignore[union-attr]
    ResourcesOffered: lambda _, recorded: (recorded.fact.partner,),  # type: ignore[union-attr]
    JointAirspaceTold: lambda _, recorded: (recorded.fact.partner,),  # type: ignore[union-attr]
}
SHAREABLE: frozenset[type] = frozenset(
    {IncidentShared, *_INCIDENT_OF, *_TOLD}
)  # every other kind of fact stays at home
# Facts that are nothing but what is withheld do not leave at all.
_NOTHING_BUT: dict[type, WithheldField] = {
    WaterRecorded: WithheldField.WATER,
    WaterCorrected: WithheldField.WATER,
    HoursSigned: WithheldField.HOURS,
}


def _told_of_end(fact: ConsentEnded) -> tuple[str, ...]:
    return () if fact.action is ConsentAction.WITHDRAW else (fact.partner,)


def class_of(kind: type) -> str:
    """The class of object that a kind of fact is about."""
    return str(_CLASS_OF.get(kind, AGREEMENT))


def _incident_of_tasking(world: World, tasking_id: str) -> str:
    tasking = world.taskings.get(tasking_id)
    return "" if tasking is None else tasking.incident_id


def _incident_of_request(world: World, request_id: str) -> str:
    request = world.requests.get(request_id)
    return "" if request is None else request.incident_id


def shareable(world: World, recorded: Recorded, partner: str, now: datetime | None = None) -> bool:
    """Whether a row of ours may travel to `partner`. `world` holds at least everything up to the row."""
    return leaving(world, recorded, partner, now) is not None


def leaving(world: World, recorded: Recorded, partner: str, now: datetime | None = None) -> Fact | None:
    """A row of ours as it may travel to `partner`, None if it may not; the fact itself where nothing is left out.

    `world` holds at least everything up to the row; without `now` the terms are those of its last fact's time.
    """
    fact, kind = recorded.fact, type(recorded.fact)
    if recorded.origin != world.site or not _is_for(world, recorded, partner):
        return None  # what is passed on for a third site never enters this journal: adapters/link, `transit`
    object_class = _CLASS_OF.get(kind)
    if object_class is None:  # the agreement itself
        return formed(fact, world.site)
    terms = consent_policy.terms_towards(world, partner, now)
    left_out = None if terms is None else consent_policy.withheld(terms, object_class)
    if terms is None or left_out is None or _NOTHING_BUT.get(kind) in left_out or _stays(world, fact):
        return None
    if isinstance(fact, IncidentShared):
        return formed(_within_classes(world, fact, terms, left_out), world.site)
    return formed(fact, world.site, left_out)


def _is_for(world: World, recorded: Recorded, partner: str) -> bool:
    if isinstance(recorded.fact, IncidentShared):
        return recorded.fact.partner == partner
    told = _TOLD.get(type(recorded.fact))
    if told is not None:
        return partner in told(world, recorded)
    incident_of = _INCIDENT_OF.get(type(recorded.fact))
    if incident_of is None:
        return False
    since = world.shared.get((incident_of(world, recorded.fact), partner))
    return since is not None and since <= recorded.seq


def _stays(world: World, fact: Any) -> bool:
    """Whether the fact is about a record with a label: those never leave."""
    if not world.labels:
        return False
    if isinstance(fact, IncidentShared):
        return consent_policy.labelled(world, LabelledTable.INCIDENTS, fact.incident.id)
    if isinstance(fact, IncidentSummarised):
        return consent_policy.labelled(world, LabelledTable.INCIDENTS, fact.summary.incident_id)
    if aid_sharing.stays(world, fact):
        return True
    incident_of = _INCIDENT_OF.get(type(fact))
    if incident_of is not None and consent_policy.labelled(
        world, LabelledTable.INCIDENTS, incident_of(world, fact)
    ):
        return True
    tasking = _tasking_of(world, fact)
    return tasking is not None and consent_policy.aircraft_stays(
        world, tasking.aircraft_id, tasking.operator_id
    )


def _tasking_of(world: World, fact: Any) -> Tasking | None:
    if isinstance(fact, TaskingAdopted):
        return fact.tasking
    if isinstance(fact, AirspaceFiled):
        return world.taskings.get(fact.request.tasking_id)
    if isinstance(fact, AirspaceAdvanced):
        request = world.requests.get(fact.request_id)
        return None if request is None else world.taskings.get(request.tasking_id)
    return world.taskings.get(getattr(fact, "tasking_id", ""))


def _within_classes(
    world: World, shared: IncidentShared, terms: ConsentTerms, left_out: Collection[WithheldField]
) -> IncidentShared:
    """A snapshot with what the classes of taskings and airspace let leave, each without what is left out of it."""
    taskings, requests = shared.taskings, shared.requests
    staying = {
        each.id
        for each in taskings
        if consent_policy.aircraft_stays(world, each.aircraft_id, each.operator_id)
    }
    of_taskings = consent_policy.withheld(terms, ObjectClass.TASKINGS)
    of_airspace = consent_policy.withheld(terms, ObjectClass.AIRSPACE)
    return replace(
        shared,
        incident=formed(shared.incident, world.site, left_out),
        taskings=()
        if of_taskings is None
        else tuple(formed(each, world.site, of_taskings) for each in taskings if each.id not in staying),
        requests=()
        if of_airspace is None
        else tuple(
            formed(each, world.site, of_airspace) for each in requests if each.tasking_id not in staying
        ),
    )


def shown_aircraft(world: World, partner: str, now: datetime | None = None) -> frozenset[str]:
    """24-bit addresses of our aircraft that fly for an incident shared with `partner`."""
    terms = consent_policy.terms_towards(world, partner, now)
    if terms is None or consent_policy.withheld(terms, ObjectClass.TRACKS) is None:
        return frozenset()
    return frozenset(
        tasking.aircraft_icao24
        for tasking in world.taskings.values()
        if tasking.site == world.site
        and tasking.state in FLYING_FOR
        and tasking.aircraft_icao24
        and (tasking.incident_id, partner) in world.shared
        and not consent_policy.aircraft_stays(world, tasking.aircraft_id, tasking.operator_id)
        and not _is_over(world, tasking.incident_id)
    ) | aid_lent.shown(world, partner)


def track_every_s(world: World, partner: str) -> float:
    """Seconds from one position of an aircraft to the next that leaves, at least."""
    terms = consent_policy.terms_towards(world, partner)
    return 1.0 if terms is None else terms.track_every_s


def tracks_are_coarse(world: World, partner: str, now: datetime) -> bool:
    """Whether exact positions are left out of what leaves."""
    terms = consent_policy.terms_towards(world, partner, now)
    left_out = None if terms is None else consent_policy.withheld(terms, ObjectClass.TRACKS)
    return left_out is not None and WithheldField.POSITION in left_out


def _is_over(world: World, incident_id: str) -> bool:
    incident = world.incidents.get(incident_id)
    return incident is not None and incident.state in OVER


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
    _check_level(incident.level, "incident.level")


def _check_updated(_: World, fact: IncidentUpdated, origin: str) -> None:
    _check_own(origin, fact.incident_id, "incident_id")
    _check_level(fact.level, "level")


def _check_level(level: int, field: str) -> None:
    if not 1 <= level <= 4:
        raise Refused("NOT_PLAUSIBLE", f"level {level} is not 1 to 4", field=field)


def _check_tasking(tasking: Tasking, origin: str) -> None:
    _check_own(origin, tasking.id, "tasking.id", tasking.site)
    _check_own(origin, tasking.incident_id, "tasking.incident_id")
    for request_id in tasking.airspace_request_ids:
        _check_own(origin, request_id, "tasking.airspace_request_ids")
    for amendment in tasking.amendments:
        if amendment.request_id:
            _check_own(origin, amendment.request_id, "tasking.amendments.request_id")


def _check_step(fact: TaskingAdvanced, origin: str) -> None:
    _check_own(origin, fact.tasking_id, "tasking_id")
    if fact.elsewhere is not None and fact.elsewhere.incident_id:
        _check_own(origin, fact.elsewhere.incident_id, "elsewhere.incident_id")


def _check_amended(fact: TaskingAmended, origin: str) -> None:
    _check_own(origin, fact.tasking_id, "tasking_id")
    if fact.amendment.request_id:
        _check_own(origin, fact.amendment.request_id, "amendment.request_id")


def _check_water(fact: WaterRecorded, origin: str) -> None:
    _check_own(origin, fact.tasking_id, "tasking_id")
    _check_own(origin, fact.load.id, "load.id")


def _check_request(request: AirspaceRequest, origin: str) -> None:
    _check_own(origin, request.id, "request.id", request.site)
    _check_own(origin, request.tasking_id, "request.tasking_id")
    _check_own(origin, request.incident_id, "request.incident_id")


def _check_advanced(_: World, fact: IncidentAdvanced, origin: str) -> None:
    _check_own(origin, fact.incident_id, "incident_id")
    if fact.merged_into:
        _check_own(origin, fact.merged_into, "merged_into")


_CHECKS: dict[type, Check] = {
    IncidentReported: lambda _, fact, origin: _check_incident(fact.incident, origin),
    IncidentAdvanced: _check_advanced,
    IncidentUpdated: _check_updated,
    IncidentCorrected: lambda _, fact, origin: _check_own(origin, fact.incident_id, "incident_id"),
    IncidentShared: _check_shared,
    TaskingAdopted: lambda _, fact, origin: _check_tasking(fact.tasking, origin),
    TaskingAdvanced: lambda _, fact, origin: _check_step(fact, origin),
    TaskingAmended: lambda _, fact, origin: _check_amended(fact, origin),
    TimerEscalated: lambda _, fact, origin: _check_own(origin, fact.tasking_id, "tasking_id"),
    WaterRecorded: lambda _, fact, origin: _check_water(fact, origin),
    WaterCorrected: lambda _, fact, origin: _check_own(origin, fact.tasking_id, "tasking_id"),
    HoursSigned: lambda _, fact, origin: _check_own(origin, fact.tasking_id, "tasking_id"),
    AirspaceFiled: lambda _, fact, origin: _check_request(fact.request, origin),
    AirspaceAdvanced: lambda _, fact, origin: _check_own(origin, fact.request_id, "request_id"),
    **{kind: check for _, _, received in _PARTS for kind, check in received.items()},
    **{
        cls: lambda world, fact, origin: consent_checks.check(world, fact, origin, _check_own)
        for cls in consent_checks.RECEIVED
    },
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
    elif (names := _names(type(value))) is not None:  # type: ignore[arg-type]  # mypy takes a class for unhashable
        for name in names:
            item = getattr(value, name)
            if type(item) not in _HARMLESS:
                _check_values(item, f"{field}.{name}" if field else name)


_HARMLESS = frozenset({bool, int, datetime, type(None)})  # of any value; asked for before anything else


@lru_cache(maxsize=1024)
def _names(cls: type) -> tuple[str, ...] | None:
    """The fields of a record; None for what is none."""
    return tuple(each.name for each in dataclasses.fields(cls)) if dataclasses.is_dataclass(cls) else None
