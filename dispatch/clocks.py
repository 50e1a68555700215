"""The clocks that run on taskings (时限, DOMAIN §6): passing one tells people and decides nothing.

Ops-normal (报平安) starts anew with every report of the crew: any act of operator or observer in flight, `ops_normal`
itself among them. An act of the desk is none, and neither is a track: it shows that a transponder works, not that
the crew is well. Where a report was kept on a phone, the clock starts from when it was made.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from dispatch import access
from dispatch.amended import open_amendment, with_terms
from dispatch.commands import Ask
from dispatch.errors import Refused, Unknown
from dispatch.facts import Fact
from dispatch.kinds import TaskingAction, TaskingState, TimerKind
from dispatch.records import Tasking, Timer
from dispatch.tasking_commands import ActOnTasking, EscalateTimer
from dispatch.tasking_facts import TimerEscalated
from dispatch.world import ONGOING, World

_S, _A, _T = TaskingState, TaskingAction, TimerKind

# Those marked in DOMAIN §6 with (p) are proposals.
ORDER_WITHIN = timedelta(seconds=60)
ANSWER_WITHIN = timedelta(minutes=2)
AIRBORNE_WITHIN = timedelta(minutes=20)
REPORT_WITHIN = timedelta(minutes=15)  # ops-normal, DOMAIN §3
LATE_ARRIVAL = timedelta(minutes=5)  # overdue is ETA + 5 min, DOMAIN §3
STOP_REPORT_WITHIN = timedelta(
    minutes=60
)  # proposed: on the ground elsewhere a crew says at least hourly how it is


def timers_in(
    state: TaskingState, tasking: Tasking, now: datetime, act: ActOnTasking, *, crew: bool
) -> tuple[Timer, ...]:
    """The clocks that run from now on in `state`, after `act`; `crew`: the crew spoke.

    One that already runs goes on unchanged, unless an amendment was acknowledged that moves what it waits for.
    """
    running = {timer.kind: timer for timer in tasking.timers}
    spoke_at = min(act.done_at or now, now) if crew else None
    waiting = open_amendment(tasking)
    if act.action is _A.ACKNOWLEDGE and waiting is not None:
        tasking = with_terms(tasking, waiting.after)
        running |= _retimed(tasking, waiting.changed, running)
    kept = tuple(_of(state, tasking, now, running, spoke_at))
    unanswered = running.get(_T.ACKNOWLEDGE)
    if kept and unanswered is not None and act.action not in (_A.ACKNOWLEDGE, _A.DECLINE):
        return (*kept, unanswered)
    return kept


def _of(
    state: TaskingState,
    tasking: Tasking,
    now: datetime,
    running: dict[TimerKind, Timer],
    spoke_at: datetime | None,
) -> tuple[Timer, ...]:
    def timer(kind: TimerKind, due_at: datetime) -> Timer:
        return running.get(kind) or Timer(kind=kind, started_at=now, due_at=due_at)

    def report(kind: TimerKind, within: timedelta) -> Timer:
        if spoke_at is None and kind in running:
            return running[kind]
        since = spoke_at or now
        return Timer(kind=kind, started_at=since, due_at=since + within)

    match state:
        case _S.PENDING:
            return (timer(_T.ORDER, now + ORDER_WITHIN),)
        case _S.ORDERED:
            return (timer(_T.ANSWER, now + ANSWER_WITHIN), timer(_T.AIRBORNE, now + AIRBORNE_WITHIN))
        case _S.ACCEPTED | _S.PREPARING | _S.RELEASED:
            return (timer(_T.AIRBORNE, now + AIRBORNE_WITHIN),)
        case _S.AIRBORNE:
            leg = max(tasking.on_scene_at - tasking.take_off_at, timedelta(0))
            return (timer(_T.ON_SCENE, now + leg + LATE_ARRIVAL), report(_T.OPS_NORMAL, REPORT_WITHIN))
        case _S.WORKING:
            stay = max(tasking.land_at - tasking.on_scene_at, timedelta(0))
            return (timer(_T.LANDING, now + stay + LATE_ARRIVAL), report(_T.OPS_NORMAL, REPORT_WITHIN))
        case _S.RETURNING:
            return (timer(_T.LANDING, now + timedelta(hours=1)), report(_T.OPS_NORMAL, REPORT_WITHIN))
        case _S.STOPPED:
            return (report(_T.STOP, STOP_REPORT_WITHIN),)
        case _:
            return ()


_REPORTS = {_T.OPS_NORMAL: REPORT_WITHIN, _T.STOP: STOP_REPORT_WITHIN}


def after_report(tasking: Tasking, spoke_at: datetime) -> tuple[Timer, ...]:
    """The clocks of a tasking whose crew has spoken without taking a step: those that wait for a report start anew."""
    return tuple(
        Timer(kind=each.kind, started_at=spoke_at, due_at=spoke_at + _REPORTS[each.kind])
        if each.kind in _REPORTS and spoke_at > each.started_at
        else each
        for each in tasking.timers
    )


_WAITS_FOR = {
    _T.AIRBORNE: "take_off_at",
    _T.ON_SCENE: "on_scene_at",
    _T.LANDING: "land_at",
}


def _retimed(
    tasking: Tasking, changed: tuple[str, ...], running: dict[TimerKind, Timer]
) -> dict[TimerKind, Timer]:
    """The running clocks whose planned time is another one, due as late after it as an arrival may be."""
    moved = {}
    for kind, name in _WAITS_FOR.items():
        if kind in running and name in changed:
            due_at: datetime = getattr(tasking, name) + LATE_ARRIVAL
            moved[kind] = replace(running[kind], due_at=due_at, escalated_at=None)
    return moved


def due_timers(world: World, now: datetime) -> tuple[EscalateTimer, ...]:
    """What the clock has to tell people now: timers of own taskings that have passed and are not yet escalated."""
    return tuple(
        EscalateTimer(tasking_id=tasking.id, timer=timer.kind, due_at=timer.due_at)
        for tasking in world.taskings.values()
        if tasking.site == world.site and (tasking.state in ONGOING)
        for timer in tasking.timers
        if timer.escalated_at is None and timer.due_at <= now
    )


def decide_escalate(world: World, ask: Ask, command: EscalateTimer, now: datetime) -> tuple[Fact, ...]:
    """Record that a clock has passed. It tells people and decides nothing: a timeout is never consent."""
    access.require_site(ask, "escalating a timer")
    tasking = world.taskings.get(command.tasking_id)
    if tasking is None:
        raise Unknown("tasking_id", f"no tasking {command.tasking_id}")
    for timer in tasking.timers:
        if timer.kind is command.timer and timer.escalated_at is None and timer.due_at <= now:
            # the version stays: an act that was on its way while the clock passed is still a good act
            return (TimerEscalated(tasking_id=tasking.id, timer=timer.kind, version=tasking.version),)
    raise Refused("NOT_NOW", f"timer {command.timer} does not run or has not passed", field="timer")
