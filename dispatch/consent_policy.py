"""Which terms hold towards a partner now, and which records never leave whatever they say.

Where no consent with a partner was ever signed, the agreement that both configurations name holds as DEFAULT says:
what a person shares in so many words leaves, nothing goes by itself. Once one was signed, only consents count: after
its end nothing leaves until another is signed.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dispatch.consent_kinds import ConsentState, LabelledTable, ObjectClass, WithheldField
from dispatch.consent_records import ClassTerms, Consent, ConsentTerms

if TYPE_CHECKING:
    from dispatch.world import World

DEFAULT = ConsentTerms(
    agreement="",  # the one in [[partner]]
    classes=tuple(
        ClassTerms(object_class=each)
        for each in (
            ObjectClass.INCIDENTS,
            ObjectClass.TASKINGS,
            ObjectClass.AIRSPACE,
            ObjectClass.TRACKS,
            ObjectClass.AID,
            ObjectClass.MESSAGES,
        )
    ),
    valid_from=datetime(2000, 1, 1, tzinfo=UTC),
    track_every_s=1.0,
)
_NEVER_SIGNED = (ConsentState.PROPOSED, ConsentState.WITHDRAWN)


def given_to(world: "World", partner: str) -> Iterator[Consent]:
    """Every revision of what we let leave to `partner`."""
    return (each for each in world.consents.values() if each.site == world.site and each.partner == partner)


def in_force(world: "World", partner: str) -> Consent | None:
    """Our signed consent for a partner, if there is one; whether its time has come is another question."""
    return next((each for each in given_to(world, partner) if each.state is ConsentState.IN_FORCE), None)


def holds(terms: ConsentTerms, now: datetime) -> bool:
    """Whether `now` is within the time of the terms."""
    return terms.valid_from <= now and (terms.valid_until is None or now < terms.valid_until)


def terms_towards(world: "World", partner: str, now: datetime | None = None) -> ConsentTerms | None:
    """What may leave to a partner now; None: nothing. Without `now` as of the world's last fact."""
    now = now or world.at
    signed = False
    for each in given_to(world, partner):
        if each.state is ConsentState.IN_FORCE:
            return each.terms if now is None or holds(each.terms, now) else None
        signed = signed or each.state not in _NEVER_SIGNED
    return None if signed else DEFAULT


def terms_from(world: "World", partner: str, now: datetime) -> ConsentTerms | None:
    """What a partner lets us have now, as far as it has told us; None: nothing."""
    signed = False
    for each in world.consents.values():
        if (each.site, each.partner) != (partner, world.site):
            continue
        if each.state is ConsentState.IN_FORCE:
            return each.terms if holds(each.terms, now) else None
        signed = signed or each.state not in _NEVER_SIGNED
    return None if signed else DEFAULT


def relays(terms: ConsentTerms | None) -> bool:
    """Whether terms let rows pass over the partner's link; where none was signed its `[[partner]]` says it."""
    return terms is DEFAULT or (terms is not None and terms.relay)


def withheld(terms: ConsentTerms, object_class: str) -> tuple[WithheldField, ...] | None:
    """What is left out of a class; None: nothing of the class leaves."""
    for each in terms.classes:
        if each.object_class == object_class:
            return each.withheld
    return None


def labelled(world: "World", table: LabelledTable, record_id: str) -> bool:
    """Whether a record never leaves."""
    found = world.labels.get((str(table), record_id))
    return found is not None and found.label is not None


def aircraft_stays(world: "World", aircraft_id: str, operator_id: str = "") -> bool:
    """Whether an aircraft, or whoever flies it, is never shown: military ones are not."""
    return labelled(world, LabelledTable.AIRCRAFT, aircraft_id) or (
        operator_id != "" and labelled(world, LabelledTable.OPERATORS, operator_id)
    )
