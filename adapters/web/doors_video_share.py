"""Doors of video between sites: what partners show us, our requests and theirs, and the answers."""

from typing import Any

from adapters.web.doors_video import standing_of
from adapters.web.lists import by_id, newest_first, one, page, shown
from adapters.web.table import Call, Door, Handler
from dispatch import video_share
from dispatch.errors import Unknown
from dispatch.video_share_facts import VideoRequested
from dispatch.video_share_records import ShownVideo, VideoRequest
from protocols.json_answers import Page
from protocols.json_doors import PageQuery
from protocols.json_video_share import (
    ShownVideoAnswer,
    VideoAskBody,
    VideoGranting,
    VideoRefusal,
    VideoRequestAnswer,
    VideoRequestQuery,
    VideoRevocation,
    VideoWithdrawal,
)


def _answer(call: Call, request: VideoRequest) -> VideoRequestAnswer:
    world = call.site.desk.world
    grant = video_share.grant_of(world, request.id)
    holds = grant is not None and video_share.is_open(world, request, call.site.clock())
    return VideoRequestAnswer(request=request, grant=grant, holds=holds)


async def _shown(call: Call) -> Page[ShownVideoAnswer]:
    def told(each: ShownVideo) -> ShownVideoAnswer:
        return ShownVideoAnswer(shown=each, standing=standing_of(call, each.id))

    found = (told(each) for each in shown(call, "shown_videos") if not each.gone)
    return page(found, lambda each: by_id(each.shown.id), call.query)


async def _list(call: Call) -> Page[VideoRequestAnswer]:
    query: VideoRequestQuery = call.query
    site = call.site.desk.world.site
    found = (
        each
        for each in shown(call, "video_requests")
        if not query.way or (query.way == "out") is (each.site == site)
    )
    rows: Page[VideoRequest] = page(found, lambda each: newest_first(each.requested_at, each.id), query)
    return Page(items=[_answer(call, each) for each in rows.items], next=rows.next)


async def _one(call: Call) -> VideoRequestAnswer:
    return _answer(call, one(call, "video_requests", call.path["id"]))


async def _ask(call: Call) -> VideoRequestAnswer:
    answer = await call.site.desk.ask(call.ask(call.body.command()))
    made = next(r.fact.request for r in answer.recorded if isinstance(r.fact, VideoRequested))
    return _answer(call, call.site.desk.world.video_requests.get(made.id, made))


async def _act(call: Call) -> VideoRequestAnswer:
    request: VideoRequest = one(call, "video_requests", call.path["id"])
    await call.site.desk.ask(call.ask(call.body.command(request.id)))
    return _answer(call, one(call, "video_requests", request.id))


async def _revoke(call: Call) -> VideoRequestAnswer:
    request: VideoRequest = one(call, "video_requests", call.path["id"])
    grant = video_share.grant_of(call.site.desk.world, request.id)
    if grant is None:
        raise Unknown("id", f"{request.id} is not answered")
    await call.site.desk.ask(call.ask(call.body.command(grant.id)))
    return _answer(call, one(call, "video_requests", request.id))


def _step(action: str, takes: Any, text: str, handler: Handler = _act) -> Door:
    return Door(
        method="POST",
        path=f"/video/requests/<id:id>/{action}",
        name=f"{action}VideoRequest",
        text=text,
        handler=handler,
        takes=takes,
        answers=VideoRequestAnswer,
    )


DOORS = (
    Door(
        method="GET",
        path="/video/shown",
        name="listShownVideos",
        text="Streams of partners that this site may ask for.",
        handler=_shown,
        query=PageQuery,
        answers=Page[ShownVideoAnswer],
    ),
    Door(
        method="GET",
        path="/video/requests",
        name="listVideoRequests",
        text="Requests for video between sites, ours and partners' to us, newest first, with their answers.",
        handler=_list,
        query=VideoRequestQuery,
        answers=Page[VideoRequestAnswer],
    ),
    Door(
        method="POST",
        path="/video/requests",
        name="askVideo",
        text="Ask a partner for a stream that it shows, and what for. Its owner, or the owner's consent, answers.",
        handler=_ask,
        takes=VideoAskBody,
        answers=VideoRequestAnswer,
        status=201,
    ),
    Door(
        method="GET",
        path="/video/requests/<id:id>",
        name="getVideoRequest",
        text="One request and its answer.",
        handler=_one,
        answers=VideoRequestAnswer,
    ),
    _step("withdraw", VideoWithdrawal, "Our own request is not needed any more; what was granted ends."),
    _step(
        "grant",
        VideoGranting,
        "A partner may see a stream of ours, for a time. Under a consent with video alone.",
    ),
    _step("refuse", VideoRefusal, "A partner may not see it, and why."),
    _step("revoke", VideoRevocation, "A partner may see it no more, at once, and why.", _revoke),
)
