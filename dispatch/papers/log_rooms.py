"""Lines about consultations: opened, invited, decided, closed. What is said in them is in their own minutes. Pure."""

from collections.abc import Callable
from typing import Any

from dispatch.facts import Recorded
from dispatch.papers.log_line import LogLine, line
from dispatch.room_facts import (
    RoomClosed,
    RoomConferenceCalled,
    RoomEntryMade,
    RoomOpened,
    RoomRolesInvited,
    RoomSiteInvited,
    RoomSiteReached,
)
from dispatch.world import World


def _title(world: World, room_id: str) -> str:
    room = world.rooms.get(room_id)
    return room.title if room is not None else room_id


def _opened(_: World, recorded: Recorded, fact: RoomOpened) -> LogLine:
    return line(recorded, f"开启协同会商“{fact.room.title}”", f"Consultation opened: “{fact.room.title}”")


def _site_invited(_: World, recorded: Recorded, fact: RoomSiteInvited) -> LogLine:
    return line(
        recorded,
        f"会商“{fact.room.title}”邀请 {fact.partner}",
        f"Site {fact.partner} invited to the consultation “{fact.room.title}”",
    )


def _roles_invited(world: World, recorded: Recorded, fact: RoomRolesInvited) -> LogLine:
    title, roles = _title(world, fact.room_id), ", ".join(fact.roles)
    return line(
        recorded,
        f"会商“{title}”邀请本级席位：{roles}",
        f"Invited to the consultation “{title}”: {roles}",
    )


def _made(world: World, recorded: Recorded, fact: RoomEntryMade) -> LogLine | None:
    title, entry = _title(world, fact.entry.room_id), fact.entry
    if entry.decision is not None:
        agreed = len(entry.decision.agreed)
        return line(
            recorded,
            f"会商“{title}”决定：{entry.decision.text}（{agreed} 人同意）",
            f"Decided in the consultation “{title}”: {entry.decision.text} ({agreed} agreed)",
        )
    if entry.ballot is not None:
        return line(
            recorded,
            f"会商“{title}”提请表决：{entry.ballot.question}",
            f"Put to the vote in the consultation “{title}”: {entry.ballot.question}",
        )
    return None


def _called(world: World, recorded: Recorded, fact: RoomConferenceCalled) -> LogLine:
    title = _title(world, fact.room_id)
    return line(recorded, f"会商“{title}”发起会议呼叫", f"Conference called for the consultation “{title}”")


def _reached(world: World, recorded: Recorded, fact: RoomSiteReached) -> LogLine:
    title, seconds = _title(world, fact.room_id), int((recorded.at - fact.lost_at).total_seconds())
    return line(
        recorded,
        f"会商“{title}”：与 {fact.site} 断链 {seconds} 秒后恢复，其间的话将补入",
        f"Consultation “{title}”: site {fact.site} reached again after {seconds} s; what it said meanwhile follows",
    )


def _closed(world: World, recorded: Recorded, fact: RoomClosed) -> LogLine:
    title = _title(world, fact.room_id)
    return line(
        recorded,
        f"会商“{title}”结束：{fact.summary}",
        f"Consultation “{title}” closed: {fact.summary}",
    )


LINES: dict[type, Callable[[World, Recorded, Any], LogLine | None]] = {
    RoomOpened: _opened,
    RoomSiteInvited: _site_invited,
    RoomRolesInvited: _roles_invited,
    RoomEntryMade: _made,
    RoomConferenceCalled: _called,
    RoomSiteReached: _reached,
    RoomClosed: _closed,
}
