"""Terrain over HTTP: tiles and what is wrong with them, heights of places, ways, blocks and of what flies."""

import math
from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta, field

from dispatch.ground_height import HeightAboveGround, NoHeight
from dispatch.kinds import AltitudeDatum
from dispatch.obstacle import Near
from dispatch.terrain import Tile, Unfit
from dispatch.terrain_path import Clearance, Highest, LeastClearance
from protocols.json_answers import Answered
from protocols.json_closures import OutlineBody
from protocols.json_doors import Body, Height

Lon = Annotated[float, Meta(ge=-180, le=180)]
Lat = Annotated[float, Meta(ge=-90, le=90)]
MOST_POINTS = 2000


class PlaceQuery(Body, frozen=True, kw_only=True):
    """Which place, WGS-84 degrees."""

    lon_deg: Lon = field(name="lon")
    lat_deg: Lat = field(name="lat")


class PointsBody(Body, frozen=True, kw_only=True):
    """Many places as [lon, lat]."""

    points: Annotated[tuple[tuple[Lon, Lat], ...], Meta(min_length=1, max_length=MOST_POINTS)]


class AreaBody(Body, frozen=True, kw_only=True):
    """An area in WGS-84; with heights above the ground, what they are above mean sea level is answered too."""

    outline: OutlineBody
    floor_agl_m: Height | None = None
    ceiling_agl_m: Height | None = None


class TileAnswer(Answered, frozen=True, kw_only=True):
    """One tile. `unfit`: why it is for display only; null: the safety nets may use it."""

    name: str
    source: Literal["hgt", "geotiff"]
    west_deg: float
    south_deg: float
    east_deg: float
    north_deg: float
    resolution_m: float
    datum: Literal["egm96", "egm2008", "ellipsoid", "unknown"]
    unfit: Unfit | None
    void_share: float

    @classmethod
    def of(cls, tile: Tile) -> "TileAnswer":
        """The answer."""
        return cls(
            name=tile.name,
            source=tile.source,  # type: ignore[arg-type]  # one of the two
            west_deg=round(tile.west_deg, 7),
            south_deg=round(tile.south_deg, 7),
            east_deg=round(tile.east_deg, 7),
            north_deg=round(tile.north_deg, 7),
            resolution_m=round(tile.resolution_m, 1),
            datum=tile.datum.value,
            unfit=tile.unfit,
            void_share=round(tile.void_share, 6),
        )


class TileFaultAnswer(Answered, frozen=True, kw_only=True):
    """A file that is not used, and why."""

    file: str
    detail: str


class LeastClearanceAnswer(Answered, frozen=True, kw_only=True):
    """What planned ways are held against, since when and by whose word."""

    height_m: float
    half_width_m: float
    valid_from: date
    source: str

    @classmethod
    def of(cls, least: LeastClearance) -> "LeastClearanceAnswer":
        """The answer."""
        return cls(
            height_m=least.height_m,
            half_width_m=least.half_width_m,
            valid_from=least.valid_from,
            source=least.source,
        )


class TerrainAnswer(Answered, frozen=True, kw_only=True):
    """`state` none: no folder is named. `fit`: at least one tile may be used by the safety nets."""

    state: Literal["none", "reading", "ready"]
    fit: bool
    tiles: list[TileAnswer]
    faults: list[TileFaultAnswer]
    read_at: datetime | None
    obstacles: int
    least_clearance: LeastClearanceAnswer


class ElevationAnswer(Answered, frozen=True, kw_only=True):
    """The ground of a place, metres above the tile's datum; null: unknown. `fit` as of its tile."""

    elevation_m: float | None
    tile: str
    fit: bool
    datum: str
    resolution_m: float | None


class ElevationsAnswer(Answered, frozen=True, kw_only=True):
    """In the order asked; null: unknown."""

    elevations_m: list[float | None]


class NearAnswer(Answered, frozen=True, kw_only=True):
    """An obstacle; `top_m` above mean sea level, null: over unknown ground."""

    id: str
    name: str
    top_m: float | None
    height_m: float | None
    away_m: float
    along_m: float

    @classmethod
    def of(cls, near: Near | None) -> "NearAnswer | None":
        """The answer."""
        if near is None:
            return None
        return cls(
            id=near.id,
            name=near.name,
            top_m=None if math.isnan(near.top_m) else round(near.top_m, 1),
            height_m=near.height_m,
            away_m=round(near.away_m),
            along_m=round(near.along_m),
        )


class ProfilePoint(Answered, frozen=True, kw_only=True):
    """The highest ground of a stretch; null: unknown."""

    along_m: float
    ground_m: float | None
    obstacle_m: float | None


class ClearanceAnswer(Answered, frozen=True, kw_only=True):
    """Of a planned way at the top of its block. `enough` null: it cannot be said, and `unknown_share` says how much
    of the way has no fit terrain. `least_height_m`: what has to be flown at least, above mean sea level."""

    length_m: float
    highest_m: float | None
    highest_at: tuple[float, float] | None
    unknown_share: float
    unknown_tops: int
    obstacle: NearAnswer | None
    height_m: float | None
    height_datum: AltitudeDatum | None
    least_m: float | None
    wanted_m: float
    least_height_m: float | None
    enough: bool | None
    minima: LeastClearanceAnswer
    profile: list[ProfilePoint]

    @classmethod
    def of(
        cls, found: Clearance, least: LeastClearance, height_m: float | None, datum: AltitudeDatum | None
    ) -> "ClearanceAnswer":
        """The answer."""
        tops = [found.highest_m] if found.highest_m is not None else []
        tops += [found.obstacle.top_m] if found.obstacle is not None else []
        known = found.highest_lon_deg is not None and found.highest_lat_deg is not None
        return cls(
            length_m=round(found.length_m),
            highest_m=_metres(found.highest_m),
            highest_at=(found.highest_lon_deg or 0.0, found.highest_lat_deg or 0.0) if known else None,
            unknown_share=round(found.unknown_share, 4),
            unknown_tops=found.unknown_tops,
            obstacle=NearAnswer.of(found.obstacle),
            height_m=height_m,
            height_datum=datum,
            least_m=_metres(found.least_m),
            wanted_m=found.wanted_m,
            least_height_m=_metres(max(tops) + found.wanted_m) if tops else None,
            enough=found.enough,
            minima=LeastClearanceAnswer.of(least),
            profile=[
                ProfilePoint(
                    along_m=round(one.along_m),
                    ground_m=_metres(one.ground_m),
                    obstacle_m=_metres(one.obstacle_m),
                )
                for one in found.profile
            ],
        )


class AreaAnswer(Answered, frozen=True, kw_only=True):
    """Ground and obstacles of an area, and its heights above the ground said above mean sea level: a floor above the
    ground begins at `floor_msl_m` at the lowest place and ends at `ceiling_msl_m` at the highest."""

    highest_m: float | None
    highest_at: tuple[float, float] | None
    lowest_m: float | None
    unknown_share: float
    step_m: float
    obstacle: NearAnswer | None
    unknown_tops: int
    floor_msl_m: float | None
    ceiling_msl_m: float | None
    profile: list[ProfilePoint]

    @classmethod
    def of(
        cls,
        found: Highest,
        floor_agl_m: float | None,
        ceiling_agl_m: float | None,
        profile: Clearance | None = None,
    ) -> "AreaAnswer":
        """The answer. Heights above mean sea level are said only where all of the ground is known."""
        whole = found.unknown_share == 0
        low = found.lowest_m if whole else None
        high = found.highest_m if whole else None
        known = found.lon_deg is not None and found.lat_deg is not None
        return cls(
            highest_m=_metres(found.highest_m),
            highest_at=(found.lon_deg or 0.0, found.lat_deg or 0.0) if known else None,
            lowest_m=_metres(found.lowest_m),
            unknown_share=round(found.unknown_share, 4),
            step_m=round(found.step_m, 1),
            obstacle=NearAnswer.of(found.obstacle),
            unknown_tops=found.unknown_tops,
            floor_msl_m=None if low is None or floor_agl_m is None else _metres(low + floor_agl_m),
            ceiling_msl_m=None if high is None or ceiling_agl_m is None else _metres(high + ceiling_agl_m),
            profile=[
                ProfilePoint(
                    along_m=round(one.along_m),
                    ground_m=_metres(one.ground_m),
                    obstacle_m=_metres(one.obstacle_m),
                )
                for one in (profile.profile if profile else ())
            ],
        )


class TrackHeightAnswer(Answered, frozen=True, kw_only=True):
    """Height above ground of one thing, what it may be off by and from which altitude; or why there is none. Beside it
    the nearest obstacle within 5 km."""

    height_above_ground_m: float | None
    within_m: float | None
    by: AltitudeDatum | None
    ground_m: float | None
    reason: NoHeight | None
    obstacle: NearAnswer | None = None

    @classmethod
    def of(cls, found: HeightAboveGround, obstacle: Near | None) -> "TrackHeightAnswer":
        """The answer."""
        return cls(
            height_above_ground_m=_metres(found.height_m),
            within_m=None if found.within_m is None else round(found.within_m),
            by=found.by,
            ground_m=_metres(found.ground_m),
            reason=found.reason,
            obstacle=NearAnswer.of(obstacle),
        )


class TrackHeightsAnswer(Answered, frozen=True, kw_only=True):
    """Of many, by their number in this run of the site; those without a height are left out."""

    fit: bool
    numbers: list[int]
    heights_m: list[int]


def _metres(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
