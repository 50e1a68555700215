"""What is asked about accounts, sessions, sign-ins and devices."""

from dataclasses import dataclass

from dispatch.records import Account, Session, SignInLock


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveAccount:
    """Create or change an account; `version_seen` 0 creates."""

    account: Account
    version_seen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """Record a sign-in whose factors the edge has checked; on a phone that signs, with its key."""

    session: Session
    device_name: str = ""
    public_key: bytes = b""  # of `session.device_id`; empty: no device


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseSession:
    """Sign out."""

    token_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeDevice:
    """End a phone: lost, stolen, put away."""

    device_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSessions:
    """End sessions of an account at once: all of them, or the one whose digest begins with `session`."""

    account: str
    reason: str
    session: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockSession:
    """Let a session take no acts until its password is typed again. One's own, or the site's clock asks."""

    token_digest: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlockSession:
    """Record that the edge has checked the password again."""

    token_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePassword:
    """One's own new password; every other session of the account ends. `token_digest` is the session that asks."""

    password_hash: str
    token_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BarSignIn:
    """Record that an account may not be tried from an address for a while."""

    lock: SignInLock


@dataclass(frozen=True, slots=True, kw_only=True)
class UnbarSignIn:
    """Let an account be tried again before its time."""

    account: str


AccountCommand = (
    SaveAccount
    | OpenSession
    | CloseSession
    | RevokeDevice
    | EndSessions
    | LockSession
    | UnlockSession
    | ChangePassword
    | BarSignIn
    | UnbarSignIn
)
