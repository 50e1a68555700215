"""Taskings (任务单): their lifecycle, the clocks that run on them, and what each step brings with it."""

from dataclasses import replace
from datetime import datetime, timedelta

from dispatch import access, airspace, ids, incident
from dispatch.commands import ActOnTasking, AdoptPlan, Ask, EscalateTimer
from dispatch.errors import Malformed, Refused, Unknown
from dispatch.facts import (
    AirspaceFiled,
    Fact,
    IncidentAdvanced,
    PlanAdopted,
    TaskingAdopted,
    TaskingAdvanced,
    TimerEscalated,
)
from dispatch.kinds import (
    AirspaceAction,
    IncidentAction,
    IncidentState,
    PlanState,
    TaskingAction,
    TaskingState,
    TimerKind,
)
from dispatch.lifecycle import Lifecycle
from dispatch.records import Assignment, Plan, Tasking, Timer
from dispatch.world import ONGOING, World

_S, _A = TaskingState, TaskingAction

LIFECYCLE = Lifecycle(
    name="tasking",
    initial=_S.DRAFT,
    table={
        (_S.DRAFT, _A.ADOPT): _S.PENDING,
        (_S.PENDING, _A.ORDER): _S.ORDERED,
        (_S.PENDING, _A.RECALL): _S.ENDED,
        (_S.ORDERED, _A.ACCEPT): _S.ACCEPTED,
        (_S.ORDERED, _A.REFUSE): _S.ENDED,
        (_S.ORDERED, _A.EXPIRE): _S.ENDED,
        (_S.ORDERED, _A.RECALL): _S.ENDED,
        (_S.ACCEPTED, _A.PREPARE): _S.PREPARING,
        (_S.ACCEPTED, _A.RECALL): _S.ENDED,
        (_S.PREPARING, _A.RELEASE): _S.RELEASED,
        (_S.PREPARING, _A.RECALL): _S.ENDED,
        (_S.RELEASED, _A.TAKE_OFF): _S.AIRBORNE,
        (_S.RELEASED, _A.RECALL): _S.ENDED,
        (_S.AIRBORNE, _A.ARRIVE): _S.WORKING,
        (_S.AIRBORNE, _A.RECALL): _S.RETURNING,
        (_S.AIRBORNE, _A.TURN_BACK): _S.RETURNING,
        (_S.AIRBORNE, _A.DIVERT): _S.RETURNING,
        (_S.WORKING, _A.LEAVE): _S.RETURNING,
        (_S.WORKING, _A.RECALL): _S.RETURNING,
        (_S.WORKING, _A.TURN_BACK): _S.RETURNING,
        (_S.WORKING, _A.DIVERT): _S.RETURNING,
        (_S.RETURNING, _A.LAND): _S.LANDED,
        (_S.LANDED, _A.NEXT_SORTIE): _S.PREPARING,
        (_S.LANDED, _A.SETTLE): _S.SETTLED,
        (_S.SETTLED, _A.ARCHIVE): _S.ARCHIVED,
    },
)

IN_THE_AIR = frozenset({_S.AIRBORNE, _S.WORKING, _S.RETURNING})

# Clocks, DOMAIN §6; those marked there with (p) are proposals.
ORDER_WITHIN = timedelta(seconds=60)
ANSWER_WITHIN = timedelta(minutes=2)
AIRBORNE_WITHIN = timedelta(minutes=20)
REPORT_WITHIN = timedelta(minutes=15)  # ops-normal, DOMAIN §3
LATE_ARRIVAL = timedelta(minutes=5)  # overdue is ETA + 5 min, DOMAIN §3

NEEDS_REASON = frozenset({_A.REFUSE, _A.RECALL, _A.TURN_BACK, _A.DIVERT, _A.EXPIRE})
CLOCK_SKEW = timedelta(seconds=60)  # a phone's clock may be this far ahead
FIELD_DELAY = timedelta(hours=24)  # acts kept on a phone longer than this are told by voice instead
MAX_REASON = 500


def decide_adopt(world: World, ask: Ask, command: AdoptPlan, now: datetime) -> tuple[Fact, ...]:
    """Turn a proposal, or the named aircraft of it, into taskings that wait for the duty chief."""
    plan = world.plans.get(command.plan_id)
    if plan is None:
        raise Unknown("plan_id", f"no plan {command.plan_id}")
    access.require(ask, access.ADOPT_PLAN, "adopting a proposal")
    access.check_version(command.version_seen, plan.version, f"plan {plan.id}")
    if plan.state is not PlanState.OPEN:
        raise Refused("NOT_NOW", f"the proposal is {plan.state}; ask for a new one", field="plan_id")
    taken = _chosen(plan, command.aircraft_ids)
    made: list[Fact] = []
    key = f"{ask.actor}\0{ask.command_id}"
    first_number = _tasks_today(world, now) + 1
    for part, assignment in enumerate(taken):
        made.extend(_replaced(world, plan, assignment))
        tasking = _tasking(world, plan, assignment, ids.derive(world.site, "TSK", key, part), now)
        made.append(TaskingAdopted(tasking=replace(tasking, number=_number(now, first_number + part))))
    for incident_id in dict.fromkeys(a.incident_id for a in taken):
        subject = world.incidents[incident_id]
        if subject.state is IncidentState.CONFIRMED:
            made.append(
                IncidentAdvanced(
                    incident_id=subject.id,
                    action=IncidentAction.TASK,
                    state=incident.LIFECYCLE.advance(subject.state, IncidentAction.TASK),
                    version=subject.version + 1,
                )
            )
    adopted = tuple(a.aircraft_id for a in taken)
    return (PlanAdopted(plan_id=plan.id, version=plan.version + 1, aircraft_ids=adopted), *made)


def _chosen(plan: Plan, aircraft_ids: tuple[str, ...]) -> tuple[Assignment, ...]:
    taken = tuple(a for a in plan.assignments if not aircraft_ids or a.aircraft_id in aircraft_ids)
    unknown = set(aircraft_ids) - {a.aircraft_id for a in plan.assignments}
    if unknown:
        raise Malformed("aircraft_ids", f"not in this proposal: {', '.join(sorted(unknown))}")
    if not taken:
        raise Refused("NOTHING_PROPOSED", "the proposal sends no aircraft", field="plan_id")
    return taken


def _tasking(world: World, plan: Plan, assignment: Assignment, new_id: str, now: datetime) -> Tasking:
    subject = incident.own_incident(world, assignment.incident_id)
    if subject.state not in incident.PLANNABLE:
        raise Refused(
            "NOT_NOW", f"incident {subject.id} is {subject.state}; it must be confirmed", field="plan_id"
        )
    aircraft = world.aircraft.get(assignment.aircraft_id)
    if aircraft is None:
        raise Unknown("aircraft_ids", f"no aircraft {assignment.aircraft_id}")
    if not aircraft.serviceable:
        raise Refused(
            "UNSERVICEABLE", f"{aircraft.name}: {aircraft.unserviceable_reason}", field="aircraft_ids"
        )
    busy = world.ongoing_tasking(aircraft.id)
    if busy is not None and not _replaceable(busy, plan):
        raise Refused("AIRCRAFT_BUSY", f"{aircraft.name} flies tasking {busy.number}", field="aircraft_ids")
    return Tasking(
        id=new_id,
        site=world.site,
        number="",
        incident_id=subject.id,
        incident_title=subject.title,
        incident_position=subject.position,
        plan_id=plan.id,
        aircraft_id=aircraft.id,
        aircraft_icao24=aircraft.icao24,
        operator_id=aircraft.operator_id,
        base_id=assignment.base_id,
        water_point_id=assignment.water_point_id,
        hospital_id=assignment.hospital_id,
        take_off_at=assignment.take_off_at,
        on_scene_at=assignment.on_scene_at,
        land_at=assignment.land_at,
        drops=assignment.drops,
        litres_per_drop=assignment.litres_per_drop,
        state=LIFECYCLE.advance(LIFECYCLE.initial, _A.ADOPT),
        timers=(Timer(kind=TimerKind.ORDER, started_at=now, due_at=now + ORDER_WITHIN),),
        simulated=subject.simulated or aircraft.simulated,
    )


def _replaceable(busy: Tasking, plan: Plan) -> bool:
    """Whether a proposal may change a tasking: not ordered yet, and older than the proposal, which so knew of it."""
    return busy.state is _S.PENDING and busy.plan_id != plan.id and busy.history[0].at < plan.created_at


def _replaced(world: World, plan: Plan, assignment: Assignment) -> tuple[Fact, ...]:
    """The tasking that an adopted proposal puts another in the place of, recalled."""
    busy = world.ongoing_tasking(assignment.aircraft_id)
    if busy is None or not _replaceable(busy, plan):
        return ()
    state = LIFECYCLE.advance(busy.state, _A.RECALL)
    return (
        TaskingAdvanced(
            tasking_id=busy.id,
            action=_A.RECALL,
            state=state,
            version=busy.version + 1,
            timers=(),
            reason=f"改派 {plan.id}",
            refusal=None,
            done_at=None,
        ),
    )


BEIJING = timedelta(hours=8)  # task numbers carry the local date


def _number(now: datetime, count: int) -> str:
    return f"GY-{now + BEIJING:%m%d}-{count:02d}"


def _tasks_today(world: World, now: datetime) -> int:
    prefix = f"GY-{now + BEIJING:%m%d}-"
    numbers = [t.number for t in world.taskings.values() if t.site == world.site]
    return max((int(n.rsplit("-", 1)[1]) for n in numbers if n.startswith(prefix)), default=0)


def decide_act(world: World, ask: Ask, command: ActOnTasking, now: datetime) -> tuple[Fact, ...]:
    """One step of the lifecycle and what it brings: filing, activating, releasing or withdrawing airspace."""
    tasking = world.taskings.get(command.tasking_id)
    if tasking is None:
        raise Unknown("tasking_id", f"no tasking {command.tasking_id}")
    access.require_own_operator(ask, tasking.operator_id)
    if tasking.site != world.site:
        raise Refused("NOT_OWNER", f"it belongs to site {tasking.site}", field="tasking_id")
    access.require(ask, access.TASKING_ACTS[command.action], f"{command.action} of a tasking")
    access.check_version(command.version_seen, tasking.version, f"tasking {tasking.number}")
    state = LIFECYCLE.advance(tasking.state, command.action)
    _check_words(command, now)
    if command.action is _A.RELEASE and not airspace.granted(world, tasking, now):
        raise Refused(
            "AIRSPACE_NOT_APPROVED",
            "ATC has not approved the airspace asked for; wait or ask ATC",
            field="action",
        )
    if command.action is _A.TAKE_OFF and not airspace.granted(world, tasking, now):
        raise Refused(
            "AIRSPACE_NOT_APPROVED", "the airspace approval has ended or was revoked", field="action"
        )
    if command.action is _A.NEXT_SORTIE:
        _check_free(world, tasking)
    step = TaskingAdvanced(
        tasking_id=tasking.id,
        action=command.action,
        state=state,
        version=tasking.version + 1,
        timers=timers_in(state, tasking, now),
        reason=command.reason,
        refusal=command.refusal if command.action is _A.REFUSE else None,
        done_at=command.done_at,
    )
    return (step, *_consequences(world, ask, tasking, command, now))


def _check_words(command: ActOnTasking, now: datetime) -> None:
    if command.action is _A.REFUSE and command.refusal is None:
        raise Malformed("refusal", "refusing names one of the six reasons")
    if command.action in NEEDS_REASON - {_A.REFUSE} and not command.reason.strip():
        raise Malformed("reason", f"{command.action} needs a reason")
    if len(command.reason) > MAX_REASON:
        raise Malformed("reason", f"{len(command.reason)} characters, at most {MAX_REASON}")
    if command.done_at is not None and not now - FIELD_DELAY <= command.done_at <= now + CLOCK_SKEW:
        raise Malformed("done_at", "is in the future or more than 24 h old")


def _check_free(world: World, tasking: Tasking) -> None:
    busy = world.ongoing_tasking(tasking.aircraft_id)
    if busy is not None:
        raise Refused("AIRCRAFT_BUSY", f"the aircraft flies tasking {busy.number}", field="tasking_id")
    subject = world.incidents.get(tasking.incident_id)
    if subject is None or subject.state not in incident.PLANNABLE:
        raise Refused("NOT_NOW", "the incident is over", field="tasking_id")


def _consequences(
    world: World, ask: Ask, tasking: Tasking, command: ActOnTasking, now: datetime
) -> tuple[Fact, ...]:
    key = f"{ask.actor}\0{ask.command_id}"
    match command.action:
        case _A.ORDER:
            subject = incident.own_incident(world, tasking.incident_id)
            base = world.bases.get(tasking.base_id)
            if base is None:
                raise Unknown("base_id", f"no base {tasking.base_id}")
            water = world.water_points.get(tasking.water_point_id)
            return (
                AirspaceFiled(
                    request=airspace.request_for(tasking, subject, base, water=water, key=key, now=now)
                ),
            )
        case _A.NEXT_SORTIE:
            newest = world.requests[tasking.airspace_request_ids[-1]]
            return (AirspaceFiled(request=airspace.refile(newest, key, now)),)
        case _A.TAKE_OFF:
            return airspace.follow(world, tasking, (AirspaceAction.ACTIVATE,), "take-off")
        case _A.LAND:
            return airspace.follow(world, tasking, (AirspaceAction.RELEASE,), "landed")
        case _A.REFUSE | _A.EXPIRE | _A.RECALL if tasking.state not in IN_THE_AIR:
            return airspace.follow(world, tasking, (AirspaceAction.WITHDRAW,), f"tasking {command.action}")
        case _:
            return ()


def timers_in(state: TaskingState, tasking: Tasking, now: datetime) -> tuple[Timer, ...]:
    """The clocks that run from now on in `state`. One that already runs goes on unchanged."""
    running = {timer.kind: timer for timer in tasking.timers}

    def timer(kind: TimerKind, due_at: datetime) -> Timer:
        return running.get(kind) or Timer(kind=kind, started_at=now, due_at=due_at)

    report = Timer(kind=TimerKind.OPS_NORMAL, started_at=now, due_at=now + REPORT_WITHIN)
    match state:
        case _S.PENDING:
            return (timer(TimerKind.ORDER, now + ORDER_WITHIN),)
        case _S.ORDERED:
            airborne = Timer(kind=TimerKind.AIRBORNE, started_at=now, due_at=now + AIRBORNE_WITHIN)
            return (timer(TimerKind.ANSWER, now + ANSWER_WITHIN), airborne)
        case _S.ACCEPTED | _S.PREPARING | _S.RELEASED:
            return (timer(TimerKind.AIRBORNE, now + AIRBORNE_WITHIN),)
        case _S.AIRBORNE:
            leg = max(tasking.on_scene_at - tasking.take_off_at, timedelta(0))
            return (timer(TimerKind.ON_SCENE, now + leg + LATE_ARRIVAL), report)
        case _S.WORKING:
            stay = max(tasking.land_at - tasking.on_scene_at, timedelta(0))
            return (timer(TimerKind.LANDING, now + stay + LATE_ARRIVAL), report)
        case _S.RETURNING:
            return (timer(TimerKind.LANDING, now + timedelta(hours=1)), report)
        case _:
            return ()


def due_timers(world: World, now: datetime) -> tuple[EscalateTimer, ...]:
    """What the clock has to tell people now: timers of own taskings that have passed and are not yet escalated."""
    return tuple(
        EscalateTimer(tasking_id=tasking.id, timer=timer.kind, due_at=timer.due_at)
        for tasking in world.taskings.values()
        if tasking.site == world.site and (tasking.state in ONGOING)
        for timer in tasking.timers
        if timer.escalated_at is None and timer.due_at <= now
    )


def decide_escalate(world: World, ask: Ask, command: EscalateTimer, now: datetime) -> tuple[Fact, ...]:
    """Record that a clock has passed. It tells people and decides nothing: a timeout is never consent."""
    access.require_site(ask, "escalating a timer")
    tasking = world.taskings.get(command.tasking_id)
    if tasking is None:
        raise Unknown("tasking_id", f"no tasking {command.tasking_id}")
    for timer in tasking.timers:
        if timer.kind is command.timer and timer.escalated_at is None and timer.due_at <= now:
            # the version stays: an act that was on its way while the clock passed is still a good act
            return (TimerEscalated(tasking_id=tasking.id, timer=timer.kind, version=tasking.version),)
    raise Refused("NOT_NOW", f"timer {command.timer} does not run or has not passed", field="timer")
