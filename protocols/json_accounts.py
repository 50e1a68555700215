"""Accounts and sessions over HTTP, for the security administrator, and what everybody may do with their own."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from dispatch.kinds import AlarmKind, Role
from dispatch.sessions import MAX_REASON
from protocols.json_answers import Answered
from protocols.json_doors import Body, Id, OptionalId, PageQuery, Version

Password = Annotated[str, Meta(min_length=1, max_length=256)]
DisplayName = Annotated[str, Meta(min_length=1, max_length=60, pattern=r"\S")]
Roles = Annotated[tuple[Role, ...], Meta(min_length=1, max_length=11)]
AlarmKinds = Annotated[tuple[AlarmKind, ...], Meta(max_length=8)]
SessionName = Annotated[
    str, Meta(pattern=r"^([0-9a-f]{16})?$(?!\n)", description="as the list of sessions says it")
]
Reason = Annotated[str, Meta(min_length=1, max_length=MAX_REASON, pattern=r"\S")]


Phone = Annotated[
    str,
    Meta(
        max_length=32,
        pattern=r"^([+() -]*([0-9][+() -]*){5,15})?$(?!\n)",
        description="reached there when no page is open; empty: none",
    ),
]


class Unlock(Body, frozen=True, kw_only=True):
    """The password of who is signed in."""

    password: Password


class PasswordChange(Body, frozen=True, kw_only=True):
    """One's own: the present password and the new one."""

    password: Password
    new_password: Password


class AccountCreation(Body, frozen=True, kw_only=True):
    """A new account; its one-time password is in the answer, once."""

    name: Id
    display_name: DisplayName
    roles: Roles
    operator_id: OptionalId = ""
    alarm_kinds: AlarmKinds = ()
    phone: Phone = ""


class AccountChange(Body, frozen=True, kw_only=True):
    """What is different now; what is left out stays."""

    version: Version
    display_name: DisplayName | None = None
    roles: Roles | None = None
    operator_id: OptionalId | None = None
    alarm_kinds: AlarmKinds | None = None
    phone: Phone | None = None


class AccountAct(Body, frozen=True, kw_only=True):
    """An act on an account as it was seen."""

    version: Version


class SessionsEnd(Body, frozen=True, kw_only=True):
    """End one session of an account, or all of them."""

    reason: Reason
    session: SessionName = ""


class SessionsQuery(PageQuery, frozen=True, kw_only=True):
    """`account`: of one account alone."""

    account: OptionalId = ""


class SignInLockAnswer(Answered, frozen=True, kw_only=True):
    """From where an account may not be tried, and until when."""

    address: str
    tries: int
    at: datetime
    until: datetime


class AccountAnswer(Answered, frozen=True, kw_only=True):
    """An account without its secrets. `password_due_at` None: never."""

    name: str
    display_name: str
    roles: list[Role]
    operator_id: str
    alarm_kinds: list[AlarmKind]
    phone: str
    disabled: bool
    scripted: bool
    second_factor: bool
    must_change: bool
    password_set_at: datetime | None
    password_due_at: datetime | None
    locks: list[SignInLockAnswer]
    sessions: int
    version: int


class AccountSecretAnswer(Answered, frozen=True, kw_only=True):
    """The one answer that carries a secret: to be handed to the person, and never shown again.

    `enrolment` is what an authenticator app scans, where a second factor was made.
    """

    account: AccountAnswer
    one_time_password: str = ""
    enrolment: str = ""


class SessionLine(Answered, frozen=True, kw_only=True):
    """A session that is open. `session` names it; `locked_at`: since when it takes no acts."""

    session: str
    account: str
    display_name: str
    role: Role
    address: str
    opened_at: datetime
    touched_at: datetime
    expires_at: datetime
    locked_at: datetime | None
    own: bool


class SessionsEndedAnswer(Answered, frozen=True, kw_only=True):
    """How many sessions were ended."""

    ended: int
