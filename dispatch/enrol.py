"""Joining with one command (入网): who may ask whom in, what makes a code good, and who is shut out.

The edge has checked the newcomer's key and made the certificate before it asks; here is decided whether the code is
good now, so that of two who come with it one joins. A site vouches for vehicles and bases of its own province alone:
what its authority issues is trusted as far as that authority is.
"""

import hmac
import math
from datetime import datetime, timedelta

from dispatch import access, consent_policy, ids
from dispatch.commands import Ask
from dispatch.consent_facts import ConsentEnded
from dispatch.consent_kinds import ConsentAction, ConsentState
from dispatch.enrol_commands import (
    EnrolCommand,
    InviteSite,
    JoinSite,
    RenewSite,
    ShutOutSite,
    WithdrawInvitation,
)
from dispatch.enrol_facts import InvitationWithdrawn, SiteInvited, SiteJoined, SiteRenewed, SiteShutOut
from dispatch.enrol_records import Invitation, JoinedSite
from dispatch.errors import Malformed, Refused, Unknown
from dispatch.facts import Fact
from dispatch.kinds import Role
from dispatch.world import World

INVITE = frozenset({Role.DUTY_CHIEF, Role.SECADMIN, Role.SYSADMIN})
SHUT_OUT = INVITE
USUAL_HOURS = 24.0
SHORTEST_HOURS, LONGEST_HOURS = 0.25, 168.0
MOST_OPEN = 20  # codes that are good at once; one more is refused until one is used, withdrawn or over
MAX_NAME, MAX_AGREEMENT, MAX_REASON = 60, 120, 500
MAX_CERTIFICATE_BYTES = 8_192
_HASH_DIGITS = 64
_ENDS = {ConsentState.IN_FORCE: ConsentAction.REVOKE, ConsentState.PROPOSED: ConsentAction.WITHDRAW}


def decide(
    world: World, ask: Ask, command: EnrolCommand, now: datetime, partners: frozenset[str]
) -> tuple[Fact, ...]:
    """What becomes of a code or of who came with it. Raises Malformed, Forbidden, Unknown or Refused."""
    match command:
        case InviteSite():
            _require(ask, INVITE, "inviting a site")
            return _invite(world, ask, command, now, partners)
        case WithdrawInvitation():
            _require(ask, INVITE, "withdrawing an invitation")
            return _withdraw(world, command, now)
        case JoinSite():
            access.require_site(ask, "joining")
            return _join(world, command, now)
        case RenewSite():
            access.require_site(ask, "renewing a certificate")
            return _renew(world, command)
        case ShutOutSite():
            _require(ask, SHUT_OUT, "shutting a partner out")
            return _shut_out(world, command)


def _require(ask: Ask, roles: frozenset[Role], what: str) -> None:
    if ask.role is not None:  # the site's own command line may
        access.require(ask, roles, what)


def partners(world: World, configured: frozenset[str]) -> frozenset[str]:
    """All sites that are partners now: of the configuration, and those who joined."""
    joined = present(world)
    return configured.union(joined) if joined else configured


def present(world: World) -> dict[str, JoinedSite]:
    """Who joined and is not shut out, by site."""
    return {site: each for site, each in world.joined_sites.items() if each.shut_out_at is None}


def check_open(world: World, secret_sha256: str, now: datetime) -> Invitation:
    """The invitation that a secret of this hash opens now. Raises Refused: WRONG_CODE, USED, WITHDRAWN or EXPIRED."""
    found = invitation_of(world, secret_sha256)
    if found is None:
        raise Refused("WRONG_CODE", "no invitation has this code", field="code")
    if found.used_at is not None:
        raise Refused("USED", f"the code for {found.site} was used", field="code")
    if found.withdrawn_at is not None:
        raise Refused("WITHDRAWN", f"the code for {found.site} was withdrawn", field="code")
    if now >= found.expires_at:
        raise Refused(
            "EXPIRED", f"the code for {found.site} was good until {found.expires_at:%F %T}Z", field="code"
        )
    return found


def invitation_of(world: World, secret_sha256: str) -> Invitation | None:
    """The invitation whose secret has this hash, whatever became of it."""
    for each in world.invitations.values():
        if hmac.compare_digest(each.secret_sha256.encode(), secret_sha256.encode()):
            return each
    return None


def is_open(invitation: Invitation, now: datetime) -> bool:
    """Whether its code would be taken now."""
    ended = invitation.used_at is not None or invitation.withdrawn_at is not None
    return not ended and now < invitation.expires_at


def _invite(
    world: World, ask: Ask, command: InviteSite, now: datetime, partners: frozenset[str]
) -> tuple[Fact, ...]:
    site = ids.check_site(command.site, "site")
    if site == world.site or not site.startswith(f"{world.site[:2]}-"):
        detail = f"{site} is no vehicle or base of this province ({world.site[:2]}-…)"
        raise Refused("NOT_OURS", detail, field="site")
    if site in partners:
        raise Refused("PARTNER_EXISTS", f"{site} is a partner; shut it out first", field="site")
    open_now = [each for each in world.invitations.values() if is_open(each, now)]
    if any(each.site == site for each in open_now):
        raise Refused("INVITED", f"a code for {site} is open; withdraw it first", field="site")
    if len(open_now) >= MOST_OPEN:
        raise Refused("TOO_MANY_OPEN", f"{MOST_OPEN} codes are open", field="site")
    if not (SHORTEST_HOURS <= command.valid_hours <= LONGEST_HOURS) or math.isnan(command.valid_hours):
        raise Malformed("valid_hours", f"is not {SHORTEST_HOURS} to {LONGEST_HOURS:.0f}")
    if len(command.secret_sha256) != _HASH_DIGITS:
        raise Malformed("secret_sha256", "is no SHA-256")
    invitation = Invitation(
        id=ids.derive(world.site, "INV", f"{ask.actor}\0{ask.command_id}"),
        site=site,
        name=_text(command.name, "name", MAX_NAME),
        agreement=_text(command.agreement, "agreement", MAX_AGREEMENT),
        secret_sha256=command.secret_sha256,
        invited_at=now,
        invited_by=ask.actor,
        expires_at=now + timedelta(hours=command.valid_hours),
    )
    return (SiteInvited(invitation=invitation),)


def _text(text: str, field: str, most: int) -> str:
    text = text.strip()
    if not text or len(text) > most or not text.isprintable():
        raise Malformed(field, f"is not 1 to {most} printable characters")
    return text


def _withdraw(world: World, command: WithdrawInvitation, now: datetime) -> tuple[Fact, ...]:
    found = world.invitations.get(command.invitation_id)
    if found is None:
        raise Unknown("id", f"no invitation {command.invitation_id}")
    if not is_open(found, now):
        raise Refused("NOT_NOW", "it is used, withdrawn or over", field="id")
    if len(command.reason) > MAX_REASON:
        raise Malformed("reason", f"{len(command.reason)} characters, at most {MAX_REASON}")
    return (InvitationWithdrawn(invitation_id=found.id, reason=command.reason.strip()),)


def _join(world: World, command: JoinSite, now: datetime) -> tuple[Fact, ...]:
    invitation = check_open(world, command.secret_sha256, now)
    _check_size(command.certificate)
    return (
        SiteJoined(
            joined=JoinedSite(
                site=invitation.site,
                name=invitation.name,
                agreement=invitation.agreement,
                invitation_id=invitation.id,
                invited_by=invitation.invited_by,
                joined_at=now,
                certificate=command.certificate,
            )
        ),
    )


def _renew(world: World, command: RenewSite) -> tuple[Fact, ...]:
    joined = world.joined_sites.get(command.site)
    if joined is None:
        raise Refused("NOT_ENROLLED", f"{command.site!r} did not join by an invitation", field="site")
    if joined.shut_out_at is not None:
        raise Refused("SHUT_OUT", f"site {joined.site} was shut out", field="site")
    _check_size(command.certificate)
    return (SiteRenewed(site=joined.site, certificate=command.certificate),)


def _check_size(certificate: bytes) -> None:
    if not 0 < len(certificate) <= MAX_CERTIFICATE_BYTES:
        raise Malformed("certificate", f"is not 1 to {MAX_CERTIFICATE_BYTES} bytes")


def _shut_out(world: World, command: ShutOutSite) -> tuple[Fact, ...]:
    joined = world.joined_sites.get(command.site)
    if joined is None:
        raise Unknown("site", f"{command.site!r} did not join by an invitation")
    if joined.shut_out_at is not None:
        raise Refused("NOT_NOW", "it is shut out already", field="site")
    reason = _text(command.reason, "reason", MAX_REASON)
    ended = tuple(
        ConsentEnded(
            consent_id=each.id,
            partner=each.partner,
            version=each.version + 1,
            action=_ENDS[each.state],
            reason=reason,
        )
        for each in consent_policy.given_to(world, command.site)
        if each.state in _ENDS
    )
    return (*ended, SiteShutOut(site=command.site, reason=reason))
