"""Airspace requests: their lifecycle, what is asked for a tasking, and that only ATC's act approves."""

from dataclasses import replace
from datetime import datetime, timedelta

from dispatch import access, ids
from dispatch.commands import ActOnAirspace, Ask
from dispatch.errors import Malformed, Refused, Unknown
from dispatch.facts import AirspaceAdvanced, Fact
from dispatch.geo import distance_m
from dispatch.kinds import AirspaceAction, AirspaceKind, AirspaceState, AltitudeDatum
from dispatch.lifecycle import Lifecycle
from dispatch.records import Airspace, AirspaceRequest, Base, Incident, Tasking, WaterPoint
from dispatch.world import World

_S, _A = AirspaceState, AirspaceAction

LIFECYCLE = Lifecycle(
    name="airspace request",
    initial=_S.FILED,
    table={
        (_S.FILED, _A.APPROVE): _S.APPROVED,
        (_S.FILED, _A.REFUSE): _S.REFUSED,
        (_S.FILED, _A.COUNTER): _S.COUNTERED,
        (_S.FILED, _A.WITHDRAW): _S.WITHDRAWN,
        (_S.FILED, _A.EXPIRE): _S.EXPIRED,
        (_S.COUNTERED, _A.ACCEPT): _S.APPROVED,
        (_S.COUNTERED, _A.WITHDRAW): _S.WITHDRAWN,
        (_S.COUNTERED, _A.EXPIRE): _S.EXPIRED,
        (_S.APPROVED, _A.ACTIVATE): _S.ACTIVE,
        (_S.APPROVED, _A.WITHDRAW): _S.WITHDRAWN,
        (_S.APPROVED, _A.EXPIRE): _S.EXPIRED,
        (_S.APPROVED, _A.REVOKE): _S.REVOKED,
        (_S.ACTIVE, _A.RELEASE): _S.RELEASED,
        (_S.ACTIVE, _A.LEAVE): _S.NONCONFORMING,
        (_S.ACTIVE, _A.REVOKE): _S.REVOKED,
        (_S.NONCONFORMING, _A.RETURN): _S.ACTIVE,
        (_S.NONCONFORMING, _A.REVOKE): _S.REVOKED,
        # an aircraft that lands outside its block still gives the block back
        (_S.NONCONFORMING, _A.RELEASE): _S.RELEASED,
    },
)

GRANTED = frozenset({_S.APPROVED, _S.ACTIVE})

RADIUS_M = 9_260.0  # 5 NM working area of the Fire Traffic Area (NWCG PMS 515, DOMAIN §3)
CORRIDOR_HALF_WIDTH_M = 2_000.0  # proposed: the route deviation alert's 2 km (DOMAIN §3)
HEIGHT_ABOVE_SCENE_M = 600.0  # proposed: covers the stack up to 1500 ft orbit above ground
EARLY = timedelta(minutes=15)
LATE = timedelta(minutes=60)
ANSWER_BEFORE_FLIGHT = timedelta(minutes=15)  # 通用航空飞行管制条例 (2003) §16, emergency
ANSWER_AT_LEAST = timedelta(minutes=5)  # proposed: a desk gets this long even if take-off is nearer


def request_for(
    tasking: Tasking, incident: Incident, base: Base, *, water: WaterPoint | None, key: str, now: datetime
) -> AirspaceRequest:
    """The plan request filed with an order: the scene's circle, the corridor from the base, the sortie's time.

    The circle grows to hold the water point: every bucket's way lies inside what ATC is asked for.
    """
    return AirspaceRequest(
        id=ids.derive(tasking.site, "ASP", key),
        site=tasking.site,
        kind=AirspaceKind.PLAN,
        tasking_id=tasking.id,
        incident_id=incident.id,
        aircraft_id=tasking.aircraft_id,
        airspace=Airspace(
            centre=incident.position,
            radius_m=_radius_m(incident, water),
            corridor_from=base.position,
            corridor_half_width_m=CORRIDOR_HALF_WIDTH_M,
            floor_m=0.0,
            ceiling_m=max(incident.elevation_m, base.elevation_m) + HEIGHT_ABOVE_SCENE_M,
            datum=AltitudeDatum.MSL,
            active_from=min(now, tasking.take_off_at - EARLY),
            active_until=tasking.land_at + LATE,
        ),
        filed_at=now,
        answer_due_at=max(now + ANSWER_AT_LEAST, tasking.take_off_at - ANSWER_BEFORE_FLIGHT),
        state=LIFECYCLE.initial,
        simulated=tasking.simulated,
    )


def _radius_m(incident: Incident, water: WaterPoint | None) -> float:
    if water is None:
        return RADIUS_M
    return max(RADIUS_M, distance_m(incident.position, water.position) + CORRIDOR_HALF_WIDTH_M)


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
    if command.action is _A.ACCEPT and request.counter is not None and now > request.counter.expires_at:
        raise Refused("COUNTER_EXPIRED", "ATC's offer has run out; file again", field="action")
    return (
        AirspaceAdvanced(
            request_id=request.id,
            action=command.action,
            state=state,
            version=request.version + 1,
            reason=command.reason,
            counter=command.counter if command.action is _A.COUNTER else None,
        ),
    )


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
    if counter.ceiling_m is not None and counter.ceiling_m <= request.airspace.floor_m:
        raise Malformed("counter.ceiling_m", f"is not above the floor of {request.airspace.floor_m:.0f} m")
    begin = counter.active_from or request.airspace.active_from
    end = counter.active_until or request.airspace.active_until
    if begin >= end:
        raise Malformed("counter.active_until", "is not after the beginning")


def granted(world: World, tasking: Tasking, now: datetime) -> bool:
    """Whether the newest airspace request of a tasking is approved and still in time."""
    if not tasking.airspace_request_ids:
        return False
    newest = world.requests.get(tasking.airspace_request_ids[-1])
    return newest is not None and newest.state in GRANTED and now <= newest.airspace.active_until


def follow(
    world: World, tasking: Tasking, actions: tuple[AirspaceAction, ...], reason: str
) -> tuple[Fact, ...]:
    """What a tasking's step does to its requests: the first of `actions` that each one's state allows."""
    made: list[Fact] = []
    for request_id in tasking.airspace_request_ids:
        request = world.requests.get(request_id)
        if request is None:
            continue
        for action in actions:
            if (request.state, action) in LIFECYCLE.table:
                made.append(
                    AirspaceAdvanced(
                        request_id=request.id,
                        action=action,
                        state=LIFECYCLE.table[request.state, action],
                        version=request.version + 1,
                        reason=reason,
                    )
                )
                break
    return tuple(made)


def refile(request: AirspaceRequest, key: str, now: datetime) -> AirspaceRequest:
    """The same block asked for again, for the next sortie."""
    span = request.airspace.active_until - request.airspace.active_from
    return replace(
        request,
        id=ids.derive(request.site, "ASP", key),
        airspace=replace(request.airspace, active_from=now, active_until=now + span),
        filed_at=now,
        answer_due_at=now + ANSWER_AT_LEAST,
        state=LIFECYCLE.initial,
        approved_by="",
        counter=None,
        version=1,
        history=(),
    )
