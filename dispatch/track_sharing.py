"""Whose past tracks a partner may have, and of which times: what would have left live, had the link been up.

A track of the past leaves only where two things allow it: what holds towards the partner now, and what held then.
So a revision that allows more does not open what was flown before it was signed, and one that allows less shuts it at
once. Within that the same aircraft as live (partner.shown_aircraft, carried.near_border): those that flew for an incident
while it was shared and not over, those on loan between the two, and in the band whatever flew for us. An aircraft with
a label stays, all of its past; one whose label was taken off is shown from then on.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from dispatch import aid_lent, consent_policy
from dispatch.aid_state import LENDING
from dispatch.consent_kinds import ConsentState, LabelledTable, ObjectClass, WithheldField
from dispatch.consent_records import ConsentTerms
from dispatch.errors import Refused
from dispatch.partner import FLYING_FOR, OVER
from dispatch.records import Step
from dispatch.world import World

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_NEVER_SIGNED = (ConsentState.PROPOSED, ConsentState.WITHDRAWN)
_Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One aircraft in [from_at, to_at). `anywhere` False: only where it was in the area of the terms."""

    address: int  # 24 bits
    from_at: datetime
    to_at: datetime
    anywhere: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PastShown:
    """What of a time may leave: whose, no more often than `every_s`, places rounded where `coarse`."""

    every_s: float
    coarse: bool
    shown: tuple[Shown, ...]


def shown_between(world: World, partner: str, from_at: datetime, to_at: datetime, now: datetime) -> PastShown:
    """What of [from_at, to_at) `partner` may have now. Raises Refused NO_CONSENT where no track may leave at all."""
    present = consent_policy.terms_towards(world, partner, now)
    left_out = None if present is None else consent_policy.withheld(present, ObjectClass.TRACKS)
    if present is None or left_out is None:
        raise Refused("NO_CONSENT", f"no consent lets tracks leave to site {partner}")
    every_s, coarse = present.track_every_s, WithheldField.POSITION in left_out
    shown: list[Shown] = []
    for begins, ends, terms in _terms_then(world, partner):
        span = _meeting((begins, ends), (from_at, to_at))
        then = consent_policy.withheld(terms, ObjectClass.TRACKS)
        if span is None or then is None:
            continue
        every_s, coarse = max(every_s, terms.track_every_s), coarse or WithheldField.POSITION in then
        banded = _has_area(present) and (terms.band_m, terms.area) == (present.band_m, present.area)
        shown += _flown(world, partner, span, banded=banded)
        shown += _lent(world, partner, span)
    return PastShown(every_s=every_s, coarse=coarse, shown=tuple(shown))


def _terms_then(world: World, partner: str) -> Iterator[tuple[datetime, datetime, ConsentTerms]]:
    """Each piece of time and the terms that held towards the partner in it."""
    signed = sorted(
        (each for each in consent_policy.given_to(world, partner) if each.state not in _NEVER_SIGNED),
        key=lambda each: each.signed_at or each.proposed_at,
    )
    latest = datetime.max.replace(tzinfo=UTC)
    if not signed:
        yield _BEGINNING, latest, consent_policy.DEFAULT
        return
    yield _BEGINNING, signed[0].signed_at or signed[0].proposed_at, consent_policy.DEFAULT
    for each in signed:
        terms = each.terms
        begins = max(terms.valid_from, each.signed_at or each.proposed_at)
        yield begins, min(terms.valid_until or latest, each.ended_at or latest), terms


def _has_area(terms: ConsentTerms) -> bool:
    return bool(terms.band_m or terms.area)


def _flown(world: World, partner: str, span: _Span, *, banded: bool) -> Iterator[Shown]:
    for tasking in world.taskings.values():
        if tasking.site != world.site or not tasking.aircraft_icao24:
            continue
        within = _unlabelled(world, tasking.aircraft_id, tasking.operator_id, span)
        if within is None:
            continue
        address = int(tasking.aircraft_icao24, 16)
        joint = list(_joint(world, partner, tasking.incident_id))
        for flown in _spans_in(tasking.history, tasking.state, FLYING_FOR, within):
            for each in joint:
                if (both := _meeting(flown, each)) is not None:
                    yield Shown(address=address, from_at=both[0], to_at=both[1], anywhere=True)
            if banded:
                yield Shown(address=address, from_at=flown[0], to_at=flown[1], anywhere=False)


def _joint(world: World, partner: str, incident_id: str) -> Iterator[_Span]:
    """When an incident was shared with the partner, as it is still, and not over."""
    incident = world.incidents.get(incident_id)
    if incident is None or (incident_id, partner) not in world.shared:
        return
    shared = [step.at for step in incident.history if step.action == "share" and step.reason == partner]
    if not shared:
        return
    within = (shared[-1], datetime.max.replace(tzinfo=UTC))
    not_over = frozenset(str(each) for each in type(incident.state)) - {str(each) for each in OVER}
    yield from _spans_in(incident.history, incident.state, not_over, within, from_the_start=True)


def _lent(world: World, partner: str, span: _Span) -> Iterator[Shown]:
    """Aircraft on loan between the two, from the promise or the acceptance to the end of the request."""
    for offer in world.aid_offers.values():
        request = world.aid_requests.get(offer.request_id)
        if request is None or partner not in (offer.site, offer.partner):
            continue
        if offer.site == world.site:
            begins = _first(offer.history, LENDING)
        else:
            begins = _first(request.history, {"accepted"}) if offer.id == request.offer_id else None
        ends = _first(request.history, aid_lent.OVER) or _first(offer.history, {"declined", "recalled"})
        within = None if begins is None else _meeting(span, (begins, ends or span[1]))
        for each in offer.aircraft if within is not None else ():
            aircraft = each.aircraft
            open_span = _unlabelled(world, aircraft.id, aircraft.operator_id, within) if within else None
            if open_span is not None and aircraft.icao24:
                address = int(aircraft.icao24, 16)
                yield Shown(address=address, from_at=open_span[0], to_at=open_span[1], anywhere=True)


def _first(history: tuple[Step, ...], states: Collection[str]) -> datetime | None:
    names = {str(each) for each in states}
    return next((step.at for step in history if step.state in names), None)


def _unlabelled(world: World, aircraft_id: str, operator_id: str, span: _Span) -> _Span | None:
    """The part of a time in which neither the aircraft nor its operator had a label, as far as that is known."""
    begins = span[0]
    for table, record_id in ((LabelledTable.AIRCRAFT, aircraft_id), (LabelledTable.OPERATORS, operator_id)):
        found = world.labels.get((str(table), record_id)) if record_id else None
        if found is not None:
            if found.label is not None:
                return None
            begins = max(begins, found.at)
    return (begins, span[1]) if begins < span[1] else None


def _spans_in(
    history: tuple[Step, ...],
    state: str,
    wanted: Collection[str],
    within: _Span,
    *,
    from_the_start: bool = False,
) -> Iterator[_Span]:
    """When a record was in one of the states, by its history; the last state holds on. Neighbouring spans are one."""
    names = {str(each) for each in wanted}
    began: datetime | None = _BEGINNING if from_the_start else None
    for step in history:
        if step.state in names:
            began = began or step.at
        elif began is not None:
            if (found := _meeting((began, step.at), within)) is not None:
                yield found
            began = None
    if began is not None and str(state) in names:
        found = _meeting((began, datetime.max.replace(tzinfo=UTC)), within)
        if found is not None:
            yield found


def _meeting(one: _Span, other: _Span) -> _Span | None:
    begins, ends = max(one[0], other[0]), min(one[1], other[1])
    return (begins, ends) if begins < ends else None
