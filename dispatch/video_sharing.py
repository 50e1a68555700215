"""What of video travels, to whom, and what a partner may say about it. `dispatch/partner.py` joins these tables.

The list of streams goes under the consent's class `video` and is purged with it. Requests, answers and viewings go like
the consent itself, whatever it says: a refusal must arrive where nothing was agreed, and who watched stays on record.
"""

from collections.abc import Callable, Mapping
from typing import Any

from dispatch.errors import Refused
from dispatch.facts import Recorded
from dispatch.ids import check_id
from dispatch.video import MOST_STREAMS
from dispatch.video_share import LONGEST_S, MAX_PURPOSE, MAX_REASON, MOST_OPEN, is_open
from dispatch.video_share_facts import (
    PartnerViewingBegan,
    PartnerViewingEnded,
    VideoAnswered,
    VideoRequested,
    VideoShown,
)
from dispatch.video_share_kinds import VideoGrantState
from dispatch.world import World

MOST_WATCHING = 500  # of one partner at once
MOST_KNOWN = 2 * MOST_STREAMS  # streams of one partner, gone ones too
MAX_NAME = 120

_Told = Callable[[World, Recorded], frozenset[str]]
_Check = Callable[[World, Any, str], None]


def _to(site: str) -> frozenset[str]:
    return frozenset({site})


SHOWN: Mapping[type, _Told] = {VideoShown: lambda _, recorded: _to(_fact(recorded).partner)}
TOLD: Mapping[type, _Told] = {
    VideoRequested: lambda _, recorded: _to(_fact(recorded).request.partner),
    VideoAnswered: lambda _, recorded: _to(_fact(recorded).grant.partner),
    PartnerViewingBegan: lambda _, recorded: _to(_fact(recorded).viewing.partner),
    PartnerViewingEnded: lambda _, recorded: _to(_fact(recorded).partner),
}


def _fact(recorded: Recorded) -> Any:
    return recorded.fact


def _own(origin: str, entity_id: str, kind: str, field: str, site: str | None = None) -> None:
    if not entity_id.startswith(f"{origin}-{kind}-") or site not in (None, origin):
        raise Refused("NOT_OWNER", f"{entity_id[:80]!r} is not site {origin}'s", field=field)
    check_id(entity_id, field)


def _for_us(world: World, site: str) -> None:
    if site != world.site:
        raise Refused("NOT_FOR_US", f"it was said to site {site[:20]!r}", field="partner")


def _check_shown(world: World, fact: VideoShown, origin: str) -> None:
    _for_us(world, fact.partner)
    known = {each.id for each in world.shown_videos.values() if each.site == origin}
    if len(fact.streams) > MOST_STREAMS or len(known | {each.id for each in fact.streams}) > MOST_KNOWN:
        raise Refused("TOO_MANY", f"at most {MOST_STREAMS} streams", field="streams")
    for each in fact.streams:
        _own(origin, each.id, "VID", "streams.id", each.site)
        if each.gone or len(each.name) > MAX_NAME or len(each.carrier_name) > MAX_NAME:
            raise Refused("NOT_PLAUSIBLE", f"a name is at most {MAX_NAME} characters", field="streams.name")


def _check_requested(world: World, fact: VideoRequested, origin: str) -> None:
    request = fact.request
    _own(origin, request.id, "VRQ", "request.id", request.site)
    _for_us(world, request.partner)
    check_id(request.stream_id, "request.stream_id")
    present = world.video_requests.get(request.id)
    if present is not None and (present.stream_id, present.purpose) != (request.stream_id, request.purpose):
        raise Refused("NOT_PLAUSIBLE", "it was for another stream or purpose", field="request.stream_id")
    if (
        not request.purpose.strip()
        or len(request.purpose) > MAX_PURPOSE
        or len(request.stream_name) > MAX_NAME
    ):
        raise Refused("NOT_PLAUSIBLE", "a request says what for, in few words", field="request.purpose")
    if not 0 < request.wanted_s <= LONGEST_S:
        raise Refused("NOT_PLAUSIBLE", f"{request.wanted_s} s is no time", field="request.wanted_s")
    now = world.at or request.requested_at
    waiting = sum(
        1 for each in world.video_requests.values() if each.site == origin and is_open(world, each, now)
    )
    if present is None and waiting >= MOST_OPEN:
        raise Refused("TOO_MANY", f"{waiting} requests of site {origin} are open", field="request.id")


def _check_answered(world: World, fact: VideoAnswered, origin: str) -> None:
    grant = fact.grant
    _own(origin, grant.id, "VGR", "grant.id", grant.site)
    _for_us(world, grant.partner)
    request = world.video_requests.get(grant.request_id)
    if request is None or request.site != world.site or request.partner != origin:
        raise Refused("NOT_OWNER", "it answers no request of ours to it", field="grant.request_id")
    if grant.stream_id != request.stream_id:
        raise Refused("NOT_PLAUSIBLE", "it is about another stream", field="grant.stream_id")
    if world.video_answers.get(request.id, grant.id) != grant.id:
        raise Refused("NOT_PLAUSIBLE", "the request has another answer", field="grant.id")
    if (grant.until is None) != (grant.state is VideoGrantState.REFUSED):
        raise Refused("NOT_PLAUSIBLE", "what is granted ends some time, a refusal never", field="grant.until")
    if len(grant.reason) > MAX_REASON or len(grant.code) > 40 or len(grant.purpose) > MAX_PURPOSE:
        raise Refused("NOT_PLAUSIBLE", "its texts are too long", field="grant.reason")


def _check_began(world: World, fact: PartnerViewingBegan, origin: str) -> None:
    viewing = fact.viewing
    _own(origin, viewing.id, "VIW", "viewing.id", viewing.site)
    _for_us(world, viewing.partner)
    grant = world.video_grants.get(viewing.grant_id)
    if grant is None or grant.site != world.site or grant.partner != origin:
        raise Refused("NOT_OWNER", "it is under no grant of ours to it", field="viewing.grant_id")
    if grant.stream_id != viewing.stream_id or len(viewing.purpose) > MAX_PURPOSE:
        raise Refused("NOT_PLAUSIBLE", "the grant is for another stream", field="viewing.stream_id")
    if sum(1 for each in world.video_viewings.values() if each.site == origin) >= MOST_WATCHING:
        raise Refused("TOO_MANY", f"{MOST_WATCHING} watch already", field="viewing.id")


def _check_ended(world: World, fact: PartnerViewingEnded, origin: str) -> None:
    _own(origin, fact.viewing_id, "VIW", "viewing_id")
    _for_us(world, fact.partner)


SHOWN_RECEIVED: Mapping[type, _Check] = {VideoShown: _check_shown}
RECEIVED: Mapping[type, _Check] = {
    VideoRequested: _check_requested,
    VideoAnswered: _check_answered,
    PartnerViewingBegan: _check_began,
    PartnerViewingEnded: _check_ended,
}
