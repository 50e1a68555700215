"""How facts about consents change the world; fold.py calls these."""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from immutables import Map

from dispatch import consent_facts as facts
from dispatch import consent_policy, video_share_fold
from dispatch.consent_kinds import ConsentAction, ConsentState, ObjectClass
from dispatch.consent_records import Consent, IncidentSummary, PurgeReceipt
from dispatch.facts import Recorded
from dispatch.kinds import IncidentState
from dispatch.records import Incident, Step

if TYPE_CHECKING:
    from dispatch.world import World

# what was agreed, and until when; who was asked in, and who is shut out
_KEPT = frozenset(
    {"consents", "invitations", "joined_sites", "video_requests", "video_grants", "video_viewings"}
)
MOST_RECEIPTS = 50  # in memory, the newest; the journal has all
CLEAR_M = 10_000.0  # visibility of a copy that does not say any
ENDS = {
    ConsentAction.WITHDRAW: ConsentState.WITHDRAWN,
    ConsentAction.REVOKE: ConsentState.REVOKED,
    ConsentAction.EXPIRE: ConsentState.EXPIRED,
}


def _step(recorded: Recorded, action: str, state: str, reason: str = "") -> Step:
    return Step(
        at=recorded.at,
        actor=recorded.actor,
        role=recorded.role,
        action=str(action),  # plain text, as it is once it has travelled
        state=str(state),
        reason=reason,
    )


def _put(world: "World", consent: Consent) -> "World":
    return replace(
        world,
        consents=world.consents.set(consent.id, consent),
        changed=world.changed.set(("consents", consent.id), world.seq),
    )


def consent_proposed(world: "World", recorded: Recorded, fact: facts.ConsentProposed) -> "World":
    """It waits for its signature; an older proposal for the same partner is replaced."""
    new = fact.consent
    for each in list(world.consents.values()):
        mine = (each.site, each.partner) == (new.site, new.partner)
        if mine and each.state is ConsentState.PROPOSED:
            world = _put(world, replace(each, state=ConsentState.REPLACED, version=each.version + 1))
    return _put(world, replace(new, history=(_step(recorded, "propose", new.state),)))


def consent_signed(world: "World", recorded: Recorded, fact: facts.ConsentSigned) -> "World":
    """It holds; the one before it does not any more."""
    new = fact.consent
    for each in list(world.consents.values()):
        mine = (each.site, each.partner) == (new.site, new.partner)
        if mine and each.id != new.id and each.state is ConsentState.IN_FORCE:
            world = _put(
                world,
                replace(each, state=ConsentState.REPLACED, ended_at=recorded.at, version=each.version + 1),
            )
    before = world.consents.get(new.id)
    past = new.history if before is None else before.history
    if new.site != world.site and consent_policy.withheld(new.terms, ObjectClass.VIDEO) is None:
        world = video_share_fold.without(world, new.site)  # it will answer no request for any of them
    return _put(world, replace(new, history=(*past, _step(recorded, "sign", new.state))))


def consent_ended(world: "World", recorded: Recorded, fact: facts.ConsentEnded) -> "World":
    """Nothing leaves under it any more; what a partner ended under its own is gone from here."""
    present = world.consents.get(fact.consent_id)
    if present is not None:
        state = ENDS.get(fact.action, ConsentState.REVOKED)
        step = _step(recorded, str(fact.action), state, fact.reason)
        world = _put(
            world,
            replace(
                present,
                state=state,
                ended_at=recorded.at,
                reason=fact.reason,
                version=fact.version,
                history=(*present.history, step),
            ),
        )
    if fact.action is ConsentAction.WITHDRAW:
        return world
    if recorded.origin == world.site:
        return unshared(world, recorded, fact.partner)
    book = world.consent_book
    owed = book.owed.set(fact.consent_id, recorded.seq)
    ended = book.ended.set(recorded.origin, recorded.origin_seq)
    return dropped(replace(world, consent_book=replace(book, owed=owed, ended=ended)), recorded.origin)


def unshared(world: "World", recorded: Recorded, partner: str) -> "World":
    """Nothing of ours is shown to `partner` any more; what is shared later starts anew."""
    for incident_id, to in list(world.shared):
        incident = world.incidents.get(incident_id)
        if to != partner or (incident is not None and incident.site != world.site):
            continue
        world = replace(world, shared=world.shared.delete((incident_id, to)))
        if incident is not None:
            step = _step(recorded, "unshare", incident.state, partner)
            kept = replace(
                incident,
                shared_with=tuple(each for each in incident.shared_with if each != partner),
                version=incident.version + 1,
                history=(*incident.history, step),
            )
            world = replace(
                world,
                incidents=world.incidents.set(incident_id, kept),
                changed=world.changed.set(("incidents", incident_id), world.seq),
            )
    book = world.consent_book
    return replace(
        world,
        video_told=_without(world.video_told, lambda key: key == partner),
        consent_book=replace(
            book,
            summaries=_without(book.summaries, lambda key: key[1] == partner),
            told_airspace=_without(book.told_airspace, lambda key: key[1] == partner),
            offered=_without(book.offered, lambda key: key == partner),
        ),
    )


def dropped(world: "World", site: str) -> "World":
    """No copy of a record of `site` is left in the world."""
    gone = [each.id for each in world.incidents.values() if each.site == site]
    tables: dict[str, Any] = {}
    changed = world.changed
    for each in fields(world):
        name, table = each.name, getattr(world, each.name)
        if not isinstance(table, Map) or name in _KEPT:
            continue
        copies = [key for key, record in table.items() if getattr(record, "site", "") == site]
        if not copies:
            continue
        tables[name] = _without(table, copies.__contains__)
        for key in copies:
            changed = changed.set((name, key), world.seq)
    book = world.consent_book
    return replace(
        world,
        **tables,
        changed=changed,
        shared=_without(world.shared, lambda key: key[0] in gone),
        consent_book=replace(
            book,
            offers=_without(book.offers, lambda key: key == site),
            airspace=_without(book.airspace, lambda key: key[0] == site),
            dropped_at=world.seq,
        ),
    )


def _without(table: Any, gone: Any) -> Any:
    for key in list(table):
        if gone(key):
            table = table.delete(key)
    return table


def incident_summarised(world: "World", recorded: Recorded, fact: facts.IncidentSummarised) -> "World":
    """Ours: it was told. A partner's: a copy with what it says, unless we have more of it already."""
    told, book = fact.summary, world.consent_book
    if recorded.origin == world.site:
        summaries = book.summaries.set((told.incident_id, fact.partner), told)
        return replace(world, consent_book=replace(book, summaries=summaries))
    if (told.incident_id, fact.partner) in world.shared:
        return world
    copy = _copy(told, recorded, world.incidents.get(told.incident_id))
    return replace(
        world,
        incidents=world.incidents.set(copy.id, copy),
        changed=world.changed.set(("incidents", copy.id), world.seq),
    )


def _copy(told: IncidentSummary, recorded: Recorded, before: Incident | None) -> Incident:
    try:
        state = IncidentState(told.state)
    except ValueError:  # of a newer version of the partner's
        state = IncidentState.REPORTED
    history = () if before is None else before.history
    return Incident(
        id=told.incident_id,
        site=told.site,
        kind=told.kind,
        level=told.level,
        title=told.title,
        place=told.place,
        position=told.position,
        elevation_m=told.elevation_m,
        reported_at=told.reported_at,
        reported_by=told.site,
        state=state,
        life_at_risk=told.life_at_risk,
        demand_l=0.0,
        growth_lps=0.0,
        wind_mps=0.0,
        visibility_m=CLEAR_M,
        simulated=told.simulated,
        version=told.version,
        history=(*history, _step(recorded, "summary", state)),
    )


def resources_offered(world: "World", recorded: Recorded, fact: facts.ResourcesOffered) -> "World":
    """What we told, or what a partner has."""
    book = world.consent_book
    if recorded.origin == world.site:
        return replace(world, consent_book=replace(book, offered=book.offered.set(fact.partner, fact.offer)))
    return replace(world, consent_book=replace(book, offers=book.offers.set(recorded.origin, fact.offer)))


def joint_airspace_told(world: "World", recorded: Recorded, fact: facts.JointAirspaceTold) -> "World":
    """What we told of it, or what a partner tells; ended: it is gone from here."""
    book, told = world.consent_book, fact.airspace
    if recorded.origin == world.site:
        table = book.told_airspace
        key = (told.incident_id, fact.partner)
        table = _without(table, lambda each: each == key) if fact.ended else table.set(key, told)
        return replace(world, consent_book=replace(book, told_airspace=table))
    received, place = book.airspace, (recorded.origin, told.incident_id)
    received = _without(received, lambda each: each == place) if fact.ended else received.set(place, told)
    return replace(world, consent_book=replace(book, airspace=received))


def purged(world: "World", recorded: Recorded, fact: facts.Purged) -> "World":
    """The bodies are gone; of a consent that ran out unheard the copies go with them."""
    present = world.consents.get(fact.consent_id)
    if present is None or present.state is not ConsentState.IN_FORCE:
        return world
    step = _step(recorded, "expire", ConsentState.EXPIRED)
    expired = replace(
        present, state=ConsentState.EXPIRED, ended_at=recorded.at, history=(*present.history, step)
    )
    book = world.consent_book
    owed = book.owed.set(fact.consent_id, recorded.seq)
    return dropped(_put(replace(world, consent_book=replace(book, owed=owed)), expired), fact.origin)


def purge_receipted(world: "World", recorded: Recorded, fact: facts.PurgeReceipted) -> "World":
    """Both sides keep it; ours owes nothing any more."""
    book, receipt = world.consent_book, fact.receipt
    owed = book.owed
    if recorded.origin == world.site:
        owed = _without(owed, lambda key: key == receipt.consent_id)
    kept: tuple[PurgeReceipt, ...] = (*book.receipts, receipt)[-MOST_RECEIPTS:]
    return replace(world, consent_book=replace(book, owed=owed, receipts=kept))


def record_labelled(world: "World", _: Recorded, fact: facts.RecordLabelled) -> "World":
    """It stays at home, or may leave again."""
    key = (str(fact.labelled.table), fact.labelled.record_id)
    return replace(world, labels=world.labels.set(key, fact.labelled))


def rows_sent(world: "World", _: Recorded, _fact: facts.RowsSent) -> "World":
    """Of the audit only: the world is as it was."""
    return world


FOLDS: dict[type, Callable[..., Any]] = {
    facts.ConsentProposed: consent_proposed,
    facts.ConsentSigned: consent_signed,
    facts.ConsentEnded: consent_ended,
    facts.IncidentSummarised: incident_summarised,
    facts.ResourcesOffered: resources_offered,
    facts.JointAirspaceTold: joint_airspace_told,
    facts.Purged: purged,
    facts.PurgeReceipted: purge_receipted,
    facts.RecordLabelled: record_labelled,
    facts.RowsSent: rows_sent,
}
