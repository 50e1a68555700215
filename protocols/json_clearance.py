"""Requests to ATC over HTTP beside their steps: filed by hand, heard by telephone, asked about."""

from typing import Annotated

from msgspec import Meta

from dispatch.clearance_commands import AnswerAtc, AskDesk, FileAirspace
from dispatch.clearance_records import PhoneAnswer
from dispatch.commands import ActOnAirspace
from dispatch.geo import Position
from dispatch.kinds import AirspaceAction, AirspaceKind
from dispatch.records import Counter
from protocols.json_doors import END, Body, Height, Instant, Note, PositionBody, Remark, Version

Name = Annotated[str, Meta(min_length=1, max_length=120, pattern=r"\S")]
Turns = Annotated[tuple[PositionBody, ...], Meta(max_length=20)]


def _positions(turns: tuple[PositionBody, ...] | None) -> tuple[Position, ...] | None:
    return None if turns is None else tuple(Position(lon_deg=at.lon_deg, lat_deg=at.lat_deg) for at in turns)


class AirspaceFiling(Body, frozen=True, kw_only=True):
    """A request for a tasking, of whose version `version` is. What is left out is as the tasking says."""

    version: Version
    kind: AirspaceKind
    reason: Remark = ""
    ceiling_m: Height | None = None
    active_from: Instant | None = None
    active_until: Instant | None = None
    transit_floor_m: Height | None = None
    transit_ceiling_m: Height | None = None
    out_turns: Turns | None = None
    back_turns: Turns | None = None

    def command(self, tasking_id: str) -> FileAirspace:
        """The command for one tasking."""
        return FileAirspace(
            tasking_id=tasking_id,
            version_seen=self.version,
            kind=self.kind,
            reason=self.reason,
            ceiling_m=self.ceiling_m,
            active_from=self.active_from,
            active_until=self.active_until,
            transit_floor_m=self.transit_floor_m,
            transit_ceiling_m=self.transit_ceiling_m,
            out_turns=_positions(self.out_turns),
            back_turns=None if self.back_turns is None else _positions(self.back_turns),
        )


class PhonedAct(Body, frozen=True, kw_only=True):
    """ATC's approval as it was heard by telephone, with what ATC changed in saying yes."""

    version: Version
    unit: Name
    who: Name
    said_at: Instant
    number: Annotated[str, Meta(max_length=40, pattern=r"^[0-9+() -]*" + END)] = ""
    note: Remark = ""
    ceiling_m: Height | None = None
    active_from: Instant | None = None
    active_until: Instant | None = None

    def command(self, request_id: str, action: AirspaceAction) -> ActOnAirspace:
        """The command for one request."""
        stated = (self.ceiling_m, self.active_from, self.active_until)
        changes = None
        if any(each is not None for each in stated):
            changes = Counter(
                ceiling_m=self.ceiling_m,
                active_from=self.active_from,
                active_until=self.active_until,
                reason=self.note or "电话批复",
                expires_at=self.said_at,
            )
        return ActOnAirspace(
            request_id=request_id,
            action=action,
            version_seen=self.version,
            reason=f"{self.unit} {self.who}",
            counter=changes,
            phone=PhoneAnswer(
                unit=self.unit, who=self.who, said_at=self.said_at, number=self.number, note=self.note
            ),
        )


class QuestionBody(Body, frozen=True, kw_only=True):
    """What ATC asks the desk."""

    text: Note

    def command(self, request_id: str) -> AskDesk:
        """The command for one request."""
        return AskDesk(request_id=request_id, text=self.text)


class QuestionAnswer(Body, frozen=True, kw_only=True):
    """The desk's answer to the question of a number, 1 for the first."""

    number: Annotated[int, Meta(ge=1, le=50)]
    text: Note

    def command(self, request_id: str) -> AnswerAtc:
        """The command for one request."""
        return AnswerAtc(request_id=request_id, number=self.number, text=self.text)
