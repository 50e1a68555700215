"""Messages to the field over HTTP: sent by the desk, receipted and answered by whom they are for."""

from typing import Annotated, Literal

from msgspec import Meta

from dispatch import room_checks, uplink
from dispatch.kinds import HorizontalDatum
from dispatch.room_kinds import RoomSymbol, StrokeKind
from dispatch.room_records import Stroke
from dispatch.uplink_commands import AnswerUplink, NoteUplink, SendUplink, UplinkAddress
from dispatch.uplink_kinds import UplinkAnswer, UplinkState
from dispatch.uplink_records import UplinkPicture
from protocols.json_answers import Answered
from protocols.json_doors import END, Body, Id, Instant, OptionalId, PageQuery, PositionBody, position_of

Text = Annotated[str, Meta(max_length=uplink.MAX_TEXT)]
Name = Annotated[str, Meta(max_length=uplink.MAX_NAME)]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}" + END)]
Pixels = Annotated[int, Meta(ge=1, le=uplink.MOST_PIXELS)]


class AddressBody(Body, frozen=True, kw_only=True):
    """A tasking, or a team: its key in the picture (`cot:…`) and its name."""

    tasking_id: OptionalId = ""
    thing_key: Annotated[str, Meta(max_length=uplink.MAX_KEY)] = ""
    name: Name = ""


class MarkBody(Body, frozen=True, kw_only=True):
    """A mark of the sketch; how many points it has follows from its kind."""

    kind: StrokeKind
    points: Annotated[tuple[PositionBody, ...], Meta(min_length=1, max_length=uplink.MOST_POINTS)]
    text: Annotated[str, Meta(max_length=room_checks.MAX_LABEL)] = ""
    symbol: RoomSymbol | None = None

    def stroke(self, datum: HorizontalDatum) -> Stroke:
        """As it is kept, WGS-84."""
        points = tuple(position_of(each, datum) for each in self.points)
        return Stroke(kind=self.kind, points=points, text=self.text, symbol=self.symbol)


class PictureBody(Body, frozen=True, kw_only=True):
    """A still that was handed over before (`POST /uplink-pictures`), and what it is of."""

    sha256: Sha256
    size: Annotated[int, Meta(ge=1, le=uplink.MAX_PICTURE_BYTES)]
    width_px: Pixels
    height_px: Pixels
    shown_at: Instant
    stream_id: OptionalId = ""
    stream_name: Name = ""
    recorded: bool = False
    drawn: bool = False

    def picture(self) -> UplinkPicture:
        """As it is kept."""
        return UplinkPicture(
            sha256=self.sha256,
            size=self.size,
            width_px=self.width_px,
            height_px=self.height_px,
            shown_at=self.shown_at,
            stream_id=self.stream_id,
            stream_name=self.stream_name,
            recorded=self.recorded,
            drawn=self.drawn,
        )


class UplinkDraft(Body, frozen=True, kw_only=True):
    """Text, a sketch, a picture, or any of them, to aircraft and teams of one incident."""

    incident_id: Id
    to: Annotated[tuple[AddressBody, ...], Meta(min_length=1, max_length=uplink.MOST_RECIPIENTS)]
    text: Text = ""
    marks: Annotated[tuple[MarkBody, ...], Meta(max_length=uplink.MOST_MARKS)] = ()
    datum: HorizontalDatum = HorizontalDatum.WGS84
    picture: PictureBody | None = None

    def command(self) -> SendUplink:
        """The command."""
        return SendUplink(
            incident_id=self.incident_id,
            to=tuple(
                UplinkAddress(tasking_id=each.tasking_id, thing_key=each.thing_key, name=each.name)
                for each in self.to
            ),
            text=self.text,
            marks=tuple(each.stroke(self.datum) for each in self.marks),
            picture=None if self.picture is None else self.picture.picture(),
        )


class UplinkReceipt(Body, frozen=True, kw_only=True):
    """It is on the phone (`delivered`), or on its screen with its picture (`shown`)."""

    state: Literal["delivered", "shown"]

    def command(self, uplink_id: str) -> NoteUplink:
        """The command for one message."""
        return NoteUplink(uplink_id=uplink_id, state=UplinkState(self.state))


class UplinkReply(Body, frozen=True, kw_only=True):
    """Read, will do, cannot, or a text. `cannot` and `text` say something."""

    answer: UplinkAnswer
    text: Text = ""

    def command(self, tasking_id: str, uplink_id: str) -> AnswerUplink:
        """The command for one message to one tasking."""
        return AnswerUplink(uplink_id=uplink_id, tasking_id=tasking_id, answer=self.answer, text=self.text)


class UplinkQuery(PageQuery, frozen=True, kw_only=True):
    """Of one incident or tasking, or all."""

    incident_id: OptionalId = ""
    tasking_id: OptionalId = ""


class PieceQuery(Body, frozen=True, kw_only=True):
    """From which byte on."""

    offset: Annotated[int, Meta(ge=0, le=uplink.MAX_PICTURE_BYTES)] = 0


class UplinkPictureAnswer(Answered, frozen=True, kw_only=True):
    """Under which hash it is kept."""

    sha256: str
    size: int
