"""Lines about who was asked to join and who has. Pure."""

from collections.abc import Callable
from typing import Any

from dispatch.enrol_facts import InvitationWithdrawn, SiteInvited, SiteJoined, SiteRenewed, SiteShutOut
from dispatch.facts import Recorded
from dispatch.papers.log_line import LogLine, line, why
from dispatch.world import World


def _invited(_: World, recorded: Recorded, fact: SiteInvited) -> LogLine:
    it = fact.invitation
    return line(
        recorded,
        f"邀请 {it.site} {it.name} 入网，协议“{it.agreement}”",
        f"{it.site} {it.name} invited to join, agreement “{it.agreement}”",
    )


def _withdrawn(world: World, recorded: Recorded, fact: InvitationWithdrawn) -> LogLine:
    it = world.invitations.get(fact.invitation_id)
    site = fact.invitation_id if it is None else it.site
    return line(
        recorded,
        why(f"撤回 {site} 的入网邀请", fact.reason),
        why(f"Invitation of {site} withdrawn", fact.reason),
    )


def _joined(_: World, recorded: Recorded, fact: SiteJoined) -> LogLine:
    it = fact.joined
    return line(
        recorded,
        f"{it.site} {it.name} 凭 {it.invited_by} 的邀请入网",
        f"{it.site} {it.name} joined, invited by {it.invited_by}",
    )


def _renewed(_: World, recorded: Recorded, fact: SiteRenewed) -> LogLine:
    return line(recorded, f"{fact.site} 的链路证书已续签", f"Link certificate of {fact.site} renewed")


def _shut_out(_: World, recorded: Recorded, fact: SiteShutOut) -> LogLine:
    return line(
        recorded,
        why(f"{fact.site} 已断开并禁止接入", fact.reason),
        why(f"{fact.site} shut out", fact.reason),
    )


LINES: dict[type, Callable[[World, Recorded, Any], LogLine | None]] = {
    SiteInvited: _invited,
    InvitationWithdrawn: _withdrawn,
    SiteJoined: _joined,
    SiteShutOut: _shut_out,
    SiteRenewed: _renewed,
}
