"""What is asked about mutual aid; part of dispatch/commands.py."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.aid_kinds import AidAskAction, AidClock, AidOfferAction
from dispatch.aid_records import AidTerms
from dispatch.geo import Position


@dataclass(frozen=True, slots=True, kw_only=True)
class AskAid:
    """Ask partners for help with an incident: one request each."""

    incident_id: str
    partners: tuple[str, ...]
    terms: AidTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class AidPlace:
    """When, where and with whom command was handed over, as one side says."""

    at: datetime
    place: str
    position: Position | None = None
    other_role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActOnAidRequest:
    """A step of the asking site. What a step does not need is left as it is."""

    request_id: str
    action: AidAskAction
    version_seen: int
    reason: str = ""
    order_ref: str = ""  # send
    offer_version: int = 0  # accept: of the answer that was read
    base_id: str = ""  # accept
    handover: AidPlace | None = None  # take_command


@dataclass(frozen=True, slots=True, kw_only=True)
class AidAircraftOffered:
    """One aircraft of ours and when it can be there."""

    aircraft_id: str
    eta: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ActOnAidOffer:
    """A step of the helping site."""

    offer_id: str
    action: AidOfferAction
    version_seen: int
    reason: str = ""
    aircraft: tuple[AidAircraftOffered, ...] = ()  # offer
    conditions: str = ""  # offer
    until: datetime | None = None  # offer
    handover: AidPlace | None = None  # hand_over


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveAid:
    """The site's own: a partner's request has come in."""

    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalateAid:
    """The site's own: a limit has passed."""

    request_id: str
    clock: AidClock
    due_at: datetime


AidCommand = AskAid | ActOnAidRequest | ActOnAidOffer | ReceiveAid | EscalateAid
