"""What is asked about joining; part of dispatch/commands.py."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class InviteSite:
    """Let a vehicle or base join once with the code whose secret has this hash (hex)."""

    site: str
    name: str
    agreement: str
    valid_hours: float
    secret_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawInvitation:
    """Its code is good no more."""

    invitation_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinSite:
    """A newcomer has shown the secret and a key of its own; `certificate` (DER) was issued for it. The site itself asks."""

    secret_sha256: str
    certificate: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ShutOutSite:
    """End a partner that joined: its link is closed, its certificate refused from now on."""

    site: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewSite:
    """A partner that joined has shown its key again; `certificate` (DER) was issued for it. The site itself asks."""

    site: str
    certificate: bytes


EnrolCommand = InviteSite | WithdrawInvitation | JoinSite | ShutOutSite | RenewSite
