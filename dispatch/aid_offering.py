"""The helping site's own steps of mutual aid: a request comes in, is answered or declined, command passes, costs are told."""

from dataclasses import replace
from datetime import datetime

from dispatch import access, fitness, ids
from dispatch.aid_commands import ActOnAidOffer, ReceiveAid
from dispatch.aid_facts import AidAnswered
from dispatch.aid_kinds import AidAskState, AidOfferAction, AidOfferState
from dispatch.aid_lent import borrowed_under, lent_to, offer_of
from dispatch.aid_records import AidAircraft, AidBillLine, AidOffer, AidRequest
from dispatch.aid_sharing import require_consent
from dispatch.aid_state import BILLABLE, ENDED, HANDS_OVER, HELPING, HELPING_ACTS, REASONED, SENT_ASKS
from dispatch.commands import Ask
from dispatch.consent_policy import aircraft_stays
from dispatch.errors import Refused, Unknown
from dispatch.facts import Fact
from dispatch.papers.rates import contract_for
from dispatch.world import World

_S = AidAskState


def decide_receive(world: World, ask: Ask, command: ReceiveAid, now: datetime) -> tuple[Fact, ...]:
    """A partner's request stands on our desk from now on: the receipt that it sees."""
    access.require_site(ask, "receiving a request for aid")
    request = world.aid_requests.get(command.request_id)
    if request is None or request.partner != world.site or request.state not in SENT_ASKS:
        raise Unknown("request_id", f"no request {command.request_id} to this site")
    if offer_of(world, request) is not None or request.state in ENDED:
        raise Refused("NOT_NOW", "it has been received, or is over")
    offer = AidOffer(
        id=ids.derive(world.site, "AOF", request.id),
        site=world.site,
        partner=request.site,
        request_id=request.id,
        state=AidOfferState.RECEIVED,
        received_at=now,
        state_at=now,
    )
    return (AidAnswered(offer=offer),)


def decide_act(world: World, ask: Ask, command: ActOnAidOffer, now: datetime) -> tuple[Fact, ...]:
    """A step of ours about a partner's request."""
    offer = world.aid_offers.get(command.offer_id)
    if offer is None:
        raise Unknown("offer_id", f"no aid offer {command.offer_id}")
    if offer.site != world.site:
        raise Refused("NOT_OWNER", f"{offer.id} belongs to site {offer.site}", field="offer_id")
    access.require(ask, HELPING_ACTS[command.action], f"{command.action} of an aid offer")
    access.check_version(command.version_seen, offer.version, f"aid offer {offer.id}")
    state = HELPING.advance(offer.state, command.action)
    if command.action in REASONED and not command.reason.strip():
        raise Refused("REASON_MISSING", f"{command.action} needs a reason", field="reason")
    moved = replace(offer, state=state, state_at=now, version=offer.version + 1, history=())
    moved = _changes(world, ask, command, moved, now)
    return (AidAnswered(offer=moved, action=command.action, reason=command.reason),)


def _changes(world: World, ask: Ask, command: ActOnAidOffer, moved: AidOffer, now: datetime) -> AidOffer:
    from dispatch.aid import handover  # each knows the other: one machine in two files

    if command.action is AidOfferAction.RECALL:
        return replace(moved, recalled_at=now)  # always one's own to say, whatever became of the request
    request = world.aid_requests.get(moved.request_id)
    if request is None:
        raise Refused("NOT_NOW", "the partner's request was taken back with its consent", field="action")
    match command.action:
        case AidOfferAction.OFFER:
            _require_asked(request)
            require_consent(world, moved.partner, now)
            return replace(
                moved,
                aircraft=_aircraft(world, command, now),
                conditions=command.conditions.strip(),
                until=_until(command, now),
            )
        case AidOfferAction.APPROVE:
            _require_asked(request)
            require_consent(world, moved.partner, now)
            for each in moved.aircraft:  # things change between the draft and the chief
                _require_free(world, each.aircraft.id, now)
            return replace(moved, approved_at=now)
        case AidOfferAction.DECLINE:
            return replace(moved, aircraft=(), conditions="", until=None, declined_for=command.reason.strip())
        case AidOfferAction.HAND_OVER:
            if request.state not in HANDS_OVER:
                raise Refused("NOT_NOW", f"the request is {request.state}", field="action")
            return replace(moved, handover=handover(command.handover, ask.role, now))
        case AidOfferAction.BILL:
            return _billed(moved, request)


def _require_asked(request: AidRequest) -> None:
    if request.state is not _S.SENT:
        raise Refused("NOT_NOW", f"the request is {request.state}", field="action")


def _until(command: ActOnAidOffer, now: datetime) -> datetime | None:
    if command.until is not None and command.until <= max((now, *(each.eta for each in command.aircraft))):
        raise Refused("TIME_ORDER", "it ends before it is there", field="until")
    return command.until


def _aircraft(world: World, command: ActOnAidOffer, now: datetime) -> tuple[AidAircraft, ...]:
    if not command.aircraft or len({each.aircraft_id for each in command.aircraft}) != len(command.aircraft):
        raise Refused("NO_AIRCRAFT", "at least one aircraft, each once", field="aircraft")
    made = []
    for each in command.aircraft:
        _require_free(world, each.aircraft_id, now)
        if each.eta <= now:
            raise Refused("TIME_ORDER", f"{each.aircraft_id} would be there already", field="aircraft.eta")
        craft = world.aircraft[each.aircraft_id]
        contract = contract_for(world, craft, craft.operator_id, now)
        made.append(
            AidAircraft(
                aircraft=craft,
                eta=each.eta,
                cost_per_hour=craft.cost_per_hour if contract is None else contract.hour_rate,
                contract_id="" if contract is None else contract.id,
            )
        )
    return tuple(made)


def _require_free(world: World, aircraft_id: str, now: datetime) -> None:
    craft = world.aircraft.get(aircraft_id)
    if craft is None or craft.site != world.site:
        raise Refused("NO_AIRCRAFT", f"no aircraft {aircraft_id!r} of ours", field="aircraft")
    if aircraft_stays(world, craft.id, craft.operator_id):
        raise Refused("LABELLED", f"{aircraft_id} is labelled: it never leaves", field="aircraft")
    if borrowed_under(world, aircraft_id) is not None:
        raise Refused("NOT_OURS", f"{aircraft_id} is borrowed itself", field="aircraft")
    if lent_to(world, aircraft_id) is not None or world.ongoing_tasking(aircraft_id) is not None:
        raise Refused("BUSY", f"{aircraft_id} is lent or has a tasking", field="aircraft")
    fitness.require(world, craft, now)


def _billed(moved: AidOffer, request: AidRequest) -> AidOffer:
    if request.state not in BILLABLE:
        raise Refused("NOT_NOW", f"the request is {request.state}: nothing has been released", field="action")
    lines = []
    for lent in moved.aircraft:
        flown = next((each for each in request.flown if each.aircraft_id == lent.aircraft.id), None)
        flight_s = 0.0 if flown is None else flown.flight_s
        lines.append(
            AidBillLine(
                aircraft_id=lent.aircraft.id,
                flight_s=flight_s,
                drops=0 if flown is None else flown.drops,
                cost_per_hour=lent.cost_per_hour,
                cost=round(flight_s / 3600.0 * lent.cost_per_hour, 3),
            )
        )
    return replace(moved, bill=tuple(lines), cost=round(sum(each.cost for each in lines), 3))
