"""Doors of recordings: searched, watched part by part, small pictures. Clips: doors_clips.py."""

import hashlib
from collections.abc import Awaitable, Callable, Iterable
from functools import wraps
from typing import Any

from adapters.video.recording.asking import NoRecording
from adapters.video.recording.catalogue import Recorded, Sought
from adapters.video.recording.parts import Wanted
from adapters.video.recording.recordings import Recordings
from adapters.web.lists import shown
from adapters.web.problems import RETRY_AFTER_S, HttpError
from adapters.web.table import Call, Door, Tagged
from dispatch.errors import Refused, Unknown
from dispatch.kinds import Role
from dispatch.video import may_watch
from dispatch.video_commands import BeginReplay
from dispatch.video_kinds import VideoCarrier
from dispatch.video_recording import Flown, flown, may_replay
from dispatch.video_records import VideoStream
from protocols.json_answers import Page
from protocols.json_recordings import (
    IncidentOfRecording,
    PartQuery,
    RecordingAnswer,
    RecordingQuery,
    SpanAnswer,
    StillQuery,
    at,
    us,
)

JPEG, PROTOBUF = "image/jpeg", "application/x-protobuf"


def again(handler: Callable[[Call], Awaitable[Any]]) -> Callable[[Call], Awaitable[Any]]:
    """What cannot be had now is 503, and when to ask again."""

    @wraps(handler)
    async def answer(call: Call) -> Any:
        try:
            return await handler(call)
        except NoRecording as error:
            headers = {"Retry-After": str(RETRY_AFTER_S)}
            raise HttpError(503, error.code, error.detail, headers=headers) from None
        except OSError as error:
            raise HttpError(503, "RECORDINGS_UNREADABLE", error.strerror or "the disk failed") from None

    return answer


def recordings_of(call: Call) -> Recordings:
    """This site's. Raises Refused where it takes no video."""
    if call.site.video is None:
        raise Refused("NO_VIDEO", "this site takes no video")
    return call.site.video.recordings


def _stream(call: Call, stream_id: str, field: str = "id") -> VideoStream:
    """A stream whose recordings the caller may see. Raises Unknown."""
    stream = call.site.desk.world.video_streams.get(stream_id)
    who = call.who
    if stream is None or not may_replay(who.session.role, who.account.operator_id, stream):
        raise Unknown(field, "no such stream for you")
    return stream


def _carriers(call: Call) -> tuple[str, ...] | None:
    """An operator sees what was recorded on its own aircraft, whatever the stream is on now; None: on any."""
    if call.who.session.role is not Role.OPERATOR:
        return None
    operator_id = call.who.account.operator_id
    return tuple(
        each.id for each in call.site.desk.world.aircraft.values() if each.operator_id == operator_id
    )


def _streams(call: Call, only: str) -> tuple[str, ...]:
    role, operator_id = call.who.session.role, call.who.account.operator_id
    return tuple(
        each.id
        for each in call.site.desk.world.video_streams.values()
        if (not only or each.id == only) and may_replay(role, operator_id, each)
    )


@again
async def _list(call: Call) -> Page[RecordingAnswer]:
    query: RecordingQuery = call.query
    begin_us, end_us = query.span_us(call.site.clock())
    box = query.box()
    streams = _streams(call, query.stream_id)
    known = {each.id: each for each in shown(call, "incidents")}
    flights = [each for each in flown(call.site.desk.world) if each.incident_id in known]
    if not streams or (query.incident_id and query.incident_id not in known):
        return Page(items=[], next=None)
    sought = Sought(
        from_us=begin_us,
        to_us=end_us,
        streams=streams,
        box=box,
        carried=_carried(call, flights, query, (begin_us, end_us)),
        before=query.cursor,
        limit=query.limit,
    )
    found = await recordings_of(call).search(sought)
    return Page(items=[_told(each, flights, known) for each in found.items], next=found.next)


def _carried(
    call: Call, flights: list[Flown], query: RecordingQuery, span: tuple[int, int]
) -> tuple[tuple[str, int, int], ...] | None:
    """On which carriers, when; None: on any."""
    own = _carriers(call)
    if query.incident_id:
        now = call.site.clock()
        return tuple(
            (each.aircraft_id, us(each.since), us(each.until or now))
            for each in flights
            if each.incident_id == query.incident_id
            and query.carrier_id in ("", each.aircraft_id)
            and (own is None or each.aircraft_id in own)
        )
    if own is not None:
        return tuple((each, *span) for each in own if query.carrier_id in ("", each))
    return ((query.carrier_id, *span),) if query.carrier_id else None


def _told(found: Recorded, flights: Iterable[Flown], known: dict[str, Any]) -> RecordingAnswer:
    begin, end = at(found.from_us), at(found.to_us)
    with_it = {
        each.incident_id: known[each.incident_id].title
        for each in flights
        if found.carrier_id and each.aircraft_id == found.carrier_id and each.meets(begin, end)
    }
    return RecordingAnswer(
        stream_id=found.stream_id,
        from_=begin,
        to=end,
        spans=[SpanAnswer(from_=at(first), to=at(last)) for first, last in found.spans],
        name=found.name,
        carrier=VideoCarrier(found.carrier) if found.carrier else None,
        carrier_id=found.carrier_id,
        codec=found.codec,
        width=found.width,
        height=found.height,
        size_bytes=found.size,
        pictures=found.units,
        damaged=found.damaged,
        seen=None if found.seen is None else SpanAnswer(from_=at(found.seen[0]), to=at(found.seen[1])),
        lon_deg=found.look[0] if found.look else None,
        lat_deg=found.look[1] if found.look else None,
        incidents=[IncidentOfRecording(id=one, title=title) for one, title in with_it.items()],
    )


@again
async def _part(call: Call) -> bytes:
    query: PartQuery = call.query
    begin_us, end_us = query.span_us()
    stream = _stream(call, call.path["id"])
    recordings, session = recordings_of(call), call.who.session.token_digest
    command = BeginReplay(
        stream_id=stream.id, from_at=at(begin_us), address=call.address, purpose=query.purpose
    )
    await recordings.replays.begin(session, call.ask, command)
    wanted = Wanted(
        stream_id=stream.id,
        from_us=begin_us,
        to_us=end_us,
        begin=query.begin,
        keys=query.keys,
        carriers=_carriers(call),
    )
    part = await recordings.part(wanted)
    recordings.replays.sent(session, stream.id, part)
    return part.body


@again
async def _still_then(call: Call) -> Tagged:
    query: StillQuery = call.query
    stream = _stream(call, call.path["id"])
    jpeg = await recordings_of(call).still_at(stream.id, us(query.at), _carriers(call))
    tag = f'"{hashlib.sha256(jpeg).hexdigest()[:24]}"'
    return Tagged(tag=tag, body=None if call.known_tag == tag else jpeg, packed=False)


@again
async def _still_now(call: Call) -> Tagged:
    who, stream_id = call.who, call.path["id"]
    line = None if call.site.video is None else call.site.video.line(stream_id)
    if line is None or not may_watch(who.session.role, who.account.operator_id, line.stream):
        raise Unknown("id", "no such stream for you")
    still = await recordings_of(call).still_now(line)
    body = None if call.known_tag == still.tag else still.jpeg
    return Tagged(tag=still.tag, body=body, packed=False)


_FAILS = (404, 409, 503)
DOORS = (
    Door(
        method="GET",
        path="/video/recordings",
        name="listRecordings",
        text=(
            "What was recorded, newest first: one row for each stream in each hour. By time, stream, what it was on, the"
            " incident that the aircraft was tasked to, and the box (`bbox`) that the camera looked into."
        ),
        handler=_list,
        query=RecordingQuery,
        answers=Page[RecordingAnswer],
        statuses=_FAILS,
    ),
    Door(
        method="GET",
        path="/video/recordings/<id:id>/part",
        name="getRecordingPart",
        text=(
            "Some seconds of a recording as one protobuf message, VideoRecorded of protocols/schema/video.proto; ask on"
            " from `through_us`. That somebody watches is in the journal before the first part is answered."
        ),
        handler=_part,
        query=PartQuery,
        answers=bytes,
        sends=PROTOBUF,
        statuses=_FAILS,
    ),
    Door(
        method="GET",
        path="/video/recordings/<id:id>/still",
        name="getRecordingStill",
        text="A small picture of the key frame nearest to a moment, at most a minute away.",
        handler=_still_then,
        query=StillQuery,
        answers=bytes,
        sends=JPEG,
        tagged=True,
        statuses=_FAILS,
    ),
    Door(
        method="GET",
        path="/video/streams/<id:id>/still",
        name="getVideoStill",
        text="A stream's newest small picture, made anew each 5 s while somebody asks; 404 while no picture comes.",
        handler=_still_now,
        answers=bytes,
        sends=JPEG,
        tagged=True,
        statuses=_FAILS,
    ),
)
