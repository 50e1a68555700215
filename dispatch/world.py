"""Everything a site knows as facts, as one immutable value, and `fold`, the only way it changes.

`fold(world, recorded)` is total: whatever `decide` produced or a partner sent is folded without judging it again,
so that a journal replays the same on every version. Lookups are plain maps by id.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from immutables import Map

from dispatch import facts
from dispatch.facts import Recorded
from dispatch.kinds import PlanState, TaskingState, TimerKind
from dispatch.records import (
    Account,
    Aircraft,
    AirspaceRequest,
    Base,
    Hospital,
    Identity,
    Incident,
    LandingSite,
    Plan,
    Session,
    Step,
    Tasking,
    WaterPoint,
)

ONGOING = frozenset(
    {
        TaskingState.PENDING,
        TaskingState.ORDERED,
        TaskingState.ACCEPTED,
        TaskingState.PREPARING,
        TaskingState.RELEASED,
        TaskingState.AIRBORNE,
        TaskingState.WORKING,
        TaskingState.RETURNING,
    }
)  # an aircraft with a tasking in one of these is not free


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """All records by id, as of journal row `seq`. `changed[table, id]` is the row that last touched a record."""

    site: str
    seq: int = 0
    at: datetime | None = None
    accounts: Map[str, Account] = field(default_factory=Map)
    sessions: Map[str, Session] = field(default_factory=Map)
    aircraft: Map[str, Aircraft] = field(default_factory=Map)
    bases: Map[str, Base] = field(default_factory=Map)
    water_points: Map[str, WaterPoint] = field(default_factory=Map)
    landing_sites: Map[str, LandingSite] = field(default_factory=Map)
    hospitals: Map[str, Hospital] = field(default_factory=Map)
    identities: Map[str, Identity] = field(default_factory=Map)
    incidents: Map[str, Incident] = field(default_factory=Map)
    plans: Map[str, Plan] = field(default_factory=Map)
    taskings: Map[str, Tasking] = field(default_factory=Map)
    requests: Map[str, AirspaceRequest] = field(default_factory=Map)
    shared: Map[tuple[str, str], int] = field(default_factory=Map)  # (incident, partner) -> row from which on
    changed: Map[tuple[str, str], int] = field(default_factory=Map)

    @staticmethod
    def empty(site: str) -> "World":
        """A site before its first fact."""
        return World(site=site)

    def ongoing_tasking(self, aircraft_id: str) -> Tasking | None:
        """Our tasking that keeps an aircraft busy, if any. A partner's says nothing about ours."""
        for tasking in self.taskings.values():
            own = tasking.site == self.site
            if own and tasking.aircraft_id == aircraft_id and tasking.state in ONGOING:
                return tasking
        return None


def fold(world: World, recorded: Recorded) -> World:
    """The world after one more fact."""
    world = replace(world, seq=recorded.seq, at=recorded.at)
    return _FOLDS[type(recorded.fact)](world, recorded, recorded.fact)


def _put(world: World, table: str, key: str, record: Any) -> World:
    return replace(
        world,
        **{table: getattr(world, table).set(key, record)},
        changed=world.changed.set((table, key), world.seq),
    )


def _step(recorded: Recorded, action: str, state: str, reason: str = "", at: datetime | None = None) -> Step:
    return Step(
        at=at or recorded.at,
        actor=recorded.actor,
        role=recorded.role,
        action=str(action),  # plain text, as it is once it has travelled
        state=str(state),
        reason=reason,
    )


def _account_saved(world: World, _: Recorded, fact: facts.AccountSaved) -> World:
    return _put(world, "accounts", fact.account.name, fact.account)


def _session_opened(world: World, _: Recorded, fact: facts.SessionOpened) -> World:
    kept = world.sessions.mutate()
    if world.at is not None:  # signing in sweeps what has run out, so that the map stays small
        for digest, session in world.sessions.items():
            if session.expires_at <= world.at:
                del kept[digest]
    kept[fact.session.token_digest] = fact.session
    return replace(world, sessions=kept.finish())


def _session_closed(world: World, _: Recorded, fact: facts.SessionClosed) -> World:
    if fact.token_digest not in world.sessions:
        return world
    return replace(world, sessions=world.sessions.delete(fact.token_digest))


def _aircraft_saved(world: World, _: Recorded, fact: facts.AircraftSaved) -> World:
    return _put(world, "aircraft", fact.aircraft.id, fact.aircraft)


def _base_saved(world: World, _: Recorded, fact: facts.BaseSaved) -> World:
    return _put(world, "bases", fact.base.id, fact.base)


def _water_point_saved(world: World, _: Recorded, fact: facts.WaterPointSaved) -> World:
    return _put(world, "water_points", fact.water_point.id, fact.water_point)


def _landing_site_saved(world: World, _: Recorded, fact: facts.LandingSiteSaved) -> World:
    return _put(world, "landing_sites", fact.landing_site.id, fact.landing_site)


def _hospital_saved(world: World, _: Recorded, fact: facts.HospitalSaved) -> World:
    return _put(world, "hospitals", fact.hospital.id, fact.hospital)


def _identity_saved(world: World, recorded: Recorded, fact: facts.IdentitySaved) -> World:
    identity = fact.identity
    step = _step(recorded, "save", "retired" if identity.retired else "in_use")
    return _put(world, "identities", identity.id, replace(identity, history=(*identity.history, step)))


def _incident_reported(world: World, recorded: Recorded, fact: facts.IncidentReported) -> World:
    incident = fact.incident
    step = _step(recorded, "report", incident.state)
    return _put(world, "incidents", incident.id, replace(incident, history=(*incident.history, step)))


def _incident_advanced(world: World, recorded: Recorded, fact: facts.IncidentAdvanced) -> World:
    incident = world.incidents.get(fact.incident_id)
    if incident is None:
        return world
    return _put(
        world,
        "incidents",
        incident.id,
        replace(
            incident,
            state=fact.state,
            version=fact.version,
            merged_into=fact.merged_into or incident.merged_into,
            history=(*incident.history, _step(recorded, fact.action, fact.state, fact.reason)),
        ),
    )


def _incident_updated(world: World, recorded: Recorded, fact: facts.IncidentUpdated) -> World:
    incident = world.incidents.get(fact.incident_id)
    if incident is None:
        return world
    step = _step(recorded, "update", incident.state, ", ".join(fact.changed))
    return _put(
        world,
        "incidents",
        incident.id,
        replace(
            incident,
            version=fact.version,
            level=fact.level,
            title=fact.title,
            life_at_risk=fact.life_at_risk,
            demand_l=fact.demand_l,
            growth_lps=fact.growth_lps,
            wind_mps=fact.wind_mps,
            visibility_m=fact.visibility_m,
            note=fact.note,
            fire=fact.fire,
            history=(*incident.history, step),
        ),
    )


def _incident_shared(world: World, recorded: Recorded, fact: facts.IncidentShared) -> World:
    incident = fact.incident
    if recorded.origin == world.site:
        own = world.incidents.get(incident.id, incident)
        step = _step(recorded, "share", own.state, fact.partner)
        incident = replace(  # ours keeps the names that the snapshot left out
            own,
            shared_with=incident.shared_with,
            version=incident.version,
            history=(*own.history, step),
        )
    world = _put(world, "incidents", incident.id, incident)
    for tasking in fact.taskings if recorded.origin != world.site else ():
        world = _put(world, "taskings", tasking.id, tasking)
    for request in fact.requests if recorded.origin != world.site else ():
        world = _put(world, "requests", request.id, request)
    key = (incident.id, fact.partner)
    return world if key in world.shared else replace(world, shared=world.shared.set(key, recorded.seq))


def _plan_proposed(world: World, _: Recorded, fact: facts.PlanProposed) -> World:
    for old in world.plans.values():  # a newer proposal replaces the open ones for the same incidents
        if old.state is PlanState.OPEN and set(old.incident_ids) & set(fact.plan.incident_ids):
            world = _put(
                world, "plans", old.id, replace(old, state=PlanState.SUPERSEDED, version=old.version + 1)
            )
    return _put(world, "plans", fact.plan.id, fact.plan)


def _plan_adopted(world: World, _: Recorded, fact: facts.PlanAdopted) -> World:
    plan = world.plans.get(fact.plan_id)
    if plan is None:
        return world
    return _put(world, "plans", plan.id, replace(plan, state=PlanState.ADOPTED, version=fact.version))


def _tasking_adopted(world: World, recorded: Recorded, fact: facts.TaskingAdopted) -> World:
    tasking = fact.tasking
    step = _step(recorded, "adopt", tasking.state)
    return _put(world, "taskings", tasking.id, replace(tasking, history=(*tasking.history, step)))


def _tasking_advanced(world: World, recorded: Recorded, fact: facts.TaskingAdvanced) -> World:
    tasking = world.taskings.get(fact.tasking_id)
    if tasking is None:
        return world
    step = _step(recorded, fact.action, fact.state, fact.reason, fact.done_at)
    world = _put(
        world,
        "taskings",
        tasking.id,
        replace(
            tasking,
            state=fact.state,
            version=fact.version,
            timers=fact.timers,
            refusal=fact.refusal or tasking.refusal,
            sortie=tasking.sortie + (1 if fact.action == "next_sortie" else 0),
            history=(*tasking.history, step),
        ),
    )
    return _move_aircraft(world, tasking, fact)


def _move_aircraft(world: World, tasking: Tasking, fact: facts.TaskingAdvanced) -> World:
    """An aircraft is at no base between take-off and landing, then at the base it landed at."""
    aircraft = world.aircraft.get(tasking.aircraft_id)
    if aircraft is None or aircraft.site != tasking.site or fact.action not in ("take_off", "land"):
        return world  # a partner's tasking does not move our aircraft
    at_base = "" if fact.action == "take_off" else tasking.base_id
    return _put(world, "aircraft", aircraft.id, replace(aircraft, at_base_id=at_base))


def _timer_escalated(world: World, recorded: Recorded, fact: facts.TimerEscalated) -> World:
    tasking = world.taskings.get(fact.tasking_id)
    if tasking is None:
        return world
    timers = tuple(
        replace(timer, escalated_at=recorded.at) if timer.kind is TimerKind(fact.timer) else timer
        for timer in tasking.timers
    )
    step = _step(recorded, f"overdue_{fact.timer}", tasking.state)
    return _put(
        world,
        "taskings",
        tasking.id,
        replace(tasking, timers=timers, version=fact.version, history=(*tasking.history, step)),
    )


def _airspace_filed(world: World, recorded: Recorded, fact: facts.AirspaceFiled) -> World:
    request = fact.request
    step = _step(recorded, "file", request.state)
    world = _put(world, "requests", request.id, replace(request, history=(*request.history, step)))
    tasking = world.taskings.get(request.tasking_id)
    if tasking is None or request.id in tasking.airspace_request_ids:
        return world
    ids = (*tasking.airspace_request_ids, request.id)
    return _put(world, "taskings", tasking.id, replace(tasking, airspace_request_ids=ids))


def _airspace_advanced(world: World, recorded: Recorded, fact: facts.AirspaceAdvanced) -> World:
    request = world.requests.get(fact.request_id)
    if request is None:
        return world
    airspace = request.airspace
    approved_by = request.approved_by
    if fact.action == "approve":
        approved_by = recorded.actor
    if fact.action == "counter":
        approved_by = recorded.actor  # whose approval it becomes if the applicant accepts it unchanged
    if fact.action == "accept" and request.counter is not None:
        airspace = replace(
            airspace,
            ceiling_m=airspace.ceiling_m if request.counter.ceiling_m is None else request.counter.ceiling_m,
            active_from=request.counter.active_from or airspace.active_from,
            active_until=request.counter.active_until or airspace.active_until,
        )
    return _put(
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
            history=(*request.history, _step(recorded, fact.action, fact.state, fact.reason)),
        ),
    )


_FOLDS: dict[type, Callable[[World, Recorded, Any], World]] = {
    facts.AccountSaved: _account_saved,
    facts.SessionOpened: _session_opened,
    facts.SessionClosed: _session_closed,
    facts.AircraftSaved: _aircraft_saved,
    facts.BaseSaved: _base_saved,
    facts.WaterPointSaved: _water_point_saved,
    facts.LandingSiteSaved: _landing_site_saved,
    facts.HospitalSaved: _hospital_saved,
    facts.IdentitySaved: _identity_saved,
    facts.IncidentReported: _incident_reported,
    facts.IncidentAdvanced: _incident_advanced,
    facts.IncidentUpdated: _incident_updated,
    facts.IncidentShared: _incident_shared,
    facts.PlanProposed: _plan_proposed,
    facts.PlanAdopted: _plan_adopted,
    facts.TaskingAdopted: _tasking_adopted,
    facts.TaskingAdvanced: _tasking_advanced,
    facts.TimerEscalated: _timer_escalated,
    facts.AirspaceFiled: _airspace_filed,
    facts.AirspaceAdvanced: _airspace_advanced,
}
