"""How facts about joining change the world; fold.py calls these."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dispatch import consent_fold
from dispatch import enrol_facts as facts
from dispatch.facts import Recorded

if TYPE_CHECKING:
    from dispatch.world import World

MOST_KEPT = (
    500  # invitations in memory, the newest; the journal has all. Of an older one the code is a wrong one
)


def site_invited(world: "World", _: Recorded, fact: facts.SiteInvited) -> "World":
    """Its code is good."""
    kept = world.invitations.set(fact.invitation.id, fact.invitation)
    if len(kept) > MOST_KEPT:
        oldest = min(kept.values(), key=lambda each: (each.invited_at, each.id))
        kept = kept.delete(oldest.id)
    return replace(world, invitations=kept)


def invitation_withdrawn(world: "World", recorded: Recorded, fact: facts.InvitationWithdrawn) -> "World":
    """Its code is good no more."""
    before = world.invitations.get(fact.invitation_id)
    if before is None:
        return world
    ended = replace(before, withdrawn_at=recorded.at, withdrawn_by=recorded.actor)
    return replace(world, invitations=world.invitations.set(ended.id, ended))


def site_joined(world: "World", recorded: Recorded, fact: facts.SiteJoined) -> "World":
    """A partner, in the place of one of the same name that was shut out."""
    joined = fact.joined
    invitations = world.invitations
    before = invitations.get(joined.invitation_id)
    if before is not None:
        invitations = invitations.set(before.id, replace(before, used_at=recorded.at))
    return replace(world, invitations=invitations, joined_sites=world.joined_sites.set(joined.site, joined))


def site_shut_out(world: "World", recorded: Recorded, fact: facts.SiteShutOut) -> "World":
    """No partner any more; who it was stays known, so that it is refused by name."""
    before = world.joined_sites.get(fact.site)
    if before is None:
        return world
    ended = replace(before, shut_out_at=recorded.at, shut_out_by=recorded.actor, reason=fact.reason)
    world = replace(world, joined_sites=world.joined_sites.set(ended.site, ended))
    return consent_fold.unshared(world, recorded, ended.site)


def site_renewed(world: "World", recorded: Recorded, fact: facts.SiteRenewed) -> "World":
    """The new certificate is taken, and the one before it until that ends."""
    before = world.joined_sites.get(fact.site)
    if before is None:
        return world
    renewed = replace(before, certificate=fact.certificate, former=before.certificate, renewed_at=recorded.at)
    return replace(world, joined_sites=world.joined_sites.set(renewed.site, renewed))


FOLDS: dict[type, Callable[..., Any]] = {
    facts.SiteInvited: site_invited,
    facts.InvitationWithdrawn: invitation_withdrawn,
    facts.SiteJoined: site_joined,
    facts.SiteShutOut: site_shut_out,
    facts.SiteRenewed: site_renewed,
}
