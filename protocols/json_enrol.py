"""Joining over HTTP: invitations, who joined by one, who is shut out."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from dispatch import enrol
from dispatch.enrol_commands import InviteSite, ShutOutSite, WithdrawInvitation
from dispatch.enrol_records import Invitation, JoinedSite
from protocols.json_answers import Answered
from protocols.json_doors import Body, Remark, Why
from protocols.json_links import SitePattern


class InvitationBody(Body, frozen=True, kw_only=True):
    """Whom to let in: a vehicle or base of this province."""

    site: SitePattern
    name: Annotated[str, Meta(min_length=1, max_length=enrol.MAX_NAME, pattern=r"\S")]
    agreement: Annotated[str, Meta(min_length=1, max_length=enrol.MAX_AGREEMENT, pattern=r"\S")]
    valid_hours: Annotated[float, Meta(ge=enrol.SHORTEST_HOURS, le=enrol.LONGEST_HOURS)] = enrol.USUAL_HOURS

    def command(self, secret_sha256: str) -> InviteSite:
        """The command, for a secret that was drawn."""
        return InviteSite(
            site=self.site,
            name=self.name,
            agreement=self.agreement,
            valid_hours=self.valid_hours,
            secret_sha256=secret_sha256,
        )


class InvitationEnd(Body, frozen=True, kw_only=True):
    """Take it back."""

    reason: Remark = ""

    def command(self, invitation_id: str) -> WithdrawInvitation:
        """The command for one invitation."""
        return WithdrawInvitation(invitation_id=invitation_id, reason=self.reason)


class ShutOutBody(Body, frozen=True, kw_only=True):
    """End a partner that joined, and why."""

    site: SitePattern
    reason: Why

    def command(self) -> ShutOutSite:
        """The command."""
        return ShutOutSite(site=self.site, reason=self.reason)


class InvitationAnswer(Answered, frozen=True, kw_only=True):
    """An invitation without its code, which is shown once. `state`: open, used, withdrawn or expired."""

    id: str
    site: str
    name: str
    agreement: str
    state: str
    invited_at: datetime
    invited_by: str
    expires_at: datetime
    used_at: datetime | None
    withdrawn_at: datetime | None
    withdrawn_by: str

    @staticmethod
    def of(invitation: Invitation, now: datetime) -> "InvitationAnswer":
        """As it stands now."""
        return InvitationAnswer(
            id=invitation.id,
            site=invitation.site,
            name=invitation.name,
            agreement=invitation.agreement,
            state=_state(invitation, now),
            invited_at=invitation.invited_at,
            invited_by=invitation.invited_by,
            expires_at=invitation.expires_at,
            used_at=invitation.used_at,
            withdrawn_at=invitation.withdrawn_at,
            withdrawn_by=invitation.withdrawn_by,
        )


def _state(invitation: Invitation, now: datetime) -> str:
    if invitation.used_at is not None:
        return "used"
    if invitation.withdrawn_at is not None:
        return "withdrawn"
    return "open" if enrol.is_open(invitation, now) else "expired"


class InvitedAnswer(Answered, frozen=True, kw_only=True):
    """A new invitation with its code: this once, it is kept nowhere."""

    invitation: InvitationAnswer
    code: str


class JoinedAnswer(Answered, frozen=True, kw_only=True):
    """A partner that joined. `shut_out_at` null: it is one. `certificate_until` null: what is kept does not read."""

    site: str
    name: str
    agreement: str
    invited_by: str
    joined_at: datetime
    shut_out_at: datetime | None
    shut_out_by: str
    reason: str
    certificate_until: datetime | None
    renewed_at: datetime | None

    @staticmethod
    def of(joined: JoinedSite, until: datetime | None) -> "JoinedAnswer":
        """Without the certificate."""
        return JoinedAnswer(
            site=joined.site,
            name=joined.name,
            agreement=joined.agreement,
            invited_by=joined.invited_by,
            joined_at=joined.joined_at,
            shut_out_at=joined.shut_out_at,
            shut_out_by=joined.shut_out_by,
            reason=joined.reason,
            certificate_until=until,
            renewed_at=joined.renewed_at,
        )


class EnrolmentAnswer(Answered, frozen=True, kw_only=True):
    """`possible`: this site has an authority of its own and a door for newcomers. Invitations newest first."""

    possible: bool
    invitations: list[InvitationAnswer]
    joined: list[JoinedAnswer]
