"""Classes of object: by which lane a kind of fact goes, and what agreements say where they are not about one fact."""

from datetime import datetime
from functools import cache

from dispatch import consent_policy, partner
from dispatch.consent_kinds import ConsentState
from dispatch.world import World
from protocols.codec.facts import KINDS
from protocols.link_lanes import Lane, lane_of


def class_of(kind: str) -> str:
    """The class of a shareable kind."""
    return partner.class_of(KINDS[kind])


@cache
def kinds_of(lane: Lane) -> tuple[str, ...]:
    """The kinds of fact that go by an own lane, by name."""
    shareable = sorted(cls.__name__ for cls in partner.SHAREABLE)
    return tuple(kind for kind in shareable if lane_of(class_of(kind)) is lane)


def unknown_but_welcome(world: World, kind: str, object_class: str, origin: str) -> bool:
    """Whether a row of a kind that we do not know says that it is about a class that `origin` agreed to let us have."""
    if kind in KINDS:
        return False
    given = (each for each in world.consents.values() if (each.site, each.partner) == (origin, world.site))
    terms = next(
        (each.terms for each in given if each.state is ConsentState.IN_FORCE), consent_policy.DEFAULT
    )
    return consent_policy.withheld(terms, object_class) is not None


def relaying_agreed(world: World, site: str, now: datetime) -> bool:
    """Whether our consent with a partner lets rows pass over its link; where none was signed its [[partner]] says it."""
    return consent_policy.relays(consent_policy.terms_towards(world, site, now))


def is_agreement(kind: str) -> bool:
    """Whether a kind is the agreement itself, signed, ended or receipted: it passes whatever is agreed."""
    return kind in KINDS and KINDS[kind] in partner.SHAREABLE and class_of(kind) == partner.AGREEMENT
