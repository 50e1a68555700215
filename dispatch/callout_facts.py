"""What happened with call-outs; part of the vocabulary of dispatch/facts.py. None of these is shown to partners."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.callout_kinds import CalloutAction, CalloutState
from dispatch.callout_records import Callout, CalloutReply, CalloutSecret


@dataclass(frozen=True, slots=True, kw_only=True)
class CalloutQueued:
    """A text or call is to be sent."""

    callout: Callout
    secret: CalloutSecret


@dataclass(frozen=True, slots=True, kw_only=True)
class CalloutAdvanced:
    """What became of it so far."""

    callout_id: str
    action: CalloutAction
    state: CalloutState
    version: int
    attempts: int
    next_at: datetime
    detail: str = ""
    gateway_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalloutPhoned:
    """A person has phoned instead."""

    callout_id: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CalloutReplied:
    """An answer came from a phone, and what became of it."""

    reply: CalloutReply


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskingShown:
    """An open page of its operator has shown a tasking as it is in this version."""

    tasking_id: str
    version: int
