"""Doors of video (空地视频): streams registered, changed, removed, how they do, and who watched."""

from typing import Any

from adapters.store.journal import Period
from adapters.web.lists import by_id, one, page, shown
from adapters.web.table import Call, Door
from dispatch import access
from dispatch.errors import Forbidden
from dispatch.video_facts import VideoStreamSaved, VideoViewingBegan
from dispatch.video_records import VideoStream
from protocols.codec.facts import decode
from protocols.codec.video import VideoStanding
from protocols.json_answers import Page
from protocols.json_video import (
    VideoStandingAnswer,
    VideoStreamAnswer,
    VideoStreamBody,
    VideoStreamChange,
    VideoStreamQuery,
    VideoStreamRemoval,
    ViewingLine,
    ViewingQuery,
)

ROWS_AT_ONCE = 200
MOST_ROWS = 5_000  # read for one answer; what lies beyond comes with the next cursor
PAST_THE_END = 2**63 - 1


def _answer(call: Call, stream: VideoStream) -> VideoStreamAnswer:
    standing = None if stream.removed_at is not None else standing_of(call, stream.id)
    return VideoStreamAnswer(stream=stream, standing=standing)


def standing_of(call: Call, stream_id: str) -> VideoStandingAnswer | None:
    """How a stream does, ours or a partner's; None where this site takes no video."""
    standing = None if call.site.video is None else call.site.video.standing(stream_id)
    return None if standing is None else _told(standing)


def _told(standing: VideoStanding) -> VideoStandingAnswer:
    made = standing.format
    return VideoStandingAnswer(
        state=standing.state,
        since=standing.since,
        reason=standing.reason,
        viewers=standing.viewers,
        fps=standing.fps,
        kbps=standing.kbps,
        codec=made.codec if made else "",
        width=made.width if made else 0,
        height=made.height if made else 0,
        counts=dict(standing.counts),
    )


async def _list(call: Call) -> Any:
    query: VideoStreamQuery = call.query
    found = (each for each in shown(call, "video_streams") if query.removed or each.removed_at is None)
    answers = (_answer(call, each) for each in found)
    return page(answers, lambda each: by_id(each.stream.id), query)


async def _one(call: Call) -> VideoStreamAnswer:
    return _answer(call, one(call, "video_streams", call.path["id"]))


async def _register(call: Call) -> VideoStreamAnswer:
    answer = await call.site.desk.ask(call.ask(call.body.command()))
    made = next(r.fact.stream for r in answer.recorded if isinstance(r.fact, VideoStreamSaved))
    return _answer(call, call.site.desk.world.video_streams.get(made.id, made))


async def _change(call: Call) -> VideoStreamAnswer:
    one(call, "video_streams", call.path["id"])
    await call.site.desk.ask(call.ask(call.body.command_for(call.path["id"])))
    return _answer(call, call.site.desk.world.video_streams[call.path["id"]])


async def _viewings(call: Call) -> Page[ViewingLine]:
    if call.who.session.role not in access.SEE_VIEWINGS:
        raise Forbidden(f"viewings are for {', '.join(sorted(access.SEE_VIEWINGS))}")
    query: ViewingQuery = call.query
    begin, end = query.period(call.site.clock())
    period = Period(kind=VideoViewingBegan.__name__, begin=begin, end=end)
    before = int(query.cursor) if query.cursor else PAST_THE_END
    found: list[ViewingLine] = []
    for _ in range(MOST_ROWS // ROWS_AT_ONCE):
        rows = await call.site.desk.own_rows(period, before, ROWS_AT_ONCE)
        for row in rows:
            fact = decode(row.kind, row.body)
            if not isinstance(fact, VideoViewingBegan):
                continue
            viewing = fact.viewing
            if (query.stream_id and viewing.stream_id != query.stream_id) or (
                query.who and row.actor != query.who
            ):
                continue
            found.append(
                ViewingLine(
                    seq=row.seq,
                    at=row.at,
                    who=row.actor,
                    role=row.role,
                    viewing_id=viewing.id,
                    stream_id=viewing.stream_id,
                    address=viewing.address,
                    purpose=viewing.purpose,
                    platform=viewing.platform,
                )
            )
            if len(found) >= query.limit:
                return Page(items=found, next=str(row.seq))
        if len(rows) < ROWS_AT_ONCE:
            return Page(items=found, next=None)
        before = rows[-1].seq
    return Page(items=found, next=str(before))


DOORS = (
    Door(
        method="GET",
        path="/video/streams",
        name="listVideoStreams",
        text="Streams of video that the caller may see, and how each does now; `removed` adds those that are no more.",
        handler=_list,
        query=VideoStreamQuery,
        answers=Page[VideoStreamAnswer],
    ),
    Door(
        method="POST",
        path="/video/streams",
        name="registerVideoStream",
        text="Register a stream: where it comes from, what it is on, who may watch.",
        handler=_register,
        takes=VideoStreamBody,
        answers=VideoStreamAnswer,
        status=201,
    ),
    Door(
        method="GET",
        path="/video/streams/<id:id>",
        name="getVideoStream",
        text="One stream and how it does.",
        handler=_one,
        answers=VideoStreamAnswer,
    ),
    Door(
        method="POST",
        path="/video/streams/<id:id>/change",
        name="changeVideoStream",
        text="What is said of a stream instead, whole.",
        handler=_change,
        takes=VideoStreamChange,
        answers=VideoStreamAnswer,
    ),
    Door(
        method="POST",
        path="/video/streams/<id:id>/remove",
        name="removeVideoStream",
        text="It is no more, with a reason; whoever watches is told.",
        handler=_change,
        takes=VideoStreamRemoval,
        answers=VideoStreamAnswer,
    ),
    Door(
        method="GET",
        path="/video/viewings",
        name="listViewings",
        text="Who watched which stream, since when, newest first. For the auditor and the duty chief.",
        handler=_viewings,
        query=ViewingQuery,
        answers=Page[ViewingLine],
        statuses=(403, 503),
    ),
)
