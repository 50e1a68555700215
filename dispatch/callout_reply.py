"""Replies to call-outs: to which they are, whether they count, and what may be answered.

A code is bound to the number it was sent to and to the tasking's version, counts once and runs out. What does not
count is written down with its reason and, to numbers of ours, answered: seldom enough that no two machines can talk
each other into a loop, and never to strangers, who could otherwise make the site pay.
"""

from datetime import datetime, timedelta

from dispatch.amended import open_amendment
from dispatch.callout import queued, require_gateway, sent_to
from dispatch.callout_commands import AnswerCallout, TakeReply
from dispatch.callout_facts import CalloutQueued, CalloutReplied
from dispatch.callout_kinds import CalloutCause, CalloutChannel, ReplyResult
from dispatch.callout_reach import known, masked
from dispatch.callout_records import FINAL, Callout, CalloutReply
from dispatch.commands import Ask
from dispatch.errors import Malformed, Refused, Unknown
from dispatch.kinds import RefusalReason, Role, TaskingAction, TaskingState
from dispatch.records import Tasking
from dispatch.tasking_commands import ActOnTasking
from dispatch.world import World

# Against loops and against guessing; proposed figures, as no standard has them.
ANSWERS, ANSWERS_IN = 5, timedelta(minutes=10)
WRONG_TRIES, LOCKED_FOR = 5, timedelta(minutes=15)
REPLIES_KEPT, REPLIES_IN = 20, timedelta(hours=1)  # written down of one number
STRANGERS = 100  # replies of numbers that are not ours, written down in REPLIES_IN
MAX_TEXT = 500
REFUSAL: dict[RefusalReason, str] = {
    RefusalReason.WEATHER: "天气",
    RefusalReason.AIRCRAFT: "机件",
    RefusalReason.CREW: "机组",
    RefusalReason.FUEL: "油料",
    RefusalReason.CAPABILITY: "机型",
    RefusalReason.ROUTE_OR_WATER: "水源航线",
}
_SEEN_ONCE = frozenset({ReplyResult.UNREADABLE, ReplyResult.LOCKED})


def find(world: World, number: str, code: str, now: datetime) -> Callout | ReplyResult:
    """The call-out that a reply is to, or why there is none."""
    if locked(world, number, now):
        return ReplyResult.LOCKED
    newest: Callout | None = None
    elsewhere = False
    for secret in world.callout_secrets.values():
        if secret.code != code or not code:
            continue
        callout = world.callouts[secret.callout_id]
        if secret.number != number:
            elsewhere = elsewhere or callout.expires_at > now
        elif newest is None or callout.queued_at >= newest.queued_at:
            newest = callout
    if newest is not None:
        return newest
    return ReplyResult.WRONG_NUMBER if elsewhere else ReplyResult.WRONG_CODE


def judge(world: World, callout: Callout, number: str, now: datetime) -> ReplyResult | None:
    """Why a reply to a call-out does not count; None: it does."""
    secret = world.callout_secrets.get(callout.id)
    tasking = world.taskings.get(callout.tasking_id)
    if secret is None or secret.number != number:
        return ReplyResult.WRONG_NUMBER
    if callout.reply in FINAL:
        return ReplyResult.REPEATED
    if callout.expires_at <= now:
        return ReplyResult.EXPIRED
    if tasking is None or tasking.version != callout.tasking_version:
        return ReplyResult.STALE
    account = world.accounts.get(callout.account)
    if account is None or account.disabled or Role.OPERATOR not in account.roles:
        return ReplyResult.NOT_ALLOWED
    return None


def locked(world: World, number: str, now: datetime) -> bool:
    """Whether a number has guessed too often."""
    wrong = (ReplyResult.WRONG_CODE, ReplyResult.WRONG_NUMBER)
    replies = world.callout_replies.get(number, ())
    return sum(1 for one in replies if one.result in wrong and one.at > now - LOCKED_FOR) >= WRONG_TRIES


def answerable(world: World, number: str, result: ReplyResult, now: datetime) -> bool:
    """Whether a text may go back: to our own numbers, not often, and nonsense is answered once."""
    if not known(world, number):
        return False
    replies = [one for one in sent_to(world, number) if one.cause is CalloutCause.REPLY]
    late = sum(1 for one in replies if one.queued_at > now - ANSWERS_IN)
    return late < (1 if result in _SEEN_ONCE else ANSWERS)


def decide_take(
    world: World, ask: Ask, command: TakeReply, now: datetime
) -> tuple[CalloutReplied | CalloutQueued, ...]:
    """Write down a reply that changes nothing. Raises Refused(TOO_MANY) where there were enough of them."""
    require_gateway(world, ask)
    if command.result in FINAL:
        raise Malformed("result", "this reply would count; it is asked under its own account")
    _check_room(world, command.number, now)
    reply = CalloutReply(
        reply_id=command.reply_id,
        phone_number=command.number,
        callout_id=command.callout_id,
        result=command.result,
        at=now,
        text=command.text[:MAX_TEXT],
    )
    callout = world.callouts.get(command.callout_id)
    tasking = world.taskings.get(callout.tasking_id) if callout is not None else None
    answers: tuple[CalloutQueued, ...] = ()
    if command.answer is not None and answerable(world, command.number, command.result, now):
        answers = (queued(world, ask, command.answer, 0, now, cause=CalloutCause.REPLY, tasking=tasking),)
    return (CalloutReplied(reply=reply), *answers)


def _check_room(world: World, number: str, now: datetime) -> None:
    mine = [one for one in world.callout_replies.get(number, ()) if one.at > now - REPLIES_IN]
    if len(mine) >= REPLIES_KEPT:
        raise Refused("TOO_MANY", "that number has said enough for now", field="number")
    if known(world, number):
        return
    strangers = sum(
        1
        for other, replies in world.callout_replies.items()
        for one in replies
        if one.at > now - REPLIES_IN and not known(world, other)
    )
    if strangers >= STRANGERS:
        raise Refused("TOO_MANY", "numbers that are not ours have said enough for now", field="number")


_OF_AMENDMENT = frozenset({TaskingAction.ACKNOWLEDGE, TaskingAction.DECLINE})


def meant(tasking: Tasking, callout: Callout, accept: bool) -> tuple[ReplyResult, TaskingAction | None]:
    """What a yes or a no to a call-out is: its result and the step it takes; None: it takes none."""
    urged = callout.cause is CalloutCause.UNANSWERED and open_amendment(tasking) is not None
    if urged or callout.cause is CalloutCause.AMENDED:
        if accept:
            return ReplyResult.ACKNOWLEDGED, TaskingAction.ACKNOWLEDGE
        return ReplyResult.REFUSED, TaskingAction.DECLINE
    if tasking.state is not TaskingState.ORDERED:
        return ReplyResult.ACKNOWLEDGED, None
    if accept:
        return ReplyResult.ACCEPTED, TaskingAction.ACCEPT
    return ReplyResult.REFUSED, TaskingAction.REFUSE


def _why(action: TaskingAction, command: AnswerCallout) -> str:
    """A declined change has no reason of its own but its text."""
    if action is not TaskingAction.DECLINE or command.refusal is None:
        return ""
    return REFUSAL[command.refusal]


def decide_answer(
    world: World, ask: Ask, command: AnswerCallout, now: datetime
) -> tuple[tuple[CalloutReplied | CalloutQueued, ...], ActOnTasking | None]:
    """A reply that counts: that it came, the text that confirms it, and the act on the tasking that it is.

    Raises Refused with the result as its code where it does not count after all.
    """
    callout = world.callouts.get(command.callout_id)
    secret = world.callout_secrets.get(command.callout_id)
    if callout is None or secret is None or callout.account != ask.actor or ask.role is not Role.OPERATOR:
        raise Unknown("callout_id", f"no call-out {command.callout_id} of this account")
    if secret.code and command.code != secret.code:
        raise Refused(ReplyResult.WRONG_CODE.upper(), "the code is another one", field="code")
    why = judge(world, callout, command.number, now)
    if why is not None:
        raise Refused(why.upper(), "the reply does not count", field="callout_id")
    tasking = world.taskings[callout.tasking_id]
    result, action = meant(tasking, callout, command.accept)
    if action is None and not command.accept:
        raise Refused(ReplyResult.NOT_ALLOWED.upper(), "it can only be acknowledged", field="accept")
    act: ActOnTasking | None = None
    if action is not None:
        word = "短信" if callout.channel is CalloutChannel.SMS else "语音"
        waiting = open_amendment(tasking)
        act = ActOnTasking(
            tasking_id=tasking.id,
            action=action,
            version_seen=callout.tasking_version,
            reason=" ".join(part for part in (word, masked(command.number), _why(action, command)) if part),
            refusal=command.refusal if action is TaskingAction.REFUSE else None,
            amendment=waiting.number if waiting is not None and action in _OF_AMENDMENT else 0,
        )
    reply = CalloutReply(
        reply_id=command.reply_id, phone_number=command.number, callout_id=callout.id, result=result, at=now
    )
    told: tuple[CalloutQueued, ...] = ()
    if command.confirmation is not None:
        told = (queued(world, ask, command.confirmation, 0, now, cause=CalloutCause.REPLY, tasking=tasking),)
    return (CalloutReplied(reply=reply), *told), act
