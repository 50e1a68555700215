"""Mutual aid as two tables, who may take which step, and the joint state that both sites derive from both records.

Each site walks its own table only. `joint` reads one record of each: with the same two records it gives the same state
wherever it is asked, so both screens say the same as soon as both have the same rows.
"""

from collections.abc import Mapping

from dispatch.aid_kinds import AidAskAction, AidAskState, AidOfferAction, AidOfferState, AidState
from dispatch.aid_records import AidOffer, AidRequest
from dispatch.kinds import Role
from dispatch.lifecycle import Lifecycle

_S, _A = AidAskState, AidAskAction
ASKING = Lifecycle(
    name="aid request",
    initial=_S.REQUESTED,
    table={
        (_S.REQUESTED, _A.APPROVE): _S.APPROVED,
        (_S.REQUESTED, _A.WITHDRAW): _S.WITHDRAWN,
        (_S.APPROVED, _A.SEND): _S.SENT,
        (_S.APPROVED, _A.WITHDRAW): _S.WITHDRAWN,
        (_S.SENT, _A.ACCEPT): _S.ACCEPTED,
        (_S.SENT, _A.WITHDRAW): _S.WITHDRAWN,
        (_S.SENT, _A.EXPIRE): _S.EXPIRED,
        (_S.ACCEPTED, _A.ARRIVE): _S.ARRIVED,
        (_S.ACCEPTED, _A.WITHDRAW): _S.WITHDRAWN,
        (_S.ACCEPTED, _A.RELEASE): _S.RELEASED,
        (_S.ARRIVED, _A.TAKE_COMMAND): _S.COMMANDED,
        (_S.ARRIVED, _A.RELEASE): _S.RELEASED,
        (_S.COMMANDED, _A.RELEASE): _S.RELEASED,
        (_S.RELEASED, _A.SETTLE): _S.SETTLED,
        (_S.WITHDRAWN, _A.SETTLE): _S.SETTLED,  # of what the partner bills for having got ready
    },
)

_O, _B = AidOfferState, AidOfferAction
HELPING = Lifecycle(
    name="aid offer",
    initial=_O.RECEIVED,
    table={
        (_O.RECEIVED, _B.OFFER): _O.OFFERED,
        (_O.RECEIVED, _B.DECLINE): _O.DECLINED,
        (_O.OFFERED, _B.OFFER): _O.OFFERED,
        (_O.OFFERED, _B.APPROVE): _O.ANSWERED,
        (_O.OFFERED, _B.DECLINE): _O.DECLINED,
        (_O.ANSWERED, _B.HAND_OVER): _O.HANDED_OVER,
        (_O.ANSWERED, _B.RECALL): _O.RECALLED,
        (_O.ANSWERED, _B.BILL): _O.BILLED,
        (_O.HANDED_OVER, _B.RECALL): _O.RECALLED,
        (_O.HANDED_OVER, _B.BILL): _O.BILLED,
        (_O.RECALLED, _B.BILL): _O.BILLED,
    },
)

_CHIEF = frozenset({Role.DUTY_CHIEF})
_DESK = _CHIEF | {Role.DISPATCHER}
ASK_AID = _DESK
ASKING_ACTS: Mapping[AidAskAction, frozenset[Role]] = {
    _A.APPROVE: _CHIEF,
    _A.SEND: _DESK,
    _A.ACCEPT: _CHIEF,
    _A.ARRIVE: _DESK | {Role.BASE},
    _A.TAKE_COMMAND: _DESK,
    _A.RELEASE: _DESK,
    _A.SETTLE: _CHIEF,
    _A.WITHDRAW: _DESK,
    _A.EXPIRE: _DESK,
}
HELPING_ACTS: Mapping[AidOfferAction, frozenset[Role]] = {
    _B.OFFER: _DESK,
    _B.APPROVE: _CHIEF,
    _B.DECLINE: _CHIEF,
    _B.HAND_OVER: _DESK,
    _B.RECALL: _CHIEF,
    _B.BILL: _DESK,
}
REASONED = frozenset({_A.WITHDRAW, _A.EXPIRE, _B.DECLINE, _B.RECALL})  # nobody does these without saying why

# What has left the asking site, and what the helping site lets out: a draft that no chief has approved stays.
SENT_ASKS = frozenset(_S) - {_S.REQUESTED, _S.APPROVED}
SENT_OFFERS = frozenset(_O) - {_O.OFFERED}
LENDING = frozenset({_O.ANSWERED, _O.HANDED_OVER})
HANDS_OVER = frozenset({_S.ACCEPTED, _S.ARRIVED, _S.COMMANDED})
BILLABLE = frozenset({_S.RELEASED, _S.WITHDRAWN})
ENDED = frozenset({_S.WITHDRAWN, _S.EXPIRED, _S.SETTLED})  # nothing comes of it any more but a bill

_OVER = {
    _S.WITHDRAWN: AidState.WITHDRAWN,
    _S.EXPIRED: AidState.EXPIRED,
    _S.SETTLED: AidState.SETTLED,
    _S.REQUESTED: AidState.REQUESTED,
    _S.APPROVED: AidState.APPROVED,
}
_WITH = {
    _S.SENT: AidState.ANSWERED,
    _S.ACCEPTED: AidState.ACCEPTED,
    _S.ARRIVED: AidState.ARRIVED,
}


def joint(request: AidRequest, offer: AidOffer | None) -> AidState:
    """The state that both sites show. `offer`: the helping site's record of this request, None while there is none."""
    if request.state is _S.WITHDRAWN and offer is not None and offer.state is _O.BILLED:
        return AidState.BILLED
    if request.state in _OVER:  # the asking site alone begins and ends it
        return _OVER[request.state]
    if request.state is _S.RELEASED:
        billed = offer is not None and offer.state is _O.BILLED
        return AidState.BILLED if billed else AidState.RELEASED
    if offer is None:
        return AidState.SENT
    if offer.state is _O.DECLINED:
        return AidState.DECLINED
    if offer.recalled_at is not None:  # once and for all, also after its bill
        return AidState.RECALLED
    if offer.state in (_O.RECEIVED, _O.OFFERED):
        return AidState.RECEIVED
    if request.state is _S.COMMANDED:  # command has passed once both have said so
        both = offer.handover is not None
        return AidState.HANDED_OVER if both else AidState.ARRIVED
    return _WITH[request.state]


def asking_acts(request: AidRequest, offer: AidOffer | None) -> tuple[AidAskAction, ...]:
    """The steps that the asking site's record can take with the partner's as it is here."""
    waits = {_A.ACCEPT: _O.ANSWERED, _A.SETTLE: _O.BILLED}
    return tuple(
        each
        for each in ASKING.actions(request.state)
        if each not in waits or (offer is not None and offer.state is waits[each])
    )


def helping_acts(request: AidRequest, offer: AidOffer) -> tuple[AidOfferAction, ...]:
    """The steps that the helping site's record can take with the request as it is here."""
    when = {
        _B.OFFER: frozenset({_S.SENT}),
        _B.APPROVE: frozenset({_S.SENT}),
        _B.DECLINE: frozenset({_S.SENT}),
        _B.HAND_OVER: HANDS_OVER,
        _B.BILL: BILLABLE,
    }
    return tuple(
        each for each in HELPING.actions(offer.state) if each not in when or request.state in when[each]
    )
