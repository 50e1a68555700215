"""HTTP bodies of a tasking's less usual steps: amendments and their answers, diversion, technical stop, emergency landing."""

from dataclasses import replace
from typing import Annotated

from msgspec import Meta

from dispatch import tasking_commands
from dispatch.errors import Refused
from dispatch.kinds import DiversionCause, HorizontalDatum, PlaceKind, TaskingAction
from dispatch.tasking_records import Turns
from protocols.json_doors import (
    Body,
    Instant,
    OptionalId,
    PositionBody,
    Remark,
    TaskingAct,
    Version,
    Why,
    position_of,
)

Persons = Annotated[int, Meta(ge=0, le=200)]


class TurnsBody(Body, frozen=True, kw_only=True):
    """Where the ways out and home turn, WGS-84, in order; empty: straight."""

    out: Annotated[tuple[PositionBody, ...], Meta(max_length=20)] = ()
    back: Annotated[tuple[PositionBody, ...], Meta(max_length=20)] = ()

    def record(self) -> Turns:
        """The record."""
        return Turns(
            out=tuple(position_of(each) for each in self.out),
            back=tuple(position_of(each) for each in self.back),
        )


class TaskingAmendment(Body, frozen=True, kw_only=True):
    """What changes in an order; what is left out stays. An empty id: none any more."""

    version: Version
    reason: Why
    base_id: OptionalId | None = None
    water_point_id: OptionalId | None = None
    hospital_id: OptionalId | None = None
    incident_position: PositionBody | None = None
    datum: HorizontalDatum = HorizontalDatum.WGS84
    take_off_at: Instant | None = None
    on_scene_at: Instant | None = None
    land_at: Instant | None = None
    drops: Annotated[int, Meta(ge=0, le=200)] | None = None
    remark: Remark | None = None
    turns: TurnsBody | None = None

    def command(self, tasking_id: str) -> tasking_commands.AmendTasking:
        """The command for one tasking."""
        at = self.incident_position
        return tasking_commands.AmendTasking(
            tasking_id=tasking_id,
            version_seen=self.version,
            reason=self.reason,
            base_id=self.base_id,
            water_point_id=self.water_point_id,
            hospital_id=self.hospital_id,
            incident_position=None if at is None else position_of(at, self.datum),
            take_off_at=self.take_off_at,
            on_scene_at=self.on_scene_at,
            land_at=self.land_at,
            drops=self.drops,
            remark=self.remark,
            turns=None if self.turns is None else self.turns.record(),
        )


class AmendmentAnswer(TaskingAct, frozen=True, kw_only=True):
    """The crew acknowledges or declines an amendment by its number: nobody agrees to one that he has not seen."""

    amendment: Annotated[int, Meta(ge=0, le=1000, description="its number, 1 for the first")] = 0

    def command(self, tasking_id: str, action: TaskingAction) -> tasking_commands.ActOnTasking:
        """The command for one tasking."""
        return replace(TaskingAct.command(self, tasking_id, action), amendment=self.amendment)


class AmendmentDecline(AmendmentAnswer, frozen=True, kw_only=True):
    """Declining says why."""

    reason: Why


class Destination(Body, frozen=True, kw_only=True):
    """A base, landing site or hospital by its id, or a position."""

    kind: PlaceKind
    id: OptionalId = ""
    position: PositionBody | None = None
    datum: HorizontalDatum = HorizontalDatum.WGS84

    def whereto(self) -> tasking_commands.Whereto:
        """The place as a command names it. Raises Refused NO_PLACE where id or position are missing."""
        if self.kind is PlaceKind.POSITION and self.position is None:
            raise Refused("NO_PLACE", "is missing", field="to.position")
        if self.kind is not PlaceKind.POSITION and not self.id:
            raise Refused("NO_PLACE", "is missing", field="to.id")
        at = self.position if self.kind is PlaceKind.POSITION else None
        return tasking_commands.Whereto(
            kind=self.kind,
            place_id="" if at is not None else self.id,
            position=None if at is None else position_of(at, self.datum),
        )


class TaskingElsewhere(TaskingAct, frozen=True, kw_only=True):
    """Where to and why: a `cause`, or a `reason` in words. Without `to`: the base that the order names."""

    to: Destination | None = None
    cause: DiversionCause | None = None

    def command(self, tasking_id: str, action: TaskingAction) -> tasking_commands.ActOnTasking:
        """The command for one tasking."""
        made = TaskingAct.command(self, tasking_id, action)
        return replace(made, to=None if self.to is None else self.to.whereto(), cause=self.cause)


class EmergencyLanding(TaskingElsewhere, frozen=True, kw_only=True):
    """Where it came down and how those on board are; what is left out is not known yet. No version is too old for it."""

    persons_well: Persons | None = None
    persons_hurt: Persons | None = None

    def command(self, tasking_id: str, action: TaskingAction) -> tasking_commands.ActOnTasking:
        """The command for one tasking."""
        made = TaskingElsewhere.command(self, tasking_id, action)
        return replace(made, persons_well=self.persons_well, persons_hurt=self.persons_hurt)


BODIES: dict[TaskingAction, type[TaskingAct]] = {
    TaskingAction.ACKNOWLEDGE: AmendmentAnswer,
    TaskingAction.DECLINE: AmendmentDecline,
    TaskingAction.DIVERT: TaskingElsewhere,
    TaskingAction.TECHNICAL_STOP: TaskingElsewhere,
    TaskingAction.EMERGENCY_LAND: EmergencyLanding,
}
