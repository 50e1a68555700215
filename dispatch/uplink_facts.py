"""What happened with messages to the field; part of the vocabulary of dispatch/facts.py. None of it leaves the site by a link."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.uplink_kinds import UplinkAnswer, UplinkState
from dispatch.uplink_records import Uplink


@dataclass(frozen=True, slots=True, kw_only=True)
class UplinkSent:
    """The desk sent it, whole, to one recipient."""

    uplink: Uplink


@dataclass(frozen=True, slots=True, kw_only=True)
class UplinkNoted:
    """It has come so far."""

    uplink_id: str
    state: UplinkState
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UplinkAnswered:
    """The recipient read it or answered. `at`: when it was pressed, by our clock."""

    uplink_id: str
    answer: UplinkAnswer
    text: str
    at: datetime
    version: int


UplinkFact = UplinkSent | UplinkNoted | UplinkAnswered
