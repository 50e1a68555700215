"""Doors of airspace volumes (空域): the chart as a list, as the map draws it, as files in and out."""

from typing import Any

from twisted.internet.threads import deferToThread

from adapters.web import volume_files
from adapters.web.lists import by_id, one, page
from adapters.web.table import Call, Door, Handler, Tagged
from dispatch import volume
from dispatch.errors import Forbidden
from dispatch.views import NO_OPERATIONS
from dispatch.volume_facts import VolumeSaved
from dispatch.volume_records import Volume
from protocols.json_answers import Page
from protocols.json_volumes import (
    VolumeAmendment,
    VolumeAnswer,
    VolumeDetail,
    VolumeDraft,
    VolumeImportQuery,
    VolumeMapQuery,
    VolumeQuery,
    VolumesImportAnswer,
    VolumeWithdrawal,
)
from protocols.volumes import geojson_write, kml, map_write

KEPT_CHARTS = 16  # answers kept: every console asks the same after a change


async def _list(call: Call) -> Any:
    query: VolumeQuery = call.query
    now, text = call.site.clock(), query.q.strip().lower()

    def wanted(each: Volume) -> bool:
        terms = each.terms
        words = (terms.name, terms.own_id, terms.note, terms.source.file)
        return (
            (query.withdrawn or each.withdrawn_at is None)
            and (query.kind is None or terms.kind is query.kind)
            and (query.airspace_class is None or terms.airspace_class is query.airspace_class)
            and (not text or any(text in word.lower() for word in words))
            and (not query.active or volume.is_active(each, now))
        )

    # everybody who sees any sees all; looking through thousands is a thread's work
    kept = () if call.who.session.role in NO_OPERATIONS else call.site.desk.world.volumes.values()

    def listed() -> Page[VolumeAnswer]:
        found = page((each for each in kept if wanted(each)), lambda each: by_id(each.id), query)
        return Page[VolumeAnswer](items=[VolumeAnswer.of(each, now) for each in found.items], next=found.next)

    return await deferToThread(listed)


def _detail(call: Call, volume_id: str) -> VolumeDetail:
    return VolumeDetail.of(one(call, "volumes", volume_id), call.site.clock())


async def _one(call: Call) -> VolumeDetail:
    return _detail(call, call.path["id"])


def _require_reader(call: Call) -> None:
    if call.who.session.role in NO_OPERATIONS:
        raise Forbidden("the chart is for those who have to do with flying")


async def _map(call: Call) -> Tagged:
    """Everybody sees the same chart, so it is written once for all who ask the same; administrators see an empty one."""
    world, charts = call.site.desk.world, call.site.charts
    if call.who.session.role in NO_OPERATIONS:
        return Tagged(tag='"none"', body=map_write.collection({}, {}, 0, world.volumes_at))
    key = (call.query.since, world.volumes_at)
    tag = f'"{world.site}-{key[0]}-{key[1]}-{len(world.volumes)}"'
    if call.known_tag == tag:
        return Tagged(tag=tag, body=None)
    body = charts.get(key)
    if body is None:
        body = await deferToThread(
            map_write.collection, world.volumes, world.changed, call.query.since, world.volumes_at
        )
        while len(charts) >= KEPT_CHARTS:
            charts.pop(next(iter(charts)))
        charts[key] = body
    return Tagged(tag=tag, body=body)


async def _import(call: Call) -> VolumesImportAnswer:
    return await volume_files.take(call)


async def _save(call: Call) -> VolumeDetail:
    answer = await call.site.desk.ask(call.ask(call.body.command()))
    made = next(r.fact.volume for r in answer.recorded if isinstance(r.fact, VolumeSaved))
    return _detail(call, made.id)


async def _change(call: Call) -> VolumeDetail:
    await call.site.desk.ask(call.ask(call.body.command(call.path["id"])))
    return _detail(call, call.path["id"])


def _exporting(write: Any) -> Handler:
    async def exporting(call: Call) -> bytes:
        _require_reader(call)
        kept = [each for each in call.site.desk.world.volumes.values() if each.withdrawn_at is None]
        made: bytes = await deferToThread(write, kept)
        return made

    return exporting


_FILES = (
    "text/plain",
    "application/xml",
    "text/xml",
    "application/json",
    "application/geo+json",
    "application/octet-stream",
)

DOORS = (
    Door(
        method="GET",
        path="/volumes",
        name="listVolumes",
        text="Airspace volumes by id, without their geometry; `withdrawn` adds those that are on no map any more.",
        handler=_list,
        query=VolumeQuery,
        answers=Page[VolumeAnswer],
    ),
    Door(
        method="POST",
        path="/volumes",
        name="saveVolume",
        text="Draw a volume by hand. A shape that cannot be meant is 409 with its code.",
        handler=_save,
        takes=VolumeDraft,
        answers=VolumeDetail,
        status=201,
    ),
    Door(
        method="GET",
        path="/volumes/map",
        name="mapVolumes",
        text="All volumes as GeoJSON for a map, gzipped, under an ETag; `since` the `through` of an earlier answer: what changed after it, and `gone`.",
        handler=_map,
        query=VolumeMapQuery,
        answers=dict[str, Any],
        sends="application/geo+json",
        tagged=True,
    ),
    Door(
        method="POST",
        path="/volumes/import",
        name="importVolumes",
        text="A file of OpenAir, AIXM 5.1, GeoJSON, ED-269 or F3548: what is new, changed, unchanged, and each airspace that makes no volume with its line. With `dry_run` nothing is recorded.",
        handler=_import,
        query=VolumeImportQuery,
        raw=_FILES,
        strict=False,
        raw_shape={"type": "string", "minLength": 1},
        answers=VolumesImportAnswer,
    ),
    Door(
        method="GET",
        path="/volumes/export.geojson",
        name="exportVolumes",
        text="The chart as GeoJSON, which the import reads.",
        handler=_exporting(geojson_write.collection),
        answers=dict[str, Any],
        sends="application/geo+json",
    ),
    Door(
        method="GET",
        path="/volumes/export.kml",
        name="exportVolumesAsKml",
        text="The chart as KML 2.2.",
        handler=_exporting(kml.collection),
        answers=bytes,
        sends="application/vnd.google-earth.kml+xml",
    ),
    Door(
        method="GET",
        path="/volumes/<id:id>",
        name="getVolume",
        text="One volume with its geometry and history.",
        handler=_one,
        answers=VolumeDetail,
    ),
    Door(
        method="POST",
        path="/volumes/<id:id>/amend",
        name="amendVolume",
        text="Change its times, heights, kind, class or words. What ATC has saved only ATC changes.",
        handler=_change,
        takes=VolumeAmendment,
        answers=VolumeDetail,
    ),
    Door(
        method="POST",
        path="/volumes/<id:id>/withdraw",
        name="withdrawVolume",
        text="Take it off the map, with a reason. What ATC has saved only ATC withdraws.",
        handler=_change,
        takes=VolumeWithdrawal,
        answers=VolumeDetail,
    ),
)
