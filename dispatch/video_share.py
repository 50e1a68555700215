"""Video between sites: a partner asks for a stream, its owner decides, for a time, and may take it back at once.

    partner   AskVideo      -> VideoRequested   to the owner
    owner     GrantVideo    -> VideoAnswered    to the partner; by a person, or by the consent where that says so
    partner   BeginViewing  -> VideoViewingBegan (who, at home), PartnerViewingBegan (to the owner)
    owner     RevokeVideo, or the clock -> VideoAnswered: the pictures stop

What may be asked for is told by `due`, once a second, under the consent of that moment. A grant stands on three things:
its time, the consent (class video), and the stream being there; when one goes the site ends it and says which.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from dispatch import access, consent_policy, ids
from dispatch.commands import Ask
from dispatch.consent_kinds import ConsentState, ObjectClass, WithheldField
from dispatch.consent_records import ConsentTerms
from dispatch.errors import Malformed, Refused, Unknown
from dispatch.facts import Fact
from dispatch.kinds import Role
from dispatch.lifecycle import Lifecycle
from dispatch.video_commands import BeginViewing
from dispatch.video_kinds import VideoCarrier
from dispatch.video_records import VideoStream
from dispatch.video_share_commands import (
    AnswerVideo,
    AskVideo,
    EndVideo,
    GrantVideo,
    RefuseVideo,
    RevokeVideo,
    ShowVideo,
    VideoShareCommand,
    WithdrawVideoRequest,
)
from dispatch.video_share_facts import VideoAnswered, VideoRequested, VideoShown
from dispatch.video_share_kinds import VideoGrantAction, VideoGrantState, VideoRequestState
from dispatch.video_share_records import PartnerViewing, ShownVideo, VideoGrant, VideoRequest
from dispatch.world import World

MAX_PURPOSE, MAX_REASON = 200, 500
SHORTEST_S, LONGEST_S = 60.0, 12 * 3600.0  # of one grant; a proposed figure: a shift
MOST_OPEN = 50  # requests of one partner that wait
NO_CONSENT, NO_STREAM, LABELLED, EXPIRED = "NO_CONSENT", "NO_STREAM", "VIDEO_LABELLED", "EXPIRED"
NO_RESHARE = "NO_RESHARE"  # the owner has not let it be passed on

_S, _A = VideoGrantState, VideoGrantAction
LIFECYCLE = Lifecycle(
    name="video grant",
    initial=_S.GRANTED,
    table={(_S.GRANTED, _A.REVOKE): _S.REVOKED, (_S.GRANTED, _A.EXPIRE): _S.EXPIRED},
)


def decide(world: World, ask: Ask, command: VideoShareCommand, now: datetime) -> tuple[Fact, ...]:
    """Raises Malformed, Forbidden, Unknown or Refused."""
    match command:
        case AskVideo():
            access.require(ask, access.ASK_VIDEO, "asking a partner for video")
            return _ask(world, ask, command, now)
        case WithdrawVideoRequest():
            access.require(ask, access.ASK_VIDEO, "withdrawing a request for video")
            return _withdraw(world, command)
        case GrantVideo():
            access.require(ask, access.ANSWER_VIDEO, "granting video to a partner")
            return _grant(world, ask, command, now)
        case RefuseVideo():
            access.require(ask, access.ANSWER_VIDEO, "refusing video to a partner")
            request = _waiting(world, command.request_id)
            return (_refused(world, ask, request, now, reason=_reason(command.reason)),)
        case RevokeVideo():
            access.require(ask, access.ANSWER_VIDEO, "taking video back from a partner")
            grant = _own(world, command.grant_id)
            access.check_version(command.version_seen, grant.version, f"grant {grant.id}")
            return (_ended(grant, _A.REVOKE, ask, now, reason=_reason(command.reason)),)
        case _:
            access.require_site(ask, "showing video to partners and ending grants")
            return _by_rule(world, ask, command, now)


# The asking site


def _ask(world: World, ask: Ask, command: AskVideo, now: datetime) -> tuple[Fact, ...]:
    shown = world.shown_videos.get(command.stream_id)
    if shown is None or shown.gone:
        raise Unknown("stream_id", "no partner shows this stream")
    purpose = command.purpose.strip()
    if not purpose or len(purpose) > MAX_PURPOSE:
        raise Malformed("purpose", f"is 1 to {MAX_PURPOSE} characters")
    _check_time(command.wanted_s, "wanted_s")
    for each in world.video_requests.values():
        if each.site == world.site and each.stream_id == shown.id and is_open(world, each, now):
            raise Refused("VIDEO_ASKED", f"{each.id} waits or holds", field="stream_id")
    request = VideoRequest(
        id=ids.derive(world.site, "VRQ", f"{ask.actor}\0{ask.command_id}"),
        site=world.site,
        partner=shown.site,
        stream_id=shown.id,
        stream_name=shown.name,
        purpose=purpose,
        wanted_s=command.wanted_s,
        state=VideoRequestState.ASKED,
        requested_at=now,
        requested_by=ask.actor,
        requested_as=ask.role or Role.DISPATCHER,
    )
    return (VideoRequested(request=request),)


def _withdraw(world: World, command: WithdrawVideoRequest) -> tuple[Fact, ...]:
    present = world.video_requests.get(command.request_id)
    if present is None or present.site != world.site:
        raise Unknown("request_id", f"no request of ours {command.request_id}")
    access.check_version(command.version_seen, present.version, f"request {present.id}")
    if present.state is not VideoRequestState.ASKED:
        raise Refused("NOT_NOW", "it was withdrawn", field="request_id")
    gone = replace(present, state=VideoRequestState.WITHDRAWN, version=present.version + 1)
    return (VideoRequested(request=gone),)


def grant_of(world: World, request_id: str) -> VideoGrant | None:
    """The answer to a request, if there is one."""
    grant_id = world.video_answers.get(request_id)
    return None if grant_id is None else world.video_grants.get(grant_id)


def is_open(world: World, request: VideoRequest, now: datetime) -> bool:
    """Whether a request waits, or what was granted holds still."""
    if request.state is not VideoRequestState.ASKED:
        return False
    grant = grant_of(world, request.id)
    return grant is None or holds(grant, now)


def holds(grant: VideoGrant, now: datetime) -> bool:
    """Whether pictures may flow under it by its own word."""
    return grant.state is _S.GRANTED and grant.until is not None and now < grant.until


def held(world: World, stream_id: str, site: str, now: datetime) -> VideoGrant | None:
    """The grant under which `site` may have a stream now; of a withdrawn request none."""
    for grant in world.video_grants.values():
        if grant.stream_id == stream_id and grant.partner == site and holds(grant, now):
            request = world.video_requests.get(grant.request_id)
            if request is not None and request.state is VideoRequestState.ASKED:
                return grant
    return None


def last_of(world: World, stream_id: str, site: str) -> VideoGrant | None:
    """The newest answer to `site` about a stream, whatever it says."""
    found = [g for g in world.video_grants.values() if g.stream_id == stream_id and g.partner == site]
    return max(found, key=lambda each: (each.decided_at, each.id), default=None)


def may_watch(role: Role) -> bool:
    """Who of a site may watch what a partner granted to it."""
    return role in access.WATCH_VIDEO


def begin_viewing(
    world: World, ask: Ask, command: BeginViewing, viewing_id: str, now: datetime
) -> PartnerViewing:
    """A viewing of a partner's stream, as its owner is told. Raises Unknown or Refused(why it may not be watched)."""
    shown = world.shown_videos.get(command.stream_id)
    if shown is None or ask.role is None or not may_watch(ask.role):
        raise Unknown("stream_id", "no such stream for you")
    grant = held(world, shown.id, world.site, now)
    if grant is None:
        raise Refused(
            why_not(world, shown.id, world.site, now),
            f"site {shown.site} has not granted it",
            field="stream_id",
        )
    return PartnerViewing(
        id=viewing_id,
        site=world.site,
        partner=shown.site,
        grant_id=grant.id,
        stream_id=shown.id,
        role=ask.role,
        purpose=command.purpose or grant.purpose,
    )


def why_not(world: World, stream_id: str, site: str, now: datetime) -> str:
    """A code: why `site` may not have a stream of another's now."""
    grant = last_of(world, stream_id, site)
    if grant is None:
        return "NOT_GRANTED"
    if grant.state is _S.REFUSED:
        return "REFUSED"
    if grant.state is _S.REVOKED:
        return grant.code or "REVOKED"
    return EXPIRED if not holds(grant, now) else "NOT_GRANTED"


# The owner


def _waiting(world: World, request_id: str) -> VideoRequest:
    request = world.video_requests.get(request_id)
    if request is None or request.partner != world.site:
        raise Unknown("request_id", f"no request to us {request_id}")
    if request.state is not VideoRequestState.ASKED or grant_of(world, request.id) is not None:
        raise Refused("NOT_NOW", "it was withdrawn or answered", field="request_id")
    return request


def _grant(world: World, ask: Ask, command: GrantVideo, now: datetime) -> tuple[Fact, ...]:
    request = _waiting(world, command.request_id)
    code = barred(world, request.stream_id, request.site, now)
    if code:
        raise Refused(code, f"nothing lets this stream leave to site {request.site}", field="request_id")
    for_s = command.for_s or request.wanted_s
    _check_time(for_s, "for_s")
    return (_granted(world, ask, request, now, for_s=for_s, reshare=command.reshare),)


def _granted(
    world: World, ask: Ask, request: VideoRequest, now: datetime, *, for_s: float, reshare: bool = False
) -> VideoAnswered:
    terms = consent_policy.terms_towards(world, request.site, now)
    until = now + timedelta(seconds=for_s)
    if terms is not None and terms.valid_until is not None:
        until = min(until, terms.valid_until)
    grant = replace(
        _answer(world, ask, request, now), until=until, reshare=reshare, looks=_looks(terms), state=_S.GRANTED
    )
    return VideoAnswered(grant=grant, action=_A.GRANT)


def _refused(
    world: World, ask: Ask, request: VideoRequest, now: datetime, *, code: str = "", reason: str = ""
) -> VideoAnswered:
    grant = replace(_answer(world, ask, request, now), state=_S.REFUSED, code=code, reason=reason)
    return VideoAnswered(grant=grant, action=_A.REFUSE)


def _answer(world: World, ask: Ask, request: VideoRequest, now: datetime) -> VideoGrant:
    return VideoGrant(
        id=ids.derive(world.site, "VGR", request.id),  # one answer to each request, whoever comes first
        site=world.site,
        partner=request.site,
        request_id=request.id,
        stream_id=request.stream_id,
        stream_name=request.stream_name,
        purpose=request.purpose,
        state=_S.REFUSED,
        decided_at=now,
        decided_by=ask.actor if ask.role is not None else "",
        decided_as=ask.role,
    )


def _own(world: World, grant_id: str) -> VideoGrant:
    grant = world.video_grants.get(grant_id)
    if grant is None or grant.site != world.site:
        raise Unknown("grant_id", f"no grant of ours {grant_id}")
    return grant


def _ended(
    grant: VideoGrant, action: VideoGrantAction, ask: Ask, now: datetime, *, code: str = "", reason: str = ""
) -> VideoAnswered:
    moved = replace(
        grant,
        state=LIFECYCLE.advance(grant.state, action),
        decided_at=now,
        decided_by=ask.actor if ask.role is not None else "",
        decided_as=ask.role,
        code=code,
        reason=reason,
        version=grant.version + 1,
        watching=0,
        viewed=0,
    )
    return VideoAnswered(grant=moved, action=action)


def barred(world: World, stream_id: str, partner: str, now: datetime) -> str:
    """A code: what keeps a stream of ours from a partner, whatever people say; empty: nothing."""
    terms = consent_policy.terms_towards(world, partner, now)
    if terms is None or consent_policy.withheld(terms, ObjectClass.VIDEO) is None:
        return NO_CONSENT
    stream = world.video_streams.get(stream_id)
    if stream is None or stream.site != world.site or stream.removed_at is not None:
        return NO_STREAM
    return LABELLED if _stays(world, stream) else ""


def _stays(world: World, stream: VideoStream) -> bool:
    on_aircraft = stream.terms.carrier is VideoCarrier.AIRCRAFT
    return on_aircraft and consent_policy.aircraft_stays(world, stream.terms.carrier_id, stream.operator_id)


def _looks(terms: ConsentTerms | None) -> bool:
    left_out = None if terms is None else consent_policy.withheld(terms, ObjectClass.VIDEO)
    return left_out is not None and WithheldField.POSITION not in left_out


def looks_allowed(world: World, partner: str, now: datetime) -> bool:
    """Whether where a camera looks may leave to a partner now."""
    return _looks(consent_policy.terms_towards(world, partner, now))


def _check_time(seconds: float, field: str) -> None:
    if not SHORTEST_S <= seconds <= LONGEST_S:
        raise Malformed(field, f"is {SHORTEST_S:.0f} to {LONGEST_S:.0f} seconds")


def _reason(text: str) -> str:
    if not text.strip() or len(text) > MAX_REASON:
        raise Malformed("reason", f"is 1 to {MAX_REASON} characters")
    return text.strip()


# By the site's own rules


def shown_to(world: World, partner: str, now: datetime) -> tuple[ShownVideo, ...]:
    """Which of our streams a partner may ask for now, by id."""
    terms = consent_policy.terms_towards(world, partner, now)
    if terms is None or consent_policy.withheld(terms, ObjectClass.VIDEO) is None:
        return ()
    tracks = consent_policy.withheld(terms, ObjectClass.TRACKS) is not None
    return tuple(
        _shown(world, each, tracks=tracks)
        for each in sorted(world.video_streams.values(), key=lambda each: each.id)
        if each.site == world.site
        and each.removed_at is None
        and each.terms.enabled
        and not _stays(world, each)
    )


def _shown(world: World, stream: VideoStream, *, tracks: bool) -> ShownVideo:
    terms = stream.terms
    aircraft = world.aircraft.get(terms.carrier_id) if terms.carrier is VideoCarrier.AIRCRAFT else None
    return ShownVideo(
        id=stream.id,
        site=stream.site,
        name=terms.name,
        carrier=terms.carrier,
        carrier_name="" if aircraft is None else aircraft.name,
        icao24=aircraft.icao24 if aircraft is not None and tracks else "",
    )


def due(world: World, now: datetime) -> Iterator[VideoShareCommand]:
    """What the site has to do by itself now, nothing twice."""
    for each in world.consents.values():
        given = each.site == world.site and each.state is ConsentState.IN_FORCE
        if given and consent_policy.holds(each.terms, now):
            streams = shown_to(world, each.partner, now)
            if world.video_told.get(each.partner, ()) != streams:
                yield ShowVideo(partner=each.partner, streams=streams)
    for request in world.video_requests.values():
        waits = request.partner == world.site and request.state is VideoRequestState.ASKED
        if waits and request.id not in world.video_answers and _by_consent(world, request, now) is not None:
            yield AnswerVideo(request_id=request.id)
    for grant in world.video_grants.values():
        if grant.site == world.site and grant.state is _S.GRANTED and why_over(world, grant, now):
            yield EndVideo(grant_id=grant.id)


def why_over(world: World, grant: VideoGrant, now: datetime) -> str:
    """A code: what ends a grant of ours that nobody revoked; empty: it holds."""
    if grant.until is None or grant.until <= now:
        return EXPIRED
    return barred(world, grant.stream_id, grant.partner, now)


def _by_consent(world: World, request: VideoRequest, now: datetime) -> str | None:
    """A code to refuse with, empty to grant with; None: people decide."""
    code = barred(world, request.stream_id, request.site, now)
    if code:
        return code
    terms = consent_policy.terms_towards(world, request.site, now)
    return "" if terms is not None and terms.video_for_s > 0 else None


def _by_rule(world: World, ask: Ask, command: VideoShareCommand, now: datetime) -> tuple[Fact, ...]:
    match command:
        case ShowVideo():
            consent = consent_policy.in_force(world, command.partner)
            if consent is None or command.streams != shown_to(world, command.partner, now):
                raise Refused("NOT_NOW", "that is not what may be shown", field="streams")
            if command.streams == world.video_told.get(command.partner, ()):
                raise Refused("NOTHING_CHANGED", "it was told", field="streams")
            return (
                VideoShown(
                    partner=command.partner, consent_id=consent.id, told_at=now, streams=command.streams
                ),
            )
        case AnswerVideo():
            request = _waiting(world, command.request_id)
            code = _by_consent(world, request, now)
            if code is None:
                raise Refused("NOT_NOW", "people decide this", field="request_id")
            if code:
                return (_refused(world, ask, request, now, code=code),)
            terms = consent_policy.terms_towards(world, request.site, now)
            most_s = 0.0 if terms is None else terms.video_for_s
            return (_granted(world, ask, request, now, for_s=min(request.wanted_s, most_s)),)
        case EndVideo():
            grant = _own(world, command.grant_id)
            code = why_over(world, grant, now)
            if not code:
                raise Refused("NOT_NOW", "it holds", field="grant_id")
            action = _A.EXPIRE if code == EXPIRED else _A.REVOKE
            return (_ended(grant, action, ask, now, code=code),)
    raise Refused("NOT_NOW", "that is no rule of the site", field="command")
