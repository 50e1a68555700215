"""Doors of the registry of identities: which keys are one real thing, and what might be (身份登记)."""

from datetime import UTC, datetime
from typing import Any

from adapters.web.lists import by_id, one, page, shown
from adapters.web.table import Call, Door
from dispatch import access
from dispatch.errors import Forbidden, Unknown
from dispatch.geo import Position, distance_m
from dispatch.matching import MatchProposal
from dispatch.records import Identity
from dispatch.resource_commands import SaveIdentity
from dispatch.tracks import Track
from dispatch.views import NO_OPERATIONS
from protocols.json_answers import Page
from protocols.json_identities import (
    IdentityBody,
    IdentityChange,
    IdentityQuery,
    ProposalAnswer,
    ProposalsAnswer,
    ProposalSide,
    SeenTrack,
)


def _matches(identity: Identity, text: str) -> bool:
    words = (identity.id, identity.name, *identity.keys, identity.aircraft_id, identity.note)
    return any(text in word.lower() for word in words)


async def _list(call: Call) -> Any:
    query: IdentityQuery = call.query
    text = query.q.strip().lower()
    found = (
        identity
        for identity in shown(call, "identities")
        if (query.retired or not identity.retired) and (not text or _matches(identity, text))
    )
    return page(found, lambda identity: by_id(identity.id), query)


async def _get(call: Call) -> Any:
    return one(call, "identities", call.path["id"])


def _check(call: Call, body: IdentityBody) -> None:
    """Raises Forbidden, or Unknown for an aircraft that does not exist."""
    if call.who.session.role not in access.SAVE_IDENTITY:
        raise Forbidden(f"changing identities is for {', '.join(sorted(access.SAVE_IDENTITY))}")
    if body.aircraft_id and body.aircraft_id not in call.site.desk.world.aircraft:
        raise Unknown("aircraft_id", f"no aircraft {body.aircraft_id}")


async def _save(call: Call, identity: Identity, version: int) -> Any:
    answer = await call.site.desk.ask(call.ask(SaveIdentity(identity=identity, version_seen=version)))
    return next(each.fact.identity for each in answer.recorded)


async def _create(call: Call) -> Any:
    _check(call, call.body)
    return await _save(call, call.body.identity("", call.site.config.site.id), 0)


async def _change(call: Call) -> Any:
    body: IdentityChange = call.body
    _check(call, body)
    present: Identity = one(call, "identities", call.path["id"])
    changed = body.identity(present.id, present.site, retired=body.retired)
    return await _save(call, changed, body.version)


def _seen(track: Track, now_s: float) -> SeenTrack:
    age_s = None if track.position_at_s is None else round(max(0.0, now_s - track.position_at_s), 1)
    return SeenTrack(
        id=track.id,
        name=track.name or "",
        callsign=track.callsign or "",
        registration=track.registration or "",
        position_age_s=age_s,
        **{name: getattr(track, name) for name in _SAME},
    )


_SAME = frozenset(SeenTrack.__struct_fields__) - {"id", "name", "callsign", "registration", "position_age_s"}


def _side(call: Call, key: str, now_s: float) -> ProposalSide:
    world, track = call.site.desk.world, call.site.picture.get(key)
    owner = track.id if track is not None and track.id in world.identities else ""
    return ProposalSide(key=key, identity_id=owner, track=None if track is None else _seen(track, now_s))


def _distance_m(sides: tuple[ProposalSide, ProposalSide]) -> float | None:
    places = [
        Position(lon_deg=side.track.lon_deg, lat_deg=side.track.lat_deg)
        for side in sides
        if side.track is not None and side.track.lon_deg is not None and side.track.lat_deg is not None
    ]
    return round(distance_m(*places), 1) if len(places) == 2 else None


def _proposal(call: Call, proposal: MatchProposal, now_s: float) -> ProposalAnswer:
    first, second = proposal.keys
    sides = (_side(call, first, now_s), _side(call, second, now_s))
    return ProposalAnswer(
        reason=proposal.reason,
        since=datetime.fromtimestamp(proposal.since_s, UTC),
        figures=dict(proposal.figures),
        distance_m=_distance_m(sides),
        sides=sides,
    )


async def _proposals(call: Call) -> ProposalsAnswer:
    """Whoever may not see tracks is shown none."""
    role = call.who.session.role
    if role not in access.SAVE_IDENTITY:
        raise Forbidden(f"proposals are for {', '.join(sorted(access.SAVE_IDENTITY))}")
    if role in NO_OPERATIONS:
        return ProposalsAnswer(items=[])
    now_s = call.site.clock().timestamp()
    return ProposalsAnswer(items=[_proposal(call, each, now_s) for each in call.site.watch.proposals()])


DOORS = (
    Door(
        method="GET",
        path="/identities",
        name="listIdentities",
        text="Identities in use, by id; `q` looks in names, keys, aircraft and notes, `retired` adds those out of use.",
        handler=_list,
        query=IdentityQuery,
        answers=Page[Identity],
    ),
    Door(
        method="POST",
        path="/identities",
        name="createIdentity",
        text="Say that these keys are one real thing. A key that another identity has: 409 KEY_TAKEN.",
        handler=_create,
        takes=IdentityBody,
        answers=Identity,
        status=201,
    ),
    Door(
        method="GET",
        path="/identities/proposals",
        name="listProposals",
        text="What might be one thing: same words, or moving together. Nothing is joined until somebody says so.",
        handler=_proposals,
        answers=ProposalsAnswer,
        statuses=(403,),
    ),
    Door(
        method="GET",
        path="/identities/<id:id>",
        name="getIdentity",
        text="One identity.",
        handler=_get,
        answers=Identity,
    ),
    Door(
        method="PUT",
        path="/identities/<id:id>",
        name="changeIdentity",
        text="Change an identity as a whole; `version` is the version seen. `retired` sets its keys free.",
        handler=_change,
        takes=IdentityChange,
        answers=Identity,
    ),
)
