"""What a partner may say about its consents and under them. Raises Refused: NOT_FOR_US, NOT_OWNER, NOT_PLAUSIBLE."""

from collections.abc import Callable
from typing import Any

from dispatch.consent_facts import (
    ConsentEnded,
    ConsentSigned,
    IncidentSummarised,
    JointAirspaceTold,
    PurgeReceipted,
    ResourcesOffered,
)
from dispatch.consent_kinds import ConsentAction, ConsentState
from dispatch.errors import Refused
from dispatch.world import World

RECEIVED = (
    ConsentSigned,
    ConsentEnded,
    IncidentSummarised,
    ResourcesOffered,
    JointAirspaceTold,
    PurgeReceipted,
)
CheckOwn = Callable[..., None]


def check(world: World, fact: Any, origin: str, check_own: CheckOwn) -> None:
    """Raises Refused unless site `origin` may say this to us."""
    match fact:
        case ConsentSigned():
            consent = fact.consent
            _for_us(world, consent.partner)
            check_own(origin, consent.id, "consent.id", consent.site)
            if consent.state is not ConsentState.IN_FORCE:
                raise Refused("NOT_PLAUSIBLE", f"a signed consent is not {consent.state}", field="state")
        case ConsentEnded():
            _for_us(world, fact.partner)
            check_own(origin, fact.consent_id, "consent_id")
            if fact.action not in (ConsentAction.REVOKE, ConsentAction.EXPIRE):
                raise Refused("NOT_PLAUSIBLE", f"{fact.action} ends no consent", field="action")
        case IncidentSummarised():
            _for_us(world, fact.partner)
            check_own(origin, fact.summary.incident_id, "summary.incident_id", fact.summary.site)
            if not 1 <= fact.summary.level <= 4:
                raise Refused(
                    "NOT_PLAUSIBLE", f"level {fact.summary.level} is not 1 to 4", field="summary.level"
                )
        case ResourcesOffered():
            _for_us(world, fact.partner)
            _its_own(fact.offer.site, origin, "offer.site")
        case JointAirspaceTold():
            _for_us(world, fact.partner)
            _airspace(fact, origin, check_own)
        case PurgeReceipted():
            _for_us(world, fact.receipt.partner)
            check_own(origin, fact.receipt.id, "receipt.id", fact.receipt.site)
            given = world.consents.get(fact.receipt.consent_id)
            if given is None or given.site != world.site or given.partner != origin:
                raise Refused(
                    "NOT_OWNER", "it is a receipt for no consent of ours", field="receipt.consent_id"
                )


def _airspace(fact: JointAirspaceTold, origin: str, check_own: CheckOwn) -> None:
    told = fact.airspace
    check_own(origin, told.incident_id, "airspace.incident_id", told.site)
    for area in told.areas:
        check_own(origin, area.id, "airspace.areas.id", area.site)
        if area.incident_id != told.incident_id:
            raise Refused("NOT_OWNER", "an area belongs to another incident", field="airspace.areas")
    for volume in told.volumes:
        _its_own(volume.site, origin, "airspace.volumes.site")


def _for_us(world: World, partner: str) -> None:
    if partner != world.site:
        raise Refused("NOT_FOR_US", f"it was said to site {partner}", field="partner")


def _its_own(site: str, origin: str, field: str) -> None:
    if site != origin:
        raise Refused("NOT_OWNER", f"{site!r} is not site {origin}'s", field=field)
