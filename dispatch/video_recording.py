"""Recordings of video: who may watch them, who may take parts of them away, and which incident an aircraft flew for.

What is recorded and found is adapters/video/recording's affair; here are the rules. Each watching and each export is
written down before anything is handed over.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatch import access, ids, video_above
from dispatch.commands import Ask
from dispatch.errors import Forbidden, Malformed, Refused, Unknown
from dispatch.facts import Fact
from dispatch.kinds import Role, TaskingState
from dispatch.records import Step
from dispatch.video_commands import BeginReplay, EndReplay, ExportClip, VideoRecordingCommand
from dispatch.video_facts import VideoClipExported, VideoReplayBegan, VideoReplayEnded
from dispatch.video_kinds import VideoAudience
from dispatch.video_records import VideoClip, VideoReplay, VideoStream
from dispatch.world import World

MAX_REASON, MAX_PURPOSE = 500, 200
LONGEST_CLIP = timedelta(minutes=30)  # ours: 1 GB at 4 Mbit/s; a longer one is several
_OPERATION = frozenset({Role.BASE, Role.OBSERVER})
# of a tasking: its aircraft is with the incident; after its landing it may go again
_WITH_IT = frozenset(
    {
        TaskingState.ORDERED,
        TaskingState.ACCEPTED,
        TaskingState.PREPARING,
        TaskingState.RELEASED,
        TaskingState.AIRBORNE,
        TaskingState.WORKING,
        TaskingState.RETURNING,
        TaskingState.STOPPED,
        TaskingState.DOWN,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flown:
    """An aircraft was with an incident. `until` None: it still is."""

    aircraft_id: str
    incident_id: str
    since: datetime
    until: datetime | None

    def meets(self, begin: datetime, end: datetime) -> bool:
        """Whether it was in [begin, end]."""
        return self.since <= end and (self.until is None or self.until >= begin)


def flown(world: World) -> Iterator[Flown]:
    """All of them, as taskings tell: from the order to the landing."""
    for tasking in world.taskings.values():
        yield from of_history(tasking.aircraft_id, tasking.incident_id, tasking.history)


def of_history(aircraft_id: str, incident_id: str, history: Iterable[Step]) -> Iterator[Flown]:
    """When the aircraft of one tasking was with its incident; each sortie by itself."""
    since: datetime | None = None
    for step in history:
        within = _within(step)
        if within and since is None:
            since = step.at
        elif not within and since is not None:
            yield Flown(aircraft_id=aircraft_id, incident_id=incident_id, since=since, until=step.at)
            since = None
    if since is not None:
        yield Flown(aircraft_id=aircraft_id, incident_id=incident_id, since=since, until=None)


def _within(step: Step) -> bool:
    return step.state in _WITH_IT


def may_replay(role: Role, operator_id: str, stream: VideoStream) -> bool:
    """Whether somebody may see what was recorded of a stream: as live, and the desk also of one that was removed."""
    if role in access.WATCH_VIDEO:
        return True
    if stream.removed_at is not None or stream.terms.audience is not VideoAudience.OPERATION:
        return False
    return role in _OPERATION or (
        role is Role.OPERATOR and bool(operator_id) and stream.operator_id == operator_id
    )


def decide(world: World, ask: Ask, command: VideoRecordingCommand, now: datetime) -> tuple[Fact, ...]:
    """Raises Malformed, Forbidden, Unknown or Refused."""
    match command:
        case BeginReplay():
            return _begin(world, ask, command)
        case EndReplay():
            access.require_site(ask, "ending a replay")
            return (
                VideoReplayEnded(
                    replay_id=command.replay_id,
                    stream_id=command.stream_id,
                    lasted_s=round(command.lasted_s, 1),
                    first_at=command.first_at,
                    last_at=command.last_at,
                    sent=command.sent,
                ),
            )
        case ExportClip():
            return _export(world, ask, command, now)


def check_export(
    world: World, ask: Ask, stream_id: str, span: tuple[datetime, datetime], reason: str
) -> None:
    """Whether a part may be taken away; asked before the file is written, and again when it is recorded."""
    access.require(ask, access.EXPORT_VIDEO, "exporting video")
    if stream_id not in world.video_streams:
        raise Unknown("stream_id", f"no stream {stream_id}")
    begin, end = span
    if begin >= end:
        raise Refused("CLIP_EMPTY", "`to` is not after `from`", field="to")
    if end - begin > LONGEST_CLIP:
        raise Refused("CLIP_TOO_LONG", f"at most {LONGEST_CLIP.seconds // 60} min at once", field="to")
    if not reason.strip() or len(reason) > MAX_REASON:
        raise Malformed("reason", f"is 1 to {MAX_REASON} characters")


def _begin(world: World, ask: Ask, command: BeginReplay) -> tuple[Fact, ...]:
    if (ask.role is None) != bool(command.platform):
        raise Forbidden("people watch, and upper platforms by the site's word")
    if command.clip_id:
        access.require(ask, access.EXPORT_VIDEO, "taking a clip away")
        if command.clip_id not in world.video_clips:
            raise Unknown("id", f"no clip {command.clip_id}")
    stream = world.video_streams.get(command.stream_id)
    if ask.role is None:
        if code := video_above.why_not(world, command.stream_id):
            raise Unknown("stream_id", f"not for an upper platform: {code}")
    elif stream is None or not may_replay(ask.role, ask.operator_id, stream):
        raise Unknown("stream_id", "no such stream for you")
    if len(command.purpose) > MAX_PURPOSE:
        raise Malformed("purpose", f"is over {MAX_PURPOSE} characters")
    replay = VideoReplay(
        id=ids.derive(world.site, "VRP", f"{ask.actor}\0{ask.command_id}"),
        stream_id=command.stream_id,
        from_at=command.from_at,
        address=command.address[:64],
        purpose=command.purpose,
        clip_id=command.clip_id,
    )
    return (VideoReplayBegan(replay=replay),)


def _export(world: World, ask: Ask, command: ExportClip, now: datetime) -> tuple[Fact, ...]:
    # the file holds whole groups of pictures, so it may be a little longer than what was asked for
    access.require(ask, access.EXPORT_VIDEO, "exporting video")
    stream = world.video_streams.get(command.stream_id)
    if stream is None:
        raise Unknown("stream_id", f"no stream {command.stream_id}")
    if command.incident_id and command.incident_id not in world.incidents:
        raise Unknown("incident_id", f"no incident {command.incident_id}")
    if not command.reason.strip() or len(command.reason) > MAX_REASON:
        raise Malformed("reason", f"is 1 to {MAX_REASON} characters")
    if command.clip_id in world.video_clips:
        raise Refused("EXISTS", f"clip {command.clip_id} exists", field="id")
    aircraft = world.aircraft.get(command.carrier_id)
    clip = VideoClip(
        id=command.clip_id,
        site=world.site,
        stream_id=stream.id,
        stream_name=command.stream_name,
        carrier=command.carrier,
        carrier_id=command.carrier_id,
        operator_id=aircraft.operator_id if aircraft is not None else "",
        from_at=command.from_at,
        to_at=command.to_at,
        incident_id=command.incident_id,
        reason=command.reason,
        sha256=command.sha256,
        size_bytes=command.size_bytes,
        pictures=command.pictures,
        gaps=command.gaps,
        codec=command.codec,
        width=command.width,
        height=command.height,
        exported_at=now,
        exported_by=ask.actor,
        with_klv=command.with_klv,
        klv=command.klv,
    )
    return (VideoClipExported(clip=clip),)
