"""What happens to accounts, sessions and sign-ins."""

from dataclasses import dataclass

from dispatch.records import Account, Session, SignInLock


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSaved:
    """An account as it now is. `changed` names the fields that are others; of a new account none."""

    account: Account
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOpened:
    """Somebody signed in."""

    session: Session


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionClosed:
    """Somebody signed out."""

    token_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsEnded:
    """Sessions of an account were ended by somebody, or by the site, at once."""

    account: str
    token_digests: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLocked:
    """A session takes no acts until its password is typed again."""

    token_digest: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionUnlocked:
    """The password was typed again."""

    token_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInLocked:
    """Signing in to an account from one address is barred for a while."""

    lock: SignInLock


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInUnlocked:
    """The bars of an account were lifted before their time."""

    account: str


AccountFact = (
    AccountSaved
    | SessionOpened
    | SessionClosed
    | SessionsEnded
    | SessionLocked
    | SessionUnlocked
    | SignInLocked
    | SignInUnlocked
)
