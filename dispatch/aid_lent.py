"""Aircraft on loan: what the lender may not plan meanwhile, and what the borrower may plan until when."""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from dispatch.aid_kinds import AidAskState, AidOfferState
from dispatch.aid_records import AidAircraft, AidOffer, AidRequest
from dispatch.aid_state import LENDING
from dispatch.consent_policy import aircraft_stays
from dispatch.records import Aircraft

if TYPE_CHECKING:
    from dispatch.world import World

_S = AidAskState
_WITH_US = frozenset({_S.ARRIVED, _S.COMMANDED})
OVER = frozenset({_S.WITHDRAWN, _S.EXPIRED, _S.RELEASED, _S.SETTLED})


def borrowed_id(owner: str, aircraft_id: str) -> str:
    """What a borrowed aircraft is called here: two provinces may use one registration for two records."""
    return f"{owner}.{aircraft_id}"[:64]


def borrowed(request: AidRequest, offer: AidOffer, lent: AidAircraft) -> Aircraft:
    """The lent aircraft as a record of the borrower, standing at the base that it was asked to."""
    ends = min(filter(None, (request.terms.until, offer.until, lent.aircraft.duty_ends_at)))
    return replace(
        lent.aircraft,
        id=borrowed_id(offer.site, lent.aircraft.id),
        site=request.site,
        operator_id=borrowed_id(offer.site, lent.aircraft.operator_id),
        home_base_id=request.base_id,
        at_base_id=request.base_id,
        duty_ends_at=ends,
        cost_per_hour=lent.cost_per_hour,
        source=f"互援 {offer.id}",
    )


def offer_of(world: "World", request: AidRequest) -> AidOffer | None:
    """The helping site's record of a request, if one is here. A third site's is none."""
    for offer in world.aid_offers.values():
        if offer.request_id == request.id and offer.site == request.partner and offer.partner == request.site:
            return offer
    return None


def lent_to(world: "World", aircraft_id: str) -> AidOffer | None:
    """The offer of ours under which an aircraft is away or promised."""
    for offer in world.aid_offers.values():
        if offer.site != world.site or offer.state not in LENDING:
            continue
        request = world.aid_requests.get(offer.request_id)
        over = request is not None and request.state in OVER
        if not over and any(each.aircraft.id == aircraft_id for each in offer.aircraft):
            return offer
    return None


def borrowed_under(world: "World", aircraft_id: str) -> AidRequest | None:
    """The newest request of ours that a borrowed aircraft came with; None: it is our own."""
    found = [
        request
        for request in world.aid_requests.values()
        if request.site == world.site and aircraft_id in request.borrowed
    ]
    return max(found, key=lambda each: (each.requested_at, each.id), default=None)


def why_not(world: "World", aircraft_id: str, now: datetime) -> tuple[str, str] | None:
    """Code and detail of why mutual aid keeps an aircraft from a tasking here; None: it does not."""
    offer = lent_to(world, aircraft_id)
    if offer is not None:
        return "LENT", f"{offer.partner} {offer.id}"
    request = borrowed_under(world, aircraft_id)
    if request is None:
        return None
    given = world.aid_offers.get(request.offer_id)
    if given is not None and given.recalled_at is not None:
        return "AID_RECALLED", request.partner
    if request.state is _S.ACCEPTED:
        return "AID_UNDER_WAY", request.partner
    if request.state not in _WITH_US:
        return "AID_OVER", request.partner
    until = min(filter(None, (request.terms.until, None if given is None else given.until)))
    return ("AID_OVER", request.partner) if until <= now else None


def shown(world: "World", partner: str) -> frozenset[str]:
    """24-bit addresses whose tracks go to `partner`: what it lent us, and what we lent to it."""
    found: set[str] = set()
    for offer in world.aid_offers.values():
        request = world.aid_requests.get(offer.request_id)
        if request is None or partner not in (offer.site, offer.partner):
            continue
        mine = offer.state in LENDING if offer.site == world.site else offer.id == request.offer_id
        if mine and request.state not in OVER and offer.state is not AidOfferState.DECLINED:
            found |= {
                each.aircraft.icao24
                for each in offer.aircraft
                if each.aircraft.icao24
                and not aircraft_stays(world, each.aircraft.id, each.aircraft.operator_id)
            }
    return frozenset(found)
