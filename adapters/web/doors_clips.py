"""Doors of clips: parts of recordings taken away as files, for evidence, with their hash; and who watched or took what."""

from typing import Any

from adapters.store.journal import Period
from adapters.web.doors_recordings import again, recordings_of
from adapters.web.lists import newest_first, page, shown
from adapters.web.sessions import new_key
from adapters.web.table import Call, Door, Filed
from dispatch import access, ids, video_recording
from dispatch.commands import Ask
from dispatch.errors import Forbidden, GanyingError, KeyReused, NotStored, Refused, Unknown
from dispatch.video_commands import BeginReplay, ExportClip
from dispatch.video_facts import VideoReplayBegan
from dispatch.video_kinds import VideoCarrier
from dispatch.video_records import VideoClip
from protocols.codec.facts import decode
from protocols.json_answers import Page
from protocols.json_recordings import ClipAnswer, ClipBody, ClipCheck, ClipQuery, ReplayLine, at
from protocols.json_video import ViewingQuery

MP4, TS = "video/mp4", "video/mp2t"
ROWS_AT_ONCE, MOST_ROWS = 200, 5_000
PAST_THE_END = 2**63 - 1


@again
async def _export(call: Call) -> ClipAnswer:
    body: ClipBody = call.body
    world, recordings = call.site.desk.world, recordings_of(call)
    key = call.key or new_key()
    clip_id = ids.derive(world.site, "CLP", f"{call.who.account.name}\0{key}")
    present = world.video_clips.get(clip_id)
    if present is not None:  # asked again with the same key
        if (present.stream_id, present.reason, present.incident_id, present.with_klv) != (
            body.stream_id,
            body.reason,
            body.incident_id,
            body.with_klv,
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
    made = await recordings.make_clip(
        clip_id, world.video_streams[body.stream_id], body.span(), body.with_klv
    )
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
        with_klv=body.with_klv,
        klv=made.klv,
    )
    try:
        await call.site.desk.ask(call.ask(command))
    except NotStored:  # it may stand in the journal after all: settled at the next start
        raise
    except GanyingError:
        recordings.clip_refused(clip_id, body.with_klv)
        raise
    recordings.clip_recorded(clip_id, body.with_klv)
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


@again
async def _check(call: Call) -> ClipCheck:
    clip = _clip(call)
    digest = await recordings_of(call).clip_digest(clip.id, clip.with_klv)
    state = "missing" if digest is None else "whole" if digest == clip.sha256 else "changed"
    return ClipCheck(state=state, sha256=digest, recorded=clip.sha256)  # type: ignore[arg-type]  # one of the three


@again
async def _file(call: Call) -> Filed:
    clip = _clip(call)
    command = BeginReplay(
        stream_id=clip.stream_id, from_at=clip.from_at, address=call.address, clip_id=clip.id
    )
    await call.site.desk.ask(call.ask(command))
    found = await recordings_of(call).clip_file(clip.id, clip.with_klv)
    if found is None:
        raise Refused("CLIP_GONE", "the file is not there any more; the journal keeps its hash")
    return Filed(file=found[0], size=found[1], name=clip.file_name, kind=TS if clip.with_klv else MP4)


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
            "Write a part of a recording as a file, as it came, at most 30 min: MP4, or MPEG-TS `with_klv`."
            " Who, when, why and the file's SHA-256 are in the"
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
