"""Streams of video: registered by the desk and the system administrator, watched by whom their audience names.

Who watches is written down before the first picture. Whether a picture comes is measured, not decided: adapters/video.
"""

import ipaddress
import re
from dataclasses import fields, replace
from datetime import datetime
from urllib.parse import urlsplit

from dispatch import access, ids, video_above, video_discovery, video_recording, video_share
from dispatch.commands import Ask
from dispatch.errors import Forbidden, Malformed, Refused, Unknown
from dispatch.facts import Fact
from dispatch.kinds import Role
from dispatch.video_commands import (
    BeginViewing,
    BindVideoSender,
    EndViewing,
    NoteVideoBegan,
    RemoveVideoStream,
    SaveVideoStream,
    VideoCommand,
    VideoRecordingCommand,
)
from dispatch.video_facts import VideoStreamRemoved, VideoStreamSaved, VideoViewingBegan, VideoViewingEnded
from dispatch.video_kinds import VideoAudience, VideoCarrier, VideoSource
from dispatch.video_records import VideoStream, VideoTerms, VideoViewing
from dispatch.video_share_facts import PartnerViewingBegan, PartnerViewingEnded
from dispatch.world import World

MAX_NAME, MAX_ADDRESS, MAX_REASON, MAX_PURPOSE = 60, 300, 500, 200
MOST_STREAMS = 200  # registered at one site
LEAST_PORT, MOST_PORT = 1024, 65535
_TRANSPORT = {  # of those that wait for their sender at a port
    VideoSource.TS_UDP: "udp",
    VideoSource.TS_TCP: "tcp",
    VideoSource.TS_SRT: "udp",
    VideoSource.RTMP_PUSH: "tcp",
}
_SCHEMES = {
    VideoSource.RTSP: ("rtsp", "rtsps"),
    VideoSource.RTMP: ("rtmp", "rtmps"),
    VideoSource.TS_SRT: ("srt",),
}
_OPERATION = frozenset({Role.BASE, Role.OBSERVER})


def decide(world: World, ask: Ask, command: VideoCommand, now: datetime) -> tuple[Fact, ...]:
    """Raises Malformed, Forbidden, Unknown or Refused."""
    match command:
        case SaveVideoStream():
            access.require(ask, access.SAVE_VIDEO, "registering video")
            return _save(world, ask, command, now)
        case BindVideoSender():
            access.require_site(ask, "binding a sender")
            save = SaveVideoStream(terms=command.terms)
            return tuple(replace(each, found=command.found) for each in _save(world, ask, save, now))
        case NoteVideoBegan():
            access.require_site(ask, "noting that video began")
            return video_discovery.began(world, _registered(world, command.stream_id))
        case RemoveVideoStream():
            access.require(ask, access.SAVE_VIDEO, "removing video")
            present = _registered(world, command.stream_id)
            access.check_version(command.version_seen, present.version, f"stream {present.id}")
            if not command.reason.strip() or len(command.reason) > MAX_REASON:
                raise Malformed("reason", f"is 1 to {MAX_REASON} characters")
            return (
                VideoStreamRemoved(stream_id=present.id, version=present.version + 1, reason=command.reason),
            )
        case BeginViewing():
            return _begin(world, ask, command, now)
        case EndViewing():
            access.require_site(ask, "ending a viewing")
            return (
                *_ended_elsewhere(world, command),
                VideoViewingEnded(
                    viewing_id=command.viewing_id,
                    stream_id=command.stream_id,
                    lasted_s=round(command.lasted_s, 1),
                    sent=command.sent,
                    left_out=command.left_out,
                ),
            )
        case _:
            recording: VideoRecordingCommand = command
            return video_recording.decide(world, ask, recording, now)


def may_watch(role: Role, operator_id: str, stream: VideoStream) -> bool:
    """Whether somebody may see its pictures."""
    if stream.removed_at is not None:
        return False
    if role in access.WATCH_VIDEO:
        return True
    if stream.terms.audience is not VideoAudience.OPERATION:
        return False
    return role in _OPERATION or (
        role is Role.OPERATOR and bool(operator_id) and stream.operator_id == operator_id
    )


def listening_at(address: str) -> tuple[str, int]:
    """The multicast group (empty: none) and port of a stream that waits for its sender. Raises Refused."""
    group, _, port = address.rpartition(":")
    if not re.fullmatch(r"[0-9]{1,5}", port) or not LEAST_PORT <= int(port) <= MOST_PORT:
        raise _address(f"is a port from {LEAST_PORT} to {MOST_PORT}, or group:port")
    if group:
        try:
            multicast = ipaddress.IPv4Address(group).is_multicast
        except ValueError:
            multicast = False
        if not multicast:
            raise _address(f"{group[:80]!r} is no multicast group of IPv4")
    return group, int(port)


def channel_at(address: str) -> tuple[str, str]:
    """Device and channel of a stream of GB/T 28181. Raises Refused."""
    found = re.fullmatch(r"([0-9]{20})/([0-9]{20})", address)
    if found is None:
        raise _address("is the device's id of 20 digits, /, and the channel's")
    return found[1], found[2]


def waits(terms: VideoTerms) -> bool:
    """Whether its sender comes to a port of ours; else we go to it."""
    return terms.source in _TRANSPORT and not (
        terms.source is VideoSource.TS_SRT and terms.address.startswith("srt:")
    )


def checked(terms: VideoTerms) -> VideoTerms:
    """The same terms. Raises Malformed or Refused, naming the field."""
    if not terms.name.strip() or len(terms.name) > MAX_NAME:
        raise Malformed("name", f"is 1 to {MAX_NAME} characters")
    if len(terms.address) > MAX_ADDRESS or re.search(r"[\x00-\x20\x7f]", terms.address):
        raise _address(f"is at most {MAX_ADDRESS} characters without spaces")
    if terms.login and not re.fullmatch(r"[A-Za-z0-9_-]{1,32}", terms.login):
        raise Refused("LOGIN", "is the name of a login in the site's file", field="login")
    if terms.source is VideoSource.GB28181:
        channel_at(terms.address)
        if terms.login:
            raise Refused("LOGIN", "only for what is fetched", field="login")
    elif waits(terms):
        group, _ = listening_at(terms.address)
        if group and terms.source is not VideoSource.TS_UDP:
            raise _address("a multicast group goes with ts_udp")
    else:
        _check_url(terms)
    if terms.login and terms.source in (VideoSource.TS_UDP, VideoSource.TS_TCP):
        raise Refused("LOGIN", "a plain transport stream has none", field="login")
    if terms.source is VideoSource.RTMP_PUSH and not terms.login:
        raise Refused("LOGIN", "names the file with application:key that the sender must say", field="login")
    if (terms.carrier is VideoCarrier.FIXED) == bool(terms.carrier_id):
        raise Refused("CARRIER", "is said of all that move, and of those alone", field="carrier_id")
    if terms.carrier_id and not re.fullmatch(r"[A-Za-z0-9._:-]{1,64}", terms.carrier_id):
        raise Refused("CARRIER", "is the id of an aircraft or a track", field="carrier_id")
    return terms


def _address(detail: str) -> Refused:
    return Refused("ADDRESS", detail, field="address")


def _check_url(terms: VideoTerms) -> None:
    schemes = _SCHEMES[terms.source]
    try:
        url = urlsplit(terms.address)
        host, _ = url.hostname, url.port
    except ValueError:
        raise _address("is no address to fetch from") from None
    if url.scheme not in schemes or not host:
        raise _address(f"begins with {' or '.join(f'{each}://' for each in schemes)} and a host")
    if terms.source is VideoSource.TS_SRT and (url.port is None or url.path or url.query or url.fragment):
        raise _address("is srt://host:port and no more")
    if url.username is not None or url.password is not None:
        raise _address("user and password do not belong here: name a login of the site's file")


def _save(world: World, ask: Ask, command: SaveVideoStream, now: datetime) -> tuple[VideoStreamSaved, ...]:
    terms = checked(command.terms)
    present = _registered(world, command.stream_id) if command.stream_id else None
    standing = [each for each in world.video_streams.values() if each.removed_at is None]
    if present is None:
        stream_id = ids.derive(world.site, "VID", f"{ask.actor}\0{ask.command_id}")
        if stream_id in world.video_streams:
            raise Refused("EXISTS", f"stream {stream_id} exists", field="id")
        if len(standing) >= MOST_STREAMS:
            raise Refused("TOO_MANY", f"{len(standing)} streams are registered", field="id")
    else:
        access.check_version(command.version_seen, present.version, f"stream {present.id}")
        if present.terms == terms:
            raise Refused("NOTHING_CHANGED", "everything is as it was", field="id")
        stream_id = present.id
    _check_free(standing, terms, stream_id)
    saved = VideoStream(
        id=stream_id,
        site=world.site,
        terms=terms,
        operator_id=_operator(world, terms),
        saved_at=now,
        saved_by=ask.actor,
        version=1 if present is None else present.version + 1,
        began_at=None if present is None else present.began_at,
        began_tasking_id="" if present is None else present.began_tasking_id,
    )
    changed = () if present is None else _changed(present.terms, terms)
    return (VideoStreamSaved(stream=saved, changed=changed),)


def _changed(before: VideoTerms, after: VideoTerms) -> tuple[str, ...]:
    return tuple(
        each.name for each in fields(VideoTerms) if getattr(before, each.name) != getattr(after, each.name)
    )


def _check_free(standing: list[VideoStream], terms: VideoTerms, stream_id: str) -> None:
    for each in standing:
        if each.id == stream_id:
            continue
        if each.terms.name == terms.name:
            raise Refused("NAME_TAKEN", f"{each.id} has this name", field="name")
        if each.terms.source is terms.source is VideoSource.GB28181 and each.terms.address == terms.address:
            raise _address(f"{each.terms.name} has this channel")
        if waits(terms) and _waits_at(each.terms) == _waits_at(terms):
            raise Refused("PORT_TAKEN", f"{each.terms.name} listens there", field="address")


def _waits_at(terms: VideoTerms) -> tuple[str, int] | None:
    return (_TRANSPORT[terms.source], listening_at(terms.address)[1]) if waits(terms) else None


def _operator(world: World, terms: VideoTerms) -> str:
    if terms.carrier is not VideoCarrier.AIRCRAFT:
        return ""
    aircraft = world.aircraft.get(terms.carrier_id)
    if aircraft is None:
        raise Unknown("carrier_id", f"no aircraft {terms.carrier_id}")
    return aircraft.operator_id


def _begin(world: World, ask: Ask, command: BeginViewing, now: datetime) -> tuple[Fact, ...]:
    if (ask.role is None) != bool(command.platform):
        raise Forbidden("people watch, and upper platforms by the site's word")
    if len(command.purpose) > MAX_PURPOSE:
        raise Malformed("purpose", f"is over {MAX_PURPOSE} characters")
    viewing = VideoViewing(
        id=ids.derive(world.site, "VIW", f"{ask.actor}\0{ask.command_id}"),
        stream_id=command.stream_id,
        address=command.address[:64],
        purpose=command.purpose,
        platform=command.platform,
    )
    if ask.role is None:
        if code := video_above.why_not(world, command.stream_id):
            raise Unknown("stream_id", f"not for an upper platform: {code}")
        return (VideoViewingBegan(viewing=viewing),)
    if command.stream_id in world.shown_videos:
        told = video_share.begin_viewing(world, ask, command, viewing.id, now)
        return (
            VideoViewingBegan(viewing=replace(viewing, purpose=told.purpose)),
            PartnerViewingBegan(viewing=told),
        )
    stream = world.video_streams.get(command.stream_id)
    if stream is None or not may_watch(ask.role, ask.operator_id, stream):
        raise Unknown("stream_id", "no such stream for you")
    return (VideoViewingBegan(viewing=viewing),)


def _ended_elsewhere(world: World, command: EndViewing) -> tuple[Fact, ...]:
    """Of a partner's stream: its owner is told."""
    viewing = world.video_viewings.get(command.viewing_id)
    if viewing is None or viewing.site != world.site:
        return ()
    return (
        PartnerViewingEnded(
            viewing_id=viewing.id,
            partner=viewing.partner,
            grant_id=viewing.grant_id,
            stream_id=viewing.stream_id,
            lasted_s=round(command.lasted_s, 1),
            sent=command.sent,
            left_out=command.left_out,
        ),
    )


def _registered(world: World, stream_id: str) -> VideoStream:
    present = world.video_streams.get(stream_id)
    if present is None:
        raise Unknown("stream_id", f"no stream {stream_id}")
    if present.removed_at is not None:
        raise Refused("NOT_NOW", f"stream {stream_id} was removed", field="stream_id")
    return replace(present, history=())
