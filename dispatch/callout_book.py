"""How facts change the call-outs that the world holds: pure functions of its maps, called by `fold.fold`."""

from dataclasses import replace
from datetime import datetime

from immutables import Map

from dispatch.callout_facts import CalloutAdvanced, CalloutQueued
from dispatch.callout_kinds import CalloutAction, CalloutState
from dispatch.callout_records import FINAL, Callout, CalloutReply, CalloutSecret

KEPT = 2_000  # call-outs in memory and on a screen; the journal has all
LET_GO = 200  # of the oldest that are over, at once
REPLIES_KEPT = 20  # of one number
NUMBERS_KEPT = 500
_OVER = frozenset({CalloutState.DELIVERED, CalloutState.FAILED, CalloutState.DROPPED})


def with_queued(
    callouts: Map[str, Callout], secrets: Map[str, CalloutSecret], fact: CalloutQueued
) -> tuple[Map[str, Callout], Map[str, CalloutSecret]]:
    """The maps with one more, and without the oldest where they are full."""
    callouts = callouts.set(fact.callout.id, fact.callout)
    secrets = secrets.set(fact.callout.id, fact.secret)
    if len(callouts) <= KEPT:
        return callouts, secrets
    over = sorted((one for one in callouts.values() if one.state in _OVER), key=lambda one: one.queued_at)
    kept, kept_secrets = callouts.mutate(), secrets.mutate()
    for one in over[:LET_GO]:
        del kept[one.id]
        kept_secrets.pop(one.id, None)
    return kept.finish(), kept_secrets.finish()


def advanced(callout: Callout, fact: CalloutAdvanced, at: datetime) -> Callout:
    """The call-out after a step."""
    return replace(
        callout,
        state=fact.state,
        version=fact.version,
        attempts=fact.attempts,
        next_at=fact.next_at,
        detail=fact.detail,
        gateway_id=fact.gateway_id,
        handed_at=at if fact.action is CalloutAction.HAND else callout.handed_at,
        ended_at=at if fact.state in _OVER else callout.ended_at,
    )


def replied(callout: Callout, reply: CalloutReply) -> Callout:
    """The call-out after a reply to it; one that counted stands."""
    if callout.reply in FINAL:
        return callout
    return replace(callout, reply=reply.result, replied_at=reply.at, version=callout.version + 1)


def with_reply(
    replies: Map[str, tuple[CalloutReply, ...]], reply: CalloutReply
) -> Map[str, tuple[CalloutReply, ...]]:
    """The last replies of each number, of the numbers that spoke last."""
    replies = replies.set(reply.phone_number, (*replies.get(reply.phone_number, ()), reply)[-REPLIES_KEPT:])
    if len(replies) > NUMBERS_KEPT:
        replies = replies.delete(min(replies, key=lambda number: replies[number][-1].at))
    return replies
