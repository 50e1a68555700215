"""Steps of a request to ATC: that only ATC's act approves, and what a tasking's own steps make of its requests.

An approval that the desk heard by telephone is written down with unit, name and time (phone); it counts, is shown as
such everywhere, and ATC confirms it at its own page or takes it back. No passed clock and no silence approves anything.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from dispatch import access, amended
from dispatch.airspace_facts import AirspaceAdvanced
from dispatch.airspace_state import LIFECYCLE, in_force
from dispatch.clearance_facts import AirspacePhoned
from dispatch.clearance_records import PhoneAnswer
from dispatch.commands import ActOnAirspace, Ask
from dispatch.errors import Malformed, Refused, Unknown
from dispatch.facts import Fact
from dispatch.kinds import AirspaceAction, AirspaceKind, AirspaceState
from dispatch.records import Airspace, AirspaceRequest, Counter, Tasking
from dispatch.world import IN_THE_AIR, World

_S, _A = AirspaceState, AirspaceAction
PHONED_BEFORE_FILING = timedelta(minutes=60)  # proposed: the call may come first and the writing after it
PHONED_AHEAD = timedelta(minutes=1)  # two clocks
MOST_NAME = 120


def decide_act(world: World, ask: Ask, command: ActOnAirspace, now: datetime) -> tuple[Fact, ...]:
    """One step of the lifecycle. Refusing, countering and revoking need a reason."""
    request = world.requests.get(command.request_id)
    if request is None:
        raise Unknown("request_id", f"no airspace request {command.request_id}")
    if request.site != world.site:
        raise Refused("NOT_OWNER", f"it belongs to site {request.site}", field="request_id")
    access.require(ask, access.AIRSPACE_ACTS[command.action], f"{command.action} of an airspace request")
    access.check_version(command.version_seen, request.version, f"airspace request {request.id}")
    state = LIFECYCLE.advance(request.state, command.action)
    if command.action in (_A.REFUSE, _A.REVOKE) and not command.reason.strip():
        raise Malformed("reason", f"{command.action} needs a reason")
    if command.action is _A.COUNTER:
        _check_counter(command, request, now)
    phone = _phoned(command, request, now) if command.action is _A.PHONE else None
    if command.action is not _A.PHONE and command.phone is not None:
        raise Malformed("phone", f"{command.action} is not heard by telephone")
    if command.action is _A.CONFIRM and (request.phone is None or request.phone.confirmed_at is not None):
        raise Refused("NOTHING_TO_CONFIRM", "no telephone approval waits for it", field="action")
    if command.action is _A.ACCEPT and request.counter is not None and now > request.counter.expires_at:
        raise Refused("COUNTER_EXPIRED", "ATC's offer has run out; file again", field="action")
    step = AirspaceAdvanced(
        request_id=request.id,
        action=command.action,
        state=state,
        version=request.version + 1,
        reason=command.reason,
        counter=command.counter if command.action in (_A.COUNTER, _A.PHONE) else None,
    )
    made: tuple[Fact, ...] = (step,)
    if phone is not None:
        made = (step, AirspacePhoned(request_id=request.id, phone=phone))
    tasking = world.taskings.get(request.tasking_id)
    if state is not _S.APPROVED or tasking is None or tasking.state not in IN_THE_AIR:
        return made
    if in_force(world, tasking, request.kind) != request:  # an amendment that the crew has not acknowledged
        return made
    approved = replace(request, state=state, version=request.version + 1)
    return (*made, *_change_over(world, tasking, approved, "变更后的空域已批准"))


def _phoned(command: ActOnAirspace, request: AirspaceRequest, now: datetime) -> PhoneAnswer:
    """What was heard: unit, name and time are a must. Raises Malformed."""
    phone = command.phone
    if phone is None:
        raise Malformed("phone", "names the unit, who gave it, and when")
    for name in ("unit", "who"):
        if not getattr(phone, name).strip():
            raise Malformed(f"phone.{name}", "is empty")
    for name in ("unit", "who", "number", "note"):
        if len(getattr(phone, name)) > (500 if name == "note" else MOST_NAME):
            raise Malformed(f"phone.{name}", "is too long")
    try:
        access.check_phone(phone.number)
    except Malformed as error:
        raise Refused("PHONE_NUMBER", error.detail, field="number") from None
    if phone.said_at > now + PHONED_AHEAD:
        raise Refused("PHONE_TIME", "has not come yet", field="said_at")
    if phone.said_at < request.filed_at - PHONED_BEFORE_FILING:
        raise Refused("PHONE_TIME", "is long before this was asked", field="said_at")
    if command.counter is not None:
        _check_changes(command.counter, request)
    return replace(phone, entered_by="", entered_at=None, confirmed_by="", confirmed_at=None)


def _check_counter(command: ActOnAirspace, request: AirspaceRequest, now: datetime) -> None:
    counter = command.counter
    if counter is None:
        raise Malformed("counter", "countering says what is offered instead")
    if counter.ceiling_m is None and counter.active_from is None and counter.active_until is None:
        raise Malformed("counter", "names no change")
    if not counter.reason.strip():
        raise Malformed("counter.reason", "is empty")
    if counter.expires_at <= now:
        raise Malformed("counter.expires_at", "is in the past")
    _check_changes(counter, request)


def _check_changes(counter: Counter, request: AirspaceRequest) -> None:
    if counter.ceiling_m is not None and counter.ceiling_m <= request.airspace.floor_m:
        raise Malformed("counter.ceiling_m", f"is not above the floor of {request.airspace.floor_m:.0f} m")
    begin = counter.active_from or request.airspace.active_from
    end = counter.active_until or request.airspace.active_until
    if begin >= end:
        raise Malformed("counter.active_until", "is not after the beginning")


def holds(block: Airspace, other: Airspace) -> bool:
    """Whether `other` lies within `block` in width, height and time, at the same places."""
    same = replace(
        other,
        radius_m=block.radius_m,
        floor_m=block.floor_m,
        ceiling_m=block.ceiling_m,
        active_from=block.active_from,
        active_until=block.active_until,
    )
    return (
        same == block
        and other.radius_m <= block.radius_m
        and block.floor_m <= other.floor_m
        and other.ceiling_m <= block.ceiling_m
        and block.active_from <= other.active_from
        and other.active_until <= block.active_until
    )


def withdraw(world: World, request_id: str, reason: str) -> tuple[Fact, ...]:
    """A request that is wanted no more, if it is still open."""
    request = world.requests.get(request_id)
    return () if request is None else _first(request, (_A.WITHDRAW,), reason)


def acknowledged(world: World, tasking: Tasking, request_id: str, reason: str) -> tuple[Fact, ...]:
    """What the crew's yes to an amendment makes of the blocks before it.

    On the ground they are taken back, so that nothing is released on them. In the air the crew keeps its block until
    ATC has approved the new one, then it changes over: it is never without.
    """
    wanted = world.requests.get(request_id)
    if wanted is None:
        return ()
    if tasking.state in IN_THE_AIR:
        return _change_over(world, tasking, wanted, reason) if wanted.state is _S.APPROVED else ()
    made: list[Fact] = list(_releases(world, tasking, reason))
    for each in _others(world, tasking, wanted):
        if each.state not in (_S.ACTIVE, _S.NONCONFORMING):  # on a technical stop its block stays its own
            made += _first(each, (_A.WITHDRAW,), reason)
    return tuple(made)


def _change_over(world: World, tasking: Tasking, wanted: AirspaceRequest, reason: str) -> tuple[Fact, ...]:
    made = list(_first(wanted, (_A.ACTIVATE,), reason))
    for each in _others(world, tasking, wanted):
        made += _first(each, (_A.RELEASE, _A.WITHDRAW), reason)
    return tuple(made)


def _others(world: World, tasking: Tasking, wanted: AirspaceRequest) -> tuple[AirspaceRequest, ...]:
    """The tasking's other requests, but for that of an amendment which still waits."""
    waiting = amended.open_amendment(tasking)
    left = {wanted.id, "" if waiting is None else waiting.request_id}
    return tuple(
        world.requests[each]
        for each in tasking.airspace_request_ids
        if each not in left and each in world.requests and world.requests[each].kind is wanted.kind
    )


def _releases(world: World, tasking: Tasking, reason: str) -> tuple[Fact, ...]:
    """A take-off release was for another flight: it is taken back and asked anew."""
    stands = in_force(world, tasking, AirspaceKind.TAKE_OFF_RELEASE)
    return () if stands is None else _first(stands, (_A.WITHDRAW,), reason)


def follow(
    world: World, tasking: Tasking, actions: tuple[AirspaceAction, ...], reason: str
) -> tuple[Fact, ...]:
    """What a tasking's step does to its requests: the first of `actions` that each one's state allows."""
    made: list[Fact] = []
    for request_id in tasking.airspace_request_ids:
        request = world.requests.get(request_id)
        made += () if request is None else _first(request, actions, reason)
    return tuple(made)


def activate(world: World, tasking: Tasking, reason: str) -> tuple[Fact, ...]:
    """Take into use what the crew flies by, of each kind."""
    made: list[Fact] = []
    for kind in AirspaceKind:
        stands = in_force(world, tasking, kind)
        if stands is not None:
            made += _change_over(world, tasking, stands, reason)
    return tuple(made)


def _first(request: AirspaceRequest, actions: tuple[AirspaceAction, ...], reason: str) -> tuple[Fact, ...]:
    for action in actions:
        if (request.state, action) in LIFECYCLE.table:
            step = AirspaceAdvanced(
                request_id=request.id,
                action=action,
                state=LIFECYCLE.table[request.state, action],
                version=request.version + 1,
                reason=reason,
            )
            return (step,)
    return ()
