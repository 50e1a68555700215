"""Mutual aid (省际互援): what each site decides about its own record. The tables are aid_state.py's.

A step that depends on the partner is judged by the copy that is here: an answer that has not come yet cannot be accepted.
Nothing follows from time alone.
"""

from dataclasses import replace
from datetime import datetime

from dispatch import access, aid_offering, ids
from dispatch.aid_commands import (
    ActOnAidOffer,
    ActOnAidRequest,
    AidCommand,
    AidPlace,
    AskAid,
    EscalateAid,
    ReceiveAid,
)
from dispatch.aid_facts import AidAsked, AidClockPassed
from dispatch.aid_kinds import AidAskAction, AidAskState, AidOfferState
from dispatch.aid_lent import borrowed, offer_of
from dispatch.aid_records import AidAlarm, AidFlown, AidHandover, AidOffer, AidRequest
from dispatch.aid_rules import running
from dispatch.aid_sharing import require_consent
from dispatch.aid_state import ASK_AID, ASKING, ASKING_ACTS, ENDED, REASONED, SENT_ASKS
from dispatch.commands import Ask
from dispatch.consent_kinds import LabelledTable
from dispatch.consent_policy import labelled
from dispatch.errors import Malformed, Refused, Unknown
from dispatch.facts import Fact
from dispatch.hours import hours_of
from dispatch.incident import PLANNABLE, own_incident
from dispatch.kinds import Role
from dispatch.resource_facts import AircraftSaved
from dispatch.world import World

_A = AidAskAction
MOST_AIRCRAFT = 20


def decide(
    world: World, ask: Ask, command: AidCommand, now: datetime, partners: frozenset[str]
) -> tuple[Fact, ...]:
    """The facts of a step of mutual aid at this site."""
    match command:
        case AskAid():
            return _ask(world, ask, command, now, partners)
        case ActOnAidRequest():
            return _act(world, ask, command, now)
        case ActOnAidOffer():
            return aid_offering.decide_act(world, ask, command, now)
        case ReceiveAid():
            return aid_offering.decide_receive(world, ask, command, now)
        case EscalateAid():
            return _escalate(world, ask, command, now)


def _ask(
    world: World, ask: Ask, command: AskAid, now: datetime, partners: frozenset[str]
) -> tuple[Fact, ...]:
    incident = own_incident(world, command.incident_id)
    access.require(ask, ASK_AID, "asking for aid")
    if incident.state not in PLANNABLE:
        raise Refused("NOT_NOW", f"the incident is {incident.state}", field="incident_id")
    terms = command.terms
    if not command.partners or len(set(command.partners)) != len(command.partners):
        raise Refused("NO_PARTNERS", "at least one partner, each once", field="partners")
    for partner in command.partners:
        if partner not in partners:
            raise Refused("NO_PARTNER", f"no partner site {partner!r}", field="partners")
        require_consent(world, partner, now)
    if labelled(world, LabelledTable.INCIDENTS, incident.id):
        raise Refused("LABELLED", "the incident is labelled: it never leaves", field="incident_id")
    if not 1 <= terms.count <= MOST_AIRCRAFT:
        raise Malformed("count", f"{terms.count} is not 1 to {MOST_AIRCRAFT}")
    if not now < terms.needed_by < terms.until:
        raise Refused("TIME_ORDER", "needed_by lies ahead and before until", field="needed_by")
    key = f"{ask.actor}\0{ask.command_id}"
    return tuple(
        AidAsked(
            request=AidRequest(
                id=ids.derive(world.site, "AID", key, part),
                site=world.site,
                partner=partner,
                incident_id=incident.id,
                incident_title=incident.title,
                position=incident.position,
                terms=terms,
                state=AidAskState.REQUESTED,
                requested_at=now,
                state_at=now,
            )
        )
        for part, partner in enumerate(command.partners)
    )


def _act(world: World, ask: Ask, command: ActOnAidRequest, now: datetime) -> tuple[Fact, ...]:
    request = world.aid_requests.get(command.request_id)
    if request is None:
        raise Unknown("request_id", f"no aid request {command.request_id}")
    if request.site != world.site:
        raise Refused("NOT_OWNER", f"{request.id} belongs to site {request.site}", field="request_id")
    access.require(ask, ASKING_ACTS[command.action], f"{command.action} of an aid request")
    access.check_version(command.version_seen, request.version, f"aid request {request.id}")
    state = ASKING.advance(request.state, command.action)
    if command.action in REASONED and not command.reason.strip():
        raise Refused("REASON_MISSING", f"{command.action} needs a reason", field="reason")
    moved = replace(request, state=state, state_at=now, version=request.version + 1, history=())
    moved, more = _changes(world, ask, command, moved, now)
    return (AidAsked(request=moved, action=command.action, reason=command.reason), *more)


def _changes(
    world: World, ask: Ask, command: ActOnAidRequest, moved: AidRequest, now: datetime
) -> tuple[AidRequest, tuple[Fact, ...]]:
    """The record with what its step brings, and the facts beside it."""
    offer = offer_of(world, moved)
    match command.action:
        case AidAskAction.APPROVE:
            return replace(moved, approved_at=now), ()
        case AidAskAction.SEND:
            require_consent(world, moved.partner, now)
            return replace(moved, sent_at=now, order_ref=command.order_ref.strip()), ()
        case AidAskAction.ACCEPT:
            return _accept(world, command, moved, offer)
        case AidAskAction.ARRIVE:
            return replace(moved, arrived_at=now), ()
        case AidAskAction.TAKE_COMMAND:
            return replace(moved, handover=handover(command.handover, ask.role, now)), ()
        case AidAskAction.RELEASE:
            return _release(world, moved, now), ()
        case AidAskAction.SETTLE:
            if offer is None or offer.state is not AidOfferState.BILLED:
                raise Refused("NOT_BILLED", "the partner has not stated its costs yet", field="action")
            return replace(moved, cost=offer.cost), ()
        case AidAskAction.EXPIRE:
            found = running(world, world.aid_requests[moved.id], offer)
            if found is None or now < found[1]:
                raise Refused("NOT_DUE", "its limit has not passed", field="action")
            return moved, ()
        case AidAskAction.WITHDRAW:
            return moved, ()


def _accept(
    world: World, command: ActOnAidRequest, moved: AidRequest, offer: AidOffer | None
) -> tuple[AidRequest, tuple[Fact, ...]]:
    if offer is None or offer.state is not AidOfferState.ANSWERED:
        raise Refused("NOT_ANSWERED", "there is no answer here to be accepted", field="action")
    if offer.version != command.offer_version:
        raise Refused(
            "CHANGED",
            f"the answer is at version {offer.version}, you saw {command.offer_version}",
            field="offer_version",
            version=offer.version,
        )
    if command.base_id not in world.bases:
        raise Refused("NO_BASE", f"no base {command.base_id!r}", field="base_id")
    moved = replace(moved, offer_id=offer.id, offer_version=offer.version, base_id=command.base_id)
    saved: list[AircraftSaved] = []
    for lent in offer.aircraft:
        craft = borrowed(moved, offer, lent)
        twin = next(
            (
                each
                for each in world.aircraft.values()
                if craft.icao24 and each.icao24 == craft.icao24 and each.id != craft.id
            ),
            None,
        )
        if twin is not None:
            raise Refused("DUPLICATE", f"address {craft.icao24} belongs to {twin.id}", field="offer_version")
        present = world.aircraft.get(craft.id)
        saved.append(
            AircraftSaved(aircraft=replace(craft, version=1 if present is None else present.version + 1))
        )
    return replace(moved, borrowed=tuple(each.aircraft.id for each in saved)), tuple(saved)


def handover(place: AidPlace | None, role: Role | None, now: datetime) -> AidHandover:
    """One side's record of it. Raises Refused where time, place or the other side's post is missing or not plausible."""
    if place is None or not place.place.strip() or not place.other_role.strip():
        raise Refused("HANDOVER_MISSING", "say when, where and to whom command passed", field="handover")
    if place.at > now:
        raise Refused("TIME_ORDER", "it lies in the future", field="handover.at")
    return AidHandover(
        at=place.at,
        place=place.place.strip(),
        position=place.position,
        role=role or Role.DISPATCHER,
        other_role=place.other_role.strip(),
    )


def _release(world: World, moved: AidRequest, now: datetime) -> AidRequest:
    flown = []
    for here in moved.borrowed:
        if world.ongoing_tasking(here) is not None:
            raise Refused("AID_FLYING", f"{here} has a tasking still", field="action")
        done = [
            hours_of(tasking)
            for tasking in world.taskings.values()
            if tasking.site == world.site
            and tasking.aircraft_id == here
            and tasking.incident_id == moved.incident_id
        ]
        flown.append(
            AidFlown(
                aircraft_id=here.removeprefix(f"{moved.partner}."),
                flight_s=sum(each.air_s for each in done),
                drops=sum(each.drops for each in done),
                litres=sum(each.litres for each in done),
            )
        )
    return replace(moved, released_at=now, flown=tuple(flown))


def due(world: World, now: datetime) -> list[ReceiveAid | EscalateAid]:
    """What the clock has to say: requests that have come in, and limits that have passed and were not told yet."""
    found: list[ReceiveAid | EscalateAid] = []
    for request in world.aid_requests.values():
        offer = offer_of(world, request)
        if (
            request.partner == world.site
            and offer is None
            and request.state in SENT_ASKS
            and request.state not in ENDED
        ):
            found.append(ReceiveAid(request_id=request.id))
        limit = running(world, request, offer)
        if limit is None or now < limit[1] or f"{request.id}.{limit[0].clock}" in world.aid_alarms:
            continue
        found.append(EscalateAid(request_id=request.id, clock=limit[0].clock, due_at=limit[1]))
    return found


def _escalate(world: World, ask: Ask, command: EscalateAid, now: datetime) -> tuple[Fact, ...]:
    access.require_site(ask, "crying out a clock of mutual aid")
    if command not in due(world, now):
        raise Refused("NOT_NOW", f"{command.clock} of {command.request_id} is not late")
    request = world.aid_requests[command.request_id]
    limit = running(world, request, offer_of(world, request))
    alarm = AidAlarm(
        id=f"{request.id}.{command.clock}",
        request_id=request.id,
        clock=str(command.clock),
        due_at=command.due_at,
        rule_id="" if limit is None else limit[0].id,
    )
    return (AidClockPassed(alarm=alarm),)
