"""Everything a site knows as facts, as one immutable value, and `fold`, the only way it changes.

`fold(world, recorded)` is total: whatever `decide` produced or a partner sent is folded without judging it again,
so that a journal replays the same on every version. Lookups are plain maps by id.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from immutables import Map

from dispatch import (
    account_facts,
    aid_facts,
    aid_fold,
    airspace_facts,
    alert_facts,
    alert_fold,
    amended,
    callout_book,
    callout_facts,
    clearance_facts,
    clearance_fold,
    closure_facts,
    conference_fold,
    consent_fold,
    device_facts,
    device_fold,
    drop_facts,
    drop_fold,
    duty_facts,
    enrol_fold,
    hazard_facts,
    hazard_fold,
    incident_facts,
    resource_facts,
    room_fold,
    run_card_facts,
    search_facts,
    search_fold,
    staff_facts,
    tasking_facts,
    traffic_area_facts,
    traffic_area_fold,
    uplink_fold,
    video_fold,
    video_share_fold,
    volume_facts,
    volume_fold,
    weather_facts,
    weather_fold,
)
from dispatch.aid_limit_records import AidRule
from dispatch.aid_records import AidAlarm, AidOffer, AidRequest
from dispatch.alert_records import AlertHandling, LatchedAlert, NetInhibition
from dispatch.callout_records import Callout, CalloutReply, CalloutSecret
from dispatch.clearance_records import ClearanceRule
from dispatch.conference_records import ConferenceCall
from dispatch.consent_book import ConsentBook
from dispatch.consent_records import Consent, LabelledRecord
from dispatch.device_records import Device
from dispatch.drop_records import TrackEvent
from dispatch.duty_records import Handover, HandoverRead, LogNote
from dispatch.enrol_records import Invitation, JoinedSite
from dispatch.facts import Recorded
from dispatch.hazard_records import Hazard
from dispatch.kinds import AlarmFlag, HandoverState, PlanState, TaskingState, TimerKind
from dispatch.obstacle_records import Obstacle
from dispatch.records import (
    Account,
    Aircraft,
    AirspaceRequest,
    AlarmSource,
    Base,
    Closure,
    Hospital,
    Identity,
    Incident,
    LandingSite,
    Plan,
    Session,
    SignInLock,
    Step,
    Tasking,
    WaterPoint,
)
from dispatch.room_records import Room, RoomEntry, RoomPerson
from dispatch.run_card_records import AppliedItem, RunCard
from dispatch.search_records import Search
from dispatch.staff_records import Contract, CrewMember, DutyRule, DutyShift, Equipment, Operator
from dispatch.traffic_area_records import Intrusion, TrafficArea
from dispatch.uplink_records import Uplink
from dispatch.video_records import VideoClip, VideoStream
from dispatch.video_share_records import PartnerViewing, ShownVideo, VideoGrant, VideoRequest
from dispatch.volume_records import Volume
from dispatch.weather_records import Minimum, WeatherReport

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
        TaskingState.STOPPED,
    }
)  # an aircraft with a tasking in one of these is not free
IN_THE_AIR = frozenset({TaskingState.AIRBORNE, TaskingState.WORKING, TaskingState.RETURNING})


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """All records by id, as of journal row `seq`. `changed[table, id]` is the row that last touched a record."""

    site: str
    seq: int = 0
    at: datetime | None = None
    accounts: Map[str, Account] = field(default_factory=Map)
    sessions: Map[str, Session] = field(default_factory=Map)
    devices: Map[str, Device] = field(default_factory=Map)
    sign_in_locks: Map[tuple[str, str], SignInLock] = field(default_factory=Map)  # (account, address)
    aircraft: Map[str, Aircraft] = field(default_factory=Map)
    bases: Map[str, Base] = field(default_factory=Map)
    water_points: Map[str, WaterPoint] = field(default_factory=Map)
    landing_sites: Map[str, LandingSite] = field(default_factory=Map)
    hospitals: Map[str, Hospital] = field(default_factory=Map)
    obstacles: Map[str, Obstacle] = field(default_factory=Map)
    identities: Map[str, Identity] = field(default_factory=Map)
    operators: Map[str, Operator] = field(default_factory=Map)
    contracts: Map[str, Contract] = field(default_factory=Map)
    crew: Map[str, CrewMember] = field(default_factory=Map)
    equipment: Map[str, Equipment] = field(default_factory=Map)
    duty_rules: Map[str, DutyRule] = field(default_factory=Map)
    minima: Map[str, Minimum] = field(default_factory=Map)
    weather: Map[str, WeatherReport] = field(default_factory=Map)  # entered by hand
    hazards: Map[str, Hazard] = field(default_factory=Map)
    run_cards: Map[str, RunCard] = field(default_factory=Map)
    clearance_rules: Map[str, ClearanceRule] = field(default_factory=Map)
    aid_rules: Map[str, AidRule] = field(default_factory=Map)
    incidents: Map[str, Incident] = field(default_factory=Map)
    plans: Map[str, Plan] = field(default_factory=Map)
    taskings: Map[str, Tasking] = field(default_factory=Map)
    requests: Map[str, AirspaceRequest] = field(default_factory=Map)
    closures: Map[str, Closure] = field(default_factory=Map)
    searches: Map[str, Search] = field(default_factory=Map)  # withdrawn ones too
    traffic_areas: Map[str, TrafficArea] = field(default_factory=Map)  # withdrawn ones too
    intrusions: Map[str, Intrusion] = field(default_factory=Map)  # cleared ones too
    shifts: Map[str, DutyShift] = field(default_factory=Map)
    handovers: Map[str, Handover] = field(default_factory=Map)  # the unfinished and the last finished ones
    missed_handovers: Map[str, datetime] = field(default_factory=Map)  # shift -> when it was cried out
    notes: Map[str, LogNote] = field(default_factory=Map)  # the newest; the journal has all
    callouts: Map[str, Callout] = field(default_factory=Map)
    callout_secrets: Map[str, CalloutSecret] = field(default_factory=Map)  # shown to nobody
    callout_replies: Map[str, tuple[CalloutReply, ...]] = field(default_factory=Map)  # by number, the last
    track_events: Map[str, tuple[TrackEvent, ...]] = field(default_factory=Map)  # by tasking, until settled
    alarms: Map[str, str] = field(default_factory=Map)  # alarm_key of every source -> its incident
    shared: Map[tuple[str, str], int] = field(default_factory=Map)  # (incident, partner) -> row from which on
    changed: Map[tuple[str, str], int] = field(default_factory=Map)
    consents: Map[str, Consent] = field(default_factory=Map)  # ours and partners'
    invitations: Map[str, Invitation] = field(default_factory=Map)  # ended ones too
    joined_sites: Map[str, JoinedSite] = field(
        default_factory=Map
    )  # partners by invitation; shut out ones too
    labels: Map[tuple[str, str], LabelledRecord] = field(default_factory=Map)  # (table, id)
    consent_book: ConsentBook = field(default_factory=ConsentBook)
    volumes: Map[str, Volume] = field(default_factory=Map)  # withdrawn ones too
    volumes_at: int = 0  # the row that last touched one
    alert_handlings: Map[str, AlertHandling] = field(default_factory=Map)
    net_inhibitions: Map[str, NetInhibition] = field(default_factory=Map)  # those over, for a week
    latched_alerts: Map[str, LatchedAlert] = field(default_factory=Map)  # by alert, until acknowledged
    rooms: Map[str, Room] = field(default_factory=Map)
    room_people: Map[str, RoomPerson] = field(default_factory=Map)
    room_entries: Map[str, RoomEntry] = field(default_factory=Map)
    room_since: Map[tuple[str, str], int] = field(
        default_factory=Map
    )  # (room, partner) -> our row from which on
    room_counts: Map[tuple[str, str], int] = field(default_factory=Map)  # (room, site) -> entries
    room_heard: Map[str, datetime] = field(default_factory=Map)  # room -> when we acted in it last
    conference_calls: Map[str, ConferenceCall] = field(default_factory=Map)  # with sources to be pulled

    video_streams: Map[str, VideoStream] = field(default_factory=Map)  # removed ones too
    video_clips: Map[str, VideoClip] = field(default_factory=Map)
    video_told: Map[str, tuple[ShownVideo, ...]] = field(default_factory=Map)  # partner -> what it was shown
    shown_videos: Map[str, ShownVideo] = field(default_factory=Map)  # partners' streams
    video_requests: Map[str, VideoRequest] = field(default_factory=Map)  # of ours, and partners' to us
    video_grants: Map[str, VideoGrant] = field(default_factory=Map)
    video_answers: Map[str, str] = field(default_factory=Map)  # request -> its grant
    video_viewings: Map[str, PartnerViewing] = field(default_factory=Map)  # that last
    uplinks: Map[str, Uplink] = field(default_factory=Map)
    uplinks_waiting: Map[str, str] = field(default_factory=Map)  # to teams, not delivered yet -> the team
    uplink_times: Map[str, tuple[datetime, ...]] = field(default_factory=Map)  # by sender: when, lately
    aid_requests: Map[str, AidRequest] = field(default_factory=Map)  # of ours, and partners' to us
    aid_offers: Map[str, AidOffer] = field(default_factory=Map)
    aid_alarms: Map[str, AidAlarm] = field(default_factory=Map)

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


_NAMES = tuple(each.name for each in fields(World))
_VALUES = attrgetter(*_NAMES)
_SETTERS = tuple((name, getattr(World, name).__set__) for name in _NAMES)


def _with(world: World, **changes: Any) -> World:
    """As dataclasses.replace, in a quarter of its time: each fact makes two worlds, and one has sixty fields."""
    made: World = object.__new__(World)
    for (name, put), value in zip(_SETTERS, _VALUES(world), strict=True):
        put(made, changes.get(name, value))
    return made


def fold(world: World, recorded: Recorded) -> World:
    """The world after one more fact."""
    world = _with(world, seq=recorded.seq, at=recorded.at)
    return _FOLDS[type(recorded.fact)](world, recorded, recorded.fact)


def _put(world: World, table: str, key: str, record: Any) -> World:
    return _with(
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


def _account_saved(world: World, recorded: Recorded, fact: account_facts.AccountSaved) -> World:
    account, before = fact.account, world.accounts.get(fact.account.name)
    same = before is not None and before.password_hash == account.password_hash
    set_at = before.password_set_at if same and before is not None else recorded.at
    world = _put(world, "accounts", account.name, replace(account, password_set_at=set_at))
    if same or account.must_change:
        return world
    kept = world.sessions.mutate()
    for digest, session in world.sessions.items():  # the new password is what they were held up for
        if session.account == account.name and session.must_change:
            kept[digest] = replace(session, must_change=False)
    return replace(world, sessions=kept.finish())


def _session_opened(world: World, _: Recorded, fact: account_facts.SessionOpened) -> World:
    kept = world.sessions.mutate()
    if world.at is not None:  # signing in sweeps what has run out, so that the map stays small
        for digest, session in world.sessions.items():
            if session.expires_at <= world.at:
                del kept[digest]
    kept[fact.session.token_digest] = fact.session
    return replace(world, sessions=kept.finish())


def _session_closed(world: World, _: Recorded, fact: account_facts.SessionClosed) -> World:
    if fact.token_digest not in world.sessions:
        return world
    return replace(world, sessions=world.sessions.delete(fact.token_digest))


def _sessions_ended(world: World, _: Recorded, fact: account_facts.SessionsEnded) -> World:
    kept = world.sessions.mutate()
    for digest in fact.token_digests:
        if digest in kept:
            del kept[digest]
    return replace(world, sessions=kept.finish())


def _with_session(world: World, token_digest: str, **changes: Any) -> World:
    session = world.sessions.get(token_digest)
    if session is None:
        return world
    return replace(world, sessions=world.sessions.set(token_digest, replace(session, **changes)))


def _session_locked(world: World, recorded: Recorded, fact: account_facts.SessionLocked) -> World:
    return _with_session(world, fact.token_digest, locked_at=recorded.at)


def _session_unlocked(world: World, _: Recorded, fact: account_facts.SessionUnlocked) -> World:
    return _with_session(world, fact.token_digest, locked_at=None)


def _sign_in_locked(world: World, recorded: Recorded, fact: account_facts.SignInLocked) -> World:
    kept = {key: each for key, each in world.sign_in_locks.items() if each.until > recorded.at}
    kept[fact.lock.account, fact.lock.address] = fact.lock
    return replace(world, sign_in_locks=Map(kept))


def _sign_in_unlocked(world: World, _: Recorded, fact: account_facts.SignInUnlocked) -> World:
    kept = {key: each for key, each in world.sign_in_locks.items() if each.account != fact.account}
    return replace(world, sign_in_locks=Map(kept))


def _aircraft_saved(world: World, _: Recorded, fact: resource_facts.AircraftSaved) -> World:
    return _put(world, "aircraft", fact.aircraft.id, fact.aircraft)


def _base_saved(world: World, _: Recorded, fact: resource_facts.BaseSaved) -> World:
    return _put(world, "bases", fact.base.id, fact.base)


def _water_point_saved(world: World, _: Recorded, fact: resource_facts.WaterPointSaved) -> World:
    return _put(world, "water_points", fact.water_point.id, fact.water_point)


def _landing_site_saved(world: World, _: Recorded, fact: resource_facts.LandingSiteSaved) -> World:
    return _put(world, "landing_sites", fact.landing_site.id, fact.landing_site)


def _hospital_saved(world: World, _: Recorded, fact: resource_facts.HospitalSaved) -> World:
    return _put(world, "hospitals", fact.hospital.id, fact.hospital)


def _obstacle_saved(world: World, _: Recorded, fact: resource_facts.ObstacleSaved) -> World:
    return _put(world, "obstacles", fact.obstacle.id, fact.obstacle)


def _operator_saved(world: World, _: Recorded, fact: staff_facts.OperatorSaved) -> World:
    return _put(world, "operators", fact.operator.id, fact.operator)


def _contract_saved(world: World, _: Recorded, fact: staff_facts.ContractSaved) -> World:
    return _put(world, "contracts", fact.contract.id, fact.contract)


def _crew_member_saved(world: World, _: Recorded, fact: staff_facts.CrewMemberSaved) -> World:
    return _put(world, "crew", fact.crew_member.id, fact.crew_member)


def _equipment_saved(world: World, _: Recorded, fact: staff_facts.EquipmentSaved) -> World:
    return _put(world, "equipment", fact.equipment.id, fact.equipment)


def _duty_rule_saved(world: World, _: Recorded, fact: staff_facts.DutyRuleSaved) -> World:
    return _put(world, "duty_rules", fact.duty_rule.id, fact.duty_rule)


def _run_card_saved(world: World, _: Recorded, fact: run_card_facts.RunCardSaved) -> World:
    return _put(world, "run_cards", fact.run_card.id, fact.run_card)


def _run_card_applied(world: World, recorded: Recorded, fact: run_card_facts.RunCardApplied) -> World:
    incident = world.incidents.get(fact.incident_id)
    if incident is None:
        return world
    chosen = fact.card.card_id != fact.card.proposed_id or fact.card.changed
    action = "override_card" if chosen else "apply_card"
    said = "，".join(filter(None, (fact.card.name, fact.card.reason)))
    step = _step(recorded, action, incident.state, said)
    applied = replace(incident, version=fact.version, run_card=fact.card, history=(*incident.history, step))
    return _put(world, "incidents", incident.id, applied)


def _card_item_ticked(world: World, recorded: Recorded, fact: run_card_facts.CardItemTicked) -> World:
    incident = world.incidents.get(fact.incident_id)
    if incident is None or incident.run_card is None:
        return world

    def ticked(one: AppliedItem) -> AppliedItem:
        if not fact.done:
            return replace(one, version=fact.version, done_at=None, done_by="", done_as=None)
        return replace(
            one, version=fact.version, done_at=recorded.at, done_by=recorded.actor, done_as=recorded.role
        )

    items = tuple(ticked(one) if one.key == fact.key else one for one in incident.run_card.items)
    # the incident's own version stays: a tick stands in nobody's way
    return _put(
        world, "incidents", incident.id, replace(incident, run_card=replace(incident.run_card, items=items))
    )


def _card_clock_escalated(world: World, recorded: Recorded, fact: run_card_facts.CardClockEscalated) -> World:
    incident = world.incidents.get(fact.incident_id)
    if incident is None or incident.run_card is None:
        return world
    card = incident.run_card
    items = tuple(
        replace(one, escalated_at=recorded.at) if one.key == fact.key else one for one in card.items
    )
    return _put(world, "incidents", incident.id, replace(incident, run_card=replace(card, items=items)))


def _identity_saved(world: World, recorded: Recorded, fact: resource_facts.IdentitySaved) -> World:
    identity = fact.identity
    step = _step(recorded, "save", "retired" if identity.retired else "in_use")
    return _put(world, "identities", identity.id, replace(identity, history=(*identity.history, step)))


def alarm_key(kind: str, source: str, own_id: str) -> str:
    """Names one alarm of one source."""
    return f"{kind}\0{source}\0{own_id}"


def _incident_reported(world: World, recorded: Recorded, fact: incident_facts.IncidentReported) -> World:
    incident = fact.incident
    step = _step(recorded, "report", incident.state)
    world = _put(world, "incidents", incident.id, replace(incident, history=(*incident.history, step)))
    return _know_alarms(world, recorded, incident.id, incident.sources)


def _know_alarms(
    world: World, recorded: Recorded, incident_id: str, sources: tuple[AlarmSource, ...]
) -> World:
    if recorded.origin != world.site or not sources:
        return world  # a partner's alarms are not ours to match
    known = world.alarms.mutate()
    for each in sources:
        known[alarm_key(each.kind, each.source, each.own_id)] = incident_id
    return replace(world, alarms=known.finish())


MAX_SOURCES = 200  # of one incident in memory and on a screen; the newest stay, the journal has all


def _alarms_joined(world: World, recorded: Recorded, fact: incident_facts.AlarmsJoined) -> World:
    incident = world.incidents.get(fact.incident_id)
    if incident is None:
        return world
    kept = {alarm_key(each.kind, each.source, each.own_id): each for each in incident.sources}
    for each in fact.sources:
        key = alarm_key(each.kind, each.source, each.own_id)
        before = kept.pop(key, None)
        kept[key] = each if before is None else replace(each, times=before.times + each.times)
    step = _step(recorded, "join", incident.state)
    joined = replace(
        incident,
        version=fact.version,
        sources=tuple(kept.values())[-MAX_SOURCES:],
        flags=fact.flags,
        possible_duplicates=fact.possible_duplicates,
        history=_with_join(incident.history, step),
    )
    return _know_alarms(_put(world, "incidents", incident.id, joined), recorded, incident.id, fact.sources)


def _with_join(history: tuple[Step, ...], step: Step) -> tuple[Step, ...]:
    """A monitor repeats itself every few seconds: repeats one after another are one line, the last."""
    same = bool(history) and history[-1].action == "join" and history[-1].actor == step.actor
    return (*history[:-1], step) if same else (*history, step)


def _incident_verified(world: World, recorded: Recorded, fact: incident_facts.IncidentVerified) -> World:
    incident = world.incidents.get(fact.incident_id)
    if incident is None:
        return world
    verified = replace(
        incident,
        version=fact.version,
        flags=tuple(flag for flag in incident.flags if flag != AlarmFlag.UNVERIFIED),
        verified_by=recorded.actor,
        verified_at=recorded.at,
        history=(*incident.history, _step(recorded, "verify", incident.state, fact.note)),
    )
    return _put(world, "incidents", incident.id, verified)


def _incident_advanced(world: World, recorded: Recorded, fact: incident_facts.IncidentAdvanced) -> World:
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


def _incident_updated(world: World, recorded: Recorded, fact: incident_facts.IncidentUpdated) -> World:
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
            people=fact.people,
            history=(*incident.history, step),
        ),
    )


def _incident_corrected(world: World, recorded: Recorded, fact: incident_facts.IncidentCorrected) -> World:
    incident = world.incidents.get(fact.incident_id)
    if incident is None:
        return world
    step = _step(recorded, "correct", incident.state, f"{', '.join(fact.changed)}：{fact.reason}")
    corrected = replace(
        incident,
        version=fact.version,
        kind=fact.kind,
        title=fact.title,
        place=fact.place,
        position=fact.position,
        stated_datum=fact.stated_datum,
        elevation_m=fact.elevation_m,
        life_at_risk=fact.life_at_risk,
        demand_l=fact.demand_l,
        growth_lps=fact.growth_lps,
        wind_mps=fact.wind_mps,
        fire=fact.fire,
        moved_at=recorded.at if "position" in fact.changed else incident.moved_at,
        history=(*incident.history, step),
    )
    return _put(world, "incidents", incident.id, corrected)


def _incident_shared(world: World, recorded: Recorded, fact: incident_facts.IncidentShared) -> World:
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


def _plan_proposed(world: World, _: Recorded, fact: tasking_facts.PlanProposed) -> World:
    for old in world.plans.values():  # a newer proposal replaces the open ones for the same incidents
        if old.state is PlanState.OPEN and set(old.incident_ids) & set(fact.plan.incident_ids):
            world = _put(
                world, "plans", old.id, replace(old, state=PlanState.SUPERSEDED, version=old.version + 1)
            )
    return _put(world, "plans", fact.plan.id, fact.plan)


def _plan_adopted(world: World, _: Recorded, fact: tasking_facts.PlanAdopted) -> World:
    plan = world.plans.get(fact.plan_id)
    if plan is None:
        return world
    return _put(world, "plans", plan.id, replace(plan, state=PlanState.ADOPTED, version=fact.version))


def _tasking_adopted(world: World, recorded: Recorded, fact: tasking_facts.TaskingAdopted) -> World:
    tasking = fact.tasking
    step = _step(recorded, "adopt", tasking.state)
    return _put(world, "taskings", tasking.id, replace(tasking, history=(*tasking.history, step)))


def _tasking_advanced(world: World, recorded: Recorded, fact: tasking_facts.TaskingAdvanced) -> World:
    tasking = world.taskings.get(fact.tasking_id)
    if tasking is None:
        return world
    step = _step(recorded, fact.action, fact.state, fact.reason, fact.done_at)
    stepped = replace(
        tasking,
        state=fact.state,
        version=fact.version,
        timers=fact.timers,
        refusal=fact.refusal or tasking.refusal,
        sortie=tasking.sortie + (1 if fact.action == "next_sortie" else 0),
        history=(*tasking.history, step),
        crew_ids=_crew(world, tasking) if fact.action == "take_off" else tasking.crew_ids,
    )
    stepped = amended.after_step(stepped, recorded, fact)
    if fact.action in _MOVES:
        stepped = drop_fold.voided(stepped, recorded)
    world = drop_fold.forget_events(world, stepped)
    return _move_aircraft(_put(world, "taskings", tasking.id, stepped), stepped, fact)


def _tasking_amended(world: World, recorded: Recorded, fact: tasking_facts.TaskingAmended) -> World:
    tasking = world.taskings.get(fact.tasking_id)
    if tasking is None:
        return world
    step = _step(recorded, "amend", tasking.state, fact.amendment.reason)
    changed = amended.after_amending(tasking, recorded, fact)
    return _put(world, "taskings", tasking.id, replace(changed, history=(*tasking.history, step)))


def _acts_refused(world: World, _: Recorded, __: tasking_facts.ActsRefused) -> World:
    return world  # nothing came of them; the journal keeps them for the auditor


def _crew(world: World, tasking: Tasking) -> tuple[str, ...]:
    """Who is aboard from this take-off on, and who was before."""
    aboard = sorted(one.id for one in world.crew.values() if one.aircraft_id == tasking.aircraft_id)
    return tuple(dict.fromkeys((*tasking.crew_ids, *aboard))) if tasking.site == world.site else ()


UP = frozenset({"take_off", "resume"})  # steps that bring an aircraft into the air
DOWN = frozenset({"land", "technical_stop", "emergency_land"})  # and back onto the ground
_MOVES = UP | DOWN


def _move_aircraft(world: World, tasking: Tasking, fact: tasking_facts.TaskingAdvanced) -> World:
    """An aircraft is at no base between take-off and landing, then at the base it landed at, if it was one."""
    aircraft = world.aircraft.get(tasking.aircraft_id)
    if aircraft is None or aircraft.site != tasking.site or fact.action not in _MOVES:
        return world  # a partner's tasking does not move our aircraft
    at_base = "" if fact.action in UP else amended.landing_base(tasking)
    return _put(world, "aircraft", aircraft.id, replace(aircraft, at_base_id=at_base))


def _timer_escalated(world: World, recorded: Recorded, fact: tasking_facts.TimerEscalated) -> World:
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


def _airspace_filed(world: World, recorded: Recorded, fact: airspace_facts.AirspaceFiled) -> World:
    request = fact.request
    step = _step(recorded, "file", request.state)
    world = _put(world, "requests", request.id, replace(request, history=(*request.history, step)))
    tasking = world.taskings.get(request.tasking_id)
    if tasking is None or request.id in tasking.airspace_request_ids:
        return world
    ids = (*tasking.airspace_request_ids, request.id)
    return _put(world, "taskings", tasking.id, replace(tasking, airspace_request_ids=ids))


def _airspace_advanced(world: World, recorded: Recorded, fact: airspace_facts.AirspaceAdvanced) -> World:
    request = world.requests.get(fact.request_id)
    if request is None:
        return world
    airspace = request.airspace
    approved_by = request.approved_by
    if fact.action == "approve":
        approved_by = recorded.actor
    if fact.action == "counter":
        approved_by = recorded.actor  # whose approval it becomes if the applicant accepts it unchanged
    changes = fact.counter if fact.action == "phone" else request.counter
    if fact.action in ("accept", "phone") and changes is not None:
        airspace = replace(
            airspace,
            ceiling_m=airspace.ceiling_m if changes.ceiling_m is None else changes.ceiling_m,
            active_from=changes.active_from or airspace.active_from,
            active_until=changes.active_until or airspace.active_until,
        )
    phone = request.phone
    if fact.action == "confirm" and phone is not None:
        phone = replace(phone, confirmed_by=recorded.actor, confirmed_at=recorded.at)
        approved_by = recorded.actor
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
            phone=phone,
            history=(*request.history, _step(recorded, fact.action, fact.state, fact.reason)),
        ),
    )


def _closure_declared(world: World, recorded: Recorded, fact: closure_facts.ClosureDeclared) -> World:
    closure = fact.closure
    step = _step(recorded, "declare", "declared", closure.reason)
    return _put(world, "closures", closure.id, replace(closure, history=(*closure.history, step)))


def _closure_amended(world: World, recorded: Recorded, fact: closure_facts.ClosureAmended) -> World:
    present = world.closures.get(fact.closure.id)
    step = _step(recorded, "amend", "declared", ", ".join(fact.changed))
    history = (*(present.history if present is not None else ()), step)
    return _put(world, "closures", fact.closure.id, replace(fact.closure, history=history))


def _closure_lifted(world: World, recorded: Recorded, fact: closure_facts.ClosureLifted) -> World:
    closure = world.closures.get(fact.closure_id)
    if closure is None:
        return world
    step = _step(recorded, "lift", "lifted", fact.reason)
    lifted = replace(closure, lifted_at=recorded.at, version=fact.version, history=(*closure.history, step))
    return _put(world, "closures", closure.id, lifted)


def _duty_shift_saved(world: World, _: Recorded, fact: duty_facts.DutyShiftSaved) -> World:
    return _put(world, "shifts", fact.shift.id, fact.shift)


KEPT_MISSED = timedelta(days=2)  # that a shift was not handed over is told of the last ones
KEPT_HANDOVERS = 90  # finished ones in memory: a month of three shifts a day
# in memory, the newest, up to twice as many: what may still be corrected and what a shift hands over
KEPT_NOTES = 500
_FINISHED = (HandoverState.DONE, HandoverState.WITHDRAWN)


def _handover_opened(world: World, recorded: Recorded, fact: duty_facts.HandoverOpened) -> World:
    handover = fact.handover
    step = _step(recorded, "open", handover.state)
    finished = sorted(
        (each for each in world.handovers.values() if each.state in _FINISHED),
        key=lambda each: each.opened_at,
    )
    kept = world.handovers.mutate()
    for old in finished[: max(0, len(finished) - KEPT_HANDOVERS)]:
        del kept[old.id]
    world = replace(world, handovers=kept.finish())
    return _put(world, "handovers", handover.id, replace(handover, history=(*handover.history, step)))


def _with_handover(world: World, recorded: Recorded, handover_id: str, action: str, **changes: Any) -> World:
    """A handover with changes and, where an action is named, one line more of history."""
    handover = world.handovers.get(handover_id)
    if handover is None:
        return world
    changed = replace(handover, **changes)
    if action:
        step = _step(recorded, action, changed.state, str(changes.get("remarks", "")))
        changed = replace(changed, history=(*handover.history, step))
    return _put(world, "handovers", handover_id, changed)


def _handover_signed(world: World, recorded: Recorded, fact: duty_facts.HandoverSigned) -> World:
    return _with_handover(
        world,
        recorded,
        fact.handover_id,
        "sign",
        state=HandoverState.SIGNED,
        version=fact.version,
        items=fact.items,
        left_out=fact.left_out,
        remarks=fact.remarks,
        signed_at=recorded.at,
        signed_by=recorded.actor,
    )


def _handover_items_read(world: World, recorded: Recorded, fact: duty_facts.HandoverItemsRead) -> World:
    handover = world.handovers.get(fact.handover_id)
    if handover is None:
        return world
    new = tuple(HandoverRead(account=recorded.actor, key=key, at=recorded.at) for key in fact.keys)
    return _with_handover(world, recorded, handover.id, "", reads=(*handover.reads, *new))


def _handover_taken(world: World, recorded: Recorded, fact: duty_facts.HandoverTaken) -> World:
    return _with_handover(
        world,
        recorded,
        fact.handover_id,
        "take",
        state=HandoverState.DONE,
        version=fact.version,
        changes=fact.changes,
        taken_at=recorded.at,
        taken_by=recorded.actor,
        taken_remarks=fact.remarks,
    )


def _handover_withdrawn(world: World, recorded: Recorded, fact: duty_facts.HandoverWithdrawn) -> World:
    return _with_handover(
        world, recorded, fact.handover_id, "withdraw", state=HandoverState.WITHDRAWN, version=fact.version
    )


def _handover_escalated(world: World, recorded: Recorded, fact: duty_facts.HandoverEscalated) -> World:
    return _with_handover(
        world, recorded, fact.handover_id, "overdue", version=fact.version, escalated_at=recorded.at
    )


def _handover_missed(world: World, recorded: Recorded, fact: duty_facts.HandoverMissed) -> World:
    newest = {each: at for each, at in world.missed_handovers.items() if recorded.at - at <= KEPT_MISSED}
    return replace(world, missed_handovers=Map({**newest, **dict.fromkeys(fact.shift_ids, recorded.at)}))


def _note_added(world: World, _: Recorded, fact: duty_facts.NoteAdded) -> World:
    notes = world.notes.set(fact.note.id, fact.note)
    if len(notes) >= 2 * KEPT_NOTES:  # seldom, so that a long journal folds as fast as a short one
        newest = sorted(notes.values(), key=lambda note: (note.at, note.id))[-KEPT_NOTES:]
        notes = Map({note.id: note for note in newest})
    return replace(world, notes=notes)


def _callout_queued(world: World, _: Recorded, fact: callout_facts.CalloutQueued) -> World:
    callouts, secrets = callout_book.with_queued(world.callouts, world.callout_secrets, fact)
    changed = world.changed.set(("callouts", fact.callout.id), world.seq)
    return replace(world, callouts=callouts, callout_secrets=secrets, changed=changed)


def _callout_advanced(world: World, recorded: Recorded, fact: callout_facts.CalloutAdvanced) -> World:
    callout = world.callouts.get(fact.callout_id)
    if callout is None:
        return world
    return _put(world, "callouts", callout.id, callout_book.advanced(callout, fact, recorded.at))


def _callout_phoned(world: World, recorded: Recorded, fact: callout_facts.CalloutPhoned) -> World:
    callout = world.callouts.get(fact.callout_id)
    if callout is None:
        return world
    phoned = replace(callout, phoned_by=recorded.actor, phoned_at=recorded.at, version=fact.version)
    return _put(world, "callouts", callout.id, phoned)


def _callout_replied(world: World, _: Recorded, fact: callout_facts.CalloutReplied) -> World:
    reply = fact.reply
    world = replace(world, callout_replies=callout_book.with_reply(world.callout_replies, reply))
    callout = world.callouts.get(reply.callout_id)
    return (
        world
        if callout is None
        else _put(world, "callouts", callout.id, callout_book.replied(callout, reply))
    )


def _tasking_shown(world: World, recorded: Recorded, fact: callout_facts.TaskingShown) -> World:
    tasking = world.taskings.get(fact.tasking_id)
    if tasking is None:
        return world
    shown = replace(tasking, shown_version=fact.version, shown_at=recorded.at)
    return _put(world, "taskings", tasking.id, shown)


_FOLDS: dict[type, Callable[[World, Recorded, Any], World]] = {
    account_facts.AccountSaved: _account_saved,
    account_facts.SessionOpened: _session_opened,
    account_facts.SessionClosed: _session_closed,
    account_facts.SessionsEnded: _sessions_ended,
    account_facts.SessionLocked: _session_locked,
    account_facts.SessionUnlocked: _session_unlocked,
    account_facts.SignInLocked: _sign_in_locked,
    account_facts.SignInUnlocked: _sign_in_unlocked,
    resource_facts.AircraftSaved: _aircraft_saved,
    resource_facts.BaseSaved: _base_saved,
    resource_facts.WaterPointSaved: _water_point_saved,
    resource_facts.LandingSiteSaved: _landing_site_saved,
    resource_facts.HospitalSaved: _hospital_saved,
    resource_facts.ObstacleSaved: _obstacle_saved,
    resource_facts.IdentitySaved: _identity_saved,
    aid_facts.AidAsked: aid_fold.asked,
    aid_facts.AidAnswered: aid_fold.answered,
    aid_facts.AidRuleSaved: aid_fold.rule_saved,
    aid_facts.AidClockPassed: aid_fold.clock_passed,
    staff_facts.OperatorSaved: _operator_saved,
    staff_facts.ContractSaved: _contract_saved,
    staff_facts.CrewMemberSaved: _crew_member_saved,
    staff_facts.EquipmentSaved: _equipment_saved,
    staff_facts.DutyRuleSaved: _duty_rule_saved,
    run_card_facts.RunCardSaved: _run_card_saved,
    run_card_facts.RunCardApplied: _run_card_applied,
    run_card_facts.CardItemTicked: _card_item_ticked,
    run_card_facts.CardClockEscalated: _card_clock_escalated,
    incident_facts.IncidentReported: _incident_reported,
    incident_facts.IncidentAdvanced: _incident_advanced,
    incident_facts.IncidentUpdated: _incident_updated,
    incident_facts.IncidentCorrected: _incident_corrected,
    incident_facts.AlarmsJoined: _alarms_joined,
    incident_facts.IncidentVerified: _incident_verified,
    incident_facts.IncidentShared: _incident_shared,
    tasking_facts.PlanProposed: _plan_proposed,
    tasking_facts.PlanAdopted: _plan_adopted,
    tasking_facts.TaskingAdopted: _tasking_adopted,
    tasking_facts.TaskingAdvanced: _tasking_advanced,
    tasking_facts.TaskingAmended: _tasking_amended,
    tasking_facts.ActsRefused: _acts_refused,
    tasking_facts.TimerEscalated: _timer_escalated,
    airspace_facts.AirspaceFiled: _airspace_filed,
    airspace_facts.AirspaceAdvanced: _airspace_advanced,
    closure_facts.ClosureDeclared: _closure_declared,
    closure_facts.ClosureAmended: _closure_amended,
    closure_facts.ClosureLifted: _closure_lifted,
    device_facts.DeviceEnrolled: device_fold.device_enrolled,
    device_facts.DeviceRevoked: device_fold.device_revoked,
    device_facts.ActStamped: device_fold.act_stamped,
    duty_facts.DutyShiftSaved: _duty_shift_saved,
    duty_facts.HandoverOpened: _handover_opened,
    duty_facts.HandoverSigned: _handover_signed,
    duty_facts.HandoverItemsRead: _handover_items_read,
    duty_facts.HandoverTaken: _handover_taken,
    duty_facts.HandoverWithdrawn: _handover_withdrawn,
    duty_facts.HandoverEscalated: _handover_escalated,
    duty_facts.HandoverMissed: _handover_missed,
    duty_facts.NoteAdded: _note_added,
    callout_facts.CalloutQueued: _callout_queued,
    callout_facts.CalloutAdvanced: _callout_advanced,
    callout_facts.CalloutPhoned: _callout_phoned,
    callout_facts.CalloutReplied: _callout_replied,
    callout_facts.TaskingShown: _tasking_shown,
    drop_facts.WaterRecorded: drop_fold.water_recorded,
    drop_facts.WaterCorrected: drop_fold.water_corrected,
    drop_facts.HoursSigned: drop_fold.hours_signed,
    drop_facts.TrackEventsNoted: drop_fold.track_events_noted,
    drop_facts.TrackEventsRejected: drop_fold.track_events_rejected,
    clearance_facts.ClearanceRuleSaved: clearance_fold.rule_saved,
    clearance_facts.AirspacePhoned: clearance_fold.phoned,
    clearance_facts.AirspaceQuestioned: clearance_fold.questioned,
    clearance_facts.AirspaceAnswered: clearance_fold.answered,
    weather_facts.WeatherEntered: weather_fold.weather_entered,
    weather_facts.MinimumSaved: weather_fold.minimum_saved,
    weather_facts.MinimaOverridden: weather_fold.minima_overridden,
    hazard_facts.HazardTaken: hazard_fold.hazard_taken,
    hazard_facts.HazardEnded: hazard_fold.hazard_ended,
    search_facts.SearchDrawn: search_fold.search_drawn,
    search_facts.SearchAmended: search_fold.search_amended,
    search_facts.SearchWithdrawn: search_fold.search_withdrawn,
    traffic_area_facts.TrafficAreaMade: traffic_area_fold.area_made,
    traffic_area_facts.TrafficAreaAmended: traffic_area_fold.area_amended,
    traffic_area_facts.TrafficAreaWithdrawn: traffic_area_fold.area_withdrawn,
    traffic_area_facts.IntrusionRecorded: traffic_area_fold.intrusion_recorded,
    traffic_area_facts.IntrusionCleared: traffic_area_fold.intrusion_cleared,
    volume_facts.VolumesImported: volume_fold.volumes_imported,
    volume_facts.VolumeSaved: volume_fold.volume_saved,
    volume_facts.VolumeWithdrawn: volume_fold.volume_withdrawn,
    alert_facts.AlertAcknowledged: alert_fold.alert_acknowledged,
    alert_facts.AlertShelved: alert_fold.alert_shelved,
    alert_facts.AlertUnshelved: alert_fold.alert_unshelved,
    alert_facts.NetInhibited: alert_fold.net_inhibited,
    alert_facts.InhibitionLifted: alert_fold.inhibition_lifted,
    alert_facts.AlertsLatched: alert_fold.alerts_latched,
    alert_facts.AlertsEnded: alert_fold.alerts_ended,
    alert_facts.AlertsCounted: alert_fold.alerts_counted,
    **consent_fold.FOLDS,
    **enrol_fold.FOLDS,
    **room_fold.FOLDS,
    **video_fold.FOLDS,
    **video_share_fold.FOLDS,
    **conference_fold.FOLDS,
    **uplink_fold.FOLDS,
}
