"""What was told to partners and by them because of a consent, beside the consents themselves: part of the world."""

from dataclasses import dataclass, field

from immutables import Map

from dispatch.consent_records import IncidentSummary, JointAirspace, PurgeReceipt, ResourceOffer


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentBook:
    """Keys: (incident, partner) of ours, site of a partner's offer, (site, incident) of a partner's airspace."""

    summaries: Map[tuple[str, str], IncidentSummary] = field(default_factory=Map)  # ours, as told last
    offered: Map[str, ResourceOffer] = field(default_factory=Map)  # ours, as told last, by partner
    told_airspace: Map[tuple[str, str], JointAirspace] = field(default_factory=Map)  # ours, as told last
    offers: Map[str, ResourceOffer] = field(default_factory=Map)  # partners', by site
    airspace: Map[tuple[str, str], JointAirspace] = field(default_factory=Map)  # partners'
    owed: Map[str, int] = field(default_factory=Map)  # consent -> row up to which its copies are to be purged
    ended: Map[str, int] = field(default_factory=Map)  # partner -> its own number of its last ConsentEnded
    dropped_at: int = 0  # the row with which copies last went: who saw them before has to look anew
    receipts: tuple[PurgeReceipt, ...] = ()  # ours and partners', the newest
