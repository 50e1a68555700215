"""What happened to consents, and what the site told partners because of one."""

from dataclasses import dataclass

from dispatch.consent_kinds import ConsentAction
from dispatch.consent_records import (
    Consent,
    IncidentSummary,
    JointAirspace,
    LabelledRecord,
    PurgeReceipt,
    ResourceOffer,
    SentRow,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentProposed:
    """A revision of a consent was written; it waits for its second signature and changes nothing."""

    consent: Consent


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentSigned:
    """A consent is in force, whole; the one before it is replaced. The partner is told."""

    consent: Consent


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentEnded:
    """A consent is withdrawn before it was signed, revoked or expired. Of the latter two the partner is told."""

    consent_id: str
    partner: str
    version: int
    action: ConsentAction
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentSummarised:
    """An incident near a partner's border, told to it by the site's own rule."""

    partner: str
    consent_id: str
    summary: IncidentSummary


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourcesOffered:
    """Which aircraft there are, told to a partner by the site's own rule; replaces what was told before."""

    partner: str
    consent_id: str
    offer: ResourceOffer


@dataclass(frozen=True, slots=True, kw_only=True)
class JointAirspaceTold:
    """Airspace of a joint incident as information; replaces what was told of it. Empty: it is no more (closed)."""

    partner: str
    consent_id: str
    airspace: JointAirspace
    ended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Purged:
    """The bodies of these rows of site `origin` are gone from this journal; their hashes stay."""

    origin: str
    consent_id: str
    rows: tuple[int, ...]  # numbers of this journal


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeReceipted:
    """All copies under a consent are purged; the owner is told."""

    receipt: PurgeReceipt


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLabelled:
    """A record never leaves from here on, or may again."""

    labelled: LabelledRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsSent:
    """Rows that a partner has committed, for the audit. Stays at home."""

    partner: str
    rows: tuple[SentRow, ...]
    tracks: int = 0  # positions sent since the last such fact


ConsentFact = (
    ConsentProposed
    | ConsentSigned
    | ConsentEnded
    | IncidentSummarised
    | ResourcesOffered
    | JointAirspaceTold
    | Purged
    | PurgeReceipted
    | RecordLabelled
    | RowsSent
)
