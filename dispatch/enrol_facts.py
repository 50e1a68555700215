"""What happened to invitations and to those who joined by one. None of it leaves the site."""

from dataclasses import dataclass

from dispatch.enrol_records import Invitation, JoinedSite


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteInvited:
    """A vehicle or base may join with a code, once and for a while."""

    invitation: Invitation


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationWithdrawn:
    """Its code is good no more."""

    invitation_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteJoined:
    """The code was used: this site is a partner from now on."""

    joined: JoinedSite


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteShutOut:
    """A partner that joined is one no more: its link is closed, its certificate refused."""

    site: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRenewed:
    """A partner that joined has a new certificate for its key."""

    site: str
    certificate: bytes


EnrolFact = SiteInvited | InvitationWithdrawn | SiteJoined | SiteShutOut | SiteRenewed
