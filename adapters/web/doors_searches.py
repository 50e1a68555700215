"""Doors of searches (搜索航线): tried, drawn for an incident, amended, withdrawn, taken away as a file."""

from typing import Any

from adapters.web.lists import newest_first, one, page, shown
from adapters.web.table import Call, Door, Handler
from dispatch import access
from dispatch.errors import Forbidden
from dispatch.search import checked
from dispatch.search_facts import SearchDrawn
from dispatch.search_records import Search, SearchWay
from dispatch.search_way import way_of
from protocols import search_files
from protocols.json_answers import Page
from protocols.json_searches import (
    SearchAmendment,
    SearchBody,
    SearchDraft,
    SearchQuery,
    SearchWithdrawal,
)


async def _list(call: Call) -> Any:
    query: SearchQuery = call.query
    found = (
        each
        for each in shown(call, "searches")
        if (query.withdrawn or each.withdrawn_at is None)
        and (not query.incident_id or each.incident_id == query.incident_id)
    )
    return page(found, lambda each: newest_first(each.drawn_at, each.id), query)


async def _one(call: Call) -> Any:
    return one(call, "searches", call.path["id"])


async def _try(call: Call) -> SearchWay:
    if call.who.session.role not in access.DRAW_SEARCH:
        raise Forbidden("drawing a search is for the desk and observers")
    return way_of(checked(call.body.terms()))


async def _draw(call: Call) -> Search:
    answer = await call.site.desk.ask(call.ask(call.body.command()))
    made = next(r.fact.search for r in answer.recorded if isinstance(r.fact, SearchDrawn))
    return call.site.desk.world.searches.get(made.id, made)


async def _change(call: Call) -> Any:
    await call.site.desk.ask(call.ask(call.body.command(call.path["id"])))
    return one(call, "searches", call.path["id"])


def _writing(write: Any) -> Handler:
    async def writing(call: Call) -> bytes:
        made: bytes = write(one(call, "searches", call.path["id"]))
        return made

    return writing


DOORS = (
    Door(
        method="GET",
        path="/searches",
        name="listSearches",
        text="Searches drawn for the caller's incidents, newest first; `withdrawn` adds those that stand no more.",
        handler=_list,
        query=SearchQuery,
        answers=Page[Search],
    ),
    Door(
        method="POST",
        path="/searches",
        name="drawSearch",
        text="Draw a search for an incident. What cannot be flown is 409 with its code.",
        handler=_draw,
        takes=SearchDraft,
        answers=Search,
        status=201,
    ),
    Door(
        method="POST",
        path="/searches/try",
        name="trySearch",
        text="The way and its figures for these terms; nothing is recorded.",
        handler=_try,
        takes=SearchBody,
        answers=SearchWay,
    ),
    Door(
        method="GET",
        path="/searches/<id:id>",
        name="getSearch",
        text="One search with its way and history.",
        handler=_one,
        answers=Search,
    ),
    Door(
        method="GET",
        path="/searches/<id:id>/gpx",
        name="getSearchGpx",
        text="Its way as a GPX 1.1 route.",
        handler=_writing(search_files.gpx),
        answers=bytes,
        sends="application/gpx+xml",
    ),
    Door(
        method="GET",
        path="/searches/<id:id>/kml",
        name="getSearchKml",
        text="Its way and area as KML 2.2.",
        handler=_writing(search_files.kml),
        answers=bytes,
        sends="application/vnd.google-earth.kml+xml",
    ),
    Door(
        method="POST",
        path="/searches/<id:id>/amend",
        name="amendSearch",
        text="Fly it like this instead, or by another tasking.",
        handler=_change,
        takes=SearchAmendment,
        answers=Search,
    ),
    Door(
        method="POST",
        path="/searches/<id:id>/withdraw",
        name="withdrawSearch",
        text="Nobody is to fly it, with a reason.",
        handler=_change,
        takes=SearchWithdrawal,
        answers=Search,
    ),
)
