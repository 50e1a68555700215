"""Incidents: their lifecycle, and what a report turns into."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from dispatch import access, alarm_match, ids
from dispatch.commands import Ask
from dispatch.errors import Malformed, Refused, Unknown
from dispatch.facts import Fact
from dispatch.fire import DEFAULT_WIND_MPS, FIRE_FIGURES, filled_in, restated, said
from dispatch.incident_commands import ActOnIncident, ReportIncident, ShareIncident, UpdateIncident
from dispatch.incident_facts import IncidentAdvanced, IncidentReported, IncidentShared, IncidentUpdated
from dispatch.kinds import FIRES, AlarmFlag, IncidentAction, IncidentKind, IncidentState
from dispatch.lifecycle import Lifecycle
from dispatch.records import FireStated, Incident
from dispatch.world import ONGOING, World

_S, _A = IncidentState, IncidentAction

LIFECYCLE = Lifecycle(
    name="incident",
    initial=_S.REPORTED,
    table={
        (_S.REPORTED, _A.CONFIRM): _S.CONFIRMED,
        (_S.REPORTED, _A.DISMISS): _S.DISMISSED,
        (_S.REPORTED, _A.MERGE): _S.MERGED,
        (_S.CONFIRMED, _A.TASK): _S.RESPONDING,
        (_S.CONFIRMED, _A.DISMISS): _S.DISMISSED,
        (_S.CONFIRMED, _A.MERGE): _S.MERGED,
        (_S.RESPONDING, _A.CONTAIN): _S.CONTAINED,
        (_S.RESPONDING, _A.STAND_DOWN): _S.CLOSED,
        (_S.CONTAINED, _A.FLARE_UP): _S.RESPONDING,
        (_S.CONTAINED, _A.CLOSE): _S.CLOSED,
    },
)

PLANNABLE = frozenset({_S.CONFIRMED, _S.RESPONDING})  # a person has verified it and it is not over


DEFAULT_VISIBILITY_M = 8_000.0
DEFAULT_ELEVATION_M = 300.0  # Jiangxi's hill forests, proposed; a stated height replaces it
LIFE_KINDS = frozenset({IncidentKind.MEDICAL, IncidentKind.MISSING_PERSON})
UPDATABLE = (
    "level",
    "title",
    "life_at_risk",
    "demand_l",
    "growth_lps",
    "wind_mps",
    "visibility_m",
    "note",
    "people",
)
MAX_PEOPLE = 10_000  # of one incident: a town; more is a slip of the pen, and no plan lifts them
MAX_TITLE = 120
MAX_NOTE = 2_000


def decide(
    world: World, ask: Ask, command: ReportIncident | UpdateIncident | ActOnIncident, now: datetime
) -> tuple[Fact, ...]:
    """A report, what is known better, or a step of the lifecycle."""
    match command:
        case ReportIncident():
            return decide_report(world, ask, command, now)
        case UpdateIncident():
            return decide_update(world, ask, command, now)
        case ActOnIncident():
            return decide_act(world, ask, command)


def decide_report(world: World, ask: Ask, command: ReportIncident, now: datetime) -> tuple[Fact, ...]:
    """A new incident in state reported; nobody flies until it is confirmed."""
    access.require(ask, access.REPORT_INCIDENT, "reporting an incident")
    _check_text(command)
    stated: FireStated | None = None
    filled = {
        "demand_l": _given(command.demand_l, 0.0),
        "growth_lps": _given(command.growth_lps, 0.0),
        "wind_mps": _given(command.wind_mps, DEFAULT_WIND_MPS),
    }
    if command.kind in FIRES:
        stated, given = restated(FireStated(at=now), _figures(command), (), resized=False, now=now)
        filled = filled_in(command.level, stated)
        stated = stated if given else None
    incident = Incident(
        id=ids.derive(world.site, "INC", f"{ask.actor}\0{ask.command_id}"),
        site=world.site,
        kind=command.kind,
        code=command.code,
        level=command.level,
        title=command.title.strip(),
        place=command.place.strip(),
        position=command.position,
        stated_datum=command.stated_datum,
        elevation_m=_given(command.elevation_m, DEFAULT_ELEVATION_M),
        reported_at=now,
        reported_by=ask.actor,
        state=LIFECYCLE.initial,
        life_at_risk=command.kind in LIFE_KINDS if command.life_at_risk is None else command.life_at_risk,
        demand_l=filled["demand_l"],
        growth_lps=filled["growth_lps"],
        wind_mps=filled["wind_mps"],
        visibility_m=_given(command.visibility_m, DEFAULT_VISIBILITY_M),
        note=command.note,
        simulated=command.simulated,
        fire=stated,
        people=command.people,
    )
    if incident.id in world.incidents:
        raise Refused("EXISTS", f"incident {incident.id} exists", field="id")
    near = alarm_match.possible_duplicates(world, incident, now)
    return (IncidentReported(incident=replace(incident, possible_duplicates=near)),)


def decide_update(world: World, ask: Ask, command: UpdateIncident, now: datetime) -> tuple[Fact, ...]:
    """What is known better now; of a fire also what it burns in, and its water by hand."""
    incident = own_incident(world, command.incident_id)
    access.require(ask, access.UPDATE_INCIDENT, "changing an incident")
    access.check_version(command.version_seen, incident.version, f"incident {incident.id}")
    if LIFECYCLE.final(incident.state):
        raise Refused("NOT_NOW", f"incident {incident.id} is {incident.state}", field="incident_id")
    _check_update(command)
    new = {name: getattr(command, name) for name in UPDATABLE if getattr(command, name) is not None}
    if "title" in new:
        new["title"] = str(new["title"]).strip()
    fire = incident.fire
    figures: tuple[str, ...] = ()
    if incident.kind in FIRES:
        level = new.get("level", incident.level)
        fire, figures = restated(
            said(incident), _figures(command), command.clear, resized=level != incident.level, now=now
        )
        new |= filled_in(level, fire)
    else:
        _check_no_fire(command)
    updated = replace(incident, **new, fire=fire)
    told = UPDATABLE if fire is None else tuple(name for name in UPDATABLE if name not in FIRE_FIGURES)
    changed = [name for name in told if getattr(updated, name) != getattr(incident, name)]
    changed += figures
    if not changed:
        raise Refused("NOTHING_CHANGED", "everything is as it was", field="incident_id")
    return (
        IncidentUpdated(
            incident_id=incident.id,
            version=incident.version + 1,
            changed=tuple(changed),
            fire=fire,
            **{name: getattr(updated, name) for name in UPDATABLE},
        ),
    )


def _figures(command: ReportIncident | UpdateIncident) -> dict[str, Any]:
    """What a command says of a fire."""
    return {name: getattr(command, name) for name in FIRE_FIGURES if getattr(command, name) is not None}


def _check_no_fire(command: UpdateIncident) -> None:
    for name in FIRE_FIGURES:
        if name in command.clear or (name != "wind_mps" and getattr(command, name) is not None):
            raise Malformed(name, "only a fire has this")


def _check_update(command: UpdateIncident) -> None:
    for name in command.clear:
        if name not in FIRE_FIGURES:
            raise Malformed("clear", f"{name!r} is none of {', '.join(FIRE_FIGURES)}")
    if command.level is not None and not 1 <= command.level <= 4:
        raise Malformed("level", f"{command.level} is not 1 (Ⅰ) to 4 (Ⅳ)")
    _check_people(command.people)
    if command.title is not None and not command.title.strip():
        raise Malformed("title", "is empty")
    for name, text, most in (("title", command.title, MAX_TITLE), ("note", command.note, MAX_NOTE)):
        if text is not None and len(text) > most:
            raise Malformed(name, f"{len(text)} characters, at most {most}")


def _given(stated: float | None, otherwise: float) -> float:
    return otherwise if stated is None else stated


def _check_text(command: ReportIncident) -> None:
    if not 1 <= command.level <= 4:
        raise Malformed("level", f"{command.level} is not 1 (Ⅰ) to 4 (Ⅳ)")
    if not command.title.strip():
        raise Malformed("title", "is empty")
    for name, text, most in (("title", command.title, MAX_TITLE), ("place", command.place, MAX_TITLE)):
        if len(text) > most:
            raise Malformed(name, f"{len(text)} characters, at most {most}")
    if len(command.note) > MAX_NOTE:
        raise Malformed("note", f"{len(command.note)} characters, at most {MAX_NOTE}")
    _check_people(command.people)


def _check_people(people: int | None) -> None:
    if people is not None and not 0 <= people <= MAX_PEOPLE:
        raise Malformed("people", f"{people} is not within 0 to {MAX_PEOPLE}")


def own_incident(world: World, incident_id: str) -> Incident:
    """An incident this site decides about. Raises Unknown, or Refused(NOT_OWNER) for a partner's copy."""
    incident = world.incidents.get(incident_id)
    if incident is None:
        raise Unknown("incident_id", f"no incident {incident_id}")
    if incident.site != world.site:
        raise Refused(
            "NOT_OWNER", f"incident {incident_id} belongs to site {incident.site}", field="incident_id"
        )
    return incident


def decide_act(world: World, ask: Ask, command: ActOnIncident) -> tuple[Fact, ...]:
    """One step of the lifecycle. Dismissing, merging and standing down need a reason or a target."""
    incident = own_incident(world, command.incident_id)
    access.require(ask, access.INCIDENT_ACTS[command.action], command.action)
    access.check_version(command.version_seen, incident.version, f"incident {incident.id}")
    state = LIFECYCLE.advance(incident.state, command.action)
    if command.action in (_A.DISMISS, _A.STAND_DOWN) and not command.reason.strip():
        raise Malformed("reason", f"{command.action} needs a reason")
    if command.action is _A.CONFIRM and AlarmFlag.UNVERIFIED in incident.flags:
        raise Refused(
            "UNVERIFIED", "a report from the public: a named person verifies it first", field="incident_id"
        )
    if command.action is _A.MERGE:
        _check_merge(world, incident, command.merge_into)
    if state is _S.CLOSED:
        _check_nobody_out(world, incident)
    advanced = IncidentAdvanced(
        incident_id=incident.id,
        action=command.action,
        state=state,
        version=incident.version + 1,
        reason=command.reason[:MAX_NOTE],
        merged_into=command.merge_into,
    )
    if command.action is _A.MERGE and incident.sources:
        return (advanced, alarm_match.handed_on(world.incidents[command.merge_into], incident))
    return (advanced,)


def _check_merge(world: World, incident: Incident, target_id: str) -> None:
    target = own_incident(world, target_id) if target_id else None
    if target is None:
        raise Malformed("merge_into", "merging names the incident it goes into")
    if target.id == incident.id or LIFECYCLE.final(target.state):
        raise Refused("NOT_NOW", f"{target.id} is {target.state} and cannot take it in", field="merge_into")


def _check_nobody_out(world: World, incident: Incident) -> None:
    for tasking in world.taskings.values():
        if tasking.incident_id == incident.id and tasking.state in ONGOING:
            raise Refused(
                "TASKING_OPEN",
                f"tasking {tasking.number} is {tasking.state}; recall it or let it land first",
                field="incident_id",
            )


def decide_share(
    world: World, ask: Ask, command: ShareIncident, partners: frozenset[str]
) -> tuple[IncidentShared]:
    """Show an incident to a partner from now on; the fact carries everything of it up to now."""
    incident = own_incident(world, command.incident_id)
    access.require(ask, access.SHARE_INCIDENT, "sharing an incident")
    access.check_version(command.version_seen, incident.version, f"incident {incident.id}")
    if command.partner not in partners:
        raise Unknown("partner", f"no partner site {command.partner!r}")
    if command.partner in incident.shared_with:
        raise Refused("NOT_NOW", f"already shared with {command.partner}", field="partner")
    shared = replace(
        incident, shared_with=(*incident.shared_with, command.partner), version=incident.version + 1
    )
    return (
        IncidentShared(
            partner=command.partner,
            incident=shared,
            taskings=tuple(t for t in world.taskings.values() if t.incident_id == incident.id),
            requests=tuple(r for r in world.requests.values() if r.incident_id == incident.id),
        ),
    )
