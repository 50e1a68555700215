"""Water taken and dropped (取水、投水): recorded, corrected, and what the track proposes of it.

    track   -> NoteTrackEvents      what was found; kept, so that a restart loses no proposal
    person  -> RecordWater          confirms findings, or tells a load that no track has shown
            -> CorrectWater         another time or amount, or struck out, with why; what was said before stays
            -> RejectTrackEvents    it did not happen

A load changes neither state nor version of its tasking: it stands in nobody's way, and loads have versions of their
own. Nobody counts one drop twice: a finding is confirmed once, and what two people tell of the same moment is one.
"""

import math
from dataclasses import replace
from datetime import datetime, timedelta

from dispatch import access, clocks, device, ids
from dispatch.commands import Ask
from dispatch.drop_commands import (
    CorrectWater,
    NoteTrackEvents,
    RecordWater,
    RejectTrackEvents,
    WaterTold,
)
from dispatch.drop_facts import TrackEventsNoted, TrackEventsRejected, WaterCorrected, WaterRecorded
from dispatch.drop_fold import FORGOTTEN_IN, MOST_EVENTS
from dispatch.drop_kinds import WaterAct, WaterSource
from dispatch.drop_records import TrackEvent, WaterLoad
from dispatch.errors import Malformed, Refused, Unknown
from dispatch.facts import Fact
from dispatch.flight_phase import FlightEventKind
from dispatch.flown import flights
from dispatch.kinds import TaskingState
from dispatch.records import Tasking
from dispatch.world import World

_S = TaskingState
FLOWN_IN = frozenset({_S.AIRBORNE, _S.WORKING, _S.RETURNING, _S.STOPPED, _S.LANDED, _S.DOWN})
_BETWEEN = frozenset({_S.PREPARING, _S.RELEASED})  # open for the sortie before
EDGE = device.CLOCK_SKEW  # take-off and landing are told by people, whose clocks differ by as much
SAME = timedelta(seconds=10)  # two people tell of one drop within this; no bucket is filled in it
OVER_CAPACITY = 1.2  # a load above what the aircraft carries by more than this is a slip of the pen
MOST_LOADS = 400  # of one tasking
MOST_AT_ONCE = 100
MAX_REASON = 500
ACT_OF = {FlightEventKind.DROP: WaterAct.DROP, FlightEventKind.WATER_PICK_UP: WaterAct.PICK_UP}


def decide(
    world: World,
    ask: Ask,
    command: RecordWater | CorrectWater | NoteTrackEvents | RejectTrackEvents,
    now: datetime,
) -> tuple[Fact, ...]:
    """The facts of a command about water."""
    match command:
        case RecordWater():
            return _record(world, ask, command, now)
        case CorrectWater():
            return (_correct(world, ask, command, now),)
        case NoteTrackEvents():
            return (_note(world, ask, command),)
        case RejectTrackEvents():
            return (_reject(world, ask, command),)


def live(tasking: Tasking, act: WaterAct = WaterAct.DROP) -> tuple[WaterLoad, ...]:
    """The loads that count, in the order in which they happened."""
    found = (each for each in tasking.water if each.act is act and not each.struck)
    return tuple(sorted(found, key=lambda each: (each.at, each.id)))


def carries_l(world: World, tasking: Tasking) -> float:
    """Litres of one load as the order or the aircraft has it; 0: it carries no water."""
    aircraft = world.aircraft.get(tasking.aircraft_id)
    gear = None if aircraft is None else aircraft.water
    return max(tasking.litres_per_drop, 0.0 if gear is None else gear.capacity_l)


def open_tasking(world: World, ask: Ask, tasking_id: str, act: str) -> Tasking:
    """The tasking, if the caller may tell of its water now. Raises Unknown, Forbidden, Refused."""
    tasking = world.taskings.get(tasking_id)
    if tasking is None:
        raise Unknown("tasking_id", f"no tasking {tasking_id}")
    access.require_own_operator(ask, tasking.operator_id)
    if tasking.site != world.site:
        raise Refused("NOT_OWNER", f"it belongs to site {tasking.site}", field="tasking_id")
    access.require(ask, access.RECORD_WATER, act)
    if tasking.state not in FLOWN_IN and not (tasking.state in _BETWEEN and tasking.sortie > 1):
        raise Refused(
            "NOT_NOW",
            f"tasking is {tasking.state}; water is told of from the take-off until the hours are settled",
            field="tasking_id",
        )
    return tasking


def _record(world: World, ask: Ask, command: RecordWater, now: datetime) -> tuple[Fact, ...]:
    tasking = open_tasking(world, ask, command.tasking_id, "recording water")
    if not 1 <= len(command.loads) <= MOST_AT_ONCE:
        raise Malformed("loads", f"{len(command.loads)} is not 1 to {MOST_AT_ONCE}")
    spoke_at = device.when_done(ask, None, now) or now
    crew = ask.role in access.CREW_SPEAKS
    timers = clocks.after_report(tasking, spoke_at) if crew else tasking.timers
    made: list[WaterRecorded] = []
    known: Refused | None = None
    for part, told in enumerate(command.loads):
        try:
            load = _load(world, ask, tasking, told, now=now, part=part)
        except Refused as refused:
            if refused.code != "ALREADY_RECORDED":
                raise
            known = refused  # of several confirmed together, those that somebody was quicker with
            continue
        tasking = replace(tasking, water=(*tasking.water, load))
        made.append(WaterRecorded(tasking_id=tasking.id, load=load, timers=timers))
    if not made and known is not None:
        raise known
    return tuple(made)


def _load(
    world: World, ask: Ask, tasking: Tasking, told: WaterTold, *, now: datetime, part: int
) -> WaterLoad:
    event = _event(world, tasking, told) if told.event_id else None
    at = told.done_at or (event.at if event is not None else device.when_done(ask, None, now)) or now
    at = _in_time(at, now)
    _check_new(ask, tasking, told, at)
    if len(tasking.water) >= MOST_LOADS:
        raise Refused("TOO_MANY", f"{MOST_LOADS} loads are recorded of it", field="tasking_id")
    source = WaterSource.DESK
    if event is not None:
        source = WaterSource.TRACK
    elif ask.role in access.CREW_SPEAKS:
        source = WaterSource.PHONE
    return WaterLoad(
        id=ids.derive(world.site, "WTR", f"{ask.actor}\0{ask.command_id}", part),
        act=told.act,
        sortie=_sortie(tasking, at, now),
        at=at,
        litres=_litres(world, tasking, told.litres),
        position=told.position or (event.position if event is not None else None),
        source=source,
        event_id=told.event_id,
        recorded_at=now,
        by=world.site,  # who it was stands in the row's header, that partners are not shown
        role=ask.role,
    )


def _event(world: World, tasking: Tasking, told: WaterTold) -> TrackEvent:
    found = next((e for e in world.track_events.get(tasking.id, ()) if e.id == told.event_id), None)
    if found is None:
        raise Unknown("event", f"the track has shown no {told.event_id}")
    if ACT_OF.get(found.kind) is not told.act:
        raise Refused("WRONG_EVENT", f"it is a {found.kind}", field="event")
    return found


def _check_new(ask: Ask, tasking: Tasking, told: WaterTold, at: datetime) -> None:
    """Raises Refused ALREADY_RECORDED where this load is among those recorded."""
    stamp = ask.stamp if ask.stamp is not None and ask.stamp.signed else None
    for each in tasking.water:
        if each.struck or each.act is not told.act:
            continue
        # a phone holds off a double tap itself, and its own count tells its presses apart
        own = stamp is not None and each.stamp is not None and each.stamp.device_id == stamp.device_id
        same = bool(told.event_id) and told.event_id == each.event_id
        apart = told.event_id and each.event_id and not same  # the track has seen two
        if same or (not apart and not own and abs(each.at - at) <= SAME):
            raise Refused(
                "ALREADY_RECORDED",
                f"{each.id} at {each.at:%H:%M:%S} UTC is this {each.act}",
                field="event" if same else "done_at",
                version=each.version,
            )


def _in_time(at: datetime, now: datetime) -> datetime:
    if at > now + device.CLOCK_SKEW:
        raise Malformed("done_at", f"lies {(at - now).total_seconds():.0f} s in the future")
    return min(at, now)


def _sortie(tasking: Tasking, at: datetime, now: datetime) -> int:
    """Which flight a moment belongs to, the nearest one. Raises Refused OUTSIDE_SORTIE."""
    spans = flights(tasking, now)
    off = [max(up - at, at - down, timedelta(0)) for up, down in spans]
    if not off or min(off) > EDGE:
        raise Refused("OUTSIDE_SORTIE", "it was in no flight of this tasking then", field="done_at")
    return off.index(min(off)) + 1


def _litres(world: World, tasking: Tasking, told: float | None) -> float:
    most = carries_l(world, tasking)
    litres = (tasking.litres_per_drop or most) if told is None else told
    if most <= 0:
        raise Refused("NO_WATER_GEAR", "this aircraft carries no water", field="tasking_id")
    if not math.isfinite(litres) or litres <= 0:
        raise Malformed("litres", "is not above 0")
    if litres > most * OVER_CAPACITY:
        raise Refused("TOO_MUCH_WATER", f"{litres:.0f} l; it carries {most:.0f} l", field="litres")
    return litres


def _correct(world: World, ask: Ask, command: CorrectWater, now: datetime) -> WaterCorrected:
    tasking = open_tasking(world, ask, command.tasking_id, "correcting water")
    load = _find(tasking, ask, command.load_id)
    access.check_version(command.version_seen, load.version, f"load {load.id}")
    if not command.reason.strip() or len(command.reason) > MAX_REASON:
        raise Malformed("reason", f"say why, in at most {MAX_REASON} characters")
    if load.struck:
        raise Refused("NOT_NOW", "it is struck out; record it anew", field="drop")
    at = load.at if command.done_at is None else _in_time(command.done_at, now)
    litres = load.litres if command.litres is None else _litres(world, tasking, command.litres)
    if not command.strike and (at, litres) == (load.at, load.litres):
        raise Refused("NOTHING_CHANGED", "it says so already", field="drop")
    return WaterCorrected(
        tasking_id=tasking.id,
        load_id=load.id,
        version=load.version + 1,
        sortie=load.sortie if at == load.at else _sortie(tasking, at, now),
        at=at,
        litres=litres,
        struck=command.strike,
        reason=command.reason.strip(),
    )


def _find(tasking: Tasking, ask: Ask, name: str) -> WaterLoad:
    for each in tasking.water:
        if each.id == name or (name and each.key == name and each.by == ask.actor):
            return each
    raise Unknown("drop", f"no load {name} of this tasking")


def event_id(tasking: Tasking, kind: FlightEventKind, at: datetime) -> str:
    """A finding's name: of the same thing the same."""
    moment = at.isoformat(timespec="microseconds")
    return ids.derive(tasking.site, "EVT", f"{tasking.id}\0{tasking.sortie}\0{kind}\0{moment}")


def _note(world: World, ask: Ask, command: NoteTrackEvents) -> TrackEventsNoted:
    access.require_site(ask, "noting what a track has shown")
    tasking = world.taskings.get(command.tasking_id)
    if tasking is None or tasking.site != world.site:
        raise Unknown("tasking_id", f"no tasking {command.tasking_id} of ours")
    if tasking.state in FORGOTTEN_IN:
        raise Refused("NOT_NOW", f"tasking is {tasking.state}; nobody is asked any more", field="tasking_id")
    known = {each.id for each in world.track_events.get(tasking.id, ())}
    new = tuple(each for each in command.events if each.id not in known)
    if not new:
        raise Refused("NOTHING_CHANGED", "all of it is noted", field="events")
    return TrackEventsNoted(tasking_id=tasking.id, events=new[-MOST_EVENTS:])


def _reject(world: World, ask: Ask, command: RejectTrackEvents) -> TrackEventsRejected:
    tasking = open_tasking(world, ask, command.tasking_id, "rejecting what a track has shown")
    if len(command.reason) > MAX_REASON:
        raise Malformed("reason", f"{len(command.reason)} characters, at most {MAX_REASON}")
    if not 1 <= len(command.event_ids) <= MOST_AT_ONCE:
        raise Malformed("events", f"{len(command.event_ids)} is not 1 to {MOST_AT_ONCE}")
    known = {each.id: each for each in world.track_events.get(tasking.id, ())}
    taken = {each.event_id for each in tasking.water if not each.struck}
    for each in command.event_ids:
        if each not in known:
            raise Unknown("events", f"the track has shown no {each}")
        if each in taken:
            raise Refused("ALREADY_RECORDED", "it is confirmed; strike the load out", field="events")
    open_still = tuple(each for each in command.event_ids if known[each].rejected_at is None)
    if not open_still:
        raise Refused("NOTHING_CHANGED", "it is rejected already", field="events")
    return TrackEventsRejected(tasking_id=tasking.id, event_ids=open_still, reason=command.reason.strip())
