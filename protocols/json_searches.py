"""Search patterns over HTTP: tried, drawn, amended, withdrawn."""

from typing import Annotated

from msgspec import Meta

from dispatch import search, search_way
from dispatch.kinds import HorizontalDatum
from dispatch.search_commands import AmendSearch, DrawSearch, WithdrawSearch
from dispatch.search_kinds import SearchPattern, Turn
from dispatch.search_records import SearchTerms
from protocols.json_doors import Body, PageQuery, PositionBody, Version, Why, position_of

Name = Annotated[str, Meta(min_length=1, max_length=search.MAX_NAME, pattern=r"\S")]
Note = Annotated[str, Meta(max_length=search.MAX_NOTE)]
Degrees = Annotated[float, Meta(ge=0, le=360)]
Width = Annotated[float, Meta(ge=1, le=search_way.MOST_SIDE_M)]
Side = Annotated[float, Meta(ge=0, le=search_way.MOST_SIDE_M)]
Line = Annotated[tuple[PositionBody, ...], Meta(max_length=search_way.MOST_LINE)]
TaskingId = Annotated[str, Meta(max_length=64)]


class SearchBody(Body, frozen=True, kw_only=True):
    """What is searched and how, as in `SearchTerms`: metres, metres a second, degrees true."""

    name: Name
    pattern: SearchPattern
    datum: PositionBody | None = None
    line: Line = ()
    coordinates: HorizontalDatum = HorizontalDatum.WGS84
    heading_deg: Degrees = 0.0
    turn: Turn = Turn.RIGHT
    spacing_m: Width
    sweep_width_m: Width
    along_m: Side = 0.0
    across_m: Side = 0.0
    again: bool = True
    speed_mps: Annotated[float, Meta(ge=1, le=search.MOST_SPEED_MPS)]
    height_m: Annotated[float, Meta(ge=0, le=search.MOST_HEIGHT_M, description="above ground")]
    available_s: Annotated[float, Meta(ge=0, le=search.MOST_AVAILABLE_S, description="0: not said")] = 0.0
    note: Note = ""

    def terms(self) -> SearchTerms:
        """The terms; coordinates in GCJ-02 become WGS-84 here."""
        return SearchTerms(
            name=self.name,
            pattern=self.pattern,
            datum=None if self.datum is None else position_of(self.datum, self.coordinates),
            line=tuple(position_of(each, self.coordinates) for each in self.line),
            heading_deg=self.heading_deg,
            turn=self.turn,
            spacing_m=self.spacing_m,
            sweep_width_m=self.sweep_width_m,
            along_m=self.along_m,
            across_m=self.across_m,
            again=self.again,
            speed_mps=self.speed_mps,
            height_m=self.height_m,
            available_s=self.available_s,
            note=self.note,
        )


class SearchDraft(SearchBody, frozen=True, kw_only=True):
    """A search to be drawn for an incident."""

    incident_id: Annotated[str, Meta(min_length=1, max_length=64)]
    tasking_id: TaskingId = ""

    def command(self) -> DrawSearch:
        """The command."""
        return DrawSearch(incident_id=self.incident_id, terms=self.terms(), tasking_id=self.tasking_id)


class SearchAmendment(SearchBody, frozen=True, kw_only=True):
    """How it is to be flown instead, whole; `tasking_id` left out: by whom stays."""

    version: Version
    tasking_id: TaskingId | None = None

    def command(self, search_id: str) -> AmendSearch:
        """The command for one search."""
        return AmendSearch(
            search_id=search_id, version_seen=self.version, terms=self.terms(), tasking_id=self.tasking_id
        )


class SearchWithdrawal(Body, frozen=True, kw_only=True):
    """Nobody is to fly it, and why."""

    version: Version
    reason: Why

    def command(self, search_id: str) -> WithdrawSearch:
        """The command for one search."""
        return WithdrawSearch(search_id=search_id, version_seen=self.version, reason=self.reason)


class SearchQuery(PageQuery, frozen=True, kw_only=True):
    """`incident_id`: of one incident; `withdrawn`: with those that stand no more."""

    incident_id: Annotated[str, Meta(max_length=64)] = ""
    withdrawn: bool = False
