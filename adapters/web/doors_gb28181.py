"""The door of GB/T 28181: how devices and upper platforms do (docs/gb28181.md)."""

from adapters.web.table import Call, Door
from dispatch import access
from dispatch.errors import Forbidden
from dispatch.video_kinds import VideoSource
from protocols.json_gb28181 import (
    Gb28181Answer,
    GbChannelAnswer,
    GbDeviceAnswer,
    GbPlatformAnswer,
    GbWatchedAnswer,
)


async def _state(call: Call) -> Gb28181Answer:
    if call.who.session.role not in access.SEE_GB28181:
        raise Forbidden(f"devices and platforms are for {', '.join(sorted(access.SEE_GB28181))}")
    gb = call.site.gb28181
    if gb is None:
        return Gb28181Answer(id="", devices=(), platforms=(), refused={})
    shown = {
        each.terms.address: each.id
        for each in call.site.desk.world.video_streams.values()
        if each.removed_at is None and each.terms.source is VideoSource.GB28181
    }
    return Gb28181Answer(
        id=gb.us.id,
        devices=tuple(
            GbDeviceAnswer(
                id=each.id,
                name=each.name,
                online=each.online,
                since=each.since,
                seen_at=each.seen_at,
                host=each.host,
                why=each.why,
                version=each.version,
                media=each.media,
                channels=tuple(
                    GbChannelAnswer(
                        id=one.id,
                        name=one.name,
                        online=one.online,
                        stream_id=shown.get(f"{each.id}/{one.id}", ""),
                    )
                    for one in each.channels
                ),
                position=each.position,
            )
            for each in gb.device_states()
        ),
        platforms=tuple(
            GbPlatformAnswer(
                id=each.id,
                name=each.name,
                state=each.state,
                since=each.since,
                reason=each.reason,
                channels=dict(each.channels),
                watched=tuple(
                    GbWatchedAnswer(
                        stream_id=one.stream_id,
                        channel_id=one.channel_id,
                        since=one.since,
                        subject=one.subject,
                        address=one.address,
                        sent=one.sent,
                    )
                    for one in each.watched
                ),
            )
            for each in gb.platform_states()
        ),
        refused=dict(gb.endpoint.counts),
    )


DOORS = (
    Door(
        method="GET",
        path="/video/gb28181",
        name="getGb28181",
        text="GB/T 28181: devices that registered, with their channels; upper platforms and what they watch now.",
        handler=_state,
        answers=Gb28181Answer,
        statuses=(403,),
    ),
)
