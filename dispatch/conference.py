"""Sources for the conference system (会商引接): what a desk lets it pull for one call, for how long, and that it is pulled.

A source is a stream of video that the desk may watch, or the map of the consultation. It may be pulled only for its
call, only while the consultation is open, until the call's time is over or somebody takes it back. A partner's stream is
offered on only if its owner's grant says that it may be passed on.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from dispatch import access, ids, video, video_share
from dispatch.commands import Ask
from dispatch.conference_commands import (
    BeginPull,
    ConferenceCommand,
    EndPull,
    OfferSources,
    TakeBackSources,
)
from dispatch.conference_facts import (
    ConferencePullBegan,
    ConferencePullEnded,
    ConferenceSourcesOffered,
    ConferenceSourcesTakenBack,
)
from dispatch.conference_records import MAP, ConferenceCall, ConferencePull, ConferenceSource
from dispatch.errors import Malformed, Refused, Unknown
from dispatch.facts import Fact
from dispatch.kinds import Role
from dispatch.room_records import Room
from dispatch.video_commands import BeginViewing, EndViewing
from dispatch.video_facts import VideoViewingBegan
from dispatch.video_records import VideoViewing
from dispatch.video_share_facts import PartnerViewingBegan
from dispatch.world import World

MOST_SOURCES = 12  # of one call
SHORTEST_S, LONGEST_S = 60.0, 24 * 3600.0
MAX_REASON = 200
MOST_PULLING = 16  # of one call at once
# why a source may not be pulled
ENDED, EXPIRED, TAKEN_BACK, NO_STREAM = "ENDED", "EXPIRED", "TAKEN_BACK", "NO_STREAM"
NOT_OFFERED, NO_RESHARE, NOT_ENABLED = "NOT_OFFERED", "NO_RESHARE", "NOT_ENABLED"


def decide(world: World, ask: Ask, command: ConferenceCommand, now: datetime) -> tuple[Fact, ...]:
    """Raises Malformed, Forbidden, Unknown or Refused."""
    match command:
        case OfferSources():
            access.require(ask, access.OPEN_ROOM, "offering sources to the conference system")
            return _offer(world, ask, command, now)
        case TakeBackSources():
            if ask.role is not None:
                access.require(ask, access.OPEN_ROOM, "taking a source back")
            return _take_back(world, command)
        case BeginPull():
            access.require_site(ask, "a pull of the conference system")
            return _begin(world, ask, command, now)
        case EndPull():
            access.require_site(ask, "ending a pull")
            return _end(world, ask, command, now)


def source_of(call: ConferenceCall, source_id: str) -> ConferenceSource | None:
    """One of a call's."""
    return next((each for each in call.sources if each.id == source_id), None)


def why_not(world: World, call_id: str, source_id: str, now: datetime) -> str:
    """A code: why a source may not be pulled for a call now; empty: it may."""
    call = world.conference_calls.get(call_id)
    source = None if call is None else source_of(call, source_id)
    if call is None or source is None:
        return NOT_OFFERED
    room = world.rooms.get(call.room_id)
    if room is None or room.closed_at is not None or world.site not in room.sites:
        return ENDED
    if source.taken_back_at is not None:
        return TAKEN_BACK
    if now >= call.until:
        return EXPIRED
    return "" if source_id == MAP else _barred(world, source_id, now)


def offerable(world: World, now: datetime) -> tuple[ConferenceSource, ...]:
    """The streams that a desk may offer now, by name."""
    named = [(each.id, each.terms.name) for each in world.video_streams.values()]
    named += [(each.id, each.name) for each in world.shown_videos.values() if not each.gone]
    may = (ConferenceSource(id=key, name=name) for key, name in named if not _barred(world, key, now))
    return tuple(sorted(may, key=lambda each: (each.name, each.id)))


def _barred(world: World, stream_id: str, now: datetime) -> str:
    """A code: why the conference system may not have a stream whatever the desk says."""
    shown = world.shown_videos.get(stream_id)
    if shown is not None:
        grant = None if shown.gone else video_share.held(world, stream_id, world.site, now)
        if grant is None:
            return video_share.why_not(world, stream_id, world.site, now)
        return "" if grant.reshare else NO_RESHARE
    stream = world.video_streams.get(stream_id)
    if stream is None or stream.site != world.site or stream.removed_at is not None:
        return NO_STREAM
    return "" if stream.terms.enabled else NOT_ENABLED


def _offer(world: World, ask: Ask, command: OfferSources, now: datetime) -> tuple[Fact, ...]:
    room = _room(world, command.room_id)
    wanted = (*command.streams, *((MAP,) if command.with_map else ()))
    if not wanted or len(wanted) > MOST_SOURCES or len(set(wanted)) != len(wanted):
        raise Refused("SOURCES", f"with the map they are 1 to {MOST_SOURCES}, each once", field="streams")
    if not SHORTEST_S <= command.valid_s <= LONGEST_S:
        raise Malformed("valid_s", f"is {SHORTEST_S:.0f} to {LONGEST_S:.0f} seconds")
    call = ConferenceCall(
        id=ids.derive(world.site, "CNF", f"{ask.actor}\0{ask.command_id}"),
        site=world.site,
        room_id=room.id,
        called_at=now,
        called_by=ask.actor,
        called_as=ask.role or Role.DISPATCHER,
        until=now + timedelta(seconds=command.valid_s),
        sources=tuple(_source(world, room, each, now) for each in wanted),
    )
    if call.id in world.conference_calls:
        raise Refused("EXISTS", f"call {call.id} exists", field="id")
    return (ConferenceSourcesOffered(call=call),)


def _source(world: World, room: Room, source_id: str, now: datetime) -> ConferenceSource:
    if source_id == MAP:
        return ConferenceSource(id=MAP, name=f"{room.title} 态势图")
    code = _barred(world, source_id, now)
    if code == NO_STREAM:
        raise Unknown("streams", f"no stream {source_id[:80]}")
    if code:
        raise Refused(code, f"stream {source_id} may not be offered", field="streams")
    own, shown = world.video_streams.get(source_id), world.shown_videos.get(source_id)
    name = own.terms.name if own is not None else shown.name if shown is not None else ""
    return ConferenceSource(id=source_id, name=name)


def _room(world: World, room_id: str) -> Room:
    room = world.rooms.get(room_id)
    if room is None or world.site not in room.sites:
        raise Unknown("room_id", f"no room {room_id}")
    if room.closed_at is not None:
        raise Refused("NOT_NOW", f"room {room_id} is closed", field="room_id")
    return room


def _take_back(world: World, command: TakeBackSources) -> tuple[Fact, ...]:
    call = _call(world, command.call_id)
    if len(command.reason) > MAX_REASON:
        raise Malformed("reason", f"is over {MAX_REASON} characters")
    if command.source_id and source_of(call, command.source_id) is None:
        raise Unknown("source_id", f"call {call.id} has no such source")
    gone = tuple(
        each.id for each in call.sources if each.taken_back_at is None and command.source_id in ("", each.id)
    )
    if not gone:
        raise Refused("ALREADY", "it is taken back", field="source_id")
    return (ConferenceSourcesTakenBack(call_id=call.id, source_ids=gone, reason=command.reason.strip()),)


def _begin(world: World, ask: Ask, command: BeginPull, now: datetime) -> tuple[Fact, ...]:
    code = why_not(world, command.call_id, command.source_id, now)
    if code:
        raise Refused(code, "this source may not be pulled for this call", field="source_id")
    call = _call(world, command.call_id)
    if sum(1 for each in call.pulls if each.ended_at is None) >= MOST_PULLING:
        raise Refused("TOO_MANY", f"{MOST_PULLING} pull already", field="call_id")
    pull = ConferencePull(
        id=ids.derive(world.site, "VIW", f"{ask.actor}\0{ask.command_id}"),
        source_id=command.source_id,
        address=command.address[:64],
        began_at=now,
    )
    began = ConferencePullBegan(call_id=call.id, pull=pull)
    return (began,) if command.source_id == MAP else (*_viewing(world, ask, call, pull, now), began)


def _viewing(
    world: World, ask: Ask, call: ConferenceCall, pull: ConferencePull, now: datetime
) -> tuple[Fact, ...]:
    """As anybody's: with what for, and for which call. A partner is told the caller's role and the call, no title."""
    purpose = f"会议引接 {call.id}：{world.rooms[call.room_id].title}"[: video.MAX_PURPOSE]
    viewing = VideoViewing(id=pull.id, stream_id=pull.source_id, address=pull.address, purpose=purpose)
    if pull.source_id not in world.shown_videos:
        return (VideoViewingBegan(viewing=viewing),)
    command = BeginViewing(stream_id=pull.source_id, purpose=f"会议引接 {call.id}")
    told = video_share.begin_viewing(
        world, replace(ask, role=call.called_as, command=command), command, pull.id, now
    )
    return VideoViewingBegan(viewing=viewing), PartnerViewingBegan(viewing=told)


def _end(world: World, ask: Ask, command: EndPull, now: datetime) -> tuple[Fact, ...]:
    call = _call(world, command.call_id)
    pull = next((each for each in call.pulls if each.id == command.pull_id), None)
    if pull is None or pull.ended_at is not None:
        raise Refused("ALREADY", f"no pull {command.pull_id} lasts", field="pull_id")
    ended = ConferencePullEnded(
        call_id=call.id,
        pull_id=pull.id,
        lasted_s=round(command.lasted_s, 1),
        sent=command.sent,
        left_out=command.left_out,
    )
    if pull.source_id == MAP:
        return (ended,)
    viewing = EndViewing(
        viewing_id=pull.id,
        stream_id=pull.source_id,
        lasted_s=command.lasted_s,
        sent=command.sent,
        left_out=command.left_out,
    )
    return (*video.decide(world, replace(ask, command=viewing), viewing, now), ended)


def _call(world: World, call_id: str) -> ConferenceCall:
    call = world.conference_calls.get(call_id)
    if call is None:
        raise Unknown("call_id", f"no call {call_id}")
    return call
