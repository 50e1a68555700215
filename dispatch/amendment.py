"""Amending an order until its aircraft has landed (变更): what may be changed, by whom, and what ATC must be asked.

    dispatcher  -> AmendTasking         what is in force stays in force
    crew        -> acknowledge          the new terms are in force; a release given before is needed again
                -> decline, with why    nothing has changed; aviation safety: the captain decides
    clock       -> tells people after two minutes, and consents to nothing

A changed place, time or height is asked of ATC at once, so that the answer is there early; the crew flies by the block
of what is in force (airspace_state.in_force), and nothing is released on a block that does not fit it.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from dispatch import access, airspace, airspace_state, filing
from dispatch.airspace_facts import AirspaceFiled
from dispatch.amended import changed, moved, open_amendment, terms_of, with_terms
from dispatch.commands import Ask
from dispatch.errors import Forbidden, Malformed, Refused, Unknown
from dispatch.facts import Fact
from dispatch.geo import distance_m
from dispatch.kinds import AmendmentState, Role, TaskingAction, TaskingState, TimerKind
from dispatch.records import AirspaceRequest, Tasking, Timer
from dispatch.tasking import LIFECYCLE, MAX_REASON
from dispatch.tasking_commands import AmendTasking
from dispatch.tasking_facts import TaskingAmended
from dispatch.tasking_records import Amendment, Terms, Turns
from dispatch.water import banned
from dispatch.world import World

_S = TaskingState
ACKNOWLEDGE_WITHIN = timedelta(minutes=2)  # DOMAIN §6 (p)
MOST_AMENDMENTS = 50  # of one tasking; more is another order
MOST_DROPS = 200
FARTHEST_AHEAD = timedelta(hours=24)
LOOK_BACK = timedelta(minutes=1)  # a planned time may be this far gone when it is written
DELAY_TOLD = timedelta(minutes=30)  # a later take-off is asked anew, as a DLA message is sent (DOMAIN §3)

# What lies behind cannot be amended any more.
_BEHIND: dict[TaskingState, frozenset[str]] = {
    _S.AIRBORNE: frozenset({"take_off_at"}),
    _S.STOPPED: frozenset({"take_off_at"}),
    _S.WORKING: frozenset({"take_off_at", "on_scene_at"}),
    _S.RETURNING: frozenset(
        {"take_off_at", "on_scene_at", "water_point_id", "drops", "incident_position"},
    ),
}


def decide_amend(world: World, ask: Ask, command: AmendTasking, now: datetime) -> tuple[Fact, ...]:
    """A new version of an order, which the crew has yet to acknowledge, and what ATC is asked because of it."""
    tasking = world.taskings.get(command.tasking_id)
    if tasking is None:
        raise Unknown("tasking_id", f"no tasking {command.tasking_id}")
    access.require_own_operator(ask, tasking.operator_id)
    if tasking.site != world.site:
        raise Refused("NOT_OWNER", f"it belongs to site {tasking.site}", field="tasking_id")
    access.require(ask, access.TASKING_ACTS[TaskingAction.AMEND], "amending a tasking")
    access.check_version(command.version_seen, tasking.version, f"tasking {tasking.number}")
    LIFECYCLE.advance(tasking.state, TaskingAction.AMEND)
    waiting = open_amendment(tasking)
    before = terms_of(tasking)
    after = _amended(before if waiting is None else waiting.after, command)
    names = changed(before, after)
    _check_text(tasking, command, names)
    _check_places(world, tasking, after, names, now)
    _check_times(after, names, now)
    if not 0 <= after.drops <= MOST_DROPS:
        raise Malformed("drops", f"{after.drops} is not 0 to {MOST_DROPS}")
    _check_bounds(ask, tasking, after)
    filed = _filed(world, ask, tasking, after, now)
    made = Amendment(
        number=len(tasking.amendments) + 1,
        at=now,
        by=world.site,  # who it was stands in the row's header, that partners are not shown
        role=ask.role,
        reason=command.reason.strip(),
        changed=names,
        before=before,
        after=after,
        state=AmendmentState.OPEN,
        request_id="" if filed is None else filed.id,
    )
    clock = Timer(kind=TimerKind.ACKNOWLEDGE, started_at=now, due_at=now + ACKNOWLEDGE_WITHIN)
    others = tuple(each for each in tasking.timers if each.kind is not TimerKind.ACKNOWLEDGE)
    facts: list[Fact] = [
        TaskingAmended(
            tasking_id=tasking.id, version=tasking.version + 1, amendment=made, timers=(*others, clock)
        )
    ]
    if waiting is not None:
        facts += airspace.withdraw(world, waiting.request_id, f"变更 {waiting.number} 已被替代")
    if filed is not None:
        facts.append(AirspaceFiled(request=filed))
    return tuple(facts)


def _amended(terms: Terms, command: AmendTasking) -> Terms:
    stated = {
        name: value
        for name in Terms.__dataclass_fields__
        if (value := getattr(command, name, None)) is not None
    }
    after = replace(terms, **stated)
    if command.turns is None and moved(terms, after):
        return replace(after, turns=Turns())  # the planner turned on another way
    return after


def _check_text(tasking: Tasking, command: AmendTasking, names: tuple[str, ...]) -> None:
    if not command.reason.strip():
        raise Malformed("reason", "amending needs a reason")
    for name, text in (("reason", command.reason), ("remark", command.remark or "")):
        if len(text) > MAX_REASON:
            raise Malformed(name, f"{len(text)} characters, at most {MAX_REASON}")
    if not names:
        raise Refused("NOTHING_CHANGED", "everything is as it is in force", field="tasking_id")
    if len(tasking.amendments) >= MOST_AMENDMENTS:
        raise Refused("AMENDED_TOO_OFTEN", "amended too often; recall it and order anew", field="tasking_id")
    if command.turns is not None and max(len(command.turns.out), len(command.turns.back)) > filing.MOST_TURNS:
        raise Malformed("turns", f"at most {filing.MOST_TURNS} on one way")
    for name in names:
        if name in _BEHIND.get(tasking.state, ()):
            raise Refused("BEHIND", f"the flight is {tasking.state}: that lies behind it", field=name)


def _check_places(
    world: World, tasking: Tasking, after: Terms, names: tuple[str, ...], now: datetime
) -> None:
    subject, base = world.incidents.get(tasking.incident_id), world.bases.get(after.base_id)
    if base is None:
        raise Unknown("base_id", f"no base {after.base_id}")
    aircraft = world.aircraft.get(tasking.aircraft_id)
    if "base_id" in names and aircraft is not None and base.runway_m < aircraft.min_runway_m:
        raise Refused("RUNWAY_TOO_SHORT", f"{base.name} has {base.runway_m:.0f} m", field="base_id")
    water = world.water_points.get(after.water_point_id)
    if after.water_point_id and water is None:
        raise Unknown("water_point_id", f"no water point {after.water_point_id}")
    if "water_point_id" in names and water is not None and banned(water, now):
        raise Refused("WATER_BANNED", f"{water.name}: {water.ban}", field="water_point_id")
    if after.hospital_id and after.hospital_id not in world.hospitals:
        raise Unknown("hospital_id", f"no hospital {after.hospital_id}")
    if subject is not None and "incident_position" in names:
        off_m = distance_m(subject.position, after.incident_position)
        if off_m > filing.RADIUS_M:
            raise Refused(
                "OUTSIDE_INCIDENT",
                f"{off_m:.0f} m from the incident, at most {filing.RADIUS_M:.0f} m: another place is another task",
                field="incident_position",
            )


def _check_times(after: Terms, names: tuple[str, ...], now: datetime) -> None:
    for name in ("take_off_at", "on_scene_at", "land_at"):
        at: datetime = getattr(after, name)
        if name in names and not now - LOOK_BACK <= at <= now + FARTHEST_AHEAD:
            raise Malformed(name, "is past, or more than 24 h ahead")
    if not after.take_off_at <= after.on_scene_at <= after.land_at:
        raise Malformed("land_at", "take-off, arrival and landing are not one after the other")


def _check_bounds(ask: Ask, tasking: Tasking, after: Terms) -> None:
    """Beyond some bounds it is another order: the duty chief's (access.py)."""
    if ask.role is Role.DUTY_CHIEF:
        return
    chief = as_chief_ordered(tasking)
    moved_m = distance_m(chief.incident_position, after.incident_position)
    if moved_m > access.DISPATCHER_MOVES_TARGET_M:
        raise Forbidden(
            f"the target lies {moved_m:.0f} m from where the duty chief ordered it;"
            f" beyond {access.DISPATCHER_MOVES_TARGET_M:.0f} m the duty chief amends"
        )
    later = after.land_at - chief.land_at
    if later > access.DISPATCHER_LANDS_LATER:
        raise Forbidden(
            f"it lands {later} later than the duty chief ordered;"
            f" beyond {access.DISPATCHER_LANDS_LATER} the duty chief amends"
        )


def as_chief_ordered(tasking: Tasking) -> Terms:
    """What a duty chief has ordered or amended last."""
    for each in reversed(tasking.amendments):
        stands = each.state in (AmendmentState.OPEN, AmendmentState.ACKNOWLEDGED)
        if each.role is Role.DUTY_CHIEF and stands:
            return each.after
    return tasking.amendments[0].before if tasking.amendments else terms_of(tasking)


def _filed(world: World, ask: Ask, tasking: Tasking, after: Terms, now: datetime) -> AirspaceRequest | None:
    """What ATC is asked for the amended flight; None where what it was asked already holds it."""
    wanted = _asked(world, ask, with_terms(tasking, after), now)
    if wanted is None:
        return None
    present = _asked(world, ask, tasking, now)
    stands = airspace_state.in_force(world, tasking)
    late = after.take_off_at - tasking.take_off_at > DELAY_TOLD
    alive = stands is not None and stands.state in airspace_state.ALIVE
    if alive and not late and present is not None and airspace.holds(present.airspace, wanted.airspace):
        return None
    return wanted


def _asked(world: World, ask: Ask, tasking: Tasking, now: datetime) -> AirspaceRequest | None:
    subject, base = world.incidents.get(tasking.incident_id), world.bases.get(tasking.base_id)
    if subject is None or base is None:
        return None
    return filing.request_for(
        world,
        tasking,
        replace(subject, position=tasking.incident_position),
        base,
        key=f"{ask.actor}\0{ask.command_id}",
        now=now,
    )
