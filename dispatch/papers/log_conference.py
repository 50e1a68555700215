"""Lines about sources for the conference system: offered, taken back. Pure."""

from collections.abc import Callable
from typing import Any

from dispatch.conference_facts import ConferenceSourcesOffered, ConferenceSourcesTakenBack
from dispatch.facts import Recorded
from dispatch.papers.log_line import LogLine, line, why
from dispatch.world import World


def _offered(world: World, recorded: Recorded, fact: ConferenceSourcesOffered) -> LogLine:
    room = world.rooms.get(fact.call.room_id)
    title = fact.call.room_id if room is None else room.title
    names = [each.name for each in fact.call.sources]
    until = f"{fact.call.until:%Y-%m-%d %H:%MZ}"
    return line(
        recorded,
        f"会商“{title}”向会议系统提供画面：{'、'.join(names)}，至 {until}",
        f"Offered to the conference system for “{title}”: {', '.join(names)}, until {until}",
    )


def _taken_back(world: World, recorded: Recorded, fact: ConferenceSourcesTakenBack) -> LogLine:
    call = world.conference_calls.get(fact.call_id)
    known = {} if call is None else {each.id: each.name for each in call.sources}
    names = [known.get(each, each) for each in fact.source_ids]
    return line(
        recorded,
        why(f"收回提供给会议系统的画面：{'、'.join(names)}", fact.reason),
        why(f"Taken back from the conference system: {', '.join(names)}", fact.reason),
    )


LINES: dict[type, Callable[[World, Recorded, Any], LogLine | None]] = {
    ConferenceSourcesOffered: _offered,
    ConferenceSourcesTakenBack: _taken_back,
}
