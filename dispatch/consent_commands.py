"""What is asked about consents; part of dispatch/commands.py."""

from dataclasses import dataclass

from dispatch.consent_kinds import DataLabel, LabelledTable
from dispatch.consent_records import (
    Beyond,
    ClassCount,
    ConsentTerms,
    IncidentSummary,
    JointAirspace,
    ResourceOffer,
    SentRow,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeConsent:
    """Write what a partner may have; a second person signs it."""

    partner: str
    terms: ConsentTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class SignConsent:
    """The second signature: from now on it holds. `beyond` is set by the site: whom we reach over the partner."""

    consent_id: str
    version_seen: int
    beyond: tuple[Beyond, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawConsent:
    """Take a proposal back."""

    consent_id: str
    version_seen: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeConsent:
    """Nothing leaves from now on, and the partner purges its copies; so do those whom we reach over it, `beyond`."""

    consent_id: str
    version_seen: int
    reason: str
    beyond: tuple[Beyond, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRecord:
    """Say that a record never leaves, or (None) that it may again."""

    table: LabelledTable
    record_id: str
    label: DataLabel | None
    reason: str


# The site itself, by its rules


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireConsent:
    """Its time is over. `beyond` as in RevokeConsent."""

    consent_id: str
    beyond: tuple[Beyond, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TellSummary:
    """Tell a partner of an incident near its border."""

    partner: str
    summary: IncidentSummary


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferResources:
    """Tell a partner which aircraft there are."""

    partner: str
    offer: ResourceOffer


@dataclass(frozen=True, slots=True, kw_only=True)
class TellAirspace:
    """Tell a partner of the airspace of a joint incident; `ended`: it is no more."""

    partner: str
    airspace: JointAirspace
    ended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeCopies:
    """Let the bodies of a partner's rows go. `last`: these are the last ones; `counts` and `digest` are of all."""

    consent_id: str
    rows: tuple[int, ...]
    last: bool = False
    counts: tuple[ClassCount, ...] = ()
    total: int = 0
    digest: str = ""
    through: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSent:
    """Keep for the audit what a partner has committed."""

    partner: str
    rows: tuple[SentRow, ...]
    tracks: int = 0


ConsentCommand = (
    ProposeConsent
    | SignConsent
    | WithdrawConsent
    | RevokeConsent
    | LabelRecord
    | ExpireConsent
    | TellSummary
    | OfferResources
    | TellAirspace
    | PurgeCopies
    | NoteSent
)
