"""Consents for tests: terms, and a proposal with its second signature."""

from datetime import timedelta

from dispatch.consent_commands import ProposeConsent, SignConsent
from dispatch.consent_facts import ConsentProposed
from dispatch.consent_kinds import ObjectClass, WithheldField
from dispatch.consent_records import ClassTerms, Consent, ConsentTerms
from dispatch.kinds import Role
from tests.dispatch.scene import NOW, Scene

AGREEMENT = "六省一市-2023"


def terms(
    *classes: ObjectClass,
    withheld: tuple[WithheldField, ...] = (),
    days: int | None = 30,
    band_m: float = 0.0,
) -> ConsentTerms:
    """Terms from an hour before the scene begins."""
    return ConsentTerms(
        agreement=AGREEMENT,
        classes=tuple(
            ClassTerms(object_class=each, withheld=withheld) for each in classes or tuple(ObjectClass)
        ),
        band_m=band_m,
        valid_from=NOW - timedelta(hours=1),
        valid_until=None if days is None else NOW + timedelta(days=days),
    )


def proposed(scene: Scene, wanted: ConsentTerms, partner: str = "43") -> Consent:
    """Written by the duty chief."""
    (fact,) = scene.ask(Role.DUTY_CHIEF, ProposeConsent(partner=partner, terms=wanted), actor="li.na")
    assert isinstance(fact, ConsentProposed)
    return scene.world.consents[fact.consent.id]


def signed(scene: Scene, wanted: ConsentTerms, partner: str = "43") -> Consent:
    """Written and signed."""
    made = proposed(scene, wanted, partner)
    scene.ask(Role.SECADMIN, SignConsent(consent_id=made.id, version_seen=made.version), actor="chen.jie")
    return scene.world.consents[made.id]
