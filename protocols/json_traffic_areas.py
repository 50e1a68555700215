"""Incident airspace and drones in it over HTTP."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from dispatch import intrusion, traffic_area
from dispatch.kinds import AltitudeDatum, HorizontalDatum
from dispatch.traffic_area_commands import (
    AmendTrafficArea,
    ClearIntrusion,
    GroundFound,
    MakeTrafficArea,
    RecordIntrusion,
    TrafficWish,
    WithdrawTrafficArea,
)
from protocols.json_doors import Body, Height, Instant, PageQuery, PositionBody, Version, Why, position_of

RingM = Annotated[float, Meta(ge=traffic_area.LEAST_RING_M, le=traffic_area.MOST_RING_M)]
IncidentId = Annotated[str, Meta(min_length=1, max_length=64)]
Name = Annotated[str, Meta(max_length=intrusion.MAX_NAME)]


class TrafficWishBody(Body, frozen=True, kw_only=True):
    """What is wanted otherwise than the rule says, or than it stands; left out: the rule, or as it is. SI units."""

    call_m: RingM | None = None
    hold_m: RingM | None = None
    working_m: RingM | None = None
    speed_mps: Annotated[float, Meta(ge=1, le=traffic_area.MOST_SPEED_MPS)] | None = None
    most_at_work: Annotated[int, Meta(ge=1, le=traffic_area.MOST_AT_WORK)] | None = None
    ground_m: (
        Annotated[
            float,
            Meta(
                ge=traffic_area.LEAST_GROUND_M,
                le=traffic_area.MOST_GROUND_M,
                description="highest in the working ring, MSL",
            ),
        ]
        | None
    ) = None
    frequency: Annotated[str, Meta(max_length=traffic_area.MAX_FREQUENCY)] | None = None
    remark: Annotated[str, Meta(max_length=traffic_area.MAX_REMARK)] | None = None

    def wish(self) -> TrafficWish:
        """The same."""
        return TrafficWish(
            call_m=self.call_m,
            hold_m=self.hold_m,
            working_m=self.working_m,
            speed_mps=self.speed_mps,
            most_at_work=self.most_at_work,
            ground_m=self.ground_m,
            frequency=self.frequency,
            remark=self.remark,
        )


class TrafficAreaDraft(TrafficWishBody, frozen=True, kw_only=True):
    """Incident airspace to be made; the incident alone is enough."""

    incident_id: IncidentId

    def command(self, ground: GroundFound | None) -> MakeTrafficArea:
        """The command."""
        return MakeTrafficArea(incident_id=self.incident_id, wish=self.wish(), ground=ground)


class TrafficAreaAmendment(TrafficWishBody, frozen=True, kw_only=True):
    """What is to be otherwise; `lay_out`: centre, ground, entries and circuits anew, for things as they are now."""

    version: Version
    lay_out: bool = False

    def command(self, area_id: str, ground: GroundFound | None) -> AmendTrafficArea:
        """The command for one area."""
        return AmendTrafficArea(
            area_id=area_id,
            version_seen=self.version,
            wish=self.wish(),
            lay_out=self.lay_out,
            ground=ground,
        )


class TrafficAreaWithdrawal(Body, frozen=True, kw_only=True):
    """It counts no more, and why."""

    version: Version
    reason: Why

    def command(self, area_id: str) -> WithdrawTrafficArea:
        """The command for one area."""
        return WithdrawTrafficArea(area_id=area_id, version_seen=self.version, reason=self.reason)


class IntrusionDraft(Body, frozen=True, kw_only=True):
    """A drone that was seen. `height_m` and `height_datum` come together."""

    incident_id: IncidentId
    seen_at: Instant
    position: PositionBody
    coordinates: HorizontalDatum = HorizontalDatum.WGS84
    seen_by: Annotated[str, Meta(min_length=1, max_length=intrusion.MAX_NAME, pattern=r"\S")]
    height_m: Height | None = None
    height_datum: AltitudeDatum | None = None
    heading_deg: Annotated[float, Meta(ge=0, le=360)] | None = None
    operator: Name = ""
    track_id: Annotated[str, Meta(max_length=intrusion.MAX_TRACK)] = ""
    note: Annotated[str, Meta(max_length=intrusion.MAX_NOTE)] = ""

    def command(self) -> RecordIntrusion:
        """The command; coordinates in GCJ-02 become WGS-84 here."""
        seen_at: datetime = self.seen_at
        return RecordIntrusion(
            incident_id=self.incident_id,
            seen_at=seen_at,
            position=position_of(self.position, self.coordinates),
            seen_by=self.seen_by,
            height_m=self.height_m,
            height_datum=self.height_datum,
            heading_deg=self.heading_deg,
            operator=self.operator,
            track_id=self.track_id,
            note=self.note,
        )


class IntrusionClearance(Body, frozen=True, kw_only=True):
    """It is confirmed gone; how that is known."""

    version: Version
    reason: Why

    def command(self, intrusion_id: str) -> ClearIntrusion:
        """The command for one intrusion."""
        return ClearIntrusion(intrusion_id=intrusion_id, version_seen=self.version, reason=self.reason)


class TrafficAreaQuery(PageQuery, frozen=True, kw_only=True):
    """`incident_id`: of one incident; `over`: with those that count no more."""

    incident_id: Annotated[str, Meta(max_length=64)] = ""
    over: bool = False
