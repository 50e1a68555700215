"""Doors of the ground: tiles, heights of places, and how planned ways, blocks and what flies stand over it.

Everything that is looked up is looked up on a thread: a page of a tile may have to come from the disk.
"""

from typing import Any

import numpy as np
from twisted.internet.threads import deferToThread

from adapters.terrain.keeper import TerrainKeeper
from adapters.web.lists import one
from adapters.web.problems import HttpError
from adapters.web.table import Call, Door
from adapters.web.tracks_inside import inside
from dispatch import access
from dispatch.airspace_state import in_force
from dispatch.closure import checked_outline, corners
from dispatch.errors import Forbidden, Unknown
from dispatch.geo import Position
from dispatch.ground_height import above, above_ground
from dispatch.kinds import AltitudeDatum, HorizontalDatum
from dispatch.obstacle import Near, ObstacleField
from dispatch.records import Airspace
from dispatch.sighting import DATUMS
from dispatch.terrain import Terrain
from dispatch.terrain_path import clearance, highest_within
from dispatch.terrain_way import corridor_of, ring_of, way_of
from dispatch.views import NO_OPERATIONS
from protocols.json_doors import Nothing, TrackIdQuery, TrackQuery
from protocols.json_terrain import (
    AreaAnswer,
    AreaBody,
    ClearanceAnswer,
    ElevationAnswer,
    ElevationsAnswer,
    LeastClearanceAnswer,
    PlaceQuery,
    PointsBody,
    TerrainAnswer,
    TileAnswer,
    TileFaultAnswer,
    TrackHeightAnswer,
    TrackHeightsAnswer,
)

NEAR_M = 5_000.0  # the nearest obstacle of a thing is told within this


def _keeper(call: Call) -> TerrainKeeper:
    if call.site.terrain is None:
        raise HttpError(503, "NO_TERRAIN", "this server keeps no terrain")
    return call.site.terrain


def _told(call: Call) -> TerrainAnswer:
    keeper = _keeper(call)
    return TerrainAnswer(
        state=keeper.state.value,
        fit=keeper.terrain.has_fit,
        tiles=[TileAnswer.of(tile) for tile in keeper.terrain.tiles],
        faults=[TileFaultAnswer(file=each.file, detail=each.detail) for each in keeper.reading.faults],
        read_at=keeper.reading.at,
        obstacles=len(call.site.desk.world.obstacles),
        least_clearance=LeastClearanceAnswer.of(keeper.least),
    )


async def _terrain(call: Call) -> TerrainAnswer:
    return _told(call)


async def _read_again(call: Call) -> TerrainAnswer:
    if call.who.session.role not in access.READ_TERRAIN:
        raise Forbidden(f"reading the terrain again is for {', '.join(sorted(access.READ_TERRAIN))}")
    _keeper(call).read()
    return _told(call)


async def _elevation(call: Call) -> ElevationAnswer:
    return await deferToThread(_elevation_of, _keeper(call).terrain, call.query.lon_deg, call.query.lat_deg)


def _elevation_of(terrain: Terrain, lon: float, lat: float) -> ElevationAnswer:
    tile = terrain.tile_at(lon, lat)
    height = float(terrain.elevation_m(lon, lat)[0])
    return ElevationAnswer(
        elevation_m=None if np.isnan(height) else round(height, 1),
        tile="" if tile is None else tile.name,
        fit=tile is not None and tile.unfit is None,
        datum="" if tile is None else tile.datum.value,
        resolution_m=None if tile is None else round(tile.resolution_m, 1),
    )


async def _elevations(call: Call) -> ElevationsAnswer:
    points = np.array(call.body.points)
    heights = await deferToThread(_keeper(call).terrain.elevation_m, points[:, 0], points[:, 1])
    return ElevationsAnswer(
        elevations_m=[None if np.isnan(height) else round(height, 1) for height in heights.tolist()]
    )


async def _area(call: Call) -> AreaAnswer:
    body: AreaBody = call.body
    outline = checked_outline(body.outline.outline(HorizontalDatum.WGS84))
    ring = tuple(Position(lon_deg=lon, lat_deg=lat) for lon, lat in corners(outline))
    keeper, known = _keeper(call), call.site.desk.world.obstacles

    def look() -> AreaAnswer:
        found = highest_within(keeper.terrain, keeper.obstacles(known), ring)
        return AreaAnswer.of(found, body.floor_agl_m, body.ceiling_agl_m)

    return await deferToThread(look)


async def _tasking(call: Call) -> ClearanceAnswer:
    tasking = one(call, "taskings", call.path["id"])
    world, keeper = call.site.desk.world, _keeper(call)
    way, request = way_of(world, tasking), in_force(world, tasking)
    block = None if request is None else request.airspace
    return await deferToThread(_clearance_of, keeper, world.obstacles, way, block)


def _clearance_of(
    keeper: TerrainKeeper, known: Any, way: tuple[Position, ...], block: Airspace | None
) -> ClearanceAnswer:
    """At the top of the block: a flight may be anywhere in it, and higher than its top it may not go."""
    over_ground = block is not None and block.datum is AltitudeDatum.AGL
    found = clearance(
        keeper.terrain,
        keeper.obstacles(known),
        way,
        height_m=None if block is None or over_ground else block.ceiling_m,
        above_ground_m=block.ceiling_m if block is not None and over_ground else None,
        least=keeper.least,
    )
    ceiling_m, datum = (None, None) if block is None else (block.ceiling_m, block.datum)
    return ClearanceAnswer.of(found, keeper.least, ceiling_m, datum)


async def _block(call: Call) -> AreaAnswer:
    block = one(call, "requests", call.path["id"]).airspace
    keeper, known = _keeper(call), call.site.desk.world.obstacles
    over_ground = block.datum is AltitudeDatum.AGL

    def look() -> AreaAnswer:
        terrain, obstacles = keeper.terrain, keeper.obstacles(known)
        found = highest_within(terrain, obstacles, ring_of(block))
        way = clearance(terrain, obstacles, corridor_of(block), least=keeper.least)
        floor_m, ceiling_m = (block.floor_m, block.ceiling_m) if over_ground else (None, None)
        return AreaAnswer.of(found, floor_m, ceiling_m, way)

    return await deferToThread(look)


async def _track(call: Call) -> TrackHeightAnswer:
    track = call.site.picture.get(call.query.id)
    if track is None or call.who.session.role in NO_OPERATIONS:
        raise Unknown("id", f"nothing is followed as {call.query.id[:80]!r}")
    keeper, known = _keeper(call), call.site.desk.world.obstacles

    def look() -> TrackHeightAnswer:
        found = above_ground(
            keeper.terrain, track.lon_deg, track.lat_deg, track.altitude_m, track.altitude_datum
        )
        return TrackHeightAnswer.of(found, _nearest(keeper.obstacles(known), track.lon_deg, track.lat_deg))

    return await deferToThread(look)


def _nearest(field: ObstacleField, lon: float | None, lat: float | None) -> Near | None:
    if lon is None or lat is None:
        return None
    places, away_m = field.nearest(np.array([lon]), np.array([lat]), NEAR_M)
    return None if places[0] < 0 else field.told(int(places[0]), float(away_m[0]))


async def _tracks(call: Call) -> TrackHeightsAnswer:
    keeper, picture = _keeper(call), call.site.picture
    terrain = keeper.terrain
    if call.who.session.role in NO_OPERATIONS or not terrain.has_fit:
        return TrackHeightsAnswer(fit=False, numbers=[], heights_m=[])
    slots = inside(picture, call.query.bounds())[: call.query.limit]
    best = picture.things.best_row[slots]
    slots, best = slots[best >= 0], best[best >= 0]
    rows = picture.rows
    numbers = picture.things.number[slots].tolist()
    lon, lat, altitude = rows.lon_deg[best], rows.lat_deg[best], rows.altitude_m[best]
    datum = rows.altitude_datum[best]

    def look() -> TrackHeightsAnswer:
        ground = terrain.elevation_m(lon, lat, fit=True)
        answer = TrackHeightsAnswer(fit=True, numbers=[], heights_m=[])
        for number, high, code, floor in zip(
            numbers, altitude.tolist(), datum.tolist(), ground.tolist(), strict=True
        ):
            found = above(None if np.isnan(floor) else floor, None if np.isnan(high) else high, DATUMS[code])
            if found.height_m is not None:
                answer.numbers.append(number)
                answer.heights_m.append(round(found.height_m))
        return answer

    return await deferToThread(look)


DOORS = (
    Door(
        method="GET",
        path="/terrain",
        name="getTerrain",
        text="Tiles of the height model, which of them are fit for the safety nets, and which files are not used and why.",
        handler=_terrain,
        answers=TerrainAnswer,
        statuses=(503,),
    ),
    Door(
        method="POST",
        path="/terrain/read",
        name="readTerrain",
        text="Look into the folder of tiles again; the answer does not wait for it.",
        handler=_read_again,
        takes=Nothing,
        answers=TerrainAnswer,
    ),
    Door(
        method="GET",
        path="/terrain/elevation",
        name="getElevation",
        text="The ground's height at a place, with its tile; null where there is none or a void.",
        handler=_elevation,
        query=PlaceQuery,
        answers=ElevationAnswer,
        statuses=(503,),
    ),
    Door(
        method="POST",
        path="/terrain/elevation",
        name="getElevations",
        text="The ground's height at up to 2,000 places. Nothing is changed.",
        handler=_elevations,
        takes=PointsBody,
        answers=ElevationsAnswer,
    ),
    Door(
        method="POST",
        path="/terrain/area",
        name="getAreaGround",
        text="The highest ground and obstacle within an area, and its heights above ground said above mean sea level. Nothing is changed.",
        handler=_area,
        takes=AreaBody,
        answers=AreaAnswer,
    ),
    Door(
        method="GET",
        path="/taskings/<id:id>/clearance",
        name="getClearance",
        text="How far the planned way of a tasking keeps from ground and obstacles at the top of its block, against the dated minimum. An aid: it replaces no planning by the crew.",
        handler=_tasking,
        answers=ClearanceAnswer,
        statuses=(503,),
    ),
    Door(
        method="GET",
        path="/airspace/<id:id>/ground",
        name="getBlockGround",
        text="Ground and obstacles below a block asked of ATC, and the profile from its corridor's beginning to its centre.",
        handler=_block,
        answers=AreaAnswer,
        statuses=(503,),
    ),
    Door(
        method="GET",
        path="/tracks/height",
        name="getTrackHeight",
        text="Height above ground of one thing, how sure it is, or why there is none; `id` is its identity or any of its keys.",
        handler=_track,
        query=TrackIdQuery,
        answers=TrackHeightAnswer,
        statuses=(404, 503),
    ),
    Door(
        method="GET",
        path="/tracks/heights",
        name="listTrackHeights",
        text="Heights above ground of everything inside `bbox`, by number; for labels on the map.",
        handler=_tracks,
        query=TrackQuery,
        answers=TrackHeightsAnswer,
        statuses=(503,),
    ),
)
