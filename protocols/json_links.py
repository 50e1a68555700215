"""Links and consents over HTTP: how each link does, what leaves under which agreement, what was sent and received."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from dispatch import consent
from dispatch.consent_commands import (
    LabelRecord,
    ProposeConsent,
    RevokeConsent,
    SignConsent,
    WithdrawConsent,
)
from dispatch.consent_kinds import DataLabel, LabelledTable, ObjectClass, WithheldField
from dispatch.consent_records import (
    ClassTerms,
    Consent,
    ConsentTerms,
    JointAirspace,
    LabelledRecord,
    PurgeReceipt,
    ResourceOffer,
)
from dispatch.geo import Position
from protocols.json_answers import Answered
from protocols.json_doors import END, Body, Id, Instant, PageQuery, PositionBody, Version, Why

SitePattern = Annotated[str, Meta(pattern=r"^[0-9]{2}(-[A-Z0-9]{1,8})?" + END, max_length=11)]
OptionalSite = Annotated[str, Meta(pattern=r"^([0-9]{2}(-[A-Z0-9]{1,8})?)?" + END, max_length=11)]


class ClassTermsBody(Body, frozen=True, kw_only=True):
    """A class of object that may leave, and what is left out of it."""

    object_class: ObjectClass
    withheld: Annotated[tuple[WithheldField, ...], Meta(max_length=20)] = ()


class ConsentProposal(Body, frozen=True, kw_only=True):
    """What a partner may have. The band or the area is for what goes by itself; `valid_from`: now."""

    partner: SitePattern
    agreement: Annotated[str, Meta(min_length=1, max_length=consent.MAX_AGREEMENT, pattern=r"\S")]
    classes: Annotated[tuple[ClassTermsBody, ...], Meta(min_length=1, max_length=20)]
    band_m: Annotated[float, Meta(ge=0, le=consent.WIDEST_BAND_M)] = 0.0
    area: Annotated[tuple[PositionBody, ...], Meta(max_length=consent.MOST_CORNERS)] = ()
    valid_from: Instant | None = None
    valid_until: Instant | None = None
    track_every_s: Annotated[float, Meta(ge=consent.FASTEST_TRACK_S, le=consent.SLOWEST_TRACK_S)] = 5.0
    relay: bool = False
    video_for_s: Annotated[float, Meta(ge=0, le=consent.MOST_VIDEO_S)] = 0.0

    def command(self, now: datetime) -> ProposeConsent:
        """The command."""
        return ProposeConsent(
            partner=self.partner,
            terms=ConsentTerms(
                agreement=self.agreement,
                classes=tuple(
                    ClassTerms(object_class=each.object_class, withheld=each.withheld)
                    for each in self.classes
                ),
                band_m=self.band_m,
                area=tuple(Position(lon_deg=each.lon_deg, lat_deg=each.lat_deg) for each in self.area),
                valid_from=self.valid_from or now,
                valid_until=self.valid_until,
                track_every_s=self.track_every_s,
                relay=self.relay,
                video_for_s=self.video_for_s,
            ),
        )


class ConsentSigning(Body, frozen=True, kw_only=True):
    """The second signature."""

    version: Version

    def command(self, consent_id: str) -> SignConsent:
        """The command for one consent."""
        return SignConsent(consent_id=consent_id, version_seen=self.version)


class ConsentWithdrawal(Body, frozen=True, kw_only=True):
    """Take a proposal back, and why."""

    version: Version
    reason: Why

    def command(self, consent_id: str) -> WithdrawConsent:
        """The command for one consent."""
        return WithdrawConsent(consent_id=consent_id, version_seen=self.version, reason=self.reason)


class ConsentRevocation(Body, frozen=True, kw_only=True):
    """Nothing leaves from now on and the partner purges, and why."""

    version: Version
    reason: Why

    def command(self, consent_id: str) -> RevokeConsent:
        """The command for one consent."""
        return RevokeConsent(consent_id=consent_id, version_seen=self.version, reason=self.reason)


class LabelBody(Body, frozen=True, kw_only=True):
    """A record that never leaves; null takes the label off."""

    table: LabelledTable
    id: Id
    label: DataLabel | None
    reason: Why

    def command(self) -> LabelRecord:
        """The command."""
        return LabelRecord(table=self.table, record_id=self.id, label=self.label, reason=self.reason)


class LabelsAnswer(Answered, frozen=True, kw_only=True):
    """Every record that has or had a label."""

    items: list[LabelledRecord]


class ConsentQuery(PageQuery, frozen=True, kw_only=True):
    """Only of one partner, either way."""

    partner: OptionalSite = ""


class ClassFlow(Answered, frozen=True, kw_only=True):
    """What of one class went over a link since the server started."""

    object_class: str
    rows_sent: int = 0
    bytes_sent: int = 0
    rows_received: int = 0
    bytes_received: int = 0


class RefusedCount(Answered, frozen=True, kw_only=True):
    """How often something of a partner was refused for one reason, since the server started."""

    code: str
    count: int


class TrafficCount(Answered, frozen=True, kw_only=True):
    """Bytes of frames by class of traffic, since the server started: a lane's name, tracks, control."""

    traffic: str
    bytes_out: int
    bytes_in: int


class HistoryEnded(Answered, frozen=True, kw_only=True):
    """A time of a cut that is done with. `code`: why there are no tracks of it; empty: they are in the archive."""

    begins: datetime
    ends: datetime
    code: str
    rows: int


class HistoryFetched(Answered, frozen=True, kw_only=True):
    """The partner's tracks of the time of a cut, fetched from its archive. `state`: none (nothing is missing), asking, waiting;
    `through`: how far of [begins, ends) they are here. `pace`: seconds of the past in a second, now or last time."""

    state: str
    begins: datetime | None
    ends: datetime | None
    through: datetime | None
    missing_s: float
    rows: int
    bytes: int
    pace: float
    code: str
    ended: list[HistoryEnded]


class HistoryServed(Answered, frozen=True, kw_only=True):
    """What the partner asks of our archive: none or serving. `code`: why nothing left with the last answer."""

    state: str
    begins: datetime | None
    ends: datetime | None
    through: datetime | None
    rows: int
    bytes: int
    code: str


class LinkHistory(Answered, frozen=True, kw_only=True):
    """Tracks of times in which the link was cut. `wanted`: this site asks for them."""

    wanted: bool
    fetched: HistoryFetched
    served: HistoryServed


class LinkAnswer(Answered, frozen=True, kw_only=True):
    """One link. `given`: what leaves to the partner, None: only what a person shares, under the configuration's
    agreement; `ended` says that a consent is over and nothing leaves. `taken`: what the partner lets us have."""

    site: str
    name: str
    state: str
    reason: str
    lag_ms: int
    queue: int
    skew_ms: int
    down_since: datetime | None
    heard_age_s: float | None
    agreement: str
    version: str
    capabilities: list[str]
    detail: str
    via: str
    held: int
    traffic: list[TrafficCount]
    flows: list[ClassFlow]
    refused: list[RefusedCount]
    history: LinkHistory | None
    ended: bool
    given: Consent | None
    proposed: Consent | None
    taken: Consent | None
    offer: ResourceOffer | None
    receipts: list[PurgeReceipt]


class LinksAnswer(Answered, frozen=True, kw_only=True):
    """Every configured partner, in the order of the configuration."""

    items: list[LinkAnswer]


class JointAirspaceAnswer(Answered, frozen=True, kw_only=True):
    """Partners' airspace of joint incidents: information, their own ATC approves it."""

    items: list[JointAirspace]


class LinkRowQuery(Body, frozen=True, kw_only=True):
    """Which rows that crossed a link; `sent` of a period, `received` newest first."""

    direction: Literal["sent", "received"] = "sent"
    partner: OptionalSite = ""
    object_class: Annotated[str, Meta(max_length=20)] = ""
    cursor: Annotated[str, Meta(max_length=30, pattern=r"^([0-9]{1,18}~[0-9]{1,4})?" + END)] = ""
    limit: Annotated[int, Meta(ge=1, le=500)] = 100


class LinkRow(Answered, frozen=True, kw_only=True):
    """A row that crossed a link: `seq` is its number in this journal, `noted_by` the row that keeps that it was sent."""

    at: datetime
    partner: str
    direction: str
    seq: int
    origin_seq: int
    kind: str
    object_class: str
    bytes: int
    sha256: str
    derived: bool
    purged: bool
    noted_by: int
