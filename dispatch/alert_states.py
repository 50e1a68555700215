"""How an alarm stands with people: the states of ISA-18.2 as a table, and how one is read off what is recorded.

A state is derived from the alarm as it is now, what a desk has done about it, and the time: no act is needed for a
shelf to end, and what has become graver than what was acknowledged is unacknowledged by itself.
"""

from datetime import datetime

from dispatch.alert_kinds import HandlingEvent, HandlingState
from dispatch.alert_records import AlertHandling
from dispatch.lifecycle import Lifecycle

_S, _E = HandlingState, HandlingEvent

LIFECYCLE = Lifecycle(
    name="the alarm",
    initial=_S.NORMAL,
    table={
        (_S.NORMAL, _E.RAISE): _S.UNACKNOWLEDGED,
        (_S.UNACKNOWLEDGED, _E.ACKNOWLEDGE): _S.ACKNOWLEDGED,
        (
            _S.UNACKNOWLEDGED,
            _E.SHELVE,
        ): _S.SHELVED,  # not a red one: it is acknowledged first (alarm_handling.py)
        (_S.UNACKNOWLEDGED, _E.INHIBIT): _S.SUPPRESSED,
        (_S.UNACKNOWLEDGED, _E.WORSEN): _S.UNACKNOWLEDGED,
        (_S.UNACKNOWLEDGED, _E.CLEAR): _S.NORMAL,
        (_S.UNACKNOWLEDGED, _E.CLEAR_LATCHED): _S.RETURNED,
        (_S.ACKNOWLEDGED, _E.WORSEN): _S.UNACKNOWLEDGED,
        (_S.ACKNOWLEDGED, _E.SHELVE): _S.SHELVED,
        (_S.ACKNOWLEDGED, _E.INHIBIT): _S.SUPPRESSED,
        (_S.ACKNOWLEDGED, _E.CLEAR): _S.NORMAL,
        (_S.RETURNED, _E.ACKNOWLEDGE): _S.NORMAL,
        (_S.RETURNED, _E.RAISE): _S.UNACKNOWLEDGED,
        (_S.SHELVED, _E.UNSHELVE): _S.UNACKNOWLEDGED,
        (_S.SHELVED, _E.UNSHELVE_CLEARED): _S.NORMAL,
        (_S.SHELVED, _E.WORSEN): _S.UNACKNOWLEDGED,
        (_S.SHELVED, _E.CLEAR): _S.SHELVED,  # the shelf stands for its time, whatever comes and goes
        (_S.SHELVED, _E.RAISE): _S.SHELVED,
        (_S.SHELVED, _E.INHIBIT): _S.SUPPRESSED,
        (_S.SUPPRESSED, _E.LIFT): _S.UNACKNOWLEDGED,
        (_S.SUPPRESSED, _E.LIFT_CLEARED): _S.NORMAL,
        (_S.SUPPRESSED, _E.CLEAR): _S.NORMAL,
        (_S.SUPPRESSED, _E.WORSEN): _S.SUPPRESSED,  # its pair flies one pattern: close is what was expected
    },
)


def graver(severity: int, code: str, handling: AlertHandling) -> bool:
    """Whether an alarm is by now worse than what was handled, or another thing."""
    return severity < handling.seen.severity or code != handling.seen.code


def is_acknowledged(severity: int, code: str, handling: AlertHandling | None) -> bool:
    """Whether somebody has seen it as it is."""
    return (
        handling is not None
        and handling.acknowledged_at is not None
        and handling.ended_at is None
        and not graver(severity, code, handling)
    )


def is_shelved(severity: int, code: str, handling: AlertHandling | None, now: datetime) -> bool:
    """Whether it is away by somebody's word."""
    return (
        handling is not None
        and handling.shelved_until is not None
        and handling.shelved_until > now
        and handling.ended_at is None
        and not graver(severity, code, handling)
    )


def state_of(
    severity: int,
    code: str,
    handling: AlertHandling | None,
    now: datetime,
    *,
    returned: bool = False,
    inhibited: bool = False,
) -> HandlingState:
    """How an alarm that is told of stands. `returned`: over and latched; `inhibited`: its net keeps still about it."""
    if inhibited:
        return _S.SUPPRESSED
    if is_shelved(severity, code, handling, now):
        return _S.SHELVED
    if is_acknowledged(severity, code, handling):
        return _S.NORMAL if returned else _S.ACKNOWLEDGED
    return _S.RETURNED if returned else _S.UNACKNOWLEDGED
