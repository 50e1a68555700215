"""Doors of hazard layers (烟羽, 爆炸, 淹没, 火线): timed GeoJSON in, each feature judged by itself."""

from dataclasses import replace
from typing import Any

from twisted.internet.threads import deferToThread

from adapters.web.lists import one, shown
from adapters.web.table import Call, Door
from dispatch import access, hazard, hazard_reach, minima
from dispatch.errors import Forbidden, Malformed, Refused
from dispatch.hazard_commands import TakeHazard
from dispatch.hazard_facts import HazardTaken
from dispatch.hazard_reach import Approach
from dispatch.hazard_records import Hazard, HazardTerms
from protocols import hazard_geojson
from protocols.json_weather import (
    ApproachesAnswer,
    HazardEnd,
    HazardNow,
    HazardQuery,
    HazardsAnswer,
    HazardsTaken,
    PlaceInside,
    RejectedRow,
    TakenHazard,
)

# What the description says of the body; what GeoJSON's rules cannot say is among the rejected rows.
_SHAPE: dict[str, Any] = {
    "type": "object",
    "required": ["type", "features"],
    "properties": {
        "type": {"const": "FeatureCollection"},
        "features": {"type": "array", "minItems": 1, "maxItems": hazard_geojson.MOST_FEATURES},
    },
}


async def _take(call: Call) -> HazardsTaken:
    role = call.who.session.role
    if role not in access.TAKE_HAZARD:  # before any work is done for it
        raise Forbidden(f"handing over hazards is for {', '.join(sorted(access.TAKE_HAZARD))}")
    read: hazard_geojson.ReadHazards = await deferToThread(hazard_geojson.read, call.raw)
    accepted: list[TakenHazard] = []
    rejected = list(read.rejected)
    for row, terms in read.hazards:
        try:
            answer = await call.site.desk.ask(
                call.ask(TakeHazard(terms=_with_wind(call, terms)), part=f":{row}" if row else "")
            )
        except (Refused, Malformed) as error:
            rejected.append(hazard_geojson.rejected_row(row, error))
            continue
        made = next(r.fact.hazard for r in answer.recorded if isinstance(r.fact, HazardTaken))
        accepted.append(
            TakenHazard(
                row=row, id=made.id, name=made.terms.name, version=made.version, flags=made.terms.flags
            )
        )
    return HazardsTaken(
        accepted=accepted,
        rejected=[
            RejectedRow(code=each.code, field=each.field, detail=each.detail, row=each.row)
            for each in sorted(rejected, key=lambda each: each.row)
        ],
    )


def _with_wind(call: Call, terms: HazardTerms) -> HazardTerms:
    """With the wind at its place, where its source does not say it and a station does."""
    if terms.wind_from_deg is not None:
        return terms
    world, now = call.site.desk.world, call.site.clock()
    rows = minima.in_force(world.minima.values(), now)
    try:
        place = hazard_reach.centre(tuple(ring.corners for ring in terms.rings))
    except ValueError:  # a ring that is none; the desk says so
        return terms
    here = minima.present(call.site.board.weather(world), rows, place, now)
    return replace(terms, wind_from_deg=here.wind_from_deg, wind_mps=here.wind_mps)


async def _list(call: Call) -> HazardsAnswer:
    query: HazardQuery = call.query
    world, now = call.site.desk.world, call.site.clock()
    found = [each for each in shown(call, "hazards") if query.over or not hazard.is_over(each, now)]
    return HazardsAnswer(
        at=now,
        items=[
            HazardNow(
                hazard=each,
                valid=hazard.is_valid(each, now),
                age_s=max(0.0, (now - each.terms.model_at).total_seconds()),
                inside=[
                    PlaceInside(table=place.table, id=place.id, name=place.name)  # type: ignore[arg-type]
                    for place in hazard_reach.inside(world, each)
                ],
            )
            for each in sorted(found, key=lambda each: (each.terms.name, each.id))[:500]
        ],
    )


async def _end(call: Call) -> Hazard:
    await call.site.desk.ask(call.ask(call.body.command(call.path["id"])))
    ended: Hazard = one(call, "hazards", call.path["id"])
    return ended


async def _approach(call: Call) -> ApproachesAnswer:
    tasking = one(call, "taskings", call.path["id"])
    found: tuple[Approach, ...] = hazard_reach.approach(
        call.site.desk.world, tasking.incident_position, call.site.clock()
    )
    return ApproachesAnswer(items=list(found))


DOORS = (
    Door(
        method="GET",
        path="/hazards",
        name="listHazards",
        text="Hazard layers that lie or will lie there, with their source, the age of the run, and our places inside; "
        "`over` adds those that are over, 500 at most.",
        handler=_list,
        query=HazardQuery,
        answers=HazardsAnswer,
    ),
    Door(
        method="POST",
        path="/hazards",
        name="takeHazards",
        text="Hazard layers as a GeoJSON FeatureCollection (烟羽, 爆炸, 淹没, 火线). Each feature is taken or rejected by "
        "itself; a newer run of the same kind, source and name replaces the older.",
        handler=_take,
        raw=("application/geo+json", "application/json"),
        strict=False,
        raw_shape=_SHAPE,
        answers=HazardsTaken,
    ),
    Door(
        method="POST",
        path="/hazards/<id:id>/end",
        name="endHazard",
        text="It is over before its time, with a reason; its airspace is opened.",
        handler=_end,
        takes=HazardEnd,
        answers=Hazard,
    ),
    Door(
        method="GET",
        path="/taskings/<id:id>/approach",
        name="getApproach",
        text="From which side to come where a plume lies near the scene and its wind is known.",
        handler=_approach,
        answers=ApproachesAnswer,
    ),
)
