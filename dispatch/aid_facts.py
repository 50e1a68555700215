"""What happened with mutual aid; part of the vocabulary of dispatch/facts.py.

A step carries its site's whole record as it then is, without history: whoever has the newest version has everything.
"""

from dataclasses import dataclass

from dispatch.aid_kinds import AidAskAction, AidOfferAction
from dispatch.aid_limit_records import AidRule
from dispatch.aid_records import AidAlarm, AidOffer, AidRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class AidAsked:
    """The asking site took a step. `action` None: the request was made."""

    request: AidRequest
    action: AidAskAction | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AidAnswered:
    """The helping site took a step. `action` None: the request has come in and stands on its desk."""

    offer: AidOffer
    action: AidOfferAction | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AidClockPassed:
    """A limit has passed here. Stays at this site."""

    alarm: AidAlarm


@dataclass(frozen=True, slots=True, kw_only=True)
class AidRuleSaved:
    """A limit of mutual aid as it now is. Stays at this site."""

    aid_rule: AidRule


AidFact = AidAsked | AidAnswered | AidClockPassed | AidRuleSaved
