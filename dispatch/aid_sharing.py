"""What of mutual aid travels, to whom, and what a partner may say. `dispatch/partner.py` joins these tables."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from dispatch.aid_facts import AidAnswered, AidAsked
from dispatch.aid_lent import borrowed_id
from dispatch.aid_records import AidOffer
from dispatch.aid_state import SENT_ASKS, SENT_OFFERS
from dispatch.consent_kinds import LabelledTable
from dispatch.consent_policy import aircraft_stays, labelled, terms_towards, withheld
from dispatch.errors import Refused
from dispatch.facts import Recorded
from dispatch.ids import check_id
from dispatch.world import World

OBJECT_CLASS = "aid"


def _audience_of_request(_: World, recorded: Recorded) -> frozenset[str]:
    fact = recorded.fact
    sent = isinstance(fact, AidAsked) and fact.request.state in SENT_ASKS and fact.request.sent_at is not None
    return frozenset({fact.request.partner}) if isinstance(fact, AidAsked) and sent else frozenset()


def _audience_of_offer(_: World, recorded: Recorded) -> frozenset[str]:
    fact = recorded.fact
    if isinstance(fact, AidAnswered) and fact.offer.state in SENT_OFFERS:
        return frozenset({fact.offer.partner})
    return frozenset()


TOLD: Mapping[type, Callable[[World, Recorded], frozenset[str]]] = {
    AidAsked: _audience_of_request,
    AidAnswered: _audience_of_offer,
}


def stays(world: World, fact: Any) -> bool:
    """Whether a label keeps it at home: of its incident, or of an aircraft on offer."""
    if isinstance(fact, AidAsked):
        return labelled(world, LabelledTable.INCIDENTS, fact.request.incident_id)
    if isinstance(fact, AidAnswered):
        return any(
            aircraft_stays(world, each.aircraft.id, each.aircraft.operator_id) for each in fact.offer.aircraft
        )
    return False


def require_consent(world: World, partner: str, now: datetime) -> None:
    """Raises Refused(NO_CONSENT) where what we say about aid would not reach `partner`."""
    terms = terms_towards(world, partner, now)
    if terms is None or withheld(terms, OBJECT_CLASS) is None:
        raise Refused("NO_CONSENT", f"no consent lets aid leave to {partner} now", field="partner")


def _own(origin: str, entity_id: str, kind: str, site: str, field: str) -> None:
    if site != origin or not entity_id.startswith(f"{origin}-{kind}-"):
        raise Refused("NOT_OWNER", f"{entity_id[:80]!r} is not site {origin}'s", field=field)


def check_asked(world: World, fact: AidAsked, origin: str) -> None:
    """A partner's request: its own, to us, sent, with an incident of its own."""
    request = fact.request
    _own(origin, request.id, "AID", request.site, "request.id")
    check_id(request.id, "request.id")
    _own(origin, request.incident_id, "INC", request.site, "request.incident_id")
    if request.partner != world.site:
        raise Refused("NOT_FOR_US", f"it asks site {request.partner}", field="request.partner")
    if request.state not in SENT_ASKS or request.history:
        raise Refused("NOT_PLAUSIBLE", "it was not sent, or brings its own history", field="request.state")
    present = world.aid_requests.get(request.id)
    if present is not None and present.incident_id != request.incident_id:
        raise Refused("NOT_PLAUSIBLE", "it was of another incident", field="request.incident_id")


def check_answered(world: World, fact: AidAnswered, origin: str) -> None:
    """A partner's answer: its own, to a request that we sent to it, with aircraft of its own that can fly."""
    offer = fact.offer
    _own(origin, offer.id, "AOF", offer.site, "offer.id")
    check_id(offer.id, "offer.id")
    if offer.partner != world.site:
        raise Refused("NOT_FOR_US", f"it answers site {offer.partner}", field="offer.partner")
    request = world.aid_requests.get(offer.request_id)
    if request is None or request.site != world.site or request.partner != origin:
        raise Refused("NOT_OWNER", "it answers no request of ours to it", field="offer.request_id")
    if offer.state not in SENT_OFFERS or offer.history:
        raise Refused("NOT_PLAUSIBLE", "a draft, or with its own history", field="offer.state")
    for other in world.aid_offers.values():
        if other.request_id == request.id and other.site == origin and other.id != offer.id:
            raise Refused("NOT_PLAUSIBLE", f"{other.id} answers it already", field="offer.id")
    _check_aircraft(offer, origin)


def _check_aircraft(offer: AidOffer, origin: str) -> None:
    for lent in offer.aircraft:
        craft = lent.aircraft
        if craft.site != origin:
            raise Refused("NOT_OWNER", f"{craft.id[:80]!r} is not site {origin}'s", field="offer.aircraft")
        check_id(borrowed_id(origin, craft.id), "offer.aircraft.id")
        figures = (craft.cruise_mps, craft.loaded_mps, craft.fuel_capacity_kg, craft.burn_kgps)
        if not all(each > 0 for each in figures) or craft.fuel_kg < 0 or lent.cost_per_hour < 0:
            raise Refused("NOT_PLAUSIBLE", f"{craft.id[:80]!r} cannot fly so", field="offer.aircraft")


RECEIVED: Mapping[type, Callable[[World, Any, str], None]] = {
    AidAsked: check_asked,
    AidAnswered: check_answered,
}
