"""Mutual aid over HTTP: asked, answered, step by step; and both records with their joint state and age."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from dispatch.aid_commands import ActOnAidOffer, ActOnAidRequest, AidAircraftOffered, AidPlace, AskAid
from dispatch.aid_kinds import AidAskAction, AidClock, AidOfferAction, AidState
from dispatch.aid_records import AidAlarm, AidOffer, AidRequest, AidTerms
from dispatch.kinds import TaskKind
from protocols.json_answers import Answered
from protocols.json_doors import (
    Body,
    Id,
    Instant,
    Line,
    Note,
    OptionalId,
    PageQuery,
    PositionBody,
    Remark,
    Version,
    position_of,
)

Count = Annotated[int, Meta(ge=1, le=20)]
Site = Annotated[str, Meta(min_length=1, max_length=16)]
Post = Annotated[str, Meta(min_length=1, max_length=120, pattern=r"\S")]


class AidAsk(Body, frozen=True, kw_only=True):
    """Ask partners for help with an incident of ours: one request each, all waiting for the duty chief."""

    incident_id: Id
    partners: Annotated[tuple[Site, ...], Meta(min_length=1, max_length=20)]
    task: TaskKind
    model: Line = ""
    count: Count = 1
    needed_by: Instant
    until: Instant
    note: Note = ""

    def command(self) -> AskAid:
        """The command."""
        return AskAid(
            incident_id=self.incident_id,
            partners=self.partners,
            terms=AidTerms(
                task=self.task,
                model=self.model,
                count=self.count,
                needed_by=self.needed_by,
                until=self.until,
                note=self.note,
            ),
        )


class AidAct(Body, frozen=True, kw_only=True):
    """A step. `version`: of this site's own record, the request or the offer."""

    version: Version
    reason: Remark = ""

    def asking(self, request_id: str, action: AidAskAction) -> ActOnAidRequest:
        """The step as the asking site's."""
        return ActOnAidRequest(
            request_id=request_id, action=action, version_seen=self.version, reason=self.reason
        )

    def helping(self, offer_id: str, action: AidOfferAction) -> ActOnAidOffer:
        """The step as the helping site's."""
        return ActOnAidOffer(offer_id=offer_id, action=action, version_seen=self.version, reason=self.reason)


class AidSend(AidAct, frozen=True, kw_only=True):
    """Send it to the partner. `order_ref`: the ministry's order (调机指令), where there is one."""

    order_ref: Line = ""

    def asking(self, request_id: str, action: AidAskAction) -> ActOnAidRequest:
        """The step."""
        return ActOnAidRequest(
            request_id=request_id,
            action=action,
            version_seen=self.version,
            reason=self.reason,
            order_ref=self.order_ref,
        )


class AidAccept(AidAct, frozen=True, kw_only=True):
    """Accept the answer that was read, of `offer_version`; its aircraft are asked to `base_id`."""

    offer_version: Version
    base_id: Id

    def asking(self, request_id: str, action: AidAskAction) -> ActOnAidRequest:
        """The step."""
        return ActOnAidRequest(
            request_id=request_id,
            action=action,
            version_seen=self.version,
            reason=self.reason,
            offer_version=self.offer_version,
            base_id=self.base_id,
        )


class AidOffered(Body, frozen=True, kw_only=True):
    """An aircraft of ours and when it can be there."""

    aircraft_id: Id
    eta: Instant


class AidOfferBody(AidAct, frozen=True, kw_only=True):
    """What we can send, on which conditions, until when. It leaves with the duty chief's approval."""

    aircraft: Annotated[tuple[AidOffered, ...], Meta(max_length=20)]
    conditions: Note = ""
    until: Instant | None = None

    def helping(self, offer_id: str, action: AidOfferAction) -> ActOnAidOffer:
        """The step."""
        return ActOnAidOffer(
            offer_id=offer_id,
            action=action,
            version_seen=self.version,
            reason=self.reason,
            aircraft=tuple(
                AidAircraftOffered(aircraft_id=each.aircraft_id, eta=each.eta) for each in self.aircraft
            ),
            conditions=self.conditions,
            until=self.until,
        )


class AidHandoverBody(AidAct, frozen=True, kw_only=True):
    """Command passed: when, where, and the post on the other side. No names: each site stands for its own."""

    at: Instant
    place: Post
    position: PositionBody | None = None
    other_role: Post

    def _place(self) -> AidPlace:
        position = None if self.position is None else position_of(self.position)
        return AidPlace(at=self.at, place=self.place, position=position, other_role=self.other_role)

    def asking(self, request_id: str, action: AidAskAction) -> ActOnAidRequest:
        """The step."""
        return ActOnAidRequest(
            request_id=request_id,
            action=action,
            version_seen=self.version,
            reason=self.reason,
            handover=self._place(),
        )

    def helping(self, offer_id: str, action: AidOfferAction) -> ActOnAidOffer:
        """The step."""
        return ActOnAidOffer(
            offer_id=offer_id,
            action=action,
            version_seen=self.version,
            reason=self.reason,
            handover=self._place(),
        )


class AidQuery(PageQuery, frozen=True, kw_only=True):
    """Which requests: of one incident, in or out."""

    incident_id: OptionalId = ""
    way: Literal["", "in", "out"] = ""


class AidNow(Answered, frozen=True, kw_only=True):
    """A request with the answer to it. `state` is the same at both sites once both have both records.

    `copy_of` is the site whose record is a copy here, `copy_age_s` how long ago its last step came in (none yet: null).
    `acts` are the steps that this site's record can take now, whoever may.
    """

    id: str
    state: AidState
    request: AidRequest
    offer: AidOffer | None
    copy_of: str
    copy_age_s: float | None
    clock: AidClock | None
    due_at: datetime | None
    rule_id: str
    rule_source: str
    passed: list[AidAlarm]
    acts: list[str]
