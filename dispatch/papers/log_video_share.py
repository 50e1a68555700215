"""Lines about video between sites: asked, answered, taken back, over. Pure."""

from collections.abc import Callable
from typing import Any

from dispatch.facts import Recorded
from dispatch.papers.log_line import LogLine, line, plain, why
from dispatch.video_share_facts import VideoAnswered, VideoRequested
from dispatch.video_share_kinds import VideoGrantAction, VideoRequestState
from dispatch.world import World

_ACTION = {
    VideoGrantAction.GRANT: "准予",
    VideoGrantAction.REFUSE: "拒绝",
    VideoGrantAction.REVOKE: "收回",
    VideoGrantAction.EXPIRE: "到时停止",
}


def _requested(_: World, recorded: Recorded, fact: VideoRequested) -> LogLine:
    one = fact.request
    withdrawn = one.state is VideoRequestState.WITHDRAWN
    return line(
        recorded,
        why(
            f"{one.site} {'撤回' if withdrawn else ''}申请观看 {one.partner} 视频“{one.stream_name}”",
            one.purpose,
        ),
        why(
            f"Site {one.site} {'withdraws its request' if withdrawn else 'asks'} to see video "
            f"“{one.stream_name}” of site {one.partner}",
            one.purpose,
        ),
    )


def _answered(_: World, recorded: Recorded, fact: VideoAnswered) -> LogLine:
    one, by_rule = fact.grant, fact.grant.decided_as is None
    until = "" if one.until is None else f"{one.until:%Y-%m-%d %H:%MZ}"
    reason = one.reason or one.code
    granted = fact.action is VideoGrantAction.GRANT
    return line(
        recorded,
        why(
            f"{one.site} {'按协议' if by_rule else ''}{_ACTION[fact.action]} {one.partner} 观看视频“{one.stream_name}”"
            + (f"，至 {until}{'，可转给第三方' if one.reshare else ''}" if granted else ""),
            reason,
        ),
        why(
            f"Site {one.site}{' by its consent' if by_rule else ''}: {plain(fact.action)} video "
            f"“{one.stream_name}” to site {one.partner}"
            + (f" until {until}{', may be passed on' if one.reshare else ''}" if granted else ""),
            reason,
        ),
    )


LINES: dict[type, Callable[[World, Recorded, Any], LogLine | None]] = {
    VideoRequested: _requested,
    VideoAnswered: _answered,
}
