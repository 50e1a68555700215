"""Conflicts of planned flights over HTTP, with the alternatives that are free of them."""

from datetime import datetime
from typing import Literal

from dispatch.alternatives import Alternative
from dispatch.deconfliction import Conflict, Limits
from dispatch.geo import Position
from dispatch.planned_flight import PlannedFlight
from protocols.json_answers import Answered

Point = tuple[float, float]  # longitude, latitude in degrees


def _point(at: Position) -> Point:
    return at.lon_deg, at.lat_deg


class ConflictAnswer(Answered, frozen=True, kw_only=True):
    """One meeting: where and when, and how near. `counted`: alternatives are free of it; else it is told alone."""

    kind: Literal["flight", "closure", "volume", "traffic"]
    id: str
    name: str
    at: datetime
    other_at: datetime | None
    position: Point
    other_position: Point | None
    apart_m: float
    own_leg: list[Point]
    other_leg: list[Point] | None
    floor_m: float | None
    ceiling_m: float | None
    unsure: bool
    counted: bool

    @classmethod
    def of(cls, one: Conflict) -> "ConflictAnswer":
        """The answer."""
        return cls(
            kind=one.kind,  # type: ignore[arg-type]  # of these four
            id=one.id,
            name=one.name,
            at=one.at,
            other_at=one.other_at,
            position=_point(one.position),
            other_position=None if one.other_position is None else _point(one.other_position),
            apart_m=round(one.apart_m, 1),
            own_leg=[_point(each) for each in one.own_leg],
            other_leg=None if one.other_leg is None else [_point(each) for each in one.other_leg],
            floor_m=one.floor_m,
            ceiling_m=one.ceiling_m,
            unsure=one.unsure,
            counted=one.counted,
        )


class AlternativeAnswer(Answered, frozen=True, kw_only=True):
    """A flight free of conflict, and what of it is other."""

    kind: Literal["time", "height", "route"]
    take_off_at: datetime
    on_scene_at: datetime
    land_at: datetime
    shift_s: float
    transit_floor_m: float | None
    transit_ceiling_m: float | None
    out_turns: list[Point]
    back_turns: list[Point]
    longer_m: float
    way: list[list[Point]]

    @classmethod
    def of(cls, one: Alternative) -> "AlternativeAnswer":
        """The answer."""
        return cls(
            kind=one.kind,  # type: ignore[arg-type]  # of these three
            take_off_at=one.take_off_at,
            on_scene_at=one.on_scene_at,
            land_at=one.land_at,
            shift_s=one.shift_s,
            transit_floor_m=one.transit_floor_m,
            transit_ceiling_m=one.transit_ceiling_m,
            out_turns=[_point(each) for each in one.out_turns],
            back_turns=[_point(each) for each in one.back_turns],
            longer_m=round(one.longer_m, 1),
            way=[[_point(each) for each in part] for part in one.way],
        )


class LimitsAnswer(Answered, frozen=True, kw_only=True):
    """By what it was measured, since when that holds and whose it is."""

    apart_m: float
    slack_s: float
    height_m: float
    near_place_m: float
    valid_from: str
    source: str


class ConflictsAnswer(Answered, frozen=True, kw_only=True):
    """What a tasking's planned flight meets as of `at`. An aid: it separates nobody."""

    tasking_id: str
    at: datetime
    known: bool  # false: the flight has no way that is known, nothing was compared
    way: list[list[Point]]
    conflicts: list[ConflictAnswer]
    alternatives: list[AlternativeAnswer]
    limits: LimitsAnswer

    @classmethod
    def of(
        cls,
        tasking_id: str,
        at: datetime,
        limits: Limits,
        flight: PlannedFlight | None = None,
        *,
        found: tuple[Conflict, ...] = (),
        made: tuple[Alternative, ...] = (),
    ) -> "ConflictsAnswer":
        """The answer."""
        return cls(
            tasking_id=tasking_id,
            at=at,
            known=flight is not None,
            way=[]
            if flight is None
            else [[_point(each) for each in way] for way in (flight.out, flight.home)],
            conflicts=[ConflictAnswer.of(each) for each in found],
            alternatives=[AlternativeAnswer.of(each) for each in made],
            limits=LimitsAnswer(
                apart_m=limits.apart_m,
                slack_s=limits.slack_s,
                height_m=limits.height_m,
                near_place_m=limits.near_place_m,
                valid_from=limits.valid_from,
                source=limits.source,
            ),
        )
