"""What ATC is asked for: the block of a tasking, filed with its order, anew for a sortie, or by hand.

    order         -> the plan, by itself
    FileAirspace  -> a plan again (refused, run out), temporary airspace, a take-off release; an open one is replaced

Filing late is flagged and never refused: what is urgent is asked for all the same.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from dispatch import access, clearance, ids
from dispatch.airspace_facts import AirspaceAdvanced, AirspaceFiled
from dispatch.airspace_state import LIFECYCLE, in_force
from dispatch.clearance_commands import FileAirspace
from dispatch.commands import Ask
from dispatch.errors import Refused, Unknown
from dispatch.facts import Fact
from dispatch.geo import Position, distance_m
from dispatch.kinds import AirspaceAction, AirspaceKind, AirspaceState, AltitudeDatum, TaskingState
from dispatch.records import Airspace, AirspaceRequest, Base, Incident, Tasking
from dispatch.world import IN_THE_AIR, World

_S = TaskingState
RADIUS_M = 9_260.0  # 5 NM working area of the Fire Traffic Area (NWCG PMS 515, DOMAIN §3)
CORRIDOR_HALF_WIDTH_M = 2_000.0  # proposed: the route deviation alert's 2 km (DOMAIN §3)
HEIGHT_ABOVE_SCENE_M = 600.0  # proposed: covers the stack up to 1500 ft orbit above ground
EARLY = timedelta(minutes=15)
LATE = timedelta(minutes=60)
MOST_REQUESTS = 50  # of one tasking
MOST_TURNS = 20  # of one way
MOST_CEILING_M = 9_000.0
LONGEST = timedelta(hours=24)
_AHEAD = frozenset({_S.ORDERED, _S.ACCEPTED, _S.PREPARING, _S.RELEASED, _S.STOPPED})
FILED_IN: dict[AirspaceKind, frozenset[TaskingState]] = {
    AirspaceKind.PLAN: _AHEAD | IN_THE_AIR,
    AirspaceKind.TEMPORARY_AIRSPACE: _AHEAD | IN_THE_AIR,
    AirspaceKind.TAKE_OFF_RELEASE: frozenset({_S.ACCEPTED, _S.PREPARING, _S.RELEASED, _S.STOPPED}),
}


def request_for(
    world: World,
    tasking: Tasking,
    incident: Incident,
    base: Base,
    *,
    key: str,
    now: datetime,
    kind: AirspaceKind = AirspaceKind.PLAN,
) -> AirspaceRequest:
    """What ATC is asked for a tasking: the scene's circle, the corridors of its planned ways, the sortie's time.

    The incident's run card says how wide and high; without one, RADIUS_M and HEIGHT_ABOVE_SCENE_M. The circle grows to
    hold the water point: every bucket's way lies inside what ATC is asked for. Where the planned way turns, so does the
    corridor.
    """
    card = incident.run_card
    above_m = HEIGHT_ABOVE_SCENE_M if card is None else card.ceiling_m
    water = world.water_points.get(tasking.water_point_id)
    block = Airspace(
        centre=incident.position,
        radius_m=_radius_m(incident, None if water is None else water.position),
        corridor_from=base.position,
        corridor_half_width_m=CORRIDOR_HALF_WIDTH_M,
        floor_m=0.0,
        ceiling_m=max(incident.elevation_m, base.elevation_m) + above_m,
        datum=AltitudeDatum.MSL,
        active_from=min(now, tasking.take_off_at - EARLY),
        active_until=tasking.land_at + LATE,
        out_turns=_out(tasking, None if water is None else water.position),
        back_turns=_back(world, tasking),
    )
    filed = AirspaceRequest(
        id=ids.derive(tasking.site, "ASP", key),
        site=tasking.site,
        kind=kind,
        tasking_id=tasking.id,
        incident_id=tasking.incident_id,
        aircraft_id=tasking.aircraft_id,
        airspace=block,
        filed_at=now,
        answer_due_at=now,
        state=LIFECYCLE.initial,
        simulated=tasking.simulated,
    )
    return timed(world, tasking, filed, tasking.take_off_at, now)


def timed(
    world: World, tasking: Tasking, request: AirspaceRequest, flight_at: datetime, now: datetime
) -> AirspaceRequest:
    """The request with the clocks of the rules in force."""
    emergency = clearance.is_emergency(tasking)
    made = clearance.clocks(world, request.kind, emergency=emergency, flight_at=flight_at, now=now)
    due_at = clearance.answer_due_at(
        world, request.kind, made, emergency=emergency, flight_at=flight_at, now=now
    )
    return replace(request, flight_at=flight_at, clocks=made, answer_due_at=due_at)


def _radius_m(incident: Incident, water: Position | None) -> float:
    least_m = RADIUS_M if incident.run_card is None else incident.run_card.radius_m
    if water is None:
        return least_m
    return max(least_m, distance_m(incident.position, water) + CORRIDOR_HALF_WIDTH_M)


def _out(tasking: Tasking, water: Position | None) -> tuple[Position, ...]:
    """The corners of the way out; a way that turns is flown to the water, which lies in the circle."""
    if not tasking.out_turns or water is None:
        return tasking.out_turns
    return (*tasking.out_turns, water)


def _back(world: World, tasking: Tasking) -> tuple[Position, ...]:
    """The corners of the way home, a hospital among them."""
    hospital = world.hospitals.get(tasking.hospital_id)
    if hospital is None:
        return tasking.back_turns
    return (hospital.position, *tasking.back_turns)


def refile(
    world: World, tasking: Tasking, request: AirspaceRequest, key: str, now: datetime
) -> AirspaceRequest:
    """The same block asked for again, for the next sortie."""
    span = request.airspace.active_until - request.airspace.active_from
    again = AirspaceRequest(
        id=ids.derive(request.site, "ASP", key),
        site=request.site,
        kind=request.kind,
        tasking_id=request.tasking_id,
        incident_id=request.incident_id,
        aircraft_id=request.aircraft_id,
        airspace=replace(request.airspace, active_from=now, active_until=now + span),
        filed_at=now,
        answer_due_at=now,
        state=LIFECYCLE.initial,
        simulated=request.simulated,
    )
    return timed(world, tasking, again, now, now)


def decide_file(world: World, ask: Ask, command: FileAirspace, now: datetime) -> tuple[Fact, ...]:
    """A request by hand. What of its kind still waits is withdrawn; what is approved has to be withdrawn first."""
    tasking = world.taskings.get(command.tasking_id)
    if tasking is None:
        raise Unknown("tasking_id", f"no tasking {command.tasking_id}")
    access.require_own_operator(ask, tasking.operator_id)
    if tasking.site != world.site:
        raise Refused("NOT_OWNER", f"it belongs to site {tasking.site}", field="tasking_id")
    access.require(ask, access.FILE_AIRSPACE, "asking ATC")
    access.check_version(command.version_seen, tasking.version, f"tasking {tasking.number}")
    if tasking.state not in FILED_IN[command.kind]:
        raise Refused("NOT_NOW", f"the tasking is {tasking.state}: no {command.kind} is asked", field="kind")
    if len(tasking.airspace_request_ids) >= MOST_REQUESTS:
        raise Refused("ASKED_TOO_OFTEN", f"{MOST_REQUESTS} requests; order anew", field="tasking_id")
    subject, base = world.incidents.get(tasking.incident_id), world.bases.get(tasking.base_id)
    if subject is None or base is None:
        raise Unknown("tasking_id", "its incident or its base is not known here")
    request = request_for(
        world,
        tasking,
        replace(subject, position=tasking.incident_position),
        base,
        key=f"{ask.actor}\0{ask.command_id}",
        now=now,
        kind=command.kind,
    )
    request = replace(
        request, airspace=_stated(request.airspace, command, now), reason=command.reason.strip()
    )
    return (*_replaced(world, tasking, command.kind), AirspaceFiled(request=request))


def _replaced(world: World, tasking: Tasking, kind: AirspaceKind) -> tuple[Fact, ...]:
    stands = in_force(world, tasking, kind)
    if stands is None:
        return ()
    if stands.state in (AirspaceState.APPROVED, AirspaceState.ACTIVE, AirspaceState.NONCONFORMING):
        raise Refused(
            "HELD_ALREADY",
            f"request {stands.id} is {stands.state}; withdraw it, or amend the tasking",
            field="kind",
        )
    if (stands.state, AirspaceAction.WITHDRAW) not in LIFECYCLE.table:
        return ()
    return (
        AirspaceAdvanced(
            request_id=stands.id,
            action=AirspaceAction.WITHDRAW,
            state=LIFECYCLE.table[stands.state, AirspaceAction.WITHDRAW],
            version=stands.version + 1,
            reason="另行申请",
        ),
    )


def _stated(block: Airspace, command: FileAirspace, now: datetime) -> Airspace:
    """The block with what the desk states otherwise. Raises Refused."""
    for name in ("out_turns", "back_turns"):
        turns = getattr(command, name)
        if turns is not None and len(turns) > MOST_TURNS:
            raise Refused("TURNS", f"{len(turns)} turns, at most {MOST_TURNS}", field=name)
    names = ("ceiling_m", "active_from", "active_until", "transit_floor_m", "transit_ceiling_m")
    values = {name: getattr(command, name) for name in (*names, "out_turns", "back_turns")}
    block = replace(block, **{name: value for name, value in values.items() if value is not None})
    if not block.floor_m < block.ceiling_m <= MOST_CEILING_M:
        raise Refused(
            "HEIGHTS",
            f"{block.ceiling_m:g} m is not above the floor and below {MOST_CEILING_M:g} m",
            field="ceiling_m",
        )
    low, high = block.transit_floor_m, block.transit_ceiling_m
    if (low is None) != (high is None):
        raise Refused("HEIGHTS", "a transit band has a floor and a ceiling", field="transit_ceiling_m")
    if low is not None and high is not None and not 0.0 <= low < high <= MOST_CEILING_M:
        raise Refused(
            "HEIGHTS",
            f"{low:g} to {high:g} m is no band below {MOST_CEILING_M:g} m",
            field="transit_ceiling_m",
        )
    if not max(now, block.active_from) < block.active_until:
        raise Refused("TIMES", "is past, or not after the beginning", field="active_until")
    if block.active_until - max(now, block.active_from) > LONGEST:
        raise Refused("TIMES", f"is more than {LONGEST} after the beginning", field="active_until")
    return block
