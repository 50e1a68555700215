"""Call-outs (召集): reaching by text or voice those whose page is closed, and taking their answer.

What is to be sent follows from the journal: a tasking that was ordered, changed or recalled, that no page has shown,
and of which nothing has been queued for this version. So nothing is lost by a crash and nothing is queued twice.
A reply is the same `ActOnTasking` that the page would send; its code is bound to the tasking's version and to the
number, counts once and runs out. What only tells (recalled, changed under way) is acknowledged, nothing more.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatch import access, ids
from dispatch.amended import open_amendment
from dispatch.callout_commands import AdvanceCallout, MarkPhoned, QueueCallouts, ReportShown
from dispatch.callout_facts import CalloutAdvanced, CalloutPhoned, CalloutQueued, TaskingShown
from dispatch.callout_kinds import (
    CalloutAction,
    CalloutCause,
    CalloutChannel,
    CalloutState,
    RecipientKind,
)
from dispatch.callout_reach import masked
from dispatch.callout_records import FINAL, Callout, CalloutDraft, CalloutSecret
from dispatch.commands import Ask
from dispatch.errors import Forbidden, Refused, Unknown
from dispatch.kinds import Role, TaskingState, TimerKind
from dispatch.lifecycle import Lifecycle
from dispatch.records import Step, Tasking
from dispatch.world import World

_S, _A = CalloutState, CalloutAction

LIFECYCLE = Lifecycle(
    name="call-out",
    initial=_S.QUEUED,
    table={
        (_S.QUEUED, _A.HAND): _S.HANDED,
        (_S.QUEUED, _A.RETRY): _S.QUEUED,
        (_S.QUEUED, _A.DELIVER): _S.DELIVERED,  # its report overtook the gateway's own answer
        (_S.QUEUED, _A.FAIL): _S.FAILED,
        (_S.QUEUED, _A.DROP): _S.DROPPED,
        (_S.HANDED, _A.DELIVER): _S.DELIVERED,
        (_S.HANDED, _A.FAIL): _S.FAILED,
        (_S.FAILED, _A.DELIVER): _S.DELIVERED,  # reports come late and in any order; delivered is delivered
    },
)

RECALL_HOLDS = timedelta(hours=2)  # a recall older than this is no news to anybody
# Against whatever would make the gateway call one number on and on; a proposed figure.
PER_NUMBER, PER_NUMBER_IN = 30, timedelta(hours=1)
MAX_TEXT = 500
_TELLS = {
    "order": CalloutCause.ORDERED,
    "amend": CalloutCause.AMENDED,
    "recall": CalloutCause.RECALLED,
}
_ANSWERED = frozenset({"acknowledge", "decline"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A tasking of which somebody is to be told now."""

    tasking: Tasking
    cause: CalloutCause


def due(world: World, now: datetime, open_operators: frozenset[str], wait: timedelta) -> tuple[Due, ...]:
    """What is to be queued now. `open_operators` have a page open: theirs has `wait` to show the tasking."""
    queued = {(one.tasking_id, one.cause, one.tasking_version) for one in world.callouts.values()}
    return tuple(
        Due(tasking=tasking, cause=cause)
        for tasking in world.taskings.values()
        if tasking.site == world.site
        for cause in _causes(tasking, now, tasking.operator_id in open_operators, wait)
        if (tasking.id, cause, tasking.version) not in queued
    )


def _causes(tasking: Tasking, now: datetime, page_open: bool, wait: timedelta) -> Iterator[CalloutCause]:
    step = _last_step(tasking)
    cause = _TELLS.get(step.action) if step is not None else None
    if step is not None and step.action in _ANSWERED and tasking.state is TaskingState.ORDERED:
        cause = CalloutCause.ORDERED  # the change is settled, the order itself still wants its answer
    if step is None or cause is None or not _was_ordered(tasking):
        return
    if cause is CalloutCause.RECALLED and now - step.at > RECALL_HOLDS:
        return
    if tasking.shown_version < tasking.version and (not page_open or now - step.at >= wait):
        yield cause
    kind = _unanswered(tasking)
    if any(timer.kind is kind and timer.escalated_at is not None for timer in tasking.timers):
        yield CalloutCause.UNANSWERED


def _unanswered(tasking: Tasking) -> TimerKind | None:
    """The clock of what the crew is asked: a change that waits before the order, which is asked again after it."""
    if open_amendment(tasking) is not None:
        return TimerKind.ACKNOWLEDGE
    return TimerKind.ANSWER if tasking.state is TaskingState.ORDERED else None


def _last_step(tasking: Tasking) -> Step | None:
    """The last that somebody did; a clock that passed changes nothing that is to be told."""
    acts = (step for step in reversed(tasking.history) if not step.action.startswith("overdue_"))
    return next(acts, None)


def _was_ordered(tasking: Tasking) -> bool:
    return any(step.action == "order" for step in tasking.history)


def wanted(world: World, callout: Callout) -> bool:
    """Whether a queued call-out still has anything to tell."""
    if callout.cause is CalloutCause.REPLY:
        return True
    tasking = world.taskings.get(callout.tasking_id)
    if tasking is None or tasking.version != callout.tasking_version:
        return False
    if callout.cause is CalloutCause.UNANSWERED:
        return _unanswered(tasking) is not None
    return tasking.shown_version < tasking.version


def decide_queue(world: World, ask: Ask, command: QueueCallouts, now: datetime) -> tuple[CalloutQueued, ...]:
    """One call-out for each recipient, or one that has failed already because nobody has a number."""
    access.require_site(ask, "calling out")
    tasking = world.taskings.get(command.tasking_id)
    if tasking is None or tasking.site != world.site:
        raise Unknown("tasking_id", f"no tasking {command.tasking_id} of ours")
    access.check_version(command.tasking_version, tasking.version, f"tasking {tasking.number}")
    for one in world.callouts.values():
        if (one.tasking_id, one.cause, one.tasking_version) == (tasking.id, command.cause, tasking.version):
            raise Refused("ALREADY", f"{command.cause} of {tasking.number} is queued", field="tasking_id")
    drafts = command.drafts or (_nobody(world, tasking, now),)
    return tuple(
        queued(world, ask, draft, part, now, cause=command.cause, tasking=tasking)
        for part, draft in enumerate(drafts)
    )


def _nobody(world: World, tasking: Tasking, now: datetime) -> CalloutDraft:
    operator = world.operators.get(tasking.operator_id)
    return CalloutDraft(
        channel=CalloutChannel.SMS,
        recipient_kind=RecipientKind.OPERATOR,
        recipient_id=tasking.operator_id,
        recipient_name=operator.name if operator is not None else tasking.operator_id,
        number="",
        account="",
        text="",
        code="",
        expires_at=now,
    )


def queued(
    world: World,
    ask: Ask,
    draft: CalloutDraft,
    part: int,
    now: datetime,
    *,
    cause: CalloutCause,
    tasking: Tasking | None,
) -> CalloutQueued:
    """A draft as it is queued; one that may not be sent has failed with why."""
    if draft.code and open_code(world, draft.number, draft.code, now) is not None:
        raise Refused("CODE_TAKEN", "that number has an open code of the same digits", field="drafts")
    why = _hindered(world, draft.number, now)
    new_id = ids.derive(world.site, "CAL", f"{ask.actor}\0{ask.command_id}", part)
    callout = Callout(
        id=new_id,
        site=world.site,
        channel=draft.channel,
        cause=cause,
        tasking_id=tasking.id if tasking is not None else "",
        tasking_version=tasking.version if tasking is not None else 0,
        recipient_kind=draft.recipient_kind,
        recipient_id=draft.recipient_id,
        recipient_name=draft.recipient_name,
        number_masked=masked(draft.number),
        account=draft.account if draft.code or draft.channel is CalloutChannel.VOICE else "",
        text=draft.text.replace(draft.code, "····") if draft.code else draft.text,
        queued_at=now,
        next_at=now,
        expires_at=draft.expires_at,
        state=_S.FAILED if why else _S.QUEUED,
        detail=why,
        ended_at=now if why else None,
        simulated=tasking is not None and tasking.simulated,
    )
    secret = CalloutSecret(callout_id=new_id, number=draft.number, text=draft.text, code=draft.code)
    return CalloutQueued(callout=callout, secret=secret)


def _hindered(world: World, number: str, now: datetime) -> str:
    if not number:
        return "NO_NUMBER"
    late = sum(1 for one in sent_to(world, number) if one.queued_at > now - PER_NUMBER_IN)
    return "TOO_MANY" if late >= PER_NUMBER else ""


def sent_to(world: World, number: str) -> Iterator[Callout]:
    """Call-outs to a number."""
    for secret in world.callout_secrets.values():
        if secret.number == number:
            yield world.callouts[secret.callout_id]


def decide_advance(world: World, ask: Ask, command: AdvanceCallout, now: datetime) -> tuple[CalloutAdvanced]:
    """A step: the sender's own, or what a gateway reports of its way to the phone."""
    if ask.role is not None:
        require_gateway(world, ask)
        if command.action not in (_A.DELIVER, _A.FAIL):
            raise Forbidden("a gateway reports what was delivered and what failed")
    callout = world.callouts.get(command.callout_id)
    if callout is None:
        raise Unknown("callout_id", f"no call-out {command.callout_id}")
    state = LIFECYCLE.advance(callout.state, command.action)
    tried = command.action in (_A.HAND, _A.RETRY) or (command.action is _A.FAIL and ask.role is None)
    step = CalloutAdvanced(
        callout_id=callout.id,
        action=command.action,
        state=state,
        version=callout.version + 1,
        attempts=callout.attempts + (1 if tried and callout.state is _S.QUEUED else 0),
        next_at=command.next_at or now,
        detail=command.detail[:MAX_TEXT],
        gateway_id=command.gateway_id[:64] or callout.gateway_id,
    )
    return (step,)


def require_gateway(world: World, ask: Ask) -> None:
    """Raises Forbidden unless the caller is a gateway that was made for phones: others only hand over alarms."""
    account = world.accounts.get(ask.actor)
    if ask.role is not Role.GATEWAY or account is None or not account.phone_gateway:
        raise Forbidden("replies and reports come from the telephone gateway's account")


def decide_phoned(world: World, ask: Ask, command: MarkPhoned) -> tuple[CalloutPhoned]:
    """Somebody of the desk has phoned; in their name, once."""
    access.require(ask, access.PHONE_INSTEAD, "noting a telephone call")
    callout = world.callouts.get(command.callout_id)
    if callout is None:
        raise Unknown("callout_id", f"no call-out {command.callout_id}")
    access.check_version(command.version_seen, callout.version, f"call-out {callout.id}")
    if callout.phoned_at is not None:
        raise Refused("ALREADY", f"{callout.phoned_by} has phoned", field="callout_id")
    return (CalloutPhoned(callout_id=callout.id, version=callout.version + 1),)


def decide_shown(world: World, ask: Ask, command: ReportShown) -> tuple[TaskingShown]:
    """An operator's own page has shown this version, or one that a newer has overtaken meanwhile: what was seen, was seen.

    Raises Refused(ALREADY) where that is known, Refused(CHANGED) for a version that is not yet.
    """
    access.require(ask, access.REPORT_SHOWN, "reporting a tasking as shown")
    tasking = world.taskings.get(command.tasking_id)
    if tasking is None or tasking.state is TaskingState.PENDING:
        raise Unknown("tasking_id", f"no tasking {command.tasking_id}")
    access.require_own_operator(ask, tasking.operator_id)
    if command.version_seen > tasking.version:
        access.check_version(command.version_seen, tasking.version, f"tasking {tasking.number}")
    if tasking.shown_version >= command.version_seen:
        raise Refused("ALREADY", "it is known to be shown", field="version")
    return (TaskingShown(tasking_id=tasking.id, version=command.version_seen),)


def open_code(world: World, number: str, code: str, now: datetime) -> Callout | None:
    """The call-out to a number that still waits for this code."""
    for secret in world.callout_secrets.values():
        if secret.number == number and secret.code == code:
            callout = world.callouts[secret.callout_id]
            if callout.expires_at > now and callout.reply not in FINAL:
                return callout
    return None
