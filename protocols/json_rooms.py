"""Consultations over HTTP: rooms opened, entered, spoken and drawn in, voted in, decided in, closed."""

from typing import Annotated, Any

from msgspec import Meta

from dispatch import room, room_checks
from dispatch.kinds import HorizontalDatum, Role
from dispatch.room_commands import (
    CastVote,
    CloseRoom,
    DrawStroke,
    EnterRoom,
    InviteRoles,
    InviteSite,
    OpenRoom,
    PutVote,
    ReadRoom,
    RecordDecision,
    Say,
    UndoStroke,
)
from dispatch.room_kinds import RoomSymbol, StrokeKind
from dispatch.room_records import Room, RoomFile, RoomPerson, Stroke
from protocols.json_answers import Answered
from protocols.json_doors import END, Body, Id, Instant, OptionalId, PageQuery, PositionBody, position_of

Title = Annotated[str, Meta(min_length=1, max_length=room.MAX_TITLE, pattern=r"\S")]
Text = Annotated[str, Meta(max_length=room_checks.MAX_TEXT)]
Words = Annotated[str, Meta(min_length=1, max_length=room_checks.MAX_TEXT, pattern=r"\S")]
Label = Annotated[str, Meta(max_length=room_checks.MAX_LABEL)]
SiteId = Annotated[str, Meta(max_length=16, pattern=r"^[0-9]{2}(-[A-Z0-9]{1,8})?" + END)]
Option = Annotated[int, Meta(ge=0, lt=room_checks.MOST_OPTIONS)]


class RoomDraft(Body, frozen=True, kw_only=True):
    """A consultation to be opened for an incident of this site."""

    incident_id: Id
    title: Title

    def command(self) -> OpenRoom:
        """The command."""
        return OpenRoom(incident_id=self.incident_id, title=self.title)


class RoomInvitation(Body, frozen=True, kw_only=True):
    """`partner`: a site, by the owner; or `roles` of one's own site."""

    partner: SiteId | None = None
    roles: Annotated[tuple[Role, ...], Meta(max_length=8)] = ()

    def command(self, room_id: str) -> InviteSite | InviteRoles:
        """The command for one room."""
        if self.partner is not None:
            return InviteSite(room_id=room_id, partner=self.partner)
        return InviteRoles(room_id=room_id, roles=self.roles)


class RoomEntering(Body, frozen=True, kw_only=True):
    """Nothing more is said."""

    def command(self, room_id: str) -> EnterRoom:
        """The command for one room."""
        return EnterRoom(room_id=room_id)


class FileBody(Body, frozen=True, kw_only=True):
    """A file that was handed over before (`POST /rooms/{id}/files`)."""

    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}" + END)]
    name: Annotated[str, Meta(min_length=1, max_length=room_checks.MAX_FILE_NAME, pattern=r"\S")]
    media_type: Annotated[str, Meta(max_length=80)]
    size: Annotated[int, Meta(ge=1, le=room_checks.MAX_FILE_BYTES)]


class RoomSaying(Body, frozen=True, kw_only=True):
    """Text, a file, or both; `reply_to`: an entry of this room."""

    text: Text
    reply_to: OptionalId = ""
    file: FileBody | None = None

    def command(self, room_id: str) -> Say:
        """The command for one room."""
        named = self.file
        return Say(
            room_id=room_id,
            text=self.text,
            reply_to=self.reply_to,
            file=None
            if named is None
            else RoomFile(sha256=named.sha256, name=named.name, media_type=named.media_type, size=named.size),
        )


class RoomStroke(Body, frozen=True, kw_only=True):
    """A mark on the map; how many points it has follows from its kind."""

    kind: StrokeKind
    points: Annotated[tuple[PositionBody, ...], Meta(min_length=1, max_length=room_checks.MOST_POINTS)]
    datum: HorizontalDatum = HorizontalDatum.WGS84
    text: Label = ""
    symbol: RoomSymbol | None = None
    valid_from: Instant | None = None
    valid_until: Instant | None = None

    def command(self, room_id: str) -> DrawStroke:
        """The command for one room; coordinates in GCJ-02 become WGS-84 here."""
        return DrawStroke(
            room_id=room_id,
            stroke=Stroke(
                kind=self.kind,
                points=tuple(position_of(each, self.datum) for each in self.points),
                text=self.text,
                symbol=self.symbol,
                valid_from=self.valid_from,
                valid_until=self.valid_until,
            ),
        )


class RoomUndoing(Body, frozen=True, kw_only=True):
    """A mark of one's own."""

    entry_id: Id

    def command(self, room_id: str) -> UndoStroke:
        """The command for one room."""
        return UndoStroke(room_id=room_id, entry_id=self.entry_id)


class RoomReading(Body, frozen=True, kw_only=True):
    """The last entry that was read."""

    entry_id: Id

    def command(self, room_id: str) -> ReadRoom:
        """The command for one room."""
        return ReadRoom(room_id=room_id, entry_id=self.entry_id)


class RoomVote(Body, frozen=True, kw_only=True):
    """A question and its answers."""

    question: Annotated[str, Meta(min_length=1, max_length=room_checks.MAX_QUESTION, pattern=r"\S")]
    options: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=room_checks.MAX_OPTION, pattern=r"\S")], ...],
        Meta(min_length=2, max_length=room_checks.MOST_OPTIONS),
    ]

    def command(self, room_id: str) -> PutVote:
        """The command for one room."""
        return PutVote(room_id=room_id, question=self.question, options=self.options)


class RoomVoice(Body, frozen=True, kw_only=True):
    """One's answer to a vote; the last one counts."""

    vote_id: Id
    option: Option

    def command(self, room_id: str) -> CastVote:
        """The command for one room."""
        return CastVote(room_id=room_id, vote_id=self.vote_id, option=self.option)


class RoomDecision(Body, frozen=True, kw_only=True):
    """What is decided; with `vote_id`, `option` is the answer that carried."""

    text: Words
    vote_id: OptionalId = ""
    option: Annotated[int, Meta(ge=-1, lt=room_checks.MOST_OPTIONS)] = -1

    def command(self, room_id: str) -> RecordDecision:
        """The command for one room."""
        return RecordDecision(room_id=room_id, text=self.text, vote_id=self.vote_id, option=self.option)


class RoomClosing(Body, frozen=True, kw_only=True):
    """What was concluded."""

    summary: Annotated[str, Meta(min_length=1, max_length=room.MAX_SUMMARY, pattern=r"\S")]

    def command(self, room_id: str) -> CloseRoom:
        """The command for one room."""
        return CloseRoom(room_id=room_id, summary=self.summary)


class RoomQuery(PageQuery, frozen=True, kw_only=True):
    """`incident_id`: of one incident; `closed`: with those that are over."""

    incident_id: Annotated[str, Meta(max_length=64)] = ""
    closed: bool = False


class RoomFileQuery(Body, frozen=True, kw_only=True):
    """What the file is called."""

    name: Annotated[str, Meta(min_length=1, max_length=room_checks.MAX_FILE_NAME)]


class RoomFileAnswer(Answered, frozen=True, kw_only=True):
    """The file as a message names it."""

    sha256: str
    name: str
    media_type: str
    size: int


class RoomWhole(Answered, frozen=True, kw_only=True):
    """A room and who has been in it. `conference`: a conference can be called from here."""

    room: Room
    people: list[RoomPerson]
    conference: bool


class MinutesAnswer(Answered, frozen=True, kw_only=True):
    """The minutes as data: the room, the people, the entries in their order, and the form they are printed as."""

    room: Any
    people: list[Any]
    entries: list[Any]
    votes: list[Any]
    through: int
    form: Any
