"""What an order says now, what it was amended to, and what each step makes of both. Pure, on one tasking.

What is in force for the crew stands in the tasking's own fields. An amendment carries what was in force and what shall
be; the crew's acknowledgement puts the latter in force, and until then, or if it is declined, nothing has changed. So
planner, map, flight watch and alerts always see what is really flown. Amending itself is amendment.py's.
"""

from dataclasses import fields, replace
from typing import Any

from dispatch.facts import Recorded
from dispatch.kinds import AmendmentState, PlaceKind, TaskingAction, TaskingState
from dispatch.records import Tasking
from dispatch.tasking_facts import TaskingAdvanced, TaskingAmended
from dispatch.tasking_records import Amendment, Terms, Turns

_S, _A = AmendmentState, TaskingAction
TERMS = tuple(each.name for each in fields(Terms) if each.name != "turns")
FLIGHT_OVER = frozenset(
    {
        TaskingState.LANDED,
        TaskingState.DOWN,
        TaskingState.SETTLED,
        TaskingState.ARCHIVED,
        TaskingState.ENDED,
    }
)  # no amendment waits any more in one of these
_GOES_ELSEWHERE = frozenset({_A.DIVERT, _A.TECHNICAL_STOP, _A.EMERGENCY_LAND})
_PLACES = ("base_id", "water_point_id", "hospital_id", "incident_position")
_LEAVES_IT = frozenset({_A.TAKE_OFF, _A.RESUME})


def terms_of(tasking: Tasking) -> Terms:
    """What is in force for the crew."""
    turns = Turns(out=tasking.out_turns, back=tasking.back_turns)
    return Terms(**{name: getattr(tasking, name) for name in TERMS}, turns=turns)


def with_terms(tasking: Tasking, terms: Terms) -> Tasking:
    """The tasking as it would be with other terms in force."""
    values: dict[str, Any] = {name: getattr(terms, name) for name in TERMS}
    if terms.turns is not None:
        values |= {"out_turns": terms.turns.out, "back_turns": terms.turns.back}
    elif any(getattr(tasking, name) != values[name] for name in _PLACES):
        values |= {"out_turns": (), "back_turns": ()}  # the planner turned on another way
    return replace(tasking, **values)


def changed(before: Terms, after: Terms) -> tuple[str, ...]:
    """Names of what differs."""
    names = tuple(name for name in TERMS if getattr(before, name) != getattr(after, name))
    turned = None not in (before.turns, after.turns) and before.turns != after.turns
    return (*names, "turns") if turned else names


def moved(before: Terms, after: Terms) -> bool:
    """Whether a place on the way is another: then the planner's turns are of another way."""
    return any(getattr(before, name) != getattr(after, name) for name in _PLACES)


def open_amendment(tasking: Tasking) -> Amendment | None:
    """The amendment that waits for the crew; at most one does."""
    return next((each for each in reversed(tasking.amendments) if each.state is _S.OPEN), None)


def unacknowledged_requests(tasking: Tasking) -> frozenset[str]:
    """Airspace requests of amendments that the crew has not acknowledged: not what it flies by."""
    return frozenset(
        each.request_id
        for each in tasking.amendments
        if each.request_id and each.state is not _S.ACKNOWLEDGED
    )


def after_amending(tasking: Tasking, recorded: Recorded, fact: TaskingAmended) -> Tasking:
    """With one more amendment; an open one that it takes the place of is replaced."""
    made = replace(fact.amendment, at=recorded.at, by=recorded.actor, role=recorded.role)
    before = tuple(
        replace(each, state=_S.REPLACED) if each.state is _S.OPEN else each for each in tasking.amendments
    )
    return replace(tasking, amendments=(*before, made), version=fact.version, timers=fact.timers)


def after_step(tasking: Tasking, recorded: Recorded, fact: TaskingAdvanced) -> Tasking:
    """What a step does to amendments and to where the flight goes."""
    if fact.action in (_A.ACKNOWLEDGE, _A.DECLINE):
        tasking = _answered(tasking, recorded, fact)
    elif fact.state in FLIGHT_OVER and open_amendment(tasking) is not None:
        lapsed = (
            replace(each, state=_S.LAPSED) if each.state is _S.OPEN else each for each in tasking.amendments
        )
        tasking = replace(tasking, amendments=tuple(lapsed))
    if fact.action in _GOES_ELSEWHERE:
        return replace(tasking, elsewhere=fact.elsewhere)
    return replace(tasking, elsewhere=None) if fact.action in _LEAVES_IT else tasking


def _answered(tasking: Tasking, recorded: Recorded, fact: TaskingAdvanced) -> Tasking:
    acknowledged = fact.action == _A.ACKNOWLEDGE
    found = next((each for each in tasking.amendments if each.number == fact.amendment), None)
    if found is None:
        return tasking
    answered = replace(
        found,
        state=_S.ACKNOWLEDGED if acknowledged else _S.DECLINED,
        answered_at=fact.done_at or recorded.at,
        answered_by=recorded.actor,
        answer_reason=fact.reason,
    )
    kept = tuple(answered if each is found else each for each in tasking.amendments)
    in_force = with_terms(tasking, found.after) if acknowledged else tasking
    return replace(in_force, amendments=kept)


def landing_base(tasking: Tasking) -> str:
    """The base at which its flight comes down; empty: at none."""
    there = tasking.elsewhere
    if there is None:
        return tasking.base_id
    return there.place_id if there.kind is PlaceKind.BASE else ""
