"""Taskings (任务单): their lifecycle and what each step brings with it.

The clocks that run on them are clocks.py's, amendments are amendment.py's, flights that go elsewhere elsewhere.py's.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from dispatch import (
    access,
    airspace,
    airspace_state,
    clearance,
    device,
    elsewhere,
    filing,
    fitness,
    hours,
    ids,
    incident,
    run_card,
)
from dispatch.airspace_facts import AirspaceFiled
from dispatch.amended import open_amendment
from dispatch.clocks import ORDER_WITHIN, timers_in
from dispatch.commands import Ask
from dispatch.errors import Malformed, Refused, Unknown
from dispatch.facts import Fact
from dispatch.incident_facts import IncidentAdvanced
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
from dispatch.tasking_commands import ActOnTasking, AdoptPlan
from dispatch.tasking_facts import PlanAdopted, TaskingAdopted, TaskingAdvanced
from dispatch.tasking_records import Amendment
from dispatch.world import IN_THE_AIR, World

_S, _A = TaskingState, TaskingAction
_AMENDABLE = (
    _S.ORDERED,
    _S.ACCEPTED,
    _S.PREPARING,
    _S.RELEASED,
    _S.AIRBORNE,
    _S.WORKING,
    _S.RETURNING,
    _S.STOPPED,
)  # from the order to before the landing

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
        (_S.RETURNING, _A.DIVERT): _S.RETURNING,
        (_S.AIRBORNE, _A.TECHNICAL_STOP): _S.STOPPED,
        (_S.WORKING, _A.TECHNICAL_STOP): _S.STOPPED,
        (_S.RETURNING, _A.TECHNICAL_STOP): _S.STOPPED,
        (_S.STOPPED, _A.RESUME): _S.AIRBORNE,
        (_S.STOPPED, _A.END_HERE): _S.LANDED,
        (_S.STOPPED, _A.RECALL): _S.STOPPED,  # told, while it cannot fly
        # a take-off may not have been reported yet
        (_S.RELEASED, _A.EMERGENCY_LAND): _S.DOWN,
        (_S.AIRBORNE, _A.EMERGENCY_LAND): _S.DOWN,
        (_S.WORKING, _A.EMERGENCY_LAND): _S.DOWN,
        (_S.RETURNING, _A.EMERGENCY_LAND): _S.DOWN,
        (_S.DOWN, _A.SETTLE): _S.SETTLED,
        (_S.LANDED, _A.NEXT_SORTIE): _S.PREPARING,
        (_S.LANDED, _A.SETTLE): _S.SETTLED,
        (_S.SETTLED, _A.ARCHIVE): _S.ARCHIVED,
        **{(state, _A.OPS_NORMAL): state for state in (_S.AIRBORNE, _S.WORKING, _S.RETURNING, _S.STOPPED)},
        **{
            (state, action): state
            for state in _AMENDABLE
            for action in (_A.AMEND, _A.ACKNOWLEDGE, _A.DECLINE)
        },
        # what was released was another flight
        (_S.RELEASED, _A.ACKNOWLEDGE): _S.PREPARING,
    },
)

# A take-off is not among them: once it has happened it is written down whatever rule it broke.
_NEEDS_FITNESS = frozenset({_A.ORDER, _A.ACCEPT, _A.PREPARE, _A.RELEASE, _A.NEXT_SORTIE})
NEEDS_REASON = frozenset({_A.REFUSE, _A.RECALL, _A.TURN_BACK, _A.EXPIRE, _A.DECLINE, _A.AMEND})
_NEEDS_AIRSPACE = frozenset({_A.RELEASE, _A.TAKE_OFF, _A.RESUME})
_ANSWERS = frozenset({_A.ACKNOWLEDGE, _A.DECLINE})
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
        fitness.require(world, world.aircraft.get(assignment.aircraft_id), now)
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
    want = run_card.want_of(subject, assignment.task)
    pad = run_card.pad_of(world, subject, want, now)
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
        out_turns=assignment.out_turns,
        back_turns=assignment.back_turns,
        state=LIFECYCLE.advance(LIFECYCLE.initial, _A.ADOPT),
        timers=(Timer(kind=TimerKind.ORDER, started_at=now, due_at=now + ORDER_WITHIN),),
        simulated=subject.simulated or aircraft.simulated,
        task=assignment.task or (want.kind if want is not None else None),
        people=run_card.people_of(subject, want),
        landing_site_id=pad.id if pad is not None else "",
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
    if command.action is not _A.EMERGENCY_LAND:  # it has happened, whatever else has
        access.check_version(command.version_seen, tasking.version, f"tasking {tasking.number}")
    state = _state_after(tasking, command.action)
    done_at = device.when_done(ask, command.done_at, now)
    _check_words(command, done_at, now)
    answered = _answered(tasking, command)
    if command.action in _NEEDS_FITNESS:
        fitness.require(world, world.aircraft.get(tasking.aircraft_id), now)
    if command.action is _A.RELEASE and open_amendment(tasking) is not None:
        raise Refused("AMENDMENT_OPEN", "the crew has not answered an amendment yet", field="action")
    if command.action in _NEEDS_AIRSPACE:
        lacking = clearance.missing(world, tasking, now)
        if lacking:
            raise Refused(
                "AIRSPACE_NOT_APPROVED",
                f"ATC has not approved, or no longer: {', '.join(lacking)}",
                field="action",
            )
    if command.action is _A.SETTLE:
        hours.check_signed(tasking, ask, command.reason)
    if command.action is _A.NEXT_SORTIE:
        _check_free(world, tasking)
    there = elsewhere.elsewhere_of(world, ask, tasking, command)
    step = TaskingAdvanced(
        tasking_id=tasking.id,
        action=command.action,
        state=state,
        version=tasking.version + 1,
        timers=timers_in(state, tasking, now, command, crew=ask.role in access.CREW_SPEAKS),
        reason=command.reason,
        refusal=command.refusal if command.action is _A.REFUSE else None,
        done_at=done_at,
        amendment=0 if answered is None else answered.number,
        elsewhere=there,
    )
    if there is not None and command.action is _A.EMERGENCY_LAND:
        return (step, *elsewhere.emergency(world, ask, command, there, now))
    return (step, *_consequences(world, ask, tasking, command, now))


def _state_after(tasking: Tasking, action: TaskingAction) -> TaskingState:
    """As the table says; but what was flown before is still to be settled when the sortie after it is called off."""
    state = LIFECYCLE.advance(tasking.state, action)
    return _S.LANDED if state is _S.ENDED and tasking.sortie > 1 else state


def _answered(tasking: Tasking, command: ActOnTasking) -> Amendment | None:
    """The amendment that a crew answers: the one it names must be the one that waits."""
    if command.action not in _ANSWERS:
        if command.amendment:
            raise Malformed("amendment", f"{command.action} answers none")
        return None
    waiting = open_amendment(tasking)
    if command.amendment < 1:
        raise Malformed("amendment", "name the amendment that is answered, 1 for the first")
    if waiting is None:
        raise Refused("NO_AMENDMENT", "no amendment waits for an answer", field="amendment")
    if waiting.number != command.amendment:
        raise Refused(
            "CHANGED",
            f"amendment {waiting.number} waits, you answer {command.amendment}",
            field="amendment",
            version=tasking.version,
        )
    return waiting


def _check_words(command: ActOnTasking, done_at: datetime | None, now: datetime) -> None:
    if command.action is _A.AMEND:
        raise Malformed("action", "amending says what changes: it has a command of its own")
    elsewhere.check(command)
    if command.action is _A.REFUSE and command.refusal is None:
        raise Malformed("refusal", "refusing names one of the six reasons")
    if command.action in NEEDS_REASON - {_A.REFUSE} and not command.reason.strip():
        raise Malformed("reason", f"{command.action} needs a reason")
    if len(command.reason) > MAX_REASON:
        raise Malformed("reason", f"{len(command.reason)} characters, at most {MAX_REASON}")
    if done_at is not None and done_at < now - FIELD_DELAY:
        raise Malformed("done_at", "is more than 24 h old")


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
            asked = filing.request_for(world, tasking, subject, base, key=key, now=now)
            return (AirspaceFiled(request=asked),)
        case _A.NEXT_SORTIE:
            newest = airspace_state.in_force(world, tasking)
            if newest is None:
                return ()
            return (AirspaceFiled(request=filing.refile(world, tasking, newest, key, now)),)
        case _A.TAKE_OFF | _A.RESUME:
            return airspace.activate(world, tasking, "take-off")
        case _A.ACKNOWLEDGE:
            waiting = open_amendment(tasking)
            wanted = "" if waiting is None else waiting.request_id
            return airspace.acknowledged(world, tasking, wanted, "变更已确认")
        case _A.DECLINE:
            waiting = open_amendment(tasking)
            return airspace.withdraw(world, "" if waiting is None else waiting.request_id, "变更未接受")
        case _A.LAND | _A.END_HERE | _A.SETTLE:
            return airspace.follow(
                world, tasking, (AirspaceAction.RELEASE, AirspaceAction.WITHDRAW), "landed"
            )
        case _A.REFUSE | _A.EXPIRE | _A.RECALL if tasking.state not in IN_THE_AIR | {_S.STOPPED}:
            return airspace.follow(world, tasking, (AirspaceAction.WITHDRAW,), f"tasking {command.action}")
        case _:
            return ()
