"""Doors of recordings: searched, watched part by part, small pictures, clips for evidence and their hash."""

import hashlib
from collections.abc import Awaitable, Callable, Iterable
from functools import wraps
from typing import Any

from adapters.store.journal import Period
from adapters.video.recording.asking import NoRecording
from adapters.video.recording.catalogue import Recorded, Sought
from adapters.video.recording.parts import Wanted
from adapters.video.recording.recordings import Recordings
from adapters.web.lists import newest_first, page, shown
from adapters.web.problems import RETRY_AFTER_S, HttpError
from adapters.web.sessions import new_key
from adapters.web.table import Call, Door, Filed, Tagged
from dispatch import access, ids, video_recording
from dispatch.commands import Ask
from dispatch.errors import Forbidden, GanyingError, KeyReused, NotStored, Refused, Unknown
from dispatch.kinds import Role
from dispatch.video import may_watch
from dispatch.video_commands import BeginReplay, ExportClip
from dispatch.video_facts import VideoReplayBegan
from dispatch.video_kinds import VideoCarrier
from dispatch.video_recording import Flown, flown, may_replay
from dispatch.video_records import VideoClip, VideoStream
from protocols.codec.facts import decode
from protocols.json_answers import Page
from protocols.json_recordings import (
    ClipAnswer,
    ClipBody,
    ClipCheck,
    ClipQuery,
    IncidentOfRecording,
    PartQuery,
    RecordingAnswer,
    RecordingQuery,
    ReplayLine,
    SpanAnswer,
    StillQuery,
    at,
    us,
)
from protocols.json_video import ViewingQuery

JPEG, PROTOBUF, MP4 = "image/jpeg", "application/x-protobuf", "video/mp4"
ROWS_AT_ONCE, MOST_ROWS = 200, 5_000
PAST_THE_END = 2**63 - 1


def _again(handler: Callable[[Call], Awaitable[Any]]) -> Callable[[Call], Awaitable[Any]]:
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


def _recordings(call: Call) -> Recordings:
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


@_again
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
    found = await _recordings(call).search(sought)
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


@_again
async def _part(call: Call) -> bytes:
    query: PartQuery = call.query
    begin_us, end_us = query.span_us()
    stream = _stream(call, call.path["id"])
    recordings, session = _recordings(call), call.who.session.token_digest
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


@_again
async def _still_then(call: Call) -> Tagged:
    query: StillQuery = call.query
    stream = _stream(call, call.path["id"])
    jpeg = await _recordings(call).still_at(stream.id, us(query.at), _carriers(call))
    tag = f'"{hashlib.sha256(jpeg).hexdigest()[:24]}"'
    return Tagged(tag=tag, body=None if call.known_tag == tag else jpeg, packed=False)


@_again
async def _still_now(call: Call) -> Tagged:
    who, stream_id = call.who, call.path["id"]
    line = None if call.site.video is None else call.site.video.line(stream_id)
    if line is None or not may_watch(who.session.role, who.account.operator_id, line.stream):
        raise Unknown("id", "no such stream for you")
    still = await _recordings(call).still_now(line)
    body = None if call.known_tag == still.tag else still.jpeg
    return Tagged(tag=still.tag, body=body, packed=False)


@_again
async def _export(call: Call) -> ClipAnswer:
    body: ClipBody = call.body
    world, recordings = call.site.desk.world, _recordings(call)
    key = call.key or new_key()
    clip_id = ids.derive(world.site, "CLP", f"{call.who.account.name}\0{key}")
    present = world.video_clips.get(clip_id)
    if present is not None:  # asked again with the same key
        if (present.stream_id, present.reason, present.incident_id) != (
            body.stream_id,
            body.reason,
            body.incident_id,
        ):
            raise KeyReused(key)
        return ClipAnswer(clip=present)
    asked = Ask(
        actor=call.who.account.name,
        role=call.who.session.role,
        command_id=key,
        command=BeginReplay(stream_id=body.stream_id, from_at=body.from_),
    )
    video_recording.check_export(world, asked, body.stream_id, body.span(), body.reason)
    if body.incident_id and body.incident_id not in {each.id for each in shown(call, "incidents")}:
        raise Unknown("incident_id", f"no incident {body.incident_id}")
    made = await recordings.make_clip(clip_id, world.video_streams[body.stream_id], body.span())
    command = ExportClip(
        clip_id=clip_id,
        stream_id=body.stream_id,
        from_at=at(made.from_us),
        to_at=at(made.to_us),
        reason=body.reason,
        incident_id=body.incident_id,
        sha256=made.sha256,
        size_bytes=made.size_bytes,
        pictures=made.pictures,
        gaps=made.gaps,
        codec=made.codec,
        width=made.width,
        height=made.height,
        stream_name=made.name,
        carrier=VideoCarrier(made.carrier),
        carrier_id=made.carrier_id,
    )
    try:
        await call.site.desk.ask(call.ask(command))
    except NotStored:  # it may stand in the journal after all: settled at the next start
        raise
    except GanyingError:
        recordings.clip_refused(clip_id)
        raise
    recordings.clip_recorded(clip_id)
    return ClipAnswer(clip=call.site.desk.world.video_clips[clip_id])


def _clips_for(call: Call) -> None:
    if call.who.session.role not in access.SEE_CLIPS:
        raise Forbidden(f"clips are for {', '.join(sorted(access.SEE_CLIPS))}")


def _clip(call: Call) -> VideoClip:
    _clips_for(call)
    clip = call.site.desk.world.video_clips.get(call.path["id"])
    if clip is None:
        raise Unknown("id", f"no clip {call.path['id']}")
    return clip


async def _clips(call: Call) -> Any:
    _clips_for(call)
    query: ClipQuery = call.query
    found = (
        ClipAnswer(clip=each)
        for each in call.site.desk.world.video_clips.values()
        if query.incident_id in ("", each.incident_id) and query.stream_id in ("", each.stream_id)
    )
    return page(found, lambda each: newest_first(each.clip.exported_at, each.clip.id), query)


@_again
async def _check(call: Call) -> ClipCheck:
    clip = _clip(call)
    digest = await _recordings(call).clip_digest(clip.id)
    state = "missing" if digest is None else "whole" if digest == clip.sha256 else "changed"
    return ClipCheck(state=state, sha256=digest, recorded=clip.sha256)  # type: ignore[arg-type]  # one of the three


@_again
async def _file(call: Call) -> Filed:
    clip = _clip(call)
    command = BeginReplay(
        stream_id=clip.stream_id, from_at=clip.from_at, address=call.address, clip_id=clip.id
    )
    await call.site.desk.ask(call.ask(command))
    found = await _recordings(call).clip_file(clip.id)
    if found is None:
        raise Refused("CLIP_GONE", "the file is not there any more; the journal keeps its hash")
    return Filed(file=found[0], size=found[1], name=f"{clip.id}.mp4")


async def _replays(call: Call) -> Page[ReplayLine]:
    if call.who.session.role not in access.SEE_VIEWINGS:
        raise Forbidden(f"viewings are for {', '.join(sorted(access.SEE_VIEWINGS))}")
    query: ViewingQuery = call.query
    begin, end = query.period(call.site.clock())
    period = Period(kind=VideoReplayBegan.__name__, begin=begin, end=end)
    before = int(query.cursor) if query.cursor else PAST_THE_END
    found: list[ReplayLine] = []
    for _ in range(MOST_ROWS // ROWS_AT_ONCE):
        rows = await call.site.desk.own_rows(period, before, ROWS_AT_ONCE)
        for row in rows:
            fact = decode(row.kind, row.body)
            if not isinstance(fact, VideoReplayBegan):
                continue
            one = fact.replay
            if query.stream_id not in ("", one.stream_id) or query.who not in ("", row.actor):
                continue
            found.append(
                ReplayLine(
                    seq=row.seq,
                    at=row.at,
                    who=row.actor,
                    role=row.role,
                    replay_id=one.id,
                    stream_id=one.stream_id,
                    from_=one.from_at,
                    address=one.address,
                    purpose=one.purpose,
                    clip_id=one.clip_id,
                )
            )
            if len(found) >= query.limit:
                return Page(items=found, next=str(row.seq))
        if len(rows) < ROWS_AT_ONCE:
            return Page(items=found, next=None)
        before = rows[-1].seq
    return Page(items=found, next=str(before))


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
    Door(
        method="GET",
        path="/video/clips",
        name="listClips",
        text="Parts of recordings that were taken away as files, newest first.",
        handler=_clips,
        query=ClipQuery,
        answers=Page[ClipAnswer],
        statuses=(403,),
    ),
    Door(
        method="POST",
        path="/video/clips",
        name="exportClip",
        text=(
            "Write a part of a recording as MP4, as it came, at most 30 min. Who, when, why and the file's SHA-256 are in the"
            " journal before it can be fetched. It begins with the key frame before `from`."
        ),
        handler=_export,
        takes=ClipBody,
        answers=ClipAnswer,
        status=201,
        statuses=_FAILS,
    ),
    Door(
        method="GET",
        path="/video/clips/<id:id>/file",
        name="getClip",
        text="The file; who fetches it is written down first.",
        handler=_file,
        answers=bytes,
        sends=MP4,
        statuses=(403, *_FAILS),
    ),
    Door(
        method="GET",
        path="/video/clips/<id:id>/check",
        name="checkClip",
        text="The hash of the file as it is now, beside the one in the journal.",
        handler=_check,
        answers=ClipCheck,
        statuses=(403, *_FAILS),
    ),
    Door(
        method="GET",
        path="/video/replays",
        name="listReplays",
        text="Who watched which recording or took a clip away, newest first. For the auditor and the duty chief.",
        handler=_replays,
        query=ViewingQuery,
        answers=Page[ReplayLine],
        statuses=(403, 503),
    ),
)
