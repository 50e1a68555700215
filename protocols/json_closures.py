"""Closures over HTTP: airspace closed for a time, changed, opened again, and whose way it lies in."""

from typing import Annotated, Literal

from msgspec import Meta

from dispatch import closure, closure_commands
from dispatch.geo import Position, position_from
from dispatch.kinds import AltitudeDatum, ClosureKind, HorizontalDatum
from dispatch.records import Outline
from protocols.json_answers import Answered
from protocols.json_doors import Body, Height, Instant, PageQuery, PositionBody, Version, Why

Name = Annotated[str, Meta(min_length=1, max_length=closure.MAX_NAME, pattern=r"\S")]
Source = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=closure.MAX_SOURCE,
        pattern=r"\S",
        description="whose word it is, how it came",
    ),
]
HeightDatum = Annotated[Literal["msl", "agl"], Meta(description="what both heights are measured from")]
Reach = Annotated[float, Meta(ge=0, le=closure.MOST_RADIUS_M)]


class OutlineBody(Body, frozen=True, kw_only=True):
    """A closed `ring` (the last corner is the first), or a circle of `centre` and `radius_m`."""

    ring: tuple[PositionBody, ...] = ()
    centre: PositionBody | None = None
    radius_m: Reach = 0.0

    def outline(self, stated: HorizontalDatum) -> Outline:
        """The outline; coordinates in GCJ-02 become WGS-84 here."""
        centre = self.centre
        return Outline(
            ring=tuple(_position(corner, stated) for corner in self.ring),
            centre=None if centre is None else _position(centre, stated),
            radius_m=self.radius_m,
        )


def _position(corner: PositionBody, stated: HorizontalDatum) -> Position:
    return position_from(corner.lon_deg, corner.lat_deg, stated)


class ClosureDeclaration(Body, frozen=True, kw_only=True):
    """Airspace to be closed, from now or from `active_from` on. `large`: more than a county is meant."""

    name: Name
    kind: ClosureKind
    outline: OutlineBody
    coordinates: HorizontalDatum = HorizontalDatum.WGS84
    floor_m: Height
    ceiling_m: Height
    datum: HeightDatum
    active_from: Instant | None = None
    active_until: Instant
    reason: Why
    source: Source
    large: bool = False

    def command(self) -> closure_commands.DeclareClosure:
        """The command."""
        return closure_commands.DeclareClosure(
            name=self.name,
            kind=self.kind,
            outline=self.outline.outline(self.coordinates),
            floor_m=self.floor_m,
            ceiling_m=self.ceiling_m,
            datum=AltitudeDatum(self.datum),
            active_from=self.active_from,
            active_until=self.active_until,
            reason=self.reason,
            source=self.source,
            large=self.large,
        )


class ClosureAmendment(Body, frozen=True, kw_only=True):
    """What is different now; what is left out stays."""

    version: Version
    name: Name | None = None
    kind: ClosureKind | None = None
    outline: OutlineBody | None = None
    coordinates: HorizontalDatum = HorizontalDatum.WGS84
    floor_m: Height | None = None
    ceiling_m: Height | None = None
    datum: HeightDatum | None = None
    active_from: Instant | None = None
    active_until: Instant | None = None
    reason: Why | None = None
    source: Source | None = None
    large: bool | None = None

    def command(self, closure_id: str) -> closure_commands.AmendClosure:
        """The command for one closure."""
        return closure_commands.AmendClosure(
            closure_id=closure_id,
            version_seen=self.version,
            name=self.name,
            kind=self.kind,
            outline=None if self.outline is None else self.outline.outline(self.coordinates),
            floor_m=self.floor_m,
            ceiling_m=self.ceiling_m,
            datum=None if self.datum is None else AltitudeDatum(self.datum),
            active_from=self.active_from,
            active_until=self.active_until,
            reason=self.reason,
            source=self.source,
            large=self.large,
        )


class ClosureLift(Body, frozen=True, kw_only=True):
    """Open the airspace before its time, and why."""

    version: Version
    reason: Why

    def command(self, closure_id: str) -> closure_commands.LiftClosure:
        """The command for one closure."""
        return closure_commands.LiftClosure(
            closure_id=closure_id, version_seen=self.version, reason=self.reason
        )


class ClosureQuery(PageQuery, frozen=True, kw_only=True):
    """`over`: with those that have run out or were lifted."""

    over: bool = False


class ReachedTasking(Answered, frozen=True, kw_only=True):
    """A tasking whose way a closure lies in. `places`: which of base, water_point and incident are inside it."""

    closure_id: str
    tasking_id: str
    number: str
    aircraft_id: str
    incident_id: str
    in_the_air: bool
    places: tuple[str, ...]


class ReachedAnswer(Answered, frozen=True, kw_only=True):
    """All of now that the caller may see."""

    items: list[ReachedTasking]
